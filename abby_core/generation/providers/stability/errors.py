"""What Stability's refusals mean: HTTP status and body to Abby's errors (pure).

Bodies are ``{"id", "name", "message"}`` on v1 and ``{"id", "name", "errors": [...]}`` on v2beta, or anything at
all when a proxy answers. A refused key is quoted in full by v1, so every text from outside is redacted.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import cast

from abby_core.errors import (
    AbbyError,
    BadAnswer,
    InvalidRequest,
    KeyRefused,
    Moderated,
    OutOfCredits,
    ProviderError,
    RateLimited,
)
from abby_core.security.redaction import redact
from abby_core.sentence import Sentence, sentence

RATE_LIMIT_PAUSE_SECONDS = 60.0
"""How long Stability shuts out who asks too often; counted when the answer does not say."""

_NO_SUCH_KEY = sentence("Stability refused the API key. The host of this Abby has to check STABILITY_API_KEY.")
_KEY_MAY_NOT = sentence(
    "Stability does not let this API key do that. The host of this Abby has to check STABILITY_API_KEY."
)


@dataclass(frozen=True, kw_only=True)
class Complaint:
    """What an error body says, fit to be shown; both empty if it says nothing readable."""

    name: str = ""
    text: str = ""


def error_for(status: int, headers: Mapping[str, str], body: bytes, *, key: str) -> AbbyError:
    """The error to raise for an answer that is not 200."""
    complaint = read_complaint(body, key=key)
    error: AbbyError
    match status:
        case 400 | 413 | 422 if complaint.name in {"invalid_prompts", "public_figure"}:
            error = _moderated(status)
        case 400 | 413 | 422:
            error = _rejected(status, complaint)
        case 401:
            error = KeyRefused(_NO_SUCH_KEY, status=status)
        case 402:
            error = _out_of_credits(status)
        case 403 if complaint.name == "content_moderation":
            error = _moderated(status)
        case 403 if complaint.name == "permission_denied":
            error = KeyRefused(_KEY_MAY_NOT, status=status)
        case 429 if _means_empty_balance(complaint):
            error = _out_of_credits(status)
        case 429:
            error = _rate_limited(status, headers)
        case _ if status < 300:
            error = BadAnswer(sentence("Stability's answer holds no picture."), maybe_billed=True, status=status)
        case _ if status < 400:
            error = ProviderError(
                sentence(
                    "Stability's address answers with a redirect, which is not followed so that the API key goes "
                    "nowhere else. The host of this Abby has to check API_HOST."
                ),
                status=status,
            )
        case _ if status >= 500:
            error = ProviderError(
                sentence("Stability has trouble of its own ({status}). Please try again later.", status=status),
                transient=True,
                maybe_billed=True,
                status=status,
            )
        case _:
            error = ProviderError(_refused(complaint), status=status)
    return error


def read_complaint(body: bytes, *, key: str) -> Complaint:
    """Name and text of an error body, without the key; empty for HTML, binary data and the like."""
    try:
        parsed: object = json.loads(body)
    except (ValueError, RecursionError):
        return Complaint()
    if not isinstance(parsed, dict):
        return Complaint()
    fields = cast("dict[str, object]", parsed)
    name, message, errors = fields.get("name"), fields.get("message"), fields.get("errors")
    texts = cast("list[object]", errors) if isinstance(errors, list) else [message]
    return Complaint(
        name=redact(name, [key]) if isinstance(name, str) else "",
        text=redact("; ".join(text for text in texts if isinstance(text, str)), [key]),
    )


def retry_after_seconds(headers: Mapping[str, str]) -> float:
    """The pause that ``Retry-After`` asks for, as seconds or as a date; the usual one if it is unusable."""
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdecimal() and len(value) <= 9:
        return float(value)
    try:
        pause = (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError, OverflowError):  # TypeError: a date without a time zone
        return RATE_LIMIT_PAUSE_SECONDS
    return max(0.0, pause)


def _rejected(status: int, complaint: Complaint) -> InvalidRequest:
    """The person can do something about it, so it is no failure of the back end; the status is its cause."""
    if status == 413:
        text = sentence("The picture is too large for Stability, which takes 10 MB. Save it smaller and try again.")
    elif complaint.name == "invalid_language":
        text = sentence("Stability understands English only: please write the prompt in English.")
    elif complaint.text:
        text = sentence("Stability cannot use this request: {complaint}", complaint=complaint.text)
    else:
        text = sentence("Stability cannot use this request.")
    error = InvalidRequest(text)
    error.__cause__ = ProviderError(text, status=status)
    return error


def _moderated(status: int) -> Moderated:
    return Moderated(
        sentence(
            "Stability's content rules forbid this prompt or picture. Nothing was made; please ask for something else."
        ),
        status=status,
    )


def _out_of_credits(status: int) -> OutOfCredits:
    return OutOfCredits(
        sentence(
            "This Abby's credits at Stability are used up; its host can buy more at "
            "https://platform.stability.ai/account/credits."
        ),
        status=status,
    )


def _means_empty_balance(complaint: Complaint) -> bool:
    return complaint.name == "insufficient_balance" or "enough balance" in complaint.text


def _rate_limited(status: int, headers: Mapping[str, str]) -> RateLimited:
    pause = retry_after_seconds(headers)
    return RateLimited(
        sentence(
            "Stability is being asked too often. Please try again in {seconds} seconds.", seconds=max(1, round(pause))
        ),
        transient=True,
        status=status,
        retry_after_seconds=pause,
    )


def _refused(complaint: Complaint) -> Sentence:
    if complaint.text:
        return sentence("Stability refused the request: {complaint}", complaint=complaint.text)
    return sentence("Stability refused the request.")
