"""A ZIP may be damaged or made to harm in any way: its files are read, refused or passed by, and that is all."""

from __future__ import annotations

import io
import zipfile
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from abby_core.errors import InvalidRequest
from abby_core.gallery.import_source import Unreadable
from abby_core.gallery.import_sources import ZipFile


def archive(*names: str, zip64: bool = False) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as written:
        for name in names:
            with written.open(name, "w", force_zip64=zip64) as file:
                file.write(f'[{{"file": "{name}", "prompt": "p"}}]'.encode() * 20)
    return target.getvalue()


SOUND = (archive("a.png", "pictures.json", "sub/b.png"), archive("a.png", zip64=True))
PLACES = st.tuples(st.floats(0, 1), st.integers(0, 255))


def look_through(data: bytes) -> None:
    """Read everything there is."""
    source = ZipFile(io.BytesIO(data))
    with suppress(InvalidRequest):
        count = 0
        for file in source.found():
            assert file.name
            count += 1
            with suppress(Unreadable):
                assert len(file.read(100)) <= 100
        assert source.count() == count


@settings(deadline=None, max_examples=300)
@given(data=st.sampled_from(SOUND), changes=st.lists(PLACES, min_size=1, max_size=4), cut=st.integers(0, 10))
def test_no_damage_does_more_than_lose_a_file(data: bytes, changes: list[tuple[float, int]], cut: int) -> None:
    damaged = bytearray(data)
    for at, byte in changes:
        damaged[int(at * (len(damaged) - 1))] = byte
    look_through(bytes(damaged[: len(damaged) - cut] if cut < 5 else damaged))


def test_every_single_byte_may_be_the_worst() -> None:
    for data in SOUND:
        for at in range(len(data)):
            for byte in (0x00, 0xFF):
                look_through(data[:at] + bytes((byte,)) + data[at + 1 :])


def test_offsets_beyond_any_file_are_no_reason_to_fail() -> None:
    data = bytearray(SOUND[0])
    at = data.index(b"PK\x01\x02")
    name_length = int.from_bytes(data[at + 28 : at + 30], "little")
    extra = b"\x01\x00\x08\x00" + b"\xff" * 8  # the offset as 64 bits, as large as it goes
    data[at + 42 : at + 46] = b"\xff" * 4
    data[at + 30 : at + 32] = len(extra).to_bytes(2, "little")
    data[at + 46 + name_length : at + 46 + name_length] = extra
    end = data.index(b"PK\x05\x06")
    data[end + 12 : end + 16] = (int.from_bytes(data[end + 12 : end + 16], "little") + len(extra)).to_bytes(4, "little")
    look_through(bytes(data))
