"""``/api/presets`` and ``/api/preferences``: what people choose once instead of each time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from abby_adapters.web.api.values import Text, Word, iso
from abby_adapters.web.callers import Changer, Looker
from abby_adapters.web.errors import bad_request
from abby_core.gallery.preset import NAME_CHARACTERS_MAX, UNASKED, of_member
from abby_core.generation.choices import Choices
from abby_core.studio.order import PICTURES_MAX

if TYPE_CHECKING:
    from abby_core.bootstrap import Abby
    from abby_core.gallery.preset import Preset

Name = Annotated[
    str, Path(max_length=NAME_CHARACTERS_MAX, description="The preset's name; upper and lower case are one.")
]


class Chosen(BaseModel):
    """What is chosen; what is left out stays open. Numbers out of bounds are refused with their bounds."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"style": "anime", "width": 1024, "height": 768}]}
    )

    style: Word | None = None
    width: int | None = Field(None, description="In pixels, with height.")
    height: int | None = None
    provider: Word | None = None
    negative_prompt: Text | None = None
    suffix: Text | None = Field(None, description="Put behind every prompt.")
    count: Annotated[int, Field(ge=1, le=PICTURES_MAX)] | None = None
    seed: int | None = None
    steps: int | None = None
    cfg_scale: float | None = None
    image_strength: Annotated[float, Field(ge=0, le=1)] | None = None

    def choices(self) -> Choices:
        """The same for the core."""
        return Choices(**self.model_dump())


class PresetAnswer(BaseModel):
    """A preset: choices under a name."""

    name: str
    choices: Chosen
    updated_at: str


class Presets(BaseModel):
    """One's named presets."""

    presets: list[PresetAnswer]


def routes(abby: Abby) -> APIRouter:
    """The paths, over that Abby."""
    router = APIRouter(prefix="/api", tags=["Presets"])
    presets = abby.presets

    @router.get("/presets", summary="Your named presets")
    async def list_(caller: Looker) -> Presets:
        found = await asyncio.to_thread(presets.list, of_member(caller.account))
        return Presets(presets=list(map(_told, found)))

    @router.get("/presets/{preset}", summary="One of them")
    async def find(preset: Name, caller: Looker) -> PresetAnswer:
        return _told(await asyncio.to_thread(presets.find, of_member(caller.account), preset))

    @router.put("/presets/{preset}", summary="Keep choices under a name, in place of what it stood for")
    async def save(preset: Name, body: Chosen, caller: Changer) -> PresetAnswer:
        if not preset.strip():  # without a name it would be what applies unasked
            raise bad_request("A preset has a name; what applies without one is under /api/preferences.", "preset")
        return _told(await asyncio.to_thread(presets.save, of_member(caller.account), preset, body.choices()))

    @router.delete("/presets/{preset}", summary="Forget it")
    async def delete(preset: Name, caller: Changer) -> PresetAnswer:
        return _told(await asyncio.to_thread(presets.delete, of_member(caller.account), preset))

    @router.get("/preferences", summary="What applies to your pictures unasked")
    async def preferences(caller: Looker) -> Chosen:
        return _chosen(await asyncio.to_thread(presets.unasked, of_member(caller.account)))

    @router.put("/preferences", summary="Choose what applies unasked; nothing chosen: nothing applies")
    async def prefer(body: Chosen, caller: Changer) -> Chosen:
        owner, choices = of_member(caller.account), body.choices()
        if not choices.chosen():
            await asyncio.to_thread(presets.clear, owner)
            return body
        return _chosen((await asyncio.to_thread(presets.save, owner, UNASKED, choices)).choices)

    return router


def _chosen(choices: Choices) -> Chosen:
    chosen: dict[str, Any] = choices.chosen()
    return Chosen(**chosen)


def _told(preset: Preset) -> PresetAnswer:
    return PresetAnswer(name=preset.name, choices=_chosen(preset.choices), updated_at=iso(preset.updated_at_ms) or "")
