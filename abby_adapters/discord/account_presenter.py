"""What people on Discord read about their own things: links, presets, preferences, data (pure)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import discord

from abby_adapters.discord.presenter import BUSY, DESCRIPTION_CHARACTERS_MAX, MEGABYTE, quoted
from abby_core.sentence import sentence

if TYPE_CHECKING:
    from abby_core.gallery.forgetting import Receipt
    from abby_core.gallery.preset import Preset
    from abby_core.gallery.share import Share
    from abby_core.generation.choices import Choices
    from abby_core.languages import Language
    from abby_core.studio import Explanation

NAME_CHARACTERS_SHOWN = 60
FIELD_CHARACTERS_MAX = 1024
"""What Discord takes in one field of an embed."""
SHARES_SHOWN = 15
"""Links in one answer: what fits a screen."""

EXPIRIES: Mapping[int, str] = {
    3600: sentence("1 hour"),
    86_400: sentence("1 day"),
    7 * 86_400: sentence("7 days"),
    30 * 86_400: sentence("30 days"),
    365 * 86_400: sentence("365 days"),
}
"""How long a link may be open, in seconds, as people choose it."""
TELLS: Mapping[str, str] = {
    "none": sentence("The picture alone"),
    "prompt": sentence("The prompt too"),
    "full": sentence("Everything it was made with"),
}
"""What is told besides a shared picture."""
_STATES = {
    "expired": sentence("has ended"),
    "used up": sentence("was opened as often as it may be"),
    "revoked": sentence("was taken back"),
    "gone": sentence("what it showed is gone"),
}


def note(*lines: str, title: str = "", colour: discord.Colour | None = None) -> discord.Embed:
    """Sentences below a title, cut to what Discord takes."""
    text = "\n".join(line for line in lines if line)
    if len(text) > DESCRIPTION_CHARACTERS_MAX:
        text = text[: DESCRIPTION_CHARACTERS_MAX - 1] + "…"
    return discord.Embed(title=title[:256] or None, description=text or None, colour=colour or discord.Colour.green())


# ---------------------------------------------------------------------- links


def share_embed(language: Language, share: Share, link: str) -> discord.Embed:
    """A link that was just made."""
    lines = [link, language.say("Open until {when}.", when=_moment(share.expires_at_ms))]
    if share.views_max:
        lines.append(
            language.plural("It opens {count} time.", "It opens {count} times.", count=share.views_max),
        )
    if share.has_password:
        lines.append(language.say("It opens with its password only."))
    lines += [
        language.say("Told besides: {what}.", what=TELLS[share.metadata]),
        language.say("-# This link is shown once. Whoever has it sees the picture; nobody sees whose it is."),
    ]
    return note(*lines, title="🔗 " + _shared_name(language, share))


def shares_embed(language: Language, shares: Sequence[Share]) -> discord.Embed:
    """Somebody's links, the newest first."""
    lines = [_share_line(language, each) for each in shares[:SHARES_SHOWN]]
    if len(shares) > SHARES_SHOWN:
        lines.append(
            language.plural("-# and {count} older one", "-# and {count} older ones", count=len(shares) - SHARES_SHOWN)
        )
    empty = language.say("Nothing is shared. Press 🔗 below a picture, or name one: /share picture:")
    return note(*(lines or [empty]), title=language.say("Your Links"), colour=BUSY)


def share_label(language: Language, share: Share) -> str:
    """One link in a list to choose from."""
    return _shared_name(language, share)


def _share_line(language: Language, share: Share) -> str:
    name = f"**{_shared_name(language, share)}**"
    if share.state != "live":
        return f"⚪ {name} · {language.translate(_STATES[share.state])}"
    facts = [language.say("open until {when}", when=_moment(share.expires_at_ms))]
    if share.views_max:
        facts.append(language.say("opened {views} of {limit} times", views=share.views, limit=share.views_max))
    else:
        facts.append(language.plural("opened {count} time", "opened {count} times", count=share.views))
    return f"🟢 {name} · {' · '.join(facts)}{' 🔒' * share.has_password}"


def _shared_name(language: Language, share: Share) -> str:
    name = quoted(share.name, NAME_CHARACTERS_SHOWN)
    if not name:
        return language.say("what is gone")
    return language.say("album {name}", name=name) if share.album_id else name


# ---------------------------------------------------------------------- presets and preferences


def chosen_text(language: Language, choices: Choices) -> str:
    """``style anime · 1344×768 · ends with oil on canvas``, on one line."""

    def said(name: str) -> str:
        return quoted(f"{getattr(choices, name)}", NAME_CHARACTERS_SHOWN)

    words = {
        "style": language.say("style {value}", value=said("style")),
        "provider": language.say("provider {value}", value=said("provider")),
        "negative_prompt": language.say("without {value}", value=said("negative_prompt")),
        "suffix": language.say("ends with {value}", value=said("suffix")),
        "count": language.say("pictures of each prompt: {value}", value=said("count")),
        "seed": language.say("seed {value}", value=said("seed")),
        "steps": language.say("steps {value}", value=said("steps")),
        "cfg_scale": language.say("guidance {value}", value=said("cfg_scale")),
    }
    parts = [f"{choices.width}×{choices.height}"] if choices.width and choices.height else []
    parts += [text for name, text in words.items() if getattr(choices, name) is not None]
    if choices.image_strength is not None:
        parts.append(language.say("keeps {percent} % of a picture", percent=round(choices.image_strength * 100)))
    if choices.private is not None:
        parts.append(language.say("only you see it") if choices.private else language.say("everybody sees it"))
    return " · ".join(parts)


def presets_embed(language: Language, shelves: Iterable[tuple[str, Sequence[Preset]]]) -> discord.Embed:
    """Presets by whose they are."""
    lines: list[str] = []
    for whose, presets in shelves:
        lines += [f"__{whose}__"] if presets else []
        lines += [f"**{quoted(each.name)}** · {chosen_text(language, each.choices)}" for each in presets]
    empty = language.say("No presets yet. Save one: /presets save, or /presets keep for what you made last.")
    return note(*(lines or [empty]), title=language.say("Presets"), colour=BUSY)


def preferences_embed(language: Language, choices: Choices) -> discord.Embed:
    """What applies unasked."""
    text = chosen_text(language, choices)
    hint = language.say("-# What you say in a command goes before it. Forget all of it: /prefer clear:True")
    empty = language.say("Nothing is preferred. Choose something: /prefer style:anime aspect:16:9 private:True")
    return note(*([text, hint] if text else [empty]), title=language.say("What Applies Unasked"), colour=BUSY)


# ---------------------------------------------------------------------- tiers


def with_tiers(language: Language, embed: discord.Embed, explanation: Explanation) -> discord.Embed:
    """The quota with the tiers that apply, and why. A role is named as Discord shows it."""
    lines: list[str] = []
    for name, reasons in explanation.tiers:
        why = ", ".join(_reason(language, each) for each in reasons)
        lines.append(f"**{quoted(name, NAME_CHARACTERS_SHOWN)}**: {why}")
    value = "\n".join(lines)[:FIELD_CHARACTERS_MAX] or language.say("None")
    return embed.add_field(name=language.say("Your tiers, and why"), value=value, inline=False)


def _reason(language: Language, reason: str) -> str:
    role = re.fullmatch(r"role (\d{1,20})", str(reason))
    return f"<@&{role[1]}>" if role else quoted(language.translate(reason), NAME_CHARACTERS_SHOWN)


# ---------------------------------------------------------------------- data


def export_embed(language: Language, name: str, size_bytes: int, count: int) -> discord.Embed:
    """What is sent below it, and how parts become one file again."""
    lines = [language.say("Everything Abby keeps of you: {size:.1f} MB.", size=size_bytes / MEGABYTE)]
    if count > 1:
        lines += [
            language.say("It comes in {count} parts. Save them all in one folder.", count=count),
            language.say("Windows: open the first with 7-Zip. Linux and macOS: {command}", command=_joining(name)),
        ]
    lines.append(language.say("-# Only you see it. README.txt inside says what is what."))
    return note(*lines, title=language.say("Your Data"))


def export_too_large_embed(language: Language, account: str, bytes_max: int, public_url: str) -> discord.Embed:
    """Where else it can be had."""
    lines = [
        language.say("It is more than {size:.0f} MB, which is too much to send here.", size=bytes_max / MEGABYTE),
        language.say("Whoever runs this Abby can hand it to you: {command}", command=f"`abby export {account}`"),
    ]
    if public_url:
        lines.append(language.say("Or take your pictures along from your gallery on the web: {link}", link=public_url))
    return note(*lines, title=language.say("Your Data"), colour=BUSY)


def preview_embed(language: Language, found: Receipt) -> discord.Embed:
    """What forgetting would remove."""
    title = language.say("What Abby Keeps of You")
    if not found.counts:
        return note(language.say("Nothing."), title=title, colour=BUSY)
    lines = _counted(language, found.counts)
    lines += [
        "",
        language.say("Forgetting removes all of it for good: pictures, prompts, albums, links, limits, orders."),
        language.say("What Abby posted here with your pictures goes too; what others saved or copied stays theirs."),
        language.say("Take your data along first: {command}", command="`/privacy export`"),
    ]
    return note(*lines, title=title, colour=discord.Colour.red())


def receipt_embed(language: Language, receipt: Receipt) -> discord.Embed:
    """What became of it."""
    if receipt.complete:
        lines = [language.say("Everything Abby kept of you is removed:"), *_counted(language, receipt.counts)]
        lines += [f"-# {quoted(language.translate(each), 300)}" for each in receipt.by_hand]
        return note(*lines, title=language.say("You Are Forgotten"))
    lines = [
        language.say("Most of it is removed. What is left goes as soon as it can, without you doing anything:"),
        *(f"• {quoted(language.translate(each), 300)}" for each in receipt.left),
    ]
    return note(*lines, title=language.say("You Are Being Forgotten"), colour=discord.Colour.yellow())


def _counted(language: Language, counts: Mapping[str, int]) -> list[str]:
    """The counts in words; tables that would mean nothing to people are one line together."""
    pictures, size_bytes = counts.get("artifacts", 0), counts.get("bytes", 0)
    lines: list[str] = []
    if pictures:
        lines.append(
            language.plural(
                "• {count} picture, {size:.1f} MB", "• {count} pictures, {size:.1f} MB", count=pictures,
                size=size_bytes / MEGABYTE,
            )
        )  # fmt: skip
    named: dict[str, Callable[[int], str]] = {
        "orders": lambda count: language.plural("• {count} order", "• {count} orders", count=count),
        "albums": lambda count: language.plural("• {count} album", "• {count} albums", count=count),
        "shares": lambda count: language.plural("• {count} link", "• {count} links", count=count),
        "presets": lambda count: language.plural("• {count} preset", "• {count} presets", count=count),
    }
    lines += [say(counts[table]) for table, say in named.items() if counts.get(table)]
    rest = sum(count for table, count in counts.items() if table not in {"artifacts", "bytes", *named})
    if rest:
        text = language.plural("• {count} other note about you", "• {count} other notes about you", count=rest)
        lines.append(text)
    return lines


def _joining(name: str) -> str:
    return f"`cat {name}.* > {name}`"


def _moment(at_ms: int) -> str:
    """In the reader's own time and language: Discord writes it."""
    return f"<t:{at_ms // 1000}:f> (<t:{at_ms // 1000}:R>)"
