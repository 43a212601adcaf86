"""Limits and making room, presets, tokens, and what is kept of somebody, on pages."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

from tests.support.providers import photograph
from tests.support.studio import ALICE, BOB, assert_sound, wish
from tests.support.web import Web, serving


class TestLimits:
    async def test_the_page_says_what_is_used_and_why(self, web: Web) -> None:
        await web.abby.studio.create(wish("o1"))
        async with web.browser() as browser:
            page = (await browser.get("/quota")).text
        assert "1 of 1,000" in page
        assert "Pictures per day 1000: from the host&#39;s settings." in page
        assert page.count('class="chart-bar"') == 30

    async def test_room_is_made_by_a_button(self, tmp_path: Path) -> None:
        async with serving(tmp_path, archive_root=tmp_path / "archive") as web:
            for number in range(3):
                assert (await web.abby.storage.save_image(photograph(seed=number), "alice", f"p{number}.png")).success
            web.abby.gallery.delete(ALICE, "p0.png")
            async with web.browser() as browser:
                page = (await browser.get("/quota")).text
                assert re.findall(r'name="way" value="([a-z_]+)"', page) == ["empty_trash", "archive", "delete"]
                done = await browser.post("/quota/room", data={"way": "empty_trash", "pictures": "1"}, follow=True)
                assert "1 picture done" in done.text
                await browser.post("/quota/room", data={"way": "archive", "pictures": "1"})
                assert web.abby.gallery.find(ALICE, "p1.png").in_archive
                back = await browser.post(f"/pictures/{web.abby.gallery.find(ALICE, 'p1.png').id}/restore", follow=True)
                assert "at hand again" in back.text
                await browser.post("/quota/room", data={"way": "delete", "pictures": "1"})
                assert [each.name for each in web.abby.gallery.page(ALICE).artifacts] == ["p2.png"]
                wrong = await browser.post("/quota/room", data={"way": "burn", "pictures": "1"}, follow=True)
                assert "Room is made in one of these ways" in wrong.text
            assert_sound(web.abby)


class TestPresets:
    async def test_one_is_kept_changed_and_deleted(self, web: Web) -> None:
        async with web.browser() as browser:
            await browser.post("/presets", data={"name": "postcard", "style": "anime", "width": "768", "height": "512"})
            page = (await browser.get("/presets?edit=postcard")).text
            assert 'value="768"' in page
            await browser.post("/presets", data={"name": "postcard", "style": "origami"})
            (preset,) = web.abby.presets.list(ALICE.key)
            assert preset.choices.chosen() == {"style": "origami"}
            half = await browser.post("/presets", data={"name": "half", "width": "512"})
            assert (half.status, "Choose width and height together." in half.text) == (400, True)
            await browser.post("/presets/delete", data={"name": "postcard"})
        assert web.abby.presets.list(ALICE.key) == ()

    async def test_what_applies_unasked_is_set_and_taken_back(self, web: Web) -> None:
        async with web.browser() as browser:
            await browser.post("/presets", data={"unasked": "1", "style": "anime"})
            assert web.abby.presets.unasked(ALICE.key).style == "anime"
            await browser.post("/presets", data={"unasked": "1", "style": ""})
            assert web.abby.presets.unasked(ALICE.key).style is None


class TestTokens:
    async def test_one_is_shown_once_works_and_is_revoked(self, web: Web) -> None:
        async with web.browser() as browser:
            made = await browser.post("/tokens", data={"name": "frame", "scope": "look", "lasts": "0"})
            found = re.search(r'value="(abby_[^"]+)"', made.text)
            assert found
            text = found[1]
            assert text not in (await browser.get("/tokens")).text
            async with web.http(token=text) as http, http.get("/api/pictures") as answer:
                assert answer.status == 200
            (token,) = web.abby.tokens.list(ALICE)
            assert (token.name, token.scopes) == ("frame", ("look",))
            await browser.post(f"/tokens/{token.id}/revoke")
            async with web.http(token=text) as http, http.get("/api/pictures") as answer:
                assert answer.status == 401

    async def test_one_may_have_a_daily_limit_of_its_own(self, web: Web) -> None:
        async with web.browser() as browser:
            form = {"name": "frame", "scope": "make", "lasts": "0"}
            made = await browser.post("/tokens", data={**form, "images_per_day": "20"})
            assert "0 of 20 today" in made.text
            assert [token.images_per_day for token in web.abby.tokens.list(ALICE)] == [20]
            unlimited = await browser.post("/tokens", data={**form, "images_per_day": ""})
            assert unlimited.status == 200
            refused = await browser.post("/tokens", data={**form, "images_per_day": "-1"})
            assert (refused.status, "may have up to 1000000 pictures a day" in refused.text) == (400, True)
        assert len(web.abby.tokens.list(ALICE)) == 2

    async def test_one_that_may_do_nothing_is_refused(self, web: Web) -> None:
        async with web.browser() as browser:
            answer = await browser.post("/tokens", data={"name": "frame"})
        assert (answer.status, web.abby.tokens.list(ALICE)) == (400, ())


class TestPrivacy:
    async def test_everything_is_taken_along(self, web: Web) -> None:
        assert (await web.abby.storage.save_image(photograph(), "alice", "boat.png")).success
        assert (await web.abby.storage.save_image(photograph(), "bob", "his.png")).success
        async with web.browser() as browser, browser.session.get("/privacy/export") as answer:
            archive = zipfile.ZipFile(io.BytesIO(await answer.read()))
        assert archive.read("pictures/boat.png") == photograph()
        assert "pictures/his.png" not in archive.namelist()

    async def test_being_forgotten_takes_the_name_typed_out(self, web: Web) -> None:
        assert (await web.abby.storage.save_image(photograph(), "alice", "boat.png")).success
        assert (await web.abby.storage.save_image(photograph(), "bob", "his.png")).success
        async with web.browser() as browser:
            for typed in ("", "bob", "Alice"):
                refused = await browser.post("/privacy/forget", data={"confirm": typed})
                assert (refused.status, "type alice" in refused.text) == (400, True)
            assert len(web.abby.gallery.page(ALICE).artifacts) == 1
            done = await browser.post("/privacy/forget", data={"confirm": "alice"})
            assert "Everything about you is removed" in done.text
            assert (await browser.get("/gallery")).location.startswith("/sign-in")
        assert web.abby.gallery.page(ALICE).artifacts == ()
        assert len(web.abby.gallery.page(BOB).artifacts) == 1
