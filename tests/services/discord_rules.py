"""What Discord's own OpenAPI document allows, applied to one request.

The document is data, not part of Abby: ``discord.openapi.json`` in the folder that ``ABBY_SPECS`` names. Rules that
Discord keeps but the document leaves out are in ``discord_limits``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

Schema = dict[str, Any]

_BEYOND_THE_DOCUMENT: dict[str, Schema] = {
    "ApplicationCommandUpdateRequest": {"nsfw": {"type": "boolean"}},
    "ApplicationCommandCreateRequest": {"nsfw": {"type": "boolean"}},
    # discord.py describes a file that is to stay with all it knows of it; Discord reads the id and ignores the rest.
    "MessageAttachmentRequest": {
        name: {}
        for name in ("proxy_url", "size", "url", "spoiler", "width", "height", "content_type", "duration", "flags")
    },
    # discord.py says "tts" whenever it says anything.
    "IncomingWebhookUpdateRequestPartial": {"tts": {"const": False}},
    "IncomingWebhookUpdateForInteractionCallbackRequestPartial": {"tts": {"const": False}},
    "MessageEditRequestPartial": {"tts": {"const": False}},
    # Pictures in embeds may be files of the same message; discord.py repeats what it read of them.
    "RichEmbed": {"flags": {}},
}
"""Fields that Discord takes or ignores without a word, and which its document does not know."""


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing wrong with a request. ``ignored``: Discord would let it pass, but nobody sends it on purpose."""

    path: tuple[str | int, ...]
    code: str
    message: str
    ignored: bool = False

    def __str__(self) -> str:
        return f"{'.'.join(map(str, self.path))}: {self.message}"


@dataclass(frozen=True)
class Operation:
    """One path and method of the document, with the values that its path has in this request."""

    rules: Rules
    method: str
    template: str
    arguments: dict[str, str]

    @property
    def name(self) -> str:
        return f"{self.method} {self.template}"

    @property
    def major(self) -> str:
        """What limits of the rate are counted apart for: Discord's "top-level resources"."""
        names = ("channel_id", "guild_id", "webhook_id", "webhook_token", "interaction_id", "interaction_token")
        return ":".join(self.arguments[name] for name in names if name in self.arguments)

    @cached_property
    def document(self) -> Schema:
        return self.rules.document["paths"][self.template][self.method.lower()]

    def problems_with_body(self, body: object) -> list[Problem]:
        content = self.document.get("requestBody", {}).get("content", {})
        if "application/json" not in content:
            return [] if body is None else [Problem(path=(), code="UNEXPECTED", message="takes no body", ignored=True)]
        return list(self.rules.problems(content["application/json"]["schema"], body))

    def problems_with_query(self, names: Iterable[str]) -> list[Problem]:
        known = {parameter["name"] for parameter in self.document.get("parameters", []) if parameter["in"] == "query"}
        return [
            Problem(path=(name,), code="UNKNOWN_PARAMETER", message="the document has no such parameter", ignored=True)
            for name in names
            if name not in known
        ]

    def problems_with_answer(self, status: int, body: object) -> list[Problem]:
        """What the document has against an answer: how this server checks itself."""
        content = self.document["responses"].get(str(status), {}).get("content", {})
        schema = content.get("application/json", {}).get("schema")
        return [] if schema is None else list(self.rules.problems(schema, body))


class Rules:
    """The operations of the document."""

    def __init__(self, document: Schema) -> None:
        self.document = document
        self._templates = [
            (
                re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", re.sub(r"\{(\w+_id)\}", r"(?P<\1>\\d+)", template))),
                template,
            )
            # "/users/@me" before "/users/{user_id}"
            for template in sorted(document["paths"], key=lambda template: template.count("{"))
        ]
        self._validators: dict[str, Draft202012Validator] = {}

    def operation(self, method: str, path: str) -> Operation | None:
        for pattern, template in self._templates:
            match = pattern.fullmatch(path)
            if match and method.lower() in self.document["paths"][template]:
                return Operation(self, method, template, match.groupdict())
        return None

    def problems(self, schema: Schema, value: Any) -> Iterator[Problem]:
        key = json.dumps(schema)
        if key not in self._validators:
            self._validators[key] = Draft202012Validator({**schema, "components": self.document["components"]})
        for error in self._validators[key].iter_errors(value):
            for leaf in _leaves(error):
                yield from _problems_of(leaf)


@lru_cache
def rules_in(folder: Path) -> Rules:
    """Reading a megabyte of document once is enough for all tests."""
    document = json.loads((folder / "discord.openapi.json").read_text("utf-8"))
    schemas = document["components"]["schemas"]
    for name, extra in _BEYOND_THE_DOCUMENT.items():
        schemas[name]["properties"] |= extra
    # Identifiers are text, but Discord reads numbers too, and discord.py sends some.
    schemas["SnowflakeType"]["type"] = ["string", "integer"]
    for name, schema in schemas.items():
        if not name.endswith("ErrorResponse") and name != "RatelimitedResponse":
            _close(schema)
    return Rules(document)


def _close(schema: object) -> None:
    """Makes fields that a schema does not name an error."""
    if isinstance(schema, dict):
        if "properties" in schema and "additionalProperties" not in schema:
            schema["additionalProperties"] = False
        for part in schema.values():
            _close(part)
    elif isinstance(schema, list):
        for part in schema:
            _close(part)


def _leaves(error: ValidationError) -> Iterator[ValidationError]:
    """The errors that a person would name: of a choice of schemas only those of the one that was meant."""
    if error.validator not in {"oneOf", "anyOf"} or not error.context:
        yield error
        return
    branches: dict[int | str, list[ValidationError]] = {}
    for part in error.context:
        branches.setdefault(part.relative_schema_path[0], []).append(part)
    meant = [branch for branch in branches.values() if not any(map(_tells_another_kind, branch))]
    for part in min(meant or branches.values(), key=len):
        yield from _leaves(part)


def _tells_another_kind(error: ValidationError) -> bool:
    where = list(error.relative_path)
    return (where == ["type"] and error.validator == "enum") or (not where and error.validator == "type")


def _problems_of(error: ValidationError) -> Iterator[Problem]:
    path = tuple(error.absolute_path)
    limit: Any = error.validator_value
    schema: Any = error.schema
    if error.validator == "additionalProperties":
        instance: Any = error.instance
        for name in instance.keys() - schema["properties"].keys():
            yield Problem(
                path=(*path, name), code="UNKNOWN_FIELD", message="the document has no such field", ignored=True
            )
    elif error.validator == "required":
        missing = error.message.split("'")[1]
        yield Problem(path=(*path, missing), code="BASE_TYPE_REQUIRED", message="This field is required")
    elif error.validator in {"minLength", "maxLength", "minItems", "maxItems"}:
        low = schema.get("minLength", schema.get("minItems", 0))
        high = schema.get("maxLength", schema.get("maxItems", "any number"))
        yield Problem(path=path, code="BASE_TYPE_BAD_LENGTH", message=f"Must be between {low} and {high} in length.")
    elif error.validator in {"enum", "const"}:
        yield Problem(path=path, code="BASE_TYPE_CHOICES", message=f"Value must be one of {limit}.")
    elif error.validator in {"minimum", "maximum"}:
        code = "NUMBER_TYPE_MIN" if error.validator == "minimum" else "NUMBER_TYPE_MAX"
        word = "greater" if error.validator == "minimum" else "less"
        yield Problem(path=path, code=code, message=f"int value should be {word} than or equal to {limit}.")
    elif error.validator == "type":
        yield Problem(path=path, code="BASE_TYPE_BAD_TYPE", message=f"Has to be of type {limit}.")
    else:
        yield Problem(path=path, code="BASE_TYPE_INVALID", message=error.message[:200])
