"""Every error Abby raises on purpose. The text is for people; fields carry the data.

AbbyError
├── Refused                 the answer is no: nothing made, nothing charged, not logged as an error
│   ├── InvalidRequest      the request itself cannot be carried out as asked
│   │   ├── PictureRejected     bytes that are no picture Abby accepts
│   │   └── MaskRejected        a mask that does not fit its picture
│   ├── NotAllowed          the account's tier does not include what was asked for
│   ├── Banned              the account may ask for nothing, in a server or anywhere
│   ├── NotHere             pictures are not made in this channel
│   ├── PromptNotAllowed    the host's or the server's rules forbid words of the prompt
│   ├── QuotaExceeded       a limit would be passed
│   ├── QueueFull           too many orders are waiting already
│   ├── NotFound            no such thing, or it is somebody else's: the two look alike
│   ├── PasswordNeeded      what was asked for is there, and opens with the right password only
│   ├── OrderConflict       the order id was used before for a different request
│   └── OrderCancelled      the order was cancelled, by its owner
├── ProviderError           the back end failed
│   ├── KeyRefused          the host's API key is missing, wrong or without permission
│   ├── OutOfCredits        the host's balance at the back end is empty
│   ├── RateLimited         the back end asks for a pause
│   ├── Moderated           the back end's content rules forbid the prompt or the result
│   ├── ProviderUnreachable no connection, or no answer in time
│   └── BadAnswer           an answer that is no picture
├── StorageError            disk, blob store or database trouble
│   └── DiskFull            the disk itself is nearly full
└── ConfigurationError      a setting that cannot work
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


class AbbyError(Exception):
    """Base of all of Abby's own errors; ``str(error)`` is a sentence that may be shown to people.

    Raised with a :func:`~abby_core.sentence.sentence`, it can be told in other languages
    (:meth:`abby_core.languages.Language.told`).
    """

    @property
    def text(self) -> str:
        """The sentence, with the words it was made of; ``str(error)`` is its English alone."""
        return self.args[0] if self.args and isinstance(self.args[0], str) else str(self)


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One thing that would help where a limit stands in the way, with its figures."""

    kind: Literal["compress", "archive", "delete", "empty_trash", "smaller", "fewer", "wait"]
    text: str
    """A sentence for people, the figures in it."""
    pictures: int = 0
    """How many pictures it would touch; for ``fewer``: how many may be made."""
    frees_bytes: int = 0
    wait_seconds: float = 0


class Refused(AbbyError):
    """The answer is no. Nothing was made, kept or charged. ``choices``: what would help, the best first."""

    choices: tuple[Choice, ...] = ()


class InvalidRequest(Refused):
    """The request cannot be carried out as asked; the text says what to change."""


class PictureRejected(InvalidRequest):
    """Bytes that are not a complete, safe PNG, JPEG or WebP picture within Abby's bounds."""


class MaskRejected(InvalidRequest):
    """Bytes that cannot say which part of a picture shall be painted anew."""


class NotAllowed(Refused):
    """The account's tier does not include it; ``limit`` is the rule that says so (``providers``, ``models``,
    ``largest_picture``, ``pictures_max``)."""

    def __init__(self, message: str, *, limit: str, choices: tuple[Choice, ...] = ()) -> None:
        super().__init__(message)
        self.limit = limit
        self.choices = choices


class Banned(Refused):
    """The account may ask for nothing: in a server, or anywhere. ``ends_at_ms``: when it may again, 0 for open."""

    def __init__(self, message: str, *, ends_at_ms: int = 0) -> None:
        super().__init__(message)
        self.ends_at_ms = ends_at_ms


class NotHere(Refused):
    """Pictures are not made in this channel. ``channels``: the ids of those where they are, if they are named."""

    def __init__(self, message: str, *, channels: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.channels = channels


class PromptNotAllowed(Refused):
    """The prompt holds words that are not allowed. The text does not repeat them: others may read it."""


class QuotaExceeded(Refused):
    """A limit would be passed. All amounts are in the meter's unit (images, bytes, millicredits)."""

    def __init__(
        self,
        message: str,
        *,
        meter: str,
        limit: int,
        used: int,
        requested: int,
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(message)
        self.meter = meter
        self.limit = limit
        self.used = used
        self.requested = requested
        self.retry_after_seconds = retry_after_seconds


class QueueFull(Refused):
    """Too many orders are waiting already."""


class NotFound(Refused):
    """No such thing for this account. Somebody else's thing answers exactly the same."""


class PasswordNeeded(Refused):
    """What was asked for is there, and opens with a password: none was given, or a wrong one."""


class OrderConflict(Refused):
    """The order id was used before, for a different request or by another account."""


class OrderCancelled(Refused):
    """The order was cancelled; its reservation was given back."""


class ProviderError(AbbyError):
    """The back end failed.

    ``transient``: trying again later may help. ``maybe_billed``: the back end may have charged the host
    although no picture arrived. ``status``: the HTTP status, if there was an answer.
    """

    def __init__(
        self,
        message: str,
        *,
        transient: bool = False,
        maybe_billed: bool = False,
        status: int | None = None,
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(message)
        self.transient = transient
        self.maybe_billed = maybe_billed
        self.status = status
        self.retry_after_seconds = retry_after_seconds


class KeyRefused(ProviderError):
    """The host's API key is missing, wrong or lacks permission."""


class OutOfCredits(ProviderError):
    """The host's balance at the back end does not cover the request."""


class RateLimited(ProviderError):
    """The back end asks for a pause (``retry_after_seconds``)."""


class Moderated(ProviderError):
    """The back end's content rules forbid the prompt or the result."""


class ProviderUnreachable(ProviderError):
    """No connection, or no answer in time."""


class BadAnswer(ProviderError):
    """An answer that is no usable picture."""


class StorageError(AbbyError):
    """Disk, blob store or database trouble; nothing was charged."""


class DiskFull(StorageError):
    """The disk itself is full, or has less room than the configured floor."""


class ConfigurationError(AbbyError):
    """A setting that cannot work; the text names it and says what to do."""
