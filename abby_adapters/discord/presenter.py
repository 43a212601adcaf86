"""What people on Discord get to see: orders, pictures, quotas and errors as embeds (pure).

Texts that the founding documents fix stand here and nowhere else. Whatever a person typed is escaped and cut.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import discord
from discord.utils import escape_markdown, escape_mentions

from abby_core.errors import (
    AbbyError,
    ConfigurationError,
    OrderCancelled,
    ProviderError,
    QuotaExceeded,
    Refused,
    StorageError,
)

if TYPE_CHECKING:
    from abby_core.studio import Artifact, Creation, OrderView, Progress, QuotaStatus

UNAVAILABLE = "Image generation services are not available. Please try again later."
UNEXPECTED = "An unexpected error occurred. Please try again later."
NEARLY_FULL = "Storage quota nearly full! Delete some images first."
NEARLY_FULL_FROM = 0.90
NOTHING_CHARGED = "Nothing was charged."
DEMO_NOTE = "Painted by Abby's demo painter, not by AI."
DAILY_METER, STORAGE_METER = "images/day", "bytes"
"""The meters of :class:`~abby_core.errors.QuotaExceeded` that have founding words of their own."""

PROMPT_CHARACTERS_SHOWN = 1000
"""Of a prompt; an embed's description takes 4096, and the notes stand there too."""
LINE_CHARACTERS_SHOWN = 80
DESCRIPTION_CHARACTERS_MAX = 4096
ALT_TEXT_CHARACTERS_MAX = 1024
BAR_CELLS = 10
LEVELS = ("OK", "WARNING", "CRITICAL")
COLOURS = {"OK": discord.Colour.green(), "WARNING": discord.Colour.yellow(), "CRITICAL": discord.Colour.red()}
BUSY = discord.Colour.blurple()
MEGABYTE = 2**20
_DONE = {"text_to_image": "Picture", "image_to_image": "Transformed Picture", "upscale": "Enlarged Picture"}


# ---------------------------------------------------------------------- texts


def plain(text: str, characters_max: int = LINE_CHARACTERS_SHOWN) -> str:
    """Text of strangers on one line, without invisible characters, cut; for places that know no Markdown."""
    line = " ".join(text.split())
    visible = "".join(c for c in line if c == " " or not unicodedata.category(c).startswith("C"))
    return visible if len(visible) <= characters_max else visible[: characters_max - 1] + "…"


def quoted(text: str, characters_max: int = PROMPT_CHARACTERS_SHOWN) -> str:
    """The same where Discord reads Markdown: it shows as it was written and mentions nobody."""
    return escape_mentions(escape_markdown(plain(text, characters_max))).replace("<", "<\N{ZERO WIDTH SPACE}")


def quota_line(status: QuotaStatus) -> str:
    """``Daily: 2/5 | Storage: 45.2/500.0MB``."""
    images, size = status.images, status.bytes
    daily = f"{images.used}" if images.unlimited else f"{images.used}/{images.limit}"
    used = f"{size.used / MEGABYTE:.1f}"
    storage = f"{used}MB" if size.unlimited else f"{used}/{size.limit / MEGABYTE:.1f}MB"
    return f"Daily: {daily} | Storage: {storage}"


def quota_colour(status: QuotaStatus) -> discord.Colour:
    """Green, yellow or red, by what is fullest."""
    levels = [usage.level for usage in (status.images, status.bytes, status.house_bytes)]
    return COLOURS[max(levels, key=LEVELS.index)]


def seconds_text(seconds: float) -> str:
    """``40 s``, ``3 min``: rounded, so that a countdown does not change every second."""
    if seconds < 60:
        return f"{max(5, 5 * round(seconds / 5))} s"
    return f"{round(seconds / 60)} min"


# ---------------------------------------------------------------------- orders


def progress_line(progress: Progress) -> str:
    """``Waiting, number 3, about 40 s`` · ``Painting: 50 %, about 10 s``."""
    eta = "" if progress.eta_seconds is None else f", about {seconds_text(progress.eta_seconds)}"
    if progress.state == "waiting":
        return f"Waiting, number {progress.position}{eta}" if progress.position else f"Waiting{eta}"
    return f"Painting: {progress.percent} %{eta}" if progress.state == "running" else progress.state.capitalize()


def waiting_embed(prompt: str, line: str, notes: Sequence[str] = ()) -> discord.Embed:
    """An order on its way."""
    return _embed("⏳ " + line, [_quote(prompt), *_small(notes)], BUSY)


def creation_embed(
    creation: Creation, artifacts: Sequence[Artifact], status: QuotaStatus, *, notes: Sequence[str] = ()
) -> discord.Embed:
    """An order that brought pictures; ``notes``: what is to be said besides the creation's own."""
    order = creation.order
    missing = order.pictures - len(artifacts)
    title = _DONE.get(order.kind, "Picture") if order.pictures == 1 else f"{len(artifacts)} Pictures"
    said = [note for note in creation.notes if not (creation.demo and "demo painter" in note)]
    said += [f"Picture {each.index + 1}: {each.error}" for each in creation.failures if order.pictures > 1]
    said += [f"What is missing was not charged: {missing} of {order.pictures}."] if missing > 0 else []
    lines = [_quote(order.prompt), f"for <@{order.account.partition(':')[2]}>"]
    lines += [f"**{DEMO_NOTE}**"] if creation.demo else []
    lines += _small([*dict.fromkeys(said), *notes])
    lines += [f"⚠️ {NEARLY_FULL}"] if is_nearly_full(status) else []
    embed = _embed(f"🎨 {title}", lines, quota_colour(status))
    return with_quota(embed, status)


def picture_embed(artifact: Artifact, *, demo: bool) -> discord.Embed:
    """One kept picture and what is known of it."""
    facts = [f"{artifact.width} × {artifact.height}", artifact.style, artifact.provider]
    facts += [f"seed {artifact.seed}"] if artifact.seed is not None else []
    lines = [_quote(artifact.prompt), " · ".join(quoted(fact) for fact in facts if fact)]
    lines += [f"made <t:{artifact.created_at_ms // 1000}:R>", f"**{DEMO_NOTE}**" if demo else ""]
    star = "⭐ " if artifact.favourite else ""
    return _embed(f"{star}{quoted(artifact.name)}", lines, discord.Colour.green())


def alt_text(text: str) -> str:
    return text[:ALT_TEXT_CHARACTERS_MAX]


def order_line(order: OrderView, progress: Progress | None = None) -> str:
    """One of somebody's orders, in a list."""
    signs = {"done": "✅", "failed": "❌", "cancelled": "🚫"}
    state = progress_line(progress) if progress is not None else order.state.capitalize()
    why = f": {quoted(order.error, 120)}" if order.state == "failed" else ""
    return f"{signs.get(order.state, '⏳')} **{state}**{why}\n{quoted(order.prompt, 80) or order.kind} · `{order.id}`"


# ---------------------------------------------------------------------- errors


def error_embed(error: BaseException, *, was_accepted: bool = False) -> discord.Embed:
    """What went wrong, in red; ``was_accepted``: the order had been accepted, so people ask what it cost them."""
    if isinstance(error, OrderCancelled):
        return _embed("Cancelled", [NOTHING_CHARGED], discord.Colour.light_grey())
    title, text = _title_and_text(error)
    lines = [text]
    if was_accepted and NOTHING_CHARGED not in text:
        lines.append(NOTHING_CHARGED)
    if isinstance(error, Refused):
        lines += [f"• {escape_mentions(choice.text)}" for choice in error.choices]
    embed = _embed(title, lines, discord.Colour.red())
    if isinstance(error, QuotaExceeded) and error.meter == DAILY_METER and error.retry_after_seconds is not None:
        embed.add_field(name="Next Reset", value=next_reset(error.retry_after_seconds))
    return embed


def next_reset(seconds: float) -> str:
    """``In 7 hours``: rounded up."""
    hours = max(1, -int(-seconds // 3600))
    return f"In {hours} hour" + ("" if hours == 1 else "s")


def unavailable_embed() -> discord.Embed:
    return error_embed(ConfigurationError(UNAVAILABLE))


def _title_and_text(error: BaseException) -> tuple[str, str]:
    text = escape_mentions(plain(str(error), 2000))
    if isinstance(error, QuotaExceeded) and error.meter == DAILY_METER:
        many = "1 generation" if error.limit == 1 else f"{error.limit} generations"
        if error.used >= error.limit:
            return "Daily Generation Limit Reached", f"You've reached your daily limit of {many}."
        return "Daily Generation Limit Reached", f"That would pass your daily limit of {many}: {error.used} are used."
    if text == UNAVAILABLE:
        return "", text
    if not isinstance(error, AbbyError) or text == UNEXPECTED:
        return "Generation Error", UNEXPECTED
    if isinstance(error, StorageError) or (isinstance(error, QuotaExceeded) and error.meter == STORAGE_METER):
        return "Storage Error", text
    return ("Generation Failed" if isinstance(error, ProviderError) else "Not Possible"), text


# ---------------------------------------------------------------------- quota and the rest


def quota_embed(status: QuotaStatus) -> discord.Embed:
    """Everything that is limited, as bars."""
    embed = _embed("Your Quota", [], quota_colour(status))
    for name, usage in (("This hour", status.hour), ("Today", status.images), ("This month", status.month)):
        if usage is not None:
            limit = "no limit" if usage.unlimited else f"{usage.used} of {usage.limit}"
            until = f" · resets <t:{usage.resets_at_ms // 1000}:R>" if usage.resets_at_ms else ""
            embed.add_field(name=name, value=f"{_bar(usage.share)} {limit}{until}", inline=False)
    for name, usage in (("Your storage", status.bytes), ("Server storage", status.house_bytes)):
        limit = "no limit" if usage.unlimited else f"{usage.limit / MEGABYTE:.1f} MB"
        value = f"{_bar(usage.share)} {usage.used / MEGABYTE:.1f} of {limit}"
        embed.add_field(name=name, value=value, inline=False)
    if is_nearly_full(status):
        embed.description = f"⚠️ {NEARLY_FULL}"
    return with_quota(embed, status)


def is_nearly_full(status: QuotaStatus) -> bool:
    return status.bytes.share >= NEARLY_FULL_FROM


def with_quota(embed: discord.Embed, status: QuotaStatus) -> discord.Embed:
    """The embed with the quota line below it."""
    return embed.set_footer(text=quota_line(status))


def cleanup_embed(deleted: int, freed_mb: float) -> discord.Embed:
    embed = _embed("Storage Cleanup Complete", [], discord.Colour.green())
    embed.add_field(name="Files Deleted", value=str(deleted))
    return embed.add_field(name="Space Freed", value=f"{freed_mb:.2f}MB")


def help_embed(described: Mapping[str, str]) -> discord.Embed:
    """The commands, and what may stand in a prompt."""
    lines = [f"**/{name}** {text}" for name, text in sorted(described.items())]
    embed = _embed("Abby, a Picture Studio", lines, BUSY)
    examples = (
        "`a {red, green} bird` makes one picture of each\n`--ar 16:9` `--no trees` `--style anime` `--seed 7` `--n 4`"
    )
    embed.add_field(name="In a prompt", value=examples, inline=False)
    buttons = "🔍 larger · 🎲 a variation · 🔄 once more · ✏️ other words · ⭐ favourite · 🗑️ delete"
    return embed.add_field(name="Below a picture", value=buttons, inline=False)


def note_embed(text: str) -> discord.Embed:
    """A sentence."""
    return _embed("", [text], discord.Colour.green())


def list_embed(title: str, lines: Sequence[str], empty: str) -> discord.Embed:
    """Lines below a title, or what to do where there are none."""
    return _embed(title, lines or [empty], BUSY)


def _bar(share: float) -> str:
    full = min(BAR_CELLS, max(0, round(share * BAR_CELLS)))
    return "▰" * full + "▱" * (BAR_CELLS - full)


def _quote(prompt: str) -> str:
    return f"> {quoted(prompt)}" if prompt.strip() else ""


def _small(notes: Sequence[str]) -> list[str]:
    return [f"-# {quoted(note, 300)}" for note in notes]


def _embed(title: str, lines: Sequence[str], colour: discord.Colour) -> discord.Embed:
    text = "\n".join(line for line in lines if line)
    if len(text) > DESCRIPTION_CHARACTERS_MAX:
        text = text[: DESCRIPTION_CHARACTERS_MAX - 1] + "…"
    return discord.Embed(title=title[:256] or None, description=text or None, colour=colour)
