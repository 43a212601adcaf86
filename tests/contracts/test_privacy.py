"""Privacy: an export holds everything there is about a person, and forgetting leaves nothing of it."""

from __future__ import annotations

import io
import zipfile
from collections import Counter
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from abby_core.bootstrap import Abby
from abby_core.database import tables
from abby_core.gallery.export import JSON_COLUMNS, export
from abby_core.gallery.personal import IMPERSONAL, PERSONAL
from tests.services.databases import Place, contents
from tests.support.planting import ORIGINAL, PICTURE, Person, places_of, plant
from tests.support.studio import ALICE, assert_sound, open_abby


@pytest.fixture
def abby(place: Place) -> Generator[Abby]:
    opened = open_abby(place.root, database_url=place.url)
    yield opened
    opened.close()


QUOKKA = "quokka4711"
WOMBAT = "wombat0815"


def unpacked(abby: Abby, account: Any = ALICE) -> dict[str, bytes]:
    """The files of an account's export."""
    with zipfile.ZipFile(io.BytesIO(b"".join(export(abby.storage, account)))) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


class TestWhatIsPersonal:
    def test_every_table_is_declared_personal_or_impersonal(self) -> None:
        assert PERSONAL.keys() | IMPERSONAL.keys() == tables.metadata.tables.keys()
        assert not PERSONAL.keys() & IMPERSONAL.keys()

    @pytest.mark.parametrize("table", PERSONAL)
    def test_the_declaration_fits_the_table(self, table: str) -> None:
        columns = {column.name for column in tables.metadata.tables[table].columns}
        personal = PERSONAL[table]
        assert set(personal.key) == {column.name for column in tables.metadata.tables[table].primary_key}
        assert personal.hidden <= columns
        for owner in columns & {"account", "owner"}:
            assert personal.owner == f"{owner} = :account"

    @pytest.mark.parametrize("table", PERSONAL)
    def test_what_opens_something_is_hidden_and_json_is_read(self, table: str) -> None:
        columns = tables.metadata.tables[table].columns
        telling = {c.name for c in columns if any(word in c.name for word in ("token", "password", "secret"))}
        assert telling <= PERSONAL[table].hidden
        as_json = {c.name for c in columns if str(getattr(c.server_default, "arg", ""))[:1] in {"[", "{"}}
        assert as_json <= JSON_COLUMNS


class TestExport:
    async def test_it_holds_every_picture_byte_for_byte_in_whatever_state(self, abby: Abby, tmp_path: Path) -> None:
        quokka = Person(word=QUOKKA)
        await plant(abby, quokka)
        files = unpacked(abby, quokka.account)
        folders = Counter(name.partition("/")[0] for name in files if not name.startswith("data/"))
        assert folders == {
            "README.txt": 1, "pictures": 2, "archived": 1, "trash": 2, "temporary": 1, "originals": 1,
        }  # fmt: skip
        assert {data for name, data in files.items() if name.endswith(".png")} == {PICTURE, ORIGINAL}


class TestForgetting:
    async def test_nothing_of_the_person_is_found_anywhere(self, abby: Abby, tmp_path: Path) -> None:
        quokka = Person(word=QUOKKA, archive=tmp_path / "archive")
        await plant(abby, quokka)
        assert len(places_of(QUOKKA, tmp_path)) > 10
        receipt = await abby.forgetting.forget(quokka.account)
        assert (receipt.complete, receipt.left) == (True, ())
        assert QUOKKA not in repr(contents(abby.database))
        assert places_of(QUOKKA, tmp_path) == []
        assert_sound(abby)
