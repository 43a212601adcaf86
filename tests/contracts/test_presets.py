"""Presets on SQLite and PostgreSQL: what is chosen once applies, in its order, as long as it can."""

from __future__ import annotations

from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from typing import Any

import pytest

from abby_core.bootstrap import Abby
from abby_core.database.transaction import Transaction
from abby_core.errors import InvalidRequest, NotFound, QuotaExceeded
from abby_core.gallery.preset import HOST, PRESETS_MAX, UNASKED, of_member, of_server
from abby_core.generation.choices import NOTHING_CHOSEN, Choices
from abby_core.generation.provider import Capabilities
from abby_core.quota.account import Account
from tests.services.databases import Place
from tests.support.providers import FixedProvider
from tests.support.studio import ALICE, BOB, open_abby

SERVER = of_server("discord", "123")
EVERYTHING = Choices(
    style="anime", width=640, height=512, provider="fixed", negative_prompt="fog", suffix="oil on canvas", count=2,
    seed=7, steps=30, cfg_scale=7.5, image_strength=0.5, private=True,
)  # fmt: skip


@pytest.fixture
def abby(place: Place) -> Generator[Abby]:
    abby = open_abby(place.root, FixedProvider(), FixedProvider(name="second"), database_url=place.url)
    yield abby
    abby.close()


class OfWordsAlone(FixedProvider):
    """Makes pictures from words and no others."""

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(kinds=frozenset({"text_to_image"}), paid=False)


def without_providers(place: Place, *names: str) -> Abby:
    """The same Abby after its host took some providers out."""
    left = [FixedProvider(name=name) for name in ("fixed", "second") if name not in names]
    return open_abby(place.root, *left, database_url=place.url)


class TestKeeping:
    def test_what_is_saved_is_found_whatever_its_capitals_and_blanks(self, abby: Abby) -> None:
        saved = abby.presets.save(ALICE.key, "Old  Posters", EVERYTHING)
        assert abby.presets.find(ALICE.key, " old posters ") == saved
        assert (saved.name, saved.choices) == ("Old Posters", EVERYTHING)
        assert all(getattr(saved.choices, field.name) is not None for field in fields(Choices))

    def test_saving_replaces_and_changing_keeps_what_is_left_open(self, abby: Abby) -> None:
        abby.presets.save(ALICE.key, "poster", Choices(style="anime", seed=7))
        abby.presets.save(ALICE.key, "poster", Choices(style="origami"))
        assert abby.presets.find(ALICE.key, "poster").choices == Choices(style="origami")
        abby.presets.change(ALICE.key, "poster", Choices(count=3))
        assert abby.presets.find(ALICE.key, "poster").choices == Choices(style="origami", count=3)

    def test_a_renamed_preset_is_found_by_its_new_name_alone(self, abby: Abby) -> None:
        abby.presets.save(ALICE.key, "poster", Choices(style="anime"))
        renamed = abby.presets.rename(ALICE.key, "POSTER", "Large  Poster")
        assert (renamed.name, renamed.choices) == ("Large Poster", Choices(style="anime"))
        assert [preset.name for preset in abby.presets.list(ALICE.key)] == ["Large Poster"]
        assert abby.presets.rename(ALICE.key, "large poster", "LARGE POSTER").name == "LARGE POSTER"

    def test_a_name_that_is_taken_or_blank_is_not_given(self, abby: Abby) -> None:
        for name in ("poster", "other"):
            abby.presets.save(ALICE.key, name, Choices(style="anime"))
        for name, reason in (("Other", "already"), (" ", "needs a name"), ("x" * 41, "40 visible")):
            with pytest.raises(InvalidRequest, match=reason):
                abby.presets.rename(ALICE.key, "poster", name)
        with pytest.raises(NotFound):
            abby.presets.rename(ALICE.key, "unknown", "new")
        assert [preset.name for preset in abby.presets.list(ALICE.key)] == ["other", "poster"]

    def test_changes_at_the_same_time_are_all_kept(self, abby: Abby) -> None:
        changes = [Choices(style="anime"), Choices(seed=7), Choices(count=2), Choices(steps=30), Choices(cfg_scale=7)]
        with ThreadPoolExecutor(5) as threads:
            list(threads.map(lambda change: abby.presets.change(ALICE.key, UNASKED, change), changes))
        assert abby.presets.unasked(ALICE.key) == Choices(style="anime", seed=7, count=2, steps=30, cfg_scale=7)

    def test_presets_are_listed_by_name_and_preferences_are_none_of_them(self, abby: Abby) -> None:
        for name in ("b", "A", UNASKED):
            abby.presets.save(ALICE.key, name, Choices(seed=7))
        assert [preset.name for preset in abby.presets.list(ALICE.key)] == ["A", "b"]
        abby.presets.clear(ALICE.key)
        assert abby.presets.unasked(ALICE.key) == NOTHING_CHOSEN
        assert len(abby.presets.list(ALICE.key)) == 2

    def test_a_deleted_preset_is_gone_and_leaves_others(self, abby: Abby) -> None:
        abby.presets.save(ALICE.key, "a", Choices(seed=7))
        abby.presets.save(ALICE.key, UNASKED, Choices(seed=8))
        assert abby.presets.delete(ALICE.key, "a").choices == Choices(seed=7)
        for name in ("a", "", "  "):
            with pytest.raises(NotFound):
                abby.presets.delete(ALICE.key, name)
        assert abby.presets.unasked(ALICE.key) == Choices(seed=8)

    def test_anothers_preset_answers_as_none(self, abby: Abby) -> None:
        abby.presets.save(ALICE.key, "poster", Choices(seed=7))
        for attempt in (
            lambda name: abby.presets.find(BOB.key, name),
            lambda name: abby.presets.delete(BOB.key, name),
            lambda name: abby.presets.resolve(BOB, NOTHING_CHOSEN, preset=name),
        ):
            said: list[str] = []
            for name in ("poster", "nobody"):
                with pytest.raises(NotFound) as error:
                    attempt(name)
                said.append(str(error.value).replace(name, "…"))
            assert said[0] == said[1]
        assert abby.presets.list(BOB.key) == ()

    def test_named_presets_are_limited_whoever_asks_at_once(self, abby: Abby) -> None:
        for number in range(PRESETS_MAX - 2):
            abby.presets.save(ALICE.key, f"preset {number}", Choices(seed=number))

        def save(number: int) -> bool:
            try:
                abby.presets.save(ALICE.key, f"more {number}", Choices(seed=number))
            except QuotaExceeded:
                return False
            return True

        with ThreadPoolExecutor(6) as threads:
            assert sum(threads.map(save, range(8))) == 2
        abby.presets.save(ALICE.key, "preset 0", Choices(style="anime"))
        abby.presets.save(ALICE.key, UNASKED, Choices(style="anime"))

    @pytest.mark.parametrize(
        ("choices", "said"),
        [
            ({"style": "animal"}, "Did you mean"),
            ({"provider": "nobody"}, "There are: fixed, second"),
            ({"width": 9, "height": 9}, "from 64 to 2048"),
            ({"width": 640}, "together"),
            ({"count": 11}, "from 1 to 10"),
            ({"count": 1.5}, "whole number"),
            ({"image_strength": 2}, "from 0 to 1"),
            ({"suffix": "x" * 501}, "at most 500"),
            ({"suffix": "two\nlines"}, "one line"),
            ({"negative_prompt": "x" * 2001}, "at most 2,000"),
            ({"seed": -1}, "seed"),
            ({"seed": True}, "seed"),
            ({"cfg_scale": float("nan")}, "cfg_scale"),
            ({}, "Nothing was chosen"),
        ],
    )
    def test_what_cannot_be_is_refused_with_what_can(self, abby: Abby, choices: dict[str, Any], said: str) -> None:
        with pytest.raises(InvalidRequest, match=said):
            abby.presets.save(ALICE.key, "poster", Choices(**choices))
        assert abby.presets.list(ALICE.key) == ()

    @pytest.mark.parametrize("name", ["x" * 41, "a\0b", "a\u202eb", "\ud800"])
    def test_a_strange_name_is_refused_or_kept_whole(self, abby: Abby, name: str) -> None:
        try:
            saved = abby.presets.save(ALICE.key, name, Choices(seed=7))
        except InvalidRequest:
            return
        assert abby.presets.find(ALICE.key, name) == saved

    def test_no_account_can_be_written_like_a_server(self) -> None:
        assert of_member(Account.parse("discord:123")) != SERVER
        with pytest.raises(InvalidRequest):
            of_member(Account.parse(SERVER))


class TestUsing:
    def test_the_stronger_choice_wins_and_what_it_leaves_open_comes_from_the_weaker(self, abby: Abby) -> None:
        presets = abby.presets
        presets.save(HOST, UNASKED, Choices(style="origami", count=2, steps=10, suffix="host", cfg_scale=1))
        presets.save(SERVER, UNASKED, Choices(style="isometric", count=3, steps=20, suffix="server"))
        presets.save(ALICE.key, UNASKED, Choices(style="anime", count=4, steps=30))
        presets.save(ALICE.key, "poster", Choices(style="cinematic", count=5))
        asked = Choices(style="low-poly")
        resolved = presets.resolve(ALICE, asked, preset="poster", server=SERVER)
        assert resolved.choices == Choices(style="low-poly", count=5, steps=30, suffix="server", cfg_scale=1)
        assert presets.resolve(ALICE, NOTHING_CHOSEN).choices == Choices(
            style="anime", count=4, steps=30, suffix="host", cfg_scale=1
        )
        assert presets.resolve(BOB, NOTHING_CHOSEN, server=SERVER).choices.style == "isometric"
        assert resolved.notes == ()

    def test_what_is_chosen_to_be_empty_is_chosen(self, abby: Abby) -> None:
        abby.presets.save(ALICE.key, UNASKED, Choices(negative_prompt="fog", suffix="oil on canvas"))
        resolved = abby.presets.resolve(ALICE, Choices(negative_prompt="", suffix=""))
        assert resolved.choices == Choices(negative_prompt="", suffix="")

    def test_a_named_preset_may_be_the_members_else_the_servers_else_the_hosts(self, abby: Abby) -> None:
        for owner, seed in ((HOST, 3), (SERVER, 2), (ALICE.key, 1)):
            abby.presets.save(owner, "poster", Choices(seed=seed))

        def used(account: Account, server: str = "") -> int | None:
            return abby.presets.resolve(account, NOTHING_CHOSEN, preset="Poster", server=server).choices.seed

        assert (used(ALICE, SERVER), used(BOB, SERVER), used(BOB)) == (1, 2, 3)
        with pytest.raises(NotFound, match="There is no preset 'painting'"):
            abby.presets.resolve(ALICE, NOTHING_CHOSEN, preset="painting", server=SERVER)

    def test_a_provider_that_is_gone_is_left_out_with_a_note_and_weaker_choices_apply(
        self, abby: Abby, place: Place
    ) -> None:
        abby.presets.save(ALICE.key, UNASKED, Choices(provider="second", style="anime"))
        abby.presets.save(HOST, UNASKED, Choices(provider="fixed"))
        later = without_providers(place, "second")
        try:
            resolved = later.presets.resolve(ALICE, NOTHING_CHOSEN)
        finally:
            later.close()
        assert resolved.choices == Choices(provider="fixed", style="anime")
        (note,) = resolved.notes
        assert "provider" in note
        assert "second" in note

    def test_what_an_earlier_abby_allowed_is_left_out_with_a_note(self, abby: Abby) -> None:
        abby.presets.save(ALICE.key, "poster", Choices(seed=7))

        def age(tx: Transaction) -> None:
            choices = '{"seed": 7, "style": "gone", "width": 9, "height": 640, "count": "many", "colour": "red"}'
            tx.execute("UPDATE presets SET choices = :choices", choices=choices)

        abby.database.write(age)
        resolved = abby.presets.resolve(ALICE, NOTHING_CHOSEN, preset="poster")
        assert resolved.choices == Choices(seed=7)
        assert [note.split(" of ")[0] for note in resolved.notes] == ["The width", "The style", "The count"]

    def test_a_provider_that_makes_no_such_pictures_is_left_out_for_these_alone(self, place: Place) -> None:
        abby = open_abby(place.root, FixedProvider(), OfWordsAlone(name="second"), database_url=place.url)
        try:
            abby.presets.save(ALICE.key, UNASKED, Choices(provider="second"))
            words = abby.presets.resolve(ALICE, NOTHING_CHOSEN, kind="text_to_image")
            picture = abby.presets.resolve(ALICE, NOTHING_CHOSEN, kind="image_to_image")
        finally:
            abby.close()
        assert (words.choices.provider, words.notes) == ("second", ())
        assert (picture.choices.provider, len(picture.notes)) == (None, 1)
