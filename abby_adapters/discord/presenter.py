"""What people on Discord get to see: orders, pictures, quotas and errors as embeds, in their language (pure).

Texts that the founding documents fix stand here and nowhere else. Whatever a person typed is escaped and cut.
Every function that says something takes the language of whoever reads it first.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
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
from abby_core.sentence import sentence

if TYPE_CHECKING:
    from abby_core.languages import Language
    from abby_core.studio import Artifact, Creation, OrderView, Progress, QuotaStatus, Usage

UNAVAILABLE = sentence("Image generation services are not available. Please try again later.")
UNEXPECTED = sentence("An unexpected error occurred. Please try again later.")
NEARLY_FULL = sentence("Storage quota nearly full! Delete some images first.")
NEARLY_FULL_FROM = 0.90
NOTHING_CHARGED = sentence("Nothing was charged.")
DEMO_NOTE = sentence("Painted by Abby's demo painter, not by AI.")
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
_DONE = {
    "text_to_image": sentence("Picture"),
    "image_to_image": sentence("Transformed Picture"),
    "upscale": sentence("Enlarged Picture"),
}
_STATES = {
    "waiting": sentence("Waiting"),
    "running": sentence("Painting"),
    "done": sentence("Done"),
    "failed": sentence("Failed"),
    "cancelled": sentence("Cancelled"),
}


# ---------------------------------------------------------------------- texts


def plain(text: str, characters_max: int = LINE_CHARACTERS_SHOWN) -> str:
    """Text of strangers on one line, without invisible characters, cut; for places that know no Markdown."""
    line = " ".join(text.split())
    visible = "".join(c for c in line if c == " " or not unicodedata.category(c).startswith("C"))
    return visible if len(visible) <= characters_max else visible[: characters_max - 1] + "…"


def quoted(text: str, characters_max: int = PROMPT_CHARACTERS_SHOWN) -> str:
    """The same where Discord reads Markdown: it shows as it was written and mentions nobody."""
    return escape_mentions(escape_markdown(plain(text, characters_max))).replace("<", "<\N{ZERO WIDTH SPACE}")


def quota_line(language: Language, status: QuotaStatus) -> str:
    """``Daily: 2/5 | Storage: 45.2/500.0MB``."""
    images, size = status.images, status.bytes
    daily = f"{images.used}" if images.unlimited else f"{images.used}/{images.limit}"
    used, limit = size.used / MEGABYTE, size.limit / MEGABYTE
    if size.unlimited:
        return language.say("Daily: {daily} | Storage: {used:.1f}MB", daily=daily, used=used)
    return language.say("Daily: {daily} | Storage: {used:.1f}/{limit:.1f}MB", daily=daily, used=used, limit=limit)


def quota_colour(status: QuotaStatus) -> discord.Colour:
    """Green, yellow or red, by what is fullest."""
    levels = [usage.level for usage in (status.images, status.bytes, status.house_bytes)]
    return COLOURS[max(levels, key=LEVELS.index)]


def seconds_text(language: Language, seconds: float) -> str:
    """``40 s``, ``3 min``: rounded, so that a countdown does not change every second."""
    if seconds < 60:
        return language.say("{seconds} s", seconds=max(5, 5 * round(seconds / 5)))
    return language.say("{minutes} min", minutes=round(seconds / 60))


# ---------------------------------------------------------------------- orders


def progress_line(language: Language, progress: Progress) -> str:
    """``Waiting, number 3, about 40 s`` · ``Painting: 50 %, about 10 s``."""
    position, percent = progress.position, progress.percent
    time = "" if progress.eta_seconds is None else seconds_text(language, progress.eta_seconds)
    if progress.state == "running":
        if time:
            return language.say("Painting: {percent} %, about {time}", percent=percent, time=time)
        return language.say("Painting: {percent} %", percent=percent)
    if progress.state == "waiting" and position:
        if time:
            return language.say("Waiting, number {position}, about {time}", position=position, time=time)
        return language.say("Waiting, number {position}", position=position)
    if progress.state == "waiting" and time:
        return language.say("Waiting, about {time}", time=time)
    return state_text(language, progress.state)


def state_text(language: Language, state: str) -> str:
    """How an order stands, in a word."""
    return language.translate(_STATES[state])


def kind_text(language: Language, kind: str) -> str:
    """What an order makes, in a word or two."""
    return language.translate(_DONE[kind])


def waiting_embed(language: Language, prompt: str, line: str, notes: Sequence[str] = ()) -> discord.Embed:
    """An order on its way."""
    return _embed("⏳ " + line, [_quote(prompt), *_small(language, notes)], BUSY)


def creation_embed(
    language: Language,
    creation: Creation,
    artifacts: Sequence[Artifact],
    status: QuotaStatus,
    *,
    notes: Sequence[str] = (),
) -> discord.Embed:
    """An order that brought pictures; ``notes``: what is to be said besides the creation's own."""
    order = creation.order
    missing = order.pictures - len(artifacts)
    said = [note for note in creation.notes if not (creation.demo and "demo painter" in note)]
    if order.pictures > 1:
        said += [
            language.say("Picture {number}: {error}", number=each.index + 1, error=each.error)
            for each in creation.failures
        ]
    if missing > 0:
        said.append(
            language.say("What is missing was not charged: {missing} of {all}.", missing=missing, all=order.pictures)
        )
    person = f"<@{order.account.partition(':')[2]}>"
    lines = [*_quotes(order.prompt, [each.prompt for each in artifacts]), language.say("for {person}", person=person)]
    lines += [f"**{language.translate(DEMO_NOTE)}**"] if creation.demo else []
    lines += _small(language, [*dict.fromkeys(said), *notes])
    lines += [f"⚠️ {language.translate(NEARLY_FULL)}"] if is_nearly_full(status) else []
    embed = _embed(f"🎨 {_creation_title(language, order, len(artifacts))}", lines, quota_colour(status))
    return with_quota(language, embed, status)


def _creation_title(language: Language, order: OrderView, made: int) -> str:
    if order.pictures == 1:
        return kind_text(language, order.kind)
    return language.plural("{count} Picture", "{count} Pictures", count=made)


def picture_embed(language: Language, artifact: Artifact, *, demo: bool) -> discord.Embed:
    """One kept picture and what is known of it."""
    facts = [f"{artifact.width} × {artifact.height}", artifact.style, artifact.provider]
    facts += [language.say("seed {seed}", seed=artifact.seed)] if artifact.seed is not None else []
    lines = [_quote(artifact.prompt), " · ".join(quoted(fact) for fact in facts if fact)]
    lines.append(language.say("made {when}", when=f"<t:{artifact.created_at_ms // 1000}:R>"))
    lines += [f"**{language.translate(DEMO_NOTE)}**"] if demo else []
    star = "⭐ " if artifact.favourite else ""
    return _embed(f"{star}{quoted(artifact.name)}", lines, discord.Colour.green())


def alt_text(language: Language, text: str) -> str:
    """What a picture shows, for those who do not see it."""
    return language.translate(text)[:ALT_TEXT_CHARACTERS_MAX]


def order_line(language: Language, order: OrderView, progress: Progress | None = None) -> str:
    """One of somebody's orders, in a list."""
    signs = {"done": "✅", "failed": "❌", "cancelled": "🚫"}
    state = state_text(language, order.state) if progress is None else progress_line(language, progress)
    why = f": {quoted(language.translate(order.error), 120)}" if order.state == "failed" else ""
    what = quoted(order.prompt, 80) or kind_text(language, order.kind)
    return f"{signs.get(order.state, '⏳')} **{state}**{why}\n{what} · `{order.id}`"


# ---------------------------------------------------------------------- errors


def error_embed(language: Language, error: BaseException, *, was_accepted: bool = False) -> discord.Embed:
    """What went wrong, in red; ``was_accepted``: the order had been accepted, so people ask what it cost them."""
    if isinstance(error, OrderCancelled):
        return _embed(language.say("Cancelled"), [language.translate(NOTHING_CHARGED)], discord.Colour.light_grey())
    title, text = _title_and_text(language, error)
    lines = [text]
    if was_accepted and NOTHING_CHARGED not in str(error):
        lines.append(language.translate(NOTHING_CHARGED))
    if isinstance(error, Refused):
        lines += [f"• {escape_mentions(language.translate(choice.text))}" for choice in error.choices]
    embed = _embed(title, lines, discord.Colour.red())
    if isinstance(error, QuotaExceeded) and error.meter == DAILY_METER and error.retry_after_seconds is not None:
        embed.add_field(name=language.say("Next Reset"), value=next_reset(language, error.retry_after_seconds))
    return embed


def next_reset(language: Language, seconds: float) -> str:
    """``In 7 hours``: rounded up."""
    return language.plural("In {count} hour", "In {count} hours", count=max(1, -int(-seconds // 3600)))


def unavailable_embed(language: Language) -> discord.Embed:
    return error_embed(language, ConfigurationError(UNAVAILABLE))


def _title_and_text(language: Language, error: BaseException) -> tuple[str, str]:
    if isinstance(error, QuotaExceeded) and error.meter == DAILY_METER:
        return language.say("Daily Generation Limit Reached"), _daily_limit_text(language, error)
    text = escape_mentions(plain(language.told(error), 2000))
    if str(error) == UNAVAILABLE:
        return "", text
    if not isinstance(error, AbbyError) or str(error) == UNEXPECTED:
        return language.say("Generation Error"), language.translate(UNEXPECTED)
    if isinstance(error, StorageError) or (isinstance(error, QuotaExceeded) and error.meter == STORAGE_METER):
        return language.say("Storage Error"), text
    if isinstance(error, ProviderError):
        return language.say("Generation Failed"), text
    return language.say("Not Possible"), text


def _daily_limit_text(language: Language, error: QuotaExceeded) -> str:
    if error.used >= error.limit:
        return language.plural(
            "You've reached your daily limit of {count} generation.",
            "You've reached your daily limit of {count} generations.",
            count=error.limit,
        )
    return language.plural(
        "That would pass your daily limit of {count} generation: {used} are used.",
        "That would pass your daily limit of {count} generations: {used} are used.",
        count=error.limit,
        used=error.used,
    )


# ---------------------------------------------------------------------- quota and the rest


def quota_embed(language: Language, status: QuotaStatus) -> discord.Embed:
    """Everything that is limited, as bars."""
    embed = _embed(language.say("Your Quota"), [], quota_colour(status))
    for name, usage in (
        (language.say("This hour"), status.hour),
        (language.say("Today"), status.images),
        (language.say("This month"), status.month),
    ):
        if usage is not None:
            embed.add_field(name=name, value=_pictures_bar(language, usage), inline=False)
    for name, usage in (
        (language.say("Your storage"), status.bytes),
        (language.say("Server storage"), status.house_bytes),
    ):
        embed.add_field(name=name, value=bytes_bar(language, usage), inline=False)
    if is_nearly_full(status):
        embed.description = f"⚠️ {language.translate(NEARLY_FULL)}"
    return with_quota(language, embed, status)


def _pictures_bar(language: Language, usage: Usage) -> str:
    text = language.say("no limit")
    if not usage.unlimited:
        text = language.say("{used} of {limit}", used=usage.used, limit=usage.limit)
    if usage.resets_at_ms:
        text += " · " + language.say("resets {when}", when=f"<t:{usage.resets_at_ms // 1000}:R>")
    return f"{_bar(usage.share)} {text}"


def bytes_bar(language: Language, usage: Usage) -> str:
    """How full something is."""
    used, limit = usage.used / MEGABYTE, usage.limit / MEGABYTE
    text = language.say("{used:.1f} MB, no limit", used=used)
    if not usage.unlimited:
        text = language.say("{used:.1f} of {limit:.1f} MB", used=used, limit=limit)
    return f"{_bar(usage.share)} {text}"


def is_nearly_full(status: QuotaStatus) -> bool:
    return status.bytes.share >= NEARLY_FULL_FROM


def with_quota(language: Language, embed: discord.Embed, status: QuotaStatus) -> discord.Embed:
    """The embed with the quota line below it."""
    return embed.set_footer(text=quota_line(language, status))


def cleanup_embed(language: Language, deleted: int, freed_mb: float) -> discord.Embed:
    embed = _embed(language.say("Storage Cleanup Complete"), [], discord.Colour.green())
    embed.add_field(name=language.say("Files Deleted"), value=str(deleted))
    return embed.add_field(name=language.say("Space Freed"), value=language.say("{freed:.2f}MB", freed=freed_mb))


def note_embed(language: Language, text: str) -> discord.Embed:
    """A sentence."""
    return _embed("", [language.translate(text)], discord.Colour.green())


def list_embed(language: Language, title: str, lines: Sequence[str], empty: str) -> discord.Embed:
    """Lines below a title, or what to do where there are none."""
    return _embed(language.translate(title), lines or [language.translate(empty)], BUSY)


def _bar(share: float) -> str:
    full = min(BAR_CELLS, max(0, round(share * BAR_CELLS)))
    return "▰" * full + "▱" * (BAR_CELLS - full)


def _quote(prompt: str) -> str:
    return f"> {quoted(prompt)}" if prompt.strip() else ""


def _quotes(first: str, prompts: Sequence[str]) -> list[str]:
    """The words of an order: each of its prompts once, where its pictures have several."""
    several = list(dict.fromkeys(prompts))
    if len(several) < 2:
        return [_quote(first)]
    return [f"> {quoted(prompt, PROMPT_CHARACTERS_SHOWN // len(several))}" for prompt in several]


def _small(language: Language, notes: Sequence[str]) -> list[str]:
    return [f"-# {quoted(language.translate(note), 300)}" for note in notes]


def _embed(title: str, lines: Sequence[str], colour: discord.Colour) -> discord.Embed:
    text = "\n".join(line for line in lines if line)
    if len(text) > DESCRIPTION_CHARACTERS_MAX:
        text = text[: DESCRIPTION_CHARACTERS_MAX - 1] + "…"
    return discord.Embed(title=title[:256] or None, description=text or None, colour=colour)
