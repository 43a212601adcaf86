"""Everything the painter can show as a subject, and how each one lives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

from abby_core.generation.providers.painter.brushes.colour import Colour
from abby_core.generation.providers.painter.brushes.figure import Figure
from abby_core.generation.providers.painter.subjects import (
    birds,
    buildings,
    dragon,
    garden,
    keepsakes,
    machines,
    people,
    swimmers,
)
from abby_core.generation.providers.painter.subjects.plush import draw_animal
from abby_core.generation.providers.painter.subjects.species import SPECIES

Habit = Literal["ground", "built", "air", "water"]


@dataclass(frozen=True, kw_only=True)
class Subject:
    """One kind of subject."""

    habit: Habit
    """Which of a place's spots it takes."""
    draw: Callable[[Figure, Colour | None], None]
    """Paints it, in the colour the prompt names for it, if any."""
    size: float = 1.0
    """Compared with what a spot offers."""
    turn: float = 0.0
    """How far it leans to the side it faces, in radians."""


def _animal(species: str, figure: Figure, colour: Colour | None) -> None:
    draw_animal(figure, species, colour)


SUBJECTS: dict[str, Subject] = {
    **{name: Subject(habit="ground", draw=partial(_animal, name)) for name in SPECIES},
    "owl": Subject(habit="ground", draw=birds.draw_owl),
    "penguin": Subject(habit="ground", draw=birds.draw_penguin),
    "duck": Subject(habit="ground", draw=birds.draw_duck),
    "frog": Subject(habit="ground", draw=garden.draw_frog, size=0.9),
    "bird": Subject(habit="air", draw=birds.draw_bird),
    "butterfly": Subject(habit="air", draw=garden.draw_butterfly, size=0.8, turn=0.25),
    "bee": Subject(habit="air", draw=garden.draw_bee, size=0.75),
    "dragon": Subject(habit="air", draw=dragon.draw_dragon, size=0.92),
    "fish": Subject(habit="water", draw=swimmers.draw_fish),
    "shark": Subject(habit="water", draw=swimmers.draw_shark, size=1.2),
    "whale": Subject(habit="water", draw=swimmers.draw_whale, size=1.2),
    "jellyfish": Subject(habit="water", draw=swimmers.draw_jellyfish, size=1.1),
    "octopus": Subject(habit="water", draw=swimmers.draw_octopus, size=1.1),
    "turtle": Subject(habit="water", draw=swimmers.draw_turtle, size=1.1, turn=-0.15),
    "castle": Subject(habit="built", draw=buildings.draw_castle),
    "house": Subject(habit="built", draw=buildings.draw_house, size=0.8),
    "lighthouse": Subject(habit="built", draw=buildings.draw_lighthouse),
    "windmill": Subject(habit="built", draw=buildings.draw_windmill),
    "robot": Subject(habit="ground", draw=machines.draw_robot, size=1.1),
    "rocket": Subject(habit="air", draw=machines.draw_rocket, size=1.1, turn=0.6),
    "ufo": Subject(habit="air", draw=machines.draw_ufo, size=0.9, turn=0.1),
    "balloon": Subject(habit="air", draw=machines.draw_balloon, size=1.1),
    "boat": Subject(habit="water", draw=machines.draw_boat, size=0.85),
    "person": Subject(habit="ground", draw=people.draw_person, size=0.85),
    "wizard": Subject(habit="ground", draw=people.draw_wizard),
    "astronaut": Subject(habit="ground", draw=people.draw_astronaut),
    "snowman": Subject(habit="ground", draw=people.draw_snowman),
    "mushroom": Subject(habit="ground", draw=keepsakes.draw_mushroom, size=0.9),
    "cactus": Subject(habit="ground", draw=keepsakes.draw_cactus),
    "tree": Subject(habit="ground", draw=keepsakes.draw_tree, size=1.3),
    "flower": Subject(habit="ground", draw=keepsakes.draw_flower),
    "heart": Subject(habit="air", draw=keepsakes.draw_heart),
    "cake": Subject(habit="ground", draw=keepsakes.draw_cake, size=0.8),
}
"""By meaning, as ``words.SUBJECTS`` names them. Planets are missing: the sky paints them."""
