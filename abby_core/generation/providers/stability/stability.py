"""Stability AI as an image provider."""

from __future__ import annotations

import asyncio
import json
import logging
import math
import secrets
from collections.abc import Awaitable, Callable
from typing import TypeVar, cast
from urllib.parse import urlsplit

from abby_core.errors import AbbyError, ConfigurationError, KeyRefused, RateLimited
from abby_core.generation.checks import check_input, check_request
from abby_core.generation.picture_bytes import media_type, resized
from abby_core.generation.provider import (
    Capabilities,
    Health,
    Plan,
    ProgressListener,
    ignore_progress,
)
from abby_core.generation.providers.stability.answers import Picture, read_picture, read_pictures
from abby_core.generation.providers.stability.client import Reply, StabilityClient
from abby_core.generation.providers.stability.errors import error_for
from abby_core.generation.providers.stability.models import (
    MODELS,
    PICTURE_BYTES_MAX,
    PICTURE_PIXELS_MAX,
    UPSCALERS,
)
from abby_core.generation.providers.stability.plans import plan_for
from abby_core.generation.providers.stability.requests import Attachment, Call, call_for
from abby_core.generation.request import KINDS, SEED_MAX, GeneratedImage, ImageRequest, TextToImage
from abby_core.sentence import sentence

_log = logging.getLogger(__name__)

API_HOST = "https://api.stability.ai"

SAMPLES_MAX = 10
"""Pictures of one call to v1 (the bounds of ``samples`` in its OpenAPI document)."""
RATE_LIMIT_RETRIES_MAX = 2
RATE_LIMIT_PAUSE_SECONDS_MAX = 60.0
"""Longest pause that is waited for here; whoever asked decides about longer ones."""

Sleep = Callable[[float], Awaitable[None]]
Choice = TypeVar("Choice")


class Stability:
    """Makes pictures with one of Stability's models, for credits on the host's account.

    ``model``: core, ultra, sd3.5-large, sd3.5-large-turbo, sd3.5-medium, sd3.5-flash, or sdxl (the frozen v1
    interface, the only one with steps and sizes). ``upscale_model``: fast (four times, 2 credits) or
    conservative (four megapixels, 40 credits). ``api_host`` may carry a path. The total time allowed per picture
    is ``timeout_seconds``, of which ``connect_timeout_seconds`` for the connection. ``sleep`` is how a pause
    that Stability asks for is waited out.

    Without a usable key everything can be planned, and generating raises KeyRefused before anything is sent.
    Raises ConfigurationError for settings that cannot work. Opens nothing until the first picture. With
    ``keep_session`` one session serves all pictures until :meth:`close`, else it ends with the pictures under way;
    any event loop may use it.
    """

    def __init__(
        self,
        api_key: str | None,
        *,
        api_host: str = API_HOST,
        model: str = "core",
        upscale_model: str = "fast",
        timeout_seconds: float = 120,
        connect_timeout_seconds: float = 10,
        answer_bytes_max: int = 64 * 2**20,
        keep_session: bool = False,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._model = _choice("model", model, MODELS)
        self._upscaler = _choice("upscale_model", upscale_model, UPSCALERS)
        for name, seconds in (
            ("timeout_seconds", timeout_seconds),
            ("connect_timeout_seconds", connect_timeout_seconds),
        ):
            if not (math.isfinite(seconds) and seconds > 0):
                raise ConfigurationError(f"Stability's {name} has to be more than 0.")
        self._capabilities = Capabilities(
            kinds=frozenset(KINDS),
            paid=True,
            negative_prompt=self._model.negative_prompt,
            steps=self._model.v1,
            cfg_scale=self._model.cfg_scale,
            masks=True,
            batch_max=SAMPLES_MAX if self._model.v1 else 1,
            input_bytes_max=PICTURE_BYTES_MAX,
            input_pixels_max=PICTURE_PIXELS_MAX,
        )
        self._api_key = (api_key or "").strip()
        self._client = StabilityClient(
            api_host=_checked_host(api_host),
            timeout_seconds=timeout_seconds,
            connect_timeout_seconds=connect_timeout_seconds,
            answer_bytes_max=answer_bytes_max,
            keep_session=keep_session,
        )
        self._sleep = sleep

    def __repr__(self) -> str:
        return f"Stability(model={self._model.name!r}, upscale_model={self._upscaler.name!r})"

    @property
    def name(self) -> str:
        return "stability"

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    def plan(self, request: ImageRequest) -> Plan:
        """See :class:`~abby_core.generation.provider.ImageProvider`. For pictures, reads their header only."""
        check_request(request)
        if not isinstance(request, TextToImage):
            check_input(request, self.capabilities)
        return plan_for(request, self._model, self._upscaler)

    async def generate(self, request: ImageRequest, *, progress: ProgressListener = ignore_progress) -> GeneratedImage:
        """Make and pay for one picture.

        A pause that Stability asks for is waited out, twice at most; nothing else is ever tried again, because
        it may have been charged. Raises ProviderError, or InvalidRequest for what Stability will not take.
        """
        return (await self._generate(request, 1, progress))[0]

    async def generate_batch(
        self, request: ImageRequest, count: int, *, progress: ProgressListener = ignore_progress
    ) -> list[GeneratedImage]:
        """Make and pay for several pictures in one call of v1, as ``samples``; fewer where some were filtered."""
        return await self._generate(request, count, progress)

    async def _generate(self, request: ImageRequest, count: int, progress: ProgressListener) -> list[GeneratedImage]:
        key = self._usable_key()
        plan = self.plan(request)
        seed = request.seed or 1 + secrets.randbelow(SEED_MAX)
        call = call_for(plan.request, self._model, self._upscaler, seed, samples=count)
        attached = None if call.attachment is None else await _prepared(call.attachment)
        progress(0.0)
        reply = await self._post(call, attached, key)
        if reply.status == 404 and call.if_not_found is not None:
            call = call.if_not_found
            reply = await self._post(call, attached, key)
        pictures = await _read(reply, key, count)
        progress(1.0)
        return [
            GeneratedImage(
                data=picture.data,
                provider=self.name,
                model=call.model,
                seed=call.seed if picture.seed is None else picture.seed,
                millicredits=plan.millicredits,
                notes=(call.note,) if call.note else (),
            )
            for picture in pictures
        ]

    async def check(self) -> Health:
        """Whether the key works, and the credits left. Costs nothing."""
        try:
            key = self._usable_key()
            reply = await self._client.get("/v1/user/balance", key=key)
            if reply.status != 200:
                raise error_for(reply.status, reply.headers, reply.body, key=key)
        except AbbyError as error:
            return Health(ok=False, detail=error.text)
        credits_left = _credits(reply.body)
        if credits_left is None:
            return Health(ok=False, detail=sentence("What answers at Stability's address is not Stability."))
        if credits_left <= 0:
            return Health(
                ok=False, detail=sentence("The key works, but no credits are left."), credits_left=credits_left
            )
        return Health(
            ok=True,
            detail=sentence("The key works; {credits:.2f} credits are left.", credits=credits_left),
            credits_left=credits_left,
        )

    async def close(self) -> None:
        """Close the session, if one is kept. A provider that is used again opens another."""
        await self._client.close()

    async def _post(self, call: Call, attached: bytes | None, key: str) -> Reply:
        """The answer to ``call``, after at most two pauses that Stability asks for."""
        retries = 0
        while True:
            reply = await self._client.post(call, attached, key=key)
            pause_seconds = _pause_asked(reply, key)
            if pause_seconds is None or retries == RATE_LIMIT_RETRIES_MAX:
                return reply
            retries += 1
            _log.info("Stability asks for a pause of %.0f seconds", pause_seconds)
            await self._sleep(pause_seconds)

    def _usable_key(self) -> str:
        if not self._api_key:
            raise KeyRefused(
                sentence("Stability needs an API key: the host of this Abby has to set STABILITY_API_KEY.")
            )
        if not _is_plain(self._api_key):
            raise KeyRefused(
                sentence("STABILITY_API_KEY holds characters that no key has; the host of this Abby has to check it.")
            )
        return self._api_key


async def _prepared(attachment: Attachment) -> bytes:
    if attachment.size is None:
        return attachment.data
    return await asyncio.to_thread(resized, attachment.data, attachment.size, masked=attachment.masked)


def _pause_asked(reply: Reply, key: str) -> float | None:
    """Seconds to wait before asking again; None if that would not help, or take too long."""
    if reply.status != 429:
        return None
    error = error_for(reply.status, reply.headers, reply.body, key=key)
    if not isinstance(error, RateLimited) or error.retry_after_seconds is None:
        return None
    return error.retry_after_seconds if error.retry_after_seconds <= RATE_LIMIT_PAUSE_SECONDS_MAX else None


async def _read(reply: Reply, key: str, count: int) -> list[Picture]:
    if reply.status != 200:
        raise error_for(reply.status, reply.headers, reply.body, key=key)
    if media_type(reply.body) is not None:
        return [read_picture(reply.headers, reply.body)]
    # In a thread: parsing some megabytes of base64 would hold up everybody else.
    if count == 1:
        return [await asyncio.to_thread(read_picture, reply.headers, reply.body)]
    return (await asyncio.to_thread(read_pictures, reply.headers, reply.body))[:count]


def _credits(body: bytes) -> float | None:
    try:
        parsed: object = json.loads(body)
        value = cast("dict[str, object]", parsed).get("credits") if isinstance(parsed, dict) else None
        number = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
    except (ValueError, RecursionError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _choice(setting: str, name: str, choices: dict[str, Choice]) -> Choice:
    if name not in choices:
        raise ConfigurationError(f"Stability has no {setting} {name!r}. Choose one of: {', '.join(choices)}.")
    return choices[name]


def _checked_host(api_host: str) -> str:
    try:
        parts = urlsplit(api_host.strip())
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable, parts = False, urlsplit("")
    if not usable or "@" in parts.netloc or parts.query or parts.fragment or not _is_plain(parts.geturl()):
        raise ConfigurationError(
            f"API_HOST has to look like {API_HOST}: http or https and a host, without name, password or query."
        )
    return parts.geturl().rstrip("/")


def _is_plain(text: str) -> bool:
    """Printable ASCII without spaces."""
    return text.isascii() and text.isprintable() and " " not in text
