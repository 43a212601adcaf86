"""What every image provider promises, whatever makes its pictures. A new provider is one more factory here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from functools import lru_cache
from io import BytesIO
from typing import Any

import pytest
from PIL import Image, ImageDraw

from abby_core.errors import InvalidRequest
from abby_core.generation.provider import ImageProvider
from abby_core.generation.request import (
    KINDS,
    SEED_MAX,
    STYLES,
    GeneratedImage,
    ImageRequest,
    ImageToImage,
    Kind,
    TextToImage,
    Upscale,
)
from tests.services.stability_server import KEY, stability_server
from tests.support.providers import shares_into

ProviderFactory = Callable[[], AbstractAsyncContextManager[ImageProvider]]


@asynccontextmanager
async def painter() -> AsyncGenerator[ImageProvider]:
    from abby_core.generation.providers.painter import Painter

    yield Painter()


def stability(model: str) -> ProviderFactory:
    @asynccontextmanager
    async def running() -> AsyncGenerator[ImageProvider]:
        from abby_core.generation.providers.stability import Stability

        async with stability_server() as server:
            yield Stability(KEY, api_host=server.url, model=model)

    return running


@pytest.fixture(
    params=[
        pytest.param(painter, id="painter"),
        *(pytest.param(stability(model), id=f"stability-{model}") for model in ("core", "sd3.5-large-turbo", "sdxl")),
    ]
)
async def provider(request: pytest.FixtureRequest) -> AsyncIterator[ImageProvider]:
    factory: ProviderFactory = request.param
    async with factory() as made:
        yield made
        await made.close()


@lru_cache
def drawing(width: int, height: int, file_format: str = "PNG") -> bytes:
    picture = Image.new("RGB", (width, height), (90, 140, 200))
    ImageDraw.Draw(picture).ellipse((width // 4, height // 4, width // 2, height // 2), fill=(240, 200, 60))
    out = BytesIO()
    picture.save(out, file_format)
    return out.getvalue()


def asked(kind: Kind) -> ImageRequest:
    """A small request with every wish that there is."""
    match kind:
        case "text_to_image":
            return TextToImage(
                prompt="a rabbit in a meadow",
                negative_prompt="rain",
                style="anime",
                width=320,
                height=192,
                seed=7,
                steps=12,
                cfg_scale=6.5,
            )
        case "image_to_image":
            return ImageToImage(
                image=drawing(160, 96), prompt="at night", negative_prompt="rain", image_strength=0.6, seed=7
            )
        case "upscale":
            return Upscale(image=drawing(96, 64), width=256)


@lru_cache
def gapped(width: int = 160, height: int = 96) -> bytes:
    """The drawing with a transparent place in its middle."""
    picture = Image.open(BytesIO(drawing(width, height))).convert("RGBA")
    opacity = Image.new("L", picture.size, 255)
    opacity.paste(0, (width // 4, height // 4, width * 3 // 4, height * 3 // 4))
    picture.putalpha(opacity)
    out = BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def asked_of(provider: ImageProvider) -> list[ImageRequest]:
    requests = [asked(kind) for kind in KINDS if kind in provider.capabilities.kinds]
    if provider.capabilities.masks:
        requests.append(ImageToImage(image=gapped(), prompt="a rabbit", seed=7, only_transparent=True))
    return requests


async def make(provider: ImageProvider, request: ImageRequest) -> GeneratedImage:
    return await provider.generate(provider.plan(request).request)


def test_it_has_a_name_and_does_something(provider: ImageProvider) -> None:
    assert provider.name.isidentifier()
    assert provider.name == provider.name.lower()
    assert provider.capabilities.kinds
    assert provider.capabilities.kinds <= set(KINDS)


def test_planning_twice_gives_the_same_plan(provider: ImageProvider) -> None:
    for request in asked_of(provider):
        assert provider.plan(request) == provider.plan(request)


def test_planning_a_planned_request_changes_nothing(provider: ImageProvider) -> None:
    for request in asked_of(provider):
        plan = provider.plan(request)
        assert plan.request.kind == request.kind
        assert replace(provider.plan(plan.request), notes=()) == replace(plan, notes=())


def test_what_is_changed_is_said_in_sentences(provider: ImageProvider) -> None:
    for request in asked_of(provider):
        assert all(note.endswith(".") and len(note) < 200 for note in provider.plan(request).notes)


def test_only_paid_providers_have_a_price(provider: ImageProvider) -> None:
    for request in asked_of(provider):
        assert (provider.plan(request).millicredits > 0) == provider.capabilities.paid


@pytest.mark.parametrize(
    "wishes",
    [
        {"prompt": ""},
        {"prompt": "\n \t"},
        {"prompt": "x" * 2001},
        {"prompt": "a\x00b"},
        {"width": 63},
        {"width": 10**9},
        {"height": float("nan")},
        {"height": True},
        {"seed": -1},
        {"seed": SEED_MAX + 1},
        {"steps": 0},
        {"cfg_scale": float("inf")},
        {"style": "none of the styles"},
    ],
)
def test_what_cannot_be_made_is_refused_when_planning(provider: ImageProvider, wishes: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest):
        provider.plan(replace(TextToImage(prompt="a cat"), **wishes))


@pytest.mark.parametrize("image", [b"", b"<svg/>", drawing(8, 8)[:16]])
def test_what_is_no_picture_is_refused_when_planning(provider: ImageProvider, image: bytes) -> None:
    for request in asked_of(provider):
        if not isinstance(request, TextToImage):
            with pytest.raises(InvalidRequest):
                provider.plan(replace(request, image=image))


def test_a_mask_beside_the_picture_is_refused_when_planning(provider: ImageProvider) -> None:
    with pytest.raises(InvalidRequest, match="transparency"):
        provider.plan(ImageToImage(image=drawing(96, 64), mask=gapped(96, 64), prompt="a rabbit"))


@pytest.mark.parametrize("style", STYLES)
def test_every_style_can_be_planned(provider: ImageProvider, style: str) -> None:
    provider.plan(TextToImage(prompt="a cat", style=style))


async def test_every_kind_it_names_becomes_a_picture(provider: ImageProvider) -> None:
    for request in asked_of(provider):
        plan = provider.plan(request)
        image = await provider.generate(plan.request)
        with Image.open(BytesIO(image.data)) as picture:
            assert picture.format in {"PNG", "JPEG", "WEBP"}
            picture.load()
        assert (image.provider, image.model, image.millicredits) == (provider.name, plan.model, plan.millicredits)


async def test_a_size_that_the_plan_leaves_alone_is_the_size_that_comes(provider: ImageProvider) -> None:
    request = TextToImage(prompt="a cat", width=640, height=384)
    plan = provider.plan(request)
    image = await provider.generate(plan.request)
    if plan.request == request and not plan.notes:
        with Image.open(BytesIO(image.data)) as picture:
            assert picture.size == (640, 384)


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "WEBP"])
async def test_pictures_of_every_format_are_taken(provider: ImageProvider, file_format: str) -> None:
    for request in asked_of(provider):
        if not isinstance(request, TextToImage) and not getattr(request, "masked", False):
            await make(provider, replace(request, image=drawing(96, 64, file_format)))


async def test_the_seed_that_was_asked_for_is_told(provider: ImageProvider) -> None:
    assert (await make(provider, replace(asked("text_to_image"), seed=SEED_MAX))).seed == SEED_MAX


async def test_without_a_seed_one_is_chosen_and_told(provider: ImageProvider) -> None:
    seeds = [(await make(provider, replace(asked("text_to_image"), seed=0))).seed for _ in range(2)]
    assert None not in seeds
    assert 0 not in seeds
    assert seeds[0] != seeds[1]


async def test_progress_never_falls_and_ends_at_one(provider: ImageProvider) -> None:
    for request in asked_of(provider):
        shares: list[float] = []
        await provider.generate(provider.plan(request).request, progress=shares_into(shares))
        assert shares == sorted(shares)
        assert shares[0] >= 0
        assert shares[-1] == 1


async def test_cancelling_is_obeyed_and_leaves_the_provider_usable(provider: ImageProvider) -> None:
    request = asked("text_to_image")
    task = asyncio.create_task(make(provider, request))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await make(provider, request)


async def test_several_pictures_at_once_do_not_mix(provider: ImageProvider) -> None:
    requests = [replace(asked("text_to_image"), seed=seed) for seed in (11, 12, 13)]
    images = await asyncio.gather(*(make(provider, request) for request in requests))
    assert [image.seed for image in images] == [11, 12, 13]


async def test_its_health_is_told(provider: ImageProvider) -> None:
    health = await provider.check()
    assert health.ok
    assert health.detail.endswith(".")


async def test_closing_twice_is_harmless(provider: ImageProvider) -> None:
    await make(provider, asked("text_to_image"))
    await provider.close()
    await provider.close()
