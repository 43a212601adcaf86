"""The gallery's pages over HTTP: looking, choosing many, the trash, one picture and its bytes."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace
from pathlib import Path

from PIL import Image

from abby_adapters.web.pages.gallery import PAGE
from abby_core.database.transaction import Transaction
from abby_core.gallery import Filter
from abby_core.generation.request import ImageToImage
from abby_core.storage.compression import Compressed, compress
from tests.support.providers import FixedProvider, mask, photograph
from tests.support.studio import ALICE, wish
from tests.support.web import Browser, Web, serving

TILE = re.compile(r'<a class="tile-link" href="/pictures/([0-9a-f]+)"')


async def saved(web: Web, count: int) -> list[str]:
    """So many pictures of Alice's, the newest first."""
    for number in range(count):
        assert (await web.abby.storage.save_image(photograph(), "alice", f"p{number}.png")).success
    return [each.id for each in web.abby.gallery.page(ALICE, limit=200).artifacts]


def tiles(html: str) -> list[str]:
    return TILE.findall(html)


async def zip_of(browser: Browser, method: str, path: str, **options: object) -> zipfile.ZipFile:
    async with browser.session.request(method, path, **options) as answer:  # pyright: ignore[reportArgumentType]
        assert (answer.status, answer.content_type) == (200, "application/zip")
        assert "attachment" in answer.headers["content-disposition"]
        return zipfile.ZipFile(io.BytesIO(await answer.read()))


class TestLooking:
    async def test_every_picture_is_found_once_by_following_the_link_to_older_ones(self, web: Web) -> None:
        ids = await saved(web, PAGE + 5)
        async with web.browser() as browser:
            first = await browser.get("/gallery")
            older = re.search(r'id="older" rel="next" href="([^"]+)"', first.text)
            assert older
            second = await browser.get(older[1].replace("&amp;", "&"))
        assert tiles(first.text) + tiles(second.text) == ids
        assert 'id="older"' not in second.text

    async def test_what_was_painted_anew_by_a_mask_says_so(self, tmp_path: Path) -> None:
        request = ImageToImage(image=photograph(), mask=mask(), prompt="a red dragon")
        async with serving(tmp_path, FixedProvider(masks=True)) as web, web.browser() as browser:
            [made] = (await web.abby.studio.create(wish("part", request=request))).artifacts
            page = (await browser.get(f"/pictures/{made.id}")).text
            assert "Only a part of the picture, by a mask" in page
            [whole] = (await web.abby.studio.create(wish("all", request=replace(request, mask=b"")))).artifacts
            assert "by a mask" not in (await browser.get(f"/pictures/{whole.id}")).text

    async def test_filters_narrow_it_and_may_be_cleared(self, web: Web) -> None:
        made = [(await web.abby.studio.create(wish(f"o{word}", prompt=f"a {word}"))).artifacts[0] for word in "ab"]
        web.abby.gallery.favourite(ALICE, made[1].id)
        async with web.browser() as browser:
            assert tiles((await browser.get("/gallery?q=a%20b")).text) == [made[1].id]
            assert tiles((await browser.get("/gallery?favourite=1")).text) == [made[1].id]
            assert tiles((await browser.get("/gallery?kind=upscale")).text) == []
            assert len(tiles((await browser.get("/gallery?style=enhance&provider=&kind=text_to_image")).text)) == 2
            assert tiles((await browser.get("/gallery?until=2001-01-01")).text) == []
            nothing = await browser.get("/gallery?q=zebra")
            wrong = await browser.get("/gallery?until=yesterday")
        assert "No picture is like that" in nothing.text
        assert wrong.status == 400

    async def test_an_empty_gallery_says_how_to_fill_it(self, web: Web) -> None:
        async with web.browser() as browser:
            assert "Make your first picture" in (await browser.get("/gallery")).text


class TestMany:
    async def test_the_chosen_ones_come_as_a_zip(self, web: Web) -> None:
        ids = await saved(web, 3)
        async with web.browser() as browser:
            form = [("do", "download"), ("picture", ids[0]), ("picture", ids[2])]
            archive = await zip_of(browser, "POST", "/gallery/selected", data=form)
        assert sorted(archive.namelist()) == ["p0.png", "p2.png", "pictures.json"]
        assert archive.read("p0.png") == photograph()

    async def test_what_is_deleted_is_had_back_with_one_button(self, web: Web) -> None:
        ids = await saved(web, 3)
        async with web.browser() as browser:
            form = [("do", "delete"), ("picture", ids[0]), ("picture", ids[1]), ("back", "/gallery?q=p")]
            gone = await browser.post("/gallery/selected", data=form)
            assert gone.location.startswith("/gallery?q=p&undo=")
            page = await browser.get(gone.location)
            assert "2 pictures are in the trash." in page.text
            key = re.search(r'name="undo" value="([^"]+)"', page.text)
            assert key
            async with web.browser(None) as nobody:
                assert (await nobody.post("/gallery/undo", data={"undo": key[1]})).location.startswith("/sign-in")
            await browser.post("/gallery/undo", data={"undo": key[1]})
            assert tiles((await browser.get("/gallery")).text) == ids

    async def test_they_are_starred_and_put_into_albums_and_taken_out(self, web: Web) -> None:
        ids = await saved(web, 2)
        chosen = [("picture", each) for each in ids]
        async with web.browser() as browser:
            await browser.post("/gallery/selected", data=[("do", "favourite"), *chosen])
            assert len(web.abby.gallery.page(ALICE, Filter(favourite=True)).artifacts) == 2
            await browser.post("/gallery/selected", data=[("do", "collect"), ("album_name", "Sea"), *chosen])
            (album,) = web.abby.gallery.albums.list(ALICE)
            assert (album.name, album.pictures) == ("Sea", 2)
            out = [("do", "uncollect"), ("from_album", album.id), ("picture", ids[0])]
            await browser.post("/gallery/selected", data=out)
            assert tiles((await browser.get(f"/gallery?album={album.id}")).text) == [ids[1]]
            archive = await zip_of(browser, "GET", f"/albums/{album.id}/download")
            assert "pictures.json" in archive.namelist()

    async def test_sharing_several_makes_an_album_of_them(self, web: Web) -> None:
        ids = await saved(web, 2)
        async with web.browser() as browser:
            answer = await browser.post(
                "/gallery/selected", data=[("do", "share"), *(("picture", each) for each in ids)]
            )
            (album,) = web.abby.gallery.albums.list(ALICE)
            assert answer.location == f"/shares/new?album={album.id}"
            one = await browser.post("/gallery/selected", data=[("do", "share"), ("picture", ids[0])])
            assert one.location == f"/shares/new?picture={ids[0]}"

    async def test_a_form_leads_back_to_our_own_pages_alone(self, web: Web) -> None:
        (picture,) = await saved(web, 1)
        async with web.browser() as browser:
            for back in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"):
                form = {"do": "favourite", "picture": picture, "back": back}
                answer = await browser.post("/gallery/selected", data=form)
                assert answer.location.startswith("/?said="), back

    async def test_nothing_chosen_does_nothing(self, web: Web) -> None:
        async with web.browser() as browser:
            answer = await browser.post("/gallery/selected", data={"do": "delete"}, follow=True)
        assert "No picture was chosen." in answer.text


class TestTrash:
    async def test_it_gives_back_removes_and_is_emptied(self, web: Web) -> None:
        ids = await saved(web, 4)
        web.abby.gallery.delete(ALICE, *ids)
        async with web.browser() as browser:
            page = await browser.get("/trash")
            assert page.text.count('name="picture"') == 4
            await browser.post("/trash/selected", data={"do": "restore", "picture": ids[0]})
            await browser.post("/trash/selected", data={"do": "remove", "picture": ids[1]})
            assert {each.id for each in web.abby.gallery.trash(ALICE).artifacts} == {ids[2], ids[3]}
            emptied = await browser.post("/trash/empty", follow=True)
            assert "2 pictures are gone for good" in emptied.text
        assert [each.id for each in web.abby.gallery.page(ALICE).artifacts] == [ids[0]]
        assert web.abby.gallery.trash(ALICE).artifacts == ()


class TestAlbums:
    async def test_one_is_made_renamed_and_deleted(self, web: Web) -> None:
        async with web.browser() as browser:
            made = await browser.post("/albums", data={"name": "Sea"}, follow=True)
            assert "This album is empty" in made.text
            (album,) = web.abby.gallery.albums.list(ALICE)
            again = await browser.post("/albums", data={"name": "sea"})
            assert (again.status, "already" in again.text) == (400, True)
            await browser.post(f"/albums/{album.id}/rename", data={"name": "<b>Lake</b>"})
            page = await browser.get("/albums")
            assert "&lt;b&gt;Lake&lt;/b&gt;" in page.text
            await browser.post(f"/albums/{album.id}/delete")
        assert web.abby.gallery.albums.list(ALICE) == []


class TestPicture:
    async def test_it_shows_what_is_known_and_leads_to_its_neighbours(self, web: Web) -> None:
        made = [(await web.abby.studio.create(wish(f"o{n}", prompt=f"boat <{n}>"))).artifacts[0].id for n in range(3)]
        async with web.browser() as browser:
            page = (await browser.get(f"/pictures/{made[1]}")).text
        assert "boat &lt;1&gt;" in page
        assert "boat <1>" not in page
        assert f'rel="prev" href="/pictures/{made[2]}"' in page
        assert f'rel="next" href="/pictures/{made[0]}"' in page
        assert f"/?reuse={made[1]}" in page
        assert f"/?from={made[1]}&amp;do=transform" in page

    async def test_it_is_described_named_starred_and_deleted(self, web: Web) -> None:
        ids = await saved(web, 2)
        path = f"/pictures/{ids[0]}"
        async with web.browser() as browser:
            await browser.post(f"{path}/description", data={"alt_text": "A boat"})
            await browser.post(f"{path}/name", data={"name": "boat"})
            await browser.post(f"{path}/favourite?on=1")
            picture = web.abby.gallery.find(ALICE, ids[0])
            assert (picture.alt_text, picture.name, picture.favourite) == ("A boat", "boat.png", True)
            script = await browser.post(f"{path}/favourite?on=0", headers={"x-from-script": "1"})
            assert (script.status, web.abby.gallery.find(ALICE, ids[0]).favourite) == (204, False)
            long = await browser.post(f"{path}/description", data={"alt_text": "x" * 2000})
            assert (long.status, "up to 1000 characters" in long.text) == (400, True)
            gone = await browser.post(f"{path}/delete")
            assert gone.location.startswith(f"/pictures/{ids[1]}?undo=")
            assert "1 picture is in the trash." in (await browser.get(gone.location)).text

    async def test_who_sees_it_is_its_owners_choice(self, web: Web) -> None:
        (picture,) = await saved(web, 1)
        async with web.browser() as browser:
            for wanted in ("public", "private"):
                await browser.post(f"/pictures/{picture}/visibility", data={"seen_by": wanted})
                assert web.abby.gallery.find(ALICE, picture).visibility == wanted
            web.abby.gallery.set_visibility(ALICE, picture, visibility="server", guild="4711")
            assert "Members of a server" in (await browser.get(f"/pictures/{picture}")).text
            for nothing in ({}, {"seen_by": "server"}):
                await browser.post(f"/pictures/{picture}/visibility", data=nothing)
                assert web.abby.gallery.find(ALICE, picture).visibility == "server"

    async def test_a_compressed_one_is_made_the_original_again(self, web: Web) -> None:
        smooth = io.BytesIO()
        Image.merge("RGB", [Image.radial_gradient("L").resize((300, 300))] * 3).save(smooth, "PNG", compress_level=0)
        assert (await web.abby.storage.save_image(smooth.getvalue(), "alice", "moon.png")).success
        picture = web.abby.gallery.find(ALICE, "moon.png")
        path = f"/pictures/{picture.id}"
        async with web.browser() as browser:
            assert f"{path}/uncompress" not in (await browser.get(path)).text
            done = compress(web.abby.storage, picture)
            assert isinstance(done, Compressed)
            assert f"{path}/uncompress" in (await browser.get(path)).text
            back = await browser.post(f"{path}/uncompress", follow=True)
            assert "The picture is the original again." in back.text
            assert web.abby.gallery.find(ALICE, picture.id).sha256 == picture.sha256
            again = await browser.post(f"{path}/uncompress")
            assert (again.status, "was not compressed within" in again.text) == (400, True)

    async def test_its_bytes_are_what_they_are_and_nothing_runs_in_them(self, web: Web) -> None:
        (picture,) = await saved(web, 1)
        async with web.browser() as browser, browser.session.get(f"/pictures/{picture}/file") as answer:
            assert await answer.read() == photograph()
            assert answer.headers["content-type"] == "image/png"
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
            assert answer.headers["content-disposition"].startswith("inline; filename*=UTF-8''p0.png")
            assert answer.headers["cache-control"] == "private, no-cache"

    async def test_an_address_that_says_its_version_may_be_kept_and_a_wrong_one_not(self, web: Web) -> None:
        (picture,) = await saved(web, 1)
        async with web.browser() as browser:
            page = await browser.get(f"/pictures/{picture}")
            address = re.search(rf'src="(/pictures/{picture}/file\?v=[0-9a-f]+)"', page.text)
            assert address
            async with browser.session.get(address[1]) as answer:
                assert answer.headers["cache-control"] == "private, max-age=86400, immutable"
                etag = answer.headers["etag"]
            async with browser.session.get(address[1] + "0") as answer:
                assert answer.headers["cache-control"] == "private, no-cache"
            async with browser.session.get(address[1], headers={"if-none-match": f'"x", W/{etag}'}) as answer:
                assert (answer.status, await answer.read()) == (304, b"")

    async def test_parts_of_it_can_be_asked_for(self, web: Web) -> None:
        (picture,) = await saved(web, 1)
        whole, path = photograph(), f"/pictures/{picture}/file"
        async with web.browser() as browser:
            async with browser.session.get(path) as answer:
                etag = answer.headers["etag"]
            for part, status, expected in (
                ("bytes=0-9", 206, whole[:10]),
                ("bytes=-10", 206, whole[-10:]),
                ("bytes=999999999-", 416, b""),
            ):
                async with browser.session.get(path, headers={"range": part}) as answer:
                    assert (answer.status, await answer.read()) == (status, expected), part
            async with browser.session.get(path, headers={"range": "bytes=0-9", "if-range": etag}) as answer:
                assert answer.status == 206
            async with browser.session.get(path, headers={"range": "bytes=0-9", "if-range": '"old"'}) as answer:
                assert (answer.status, await answer.read()) == (200, whole)

    async def test_a_name_that_would_break_a_header_is_written_safely(self, web: Web) -> None:
        (picture,) = await saved(web, 1)

        def rename(tx: Transaction) -> None:
            tx.execute("UPDATE artifacts SET name = :name WHERE id = :id", name='a"\r\nx: y;ü.png', id=picture)

        web.abby.database.write(rename)
        async with web.browser() as browser, browser.session.get(f"/pictures/{picture}/file?download=1") as answer:
            assert answer.headers["content-disposition"] == (
                "attachment; filename*=UTF-8''a%22%0D%0Ax%3A%20y%3B%C3%BC.png"
            )
            assert "x" not in answer.headers
