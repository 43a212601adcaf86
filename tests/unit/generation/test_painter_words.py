"""How the demo painter understands a prompt."""

from __future__ import annotations

import pytest

from abby_core.generation.providers.painter import words
from abby_core.generation.providers.painter.brief import Brief, read
from abby_core.generation.providers.painter.places import PLACES
from abby_core.generation.providers.painter.subjects import SUBJECTS


def brief(prompt: str, negative: str = "") -> Brief:
    return read(prompt, negative, 1)


def kinds(prompt: str) -> list[tuple[str, int]]:
    return [(wish.kind, wish.count) for wish in brief(prompt).wishes]


@pytest.mark.parametrize(
    ("prompt", "place"),
    [
        ("a cute rabbit in a meadow", "meadow"),
        ("A RABBIT", "meadow"),
        ("a fox", "forest"),
        ("a fox in a snowy city", "city"),
        ("castles on mountains", "mountain"),
        ("deep ocean with fish", "depths"),
        ("goldfish", "depths"),
        ("a boat", "sea"),
        ("spaceship near a ringed planet", "space"),
        ("portrait of a robot", "studio"),
        ("portrait of a cat in the desert", "desert"),
        ("penguins", "snowfield"),
        ("sunset", "mountain"),
        ("snow", "forest"),
        ("zxqv blorp", "dream"),
        ("", "dream"),
    ],
)
def test_the_place_is_the_one_named_or_where_the_subject_lives(prompt: str, place: str) -> None:
    assert brief(prompt).place == place


@pytest.mark.parametrize(
    ("prompt", "wished"),
    [
        ("a rabbit", [("rabbit", 1)]),
        ("two rabbits and a cat", [("rabbit", 2), ("cat", 1)]),
        ("rabbits", [("rabbit", 3)]),
        ("bunnies, bunnies, bunnies", [("rabbit", 3)]),
        ("a flock of birds", [("bird", 7)]),
        ("wolves", [("wolf", 3)]),
        ("deep ocean with fish", [("fish", 6)]),
        ("a fish", [("fish", 1)]),
        ("a polar bear on ice", [("polarbear", 1)]),
        ("hot air balloon", [("balloon", 1)]),
        ("a tulip field", []),
        ("a rabbit and flowers", [("rabbit", 1)]),
        ("a flower", [("flower", 1)]),
        ("a cat, a dog, a fox, a bear and a lion", [("cat", 1), ("dog", 1), ("fox", 1)]),
    ],
)
def test_subjects_come_with_their_number(prompt: str, wished: list[tuple[str, int]]) -> None:
    assert kinds(prompt) == wished


def test_a_colour_belongs_to_the_subject_it_stands_before() -> None:
    dragon, castle = brief("a red dragon over a castle").wishes
    assert dragon.colour == words.COLOURS["red"]
    assert castle.colour is None
    assert brief("a red dragon").tint is None


def test_a_colour_without_a_subject_tints_the_picture() -> None:
    assert brief("a meadow in blue").tint == words.COLOURS["blue"]


def test_time_and_weather_are_heard() -> None:
    rainy = brief("city skyline at night in the rain")
    assert (rainy.time, rainy.weather) == ("night", {"rain"})


@pytest.mark.parametrize(
    "unwanted",
    [brief("a night at sea", "moon, birds"), brief("a night at sea without the moon"), brief("night, sea, no moons")],
)
def test_what_is_not_wanted_is_left_out(unwanted: Brief) -> None:
    assert not unwanted.wants("moon")
    assert unwanted.wants("stars")
    assert (unwanted.place, unwanted.time) == ("sea", "night")


def test_an_unwanted_subject_is_not_painted_even_if_it_is_wished_for() -> None:
    assert [wish.kind for wish in brief("a cat and a dog", "dogs").wishes] == ["cat"]


def test_random_numbers_depend_on_words_seed_and_purpose_alone() -> None:
    def number(prompt: str, seed: int, purpose: str) -> float:
        return read(prompt, "", seed).rng(purpose).random()

    assert number("a  Cat", 1, "sky") == number("a cat", 1, "sky")
    assert (
        len(
            {number("a cat", 1, "sky"), number("a dog", 1, "sky"), number("a cat", 2, "sky"), number("a cat", 1, "sea")}
        )
        == 4
    )


def test_every_word_leads_to_something_that_can_be_painted() -> None:
    assert set(words.PLACES.values()) == set(PLACES)
    assert set(words.HOMES.values()) <= set(PLACES)
    assert set(words.SUBJECTS.values()) == {*SUBJECTS, "planet"}
    assert set(words.HOMES) <= set(words.SUBJECTS.values())
    assert set(words.OWN_COLOURS) <= set(words.SUBJECTS)


def test_no_place_word_is_also_a_subject() -> None:
    assert set(words.PLACES).isdisjoint(words.SUBJECTS)


def test_hostile_prompts_are_only_words() -> None:
    for prompt in (
        "\u202e🐰" * 300,
        "(" * 2000,
        "a" * 2000,
        "rabbit " * 285,
        "../../etc/passwd",
        "'; DROP TABLE orders",
    ):
        assert brief(prompt).place in PLACES
