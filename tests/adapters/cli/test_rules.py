"""Tiers on the command line: the file of rules, ``quota explain`` and ``quota simulate``."""

from __future__ import annotations

import re
import sqlite3
import time
from pathlib import Path

import pytest

from tests.adapters.cli.conftest import Abby, Computer

RULES = """
[groups]
friends = ["alice"]

[tiers.default]
images_per_day = 1

[tiers.gold]
groups = ["friends"]
images_per_day = 2
storage = "2 GB"
[weights]
ultra = 2
"""


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """The host's file, which is found because of its name."""
    file = tmp_path / "abby.toml"
    file.write_text(RULES, "utf-8")
    return file


def order(database: Path, name: str, account: str, **changes: object) -> None:
    """An order of the past that was carried out an hour ago."""
    at = int(time.time() * 1000) - 3_600_000
    row = {
        "id": name, "account": account, "provider": "stability", "model": "core", "state": "done", "pictures": 1,
        "pictures_kept": 1, "bytes_kept": 2**20, "bytes_each": 2**20, "millicredits_each": 3000,
        "created_at": at, "finished_at": at + 1, **changes,
    }  # fmt: skip
    connection = sqlite3.connect(database)
    with connection:
        connection.execute(
            f"INSERT INTO orders ({', '.join(row)}) VALUES ({', '.join(f':{column}' for column in row)})", row
        )
    connection.close()


class TestQuota:
    @pytest.mark.parametrize(
        "arguments", [("alice",), ("--user", "alice"), ("show", "alice"), ("show", "--user", "alice")]
    )
    def test_the_plain_command_still_takes_a_user(self, abby: Abby, arguments: tuple[str, ...]) -> None:
        assert abby("quota", *arguments, "--json").json["account"] == "local:alice"
        assert "Quota of alice" in abby("quota", *arguments).out

    def test_without_a_word_it_is_ones_own(self, abby: Abby) -> None:
        answer = abby("quota")
        assert (answer.code, "Pictures today" in answer.out) == (0, True)

    def test_somebody_named_like_a_command_can_be_shown(self, abby: Abby) -> None:
        assert abby("quota", "show", "explain", "--json").json["account"] == "local:explain"

    def test_its_help_names_its_commands(self, abby: Abby) -> None:
        out = abby("quota", "--help").out
        assert "explain" in out
        assert "simulate" in out

    def test_an_hour_that_is_limited_is_shown(self, abby: Abby, rules: Path) -> None:
        assert "Pictures this hour" not in abby("quota", "bob").out
        assert "Pictures this hour" not in abby("quota", "alice").out  # everybody's hour is unlimited, and so hers
        rules.write_text("[tiers.default]\nimages_per_hour = 0\n", "utf-8")
        out = abby("quota", "alice").out
        assert "Pictures this hour" in out
        assert "No more pictures this hour. It resets" in out

    def test_what_is_unlimited_is_called_so(self, abby: Abby, rules: Path) -> None:
        rules.write_text('[tiers.default]\nimages_per_day = "unlimited"\nstorage = "unlimited"\n', "utf-8")
        made = abby("imagine", "a boat", "--size", "64x64", "--user", "alice")
        assert re.search(r"Daily: 1/unlimited \| Storage: \d\.\d/unlimited", made.err)
        assert abby("quota", "alice").out.count("unlimited") == 2
        assert "1/unlimited" in abby("admin", "usage").out
        assert "Storage unlimited: from tier default (everybody)." in abby("quota", "explain", "alice").out

    def test_a_limit_that_is_reached_says_when_it_resets(self, abby: Abby) -> None:
        assert "No more pictures today. It resets in" in abby("quota", MAX_USER_DAILY_GENS="0").out


class TestRulesFile:
    def test_a_mistake_stops_the_start_and_names_file_line_and_remedy(self, abby: Abby, rules: Path) -> None:
        rules.write_text("[tiers.default]\nimages_per_dya = 5\n", "utf-8")
        expected = "abby.toml, line 2: there is no 'images_per_dya' in [tiers.default]; did you mean images_per_day?"
        for command in (("quota",), ("imagine", "a boat"), ("gallery",)):
            answer = abby(*command)
            assert answer.code == 2
            assert expected in " ".join(answer.err.split())
        assert abby("quota", "--json").json["error"] == {"kind": "ConfigurationError", "message": expected}

    def test_the_doctor_names_a_mistake_and_looks_at_the_rest(self, abby: Abby, rules: Path) -> None:
        rules.write_text("[tiers.default]\nstorage = -1\n", "utf-8")
        answer = abby("doctor", "--json")
        checks = {check["what"]: check for check in answer.json["checks"]}
        assert (answer.code, checks["rules"]["ok"]) == (1, False)
        assert "abby.toml, line 2: storage must be" in checks["rules"]["detail"]
        assert {"settings", "folder", "painter"} <= set(checks)

    def test_the_doctor_names_the_tiers(self, abby: Abby, rules: Path) -> None:
        def detail() -> str:
            (check,) = (check for check in abby("doctor", "--json").json["checks"] if check["what"] == "rules")
            return str(check["detail"])

        assert detail() == "Tiers in abby.toml: gold. `abby quota explain USER` shows whose."
        rules.unlink()
        assert detail() == "No file of tiers: the settings hold for everybody."

    def test_the_doctor_names_lines_that_change_nothing(self, abby: Abby, rules: Path) -> None:
        rules.write_text(RULES.replace("storage", "images_per_hour = 3\nproviders = ['painter']\nstorage"), "utf-8")
        out = " ".join(abby("doctor").out.split())
        assert "images_per_hour of tier gold changes nothing: it is 3; everybody has unlimited." in out
        assert "providers of tier gold changes nothing: it is painter; everybody has all." in out

    def test_a_named_file_must_exist(self, abby: Abby, rules: Path) -> None:
        answer = abby("quota", RULES_FILE="other.toml")
        assert (answer.code, "no file of rules 'other.toml'" in answer.err) == (2, True)
        rules.rename(rules.with_name("other.toml"))
        assert abby("quota", "bob", "--json", RULES_FILE="other.toml").json["daily"]["limit"] == 1

    def test_tiers_decide_what_may_be_made(self, abby: Abby, rules: Path) -> None:
        assert rules.exists()
        for user, pictures in (("alice", 2), ("bob", 1)):
            for _ in range(pictures):
                assert abby("imagine", "a boat", "--size", "64x64", "--user", user).code == 0
            answer = abby("imagine", "a boat", "--size", "64x64", "--user", user)
            assert answer.code == 3
            assert f"Daily generation limit reached: {pictures} of {pictures} used today" in answer.err

    def test_the_hour_and_the_month_can_be_set_by_hand(self, abby: Abby) -> None:
        assert abby("admin", "set-limit", "alice", "images-hour", "0").code == 0
        assert abby("admin", "set-limit", "alice", "images-month", "7").code == 0
        status = abby("quota", "alice", "--json").json
        assert (status["hourly"]["limit"], status["monthly"]["limit"]) == (0, 7)
        assert "Hourly generation limit reached: 0 of 0" in abby("imagine", "a boat", "--user", "alice").err


class TestExplain:
    def test_it_says_which_rule_gave_what(self, abby: Abby, rules: Path) -> None:
        assert rules.exists()
        out = abby("quota", "explain", "alice").out
        for sentence in (
            "gold applies: group friends.",
            "default applies: everybody.",
            "Pictures per day 2: from tier gold (group friends).",
            "Storage 2 GB: from tier gold (group friends).",
            "Orders running at once 1: from the host's settings.",
            "A picture by ultra counts as 2.",
            "Pictures today: 0 of 2 used, 2 left. Starts anew in",
            "Storage: 0 MB of 2 GB used, 2 GB left. Deleting pictures frees it.",
            "Everybody's storage: 0 MB of 5000 MB used",
            "Nothing is set aside.",
        ):
            assert sentence in out, sentence
        bobs = abby("quota", "explain", "bob").out
        assert "gold" not in bobs
        assert "Pictures per day 1: from tier default (everybody)." in bobs

    def test_it_says_what_an_administrator_overrides(self, abby: Abby, rules: Path) -> None:
        assert rules.exists()
        abby("admin", "set-limit", "alice", "images", "9")
        out = abby("quota", "explain", "alice").out
        assert "Pictures per day 9: set by an administrator. It would be 2, from tier gold (group friends)." in out

    def test_json_tells_scripts_everything(self, abby: Abby, rules: Path) -> None:
        assert rules.exists()
        answer = abby("quota", "explain", "alice", "--json").json
        assert answer["account"] == "local:alice"
        assert answer["tiers"][0] == {"name": "gold", "reasons": ["group friends"]}
        limits = {limit["limit"]: limit for limit in answer["limits"]}
        assert limits["images_per_day"]["source"] == "tier gold (group friends)"
        assert limits["images_per_hour"]["value"] is None
        assert answer["weights"] == {"ultra": 2}
        assert answer["used"][0] == {
            "meter": "images/day", "house": False, "used": 0, "limit": 2, "resets_at": answer["used"][0]["resets_at"],
        }  # fmt: skip

    def test_what_strangers_are_called_cannot_command_the_terminal(self, abby: Abby) -> None:
        assert "\x1b" not in abby("quota", "explain", "a\x1b[2Jb").out


class TestSimulate:
    def test_it_says_who_would_have_been_refused_and_what_it_would_have_saved(self, abby: Abby, tmp_path: Path) -> None:
        abby("quota")  # makes the database
        database = tmp_path / "shared" / "image_stats.db"
        for number in range(3):
            order(database, f"alice-{number}", "local:alice")
        order(database, "bob", "local:bob", model="ultra", pictures=2)
        (tmp_path / "tried.toml").write_text(RULES, "utf-8")
        answer = abby("quota", "simulate", "tried.toml")
        assert answer.code == 0, answer.err
        lines = [line.split() for line in answer.out.splitlines()]
        assert ["local:alice", "gold", "1", "of", "3", "images/day", "1", "0", "of", "0", "1.0", "MB", "3"] in lines
        assert ["local:bob", "1", "of", "1", "images/day", "1", "0", "of", "0", "1.0", "MB", "3"] in [
            [word for word in line if word != "default"] for line in lines
        ]
        assert "This assumes that everybody asked the same providers for the same" in answer.out
        told = abby("quota", "simulate", "tried.toml", "--json").json
        assert (told["days"], told["total"]["refused_orders"], told["total"]["saved_bytes"]) == (30, 2, 2 * 2**20)
        assert [account["account"] for account in told["accounts"]] == ["local:alice", "local:bob"]
        own = abby("quota", "simulate", "tried.toml", "--user", "bob", "--json").json
        assert [account["account"] for account in own["accounts"]] == ["local:bob"]

    def test_rules_that_change_nothing_are_said_to(self, abby: Abby, tmp_path: Path) -> None:
        (tmp_path / "tried.toml").touch()
        assert "there is nothing to replay" in abby("quota", "simulate", "tried.toml").out
        order(tmp_path / "shared" / "image_stats.db", "one", "local:alice")
        out = abby("quota", "simulate", "tried.toml").out
        assert "These rules would have changed nothing for the 1 orders" in out

    def test_rules_that_cannot_be_used_are_named_with_their_line(self, abby: Abby, tmp_path: Path) -> None:
        (tmp_path / "tried.toml").write_text("[tiers.default]\nimages_per_day = many\n", "utf-8")
        answer = abby("quota", "simulate", "tried.toml")
        assert (answer.code, "tried.toml, line 2: this is not TOML" in answer.err) == (2, True)
        assert abby("quota", "simulate", "none.toml").code == 2
        assert abby("quota", "simulate", "tried.toml", "--days", "0").code == 2


def test_the_example_file_can_be_used_as_it_is(computer: Computer) -> None:
    example = Path(__file__).parents[3] / "abby.toml.example"
    answer = computer.abby("quota", "explain", "alice", RULES_FILE=str(example))
    assert answer.code == 0, answer.err
    assert "from tier" in answer.out
