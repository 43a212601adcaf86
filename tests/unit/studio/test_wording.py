"""What people write into a prompt besides words: braces, parameters, escapes."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from abby_core.errors import InvalidRequest
from abby_core.generation.choices import NOTHING_CHOSEN, Choices
from abby_core.studio.order import PICTURES_MAX
from abby_core.studio.wish import wish_for_image, wish_for_text
from abby_core.studio.wording import WORDING_CHARACTERS_MAX, literal, read

TEXT = st.text(max_size=60)
MEANT = st.lists(
    st.sampled_from(["{", "}", ",", "\\", "-", "--", "—", "--ar", "—no", " ", "a", "16:9", "\n", "é"])
).map("".join)
"""Texts of what means something."""
WORD = st.text("abcé é", min_size=1, max_size=8).map(str.strip).filter(bool)


def refusal(text: str) -> str:
    with pytest.raises(InvalidRequest) as error:
        read(text)
    return str(error.value)


class TestBraces:
    @pytest.mark.parametrize(
        ("text", "prompts"),
        [
            ("a {red, green} bird", ("a red bird", "a green bird")),
            ("{a, b} {c, d}", ("a c", "a d", "b c", "b d")),
            ("a {red, {dark, light} green} bird", ("a red bird", "a dark green bird", "a light green bird")),
            ("{a,b}{c,d}{e,f}", ("ace", "acf", "ade", "adf", "bce", "bcf", "bde", "bdf")),
            ("{ {a, b} }", ("{ a }", "{ b }")),
            ("a {bird}", ("a {bird}",)),
            ("a {} bird", ("a {} bird",)),
            ("a { bird, a fish", ("a { bird, a fish",)),
            ("a } bird", ("a } bird",)),
            ("{a, {b, c}", ("{a, b", "{a, c")),
            (r"a \{red, green\} bird", ("a {red, green} bird",)),
            (r"{red\, dark, green} bird", ("red, dark bird", "green bird")),
            (r"C:\folder \ bird", (r"C:\folder \ bird",)),
            ("a {tall, } tree", ("a tall tree", "a  tree")),
            ("", ("",)),
        ],
    )
    def test_alternatives_make_one_prompt_each_and_groups_multiply(self, text: str, prompts: tuple[str, ...]) -> None:
        assert read(text).prompts == prompts

    def test_a_lonely_brace_is_text_and_says_so(self) -> None:
        assert read("a { bird").notes == ("A brace without its partner was taken as text.",)
        assert read("a {red, green} bird").notes == ()

    def test_more_pictures_than_an_order_has_are_refused_with_their_number(self) -> None:
        assert "24 pictures" in refusal("{a,b,c,d} {a,b,c} {a,b}")
        assert "12 pictures (3 of each prompt)" in refusal("{a,b,c,d} --n 3")
        assert "more than 1,000,000 pictures" in refusal("{a,b}" * 1000)

    def test_as_many_as_an_order_has_are_made(self) -> None:
        assert len(read("{a,b,c,d,e} {f,g}").prompts) == PICTURES_MAX

    def test_what_would_take_forever_is_refused_at_once(self) -> None:
        assert "deep" in refusal("{a," * 500 + "}" * 500)
        assert "characters" in refusal("x" * (WORDING_CHARACTERS_MAX + 1))

    def test_an_empty_prompt_among_others_is_refused(self) -> None:
        assert "empty" in refusal("{a bird, }")


class TestParameters:
    @pytest.mark.parametrize(
        ("written", "choices"),
        [
            ("--ar 16:9", Choices(width=1344, height=768)),
            ("--ar 16x9", Choices(width=1344, height=768)),
            ("--aspect 1.5:1", Choices(width=1280, height=832)),
            ("—ar 1:1", Choices(width=1024, height=1024)),
            ("--AR 1:1", Choices(width=1024, height=1024)),
            ("--size 640x512", Choices(width=640, height=512)),
            ("--no trees, tall people", Choices(negative_prompt="trees, tall people")),
            ("--seed 7 --style Anime", Choices(seed=7, style="anime")),
            ("--n 4", Choices(count=4)),
            ("--repeat 4", Choices(count=4)),
            ("--cfg 7.5 --steps 30", Choices(cfg_scale=7.5, steps=30)),
            ("--iw 1.5", Choices(image_strength=0.5)),
            ("--no a—b -- c", Choices(negative_prompt="a—b -- c")),
            (r"--no \--ar", Choices(negative_prompt="--ar")),
        ],
    )
    def test_parameters_at_the_end_are_choices(self, written: str, choices: Choices) -> None:
        wording = read(f"a bird {written}")
        assert (wording.prompts, wording.choices) == (("a bird",), choices)

    @pytest.mark.parametrize(
        "text",
        ["a well--known bird", "a bird -- in flight", "a bird — in flight", "bird—no tree", "a bird —like this", "--",
         "a --1", "stand—alone", "a ---ar bird", "—", "a—b"],
    )  # fmt: skip
    def test_dashes_between_words_are_words(self, text: str) -> None:
        assert read(text).prompts == (text,)
        assert read(text).choices == NOTHING_CHOSEN

    def test_an_unknown_parameter_is_named_with_the_known_ones_and_the_likeliest(self) -> None:
        said = refusal("a bird --stile anime")
        assert "--stile" in said
        assert "Did you mean style?" in said
        assert "--ar, --size, --no" in said

    @pytest.mark.parametrize(
        ("written", "said"),
        [
            ("--ar", "--ar 16:9"),
            ("--ar wide", "16:9"),
            ("--ar 9:1", "between 1:4 and 4:1"),
            ("--ar 0:1", "16:9"),
            ("--ar 1:1 --size 64x64", "said before"),
            ("--ar 1:1 in the sea", "before --ar"),
            ("--size 9x9", "from 64 to"),
            ("--seed -5", "whole number"),
            ("--seed 99999999999", "from 0 to"),
            ("--seed ٧", "whole number"),
            ("--style animal", "There is no style"),
            ("--n 11", "from 1 to 10"),
            ("--n 0", "from 1 to 10"),
            ("--cfg nan", "a number"),
            ("--steps 1e3", "whole number"),
            ("--iw 4", "0 to 3"),
            ("--no a\0b", "control characters"),
            ("--ar {1:1, 2:1}", "the same for all pictures"),
            ("--no {trees}", "the same for all pictures"),
        ],
    )
    def test_what_cannot_be_is_refused_with_what_can(self, written: str, said: str) -> None:
        assert said in refusal(f"a bird {written}")

    @pytest.mark.parametrize("text", ["{a --ar 1:1, b}", "{--ar 1:1, --ar 2:1} a bird", "{a,--seed 7}"])
    def test_a_parameter_inside_braces_is_refused_clearly(self, text: str) -> None:
        assert "the same for all pictures" in refusal(text)


class TestWishes:
    def test_each_prompt_is_repeated_in_order_and_carries_the_suffix(self) -> None:
        wish = wish_for_text(read("a {red, green} bird --n 2"), Choices(count=2, suffix="oil on canvas", style="anime"))
        assert wish.prompts == ("a red bird, oil on canvas",) * 2 + ("a green bird, oil on canvas",) * 2
        assert (wish.pictures, wish.request.prompt, wish.request.style) == (4, "a red bird, oil on canvas", "anime")

    def test_one_prompt_needs_no_list(self) -> None:
        wish = wish_for_text(read("a bird"), Choices(count=3))
        assert (wish.prompts, wish.pictures, wish.request.prompt) == ((), 3, "a bird")

    def test_a_suffix_makes_no_picture_of_nothing(self) -> None:
        assert wish_for_text(read("  "), Choices(suffix="oil on canvas")).request.prompt == ""

    def test_a_chosen_count_counts_against_an_orders_pictures(self) -> None:
        with pytest.raises(InvalidRequest, match="12 pictures"):
            wish_for_text(read("{a, b, c}"), Choices(count=4))

    @pytest.mark.parametrize("count", [0, -1, 11, 10**9])
    def test_a_count_that_cannot_be_is_refused(self, count: int) -> None:
        with pytest.raises(InvalidRequest, match="1 to 10 pictures"):
            wish_for_text(read("a bird"), Choices(count=count))

    def test_what_does_not_fit_the_kind_is_refused_if_it_was_written_and_ignored_if_it_is_only_preferred(self) -> None:
        with pytest.raises(InvalidRequest, match="--iw"):
            wish_for_text(read("a bird --iw 1"), NOTHING_CHOSEN)
        with pytest.raises(InvalidRequest, match="keeps its shape"):
            wish_for_image(read("a bird --ar 1:1"), NOTHING_CHOSEN, b"picture")
        assert wish_for_text(read("a bird"), Choices(image_strength=0.5)).request.prompt == "a bird"
        assert wish_for_image(read("a bird"), Choices(width=64, height=64), b"picture").pictures == 1


@given(TEXT | MEANT)
@example("{" * 300 + "}" * 300)
@example("{" * 300 + "," * 300 + "}" * 300)
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        wording = read(text)
    except InvalidRequest as error:
        assert str(error)
    else:
        assert 1 <= len(wording.prompts) <= PICTURES_MAX


@given(TEXT)
def test_text_without_special_characters_comes_back_stripped_and_unchanged(text: str) -> None:
    assume(not set(text) & set("{}\\—") and "--" not in text)
    wording = read(text)
    assert (wording.prompts, wording.choices, wording.notes) == ((text.strip(),), NOTHING_CHOSEN, ())


@given(TEXT | MEANT)
def test_escaped_text_is_read_as_it_was(text: str) -> None:
    wording = read(literal(text))
    assert (wording.prompts, wording.choices, wording.notes) == ((text.strip(),), NOTHING_CHOSEN, ())


@given(st.lists(st.lists(WORD, min_size=2, max_size=5), max_size=4))
def test_there_are_as_many_prompts_as_the_product_of_the_alternatives(groups: list[list[str]]) -> None:
    text = "a " + " ".join("{" + ",".join(group) + "}" for group in groups)
    expected = math.prod(map(len, groups))
    if expected > PICTURES_MAX:
        assert f"{expected} pictures" in refusal(text)
    else:
        prompts = read(text).prompts
        assert len(prompts) == expected
        assert all(prompts[0].count(group[0]) for group in groups)
