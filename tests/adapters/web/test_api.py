"""Abby's own interface: orders without waiting, one's own gallery, and nobody else's."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from abby_core.errors import ProviderError
from tests.support.providers import PATIENCE_SECONDS, FixedProvider, blocking_provider, photograph
from tests.support.studio import ALICE, BOB, assert_sound, until_ended, wish
from tests.support.web import Web, serving

PARTS = [
    ("bytes=0-9", 206, slice(0, 10)),
    ("bytes=100-", 206, slice(100, None)),
    ("bytes=-10", 206, slice(-10, None)),
    ("bytes=0-999999999", 206, slice(0, None)),
    ("bytes=999999999-", 416, slice(0, 0)),
    ("bytes=-0", 416, slice(0, 0)),
    ("bytes=9-0", 200, slice(0, None)),
    ("bytes=0-1,3-4", 200, slice(0, None)),
    ("lines=1-2", 200, slice(0, None)),
    ("bytes=-", 200, slice(0, None)),
]
BAD_ORDERS: list[Any] = [
    {},
    {"prompt": "a boat", "pictures": 0},
    {"prompt": "a boat", "unheard_of": 1},
    {"prompt": "a boat", "width": 512},
    {"prompt": "a boat", "source": "x", "kind": "upscale_it"},
    {"prompt": "a boat", "kind": "image_to_image"},
    {"prompt": "a boat", "image_strength": 0.5},
    {"prompt": "a boat", "seed": 10**30},
    [],
    "a boat",
    None,
]


async def answer_of(answering: Any) -> tuple[int, Any]:
    async with answering as answer:
        return answer.status, await answer.json()


async def made(web: Web, order_id: str = "o1", **more: Any) -> str:
    """A picture of Alice's; returns its id."""
    creation = await web.abby.studio.create(wish(order_id, **more))
    return creation.artifacts[0].id


class TestOrders:
    async def test_an_order_is_accepted_at_once_and_watched_until_it_ends(self, tmp_path: Path) -> None:
        provider, gate = blocking_provider()
        async with serving(tmp_path, provider) as web, web.http() as http:
            async with http.post("/api/orders", json={"prompt": "a boat", "pictures": 2, "seed": 5}) as answer:
                order = await answer.json()
                assert (answer.status, answer.headers["location"]) == (202, f"/api/orders/{order['id']}")
            async with http.get(f"/api/orders/{order['id']}/events") as stream:
                assert stream.content_type == "text/event-stream"
                assert stream.headers["x-accel-buffering"] == "no", "a proxy hands events on as they come"
                first = await stream.content.readuntil(b"\n\n")
                assert b"event: progress" in first
                gate.set()
                assert b"event: end" in await stream.read()
            status, ended = await answer_of(http.get(f"/api/orders/{order['id']}"))
        assert (status, ended["state"], len(ended["made"])) == (200, "done", 2)
        assert ended["made"][0]["seed"] == 5

    async def test_the_same_key_is_the_same_order(self, web: Web) -> None:
        async with web.http() as http:
            key = {"Idempotency-Key": "1"}
            first = await answer_of(http.post("/api/orders", json={"prompt": "a boat"}, headers=key))
            again = await answer_of(http.post("/api/orders", json={"prompt": "a boat"}, headers=key))
            other = await answer_of(http.post("/api/orders", json={"prompt": "a house"}, headers=key))
            await until_ended(web.abby, first[1]["id"])
        assert (first[0], again[0], other[0]) == (202, 202, 409)
        assert first[1]["id"] == again[1]["id"]
        assert len(web.provider.requests) == 1

    async def test_whoever_comes_back_is_told_only_what_is_new(self, web: Web) -> None:
        await made(web)
        async with web.http() as http:
            async with http.get("/api/orders/o1/events") as stream:
                said = await stream.text()
            last = said.partition("id: ")[2].partition("\n")[0]
            async with http.get("/api/orders/o1/events", headers={"Last-Event-ID": last}) as stream:
                assert stream.status == 204
            async with http.get("/api/orders/o1/events", headers={"Last-Event-ID": "running-10-0"}) as stream:
                assert await stream.text() == said

    async def test_one_is_cancelled_and_its_quota_comes_back(self, tmp_path: Path) -> None:
        provider, _ = blocking_provider()
        async with serving(tmp_path, provider) as web, web.http() as http:
            _, order = await answer_of(http.post("/api/orders", json={"prompt": "a boat"}))
            await provider.begun()
            status, _ = await answer_of(http.delete(f"/api/orders/{order['id']}"))
            assert status == 200
            assert (await until_ended(web.abby, order["id"])).state == "cancelled"
            _, quota = await answer_of(http.get("/api/quota"))
            assert quota["daily"]["used"] == 0
            assert_sound(web.abby)

    async def test_a_kept_picture_can_be_worked_on(self, web: Web) -> None:
        picture = await made(web)
        async with web.http() as http:
            for body in ({"kind": "image_to_image", "prompt": "at night"}, {"kind": "upscale", "width": 512}):
                status, order = await answer_of(http.post("/api/orders", json={**body, "source": picture}))
                assert status == 202
                assert (await until_ended(web.abby, order["id"])).state == "done"
        assert [request.kind for request in web.provider.requests][1:] == ["image_to_image", "upscale"]

    async def test_a_bad_order_is_refused_and_costs_nothing(self, web: Web) -> None:
        async with web.http() as http:
            for body in BAD_ORDERS:
                status, answer = await answer_of(http.post("/api/orders", json=body))
                assert (status, set(answer["error"])) == (400, {"message", "type", "param", "code"}), body
        assert web.provider.requests == []

    async def test_why_an_order_failed_is_told(self, tmp_path: Path) -> None:
        provider = FixedProvider(errors=(ProviderError("The oven is cold."),))
        async with serving(tmp_path, provider) as web, web.http() as http:
            _, order = await answer_of(http.post("/api/orders", json={"prompt": "a boat"}))
            await until_ended(web.abby, order["id"])
            _, told = await answer_of(http.get(f"/api/orders/{order['id']}"))
        assert told["error"] == {"code": "ProviderError", "message": "The oven is cold.", "picture": None}


class TestGallery:
    async def test_pages_lead_on_to_the_end_and_filters_hold(self, web: Web) -> None:
        for number in range(5):
            await made(web, f"o{number}", prompt=f"boat {number}")
        async with web.http() as http:
            seen: list[str] = []
            query: dict[str, Any] = {"limit": 2, "text": "boat"}
            while True:
                _, page = await answer_of(http.get("/api/pictures", params=query))
                seen += [picture["prompt"] for picture in page["pictures"]]
                if page["next"] is None:
                    break
                query["before"] = page["next"]
            assert seen == [f"boat {number}" for number in (4, 3, 2, 1, 0)]
            _, none = await answer_of(http.get("/api/pictures", params={"text": "house"}))
            assert none["pictures"] == []

    async def test_a_picture_is_handed_out_as_what_it_is_and_nothing_else(self, web: Web) -> None:
        picture = await made(web)
        async with web.http() as http, http.get(f"/api/pictures/{picture}/file") as answer:
            assert await answer.read() == photograph()
            headers = answer.headers
        assert headers["content-type"] == "image/png"
        assert headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in headers["content-security-policy"]
        assert headers["cache-control"].startswith("private")
        assert headers["content-disposition"].startswith("inline")

    async def test_a_part_can_be_asked_for(self, web: Web) -> None:
        picture = await made(web)
        async with web.http() as http:
            for asked, status, part in PARTS:
                async with http.get(f"/api/pictures/{picture}/file", headers={"range": asked}) as answer:
                    assert (answer.status, await answer.read()) == (status, photograph()[part]), asked

    async def test_what_has_not_changed_is_not_sent_again(self, web: Web) -> None:
        picture = await made(web)
        await web.abby.studio._worker.close()  # its thumbnail is made
        async with web.http() as http:
            async with http.get(f"/api/pictures/{picture}/file") as answer:
                etag = answer.headers["etag"]
            for path, status in (("file", 304), ("thumbnail", 200)):
                async with http.get(f"/api/pictures/{picture}/{path}", headers={"if-none-match": etag}) as answer:
                    assert answer.status == status

    async def test_favourites_the_trash_and_back(self, web: Web) -> None:
        picture = await made(web)
        async with web.http() as http:
            assert (await answer_of(http.put(f"/api/pictures/{picture}/favourite")))[1]["favourite"]
            _, page = await answer_of(http.get("/api/pictures", params={"favourite": "true"}))
            assert [each["id"] for each in page["pictures"]] == [picture]
            assert not (await answer_of(http.delete(f"/api/pictures/{picture}/favourite")))[1]["favourite"]
            assert (await answer_of(http.delete(f"/api/pictures/{picture}")))[1]["state"] == "trashed"
            assert (await answer_of(http.get(f"/api/pictures/{picture}")))[0] == 404
            _, trash = await answer_of(http.get("/api/trash"))
            assert [each["id"] for each in trash["pictures"]] == [picture]
            assert (await answer_of(http.post(f"/api/trash/{picture}/undo")))[1]["state"] == "kept"
            await answer_of(http.delete(f"/api/pictures/{picture}", params={"for_good": "true"}))
            assert (await answer_of(http.post(f"/api/trash/{picture}/undo")))[0] == 404
        assert_sound(web.abby)


class TestOthers:
    async def test_anothers_thing_answers_exactly_like_one_that_does_not_exist(self, web: Web) -> None:
        picture = await made(web)
        await made(web, "o2")
        web.abby.gallery.delete(ALICE, web.abby.gallery.of_order(ALICE, "o2")[0].id)
        trashed = web.abby.gallery.of_order(ALICE, "o2")[0].id
        async with web.http(BOB) as http:
            for method, path, own in (
                ("GET", "/api/pictures/{}", picture),
                ("GET", "/api/pictures/{}/file", picture),
                ("GET", "/api/pictures/{}/thumbnail", picture),
                ("PUT", "/api/pictures/{}/favourite", picture),
                ("DELETE", "/api/pictures/{}/favourite", picture),
                ("DELETE", "/api/pictures/{}", picture),
                ("DELETE", "/api/pictures/{}?for_good=true", trashed),
                ("POST", "/api/trash/{}/undo", trashed),
                ("GET", "/api/orders/{}", "o1"),
                ("GET", "/api/orders/{}/events", "o1"),
                ("DELETE", "/api/orders/{}", "o1"),
            ):
                theirs = await answer_of(http.request(method, path.format(own)))
                nobodys = await answer_of(http.request(method, path.format("nothing")))
                assert theirs[0] == nobodys[0] == 404, path
                assert str(theirs[1]).replace(own, "") == str(nobodys[1]).replace("nothing", ""), path
            body = {"kind": "upscale", "source": picture}
            assert (await answer_of(http.post("/api/orders", json=body)))[0] == 404
            assert (await answer_of(http.get("/api/pictures")))[1]["pictures"] == []
            assert (await answer_of(http.get("/api/orders")))[1]["orders"] == []
        assert web.abby.gallery.find(ALICE, picture).favourite is False

    @pytest.mark.parametrize(
        ("scope", "status"), [("make", (202, 403, 403)), ("look", (403, 200, 403)), ("change", (403, 403, 200))]
    )
    async def test_a_token_opens_what_its_scopes_say(self, web: Web, scope: str, status: tuple[int, int, int]) -> None:
        picture = await made(web)
        async with web.http(token=web.token(ALICE, scopes=(scope,))) as http:
            ordered, _ = await answer_of(http.post("/api/orders", json={"prompt": "a boat"}))
            looked, _ = await answer_of(http.get("/api/pictures"))
            changed, _ = await answer_of(http.put(f"/api/pictures/{picture}/favourite"))
            assert (await answer_of(http.get("/api/quota")))[0] == 200
        assert (ordered, looked, changed) == status


class TestDescription:
    async def test_it_names_every_path_and_how_to_get_in(self, web: Web) -> None:
        async with aiohttp.ClientSession(web.url) as stranger:
            status, document = await answer_of(stranger.get("/api/openapi.json"))
        assert status == 200
        described = {(path, method) for path, each in document["paths"].items() for method in each}
        assert {("/v1/images/generations", "post"), ("/v1/images/edits", "post"), ("/api/orders", "post"),
                ("/api/orders/{order_id}/events", "get"), ("/api/pictures/{picture}/file", "get"),
                ("/healthz", "get")} <= described  # fmt: skip
        assert "token" in document["components"]["securitySchemes"]
        operations = [operation for path in document["paths"].values() for operation in path.values()]
        assert all(operation.get("summary") for operation in operations)
        assert not any({"default", "422"} & each["responses"].keys() for each in operations)
        assert len({operation["operationId"] for operation in operations}) == len(operations)

    async def test_what_it_says_of_answers_is_true(self, web: Web) -> None:
        import jsonschema

        picture = await made(web)
        async with web.http() as http:
            _, document = await answer_of(http.get("/api/openapi.json"))
            for path, template in (
                ("/api/orders", "/api/orders"),
                ("/api/orders/o1", "/api/orders/{order_id}"),
                ("/api/pictures", "/api/pictures"),
                (f"/api/pictures/{picture}", "/api/pictures/{picture}"),
                ("/api/trash", "/api/trash"),
                ("/api/quota", "/api/quota"),
            ):
                schema = document["paths"][template]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
                status, answer = await answer_of(http.get(path))
                assert status == 200
                jsonschema.validate(answer, {**schema, "components": document["components"]})


async def test_watching_ends_when_whoever_watches_goes_away(tmp_path: Path) -> None:
    provider, gate = blocking_provider()
    async with serving(tmp_path, provider) as web, web.http() as http:
        _, order = await answer_of(http.post("/api/orders", json={"prompt": "a boat"}))
        async with http.get(f"/api/orders/{order['id']}/events") as stream:
            await stream.content.readuntil(b"\n\n")
        gate.set()
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert (await until_ended(web.abby, order["id"])).state == "done"
