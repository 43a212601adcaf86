"""The interface's own description (OpenAPI 3.1), completed: every operation with every answer it can give.

What an operation alone can answer stands beside it (``responses=``), as a status without a word. What the guard, the
framework and the errors of the core add is the same everywhere, so it is worked out here from what the operation takes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI

from abby_adapters.web.errors import ErrorAnswer

MAKING: dict[int | str, dict[str, Any]] = {409: {}, 429: {}, 502: {}}
"""What an operation that has pictures made can answer besides."""
_SAYS: dict[str, tuple[str, str, str]] = {
    "400": ("It cannot be carried out as asked; the message says what to change.", "invalid_request_error",
            "invalid_value"),
    "401": ("No token was shown, or one that is not good now.", "invalid_request_error", "invalid_api_key"),
    "403": ("The token's scopes, or the account's tier, do not include it.", "invalid_request_error",
            "insufficient_scope"),
    "404": ("There is no such thing, or it is somebody else's.", "invalid_request_error", "not_found"),
    "408": ("The body took too long to arrive.", "invalid_request_error", "invalid_request"),
    "409": ("The Idempotency-Key is in use, or stands for something else; or the order was cancelled.",
            "invalid_request_error", "idempotency_key_reused"),
    "413": ("More was sent than is taken here.", "invalid_request_error", "too_large"),
    "415": ("It was sent as something that is not read here.", "invalid_request_error", "unsupported_media_type"),
    "421": ("Abby is not reached under this name.", "invalid_request_error", "unknown_host"),
    "429": ("A limit is reached; `retry-after` says when to come again.", "insufficient_quota", "insufficient_quota"),
    "500": ("Something went wrong inside; the host's log says more.", "server_error", "server_error"),
    "502": ("The image service failed.", "server_error", "provider_failed"),
    "503": ("The database or the disk cannot be used just now.", "server_error", "storage_failed"),
}  # fmt: skip
"""Of each status: when it is answered, and the type and code of an example."""
_PROBES = frozenset({"/healthz", "/readyz"})


class Described(FastAPI):
    """An application whose description is complete."""

    def openapi(self) -> dict[str, Any]:
        """The description; worked out once."""
        if self.openapi_schema is None:
            complete(super().openapi())
        return self.openapi_schema or {}


def complete(schema: dict[str, Any]) -> None:
    """Add what is missing."""
    schema["components"]["schemas"].setdefault("ErrorAnswer", _error_schema(schema))
    for path, method, operation in operations(schema):
        answers: dict[str, Any] = operation["responses"]
        answers.pop("422", None)  # the framework's own; here it is 400
        if path not in _PROBES:
            for status in _added(path, method, operation):
                answers.setdefault(status, {})
            for status in answers.keys() & _SAYS.keys():
                answers[status] = _error(status) | {
                    k: v for k, v in answers[status].items() if k == "description" and v
                }
        operation["responses"] = dict(sorted(answers.items()))


def operations(schema: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every operation with its path and method."""
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def scopes_of(operation: dict[str, Any]) -> list[str] | None:
    """The scopes a token needs for it; None: no token is needed."""
    needed = operation.get("security")
    return None if not needed else [scope for each in needed for scopes in each.values() for scope in scopes]


def _added(path: str, method: str, operation: dict[str, Any]) -> Iterator[str]:
    yield from ("413", "421", "500", "503")
    if method != "get" or operation.get("parameters"):
        yield "400"
    if "requestBody" in operation:
        yield "408"
    if "{" in path:
        yield "404"
    scopes = scopes_of(operation)
    if scopes is not None:
        yield from ("401", "429")
    if scopes:
        yield "403"


def _error(status: str) -> dict[str, Any]:
    says, kind, code = _SAYS[status]
    example = {"error": {"message": says, "type": kind, "param": None, "code": code}}
    headers = {"x-request-id": {"schema": {"type": "string"}, "description": "Stands in the host's log, too."}}
    if status in {"409", "429"}:
        headers["retry-after"] = {"schema": {"type": "integer"}, "description": "Seconds, where waiting helps."}
    content = {"schema": {"$ref": "#/components/schemas/ErrorAnswer"}, "example": example}
    return {"description": says, "headers": headers, "content": {"application/json": content}}


def _error_schema(schema: dict[str, Any]) -> dict[str, Any]:
    answer = ErrorAnswer.model_json_schema(ref_template="#/components/schemas/{model}")
    schema["components"]["schemas"].update(answer.pop("$defs"))
    return answer
