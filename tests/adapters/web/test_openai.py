"""OpenAI's own client, unmodified, over a real server: what it sends is understood, what it gets it can read."""

from __future__ import annotations

import asyncio
import base64
import json
import os
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import jsonschema
import openai
import pytest
from PIL import Image, ImageChops

from abby_core.errors import Moderated, ProviderError, RateLimited, StorageError
from abby_core.generation.providers.painter import Painter
from abby_core.generation.request import ImageToImage, TextToImage
from abby_core.quota.meter import IMAGES_PER_DAY
from abby_core.security.fetching import Fetcher
from abby_core.storage.artifact import Artifact
from abby_core.storage.picture import inspect
from tests.support.providers import PATIENCE_SECONDS, FixedProvider, blocking_provider, mask, paid_provider, photograph
from tests.support.studio import ALICE, BOB, assert_sound, counter, until_ended, wish
from tests.support.web import RETRIES, Web, cutting, serving

KEY = {"Idempotency-Key": "order of breakfast"}

BAD_REQUESTS: list[tuple[dict[str, Any], str | None]] = [
    ({"prompt": " "}, None),
    ({"prompt": "x" * 9999}, None),
    ({"prompt": "x", "n": 11}, "n"),
    ({"prompt": "x", "n": 0}, "n"),
    ({"prompt": "x", "size": "huge"}, "size"),
    ({"prompt": "x", "size": "99999x99999"}, None),
    ({"prompt": "x", "background": "transparent"}, "background"),
    ({"prompt": "x", "output_format": "tiff"}, "output_format"),
    ({"prompt": "x", "output_compression": 50}, "output_compression"),
    ({"prompt": "x", "stream": True, "response_format": "url"}, "response_format"),
    ({"prompt": "x", "extra_body": {"style": "cubism"}}, "style"),
    ({"prompt": "x", "extra_body": {"provider": "nobody"}}, None),
    ({"prompt": "x", "extra_body": {"seed": -1}}, None),
    ({"prompt": "x", "extra_body": {"seed": "7; DROP"}}, "seed"),
]
BAD_FILES: list[tuple[dict[str, Any], str]] = [
    ({"image": photograph(), "mask": photograph()}, "mask"),
    ({"image": photograph(), "mask": mask(64, 64)}, "mask"),
    ({"image": photograph(), "mask": b"no picture"}, "mask"),
    ({"image": photograph(), "mask": mask()[:-20]}, "mask"),
    ({"image": photograph()[:-20], "mask": mask()}, "image"),
    ({"image": [photograph(), photograph()]}, "image"),
    ({"image": [photograph(), photograph()], "mask": mask()}, "image"),
    ({"image": b"no picture"}, "image"),
    ({"image": photograph()[:-20]}, "image"),
    ({"image": b""}, "image"),
]


@pytest.fixture(scope="session")
def conforms() -> Callable[[Any, str], None]:
    """Checks an answer against a schema of OpenAI's own description."""
    folder = os.environ.get("ABBY_SPECS")
    if not folder:
        pytest.skip("ABBY_SPECS names no folder with OpenAI's OpenAPI document")
    document = json.loads((Path(folder) / "openai-images.openapi.json").read_text("utf-8"))

    def check(answer: Any, schema: str) -> None:
        jsonschema.validate(answer, {"$ref": f"#/components/schemas/{schema}", "components": document["components"]})

    return check


def decoded(image: Any) -> bytes:
    return base64.b64decode(image.b64_json, validate=True)


def format_of(data: bytes) -> str | None:
    return Image.open(BytesIO(data)).format


class TestGenerations:
    async def test_words_alone_make_one_picture_which_is_the_one_in_the_gallery(self, web: Web) -> None:
        async with web.openai() as client:
            made = await client.images.generate(prompt="a boat")
        [artifact] = web.abby.gallery.page(ALICE).artifacts
        assert [decoded(each) for each in made.data or []] == [web.abby.gallery.open(artifact)] == [photograph()]
        assert (artifact.prompt, made.output_format) == ("a boat", "png")
        assert counter(web.abby, ALICE, IMAGES_PER_DAY) == 1

    async def test_everything_a_client_can_ask_for_arrives(self, web: Web) -> None:
        async with web.openai() as client:
            made = await client.images.generate(
                prompt="a boat", n=2, size="512x768", quality="high", background="opaque", moderation="low",
                user="someone", model="gpt-image-1",
                extra_body={"seed": 7, "negative_prompt": "people", "style": "anime", "provider": "fixed",
                            "unheard_of": {"deep": [1]}},
            )  # fmt: skip
        assert len(made.data or []) == 2
        first = web.provider.requests[0]
        assert isinstance(first, TextToImage)
        assert (first.width, first.height, first.seed) == (512, 768, 7)
        assert (first.negative_prompt, first.style) == ("people", "anime")

    async def test_a_prompt_is_taken_literally(self, web: Web) -> None:
        async with web.openai() as client:
            made = await client.images.generate(prompt='{"subject": {red, green} bird} --ar 16:9', size="auto")
        assert len(made.data or []) == 1
        assert web.provider.prompts == ['{"subject": {red, green} bird} --ar 16:9']

    @pytest.mark.parametrize("wanted", ["png", "jpeg", "webp"])
    async def test_the_picture_comes_in_the_format_that_was_asked_for(self, web: Web, wanted: Any) -> None:
        options: dict[str, Any] = {} if wanted == "png" else {"output_compression": 80}
        async with web.openai() as client:
            made = await client.images.generate(prompt="a boat", output_format=wanted, **options)
        assert made.data
        assert (format_of(decoded(made.data[0])), made.output_format) == (wanted.upper(), wanted)

    async def test_a_url_opens_without_a_token_for_an_hour(self, web: Web) -> None:
        async with web.openai() as client:
            made = await client.images.generate(prompt="a boat", response_format="url", output_format="webp")
        assert made.data
        url = made.data[0].url or ""
        assert url.startswith(web.url)
        async with aiohttp.ClientSession() as stranger:
            async with stranger.get(url) as answer:
                assert (answer.status, answer.content_type, format_of(await answer.read())) == (
                    200,
                    "image/webp",
                    "WEBP",
                )
            async with stranger.get(url[:-1] + ("0" if url[-1] != "0" else "1")) as answer:
                assert answer.status == 404
            web.clock.skip(3601)
            async with stranger.get(url) as answer:
                assert answer.status == 404

    async def test_the_key_that_signs_links_is_for_its_owner_alone(self, web: Web) -> None:
        async with web.openai() as client:
            await client.images.generate(prompt="a boat", response_format="url")
        key = web.abby.settings.storage_root / "links.key"
        assert len(key.read_bytes()) == 32
        if os.name == "posix":
            assert key.stat().st_mode & 0o777 == 0o600

    async def test_the_answer_is_as_openai_describes_it(self, web: Web, conforms: Callable[[Any, str], None]) -> None:
        async with web.http() as http:
            for body in ({"prompt": "a boat"}, {"prompt": "a boat", "n": 2, "response_format": "url"}):
                async with http.post("/v1/images/generations", json=body) as answer:
                    conforms(await answer.json(), "ImagesResponse")

    async def test_a_picture_that_could_not_be_made_is_named_and_the_others_are_there(self, tmp_path: Path) -> None:
        provider = FixedProvider(errors=(Moderated("Not that one."),))
        async with serving(tmp_path, provider) as web, web.openai() as client:
            made = await client.images.generate(prompt="a boat", n=3)
        assert len(made.data or []) == 2
        assert "Not that one." in json.dumps(made.model_extra)


class TestStreams:
    async def test_each_picture_is_an_event(self, web: Web, conforms: Callable[[Any, str], None]) -> None:
        async with web.openai() as client:
            events = [event async for event in await client.images.generate(prompt="a boat", n=2, stream=True)]
        assert [event.type for event in events] == ["image_generation.completed"] * 2
        assert {decoded(event) for event in events} == {photograph()}
        for event in events:
            conforms(event.to_dict(), "ImageGenCompletedEvent")

    async def test_an_edit_streams_under_its_own_name(self, web: Web, conforms: Callable[[Any, str], None]) -> None:
        async with web.openai() as client:
            stream = await client.images.edit(image=photograph(), prompt="at night", stream=True, partial_images=2)
            events = [event async for event in stream]
        assert [event.type for event in events] == ["image_edit.completed"]
        conforms(events[0].to_dict(), "ImageEditCompletedEvent")

    async def test_what_is_refused_has_a_status_and_what_fails_later_is_an_event(self, tmp_path: Path) -> None:
        provider = FixedProvider(errors=(ProviderError("The oven is cold."),))
        async with serving(tmp_path, provider) as web, web.openai() as client:
            with pytest.raises(openai.BadRequestError):
                await client.images.generate(prompt=" ", stream=True)
            with pytest.raises(openai.APIError, match="The oven is cold"):
                _ = [event async for event in await client.images.generate(prompt="a boat", stream=True)]

    @pytest.mark.parametrize(("wanted", "arrives"), [(None, "image/png"), ("webp", "image/webp")])
    async def test_a_preview_comes_before_its_picture_where_one_is_wanted(
        self, tmp_path: Path, wanted: Any, arrives: str, conforms: Callable[[Any, str], None]
    ) -> None:
        provider, gate = blocking_provider(preview=photograph())
        async with serving(tmp_path, provider) as web, web.openai() as client:
            asked: dict[str, Any] = {"prompt": "a boat", "stream": True}
            if wanted:
                asked["output_format"] = wanted
            generate: Any = client.images.generate
            stream = await generate(**asked, partial_images=1)
            events = aiter(stream)
            async with asyncio.timeout(PATIENCE_SECONDS):
                first = await anext(events)
                gate.set()
                rest = [event.type async for event in events]
            assert (first.type, rest) == ("image_generation.partial_image", ["image_generation.completed"])
            assert inspect(decoded(first)).media_type == arrives
            conforms(first.to_dict(), "ImageGenPartialImageEvent")
            for none_wanted in dict[str, Any](), {"partial_images": 0}:
                stream = await generate(**asked, **none_wanted)
                assert [event.type async for event in stream] == ["image_generation.completed"]

    async def test_what_a_back_end_calls_a_preview_and_is_no_picture_is_left_out(self, tmp_path: Path) -> None:
        provider = FixedProvider(preview=b"<script>")
        async with serving(tmp_path, provider) as web, web.openai() as client:
            stream = await client.images.generate(prompt="a boat", stream=True, partial_images=3)
            assert [event.type async for event in stream] == ["image_generation.completed"]

    async def test_the_first_picture_comes_while_the_second_is_being_made(self, tmp_path: Path) -> None:
        provider, gate = blocking_provider()
        second_began = asyncio.Event()

        def hold_the_second(_request: object) -> None:
            if len(provider.requests) == 2:
                gate.clear()
                second_began.set()

        provider.before = hold_the_second
        gate.set()
        async with serving(tmp_path, provider) as web, web.openai() as client:
            stream = await client.images.generate(prompt="a boat", n=2, stream=True)
            events = aiter(stream)
            async with asyncio.timeout(PATIENCE_SECONDS):
                await anext(events)
                await second_began.wait()  # or the gate would close behind us, and stay closed
                gate.set()
                assert [event.type async for event in events] == ["image_generation.completed"]


class TestEdits:
    @pytest.mark.parametrize("image", [photograph(), [photograph()], ("me.png", photograph(), "text/html")])
    async def test_a_picture_arrives_however_it_is_sent(self, web: Web, image: Any) -> None:
        async with web.openai() as client:
            made = await client.images.edit(
                image=image, prompt="at night", n=1, size="1024x1024", input_fidelity="high"
            )
        assert len(made.data or []) == 1
        [request] = web.provider.requests
        assert isinstance(request, ImageToImage)
        assert request.prompt == "at night"

    async def test_files_that_cannot_be_used_are_refused_by_name(self, tmp_path: Path) -> None:
        async with serving(tmp_path, FixedProvider(masks=True)) as web, web.openai() as client:
            for files, param in BAD_FILES:
                with pytest.raises(openai.BadRequestError) as refused:
                    await client.images.edit(prompt="at night", **files)
                assert refused.value.param == param
        assert_sound(web.abby)

    @pytest.mark.parametrize("form", [bytes, BytesIO, lambda data: ("mask.png", data, "image/png")])
    async def test_only_what_the_mask_leaves_transparent_is_painted_anew(
        self, tmp_path: Path, form: Callable[[bytes], Any]
    ) -> None:
        async with serving(tmp_path, Painter()) as web, web.openai() as client:
            made = await client.images.edit(
                image=photograph(), mask=form(mask()), prompt="a red dragon at night", extra_body={"image_strength": 0}
            )
            [artifact] = web.abby.gallery.page(ALICE).artifacts
            before, after = (Image.open(BytesIO(data)) for data in (photograph(), decoded((made.data or [])[0])))
        changes = ImageChops.difference(before, after)
        assert changes.crop((48, 0, 96, 64)).getbbox() is not None
        assert changes.crop((0, 0, 48, 64)).getbbox() is None
        assert artifact.parameters["masked"] is True

    async def test_masks_are_in_the_description_of_the_interface(self, web: Web) -> None:
        async with web.http() as http, http.get("/api/openapi.json") as answer:
            edits = (await answer.json())["paths"]["/v1/images/edits"]["post"]
        for content in edits["requestBody"]["content"].values():
            assert "transparent" in content["schema"]["properties"]["mask"]["description"]

    async def test_a_mask_is_refused_where_no_provider_can_use_it(self, web: Web) -> None:
        async with web.openai() as client:
            with pytest.raises(openai.BadRequestError, match="leave the mask out"):
                await client.images.edit(image=photograph(), mask=mask(), prompt="at night")
            await client.images.edit(image=photograph(), mask=b"", prompt="at night")  # none at all
        assert len(web.provider.requests) == 1
        assert_sound(web.abby)

    async def test_a_mask_that_is_no_file_or_several_is_refused(self, web: Web) -> None:
        async with web.http() as http:
            for masks in (["in words"], [mask(), mask()]):
                form = aiohttp.FormData()
                form.add_field("prompt", "at night")
                form.add_field("image", photograph(), filename="image.png")
                for each in masks:
                    form.add_field("mask", each, filename=None if isinstance(each, str) else "mask.png")
                async with http.post("/v1/images/edits", data=form) as answer:
                    assert (answer.status, (await answer.json())["error"]["param"]) == (400, "mask")
        assert web.provider.requests == []

    async def test_the_same_key_with_another_mask_is_a_conflict(self, tmp_path: Path) -> None:
        async with serving(tmp_path, FixedProvider(masks=True)) as web, web.openai() as client:
            for _ in range(2):
                await client.images.edit(image=photograph(), mask=mask(), prompt="at night", extra_headers=KEY)
            with pytest.raises(openai.ConflictError) as refused:
                other = mask(file_format="WEBP")
                await client.images.edit(image=photograph(), mask=other, prompt="at night", extra_headers=KEY)
            assert refused.value.code == "idempotency_key_reused"
        assert len(web.provider.requests) == 1

    async def test_the_clients_own_retry_with_another_mask_is_another_order(self, tmp_path: Path) -> None:
        async def order_of(web: Web, its_mask: bytes, **headers: str) -> str:
            async with web.openai() as client:
                made = await client.images.edit(
                    image=photograph(), mask=its_mask, prompt="at night", extra_headers=headers
                )
            return (made.model_extra or {})["abby"]["order"]

        again = {"x-stainless-retry-count": "1"}
        async with serving(tmp_path, FixedProvider(masks=True)) as web:
            first = await order_of(web, mask())
        async with serving(tmp_path, FixedProvider(masks=True)) as web:
            assert await order_of(web, mask(file_format="WEBP"), **again) != first
            assert await order_of(web, mask(), **again) == first

    async def test_variations_are_refused_as_by_openai_for_models_without_them(self, web: Web) -> None:
        async with web.openai() as client:
            with pytest.raises(openai.BadRequestError, match="variations"), pytest.warns(DeprecationWarning):
                await client.images.create_variation(image=photograph())  # pyright: ignore[reportDeprecated]


class TestModels:
    async def test_they_are_listed_and_found(self, web: Web, conforms: Callable[[Any, str], None]) -> None:
        async with web.openai() as client, web.http() as http:
            names = [model.id async for model in client.models.list()]
            assert names == ["abby", "fixed"]
            assert (await client.models.retrieve("fixed")).id == "fixed"
            with pytest.raises(openai.NotFoundError):
                await client.models.retrieve("gpt-9")
            async with http.get("/v1/models") as answer:
                conforms(await answer.json(), "ListModelsResponse")


class TestErrors:
    async def test_a_bad_request_names_what_is_wrong_and_costs_nothing(self, web: Web) -> None:
        async with web.openai(max_retries=RETRIES) as client:
            for options, param in BAD_REQUESTS:
                with pytest.raises(openai.BadRequestError) as refused:
                    await client.images.generate(**options)
                assert (refused.value.param, refused.value.type) == (param, "invalid_request_error"), options
                assert (refused.value.request_id or "").startswith("req_")
        assert counter(web.abby, ALICE, IMAGES_PER_DAY) == 0
        assert web.provider.requests == []

    async def test_a_wrong_token_is_an_authentication_error(self, web: Web) -> None:
        made, revoked = web.abby.tokens.create(ALICE)
        web.abby.tokens.revoke(ALICE, made.id)
        for token in ("sk-proj-1234", "abby_" + "2" * 40, revoked):
            async with web.openai(token=token) as client:
                with pytest.raises(openai.AuthenticationError) as refused:
                    await client.images.generate(prompt="a boat")
            assert refused.value.code == "invalid_api_key"

    async def test_a_token_for_looking_makes_nothing(self, web: Web) -> None:
        async with web.openai(token=web.token(ALICE, scopes=("look", "change"))) as client:
            with pytest.raises(openai.PermissionDeniedError):
                await client.images.generate(prompt="a boat")

    async def test_a_model_that_is_not_here_is_not_found(self, web: Web) -> None:
        async with web.openai() as client:
            with pytest.raises(openai.NotFoundError) as refused:
                await client.images.generate(prompt="a boat", model="midjourney")
        assert (refused.value.code, refused.value.param) == ("model_not_found", "model")

    async def test_a_used_up_day_is_a_rate_limit_that_is_not_tried_again(self, tmp_path: Path) -> None:
        async with serving(tmp_path, max_user_daily_gens=1) as web, web.openai(max_retries=RETRIES) as client:
            await client.images.generate(prompt="a boat")
            with pytest.raises(openai.RateLimitError) as refused:
                await client.images.generate(prompt="a boat")
        headers = refused.value.response.headers
        assert (refused.value.code, headers["x-should-retry"]) == ("insufficient_quota", "false")
        assert 0 < int(headers["retry-after"]) <= 86_400
        assert len(web.provider.requests) == 1

    @pytest.mark.parametrize(
        ("error", "raised", "code"),
        [
            (Moderated("Not that."), openai.BadRequestError, "moderation_blocked"),
            (ProviderError("Broken."), openai.InternalServerError, "provider_failed"),
            (RateLimited("Later.", retry_after_seconds=1), openai.InternalServerError, "provider_failed"),
        ],
    )
    async def test_what_the_back_end_answers_is_told_and_never_asked_for_again(
        self, tmp_path: Path, error: ProviderError, raised: Any, code: str
    ) -> None:
        provider = paid_provider(errors=(error,))
        async with serving(tmp_path, provider) as web, web.openai(max_retries=RETRIES) as client:
            with pytest.raises(raised) as failed:
                await client.images.generate(prompt="a boat")
        assert failed.value.code == code
        assert len(provider.requests) == 1


@pytest.mark.parametrize(
    "body", [b'{"prompt": ', b'{"prompt": "\xff"}', b"[" * 200_000, b'{"n": 1' + b"0" * 5000 + b"}"]
)
async def test_a_body_that_is_no_json_is_said_to_be_none(tmp_path: Path, body: bytes) -> None:
    async with serving(tmp_path) as web, web.http() as http:
        kind = {"content-type": "application/json"}
        async with http.post("/v1/images/generations", data=body, headers=kind) as answer:
            assert answer.status == 400
            assert (await answer.json())["error"]["code"] == "invalid_json"


class TestAskingAgain:
    async def test_the_same_key_is_the_same_order_and_the_same_answer(self, web: Web) -> None:
        async with web.http() as http:
            answers: list[bytes] = []
            for _ in range(2):
                async with http.post("/v1/images/generations", json={"prompt": "a boat"}, headers=KEY) as answer:
                    answers.append(await answer.read())
        assert answers[0] == answers[1]
        assert len(web.provider.requests) == counter(web.abby, ALICE, IMAGES_PER_DAY) == 1

    async def test_the_same_key_brings_the_same_error(self, tmp_path: Path) -> None:
        provider = paid_provider(errors=(ProviderError("The oven is cold."),))
        async with serving(tmp_path, provider) as web, web.http() as http:
            answers: list[tuple[int, bytes]] = []
            for _ in range(2):
                async with http.post("/v1/images/generations", json={"prompt": "a boat"}, headers=KEY) as answer:
                    answers.append((answer.status, await answer.read()))
        assert answers[0] == answers[1]
        assert answers[0][0] == 502
        assert len(provider.requests) == 1

    async def test_a_key_of_another_wish_is_a_conflict_but_anothers_key_is_ones_own(self, web: Web) -> None:
        async with web.openai() as client, web.openai(BOB) as other:
            await client.images.generate(prompt="a boat", extra_headers=KEY)
            with pytest.raises(openai.ConflictError) as refused:
                await client.images.generate(prompt="a house", extra_headers=KEY)
            assert refused.value.code == "idempotency_key_reused"
            assert "Idempotency-Key" in refused.value.message, "what was sent is what is named"
            await other.images.generate(prompt="a house", extra_headers=KEY)
        assert web.provider.prompts == ["a boat", "a house"]

    async def test_a_key_in_use_is_a_conflict_until_its_answer_is_there(self, tmp_path: Path) -> None:
        provider, gate = blocking_provider()
        async with serving(tmp_path, provider) as web, web.openai() as client:
            first = asyncio.create_task(client.images.generate(prompt="a boat", extra_headers=KEY))
            await provider.begun()
            with pytest.raises(openai.ConflictError) as refused:
                await client.images.generate(prompt="a boat", extra_headers=KEY)
            assert (refused.value.code, refused.value.response.headers["x-should-retry"]) == (
                "idempotency_key_in_use", "true",
            )  # fmt: skip
            gate.set()
            assert (await client.images.generate(prompt="a boat", extra_headers=KEY)) if (await first) else None
        assert len(provider.requests) == 1

    @pytest.mark.parametrize("headers", [KEY, {}])
    @pytest.mark.parametrize("stream", [False, True])
    async def test_the_clients_own_retry_after_a_lost_answer_never_charges_twice(
        self, tmp_path: Path, headers: dict[str, str], stream: bool
    ) -> None:
        provider, gate = blocking_provider(paid=True, millicredits=3000)
        async with serving(tmp_path, provider) as web, cutting(web) as (url, cut):
            async with web.openai(base=url, max_retries=RETRIES) as client:
                asking = asyncio.create_task(first_picture(client, stream, headers))
                await provider.begun()
                await cut()  # the connection breaks after the order was accepted
                gate.set()
                assert await asking == photograph()
            assert len(provider.requests) == counter(web.abby, ALICE, IMAGES_PER_DAY) == 1
            assert_sound(web.abby)

    async def test_the_clients_own_retry_finds_its_order_after_a_restart_and_another_wish_does_not(
        self, tmp_path: Path
    ) -> None:
        async def order_of(web: Web, prompt: str, **headers: str) -> str:
            async with web.openai() as client:
                made = await client.images.generate(prompt=prompt, extra_headers=headers)
            return (made.model_extra or {})["abby"]["order"]

        again = {"x-stainless-retry-count": "1"}
        async with serving(tmp_path) as web:
            first, other = await order_of(web, "a boat"), await order_of(web, "a house")
        async with serving(tmp_path) as web:
            assert await order_of(web, "a boat") != first
            assert await order_of(web, "a boat", **again) == first
            assert await order_of(web, "a boat", **again) != first
            assert await order_of(web, "a fox", **again) not in {first, other}
            assert len(web.provider.requests) == 3

    async def test_pictures_that_cannot_be_read_back_are_not_made_a_second_time(self, tmp_path: Path) -> None:
        provider = paid_provider()
        async with serving(tmp_path, provider) as web, web.openai(max_retries=RETRIES) as client:
            await client.images.generate(prompt="a boat", extra_headers=KEY)
            web.abby.gallery.open = unreadable
            with pytest.raises(openai.InternalServerError) as failed:
                await client.images.generate(prompt="a boat", extra_headers=KEY)
        assert (failed.value.code, failed.value.response.headers["x-should-retry"]) == ("storage_failed", "false")
        assert len(provider.requests) == 1

    async def test_a_stream_that_is_cut_off_sets_its_key_free(self, tmp_path: Path) -> None:
        provider, gate = blocking_provider()
        async with serving(tmp_path, provider) as web, web.openai() as client, web.http() as http:
            body = {"prompt": "a boat", "stream": True}
            async with http.post("/v1/images/generations", json=body, headers=KEY) as cut:
                assert cut.status == 200
                await provider.begun()
            gate.set()
            async with asyncio.timeout(PATIENCE_SECONDS):
                made = await client.with_options(max_retries=9).images.generate(prompt="a boat", extra_headers=KEY)
        assert len(made.data or []) == len(provider.requests) == 1

    async def test_an_order_whose_asker_went_away_is_found_in_the_gallery(self, tmp_path: Path) -> None:
        provider, gate = blocking_provider()
        async with serving(tmp_path, provider) as web:
            async with web.openai(timeout=0.5) as client:
                asking = asyncio.create_task(client.images.generate(prompt="a boat"))
                await provider.begun()
                with pytest.raises(openai.APITimeoutError):
                    await asking
            gate.set()
            [order] = await web.abby.studio.orders(ALICE)
            assert (await until_ended(web.abby, order.id)).state == "done"
            assert len(web.abby.gallery.page(ALICE).artifacts) == 1

    async def test_a_key_that_is_none_is_refused(self, web: Web) -> None:
        async with web.http() as http:
            for key in ("", "x" * 256, "é"):
                headers = {"Idempotency-Key": key}
                async with http.post("/v1/images/generations", json={"prompt": "a boat"}, headers=headers) as answer:
                    assert answer.status == 400, key
        assert web.provider.requests == []


def unreadable(artifact: Artifact) -> bytes:
    raise StorageError("The disk does not answer.")


async def first_picture(client: openai.AsyncOpenAI, stream: bool, headers: dict[str, str]) -> bytes:
    if stream:
        events = await client.images.generate(prompt="a boat", stream=True, extra_headers=headers)
        return decoded(await anext(aiter(events)))
    made = await client.images.generate(prompt="a boat", extra_headers=headers)
    return decoded((made.data or [])[0])


class TestEditsByAddress:
    async def edit(self, web: Web, image_url: str, **more: Any) -> tuple[int, Any]:
        body = {"prompt": "at night", "images": [{"image_url": image_url}], **more}
        async with web.http() as http, http.post("/v1/images/edits", json=body) as answer:
            return answer.status, await answer.json()

    async def test_a_data_url_is_a_picture_like_any_other(self, web: Web) -> None:
        status, _ = await self.edit(web, f"data:image/png;base64,{base64.b64encode(photograph()).decode()}")
        assert status == 200
        [request] = web.provider.requests
        assert isinstance(request, ImageToImage)
        for wrong in ("data:image/png,x", "data:image/png;base64,!", "data:;base64,AAAA"):
            assert (await self.edit(web, wrong))[0] == 400
        assert len(web.provider.requests) == 1

    async def test_a_mask_comes_as_a_picture_does(self, tmp_path: Path) -> None:
        def url(data: bytes) -> str:
            return f"data:image/png;base64,{base64.b64encode(data).decode()}"

        async with serving(tmp_path, FixedProvider(masks=True)) as web:
            assert (await self.edit(web, url(photograph()), mask={"image_url": url(mask())}))[0] == 200
            [request] = web.provider.requests
            assert isinstance(request, ImageToImage)
            assert request.only_transparent
            status, said = await self.edit(web, url(photograph()), mask={"image_url": url(mask(10, 10))})
            assert (status, said["error"]["param"], said["error"]["code"]) == (400, "mask", "invalid_mask")
            for wrong in ({"file_id": "file-1"}, {}, url(mask()), [{"image_url": url(mask())}], {"image_url": ""}):
                status, said = await self.edit(web, url(photograph()), mask=wrong)
                assert (status, said["error"]["type"]) == (400, "invalid_request_error"), wrong
            for wrong in ("data:image/png;base64,!", "data:image/png;base64,"):
                status, said = await self.edit(web, url(photograph()), mask={"image_url": wrong})
                assert (status, said["error"]["param"]) == (400, "mask")
            status, said = await self.edit(web, url(photograph()), mask={"image_url": "https://example.org/mask.png"})
            assert (status, "FETCH_URLS" in said["error"]["message"]) == (400, True)
            assert (await self.edit(web, url(photograph()), mask=None))[0] == 200
        assert len(web.provider.requests) == 2

    async def test_no_address_is_asked_unless_the_host_allows_it(self, web: Web) -> None:
        status, said = await self.edit(web, "https://example.org/fox.png")
        assert (status, "FETCH_URLS" in said["error"]["message"]) == (400, True)

    async def test_where_it_is_allowed_a_picture_comes_from_its_address_and_this_computer_is_not_asked(
        self, tmp_path: Path
    ) -> None:
        async with serving(tmp_path / "other") as other, serving(tmp_path / "own", fetch_urls=True) as web:
            kept = (await other.abby.studio.create(wish("fox"))).artifacts[0]
            url = f"{other.url}/files/{other.abby.picture_links.sign(kept)}"
            assert (await self.edit(web, url))[0] == 400
            web.abby.fetcher = Fetcher(ports={int(other.url.rpartition(":")[2])}, also_addresses=["127.0.0.1"])
            assert (await self.edit(web, url))[0] == 200
            assert (await self.edit(web, f"{other.url}/healthz"))[1]["error"]["code"] == "invalid_image"
            _, said = await self.edit(web, url, mask={"image_url": f"{other.url}/healthz"})
            assert (said["error"]["code"], said["error"]["param"]) == ("invalid_mask", "mask")
