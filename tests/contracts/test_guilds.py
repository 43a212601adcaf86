"""Servers on SQLite and PostgreSQL: what managers decide, who is banned, what is refused before anything is spent."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import pytest

from abby_core.access import ban_rows
from abby_core.access.ban_rows import EVERYWHERE
from abby_core.access.bans import REASON_CHARACTERS_MAX
from abby_core.access.guild_settings import NO_SETTINGS, WORDS_MAX, GuildSettings
from abby_core.access.patterns import Pattern
from abby_core.access.prompt_filter import WordRule, Words
from abby_core.bootstrap import Abby
from abby_core.errors import Banned, InvalidRequest, NotHere, PromptNotAllowed, QuotaExceeded, Refused
from abby_core.gallery.export import export
from abby_core.quota.account import Account
from abby_core.quota.place import Place
from abby_core.storage.fsck import check
from tests.services.databases import Place as Database
from tests.services.databases import contents
from tests.support.studio import ALICE, BOB, Clock, counter, open_abby, reservations, wish

SERVER = "discord:1"
HERE = Place(server=SERVER, channels=frozenset({"10", "11"}))
ADULTS = replace(HERE, age_restricted=True)
DIRECT = Place()
DAY = 86_400


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def opened(place: Database, clock: Clock) -> Generator[Callable[..., Abby]]:
    """Opens one Abby after another on the same database."""
    everyone: list[Abby] = []

    def open_another(**settings: Any) -> Abby:
        everyone.append(open_abby(place.root, database_url=place.url, clock=clock, **settings))
        return everyone[-1]

    yield open_another
    for abby in everyone:
        abby.close()


@pytest.fixture
def abby(opened: Callable[..., Abby]) -> Abby:
    return opened()


async def refused(abby: Abby, where: Place | None = HERE, prompt: str = "a boat", account: Account = ALICE) -> str:
    """The name of the error that an order is refused with; empty where it is accepted. Nothing may be left of a no."""
    order_id = f"order {len(contents(abby.database)['orders'])}"
    try:
        await abby.studio.submit(wish(order_id, account, prompt, place=where))
    except Refused as error:
        assert reservations(abby) == []
        assert counter(abby, account, "images/day") == 0
        return type(error).__name__
    await abby.studio.cancel(order_id, account)
    return ""


class TestSettings:
    def test_a_server_whose_managers_decided_nothing_has_the_usual_ones(self, abby: Abby) -> None:
        assert abby.guilds.settings(SERVER) == NO_SETTINGS
        assert contents(abby.database)["guilds"] == []

    def test_what_is_changed_stays_and_the_rest_is_as_it_was(self, abby: Abby, opened: Callable[..., Abby]) -> None:
        abby.guilds.change(SERVER, channels=("10",))
        assert abby.guilds.change(SERVER, spoiler=True) == GuildSettings(channels=("10",), spoiler=True)
        assert opened().guilds.settings(SERVER) == GuildSettings(channels=("10",), spoiler=True)
        assert abby.guilds.settings("discord:2") == NO_SETTINGS

    def test_what_cannot_be_changes_nothing(self, abby: Abby) -> None:
        abby.guilds.change(SERVER, spoiler=True)
        with pytest.raises(InvalidRequest):
            abby.guilds.change(SERVER, spoiler=False, blocked_words=tuple(f"w{n}" for n in range(WORDS_MAX + 1)))
        assert abby.guilds.settings(SERVER) == GuildSettings(spoiler=True)

    def test_two_changes_at_once_lose_neither(self, opened: Callable[..., Abby]) -> None:
        doors = [opened() for _ in range(4)]

        def add(number: int) -> None:
            def added(settings: GuildSettings) -> GuildSettings:
                return replace(settings, blocked_words=(*settings.blocked_words, f"word{number}"))

            doors[number % 4].guilds.update(SERVER, added)

        with ThreadPoolExecutor(4) as threads:
            list(threads.map(add, range(12)))
        assert set(doors[0].guilds.settings(SERVER).blocked_words) == {f"word{number}" for number in range(12)}


class TestBans:
    async def test_who_is_banned_in_a_server_is_refused_there_alone(self, abby: Abby) -> None:
        abby.guilds.bans.ban(SERVER, ALICE, reason="no  more\nfoxes")
        with pytest.raises(Banned, match=r"in this server\. The reason given: no more foxes"):
            await abby.studio.submit(wish("o1", place=HERE))
        for where in (DIRECT, None, replace(HERE, server="discord:2")):
            assert await refused(abby, where) == ""
        assert await refused(abby, HERE, account=BOB) == ""

    async def test_who_is_banned_everywhere_is_refused_everywhere(self, abby: Abby) -> None:
        abby.guilds.bans.ban(EVERYWHERE, ALICE)
        assert {await refused(abby, where) for where in (HERE, DIRECT, None)} == {"Banned"}
        assert abby.guilds.bans.unban(EVERYWHERE, ALICE)
        assert not abby.guilds.bans.unban(EVERYWHERE, ALICE)
        assert await refused(abby) == ""

    async def test_a_ban_ends_with_its_time(self, abby: Abby, clock: Clock) -> None:
        ban = abby.guilds.bans.ban(SERVER, ALICE, seconds=DAY)
        with pytest.raises(Banned, match=r"until 20\d\d-\d\d-\d\d \d\d:\d\d \(UTC\)") as told:
            await abby.studio.submit(wish("o1", place=HERE))
        assert told.value.ends_at_ms == ban.ends_at_ms
        clock.skip(DAY + 1)
        assert await refused(abby) == ""
        assert abby.guilds.bans.list(SERVER) == ()
        abby.guilds.bans.ban(SERVER, BOB)
        assert [row["account"] for row in contents(abby.database)["bans"]] == [BOB.key]  # the ended one is gone

    def test_a_repeated_ban_takes_the_place_of_the_first(self, abby: Abby) -> None:
        abby.guilds.bans.ban(SERVER, ALICE, reason="foxes")
        later = abby.guilds.bans.ban(SERVER, ALICE, reason="bears", seconds=DAY)
        assert abby.guilds.bans.list(SERVER) == (later,)
        assert abby.guilds.bans.find(SERVER, ALICE) == later

    def test_a_list_comes_in_pages(self, abby: Abby) -> None:
        for name in ("a", "b", "c"):
            abby.guilds.bans.ban(SERVER, Account("discord", name))
        first = abby.guilds.bans.list(SERVER, limit=2)
        rest = abby.guilds.bans.list(SERVER, limit=2, after=first[-1].account)
        assert [ban.account for ban in (*first, *rest)] == ["discord:a", "discord:b", "discord:c"]

    @pytest.mark.parametrize(
        "wrong", [{"reason": "x" * (REASON_CHARACTERS_MAX + 1)}, {"seconds": 0}, {"seconds": 1e12}]
    )
    def test_what_cannot_be_is_refused(self, abby: Abby, wrong: dict[str, Any]) -> None:
        with pytest.raises(InvalidRequest):
            abby.guilds.bans.ban(SERVER, ALICE, **wrong)

    def test_there_is_a_bound(self, abby: Abby, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(ban_rows, "BANS_MAX", 1)
        abby.guilds.bans.ban(SERVER, ALICE)
        abby.guilds.bans.ban(SERVER, ALICE, reason="again is well")
        with pytest.raises(QuotaExceeded):
            abby.guilds.bans.ban(SERVER, BOB)
        abby.guilds.bans.ban("discord:2", BOB)


class TestForgetting:
    async def test_a_ban_outlives_it_and_names_nobody(self, abby: Abby, opened: Callable[..., Abby]) -> None:
        abby.guilds.bans.ban(SERVER, ALICE, reason="alice and her foxes")
        abby.guilds.bans.ban(EVERYWHERE, BOB)
        assert (await abby.forgetting.forget(ALICE)).complete
        (ban,) = abby.guilds.bans.list(SERVER)
        assert ban.is_nameless
        assert ban.reason == ""
        assert "alice" not in repr(contents(abby.database))
        again = opened()
        assert await refused(again) == "Banned"
        assert await refused(again, DIRECT) == ""
        assert await refused(again, HERE, account=Account.local("carol")) == ""
        assert again.guilds.bans.unban(SERVER, ALICE)
        assert await refused(again) == ""

    async def test_an_export_shows_it_before_and_after(self, abby: Abby) -> None:
        abby.guilds.bans.ban(SERVER, ALICE, reason="foxes")
        abby.guilds.bans.ban(SERVER, BOB)
        assert [row["reason"] for row in self.exported(abby)] == ["foxes"]
        await abby.forgetting.forget(ALICE)
        abby.guilds.bans.ban("discord:2", ALICE)
        assert [(row["guild"], row["account"] == ALICE.key) for row in self.exported(abby)] == [
            ("discord:2", True), (SERVER, False),
        ]  # fmt: skip

    def exported(self, abby: Abby) -> list[dict[str, Any]]:
        import io
        import zipfile

        with zipfile.ZipFile(io.BytesIO(b"".join(export(abby.storage, ALICE)))) as archive:
            return json.loads(archive.read("data/bans.json"))

    async def test_of_two_bans_the_longer_one_stays(self, abby: Abby, clock: Clock) -> None:
        for seconds in (DAY, 3 * DAY, 2 * DAY):
            abby.guilds.bans.ban(SERVER, ALICE, seconds=seconds)
            await abby.forgetting.forget(ALICE)
        clock.skip(2.5 * DAY)
        assert await refused(abby) == "Banned"
        abby.guilds.bans.ban(SERVER, ALICE)
        await abby.forgetting.forget(ALICE)
        clock.skip(9 * DAY)
        assert await refused(abby) == "Banned"

    async def test_bans_that_ended_go_and_without_a_ban_no_key_is_made(self, abby: Abby, clock: Clock) -> None:
        await abby.forgetting.forget(ALICE)
        assert not (abby.storage.root / "pseudonyms.key").exists()
        abby.guilds.bans.ban(SERVER, ALICE, seconds=DAY)
        clock.skip(2 * DAY)
        await abby.forgetting.forget(ALICE)
        assert contents(abby.database)["bans"] == []


class TestChannels:
    async def test_pictures_are_made_in_the_chosen_channels_alone(self, abby: Abby) -> None:
        abby.guilds.change(SERVER, channels=("11", "12"))
        assert await refused(abby) == ""  # a thread, say, whose channel was chosen
        with pytest.raises(NotHere) as told:
            await abby.studio.submit(wish("o1", place=replace(HERE, channels=frozenset({"13"}))))
        assert told.value.channels == ("11", "12")
        assert await refused(abby, DIRECT) == ""

    async def test_a_server_can_keep_to_age_restricted_channels(self, abby: Abby) -> None:
        abby.guilds.change(SERVER, mature="channels")
        assert await refused(abby) == "NotHere"
        assert await refused(abby, ADULTS) == ""
        assert await refused(abby, DIRECT) == ""


class Rules:
    """A platform's own rules for words, as an adapter tells them."""

    platform = "discord"

    def __init__(self, *rules: WordRule) -> None:
        self._rules = rules
        self.asked: list[str] = []

    async def rules(self, server: str) -> Sequence[WordRule]:
        self.asked.append(server)
        return self._rules


@dataclass
class Lists:
    blocked: str = "gore"
    mature: str = "nude*"


class TestWords:
    @pytest.fixture
    def abby(self, opened: Callable[..., Abby], place: Database) -> Abby:
        lists = Lists()
        (place.root / "blocked.txt").write_text(lists.blocked)
        (place.root / "mature.txt").write_text(lists.mature)
        return opened(blocked_words_file=place.root / "blocked.txt", mature_words_file=place.root / "mature.txt")

    async def test_the_hosts_words_hold_for_everybody_everywhere(self, abby: Abby) -> None:
        assert {await refused(abby, where, "so much G\u200bORE") for where in (HERE, ADULTS, DIRECT, None)} == {
            "PromptNotAllowed"
        }

    async def test_a_refusal_does_not_repeat_the_word_and_is_noted(self, abby: Abby) -> None:
        with pytest.raises(PromptNotAllowed) as told:
            await abby.studio.submit(wish("o1", prompt="so much gore", place=HERE))
        assert "gore" not in str(told.value)
        (noted,) = contents(abby.database)["journal"]
        assert (noted["event"], noted["reason"], noted["account"]) == ("refused", "PromptNotAllowed", ALICE.key)
        assert check(abby.storage, deep=True) == []

    async def test_every_prompt_of_an_order_is_looked_at(self, abby: Abby) -> None:
        with pytest.raises(PromptNotAllowed):
            await abby.studio.submit(wish("o1", prompt="a boat", pictures=2, prompts=("a boat", "gore"), place=HERE))

    async def test_words_for_adults_are_taken_in_age_restricted_channels_alone(self, abby: Abby) -> None:
        prompts = {where: await refused(abby, where, "a nude study") for where in (HERE, DIRECT, ADULTS, None)}
        assert prompts == {HERE: "PromptNotAllowed", DIRECT: "PromptNotAllowed", ADULTS: "", None: ""}
        abby.guilds.change(SERVER, mature="anywhere")
        assert await refused(abby, HERE, "a nude study") == ""

    async def test_a_servers_own_lists_hold_there(self, abby: Abby) -> None:
        abby.guilds.change(SERVER, blocked_words=("fox",), mature_words=("kiss*",))
        assert await refused(abby, ADULTS, "a Fox") == "PromptNotAllowed"
        assert await refused(abby, HERE, "two kissing") == "PromptNotAllowed"
        assert await refused(abby, ADULTS, "two kissing") == ""
        assert await refused(abby, replace(HERE, server="discord:2"), "a fox kissing") == ""
        assert await refused(abby, DIRECT, "a fox kissing") == ""

    async def test_an_order_that_was_accepted_stays_accepted(self, abby: Abby) -> None:
        first = await abby.studio.submit(wish("o1", prompt="a fox", place=HERE))
        abby.guilds.change(SERVER, blocked_words=("fox",))
        assert (await abby.studio.submit(wish("o1", prompt="a fox", place=HERE))).id == first.id
        await abby.studio.cancel("o1", ALICE)

    async def test_the_platforms_own_rules_hold_where_the_server_wants_it(self, abby: Abby) -> None:
        rules = Rules(
            WordRule(words=Words(["bear"]), exempt_roles=frozenset({"7"}), exempt_channels=frozenset({"99"})),
            WordRule(words=Words(), patterns=(Pattern("w[o0]lf"),)),
        )
        abby.guilds.own_rules.append(rules)
        assert await refused(abby, HERE, "a bear") == "PromptNotAllowed"
        assert await refused(abby, HERE, "a W0LF") == "PromptNotAllowed"
        assert await refused(abby, replace(HERE, roles=frozenset({"7"})), "a bear") == ""
        assert await refused(abby, replace(HERE, channels=frozenset({"99"})), "a bear") == ""
        assert await refused(abby, replace(HERE, manages=True), "a bear and a w0lf") == ""
        abby.guilds.change(SERVER, own_rules=False)
        assert await refused(abby, HERE, "a bear") == ""
        assert set(rules.asked) == {SERVER}

    async def test_another_platforms_rules_do_not(self, abby: Abby) -> None:
        abby.guilds.own_rules.append(Rules(WordRule(words=Words(["bear"]))))
        assert await refused(abby, replace(HERE, server="matrix:1"), "a bear") == ""
