"""The bot's small parts: addresses, ids of buttons, logs without tokens, attachments from nowhere else."""

from __future__ import annotations

import logging
import re

import pytest

from abby_adapters.discord import views
from abby_adapters.discord.address import Address, nonce
from abby_adapters.discord.looks import PAGE, Look, look_in, page_id, position_in
from abby_adapters.discord.memory import REMEMBERED_MAX, Memory
from abby_adapters.discord.redaction import guard_logs, without_tokens
from abby_adapters.discord.uploads import BYTES_MAX, Uploads
from abby_core.errors import Choice, InvalidRequest, NotFound
from abby_core.gallery import Page
from abby_core.languages import ENGLISH
from tests.adapters.discord.test_presenter import artifact, order

INTERACTION = (1_700_000_000_000 - 1_420_070_400_000) << 22
"""An interaction of a known moment."""


def address(**changes: object) -> Address:
    known: dict[str, object] = {"interaction": INTERACTION, "application": 7, "token": "secret", "user": 42}
    return Address(**{**known, **changes})  # pyright: ignore[reportArgumentType]


def ids(view: object) -> list[str]:
    return [child.custom_id for child in getattr(view, "children", ())]


def test_an_address_comes_back_from_its_text() -> None:
    known = address(channel=5, message=6, private=True, bytes_max=3)
    assert Address.of_text(known.to_text()) == known
    assert "secret" not in known.without_token().to_text()


def test_an_address_that_another_version_wrote_is_read() -> None:
    older = '{"interaction":1,"application":7,"token":"","channel":5,"message":6,"user":42,"private":false}'
    assert Address.of_text(older).locale == ""
    newer = address(locale="de").to_text().replace("{", '{"mood":"merry",', 1)
    assert Address.of_text(newer) == address(locale="de")


def test_a_token_lives_for_a_quarter_of_an_hour() -> None:
    assert address().token_lives(899_999, asked_at_ms=0)
    assert not address().token_lives(900_000, asked_at_ms=0)
    assert not address(token="").token_lives(0, asked_at_ms=0)


def test_a_nonce_follows_from_the_order_and_fits() -> None:
    assert nonce("1234567890123456789") == "1234567890123456789"
    assert len(nonce("x" * 200)) == 25


async def test_every_button_has_an_id_that_its_press_is_found_by() -> None:
    long = artifact(id="f" * 24)
    owner = 2**64 - 1
    page = Page(artifacts=(long,), next=(2**43, "f" * 24))
    choices = [
        Choice(kind="compress", text="", pictures=12),
        Choice(kind="archive", text="", pictures=99_999),
        Choice(kind="delete", text="", pictures=99_999),
        Choice(kind="empty_trash", text="", pictures=99_999),
        Choice(kind="fewer", text="", pictures=9),
    ]
    look = Look(starred=True, album="a" * 24, style="modeling-compound", provider="stability", text="x" * 200)
    memory = Memory()
    newest, older = page_id(look, None, memory), page_id(look, page.next, memory)
    made = [
        views.waiting_view(ENGLISH, "1" * 20, owner),
        views.creation_view(ENGLISH, order(id="1" * 20), [long], owner=owner),
        views.creation_view(ENGLISH, order(id="1" * 20, pictures=2), [long, artifact()], owner=owner),
        views.undo_view(ENGLISH, long.id, owner),
        views.page_view(ENGLISH, page, owner=owner, newest=newest, older=older),
        views.restore_view(ENGLISH, "1" * 20, owner),
        views.choices_view(ENGLISH, choices, wish="0123456789ab"),
    ]
    patterns = (views.PICTURE, views.ORDER, views.PICK, PAGE, views.ROOM, views.WISH)
    found = [custom_id for view in made for custom_id in ids(view)]
    assert len(found) == 1 + 7 + 3 + 1 + 3 + 1 + 6
    for custom_id in found:
        assert len(custom_id) <= 100
        assert sum(re.fullmatch(pattern, custom_id) is not None for pattern in patterns) == 1, custom_id


@pytest.mark.parametrize(
    "look",
    [
        Look(),
        Look(starred=True, style="anime", text="a red | green bird"),
        Look(album="a" * 24, text="猫の絵"),
        Look(text="x" * 47),
        Look(text="x" * 90),
        Look(album="a" * 24, style="modeling-compound", provider="stability", text="x" * 200),
    ],
)
def test_a_page_comes_back_from_its_id(look: Look) -> None:
    memory = Memory()
    for position in (None, (1_700_000_000_000, "f" * 24)):
        found = re.fullmatch(PAGE, page_id(look, position, memory))
        assert found is not None
        assert look_in(found["look"], memory) == look
        assert position_in(found["at"], found["last"]) == position


def test_the_oldest_things_are_forgotten_first() -> None:
    memory = Memory()
    first, *_, last = [memory.keep(number) for number in range(REMEMBERED_MAX + 1)]
    assert memory.find(last, int) == REMEMBERED_MAX
    with pytest.raises(NotFound, match="ask anew"):
        memory.find(first, int)
    with pytest.raises(NotFound):
        memory.find(last, str)


async def test_discord_py_remembers_no_view_of_ours() -> None:
    assert views.waiting_view(ENGLISH, "1", 2).is_finished()


@pytest.mark.parametrize(
    "text",
    [
        "We are being rate limited. PATCH https://discord.com/api/v10/webhooks/77/aW50ZXJh/messages/@original",
        "POST https://discord.com/api/v10/interactions/99/aW50ZXJh/callback",
        "POST https://discord.com/api/v10/webhooks/77/aW50ZXJh?wait=true",
    ],
)
def test_no_token_gets_into_the_log(text: str, caplog: pytest.LogCaptureFixture) -> None:
    assert "aW50ZXJh" not in without_tokens(text)
    guard_logs()
    guard_logs()
    logging.getLogger("discord.webhook.async_").warning("Trouble with %s", text)
    assert "aW50ZXJh" not in caplog.text
    assert "[redacted]" in caplog.text


@pytest.mark.parametrize(
    "url",
    [
        "http://cdn.discordapp.com/attachments/1/2/cat.png",
        "https://cdn.discordapp.com.evil.example/cat.png",
        "https://cdn.discordapp.com@evil.example/cat.png",
        "https://evil.example/cdn.discordapp.com/cat.png",
        "https://cdn.discordapp.com:8443/cat.png",
        "https://127.0.0.1/cat.png",
        "file:///etc/passwd",
        "https://[broken",
        "",
    ],
)
async def test_attachments_come_from_discord_alone(url: str) -> None:
    with pytest.raises(InvalidRequest, match="fetches from nowhere else"):
        await Uploads().fetch(url)


async def test_a_file_that_says_it_is_too_large_is_not_fetched() -> None:
    with pytest.raises(InvalidRequest, match="larger than 20 MB"):
        await Uploads().fetch("https://cdn.discordapp.com/a/b.png", declared_bytes=BYTES_MAX + 1)
