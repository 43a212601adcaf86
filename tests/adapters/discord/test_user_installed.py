"""Who installed Abby for themselves takes her along into servers that she is not in."""

from __future__ import annotations

from abby_adapters.discord.delivery import LONG_WAIT_SECONDS
from tests.adapters.discord.conftest import House, said, shown
from tests.adapters.discord.test_delivery import again, with_pictures
from tests.services.discord_interactions import Interaction
from tests.support.providers import blocking_provider


async def imagine_elsewhere(house: House, **options: object) -> Interaction:
    """Ada asks in a server that Abby is not in, and that nobody has invited her to."""
    house.server.installs = (0, 1)
    guild = house.server.guild("Elsewhere", with_bot=False)
    guild.join(house.ada)
    asked = {"prompt": "a cute rabbit", **options}
    return await house.server.command(house.ada, "imagine", asked, channel=guild.channel(), by_user_install=True)


async def test_a_picture_comes_in_its_answer(house: House) -> None:
    house.server.installs = (0, 1)
    async with house.bot():
        asked = await shown(await imagine_elsewhere(house))
    (message,) = with_pictures(house)
    assert message is asked.original


async def test_after_a_long_wait_it_still_comes_in_its_answer_and_a_follow_up_calls(house: House) -> None:
    house.server.installs = (0, 1)
    provider, gate = blocking_provider()
    async with house.bot(provider):
        asked = await imagine_elsewhere(house)
        await said(asked, "Painting")
        house.clock.skip(LONG_WAIT_SECONDS + 1)
        gate.set()
        await shown(asked)
        await asked.until(lambda it: it.followups)
    (message,) = with_pictures(house)
    assert message is asked.original
    assert ["your order is finished" in call.text for call in asked.followups] == [True]


async def test_when_the_answer_can_be_edited_no_more_it_comes_as_a_direct_message(house: House) -> None:
    house.server.installs = (0, 1)
    provider, _gate = blocking_provider()
    async with house.bot(provider) as bot:
        asked = await imagine_elsewhere(house)
        await said(asked, "Painting")
        await house.crash(bot)
    house.server.kill_token(asked)
    async with house.bot() as bot:
        await again(house, bot)
        await house.server.until(lambda: with_pictures(house))
    (message,) = with_pictures(house)
    assert message in house.server.dm(house.ada).messages
