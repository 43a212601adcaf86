"""Abby's own interface to what people keep: albums, shares, presets, quota, tokens; and what hosts may."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import aiohttp
import pytest

from abby_core.access.token import HOSTS_SCOPES, SCOPES
from tests.support.providers import blocking_provider
from tests.support.studio import ALICE, BOB, until_ended, wish
from tests.support.web import Web, serving


@pytest.fixture
async def http(web: Web) -> AsyncGenerator[aiohttp.ClientSession]:
    async with web.http() as session:
        yield session


async def ask(http: aiohttp.ClientSession, method: str, path: str, body: Any = None) -> Any:
    """The answer's JSON, under ``status`` how it was answered."""
    async with http.request(method, path, json=body) as answer:
        return {**await answer.json(), "status": answer.status}


async def made(web: Web, order_id: str = "o1", **more: Any) -> str:
    return (await web.abby.studio.create(wish(order_id, **more))).artifacts[0].id


async def test_an_album_is_begun_filled_renamed_emptied_and_deleted(web: Web, http: aiohttp.ClientSession) -> None:
    picture = await made(web)
    assert (await ask(http, "POST", "/api/albums", {"name": "Foxes"}))["status"] == 201
    filled = await ask(http, "POST", "/api/albums/foxes/pictures", {"pictures": [picture]})
    assert (filled["pictures"], filled["newest"]) == (1, picture)
    assert [each["id"] for each in (await ask(http, "GET", "/api/pictures?album=Foxes"))["pictures"]] == [picture]
    renamed = await ask(http, "PATCH", "/api/albums/Foxes", {"name": "Red foxes"})
    assert [each["name"] for each in (await ask(http, "GET", "/api/albums"))["albums"]] == ["Red foxes"]
    assert (await ask(http, "DELETE", f"/api/albums/{renamed['id']}/pictures/{picture}"))["pictures"] == 0
    assert (await ask(http, "DELETE", "/api/albums/red foxes"))["status"] == 200
    assert (await ask(http, "GET", "/api/albums/red foxes"))["status"] == 404
    assert (await ask(http, "GET", f"/api/pictures/{picture}"))["status"] == 200


async def test_a_share_is_made_told_once_and_taken_back(web: Web, http: aiohttp.ClientSession) -> None:
    share = await ask(
        http, "POST", "/api/shares", {"picture": await made(web), "password": "swordfish", "views_max": 3}
    )
    assert share["status"] == 201
    token = share["url"].removeprefix(f"{web.url}/s/")
    assert web.abby.shares.open(token, "swordfish")
    found = await ask(http, "GET", f"/api/shares/{share['id']}")
    assert (found["state"], found["views"], found["has_password"]) == ("live", 1, True)
    assert token not in repr([found, await ask(http, "GET", "/api/shares")])
    assert (await ask(http, "DELETE", f"/api/shares/{share['id']}"))["state"] == "revoked"
    assert (await ask(http, "POST", "/api/shares", {}))["status"] == 400


async def test_a_preset_is_kept_used_by_an_order_and_forgotten(web: Web, http: aiohttp.ClientSession) -> None:
    await ask(http, "PUT", "/api/presets/night", {"style": "anime", "width": 1024, "height": 768, "count": 2})
    order = await ask(http, "POST", "/api/orders", {"prompt": "a boat", "preset": "Night", "style": "cinematic"})
    await until_ended(web.abby, order["id"])
    pictures = (await ask(http, "GET", f"/api/orders/{order['id']}"))["made"]
    assert [each["style"] for each in pictures] == ["cinematic", "cinematic"]
    assert (await ask(http, "GET", "/api/presets/night"))["choices"]["style"] == "anime"
    assert (await ask(http, "DELETE", "/api/presets/night"))["status"] == 200
    assert (await ask(http, "POST", "/api/orders", {"prompt": "a boat", "preset": "night"}))["status"] == 404
    assert (await ask(http, "PUT", "/api/presets/%20", {"style": "anime"}))["status"] == 400


async def test_preferences_are_chosen_and_taken_back(http: aiohttp.ClientSession) -> None:
    assert (await ask(http, "PUT", "/api/preferences", {"style": "anime"}))["style"] == "anime"
    assert (await ask(http, "GET", "/api/preferences"))["style"] == "anime"
    assert (await ask(http, "PUT", "/api/preferences", {}))["status"] == 200
    assert (await ask(http, "GET", "/api/preferences"))["style"] is None
    assert (await ask(http, "PUT", "/api/preferences", {"style": "nothing like it"}))["status"] == 400


async def test_a_picture_is_renamed_described_and_shown_to_everybody(web: Web, http: aiohttp.ClientSession) -> None:
    picture = await made(web)
    change = {"name": "fox", "alt_text": "A fox", "visibility": "public"}
    changed = await ask(http, "PATCH", f"/api/pictures/{picture}", change)
    assert changed["name"].startswith("fox")
    assert (changed["alt_text"], changed["visibility"]) == ("A fox", "public")
    assert (await ask(http, "PATCH", f"/api/pictures/{picture}", {"visibility": "server"}))["status"] == 400


async def test_lineage_names_what_a_picture_was_made_from(web: Web, http: aiohttp.ClientSession) -> None:
    parent = await made(web)
    order = await ask(http, "POST", "/api/orders", {"kind": "upscale", "width": 1024, "source": parent})
    await until_ended(web.abby, order["id"])
    [child] = (await ask(http, "GET", f"/api/orders/{order['id']}"))["made"]
    assert [each["id"] for each in (await ask(http, "GET", f"/api/pictures/{child['id']}/lineage"))["ancestors"]] == [
        parent
    ]
    assert [each["id"] for each in (await ask(http, "GET", f"/api/pictures/{parent}/lineage"))["descendants"]] == [
        child["id"]
    ]


async def test_the_trash_is_emptied(web: Web, http: aiohttp.ClientSession) -> None:
    await ask(http, "DELETE", f"/api/pictures/{await made(web)}")
    emptied = await ask(http, "DELETE", "/api/trash")
    assert emptied["pictures"] == 1
    assert emptied["freed_bytes"] > 0
    assert (await ask(http, "GET", "/api/trash"))["pictures"] == []


async def test_quota_is_explained_and_its_history_told(web: Web, http: aiohttp.ClientSession) -> None:
    await made(web, pictures=2)
    assert (await ask(http, "GET", "/api/quota"))["daily"]["used"] == 2
    explained = await ask(http, "GET", "/api/quota/explanation")
    assert {each["meter"]: each["used"] for each in explained["used"] if not each["house"]}["images/day"] == 2
    history = await ask(http, "GET", "/api/quota/history?days=7")
    assert ([each["pictures"] for each in history["days"]], history["total"]["orders"]) == ([0] * 6 + [2], 1)


async def test_a_tokens_own_limit_refuses_says_so_and_is_listed(web: Web) -> None:
    async with web.http(token=web.token(ALICE, images_per_day=1)) as http:
        first = await ask(http, "POST", "/api/orders", {"prompt": "a boat"})
        refused = await ask(http, "POST", "/api/orders", {"prompt": "a house"})
        assert (first["status"], refused["status"], refused["error"]["code"]) == (202, 429, "insufficient_quota")
        assert (refused["error"]["meter"], refused["error"]["limit"]) == ("token images/day", 1)
        assert "This token's own daily limit" in refused["error"]["message"]
        [token] = (await ask(http, "GET", "/api/tokens"))["tokens"]
        assert (token["images_per_day"], token["images_today"]) == (1, 1)
        assert (await ask(http, "DELETE", f"/api/tokens/{token['id']}"))["state"] == "revoked"
        assert (await ask(http, "GET", "/api/tokens"))["status"] == 401


class TestHosts:
    @pytest.fixture
    async def host(self, web: Web) -> AsyncGenerator[aiohttp.ClientSession]:
        async with web.http(token=web.token(ALICE, scopes=(*SCOPES, *HOSTS_SCOPES), by_host=True)) as session:
            yield session

    async def test_they_see_who_uses_what_and_change_limits(self, web: Web, host: aiohttp.ClientSession) -> None:
        await made(web, account=BOB)
        [usage] = (await ask(host, "GET", "/api/admin/usage"))["accounts"]
        assert (usage["account"], usage["quota"]["daily"]["used"]) == ("local:bob", 1)
        path = "/api/admin/accounts/bob"
        assert (await ask(host, "PUT", f"{path}/limits", {"meter": "images/day", "limit": 1}))["limits"][
            "images/day"
        ] == 1
        assert (await ask(host, "POST", f"{path}/reset"))["quota"]["daily"]["used"] == 0
        await ask(host, "PUT", f"{path}/limits", {"meter": "images/day", "limit": None})
        assert (await ask(host, "GET", f"{path}/limits"))["limits"]["images/day"] == 1000
        await ask(host, "PUT", "/api/admin/limits", {"meter": "bytes", "limit": 2**20})
        assert web.abby.quota.status(BOB).house_bytes.limit == 2**20

    async def test_they_see_what_waits_and_runs_but_not_what_was_asked_for(self, tmp_path: Any) -> None:
        provider, gate = blocking_provider()
        async with serving(tmp_path, provider, concurrent_orders=1) as web:
            token = web.token(ALICE, scopes=HOSTS_SCOPES, by_host=True)
            await web.abby.studio.submit(wish("runs", BOB, prompt="a secret fox"))
            await provider.begun()
            await web.abby.studio.submit(wish("waits", BOB, prompt="a secret hare"))
            async with web.http(token=token) as http:
                queue = await ask(http, "GET", "/api/admin/queue")
            gate.set()
            await until_ended(web.abby, "waits", BOB)
        assert (queue["running"], queue["waiting"], queue["deliveries"]) == (1, 1, 0)
        assert [(each["id"], each["state"]) for each in queue["orders"]] == [("runs", "running"), ("waits", "waiting")]
        assert "secret" not in repr(queue)
