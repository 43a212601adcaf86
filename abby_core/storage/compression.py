"""Making kept pictures smaller without anybody seeing a difference, and undoing it for a week.

A PNG or JPEG becomes the smallest WebP that is still as good as the same (:mod:`abby_core.storage.similarity`, with
the bounds below). Everything else of the picture stays: its id, prompt, seed, thumbnail, albums and shares. Its name
keeps its stem and ends in ``.webp``. The original counts for the house alone and goes after a week; until then it can
be the picture again, byte for byte.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from typing import TYPE_CHECKING

from abby_core.errors import InvalidRequest, PictureRejected, StorageError
from abby_core.quota import journal
from abby_core.quota.quota_manager import Need
from abby_core.sentence import sentence
from abby_core.storage import catalogue, oldest, picture, retired
from abby_core.storage.artifact import Artifact
from abby_core.storage.moving import changed_meanwhile, delete_quietly, move, read_unchanged
from abby_core.storage.names import safe_name, unique_candidates, with_extension
from abby_core.storage.similarity import Similarity, similarity

if TYPE_CHECKING:
    from PIL.Image import Image

    from abby_core.database.transaction import Transaction
    from abby_core.quota.account import Account
    from abby_core.storage.storage_manager import StorageManager

SIMILARITY_MEAN_MIN = 0.985
SIMILARITY_WORST_MIN = 0.93
"""Both bounds hold for every compressed picture: soft skies begin to show blocks at a mean of about 0.97. Most
pictures pass them as WebP of quality 85 to 90, which takes a fifth to a third of a PNG's bytes."""
SAVED_SHARE_MIN = 0.10
"""What saves less is left alone: a picture is not touched for nothing."""
QUALITIES = (75, 80, 85, 90, 95)
"""Tried from the smallest; the first that is good enough is taken."""
FLAT_COLOURS_MAX = 4096
"""A picture of so few colours (drawings, pixel art) is often smallest without any loss at all."""
UNDO_DAYS = 7
LOOKED_AT_MAX = 500
"""How many pictures one call looks at: at half a second each some minutes."""
_WEBP_SIDE_MAX = 16_383
"""Longest side WebP can hold (RFC 9649)."""
_STEM_CHARACTERS_MAX = 235
"""With an ending, and a number to tell it from others, no more than a name may have."""
_PAGE = 50


@dataclass(frozen=True, kw_only=True)
class Encoded:
    """How small a picture would be: the new bytes, what they are, and how alike they look."""

    data: bytes
    width: int
    height: int
    similarity: Similarity


@dataclass(frozen=True, kw_only=True)
class Compressed:
    """A picture that was made smaller, as it is now."""

    artifact: Artifact
    name_before: str
    bytes_before: int
    similarity: Similarity

    @property
    def saved_bytes(self) -> int:
        return self.bytes_before - self.artifact.size_bytes


@dataclass(frozen=True, kw_only=True)
class NotWorth:
    """A picture that stays as it is, and why, in a sentence for people."""

    artifact: Artifact
    reason: str


# ---------------------------------------------------------------------- trying


def try_out(storage: StorageManager, artifact: Artifact) -> Encoded | NotWorth:
    """What compressing would make of a picture; nothing is kept. Takes a second or so. Raises StorageError."""
    reason = _obstacle(artifact)
    if reason:
        return NotWorth(artifact=artifact, reason=reason)
    data = read_unchanged(storage, artifact)
    try:
        image = picture.plain(data)
    except PictureRejected as error:
        return NotWorth(artifact=artifact, reason=error.text)
    bytes_max = int(len(data) * (1 - SAVED_SHARE_MIN))
    best = min(_encodings(image, bytes_max), key=lambda encoded: len(encoded.data), default=None)
    return best or NotWorth(
        artifact=artifact,
        reason=sentence("It would save less than {least:.0%}, or be seen; it stays as it is.", least=SAVED_SHARE_MIN),
    )


def _obstacle(artifact: Artifact) -> str:
    """Why a picture is not even tried; empty: it is."""
    if artifact.in_archive:
        return sentence("It is in the archive, where it takes no room.")
    if artifact.temporary:
        return sentence("It is temporary and goes by itself.")
    if artifact.media_type not in oldest.COMPRESSIBLE:
        return sentence("It is a WebP already.")
    if artifact.size_bytes < oldest.COMPRESSED_BYTES_MIN:
        return sentence("It is smaller than {size} kB already.", size=oldest.COMPRESSED_BYTES_MIN // 1024)
    if max(artifact.width, artifact.height) > _WEBP_SIDE_MAX:
        return sentence("WebP holds at most {limit} pixels on a side.", limit=_WEBP_SIDE_MAX)
    return ""


def _encodings(image: Image, bytes_max: int) -> Iterator[Encoded]:
    """What is small and good enough: the lowest quality that is, and without loss where that may be smaller."""
    lossy = next(filter(_looks_the_same, _lossy(image, bytes_max)), None)
    if lossy is not None:
        yield lossy
    if lossy is None or image.getcolors(FLAT_COLOURS_MAX) is not None:
        lossless = _encoded(image, lossless=True, exact=True)
        if len(lossless.data) <= bytes_max and _looks_the_same(lossless):
            yield lossless


def _lossy(image: Image, bytes_max: int) -> Iterator[Encoded]:
    for quality in QUALITIES:
        encoded = _encoded(image, quality=quality)
        if len(encoded.data) > bytes_max:
            return
        yield encoded


def _encoded(image: Image, **options: int) -> Encoded:
    from PIL import Image

    target = BytesIO()
    image.save(target, "WEBP", **options)
    with Image.open(target, formats=("WEBP",)) as again:
        return Encoded(
            data=target.getvalue(), width=again.width, height=again.height, similarity=similarity(image, again)
        )


def _looks_the_same(encoded: Encoded) -> bool:
    return encoded.similarity.mean >= SIMILARITY_MEAN_MIN and encoded.similarity.worst >= SIMILARITY_WORST_MIN


# ---------------------------------------------------------------------- doing


def compress(storage: StorageManager, artifact: Artifact) -> Compressed | NotWorth:
    """Make a picture smaller if that is worth it; its owner has the room at once.

    Raises QuotaExceeded where the house has no room for both until the original goes, InvalidRequest for a picture
    that was changed meanwhile, StorageError; the picture is as it was then.
    """
    encoded = try_out(storage, artifact)
    if isinstance(encoded, NotWorth):
        return encoded
    gain = artifact.size_bytes - len(encoded.data)
    now_ms = storage.now_ms()

    def also(tx: Transaction) -> None:
        retired.add(tx, artifact, "compressed", expires_at_ms=now_ms + UNDO_DAYS * 86_400_000)
        storage.quota.free_own_in(tx, artifact.account, gain)
        journal.removed(tx, at_ms=now_ms, account=artifact.account, reason="compressed", pictures=1, size_bytes=gain)

    need = Need(temporary_bytes=len(encoded.data))
    after = move(storage, artifact, _as_webp(artifact, encoded), encoded.data, need=need, also=also)
    return Compressed(
        artifact=after, name_before=artifact.name, bytes_before=artifact.size_bytes, similarity=encoded.similarity
    )


def compress_oldest(
    storage: StorageManager, account: Account, count: int, *, progress: Callable[[Compressed | NotWorth], None]
) -> list[Compressed]:
    """Compress the account's oldest pictures, favourites and what is not worth it apart, until ``count`` are.

    Looks at ``LOOKED_AT_MAX`` pictures at most; ``progress`` is told of each. Raises as :func:`compress`.
    """
    done: list[Compressed] = []
    for artifact in candidates(storage, account):
        if len(done) >= count:
            break
        try:
            outcome = compress(storage, artifact)
        except InvalidRequest:  # somebody else changed it meanwhile
            continue
        progress(outcome)
        if isinstance(outcome, Compressed):
            done.append(outcome)
    return done


def candidates(storage: StorageManager, account: Account) -> Iterator[Artifact]:
    """What :func:`compress_oldest` looks at, in its order."""
    after, looked_at = (0, ""), 0
    while looked_at < LOOKED_AT_MAX:
        page = storage.database.read(oldest.to_compress, account.key, after=after, limit=_PAGE)
        yield from page
        if len(page) < _PAGE:
            return
        after, looked_at = (page[-1].created_at_ms, page[-1].id), looked_at + len(page)


def _as_webp(artifact: Artifact, encoded: Encoded) -> Iterator[Artifact]:
    """The picture as it will be, under the name people know with another ending, or the next free one like it."""
    folder = artifact.blob_key.rpartition("/")[0]
    stem = with_extension(artifact.name, "")[:_STEM_CHARACTERS_MAX]
    for name in unique_candidates(stem + ".webp"):
        yield replace(
            artifact,
            name=name,
            blob_key=f"{folder}/{safe_name(name)}",
            size_bytes=len(encoded.data),
            sha256=hashlib.sha256(encoded.data).hexdigest(),
            media_type="image/webp",
            width=encoded.width,
            height=encoded.height,
        )


# ---------------------------------------------------------------------- undoing


def undo_compression(storage: StorageManager, artifact: Artifact) -> Artifact:
    """The original is the picture again, byte for byte and under its old name, if that is free.

    Raises QuotaExceeded where its owner has no room for it, InvalidRequest when there is no original (any more) or
    the picture is archived, StorageError; the picture is as it was then.
    """
    now_ms = storage.now_ms()
    original = storage.database.read(retired.original, artifact.id, now_ms)
    if original is None:
        raise InvalidRequest(
            sentence("{name!r} was not compressed within the last {days} days.", name=artifact.name, days=UNDO_DAYS)
        )
    if artifact.in_archive:
        raise InvalidRequest(sentence("{name!r} is in the archive; restore it first.", name=artifact.name))
    if hashlib.sha256(storage.blobs.open(original.blob_key)).hexdigest() != original.sha256:
        raise StorageError(
            sentence("The original of {name!r} was damaged; the compressed picture stays.", name=artifact.name)
        )
    as_it_was = replace(
        artifact,
        blob_key=original.blob_key,
        size_bytes=original.size_bytes,
        sha256=original.sha256,
        media_type=original.media_type,
        width=original.width,
        height=original.height,
    )

    def put_back(tx: Transaction) -> Artifact:
        name = next(each for each in unique_candidates(original.name) if _may_be_called(tx, artifact, each))
        back = replace(as_it_was, name=name)
        # Only one of undoing and deleting the original finds its row still there.
        if not (retired.take_back(tx, original.blob_key) and catalogue.move(
            tx, artifact.id, before=artifact.blob_key, after=back
        )):  # fmt: skip
            raise changed_meanwhile(artifact)
        retired.add(tx, artifact, "leftover", expires_at_ms=now_ms)
        storage.quota.count_own_in(tx, artifact.account, original.size_bytes - artifact.size_bytes)
        return back

    back = storage.database.write(put_back)
    delete_quietly(storage, artifact.blob_key)
    return back


def _may_be_called(tx: Transaction, artifact: Artifact, name: str) -> bool:
    return name == artifact.name or not catalogue.name_is_taken(tx, artifact.account, name)
