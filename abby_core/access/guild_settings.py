"""What a server's managers decide for it (pure)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, cast

from abby_core.access.prompt_filter import WORD_CHARACTERS_MAX
from abby_core.errors import InvalidRequest
from abby_core.sentence import sentence

Mature = Literal["anywhere", "words", "channels"]
"""What is for adults. ``anywhere``: no difference is made. ``words``: prompts with words for adults are taken in
age-restricted channels alone. ``channels``: so are all orders. Abby cannot see what is in a picture."""
MATURE: tuple[Mature, ...] = ("anywhere", "words", "channels")
CHANNELS_MAX = 25
"""What fits one of Discord's lists to choose from."""
WORDS_MAX = 500
"""Of one of a server's lists; they are looked for in every prompt."""
PRESET_CHARACTERS_MAX = 40
ID_CHARACTERS_MAX = 40


@dataclass(frozen=True, kw_only=True)
class GuildSettings:
    """Without arguments: a server whose managers have decided nothing."""

    channels: tuple[str, ...] = ()
    """The ids of the channels (or what they lie in) where pictures may be asked for; empty: everywhere."""
    mature: Mature = "words"
    blocked_words: tuple[str, ...] = ()
    mature_words: tuple[str, ...] = ()
    preset: str = ""
    """The name of the preset that applies unasked, to be shown; what it holds is kept with the server's presets."""
    spoiler: bool = False
    """Whether every picture is posted covered."""
    own_rules: bool = True
    """Whether the platform's own rules for words (Discord: AutoMod) hold for prompts too, where Abby may read them."""


NO_SETTINGS = GuildSettings()
_NAMES = frozenset(field.name for field in fields(GuildSettings))


def check(settings: GuildSettings) -> GuildSettings:
    """The same with what is double left out. Raises InvalidRequest for what cannot be."""
    channels = tuple(dict.fromkeys(settings.channels))
    if len(channels) > CHANNELS_MAX or not all(0 < len(each) <= ID_CHARACTERS_MAX for each in channels):
        raise InvalidRequest(sentence("Choose at most {most} channels.", most=CHANNELS_MAX))
    if settings.mature not in MATURE:
        raise InvalidRequest(sentence("There is no such rule for what is for adults."))
    if len(settings.preset) > PRESET_CHARACTERS_MAX:
        raise InvalidRequest(sentence("A preset's name has up to {most} characters.", most=PRESET_CHARACTERS_MAX))
    return GuildSettings(
        channels=channels,
        mature=settings.mature,
        blocked_words=_checked(settings.blocked_words),
        mature_words=_checked(settings.mature_words),
        preset=settings.preset,
        spoiler=settings.spoiler,
        own_rules=settings.own_rules,
    )


def encode(settings: GuildSettings) -> str:
    """The settings as JSON text, without what is as it is unasked: should that change, it changes for them."""
    values = {name: value for name, value in vars(settings).items() if value != getattr(NO_SETTINGS, name)}
    return json.dumps(values, sort_keys=True)


def decode(text: str) -> GuildSettings:
    """The settings again. What another version of Abby wrote and this one does not know is left out."""
    values: dict[str, Any] = {}
    for name, value in cast("Mapping[str, Any]", json.loads(text)).items():
        if name in _NAMES:
            values[name] = tuple(cast("list[str]", value)) if isinstance(value, list) else value
    return GuildSettings(**values)


def _checked(words: tuple[str, ...]) -> tuple[str, ...]:
    kept = tuple(dict.fromkeys(" ".join(word.split()) for word in words if word.strip("* \t\n")))
    if len(kept) > WORDS_MAX:
        raise InvalidRequest(sentence("A list has at most {most} words.", most=WORDS_MAX))
    if any(len(word) > WORD_CHARACTERS_MAX for word in kept):
        raise InvalidRequest(sentence("A word of a list has up to {most} characters.", most=WORD_CHARACTERS_MAX))
    if any("\0" in word for word in kept):
        raise InvalidRequest(sentence("A list is made of words that can be read."))
    return kept
