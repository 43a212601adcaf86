"""Pictures as attachments: named, described, and made to fit where the server's limit is smaller."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

import discord

from abby_adapters.discord import presenter
from abby_core.errors import StorageError
from abby_core.sentence import sentence

if TYPE_CHECKING:
    from abby_core.bootstrap import Abby as Core
    from abby_core.languages import Language
    from abby_core.studio import Artifact

REQUEST_BYTES_MAX = 24 * 2**20
"""All files of one message together: Discord takes 25 MiB in one request, the rest of which needs some room."""
_ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}


@dataclass(frozen=True, kw_only=True)
class Attached:
    """A picture ready to be sent. ``smaller``: the file differs from what is kept, to fit."""

    name: str
    data: bytes
    alt_text: str
    smaller: bool

    def file(self) -> discord.File:
        """A new attachment each time: sending one uses it up."""
        return discord.File(BytesIO(self.data), filename=self.name, description=self.alt_text)


def attach(language: Language, core: Core, artifacts: Sequence[Artifact], *, bytes_max: int) -> list[Attached]:
    """The pictures as files of at most ``bytes_max`` bytes each: ``image.png``, then ``image-2.png`` …

    Those whose bytes cannot be had are left out. Blocks: a picture that has to be encoded anew takes a second or two.
    """
    each_max = min(bytes_max, REQUEST_BYTES_MAX // max(1, len(artifacts)))
    attached: list[Attached] = []
    for number, artifact in enumerate(artifacts, start=1):
        try:
            data = core.gallery.open(artifact)
        except StorageError:
            continue
        media_type, smaller = artifact.media_type, len(data) > each_max
        if smaller:
            from abby_core.storage.picture import encode_to_fit

            fitting = encode_to_fit(data, each_max)
            if fitting is None:
                continue
            data, media_type = fitting[0], fitting[1].media_type
        stem = "image" if number == 1 else f"image-{number}"
        attached.append(
            Attached(
                name=f"{stem}.{_ENDINGS.get(media_type, 'png')}",
                data=data,
                alt_text=presenter.alt_text(language, core.gallery.alt_text(artifact)),
                smaller=smaller,
            )
        )
    return attached


def smaller_note(attached: Sequence[Attached]) -> tuple[str, ...]:
    """What is said where files were made smaller."""
    if not any(each.smaller for each in attached):
        return ()
    return (sentence("Made smaller to fit Discord's limit for files; Abby keeps the original."),)


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
