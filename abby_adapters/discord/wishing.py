"""A wish that was refused, to be made again with fewer pictures, or with smaller ones."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from abby_adapters.discord.desk import Ask, Asked
from abby_core.errors import InvalidRequest
from abby_core.generation.request import ImageToImage, TextToImage
from abby_core.generation.shape import size_within
from abby_core.sentence import sentence

if TYPE_CHECKING:
    from abby_core.bootstrap import Abby as Core
    from abby_core.generation.request import Upscale
    from abby_core.studio import Account


def fewer(ask: Ask, pictures: int) -> Ask:
    """The same for so many pictures."""

    async def asked(core: Core, account: Account) -> Asked:
        wanted = await ask(core, account)
        many = max(1, min(pictures, wanted.pictures))
        prompts = wanted.prompts[:many]
        if len(prompts) == 1:  # then it is the request's own
            prompts = ()
        return replace(wanted, pictures=many, prompts=prompts)

    return asked


def smaller(ask: Ask) -> Ask:
    """The same, as large as the account's tier allows."""

    async def asked(core: Core, account: Account) -> Asked:
        wanted = await ask(core, account)
        allowance = await asyncio.to_thread(core.quota.allowance, account)
        return replace(wanted, request=await _within(core, account, wanted, allowance.picture_pixels_max))

    return asked


async def _within(core: Core, account: Account, wanted: Asked, pixels_max: int) -> TextToImage | Upscale:
    request = wanted.request
    if isinstance(request, TextToImage):
        width, height = size_within(request.width, request.height, pixels_max)
        return replace(request, width=width, height=height)
    if isinstance(request, ImageToImage):
        raise InvalidRequest(sentence("It takes the size of the picture it is made from: begin with a smaller one."))
    from abby_core.storage.picture import inspect

    if wanted.source_artifact:
        source = await asyncio.to_thread(core.gallery.find, account, wanted.source_artifact)
    else:
        source = await asyncio.to_thread(inspect, request.image)
    height = max(1, round(source.height * request.width / source.width))
    return replace(request, width=size_within(request.width, height, pixels_max)[0])
