"""What somebody wants made: from words, attachments and earlier pictures to an order's content."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from abby_adapters.discord.desk import Ask, Asked
from abby_adapters.discord.members import PLATFORM, account_of
from abby_core.errors import InvalidRequest, NotFound
from abby_core.gallery.preset import of_server
from abby_core.generation.choices import Choices
from abby_core.generation.request import UPSCALE_SIDE_PIXELS_MAX, ImageToImage, Kind, Upscale
from abby_core.sentence import sentence
from abby_core.studio.wish import Wish, wish_for_image, wish_for_text
from abby_core.studio.wording import Wording, literal, read

if TYPE_CHECKING:
    from abby_adapters.discord.uploads import Uploads
    from abby_core.bootstrap import Abby as Core
    from abby_core.studio import Account, Artifact, OrderView

VARIATION_STRENGTH = 0.7
"""How much of a picture a variation keeps."""
UPSCALE_WIDTH = 2048
"""Width in pixels of an enlarged picture, or twice its own if that is more."""
ORDERS_LOOKED_AT = 20
GONE = sentence("That picture is not there any more.")


# ---------------------------------------------------------------------- from words


def imagine(prompt: str, asked: Choices, *, guild_id: int | None, preset: str = "") -> Ask:
    """Pictures from words, by all that applies: options win over the prompt's own parameters, these over presets."""

    async def ask(core: Core, account: Account) -> Asked:
        wording, choices, notes = await _resolved(
            core, account, prompt, asked, kind="text_to_image", guild_id=guild_id, preset=preset
        )
        return _asked(wish_for_text(wording, choices), notes)

    return ask


def transform(prompt: str, asked: Choices, picture: Find, *, guild_id: int | None, preset: str = "") -> Ask:
    """Pictures from a picture and words."""

    async def ask(core: Core, account: Account) -> Asked:
        wording, choices, notes = await _resolved(
            core, account, prompt, asked, kind="image_to_image", guild_id=guild_id, preset=preset
        )
        wish = wish_for_image(wording, choices, b"")  # refuses before anything is fetched
        found = await picture(core, account)
        request = wish.request
        if isinstance(request, ImageToImage):
            request = replace(request, image=found.data)
        return replace(_asked(replace(wish, request=request), notes), source_artifact=found.own_id)

    return ask


async def _resolved(
    core: Core, account: Account, prompt: str, asked: Choices, *, kind: Kind, guild_id: int | None, preset: str
) -> tuple[Wording, Choices, tuple[str, ...]]:
    wording = read(prompt)
    resolved = await asyncio.to_thread(
        core.presets.resolve, account, asked.over(wording.choices), kind=kind, preset=preset, server=server_of(guild_id)
    )
    return wording, resolved.choices, wording.notes + resolved.notes


def server_of(guild_id: int | None) -> str:
    """The owner of a server's presets; blank where there is no server."""
    return "" if guild_id is None else of_server(PLATFORM, str(guild_id))


async def last_choices(core: Core, account: Account) -> Choices:
    """What the account's last picture was made with, without its seed. Raises NotFound."""
    for order in await core.studio.orders(account, limit=ORDERS_LOOKED_AT):
        made = await asyncio.to_thread(core.gallery.of_order, account, order.id)
        if made and made[0].kind != "upscale":
            return _choices(made[0], order.provider)
    raise NotFound(sentence("You have made no picture yet whose choices could be kept."))


def _asked(wish: Wish, notes: tuple[str, ...]) -> Asked:
    return Asked(
        request=wish.request, pictures=wish.pictures, provider=wish.provider, prompts=wish.prompts, notes=notes
    )


# ---------------------------------------------------------------------- from a picture


@dataclass(frozen=True, kw_only=True)
class Found:
    """A picture to work on: one's own by its id, any other by its bytes."""

    own_id: str = ""
    data: bytes = b""


Find = Callable[["Core", "Account"], Awaitable[Found]]
"""Gets hold of a picture. Raises AbbyError."""


def attached(uploads: Uploads, url: str, declared_bytes: int) -> Find:
    """A picture somebody attached."""

    async def find(_core: Core, _account: Account) -> Found:
        return Found(data=await uploads.fetch(url, declared_bytes=declared_bytes))

    return find


def seen(owner: int, artifact_id: str) -> Find:
    """A picture somebody sees: their own, or another's as if they had attached it."""

    async def find(core: Core, account: Account) -> Found:
        found = await _seen(core, owner, artifact_id)
        if found.account == account.key:
            return Found(own_id=found.id)
        return Found(data=await asyncio.to_thread(core.gallery.open, found))

    return find


def upscale_found(picture: Find) -> Ask:
    """An attached picture, larger."""

    async def ask(core: Core, account: Account) -> Asked:
        found = await picture(core, account)
        return Asked(request=Upscale(image=found.data), source_artifact=found.own_id)

    return ask


def upscale_own(name_or_id: str) -> Ask:
    """One of one's own pictures, larger."""

    async def ask(core: Core, account: Account) -> Asked:
        found = await asyncio.to_thread(core.gallery.find, account, name_or_id)
        return Asked(request=_upscale(found), source_artifact=found.id)

    return ask


def upscale(owner: int, artifact_id: str) -> Ask:
    """A picture somebody sees, larger: their own, or another's as if they had attached it."""

    async def ask(core: Core, account: Account) -> Asked:
        found = await _seen(core, owner, artifact_id)
        return await _made_from(core, account, found, _upscale(found))

    return ask


def vary(owner: int, artifact_id: str) -> Ask:
    """A variation of a picture somebody sees: the same words, another seed."""

    async def ask(core: Core, account: Account) -> Asked:
        found = await _seen(core, owner, artifact_id)
        if not found.prompt:
            raise InvalidRequest(sentence("It was not made from words; say with /transform what it shall become."))
        request = ImageToImage(
            image=b"",
            prompt=found.prompt,
            negative_prompt=found.negative_prompt,
            style=found.style or "enhance",
            image_strength=VARIATION_STRENGTH,
        )
        return await _made_from(core, account, found, request)

    return ask


def _upscale(found: Artifact) -> Upscale:
    return Upscale(image=b"", width=min(UPSCALE_SIDE_PIXELS_MAX, max(UPSCALE_WIDTH, 2 * found.width)))


async def _seen(core: Core, owner: int, artifact_id: str) -> Artifact:
    """The picture below which somebody pressed a button. Its owner may have deleted it meanwhile: NotFound."""
    try:
        return await asyncio.to_thread(core.gallery.find, account_of(owner), artifact_id)
    except NotFound:
        raise NotFound(GONE) from None


async def _made_from(core: Core, account: Account, found: Artifact, request: Upscale | ImageToImage) -> Asked:
    """One's own picture is named; another's is handed over as bytes, so that nothing of theirs is touched."""
    if found.account == account.key:
        return Asked(request=request, source_artifact=found.id)
    return Asked(request=replace(request, image=await asyncio.to_thread(core.gallery.open, found)))


# ---------------------------------------------------------------------- the same once more


def again(owner: int, order_id: str) -> Ask:
    """What an order asked for, with other seeds."""

    async def ask(core: Core, account: Account) -> Asked:
        order, pictures = await _order_seen(core, owner, order_id)
        first = pictures[0]
        texts = tuple(each.prompt for each in pictures)
        same = len(set(texts)) == 1
        image, own_source = await _source(core, account, first)
        choices = _choices(first, order.provider)
        return Asked(
            request=(
                choices.text_to_image(first.prompt)
                if first.kind == "text_to_image"
                else choices.image_to_image(first.prompt, image)
            ),
            pictures=order.pictures if same else len(texts),
            provider=order.provider,
            source_artifact=own_source,
            prompts=() if same else texts,
        )

    return ask


def remix(owner: int, order_id: str, prompt: str) -> Ask:
    """The order's style, size and so on with other words, whose own parameters win."""

    async def ask(core: Core, account: Account) -> Asked:
        order, pictures = await _order_seen(core, owner, order_id)
        first = pictures[0]
        wording = read(prompt)
        choices = wording.choices.over(_choices(first, order.provider))
        if first.kind == "text_to_image":
            return _asked(wish_for_text(wording, choices), wording.notes)
        image, own_source = await _source(core, account, first)
        return replace(_asked(wish_for_image(wording, choices, image), wording.notes), source_artifact=own_source)

    return ask


async def remix_text(core: Core, owner: int, order_id: str) -> str:
    """The words of an order as its owner would write them, to begin with. Raises NotFound."""
    _, pictures = await _order_seen(core, owner, order_id)
    return literal(pictures[0].prompt)


async def _order_seen(core: Core, owner: int, order_id: str) -> tuple[OrderView, Sequence[Artifact]]:
    """An order below which somebody pressed a button, and its pictures that are there. Raises NotFound for none."""
    account = account_of(owner)
    order = await core.studio.order(order_id, account)
    found = await asyncio.to_thread(core.gallery.of_order, account, order_id)
    pictures = [each for each in found if each.state in {"kept", "archived"}]
    if not pictures:
        raise NotFound(GONE)
    return order, pictures


async def _source(core: Core, account: Account, made: Artifact) -> tuple[bytes, str]:
    """What a picture was made from: the bytes of another's picture, or the id of the account's own; else nothing."""
    if made.kind == "text_to_image":
        return b"", ""
    if made.parameters.get("masked"):
        raise InvalidRequest(sentence("Only a part of it was painted anew, and the mask that said which is not kept."))
    if not made.source_artifact:
        raise InvalidRequest(
            sentence("What it was made from was attached and is not kept; attach it to /transform again.")
        )
    found = await _seen(core, int(made.account.partition(":")[2]), made.source_artifact)
    if found.account == account.key:
        return b"", found.id
    return await asyncio.to_thread(core.gallery.open, found), ""


def _choices(made: Artifact, provider: str) -> Choices:
    """What was chosen for a picture, as far as it is known."""
    names = ["steps", "cfg_scale", *(("width", "height") if made.kind == "text_to_image" else ("image_strength",))]
    chosen: dict[str, Any] = {name: made.parameters[name] for name in names if name in made.parameters}
    texts = {"negative_prompt": made.negative_prompt, "style": made.style, "provider": provider}
    chosen |= {name: text for name, text in texts.items() if text}
    return Choices(**chosen)
