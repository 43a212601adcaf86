"""Commands as members of other languages see them, and answers in the language of whoever reads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from discord import app_commands

from abby_adapters.discord import members, presenter
from abby_adapters.discord.main import Abby
from abby_adapters.discord.syncing import sync_if_changed
from abby_adapters.discord.translating import NAMES, CommandTranslator, command_name
from abby_core.errors import Choice, NotFound, QuotaExceeded
from abby_core.languages import language_of
from abby_core.languages.gathering import gather
from abby_core.quota.meter import IMAGES_PER_DAY
from abby_core.sentence import plural, sentence
from abby_core.studio import Progress
from tests.adapters.discord.conftest import House, said, shown
from tests.services.discord_messages import Message
from tests.services.discord_world import MANAGE_GUILD
from tests.support.languages import long_winded, made_up, only
from tests.support.providers import blocking_provider

WORDS = {
    "/imagine": "/vorstellen",
    "/quota": "/Kontingent Übersicht",
    "/gallery": "/sammlung",
    "/favorites": "/sammlung",
    "/where": "/show",
    "prompt:": "beschreibung:",
    "style:": "negative:",
    "seed:": "samen：",
    "Make a picture from words": "Ein Bild aus Worten machen",
    "Your pictures, the newest first": "ä" * 101,
}
GERMAN = made_up(WORDS)


def texts(bot: Abby) -> Iterator[str]:
    """All that the catalogues have to hold of the commands, as it stands there."""
    for command in bot.tree.walk_commands():
        yield f"/{command.name}"
        yield command.description
        for option in command.parameters if isinstance(command, app_commands.Command) else ():
            yield f"{option.display_name}:"
            yield option.description
            yield from (choice.name for choice in option.choices if choice.name.strip("0123456789:"))
    for menu in (each for each in bot.tree.get_commands() if isinstance(each, app_commands.ContextMenu)):
        yield menu.name


async def registered(house: House, bot: Abby) -> dict[str, Any]:
    """The commands by name, as Discord was told of them in the made-up language and English."""
    await bot.tree.set_translator(CommandTranslator(bot.tree, partial(only, GERMAN)))
    assert await sync_if_changed(bot.tree, house.root)
    return {command["name"]: command for command in house.server.commands[None]}


async def test_every_command_option_and_description_is_in_the_catalogues(house: House) -> None:
    gathered = gather()
    async with house.bot() as bot:
        everything = set(texts(bot))
    missing = {text for text in everything if text not in gathered}
    assert not missing, "names belong into translating.NAMES, descriptions into locale_str(…)"
    assert {name.message for name in NAMES} <= everything, "names of what is not there any more"


async def test_commands_and_options_are_called_what_the_language_says(house: House) -> None:
    async with house.bot() as bot:
        imagine = (await registered(house, bot))["imagine"]
    assert imagine["name_localizations"] == {"de": "vorstellen"}
    assert imagine["description_localizations"] == {"de": "Ein Bild aus Worten machen"}
    options = {option["name"]: option for option in imagine["options"]}
    assert options["prompt"]["name_localizations"] == {"de": "beschreibung"}
    assert options["seed"]["name_localizations"] == {"de": "samen"}
    assert "name_localizations" not in options["aspect"]


async def test_words_that_discord_would_not_take_leave_the_english_ones(house: House) -> None:
    async with house.bot() as bot:
        commands = await registered(house, bot)
    called = {name: command.get("name_localizations") or {} for name, command in commands.items()}
    assert called["quota"] == {}, "a space and a capital"
    assert called["gallery"] == called["favorites"] == {}, "two of the same name"
    assert called["where"] == {}, "the name of another command"
    assert "name_localizations" not in {option["name"]: option for option in commands["imagine"]["options"]}["style"]
    assert not commands["gallery"].get("description_localizations"), "too long"


async def test_commands_are_registered_again_when_their_words_change(house: House) -> None:
    async with house.bot() as bot:
        assert not await sync_if_changed(bot.tree, house.root)
        await registered(house, bot)
        assert not await sync_if_changed(bot.tree, house.root)


LOCALES = {"de": "de", "fr": "fr", "es-ES": "es", "es-419": "es", "pt-BR": "pt-BR", "ja": "ja"}


@pytest.mark.parametrize("code", sorted(set(LOCALES.values())))
async def test_a_language_is_spoken_in_all_the_locales_it_belongs_to(house: House, code: str) -> None:
    async with house.bot() as bot:
        language = made_up({"/imagine": "/bild"}, code)
        await bot.tree.set_translator(CommandTranslator(bot.tree, partial(only, language)))
        await sync_if_changed(bot.tree, house.root)
    (imagine,) = (each for each in house.server.commands[None] if each["name"] == "imagine")
    assert set(imagine["name_localizations"]) == {locale for locale, its in LOCALES.items() if its == code}


async def test_help_calls_commands_what_discord_calls_them(house: House) -> None:
    async with house.bot() as bot:
        names = {command_name(GERMAN, bot.tree, each) for each in bot.tree.get_commands()}
    assert {"vorstellen", "quota", "gallery", "favorites"} <= names


# ---------------------------------------------------------------------- answers


def german(house: House) -> None:
    """Let Ada have set her Discord to German, where a decimal comma shows whatever the catalogue holds."""
    house.ada.locale = "de"


def has_comma(message: Message) -> bool:
    return re.search(r"\b\d,\d", message.text) is not None


async def test_a_member_is_answered_in_their_language_and_others_in_theirs(house: House) -> None:
    german(house)
    async with house.bot():
        assert has_comma(await house.picture())
        theirs = (await shown(await house.imagine(user=house.bob))).original
        assert theirs is not None
        assert not has_comma(theirs)


@pytest.mark.parametrize("locale", ["de", "fr", "es-419", "pt-BR", "ja"])
async def test_members_read_what_translators_wrote(house: House, locale: str) -> None:
    member = house.server.member(house.guild, "reader", locale=locale)
    written = language_of(locale).say("Your Quota")
    assert written != "Your Quota"
    async with house.bot():
        asked = await house.server.command(member, "quota", channel=house.art)
        await said(asked, written)


async def test_a_result_after_a_restart_still_speaks_the_language_of_who_asked(house: House) -> None:
    german(house)
    provider, _gate = blocking_provider()
    async with house.bot(provider) as bot:
        asked = await house.imagine()
        await asked.until(lambda it: it.original and not it.original.loading)
        await house.crash(bot)
    house.server.kill_token(asked)
    async with house.bot():
        await house.server.until(lambda: [message for message in house.server.messages if message.files])
    (reply,) = (message for message in house.server.messages if message.files)
    assert has_comma(reply)


async def test_words_of_any_length_are_cut_to_what_discord_takes(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(members, "language_of", lambda _: long_winded())
    manager = house.server.member(house.guild, "mona", house.guild.role("managers", MANAGE_GUILD))
    async with house.bot(public_url="https://abby.example.org"):
        message = await house.picture()
        ids = {button["custom_id"].split(":")[1]: button["custom_id"] for button in message.buttons}
        for what in ("remix", "share"):
            form = await house.server.click(message, ids[what], house.ada)
            await form.until(lambda it: it.modal)
        for command in ("gallery", "help", "share", "privacy forget", "quota", "where"):
            await (await house.server.command(house.ada, command, channel=house.art)).until_done()
        panel = await house.server.command(manager, "abby settings", channel=house.art)
        await panel.until(lambda it: it.original and it.original.buttons)
        assert panel.original is not None
        form = await house.server.click(panel.original, "abby:set:mature_words", manager)
        await form.until(lambda it: it.modal)


# ---------------------------------------------------------------------- the presenter (pure)


def day_is_full() -> QuotaExceeded:
    return QuotaExceeded("", meter=IMAGES_PER_DAY, limit=5, used=5, requested=1, retry_after_seconds=3 * 3600)


def test_a_refusal_is_told_in_the_words_of_the_language() -> None:
    language = made_up({
        "Daily Generation Limit Reached": "Tageslimit erreicht",
        "You've reached your daily limit of {count} generations.": "Dein Tageslimit von {count} Bildern ist erreicht.",
        "Next Reset": "Wieder frei",
        "In {count} hours": "In {count} Stunden",
    })  # fmt: skip
    embed = presenter.error_embed(language, day_is_full())
    assert (embed.title, embed.description) == ("Tageslimit erreicht", "Dein Tageslimit von 5 Bildern ist erreicht.")
    assert [(field.name, field.value) for field in embed.fields] == [("Wieder frei", "In 3 Stunden")]


def test_errors_and_choices_of_the_core_are_told_in_the_words_of_the_language() -> None:
    language = made_up({
        "Not Possible": "Geht nicht",
        "You have no picture named {name!r}.": "Du hast kein Bild namens {name!r}.",
        "Empty your trash: {count} pictures, frees {size}.": "Leere deinen Papierkorb ({count} Bilder): {size}.",
        "{size:.1f} MB": "{size:.1f} MiB",
    })  # fmt: skip
    error = NotFound(sentence("You have no picture named {name!r}.", name="**cat**"))
    text = plural(
        "Empty your trash: {count} picture, frees {size}.",
        "Empty your trash: {count} pictures, frees {size}.",
        count=3,
        size=sentence("{size:.1f} MB", size=2.5),
    )
    error.choices = (Choice(kind="empty_trash", text=text),)
    embed = presenter.error_embed(language, error)
    assert embed.title == "Geht nicht"
    assert embed.description == "Du hast kein Bild namens '**cat**'.\n• Leere deinen Papierkorb (3 Bilder): 2,5 MiB."


def test_notes_and_progress_are_told_in_the_words_of_the_language() -> None:
    language = made_up({
        "Waiting, number {position}, about {time}": "Warten, Platz {position}, etwa {time}",
        "{minutes} min": "{minutes} Minuten",
        "A brace without its partner was taken as text.": "Eine Klammer blieb allein.",
    })  # fmt: skip
    line = presenter.progress_line(language, Progress(state="waiting", position=2, eta_seconds=180))
    assert line == "Warten, Platz 2, etwa 3 Minuten"
    notes = [sentence("A brace without its partner was taken as text.")]
    assert "-# Eine Klammer blieb allein." in str(presenter.waiting_embed(language, "a cat", line, notes).description)


def test_what_a_member_typed_is_never_translated() -> None:
    language = made_up({"Cancelled": "Abgebrochen"})
    assert "> Cancelled" in str(presenter.waiting_embed(language, "Cancelled", "…").description)
