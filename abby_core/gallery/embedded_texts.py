"""What programs wrote into a picture file beside the picture: PNG text chunks and the EXIF comment (pure).

Nothing here is trusted. The file's structure is proven first; every text has a bound, packed ones are unpacked no
further than that, and whatever makes no sense is passed over in silence. Formats: PNG specification (3rd edition)
11.3.3 for tEXt, zTXt and iTXt; CIPA DC-008 (EXIF) 4.6 for the directories and for UserComment, tag 0x9286.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping

from abby_core.errors import PictureRejected
from abby_core.storage import jpeg_check, png_check, webp_check
from abby_core.storage.outline import Outline

TEXT_BYTES_MAX = 2**20
"""Longest text that is read: a large ComfyUI workflow has a few hundred kB."""
TEXTS_MAX = 64
"""Most texts of one file; programs write five."""
USER_COMMENT = "UserComment"

_KEYWORD_BYTES_MAX = 79
_EXIF_ENTRIES_MAX = 512
_EXIF_POINTER, _USER_COMMENT_TAG = 0x8769, 0x9286


def embedded_texts(data: bytes) -> Mapping[str, str]:
    """The texts in a picture file by their keyword, the first of each; the EXIF comment under ``UserComment``.

    Empty for bytes that are no sound PNG, JPEG or WebP.
    """
    try:
        if png_check.matches(data):
            return _png_texts(data, png_check.outline_of(data))
        if jpeg_check.matches(data):
            return _comment(jpeg_check.strip(data, jpeg_check.outline_of(data)).exif)
        if webp_check.matches(data):
            return _comment(webp_check.strip(data, webp_check.outline_of(data)).exif)
    except PictureRejected:
        pass
    return {}


def _png_texts(data: bytes, outline: Outline) -> Mapping[str, str]:
    texts: dict[str, str] = {}
    for part in outline.parts:
        if len(texts) == TEXTS_MAX:
            break
        payload = data[part.start : part.end]
        if part.kind == b"eXIf":
            texts = {**_comment(payload), **texts}
        elif part.kind in {b"tEXt", b"zTXt", b"iTXt"}:
            keyword, text = _text_chunk(part.kind, payload)
            if keyword and text:
                texts.setdefault(keyword, text)
    return texts


def _text_chunk(kind: bytes, payload: bytes) -> tuple[str, str]:
    """Keyword and text of one chunk; both empty where it makes no sense."""
    keyword, zero, rest = payload.partition(b"\0")
    if not zero or not 0 < len(keyword) <= _KEYWORD_BYTES_MAX:
        return "", ""
    if kind == b"tEXt":
        text = _bounded(rest).decode("latin-1")
        return keyword.decode("latin-1"), _as_utf8(text)
    if kind == b"zTXt":
        return keyword.decode("latin-1"), _as_utf8(_unpacked(rest[1:]).decode("latin-1"))
    packed, (_language, _, rest) = rest[:1] == b"\x01", rest[2:].partition(b"\0")
    _translated, _, text_bytes = rest.partition(b"\0")
    text = (_unpacked(text_bytes) if packed else _bounded(text_bytes)).decode("utf-8", "replace")
    return keyword.decode("latin-1"), text


def _as_utf8(latin: str) -> str:
    """Latin-1 as the specification has it, unless it can be UTF-8: many programs write that all the same."""
    try:
        return latin.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return latin


def _bounded(text: bytes) -> bytes:
    return text if len(text) <= TEXT_BYTES_MAX else b""


def _unpacked(packed: bytes) -> bytes:
    """Nothing for what is broken, or would be too long: it is unpacked no further than a byte beyond the bound."""
    try:
        return _bounded(zlib.decompressobj().decompress(packed, TEXT_BYTES_MAX + 1))
    except zlib.error:
        return b""


def _comment(exif: bytes) -> Mapping[str, str]:
    """The user's comment in an EXIF block. Offsets that point nowhere read as zero, and find nothing."""
    order = "little" if exif[:2] == b"II" else "big"

    def number(at: int, size_bytes: int) -> int:
        return int.from_bytes(exif[at : at + size_bytes], order)

    def entries(directory: int) -> Iterator[tuple[int, int]]:
        """Tag and offset of each entry."""
        for index in range(min(number(directory, 2), _EXIF_ENTRIES_MAX)):
            at = directory + 2 + 12 * index
            yield number(at, 2), at

    pointers = [number(at + 8, 4) for tag, at in entries(number(4, 4)) if tag == _EXIF_POINTER]
    for tag, at in entries(pointers[0]) if pointers else ():
        if tag == _USER_COMMENT_TAG:
            start, length = number(at + 8, 4), number(at + 4, 4)
            text = _decoded_comment(exif[start : start + min(length, TEXT_BYTES_MAX)], order)
            return {USER_COMMENT: text} if text else {}
    return {}


def _decoded_comment(comment: bytes, order: str) -> str:
    """Eight bytes name the encoding. ``UNICODE`` is UTF-16: some write it in the file's byte order, some always big."""
    code, text = comment[:8], comment[8:]
    if code != b"UNICODE\0":
        return text.decode("utf-8", "replace")
    zeros_first, zeros_second = text[::2].count(0), text[1::2].count(0)
    if zeros_first != zeros_second:  # most letters of most texts have one: it tells more than any declaration
        order = "big" if zeros_first > zeros_second else "little"
    return text.decode("utf-16-be" if order == "big" else "utf-16-le", "replace")
