"""Presets: what people choose once instead of each time.

What applies to a picture is looked for in this order, and what the first leaves open the next may say: what is asked
for now, a named preset (the member's own, else the server's, else the host's), the member's preferences, the server's
default, the host's. Who may speak for a server or the host is the adapter's to say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from typing import TYPE_CHECKING

from abby_core.errors import InvalidRequest, NotFound
from abby_core.gallery import preset_rows
from abby_core.gallery.preset import HOST, NAME_CHARACTERS_MAX, UNASKED, Preset, Resolved, of_member
from abby_core.generation.choices import NAMES, NOTHING_CHOSEN, Choices, check_choices
from abby_core.generation.request import Kind
from abby_core.sentence import Sentence, sentence
from abby_core.storage.saving import clean_name

if TYPE_CHECKING:
    from abby_core.quota.account import Account
    from abby_core.storage.storage_manager import StorageManager

Providers = Mapping[str, frozenset[Kind]]
"""What each provider there is can do."""
_SIDES = ("width", "height")


class Presets:
    """All methods block for a short while. ``providers`` is asked only where one was chosen.

    ``count_max``: most pictures that may be chosen at a time.
    """

    def __init__(self, storage: StorageManager, *, count_max: int, providers: Callable[[], Providers]) -> None:
        self._storage = storage
        self._database = storage.database
        self._count_max = count_max
        self._providers = providers

    # ------------------------------------------------------------------ keeping

    def save(self, owner: str, name: str, choices: Choices) -> Preset:
        """Keep choices under a name, in place of what it stood for. Raises InvalidRequest or QuotaExceeded."""
        return self._put(owner, name, choices, keep_others=False)

    def change(self, owner: str, name: str, choices: Choices) -> Preset:
        """The same, but what these choices leave open stays as it was."""
        return self._put(owner, name, choices, keep_others=True)

    def find(self, owner: str, name: str) -> Preset:
        """The owner's preset of that name, upper and lower case being one. Raises NotFound."""
        return _there(self._database.read(preset_rows.by_name, owner, _named(name)), name)

    def unasked(self, owner: str) -> Choices:
        """What the owner chose for whenever nothing else is asked for."""
        preset = self._database.read(preset_rows.by_name, owner, UNASKED)
        return NOTHING_CHOSEN if preset is None else preset.choices

    def list(self, owner: str) -> tuple[Preset, ...]:
        """The owner's presets that have a name."""
        return self._database.read(preset_rows.named, owner)

    def delete(self, owner: str, name: str) -> Preset:
        """Forget a preset; returns what it was. Raises NotFound."""
        return _there(self._database.write(preset_rows.delete, owner, _named(name)), name)

    def clear(self, owner: str) -> None:
        """Forget what applies unasked; named presets stay."""
        self._database.write(preset_rows.delete, owner, UNASKED)

    # ------------------------------------------------------------------ using

    def resolve(
        self, account: Account, asked: Choices, *, kind: Kind = "text_to_image", preset: str = "", server: str = ""
    ) -> Resolved:
        """What applies to a picture that the account asks for, on a server (its owner text) or elsewhere.

        What was kept and cannot be used any more is left out, with a note; what is asked for now is the order's own
        matter. Raises NotFound when nobody has a preset of that name.
        """
        owners = [of_member(account), *filter(None, (server,)), HOST]
        layers = self._database.read(preset_rows.layers, owners, _written(preset))
        if preset and (not layers or not layers[0].name):
            raise _no_such_preset(preset)
        usable = [self._usable(layer, kind) for layer in layers]
        notes = dict.fromkeys(note for _, left_out in usable for note in left_out)
        return Resolved(choices=reduce(Choices.over, (choices for choices, _ in usable), asked), notes=tuple(notes))

    def _usable(self, preset: Preset, kind: Kind) -> tuple[Choices, tuple[str, ...]]:
        """The preset's choices without those that cannot be used, and a note for each of these."""
        usable, notes = preset.choices, ()
        for names in [_SIDES, *((name,) for name in NAMES if name not in _SIDES)]:
            try:
                self._check(preset.choices.only(*names), kind)
            except InvalidRequest as error:
                usable = usable.without(*names)
                notes = (*notes, _left_out(names[0].replace("_", " "), preset.name, error))
        return usable, notes

    # ------------------------------------------------------------------ inside

    def _put(self, owner: str, name: str, choices: Choices, *, keep_others: bool) -> Preset:
        shown = _written(name)
        if len(shown) > NAME_CHARACTERS_MAX or not shown.isprintable():
            raise InvalidRequest(
                sentence("A preset's name has up to {limit} visible characters.", limit=NAME_CHARACTERS_MAX)
            )
        if not choices.chosen():
            raise InvalidRequest(sentence("Nothing was chosen: say what it shall stand for, such as a style."))
        self._check(choices, None)
        preset = Preset(owner=owner, name=shown, choices=choices, updated_at_ms=self._storage.now_ms())
        return self._database.write(preset_rows.put, preset, keep_others=keep_others)

    def _check(self, choices: Choices, kind: Kind | None) -> None:
        """Raise InvalidRequest for what cannot be, also for a provider that is not there or makes none of that kind."""
        check_choices(choices, count_max=self._count_max)
        if choices.provider is None:
            return
        providers = self._providers()
        if choices.provider not in providers:
            raise InvalidRequest(
                sentence(
                    "There is no provider {provider!r}. There are: {providers}.",
                    provider=choices.provider[:40],
                    providers=", ".join(providers),
                )
            )
        if kind is not None and kind not in providers[choices.provider]:
            raise InvalidRequest(sentence("{provider} makes no such pictures.", provider=choices.provider))


def _left_out(what: str, preset: str, error: InvalidRequest) -> Sentence:
    """``what``: the choice; ``preset``: its name, blank for what an account prefers."""
    if not preset:
        return sentence("The {what} of what is preferred was left out. {error}", what=what, error=error.text)
    return sentence(
        "The {what} of the preset {preset!r} was left out. {error}", what=what, preset=preset, error=error.text
    )


def _written(name: str) -> str:
    """A name as it is kept: any text that every database holds, blanks alike."""
    words = " ".join(name.split())
    return clean_name(words) if words else ""


def _named(name: str) -> str:
    """The same, and not blank: what applies unasked has no name to be found by."""
    if not (written := _written(name)):
        raise _no_such_preset(name)
    return written


def _there(preset: Preset | None, name: str) -> Preset:
    if preset is None:
        raise _no_such_preset(name)
    return preset


def _no_such_preset(name: str) -> NotFound:
    return NotFound(sentence("There is no preset {name!r}.", name=name[:NAME_CHARACTERS_MAX]))
