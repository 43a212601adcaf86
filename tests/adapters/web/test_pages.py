"""The pages over HTTP: who may send forms, what every answer carries, and making pictures without a script."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from abby_adapters.web import desk
from abby_adapters.web.app import make_app
from abby_adapters.web.attempts import ATTEMPTS_PER_MINUTE_MAX
from abby_adapters.web.pages.make_form import MakeForm
from abby_adapters.web.pages.shell import POLICY
from abby_core.errors import ConfigurationError
from abby_core.languages import LANGUAGES
from tests.support.providers import blocking_provider, photograph
from tests.support.studio import ALICE, BOB, assert_sound, open_abby, until_ended
from tests.support.web import Answer, Browser, Web, serving

OURS = [
    {"sec-fetch-site": "same-origin"},
    {"sec-fetch-site": "same-origin", "origin": "https://a-proxy-changed-this.example"},
    {"sec-fetch-site": "none"},
    {"origin": "OURS"},
]
THEIRS = [
    {},
    {"sec-fetch-site": "cross-site", "origin": "https://evil.example"},
    {"sec-fetch-site": "same-site", "origin": "http://neighbour.localhost"},
    {"sec-fetch-site": "cross-site", "origin": "OURS"},
    {"sec-fetch-site": "", "origin": "OURS"},
    {"sec-fetch-site": "SAME-ORIGIN"},
    {"origin": "null"},
    {"origin": ""},
    {"origin": "https://evil.example"},
    {"origin": "http://127.0.0.1:1"},
    {"origin": "http://127.0.0.1"},
    {"origin": "http://[", "referer": "OURS/"},
    {"origin": "chrome-extension://127.0.0.1"},
]


async def sent(web: Web, path: str, headers: dict[str, str], *, method: str = "POST", signed_in: bool = True) -> Answer:
    """A request with these headers alone, besides the cookie of whoever is signed in."""
    shown = {name: value.replace("OURS", web.url) for name, value in headers.items()}
    if signed_in:
        shown["cookie"] = f"abby={(await web.abby.sessions.begin(ALICE))[1]}"
    async with aiohttp.ClientSession() as session:
        return await Browser(session).request(method, web.url + path, headers=shown)


def fields(page: str, **typed: str) -> dict[str, str]:
    """The form for pictures as it came, filled in."""
    found = re.search(r'name="key" value="([0-9a-f]{32})"', page)
    assert found
    return {"key": found[1], **typed}


async def submit(browser: Browser, **typed: Any) -> Answer:
    page = await browser.get("/")
    return await browser.post("/", data=multipart({**fields(page.text), **typed}))


def multipart(typed: dict[str, Any]) -> aiohttp.FormData:
    form = aiohttp.FormData(default_to_multipart=True)
    for name, value in typed.items():
        if isinstance(value, bytes):
            form.add_field(name, value, filename="picture.png", content_type="image/png")
        else:
            form.add_field(name, value)
    return form


# ---------------------------------------------------------------------- forms come from our own pages


@pytest.mark.parametrize("headers", OURS, ids=str)
async def test_forms_of_our_own_pages_are_taken(web: Web, headers: dict[str, str]) -> None:
    assert (await sent(web, "/sign-out", headers)).status == 303
    assert (await sent(web, "/api/pictures/nothing/favourite", headers, method="PUT")).status == 404


@pytest.mark.parametrize("headers", THEIRS, ids=str)
async def test_forms_of_other_pages_are_not(web: Web, headers: dict[str, str]) -> None:
    for path, method in (
        ("/sign-out", "POST"), ("/", "POST"), ("/preferences", "POST"), ("/account/sessions/end-others", "POST"),
        ("/api/orders", "POST"), ("/api/pictures/nothing/favourite", "PUT"), ("/api/pictures/nothing", "DELETE"),
    ):  # fmt: skip
        answer = await sent(web, path, headers, method=method)
        assert (path, answer.status, "another site" in answer.text) == (path, 403, True)
    for path in ("/preferences", f"/sign-in/link/{web.abby.sign_ins.create(ALICE)}"):
        answer = await sent(web, path, headers, signed_in=False)
        assert answer.status == 403, "strangers' browsers can be misused to sign them in as somebody"
    assert await web.abby.studio.orders(ALICE) == []


async def test_what_is_kept_out_is_told_on_a_page_in_the_readers_language(web: Web) -> None:
    german = {"accept-language": "de", "content-type": "application/x-www-form-urlencoded"}
    elsewhere = await sent(web, "/preferences", {**german, "origin": "https://evil.example"})
    large = await sent(web, "/preferences", {**german, "origin": "OURS", "content-length": str(2**30)})
    for answer, status in ((elsewhere, 403), (large, 413)):
        assert (answer.status, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
        assert '<html lang="de"' in answer.text
        assert answer.headers["content-security-policy"] == POLICY
    assert large.headers["connection"] == "close"


async def test_a_token_needs_no_origin_and_a_cookie_opens_nothing_for_programs_only(web: Web) -> None:
    async with web.http() as http:
        assert (await http.post("/api/orders", json={"prompt": "a boat"})).status == 202
    assert (await sent(web, "/api/quota", {}, method="GET")).status == 200
    assert (await sent(web, "/v1/models", {}, method="GET")).status == 401
    assert (await sent(web, "/api/quota", {"authorization": "Bearer wrong"}, method="GET")).status == 401


# ---------------------------------------------------------------------- what answers carry


async def test_every_page_says_what_it_may_load_and_who_may_keep_it(web: Web) -> None:
    async with web.browser() as browser, web.browser(None) as stranger:
        answers = [await browser.get(path) for path in ("/", "/orders", "/account", "/nothing", "/orders/nothing")]
        answers += [await stranger.get(path) for path in ("/sign-in", f"/sign-in/link/{'a' * 40}", "/nothing")]
        answers.append(await browser.post("/", data={"key": "wrong"}))
        for answer in answers:
            assert answer.headers["content-security-policy"] == POLICY
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["referrer-policy"] == "same-origin"
            assert not re.search(
                r"<script(?![^>]*src=\"/static/)|\sstyle=|\son[a-z]+=|javascript:|https?://", answer.text
            )
    assert "unsafe" not in POLICY


async def test_static_files_are_kept_for_good_under_the_address_of_their_content(web: Web) -> None:
    async with web.browser(None) as browser:
        page = (await browser.get("/sign-in")).text
        for path in set(re.findall(r"/static/[^\"]+", page)):
            async with browser.session.get(path) as answer:
                assert answer.status == 200
                assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
            async with browser.session.get(re.sub(r"/static/[^/]+", "/static/old", path)) as answer:
                assert answer.headers["cache-control"] == "no-cache"
        for wrong in ("/static/x/nothing.css", "/static/x/..%2Fshell.py", "/static/x/%2e%2e/app.py", "/static/x/"):
            assert (await browser.get(wrong)).status == 404


async def test_breaches_of_the_rules_are_logged_and_not_without_end(web: Web, caplog: pytest.LogCaptureFixture) -> None:
    async with web.browser(None) as browser:
        with caplog.at_level(logging.WARNING):
            for _ in range(120):
                assert (await browser.post("/csp-reports", data=b'{"csp-report": "\n\x1b[31m"}')).status == 204
    lines = [record.getMessage() for record in caplog.records if "breach of the pages" in record.getMessage()]
    assert len(lines) == 100
    assert all("\n" not in line and "\x1b" not in line for line in lines)


async def test_a_breach_is_told_in_the_log_without_the_links_that_it_happened_behind(
    web: Web, caplog: pytest.LogCaptureFixture
) -> None:
    links = (f"{web.url}/s/secret1", f"{web.url}/sign-in/link/secret2?next=/secret3", f"{web.url}/s/secret4/file")
    reports = [
        {"document-uri": links[0], "violated-directive": "script-src-elem", "blocked-uri": "https://evil.example/secret5/x"},
        {"document-uri": links[1], "violated-directive": "style-src-attr", "blocked-uri": "inline"},
        {"document-uri": f"{web.url}/", "violated-directive": "img-src", "blocked-uri": links[2], "referrer": links[0]},
        {"document-uri": "http://[secret6", "violated-directive": "img-src", "blocked-uri": "data"},
    ]  # fmt: skip
    bodies = [json.dumps({"csp-report": each | {"original-policy": POLICY}}).encode() for each in reports]
    async with web.browser(None) as browser:
        with caplog.at_level(logging.WARNING):
            for body in (*bodies, b"[" * 100_000, b'{"secret7": 1}', b"secret8", b""):
                assert (await browser.post("/csp-reports", data=body)).status == 204
    lines = [record.getMessage() for record in caplog.records if "breach of the pages" in record.getMessage()]
    assert len(lines) == len(reports) + 4
    assert "script-src-elem" in lines[0]
    assert '"s" against "evil.example"' in lines[0]
    assert '"style-src-attr"' in lines[1]
    assert '"inline"' in lines[1]
    assert not any("secret" in line for line in lines)


async def test_pages_speak_the_language_that_was_chosen_before_the_browsers(web: Web) -> None:
    async with web.browser() as browser:

        async def spoken(path: str = "/orders", accept: str = "") -> str:
            page = (await browser.get(path, headers={"accept-language": accept})).text
            found = re.search(r'<html lang="([^"]+)"', page)
            assert found
            return found[1]

        assert await spoken(accept="xx, fr-CH;q=0.9, de;q=0.8") == "fr"
        assert await spoken(accept="," * 10_000) == "en"
        for path in ("/", "/gallery", "/account", "/quota", "/tokens", "/nothing", "/pictures/nothing"):
            assert await spoken(path, accept="de-AT,de;q=0.9,en;q=0.8") == "de"
        assert await spoken("/orders?lang=ja", accept="fr") == "ja"
        kept = await browser.post("/preferences", data={"language": "pt-BR", "appearance": "dark", "back": "/orders"})
        assert kept.location == "/orders"
        assert await spoken(accept="fr") == "pt-BR"
        assert 'data-appearance="dark"' in (await browser.get("/orders")).text
        await browser.post(
            "/preferences", data={"language": "xx", "appearance": "url(//evil)", "back": "//evil.example"}
        )
        assert await spoken() == "pt-BR"


async def test_every_page_offers_all_languages_by_their_own_names(web: Web) -> None:
    async with web.browser(None) as browser:
        page = (await browser.get("/sign-in")).text
    offered = re.findall(r'<option value="([^"]+)" lang="([^"]+)"[^>]*>([^<]+)</option>', page)
    assert offered == [(code, code, name) for code, name in LANGUAGES.items()]


async def test_a_notice_is_one_of_ours_whatever_the_address_says(web: Web) -> None:
    async with web.browser() as browser:
        said = await browser.get("/account?said=signed-out-elsewhere&n=2")
        assert "Signed out in 2 other places." in said.text
        for address in (
            "/account?said=<b>Call+0900</b>",
            "/account?said=signed-out-elsewhere&n=<b>",
            "/account?said=x&n=9",
        ):
            assert "<b>" not in (await browser.get(address)).text


# ---------------------------------------------------------------------- making pictures


async def test_a_form_becomes_an_order_and_its_picture(web: Web) -> None:
    async with web.browser() as browser:
        answer = await submit(
            browser, prompt="a {red, green} boat --n 2", style="anime", aspect="16:9", negative="trees", seed="7"
        )  # fmt: skip
        assert answer.status == 303
        order = await until_ended(web.abby, answer.location.rpartition("/")[2])
        assert (order.state, order.pictures) == ("done", 4)
        requests = [(r.prompt, getattr(r, "style", ""), getattr(r, "width", 0), getattr(r, "negative_prompt", ""))
                    for r in web.provider.requests]  # fmt: skip
        assert set(requests) == {(f"a {colour} boat", "anime", 1344, "trees") for colour in ("red", "green")}
        page = await browser.get(answer.location)
        assert page.text.count('class="result card"') == 4
        pictures = await asyncio.to_thread(web.abby.gallery.of_order, ALICE, order.id)
        async with browser.session.get(f"/api/pictures/{pictures[0].id}/file") as file:
            assert await file.read() == photograph()
        again = await browser.get(f"/?reuse={pictures[0].id}")
        for value in ('value="7"', 'value="trees"', 'value="anime" checked', "boat</textarea>"):
            assert value in again.text


async def test_the_same_form_twice_is_one_order_and_another_word_another(web: Web) -> None:
    async with web.browser() as browser, web.browser(BOB) as bob:
        form = fields((await browser.get("/")).text, prompt="a boat")
        answers = await asyncio.gather(*(browser.post("/", data=multipart(form)) for _ in range(5)))
        assert {answer.status for answer in answers} == {303}
        assert len({answer.location for answer in answers}) == 1
        other = await browser.post("/", data=multipart({**form, "prompt": "a ship"}))
        assert other.location != answers[0].location
        his = await bob.post("/", data=multipart(form))
        assert his.location not in {other.location, answers[0].location}
        for answer in (answers[0], other):
            await until_ended(web.abby, answer.location.rpartition("/")[2])
        await until_ended(web.abby, his.location.rpartition("/")[2], BOB)
        assert (len(await web.abby.studio.orders(ALICE)), len(await web.abby.studio.orders(BOB))) == (2, 1)
    assert_sound(web.abby)


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"prompt": ""}, "prompt"),
        ({"prompt": "a boat", "count": "11"}, "Ask for 1 to 10 pictures"),
        ({"prompt": "a boat", "count": "x"}, "whole number"),
        ({"prompt": "a boat", "seed": "-1"}, "A seed is a whole number."),
        ({"prompt": "a boat", "size": "huge"}, "1024x768"),
        ({"prompt": "a boat", "style": "<script>"}, "There is no such style"),
        ({"prompt": "a boat", "provider": "nobody"}, "no provider of that name"),
        ({"prompt": "a boat", "preset": "nothing"}, "preset"),
        ({"prompt": "a boat --wrong 3"}, "There is no parameter --wrong"),
        ({"prompt": "a boat", "picture": b"GIF89a no picture"}, "picture"),
        ({"prompt": "a boat", "source": "another's.png"}, "picture"),
        ({"prompt": "a boat", "picture": photograph(), "strength": "101"}, "image_strength"),
        ({"prompt": "a boat", "key": "x"}, "This form is too old."),
        ({"prompt": "x" * 3000}, "2,000"),
    ],
    ids=str,
)
async def test_what_cannot_be_is_said_and_nothing_of_it_is_lost(web: Web, typed: dict[str, Any], says: str) -> None:
    async with web.browser() as browser:
        answer = await submit(browser, **typed)
        assert answer.status in {400, 404}
        notice = re.search(r'role="alert" id="refused">.*?<p>(.*?)</p>', answer.text, re.DOTALL)
        assert notice
        assert says in notice[1].replace("&#39;", "'")
        assert f">{typed['prompt']}</textarea>" in answer.text
        for name in ("seed", "size"):
            if typed.get(name):
                assert f'value="{typed[name]}"' in answer.text
        assert "<script>" not in notice[1]
    assert await web.abby.studio.orders(ALICE) == []
    assert_sound(web.abby)


async def test_another_persons_order_is_none(web: Web) -> None:
    async with web.browser() as alice, web.browser(BOB) as bob:
        path = (await submit(alice, prompt="a boat")).location
        await until_ended(web.abby, path.rpartition("/")[2])
        for method, suffix in (("GET", ""), ("GET", "/events"), ("POST", "/cancel")):
            theirs = await bob.request(method, path + suffix)
            nothing = await bob.request(method, "/orders/nothing" + suffix)
            assert (theirs.status, nothing.status) == (404, 404)
            assert theirs.text.replace(path.rpartition("/")[2], "nothing") == nothing.text


async def test_progress_goes_on_where_it_broke_off_and_ends(tmp_path: Path) -> None:
    provider, gate = blocking_provider()
    async with serving(tmp_path, provider) as web, web.browser() as browser:
        path = (await submit(browser, prompt="a boat")).location + "/events"
        await provider.begun()
        async with browser.session.get(path) as stream:
            assert stream.headers["content-type"].startswith("text/event-stream")
            seen = ""
            async for line in stream.content:
                if line.startswith(b"id: "):
                    seen = line.decode().removeprefix("id: ").strip()
                if b'"percent": 50' in line:
                    break
        assert seen == "running-50-0"
        waiting = asyncio.create_task(browser.get(path, headers={"last-event-id": seen}))
        gate.set()
        rest = await waiting
        assert "running-50-0" not in rest.text
        assert re.search(r"id: end\nevent: end\ndata: .*\"says\": \"Done.\"", rest.text)
        assert (await browser.get(path, headers={"last-event-id": "end"})).status == 204


async def test_ones_order_is_seen_while_it_is_made_and_by_nobody_else(tmp_path: Path) -> None:
    provider, gate = blocking_provider(preview=photograph())
    async with serving(tmp_path, provider) as web, web.browser() as browser, web.browser(BOB) as bob:
        path = (await submit(browser, prompt="a boat")).location
        await provider.begun()
        async with browser.session.get(f"{path}/events") as stream:
            told = [line async for line in _until(stream.content, b'"preview": "0.0"')]
        assert b"id: running-50-0-0.0\n" in told
        async with browser.session.get(f"{path}/preview?v=0.0") as answer:
            assert await answer.read() == photograph()
            assert answer.headers["content-type"] == "image/png"
            assert answer.headers["cache-control"] == "private, no-store"
            assert "sandbox" in answer.headers["content-security-policy"]
        theirs, nothing = await bob.get(f"{path}/preview"), await bob.get("/orders/nothing/preview")
        assert (theirs.status, nothing.status) == (404, 404)
        assert theirs.text.replace(path.rpartition("/")[2], "nothing") == nothing.text
        gate.set()
        await until_ended(web.abby, path.rpartition("/")[2])
        assert (await browser.get(f"{path}/preview")).status == 204


async def test_what_a_service_calls_a_preview_and_is_no_picture_is_not_shown(tmp_path: Path) -> None:
    provider, _ = blocking_provider(preview=b"<script>")
    async with serving(tmp_path, provider) as web, web.browser() as browser:
        path = (await submit(browser, prompt="a boat")).location
        await provider.begun()
        answer = await browser.get(f"{path}/preview")
        assert (answer.status, answer.text) == (204, "")


async def test_a_stream_ends_with_the_session_that_opened_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "PAUSE_SECONDS", 0.05)
    provider, _ = blocking_provider()
    async with serving(tmp_path, provider) as web, web.browser() as browser:
        path = (await submit(browser, prompt="a boat")).location
        await provider.begun()
        for stream_of in (f"{path}/events", f"/api{path}/events"):
            text = (await web.abby.sessions.begin(ALICE))[1]
            there = aiohttp.ClientSession(web.url, cookies={"abby": text})
            async with there, there.get(stream_of) as stream:
                assert stream.status == 200
                await stream.content.readline()
                session = await web.abby.sessions.find(text)
                assert session is not None
                await web.abby.sessions.end(ALICE, session.id)
                assert b"event: end" not in await stream.content.read()
        assert (await web.abby.studio.order(path.rpartition("/")[2], ALICE)).state == "running"


async def _until(lines: aiohttp.StreamReader, mark: bytes) -> AsyncGenerator[bytes]:
    """The lines up to the one with that mark, which is the last."""
    async for line in lines:
        yield line
        if mark in line:
            return


async def test_without_a_script_the_page_of_an_order_is_loaded_anew_until_it_has_ended(tmp_path: Path) -> None:
    provider, gate = blocking_provider()
    async with serving(tmp_path, provider) as web, web.browser() as browser:
        path = (await submit(browser, prompt="a boat")).location
        refresh = '<noscript><meta http-equiv="refresh"'
        assert refresh in (await browser.get(path)).text
        assert "refresh" in (await browser.get("/orders")).text
        gate.set()
        await until_ended(web.abby, path.rpartition("/")[2])
        assert refresh not in (await browser.get(path)).text
        assert "refresh" not in (await browser.get("/orders")).text


def test_the_form_of_a_picture_reads_what_it_writes() -> None:
    form = MakeForm.read({"prompt": " a boat ", "doing": "upscale", "count": "2", "fewer": "1"}, b"")
    assert (form.prompt, form.doing, form.count) == ("a boat", "words", "1")
    assert MakeForm.read({"doing": "words"}, b"x").doing == "transform"
    assert MakeForm.read({"doing": "upscale", "source": "x"}, b"").doing == "upscale"


# ---------------------------------------------------------------------- where requests come from


async def come_from(web: Web, headers: dict[str, str]) -> int:
    """How many wrong sign-ins are let through from there, of 25."""
    async with web.browser(None) as browser:
        statuses = [(await browser.get(f"/sign-in/link/{'a' * 40}", headers=headers)).status for _ in range(25)]
    return statuses.count(403)


async def test_what_a_stranger_says_of_their_address_counts_for_nothing(web: Web) -> None:
    assert sum([await come_from(web, {"x-forwarded-for": f"203.0.113.{n}"}) for n in range(3)]) <= 20


async def test_what_a_trusted_proxy_says_of_addresses_counts(tmp_path: Path) -> None:
    async with serving(tmp_path, trusted_proxies="127.0.0.0/8, 10.0.0.1") as web:
        for number in range(3):
            let_through = await come_from(web, {"x-forwarded-for": f"203.0.113.{number}, 10.0.0.1"})
            assert 10 <= let_through <= 20, "each address for itself"
        forged = [
            await come_from(web, {"x-forwarded-for": f"198.51.100.{n}, 203.0.113.99, 10.0.0.1"}) for n in range(3)
        ]
        assert sum(forged) <= 20, "what stands before the first stranger, the stranger wrote"


async def test_callers_are_told_apart_however_a_proxy_writes_their_addresses(tmp_path: Path) -> None:
    written = (
        "203.0.113.{}:50123",
        "[2001:db8:0:{}::9]:50123",
        "[2001:db8:1:{}::9]",
        "2001:db8:2:{}::9",
        "::ffff:203.0.114.{}",
    )
    path = f"/sign-in/link/{'a' * 40}"
    async with serving(tmp_path, trusted_proxies="127.0.0.1") as web, web.browser(None) as browser:
        for form in written:
            floods, comes = ({"x-forwarded-for": form.format(number)} for number in (1, 2))
            for _ in range(ATTEMPTS_PER_MINUTE_MAX):
                await browser.get(path, headers=floods)
            assert (await browser.get(path, headers=comes)).status == 403, "their own first try"


def test_a_proxy_that_cannot_be_is_named(tmp_path: Path) -> None:
    abby = open_abby(tmp_path, trusted_proxies="the one in the corner")
    with pytest.raises(ConfigurationError, match="TRUSTED_PROXIES"):
        make_app(abby)
    abby.close()
