"""Privacy: an export holds everything there is about a person, and forgetting leaves nothing of it."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Generator
from typing import Any

import pytest

from abby_core.bootstrap import Abby
from abby_core.database import tables
from abby_core.gallery.export import JSON_COLUMNS, export
from abby_core.gallery.personal import IMPERSONAL, PERSONAL
from tests.services.databases import Place
from tests.support.studio import ALICE, BOB, open_abby, wish


@pytest.fixture
def abby(place: Place) -> Generator[Abby]:
    opened = open_abby(place.root, database_url=place.url)
    yield opened
    opened.close()


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
    async def test_it_holds_every_picture_byte_for_byte_and_every_row(self, abby: Abby) -> None:
        async with abby:
            await abby.studio.create(wish("o1", pictures=2))
            await abby.storage.save_image(
                abby.storage.open(abby.gallery.page(ALICE).artifacts[0]), "alice", "a/../b.png"
            )
            await abby.studio.create(wish("o2", BOB, prompt="bobs own"))
            files = unpacked(abby)
        pictures = {name for name in files if name.startswith("pictures/")}
        assert len(pictures) == 3
        assert all(len(name.split("/")) == 2 for name in pictures)
        (order,) = json.loads(files["data/orders.json"])
        assert order["request"]["prompt"] == "a cute rabbit"
        assert b"bobs own" not in b"".join(files.values())
