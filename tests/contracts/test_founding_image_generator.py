"""ImageGenerator: the founding API over a server that speaks Stability's interface, and the typed face."""

from __future__ import annotations

import asyncio
import inspect
import json
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from abby_core.errors import ConfigurationError, InvalidRequest, KeyRefused, PictureRejected
from abby_core.generation import ImageGenerator
from abby_core.generation.provider import Capabilities, Health, Plan, ProgressListener, ignore_progress
from abby_core.generation.providers.stability import Stability
from abby_core.generation.request import GeneratedImage, ImageRequest, ImageToImage, Kind, TextToImage, Upscale
from tests.services import stability_server as service
from tests.services.stability_server import (
    CHOSEN_SEED,
    KEY,
    StabilityServer,
    documented,
    filtered,
    png,
    raw,
    silence,
    wire,
)
from tests.support.providers import shares_into

PICTURE = png(1024, 1024)
SDXL = "/v1/generation/stable-diffusion-xl-1024-v1-0"
NAN = float("nan")


@pytest.fixture
async def server() -> AsyncIterator[StabilityServer]:
    async with service.stability_server() as running:
        yield running


@pytest.fixture
def generator(server: StabilityServer) -> ImageGenerator:
    return ImageGenerator(KEY, server.url)


async def no_waiting(_seconds: float) -> None:
    """Stands for sleeping."""


def size(data: bytes | None) -> tuple[int, int]:
    assert data is not None
    with Image.open(BytesIO(data)) as picture:
        return picture.size


class TestSignatures:
    def test_names_order_and_defaults_are_the_founding_ones(self) -> None:
        def defaults(method: Any) -> dict[str, Any]:
            return {
                name: parameter.default
                for name, parameter in inspect.signature(method).parameters.items()
                if name != "self"
            }

        required = inspect.Parameter.empty
        assert list(defaults(ImageGenerator).items())[:2] == [
            ("api_key", None),
            ("api_host", None),
        ]
        assert list(defaults(ImageGenerator.text_to_image).items()) == [
            ("prompt", required),
            ("style_preset", "enhance"),
            ("width", 1024),
            ("height", 1024),
            ("steps", 50),
            ("seed", 0),
            ("cfg_scale", 7.0),
        ]
        assert list(defaults(ImageGenerator.image_to_image).items()) == [
            ("image_data", required),
            ("prompt", required),
            ("style_preset", "enhance"),
            ("strength", 0.35),
            ("steps", 30),
        ]
        assert list(defaults(ImageGenerator.upscale_image).items()) == [
            ("image_data", required),
            ("width", 2048),
        ]

    def test_the_styles_are_the_seventeen(self) -> None:
        styles = ImageGenerator.get_available_styles()
        assert len(styles) == 17
        assert all(name == value for name, value in styles.items())
        assert {"enhance", "anime", "tile-texture", "3d-model"} <= styles.keys()

    def test_the_founding_extras_are_accepted(self) -> None:
        ImageGenerator(api_key=KEY, db_path="shared/image_stats.db", max_user_daily_gens=5)

    def test_importing_and_constructing_load_no_client_and_print_nothing(self) -> None:
        program = (
            "import sys; from abby_core.generation.image_generator import ImageGenerator; ImageGenerator('sk-x');"
            "import abby_core.generation; assert abby_core.generation.ImageGenerator is ImageGenerator;"
            "assert not {'aiohttp', 'PIL'} & set(sys.modules), 'too much is loaded'"
        )
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
        assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)

    def test_the_package_has_nothing_else(self) -> None:
        import abby_core.generation

        with pytest.raises(AttributeError, match="Painter"):
            _ = abby_core.generation.Painter  # type: ignore[attr-defined]

    def test_the_key_is_in_no_representation(self) -> None:
        generator = ImageGenerator("sk-secret")
        assert "sk-secret" not in f"{generator!r}{generator.providers!r}"


class TestPictures:
    async def test_words_become_a_picture_of_sdxl(self, server: StabilityServer, generator: ImageGenerator) -> None:
        success, data, message = await generator.text_to_image("a cat")
        assert (success, message) == (True, "Image generated successfully.")
        assert size(data) == (1024, 1024)
        seen = server.seen[0]
        assert seen.path == f"{SDXL}/text-to-image"
        assert (seen.values["steps"], seen.values["cfg_scale"], seen.values["style_preset"]) == (50, 7.0, "enhance")

    async def test_every_wish_arrives(self, server: StabilityServer, generator: ImageGenerator) -> None:
        result = await generator.text_to_image("a cat", "anime", 1344, 768, 20, 77, 9.5)
        assert size(result.image_bytes) == (1344, 768)
        sent = server.seen[0].values
        assert sent["text_prompts"] == [{"text": "a cat", "weight": 1.0}]
        assert [sent[name] for name in ("style_preset", "steps", "seed", "cfg_scale")] == ["anime", 20, 77, 9.5]

    async def test_what_was_changed_is_in_the_message(self, generator: ImageGenerator) -> None:
        result = await generator.text_to_image("a cat", width=1000, height=562)
        assert result.success
        assert "1344 × 768 pixels instead of 1000 × 562" in result.message

    async def test_a_picture_is_redrawn(self, server: StabilityServer, generator: ImageGenerator) -> None:
        result = await generator.image_to_image(PICTURE, "mystical", "origami", 0.8, 40)
        assert (result.success, size(result.image_bytes)) == (True, (1024, 1024))
        seen = server.seen[0]
        assert seen.path == f"{SDXL}/image-to-image"
        assert (seen.values["image_strength"], seen.values["steps"]) == (0.8, 40)

    async def test_a_picture_is_enlarged_by_v2beta(self, server: StabilityServer, generator: ImageGenerator) -> None:
        result = await generator.upscale_image(png(512, 512))
        assert (result.success, size(result.image_bytes)) == (True, (2048, 2048))
        assert [seen.path for seen in server.seen] == ["/v2beta/stable-image/upscale/fast"]

    async def test_a_host_without_that_is_asked_on_the_v1_path(self) -> None:
        async with service.stability_server(older_upscaler=True, v2beta=False) as server:
            result = await ImageGenerator(KEY, server.url).upscale_image(PICTURE, width=1500)
        assert (result.success, size(result.image_bytes)) == (True, (2048, 2048))
        assert server.seen[-1].path == "/v1/generation/esrgan-v1-x2plus/image-to-image/upscale"

    async def test_another_model_can_be_chosen_and_defaults_need_no_explanation(self, server: StabilityServer) -> None:
        generator = ImageGenerator(KEY, server.url, model="core")
        for result in (
            await generator.text_to_image("a cat"),
            await generator.image_to_image(PICTURE, "a cat"),
        ):
            assert result.message == "Image generated successfully."
        assert "steps" in (await generator.text_to_image("a cat", steps=20)).message

    async def test_a_generator_serves_one_event_loop_after_the_other(self, server: StabilityServer) -> None:
        generator = ImageGenerator(KEY, server.url)
        for _ in range(2):
            result = await asyncio.to_thread(lambda: asyncio.run(generator.text_to_image("a cat")))
            assert result.success
        assert (await generator.text_to_image("a cat")).success
        await generator.close()
        await generator.close()
        assert (await generator.text_to_image("a cat")).success


class TestRefusedBeforeAnyCall:
    @pytest.mark.parametrize(
        "wishes",
        [
            {"prompt": ""},
            {"prompt": " \n"},
            {"prompt": "x" * 2001},
            {"prompt": None},
            {"prompt": "a cat", "width": 0},
            {"prompt": "a cat", "width": NAN},
            {"prompt": "a cat", "height": True},
            {"prompt": "a cat", "height": "1024"},
            {"prompt": "a cat", "steps": -1},
            {"prompt": "a cat", "steps": [50]},
            {"prompt": "a cat", "seed": 2**32},
            {"prompt": "a cat", "cfg_scale": NAN},
            {"prompt": "a cat", "cfg_scale": 36},
            {"prompt": "a cat", "style_preset": "oil"},
            {"prompt": "a cat", "style_preset": None},
        ],
    )
    async def test_bad_wishes_are_refused(
        self, server: StabilityServer, generator: ImageGenerator, wishes: dict[str, Any]
    ) -> None:
        result = await generator.text_to_image(**wishes)
        assert (result.success, result.image_bytes) == (False, None)
        assert result.message
        assert server.seen == []

    @pytest.mark.parametrize(
        "image", ["https://example.org/cat.png", b"", b"<html>", PICTURE[:-100], PICTURE[:20], None, 7, bytes(2**24)]
    )
    async def test_what_is_no_picture_is_refused(
        self, server: StabilityServer, generator: ImageGenerator, image: Any
    ) -> None:
        for result in (await generator.image_to_image(image, "a cat"), await generator.upscale_image(image)):
            assert (result.success, result.image_bytes) == (False, None)
            assert "picture" in result.message
        assert server.seen == []

    @pytest.mark.parametrize("strength", [-0.1, 1.5, NAN, True, "0.5"])
    async def test_a_bad_strength_is_refused(
        self, server: StabilityServer, generator: ImageGenerator, strength: Any
    ) -> None:
        assert not (await generator.image_to_image(PICTURE, "a cat", strength=strength)).success
        assert server.seen == []

    @pytest.mark.parametrize("key", [None, "", " "])
    async def test_a_missing_key_is_named(self, server: StabilityServer, key: str | None) -> None:
        generator = ImageGenerator(key, server.url)
        for result in (
            await generator.text_to_image("a cat"),
            await generator.image_to_image(PICTURE, "a cat"),
            await generator.upscale_image(PICTURE),
        ):
            assert not result.success
            assert "STABILITY_API_KEY" in result.message
        assert server.seen == []

    async def test_settings_that_cannot_work_are_named(self) -> None:
        assert "core, ultra" in (await ImageGenerator(KEY, model="dall-e").text_to_image("a cat")).message
        assert "API_HOST" in (await ImageGenerator(KEY, "nonsense").text_to_image("a cat")).message


class TestFailures:
    async def test_a_refused_key_is_status_401_and_not_quoted(self, server: StabilityServer) -> None:
        generator = ImageGenerator("sk-0123456789wrong", server.url)
        for result in (
            await generator.text_to_image("a cat"),
            await generator.image_to_image(PICTURE, "a cat"),
            await generator.upscale_image(PICTURE),
        ):
            assert (result.success, result.image_bytes) == (False, None)
            assert result.message.startswith("Non-200 response: 401")
            assert "sk-0" not in result.message

    async def test_the_argument_wins_over_the_environment_and_that_over_the_default(
        self, server: StabilityServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("API_HOST", server.url)
        assert (await ImageGenerator(KEY).text_to_image("a cat")).success
        refused = await ImageGenerator(KEY, "http://127.0.0.1:1").text_to_image("a cat")
        assert refused.message == "Connection timeout"

    @pytest.mark.parametrize("status", [302, 400, 402, 403, 404, 413, 422, 500, 503])
    async def test_every_other_status_is_told_the_same_way(
        self, server: StabilityServer, generator: ImageGenerator, status: int
    ) -> None:
        server.next(raw(json.dumps({"message": f"no {KEY}"}).encode(), status=status))
        result = await generator.text_to_image("a cat")
        assert result.message.startswith(f"Non-200 response: {status}. ")
        assert KEY not in result.message

    async def test_being_asked_too_often_is_told_after_two_pauses(self, server: StabilityServer) -> None:
        provider = Stability(KEY, api_host=server.url, sleep=no_waiting)
        server.next(*[documented(429)] * 3)
        result = await ImageGenerator(providers=[provider]).text_to_image("a cat")
        assert result.message.startswith("Non-200 response: 429. ")

    async def test_an_unreachable_host_is_a_connection_timeout(self) -> None:
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            generator = ImageGenerator(KEY, f"http://127.0.0.1:{closed.getsockname()[1]}")
            for result in (
                await generator.text_to_image("a cat"),
                await generator.image_to_image(PICTURE, "a cat"),
                await generator.upscale_image(PICTURE),
            ):
                assert result == (False, None, "Connection timeout")

    @pytest.mark.parametrize("answer", [silence, wire(b"")])
    async def test_a_silent_or_broken_connection_is_a_connection_timeout(
        self, server: StabilityServer, answer: service.Answer
    ) -> None:
        server.next(answer)
        provider = Stability(KEY, api_host=server.url, timeout_seconds=0.2)
        result = await ImageGenerator(providers=[provider]).text_to_image("a cat")
        assert result == (False, None, "Connection timeout")
        assert len(server.seen) == 1

    @pytest.mark.parametrize(
        "answer", [filtered, raw(b"<html>"), raw(b'{"artifacts": [{"finishReason": "ERROR"}]}'), raw(b"")]
    )
    async def test_filtered_failed_and_other_answers_are_failures(
        self, server: StabilityServer, generator: ImageGenerator, answer: service.Answer
    ) -> None:
        server.next(answer)
        result = await generator.text_to_image("a cat")
        assert (result.success, result.image_bytes) == (False, None)
        assert result.message.startswith("Stability")

    async def test_cancelling_passes_through(self, server: StabilityServer, generator: ImageGenerator) -> None:
        server.next(silence)
        task = asyncio.create_task(generator.text_to_image("a cat"))
        await server.arrived.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await server.hung_up.wait()


class Sketcher:
    """A provider in memory, for what does not depend on any service."""

    def __init__(self, name: str, *kinds: Kind) -> None:
        self.name = name
        self.capabilities = Capabilities(kinds=frozenset(kinds), paid=False, input_pixels_max=2**21)
        self.closed = False

    def plan(self, request: ImageRequest) -> Plan:
        return Plan(request=request, millicredits=0, model="pencil", notes=("In grey.",))

    async def generate(self, request: ImageRequest, *, progress: ProgressListener = ignore_progress) -> GeneratedImage:
        progress(1.0)
        return GeneratedImage(data=PICTURE, provider=self.name, model="pencil", notes=("In grey.", "On paper."))

    async def check(self) -> Health:
        return Health(ok=True, detail="Sharp.")

    async def close(self) -> None:
        self.closed = True


class TestTypedFace:
    def test_the_first_provider_that_can_is_chosen(self) -> None:
        generator = ImageGenerator(
            providers=[Sketcher("a", "text_to_image"), Sketcher("b", "upscale", "text_to_image")]
        )
        assert list(generator.providers) == ["a", "b"]
        assert generator.plan(TextToImage(prompt="a cat"))[0].name == "a"
        assert generator.plan(Upscale(image=PICTURE))[0].name == "b"
        assert generator.plan(TextToImage(prompt="a cat"), "b")[0].name == "b"

    def test_a_provider_that_is_not_there_or_cannot_is_refused(self) -> None:
        generator = ImageGenerator(providers=[Sketcher("a", "text_to_image"), Sketcher("b", "text_to_image")])
        with pytest.raises(InvalidRequest, match="a, b"):
            generator.plan(TextToImage(prompt="a cat"), "c")
        with pytest.raises(InvalidRequest, match="a cannot enlarge"):
            generator.plan(Upscale(image=PICTURE), "a")
        with pytest.raises(InvalidRequest, match="No provider"):
            generator.plan(ImageToImage(image=PICTURE, prompt="a cat"))
        with pytest.raises(InvalidRequest, match="No provider"):
            ImageGenerator(providers=[]).plan(TextToImage(prompt="a cat"))

    def test_two_providers_of_one_name_are_refused(self) -> None:
        with pytest.raises(ConfigurationError, match="same name"):
            ImageGenerator(providers=[Sketcher("a"), Sketcher("a")])

    def test_requests_are_checked_for_every_provider(self) -> None:
        generator = ImageGenerator(providers=[Sketcher("a", "text_to_image", "upscale")])
        with pytest.raises(InvalidRequest, match="prompt"):
            generator.plan(TextToImage(prompt=" "))
        with pytest.raises(PictureRejected, match="megapixels"):
            generator.plan(Upscale(image=png(2000, 2000)))

    async def test_what_the_plan_and_the_making_changed_is_said_once(self) -> None:
        generator = ImageGenerator(providers=[Sketcher("a", "text_to_image")])
        shares: list[float] = []
        provider, plan = generator.plan(TextToImage(prompt="a cat"))
        image = await generator.generate(plan, provider.name, shares_into(shares))
        assert image.notes == ("In grey.", "On paper.")
        assert shares == [1.0]

    async def test_errors_are_raised(self) -> None:
        generator = ImageGenerator(None)
        provider, plan = generator.plan(TextToImage(prompt="a cat"))
        with pytest.raises(KeyRefused):
            await generator.generate(plan, provider.name)

    async def test_closing_closes_every_provider(self) -> None:
        sketchers = [Sketcher("a"), Sketcher("b")]
        await ImageGenerator(providers=sketchers).close()
        assert all(sketcher.closed for sketcher in sketchers)

    async def test_without_providers_there_is_stability(self, server: StabilityServer) -> None:
        generator = ImageGenerator(KEY, server.url, model="core")
        provider, plan = generator.plan(TextToImage(prompt="a cat", seed=0))
        image = await generator.generate(plan, provider.name)
        assert (list(generator.providers), image.model) == (["stability"], "core")
        assert image.seed not in {None, 0, CHOSEN_SEED}
