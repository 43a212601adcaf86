"""What ``abby doctor`` looks at. Each check says in one sentence how it is and, if it is not well, what to do."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from abby_core.errors import AbbyError, ConfigurationError, ProviderError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from abby_adapters.cli.context import Context
    from abby_core.generation.provider import Health

ORDERS_LOOKED_AT = 200
FULL_SOON_DAYS = 7
"""What is full sooner than this is trouble already: somebody has to make room."""


@dataclass(frozen=True)
class Result:
    """One check's outcome."""

    what: str
    ok: bool
    detail: str


def examine(context: Context) -> list[Result]:
    """All checks, in the order in which trouble usually begins."""
    folder = _folder(context)
    rules = _rules(context)
    results = [*_settings(context), rules, folder]
    if folder.ok and rules.ok:
        results += [_disk(context), *_archive(context), _database(context), *_forecast(context), _orders(context)]
    return [*results, *_providers(context), *_discord(context)]


def _settings(context: Context) -> Iterator[Result]:
    for warning in context.settings.warnings:
        yield Result("settings", ok=False, detail=warning)
    if not context.settings.warnings:
        yield Result("settings", ok=True, detail="All values can be used.")


def _rules(context: Context) -> Result:
    try:
        rules = context.abby.quota.rules
    except ConfigurationError as error:
        return Result("rules", ok=False, detail=str(error))
    if rules.source is None:
        return Result("rules", ok=True, detail="No file of tiers: the settings hold for everybody.")
    names = ", ".join(tier.name for tier in rules.tiers) or "none besides the default one"
    detail = f"Tiers in {rules.source}: {names}. `abby quota explain USER` shows whose."
    return Result("rules", ok=True, detail=" ".join([detail, *context.abby.quota.idle_rules()]))


def _folder(context: Context) -> Result:
    root = context.settings.storage_root
    probe = root / ".abby-doctor"
    try:
        root.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"may I write here?")
        probe.unlink()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        return Result("folder", ok=False, detail=f"{root.absolute()} cannot be written: {reason}. Set STORAGE_ROOT.")
    return Result("folder", ok=True, detail=f"Pictures are kept in {root.absolute()}.")


def _disk(context: Context) -> Result:
    try:
        context.abby.storage.check_free_disk(context.settings.image_generation_size_bytes)
    except AbbyError as error:
        return Result("disk", ok=False, detail=str(error))
    free = context.abby.storage.blobs.free_bytes()
    room = "" if free is None else f"{free / 2**30:.1f} GB free; "
    return Result("disk", ok=True, detail=f"{room}{context.settings.min_free_disk_mb:g} MB are always left alone.")


def _archive(context: Context) -> Iterator[Result]:
    root = context.settings.archive_root
    if root is None:
        return
    try:
        archive = context.abby.storage.archive
    except AbbyError as error:
        yield Result("archive", ok=False, detail=str(error))
        return
    free = None if archive is None else archive.free_bytes()
    room = "" if free is None else f", {free / 2**30:.1f} GB free"
    ready = root.is_dir()
    detail = f"Archived pictures lie in {root.absolute()}{room}."
    remedy = " The folder is not there; make it, or connect its disk."
    yield Result("archive", ok=ready, detail=detail + ("" if ready else remedy))


def _database(context: Context) -> Result:
    try:
        status = context.abby.quota.status(context.account)
    except AbbyError as error:
        return Result("database", ok=False, detail=str(error))
    used, limit = status.house_bytes.used / 2**20, status.house_bytes.limit / 2**20
    return Result(
        "database",
        ok=status.house_bytes.level != "CRITICAL",
        detail=f"Everybody together uses {used:.1f} of {limit:.0f} MB ({status.house_bytes.share:.0%})."
        + ("" if status.house_bytes.allowed else " Raise MAX_GLOBAL_STORAGE_MB or delete pictures."),
    )


def _forecast(context: Context) -> Iterator[Result]:
    """When it will be full; nothing where nobody can say."""
    from abby_core.storage.forecast import forecast

    try:
        found = forecast(context.abby.storage)
    except AbbyError:
        return  # the checks before have said what is wrong
    if found is None:
        return
    ends = {"the server's limit": found.limit_days, "the disk": found.disk_days}
    full = [f"{what} is full in {_days(days)}" for what, days in ends.items() if days is not None]
    pace = f"Pictures grow by {found.bytes_per_day / 2**20:.1f} MB a day"
    soon = any(days is not None and days < FULL_SOON_DAYS for days in ends.values())
    detail = f"{pace}: {' and '.join(full)}." if full else f"{pace}: room for years."
    if found.bytes_per_day <= 0:
        detail = "Pictures take no more room than before."
    remedy = " Make room (`abby compress`, `abby archive`), or raise MAX_GLOBAL_STORAGE_MB where the disk allows it."
    yield Result("forecast", ok=not soon, detail=detail + (remedy if soon else ""))


def forecast_json(context: Context) -> dict[str, float | None] | None:
    """When it will be full, for programs; None: nobody can say yet."""
    from abby_core.storage.forecast import forecast

    try:
        found = forecast(context.abby.storage)
    except AbbyError:
        return None
    return None if found is None else vars(found)


def _days(days: float) -> str:
    whole = int(days)
    return "less than a day" if whole < 1 else "1 day" if whole == 1 else f"{whole} days"


def _orders(context: Context) -> Result:
    try:
        orders = asyncio.run(context.abby.studio.orders(None, limit=ORDERS_LOOKED_AT))
    except AbbyError as error:
        return Result("orders", ok=False, detail=str(error))
    count = {state: sum(order.state == state for order in orders) for state in ("waiting", "running", "failed")}
    detail = ", ".join(f"{number} {state}" for state, number in count.items() if number) or "none waiting"
    return Result("orders", ok=True, detail=f"Of the newest {len(orders)}: {detail}. `abby orders --all` shows them.")


def _providers(context: Context) -> Iterator[Result]:
    try:
        providers = context.abby.generator.providers
    except AbbyError as error:
        yield Result("image service", ok=False, detail=str(error))
        return
    for name, provider in providers.items():
        try:
            health = asyncio.run(_check(context, name))
        except ProviderError as error:
            yield Result(name, ok=False, detail=str(error))
            continue
        hint = " Set STABILITY_API_KEY for real AI pictures." if provider.capabilities.demo else ""
        yield Result(name, ok=health.ok, detail=health.detail + hint)


def _discord(context: Context) -> Iterator[Result]:
    if not context.settings.discord_token:
        yield Result("discord", ok=True, detail="No DISCORD_TOKEN: no bot. docs/DISCORD.md says how to make one.")
        return
    from abby_adapters.cli.neighbours import examine_discord

    try:
        yield from (Result("discord", ok=ok, detail=text) for ok, text in examine_discord(context.settings))
    except AbbyError as error:
        yield Result("discord", ok=False, detail=str(error))


async def _check(context: Context, name: str) -> Health:
    try:
        return await context.abby.generator.providers[name].check()
    finally:
        await context.abby.generator.close()
