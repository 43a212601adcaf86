"""Stability over the wire: every documented answer, and everything else that a server can do to a client."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import os
import socket
import traceback
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from abby_core.errors import (
    AbbyError,
    BadAnswer,
    InvalidRequest,
    KeyRefused,
    Moderated,
    OutOfCredits,
    PictureRejected,
    ProviderError,
    ProviderUnreachable,
    RateLimited,
)
from abby_core.generation.picture_bytes import resized
from abby_core.generation.providers.stability import Stability
from abby_core.generation.providers.stability.models import MODELS, UPSCALERS
from abby_core.generation.providers.stability.requests import call_for
from abby_core.generation.request import (
    SEED_MAX,
    STYLES,
    GeneratedImage,
    ImageRequest,
    ImageToImage,
    TextToImage,
    Upscale,
)
from tests.services import stability_server as service
from tests.services.stability_rules import Rules, coerced, problems_with
from tests.services.stability_server import (
    KEY,
    StabilityServer,
    boundless,
    documented,
    filtered,
    png,
    raw,
    silence,
    wire,
)
from tests.support.providers import shares_into

AROUND_COLOUR, GAP_COLOUR = (120, 160, 90), (200, 60, 30)


@lru_cache
def with_gap(width: int, height: int) -> bytes:
    """A picture whose middle is transparent, in another colour than what is around it."""
    picture = Image.new("RGBA", (width, height), (*AROUND_COLOUR, 255))
    picture.paste((*GAP_COLOUR, 0), (width // 4, height // 4, width * 3 // 4, height * 3 // 4))
    out = BytesIO()
    picture.save(out, "PNG", compress_level=1)
    return out.getvalue()


WORDS = TextToImage(prompt="a cat")
PICTURE = png(1024, 1024)
GAPPED = with_gap(1024, 1024)
PART = ImageToImage(image=GAPPED, prompt="a cat", only_transparent=True)
REQUESTS = (WORDS, ImageToImage(image=PICTURE, prompt="a cat"), Upscale(image=PICTURE), PART)


@pytest.fixture
async def server() -> AsyncIterator[StabilityServer]:
    async with service.stability_server() as running:
        yield running


class Pauses:
    """Stands for sleeping: remembers how long it would have been."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


async def make(provider: Stability, request: ImageRequest = WORDS) -> GeneratedImage:
    return await provider.generate(provider.plan(request).request)


async def failure(provider: Stability, request: ImageRequest = WORDS) -> Any:
    """The error that ``request`` ends with; its whole traceback is free of the key."""
    with pytest.raises(AbbyError) as caught:
        await make(provider, request)
    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + repr(vars(caught.value))
    assert KEY not in told
    return caught.value


class TestPictures:
    @pytest.mark.parametrize("model", MODELS)
    @pytest.mark.parametrize("request_", REQUESTS, ids=["words", "redrawing", "upscaling", "a part"])
    async def test_every_model_makes_every_kind_of_picture(
        self, server: StabilityServer, model: str, request_: ImageRequest
    ) -> None:
        provider = Stability(KEY, api_host=server.url, model=model)
        plan = provider.plan(request_)
        credits_before = server.credits
        image = await provider.generate(plan.request)
        with Image.open(BytesIO(image.data)) as picture:
            picture.load()
        assert (image.provider, image.model, image.notes) == ("stability", plan.model, ())
        assert credits_before - server.credits == pytest.approx(image.millicredits / 1000)
        assert len(server.seen) == 1

    @pytest.mark.parametrize(
        ("model", "path", "price"),
        [("core", "/v2beta/stable-image/edit/inpaint", 5), ("ultra", "/v2beta/stable-image/edit/inpaint", 5),
         ("sdxl", "/v1/generation/stable-diffusion-xl-1024-v1-0/image-to-image/masking", 0.9)],
    )  # fmt: skip
    async def test_a_part_is_painted_anew_by_what_is_made_for_that(
        self, server: StabilityServer, model: str, path: str, price: float
    ) -> None:
        provider = Stability(KEY, api_host=server.url, model=model)
        await make(provider, PART)
        [seen] = server.seen
        assert seen.path == path
        assert GAPPED in seen.values.values()
        assert not {"mask", "mask_image", "strength", "image_strength"} & seen.values.keys()
        assert 1000 - server.credits == pytest.approx(price)

    @pytest.mark.parametrize(("model", "width", "height"), [("core", 3100, 3100), ("sdxl", 700, 500)])
    async def test_what_has_to_be_scaled_keeps_its_gap_and_the_colours_in_it(
        self, server: StabilityServer, model: str, width: int, height: int
    ) -> None:
        provider = Stability(KEY, api_host=server.url, model=model)
        await make(provider, replace(PART, image=with_gap(width, height)))
        data = next(value for value in server.seen[0].values.values() if isinstance(value, bytes))
        with Image.open(BytesIO(data)) as sent:
            assert sent.size != (width, height)
            middle = sent.getpixel((sent.width // 2, sent.height // 2))
            corner = sent.getpixel((0, 0))
        assert middle == (*GAP_COLOUR, 0)
        assert corner == (*AROUND_COLOUR, 255)

    async def test_the_conservative_upscaler_works_too(self, server: StabilityServer) -> None:
        provider = Stability(KEY, api_host=server.url, upscale_model="conservative")
        image = await make(provider, Upscale(image=PICTURE))
        with Image.open(BytesIO(image.data)) as picture:
            assert picture.size == (2048, 2048)
        assert server.credits == 960

    @pytest.mark.parametrize("model", ["core", "sdxl"])
    async def test_the_seed_asked_for_is_sent_and_told(self, server: StabilityServer, model: str) -> None:
        provider = Stability(KEY, api_host=server.url, model=model)
        image = await make(provider, TextToImage(prompt="a cat", seed=SEED_MAX))
        assert image.seed == server.seen[0].values["seed"] == SEED_MAX

    async def test_a_seed_is_chosen_where_none_was_asked_for(self, server: StabilityServer) -> None:
        provider = Stability(KEY, api_host=server.url)
        seeds = {(await make(provider)).seed for _ in range(3)}
        assert seeds == {seen.values["seed"] for seen in server.seen}
        assert len(seeds) == 3
        assert 0 not in seeds

    @pytest.mark.parametrize("seed", ["", "x", "-1", "9" * 5000, "٣"])
    async def test_an_unreadable_seed_in_the_answer_is_replaced_by_the_one_sent(
        self, server: StabilityServer, seed: str
    ) -> None:
        server.next(raw(PICTURE, headers={"seed": seed}))
        image = await make(Stability(KEY, api_host=server.url), TextToImage(prompt="a cat", seed=5))
        assert (image.seed, image.data) == (5, PICTURE)

    async def test_a_picture_is_taken_in_the_form_it_comes_in(self, server: StabilityServer) -> None:
        encoded = base64.b64encode(PICTURE).decode()
        v2beta = json.dumps({"image": encoded, "seed": 9, "finish_reason": "SUCCESS"}).encode()
        server.next(raw(v2beta, headers={"Content-Type": "application/json; type=image/png"}))
        image = await make(Stability(KEY, api_host=server.url, model="core"))
        assert (image.data, image.seed) == (PICTURE, 9)
        server.next(raw(PICTURE, headers={"Content-Type": "image/png", "Seed": "8"}))
        image = await make(Stability(KEY, api_host=server.url, model="sdxl"))
        assert (image.data, image.seed) == (PICTURE, 8)

    async def test_base64_may_be_wrapped_into_lines(self, server: StabilityServer) -> None:
        server.next(raw(json.dumps({"artifacts": [{"base64": base64.encodebytes(PICTURE).decode()}]}).encode()))
        assert (await make(Stability(KEY, api_host=server.url, model="sdxl"))).data == PICTURE

    async def test_prompts_arrive_letter_by_letter(self, server: StabilityServer) -> None:
        prompt = 'two lines\n"quoted" & über 🐰; name="x"\r\n--boundary'
        for model in ("core", "sdxl"):
            await make(Stability(KEY, api_host=server.url, model=model), TextToImage(prompt=prompt))
        await make(Stability(KEY, api_host=server.url, model="sdxl"), ImageToImage(image=PICTURE, prompt=prompt))
        core, sdxl, redrawn = server.seen
        assert core.values["prompt"] == prompt
        assert sdxl.values["text_prompts"][0]["text"] == prompt
        assert redrawn.values["text_prompts"][0]["text"] == prompt

    async def test_a_picture_for_v1_is_sent_in_the_size_it_takes(self, server: StabilityServer) -> None:
        await make(Stability(KEY, api_host=server.url, model="sdxl"), ImageToImage(image=png(99, 70), prompt="x"))
        with Image.open(BytesIO(server.seen[0].values["init_image"])) as sent:
            assert sent.size == (1216, 832)

    async def test_a_picture_too_large_to_upscale_is_sent_smaller(self, server: StabilityServer) -> None:
        await make(Stability(KEY, api_host=server.url), Upscale(image=png(3000, 2000)))
        with Image.open(BytesIO(server.seen[0].values["image"])) as sent:
            assert sent.size == (1254, 836)

    async def test_a_damaged_picture_that_needs_resizing_is_refused_unsent(self, server: StabilityServer) -> None:
        cut = png(3000, 2000)[:-1000]
        assert isinstance(await failure(Stability(KEY, api_host=server.url), Upscale(image=cut)), PictureRejected)
        assert server.seen == []

    async def test_progress_ends_with_everything_done(self, server: StabilityServer) -> None:
        shares: list[float] = []
        provider = Stability(KEY, api_host=server.url)
        await provider.generate(provider.plan(WORDS).request, progress=shares_into(shares))
        assert shares == sorted(shares)
        assert shares[-1] == 1.0


class TestBatches:
    @pytest.mark.parametrize("request_", [WORDS, ImageToImage(image=PICTURE, prompt="at night")])
    async def test_several_pictures_are_one_call_of_v1_with_a_seed_each(
        self, server: StabilityServer, request_: ImageRequest
    ) -> None:
        provider = Stability(KEY, api_host=server.url, model="sdxl")
        images = await provider.generate_batch(provider.plan(request_).request, 4)
        assert [int(seen.values["samples"]) for seen in server.seen] == [4]
        assert len({image.seed for image in images}) == 4
        assert {image.millicredits for image in images} == {provider.plan(request_).millicredits}

    async def test_what_was_filtered_is_missing_and_the_rest_is_handed_over(self, server: StabilityServer) -> None:
        good = {"base64": base64.b64encode(PICTURE).decode(), "seed": 7, "finishReason": "SUCCESS"}
        bad = [{**good, "finishReason": "CONTENT_FILTERED"}, {**good, "base64": "R0lGODlh"}, 5]
        server.next(raw(json.dumps({"artifacts": [bad[0], good, *bad[1:]]}).encode()))
        provider = Stability(KEY, api_host=server.url, model="sdxl")
        images = await provider.generate_batch(provider.plan(WORDS).request, 4)
        assert [(image.data, image.seed) for image in images] == [(PICTURE, 7)]

    async def test_a_batch_of_nothing_but_filtered_pictures_is_moderated(self, server: StabilityServer) -> None:
        server.next(raw(b'{"artifacts": [{"finishReason": "CONTENT_FILTERED", "base64": ""}]}'))
        provider = Stability(KEY, api_host=server.url, model="sdxl")
        with pytest.raises(Moderated) as caught:
            await provider.generate_batch(provider.plan(WORDS).request, 2)
        assert caught.value.maybe_billed

    async def test_only_v1_makes_several_at_once(self) -> None:
        assert [Stability(KEY, model=model).capabilities.batch_max for model in ("core", "ultra", "sdxl")] == [1, 1, 10]


class TestOlderUpscaler:
    async def test_a_host_without_v2beta_is_asked_on_the_v1_path(self) -> None:
        async with service.stability_server(older_upscaler=True, v2beta=False) as server:
            image = await make(Stability(KEY, api_host=server.url), Upscale(image=png(512, 256)))
        assert [seen.path for seen in server.seen] == [
            "/v2beta/stable-image/upscale/fast",
            "/v1/generation/esrgan-v1-x2plus/image-to-image/upscale",
        ]
        assert server.seen[1].values["width"] == 2048
        assert (image.model, image.seed, image.notes) == ("esrgan-v1-x2plus", service.CHOSEN_SEED, ())

    async def test_less_than_promised_is_said(self) -> None:
        async with service.stability_server(older_upscaler=True, v2beta=False) as server:
            image = await make(Stability(KEY, api_host=server.url), Upscale(image=PICTURE))
        assert image.notes == ("Only an older upscaler was there: the picture is 2048 pixels wide.",)

    async def test_a_host_with_neither_is_a_failure(self) -> None:
        async with service.stability_server(v2beta=False) as server:
            error = await failure(Stability(KEY, api_host=server.url), Upscale(image=PICTURE))
        assert (type(error), error.status, error.maybe_billed) == (ProviderError, 404, False)


class TestRefusals:
    @pytest.mark.parametrize("model", ["core", "sdxl"])
    @pytest.mark.parametrize(
        ("answer", "kind", "status"),
        [
            (documented(401), KeyRefused, 401),
            (documented(402), OutOfCredits, 402),
            (documented(403), Moderated, 403),
            (documented(403, name="permission_denied"), KeyRefused, 403),
            (documented(400, name="invalid_prompts"), Moderated, 400),
            (documented(422, name="public_figure"), Moderated, 422),
            (documented(429, name="insufficient_balance"), OutOfCredits, 429),
            (documented(429, text="Your organization does not have enough balance"), OutOfCredits, 429),
            (documented(404), ProviderError, 404),
            (raw(b"", status=403), ProviderError, 403),
            (raw(b"", status=418), ProviderError, 418),
        ],
    )
    async def test_a_refusal_is_neither_billed_nor_asked_again(
        self, server: StabilityServer, model: str, answer: service.Answer, kind: type[ProviderError], status: int
    ) -> None:
        server.next(answer)
        error = await failure(Stability(KEY, api_host=server.url, model=model, sleep=Pauses()))
        assert type(error) is kind
        assert (error.status, error.maybe_billed, error.transient) == (status, False, False)
        assert len(server.seen) == 1

    @pytest.mark.parametrize("model", ["core", "sdxl"])
    @pytest.mark.parametrize(
        ("answer", "status", "words"),
        [
            (documented(400), 400, "some-field: is required"),
            (documented(413), 413, "too large"),
            (documented(422), 422, "English"),
            (documented(422, name="other", text="Too odd."), 422, "Too odd."),
        ],
    )
    async def test_what_the_person_can_change_is_an_invalid_request(
        self, server: StabilityServer, model: str, answer: service.Answer, status: int, words: str
    ) -> None:
        server.next(answer)
        error = await failure(Stability(KEY, api_host=server.url, model=model))
        assert type(error) is InvalidRequest
        assert words in str(error)
        assert isinstance(error.__cause__, ProviderError)
        assert error.__cause__.status == status

    @pytest.mark.parametrize("model", ["core", "sdxl"])
    @pytest.mark.parametrize("status", [500, 502, 503, 524])
    async def test_trouble_of_its_own_may_have_been_billed_and_is_not_asked_again(
        self, server: StabilityServer, model: str, status: int
    ) -> None:
        server.next(raw(b"<html><body>Bad gateway</body></html>", status=status))
        error = await failure(Stability(KEY, api_host=server.url, model=model, sleep=Pauses()))
        assert type(error) is ProviderError
        assert (error.status, error.transient, error.maybe_billed) == (status, True, True)
        assert "<" not in str(error)
        assert len(server.seen) == 1

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"\xff\xfe\x00",
            b"null",
            b"[]",
            b'{"errors": [1, null, {}], "name": 5}',
            b'{"name": {}, "message": []}',
            b"[" * 50_000,
            b'{"seed": ' + b"9" * 50_000 + b"}",
            b"x" * 3_000_000,
        ],
    )
    @pytest.mark.parametrize("status", [400, 401, 403, 429, 500])
    async def test_an_unreadable_error_body_is_still_the_error_of_its_status(
        self, server: StabilityServer, body: bytes, status: int
    ) -> None:
        server.next(*[raw(body, status=status)] * 3)
        error = await failure(Stability(KEY, api_host=server.url, sleep=Pauses()))
        assert getattr(error.__cause__ or error, "status", None) == status
        assert len(str(error)) < 300

    async def test_an_error_cut_off_is_still_the_error_of_its_status(self, server: StabilityServer) -> None:
        server.next(wire(b"HTTP/1.1 402 Payment Required\r\nContent-Length: 500\r\n\r\n{"))
        assert isinstance(await failure(Stability(KEY, api_host=server.url)), OutOfCredits)

    async def test_fields_are_checked_before_the_key(self, server: StabilityServer) -> None:
        server.credits = 0
        provider = Stability("sk-wrong", api_host=server.url)
        assert isinstance(await failure(provider), KeyRefused)
        damaged = Upscale(image=PICTURE[:-100])
        assert isinstance(await failure(provider, damaged), InvalidRequest)

    @pytest.mark.parametrize(("model", "status"), [("core", 402), ("sdxl", 429)])
    async def test_an_empty_balance_is_recognised(self, server: StabilityServer, model: str, status: int) -> None:
        server.credits = 0.1
        error = await failure(Stability(KEY, api_host=server.url, model=model, sleep=Pauses()))
        assert (type(error), error.status) == (OutOfCredits, status)


class TestRateLimit:
    async def test_a_pause_is_waited_out(self, server: StabilityServer) -> None:
        pauses = Pauses()
        server.next(documented(429, headers={"Retry-After": "7"}), documented(429))
        image = await make(Stability(KEY, api_host=server.url, sleep=pauses))
        assert pauses.seconds == [7, 60]
        assert server.credits == 1000 - image.millicredits / 1000

    async def test_after_two_pauses_it_is_enough(self, server: StabilityServer) -> None:
        pauses = Pauses()
        server.next(*[documented(429, headers={"Retry-After": "1"})] * 9)
        error = await failure(Stability(KEY, api_host=server.url, sleep=pauses))
        assert (type(error), error.transient, error.maybe_billed) == (RateLimited, True, False)
        assert error.retry_after_seconds == 1
        assert (len(server.seen), len(pauses.seconds)) == (3, 2)

    async def test_a_long_pause_is_left_to_whoever_asked(self, server: StabilityServer) -> None:
        pauses = Pauses()
        server.next(documented(429, headers={"Retry-After": "3600"}))
        error = await failure(Stability(KEY, api_host=server.url, sleep=pauses))
        assert (type(error), error.retry_after_seconds) == (RateLimited, 3600)
        assert (len(server.seen), pauses.seconds) == (1, [])

    @pytest.mark.parametrize(
        ("value", "seconds"),
        [
            ("0", 0),
            ("soon", 60),
            ("-5", 60),
            ("nan", 60),
            ("1e9", 60),
            ("", 60),
            ("9" * 400, 60),
            ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
            ("Wed, 21 Oct 2015 07:28:00 -0000", 60),
            ("Wed, 99 Oct 99999 07:28:00 GMT", 60),
        ],
    )
    async def test_any_retry_after_is_understood(self, server: StabilityServer, value: str, seconds: float) -> None:
        pauses = Pauses()
        server.next(documented(429, headers={"Retry-After": value}))
        await make(Stability(KEY, api_host=server.url, sleep=pauses))
        assert pauses.seconds == [seconds]


class TestUnusableAnswers:
    @pytest.mark.parametrize("model", ["core", "sdxl"])
    async def test_a_filtered_picture_is_thrown_away_and_maybe_billed(
        self, server: StabilityServer, model: str
    ) -> None:
        server.next(filtered)
        error = await failure(Stability(KEY, api_host=server.url, model=model))
        assert (type(error), error.maybe_billed) == (Moderated, True)
        assert server.credits < 1000

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"<html>Welcome</html>",
            b"%PDF-1.7",
            b"GIF89a",
            b"null",
            b"{}",
            b'{"artifacts": []}',
            b'{"artifacts": [[]]}',
            b'{"artifacts": {"base64": 5}}',
            b'{"artifacts": [{"finishReason": "SUCCESS"}]}',
            b'{"artifacts": [{"finishReason": "ERROR", "base64": "%s"}]}' % base64.b64encode(PICTURE),
            b'{"artifacts": [{"finishReason": ["SUCCESS"], "base64": ""}]}',
            b'{"artifacts": [{"finishReason": "SUCCESS", "base64": "!!!!"}]}',
            b'{"artifacts": [{"finishReason": "SUCCESS", "base64": "\\u00fc"}]}',
            b'{"artifacts": [{"finishReason": "SUCCESS", "base64": "R0lGODlh"}]}',
            b'{"image": null, "finish_reason": "SUCCESS"}',
            b"[" * 100_000,
        ],
    )
    async def test_an_answer_that_is_no_picture_is_a_failure_that_may_be_billed(
        self, server: StabilityServer, body: bytes
    ) -> None:
        for model in ("core", "sdxl"):
            server.next(raw(body))
            error = await failure(Stability(KEY, api_host=server.url, model=model))
            assert (type(error), error.maybe_billed) == (BadAnswer, True)
        assert len(server.seen) == 2

    @pytest.mark.parametrize(
        "answer",
        [
            boundless,
            raw(PICTURE + bytes(2**21)),
            wire(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"),
            wire(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" + PICTURE),
            wire(b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n" + PICTURE),
            wire(b"220 smtp.example.org " + KEY.encode() + b"\r\n\r\n"),
            wire(b"HTTP/1.1 200 OK\r\nX: " + KEY.encode() + b"\x00\r\n\r\n"),
            wire(b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 100_000 + b"\r\n\r\n"),
        ],
    )
    async def test_an_answer_too_large_or_no_http_is_a_failure_that_may_be_billed(
        self, server: StabilityServer, answer: service.Answer
    ) -> None:
        server.next(answer)
        error = await failure(Stability(KEY, api_host=server.url, answer_bytes_max=2**20))
        assert (type(error), error.maybe_billed) == (BadAnswer, True)
        assert len(server.seen) == 1

    @pytest.mark.parametrize("status", [201, 202, 204])
    async def test_a_success_without_a_picture_may_be_billed(self, server: StabilityServer, status: int) -> None:
        server.next(raw(b"", status=status))
        error = await failure(Stability(KEY, api_host=server.url))
        assert (type(error), error.status, error.maybe_billed) == (BadAnswer, status, True)

    async def test_a_redirect_is_not_followed(self, server: StabilityServer) -> None:
        elsewhere = {"Location": f"{server.url}/v2beta/stable-image/generate/core"}
        for status in (301, 302, 303, 307, 308):
            server.next(raw(b"", status=status, headers=elsewhere))
            error = await failure(Stability(KEY, api_host=server.url))
            assert (type(error), error.status, error.maybe_billed) == (ProviderError, status, False)
            assert "API_HOST" in str(error)
        assert len(server.seen) == 5


class TestConnection:
    async def test_a_refused_connection_is_not_billed(self) -> None:
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            error = await failure(Stability(KEY, api_host=f"http://127.0.0.1:{closed.getsockname()[1]}"))
        assert (type(error), error.transient, error.maybe_billed) == (ProviderUnreachable, True, False)

    @pytest.mark.parametrize("host", ["a..b", "a" * 70 + ".invalid"])
    async def test_a_host_that_cannot_be_one_is_unreachable(self, host: str) -> None:
        error = await failure(Stability(KEY, api_host=f"http://{host}"))
        assert (type(error), error.maybe_billed) == (ProviderUnreachable, False)

    async def test_a_silent_server_may_have_billed_and_is_not_asked_again(self, server: StabilityServer) -> None:
        server.next(silence)
        error = await failure(Stability(KEY, api_host=server.url, timeout_seconds=0.2))
        assert (type(error), error.transient, error.maybe_billed) == (ProviderUnreachable, True, True)
        assert len(server.seen) == 1

    @pytest.mark.parametrize(
        "answer",
        [
            wire(b""),
            wire(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + PICTURE[:1000]),
            wire(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n" + PICTURE[:5] + b"\r\n"),
        ],
    )
    async def test_a_broken_connection_may_have_billed_and_is_not_asked_again(
        self, server: StabilityServer, answer: service.Answer
    ) -> None:
        server.next(answer)
        error = await failure(Stability(KEY, api_host=server.url))
        assert (type(error), error.transient, error.maybe_billed) == (ProviderUnreachable, True, True)
        assert len(server.seen) == 1

    async def test_cancelling_closes_the_connection(self, server: StabilityServer) -> None:
        server.next(silence)
        task = asyncio.create_task(make(Stability(KEY, api_host=server.url)))
        await server.arrived.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await server.hung_up.wait()

    async def test_one_provider_serves_many_at_once_and_any_event_loop(self, server: StabilityServer) -> None:
        provider = Stability(KEY, api_host=server.url)
        images = await asyncio.gather(*(make(provider) for _ in range(8)))
        images += [await asyncio.to_thread(lambda: asyncio.run(make(provider))) for _ in range(2)]
        assert len({image.seed for image in images}) == 10

    async def test_a_kept_session_serves_one_picture_after_the_other_until_it_is_closed(
        self, server: StabilityServer
    ) -> None:
        provider = Stability(KEY, api_host=server.url, keep_session=True)
        for _ in range(3):
            await make(provider)
        assert len({seen.connection for seen in server.seen}) == 1
        await provider.close()
        await make(provider)
        assert len({seen.connection for seen in server.seen}) == 2
        await provider.close()

    async def test_closing_is_harmless_at_any_time(self, server: StabilityServer) -> None:
        provider = Stability(KEY, api_host=server.url)
        await provider.close()
        await make(provider)
        await provider.close()
        await provider.close()
        await make(provider)

    async def test_proxies_from_the_environment_are_not_used(
        self, server: StabilityServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")
        await make(Stability(KEY, api_host=server.url))

    async def test_the_address_may_have_a_path_and_a_final_slash(self, server: StabilityServer) -> None:
        error = await failure(Stability(KEY, api_host=f"{server.url}/proxy/"))
        assert server.seen[0].path == "/proxy/v2beta/stable-image/generate/core"
        assert error.status == 404
        await make(Stability(KEY, api_host=f"{server.url}/"))


class TestKey:
    async def test_the_key_is_sent_in_one_header_and_no_answer_may_be_packed(self, server: StabilityServer) -> None:
        for model in MODELS:
            for request in REQUESTS:
                await make(Stability(KEY, api_host=server.url, model=model), request)
        for seen in server.seen:
            headers = dict(seen.headers)
            assert headers.pop("Authorization") == f"Bearer {KEY}"
            assert headers["Accept-Encoding"] == "identity"
            assert KEY not in f"{seen.path}{headers}{seen.values}"

    @pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 413, 422, 429, 500])
    async def test_a_key_quoted_by_the_server_is_shown_and_logged_nowhere(
        self, server: StabilityServer, status: int, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        for model in ("core", "sdxl"):
            server.next(*[documented(status, name=KEY, text=f"Incorrect key {KEY}, I say: {KEY.upper()}")] * 3)
            error = await failure(Stability(KEY, api_host=server.url, model=model, sleep=Pauses()))
            assert KEY.lower() not in str(error).lower()
            server.next(*[raw(f"<html>{KEY}".encode(), status=status)] * 3)
            await failure(Stability(KEY, api_host=server.url, model=model, sleep=Pauses()))
        assert KEY.lower() not in caplog.text.lower()

    async def test_a_wrong_key_is_not_quoted_back(self, server: StabilityServer) -> None:
        wrong = "sk-0123456789wrong"
        error = await failure(Stability(wrong, api_host=server.url, model="sdxl"))
        assert (type(error), error.status) == (KeyRefused, 401)
        assert wrong not in "".join(traceback.format_exception(error))
        assert "STABILITY_API_KEY" in str(error)

    @pytest.mark.parametrize("key", [None, "", "  ", "sk-\r\nX-Evil: 1", "sk-ü", "sk-a b"])
    async def test_without_a_usable_key_nothing_is_sent(self, server: StabilityServer, key: str | None) -> None:
        provider = Stability(key, api_host=server.url)
        error = await failure(provider)
        assert (type(error), error.maybe_billed) == (KeyRefused, False)
        assert "STABILITY_API_KEY" in str(error)
        assert not (await provider.check()).ok
        assert server.seen == []


class TestCheck:
    async def test_a_working_key_shows_the_credits_left(self, server: StabilityServer) -> None:
        health = await Stability(KEY, api_host=server.url).check()
        assert (health.ok, health.credits_left) == (True, 1000)
        assert "1000.00 credits" in health.detail

    async def test_no_credits_left_is_not_well(self, server: StabilityServer) -> None:
        server.credits = 0
        health = await Stability(KEY, api_host=server.url).check()
        assert (health.ok, health.credits_left) == (False, 0)

    async def test_a_refused_key_is_not_well(self, server: StabilityServer) -> None:
        health = await Stability("sk-0123456789wrong", api_host=server.url).check()
        assert (health.ok, health.credits_left) == (False, None)
        assert "sk-" not in health.detail

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"<html>",
            b"[]",
            b'{"credits": "9"}',
            b'{"credits": NaN}',
            b'{"credits": true}',
            b'{"credits": 1' + b"0" * 400 + b"}",
        ],
    )
    async def test_an_answer_that_makes_no_sense_is_not_well(self, server: StabilityServer, body: bytes) -> None:
        server.next(raw(body))
        health = await Stability(KEY, api_host=server.url).check()
        assert (health.ok, health.credits_left) == (False, None)

    async def test_an_unreachable_host_is_not_well(self) -> None:
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            host = f"http://127.0.0.1:{closed.getsockname()[1]}"
            assert not (await Stability(KEY, api_host=host).check()).ok


@lru_cache
def _rules() -> Rules:
    folder = os.environ.get("ABBY_SPECS")
    if not folder:
        pytest.skip("ABBY_SPECS names no folder with Stability's OpenAPI documents")
    return Rules(Path(folder), older_upscaler=True)


_prompts = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=40)
_common = {
    "prompt": _prompts.map(lambda text: f"a cat {text}"),
    "negative_prompt": _prompts,
    "style": st.sampled_from(STYLES),
    "seed": st.integers(0, SEED_MAX),
    "steps": st.none() | st.integers(1, 150),
    "cfg_scale": st.none() | st.floats(0, 35) | st.integers(0, 35),
}
_pictures = st.sampled_from([(64, 64), (64, 150), (900, 1100), (1024, 1024), (1536, 700), (2500, 1001)]).map(
    lambda size: png(*size)
)
_gapped = st.sampled_from([(64, 64), (64, 150), (1024, 1024), (2500, 1001), (3200, 3000)]).map(
    lambda size: with_gap(*size)
)
_requests = st.one_of(
    st.builds(TextToImage, **_common, width=st.integers(64, 2048), height=st.integers(64, 2048)),
    st.builds(ImageToImage, **_common, image=_pictures, image_strength=st.floats(0, 1)),
    st.builds(ImageToImage, **_common, image=_gapped, image_strength=st.floats(0, 1), only_transparent=st.just(True)),
    st.builds(Upscale, image=_pictures, prompt=_prompts, width=st.integers(64, 8192), seed=st.integers(0, SEED_MAX)),
)


@given(
    request=_requests,
    model=st.sampled_from(sorted(MODELS)),
    upscale_model=st.sampled_from(sorted(UPSCALERS)),
    seed=st.integers(1, SEED_MAX),
)
@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_is_asked_the_documents_allow_what_is_sent(
    request: ImageRequest, model: str, upscale_model: str, seed: int
) -> None:
    provider = Stability(KEY, model=model, upscale_model=upscale_model)
    call = call_for(provider.plan(request).request, MODELS[model], UPSCALERS[upscale_model], seed)
    while call is not None:
        operation = _rules().operation("POST", call.path)
        assert operation is not None
        schema = operation.schema("application/json" if call.json else "multipart/form-data")
        assert schema is not None
        sent: dict[str, Any] = dict(call.json or call.fields)
        if call.attachment is not None:
            data, size = call.attachment.data, call.attachment.size
            masked = call.attachment.masked
            sent[call.attachment.field_name] = data if size is None else resized(data, size, masked=masked)
        values = sent if call.json else coerced(operation, schema, sent)
        assert problems_with(operation, schema, values) == []
        call = call.if_not_found
