"""Each check of the loopback's Discord bites: what Discord would refuse is refused, and found."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from tests.services.discord_interactions import Interaction
from tests.services.discord_people import People
from tests.services.discord_server import DiscordServer, discord_server
from tests.services.discord_world import MB, Channel, Json

Send = Callable[..., Awaitable[tuple[int, Any]]]

ROW, BUTTON, SELECT, INPUT = 1, 2, 3, 4
V2 = 1 << 15


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[DiscordServer]:
    async def at_once(_: object) -> None:
        """No bot listens in these tests: they send what a bot would."""

    monkeypatch.setattr(DiscordServer, "connected", at_once)
    async with discord_server() as server:
        yield server


@pytest.fixture
def art(server: DiscordServer) -> Channel:
    return server.guild().channel("art")


@pytest.fixture
async def send(server: DiscordServer) -> AsyncGenerator[Send]:
    """Sends a request: ``await send("POST", path, body, *files)``. The answer's status and body."""
    headers = {"Authorization": f"Bot {server.token}"}
    async with aiohttp.ClientSession(headers=headers) as session:

        async def send(method: str, path: str, body: Any = None, *files: bytes) -> tuple[int, Any]:
            data: Any = None if body is None else json.dumps(body)
            if files:
                data = aiohttp.FormData(quote_fields=False)
                data.add_field("payload_json", json.dumps(body))
                for number, file in enumerate(files):
                    data.add_field(f"files[{number}]", io.BytesIO(file), filename=f"{number}.png")
            json_type = {"Content-Type": "application/json"} if isinstance(data, str) else {}
            async with session.request(method, f"{server.url}/api/v10{path}", data=data, headers=json_type) as answer:
                return answer.status, json.loads(await answer.text() or "null")

        yield send


def button(**more: Any) -> Json:
    return {"type": BUTTON, "style": 1, "label": "Again", "custom_id": "again"} | more


def row(*parts: Json) -> Json:
    return {"type": ROW, "components": list(parts)}


def select(count: int, **more: Any) -> Json:
    options = [{"label": str(number), "value": str(number)} for number in range(count)]
    return {"type": SELECT, "custom_id": "size", "options": options} | more


def embed(**more: Any) -> Json:
    return {"embeds": [more]}


def text(content: str) -> Json:
    return {"type": 10, "content": content}


def box(*parts: Json) -> Json:
    return {"type": 17, "components": list(parts)}


def gallery(media: Json, *, count: int = 1, **more: Any) -> Json:
    return {"type": 12, "items": [{"media": media, **more}] * count}


def new(*components: Json) -> Json:
    """A message of components of version 2."""
    return {"components": list(components), "flags": V2}


REFUSED_MESSAGES: dict[str, tuple[Json, str]] = {
    "too much content": ({"content": "x" * 2001}, "content: Must be between 0 and 2000"),
    "nothing": ({}, "empty message"),
    "a field nobody knows": ({"content": "x", "colour": 1}, "colour: the document has no such field"),
    "a wrong type": ({"content": ["x"]}, "content: Has to be of type"),
    "a nonce too long": ({"content": "x", "nonce": "n" * 26}, "nonce: Must be between 0 and 25"),
    "a long title": (embed(title="x" * 257), "embeds.0.title: Must be between"),
    "a long description": (embed(description="x" * 4097), "embeds.0.description: Must be between"),
    "many fields": (embed(fields=[{"name": "n", "value": "v"}] * 26), "embeds.0.fields: Must be between"),
    "an empty field": (embed(fields=[{"name": "n", "value": " "}]), "embeds.0.fields.0.value: This field is required"),
    "embeds too long in all": (
        {"embeds": [{"description": "x" * 3001}, {"description": "x" * 3000}]},
        "Embed size exceeds maximum size of 6000",
    ),
    "eleven embeds": ({"embeds": [{"title": "x"}] * 11}, "embeds: Must be between"),
    "an empty embed": (embed(color=1), "embeds.0: the embed is empty"),
    "an address that is none": (embed(title="x", image={"url": "C:/fox.png"}), "embeds.0.image: Scheme must be"),
    "a file that did not come": (embed(image={"url": "attachment://fox.png"}), "'fox.png' was not found"),
    "six rows": (
        {"components": [row(button(custom_id=str(number))) for number in range(6)]},
        "components: Must be between 1 and 5",
    ),
    "six buttons in a row": (
        {"components": [row(*(button(custom_id=str(number)) for number in range(6)))]},
        "components.0.components: Must be between 1 and 5",
    ),
    "a long custom_id": (
        {"components": [row(button(custom_id="x" * 101))]},
        "components.0.components.0.custom_id: Must be between 1 and 100",
    ),
    "a long label": (
        {"components": [row(button(label="x" * 81))]},
        "components.0.components.0.label: Must be between 0 and 80",
    ),
    "a button without words": ({"components": [row(button(label=None))]}, "needs a label or an emoji"),
    "a button without id": ({"components": [row(button(custom_id=None))]}, "A custom id is required"),
    "a link with an id": ({"components": [row(button(style=5))]}, "A url is for link buttons"),
    "the same id twice": ({"components": [row(button(), button())]}, "cannot be duplicated: again"),
    "26 options": ({"components": [row(select(26))]}, "components.0.components.0.options: Must be between 1 and 25"),
    "a select beside a button": ({"components": [row(select(2), button())]}, "A select fills its whole row"),
    "more to choose than there is": ({"components": [row(select(2, max_values=3))]}, "Fewer options"),
    "new components without the flag": ({"components": [text("x")]}, "components.0.type: Value of field"),
    "content beside new components": (
        {"content": "x", "components": [text("x")], "flags": V2},
        "The 'content' field cannot be used",
    ),
    "41 new components": (
        new(box(*[text("x")] * 20), box(*[text("x")] * 19)),
        "No more than 40 components",
    ),
    "too much text in new components": (
        new(text("x" * 2001), text("x" * 2000)),
        "exceeds maximum size of 4000",
    ),
    "eleven pictures in a gallery": (
        new(gallery({"url": "https://a.example/x"}, count=11)),
        "components.0.items: Must be between 1 and 10",
    ),
    "long words for who cannot see": (
        new(gallery({"url": "https://a.example/x"}, description="x" * 1025)),
        "components.0.items.0.description: Must be between",
    ),
    "words for a file that did not come": (
        {"content": "x", "attachments": [{"id": 0}]},
        "names a file that did not come",
    ),
}


@pytest.mark.parametrize("name", REFUSED_MESSAGES)
async def test_a_message_that_breaks_a_rule_is_found(
    server: DiscordServer, art: Channel, send: Send, name: str
) -> None:
    body, finding = REFUSED_MESSAGES[name]
    status, answer = await send("POST", f"/channels/{art.id}/messages", body)
    found = server.take_findings()
    assert any(finding in one for one in found), found
    if "no such field" in finding:
        assert (status, len(art.messages)) == (200, 1)  # Discord ignores what it does not know
    else:
        assert (status, art.messages) == (400, [])
        assert answer["code"] in {50035, 50006}


async def test_a_refusal_tells_where_the_mistake_is(server: DiscordServer, art: Channel, send: Send) -> None:
    _, answer = await send("POST", f"/channels/{art.id}/messages", embed(title="x" * 257))
    (problem,) = answer["errors"]["embeds"]["0"]["title"]["_errors"]
    assert problem == {"code": "BASE_TYPE_BAD_LENGTH", "message": "Must be between 0 and 256 in length."}
    assert len(server.take_findings()) == 1


async def test_a_file_may_be_10_mib_and_no_byte_more(server: DiscordServer, art: Channel, send: Send) -> None:
    assert (await send("POST", f"/channels/{art.id}/messages", {}, bytes(10 * MB)))[0] == 200
    status, answer = await send("POST", f"/channels/{art.id}/messages", {}, bytes(10 * MB + 1))
    assert (status, answer["code"]) == (413, 40005)
    assert len(server.take_findings()) == 1


async def test_a_boosted_guild_takes_larger_files(server: DiscordServer, send: Send) -> None:
    channel = server.guild("Boosted", premium_tier=2).channel()
    assert (await send("POST", f"/channels/{channel.id}/messages", {}, bytes(10 * MB + 1)))[0] == 200


async def test_all_files_together_are_limited_too(server: DiscordServer, art: Channel, send: Send) -> None:
    status, answer = await send("POST", f"/channels/{art.id}/messages", {}, *[bytes(9 * MB)] * 3)
    assert (status, answer["code"]) == (413, 40005)
    assert len(server.take_findings()) == 1


async def test_words_for_a_file_are_limited(server: DiscordServer, art: Channel, send: Send) -> None:
    body = {"attachments": [{"id": 0, "description": "x" * 1025}]}
    assert (await send("POST", f"/channels/{art.id}/messages", body, b"x"))[0] == 400
    assert "attachments.0.description" in server.take_findings()[0]


async def test_an_unknown_address_or_parameter_is_found(server: DiscordServer, art: Channel, send: Send) -> None:
    assert (await send("POST", f"/channels/{art.id}/pictures", {}))[0] == 404
    assert (await send("GET", f"/channels/{art.id}?with=love"))[0] == 200
    assert len(server.take_findings()) == 2


async def test_a_wrong_token_is_refused(server: DiscordServer, send: Send) -> None:
    server.token = "another"
    assert (await send("GET", "/users/@me"))[0] == 401


async def test_new_components_stay_new(server: DiscordServer, art: Channel, send: Send) -> None:
    _, posted = await send("POST", f"/channels/{art.id}/messages", {"components": [text("x")], "flags": V2})
    path = f"/channels/{art.id}/messages/{posted['id']}"
    assert (await send("PATCH", path, {"content": "x"}))[0] == 400
    assert (await send("PATCH", path, {"flags": 0}))[0] == 400
    assert (await send("PATCH", path, {"components": []}))[0] == 400
    assert (await send("PATCH", path, {"components": [text("y")]}))[0] == 200
    assert len(server.take_findings()) == 3


async def test_a_plain_message_becomes_new_only_without_its_content(
    server: DiscordServer, art: Channel, send: Send
) -> None:
    _, posted = await send("POST", f"/channels/{art.id}/messages", {"content": "x"})
    path = f"/channels/{art.id}/messages/{posted['id']}"
    assert (await send("PATCH", path, {"components": [text("y")]}))[0] == 400
    assert (await send("PATCH", path, new(text("y"))))[0] == 400
    assert (await send("PATCH", path, {"content": None}))[0] == 400
    assert (await send("PATCH", path, {"content": None, **new(text("y"))}))[0] == 200
    assert len(server.take_findings()) == 3


async def test_an_edit_shows_files_that_are_there_or_come(server: DiscordServer, art: Channel, send: Send) -> None:
    _, posted = await send("POST", f"/channels/{art.id}/messages", {}, b"x")
    path = f"/channels/{art.id}/messages/{posted['id']}"
    shown = embed(image={"url": "attachment://0.png"})
    assert (await send("PATCH", path, shown))[0] == 200
    assert art.messages[0].attachments == []
    assert (await send("PATCH", path, shown | {"attachments": []}))[0] == 400
    assert (await send("PATCH", path, shown | {"attachments": [{"id": 0}]}, b"y"))[0] == 200
    assert [file.data for file in art.messages[0].files] == [b"y"]
    assert len(server.take_findings()) == 1


# Commands


def command(**more: Any) -> Json:
    return {"name": "imagine", "type": 1, "description": "Makes a picture."} | more


def option(name: str = "prompt", **more: Any) -> Json:
    return {"type": 3, "name": name, "description": "What to draw"} | more


def choices(count: int, words: str = "") -> list[Json]:
    return [{"name": f"{words}{number}", "value": str(number)} for number in range(count)]


REFUSED_COMMANDS: dict[str, tuple[list[Json], str]] = {
    "a capital": ([command(name="Imagine")], "0.name: Command name is invalid"),
    "a space": ([command(name="make art")], "0.name: Command name is invalid"),
    "a long name": ([command(name="x" * 33)], "0.name: Must be between 1 and 32"),
    "no description": ([command(description="")], "0.description: This field is required"),
    "a long description": ([command(description="x" * 101)], "0.description: Must be between 0 and 100"),
    "the same name twice": ([command(), command()], "names must be unique"),
    "26 options": ([command(options=[option(f"o{n}") for n in range(26)])], "0.options: Must be between 0 and 25"),
    "26 choices": ([command(options=[option(choices=choices(26))])], "0.options.0.choices: Must be between 0 and 25"),
    "the same choice twice": ([command(options=[option(choices=choices(1) * 2)])], "Choices differ in their name"),
    "choices and autocomplete": (
        [command(options=[option(choices=choices(2), autocomplete=True)])],
        "choices or autocomplete",
    ),
    "a required option after another": (
        [command(options=[option("a"), option("b", required=True)])],
        "Required options must be placed before",
    ),
    "an option twice": ([command(options=[option(), option()])], "Option names must be unique"),
    "an unknown language": ([command(description_localizations={"de-DE": "Malt"})], "Discord has no such locale"),
    "a translated name with a space": ([command(name_localizations={"de": "mal was"})], "0.name_localizations.de"),
    "a menu with a description": ([command(type=3, name="Remix this")], "Context menu commands have no description"),
    "101 commands": ([command(name=f"c{number}") for number in range(101)], "Maximum number of application commands"),
    "too much text": (
        [command(options=[option(f"o{number}", choices=choices(25, "x" * 90)) for number in range(4)])],
        "exceeds maximum size (8000)",
    ),
    "a group inside a sub-command": (
        [command(options=[{"type": 1, "name": "a", "description": "a", "options": [option(type=1)]}])],
        "0.options.0.options.0",
    ),
    "limits the wrong way round": ([command(options=[option(min_length=9, max_length=3)])], "min_length is above"),
    "an unknown type": ([command(options=[option(type=99)])], "0.options.0"),
}


@pytest.mark.parametrize("name", REFUSED_COMMANDS)
async def test_a_command_that_breaks_a_rule_is_found(server: DiscordServer, send: Send, name: str) -> None:
    body, finding = REFUSED_COMMANDS[name]
    status, _ = await send("PUT", f"/applications/{server.application_id}/commands", body)
    found = server.take_findings()
    assert status == 400
    assert any(finding in one for one in found), found
    assert server.commands == {}


async def test_a_command_that_keeps_its_name_keeps_its_id(server: DiscordServer, send: Send) -> None:
    path = f"/applications/{server.application_id}/commands"
    _, before = await send("PUT", path, [command()])
    _, after = await send("PUT", path, [command(description="Draws."), command(name="help")])
    assert [one["id"] for one in after][:1] == [one["id"] for one in before]


# Interactions


@pytest.fixture
async def asked(server: DiscordServer, art: Channel, send: Send) -> Interaction:
    await send("PUT", f"/applications/{server.application_id}/commands", [command()])
    assert art.guild is not None
    return await server.command(server.member(art.guild, "ada"), "imagine", channel=art)


def callback_of(asked: Interaction) -> str:
    return f"/interactions/{asked.id}/{asked.token}/callback"


def webhook_of(asked: Interaction, people: People) -> str:
    return f"/webhooks/{people.application_id}/{asked.token}"


REFUSED_CALLBACKS: dict[str, tuple[Json, str]] = {
    "an unknown type": ({"type": 3}, "type"),
    "a long answer": ({"type": 4, "data": {"content": "x" * 2001}}, "data.content: Must be between 0 and 2000"),
    "an empty answer": ({"type": 4, "data": {}}, "empty message"),
    "a changed message where none was clicked": ({"type": 7, "data": {"content": "x"}}, "type 7 does not answer"),
    "choices for a command": ({"type": 8, "data": {"choices": []}}, "type 8 does not answer"),
    "26 choices": ({"type": 8, "data": {"choices": choices(26)}}, "data.choices: Must be between 0 and 25"),
    "a form with a long title": (
        {"type": 9, "data": {"custom_id": "f", "title": "x" * 46, "components": [text("x")]}},
        "data.title: Must be between 1 and 45",
    ),
    "a form with six parts": (
        {"type": 9, "data": {"custom_id": "f", "title": "x", "components": [text("x")] * 6}},
        "data.components: Must be between 1 and 5",
    ),
    "a field filled beyond its limit": (
        {
            "type": 9,
            "data": {
                "custom_id": "f",
                "title": "x",
                "components": [
                    row({"type": INPUT, "custom_id": "p", "style": 1, "label": "P", "value": "xx", "max_length": 1})
                ],
            },
        },
        "data.components.p.value: Must be between 0 and 1",
    ),
}


@pytest.mark.parametrize("name", REFUSED_CALLBACKS)
async def test_an_answer_that_breaks_a_rule_is_found(
    server: DiscordServer, asked: Interaction, send: Send, name: str
) -> None:
    body, finding = REFUSED_CALLBACKS[name]
    status, _ = await send("POST", callback_of(asked), body)
    found = server.take_findings()
    assert status == 400
    assert any(finding in one for one in found), found
    assert not asked.answered


async def test_the_first_answer_can_be_given_once_and_in_time(
    server: DiscordServer, asked: Interaction, send: Send
) -> None:
    assert (await send("POST", callback_of(asked), {"type": 5}))[0] == 204
    status, answer = await send("POST", callback_of(asked), {"type": 5})
    assert (status, answer["code"]) == (400, 40060)
    late = await server.command(asked.user, "imagine", channel=asked.channel)
    server.expire(late)
    status, answer = await send("POST", callback_of(late), {"type": 5})
    assert (status, answer["code"]) == (404, 10062)


async def test_a_killed_token_answers_50027(server: DiscordServer, asked: Interaction, send: Send) -> None:
    await send("POST", callback_of(asked), {"type": 5})
    server.kill_token(asked)
    for method, path in (("POST", ""), ("PATCH", "/messages/@original"), ("DELETE", "/messages/@original")):
        body = None if method == "DELETE" else {"content": "x"}
        status, answer = await send(method, webhook_of(asked, server) + path, body)
        assert (status, answer["code"]) == (401, 50027)


async def test_a_token_is_no_use_before_the_first_answer(server: DiscordServer, asked: Interaction, send: Send) -> None:
    status, answer = await send("POST", webhook_of(asked, server), {"content": "x"})
    assert (status, answer["code"]) == (404, 10015)


async def test_the_first_follow_up_cannot_change_who_sees_it(
    server: DiscordServer, asked: Interaction, send: Send
) -> None:
    await send("POST", callback_of(asked), {"type": 5})
    await send("POST", webhook_of(asked, server), {"content": "secret", "flags": 64})
    await send("POST", webhook_of(asked, server), {"content": "second", "flags": 64})
    assert asked.original is not None
    assert (asked.original.content, asked.original.ephemeral) == ("secret", False)
    assert [(one.content, one.ephemeral) for one in asked.followups] == [("second", True)]
    assert [one.content for one in asked.channel.public_messages] == ["secret"]


async def test_an_app_of_one_person_has_five_follow_ups(server: DiscordServer, send: Send) -> None:
    guild = server.guild("Elsewhere", with_bot=False)
    body = command(integration_types=[1], contexts=[0, 1, 2])
    await send("PUT", f"/applications/{server.application_id}/commands", [body])
    asked = await server.command(server.member(guild, "ada"), "imagine", channel=guild.channel(), by_user_install=True)
    await send("POST", callback_of(asked), {"type": 4, "data": {"content": "here"}})
    answers = [await send("POST", webhook_of(asked, server), {"content": "more"}) for _ in range(6)]
    assert [status for status, _ in answers] == [200] * 5 + [400]
    assert (await send("POST", f"/channels/{asked.channel.id}/messages", {"content": "x"}))[1]["code"] == 50001
