"""Orders that work on a picture: an upload is cleaned, used and gone afterwards."""

from __future__ import annotations

import asyncio
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from abby_core.errors import (
    InvalidRequest,
    NotFound,
    QuotaExceeded,
)
from abby_core.generation.request import ImageToImage, Upscale
from abby_core.quota.meter import BYTES, IMAGES_PER_DAY
from tests.support.providers import (
    FixedProvider,
    blocking_provider,
    photograph,
)
from tests.support.studio import (
    ALICE,
    BOB,
    assert_sound,
    counter,
    kept_files,
    open_abby,
    until_ended,
    wish,
)


def _photo_with_place() -> bytes:
    target = BytesIO()
    exif = Image.Exif()
    exif[0x0110] = "Secret Camera"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    Image.open(BytesIO(photograph(200, 100))).save(target, "JPEG", exif=exif, comment=b"at home")
    return target.getvalue()


@pytest.mark.parametrize("kind", ["image_to_image", "upscale"])
async def test_an_uploaded_picture_is_cleaned_used_and_gone_afterwards(tmp_path: Path, kind: str) -> None:
    provider, gate = blocking_provider()
    photo = _photo_with_place()
    request = ImageToImage(image=photo, prompt="in winter") if kind == "image_to_image" else Upscale(image=photo)
    async with open_abby(tmp_path, provider) as abby:
        await abby.studio.submit(wish("o1", request=request))
        await provider.begun()
        assert list((tmp_path / "temp").iterdir())
        assert counter(abby, None, BYTES) > counter(abby, ALICE, BYTES)
        gate.set()
        view = await until_ended(abby, "o1")
    assert view.state == "done"
    (asked,) = provider.requests
    assert isinstance(asked, ImageToImage | Upscale)
    sent = Image.open(BytesIO(asked.image))
    assert sent.size == (200, 100)
    assert not sent.getexif()
    assert b"Secret Camera" not in asked.image
    assert b"at home" not in asked.image
    assert list((tmp_path / "temp").iterdir()) == []
    assert_sound(abby)


async def test_a_kept_picture_can_be_worked_on(tmp_path: Path) -> None:
    provider = FixedProvider()
    async with open_abby(tmp_path, provider) as abby:
        (source,) = (await abby.studio.create(wish("o1"))).artifacts
        request = ImageToImage(image=b"", prompt="in winter")
        (changed,) = (await abby.studio.create(wish("o2", request=request, source_artifact=source.id))).artifacts
    assert changed.source_artifact == source.id
    assert isinstance(provider.requests[1], ImageToImage)
    assert provider.requests[1].image == provider.data
    assert_sound(abby)


async def test_anothers_picture_cannot_be_worked_on(tmp_path: Path) -> None:
    async with open_abby(tmp_path) as abby:
        (secret,) = (await abby.studio.create(wish("o1"))).artifacts
        for artifact_id in (secret.id, "no such"):
            with pytest.raises(NotFound, match=r"^You have no such picture\.$"):
                request = Upscale(image=b"")
                await abby.studio.submit(wish("o2", BOB, request=request, source_artifact=artifact_id))
        assert counter(abby, BOB, IMAGES_PER_DAY) == 0


async def test_a_source_that_was_deleted_meanwhile_fails_the_order(tmp_path: Path) -> None:
    provider, gate = blocking_provider()
    async with open_abby(tmp_path, provider, concurrent_orders=1) as abby:
        gate.set()
        (source,) = (await abby.studio.create(wish("o1"))).artifacts
        gate.clear()
        provider.began.clear()
        await abby.studio.submit(wish("o2"))
        await provider.begun()
        await abby.studio.submit(wish("o3", request=Upscale(image=b""), source_artifact=source.id))
        await asyncio.to_thread(abby.gallery.delete, ALICE, source.id)
        gate.set()
        view = await until_ended(abby, "o3")
    assert (view.state, view.error_code) == ("failed", "InvalidRequest")
    assert "deleted" in view.error
    assert_sound(abby)


@pytest.mark.parametrize("image", [b"no picture", photograph()[:-30], "https://example.org/cat.png"])
async def test_an_upload_that_is_no_picture_is_refused_before_anything_is_kept(tmp_path: Path, image: bytes) -> None:
    async with open_abby(tmp_path) as abby:
        with pytest.raises(InvalidRequest):
            await abby.studio.submit(wish("o1", request=Upscale(image=image)))
        assert kept_files(tmp_path) == []


async def test_a_refused_order_leaves_no_upload_behind(tmp_path: Path) -> None:
    async with open_abby(tmp_path, max_user_daily_gens=0) as abby:
        with pytest.raises(QuotaExceeded):
            await abby.studio.submit(wish("o1", request=Upscale(image=photograph())))
    assert kept_files(tmp_path) == []
    assert_sound(abby)


async def test_a_conflicting_order_does_not_take_the_first_ones_upload_away(tmp_path: Path) -> None:
    async with open_abby(tmp_path) as abby:
        orders = [
            wish("o1", account, request=ImageToImage(image=photograph(), prompt=prompt))
            for account, prompt in ((ALICE, "in winter"), (BOB, "in summer"))
        ]
        answers = await asyncio.gather(*map(abby.studio.create, orders), return_exceptions=True)
        assert sorted(type(answer).__name__ for answer in answers) == ["Creation", "OrderConflict"]
    assert_sound(abby)
