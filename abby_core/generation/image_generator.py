"""ImageGenerator: one door to every image provider, and the founding API in front of it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import NamedTuple

from abby_core.errors import (
    AbbyError,
    ConfigurationError,
    InvalidRequest,
    ProviderError,
    ProviderUnreachable,
)
from abby_core.generation.checks import check_input, check_request
from abby_core.generation.picture_bytes import require_whole
from abby_core.generation.provider import ImageProvider, Plan, ProgressListener, ignore_progress
from abby_core.generation.request import (
    STYLES,
    GeneratedImage,
    ImageRequest,
    ImageToImage,
    Kind,
    TextToImage,
    Upscale,
)
from abby_core.sentence import Sentence, sentence

_STEPS = 50
_IMAGE_TO_IMAGE_STEPS = 30
_CFG_SCALE = 7.0
"""The founding API's defaults: dropped without a word for providers that have no such setting."""


class GenerationResult(NamedTuple):
    """What the founding methods return. ``message`` says what went wrong, or what was changed."""

    success: bool
    image_bytes: bytes | None
    message: str


class ImageGenerator:
    """Checks requests, chooses a provider, has the picture made.

    Two faces. ``plan`` and ``generate`` are typed and raise Abby's errors: the studio's. ``text_to_image``,
    ``image_to_image`` and ``upscale_image`` are the founding API: they take plain values and always return a
    :class:`GenerationResult`, whatever a person or a back end does wrong.

    ``providers``: what to make pictures with, the preferred one first. Without them: Stability at ``api_host``
    with ``api_key`` and ``model``, SDXL by default, because only that has steps, cfg_scale and sizes. Without
    ``api_host``: the setting ``API_HOST``, which is Stability's own address unless the host says otherwise.
    ``db_path`` and ``max_user_daily_gens`` are accepted for the founding documents' sake; quotas live elsewhere.

    Constructing opens nothing and needs no event loop; any loop may use it afterwards.
    """

    def __init__(
        self,
        api_key: str | None = None,
        api_host: str | None = None,
        *,
        model: str = "sdxl",
        db_path: object = None,  # noqa: ARG002
        max_user_daily_gens: int | None = None,  # noqa: ARG002
        providers: Sequence[ImageProvider] | None = None,
    ) -> None:
        self._api_key = api_key
        self._api_host = api_host
        self._model = model
        self._providers = None if providers is None else _by_name(providers)

    @property
    def providers(self) -> dict[str, ImageProvider]:
        """Every provider by its name, the preferred one first."""
        if self._providers is None:
            # The one place besides bootstrap that names an implementation: the founding constructor means Stability.
            from abby_core.generation.providers.stability import Stability
            from abby_core.settings import load_settings

            own = Stability(self._api_key, api_host=self._api_host or load_settings().api_host, model=self._model)
            self._providers = _by_name([own])
        return dict(self._providers)

    def plan(self, request: ImageRequest, provider: str | None = None) -> tuple[ImageProvider, Plan]:
        """Who will make it, and how: the named provider, or the first that can.

        Quick, and opens nothing. Raises InvalidRequest for what cannot be made as asked.
        """
        check_request(request)
        return self._plan(request, self._able(request, provider)[0])

    def plans(self, request: ImageRequest, provider: str | None = None) -> list[tuple[ImageProvider, Plan]]:
        """Everybody who could make it, and how, the preferred one first; raises as :meth:`plan` does for that one."""
        first, *others = self._able(request, provider)
        plans = [self.plan(request, first.name)]
        for other in others:
            with contextlib.suppress(InvalidRequest):
                plans.append(self._plan(request, other))
        return plans

    def check_able(self, request: ImageRequest, provider: str | None = None) -> None:
        """Raise InvalidRequest where the named provider, or every one, cannot do such a thing at all.

        The request's picture is not looked at.
        """
        self._able(request, provider)

    async def generate(
        self, plan: Plan, provider_name: str, progress: ProgressListener = ignore_progress
    ) -> GeneratedImage:
        """Make the planned picture. Its ``notes`` are the plan's and what turned out on the way.

        Raises ProviderError, and InvalidRequest for what the provider will not take.
        """
        provider = self._able(plan.request, provider_name)[0]
        image = await provider.generate(plan.request, progress=progress)
        return replace(image, notes=tuple(dict.fromkeys((*plan.notes, *image.notes))))

    async def text_to_image(  # noqa: PLR0917 -- the founding documents fix this signature
        self,
        prompt: str,
        style_preset: str = "enhance",
        width: int = 1024,
        height: int = 1024,
        steps: int = _STEPS,
        seed: int = 0,
        cfg_scale: float = _CFG_SCALE,
    ) -> GenerationResult:
        """A picture from words. Sizes in pixels, fitted to what the model takes; seed 0 chooses one."""
        return await self._result(
            TextToImage(
                prompt=prompt,
                style=style_preset,
                width=width,
                height=height,
                steps=steps,
                seed=seed,
                cfg_scale=cfg_scale,
            )
        )

    async def image_to_image(
        self,
        image_data: bytes,
        prompt: str,
        style_preset: str = "enhance",
        strength: float = 0.35,
        steps: int = _IMAGE_TO_IMAGE_STEPS,
    ) -> GenerationResult:
        """A picture from a PNG, JPEG or WebP and words. ``strength`` 0..1: near 1 keeps the input."""
        return await self._result(
            ImageToImage(image=image_data, prompt=prompt, style=style_preset, image_strength=strength, steps=steps)
        )

    async def upscale_image(self, image_data: bytes, width: int = 2048) -> GenerationResult:
        """The same PNG, JPEG or WebP, larger. ``width``: wished for, in pixels; the message says what came."""
        return await self._result(Upscale(image=image_data, width=width))

    @staticmethod
    def get_available_styles() -> dict[str, str]:
        """The style presets, name to name."""
        return {style: style for style in STYLES}

    async def close(self) -> None:
        """Close every provider. One that is used again opens again."""
        async with AsyncExitStack() as stack:
            for provider in (self._providers or {}).values():
                stack.push_async_callback(provider.close)

    def _plan(self, request: ImageRequest, provider: ImageProvider) -> tuple[ImageProvider, Plan]:
        if not isinstance(request, TextToImage):
            check_input(request, provider.capabilities)
        return provider, provider.plan(request)

    def _able(self, request: ImageRequest, name: str | None) -> list[ImageProvider]:
        """The providers that can do such a thing, of all or of the named one; at least one."""
        providers = self.providers
        if name is not None and name not in providers:
            raise InvalidRequest(
                sentence("There is no provider of that name. There are: {providers}.", providers=", ".join(providers))
            )
        asked = list(providers.values()) if name is None else [providers[name]]
        able = [provider for provider in asked if request.kind in provider.capabilities.kinds]
        if not able:
            raise InvalidRequest(_unable(request.kind, name))
        if isinstance(request, ImageToImage) and request.masked:
            able = [provider for provider in able if provider.capabilities.masks]
        if not able:
            raise InvalidRequest(_unable_to_mask(name))
        return able

    async def _result(self, request: ImageRequest) -> GenerationResult:
        try:
            provider = self._able(request, None)[0]
            _, plan = self.plan(_without_unasked(request, provider), provider.name)
            if not isinstance(request, TextToImage):
                # Whoever calls the studio has had the picture checked; nobody else has looked at this one.
                await asyncio.to_thread(require_whole, request.image)
            image = await self.generate(plan, provider.name)
        except AbbyError as error:
            return GenerationResult(False, None, _failure(error))
        return GenerationResult(True, image.data, " ".join(("Image generated successfully.", *image.notes)))


def _unable(kind: Kind, provider: str | None) -> Sentence:
    """``provider``: the one that was named; None: there is none at all that can."""
    if kind == "text_to_image":
        if provider:
            return sentence("{provider} cannot make pictures from words.", provider=provider)
        return sentence("No provider here can make pictures from words.")
    if kind == "image_to_image":
        if provider:
            return sentence("{provider} cannot change pictures.", provider=provider)
        return sentence("No provider here can change pictures.")
    if provider:
        return sentence("{provider} cannot enlarge pictures.", provider=provider)
    return sentence("No provider here can enlarge pictures.")


def _unable_to_mask(provider: str | None) -> Sentence:
    if provider:
        return sentence("{provider} cannot paint only a part of a picture anew: leave the mask out.", provider=provider)
    return sentence("No provider here can paint only a part of a picture anew: leave the mask out.")


def _by_name(providers: Sequence[ImageProvider]) -> dict[str, ImageProvider]:
    named = {provider.name: provider for provider in providers}
    if len(named) < len(providers):
        raise ConfigurationError("Two image providers have the same name.")
    return named


def _without_unasked(request: ImageRequest, provider: ImageProvider) -> ImageRequest:
    """The founding API cannot say "not asked": its defaults are no wishes that a provider has to explain away."""
    if isinstance(request, Upscale):
        return request
    capabilities = provider.capabilities
    if not capabilities.steps and request.steps in (_STEPS, _IMAGE_TO_IMAGE_STEPS):
        request = replace(request, steps=None)
    if not capabilities.cfg_scale and request.cfg_scale == _CFG_SCALE:
        request = replace(request, cfg_scale=None)
    return request


def _failure(error: AbbyError) -> str:
    """The founding documents' texts: callers compare their beginnings."""
    if isinstance(error, ProviderUnreachable):
        return "Connection timeout"
    cause = error if isinstance(error, ProviderError) else error.__cause__
    status = cause.status if isinstance(cause, ProviderError) else None
    return str(error) if status in {None, 200} else f"Non-200 response: {status}. {error}"
