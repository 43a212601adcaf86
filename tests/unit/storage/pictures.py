"""Pictures to test with: sound ones of every kind, and the pieces to build broken ones from."""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable, Iterator
from io import BytesIO
from struct import pack

import pytest
from PIL import Image

from abby_core.errors import PictureRejected
from abby_core.storage.picture import inspect

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def painted(width: int = 40, height: int = 30, mode: str = "RGB") -> Image.Image:
    """A picture with a different look in every corner and some grain, the same on every run."""
    grain = Image.frombytes("L", (width, height), random.Random(1).randbytes(width * height))
    slope = Image.linear_gradient("L").resize((width, height))
    bands = (slope, Image.blend(slope.transpose(Image.Transpose.ROTATE_180), grain, 0.3), slope.rotate(90))
    if mode in {"L", "I;16"}:
        return Image.blend(slope, grain, 0.3).convert(mode)
    if mode in {"LA", "RGBA"}:
        opaque = painted(width, height, mode[:-1])
        opaque.putalpha(Image.radial_gradient("L").resize((width, height)))
        return opaque
    return Image.merge("RGB", bands).convert(mode)


def noise(width: int, height: int, mode: str = "RGB") -> Image.Image:
    return Image.frombytes(mode, (width, height), random.Random(2).randbytes(width * height * len(mode)))


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    target = BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()


def opened(data: bytes) -> Image.Image:
    image = Image.open(BytesIO(data))
    image.load()
    return image


PNGS = {f"png {mode}": encoded(painted(mode=mode), "PNG") for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")}
JPEGS = {
    "jpeg": encoded(painted(), "JPEG"),
    "jpeg grey": encoded(painted(mode="L"), "JPEG"),
    "jpeg CMYK": encoded(painted(mode="CMYK"), "JPEG"),
    "jpeg 4:4:4": encoded(painted(), "JPEG", subsampling="4:4:4"),
    "jpeg with restarts": encoded(painted(), "JPEG", restart_marker_blocks=1),
    "jpeg progressive": encoded(painted(), "JPEG", progressive=True),
    "jpeg progressive with restarts": encoded(painted(), "JPEG", progressive=True, restart_marker_blocks=3),
}
WEBPS = {
    "webp": encoded(painted(), "WEBP"),
    "webp lossless": encoded(painted(), "WEBP", lossless=True),
    "webp lossy alpha": encoded(painted(mode="RGBA"), "WEBP"),
    "webp lossless alpha": encoded(painted(mode="RGBA"), "WEBP", lossless=True),
    "webp with EXIF": encoded(painted(), "WEBP", exif=Image.Exif()),
}
PICTURES = PNGS | JPEGS | WEBPS

every_picture = pytest.mark.parametrize("data", PICTURES.values(), ids=PICTURES.keys())
every_jpeg = pytest.mark.parametrize("data", JPEGS.values(), ids=JPEGS.keys())
one_of_each_format = pytest.mark.parametrize(
    "data", [PNGS["png RGB"], JPEGS["jpeg"], WEBPS["webp"]], ids=["png", "jpeg", "webp"]
)


def shown(value: object) -> str:
    """A test id for bytes that would fill the screen; give it as ``ids``."""
    return value if isinstance(value, str) else "picture"


def chunk(kind: bytes, payload: bytes = b"") -> bytes:
    return pack(">I", len(payload)) + kind + payload + pack(">I", zlib.crc32(kind + payload))


def header(width: int, height: int, *rest: int) -> bytes:
    """IHDR; ``rest``: bit depth, colour type, compression, filter, interlace; 8-bit grey if not given."""
    return chunk(b"IHDR", pack(">IIBBBBB", width, height, *(rest or (8, 0, 0, 0, 0))))


def pixels(size_bytes: int) -> bytes:
    return chunk(b"IDAT", zlib.compress(bytes(size_bytes)))


def png(*chunks: bytes) -> bytes:
    return PNG_SIGNATURE + b"".join(chunks) + chunk(b"IEND")


def with_chunk(data: bytes, extra: bytes) -> bytes:
    """A PNG with one more chunk behind its header."""
    return data[:33] + extra + data[33:]


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"".join(kind + pack("<I", len(data)) + data + b"\0" * (len(data) % 2) for kind, data in chunks)
    return b"RIFF" + pack("<I", len(body) + 4) + b"WEBP" + body


def riff_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 12
    while at < len(data):
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        yield data[at : at + 4], data[at + 8 : at + 8 + length]
        at += 8 + length + length % 2


def jpeg_with_size(width: int, height: int) -> bytes:
    data = bytearray(JPEGS["jpeg"])
    frame = data.index(b"\xff\xc0")
    data[frame + 5 : frame + 9] = pack(">HH", height, width)
    return bytes(data)


def with_segment(data: bytes, code: int, payload: bytes) -> bytes:
    """A JPEG with one more segment behind its start."""
    return data[:2] + bytes((0xFF, code)) + pack(">H", len(payload) + 2) + payload + data[2:]


def refuses(data: bytes, text: str, check: Callable[[bytes], object] = inspect) -> None:
    with pytest.raises(PictureRejected, match=text):
        check(data)


def vp8x(flags: int, width: int, height: int) -> tuple[bytes, bytes]:
    return b"VP8X", pack("<I", flags) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")


STREAM = next(riff_chunks(WEBPS["webp"]))
LOSSLESS = next(riff_chunks(WEBPS["webp lossless"]))
FRAME = (b"ANMF", bytes(6) + bytes((39, 0, 0, 29, 0, 0)) + bytes(4) + riff(STREAM)[12:])
FRAME_OUTSIDE = (b"ANMF", b"\x01" + FRAME[1][1:])
ANIM = (b"ANIM", bytes(6))

STILL, MOVING = painted(), painted().transpose(Image.Transpose.ROTATE_180)
ANIMATIONS = {
    "png": encoded(STILL, "PNG", save_all=True, append_images=[MOVING]),
    "webp": encoded(STILL, "WEBP", save_all=True, append_images=[MOVING], lossless=True),
    "webp of 20000 frames": riff(vp8x(2, 40, 30), ANIM, FRAME, *[(b"ANMF", b"")] * 20_000),
}
