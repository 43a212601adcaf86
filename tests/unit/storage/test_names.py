from __future__ import annotations

import re
import unicodedata
from itertools import islice

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from abby_core.storage.names import folder_for, name_key, safe_name, unique_candidates

NASTY_ALPHABET = 'aAbßİ\u0131K.~@ -_/\\:*?"<>|\0\n\u200b\u202e\ud800é\u0301猫µ\u2028\x7f\ufeff'
names = st.one_of(st.text(max_size=200), st.text(NASTY_ALPHABET, max_size=40), st.sampled_from(["CON", "..", "."]))
user_ids = st.one_of(st.text(max_size=120), st.text("aAsSßiIİ\u0131@~.", max_size=4), st.integers().map(str))
platforms = st.one_of(st.sampled_from(["local", "discord", "rest", "Local"]), st.text("lLocal@~", max_size=5))

WINDOWS_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])\s*(\..*)?", re.IGNORECASE | re.DOTALL)


def assert_any_file_system_holds(name: str) -> None:
    assert 0 < len(name.encode()) <= 100
    assert not re.search(r'[\x00-\x1f\x7f<>:"/\\|?*]', name)
    assert not any(unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for character in name)
    assert unicodedata.normalize("NFC", name) == name
    assert not name.startswith((".", " "))
    assert not name.endswith((".", " "))
    assert not WINDOWS_DEVICE.fullmatch(name)


@pytest.mark.parametrize(
    "name", ["generated.png", "my picture (1).png", "猫.png", "Zoë.JPG", "v1.2 final", "a", "console.png", "-x.png"]
)
def test_a_safe_name_stays_as_it_is(name: str) -> None:
    assert safe_name(name) == name


@pytest.mark.parametrize(
    ("name", "readable"),
    [
        ("../../etc/passwd.png", r"etc-passwd~[0-9a-f]{10}\.png"),
        ("C:\\Windows\\cat.PNG", r"C-Windows-cat~[0-9a-f]{10}\.png"),
        ("CON", r"CON~[0-9a-f]{10}"),
        ("nul.tar.png", r"nul-tar~[0-9a-f]{10}\.png"),
        ("COM¹ .png", r"COM¹~[0-9a-f]{10}\.png"),
        ("cat.png.", r"cat~[0-9a-f]{10}\.png"),
        (".hidden", r"hidden~[0-9a-f]{10}"),
        ("a~b.png", r"a-b~[0-9a-f]{10}\.png"),
        ("gnp.\u202etac.png", r"gnp\.-tac~[0-9a-f]{10}\.png"),
        ("e\u0301.png", r"é~[0-9a-f]{10}\.png"),
        ("\ud800", r"generated~[0-9a-f]{10}"),
        ("猫" * 60 + ".webp", r"猫{26}~[0-9a-f]{10}\.webp"),
    ],
)
def test_an_unsafe_name_stays_readable(name: str, readable: str) -> None:
    assert re.fullmatch(readable, safe_name(name))


def test_no_name_at_all_is_the_default() -> None:
    assert safe_name("") == safe_name(None) == "generated.png"
    assert safe_name("", default="cat.webp") == "cat.webp"


def test_a_number_is_a_name() -> None:
    assert safe_name(123) == "123"


@given(names)
@example("CON .png")
@example("=" + "\u0338" * 40)
def test_whatever_is_typed_becomes_a_name_that_any_file_system_holds(name: str) -> None:
    assert_any_file_system_holds(safe_name(name))


@given(names)
def test_a_name_is_kept_exactly_or_carries_a_hash(name: str) -> None:
    safe = safe_name(name)
    if safe == name:
        assert "~" not in safe
        assert safe_name(safe) == safe
    elif name:
        assert safe.count("~") == 1


@given(names, names)
def test_two_different_names_stay_different(one: str, other: str) -> None:
    if one != other and one and other:
        assert safe_name(one) != safe_name(other)


@pytest.mark.parametrize(("one", "other"), [("A.png", "a.png"), ("É.png", "e\u0301.png"), ("STRASSE", "straße")])
def test_names_a_disk_may_take_for_the_same_have_one_key(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(
    ("platform", "user_id", "folder"),
    [
        ("local", "alice", "alice"),
        ("local", 123, "123"),
        ("discord", 123, "discord@123"),
        ("local", "user with spaces", "user with spaces"),
    ],
)
def test_a_plain_account_has_a_plain_folder(platform: str, user_id: object, folder: str) -> None:
    assert folder_for(platform, user_id) == folder


@pytest.mark.parametrize("user_id", ["Alice", "discord@1", "..", "", "CON", "a/b", "\u0131"])
def test_a_strange_account_has_a_folder_with_a_hash(user_id: str) -> None:
    assert re.fullmatch(r"[a-z0-9\u0131-]+~[0-9a-f]{20}", folder_for("local", user_id))


@given(st.tuples(platforms, user_ids), st.tuples(platforms, user_ids))
@example(("local", "Alice"), ("local", "alice"))
@example(("local", "discord@1"), ("discord", "1"))
@example(("discord", "1@2"), ("discord@1", "2"))
@example(("local", ""), ("local", "user"))
@example(("local", "ß"), ("local", "ss"))
@example(("local", "i"), ("local", "\u0131"))
def test_two_accounts_never_share_a_folder_even_where_case_is_ignored(
    one: tuple[str, str], other: tuple[str, str]
) -> None:
    if one != other:
        folders = folder_for(*one), folder_for(*other)
        assert name_key(folders[0]) != name_key(folders[1])
        assert folders[0].upper() != folders[1].upper()


@given(platforms, user_ids)
def test_a_folder_is_one_name_that_any_file_system_holds(platform: str, user_id: str) -> None:
    for part in folder_for(platform, user_id).split("@"):
        assert_any_file_system_holds(part)


def test_candidates_are_the_name_then_numbered_then_random() -> None:
    candidates = list(islice(unique_candidates("my cat.png"), 1000))
    assert candidates[0] == "my cat.png"
    assert candidates[1:9] == [f"my cat-{number}.png" for number in range(2, 10)]
    assert all(re.fullmatch(r"my cat-[0-9a-f]{8}\.png", candidate) for candidate in candidates[9:])
    assert len(set(candidates)) == 1000


@given(names.filter(lambda name: len(name.encode("utf-8", "surrogatepass")) < 80))
def test_candidates_of_a_safe_name_are_safe(name: str) -> None:
    safe = safe_name(name)
    for candidate in islice(unique_candidates(safe), 12):
        assert_any_file_system_holds(candidate)
        if "~" not in safe and len(safe.encode()) <= 91:
            assert safe_name(candidate) == candidate
