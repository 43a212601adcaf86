"""What a person chose for a picture, each thing or nothing: from options, a prompt's parameters, presets (pure).

Choices are laid over each other, the strongest first; what nobody chose is the request's own default.
"""

from __future__ import annotations

import difflib
import unicodedata
from dataclasses import dataclass, fields
from typing import Any

from abby_core.errors import InvalidRequest
from abby_core.generation.checks import check_request
from abby_core.generation.request import STYLES, ImageToImage, TextToImage
from abby_core.sentence import Sentence, sentence

SUFFIX_CHARACTERS_MAX = 500
"""Longest text put behind every prompt: a quarter of what a prompt may have, so that words are left for the picture."""


@dataclass(frozen=True, kw_only=True)
class Choices:
    """None: not chosen. ``width`` and ``height`` (pixels) are chosen together; ``count`` is pictures of each prompt.

    ``negative_prompt`` and ``suffix`` may be chosen to be empty. ``image_strength`` is
    :attr:`ImageToImage.image_strength`.
    """

    style: str | None = None
    width: int | None = None
    height: int | None = None
    provider: str | None = None
    negative_prompt: str | None = None
    suffix: str | None = None
    count: int | None = None
    seed: int | None = None
    steps: int | None = None
    cfg_scale: float | None = None
    image_strength: float | None = None
    private: bool | None = None
    """Whether only whoever asks shall see it, where an adapter would show it to others; no request knows of it."""

    def chosen(self) -> dict[str, Any]:
        """What was chosen, by name."""
        return {name: value for name in NAMES if (value := getattr(self, name)) is not None}

    def over(self, weaker: Choices) -> Choices:
        """These, and for what they leave open the weaker ones."""
        return Choices(**(weaker.chosen() | self.chosen()))

    def without(self, *names: str) -> Choices:
        """These, with the named things left open."""
        return Choices(**{name: value for name, value in self.chosen().items() if name not in names})

    def only(self, *names: str) -> Choices:
        """Of these the named ones."""
        return Choices(**{name: value for name, value in self.chosen().items() if name in names})

    def completed(self, prompt: str) -> str:
        """The prompt with the suffix behind it; a blank one stays blank, and is refused as such."""
        suffix = (self.suffix or "").strip().lstrip(",").lstrip()
        return f"{prompt}, {suffix}" if suffix and prompt.strip() else prompt

    def text_to_image(self, prompt: str) -> TextToImage:
        """The request for a picture from words; the words come as they shall be used."""
        asked = self.only("style", "width", "height", "negative_prompt", "seed", "steps", "cfg_scale")
        return TextToImage(prompt=prompt, **asked.chosen())

    def image_to_image(self, prompt: str, image: bytes, mask: bytes = b"") -> ImageToImage:
        """The request for a picture from a picture and words; it keeps the picture's shape."""
        asked = self.only("style", "negative_prompt", "image_strength", "seed", "steps", "cfg_scale")
        return ImageToImage(prompt=prompt, image=image, mask=mask, **asked.chosen())


NOTHING_CHOSEN = Choices()
NAMES: tuple[str, ...] = tuple(field.name for field in fields(Choices))


def check_choices(choices: Choices, *, count_max: int) -> None:
    """Raise InvalidRequest, in words that say what is allowed. Values may come from strangers: types are checked too.

    Whether there is such a provider is not known here.
    """
    if choices.style is not None:
        check_style(choices.style)
    if (choices.width is None) != (choices.height is None):
        raise InvalidRequest(sentence("Choose width and height together."))
    check_request(choices.text_to_image("a picture"))
    _check_number("count", choices.count, 1, count_max, whole=True)
    _check_number("image_strength", choices.image_strength, 0, 1)
    if choices.suffix is not None and not _is_line(choices.suffix):
        raise InvalidRequest(
            sentence("A suffix is one line of at most {limit} characters.", limit=SUFFIX_CHARACTERS_MAX)
        )
    if choices.private is not None and not isinstance(choices.private, bool):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise InvalidRequest(sentence("private is chosen as true or false."))
    if choices.provider is not None and not _is_line(choices.provider):
        raise InvalidRequest(sentence("A provider is chosen by its name."))


def check_style(style: object) -> None:
    """Raise InvalidRequest with the styles there are, the likeliest first."""
    if style not in STYLES:
        near, styles = nearest(str(style), STYLES), ", ".join(STYLES)
        asked = str(style)[:40]
        if not near:
            raise InvalidRequest(
                sentence("There is no style {style!r}. The styles are: {styles}.", style=asked, styles=styles)
            )
        raise InvalidRequest(
            sentence(
                "There is no style {style!r}. Did you mean {near}? The styles are: {styles}.",
                style=asked,
                near=near,
                styles=styles,
            )
        )


def nearest(word: str, known: tuple[str, ...]) -> str:
    """The known word that is probably meant; blank where none is close."""
    near = difflib.get_close_matches(word[:40].casefold(), known, n=1)
    return near[0] if near else ""


def _check_number(name: str, value: object, low: float, high: float, *, whole: bool = False) -> None:
    if value is None:
        return
    kinds = (int,) if whole else (int, float)
    if isinstance(value, bool) or not isinstance(value, kinds) or not low <= value <= high:
        raise InvalidRequest(_out_of_bounds(name, low, high, whole=whole))


def _out_of_bounds(name: str, low: float, high: float, *, whole: bool) -> Sentence:
    if whole:
        return sentence("{name} has to be a whole number from {low:g} to {high:g}.", name=name, low=low, high=high)
    return sentence("{name} has to be a number from {low:g} to {high:g}.", name=name, low=low, high=high)


def _is_line(text: object) -> bool:
    # Cc, Cs: control characters, and halves of a surrogate pair, which cannot be sent as UTF-8.
    return (
        isinstance(text, str)
        and len(text) <= SUFFIX_CHARACTERS_MAX
        and not any(unicodedata.category(character) in {"Cc", "Cs"} for character in text)
    )
