"""Rules that Discord keeps and its OpenAPI document leaves out, or gives in words only.

Sources: Discord's reference for messages, components, embeds and application commands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.services.discord_commands import Path, bad_length, problems_in_choices, problems_in_commands
from tests.services.discord_components import walk
from tests.services.discord_messages import COMPONENTS_V2, Upload
from tests.services.discord_rules import Operation, Problem
from tests.services.discord_world import Json

CONTENT_MAX = 2000
"""The document says 4000, which holds for people who pay."""
EMBED_CHARACTERS_MAX = 6000
ROWS_MAX = 5
COMPONENTS_MAX = 40
V2_CHARACTERS_MAX = 4000

_ACTION_ROW, _BUTTON, _TEXT_INPUT = 1, 2, 4
_SELECTS = {3, 5, 6, 7, 8}
_TEXT_DISPLAY = 10
_LINK, _PREMIUM = 5, 6
_CLASSIC_KINDS = {1, 2, *_SELECTS}


def problems_in_words(operation: Operation, body: Any, uploads: Mapping[int, Upload]) -> list[Problem]:
    """What Discord has against a request beyond the document."""
    if operation.template.endswith("/callback"):
        return list(_in_callback(body, uploads))
    if operation.method in {"POST", "PATCH"} and _writes_a_message(operation.template):
        return list(_in_message(body, uploads, (), new=operation.method == "POST"))
    if operation.method == "PUT" and operation.template.endswith("/commands"):
        return list(problems_in_commands(body))
    return []


def _writes_a_message(template: str) -> bool:
    return bool(re.search(r"/messages(/[^/]+)?$|^/webhooks/\{webhook_id\}/\{webhook_token\}$", template))


def _in_callback(body: Json, uploads: Mapping[int, Upload]) -> Iterator[Problem]:
    data = body.get("data")
    kind = body["type"]
    if kind in {4, 7}:
        yield from _in_message(data or {}, uploads, ("data",), new=kind == 4)
    if kind == 9:
        yield from _in_modal(body["data"])
    if kind == 8:
        yield from problems_in_choices((data or {}).get("choices") or [], ("data", "choices"))


def _in_message(body: Json, uploads: Mapping[int, Upload], at: Path, *, new: bool) -> Iterator[Problem]:
    content = body.get("content") or ""
    components = body.get("components") or []
    embeds = body.get("embeds") or []
    listed = [str(entry.get("id")) for entry in body.get("attachments") or ()]
    if len(content) > CONTENT_MAX:
        yield bad_length((*at, "content"), 0, CONTENT_MAX)
    if new and not (content or components or embeds or uploads or body.get("sticker_ids") or body.get("poll")):
        yield Problem(path=at, code="50006", message="Cannot send an empty message")
    if new and listed and set(listed) - set(map(str, uploads)):
        yield Problem(path=(*at, "attachments"), code="UNKNOWN_ATTACHMENT", message="names a file that did not come")
    yield from _in_embeds(embeds, (*at, "embeds"))
    for name in addresses(body) - {upload.filename for upload in uploads.values()} if new else ():
        yield Problem(
            path=at,
            code="UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND",
            message=f"The referenced attachment '{name}' was not found",
        )
    if (body.get("flags") or 0) & COMPONENTS_V2:
        for name in ("content", "embeds", "poll", "sticker_ids"):
            if body.get(name):
                yield Problem(
                    path=(*at, name),
                    code="MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
                    message=f"The '{name}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2",
                )
    if new:
        flagged = bool((body.get("flags") or 0) & COMPONENTS_V2)
        yield from problems_in_layout(components, (*at, "components"), new=flagged)
    yield from _in_every_component(components, (*at, "components"))


def addresses(body: Json) -> set[str]:
    """The files that a message's embeds and components name."""
    return set(re.findall(r"'attachment://([^']*)'", str([body.get("embeds"), body.get("components")])))


def _in_embeds(embeds: list[Json], at: Path) -> Iterator[Problem]:
    total = 0
    for number, embed in enumerate(embeds):
        fields = embed.get("fields") or []
        pieces = [embed.get("title"), embed.get("description")]
        pieces += [(embed.get("footer") or {}).get("text"), (embed.get("author") or {}).get("name")]
        pieces += [piece for entry in fields for piece in (entry["name"], entry["value"])]
        total += sum(len(piece or "") for piece in pieces)
        for index, entry in enumerate(fields):
            for name in ("name", "value"):
                if not entry[name].strip():
                    yield Problem(
                        path=(*at, number, "fields", index, name),
                        code="BASE_TYPE_REQUIRED",
                        message="This field is required",
                    )
        if not any(pieces) and not any(embed.get(name) for name in ("image", "thumbnail", "video", "url")):
            yield Problem(path=(*at, number), code="BASE_TYPE_REQUIRED", message="the embed is empty")
        for name in ("url", "image", "thumbnail"):
            url = embed.get(name) if name == "url" else (embed.get(name) or {}).get("url")
            if url and not re.match(r"(https?|attachment)://", url):
                yield Problem(
                    path=(*at, number, name),
                    code="URL_TYPE_INVALID_SCHEME",
                    message="Scheme must be one of ('http', 'https').",
                )
    if total > EMBED_CHARACTERS_MAX:
        yield Problem(
            path=at,
            code="MAX_EMBED_SIZE_EXCEEDED",
            message=f"Embed size exceeds maximum size of {EMBED_CHARACTERS_MAX}",
        )


def problems_in_layout(components: list[Json], at: Path, *, new: bool) -> Iterator[Problem]:
    """``new``: components of version 2. For edits the message decides that too, so whoever knows it asks here."""
    yield from _in_new_components(components, at) if new else _in_classic_components(components, at)


def _in_classic_components(components: list[Json], at: Path) -> Iterator[Problem]:
    if len(components) > ROWS_MAX:
        yield bad_length(at, 1, ROWS_MAX)
    for number, row in enumerate(components):
        if row["type"] != _ACTION_ROW:
            yield Problem(
                path=(*at, number, "type"),
                code="UNION_TYPE_CHOICES",
                message='Value of field "type" must be one of (1,) without the flag for components of version 2.',
            )


def _in_new_components(components: list[Json], at: Path) -> Iterator[Problem]:
    every = list(walk(components))
    if len(every) > COMPONENTS_MAX:
        yield Problem(
            path=at,
            code="COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED",
            message=f"No more than {COMPONENTS_MAX} components.",
        )
    if sum(len(part["content"]) for part in every if part["type"] == _TEXT_DISPLAY) > V2_CHARACTERS_MAX:
        yield Problem(
            path=at,
            code="COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED",
            message=f"The text exceeds maximum size of {V2_CHARACTERS_MAX}",
        )


def _in_every_component(components: list[Json], at: Path) -> Iterator[Problem]:
    seen: set[str] = set()
    for part in walk(components):
        custom_id = part.get("custom_id")
        if custom_id is not None and custom_id in seen:
            yield Problem(
                path=at,
                code="COMPONENT_CUSTOM_ID_DUPLICATED",
                message=f"Component custom id cannot be duplicated: {custom_id}",
            )
        seen.add(custom_id or "")
        inside = [inner["type"] for inner in part.get("components", ())]
        if part["type"] == _ACTION_ROW and len(inside) > 1 and _SELECTS & set(inside):
            yield Problem(path=at, code="COMPONENT_LAYOUT_WIDTH_EXCEEDED", message="A select fills its whole row.")
        if part["type"] == _BUTTON:
            yield from _in_button(part, at)
        if part["type"] in _SELECTS:
            yield from _in_select(part, at)


def _in_button(button: Json, at: Path) -> Iterator[Problem]:
    linked = button["style"] == _LINK
    if linked != bool(button.get("url")) or (linked and button.get("custom_id")):
        yield Problem(path=at, code="BUTTON_COMPONENT_INVALID_URL", message="A url is for link buttons, and only that.")
    if button["style"] not in {_LINK, _PREMIUM} and not button.get("custom_id"):
        yield Problem(path=at, code="BUTTON_COMPONENT_CUSTOM_ID_REQUIRED", message="A custom id is required")
    if button["style"] != _PREMIUM and not button.get("label") and not button.get("emoji"):
        yield Problem(path=at, code="BASE_TYPE_REQUIRED", message="A button needs a label or an emoji")


def _in_select(select: Json, at: Path) -> Iterator[Problem]:
    options = select.get("options") or []
    values = [option["value"] for option in options]
    low, high = select.get("min_values"), select.get("max_values")
    if len(values) != len(set(values)):
        yield Problem(path=at, code="SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", message="Values have to differ")
    if select["type"] == 3 and max(1 if low is None else low, high or 1) > len(options):
        yield Problem(path=at, code="SELECT_COMPONENT_TOO_FEW_OPTIONS", message="Fewer options than are to be chosen")
    if low is not None and high is not None and low > high:
        yield Problem(path=at, code="NUMBER_TYPE_MAX", message="min_values is above max_values")


def _in_modal(data: Json) -> Iterator[Problem]:
    at: Path = ("data", "components")
    if len(data["components"]) > ROWS_MAX:
        yield bad_length(at, 1, ROWS_MAX)
    yield from _in_every_component(data["components"], at)
    for part in walk(data["components"]):
        if part["type"] == _TEXT_INPUT:
            low, high = part.get("min_length") or 0, part.get("max_length") or 4000
            if low > high or not (not part.get("value") or low <= len(part["value"]) <= high):
                yield bad_length((*at, part["custom_id"], "value"), low, high)
