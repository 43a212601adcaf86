"""The file of rules: what may stand in it, and that every mistake is named with its line and what is allowed."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abby_core.errors import ConfigurationError
from abby_core.quota.meter import NO_LIMIT
from abby_core.quota.rules import Rules
from abby_core.quota.rules_file import load_rules
from abby_core.quota.rules_text import WHAT, WHO, read_rules
from abby_core.quota.standing import Standing
from abby_core.quota.tier import Allowance, Tier, resolve
from abby_core.quota.toml_lines import Lines

EVERYTHING = """
[groups]
friends = ["alice", "discord:123"]
[weights]
Ultra = 2
"stability/core" = 3
[tiers.default]
images_per_day = 5
weights = { ultra = 4 }
[tiers.gold]
roles = [123, "456"]
groups = ["friends"]
servers = ["9"]
min_level = 10
owner = true
images_per_hour = 10
images_per_day = 50
images_per_month = "unlimited"
storage = "2 GB"
largest_picture = "1536x1024"
pictures_max = 4
running_max = 2
waiting_max = 20
priority = -3
providers = ["Painter"]
models = "all"
keep_days = 0
[tiers.gold.weights]
ultra = 1
"""


def mistakes(text: str) -> list[str]:
    with pytest.raises(ConfigurationError) as error:
        read_rules(text)
    return str(error.value).splitlines()


def test_everything_that_may_stand_in_the_file_is_read() -> None:
    rules = read_rules(EVERYTHING)
    assert rules.groups == {"friends": frozenset({"local:alice", "discord:123"})}
    assert rules.default == Tier(name="default", images_per_day=5, weights={"ultra": 4, "stability/core": 3})
    assert rules.tiers == (
        Tier(
            name="gold", roles=frozenset({"123", "456"}), groups=frozenset({"friends"}), guilds=frozenset({"9"}),
            min_level=10, owner=True, images_per_hour=10, images_per_day=50, images_per_month=NO_LIMIT,
            storage_bytes=2 * 2**30, picture_pixels_max=1536 * 1024, pictures_max=4, running_max=2, waiting_max=20,
            priority=-3, providers=frozenset({"painter"}), models="all", keep_days=0, weights={"ultra": 1},
        ),
    )  # fmt: skip


def test_an_account_of_a_group_has_the_tiers_of_the_group() -> None:
    rules = read_rules(EVERYTHING)
    assert rules.groups_of("local:alice") == {"friends"}
    assert [tier.name for tier in rules.applying(Standing(groups=rules.groups_of("local:alice")))] == ["gold"]
    assert rules.applying(Standing(groups=rules.groups_of("local:bob"))) == ()


def test_names_of_providers_and_models_may_be_written_in_any_case() -> None:
    text = "[tiers.default]\nproviders = ['Local']\nmodels = ['SDXL_v1', 'Local/Two']\n"
    text += "[weights]\nSDXL_V1 = 2\n'Local/two' = 3\n"
    rules = read_rules(text)
    allowance = resolve(Allowance(), rules.default, ())
    allowance.check(provider="local", model="SDXL_v1")
    allowance.check(provider="Local", model="TWO")
    assert (allowance.weight("local", "sdxl_V1"), allowance.weight("LOCAL", "Two")) == (2, 3)


@pytest.mark.parametrize(
    ("written", "size_bytes"),
    [("7", 7 * 2**20), ("0.5", 2**19), ('"500 MB"', 500 * 2**20), ('"1.5GB"', 3 * 2**29), ('"64 kB"', 2**16),
     ('"1 TB"', 2**40), ("0", 0), ('"unlimited"', NO_LIMIT)],
)  # fmt: skip
def test_sizes_are_written_as_people_write_them(written: str, size_bytes: int) -> None:
    assert read_rules(f"[tiers.default]\nstorage = {written}").default.storage_bytes == size_bytes


WRONG = [
    ("[tiers.default]\nimages_per_dya = 5", 2,
     "there is no 'images_per_dya' in [tiers.default]; did you mean images_per_day?"),
    ("[tier.gold]\nowner = true", 1, "there is no 'tier' at the top of the file; did you mean tiers?"),
    ("\n[gold]\nowner = true", 2, "there is no [gold]; did you mean [tiers.gold]?"),
    ("xyz = 1", 1, "there is no 'xyz' at the top of the file; there may be tiers, groups or weights."),
    ("[tiers.default]\n# five\nimages_per_day = -1", 3,
     'images_per_day must be a whole number from 0 to 1000000000 or "unlimited", not -1.'),
    ("[tiers.default]\nimages_per_day = '5'", 2,
     'images_per_day must be a whole number from 0 to 1000000000 or "unlimited", not "5".'),
    ("[tiers.default]\nimages_per_day = true", 2,
     'images_per_day must be a whole number from 0 to 1000000000 or "unlimited", not true.'),
    ("[tiers.default]\nimages_per_day = 1.5", 2,
     'images_per_day must be a whole number from 0 to 1000000000 or "unlimited", not 1.5.'),
    ("[tiers.default]\nstorage = '2 gigs'", 2,
     'storage must be a size like "500 MB" or "2 GB", a number of MB, or "unlimited", not "2 gigs".'),
    ("[tiers.default]\nstorage = nan", 2,
     'storage must be a size like "500 MB" or "2 GB", a number of MB, or "unlimited", not NaN.'),
    ("[tiers.default]\nlargest_picture = 1536", 2,
     'largest_picture must be width and height in pixels like "1536x1536", or "unlimited", not 1536.'),
    ("[tiers.default]\nrunning_max = 0", 2, "running_max must be a whole number from 1 to 1000000000, not 0."),
    ("[tiers.default]\nproviders = 'stability'", 2,
     'providers must be a list of names like ["one", "two"], or "all", not "stability".'),
    ("[tiers.gold]\nowner = 'yes'", 2, 'owner must be true or false, not "yes".'),
    ("[tiers.gold]\nroles = [\n  1,\n  true]", 2, 'roles must be a list of names like ["one", "two"], not [1, true].'),
    ("[groups]\na = ['']", 2,
     'a must be a list of accounts like ["local:alice", "discord:123456789012345678"], not [""].'),
    ("[weights]\nultra = 0", 2, "ultra must be a whole number from 1 to 1000, not 0."),
    ("weights = 2", 1, "weights is a table: it begins with a line [weights]."),
    ("tiers = 2", 1, "tiers is a table: it begins with a line [tiers]."),
    ("[tiers]\ngold = 3", 2, "gold is a table: it begins with a line [tiers.gold]."),
    ("[[tiers]]\nowner = true", 1, "tiers is a table: it begins with a line [tiers]."),
    ("[tiers.gold]\npriority = 1", 1,
     "the tier gold applies to nobody; say to whom with roles, groups, servers, min_level or owner."),
    ("[tiers.default]\nroles = [1]", 2, "the default tier applies to everybody; take roles out."),
    ("[tiers.'a+b']\nowner = true", 1,
     "a tier's name is made of at most 40 letters, digits, '-' and '_', unlike 'a+b'."),
    ("[tiers]\n# inline\ngold = { owner = true, storage = -1 }", 3,
     'storage must be a size like "500 MB" or "2 GB", a number of MB, or "unlimited", not -1.'),
    ("[tiers.default]\n'images_per\\u005fday' = 1", 2,
     "there is no 'images_per\\\\u005fday' in [tiers.default]; did you mean images_per_day?"),
    ("tiers.gold.owner = true\ntiers.gold.\"priority\" = 'x'", 2,
     'priority must be a whole number from -1000 to 1000, not "x".'),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "sentence"), WRONG)
def test_a_mistake_is_named_with_its_line_and_what_is_allowed(text: str, line: int, sentence: str) -> None:
    assert mistakes(text)[0] == f"abby.toml, line {line}: {sentence}"


@pytest.mark.parametrize(
    ("text", "line"),
    [("[tiers.default\n", 1), ("\n\nimages = = 2", 3), ("[tiers.a]\n[tiers.a]", 2), ("a = 1\na = 2", 2), ("a = '", 1),
     ("\na = [1,\n2", 3), ("a = 5 MB", 1), ("a = " + "9" * 5000, 1), ("a = " + "[" * 5000, 1)],
)  # fmt: skip
def test_what_is_not_toml_is_named_with_its_line(text: str, line: int) -> None:
    (sentence,) = mistakes(text)
    assert sentence.startswith(f"abby.toml, line {line}: this is not TOML: ")


def test_mistakes_are_named_together_in_the_order_of_the_file() -> None:
    found = mistakes("[groups]\na = 1\n[tiers.gold]\nstorage = 'x'\nowner = 3\n[weights]\ncore = -1\n" + "[tiers.b]\n")
    assert [int(re.findall(r"line (\d+)", sentence)[0]) for sentence in found] == [2, 4, 5, 7, 8]


def test_a_file_that_nobody_named_may_be_missing_and_a_named_one_may_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_rules(None) == Rules()
    with pytest.raises(
        ConfigurationError, match=r"There is no file of rules 'mine.toml'; check its name \(RULES_FILE\)"
    ):
        load_rules(Path("mine.toml"))
    Path("abby.toml").write_text("[tiers.default]\npriority = 7", "utf-8-sig")
    assert load_rules(None).default.priority == 7
    assert load_rules(None).source == Path("abby.toml")


@pytest.mark.parametrize(
    ("raw", "says"),
    [(b"[weights]\n# caf\xe9\n", "line 2: this is not UTF-8"), (b"#" * (2**20 + 1), "larger than any file of rules")],
)
def test_a_file_that_is_no_text_is_named(tmp_path: Path, raw: bytes, says: str) -> None:
    file = tmp_path / "abby.toml"
    file.write_bytes(raw)
    with pytest.raises(ConfigurationError, match=says):
        load_rules(file)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_rules(tmp_path)


# ---------------------------------------------------------------------- lines

AWKWARD = '''# [comment]
top = "a # no comment" # but this is
"quoted.key" = [ # an array
  "]", '[', # brackets in strings
  { x = 1 },
]
[ a . "b ]" . 'c#' ]
text = """
[not.a.table]
no = key \\""" still text"""
other = \'\'\'
key = 1\'\'\'\'
d.e."f=g" = { inline = { deep = 1 }, more = [1, 2] }
[[list]]
name = 1
[[list]]
name = 2
[a]
late = 1
'''


def test_lines_of_keys_are_found_whatever_surrounds_them() -> None:
    values, lines = tomllib.loads(AWKWARD), Lines(AWKWARD)
    assert values["a"]["b ]"]["c#"]["d"]["e"]["f=g"]["inline"] == {"deep": 1}
    inner = ("a", "b ]", "c#")
    paths = [("top",), ("quoted.key",), inner, (*inner, "text"), (*inner, "other")]
    assert [lines.of(path) for path in paths] == [2, 3, 7, 8, 11]
    assert lines.of((*inner, "d", "e", "f=g")) == lines.of((*inner, "d", "e", "f=g", "inline", "deep")) == 13
    assert (lines.of(("a",)), lines.of(("a", "late")), lines.of(("nowhere",))) == (18, 19, 1)


keys = st.text(st.sampled_from("ab\"'=.#[] \\\t"), min_size=1, max_size=6)


@given(
    st.lists(st.tuples(keys, st.sampled_from(["1", '"#"', "[\n1, # x\n]", '"""\n[a]\n"""', "{ a = 1 }"])), max_size=6)
)
def test_lines_are_right_for_any_keys(pairs: list[tuple[str, str]]) -> None:
    text, expected = "", dict[str, int]()
    for key, value in dict(pairs).items():
        expected[key] = text.count("\n") + 1
        escaped = key.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t")
        text += f'"{escaped}" = {value} # note = [\n'
    assert set(tomllib.loads(text)) == set(expected)
    assert {key: Lines(text).of((key,)) for key in expected} == expected


# ---------------------------------------------------------------------- the example

PROJECT = Path(__file__).parents[3]
EXAMPLE = PROJECT / "abby.toml.example"


def test_the_example_is_a_file_that_can_be_used_and_shows_every_key() -> None:
    text = EXAMPLE.read_text("utf-8")
    rules = load_rules(EXAMPLE)
    assert [tier.name for tier in rules.tiers] == ["gold"]
    assert all(re.search(rf"^(# )?{key} = ", text, re.MULTILINE) for key in (*WHO, *WHAT))
    commented = re.sub(r"^# (servers|min_level|owner)", r"\1", text, flags=re.MULTILINE)
    (gold,) = read_rules(commented).tiers
    assert (gold.guilds, gold.min_level, gold.owner) == ({"345678901234567890"}, 10, True)


def test_the_page_about_tiers_shows_the_example_and_every_key() -> None:
    page = (PROJECT / "docs" / "TIERS.md").read_text("utf-8")
    assert f"```toml\n{EXAMPLE.read_text('utf-8')}```" in page
    assert all(f"`{key}`" in page for key in (*WHO, *WHAT))
