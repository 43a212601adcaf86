"""Everything Abby keeps of a person: sent to them alone, or removed for good."""

from __future__ import annotations

import io
import json
import zipfile

import pytest

from abby_adapters.discord import privacy
from tests.adapters.discord.conftest import House, account, said
from tests.services.discord_interactions import Interaction
from tests.services.discord_world import User
from tests.support.providers import FixedProvider, photograph
from tests.support.studio import assert_sound


async def ask(house: House, what: str, user: User | None = None) -> Interaction:
    return await house.server.command(user or house.ada, f"privacy {what}", channel=house.art)


def unpacked(parts: list[bytes]) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(b"".join(parts))) as packed:
        assert packed.testzip() is None
        return {name: packed.read(name) for name in packed.namelist()}


async def test_everything_comes_as_one_zip_that_only_its_owner_sees(house: House) -> None:
    async with house.bot() as bot:
        await house.picture("a very red bird")
        await said(await house.imagine("bob's own", user=house.bob), "bob's own")
        asked = await ask(house, "export")
        await said(asked, "Everything Abby keeps of you")
        await asked.until(lambda it: it.followups)
        (sent,) = asked.followups
        assert sent.ephemeral
        (file,) = sent.files
        assert file.filename.endswith(".zip")
        held = unpacked([file.data])
        (kept,) = house.kept(bot, house.ada)
        assert held[f"pictures/{kept.name}"] == photograph()
        assert "a very red bird" in held["data/orders.json"].decode()
        assert not any(b"bob's own" in data for data in held.values())
        assert json.loads(held["data/artifacts.json"])[0]["id"] == kept.id


async def test_what_is_too_large_for_one_file_comes_in_parts_that_fit_and_make_one(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(privacy, "REQUEST_BYTES_MAX", privacy.PART_BYTES_SPARED + 200_000)
    async with house.bot(FixedProvider(data=photograph(400, 400))):
        await house.picture(count=2)
        asked = await ask(house, "export")
        await said(asked, "It comes in")
        await asked.until(lambda it: len(it.followups) == 4)
    files = [file for message in asked.followups for file in message.files]
    assert [file.filename[-4:] for file in files] == [".001", ".002", ".003", ".004"]
    assert all(len(file.data) <= 200_000 for file in files)
    assert sum(name.startswith("pictures/") for name in unpacked([file.data for file in files])) == 2


async def test_what_is_too_large_for_discord_is_had_elsewhere(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(privacy, "REQUEST_BYTES_MAX", privacy.PART_BYTES_SPARED + 10_000)
    async with house.bot(FixedProvider(data=photograph(400, 400)), public_url="https://abby.example.org"):
        await house.picture()
        asked = await ask(house, "export")
        message = await said(asked, f"abby export discord:{house.ada.id}")
        assert "https://abby.example.org" in message.text
        assert asked.followups == []


async def test_who_is_forgotten_is_told_what_goes_types_the_word_and_gets_a_receipt(house: House) -> None:
    async with house.bot() as bot:
        await house.picture()
        await said(await house.imagine(user=house.bob), "Daily")
        asked = await said(await ask(house, "forget"), "1 picture")
        assert asked.ephemeral
        assert "/privacy export" in asked.text
        form = await house.server.click(asked, "🧹 Forget me …", house.ada)
        await form.until(lambda it: it.modal)
        assert len(house.kept(bot, house.ada)) == 1
        receipt = await said(
            await house.server.modal(form, {"word": "forget"}), "Everything Abby kept of you is removed"
        )
        assert receipt.ephemeral
        assert house.kept(bot, house.ada) == []
        assert len(house.kept(bot, house.bob)) == 1
        assert bot.core is not None
        assert bot.core.forgetting.preview(account(house.ada)).counts == {}
        assert_sound(bot.core)
        await said(await ask(house, "forget"), "Nothing.")
        await house.picture()


async def test_another_word_removes_nothing(house: House) -> None:
    async with house.bot() as bot:
        await house.picture()
        asked = await said(await ask(house, "forget"), "1 picture")
        form = await house.server.click(asked, "🧹 Forget me …", house.ada)
        await form.until(lambda it: it.modal)
        await said(await house.server.modal(form, {"word": "yes"}), "Nothing was removed")
        assert len(house.kept(bot, house.ada)) == 1


async def test_the_form_works_over_a_restart(house: House) -> None:
    async with house.bot():
        await house.picture()
        asked = await said(await ask(house, "forget"), "1 picture")
    async with house.bot() as bot:
        form = await house.server.click(asked, "🧹 Forget me …", house.ada)
        await form.until(lambda it: it.modal)
        await said(await house.server.modal(form, {"word": "FORGET"}), "is removed")
        assert house.kept(bot, house.ada) == []
