"""The house's pages: what the host sees and does, written down; what others get of it is in test_owners."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from abby_core.errors import QuotaExceeded
from tests.support.providers import PATIENCE_SECONDS, blocking_provider
from tests.support.studio import ALICE, BOB, assert_sound, until_ended, wish
from tests.support.web import Browser, Web, serving


@pytest.fixture
async def web(tmp_path: Path) -> AsyncGenerator[Web]:
    async with serving(tmp_path, admins="alice") as served:
        yield served


def written(web: Web) -> list[dict[str, object]]:
    """What was noted of the host's actions."""
    web.abby.events.flush()
    lines = (web.abby.settings.storage_root / "logs" / "events.jsonl").read_text().splitlines()
    return [each for each in map(json.loads, lines) if each["event"] == "administered"]


class TestLooking:
    async def test_every_page_is_there_for_the_host(self, web: Web) -> None:
        await web.abby.studio.create(wish("o1", BOB))
        async with web.browser(ALICE) as host:
            for path in (
                "",
                "/usage",
                "/usage?by=reason&days=7",
                "/members",
                "/tiers",
                "/queue",
                "/providers",
                "/check",
            ):
                answer = await host.get(f"/admin{path}")
                assert answer.status == 200, path
            assert "account=local%3Abob" in (await host.get("/admin")).text
            assert (await host.get("/admin/usage?by=shoe-size")).status == 400

    async def test_without_tiers_what_the_settings_give_is_shown_and_a_limit_has_a_name(self, tmp_path: Path) -> None:
        async with serving(tmp_path, admins="alice", max_user_daily_gens=1, max_user_storage_mb=77) as web:
            await web.abby.studio.create(wish("o1", BOB))
            with pytest.raises(QuotaExceeded):
                await web.abby.studio.create(wish("o2", BOB))
            web.abby.quota.set_limit(BOB, "bytes", 5 * 2**20)
            async with web.browser(ALICE) as host:
                tiers = re.findall(r'<td class="figure[^>]*>([^<]*)</td>', (await host.get("/admin/tiers")).text)
                assert tiers == ["unlimited", "1", "unlimited", "77 MB", "10", "0"]
                for path in ("/admin", "/admin/usage?by=reason", "/admin/member?account=local:bob"):
                    page = re.sub(r"<select.*?</select>", "", (await host.get(path)).text, flags=re.DOTALL)
                    assert ("Storage</strong>" if "member?" in path else "Pictures per day<") in page
                    assert "images/day" not in page
                    assert "storage_bytes" not in page

    async def test_of_other_tiers_is_shown_what_they_say_and_nothing_else(self, tmp_path: Path) -> None:
        rules = tmp_path / "abby.toml"
        rules.write_text('[tiers.default]\nimages_per_day = 7\n[tiers.gold]\nroles = ["1"]\nimages_per_hour = 3\n')
        async with (
            serving(tmp_path / "abby", admins="alice", rules_file=rules, max_user_storage_mb=77) as web,
            web.browser(ALICE) as host,
        ):
            answer = await host.get("/admin/tiers")
        tiers = re.findall(r'<td class="figure[^>]*>(?:<span[^>]*>)?([^<]*)<', answer.text)
        assert tiers == ["unlimited", "7", "unlimited", "77 MB", "10", "0", "3", "–", "–", "–", "–", "–"]
        assert "A dash: the tier says nothing" in answer.text

    async def test_members_are_found_by_a_part_of_their_name_taken_literally(self, web: Web) -> None:
        for account in (ALICE, BOB):
            await web.abby.studio.create(wish(f"o-{account.user_id}", account))
        async with web.browser(ALICE) as host:

            async def found(search: str) -> list[str]:
                page = await host.get(f"/admin/members?q={search}")
                return re.findall(r'account=local%3A(\w+)">local', page.text) or re.findall(
                    r"account=local:(\w+)", page.text
                )

            assert sorted(await found("")) == ["alice", "bob"]
            assert await found("BO") == ["bob"]
            assert await found("%25") == []
            assert await found("_") == []


class TestDoing:
    async def test_a_day_is_given_back_and_limits_are_set_and_taken_back(self, web: Web) -> None:
        await web.abby.studio.create(wish("o1", BOB))
        async with web.browser(ALICE) as host:
            await host.post("/admin/member/reset-day", data={"account": BOB.key})
            assert web.abby.quota.status(BOB).images.used == 0
            for meter, typed, amount in (("images/day", "7", 7), ("bytes", "1.5", 3 * 2**19)):
                await host.post("/admin/member/limit", data={"account": BOB.key, "meter": meter, "limit": typed})
                assert web.abby.quota.limits(BOB)[meter] == amount
            for meter, typed in (("images/day", "-1"), ("images/day", "many"), ("shoes", "1"), ("bytes", "nan")):
                form = {"account": BOB.key, "meter": meter, "limit": typed}
                assert (await host.post("/admin/member/limit", data=form)).status == 400
            form = {"account": BOB.key, "meter": "images/day", "take_back": "1"}
            await host.post("/admin/member/limit", data=form)
            assert web.abby.quota.limits(BOB)["images/day"] == 1000
        noted = written(web)
        assert [each["action"] for each in noted] == ["reset-day", "set-limit", "set-limit", "set-limit"]
        assert {(each["by"], each["account"]) for each in noted} == {(ALICE.key, BOB.key)}

    async def test_anybodys_order_can_be_cancelled(self, tmp_path: Path) -> None:
        provider, gate = blocking_provider()
        async with serving(tmp_path, provider, admins="alice") as web, web.browser(ALICE) as host:
            await web.abby.studio.submit(wish("his", BOB))
            page = await host.get("/admin/queue")
            assert 'name="order" value="his"' in page.text
            assert (await host.post("/admin/queue/cancel", data={"order": "his", "account": ALICE.key})).status == 404
            await host.post("/admin/queue/cancel", data={"order": "his", "account": BOB.key})
            assert (await until_ended(web.abby, "his", BOB)).state == "cancelled"
            gate.set()
            assert [each["order"] for each in written(web)] == ["his"]

    async def test_the_check_names_what_is_wrong_and_mends_it_when_asked(self, web: Web) -> None:
        await web.abby.studio.create(wish("o1", BOB))
        web.abby.database.write(lambda tx: tx.execute("UPDATE counters SET used = used + 5 WHERE meter = 'bytes'"))
        async with web.browser(ALICE) as host:
            await host.post("/admin/check")
            assert "wrong-counter" in await settled(host)
            assert web.abby.house.members()[0][1].bytes.used > 5
            await host.post("/admin/check", data={"repair": "1"})
            assert "Mended" in await settled(host)
            await host.post("/admin/check", data={"deep": "1"})
            assert "Everything is as it should be." in await settled(host)
        assert_sound(web.abby)


async def settled(host: Browser) -> str:
    """The check's page once it has ended."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while "looked at…" in (page := await host.get("/admin/check")).text:
            pass
    return page.text
