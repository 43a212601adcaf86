"""``abby stats``: what was made and refused, for people, scripts and spreadsheets."""

from __future__ import annotations

import csv
import io

import pytest

from abby_adapters.cli.commands.stats import bar, csv_cell
from tests.adapters.cli.conftest import Abby

MADE = ("imagine", "a boat", "--size", "64x64")


def test_with_nothing_made_it_teaches_what_to_type(abby: Abby) -> None:
    assert "abby imagine" in abby("stats").out


@pytest.mark.parametrize("by", ["day", "provider", "account", "tier", "reason"])
def test_it_draws_a_table_that_fits_80_columns(abby: Abby, by: str) -> None:
    abby(*MADE, "--user", "discord:" + "9" * 60)
    answer = abby("stats", "--by", by)
    assert answer.code == 0, answer.err
    assert answer.out.splitlines()[0].split()[0] == by
    assert answer.out.splitlines()[-1].split()[0] == "total"
    assert max(map(len, answer.out.splitlines())) <= 80


def test_json_has_every_figure_and_the_total(abby: Abby) -> None:
    abby(*MADE, "--user", "alice")
    abby(*MADE, "--user", "bob")
    found = abby("stats", "--by", "account", "--json").json
    assert [line["label"] for line in found["lines"]] == ["local:alice", "local:bob"]
    assert found["total"]["orders"] == sum(line["orders"] for line in found["lines"]) == 2
    assert abby("stats", "--user", "bob", "--json").json["total"]["orders"] == 1


def test_csv_is_what_spreadsheets_read(abby: Abby) -> None:
    abby(*MADE, "--user", "alice")
    abby(*MADE, "--user", 'bob, "the builder"')
    rows = list(csv.DictReader(io.StringIO(abby("stats", "--by", "account", "--csv").out)))
    assert [(row["account"], row["orders"]) for row in rows] == [
        ("local:alice", "1"), ('local:bob, "the builder"', "1"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "＝1", '=HYPERLINK("https://x")']
)
def test_no_spreadsheet_takes_a_name_for_a_formula(text: str) -> None:
    assert csv_cell(text) == "'" + text


@pytest.mark.parametrize("value", [0, -1, -1.5, "local:alice", "a=b", "", "2026-03-31"])
def test_numbers_and_plain_texts_stay_as_they_are(value: str | float) -> None:
    assert csv_cell(value) == value


def test_whatever_is_more_than_nothing_can_be_seen() -> None:
    assert (bar(0, 0), bar(0, 9), bar(1, 10**6), bar(9, 9)) == ("", "", "▏", "█" * 10)
    assert [len(bar(value, 100)) for value in range(0, 101, 10)] == list(range(11))


@pytest.mark.parametrize(
    "arguments", [("--days", "0"), ("--days", "99999"), ("--by", "mood"), ("--json", "--csv"), ("--user", "")]
)
def test_wrong_use_ends_with_2_and_a_sentence(abby: Abby, arguments: tuple[str, ...]) -> None:
    answer = abby("stats", *arguments)
    assert answer.code == 2
    assert "Traceback" not in answer.err
