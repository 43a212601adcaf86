"""Who gets in where: a matrix made of the interface's own description.

Every operation is asked without a token, with tokens that are wrong, expired or revoked, with every scope but the one
it needs, and about another account's things. An operation whose path names something that is not in these tables, or
that takes a body which is not, breaks the build: whoever adds one says here what it may be asked for.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from abby_adapters.web.description import operations, scopes_of
from abby_core.access.token import HOSTS_SCOPES, SCOPES
from abby_core.gallery.preset import of_member
from abby_core.generation.choices import Choices
from abby_core.quota.account import Account
from tests.services.databases import contents
from tests.support.providers import photograph
from tests.support.studio import ALICE, BOB, until_ended, wish
from tests.support.web import Web, serving

ALL_SCOPES = (*SCOPES, *HOSTS_SCOPES)
OPEN = {"GET /healthz", "GET /readyz", "GET /files/{link}"}
"""What needs no token. The last one's link is a key itself: see test_openai."""
NOBODYS = {"model": "abby", "account": "carol", "link": "abc"}
"""Parameters of paths that name nothing which is anybody's own."""
UNKNOWN = {
    "picture": "0" * 24, "album": "0" * 24, "share": "0" * 16, "preset": "nothing", "order_id": "nothing",
    "token": "0" * 16,
}  # fmt: skip
"""The others, each with what names none."""
MAKES_IT = {"PUT /api/presets/{preset}"}
"""What makes the thing that its path names: another account's of that name has nothing to do with it."""
BODIES: dict[str, Callable[[dict[str, str]], Any]] = {
    "POST /v1/images/generations": lambda _it: {"prompt": "a boat"},
    "POST /v1/images/edits": lambda _it: {"prompt": "a boat", "image": photograph()},
    "POST /api/orders": lambda it: {"kind": "upscale", "source": it["picture"]},
    "PATCH /api/pictures/{picture}": lambda _it: {"visibility": "public"},
    "POST /api/albums": lambda _it: {"name": "New"},
    "PATCH /api/albums/{album}": lambda _it: {"name": "Other"},
    "POST /api/albums/{album}/pictures": lambda it: {"pictures": [it["picture"]]},
    "POST /api/shares": lambda it: {"picture": it["picture"]},
    "PUT /api/presets/{preset}": lambda _it: {"style": "anime"},
    "PUT /api/preferences": lambda _it: {"style": "anime"},
    "PUT /api/admin/accounts/{account}/limits": lambda _it: {"meter": "images/day", "limit": 1000},
    "PUT /api/admin/limits": lambda _it: {"meter": "bytes", "limit": 10**9},
}
"""Good bodies; they get the things that they may name."""
NAMES_IN_BODY = {"POST /api/orders", "POST /api/albums/{album}/pictures", "POST /api/shares"}
"""Those of them that name a picture."""


@dataclass(frozen=True)
class Row:
    """One operation of the description; ``scopes`` None: it needs no token."""

    method: str
    path: str
    scopes: tuple[str, ...] | None

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.path}"

    @property
    def names(self) -> list[str]:
        return re.findall(r"{(\w+)}", self.path)

    def url(self, things: dict[str, str]) -> str:
        return self.path.format(**{**NOBODYS, **things})


async def asked(web: Web, row: Row, token: str, things: dict[str, str]) -> tuple[int, str]:
    """The answer to one good request."""
    make = BODIES.get(str(row))
    body = None if make is None else make(things)
    sent: dict[str, Any] = {"json": body}
    if isinstance(body, dict) and "image" in body:
        sent = {"data": aiohttp.FormData({"prompt": body["prompt"]})}
        sent["data"].add_field("image", body["image"], filename="fox.png")
    headers = {"authorization": f"Bearer {token}"} if token else {}
    async with (
        aiohttp.ClientSession(web.url, headers=headers) as http,
        http.request(row.method, row.url(things), **sent) as answer,
    ):
        return answer.status, await answer.text("utf-8", "replace")


async def things_of(web: Web, account: Account) -> dict[str, str]:
    """One of everything, by the name that paths have for it."""
    abby, name = web.abby, account.user_id
    picture = (await abby.studio.create(wish(f"of-{name}", account))).artifacts[0]
    await until_ended(abby, f"of-{name}", account)
    abby.presets.save(of_member(account), f"{name}s", Choices(style="anime"))
    album = abby.gallery.albums.create(account, f"{name}s")
    abby.gallery.albums.add(account, album.id, picture.id)
    return {
        "picture": picture.id,
        "album": album.id,
        "share": abby.shares.create(account, picture=picture.id)[0].id,
        "preset": f"{name}s",
        "order_id": f"of-{name}",
        "token": abby.tokens.create(account)[0].id,
    }


@dataclass
class Matrix:
    """Abby with two people who have one of everything, and what she describes."""

    web: Web
    rows: list[Row]
    alices: dict[str, str]
    bobs: dict[str, str]


@pytest.fixture
async def matrix(tmp_path: Path) -> AsyncGenerator[Matrix]:
    async with laid_out(tmp_path) as made:
        yield made


@asynccontextmanager
async def laid_out(root: Path) -> AsyncGenerator[Matrix]:
    async with serving(root) as web:
        async with aiohttp.ClientSession(web.url) as http, http.get("/api/openapi.json") as answer:
            document = await answer.json()
        rows = [
            Row(method, path, None if (scopes := scopes_of(operation)) is None else tuple(scopes))
            for path, method, operation in operations(document)
        ]
        alices, bobs = await things_of(web, ALICE), await things_of(web, BOB)
        await web.abby.studio._worker.close()  # nothing is written behind a test's back: the thumbnails are made
        yield Matrix(web, rows, alices, bobs)


def test_every_operation_and_every_name_has_its_place_in_these_tables(matrix: Matrix) -> None:
    assert {str(row) for row in matrix.rows if row.scopes is None} == OPEN
    assert {name for row in matrix.rows for name in row.names} == {*NOBODYS, *UNKNOWN}
    writing = {str(row) for row in matrix.rows if row.method in {"post", "put", "patch"}}
    bodiless = {"POST /v1/images/variations", "POST /api/trash/{picture}/undo", "PUT /api/pictures/{picture}/favourite",
                "POST /api/admin/accounts/{account}/reset"}  # fmt: skip
    assert writing - bodiless == BODIES.keys()


async def test_without_a_good_token_nothing_opens_and_nothing_changes(matrix: Matrix) -> None:
    web, tokens = matrix.web, matrix.web.abby.tokens
    revoked, text = tokens.create(ALICE, scopes=ALL_SCOPES, by_host=True)
    tokens.revoke(ALICE, revoked.id)
    expired = tokens.create(ALICE, scopes=ALL_SCOPES, by_host=True, expires_in_seconds=60)[1]
    web.clock.skip(61)
    before = contents(web.abby.database)
    let_in: list[str] = []
    for row in matrix.rows:
        for what, token in {"none": "", "wrong": "abby_" + "2" * 40, "revoked": text, "expired": expired}.items():
            status, _ = await asked(web, row, token, matrix.alices)
            if (status not in {401, 429}) == (row.scopes is not None):
                let_in.append(f"{row} with {what}: {status}")
    assert not let_in
    assert contents(web.abby.database) == before


async def test_a_token_opens_only_what_its_scopes_include(matrix: Matrix) -> None:
    web = matrix.web
    before = contents(web.abby.database)
    wrong: list[str] = []
    for row in matrix.rows:
        if row.scopes:
            others = [scope for scope in ALL_SCOPES if scope not in row.scopes]
            token = web.abby.tokens.create(ALICE, scopes=others, by_host=True)
            status, said = await asked(web, row, token[1], matrix.alices)
            named = all(f"`{scope}`" in said for scope in row.scopes)
            if status != 403 or "insufficient_scope" not in said or not named:
                wrong.append(f"{row} with {others}: {status} {said[:200]}")
            web.abby.database.write(_forget, token[0].id)
    assert not wrong
    assert contents(web.abby.database) == before


async def test_with_its_scope_alone_it_opens(matrix: Matrix) -> None:
    web = matrix.web
    refused: list[str] = []
    for row in matrix.rows:
        if row.scopes:
            token = web.abby.tokens.create(BOB, scopes=row.scopes, by_host=True)[1]
            status, said = await asked(web, row, token, matrix.bobs)
            if status in {401, 403}:
                refused.append(f"{row}: {status} {said[:200]}")
    assert not refused


async def test_anothers_thing_answers_like_one_that_does_not_exist_and_stays_as_it_is(matrix: Matrix) -> None:
    web, alices, bobs = matrix.web, matrix.alices, matrix.bobs
    token = web.token(ALICE, scopes=ALL_SCOPES, by_host=True)
    wrong: list[str] = []
    bobs_rows = _rows_of(web, BOB)
    for row in matrix.rows:
        named = [name for name in row.names if name in UNKNOWN]
        for name in [*named, *(["picture"] if str(row) in NAMES_IN_BODY else [])]:
            if str(row) in MAKES_IT:
                continue
            theirs = await asked(web, row, token, {**alices, name: bobs[name]})
            nothing = await asked(web, row, token, {**alices, name: UNKNOWN[name]})
            if theirs[0] != 404 or _masked(theirs, bobs[name]) != _masked(nothing, UNKNOWN[name]):
                wrong.append(f"{row}, {name}: {theirs} but {nothing}")
    assert not wrong
    assert _rows_of(web, BOB) == bobs_rows


def _masked(answer: tuple[int, str], name: str) -> tuple[int, str]:
    return answer[0], answer[1].replace(name, "…")


def _rows_of(web: Web, account: Account) -> dict[str, list[Any]]:
    """Every row that has to do with the account."""
    return {
        table: [row for row in rows if account.user_id in repr(row)]
        for table, rows in contents(web.abby.database).items()
    }


def _forget(tx: Any, token_id: str) -> None:
    tx.execute("DELETE FROM api_tokens WHERE id = :id", id=token_id)
