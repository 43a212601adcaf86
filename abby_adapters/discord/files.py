"""Pictures as attachments: named, described, and made to fit where the server's limit is smaller."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

import discord

from abby_adapters.discord import presenter
from abby_core.errors import PictureRejected, StorageError
from abby_core.sentence import sentence

if TYPE_CHECKING:
    from abby_core.bootstrap import Abby as Core
    from abby_core.languages import Language
    from abby_core.studio import Artifact
    from abby_core.studio.order import Preview

REQUEST_BYTES_MAX = 24 * 2**20
"""All files of one message together: Discord takes 25 MiB in one request, the rest of which needs some room."""
_ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}


@dataclass(frozen=True, kw_only=True)
class Attached:
    """A picture ready to be sent. ``smaller``: the file differs from what is kept, to fit."""

    artifact_id: str
    name: str
    data: bytes
    alt_text: str
    smaller: bool
    spoiler: bool = False
    """Whether Discord covers it until somebody wants to see it."""

    def file(self) -> discord.File:
        """A new attachment each time: sending one uses it up."""
        return discord.File(BytesIO(self.data), filename=self.name, description=self.alt_text, spoiler=self.spoiler)


def attach(
    language: Language,
    core: Core,
    artifacts: Sequence[Artifact],
    *,
    bytes_max: int,
    together_max: int = REQUEST_BYTES_MAX,
    spoiler: bool = False,
) -> list[Attached]:
    """The pictures as files of at most ``bytes_max`` bytes each: ``image.png``, then ``image-2.png`` …

    All of them have at most ``together_max`` bytes. Those whose bytes cannot be had are left out. Blocks: a picture
    that has to be encoded anew takes a second or two.
    """
    rooms = shares([artifact.size_bytes for artifact in artifacts], each_max=bytes_max, together_max=together_max)
    attached: list[Attached] = []
    for number, (artifact, room) in enumerate(zip(artifacts, rooms, strict=True), start=1):
        try:
            data = core.gallery.open(artifact)
            media_type, smaller = artifact.media_type, len(data) > room
            if smaller:
                from abby_core.storage.picture import encode_to_fit

                fitting = encode_to_fit(data, room)
                if fitting is None:
                    continue
                data, media_type = fitting[0], fitting[1].media_type
        except (StorageError, PictureRejected):  # gone from the disk, or broken on it
            continue
        stem = "image" if number == 1 else f"image-{number}"
        attached.append(
            Attached(
                artifact_id=artifact.id,
                name=f"{stem}.{_ENDINGS.get(media_type, 'png')}",
                data=data,
                alt_text=presenter.alt_text(language, core.gallery.alt_text(artifact)),
                smaller=smaller,
                spoiler=spoiler,
            )
        )
    return attached


def shares(sizes: Sequence[int], *, each_max: int, together_max: int) -> list[int]:
    """How many bytes each file may have: small ones leave their room to the large, which share what is left."""
    rooms = [0] * len(sizes)
    left = together_max
    for done, index in enumerate(sorted(range(len(sizes)), key=sizes.__getitem__)):
        rooms[index] = min(sizes[index], each_max, left // (len(sizes) - done))
        left -= rooms[index]
    return rooms


def smaller_notes(attached: Sequence[Attached], public_url: str) -> tuple[str, ...]:
    """What is said where files were made smaller: where the originals are, as far as there are web pages."""
    smaller = [each.artifact_id for each in attached if each.smaller]
    if public_url:
        pages = [f"{public_url.rstrip('/')}/pictures/{artifact_id}" for artifact_id in smaller]
        return tuple(
            sentence("Made smaller to fit Discord's limit for files. The original: {address}", address=page)
            for page in pages
        )
    if not smaller:
        return ()
    return (sentence("Made smaller to fit Discord's limit for files; Abby keeps the original."),)


def preview_file(preview: Preview, alt_text: str, *, spoiler: bool) -> discord.File | None:
    """A picture as it is so far; None for what is none, whatever a service has sent. Blocks for a moment."""
    from abby_core.storage.picture import verify

    try:
        ending = _ENDINGS[verify(preview.data).media_type]
    except PictureRejected:
        return None
    name = f"preview.{ending}"
    return discord.File(BytesIO(preview.data), filename=name, description=alt_text, spoiler=spoiler)


def thumbnail_file(language: Language, core: Core, artifact: Artifact, name: str) -> discord.File | None:
    """The small version of a picture; None while there is none."""
    try:
        data = core.gallery.thumbnail(artifact)
    except StorageError:
        return None
    if data is None:
        return None
    description = presenter.alt_text(language, core.gallery.alt_text(artifact))
    return discord.File(BytesIO(data), filename=name, description=description)
