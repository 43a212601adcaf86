"""The form that asks for pictures: what was typed, read into an order, and shown again where it could not be."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Literal

from abby_core.errors import InvalidRequest
from abby_core.generation.choices import Choices
from abby_core.generation.request import UPSCALE_SIDE_PIXELS_MAX, Kind, Upscale
from abby_core.generation.shape import size_of_aspect, size_of_text
from abby_core.sentence import sentence
from abby_core.studio import Order
from abby_core.studio.wish import Wish, wish_for_image, wish_for_text
from abby_core.studio.wording import literal, read

if TYPE_CHECKING:
    from abby_core.bootstrap import Abby
    from abby_core.studio import Account, Artifact

ASPECTS = ("1:1", "3:2", "2:3", "4:3", "3:4", "16:9", "9:16")
"""Shapes that are one press away; others may be typed as a size."""
UPSCALE_WIDTH = 2048
"""Width in pixels of an enlarged picture, or twice its own if that is more."""
Doing = Literal["words", "transform", "upscale"]
_KINDS: Mapping[str, Kind] = {"words": "text_to_image", "transform": "image_to_image", "upscale": "upscale"}
_KEY = re.compile(r"[0-9a-f]{32}(-[0-9a-z]{1,20})?")


@dataclass(frozen=True, kw_only=True)
class MakeForm:
    """Everything as text, as it was typed. ``key`` makes sending the same form twice the same order.

    ``upload`` is the picture that was dropped, ``source`` the id of one of one's own instead of it.
    """

    prompt: str = ""
    style: str = ""
    aspect: str = ""
    size: str = ""
    count: str = ""
    negative: str = ""
    seed: str = ""
    provider: str = ""
    preset: str = ""
    doing: str = "words"
    strength: str = ""
    source: str = ""
    key: str = ""
    upload: bytes = b""

    @classmethod
    def read(cls, form: Mapping[str, object], upload: bytes) -> MakeForm:
        """What a browser sent. A picture without a word of what to do with it is changed."""
        typed = {each.name: str(form.get(each.name, "")).strip() for each in fields(cls) if each.name != "upload"}
        fewer = str(form.get("fewer", ""))
        made = cls(**typed | ({"count": fewer} if fewer else {}), upload=upload)
        has_picture = bool(made.upload or made.source)
        if not has_picture:
            return replace(made, doing="words")
        return made if made.doing in {"transform", "upscale"} else replace(made, doing="transform")

    def with_new_key(self) -> MakeForm:
        """The same, to be sent as an order of its own."""
        return replace(self, key=secrets.token_hex(16))

    @property
    def has_more(self) -> bool:
        """Whether something is filled in where one has to unfold it."""
        return any((self.size, self.negative, self.seed, self.provider, self.preset))

    def order(self, abby: Abby, account: Account) -> tuple[Order, tuple[str, ...]]:
        """The order it stands for, and notes about how it was read. Blocks. Raises InvalidRequest, NotFound."""
        source = abby.gallery.find(account, self.source) if self.source and not self.upload else None
        if self.doing == "upscale":
            order = Order(id="", account=account, request=self._larger(source), provider=self.provider or None)
            notes: tuple[str, ...] = ()
        else:
            wish, notes = self._wish(abby, account)
            order = Order(
                id="", account=account, request=wish.request, pictures=wish.pictures, prompts=wish.prompts,
                provider=wish.provider,
            )  # fmt: skip
        named = "" if source is None else source.id
        return replace(order, id=self._order_id(account), source_artifact=named), notes

    def _larger(self, source: Artifact | None) -> Upscale:
        width = UPSCALE_WIDTH if source is None else max(UPSCALE_WIDTH, 2 * source.width)
        return Upscale(image=self.upload, width=min(UPSCALE_SIDE_PIXELS_MAX, width))

    def _wish(self, abby: Abby, account: Account) -> tuple[Wish, tuple[str, ...]]:
        wording = read(self.prompt)
        resolved = abby.presets.resolve(
            account, self._choices().over(wording.choices), kind=_KINDS[self.doing], preset=self.preset
        )
        notes = wording.notes + resolved.notes
        if self.doing == "words":
            return wish_for_text(wording, resolved.choices), notes
        return wish_for_image(wording, resolved.choices, self.upload), notes

    def _choices(self) -> Choices:
        """What was chosen besides the words. Raises InvalidRequest."""
        width = height = None
        if self.doing == "words" and (self.size or self.aspect):
            width, height = size_of_text(self.size) if self.size else size_of_aspect(self.aspect)
        strength = _whole(self.strength, sentence("How much stays of the picture is a number from 0 to 100."))
        return Choices(
            style=self.style or None, width=width, height=height, provider=self.provider or None,
            count=_whole(self.count, sentence("The number of pictures is a whole number.")),
            negative_prompt=self.negative or None,
            seed=_whole(self.seed, sentence("A seed is a whole number.")),
            image_strength=None if strength is None or self.doing != "transform" else strength / 100,
        )  # fmt: skip

    def _order_id(self, account: Account) -> str:
        """The same form of the same account is the same order; whoever changed a word meant another one."""
        if not _KEY.fullmatch(self.key):
            raise InvalidRequest(sentence("This form is too old. Look it over and send it again."))
        whole = hashlib.blake2b(account.key.encode(), digest_size=16)
        for each in fields(self):
            value = getattr(self, each.name)
            data = value if isinstance(value, bytes) else str(value).encode("utf-8", "backslashreplace")
            whole.update(b"\0" + str(len(data)).encode() + b"\0" + data)
        return f"page-{whole.hexdigest()}"


def reusing(artifact: Artifact) -> MakeForm:
    """The form filled in as it was for that picture."""
    has_size = artifact.kind == "text_to_image" and artifact.width
    return MakeForm(
        prompt=literal(artifact.prompt), style=artifact.style, negative=artifact.negative_prompt,
        seed="" if artifact.seed is None else str(artifact.seed),
        size=f"{artifact.width}x{artifact.height}" if has_size else "",
    ).with_new_key()  # fmt: skip


def working_on(artifact: Artifact, doing: str) -> MakeForm:
    """The form for making something of that picture."""
    upscale = doing == "upscale"
    return MakeForm(
        source=artifact.id, doing="upscale" if upscale else "transform",
        prompt="" if upscale else literal(artifact.prompt), style="" if upscale else artifact.style,
    ).with_new_key()  # fmt: skip


def _whole(text: str, wrong: str) -> int | None:
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,12}", text):
        raise InvalidRequest(wrong)
    return int(text)
