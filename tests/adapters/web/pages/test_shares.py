"""Links: made on pages, opened by strangers, taken back; what chats and proxies see of them."""

from __future__ import annotations

import re
from pathlib import Path

from abby_adapters.web.pages.share_door import KEPT_SECONDS_MAX
from abby_core.gallery.share_passes import PASS_SECONDS
from tests.support.providers import photograph
from tests.support.studio import ALICE, wish
from tests.support.web import Browser, Web, serving

PUBLIC = "https://pictures.example.org"


async def made(web: Web, count: int = 1) -> list[str]:
    creation = await web.abby.studio.create(wish("o1", prompt="a boat at sea", pictures=count))
    return [each.id for each in creation.artifacts]


async def link_made(browser: Browser, **fields: str) -> str:
    """The path of a new link, as its page shows it once."""
    page = await browser.post("/shares", data={"metadata": "prompt", **fields})
    assert page.status == 200, page.text
    found = re.search(r'value="[^"]*(/s/[^"]+)"', page.text)
    assert found
    return found[1]


async def status_of(browser: Browser, path: str) -> int:
    async with browser.session.get(path) as answer:
        await answer.read()
        return answer.status


class TestMaking:
    async def test_a_link_is_shown_once_and_taken_back(self, web: Web) -> None:
        (picture,) = await made(web)
        async with web.browser() as owner, web.browser(None) as stranger:
            path = await link_made(owner, picture=picture)
            assert "a boat at sea" in (await stranger.get(path)).text
            assert await status_of(stranger, f"{path}/file") == 200
            listed = await owner.get("/shares")
            assert path not in listed.text
            share = re.search(r'action="/shares/([0-9a-f]+)/revoke"', listed.text)
            assert share
            await owner.post(f"/shares/{share[1]}/revoke")
            gone = await stranger.get(path)
            assert (gone.status, "This link shows nothing" in gone.text) == (404, True)
            assert gone.text.replace(path, "/s/x") == (await stranger.get("/s/x")).text
            for file in ("file", f"pictures/{picture}/file", f"pictures/{picture}/thumbnail", f"pictures/{picture}"):
                assert await status_of(stranger, f"{path}/{file}") == 404

    async def test_what_a_picture_shows_is_said_in_the_readers_language_and_its_owners_words_stay(
        self, web: Web
    ) -> None:
        (picture,) = await made(web)
        german = {"accept-language": "de"}
        async with web.browser() as owner, web.browser(None) as stranger:
            path = await link_made(owner, picture=picture, metadata="none")
            assert 'property="og:description" content="Ein Bild"' in (await stranger.get(path, headers=german)).text
            assert 'alt="Bild: a boat at sea"' in (await owner.get("/gallery", headers=german)).text
            web.abby.gallery.set_alt_text(ALICE, picture, "A picture")
            assert 'alt="A picture"' in (await owner.get("/gallery", headers=german)).text

    async def test_what_cannot_be_is_said_where_it_was_typed(self, web: Web) -> None:
        (picture,) = await made(web)
        async with web.browser() as owner:
            for fields in ({"password": "x"}, {"views_max": "-1"}, {"views_max": "many"}, {"lasts": "1"}):
                answer = await owner.post("/shares", data={"picture": picture, **fields})
                assert answer.status == 400, fields
                assert 'role="alert"' in answer.text
        assert web.abby.shares.list(ALICE) == ()


class TestOpening:
    async def test_it_ends_when_its_time_is_over(self, web: Web) -> None:
        (picture,) = await made(web)
        async with web.browser() as owner, web.browser(None) as stranger:
            path = await link_made(owner, picture=picture, lasts="3600")
            web.clock.skip(3601)
            assert (await stranger.get(path)).status == 404
            assert await status_of(stranger, f"{path}/file") == 404

    async def test_a_password_is_asked_for_and_then_a_pass_lasts_a_while(self, web: Web) -> None:
        (picture,) = await made(web)
        async with web.browser() as owner, web.browser(None) as stranger, web.browser(None) as other:
            path = await link_made(owner, picture=picture, password="open sesame")
            door = await stranger.get(path)
            assert (door.status, "a boat at sea" in door.text, "og:image" in door.text) == (200, False, False)
            assert await status_of(stranger, f"{path}/file") == 404
            wrong = await stranger.post(path, data={"password": "open"})
            assert (wrong.status, "That is not the password" in wrong.text) == (403, True)
            assert (await stranger.post(path, data={"password": "open sesame"})).location == path
            assert "a boat at sea" in (await stranger.get(path)).text
            async with stranger.session.get(f"{path}/file") as answer:
                assert (answer.status, answer.headers["cache-control"]) == (200, "private, no-cache")
            assert await status_of(other, f"{path}/file") == 404
            web.clock.skip(PASS_SECONDS + 1)
            assert await status_of(stranger, f"{path}/file") == 404

    async def test_wrong_passwords_run_out(self, web: Web) -> None:
        (picture,) = await made(web)
        async with web.browser() as owner, web.browser(None) as stranger:
            path = await link_made(owner, picture=picture, password="open sesame")
            answers = [(await stranger.post(path, data={"password": f"wrong {n}"})).status for n in range(25)]
            assert answers[0] == 403
            assert answers[-1] == 404
            assert (await stranger.post(path, data={"password": "open sesame"})).status == 404

    async def test_looking_at_a_capped_link_costs_a_view_by_its_button_alone(self, web: Web) -> None:
        (picture,) = await made(web)
        async with web.browser() as owner, web.browser(None) as first, web.browser(None) as second:
            path = await link_made(owner, picture=picture, views_max="1")
            for _ in range(3):  # programs that look at links in chats
                assert "limited number of times" in (await second.get(path)).text
            assert web.abby.shares.list(ALICE)[0].views == 0
            assert (await first.post(path)).location == path
            for _ in range(3):
                assert "a boat at sea" in (await first.get(path)).text
            assert await status_of(first, f"{path}/file") == 200
            assert web.abby.shares.list(ALICE)[0].views == 1
            assert (await second.get(path)).status == 404
            assert (await second.post(path)).status == 404

    async def test_a_pass_opens_no_other_link_and_none_that_was_taken_back(self, web: Web) -> None:
        (picture,) = await made(web)
        async with web.browser() as owner, web.browser(None) as stranger:
            one = await link_made(owner, picture=picture, password="open sesame")
            other = await link_made(owner, picture=picture, password="open sesame")
            await stranger.post(one, data={"password": "open sesame"})
            shown = next(value for name, value in stranger.cookies.items() if name.startswith("abby-share-"))
            forged = {f"abby-share-{share.id}": shown for share in web.abby.shares.list(ALICE)}
            assert await status_of(stranger, f"{one}/file") == 200
            cookies = "; ".join(f"{name}={value}" for name, value in forged.items())
            for path, status in ((one, 200), (other, 404)):
                async with (
                    web.browser(None) as forger,
                    forger.session.get(f"{path}/file", headers={"cookie": cookies}) as answer,
                ):
                    assert answer.status == status
            for share in web.abby.shares.list(ALICE):
                web.abby.shares.revoke(ALICE, share.id)
            assert await status_of(stranger, f"{one}/file") == 404

    async def test_an_album_shows_its_pictures_and_nothing_beside_them(self, web: Web) -> None:
        inside, beside = await made(web, 2)
        album = web.abby.gallery.albums.create(ALICE, "Sea")
        web.abby.gallery.albums.add(ALICE, album.id, inside)
        async with web.browser() as owner, web.browser(None) as stranger:
            path = await link_made(owner, album=album.id)
            page = await stranger.get(path)
            assert f"{path}/pictures/{inside}" in page.text
            assert beside not in page.text
            assert "a boat at sea" in (await stranger.get(f"{path}/pictures/{inside}")).text
            assert await status_of(stranger, f"{path}/pictures/{inside}/file") == 200
            assert await status_of(stranger, f"{path}/pictures/{beside}/file") == 404
            assert await status_of(stranger, f"{path}/pictures/{beside}") == 404
            assert await status_of(stranger, f"{path}/file") == 404


class TestUnfolding:
    async def test_chats_see_title_picture_size_and_description(self, tmp_path: Path) -> None:
        async with serving(tmp_path, public_url=PUBLIC, web_allowed_hosts="127.0.0.1") as web:
            (picture,) = await made(web)
            kept = web.abby.gallery.find(ALICE, picture)
            size = (str(kept.width), str(kept.height))
            async with web.browser() as owner, web.browser(None) as chat:
                path = await link_made(owner, picture=picture)
                page = await chat.get(path)
        told = dict(re.findall(r'<meta (?:property|name)="([^"]+)" content="([^"]*)">', page.text))
        assert told["og:title"] == "a boat at sea"
        assert told["og:url"] == f"{PUBLIC}{path}"
        assert told["og:image"] == told["twitter:image"] == f"{PUBLIC}{path}/pictures/{picture}/file"
        assert (told["og:image:width"], told["og:image:height"]) == size
        assert told["og:image:alt"]
        assert told["twitter:card"] == "summary_large_image"
        assert told["robots"] == "noindex, nofollow"

    async def test_search_engines_are_told_to_leave_it(self, web: Web) -> None:
        (picture,) = await made(web)
        async with web.browser() as owner, web.browser(None) as engine:
            path = await link_made(owner, picture=picture)
            for under in ("", "/file", f"/pictures/{picture}/thumbnail", f"/pictures/{picture}"):
                async with engine.session.get(path + under) as answer:
                    assert "noindex" in answer.headers["x-robots-tag"], under

    async def test_whose_it_is_and_its_name_are_told_to_nobody(self, web: Web) -> None:
        assert (await web.abby.storage.save_image(photograph(), "alice", "secret-name.png")).success
        async with web.browser() as owner, web.browser(None) as stranger:
            path = await link_made(owner, picture="secret-name.png", metadata="full")
            page = await stranger.get(path)
            assert "secret-name" not in page.text
            assert "alice" not in page.text
            async with stranger.session.get(f"{path}/file") as answer:
                assert answer.headers["content-disposition"] == "inline; filename*=UTF-8''picture.png"

    async def test_an_open_link_may_be_kept_on_the_way_for_a_while_at_most(self, web: Web) -> None:
        (picture,) = await made(web)
        async with web.browser() as owner, web.browser(None) as stranger:
            path = await link_made(owner, picture=picture, lasts="3600")
            async with stranger.session.get(f"{path}/file") as answer:
                assert answer.headers["cache-control"] == f"public, max-age={KEPT_SECONDS_MAX}, immutable"
                etag = answer.headers["etag"]
            async with stranger.session.get(f"{path}/file", headers={"if-none-match": etag}) as answer:
                assert answer.status == 304
            web.clock.skip(3600 - 60)
            async with stranger.session.get(f"{path}/file") as answer:
                kept = re.fullmatch(r"public, max-age=(\d+), immutable", answer.headers["cache-control"])
                assert kept
                assert int(kept[1]) <= 60
