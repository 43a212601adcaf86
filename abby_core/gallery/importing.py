"""Importing pictures that were made elsewhere, into an account's gallery.

Each file is a stranger's: what its program noted in it is read, then the picture alone is written anew, as uploads
are (upright, without EXIF). It counts against storage, not against the day. A row remembers the SHA-256 of the file
it came from, once per account: a run that was cut off, or is repeated, goes on where it stopped and doubles nothing.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Literal

from abby_core.errors import AbbyError, PictureRejected, StorageError
from abby_core.gallery.embedded_texts import embedded_texts
from abby_core.gallery.generation_info import GenerationInfo
from abby_core.gallery.generation_readers import generation_info
from abby_core.gallery.import_source import Found, Source, Unreadable
from abby_core.gallery.import_sources import Together, source_of
from abby_core.sentence import sentence
from abby_core.storage import catalogue, jpeg_check, keeping, mending, picture, png_check, saving, webp_check
from abby_core.storage.artifact import Artifact

if TYPE_CHECKING:
    from abby_core.quota.account import Account
    from abby_core.storage.picture import PictureInfo
    from abby_core.storage.storage_manager import StorageManager

log = logging.getLogger(__name__)

EARLIEST_MS = 631_152_000_000
"""1 January 1990: an earlier file date was never set (1970, and 1980 in a ZIP)."""
KIND = "import"
OWN_FOLDERS = ("images", "temp", "thumbnails")
"""Below the storage root: what lies there Abby made or keeps already."""
_HEAD_BYTES = 16
_FORMATS = (png_check, jpeg_check, webp_check)
_PICTURE_ENDINGS = {
    ".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif", ".heic", ".heif", ".jxl",
}  # fmt: skip
"""Files that people take for pictures: where Abby does not, it says why."""

Progress = Callable[[int, str], None]
"""Is told how many files were looked at, and which comes next; what it raises ends the import between the two."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one file. ``name``: of the picture in the gallery; ``reason``: a sentence for people."""

    place: str
    state: Literal["imported", "already", "refused"]
    name: str = ""
    reason: str = ""
    size_bytes: int = 0


@dataclass(frozen=True, kw_only=True)
class ImportReport:
    """What became of all files. ``skipped`` were none that looked like pictures; ``stopped`` ended it early."""

    outcomes: tuple[Outcome, ...]
    skipped: int
    stopped: AbbyError | None = None

    def of(self, state: Literal["imported", "already", "refused"]) -> list[Outcome]:
        """The files that ended so."""
        return [outcome for outcome in self.outcomes if outcome.state == state]

    @property
    def size_bytes(self) -> int:
        """What the imported pictures take, without their thumbnails."""
        return sum(outcome.size_bytes for outcome in self.outcomes)


@dataclass(frozen=True, kw_only=True)
class _Run:
    account: Account
    dry_run: bool
    seen: set[str] = field(default_factory=set[str])
    """SHA-256 of each file that was taken in this run."""


class Importer:
    """All methods block for as long as it takes; coroutines call them in a thread."""

    def __init__(self, storage: StorageManager) -> None:
        self._storage = storage

    def source(self, *places: Path) -> Source:
        """The files in folders, ZIPs and files together, but none of Abby's own. Raises InvalidRequest."""
        own = [self._storage.root / name for name in OWN_FOLDERS]
        return Together([source_of(place, passing_by=own) for place in places])

    def run(
        self, account: Account, source: Source, *, dry_run: bool = False, progress: Progress | None = None
    ) -> ImportReport:
        """Import everything, one file after the other; ``dry_run`` only says what would become of each.

        What was imported stays, whatever stops it: a full quota or disk, or trouble with the database, is in the
        report. Raises InvalidRequest where the source cannot be read at all.
        """
        source.count()
        if not dry_run:
            mending.mend(self._storage)  # what an earlier run was killed over
        run = _Run(account=account, dry_run=dry_run)
        outcomes: list[Outcome] = []
        looked_at = 0
        stopped: AbbyError | None = None
        try:
            for found in source.found():
                if progress is not None:
                    progress(looked_at, found.place)
                outcome = self._take(run, found)
                looked_at += 1
                if outcome is not None:
                    outcomes.append(outcome)
        except AbbyError as error:
            stopped = error
            log.info("an import stopped: %s", error)
        skipped = looked_at - len(outcomes) + source.skipped
        return ImportReport(outcomes=tuple(outcomes), skipped=skipped, stopped=stopped)

    def _take(self, run: _Run, found: Found) -> Outcome | None:
        """One file; None: nothing that looks like a picture."""
        try:
            data = self._read(found)
            return None if data is None else self._import(run, found, data)
        except (PictureRejected, Unreadable) as error:
            return Outcome(place=found.place, state="refused", reason=error.text)

    def _import(self, run: _Run, found: Found, data: bytes) -> Outcome:
        sha256 = hashlib.sha256(data).hexdigest()
        earlier = self._storage.database.read(catalogue.imported, run.account.key, sha256)
        if earlier is not None:
            return self._known(run, found, earlier)
        if sha256 in run.seen:
            return Outcome(place=found.place, state="already", reason=sentence("The same file comes twice."))
        clean, info = self._clean(data)
        made = generation_info(embedded_texts(data), file_name=found.name, note=found.note)
        draft = replace(self._draft(run.account, found, clean, info, made), import_sha256=sha256)
        run.seen.add(sha256)
        if run.dry_run:
            return Outcome(place=found.place, state="imported", name=draft.name, size_bytes=len(clean))
        self._storage.check_free_disk(len(clean))
        kept = saving.save_draft(self._storage, clean, draft, run.account)
        if kept.id != draft.id:  # another run was faster
            return self._known(run, found, kept)
        self._make_thumbnail(kept)
        return Outcome(place=found.place, state="imported", name=kept.name, size_bytes=kept.size_bytes)

    def _known(self, run: _Run, found: Found, earlier: Artifact) -> Outcome:
        """A file that was imported before, perhaps by a run that was killed before the thumbnail."""
        if earlier.state == "removing":
            reason = sentence("Its picture is being deleted just now; import it again in a minute.")
            return Outcome(place=found.place, state="refused", reason=reason)
        if earlier.state == "kept" and earlier.thumbnail_bytes and not (earlier.thumbnail_key or run.dry_run):
            self._make_thumbnail(earlier)
        reason = sentence("It is in the trash.") if earlier.state == "trashed" else ""
        return Outcome(place=found.place, state="already", name=earlier.name, reason=reason)

    def _read(self, found: Found) -> bytes | None:
        """The whole file; None for what neither is a picture nor claims to be. Raises Unreadable or PictureRejected."""
        head, ending = found.read(_HEAD_BYTES), PurePosixPath(found.name).suffix.lower()
        if ending not in _PICTURE_ENDINGS and not any(kind.matches(head) for kind in _FORMATS):
            return None
        bytes_max = min(picture.PICTURE_BYTES_MAX, self._storage.picture_bytes_max)
        data = found.read(bytes_max + 1)
        if len(data) > bytes_max:
            raise PictureRejected(sentence("The file is larger than {limit:.1f} MB.", limit=bytes_max / 2**20))
        return data

    def _clean(self, data: bytes) -> tuple[bytes, PictureInfo]:
        """The picture alone, written anew; as a WebP that fits where it thereby grew beyond what is stored."""
        clean, info = picture.normalise_upload(data)
        if len(clean) <= self._storage.picture_bytes_max:
            return clean, info
        fitted = picture.encode_to_fit(clean, self._storage.picture_bytes_max)
        if fitted is None:
            raise PictureRejected(sentence("The picture cannot be made small enough to be stored."))
        return fitted

    def _draft(self, account: Account, found: Found, clean: bytes, info: PictureInfo, made: GenerationInfo) -> Artifact:
        return Artifact(
            id=saving.new_id(),
            account=account.key,
            name=_name(found.name, info.extension),
            blob_key="",
            kind=KIND,
            size_bytes=len(clean),
            sha256=hashlib.sha256(clean).hexdigest(),
            media_type=info.media_type,
            width=info.width,
            height=info.height,
            thumbnail_bytes=picture.THUMBNAIL_BYTES_MAX,
            prompt=made.prompt,
            negative_prompt=made.negative_prompt,
            style=made.style,
            seed=made.seed,
            provider=made.tool,
            model=made.model,
            parameters=made.parameters,
            alt_text=made.alt_text,
            created_at_ms=self._made_at_ms(found.modified_at),
        )

    def _made_at_ms(self, modified_at: float) -> int:
        """The file's date, if it can be true."""
        now_ms, at_ms = self._storage.now_ms(), modified_at * 1000
        return int(at_ms) if EARLIEST_MS <= at_ms <= now_ms else now_ms

    def _make_thumbnail(self, kept: Artifact) -> None:
        try:
            keeping.make_thumbnail(self._storage, kept)
        except StorageError as error:
            log.warning("the thumbnail of %s waits for recovery: %s", kept.id, error)


def _name(file_name: str, extension: str) -> str:
    """What the picture is called: as its file, with the ending of what it is now."""
    stem = PurePosixPath(file_name).stem if PurePosixPath(file_name).suffix.lower() in _PICTURE_ENDINGS else file_name
    stem = "".join(character for character in stem if character.isprintable()).strip()
    return saving.clean_name((stem or "imported") + extension)
