"""What people and programs get to see: pictures, orders, quotas and errors as texts, tables and JSON."""

from __future__ import annotations

import shlex
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from abby_core.errors import AbbyError, Choice, Refused

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text
    from rich.tree import Tree

    from abby_core.gallery.albums import Album
    from abby_core.gallery.lineage import Lineage
    from abby_core.studio import Account, AccountReplay, Artifact, OrderView, QuotaStatus, Simulation

DEMO_NOTE = "Painted by Abby's demo painter, not by AI. Set STABILITY_API_KEY for real AI pictures."
DEMO_PROVIDER = "painter"
PROMPT_CHARACTERS_SHOWN = 60
STATE_COLOURS = {"done": "green", "failed": "red", "running": "cyan", "waiting": "yellow", "cancelled": "bright_black"}
LEVEL_COLOURS = {"OK": "green", "WARNING": "yellow", "CRITICAL": "red"}


def plain(text: str, characters_max: int = 1000) -> str:
    """Text of strangers for a terminal: on one line, no escape sequences, no characters that turn or hide others."""
    line = " ".join(text.split())
    visible = "".join(c for c in line if c == " " or not unicodedata.category(c).startswith("C"))
    return visible if len(visible) <= characters_max else visible[: characters_max - 1] + "…"


def made_by_demo(artifact: Artifact) -> bool:
    """Whether a kept picture is the demo painter's: whoever shows it says so."""
    return artifact.provider == DEMO_PROVIDER


def changed_replays(simulation: Simulation) -> list[AccountReplay]:
    """The accounts for which anything differs, those first for which most does."""
    return sorted(
        (replay for replay in simulation.replays if replay.differs),
        key=lambda replay: (-replay.refused_orders - replay.accepted_orders, -abs(replay.saved_bytes),
                             replay.account),
    )  # fmt: skip


# ---------------------------------------------------------------------- people


def choice_lines(error: AbbyError) -> list[str]:
    """What would help against a refusal, a line each, with what to type."""
    choices = error.choices if isinstance(error, Refused) else ()
    return [f"  · {choice.text}" + (f"  ({command_for(choice)})" if command_for(choice) else "") for choice in choices]


def command_for(choice: Choice) -> str:
    """What to type for it; empty: nothing."""
    return {
        "compress": f"abby compress --oldest {choice.pictures}",
        "archive": f"abby archive --oldest {choice.pictures}",
        "empty_trash": "abby trash --empty",
        "delete": "abby delete --for-good NAME",
        "fewer": f"--n {choice.pictures}",
    }.get(choice.kind, "")


def quota_line(status: QuotaStatus) -> str:
    """``Daily: 2/5 | Storage: 45.2/500.0MB``, coloured by how full the fuller one is."""
    levels = (status.images.level, status.bytes.level)
    worst = "CRITICAL" if "CRITICAL" in levels else "WARNING" if "WARNING" in levels else "OK"
    images, storage = status.images, status.bytes
    images_max = "unlimited" if images.unlimited else f"{images.limit}"
    storage_max = "unlimited" if storage.unlimited else f"{storage.limit / 2**20:.1f}MB"
    line = f"Daily: {images.used}/{images_max} | Storage: {storage.used / 2**20:.1f}/{storage_max}"
    return f"[{LEVEL_COLOURS[worst]}]{line}[/]"


def quota_table(account: Account, status: QuotaStatus) -> Table:
    """Bars for the day, one's storage and everybody's."""
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(f"Quota of {plain(account.user_id, 60)}"), title_justify="left", box=None)
    for heading in ("", "", "used", "left"):
        table.add_column(heading, justify="right" if heading else "left")
    hours = status.reset_hours
    spans = ((status.hour, "Pictures this hour", ""), (status.images, "Pictures today", f", resets in {hours} h"),
             (status.month, "Pictures this month", ""))  # fmt: skip
    rows = (
        *((label, usage, str(usage.used), f"{usage.remaining}{resets}") for usage, label, resets in spans if usage),
        ("Your storage", status.bytes, megabytes(status.bytes.used), megabytes(status.bytes.remaining)),
        ("Everybody's storage", status.house_bytes, megabytes(status.house_bytes.used),
         megabytes(status.house_bytes.remaining)),
    )  # fmt: skip
    for label, usage, used, left in rows:
        colour = LEVEL_COLOURS[usage.level]
        bar = ProgressBar(
            total=1, completed=min(1, usage.share), width=24, complete_style=colour, finished_style=colour
        )
        table.add_row(label, bar, used, "unlimited" if usage.unlimited else left)
    return table


def quota_full(status: QuotaStatus) -> str:
    """Which limit on pictures is reached, and when it resets."""
    if status.full is status.images or not status.full:
        return f"No more pictures today. It resets in {status.reset_hours} hours."
    span, ends_ms = "month" if status.full is status.month else "hour", status.full.resets_at_ms or 0
    return f"No more pictures this {span}. It resets {when(ends_ms)}."


def replays_table(replays: list[AccountReplay], everybody: AccountReplay) -> Table:
    """What other rules would have meant, the accounts and then all together."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    table.add_column("who", overflow="fold")
    for heading in ("tier", "refused", "because of", "let through", "disk saved", "credits saved"):
        table.add_column(heading, justify="left" if heading in {"tier", "because of"} else "right")
    for replay in (*replays, everybody):
        limits = ", ".join(f"{limit} {count}" for limit, count in replay.refused_by.most_common())
        table.add_row(
            Text(plain(replay.account, 60) or "everybody", style="" if replay.account else "bold"), replay.tier,
            f"{replay.refused_orders} of {replay.orders}", limits,
            f"{replay.accepted_orders} of {replay.refused_then}", signed_megabytes(replay.saved_bytes),
            f"{replay.saved_millicredits / 1000:g}",
        )  # fmt: skip
    return table


def orders_table(orders: list[OrderView], *, whose: bool) -> Table:
    """What is waiting, running, finished and failed, and why."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for heading in ("order", "state", "when", *(("who",) if whose else ()), "what"):
        table.add_column(heading, overflow="fold", no_wrap=heading in {"order", "state", "when"})
    for order in orders:
        state = f"{order.state} {order.percent} %" if order.state == "running" else order.state
        what = Text(plain(order.prompt, PROMPT_CHARACTERS_SHOWN) or order.kind.replace("_", " "))
        if order.error:
            what.append("\n" + plain(order.error, 200), style="red")
        if order.maybe_billed:
            what.append("\nThe back end may have charged for this.", style="yellow")
        owner = (Text(plain(order.account, 30)),) if whose else ()
        table.add_row(
            Text(plain(order.id, 40)), Text(state, style=STATE_COLOURS[order.state]), when(order.created_at_ms),
            *owner, what,
        )  # fmt: skip
    return table


def gallery_table(pictures: list[Artifact], *, whose: bool = False, deleted: bool = False) -> Table:
    """Names, sizes, when (they were made, or ``deleted``) and prompts; a star at favourites."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    table.add_column("name", overflow="fold")
    for heading in ("pixels", "size"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("deleted" if deleted else "when", no_wrap=True)
    for heading in ("who", "prompt") if whose else ("prompt",):
        table.add_column(heading)
    for picture in pictures:
        star = ("★ ", "yellow") if picture.favourite and not whose else ""
        owner = (Text(plain(picture.account, 30)),) if whose else ()
        table.add_row(
            Text.assemble(star, plain(picture.name)), f"{picture.width}×{picture.height}",
            megabytes(picture.size_bytes), when(picture.state_at_ms if deleted else picture.created_at_ms), *owner,
            Text(plain(picture.prompt, PROMPT_CHARACTERS_SHOWN)),
        )  # fmt: skip
    return table


def megabytes(size_bytes: int) -> str:
    """``1.4 MB``, or ``82 kB`` for what is small; 1 MB is 2**20 bytes."""
    return f"{size_bytes / 2**20:.1f} MB" if size_bytes >= 2**20 // 10 else f"{size_bytes / 2**10:.0f} kB"


def signed_megabytes(size_bytes: int) -> str:
    """:func:`megabytes`, with a sign before what is less than nothing."""
    return f"-{megabytes(-size_bytes)}" if size_bytes < 0 else megabytes(size_bytes)


def when(at_ms: int) -> str:
    """The moment in this computer's own time."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone().strftime("%Y-%m-%d %H:%M") if at_ms else ""


def iso(at_ms: int) -> str | None:
    """ISO 8601 in UTC; None for not yet."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds") if at_ms else None


# ---------------------------------------------------------------------- one picture, albums, the trash


def picture_facts(artifact: Artifact) -> dict[str, str]:
    """What is known about a picture, by label; blank where nothing is."""
    visible = f"the members of server {artifact.guild}" if artifact.visibility == "server" else "everybody"
    return {
        "name": artifact.name + (" ★" if artifact.favourite else ""),
        "prompt": artifact.prompt,
        "without": artifact.negative_prompt,
        "style": artifact.style,
        "seed": "" if artifact.seed is None else str(artifact.seed),
        "made by": " ".join(filter(None, (artifact.provider, artifact.model))),
        "pixels": f"{artifact.width} × {artifact.height}",
        "size": megabytes(artifact.size_bytes),
        "when": when(artifact.created_at_ms),
        "goes": when(artifact.expires_at_ms or 0),
        "seen by": "" if artifact.visibility == "private" else visible,
    }


def lineage_tree(lineage: Lineage) -> Tree:
    """The same for people: the first ancestor on top, what was made from the picture below it."""
    from rich.text import Text
    from rich.tree import Tree

    def label(artifact: Artifact | None, style: str = "") -> Text:
        if artifact is None:
            return Text("a picture that was removed", "bright_black")
        return Text.assemble(
            (plain(artifact.name, 100), style), (f"  {artifact.kind.replace('_', ' ')}", "bright_black")
        )

    chain = [label(each.artifact) for each in reversed(lineage.ancestors)] + [label(lineage.artifact, "bold")]
    tree = branch = Tree(chain[0])
    for each in chain[1:]:
        branch = branch.add(each)
    for child in lineage.descendants:
        branch.add(label(child))
    return tree


def albums_table(albums: list[Album]) -> Table:
    """Albums with how many pictures are in them."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    table.add_column("album", overflow="fold")
    table.add_column("pictures", justify="right")
    table.add_column("newest", overflow="fold")
    for album in albums:
        newest = "" if album.newest is None else plain(album.newest.name)
        table.add_row(Text(plain(album.name)), str(album.pictures), Text(newest))
    return table


def trashed_note(pictures: Sequence[Artifact], undo_ms: int) -> str:
    """What people are told when pictures went into the trash."""
    first = plain(pictures[0].name, 100)
    what = f"Deleted {first}" if len(pictures) == 1 else f"Deleted {len(pictures)} pictures"
    back = f"`abby undelete {shlex.quote(first)}`" if len(pictures) == 1 else "`abby undelete NAME`"
    until = when(pictures[0].state_at_ms + undo_ms)
    count = megabytes(sum(each.counted_bytes for each in pictures))
    return (
        f"{what}. {back} brings it back until {until}. Until then it still counts: {count}; "
        "`abby trash --empty` frees that now."
    )
