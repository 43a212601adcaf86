"""``/presets``: what one chooses once instead of each time, under a name or for whenever nothing else is asked for."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from abby_adapters.web.pages.forms import Form, read_form
from abby_adapters.web.pages.shell import go
from abby_adapters.web.pages.style_names import style_names
from abby_adapters.web.pages.visitors import Visitor, visitor_of
from abby_core.errors import InvalidRequest, Refused
from abby_core.gallery.preset import NAME_CHARACTERS_MAX, PRESETS_MAX, UNASKED, of_member
from abby_core.generation.choices import SUFFIX_CHARACTERS_MAX, Choices
from abby_core.generation.request import SIDE_PIXELS_MAX, SIDE_PIXELS_MIN, STEPS_MAX
from abby_core.sentence import sentence
from abby_core.studio.order import PICTURES_MAX

if TYPE_CHECKING:
    from abby_adapters.web.pages.shell import Shell
    from abby_core.bootstrap import Abby

_NUMBERS = ("width", "height", "count", "seed", "steps")
_TEXTS = ("style", "provider", "negative_prompt", "suffix")
_BOUNDS = {
    "name_max": NAME_CHARACTERS_MAX, "presets_max": PRESETS_MAX, "suffix_max": SUFFIX_CHARACTERS_MAX,
    "side_min": SIDE_PIXELS_MIN, "side_max": SIDE_PIXELS_MAX, "steps_max": STEPS_MAX, "count_max": PICTURES_MAX,
}  # fmt: skip


def routes(abby: Abby, shell: Shell) -> APIRouter:
    """The paths, over that Abby."""
    router = APIRouter(prefix="/presets", include_in_schema=False)
    presets = abby.presets
    shell.notices.add({
        "preset-saved": lambda language, _: language.say("The preset is saved."),
        "preset-deleted": lambda language, _: language.say("The preset is gone."),
        "preferences-saved": lambda language, _: language.say("From now on this applies whenever you choose nothing."),
        "preferences-cleared": lambda language, _: language.say("Nothing applies unasked any more."),
    })  # fmt: skip

    async def page(
        request: Request, visitor: Visitor, *, name: str = "", typed: dict[str, Any] | None = None,
        unasked: bool = False, error: Refused | None = None,
    ) -> Response:  # fmt: skip
        """The list, and a form with what was typed; of an error the form that it is about."""
        owner = of_member(visitor.account)
        found = await asyncio.to_thread(presets.list, owner)
        preferred = await asyncio.to_thread(presets.unasked, owner)
        return shell.page(
            request, "presets.html", here="quota", status=400 if error else 200, presets=found, error=error,
            name=name, typed=typed or {}, preferred=typed or {} if error and unasked else preferred.chosen(),
            error_unasked=unasked, styles=style_names(visitor.language),
            providers=list(abby.generator.providers), **_BOUNDS,
        )  # fmt: skip

    @router.get("")
    async def all_presets(request: Request) -> Response:
        visitor, edited = visitor_of(request), request.query_params.get("edit", "")[: 2 * NAME_CHARACTERS_MAX]
        if not edited:
            return await page(request, visitor)
        preset = await asyncio.to_thread(presets.find, of_member(visitor.account), edited)
        return await page(request, visitor, name=preset.name, typed=preset.choices.chosen())

    @router.post("")
    async def save(request: Request) -> Response:
        visitor, form = visitor_of(request), await read_form(request)
        unasked, name = form.has("unasked"), form.text("name")
        try:
            return go("/presets", said=await asyncio.to_thread(_save, abby, visitor, form, name, unasked=unasked))
        except Refused as error:
            typed = {field: form.text(field) for field in (*_NUMBERS, *_TEXTS)}
            return await page(request, visitor, name=name, typed=typed, unasked=unasked, error=error)

    @router.post("/delete")
    async def delete(request: Request) -> Response:
        visitor, form = visitor_of(request), await read_form(request)
        await asyncio.to_thread(presets.delete, of_member(visitor.account), form.text("name"))
        return go("/presets", said="preset-deleted")

    return router


def _save(abby: Abby, visitor: Visitor, form: Form, name: str, *, unasked: bool) -> str:
    """Keep what the form says; returns the notice. Raises Refused."""
    owner, choices = of_member(visitor.account), _choices(form)
    if unasked and not choices.chosen():
        abby.presets.clear(owner)
        return "preferences-cleared"
    if not unasked and not name:
        raise InvalidRequest(sentence("Give the preset a name."))
    abby.presets.save(owner, UNASKED if unasked else name, choices)
    return "preferences-saved" if unasked else "preset-saved"


def _choices(form: Form) -> Choices:
    """What the form chooses; an empty field chooses nothing. Raises InvalidRequest."""
    numbers = {name: form.number(name) for name in _NUMBERS if form.has(name)}
    texts = {name: form.text(name) for name in _TEXTS if form.has(name)}
    values: dict[str, Any] = {**numbers, **texts}
    return Choices(**values)
