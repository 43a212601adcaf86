"""What OpenAI's clients send, and the order it stands for.

Only fields that are set are sent; what is not known is ignored, as OpenAI's own tools have different ages. Prompts
are taken literally here: braces and dashes are part of what a program says.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from abby_adapters.web.errors import Failure, HttpError, bad_request
from abby_core.bootstrap import Abby
from abby_core.generation.choices import Choices, check_choices
from abby_core.generation.request import STYLES
from abby_core.storage.converting import PictureFormat
from abby_core.studio import Account, Order
from abby_core.studio.order import PICTURES_MAX
from abby_core.studio.wish import Wish, wish_for_image, wish_for_text
from abby_core.studio.wording import Wording

HOSTS_CHOICE = "abby"
"""The model's name for: whatever the host has set up."""
_OPENAIS_OWN = re.compile(r"(gpt-image|chatgpt-image|dall-e)[\w.-]*", re.IGNORECASE)
"""Names that many tools send unasked: they mean the host's choice as well."""
_OPENAIS_STYLES = frozenset({"vivid", "natural"})
_SIZE = re.compile(r"([0-9]{1,5})x([0-9]{1,5})")

Text = Annotated[str, Field(max_length=10_000)]
Word = Annotated[str, Field(max_length=200)]


class ImageBody(BaseModel):
    """What generations and edits have in common. None is the same as not sent."""

    model_config = ConfigDict(extra="ignore")

    prompt: Text
    model: Word | None = None
    n: Annotated[int, Field(ge=1, le=PICTURES_MAX)] | None = None
    size: Word | None = Field(None, description="auto, or WIDTHxHEIGHT in pixels; an edit keeps its picture's shape.")
    quality: Literal["auto", "low", "medium", "high", "xhigh", "max", "standard", "hd"] | None = Field(
        None, description="Taken and of no effect: the host chose the model."
    )
    background: Literal["auto", "opaque", "transparent"] | None = None
    output_format: PictureFormat | None = Field(None, description="Not given: as the picture was made.")
    output_compression: Annotated[int, Field(ge=0, le=100)] | None = Field(
        None, description="Quality of jpeg and webp, 100 the best."
    )
    response_format: Literal["b64_json", "url"] | None = None
    stream: bool | None = None
    partial_images: Annotated[int, Field(ge=0, le=3)] | None = Field(
        None, description="How many previews of each picture a stream may bring, where the provider has such."
    )

    provider: Word | None = Field(None, description="Beyond OpenAI: one of the providers that /v1/models lists.")
    style: Word | None = Field(None, description="Beyond OpenAI's two: one of Abby's styles.")
    negative_prompt: Text | None = Field(None, description="Beyond OpenAI: what should not be in the picture.")
    seed: int | None = Field(None, description="Beyond OpenAI: the same seed and words make the same picture.")
    steps: int | None = Field(None, description="Beyond OpenAI.")
    cfg_scale: float | None = Field(None, description="Beyond OpenAI.")

    def choices(self, abby: Abby) -> Choices:
        """What was chosen. Raises HttpError and InvalidRequest."""
        if self.background == "transparent":
            raise bad_request("No provider here makes transparent pictures; leave `background` out.", "background")
        if self.output_compression is not None and self.output_format not in {"jpeg", "webp"}:
            raise bad_request("`output_compression` is for jpeg and webp: name one as `output_format`.",
                              "output_compression")  # fmt: skip
        if self.stream and self.response_format == "url":
            raise bad_request(
                "A stream carries the pictures themselves; leave `response_format` out.", "response_format"
            )
        style = None if self.style in _OPENAIS_STYLES else self.style
        if style is not None and style not in STYLES:
            raise bad_request(f"There is no such style. The styles are: {', '.join(STYLES)}.", "style")
        choices = Choices(
            style=style, provider=provider_of(abby, self.model, self.provider), negative_prompt=self.negative_prompt,
            count=self.n, seed=self.seed, steps=self.steps, cfg_scale=self.cfg_scale,
        )  # fmt: skip
        check_choices(choices, count_max=PICTURES_MAX)
        return choices


class GenerationBody(ImageBody):
    """The body of POST /v1/images/generations."""

    def order(self, abby: Abby, account: Account) -> Order:
        """The order it stands for, still without an id."""
        width, height = _size(self.size)
        choices = self.choices(abby).over(Choices(width=width, height=height))
        return _order(account, wish_for_text(Wording(prompts=(self.prompt,)), choices))


class EditBody(ImageBody):
    """The words of POST /v1/images/edits; everything arrives as text."""

    image_strength: Annotated[float, Field(ge=0, le=1)] | None = Field(
        None, description="Beyond OpenAI: near 1 keeps the picture."
    )

    def order(self, abby: Abby, account: Account, image: bytes, mask: bytes) -> Order:
        """The order it stands for, still without an id."""
        _size(self.size)
        choices = self.choices(abby).over(Choices(image_strength=self.image_strength))
        return _order(account, wish_for_image(Wording(prompts=(self.prompt,)), choices, image, mask))


def provider_of(abby: Abby, model: str | None, provider: str | None) -> str | None:
    """Which provider a model's name stands for; None: the host's first. Raises HttpError for an unknown model."""
    if provider:
        return provider.lower()
    if not model or model.lower() == HOSTS_CHOICE or _OPENAIS_OWN.fullmatch(model):
        return None
    if model.lower() in abby.generator.providers:
        return model.lower()
    raise no_such_model(abby, model)


def no_such_model(abby: Abby, model: str) -> HttpError:
    """A model that is not here."""
    names = ", ".join((HOSTS_CHOICE, *abby.generator.providers))
    return HttpError(Failure(status=404, code="model_not_found", param="model", should_retry=False,
                             message=f"There is no model {model[:60]!r} here. There are: {names}."))  # fmt: skip


def _order(account: Account, wish: Wish) -> Order:
    return Order(
        id="", account=account, request=wish.request, pictures=wish.pictures, provider=wish.provider,
        prompts=wish.prompts,
    )  # fmt: skip


def _size(text: str | None) -> tuple[int | None, int | None]:
    """Pixels, or nothing where the host may choose. Raises HttpError."""
    if text is None or text == "auto":
        return None, None
    found = _SIZE.fullmatch(text)
    if not found:
        raise bad_request(f"`size` is auto or looks like 1024x1024, not {text[:40]!r}.", "size")
    return int(found[1]), int(found[2])
