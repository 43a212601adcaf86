"""Where an order stands, in a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from abby_adapters.web.pages import words

if TYPE_CHECKING:
    from abby_core.languages import Language
    from abby_core.studio import OrderView, Progress


def says(language: Language, progress: Progress) -> str:
    """What is told to whoever waits."""
    match progress.state:
        case "waiting":
            return _waiting(language, progress)
        case "running" if progress.eta_seconds:
            left = words.duration(language, max(1, progress.eta_seconds))
            return language.say("At work. About {time} left.", time=left)
        case "running":
            return language.say("At work.")
        case "done":
            return language.say("Done.")
        case "cancelled":
            return language.say("Cancelled.")
        case _:
            return language.say("That did not work.")


def state_name(language: Language, view: OrderView) -> str:
    """Its state in a word."""
    names = {
        "waiting": language.say("Waiting"),
        "running": language.say("At work"),
        "done": language.say("Done"),
        "failed": language.say("Failed"),
        "cancelled": language.say("Cancelled"),
    }
    return names[view.state]


def as_event(language: Language, progress: Progress) -> dict[str, Any]:
    """The same for a script."""
    return {"says": says(language, progress), "percent": progress.percent, "state": progress.state,
            "ended": progress.ended, "preview": preview_version(progress)}  # fmt: skip


def preview_version(progress: Progress) -> str:
    """Which preview there is: another one, another text; empty: none."""
    preview = progress.preview
    return "" if preview is None else f"{preview.index}.{preview.number}"


def _waiting(language: Language, progress: Progress) -> str:
    position = progress.position or 1
    if progress.eta_seconds:
        left = words.duration(language, max(1, progress.eta_seconds))
        return language.say("Waiting, number {position}. Done in about {time}.", position=position, time=left)
    return language.say("Waiting, number {position}.", position=position)
