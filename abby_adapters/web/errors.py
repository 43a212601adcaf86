"""Errors as HTTP answers, in the shape that OpenAI's clients read: ``{"error": {message, type, param, code}}``.

``x-should-retry`` tells these clients whether to ask again by themselves. It says no where that could be charged a
second time, and where it cannot help.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import Any

from fastapi import HTTPException
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from abby_core import errors
from abby_core.errors import AbbyError
from abby_core.sentence import sentence

RETRY_SOON_SECONDS = 60
"""A client waits so long by itself; what takes longer is told to whoever sits in front of it."""
QUEUE_RETRY_SECONDS = 10
BUSY_RETRY_SECONDS = 2

_KINDS: tuple[tuple[type[AbbyError], int, str, str], ...] = (
    (errors.NotAllowed, 403, "invalid_request_error", "not_allowed"),
    (errors.Banned, 403, "invalid_request_error", "account_banned"),
    (errors.PromptNotAllowed, 400, "image_generation_user_error", "moderation_blocked"),
    (errors.QuotaExceeded, 429, "insufficient_quota", "insufficient_quota"),
    (errors.QueueFull, 429, "rate_limit_error", "rate_limit_exceeded"),
    (errors.NotFound, 404, "invalid_request_error", "not_found"),
    (errors.PasswordNeeded, 403, "invalid_request_error", "password_needed"),
    (errors.OrderConflict, 409, "invalid_request_error", "idempotency_key_reused"),
    (errors.OrderCancelled, 409, "invalid_request_error", "order_cancelled"),
    (errors.PictureRejected, 400, "invalid_request_error", "invalid_image"),
    (errors.MaskRejected, 400, "invalid_request_error", "invalid_mask"),
    (errors.Refused, 400, "invalid_request_error", "invalid_value"),
    (errors.Moderated, 400, "image_generation_user_error", "moderation_blocked"),
    (errors.ProviderError, 502, "server_error", "provider_failed"),
    (errors.DiskFull, 503, "server_error", "disk_full"),
    (errors.StorageError, 503, "server_error", "storage_failed"),
    (errors.AbbyError, 500, "server_error", "server_error"),
)
"""The first that fits decides."""
_PARAMS: dict[type[AbbyError], str] = {errors.PictureRejected: "image", errors.MaskRejected: "mask"}
"""The field of the request that an error is about."""


class ErrorFields(BaseModel):
    """An error; some have figures besides."""

    model_config = ConfigDict(extra="allow")

    message: str
    type: str
    param: str | None
    code: str | None


class ErrorAnswer(BaseModel):
    """What every error looks like."""

    error: ErrorFields


@dataclass(frozen=True, kw_only=True)
class Failure:
    """An error as it goes over the wire."""

    status: int
    message: str
    type: str = "invalid_request_error"
    code: str | None = None
    param: str | None = None
    retry_after_seconds: float | None = None
    should_retry: bool | None = None
    """None: as the client thinks best."""
    headers: dict[str, str] = field(default_factory=dict[str, str])
    more: dict[str, Any] = field(default_factory=dict[str, Any])
    """Figures beyond what OpenAI's errors have."""

    @property
    def body(self) -> dict[str, Any]:
        return {
            "error": {"message": self.message, "type": self.type, "param": self.param, "code": self.code, **self.more}
        }

    def response(self) -> Response:
        headers = dict(self.headers)
        if self.retry_after_seconds is not None:
            headers["retry-after"] = str(max(1, math.ceil(self.retry_after_seconds)))
        if self.should_retry is not None:
            headers["x-should-retry"] = str(self.should_retry).lower()
        return Response(json.dumps(self.body), self.status, headers, media_type="application/json")


STOPPING = Failure(
    status=503, type="server_error", code="stopping", retry_after_seconds=BUSY_RETRY_SECONDS, should_retry=True,
    message="Abby is being stopped. What was ordered is not lost: ask again, with the same Idempotency-Key if there "
    "was one, when she is there again.",
)  # fmt: skip
"""For whoever waits longer than a stopping Abby does."""


class HttpError(HTTPException):
    """A failure that HTTP has and the core has not. The framework lets its own exceptions through as they are."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.status, failure.message)
        self.failure = failure


class OrderFailed(Exception):
    """What an order that was accepted came to: asking again would make, and might charge for, another one."""

    def __init__(self, error: AbbyError) -> None:
        super().__init__(str(error))
        self.error = error


def bad_request(message: str, param: str | None = None, code: str | None = "invalid_value") -> HttpError:
    """A request that cannot be carried out as it is."""
    return HttpError(Failure(status=400, message=message, param=param, code=code))


def failure_of(error: Exception) -> Failure:
    """What is answered to an error of ours."""
    match error:
        case HttpError():
            return error.failure
        case OrderFailed():
            return _failure(error.error, should_retry=False)
        case AbbyError():
            return _failure(error, should_retry=_should_retry(error))
        case _:
            return Failure(status=500, type="server_error", code="server_error", should_retry=False,
                           message=sentence("Something went wrong inside; the host's log says more."))  # fmt: skip


def _failure(error: AbbyError, *, should_retry: bool | None) -> Failure:
    status, kind, code = next(each[1:] for each in _KINDS if isinstance(error, each[0]))
    param = next((name for kind, name in _PARAMS.items() if isinstance(error, kind)), None)
    return Failure(
        status=status, message=_message(error), type=kind, code=code, param=param, more=_figures(error),
        retry_after_seconds=_retry_after(error) if should_retry is not False or status == 429 else None,
        should_retry=should_retry,
    )  # fmt: skip


def _message(error: AbbyError) -> str:
    if isinstance(error, errors.OrderConflict):  # its own words speak of an order's id, which programs never send
        return "This Idempotency-Key was used before for another wish. Send another key, or the same wish again."
    return str(error)


def _should_retry(error: AbbyError) -> bool | None:
    """Nothing was accepted, so asking again costs nothing; whether it can help is another matter."""
    match error:
        case errors.QuotaExceeded():
            wait = error.retry_after_seconds
            return wait is not None and wait <= RETRY_SOON_SECONDS
        case errors.QueueFull():
            return True
        case errors.Refused() | errors.ConfigurationError() | errors.DiskFull():
            return False
        case _:
            return None


def _retry_after(error: AbbyError) -> float | None:
    match error:
        case errors.QuotaExceeded() | errors.ProviderError():
            return error.retry_after_seconds
        case errors.QueueFull():
            return QUEUE_RETRY_SECONDS
        case _:
            return None


def _figures(error: AbbyError) -> dict[str, Any]:
    """What programs may want to know; amounts are in the meter's unit."""
    match error:
        case errors.QuotaExceeded():
            choices = [vars(choice) for choice in error.choices]
            return {"meter": error.meter, "limit": error.limit, "used": error.used, "requested": error.requested,
                    "choices": choices}  # fmt: skip
        case errors.ProviderError():
            return {"maybe_billed": error.maybe_billed}
        case _:
            return {}
