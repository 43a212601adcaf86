"""Signing in with Discord: OAuth 2.0 with an authorization code, PKCE (RFC 7636) and a state bound to the browser.

Abby asks once who somebody is and keeps nothing that Discord hands out. Addresses and scopes:
discord.com/developers/docs/topics/oauth2.
"""

from __future__ import annotations

import hmac
import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from abby_core.errors import AbbyError, ProviderUnreachable, Refused
from abby_core.sentence import sentence
from abby_core.studio import Account

if TYPE_CHECKING:
    from aiohttp import ClientResponse

    from abby_core.settings import Settings

DISCORD = "https://discord.com"
BACK_PATH = "/sign-in/discord/back"
SCOPE = "identify"
"""Who somebody is; no address, no servers, no messages."""
WAIT_SECONDS = 15
ANSWER_BYTES_MAX = 2**16
CODE_CHARACTERS_MAX = 500
_ID = re.compile(r"[0-9]{1,20}")


@dataclass(frozen=True, kw_only=True)
class Journey:
    """What the browser keeps while its person is at Discord."""

    state: str
    verifier: str
    following: str
    """Where they were going, a path of ours."""

    @classmethod
    def to(cls, following: str) -> Journey:
        """A new one. Both secrets are as long as RFC 7636, 4.1 asks of a verifier."""
        return cls(state=secrets.token_urlsafe(32), verifier=secrets.token_urlsafe(48), following=following)

    def write(self) -> str:
        """As a cookie holds it."""
        return f"{self.state}.{self.verifier}.{self.following.encode().hex()}"

    @classmethod
    def read(cls, cookie: str) -> Journey | None:
        """The journey of a cookie; None for what is none."""
        state, _, rest = cookie.partition(".")
        verifier, _, following = rest.partition(".")
        try:
            path = bytes.fromhex(following).decode()
        except ValueError:
            return None
        return cls(state=state, verifier=verifier, following=path) if len(state) >= 40 and verifier else None


class DiscordSignIn:
    """``url``: where Discord is; another one in tests alone."""

    def __init__(self, settings: Settings, *, url: str = DISCORD) -> None:
        self._id, self._secret = settings.discord_client_id, settings.discord_client_secret
        self._url = url

    @property
    def is_possible(self) -> bool:
        """Whether the host has set it up."""
        return bool(self._id and self._secret)

    def address(self, journey: Journey, back: str) -> str:
        """Where the browser goes. ``back``: the full address of :data:`BACK_PATH`, as Discord's settings have it."""
        oauth = _authlib()
        address = oauth.prepare_grant_uri(
            f"{self._url}/oauth2/authorize", self._id, "code", redirect_uri=back, scope=SCOPE, state=journey.state,
            code_challenge=oauth.create_s256_code_challenge(journey.verifier), code_challenge_method="S256",
        )  # fmt: skip
        return str(address)

    async def account(self, query: dict[str, str], journey: Journey | None, back: str) -> Account:
        """Who came back with that query. ``journey``: what their browser kept of setting out.

        Raises Refused for whoever did not set out, was refused by Discord or shows a code that is not good, and
        ProviderUnreachable where Discord does not answer.
        """
        import aiohttp

        if journey is None or not hmac.compare_digest(query.get("state", "").encode(), journey.state.encode()):
            raise Refused(sentence("Signing in with Discord took too long, or began in another browser. Try again."))
        code = query.get("code", "")[:CODE_CHARACTERS_MAX]
        if "error" in query or not code:
            raise Refused(sentence("Discord was told not to sign you in, so nothing was done."))
        timeout = aiohttp.ClientTimeout(total=WAIT_SECONDS)
        try:
            async with aiohttp.ClientSession(timeout=timeout, trust_env=True) as session:
                token = await self._token(session, code, journey, back)
                headers = {"authorization": f"Bearer {token}"}
                async with session.get(self._api("users/@me"), headers=headers, allow_redirects=False) as answer:
                    person = await _json(answer)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise _unreachable() from error
        user_id = person.get("id")
        if not isinstance(user_id, str) or not _ID.fullmatch(user_id):
            raise _unreachable()
        return Account("discord", user_id)

    async def _token(self, session: Any, code: str, journey: Journey, back: str) -> str:
        oauth = _authlib()
        written = oauth.prepare_token_request(
            "authorization_code", redirect_uri=back, code=code, code_verifier=journey.verifier
        )
        address, headers, body = oauth.ClientAuth(self._id, self._secret).prepare(
            "POST", self._api("oauth2/token"), {"content-type": "application/x-www-form-urlencoded"}, written
        )
        async with session.post(address, data=body, headers=headers, allow_redirects=False) as answer:
            given = await _json(answer)
        token = given.get("access_token")
        if not isinstance(token, str) or not token.isascii() or not token.isprintable():
            raise _unreachable()
        return token

    def _api(self, path: str) -> str:
        return f"{self._url}/api/v10/{path}"


def back_address(public_url: str, scheme: str, host: str) -> str:
    """The full address of :data:`BACK_PATH`: under the public name where there is one."""
    base = public_url.rstrip("/") if urlsplit(public_url).netloc else f"{scheme}://{host}"
    return f"{base}{BACK_PATH}"


def _authlib() -> Any:
    """Authlib's parts of the protocol; it has no types of its own, and takes a sixth of a second to load."""
    from types import SimpleNamespace

    from authlib.oauth2.auth import ClientAuth  # pyright: ignore[reportMissingTypeStubs]
    from authlib.oauth2.rfc6749 import parameters  # pyright: ignore[reportMissingTypeStubs]
    from authlib.oauth2.rfc7636 import create_s256_code_challenge  # pyright: ignore[reportMissingTypeStubs, reportUnknownVariableType]

    return SimpleNamespace(
        ClientAuth=ClientAuth, create_s256_code_challenge=create_s256_code_challenge, **vars(parameters)
    )


async def _json(answer: ClientResponse) -> dict[str, Any]:
    """The answer's fields. Raises Refused for a code that Discord does not take, ProviderUnreachable for no answer."""
    import json

    body = await answer.content.read(ANSWER_BYTES_MAX)
    if answer.status == 400:
        raise Refused(sentence("Discord did not accept this sign-in: it was used before, or took too long. Try again."))
    if answer.status == 401:
        raise AbbyError(sentence("Discord does not accept this Abby: its host has to look at the client secret."))
    try:
        found = json.loads(body)
    except ValueError:
        raise _unreachable() from None
    if answer.status != 200 or not isinstance(found, dict):
        raise _unreachable()
    return found  # pyright: ignore[reportUnknownVariableType]


def _unreachable() -> ProviderUnreachable:
    return ProviderUnreachable(sentence("Discord does not answer just now. Try again in a moment."), transient=True)
