"""Orders that paint only a part of a picture anew, from the mask somebody gave to the picture that is kept."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops

from abby_core.errors import InvalidRequest, MaskRejected, NotFound, OrderConflict, QuotaExceeded
from abby_core.generation.providers.painter import Painter
from abby_core.generation.request import ImageToImage
from abby_core.quota.meter import BYTES, IMAGES_PER_DAY
from abby_core.studio.order import Order
from abby_core.studio.request_json import decode, encode
from tests.support.providers import PATIENCE_SECONDS, FixedProvider, blocking_provider, mask, passing_error, photograph
from tests.support.studio import ALICE, BOB, Clock, assert_sound, counter, kept_files, open_abby, until_ended, wish

PART = ImageToImage(image=photograph(), mask=mask(), prompt="a red dragon", seed=7)
LEFT, RIGHT = (0, 0, 48, 64), (48, 0, 96, 64)


def opened(data: bytes) -> Image.Image:
    return Image.open(BytesIO(data))


def differs(one: bytes, other: bytes, box: tuple[int, int, int, int]) -> bool:
    parts = (opened(data).convert("RGB").crop(box) for data in (one, other))
    return ImageChops.difference(*parts).getbbox() is not None


def part(order_id: str, **more: Any) -> Order:
    return wish(order_id, request=replace(PART, **more))


def alone(provider: FixedProvider) -> ImageToImage:
    [request] = provider.requests
    assert isinstance(request, ImageToImage)
    return request


async def test_only_what_is_transparent_in_the_mask_is_painted_anew(tmp_path: Path) -> None:
    async with open_abby(tmp_path, Painter()) as abby:
        [made] = (await abby.studio.create(part("o1"))).artifacts
        data = abby.gallery.open(made)
    assert (made.kind, made.parameters["masked"], made.source_artifact) == ("image_to_image", True, "")
    assert opened(data).mode == "RGB"
    assert not differs(data, photograph(), LEFT)
    assert differs(data, photograph(), RIGHT)
    assert list((tmp_path / "temp").iterdir()) == []
    assert_sound(abby)


async def test_without_a_mask_the_whole_picture_is_painted_anew_even_where_it_is_transparent(tmp_path: Path) -> None:
    provider = FixedProvider(masks=True)
    async with open_abby(tmp_path, provider) as abby:
        [made] = (await abby.studio.create(part("o1", image=mask(), mask=b""))).artifacts
    assert not alone(provider).only_transparent
    assert "masked" not in made.parameters


async def test_a_provider_gets_one_picture_that_carries_the_mask(tmp_path: Path) -> None:
    provider, gate = blocking_provider(masks=True)
    async with open_abby(tmp_path, provider) as abby:
        await abby.studio.submit(part("o1"))
        await provider.begun()
        [source] = (tmp_path / "temp").iterdir()
        assert source.read_bytes() == alone(provider).image
        assert counter(abby, None, BYTES) - counter(abby, ALICE, BYTES) == source.stat().st_size
        gate.set()
        await until_ended(abby, "o1")
    asked = alone(provider)
    assert (asked.mask, asked.only_transparent) == (b"", True)
    assert not differs(asked.image, photograph(), (0, 0, 96, 64))
    assert opened(asked.image).getpixel((95, 0))[3] == 0  # pyright: ignore[reportIndexIssue, reportOptionalSubscript, reportUnknownMemberType]
    assert list((tmp_path / "temp").iterdir()) == []


async def test_a_picture_that_says_itself_what_is_transparent_needs_no_mask(tmp_path: Path) -> None:
    provider = FixedProvider(masks=True)
    async with open_abby(tmp_path, provider) as abby:
        await abby.studio.create(part("o1", image=mask(), mask=b"", only_transparent=True))
        with pytest.raises(MaskRejected, match="no transparency"):
            await abby.studio.create(part("o2", mask=b"", only_transparent=True))
    assert alone(provider).only_transparent


async def test_a_kept_picture_is_masked_too_and_stays_what_the_new_one_was_made_from(tmp_path: Path) -> None:
    provider, gate = blocking_provider(masks=True)
    gate.set()
    async with open_abby(tmp_path, provider) as abby:
        [first] = (await abby.studio.create(wish("o1"))).artifacts
        gate.clear()
        provider.began.clear()
        await abby.studio.submit(replace(part("o2", image=b""), source_artifact=first.id))
        await provider.begun()
        # What it works on is its own by now: the picture may go.
        await asyncio.to_thread(abby.gallery.delete, ALICE, first.id)
        gate.set()
        assert (await until_ended(abby, "o2")).state == "done"
        [made] = abby.gallery.of_order(ALICE, "o2")
    assert made.source_artifact == first.id
    asked = provider.requests[1]
    assert isinstance(asked, ImageToImage)
    assert not differs(asked.image, photograph(), (0, 0, 96, 64))
    assert list((tmp_path / "temp").iterdir()) == []
    assert_sound(abby)


async def test_anothers_picture_with_a_mask_answers_like_one_that_does_not_exist(tmp_path: Path) -> None:
    async with open_abby(tmp_path, FixedProvider(masks=True)) as abby:
        [secret] = (await abby.studio.create(wish("o1"))).artifacts
        for artifact_id in (secret.id, "no such"):
            for its_mask in (mask(), mask(10, 10), b"no mask"):
                order = replace(part("o2", image=b"", mask=its_mask), account=BOB, source_artifact=artifact_id)
                with pytest.raises(NotFound, match=r"^You have no such picture\.$"):
                    await abby.studio.submit(order)
        assert counter(abby, BOB, IMAGES_PER_DAY) == 0
        assert not (tmp_path / "temp").exists()


async def test_what_failed_for_a_moment_is_made_again_from_the_same_masked_picture(tmp_path: Path) -> None:
    provider = FixedProvider(masks=True, errors=(passing_error(),))
    clock = Clock()
    async with open_abby(tmp_path, provider, clock=clock) as abby:
        await abby.studio.submit(part("o1"))
        async with asyncio.timeout(PATIENCE_SECONDS):
            async for progress in abby.studio.watch("o1", ALICE):
                if progress.state == "waiting" and provider.requests:
                    clock.skip(6)
        assert (await abby.studio.order("o1", ALICE)).state == "done"
    assert len(provider.requests) == 2
    assert provider.requests[0] == provider.requests[1]
    assert_sound(abby)


async def test_the_same_order_with_another_mask_is_a_conflict(tmp_path: Path) -> None:
    provider = FixedProvider(masks=True)
    async with open_abby(tmp_path, provider) as abby:
        first = await abby.studio.create(part("o1"))
        assert await abby.studio.create(part("o1")) == first
        for other in (replace(PART, mask=mask(96, 64, file_format="WEBP")), replace(PART, mask=b"")):
            with pytest.raises(OrderConflict):
                await abby.studio.submit(wish("o1", request=other))
    assert len(provider.requests) == 1
    assert_sound(abby)


def test_wishes_without_a_mask_read_as_they_did_before_there_were_masks() -> None:
    plain = replace(PART, mask=b"")
    text = encode(plain)
    assert "mask" not in text
    assert "only_transparent" not in text
    assert decode(text, plain.image) == plain
    masked = replace(plain, only_transparent=True)
    assert decode(encode(masked), masked.image) == masked


REFUSED: list[tuple[Any, str]] = [
    ("mask.png", "^The mask has to be given as bytes"),
    (None, "^The mask has to be given as bytes"),
    (b"no picture", "^The mask has to be a PNG or WebP"),
    (b"\xff\xd8\xff\xe0", "^The mask has to be a PNG or WebP"),
    (mask()[:-30], "^The mask cannot be used"),
    (photograph(), "^The mask has no transparency"),
    (mask(95, 64), "^The mask has 95 × 64 pixels and the picture 96 × 64"),
]


@pytest.mark.parametrize(("its_mask", "said"), REFUSED)
async def test_a_mask_that_does_not_fit_costs_nothing_and_leaves_nothing(
    tmp_path: Path, its_mask: Any, said: str
) -> None:
    async with open_abby(tmp_path, FixedProvider(masks=True)) as abby:
        with pytest.raises(MaskRejected, match=said):
            await abby.studio.submit(part("o1", mask=its_mask))
        assert counter(abby, ALICE, IMAGES_PER_DAY) == 0
        assert kept_files(tmp_path) == []
        assert_sound(abby)
        await abby.studio.create(part("o1"))  # and the id is still free


async def test_a_refused_order_leaves_no_masked_picture_behind(tmp_path: Path) -> None:
    async with open_abby(tmp_path, FixedProvider(masks=True), max_user_daily_gens=0) as abby:
        with pytest.raises(QuotaExceeded):
            await abby.studio.submit(part("o1"))
    assert kept_files(tmp_path) == []
    assert_sound(abby)


class TestWhoCan:
    async def test_the_first_provider_that_can_is_chosen(self, tmp_path: Path) -> None:
        plain, able = FixedProvider(), FixedProvider(name="able", masks=True)
        async with open_abby(tmp_path, plain, able) as abby:
            assert (await abby.studio.create(part("o1"))).order.provider == "able"
            assert (await abby.studio.create(part("o2", mask=b""))).order.provider == "fixed"

    async def test_one_that_was_named_and_cannot_says_so(self, tmp_path: Path) -> None:
        async with open_abby(tmp_path, FixedProvider(), FixedProvider(name="able", masks=True)) as abby:
            with pytest.raises(InvalidRequest, match=r"^fixed cannot paint only a part of a picture anew"):
                await abby.studio.submit(replace(part("o1", mask=mask(10, 10)), provider="fixed"))
        assert kept_files(tmp_path) == []

    async def test_where_none_can_that_is_said(self, tmp_path: Path) -> None:
        async with open_abby(tmp_path) as abby:
            with pytest.raises(InvalidRequest, match=r"^No provider here can paint only a part of a picture anew"):
                await abby.studio.estimate(part("o1"))
