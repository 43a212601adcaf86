"""Words that a prompt may not hold, however they are written."""

from __future__ import annotations

import pytest

from abby_core.access.guild_settings import CHANNELS_MAX, WORDS_MAX, GuildSettings, check, decode, encode
from abby_core.access.patterns import STEPS_MAX, Pattern
from abby_core.access.prompt_filter import WORD_CHARACTERS_MAX, WordRule, Words, is_forbidden, words_in
from abby_core.access.word_files import WORDS_MAX as HOST_WORDS_MAX
from abby_core.access.word_files import load_host_words
from abby_core.errors import ConfigurationError, InvalidRequest

RULE = WordRule(words=Words(["gore", "cat*", "*fish", "*dog*", "bad phrase", "Straße", "猫"]))


@pytest.mark.parametrize(
    "prompt",
    [
        "gore", "GORE!", "so much gore, please", "gore_scene", "a caterpillar", "a jellyfish", "hotdogs",
        "BAD\n PHRASE",
        "g\u200bo\u200dr\u00ade", "ｇｏｒｅ", "𝓰𝓸𝓻𝓮", "g\u0337o\u0337re", "go\ufe0fre", "g\x00ore", "STRASSE",
        "go\u034fre",
        "猫 at night",
    ],
)  # fmt: skip
def test_a_listed_word_is_found(prompt: str) -> None:
    assert is_forbidden(["a boat", prompt], [RULE])


@pytest.mark.parametrize("prompt", ["gory", "allegore", "concat", "fishy", "bad, phrase", "", "黒猫"])
def test_another_word_is_not(prompt: str) -> None:
    assert not is_forbidden([prompt], [RULE])


def test_what_is_allowed_is_no_excuse_for_what_stands_beside_it() -> None:
    rule = WordRule(words=Words(["*cat*"]), allowed=Words(["concatenate", "cat food"]))
    assert not is_forbidden(["to concatenate", "a tin of CAT  food"], [rule])
    assert is_forbidden(["to concatenate a cat"], [rule])


def test_patterns_count_as_words_do() -> None:
    rule = WordRule(words=Words(), patterns=(Pattern("b[i1!]rd"),), allowed=Words(["b1rd park"]))
    assert is_forbidden(["a B1RD"], [rule])
    assert not is_forbidden(["the b1rd park"], [rule])


def test_what_takes_too_long_to_tell_is_not_allowed() -> None:
    """Else a prompt would only have to be long."""
    rules = [WordRule(words=Words(), patterns=(Pattern("(a?){100}b"),)) for _ in range(50)]
    assert is_forbidden(["a" * (STEPS_MAX // 2000)], rules)


def test_blank_words_forbid_nothing() -> None:
    assert not is_forbidden(["a boat * **"], [WordRule(words=Words(["", "*", " ** ", "\u200b"]))])


def test_a_list_is_read_as_people_write_it() -> None:
    assert words_in("gore, bad   phrase\n\n# a remark\n*dog* # barks\n") == ("gore", "bad phrase", "*dog*")


class TestFiles:
    def test_they_are_read_once_and_hold_words(self, tmp_path) -> None:
        (tmp_path / "blocked.txt").write_bytes("\ufeffgore\n".encode())
        words = load_host_words(tmp_path / "blocked.txt", None)
        assert (len(words.blocked), len(words.mature)) == (1, 0)

    @pytest.mark.parametrize(
        "content",
        [
            None,
            b"\xff\xfe",
            b"x" * (WORD_CHARACTERS_MAX + 1),
            b"\n".join(b"w%d" % n for n in range(HOST_WORDS_MAX + 1)),
        ],
    )
    def test_a_file_that_cannot_be_used_is_named(self, content, tmp_path) -> None:
        path = tmp_path / "mature.txt"
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(ConfigurationError, match="MATURE_WORDS_FILE"):
            load_host_words(None, path)


class TestSettings:
    def test_they_are_the_same_after_the_database(self) -> None:
        settings = GuildSettings(channels=("1",), mature="channels", blocked_words=("a", "b c"), spoiler=True)
        assert decode(encode(settings)) == settings
        assert encode(GuildSettings()) == "{}"
        assert decode('{"of_the_future": [1], "spoiler": true}') == GuildSettings(spoiler=True)

    @pytest.mark.parametrize(
        "changes",
        [
            {"channels": tuple(map(str, range(CHANNELS_MAX + 1)))}, {"channels": ("",)}, {"mature": "never"},
            {"blocked_words": tuple(f"w{n}" for n in range(WORDS_MAX + 1))}, {"mature_words": ("x" * 61,)},
            {"preset": "x" * 41}, {"blocked_words": ("a\0b",)},
        ],
    )  # fmt: skip
    def test_what_cannot_be_is_refused(self, changes) -> None:
        with pytest.raises(InvalidRequest):
            check(GuildSettings(**changes))

    def test_doubles_and_blanks_are_left_out(self) -> None:
        checked = check(GuildSettings(channels=("1", "1"), blocked_words=("a  b", "a b", " ", "*")))
        assert (checked.channels, checked.blocked_words) == (("1",), ("a b",))
