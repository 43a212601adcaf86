"""Another's thing is not there: every page and form that names a thing, asked by a stranger and by nobody at all."""

from __future__ import annotations

import asyncio
from pathlib import Path

from fastapi.routing import APIRoute

from abby_adapters.web.pages import looking
from abby_adapters.web.pages.shell import Shell
from abby_core.generation.choices import Choices
from tests.services.databases import contents
from tests.support.providers import PATIENCE_SECONDS
from tests.support.studio import ALICE, BOB, open_abby, wish
from tests.support.web import Answer, Browser, Web, serving

NAMING = [
    ("GET", "/gallery?album={album}", {}),
    ("GET", "/pictures/{picture}", {}),
    ("GET", "/pictures/{picture}/file", {}),
    ("GET", "/pictures/{picture}/thumbnail", {}),
    ("GET", "/pictures/{trashed}/thumbnail", {}),
    ("POST", "/pictures/{picture}/favourite", {"on": "1"}),
    ("POST", "/pictures/{picture}/description", {"alt_text": "mine now"}),
    ("POST", "/pictures/{picture}/name", {"name": "mine"}),
    ("POST", "/pictures/{picture}/restore", {}),
    ("POST", "/pictures/{picture}/uncompress", {}),
    ("POST", "/pictures/{picture}/visibility", {"seen_by": "public"}),
    ("POST", "/pictures/{picture}/delete", {}),
    ("POST", "/pictures/{picture}/albums", {"album": "{bobs_album}"}),
    ("POST", "/pictures/{bobs}/albums", {"album": "{album}"}),
    ("POST", "/gallery/selected", {"picture": "{picture}", "do": "download"}),
    ("POST", "/gallery/selected", {"picture": "{picture}", "do": "delete"}),
    ("POST", "/gallery/selected", {"picture": "{picture}", "do": "favourite"}),
    ("POST", "/gallery/selected", {"picture": "{picture}", "do": "unfavourite"}),
    ("POST", "/gallery/selected", {"picture": "{picture}", "do": "collect", "album_name": "Mine"}),
    ("POST", "/gallery/selected", {"picture": "{bobs}", "do": "collect", "album": "{album}"}),
    ("POST", "/gallery/selected", {"picture": "{picture}", "do": "uncollect", "from_album": "{album}"}),
    ("POST", "/trash/selected", {"picture": "{trashed}", "do": "restore"}),
    ("POST", "/trash/selected", {"picture": "{trashed}", "do": "remove"}),
    ("POST", "/trash/selected", {"picture": "{picture}", "do": "remove"}),
    ("POST", "/albums/{album}/rename", {"name": "Mine"}),
    ("POST", "/albums/{album}/delete", {}),
    ("GET", "/albums/{album}/download", {}),
    ("GET", "/shares/new?picture={picture}", {}),
    ("GET", "/shares/new?album={album}", {}),
    ("POST", "/shares", {"picture": "{picture}"}),
    ("POST", "/shares", {"album": "{album}"}),
    ("POST", "/shares/{share}/revoke", {}),
    ("GET", "/presets?edit={preset}", {}),
    ("POST", "/presets/delete", {"name": "{preset}"}),
    ("POST", "/tokens/{token}/revoke", {}),
]
"""Every way to name a thing. ``{bobs}`` and ``{bobs_album}`` are the stranger's own."""
NOTHING_NAMED = {
    "/gallery", "/gallery/undo", "/albums", "/trash", "/trash/empty", "/shares", "/quota", "/quota/room", "/presets",
    "/tokens", "/privacy", "/privacy/export", "/privacy/forget",
}  # fmt: skip
"""Paths that are about whoever is signed in alone."""
OF_THE_HOST = "/admin"
FOR_EVERYBODY = "/s/{token}"
NAMES = dict.fromkeys(("picture", "trashed", "album"), "0" * 24) | {
    "share": "0" * 16, "token": "0" * 16, "preset": "zzz-none",
}  # fmt: skip
"""What names none."""


def routes(web_abby_root: Path) -> list[tuple[str, str]]:
    with_abby = open_abby(web_abby_root)
    try:
        routers = looking.routes(with_abby, Shell(with_abby))
        return [
            (method, route.path)
            for router in routers
            for route in router.routes
            if isinstance(route, APIRoute)
            for method in sorted(route.methods or ())
        ]
    finally:
        with_abby.close()


def test_every_path_is_in_a_table(tmp_path: Path) -> None:
    named = {(method, _pattern(path)) for method, path, _ in NAMING}
    unknown = [
        (method, path)
        for method, path in routes(tmp_path)
        if path not in NOTHING_NAMED
        and not path.startswith((OF_THE_HOST, FOR_EVERYBODY))
        and (method, path.replace("{album_id}", "{album}").replace("{share_id}", "{share}").replace(
            "{token_id}", "{token}")) not in named
    ]  # fmt: skip
    assert unknown == [], "say in NAMING what it names, or that it names nothing"


def _pattern(path: str) -> str:
    path = path.partition("?")[0]
    return path.replace("{trashed}", "{picture}").replace("{bobs}", "{picture}")


async def furnished(web: Web) -> tuple[dict[str, str], dict[str, str]]:
    """Alice's things and Bob's, by kind."""
    abby = web.abby
    made = await abby.studio.create(wish("hers", ALICE, "hers at sea", pictures=2))
    kept, trashed = made.artifacts
    his = (await abby.studio.create(wish("his", BOB, "his garden"))).artifacts[0]
    await until_thumbnails(web)
    abby.gallery.delete(ALICE, trashed.id)
    album = abby.gallery.albums.create(ALICE, "Hers")
    abby.gallery.albums.add(ALICE, album.id, kept.id)
    bobs_album = abby.gallery.albums.create(BOB, "His")
    share, _ = abby.shares.create(ALICE, picture=kept.id)
    token, _ = abby.tokens.create(ALICE, name="hers")
    abby.presets.save(ALICE.key, "her-preset", Choices(style="anime"))
    hers = {"picture": kept.id, "trashed": trashed.id, "album": album.id, "share": share.id, "token": token.id,
            "preset": "her-preset"}  # fmt: skip
    return hers, {"bobs": his.id, "bobs_album": bobs_album.id}


async def until_thumbnails(web: Web) -> None:
    """Wait until nothing is changed any more by itself."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        due = "SELECT id FROM artifacts WHERE thumbnail_key = '' AND thumbnail_bytes > 0"
        while web.abby.database.read(lambda tx: tx.rows(due)):  # noqa: ASYNC110 - nobody tells when they are made
            await asyncio.sleep(0.02)


def filled(text: str, names: dict[str, str]) -> str:
    for kind, name in names.items():
        text = text.replace(f"{{{kind}}}", name)
    return text


async def ask(browser: Browser, case: tuple[str, str, dict[str, str]], names: dict[str, str]) -> Answer:
    method, path, fields = case
    form = {name: filled(value, names) for name, value in fields.items()}
    return await browser.request(method, filled(path, names), data=form or None)


async def test_anothers_thing_answers_like_one_that_is_not_there(web: Web) -> None:
    hers, bobs = await furnished(web)
    before = contents(web.abby.database)
    async with web.browser(BOB) as browser:
        for case in NAMING:
            about_hers = await ask(browser, case, hers | bobs)
            about_nothing = await ask(browser, case, NAMES | bobs)
            told = str(case)
            assert about_hers.status in {400, 404}, told
            assert about_hers.status == about_nothing.status, told
            assert _without(about_hers.text, hers) == _without(about_nothing.text, NAMES), told
            assert _told(contents(web.abby.database)) == _told(before), told


async def test_whoever_is_not_signed_in_is_asked_to(web: Web) -> None:
    async with web.browser(None) as browser:
        for method, path, fields in NAMING:
            answer = await browser.request(method, filled(path, NAMES), data=fields or None)
            assert answer.status == 303, path
            assert answer.location.startswith("/sign-in"), path


async def test_all_other_pages_are_for_those_who_are_signed_in(tmp_path: Path) -> None:
    paths = [(method, path) for method, path in routes(tmp_path / "looked") if not path.startswith(FOR_EVERYBODY)]
    async with serving(tmp_path / "served") as web, web.browser(None) as browser:
        answers = [(method, path, await browser.request(method, path.replace("{", "").replace("}", "")))
                   for method, path in paths]  # fmt: skip
    assert [(method, path) for method, path, answer in answers if answer.status != 303] == []


async def test_the_house_is_not_there_for_members(tmp_path: Path) -> None:
    paths = [(method, path) for method, path in routes(tmp_path / "looked") if path.startswith(OF_THE_HOST)]
    assert len(paths) > 10
    async with serving(tmp_path / "served") as web, web.browser(BOB) as browser:
        nothing = await browser.get("/no-such-page")
        answers = [(path, await browser.request(method, path, data={"account": BOB.key} if method == "POST" else None))
                   for method, path in paths]  # fmt: skip
        assert web.abby.quota.status(BOB).images.used == 0
    assert {answer.status for _, answer in answers} == {404}
    for path, answer in answers:
        assert answer.text.replace(path, "/no-such-page").replace('value="/"', "") == nothing.text.replace(
            'value="/"', ""
        ), path


def _without(text: str, names: dict[str, str]) -> str:
    for name in names.values():
        text = text.replace(name, "…")
    return text


def _told(rows: object) -> object:
    """Rows without what looking itself notes: when a session was last used."""
    assert isinstance(rows, dict)
    return {table: each for table, each in rows.items() if table != "sessions"}
