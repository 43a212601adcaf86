"""``/``: where pictures are asked for."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from starlette.datastructures import UploadFile
from starlette.responses import Response

from abby_adapters.web.errors import failure_of
from abby_adapters.web.pages.make_form import ASPECTS, MakeForm, reusing, working_on
from abby_adapters.web.pages.shell import go
from abby_adapters.web.pages.style_names import style_names
from abby_adapters.web.pages.visitors import Visitor, visitor_of
from abby_core.errors import AbbyError, NotFound
from abby_core.studio.order import PICTURES_MAX

if TYPE_CHECKING:
    from abby_adapters.web.pages.shell import Shell
    from abby_core.bootstrap import Abby

FIELDS_MAX = 30
Me = Annotated[Visitor, Depends(visitor_of)]
Picture = Annotated[str, Query(max_length=500)]


def routes(abby: Abby, shell: Shell) -> APIRouter:
    """The paths, over that Abby."""
    router = APIRouter()
    shell.notices.add({
        "left-out": lambda language, _n: language.say(
            "Some of it was read otherwise than it may be meant: a brace without its partner is text, and what a "
            "preset names and cannot be used was left out."
        ),
    })  # fmt: skip

    async def answer(request: Request, visitor: Visitor, form: MakeForm, *, error: AbbyError | None = None) -> Response:
        values = await asyncio.to_thread(_around, abby, visitor, form)
        status = 200 if error is None else failure_of(error).status
        return shell.page(request, "make.html", status=status, here="make", form=form, error=error, **values)

    @router.get("/")
    async def make(
        request: Request,
        visitor: Me,
        reuse: Picture = "",
        *,
        from_: Annotated[str, Query(alias="from", max_length=500)] = "",
        do: Annotated[str, Query(max_length=20)] = "transform",
        preset: Annotated[str, Query(max_length=100)] = "",
    ) -> Response:
        form, error = MakeForm(preset=preset).with_new_key(), None
        try:
            if reuse:
                form = reusing(await asyncio.to_thread(abby.gallery.find, visitor.account, reuse))
            elif from_:
                form = working_on(await asyncio.to_thread(abby.gallery.find, visitor.account, from_), do)
        except NotFound as not_there:
            error = not_there
        return await answer(request, visitor, form, error=error)

    @router.post("/")
    async def submit(request: Request, visitor: Me) -> Response:
        async with request.form(max_files=1, max_fields=FIELDS_MAX) as sent:
            picture = sent.get("picture")
            upload = await picture.read() if isinstance(picture, UploadFile) else b""
            form = MakeForm.read({name: value for name, value in sent.items() if isinstance(value, str)}, upload)
        try:
            order, notes = await asyncio.to_thread(form.order, abby, visitor.account)
            view = await abby.studio.submit(order)
        except AbbyError as error:
            # What was dropped cannot be put back into the field: a browser lets nobody but its person do that.
            return await answer(request, visitor, form.with_new_key(), error=error)
        # The form's key is where the tab keeps a copy of what was dropped, to compare before and after.
        return go(f"/orders/{view.id}", said="left-out" if notes else "", mark=form.key if upload else "")

    return router


def _around(abby: Abby, visitor: Visitor, form: MakeForm) -> dict[str, Any]:
    """What the page shows besides the form."""
    source = None
    if form.source:
        with contextlib.suppress(NotFound):  # it was removed meanwhile
            source = abby.gallery.find(visitor.account, form.source)
    providers = abby.generator.providers
    return {
        "source": source,
        "source_alt": "" if source is None else abby.gallery.alt_text(source),
        "styles": style_names(visitor.language),
        "aspects": ASPECTS,
        "count_max": PICTURES_MAX,
        "providers": list(providers),
        "demo": all(each.capabilities.demo for each in providers.values()),
        "presets": [each.name for each in abby.presets.list(visitor.account.key)],
        "standing": abby.quota.status(visitor.account),
    }
