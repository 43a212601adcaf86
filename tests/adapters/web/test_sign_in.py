"""Signing in to the pages: with links and with Discord, once each, from the browser that began, and out again."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from abby_adapters.web.attempts import ATTEMPTS_IN_ALL_MAX, ATTEMPTS_PER_MINUTE_MAX, WATCHED_MAX, Attempts
from abby_adapters.web.callers import WRONG_TOKENS_PER_MINUTE_MAX, WrongTokens
from abby_adapters.web.pages.discord import BACK_PATH
from abby_core.access.hosts import hosts_of, local_account
from abby_core.studio import Account
from tests.services.oauth_server import CLIENT_ID, CLIENT_SECRET, PERSON, OAuthServer, oauth_server
from tests.support.studio import ALICE, BOB
from tests.support.web import Browser, Web, serving

NELLY = Account("discord", PERSON)


async def whoever(browser: Browser) -> str:
    """Who the pages think is looking; empty: nobody."""
    answer = await browser.get("/account")
    if answer.status == 303:
        return ""
    found = re.search(r'account-name">([^<]*)<', answer.text)
    assert found, "an account page names the account"
    return found[1]


# ---------------------------------------------------------------------- links


async def test_a_link_signs_in_by_its_button_and_not_by_being_looked_at(web: Web) -> None:
    path = f"/sign-in/link/{web.abby.sign_ins.create(ALICE)}"
    async with web.browser(None) as preview, web.browser(None) as browser:
        for method in ("GET", "HEAD", "GET"):
            await preview.request(method, path)
        looked = await browser.get(path)
        assert (looked.status, "set-cookie" in looked.headers) == (200, False)
        assert "alice" in looked.text
        used = await browser.post(path)
        assert (used.status, used.location) == (303, "/")
        assert await whoever(browser) == "alice"
        again = await preview.post(path)
        assert again.status == 403
        assert "has been used, or is too old" in again.text
        assert await whoever(preview) == ""


async def test_of_two_browsers_that_use_a_link_at_once_one_is_signed_in(web: Web) -> None:
    path = f"/sign-in/link/{web.abby.sign_ins.create(ALICE)}"
    async with web.browser(None) as one, web.browser(None) as other:
        answers = await asyncio.gather(*(each.post(path) for each in (one, other)))
        assert sorted(answer.status for answer in answers) == [303, 403]
        assert sorted([await whoever(one), await whoever(other)]) == ["", "alice"]


async def test_signing_in_replaces_the_secret_that_was_in_the_browser(web: Web) -> None:
    async with web.browser(ALICE) as browser:
        (before,) = await web.abby.sessions.list(ALICE)
        await browser.post(f"/sign-in/link/{web.abby.sign_ins.create(ALICE)}")
        (after,) = await web.abby.sessions.list(ALICE)
        assert after.id != before.id


@pytest.mark.parametrize(
    ("following", "leads_to"),
    [
        ("/gallery?page=2", "/gallery?page=2"),
        ("https://evil.example/", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/%0d%0aset-cookie:a=b", "/%0d%0aset-cookie:a=b"),
        ("/\r\nset-cookie: a=b", "/"),
    ],
)
async def test_after_signing_in_one_goes_on_inside_abby_only(web: Web, following: str, leads_to: str) -> None:
    async with web.browser(None) as browser:
        path = f"/sign-in/link/{web.abby.sign_ins.create(ALICE)}"
        answer = await browser.post(f"{path}?next={quote(following, safe='')}")
        assert answer.location == leads_to
        assert list(answer.headers.getall("set-cookie")) == [answer.headers["set-cookie"]]


async def test_pages_for_people_send_strangers_to_sign_in_and_back(web: Web) -> None:
    async with web.browser(None) as browser:
        answer = await browser.get("/account?x=1&y=2")
        assert (answer.status, answer.location) == (303, "/sign-in?next=/account%3Fx%3D1%26y%3D2")
        sign_in = await browser.get(answer.location)
        assert sign_in.status == 200


async def test_signing_out_ends_the_session_and_takes_the_cookie(web: Web) -> None:
    async with web.browser() as browser:
        kept = browser.cookies["abby"]
        left = await browser.post("/sign-out")
        assert left.headers["clear-site-data"] == '"cache"'
        assert "You are signed out here." in (await browser.get(left.location)).text
        assert browser.cookies == {}
    assert await web.abby.sessions.find(kept) is None


async def test_one_sees_where_one_is_signed_in_and_can_sign_out_there(web: Web) -> None:
    async with web.browser() as here, web.browser() as there:
        page = (await here.get("/account", follow=True)).text
        (path,) = re.findall(r'action="(/account/sessions/[0-9a-f]+/end)"', page)
        assert "Signed out there." in (await here.post(path, follow=True)).text
        assert (await whoever(here), await whoever(there)) == ("alice", "")
    async with web.browser() as here, web.browser(), web.browser():
        answer = await here.post("/account/sessions/end-others", follow=True)
        assert "Signed out in 3 other places." in answer.text


# ---------------------------------------------------------------------- cookies and the host


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(web: Web) -> None:
    async with web.browser(None) as browser:
        answer = await browser.post(f"/sign-in/link/{web.abby.sign_ins.create(ALICE)}")
        name, _, rest = answer.headers["set-cookie"].partition("=")
        attributes = {each.strip().partition("=")[0].lower() for each in rest.split(";")[1:]}
        assert (name, "samesite=lax" in rest.lower()) == ("abby", True)
        assert attributes == {"httponly", "max-age", "path", "samesite"}


async def test_under_https_the_cookie_belongs_to_that_host_alone(tmp_path: Path) -> None:
    async with serving(tmp_path, public_url="https://abby.example") as web, web.browser(None) as browser:
        host = {"host": "abby.example", "origin": "https://abby.example"}
        path = f"/sign-in/link/{web.abby.sign_ins.create(ALICE)}"
        answer = await browser.post(path, headers=host)
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-abby=")
        assert {"secure", "httponly", "path=/"} <= {each.strip().lower() for each in cookie.split(";")}
        text = cookie.partition("=")[2].partition(";")[0]
        for name, status in (("__Host-abby", 200), ("abby", 303)):  # a neighbour may plant a cookie of the plain name
            shown = await browser.get("/account", headers=host | {"cookie": f"{name}={text}"})
            assert shown.status == status


def test_hosts_are_whoever_runs_abby_and_whom_they_named() -> None:
    assert hosts_of("") == {local_account().key}
    assert hosts_of(" discord:123 ,, alice,") == {local_account().key, "discord:123", "local:alice"}


async def test_hosts_have_a_section_more(tmp_path: Path) -> None:
    async with serving(tmp_path, admins="local:alice") as web, web.browser() as alice, web.browser(BOB) as bob:
        assert ['href="/admin"' in (await each.get("/account")).text for each in (alice, bob)] == [True, False]


# ---------------------------------------------------------------------- with Discord


@asynccontextmanager
async def with_discord(root: Path, **changes: Any) -> AsyncGenerator[tuple[Web, OAuthServer]]:
    configured: dict[str, Any] = {"discord_client_id": CLIENT_ID, "discord_client_secret": CLIENT_SECRET, **changes}
    async with oauth_server() as discord, serving(root, discord_url=discord.url, **configured) as web:
        discord.redirects.add(web.url + BACK_PATH)
        yield web, discord


async def there_and_back(browser: Browser, following: str = "/account") -> str:
    """Set out for Discord and say yes there; the address that its answer leads to."""
    begun = await browser.get(f"/sign-in/discord?next={following}")
    assert begun.status == 303
    there = await browser.get(begun.location)
    assert there.status == 302, there.text
    return there.location


async def test_discord_signs_in_who_one_is_there(tmp_path: Path) -> None:
    async with with_discord(tmp_path) as (web, discord), web.browser(None) as browser:
        assert "/sign-in/discord" in (await browser.get("/sign-in", follow=True)).text
        answer = await browser.get(await there_and_back(browser))
        assert (answer.status, answer.location) == (303, "/account")
        assert await whoever(browser) == NELLY.key
        assert discord.complaints == []
        kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
        assert all(token.encode() not in kept for token in discord.tokens)


async def test_a_code_counts_once(tmp_path: Path) -> None:
    async with with_discord(tmp_path) as (web, discord), web.browser(None) as browser:
        back = await there_and_back(browser)
        cookie = browser.cookies["abby-journey"]
        await browser.get(back)
        await browser.post("/sign-out")
        replayed = await browser.get(back, headers={"cookie": f"abby-journey={cookie}"})
        assert replayed.status == 403
        assert "Discord did not accept this sign-in" in replayed.text
        assert discord.complaints == ["token: no such code"]
        assert await whoever(browser) == ""


async def test_what_began_in_another_browser_ends_there(tmp_path: Path) -> None:
    """Somebody who has others follow their own way back would sign them in as themselves."""
    async with with_discord(tmp_path) as (web, discord), web.browser(None) as attacker, web.browser(None) as victim:
        back = await there_and_back(attacker)
        for visit in (back, back.replace("state=", "state=x")):
            answer = await victim.get(visit)
            assert answer.status == 403
            assert "began in another browser" in answer.text
        await there_and_back(victim)  # the victim has set out too, with a state of their own
        assert (await victim.get(back)).status == 403
        assert await whoever(victim) == ""
        assert len(discord.codes) == 2, "no code was shown to Discord"


async def test_a_code_is_worth_nothing_without_the_verifier_it_was_asked_for_with(tmp_path: Path) -> None:
    async with with_discord(tmp_path) as (web, discord), web.browser(None) as browser, web.browser(None) as other:
        back = await there_and_back(browser)
        cookie = browser.cookies["abby-journey"]
        state, _, rest = cookie.partition(".")
        forged = f"{state}.{'A' * 64}.{rest.partition('.')[2]}"
        answer = await other.get(back, headers={"cookie": f"abby-journey={forged}"})
        assert answer.status == 403
        assert discord.complaints == ["token: the verifier is another's"]


async def test_whoever_says_no_at_discord_is_told_so(tmp_path: Path) -> None:
    async with with_discord(tmp_path) as (web, discord), web.browser(None) as browser:
        discord.denies = True
        answer = await browser.get(await there_and_back(browser))
        assert "Discord was told not to sign you in" in answer.text


@pytest.mark.parametrize("trouble", ["secret", "answer", "silence", "nobody"])
async def test_trouble_at_discord_is_a_sentence(tmp_path: Path, trouble: str) -> None:
    changes: dict[str, Any] = {"discord_client_secret": "wrong"} if trouble == "secret" else {}
    async with with_discord(tmp_path, **changes) as (web, discord), web.browser(None) as browser:
        if trouble == "answer":
            discord.status = 500
        if trouble == "nobody":
            discord.person = "../../local:alice"
        back = await there_and_back(browser)
        if trouble == "silence":
            async with serving(tmp_path / "b", discord_url="http://127.0.0.1:9", discord_client_id=CLIENT_ID,
                               discord_client_secret=CLIENT_SECRET) as mute, mute.browser(None) as other:  # fmt: skip
                begun = await other.get("/sign-in/discord")
                state = parse_qs(urlsplit(begun.location).query)["state"][0]
                answer = await other.get(f"{BACK_PATH}?state={state}&code=c")
        else:
            answer = await browser.get(back)
        says = "client secret" if trouble == "secret" else "Discord does not answer just now"
        assert (answer.status, says in answer.text) == (502, True)


async def test_without_discords_settings_there_is_no_such_way(web: Web) -> None:
    async with web.browser(None) as browser:
        assert "/sign-in/discord" not in (await browser.get("/sign-in", follow=True)).text
        assert (await browser.get("/sign-in/discord")).status == 404
        assert (await browser.get(BACK_PATH)).status == 404


# ---------------------------------------------------------------------- too often


async def test_one_address_tries_so_often_in_a_minute(web: Web) -> None:
    async with web.browser(None) as browser:
        statuses = [
            (await browser.post(f"/sign-in/link/{'a' * 40}")).status for _ in range(ATTEMPTS_PER_MINUTE_MAX * 2 + 1)
        ]
        assert set(statuses) == {403, 429}


def test_who_floods_neither_uses_up_what_others_need_nor_memory() -> None:
    minute = [0.0]
    attempts = Attempts(clock=lambda: minute[0])
    assert [attempts.count("a") for _ in range(1000)].count(True) == ATTEMPTS_PER_MINUTE_MAX
    others = [attempts.count(f"address {number}") for number in range(WATCHED_MAX * 2)]
    assert others.count(True) == ATTEMPTS_IN_ALL_MAX - ATTEMPTS_PER_MINUTE_MAX
    assert len(attempts._from) == WATCHED_MAX
    minute[0] = 60.0
    assert attempts.count("a")


def test_whoever_has_a_whole_network_of_ipv6_is_one_caller() -> None:
    attempts, tokens = Attempts(clock=lambda: 0.0), WrongTokens(lambda: 0.0)
    neighbours = [f"2001:db8:1:2::{number:x}" for number in range(1, 100)]
    assert [attempts.count(each) for each in neighbours].count(True) == ATTEMPTS_PER_MINUTE_MAX
    assert [tokens.count(each) for each in neighbours].count(False) == WRONG_TOKENS_PER_MINUTE_MAX
    assert attempts.count("2001:db8:1:3::1")
    assert not tokens.count("2001:db8:1:3::1")
    for each in ("192.0.2.{}", "::ffff:198.51.100.{}"):
        assert [attempts.count(each.format(number)) for number in range(100)].count(True) == 100
