"""Shares on SQLite and PostgreSQL: who holds the token sees what was shared, nobody sees anything else."""

from __future__ import annotations

import json
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from abby_core.bootstrap import Abby
from abby_core.database.transaction import Transaction
from abby_core.errors import InvalidRequest, NotFound, PasswordNeeded, QuotaExceeded
from abby_core.gallery.share import ENDED_SHARES_MAX, LIVE_SHARES_MAX, Share, SharedAlbum, SharedPicture
from abby_core.gallery.shares import NO_SHARE
from abby_core.quota.account import Account
from abby_core.security.passwords import WRONG_PASSWORDS_PER_HOUR_MAX
from abby_core.storage import mending
from abby_core.storage.artifact import Artifact
from abby_core.storage.expired_shares import SHARE_REMEMBERED_MS
from tests.services.databases import Place, contents
from tests.support.studio import ALICE, BOB, Clock, open_abby, photograph

HOUR, DAY = 3600.0, 86_400.0
PROMPT = "a cute rabbit in a secret meadow"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def abby(place: Place, clock: Clock) -> Generator[Abby]:
    abby = open_abby(place.root, clock=clock, database_url=place.url)
    yield abby
    abby.close()


async def kept(abby: Abby, name: str = "rabbit.png", account: Account = ALICE, data: bytes = b"") -> Artifact:
    """A picture of the account, with everything that is known about one that was made from words."""
    assert (await abby.storage.save_image(data or photograph(), account.user_id, name)).success
    artifact = abby.gallery.find(account, name)
    update(
        abby,
        "UPDATE artifacts SET prompt = :prompt, seed = 7, provider = 'painter', model = 'demo', style = 'anime', "
        "negative_prompt = 'fog', parameters = :parameters WHERE id = :id",
        prompt=PROMPT, parameters=json.dumps({"steps": 30, "file": "alice.png"}), id=artifact.id,
    )  # fmt: skip
    return abby.gallery.find(account, name)


def update(abby: Abby, sql: str, **values: Any) -> None:
    def change(tx: Transaction) -> None:
        tx.execute(sql, **values)

    abby.database.write(change)


def album(abby: Abby, name: str, *pictures: Artifact, account: Account = ALICE) -> str:
    """An album with these pictures, in this order."""
    key = f"album-{account.user_id}-{name.casefold()}"
    update(abby, "INSERT INTO albums (id, account, name, name_key) VALUES (:id, :account, :name, :key)",
           id=key, account=account.key, name=name, key=name.casefold())  # fmt: skip
    for number, picture in enumerate(pictures):
        update(abby, "INSERT INTO album_pictures (album_id, artifact_id, added_at) VALUES (:album, :picture, :at)",
               album=key, picture=picture.id, at=number)  # fmt: skip
    return key


def shared(abby: Abby, **wishes: Any) -> tuple[Share, str]:
    return abby.shares.create(ALICE, picture="rabbit.png", **wishes)


def refused(abby: Abby, token: str, password: str | None = None) -> None:
    """The token answers exactly like one that never was, and nothing is counted."""
    before = contents(abby.database)
    answers: list[tuple[type[Exception], str]] = []
    for tried in (token, "x" * 40):
        with pytest.raises(NotFound) as error:
            abby.shares.open(tried, password)
        answers.append((error.type, str(error.value)))
    assert answers[0] == answers[1] == (NotFound, NO_SHARE)
    assert contents(abby.database) == before


class TestOpening:
    async def test_whoever_holds_the_token_gets_the_picture_and_nothing_else(self, abby: Abby) -> None:
        artifact = await kept(abby)
        _, token = shared(abby)
        seen = abby.shares.open(token)
        assert isinstance(seen, SharedPicture)
        assert (seen.prompt, seen.seed, seen.model, seen.provider, seen.parameters) == ("", None, "", "", {})
        assert (seen.alt_text, seen.width, seen.demo) == ("A picture", artifact.width, True)
        file = abby.shares.read(seen.share_id, seen.picture_id)
        assert (file.data, file.media_type, file.extension) == (photograph(), "image/png", ".png")

    async def test_the_token_is_kept_nowhere_and_hard_to_misread(self, abby: Abby) -> None:
        await kept(abby)
        _, token = shared(abby, password="open sesame")
        rows = repr(contents(abby.database))
        assert token not in rows
        assert "open sesame" not in rows
        assert not set(token) & set("0O1lI-_")
        assert len({shared(abby)[1] for _ in range(20)}) == 20

    async def test_spaces_and_capitals_of_a_copied_token_do_not_matter(self, abby: Abby) -> None:
        await kept(abby)
        _, token = shared(abby)
        assert abby.shares.open(f" {token.upper()}\n") == abby.shares.open(token)

    @pytest.mark.parametrize(
        ("metadata", "told"),
        [("none", set[str]()), ("prompt", {PROMPT}), ("full", {PROMPT, "fog", "anime", "demo", "painter"})],
    )
    async def test_as_much_is_told_as_its_owner_chose_and_never_whose_it_is(
        self, abby: Abby, metadata: str, told: set[str]
    ) -> None:
        await kept(abby)
        seen = abby.shares.open(shared(abby, metadata=metadata)[1])
        assert isinstance(seen, SharedPicture)
        everything = {seen.prompt, seen.negative_prompt, seen.style, seen.model, seen.provider} - {""}
        assert everything == told
        assert (seen.seed, dict(seen.parameters)) == ((7, {"steps": 30}) if metadata == "full" else (None, {}))
        assert seen.alt_text == ("A picture" if metadata == "none" else PROMPT)
        assert "alice" not in repr(seen)
        assert "rabbit.png" not in repr(seen)

    async def test_a_prompt_hidden_in_the_file_is_not_handed_out(self, abby: Abby) -> None:
        chunks, target = PngImagePlugin.PngInfo(), BytesIO()
        chunks.add_text("parameters", PROMPT)
        Image.new("RGB", (64, 48), "teal").save(target, "PNG", pnginfo=chunks)
        await kept(abby, data=target.getvalue())
        seen = abby.shares.open(shared(abby)[1])
        assert isinstance(seen, SharedPicture)
        file = abby.shares.read(seen.share_id, seen.picture_id)
        assert b"secret meadow" not in file.data
        with Image.open(BytesIO(file.data)) as image:
            assert (image.size, image.getpixel((5, 5))) == ((64, 48), (0, 128, 128))

    async def test_its_owners_description_is_told(self, abby: Abby) -> None:
        artifact = await kept(abby)
        update(abby, "UPDATE artifacts SET alt_text = 'my rabbit' WHERE id = :id", id=artifact.id)
        seen = abby.shares.open(shared(abby)[1])
        assert isinstance(seen, SharedPicture)
        assert seen.alt_text == "my rabbit"


class TestEnding:
    async def test_a_guessed_token_finds_nothing(self, abby: Abby) -> None:
        await kept(abby)
        _, token = shared(abby)
        for guessed in (token[:-1], token + "x", "", "\0", "\ud800", "%", "x" * 10_000):
            refused(abby, guessed)
        refused(abby, token[:-1], "some password")

    async def test_an_expired_share_answers_like_none(self, abby: Abby, clock: Clock) -> None:
        await kept(abby)
        _, token = shared(abby, expires_in_seconds=HOUR)
        clock.skip(HOUR - 60)
        abby.shares.open(token)
        clock.skip(60)
        refused(abby, token)
        assert abby.shares.list(ALICE)[0].state == "expired"

    async def test_a_revoked_share_answers_like_none_at_once(self, abby: Abby) -> None:
        await kept(abby)
        share, token = shared(abby)
        seen = abby.shares.open(token)
        assert isinstance(seen, SharedPicture)
        assert abby.shares.revoke(ALICE, share.id).state == "revoked"
        refused(abby, token)
        for look in (
            lambda: abby.shares.again(share.id),
            lambda: abby.shares.read(share.id, seen.picture_id),
            lambda: abby.shares.thumbnail(share.id, seen.picture_id),
        ):
            with pytest.raises(NotFound, match=NO_SHARE):
                look()

    async def test_revoking_again_changes_nothing(self, abby: Abby, clock: Clock) -> None:
        await kept(abby)
        share, _ = shared(abby)
        first = abby.shares.revoke(ALICE, share.id)
        clock.skip(HOUR)
        assert abby.shares.revoke(ALICE, share.id) == first

    @pytest.mark.parametrize("state", ["trashed", "removing"])
    async def test_a_picture_that_is_gone_answers_like_none_and_is_back_when_it_is(
        self, abby: Abby, state: str
    ) -> None:
        artifact = await kept(abby)
        _, token = shared(abby)
        update(abby, "UPDATE artifacts SET state = :state WHERE id = :id", state=state, id=artifact.id)
        refused(abby, token)
        assert abby.shares.list(ALICE)[0].state == "gone"
        update(abby, "UPDATE artifacts SET state = 'kept' WHERE id = :id", id=artifact.id)
        assert isinstance(abby.shares.open(token), SharedPicture)

    async def test_a_removed_picture_answers_like_none(self, abby: Abby) -> None:
        artifact = await kept(abby)
        _, token = shared(abby)
        abby.storage.remove(artifact)
        refused(abby, token)

    async def test_shares_that_ended_30_days_ago_are_struck_and_live_ones_stay(self, abby: Abby, clock: Clock) -> None:
        await kept(abby)
        revoked, _ = shared(abby, expires_in_seconds=300 * DAY)
        abby.shares.revoke(ALICE, revoked.id)
        shared(abby, expires_in_seconds=HOUR)
        live, _ = shared(abby, expires_in_seconds=300 * DAY)
        clock.skip(SHARE_REMEMBERED_MS / 1000)
        mending.mend(abby.storage)
        assert len(abby.shares.list(ALICE)) == 2
        clock.skip(HOUR)
        mending.mend(abby.storage)
        assert [share.id for share in abby.shares.list(ALICE)] == [live.id]


class TestViews:
    async def test_a_cap_of_views_is_used_up(self, abby: Abby) -> None:
        await kept(abby)
        share, token = shared(abby, views_max=2)
        seen = [abby.shares.open(token), abby.shares.open(token)]
        refused(abby, token)
        assert abby.shares.find(ALICE, share.id).state == "used up"
        assert abby.shares.again(share.id) == seen[0]  # who was let in may still load what the page shows

    async def test_however_many_open_at_once_no_more_see_it_than_the_cap(self, abby: Abby) -> None:
        await kept(abby)
        share, token = shared(abby, views_max=5)

        def look(_: int) -> bool:
            try:
                abby.shares.open(token)
            except NotFound as error:
                assert str(error) == NO_SHARE
                return False
            return True

        with ThreadPoolExecutor(8) as threads:
            assert sum(threads.map(look, range(40))) == 5
        assert abby.shares.find(ALICE, share.id).views == 5


class TestPasswords:
    """On SQLite alone: a password's hash takes its time, and its SQL is the others'."""

    @pytest.fixture
    def abby(self, tmp_path: Path, clock: Clock) -> Generator[Abby]:
        abby = open_abby(tmp_path, clock=clock)
        yield abby
        abby.close()

    async def test_a_share_with_a_password_opens_with_it_only(self, abby: Abby) -> None:
        await kept(abby)
        share, token = shared(abby, password="über-sesam")
        for password in (None, "", "uber-sesam"):
            with pytest.raises(PasswordNeeded):
                abby.shares.open(token, password)
        assert abby.shares.find(ALICE, share.id).views == 0
        assert isinstance(abby.shares.open(token, "u\N{COMBINING DIAERESIS}ber-sesam"), SharedPicture)

    async def test_after_too_many_wrong_ones_even_the_right_one_finds_nothing_for_the_rest_of_the_hour(
        self, abby: Abby, clock: Clock
    ) -> None:
        await kept(abby)
        _, token = shared(abby, password="open sesame")
        other, _ = shared(abby, password="open barley")
        clock.skip(HOUR - clock() % HOUR)  # an hour begins
        for _ in range(WRONG_PASSWORDS_PER_HOUR_MAX):
            with pytest.raises(PasswordNeeded):
                abby.shares.open(token, "open barley")
        refused(abby, token, "open sesame")
        refused(abby, token)
        assert abby.shares.find(ALICE, other.id).state == "live"
        clock.skip(HOUR)
        assert isinstance(abby.shares.open(token, "open sesame"), SharedPicture)

    async def test_a_password_that_is_not_asked_for_does_no_harm(self, abby: Abby) -> None:
        await kept(abby)
        assert isinstance(abby.shares.open(shared(abby)[1], "open sesame"), SharedPicture)


class TestAlbums:
    async def test_an_album_shows_its_kept_pictures_in_their_order_page_by_page(self, abby: Abby) -> None:
        pictures = [await kept(abby, f"{number}.png") for number in range(5)]
        album(abby, "Rabbits", *pictures)
        _, token = abby.shares.create(ALICE, album="rabbits", metadata="prompt")
        update(abby, "UPDATE artifacts SET state = 'trashed' WHERE id = :id", id=pictures[1].id)
        seen = abby.shares.open(token)
        assert seen == SharedAlbum(share_id=seen.share_id, name="Rabbits", pictures=4)
        first = abby.shares.page(seen.share_id, limit=3)
        rest = abby.shares.page(seen.share_id, limit=3, after=first.next)
        found = [picture.picture_id for page in (first, rest) for picture in page.pictures]
        assert found == [pictures[number].id for number in (0, 2, 3, 4)]
        assert (rest.next, rest.pictures[0].prompt) == (None, PROMPT)
        assert abby.shares.read(seen.share_id, found[0]).data == photograph()

    async def test_nothing_outside_the_album_can_be_read_through_it(self, abby: Abby) -> None:
        inside, outside = await kept(abby), await kept(abby, "other.png")
        bobs = await kept(abby, "bobs.png", BOB)
        album(abby, "Rabbits", inside, bobs)
        share, token = abby.shares.create(ALICE, album="Rabbits")
        assert [each.picture_id for each in abby.shares.page(share.id).pictures] == [inside.id]
        seen = abby.shares.open(token)
        assert isinstance(seen, SharedAlbum)
        assert seen.pictures == 1
        for picture_id in (outside.id, bobs.id, "", "nothing", "\0", "\ud800"):
            with pytest.raises(NotFound, match=NO_SHARE):
                abby.shares.read(share.id, picture_id)

    async def test_a_shared_picture_is_no_key_to_others(self, abby: Abby) -> None:
        await kept(abby)
        other = await kept(abby, "other.png")
        share, _ = shared(abby)
        with pytest.raises(NotFound, match=NO_SHARE):
            abby.shares.read(share.id, other.id)
        with pytest.raises(NotFound, match=NO_SHARE):
            abby.shares.page(share.id)

    async def test_an_album_that_is_gone_answers_like_none(self, abby: Abby) -> None:
        album(abby, "Rabbits", await kept(abby))
        share, token = abby.shares.create(ALICE, album="Rabbits")
        update(abby, "DELETE FROM albums")
        refused(abby, token)
        assert abby.shares.find(ALICE, share.id).state == "gone"


class TestOwners:
    async def test_anothers_picture_album_and_share_answer_as_none(self, abby: Abby) -> None:
        artifact = await kept(abby)
        album_id = album(abby, "Rabbits", artifact)
        share, _ = shared(abby)
        for attempt, missing, name in (
            (lambda given: abby.shares.create(BOB, picture=given), "nothing", artifact.id),
            (lambda given: abby.shares.create(BOB, album=given), "nothing", album_id),
            (lambda given: abby.shares.revoke(BOB, given), "nothing", share.id),
            (lambda given: abby.shares.find(BOB, given), "nothing", share.id),
        ):
            said: list[str] = []
            for given in (name, missing):
                with pytest.raises(NotFound) as error:
                    attempt(given)
                said.append(str(error.value).replace(given, "…"))
            assert said[0] == said[1]
        assert abby.shares.list(BOB) == ()
        assert abby.shares.find(ALICE, share.id).state == "live"

    @pytest.mark.parametrize(
        "wishes",
        [
            {"picture": ""},
            {"album": "both"},
            {"expires_in_seconds": 0},
            {"expires_in_seconds": float("nan")},
            {"expires_in_seconds": 366 * DAY},
            {"password": ""},
            {"password": "short"},
            {"password": "x" * 201},
            {"views_max": -1},
            {"views_max": 10**9},
            {"metadata": "everything"},
        ],
    )
    async def test_what_cannot_be_is_refused_and_leaves_nothing(self, abby: Abby, wishes: dict[str, Any]) -> None:
        await kept(abby)
        asked: dict[str, Any] = {"picture": "rabbit.png", **wishes}
        with pytest.raises(InvalidRequest):
            abby.shares.create(ALICE, **asked)
        assert abby.shares.list(ALICE) == ()

    async def test_open_shares_are_limited_whoever_asks_at_once_and_ended_ones_make_room(self, abby: Abby) -> None:
        await kept(abby)
        shares = [shared(abby)[0] for _ in range(LIVE_SHARES_MAX - 3)]

        def create(_: int) -> bool:
            try:
                shared(abby)
            except QuotaExceeded:
                return False
            return True

        with ThreadPoolExecutor(6) as threads:
            assert sum(threads.map(create, range(12))) == 3
        abby.shares.revoke(ALICE, shares[0].id)
        assert create(0)
        assert not create(0)

    async def test_of_very_many_that_ended_the_oldest_are_forgotten_and_open_ones_never(self, abby: Abby) -> None:
        await kept(abby)
        live, token = shared(abby)

        def pile_up(tx: Transaction) -> None:
            for number in range(ENDED_SHARES_MAX + 50):
                tx.execute(
                    "INSERT INTO shares (id, token_sha256, account, created_at, revoked_at) "
                    "VALUES (:id, :id, :account, :at, 1)",
                    id=f"ended {number:04}", account=ALICE.key, at=live.created_at_ms + number,
                )  # fmt: skip

        abby.database.write(pile_up)
        newest, _ = shared(abby)
        left = {share.id for share in abby.shares.list(ALICE)}
        assert len(left) == ENDED_SHARES_MAX + 1
        assert {live.id, newest.id, f"ended {ENDED_SHARES_MAX + 49:04}"} <= left
        assert "ended 0000" not in left
        assert isinstance(abby.shares.open(token), SharedPicture)

    async def test_shares_are_listed_newest_first_with_what_was_chosen(self, abby: Abby, clock: Clock) -> None:
        await kept(abby)
        album(abby, "Rabbits")
        first, _ = shared(abby, views_max=3, password="open sesame")
        clock.skip(1)
        second, _ = abby.shares.create(ALICE, album="Rabbits", metadata="full", expires_in_seconds=DAY)
        assert abby.shares.list(ALICE) == (second, first)
        assert (first.name, first.views_max, first.has_password, first.metadata) == ("rabbit.png", 3, True, "none")
        assert (second.name, second.views_max, second.has_password, second.metadata) == ("Rabbits", 0, False, "full")
        assert second.expires_at_ms - second.created_at_ms == DAY * 1000
