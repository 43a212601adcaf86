"""The gallery: one's own pictures are starred, named, described, shown and traced; another's do not exist."""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Callable, Generator
from typing import Any

import pytest

from abby_core.errors import InvalidRequest, NotFound
from abby_core.gallery import albums, lineage, own
from abby_core.gallery.alt_text import ALT_TEXT_CHARACTERS_MAX, alt_text
from abby_core.gallery.gallery import Gallery
from abby_core.quota.account import Account
from abby_core.storage.artifact import Artifact
from abby_core.storage.names import name_key
from tests.services.databases import Place, contents
from tests.support.house import ALICE, BOB, PICTURE, House, at_once


@pytest.fixture
def house(place: Place) -> Generator[House]:
    house = House(place)
    yield house
    house.close()


# ---------------------------------------------------------------------- another's picture does not exist

OPERATIONS: dict[str, Callable[[Gallery, Account, str], Any]] = {
    "find": lambda gallery, account, ref: gallery.find(account, ref),
    "lineage": lambda gallery, account, ref: gallery.lineage(account, ref),
    "favourite": lambda gallery, account, ref: gallery.favourite(account, ref),
    "unfavourite": lambda gallery, account, ref: gallery.favourite(account, ref, on=False),
    "rename": lambda gallery, account, ref: gallery.rename(account, ref, "stolen"),
    "show": lambda gallery, account, ref: gallery.set_visibility(account, ref, visibility="public"),
    "describe": lambda gallery, account, ref: gallery.set_alt_text(account, ref, "mine"),
    "delete": lambda gallery, account, ref: gallery.delete(account, ref),
    "delete for good": lambda gallery, account, ref: gallery.delete(account, ref, for_good=True),
    "undo": lambda gallery, account, ref: gallery.undo(account, ref),
    "put into an album": lambda gallery, account, ref: gallery.albums.add(account, "Bob's", ref),
    "take out of an album": lambda gallery, account, ref: gallery.albums.remove(account, "Bob's", ref),
}
ALBUM_OPERATIONS: dict[str, Callable[[Gallery, Account, str], Any]] = {
    "find": lambda gallery, account, ref: gallery.albums.find(account, ref),
    "rename": lambda gallery, account, ref: gallery.albums.rename(account, ref, "stolen"),
    "delete": lambda gallery, account, ref: gallery.albums.delete(account, ref),
    "add": lambda gallery, account, ref: gallery.albums.add(account, ref, "bobs.png"),
    "remove": lambda gallery, account, ref: gallery.albums.remove(account, ref, "bobs.png"),
}
MISSING = "0" * 24


@pytest.mark.parametrize("trashed", [False, True], ids=["kept", "trashed"])
def test_anothers_picture_answers_exactly_like_one_that_does_not_exist(house: House, trashed: bool) -> None:
    hers = house.keep("hers", visibility="public", favourite=True)
    house.keep("bobs", BOB)
    house.gallery.albums.create(BOB, "Bob's")
    if trashed:
        house.gallery.delete(ALICE, hers.id)
    before = contents(house.storage.database)
    for name, operate in OPERATIONS.items():
        for theirs, missing in ((hers.id, MISSING), (hers.name, "gone.png")):
            with pytest.raises(NotFound) as anothers:
                operate(house.gallery, BOB, theirs)
            with pytest.raises(NotFound) as nobodys:
                operate(house.gallery, BOB, missing)
            assert str(anothers.value).replace(theirs, "…") == str(nobodys.value).replace(missing, "…"), name
    assert contents(house.storage.database) == before


def test_anothers_album_answers_exactly_like_one_that_does_not_exist(house: House) -> None:
    house.keep("bobs", BOB)
    album = house.gallery.albums.create(ALICE, "Boats")
    before = contents(house.storage.database)
    for name, operate in ALBUM_OPERATIONS.items():
        for theirs, missing in ((album.id, MISSING), ("Boats", "Cats")):
            with pytest.raises(NotFound) as anothers:
                operate(house.gallery, BOB, theirs)
            with pytest.raises(NotFound) as nobodys:
                operate(house.gallery, BOB, missing)
            assert str(anothers.value).replace(theirs, "…") == str(nobodys.value).replace(missing, "…"), name
    assert contents(house.storage.database) == before
    assert house.gallery.albums.list(BOB) == []


def test_a_hostile_reference_is_one_that_does_not_exist(house: House) -> None:
    for ref in ("\0", "\ud800", "a" * 5000, "'; --", "../../etc/passwd", ""):
        for operate in (*OPERATIONS.values(), *ALBUM_OPERATIONS.values()):
            with pytest.raises(NotFound):
                operate(house.gallery, ALICE, ref)


def test_what_takes_several_pictures_takes_all_or_none(house: House) -> None:
    one, two = house.keep("one"), house.keep("two")
    house.gallery.albums.create(ALICE, "Boats")
    before = contents(house.storage.database)
    several: list[Callable[..., Any]] = [
        house.gallery.favourite,
        lambda *refs: house.gallery.set_visibility(*refs, visibility="public"),
        house.gallery.delete,
        lambda *refs: house.gallery.delete(*refs, for_good=True),
        lambda account, *refs: house.gallery.albums.add(account, "Boats", *refs),
    ]
    for operate in several:
        with pytest.raises(NotFound):
            operate(ALICE, one.id, two.name, MISSING)
        for refs in ([], ["x"] * (own.REFERENCES_MAX + 1)):
            with pytest.raises(InvalidRequest):
                operate(ALICE, *refs)
    assert contents(house.storage.database) == before
    assert len(house.gallery.favourite(ALICE, one.id, one.name, two.name)) == 2


# ---------------------------------------------------------------------- favourites, names, who sees it


def test_a_favourite_is_one_until_it_is_none(house: House) -> None:
    picture = house.keep()
    assert house.gallery.favourite(ALICE, "boat.png")[0].favourite
    assert house.gallery.favourite(ALICE, "boat.png")[0].favourite
    assert house.names(favourite=True) == ["boat.png"]
    assert house.gallery.favourite(ALICE, picture.id, on=False) == (picture,)
    assert house.names(favourite=True) == []


NEW_NAMES = {
    "ship": "ship.png",
    "ship.png": "ship.png",
    "ship.JPG": "ship.png",
    "v1.2 final": "v1.2 final.png",
    " yacht ": "yacht.png",
    "../../ship": "../../ship.png",
    "Boat": "Boat.png",
    "boat.png": "boat.png",
    "a\0b\ud800": "a\N{SYMBOL FOR NULL}b\\ud800.png",
    "kočka 🐈": "kočka 🐈.png",
}


def test_a_new_name_keeps_the_ending_and_the_bytes_stay_where_they_are(house: House) -> None:
    picture = house.keep()
    for new, name in NEW_NAMES.items():
        renamed = house.gallery.rename(ALICE, picture.id, new)
        assert (renamed.name, renamed.blob_key, renamed.id) == (name, picture.blob_key, picture.id)
        assert house.gallery.open(house.gallery.find(ALICE, name)) == PICTURE
    house.assert_sound()


def test_a_name_that_is_too_long_is_shortened_and_found_by_what_it_became(house: House) -> None:
    house.keep()
    renamed = house.gallery.rename(ALICE, "boat.png", "x" * 500)
    assert len(renamed.name) < 256
    assert renamed.name.endswith(".png")
    assert house.gallery.find(ALICE, renamed.name) == renamed


def test_a_picture_needs_a_name(house: House) -> None:
    house.keep()
    for new in ("", " ", ".png", " .jpg"):
        with pytest.raises(InvalidRequest):
            house.gallery.rename(ALICE, "boat.png", new)
    assert house.names() == ["boat.png"]


def test_a_name_that_is_taken_is_refused_with_one_that_is_free(house: House) -> None:
    for name in ("schön", "schön-2", "boat", "ship"):
        house.keep(name)
    for taken in ("schön", "SCHÖN.png", unicodedata.normalize("NFD", "schön")):
        with pytest.raises(InvalidRequest, match=r"already; '.*-3\.png' is free"):
            house.gallery.rename(ALICE, "boat.png", taken)
    house.keep("ship", BOB)
    assert house.gallery.rename(ALICE, "ship.png", "Ship").name == "Ship.png"


def test_an_old_name_is_free_for_others_at_once(house: House) -> None:
    house.keep()
    house.gallery.rename(ALICE, "boat.png", "ship")
    result = asyncio.run(house.storage.save_image(PICTURE, "alice", "boat.png"))
    assert (result.success, result.message) == (True, "Image saved as boat.png")
    assert sorted(house.names()) == ["boat.png", "ship.png"]
    house.assert_sound()


def test_of_many_who_want_one_name_at_once_one_gets_it(house: House) -> None:
    for number in range(4):
        house.keep(f"boat-{number}")
    answers = at_once(
        house, *(lambda gallery, n=number: gallery.rename(ALICE, f"boat-{n}.png", "ship") for number in range(4))
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["Artifact", *["InvalidRequest"] * 3]
    assert house.names().count("ship.png") == 1


def test_who_may_see_a_picture_is_its_owners_to_say(house: House) -> None:
    house.keep()
    house.keep("ship")
    shown = house.gallery.set_visibility(ALICE, "boat.png", "ship.png", visibility="server", guild=" 77 ")
    assert {(each.visibility, each.guild) for each in shown} == {("server", "77")}
    assert len(house.gallery.shown(["77"]).artifacts) == 2
    (public,) = house.gallery.set_visibility(ALICE, "boat.png", visibility="public", guild="77")
    assert (public.visibility, public.guild) == ("public", "")
    house.gallery.set_visibility(ALICE, "boat.png", "ship.png", visibility="private")
    assert house.gallery.shown(["77"]).artifacts == ()


def test_what_is_no_visibility_is_refused(house: House) -> None:
    house.keep()
    wrong: list[tuple[Any, str]] = [("server", ""), ("server", "x" * 101), ("friends", ""), ("", "")]
    for visibility, guild in wrong:
        with pytest.raises(InvalidRequest):
            house.gallery.set_visibility(ALICE, "boat.png", visibility=visibility, guild=guild)
    assert house.gallery.find(ALICE, "boat.png").visibility == "private"


# ---------------------------------------------------------------------- in words


@pytest.mark.parametrize(
    ("facts", "text"),
    [
        ({"kind": "text_to_image", "prompt": "a cute\nrabbit"}, "Picture: a cute rabbit"),
        ({"kind": "image_to_image", "prompt": "at night"}, "Picture made from another one: at night"),
        ({"kind": "upscale"}, "Enlarged picture named boat.png"),
        ({"kind": "saved"}, "Picture named boat.png"),
        ({"kind": "saved", "alt_text": "A boat", "prompt": "x"}, "A boat"),
        ({"kind": "saved", "prompt": "a\x1b[31m\u202eb\0c"}, "Picture: a[31mbc"),
        ({"kind": "saved", "prompt": "👩\N{ZERO WIDTH JOINER}🚀"}, "Picture: 👩\N{ZERO WIDTH JOINER}🚀"),
    ],
)
def test_every_picture_says_what_it_shows(facts: dict[str, Any], text: str) -> None:
    assert alt_text(Artifact(id="1", account="a", name="boat.png", blob_key="b", **facts)) == text


def test_what_a_picture_says_is_bounded() -> None:
    long = alt_text(Artifact(id="1", account="a", name="n", blob_key="b", kind="saved", prompt="word " * 1000))
    assert len(long) <= ALT_TEXT_CHARACTERS_MAX
    assert long.endswith("…")


def test_owners_describe_their_pictures_in_their_own_words(house: House) -> None:
    house.keep(prompt="a boat")
    described = house.gallery.set_alt_text(ALICE, "boat.png", " Two\nboats\x00 ")
    assert house.gallery.alt_text(described) == "Two boats"
    with pytest.raises(InvalidRequest):
        house.gallery.set_alt_text(ALICE, "boat.png", "x" * (ALT_TEXT_CHARACTERS_MAX + 1))
    assert house.gallery.alt_text(house.gallery.find(ALICE, "boat.png")) == "Two boats"
    assert house.gallery.alt_text(house.gallery.set_alt_text(ALICE, "boat.png", "")) == "Picture: a boat"


# ---------------------------------------------------------------------- lineage


def test_lineage_tells_what_a_picture_was_made_from_and_what_was_made_from_it(house: House) -> None:
    first = house.keep("first")
    second = house.keep("second", source_artifact=first.id)
    third = house.keep("third", source_artifact=second.id)
    sister = house.keep("sister", source_artifact=first.id)

    seen = house.gallery.lineage(ALICE, "second.png")

    assert (seen.artifact, [each.artifact for each in seen.ancestors], seen.descendants) == (second, [first], (third,))
    assert house.gallery.lineage(ALICE, first.id).descendants == (second, sister)


def test_a_removed_ancestor_is_named_as_removed_and_ends_the_line(house: House) -> None:
    first = house.keep("first")
    second = house.keep("second", source_artifact=first.id)
    house.keep("third", source_artifact=second.id)
    house.gallery.delete(ALICE, second.id, for_good=True)
    (ancestor,) = house.gallery.lineage(ALICE, "third.png").ancestors
    assert (ancestor.id, ancestor.artifact) == (second.id, None)
    assert house.gallery.lineage(ALICE, first.id).descendants == ()


def test_lineage_shows_of_others_only_what_is_visible(house: House) -> None:
    hers = house.keep("hers")
    his = house.keep("his", BOB, source_artifact=hers.id)

    def seen() -> tuple[bool, int, int]:
        upwards = house.gallery.lineage(BOB, his.id).ancestors[0].artifact is not None
        downwards = house.gallery.lineage(ALICE, hers.id).descendants
        on_server = house.gallery.lineage(ALICE, hers.id, ["1"]).descendants
        return upwards, len(downwards), len(on_server)

    assert seen() == (False, 0, 0)
    house.gallery.set_visibility(BOB, his.id, visibility="server", guild="1")
    assert seen() == (False, 0, 1)
    house.gallery.set_visibility(BOB, his.id, visibility="public")
    house.gallery.set_visibility(ALICE, hers.id, visibility="public")
    assert seen() == (True, 1, 1)
    house.gallery.delete(ALICE, hers.id)
    assert house.gallery.lineage(BOB, his.id).ancestors[0].artifact is None


def test_lineage_is_bounded_even_in_a_circle(house: House) -> None:
    (circle,) = house.rows(1, source_artifact=f"{1:024x}")
    house.rows(lineage.DESCENDANTS_MAX + 10, source_artifact=circle.id)
    seen = house.gallery.lineage(ALICE, circle.id)
    assert (len(seen.ancestors), len(seen.descendants)) == (lineage.ANCESTORS_MAX, lineage.DESCENDANTS_MAX)


# ---------------------------------------------------------------------- albums


def test_an_album_holds_pictures_and_leaves_them_where_they_are(house: House) -> None:
    boat, ship = house.keep(), house.keep("ship")
    gallery = house.gallery
    album = gallery.albums.create(ALICE, " My\nBoats ")
    assert (album.name, album.pictures, album.newest) == ("My Boats", 0, None)
    gallery.albums.add(ALICE, "my boats", "boat.png")
    house.now += 1
    full = gallery.albums.add(ALICE, album.id, ship.id, boat.id)
    assert (full.pictures, full.newest) == (2, ship)
    assert gallery.albums.list(ALICE) == [full] == [gallery.albums.find(ALICE, "MY BOATS")]
    assert house.names(album="my boats") == ["ship.png", "boat.png"]
    assert gallery.albums.remove(ALICE, album.id, "ship.png").pictures == 1
    with pytest.raises(NotFound, match=r"has no picture named 'ship\.png'"):
        gallery.albums.remove(ALICE, album.id, "ship.png")
    assert gallery.albums.delete(ALICE, album.id).pictures == 1
    assert gallery.albums.list(ALICE) == []
    assert sorted(house.names()) == ["boat.png", "ship.png"]
    assert not contents(house.storage.database)["album_pictures"]


def test_what_is_in_the_trash_is_in_no_album_until_it_is_back_and_then_in_its_own(house: House) -> None:
    house.keep()
    house.gallery.albums.create(ALICE, "Boats")
    house.gallery.albums.add(ALICE, "Boats", "boat.png")
    house.gallery.delete(ALICE, "boat.png")
    (album,) = house.gallery.albums.list(ALICE)
    assert (album.pictures, album.newest, house.names(album="Boats")) == (0, None, [])
    house.gallery.undo(ALICE, "boat.png")
    assert house.names(album="Boats") == ["boat.png"]
    house.gallery.delete(ALICE, "boat.png", for_good=True)
    assert not contents(house.storage.database)["album_pictures"]


def test_temporary_pictures_are_in_no_album(house: House) -> None:
    (temporary,) = house.rows(1, temporary=True)
    house.gallery.albums.create(ALICE, "Boats")
    with pytest.raises(InvalidRequest):
        house.gallery.albums.add(ALICE, "Boats", temporary.id)


def test_albums_have_names_of_their_own(house: House) -> None:
    house.gallery.albums.create(ALICE, "Boats")
    house.gallery.albums.create(ALICE, "Cats")
    house.gallery.albums.create(BOB, "Boats")
    for name in ("BOATS", "", " \n", "x" * (albums.NAME_CHARACTERS_MAX + 1)):
        with pytest.raises(InvalidRequest):
            house.gallery.albums.create(ALICE, name)
        with pytest.raises(InvalidRequest):
            house.gallery.albums.rename(ALICE, "Cats", name)
    assert house.gallery.albums.rename(ALICE, "boats", "BOATS").name == "BOATS"
    assert [album.name for album in house.gallery.albums.list(ALICE)] == ["BOATS", "Cats"]


def test_albums_and_what_is_in_them_are_limited(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(albums, "ALBUMS_MAX", 3)
    monkeypatch.setattr(albums, "PICTURES_MAX", 3)
    rows = house.rows(5)
    answers = at_once(
        house, *(lambda gallery, n=number: gallery.albums.create(ALICE, f"Album {n}") for number in range(6))
    )
    assert sum(isinstance(answer, InvalidRequest) for answer in answers) == 3
    album = house.gallery.albums.list(ALICE)[0]
    with pytest.raises(InvalidRequest):
        house.gallery.albums.add(ALICE, album.id, *(each.id for each in rows[:4]))
    answers = at_once(house, *(lambda gallery, p=each: gallery.albums.add(ALICE, album.id, p.id) for each in rows))
    assert sum(isinstance(answer, InvalidRequest) for answer in answers) == 2
    assert house.gallery.albums.find(ALICE, album.id).pictures == 3


def test_no_name_has_the_key_of_a_trashed_one() -> None:
    for name in ("TRASHED:000001774958400000:a:kept", "trashed:0", "ＴＲＡＳＨＥＤ:0"):
        assert not name_key(name).startswith("TRASHED:")
