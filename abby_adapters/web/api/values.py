"""What Abby's own interface answers: orders, pictures, quota."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from abby_core.gallery import Filter
from abby_core.gallery.share_rows import DEMO_PROVIDER
from abby_core.generation.choices import Choices
from abby_core.studio import Artifact, OrderView, Progress
from abby_core.studio.order import PICTURES_MAX

Text = Annotated[str, Field(max_length=10_000)]
Word = Annotated[str, Field(max_length=200)]
Name = Annotated[str, Field(min_length=1, max_length=500)]
PAGE_MAX = 200
"""Pictures on one page: as many as the catalogue hands out at once."""
OrderState = Literal["waiting", "running", "done", "failed", "cancelled"]


class NewOrder(BaseModel):
    """What an order says. A field that is not known is refused: here it would be a slip of the pen."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"prompt": "a fox in the snow", "width": 1024, "height": 768}]}
    )

    kind: Literal["text_to_image", "image_to_image", "upscale"] = "text_to_image"
    prompt: Text = Field("", description="Taken literally. An upscale needs none.")
    source: Name | None = Field(None, description="The picture to work on, by its name or id in the gallery.")
    pictures: Annotated[int, Field(ge=1, le=PICTURES_MAX)] | None = Field(None, description="Not given: one.")
    width: int | None = Field(None, description="In pixels, with height; of an upscale: alone.")
    height: int | None = None
    style: Word | None = None
    negative_prompt: Text | None = None
    seed: int | None = None
    steps: int | None = None
    cfg_scale: float | None = None
    image_strength: Annotated[float, Field(ge=0, le=1)] | None = Field(None, description="Near 1 keeps the source.")
    provider: Word | None = None
    preset: Annotated[str, Field(max_length=40)] | None = Field(
        None, description="The name of a preset: what it says applies where the order says nothing else."
    )

    def choices(self) -> Choices:
        """Everything that was chosen in so many words."""
        return Choices(
            style=self.style, width=self.width, height=self.height, provider=self.provider, count=self.pictures,
            negative_prompt=self.negative_prompt, seed=self.seed, steps=self.steps, cfg_scale=self.cfg_scale,
            image_strength=self.image_strength,
        )  # fmt: skip


class PicturesWanted(BaseModel):
    """Which pictures a page shall show."""

    model_config = ConfigDict(extra="forbid")

    kind: Annotated[str, Field(max_length=50)] = ""
    style: Annotated[str, Field(max_length=50)] = ""
    provider: Annotated[str, Field(max_length=50)] = ""
    favourite: bool | None = None
    album: Annotated[str, Field(max_length=500, description="Its name or id.")] = ""
    text: Annotated[str, Field(max_length=500, description="Stands in the prompt.")] = ""
    visibility: Literal["", "private", "server", "public"] = ""
    limit: Annotated[int, Field(ge=1, le=PAGE_MAX)] = 50
    before: Annotated[str, Field(max_length=200, description="`next` of the page before, or a date.")] = ""

    def filter(self) -> Filter:
        """The same as the gallery has it."""
        return Filter(**self.model_dump(exclude={"limit", "before"}))


class Failed(BaseModel):
    """Why an order, or one of its pictures, could not be made."""

    code: str
    message: str
    picture: int | None = Field(None, description="Which of the order's pictures, from 0; null: the whole order.")


class Picture(BaseModel):
    """A kept picture."""

    id: str
    name: str
    kind: str
    media_type: str
    width: int
    height: int
    size_bytes: int
    prompt: str
    negative_prompt: str
    style: str
    seed: int | None
    provider: str
    model: str
    demo: bool = Field(description="Made by the demo painter, not by AI: whoever shows it says so.")
    order: str | None
    made_from: str | None
    state: str
    favourite: bool
    visibility: str
    alt_text: str
    created_at: str


class OrderAnswer(BaseModel):
    """An order, and the pictures it has brought so far."""

    id: str
    kind: str
    state: OrderState
    prompt: str
    pictures: int
    provider: str
    model: str
    percent: int
    notes: list[str]
    error: Failed | None
    failures: list[Failed]
    maybe_billed: bool
    created_at: str
    started_at: str | None
    finished_at: str | None
    made: list[Picture]


class Orders(BaseModel):
    """The newest orders, newest first, without their pictures."""

    orders: list[OrderAnswer]


class Pictures(BaseModel):
    """A page of pictures; ``next`` is sent back as ``before`` for the following one, null at the end."""

    pictures: list[Picture]
    next: str | None


def picture(artifact: Artifact, alt_text: str) -> Picture:
    """A kept picture for programs."""
    return Picture(
        id=artifact.id, name=artifact.name, kind=artifact.kind, media_type=artifact.media_type, width=artifact.width,
        height=artifact.height, size_bytes=artifact.size_bytes, prompt=artifact.prompt,
        negative_prompt=artifact.negative_prompt, style=artifact.style, seed=artifact.seed, provider=artifact.provider,
        model=artifact.model, demo=artifact.provider == DEMO_PROVIDER, order=artifact.order_id,
        made_from=artifact.source_artifact or None,
        state=artifact.state, favourite=artifact.favourite, visibility=artifact.visibility, alt_text=alt_text,
        created_at=iso(artifact.created_at_ms) or "",
    )  # fmt: skip


def order(view: OrderView, made: list[Picture]) -> OrderAnswer:
    """An order for programs."""
    return OrderAnswer(
        id=view.id, kind=view.kind, state=view.state, prompt=view.prompt, pictures=view.pictures,
        provider=view.provider, model=view.model, percent=view.percent, notes=list(view.notes),
        error=Failed(code=view.error_code, message=view.error, picture=None) if view.error else None,
        failures=[Failed(code=each.code, message=each.error, picture=each.index) for each in view.failures],
        maybe_billed=view.maybe_billed, created_at=iso(view.created_at_ms) or "", started_at=iso(view.started_at_ms),
        finished_at=iso(view.finished_at_ms), made=made,
    )  # fmt: skip


def progress(now: Progress) -> dict[str, Any]:
    """One moment of an order, as an event."""
    error = {"code": now.error_code, "message": now.error} if now.error else None
    return {"state": now.state, "percent": now.percent, "position": now.position, "eta_seconds": now.eta_seconds,
            "error": error}  # fmt: skip


def iso(at_ms: int) -> str | None:
    """ISO 8601 in UTC; None for not yet."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds") if at_ms else None
