"""A picture Abby keeps, as its row in the catalogue describes it (pure)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Visibility = Literal["private", "server", "public"]
"""Who may see a picture besides its owner: nobody, the members of its server (``guild``), everybody."""
State = Literal["kept", "archived", "trashed", "removing"]
"""Where a picture is: at hand; its bytes in the archive; in the trash, to be undone; going for good."""
ARCHIVE = "archive/"
"""Begins the key of bytes that lie in the archive, whatever the picture's state; there the rest of it is their key."""


def is_in_archive(blob_key: str) -> bool:
    """Whether bytes lie in the archive, not at hand."""
    return blob_key.startswith(ARCHIVE)


def counted_bytes(blob_key: str, size_bytes: int) -> int:
    """What bytes count against the limits, which are those of the disk at hand: nothing in the archive."""
    return 0 if is_in_archive(blob_key) else size_bytes


@dataclass(frozen=True, kw_only=True)
class Artifact:
    """One kept picture. ``account`` is an :attr:`Account.key`; times are epoch milliseconds.

    ``name`` is what people call it; the bytes lie under ``blob_key``, whose last part is the same name wherever
    the file system can hold it; of an archived picture it begins with ``ARCHIVE``. ``thumbnail_bytes`` are counted
    as soon as the picture is kept: what the thumbnail takes or, while ``thumbnail_key`` is empty, may take.
    """

    id: str
    account: str
    name: str
    blob_key: str
    kind: str
    size_bytes: int = 0
    sha256: str = ""
    media_type: str = ""
    width: int = 0
    height: int = 0
    thumbnail_key: str = ""
    thumbnail_bytes: int = 0
    temporary: bool = False
    expires_at_ms: int | None = None
    order_id: str | None = None
    order_index: int = 0
    source_artifact: str = ""
    prompt: str = ""
    negative_prompt: str = ""
    style: str = ""
    seed: int | None = None
    provider: str = ""
    model: str = ""
    parameters: dict[str, object] = field(default_factory=dict[str, object])
    millicredits: int = 0
    created_at_ms: int = 0
    state: State = "kept"
    state_at_ms: int = 0
    """Since when it is in the trash, or back from there; else 0."""
    favourite: bool = False
    visibility: Visibility = "private"
    guild: str = ""
    alt_text: str = ""
    """As its owner wrote it; empty: it is made from the prompt."""
    import_sha256: str = ""

    @property
    def in_archive(self) -> bool:
        """Whether its bytes lie in the archive, not at hand; true in the trash, too."""
        return is_in_archive(self.blob_key)

    @property
    def counted_bytes(self) -> int:
        """What it counts against the limits; its thumbnail is always at hand."""
        return counted_bytes(self.blob_key, self.size_bytes) + self.thumbnail_bytes
