"""Pages of pictures: everything once, newest first, whatever the filter, and never more looked at than is bounded."""

from __future__ import annotations

import random
from collections.abc import Generator
from dataclasses import replace
from typing import Any

import pytest

from abby_core.database.transaction import Transaction
from abby_core.errors import InvalidRequest, NotFound
from abby_core.gallery import cursor, history
from abby_core.gallery.history import LOOKED_AT_MAX, Filter
from abby_core.storage.artifact import Artifact
from tests.services.databases import Place
from tests.support.house import ALICE, BOB, House


@pytest.fixture
def house(place: Place) -> Generator[House]:
    house = House(place)
    yield house
    house.close()


def by_age(artifacts: list[Artifact]) -> list[Artifact]:
    return sorted(artifacts, key=lambda each: (each.created_at_ms, each.id), reverse=True)


def ids(artifacts: list[Artifact]) -> list[str]:
    return [each.id for each in artifacts]


MIXTURE: dict[str, list[Any]] = {
    "kind": ["text_to_image", "upscale"],
    "style": ["anime", "enhance", ""],
    "provider": ["painter", "stability"],
    "favourite": [True, False, False],
    "prompt": [
        "A Rabbit",
        "ein HÄSCHEN",
        "100% cute",
        "100 cute",
        "a_b",
        "axb",
        "Кот!",
        "кот?",
        "",
        "c:\\cats",
        "straße",
    ],
    "visibility": ["private", "server", "public"],
    "state": ["kept", "kept", "archived", "trashed", "removing"],
    "temporary": [False, False, False, True],
}
WANTED: dict[str, tuple[Filter, Any]] = {
    "everything": (Filter(), lambda _each: True),
    "kind": (Filter(kind="upscale"), lambda each: each.kind == "upscale"),
    "style": (Filter(style="anime"), lambda each: each.style == "anime"),
    "provider": (Filter(provider="stability"), lambda each: each.provider == "stability"),
    "favourites": (Filter(favourite=True), lambda each: each.favourite),
    "no favourites": (Filter(favourite=False), lambda each: not each.favourite),
    "public": (Filter(visibility="public"), lambda each: each.visibility == "public"),
    "text": (Filter(text="rAbBiT"), lambda each: "rabbit" in each.prompt.lower()),
    "text with umlauts": (Filter(text="häschen"), lambda each: "HÄSCHEN" in each.prompt),
    "text in Cyrillic": (Filter(text="КОТ"), lambda each: each.prompt.lower().startswith("кот")),
    "text with a percent sign": (Filter(text="100%"), lambda each: "100%" in each.prompt),
    "text with an underscore": (Filter(text="a_b"), lambda each: each.prompt == "a_b"),
    "text with the escape": (Filter(text="!"), lambda each: "!" in each.prompt),
    "text with a backslash": (Filter(text=":\\c"), lambda each: "\\" in each.prompt),
    "all at once": (
        Filter(kind="upscale", style="anime", provider="painter", favourite=True, text="A", visibility="private"),
        lambda each: (each.kind, each.style, each.provider, each.favourite, each.visibility)
        == ("upscale", "anime", "painter", True, "private") and "a" in each.prompt.lower(),
    ),
    "nothing": (Filter(style="no such style"), lambda _each: False),
    "hostile": (Filter(text="\0'; DROP TABLE artifacts --\ud800", kind="\0"), lambda _each: False),
}  # fmt: skip


@pytest.fixture
def mixture(house: House) -> list[Artifact]:
    """Rows of all sorts, and some of Bob's between them. Returns Alice's that a gallery may show."""
    chance = random.Random(7)
    made = [
        replace(each, **{name: chance.choice(values) for name, values in MIXTURE.items()}, account=owner.key)
        for each, owner in zip(_rows(600), chance.choices([ALICE, ALICE, BOB], k=600), strict=True)
    ]
    house.enter(made)
    return by_age(
        [
            each
            for each in made
            if each.account == ALICE.key and each.state in {"kept", "archived"} and not each.temporary
        ]
    )


def _rows(count: int) -> list[Artifact]:
    return [
        Artifact(
            id=f"{number:024x}", account="", name=f"{number}.png", blob_key=f"{number}", kind="",
            created_at_ms=10**12 + number // 3,
        )
        for number in range(1, count + 1)
    ]  # fmt: skip


@pytest.mark.parametrize("limit", [1, 7, 200])
def test_pages_show_every_picture_once_the_newest_first(house: House, mixture: list[Artifact], limit: int) -> None:
    mixture = mixture[:40] if limit == 1 else mixture
    before = None
    for count in range(0, len(mixture), limit):
        page = house.gallery.page(ALICE, limit=limit, before=before)
        assert ids(list(page.artifacts)) == ids(mixture[count : count + limit])
        before = page.next
    assert limit == 1 or before is None


def test_every_filter_finds_what_it_says_and_nothing_else(house: House, mixture: list[Artifact]) -> None:
    for name, (wanted, fits) in WANTED.items():
        expected = [each.id for each in mixture if fits(each)]
        assert expected or name in {"nothing", "hostile", "all at once"}, name
        assert ids(house.walk(ALICE, wanted, limit=9)) == expected, name


def test_pictures_come_as_they_were_entered(house: House, mixture: list[Artifact]) -> None:
    assert house.walk(ALICE, Filter()) == mixture


def test_a_page_looks_at_no_more_than_is_bounded_and_the_next_goes_on_behind_it(house: House) -> None:
    rows = house.rows(2 * LOOKED_AT_MAX + 100)
    rare = [rows[50], rows[LOOKED_AT_MAX + 50], rows[-1]]
    house.storage.database.write(_favour, "style", "rare", rare)

    pages = house.pages(ALICE, Filter(style="rare"), limit=50)

    assert [ids(list(page.artifacts)) for page in pages] == [
        [rows[-1].id],
        [rows[LOOKED_AT_MAX + 50].id],
        [rows[50].id],
    ]
    assert [page.next for page in pages[:2]] == [
        (rows[-LOOKED_AT_MAX].created_at_ms, rows[-LOOKED_AT_MAX].id),
        (rows[-2 * LOOKED_AT_MAX].created_at_ms, rows[-2 * LOOKED_AT_MAX].id),
    ]
    assert [page.searched_until_ms for page in pages] == [
        rows[-LOOKED_AT_MAX].created_at_ms,
        rows[100].created_at_ms,
        0,
    ]


def test_an_empty_page_may_be_followed_by_a_full_one(house: House) -> None:
    old = house.rows(5, prompt="a Hund")
    house.rows(LOOKED_AT_MAX + 1, prompt="a cat", state="trashed")

    first = house.gallery.page(ALICE, limit=5)
    assert (first.artifacts, first.next is None) == ((), False)
    assert ids(list(house.gallery.page(ALICE, limit=5, before=first.next).artifacts)) == ids(by_age(old))


def test_favourites_are_found_at_once_however_many_others_there_are(house: House) -> None:
    old = house.rows(3)
    house.storage.database.write(_favour, "favourite", 1, old)
    house.rows(LOOKED_AT_MAX + 500)

    page = house.gallery.page(ALICE, Filter(favourite=True), limit=50)

    assert (ids(list(page.artifacts)), page.next) == (ids(by_age(old)), None)


def _favour(tx: Transaction, column: str, value: str | int, artifacts: list[Artifact]) -> None:
    for each in artifacts:
        tx.execute(f"UPDATE artifacts SET {column} = :value WHERE id = :id", value=value, id=each.id)


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_every_page_is_read_along_its_own_index(house: House) -> None:
    album = house.gallery.albums.create(ALICE, "Boats")
    plans: list[tuple[str, str]] = []

    class Explaining:
        row_lock = ""

        def __init__(self, tx: Transaction) -> None:
            self.tx = tx

        def row(self, sql: str, **values: Any) -> Any:
            self.rows(sql, **values)
            return self.tx.row(sql, **values)

        def rows(self, sql: str, **values: Any) -> Any:
            steps = self.tx.rows(f"EXPLAIN QUERY PLAN {sql}", **values)
            plans.append((sql, " / ".join(str(step["detail"]) for step in steps)))
            return self.tx.rows(sql, **values)

    everything = Filter(text="x", kind="x", style="x", visibility="private")

    def read(tx: Transaction) -> None:
        explaining: Any = Explaining(tx)
        history.own(explaining, ALICE.key, everything, limit=5, before=None)
        history.own(explaining, ALICE.key, replace(everything, favourite=True), limit=5, before=None)
        history.shown(explaining, ["1"], everything, limit=5, before=None, viewer=ALICE.key)
        history.of_album(explaining, album.id, everything, limit=5, before=None)

    house.storage.database.read(read)

    expected = [
        "artifacts_newest",
        "artifacts_favourite",
        "artifacts_shown",
        "artifacts_shown",
        "album_pictures_in_order",
    ]
    assert len(plans) == 2 * len(expected)
    for number, (sql, plan) in enumerate(plans):
        assert f"INDEX {expected[number // 2]} " in plan, sql
        assert "TEMP B-TREE" not in plan, sql


# ---------------------------------------------------------------------- others' pictures


def test_shown_are_others_pictures_for_everybody_and_ones_own_servers(house: House) -> None:
    def made(name: str, visibility: str, guild: str = "", **more: Any) -> Artifact:
        return house.keep(name, BOB, visibility=visibility, guild=guild, **more)

    public, server = made("public", "public"), made("server", "server", "1")
    made("private", "private")
    made("other server", "server", "2")
    archived = house.set_state(made("archived", "public"), "archived")
    house.set_state(made("going", "public"), "removing")
    house.gallery.delete(BOB, made("deleted", "public").id)
    house.keep("own", ALICE, visibility="public")

    def shown(*guilds: str) -> list[str]:
        return ids(list(house.gallery.shown(guilds, viewer=ALICE).artifacts))

    assert shown() == ids([archived, public])
    assert shown("1", "1") == ids([archived, server, public])
    assert shown("", "3", "\0") == ids([archived, public])
    assert len(house.gallery.shown().artifacts) == 3


def test_shown_pages_go_through_all_servers_in_one_order_and_leave_nothing_out(house: House) -> None:
    chance = random.Random(3)
    scopes = [("public", ""), ("server", "1"), ("server", "2"), ("server", "3"), ("private", "")]
    made: list[Artifact] = []
    for each in _rows(700):
        visibility, guild = chance.choice(scopes)
        made.append(replace(each, account=BOB.key, visibility=visibility, guild=guild, kind=chance.choice("ab")))  # pyright: ignore[reportArgumentType]
    house.enter(made)
    for wanted in (Filter(), Filter(kind="a")):
        seen: list[Artifact] = []
        before = None
        while True:
            page = house.gallery.shown(["1", "2"], wanted, viewer=ALICE, limit=11, before=before)
            seen += page.artifacts
            if (before := page.next) is None:
                break
        expected = [
            each
            for each in made
            if each.visibility != "private" and each.guild != "3" and (not wanted.kind or each.kind == wanted.kind)
        ]
        assert ids(seen) == ids(by_age(expected))


def test_shown_pages_are_bounded_too(house: House) -> None:
    """One's own crowd the public shelf; what is shown to a server must not be taken for all there is."""
    old = house.rows(1, BOB, visibility="public")
    house.rows(LOOKED_AT_MAX + 10, ALICE, visibility="public")
    older_server = house.rows(1, BOB, visibility="server", guild="1")

    first = house.gallery.shown(["1"], viewer=ALICE)
    assert ids(list(first.artifacts)) == ids(older_server)
    assert first.next is not None
    second = house.gallery.shown(["1"], viewer=ALICE, before=first.next)
    assert (ids(list(second.artifacts)), second.next) == (ids(old), None)


def test_nobody_looks_at_too_many_servers_at_once(house: House) -> None:
    with pytest.raises(InvalidRequest):
        house.gallery.shown([str(number) for number in range(history.GUILDS_MAX + 1)])


# ---------------------------------------------------------------------- albums' pages and cursors


def test_an_albums_pages_begin_with_what_was_added_last(house: House) -> None:
    rows = house.rows(450)
    house.gallery.albums.create(ALICE, "Boats")
    chance = random.Random(1)
    order = chance.sample(rows, 420)
    for number in range(0, len(order), 60):
        house.now += 1
        house.gallery.albums.add(ALICE, "Boats", *ids(order[number : number + 60]))
    house.gallery.delete(ALICE, *ids(order[:30]))

    added = {each.id: (number // 60, each.id) for number, each in enumerate(order)}
    expected = sorted(ids(order[30:]), key=lambda each: added[each], reverse=True)
    for limit in (13, 200):
        assert ids(house.walk(ALICE, Filter(album="boats"), limit=limit)) == expected
    assert house.walk(ALICE, Filter(album="Boats", style="none")) == []
    with pytest.raises(NotFound):
        house.gallery.page(BOB, Filter(album="Boats"))


@pytest.mark.parametrize("position", [(0, ""), (1774958400123, "0123456789abcdef01234567"), (4 * 10**12, "a-b")])
def test_a_cursor_is_readable_and_means_the_same_position(position: tuple[int, str]) -> None:
    assert cursor.read(cursor.write(position)) == position


def test_a_date_is_a_cursor_too() -> None:
    assert cursor.read("2026-03-31") == (1774915200000, "")
    assert cursor.read(" 2026-03-31T02:00:00+02:00 ") == (1774915200000, "")


@pytest.mark.parametrize(
    "text", ["", "tomorrow", "1969-01-01", "2026-03-31/'; --", "2026-03-31/" + "a" * 65, "\0", "9" * 99]
)
def test_what_is_no_cursor_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(InvalidRequest, match="is no place in a gallery"):
        cursor.read(text)
