"""``/admin``: the whole house, for its host. To everybody else these pages are not there.

Whatever is done here is written down: who did what to whom.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, HTTPException, Request
from starlette.responses import Response

from abby_adapters.web.pages.forms import Form, read_form
from abby_adapters.web.pages.quota import DAYS, day_bars
from abby_adapters.web.pages.selected import with_query
from abby_adapters.web.pages.shell import go
from abby_adapters.web.pages.visitors import Visitor, visitor_of
from abby_core.errors import AbbyError, InvalidRequest, Refused
from abby_core.sentence import sentence
from abby_core.storage.forecast import forecast
from abby_core.studio import Account
from abby_core.studio.house import MEMBERS_SHOWN_MAX, SEARCH_CHARACTERS_MAX
from abby_core.studio.order import PICTURES_MAX

if TYPE_CHECKING:
    from abby_adapters.web.pages.shell import Shell
    from abby_core.bootstrap import Abby

log = logging.getLogger(__name__)
METERS = ("images/hour", "images/day", "images/month", "bytes", "millicredits/day", "millicredits/month")
"""What a member's own limit can be set on; bytes are typed as MB, thousandths of credits as credits."""
ACCOUNT_CHARACTERS_MAX = 600
NUMBER_MAX = 1e12
UNLIMITED = 2**62
"""What no limit is, in figures: above :data:`NUMBER_MAX` of every unit."""
SPANS = (7, 30, 90, 365)


def routes(abby: Abby, shell: Shell) -> APIRouter:
    """The paths, over that Abby."""
    router = APIRouter(prefix="/admin", include_in_schema=False)
    shell.notices.add({
        "day-reset": lambda language, _: language.say("The day begins anew for this member."),
        "limit-set": lambda language, _: language.say("The limit is set."),
        "limit-taken-back": lambda language, _: language.say("The limit is as the rules say again."),
    })  # fmt: skip

    @router.get("")
    async def overview(request: Request) -> Response:
        visitor = host_of(request)
        values = await asyncio.to_thread(_overview, abby, visitor)
        return shell.page(request, "admin.html", here="admin", tab="overview", **values)

    @router.get("/usage")
    async def usage(request: Request) -> Response:
        host_of(request)
        query = request.query_params
        days = int(query["days"]) if query.get("days") in set(map(str, SPANS)) else DAYS
        by = query.get("by", "account")[:20]
        report = await asyncio.to_thread(abby.statistics.report, days, by)  # pyright: ignore[reportArgumentType]
        return shell.page(request, "admin_usage.html", here="admin", tab="usage", report=report, days=days, spans=SPANS)

    @router.get("/members")
    async def members(request: Request) -> Response:
        host_of(request)
        search = request.query_params.get("q", "")[:SEARCH_CHARACTERS_MAX].strip()
        found = await asyncio.to_thread(abby.house.members, search, limit=MEMBERS_SHOWN_MAX)
        return shell.page(request, "admin_members.html", here="admin", tab="members", members=found, search=search,
                          shown_max=MEMBERS_SHOWN_MAX)  # fmt: skip

    async def member_page(request: Request, account: Account, *, error: AbbyError | None = None) -> Response:
        values = await asyncio.to_thread(_about_member, abby, account)
        status = 400 if error else 200
        return shell.page(request, "admin_member.html", here="admin", tab="members", status=status, error=error,
                          meters=METERS, **values)  # fmt: skip

    @router.get("/member")
    async def member(request: Request) -> Response:
        host_of(request)
        return await member_page(request, _account(request.query_params.get("account", "")))

    @router.post("/member/reset-day")
    async def reset_day(request: Request) -> Response:
        visitor, form = host_of(request), await read_form(request)
        account = _account(form.text("account"))
        await asyncio.to_thread(abby.quota.reset_day, account)
        note(abby, visitor, "reset-day", account=account.key)
        return go(with_query("/admin/member", account=account.key), said="day-reset")

    @router.post("/member/limit")
    async def set_limit(request: Request) -> Response:
        visitor, form = host_of(request), await read_form(request)
        account, meter = _account(form.text("account")), form.text("meter")
        try:
            amount = None if form.has("take_back") else _amount(form, meter)
            await asyncio.to_thread(abby.quota.set_limit, account, meter, amount)
        except Refused as error:
            return await member_page(request, account, error=error)
        note(abby, visitor, "set-limit", account=account.key, meter=meter, limit=amount)
        said = "limit-taken-back" if amount is None else "limit-set"
        return go(with_query("/admin/member", account=account.key), said=said)

    @router.get("/tiers")
    async def tiers(request: Request) -> Response:
        host_of(request)
        idle = await asyncio.to_thread(abby.quota.idle_rules)
        return shell.page(request, "admin_tiers.html", here="admin", tab="tiers", rules=abby.quota.rules, idle=idle,
                          settings=_given_by_settings(abby))  # fmt: skip

    return router


def host_of(request: Request) -> Visitor:
    """The host who looks. Raises SignInNeeded; for any other member the page is not there (HTTPException 404)."""
    visitor = visitor_of(request)
    if not visitor.is_host:
        raise HTTPException(404)
    return visitor


def note(abby: Abby, visitor: Visitor, action: str, **about: str | int | bool | None) -> None:
    """Write down who did what to whom: names among the events, where forgetting finds them, and none in the log."""
    log.info("session %s did %s", visitor.session.id, action)
    abby.events.write("administered", by=visitor.account.key, action=action, **about)


def _overview(abby: Abby, visitor: Visitor) -> dict[str, Any]:
    """How the house stands: what was made, what is left, what goes on."""
    report = abby.statistics.report(DAYS, "day")
    explanation = abby.quota.explain(visitor.account)
    queue = abby.house.queue()
    return {
        "report": report,
        "bars": day_bars(visitor.language, report),
        "house_bytes": abby.quota.status(visitor.account).house_bytes,
        "free_bytes": abby.storage.blobs.free_bytes(),
        "forecast": forecast(abby.storage),
        "spending": [each for each in explanation.metered if each.house and each.meter.startswith("millicredits")],
        "running": sum(each.state == "running" for each in queue),
        "waiting": sum(each.state == "waiting" for each in queue),
        "largest": abby.house.members(limit=5),
        "reasons": abby.statistics.report(DAYS, "reason").lines[:5],
        "by_provider": abby.statistics.report(DAYS, "provider").lines,
    }


def _about_member(abby: Abby, account: Account) -> dict[str, Any]:
    """What the host sees of one member: figures and rules, none of their pictures."""
    explanation = abby.quota.explain(account)
    return {
        "account": account,
        "stands": abby.quota.status(account),
        "explained": list(explanation.sentences()),
        "set_by_hand": [each for each in explanation.given if each.otherwise],
        "report": abby.statistics.report(DAYS, "day", account=account.key),
        "orders": [each for each in abby.house.queue() if each.account == account.key],
    }


def _given_by_settings(abby: Abby) -> dict[str, int]:
    """What everybody has of a limit that the default tier says nothing about, by its name in a tier."""
    defaults = abby.quota.defaults
    return {
        "images_per_hour": UNLIMITED, "images_per_day": defaults.images_per_day, "images_per_month": UNLIMITED,
        "storage_bytes": defaults.account_bytes, "pictures_max": PICTURES_MAX, "priority": 0,
    }  # fmt: skip


def _account(text: str) -> Account:
    """Whom the host means: ``discord:123``, or a name on this computer. Raises InvalidRequest."""
    return Account.parse(text.strip()[:ACCOUNT_CHARACTERS_MAX])


def _amount(form: Form, meter: str) -> int:
    """A limit as people type it (MB, credits) in the meter's own unit. Raises InvalidRequest."""
    text = form.text("limit").replace(",", ".")
    try:
        number = float(text)
    except ValueError:
        number = -1
    if not 0 <= number < NUMBER_MAX:  # also what is not a number
        raise InvalidRequest(sentence("A limit is a number of 0 or more."))
    return int(number * (2**20 if meter == "bytes" else 1000 if meter.startswith("millicredits") else 1))
