"""What Discord makes of the embeds and components that a bot sends: files in their place, defaults written out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from tests.services.discord_world import Json, snowflake

_SELECT: Json = {"min_values": 1, "max_values": 1}
_MEDIA: Json = {"description": None, "spoiler": False}
_DEFAULTS: dict[int, Json] = {
    **dict.fromkeys((3, 5, 6, 7, 8), _SELECT),
    11: _MEDIA,
    13: {"name": None, "size": None, "spoiler": False},
    14: {"spacing": 1, "divider": True},
    17: {"accent_color": None, "spoiler": False},
}
"""By a component's type: what Discord answers for what a bot left out."""


class File(Protocol):
    """A file of a message, as far as showing it goes."""

    @property
    def id(self) -> int: ...
    @property
    def url(self) -> str: ...
    @property
    def size(self) -> tuple[int, int] | None: ...


def walk(components: Iterable[Json]) -> Iterator[Json]:
    """Every component, the outer ones before those inside."""
    for part in components:
        yield part
        yield from walk(part.get("components", ()))
        yield from walk(part[key] for key in ("accessory", "component") if part.get(key))


def shown_embeds(embeds: Iterable[Json], files: Mapping[str, File]) -> list[Json]:
    return [{"type": "rich", **_placed(embed, files)} for embed in embeds]


def shown_components(components: Iterable[Json], files: Mapping[str, File]) -> list[Json]:
    shown = [_placed(part, files) for part in components]
    for number, part in enumerate(walk(shown), start=1):
        part["id"] = part.get("id") or number
        for name, default in _DEFAULTS.get(part["type"], {}).items():
            part.setdefault(name, default)
        for item in part.get("items", ()):
            item.update({**_MEDIA, **item})
        part.pop("required", None)  # said of lists in forms; in messages Discord does not repeat it
        for media in (part.get("media"), part.get("file"), *(item["media"] for item in part.get("items", ()))):
            if media is not None:
                media.update({"id": str(snowflake()), "proxy_url": media["url"], **media})
    return shown


def _placed(value: Any, files: Mapping[str, File]) -> Any:
    """``value`` without what is null, and with ``attachment://name`` replaced by where the file is."""
    if isinstance(value, list):
        return [_placed(part, files) for part in value]
    if not isinstance(value, dict):
        return value
    placed = {key: _placed(part, files) for key, part in value.items() if part is not None}
    file = files.get(str(placed.get("url")))
    if file is not None:
        placed |= {"url": file.url, "proxy_url": file.url}
        placed |= {"width": file.size[0], "height": file.size[1]} if file.size else {}
    return placed


def words_of_embed(embed: Json) -> Iterator[str]:
    yield from (embed[name] for name in ("title", "description") if embed.get(name))
    for name, key in (("author", "name"), ("footer", "text")):
        if embed.get(name):
            yield embed[name][key]
    yield from (f"{entry['name']}: {entry['value']}" for entry in embed.get("fields", ()))


def words_of_component(part: Json) -> Iterator[str]:
    yield from (str(part[name]) for name in ("content", "label", "placeholder") if part.get(name))
