"""Who is calling: the token of a request, and who tries wrong ones."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPBearer

from abby_adapters.web.attempts import whose
from abby_adapters.web.errors import Failure, HttpError
from abby_core.access.token import Caller, Scope

WRONG_TOKENS_PER_MINUTE_MAX = 20
"""From one address in one minute of the clock; a program that was given a wrong one tries three times."""
WATCHED_MAX = 10_000
"""Addresses that are counted at a time (about 2 MB); the longest unheard of is forgotten first."""
_CHALLENGE = {"www-authenticate": 'Bearer realm="Abby"'}


class WrongTokens:
    """Counts wrong tokens by address. Right ones always pass: behind a proxy everybody has the same address."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._wrong: OrderedDict[str, tuple[int, int]] = OrderedDict()
        """Of each address the minute, and how many were wrong in it."""

    def count(self, address: str) -> bool:
        """Count one more; whether that is too many."""
        minute, address = int(self._clock() // 60), whose(address)
        at, count = self._wrong.get(address, (minute, 0))
        self._wrong[address] = (minute, count + 1 if at == minute else 1)
        self._wrong.move_to_end(address)
        if len(self._wrong) > WATCHED_MAX:
            self._wrong.popitem(last=False)
        return self._wrong[address][1] > WRONG_TOKENS_PER_MINUTE_MAX


def token_in(authorization: str) -> str:
    """The token of an ``Authorization`` header; empty: there is none."""
    scheme, _, token = authorization.strip().partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def no_token(*, given: bool, too_many: bool) -> Failure:
    """What is answered to whoever shows no token that is good now."""
    if too_many:
        return Failure(status=429, message="Too many wrong tokens came from there; wait a minute.",
                       type="rate_limit_error", code="rate_limit_exceeded", retry_after_seconds=60,
                       should_retry=False)  # fmt: skip
    says = "That token is not valid: it is wrong, has expired or was revoked." if given else "A token is needed."
    return Failure(
        status=401, message=f"{says} Make one with `abby token create` and send it as `Authorization: Bearer …`.",
        code="invalid_api_key", headers=_CHALLENGE,
    )  # fmt: skip


def _lacks(scope: str) -> Failure:
    says = f"This token lacks the scope `{scope}`: make one that has it, with `abby token create --scope {scope}`."
    return Failure(status=403, message=says, code="insufficient_scope")


class _CallerWhoMay(HTTPBearer):
    """A dependency: the caller, whose token includes a scope. The guard has looked at the token before."""

    def __init__(self, scope: Scope | None = None) -> None:
        says = "A token of `abby token create`. The scopes that an operation names are those it needs."
        super().__init__(scheme_name="token", auto_error=False, description=says)
        self._scope = scope

    async def __call__(self, request: Request) -> Caller:  # pyright: ignore[reportIncompatibleMethodOverride]
        found: Caller = request.scope["state"]["caller"]
        if self._scope is not None and self._scope not in found.scopes:
            raise HttpError(_lacks(self._scope))
        return found


Anybody = Annotated[Caller, Depends(_CallerWhoMay())]
Maker = Annotated[Caller, Security(_CallerWhoMay("make"), scopes=["make"])]
Looker = Annotated[Caller, Security(_CallerWhoMay("look"), scopes=["look"])]
Changer = Annotated[Caller, Security(_CallerWhoMay("change"), scopes=["change"])]
Monitor = Annotated[Caller, Security(_CallerWhoMay("metrics"), scopes=["metrics"])]
Admin = Annotated[Caller, Security(_CallerWhoMay("admin"), scopes=["admin"])]
