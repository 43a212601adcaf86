"""What is wrong with a body's fields, in a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from abby_adapters.web.errors import HttpError, bad_request


def bad_fields(errors: Sequence[Any]) -> HttpError:
    """The first thing that is wrong. What was sent is not repeated: it may be long, or a secret."""
    first = errors[0]
    if first["type"] == "json_invalid":
        return bad_request("The body is not valid JSON.", None, "invalid_json")
    path = [str(part) for part in first["loc"] if part not in {"body", "query", "path"}]
    param = ".".join(path)[:100] or None
    if first["type"] == "missing":
        what = (
            f"`{param}` is missing."
            if param
            else "The body is missing: send JSON, with `content-type: application/json`."
        )
        return bad_request(what, param, "missing_required_parameter")
    if param is None and first["type"] == "model_attributes_type":
        return bad_request("The body has to be a JSON object, sent with `content-type: application/json`.")
    message = str(first["msg"])[:200].rstrip(".")
    return bad_request(f"`{param}`: {message}." if param else f"{message}.", param)
