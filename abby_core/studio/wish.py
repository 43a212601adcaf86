"""From a wording and everything that was chosen to what an order says (pure)."""

from __future__ import annotations

from dataclasses import dataclass

from abby_core.errors import InvalidRequest
from abby_core.generation.choices import Choices
from abby_core.generation.request import ImageToImage, TextToImage
from abby_core.sentence import sentence
from abby_core.studio.wording import Wording, check_count


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What an order is made of: :class:`~abby_core.studio.order.Order` has the same fields."""

    request: TextToImage | ImageToImage
    pictures: int
    prompts: tuple[str, ...]
    provider: str | None


def wish_for_text(wording: Wording, choices: Choices) -> Wish:
    """Pictures from words. ``choices``: the wording's own and all others, as they were laid over each other."""
    if wording.choices.image_strength is not None:
        raise InvalidRequest(sentence("--iw weighs a picture that another one is made from; here is none."))
    prompts = _prompts(wording, choices)
    return _wish(choices.text_to_image(prompts[0]), prompts, choices)


def wish_for_image(wording: Wording, choices: Choices, image: bytes, mask: bytes = b"") -> Wish:
    """The same from a picture and words; with a ``mask``, only what is transparent in that is painted anew."""
    if wording.choices.width is not None:
        raise InvalidRequest(sentence("A picture made from a picture keeps its shape: leave --ar and --size out."))
    prompts = _prompts(wording, choices)
    return _wish(choices.image_to_image(prompts[0], image, mask), prompts, choices)


def _prompts(wording: Wording, choices: Choices) -> tuple[str, ...]:
    return tuple(choices.completed(prompt) for prompt in wording.prompts)


def _wish(request: TextToImage | ImageToImage, prompts: tuple[str, ...], choices: Choices) -> Wish:
    each = 1 if choices.count is None else choices.count
    check_count(len(prompts), each)
    return Wish(
        request=request,
        pictures=len(prompts) * each,
        prompts=tuple(prompt for prompt in prompts for _ in range(each)) if len(prompts) > 1 else (),
        provider=choices.provider,
    )
