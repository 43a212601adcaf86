"""Prompts with braces and parameters, preferences and presets on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.adapters.cli.conftest import Abby
from tests.adapters.cli.test_cli import picture_file

SMALL = ("--size", "64x64")


class TestPrompts:
    def test_braces_make_one_order_of_a_picture_each(self, abby: Abby) -> None:
        made = abby("imagine", "a {red, green} bird", *SMALL, "--n", "2", "--json").json
        assert len(made["pictures"]) == 4
        (order,) = abby("orders", "--json").json["orders"]
        assert (order["pictures"], order["prompt"]) == (4, "a red bird")
        assert abby("quota", "--json").json["daily"]["used"] == 4

    def test_parameters_of_the_prompt_are_used_and_options_win_over_them(self, abby: Abby) -> None:
        answer = abby("imagine", "a bird --size 64x96 --seed 7 --style anime --no fog", "--seed", "9", "--json").json
        (picture,) = answer["pictures"]
        assert (picture["prompt"], picture["negative_prompt"], picture["seed"]) == ("a bird", "fog", 9)
        assert (picture["width"], picture["height"], picture["style"]) == (64, 96, "anime")

    def test_a_lonely_brace_is_said(self, abby: Abby) -> None:
        assert "brace" in abby("imagine", "a { bird", *SMALL).err
        assert "brace" in abby("imagine", "a { bird", *SMALL, "--json").json["notes"][0]

    def test_transform_reads_the_weight_of_the_picture(self, abby: Abby, tmp_path: Path) -> None:
        picture_file(tmp_path / "sea.png")
        (picture,) = abby("transform", "sea.png", "a storm --iw 2.4", "--json").json["pictures"]
        assert picture["parameters"]["image_strength"] == pytest.approx(0.8)

    @pytest.mark.parametrize(
        "arguments",
        [
            ("imagine", "a bird --stile anime"),
            ("imagine", "a bird --iw 1"),
            ("imagine", "{a,b,c} bird", "--n", "4"),
            ("imagine", "{a,b,c,d} {e,f,g} bird"),
            ("imagine", "a bird", "--preset", "nobody"),
            ("transform", "sea.png", "a storm --ar 1:1"),
            ("prefer", "--style", "animal"),
            ("prefer", "--provider", "nobody"),
            ("prefer", "--user", "guild:discord:123", "--n", "2"),
            ("preset", "save", "poster"),
            ("preset", "save", " ", "--n", "2"),
            ("preset", "show", "nobody"),
            ("preset", "delete", "nobody"),
            ("admin", "preset", "save", "alice", "--n", "2"),
            ("admin", "preset", "delete", "host", "nobody"),
        ],
        ids=" ".join,
    )
    def test_wrong_use_ends_with_2_and_costs_nothing(
        self, abby: Abby, arguments: tuple[str, ...], tmp_path: Path
    ) -> None:
        picture_file(tmp_path / "sea.png")
        answer = abby(*arguments)
        assert (answer.code, answer.out) == (2, ""), answer.out + answer.err
        assert "Traceback" not in answer.err
        assert abby("quota", "--json").json["daily"]["used"] == 0


class TestPreferences:
    def test_what_is_preferred_applies_until_it_is_cleared(self, abby: Abby) -> None:
        assert "abby prefer" in abby("prefer").out
        abby("prefer", "--style", "anime", "--suffix", "in the rain")
        assert "'anime'" in abby("prefer", *SMALL).out
        assert abby("prefer", "--json").json["preferences"] == {
            "style": "anime", "suffix": "in the rain", "width": 64, "height": 64,
        }  # fmt: skip
        (picture,) = abby("imagine", "a bird", "--json").json["pictures"]
        assert (picture["prompt"], picture["style"], picture["width"]) == ("a bird, in the rain", "anime", 64)
        assert abby("prefer", "--clear", "--style", "origami", "--json").json["preferences"] == {"style": "origami"}
        assert abby("prefer", "--clear", "--json").json["preferences"] == {}

    def test_presets_are_saved_shown_used_and_deleted(self, abby: Abby) -> None:
        assert "abby preset save" in abby("preset", "list").out
        abby("preset", "save", "Poster", "--style", "cinematic", *SMALL)
        assert "cinematic" in abby("preset", "list").out
        assert "64×64" in abby("preset", "show", "poster").out
        (picture,) = abby("imagine", "a bird", "--preset", "poster", "--json").json["pictures"]
        assert (picture["style"], picture["width"]) == ("cinematic", 64)
        assert abby("preset", "delete", "poster", "--json").json["name"] == "Poster"
        assert abby("preset", "list", "--json").json == {"presets": [], "host": []}

    def test_the_hosts_choices_apply_to_everybody_and_members_win_over_them(self, abby: Abby) -> None:
        abby("admin", "preset", "save", "host", *SMALL, "--style", "origami")
        abby("admin", "preset", "save", "host", "poster", "--style", "cinematic")
        abby("prefer", "--style", "anime", "--user", "alice")
        styles = {
            user: abby("imagine", "a bird", "--user", user, "--json").json["pictures"][0]["style"]
            for user in ("alice", "bob")
        }
        assert styles == {"alice": "anime", "bob": "origami"}
        assert "everybody's" in abby("preset", "list", "--user", "alice").out
        listed = abby("admin", "preset", "list", "host", "--json").json
        assert (listed["default"]["style"], listed["presets"][0]["name"]) == ("origami", "poster")
        abby("admin", "preset", "delete", "host")
        assert abby("admin", "preset", "list", "host", "--json").json["default"] == {}

    def test_servers_have_their_own(self, abby: Abby) -> None:
        abby("admin", "preset", "save", "discord:123", "--style", "anime")
        assert "anime" in abby("admin", "preset", "list", "discord:123").out
        assert abby("preset", "list", "--user", "discord:123", "--json").json["presets"] == []
        assert abby("prefer", "--user", "discord:123", "--json").json["preferences"] == {}

    def test_anothers_preset_answers_as_none(self, abby: Abby) -> None:
        abby("preset", "save", "poster", "--style", "anime", "--user", "alice")
        for command in (("preset", "show"), ("preset", "delete"), ("imagine", "a bird", "--preset")):
            anothers = abby(*command, "poster", "--user", "mallory")
            missing = abby(*command, "nobody", "--user", "mallory")
            assert (anothers.code, anothers.err.replace("poster", "…")) == (
                missing.code, missing.err.replace("nobody", "…"),
            )  # fmt: skip
