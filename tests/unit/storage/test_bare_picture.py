"""Pictures for strangers: nothing but the picture is in the file."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from abby_core.errors import StorageError
from abby_core.storage.bare_picture import bare_picture
from abby_core.storage.picture import inspect

SECRET = "a rabbit at 48.2N 16.4E"
FORMATS = ("PNG", "JPEG", "WEBP")


def encoded(form: str, **options: Any) -> bytes:
    target = BytesIO()
    Image.linear_gradient("L").convert("RGB").resize((64, 48)).save(target, form, **options)
    return target.getvalue()


def labelled(form: str) -> bytes:
    """A file that says more than its picture, in each way its format has."""
    exif = Image.Exif()
    exif[0x010E] = SECRET
    if form != "PNG":
        return encoded(form, exif=exif, xmp=f"<x>{SECRET}</x>".encode())
    chunks = PngImagePlugin.PngInfo()
    chunks.add_text("parameters", SECRET)
    chunks.add_itxt("Description", SECRET)
    return encoded(form, exif=exif, pnginfo=chunks)


@pytest.mark.parametrize("form", FORMATS)
def test_a_file_that_holds_its_picture_alone_comes_back_as_it_is(form: str) -> None:
    data = encoded(form)
    assert bare_picture(data) == (data, inspect(data))


@pytest.mark.parametrize("form", FORMATS)
def test_what_a_file_tells_besides_is_gone_and_the_picture_is_the_same(form: str) -> None:
    data = labelled(form)
    assert SECRET.encode() in data
    bare, info = bare_picture(data)
    assert SECRET.encode() not in bare
    assert info == inspect(bare)
    with Image.open(BytesIO(bare)) as image, Image.open(BytesIO(data)) as original:
        assert image.size == original.size
        difference = max(abs(a - b) for a, b in zip(image.convert("RGB").tobytes(), original.tobytes(), strict=True))
    assert difference <= 4  # a JPEG was encoded again


@pytest.mark.parametrize("data", [b"", b"no picture", encoded("PNG")[:-20]])
def test_bytes_that_are_no_picture_are_the_stores_trouble_not_the_viewers_mistake(data: bytes) -> None:
    with pytest.raises(StorageError, match="cannot be handed out"):
        bare_picture(data)


def test_a_picture_that_was_kept_larger_than_uploads_may_be_is_made_to_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    data = labelled("PNG")
    monkeypatch.setattr("abby_core.storage.picture.PICTURE_BYTES_MAX", len(data) - 1)
    bare, info = bare_picture(data)
    assert (info.media_type, len(bare) < len(data), SECRET.encode() in bare) == ("image/webp", True, False)
