"""The demo painter, through its door: what it promises beyond the contract that all providers share."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import lru_cache
from io import BytesIO
from itertools import pairwise

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageStat

from abby_core.errors import PictureRejected
from abby_core.generation.providers.painter import Painter
from abby_core.generation.request import STYLES, ImageRequest, ImageToImage, TextToImage, Upscale
from abby_core.storage.picture import inspect
from tests.support.providers import shares_into

SMALL = TextToImage(prompt="portrait of a rabbit", width=128, height=112, seed=7)
QUICK = replace(SMALL, prompt="zxqv blorp")
"""No word of it is known, and what it leads to is painted fastest."""


@pytest.fixture
async def painter() -> AsyncIterator[Painter]:
    made = Painter()
    yield made
    await made.close()


async def paint(painter: Painter, request: ImageRequest) -> Image.Image:
    """The picture that comes, as it was meant to be seen by whoever planned it."""
    made = await painter.generate(painter.plan(request).request)
    picture = Image.open(BytesIO(made.data))
    picture.load()
    return picture


def difference(a: Image.Image, b: Image.Image) -> float:
    """Mean absolute difference of all channels, 0..255."""
    return sum(ImageStat.Stat(ImageChops.difference(a.convert("RGB"), b.convert("RGB"))).mean) / 3


@lru_cache
def photo(width: int = 192, height: int = 128) -> Image.Image:
    """Something to bring along: a sun over a house."""
    picture = Image.new("RGB", (width, height), (120, 170, 220))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, height * 0.7, width, height), fill=(90, 140, 70))
    draw.ellipse((width * 0.7, height * 0.1, width * 0.85, height * 0.3), fill=(250, 220, 90))
    draw.rectangle((width * 0.2, height * 0.4, width * 0.5, height * 0.8), fill=(180, 80, 60))
    return picture


def png(picture: Image.Image) -> bytes:
    out = BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def test_loading_it_does_not_load_pillow() -> None:
    code = "import sys, abby_core.generation.providers.painter; sys.exit('PIL' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# ------------------------------------------------------------------ from words


async def test_the_same_request_gives_the_same_bytes(painter: Painter) -> None:
    meadow = replace(SMALL, prompt="a cute rabbit in a meadow")
    first, second = await asyncio.gather(painter.generate(meadow), Painter().generate(meadow))
    assert first.data == second.data


async def test_another_request_gives_a_visibly_different_picture(painter: Painter) -> None:
    picture = await paint(painter, SMALL)
    for other in (
        replace(SMALL, prompt="portrait of a cat"),
        replace(SMALL, prompt="portrait of a red rabbit"),
        replace(SMALL, prompt="portrait of two rabbits"),
        replace(SMALL, prompt="a rabbit in a city"),
        replace(SMALL, prompt="a rabbit in a city at night"),
        replace(SMALL, prompt="portrait of a rabbit qwrx"),
        replace(SMALL, negative_prompt="rabbits"),
        replace(SMALL, style="anime"),
        replace(SMALL, seed=8),
    ):
        assert difference(picture, await paint(painter, other)) > 4, other


async def test_unknown_words_still_choose_the_picture(painter: Painter) -> None:
    pictures = [await paint(painter, replace(QUICK, prompt=words)) for words in ("zxqv", "blorp", "fnord", "кот", "兎")]
    for index, picture in enumerate(pictures):
        assert all(difference(picture, other) > 4 for other in pictures[:index])


async def test_all_styles_differ_from_each_other(painter: Painter) -> None:
    pictures = [await paint(painter, replace(QUICK, style=style)) for style in STYLES]
    for index, picture in enumerate(pictures):
        assert all(difference(picture, other) > 1.5 for other in pictures[:index]), STYLES[index]


@pytest.mark.parametrize("size", [(64, 64), (333, 777), (2048, 64), (64, 2048)])
async def test_every_size_is_painted_exactly(painter: Painter, size: tuple[int, int]) -> None:
    picture = await paint(painter, replace(SMALL, width=size[0], height=size[1]))
    assert (picture.size, picture.format) == (size, "PNG")


async def test_the_largest_size_is_painted_exactly(painter: Painter) -> None:
    assert (await paint(painter, replace(QUICK, width=2048, height=2048))).size == (2048, 2048)


async def test_the_file_is_small_and_says_that_it_is_srgb(painter: Painter) -> None:
    data = (await painter.generate(replace(SMALL, width=512, height=512, style="analog-film"))).data
    assert len(data) < 1.4 * 512 * 512
    assert b"sRGB" in data[:64]


async def test_a_tile_texture_meets_itself_at_its_edges(painter: Painter) -> None:
    tile = await paint(painter, replace(QUICK, width=256, height=256, style="tile-texture"))
    left, right = tile.crop((2, 0, 3, 256)), tile.crop((253, 0, 254, 256))
    assert difference(left, right) < 25


async def test_what_the_negative_prompt_names_is_left_out_and_nothing_else_moves(painter: Painter) -> None:
    night = replace(SMALL, prompt="mountains at night", width=256, height=256)
    without = replace(night, negative_prompt="moon, text")
    changed = ImageChops.difference(await paint(painter, night), await paint(painter, without)).convert("L")
    counts = changed.histogram()
    assert sum(counts[100:]) > 20
    assert sum(counts[:8]) > 256 * 256 / 2


@pytest.mark.parametrize(
    "prompt",
    [
        "a castle on a mountain at sunset",
        "city skyline at night in the rain",
        "deep ocean with fish",
        "a fox in a snowy forest",
        "red dragon over the sea",
        "spaceship near a ringed planet",
        "portrait of a robot",
        "a lighthouse in a storm at sea, with two boats",
        "penguins in the arctic under northern lights",
        "a desert with a cactus in the fog",
        "cherry blossom in an autumn forest with a rainbow and fireflies",
        "a knight and a dragon and a castle and a cat and a dog",
    ],
)
async def test_places_and_weather_of_every_kind_can_be_painted(painter: Painter, prompt: str) -> None:
    picture = await paint(painter, replace(SMALL, prompt=prompt, width=96, height=80))
    assert min(ImageStat.Stat(picture).stddev) > 3


# ------------------------------------------------------------------ from pictures


async def test_a_smaller_image_strength_never_stays_closer_to_the_input(painter: Painter) -> None:
    request = ImageToImage(image=png(photo()), prompt="a rabbit in the snow at night", seed=3)
    far = [
        difference(photo(), await paint(painter, replace(request, image_strength=strength)))
        for strength in (1.0, 0.8, 0.6, 0.4, 0.2, 0.0)
    ]
    assert far[0] == 0
    assert all(nearer < farther for nearer, farther in pairwise(far))
    assert far[-1] > 25


async def test_at_the_usual_strength_the_input_is_still_recognised(painter: Painter) -> None:
    request = ImageToImage(image=png(photo()), prompt="sunset over the sea", image_strength=0.35, seed=3)
    made = (await paint(painter, request)).convert("L")
    sun, sky = made.getpixel((150, 26)), made.getpixel((60, 26))
    wall, grass = made.getpixel((66, 80)), made.getpixel((140, 110))
    assert isinstance(sun, int) and isinstance(sky, int) and isinstance(wall, int) and isinstance(grass, int)
    assert sun > sky > wall
    assert abs(grass - wall) > 8


@pytest.mark.parametrize("change", [{"prompt": "autumn"}, {"style": "line-art"}, {"seed": 4}])
async def test_a_repainting_depends_on_prompt_style_and_seed(painter: Painter, change: dict[str, str | int]) -> None:
    request = ImageToImage(image=png(photo()), prompt="rain", image_strength=0.3, seed=3)
    other = replace(request, **change)  # pyright: ignore[reportArgumentType]
    assert difference(await paint(painter, request), await paint(painter, other)) > 1


async def test_a_repainting_keeps_the_size_up_to_the_largest(painter: Painter) -> None:
    request = ImageToImage(image=png(photo(211, 97)), prompt="fog", seed=3)
    assert (await paint(painter, request)).size == (211, 97)
    wide = replace(request, image=png(photo(3000, 300)))
    assert "smaller" in painter.plan(wide).notes[0]
    assert (await paint(painter, wide)).size == (2048, 205)


async def test_a_picture_taken_on_its_side_is_set_upright(painter: Painter) -> None:
    out, exif = BytesIO(), Image.Exif()
    exif[0x0112] = 6
    photo().save(out, "JPEG", exif=exif)
    request = ImageToImage(image=out.getvalue(), prompt="fog", image_strength=1.0, seed=3)
    assert (await paint(painter, request)).size == (128, 192)


async def test_grey_with_sixteen_bits_keeps_its_tones(painter: Painter) -> None:
    out = BytesIO()
    Image.new("I;16", (40, 30), 100 * 257).save(out, "PNG")
    made = await paint(painter, Upscale(image=out.getvalue(), width=80))
    assert made.getpixel((5, 5)) == (100, 100, 100)


def with_gap(picture: Image.Image, box: tuple[int, int, int, int], opacity: int = 0) -> Image.Image:
    """The picture, see-through in the box."""
    alpha = Image.new("L", picture.size, 255)
    alpha.paste(opacity, box)
    gapped = picture.copy()
    gapped.putalpha(alpha)
    return gapped


@pytest.mark.parametrize(
    ("size", "box"),
    [
        ((192, 128), (60, 20, 180, 120)),
        ((192, 128), (0, 0, 192, 128)),
        ((192, 128), (191, 127, 192, 128)),
        ((8, 200), (0, 50, 3, 60)),
        ((2100, 90), (0, 0, 2100, 45)),
    ],
)
async def test_a_part_is_painted_anew_and_every_other_pixel_stays_exactly_as_it_was(
    painter: Painter, size: tuple[int, int], box: tuple[int, int, int, int]
) -> None:
    gapped = with_gap(photo(*size), box)
    request = ImageToImage(
        image=png(gapped), prompt="a red dragon at night", image_strength=0, seed=7, only_transparent=True
    )
    made = await paint(painter, request)
    assert (made.mode, made.size) == ("RGB", size)
    changes = ImageChops.difference(made, photo(*size))
    assert changes.getbbox() is not None
    changes.paste(0, box)
    assert changes.getbbox() is None


async def test_thin_lines_are_painted_anew_too(painter: Painter) -> None:
    gapped = with_gap(photo(), (0, 60, 192, 61))
    request = ImageToImage(image=png(gapped), prompt="a dark forest", image_strength=0, only_transparent=True)
    made = await paint(painter, request)
    assert difference(made.crop((0, 60, 192, 61)), photo().crop((0, 60, 192, 61))) > 15


async def test_the_new_fades_into_the_old(painter: Painter) -> None:
    gapped = with_gap(Image.new("RGB", (600, 400), "white"), (300, 0, 600, 400))
    request = ImageToImage(
        image=png(gapped), prompt="a forest at night", image_strength=0, seed=7, only_transparent=True
    )
    made = (await paint(painter, request)).convert("L")
    edge, inside = (ImageStat.Stat(made.crop((left, 0, left + 1, 400))).mean[0] for left in (300, 310))
    assert inside < edge < 250


async def test_the_strength_is_obeyed_in_the_part(painter: Painter) -> None:
    gapped = png(with_gap(photo(), (60, 20, 180, 120)))
    changes: list[float] = []
    for strength in (1.0, 0.8, 0.3, 0.0):
        request = ImageToImage(image=gapped, prompt="at night", image_strength=strength, seed=7, only_transparent=True)
        changes.append(difference(await paint(painter, request), photo()))
    assert changes[0] == 0
    assert changes == sorted(changes)
    assert changes[1] < changes[3]


async def test_where_nothing_is_transparent_nothing_is_painted(painter: Painter) -> None:
    request = ImageToImage(image=png(photo()), prompt="at night", image_strength=0, only_transparent=True)
    assert difference(await paint(painter, request), photo()) == 0


async def test_an_enlargement_is_the_same_picture_with_more_pixels(painter: Painter) -> None:
    made = await paint(painter, Upscale(image=png(photo()), width=600))
    assert made.size == (600, 400)
    assert difference(made.resize((192, 128), Image.Resampling.BOX), photo()) < 2


async def test_an_enlargement_ends_at_four_times_and_never_shrinks(painter: Painter) -> None:
    four = painter.plan(Upscale(image=png(photo()), width=2048))
    same = painter.plan(Upscale(image=png(photo()), width=64))
    assert [plan.request for plan in (four, same)] == [
        Upscale(image=png(photo()), width=768),
        Upscale(image=png(photo()), width=192),
    ]
    assert len(four.notes) == len(same.notes) == 2
    assert (await paint(painter, four.request)).size == (768, 512)


async def test_an_enlargement_stays_within_its_pixels(painter: Painter) -> None:
    plan = painter.plan(Upscale(image=png(photo(2400, 2400)), width=8192))
    assert isinstance(plan.request, Upscale)
    assert plan.request.width == 4000


async def test_an_enlargement_keeps_what_is_see_through(painter: Painter) -> None:
    picture = photo().convert("RGBA")
    picture.putalpha(Image.linear_gradient("L").resize(picture.size))
    made = await paint(painter, Upscale(image=png(picture), width=384))
    assert made.mode == "RGBA"
    low, high = made.getchannel("A").crop((0, 0, 1, made.height)).getextrema()
    assert (low, high) == picture.getchannel("A").getextrema()


@pytest.mark.parametrize("kind", [ImageToImage, Upscale])
async def test_a_picture_cut_off_is_refused_by_name(painter: Painter, kind: type[ImageToImage | Upscale]) -> None:
    request = kind(image=png(photo())[:-40], prompt="fog")
    with pytest.raises(PictureRejected, match="damaged or cut off"):
        await painter.generate(painter.plan(request).request)


async def test_a_picture_larger_than_it_says_it_takes_is_refused_when_planning(painter: Painter) -> None:
    with pytest.raises(PictureRejected, match="megapixels"):
        painter.plan(Upscale(image=png(Image.new("1", (4000, 4000)))))


# ------------------------------------------------------------------ while it paints


async def test_every_plan_and_picture_says_that_this_is_a_demo(painter: Painter) -> None:
    for request in (SMALL, ImageToImage(image=png(photo()), prompt="fog"), Upscale(image=png(photo()), width=200)):
        plan = painter.plan(request)
        made = await painter.generate(plan.request)
        assert plan.notes[-1] == made.notes[-1]
        assert "not AI" in made.notes[-1]
        assert "STABILITY_API_KEY" in made.notes[-1]
        assert (plan.millicredits, made.model) == (0, "demo-painter")


async def test_progress_is_told_on_the_loop_in_several_steps(painter: Painter) -> None:
    told: list[tuple[float, threading.Thread]] = []
    previews: list[bytes] = []

    def listen(share: float, preview: bytes = b"") -> None:
        told.append((share, threading.current_thread()))
        previews.extend(filter(None, (preview,)))

    await painter.generate(SMALL, progress=listen)
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    assert len(shares) > 5
    assert {thread for _, thread in told} == {threading.current_thread()}
    assert [inspect(preview).media_type for preview in previews] == ["image/jpeg"] * 3


async def test_cancelling_ends_the_painting_thread_before_its_time(painter: Painter) -> None:
    shares: list[float] = []
    begun = asyncio.Event()

    def watch(share: float, _preview: bytes = b"") -> None:
        shares.append(share)
        begun.set()

    large = TextToImage(prompt="a cute rabbit in a meadow", seed=7)
    work = asyncio.create_task(painter.generate(large, progress=watch))
    await begun.wait()
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    await painter.close()  # waits for the threads: had one painted on, it would have told so by now
    await asyncio.sleep(0)
    assert shares[-1] < 1.0


async def test_cancelling_what_still_waits_for_a_thread_paints_nothing(painter: Painter) -> None:
    shares: list[float] = []
    running = [asyncio.create_task(painter.generate(SMALL)) for _ in range(2)]
    waiting = asyncio.create_task(painter.generate(SMALL, progress=shares_into(shares)))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await asyncio.gather(*running)
    assert shares == []
