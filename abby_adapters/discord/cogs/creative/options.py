"""What the options of several commands are, and what choices they make."""

from __future__ import annotations

from discord.app_commands import Range

from abby_core.generation.choices import Choices
from abby_core.generation.request import SEED_MAX
from abby_core.generation.shape import size_of_aspect
from abby_core.studio.order import PICTURES_MAX

ASPECTS = ("1:1", "16:9", "9:16", "3:2", "2:3", "4:3", "3:4", "21:9")
PROMPT_CHARACTERS_MAX = 6000
"""What Discord takes in one option."""
Prompt = Range[str, 1, PROMPT_CHARACTERS_MAX]
Count = Range[int, 1, PICTURES_MAX]
Seed = Range[int, 1, SEED_MAX]


def choices_of(
    *,
    style: str | None = None,
    aspect: str | None = None,
    count: int | None = None,
    seed: int | None = None,
    negative: str | None = None,
    suffix: str | None = None,
    provider: str | None = None,
    strength: int | None = None,
    private: bool | None = None,
) -> Choices:
    """What was chosen; ``strength`` in per cent."""
    width, height = (None, None) if aspect is None else size_of_aspect(aspect)
    return Choices(
        style=_word(style),
        width=width,
        height=height,
        count=count,
        seed=seed,
        negative_prompt=negative,
        suffix=suffix,
        provider=_word(provider),
        image_strength=None if strength is None else strength / 100,
        private=private,
    )


def _word(text: str | None) -> str | None:
    """A style or provider as it is called, however it was typed."""
    return text.strip().casefold() if text and text.strip() else None
