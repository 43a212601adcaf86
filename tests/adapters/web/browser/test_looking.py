"""Galleries, links and limits in a browser: many at once, by keyboard, on a phone, without scripts, for everybody."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe  # pyright: ignore[reportMissingTypeStubs]
from playwright.async_api import Page, expect

from abby_adapters.web.pages.gallery import PAGE
from tests.adapters.web.browser.conftest import Open
from tests.support.providers import blocking_provider, photograph
from tests.support.studio import ALICE, BOB, wish
from tests.support.web import Web, serving

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "device_scale_factor": 2}


async def saved(web: Web, count: int) -> list[str]:
    """So many pictures of Alice's, the newest first."""
    for number in range(count):
        result = await web.abby.storage.save_image(photograph(96 + number % 3 * 32, 96), "alice", f"p{number}.png")
        assert result.success, result.message
    return [each.id for each in web.abby.gallery.page(ALICE, limit=200).artifacts]


async def serious(page: Page) -> list[str]:
    """What somebody who does not see, or has no mouse, would stumble over."""
    found = (await Axe().run(page)).response["violations"]
    return [
        f"{each['id']}: {node['html'][:200]}"
        for each in found if each["impact"] in {"serious", "critical"} for node in each["nodes"]
    ]  # fmt: skip


async def test_a_link_is_shared_opened_elsewhere_and_taken_back(web: Web, open_window: Open) -> None:
    creation = await web.abby.studio.create(wish("o1", prompt="a boat at sea"))
    async with (
        open_window(web) as owner,
        open_window(web, account=None, expected=["404"]) as stranger,
    ):
        await owner.page.goto(f"/pictures/{creation.artifacts[0].id}")
        await owner.page.click("text=Share")
        await owner.page.get_by_label("With its prompt").check()
        await owner.page.click("text=Make the link")
        link = await owner.page.locator("#link").input_value()
        await stranger.page.goto(link)
        await expect(stranger.page.locator(".shared-words")).to_have_text("a boat at sea")
        picture = stranger.page.locator(".showcase-picture img")
        assert await picture.evaluate("each => each.decode().then(() => each.naturalWidth)") > 0
        await owner.page.goto("/shares")
        await owner.page.get_by_role("button", name="Take back").click()
        await expect(owner.page.locator(".notice")).to_contain_text("The link was taken back")
        await stranger.page.reload()
        await expect(stranger.page.locator("h1")).to_contain_text("This link shows nothing")


async def test_many_are_chosen_with_shift_deleted_and_had_back(web: Web, open_window: Open) -> None:
    await saved(web, 6)
    async with open_window(web) as window:
        page = window.page
        await page.goto("/gallery")
        bar = page.locator(".selected-bar")
        await expect(bar).to_be_hidden()
        boxes = page.locator("input[name=picture]")
        await boxes.nth(1).check()
        await boxes.nth(4).click(modifiers=["Shift"])
        await expect(bar.locator("output")).to_have_text("4 chosen")
        await bar.get_by_role("button", name="Delete").click()
        await expect(page.locator(".tile")).to_have_count(2)
        await page.click("text=Undo")
        await expect(page.locator(".tile")).to_have_count(6)
        await expect(page.locator(".notice")).to_contain_text("4 pictures are back.")


async def test_a_download_leaves_the_page_ready_for_the_next(web: Web, open_window: Open) -> None:
    await saved(web, 2)
    async with open_window(web) as window:
        page = window.page
        await page.goto("/gallery")
        await page.locator("input[name=picture]").first.check()
        for _ in range(2):
            async with page.expect_download() as download:
                await page.get_by_role("button", name="Download").click()
            assert (await download.value).suggested_filename == "pictures.zip"


async def test_scrolling_brings_what_is_older(web: Web, open_window: Open) -> None:
    await saved(web, PAGE + 7)
    async with open_window(web) as window:
        page = window.page
        await page.goto("/gallery")
        await page.mouse.wheel(0, 20_000)
        await expect(page.locator(".tile")).to_have_count(PAGE + 7)
        await expect(page.locator("#older")).to_have_count(0)
        # What came later can be chosen too.
        await page.locator("input[name=picture]").last.check()
        await expect(page.locator(".selected-bar output")).to_have_text("1 chosen")


async def test_the_gallery_is_walked_chosen_and_starred_by_keys(web: Web, open_window: Open) -> None:
    ids = await saved(web, 3)
    async with open_window(web) as window:
        page = window.page
        await page.goto("/gallery")
        await page.locator(".tile-link").first.focus()
        await page.keyboard.press("ArrowRight")
        await page.keyboard.press("x")
        await expect(page.locator("input[name=picture]").nth(1)).to_be_checked()
        async with page.expect_response("**/favourite*"):
            await page.keyboard.press("f")
        assert web.abby.gallery.find(ALICE, ids[1]).favourite
        await page.keyboard.press("Escape")
        await expect(page.locator(".selected-bar")).to_be_hidden()
        await page.locator(".tile-link").nth(1).focus()
        await page.keyboard.press("Enter")
        await page.wait_for_url(f"**/pictures/{ids[1]}")
        await page.keyboard.press("ArrowRight")
        await page.wait_for_url(f"**/pictures/{ids[2]}")


async def test_a_filter_that_is_tapped_holds_at_once_and_by_keys_one_chooses_in_peace(
    web: Web, open_window: Open
) -> None:
    ids = await saved(web, 3)
    web.abby.gallery.favourite(ALICE, ids[1])
    async with open_window(web, **PHONE) as window:
        page = window.page
        await page.goto("/gallery")
        await page.locator(".pill", has_text="Favourites").tap()
        await expect(page.locator(".tile")).to_have_count(1)
        await page.locator(".pill", has_text="Favourites").tap()
        await expect(page.locator(".tile")).to_have_count(3)
        await page.get_by_label("Kind").focus()
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("ArrowDown")
        await expect(page.get_by_label("Kind")).to_have_value("image_to_image")
        await expect(page.locator(".tile")).to_have_count(3)
        await page.get_by_role("button", name="Filter").press("Enter")
        await expect(page.locator("h2")).to_have_text("No picture is like that")


async def test_with_pictures_chosen_the_bar_of_a_phone_is_one_row(web: Web, open_window: Open) -> None:
    await saved(web, 3)
    async with open_window(web, **PHONE) as window:
        await window.page.goto("/gallery")
        for number in range(2):
            await window.page.locator("input[name=picture]").nth(number).check()
        rows = "bar => bar.clientHeight / bar.querySelector('.button').offsetHeight"
        assert await window.page.locator(".selected-bar").evaluate(rows) < 2


async def test_on_a_phone_a_link_can_be_taken_back_without_looking_for_the_button(web: Web, open_window: Open) -> None:
    (picture,) = await saved(web, 1)
    web.abby.shares.create(ALICE, picture=picture, password="a secret", views_max=3)
    async with open_window(web, **PHONE) as window:
        page = window.page
        await page.goto("/shares")
        assert await page.locator(".table").evaluate("each => each.scrollWidth - each.clientWidth") <= 0
        await expect(page.get_by_role("row")).to_have_count(2)
        await expect(page.get_by_role("columnheader", name="Ends")).to_have_count(1)
        assert await serious(page) == []
        await page.get_by_role("button", name="Take back").tap()
        await expect(page.locator(".notice")).to_contain_text("The link was taken back")


async def test_on_a_phone_the_host_cancels_an_order_without_looking_for_the_button(
    tmp_path: Path, open_window: Open
) -> None:
    provider, gate = blocking_provider()
    async with serving(tmp_path, provider, admins="alice") as web, open_window(web, **PHONE) as window:
        page = window.page
        await web.abby.studio.submit(wish("his", BOB))
        await page.goto("/admin/queue")
        assert await page.locator(".table").evaluate("each => each.scrollWidth - each.clientWidth") <= 0
        await page.get_by_role("button", name="Cancel the order of local:bob").tap()
        await expect(page.locator(".notice")).to_contain_text("The order is cancelled")
        gate.set()


async def test_without_scripts_pictures_are_chosen_starred_and_deleted(web: Web, open_window: Open) -> None:
    ids = await saved(web, PAGE + 1)
    async with open_window(web, java_script_enabled=False) as window:
        page = window.page
        await page.goto("/gallery")
        await page.click("text=Older pictures")
        await expect(page.locator(".tile")).to_have_count(1)
        await page.goto("/gallery")
        await page.locator(".tile").first.hover()
        await page.locator(".tile-star").first.click()
        assert web.abby.gallery.find(ALICE, ids[0]).favourite
        await page.locator("input[name=picture]").first.check(force=True)
        await page.get_by_role("button", name="Delete").click()
        await page.click("text=Undo")
        await expect(page.locator(".notice")).to_contain_text("1 picture is back.")


async def test_nothing_is_wider_than_a_phone_and_everything_can_be_read_aloud(
    tmp_path: Path, open_window: Open
) -> None:
    async with serving(tmp_path, admins="alice") as web, open_window(web, **PHONE) as window:
        made = await web.abby.studio.create(wish("o1", prompt="a boat at sea " * 20))
        picture = made.artifacts[0].id
        album = web.abby.gallery.albums.create(ALICE, "A-very-long-name-without-a-blank-" * 3)
        web.abby.gallery.albums.add(ALICE, album.id, picture)
        web.abby.shares.create(ALICE, picture=picture)
        token = web.abby.shares.create(ALICE, album=album.id)[1]
        (await web.abby.storage.save_image(photograph(), "alice", "gone.png"))
        web.abby.gallery.delete(ALICE, "gone.png")
        paths = [
            "/gallery", f"/gallery?album={album.id}", f"/pictures/{picture}", "/albums", "/trash", "/shares",
            f"/shares/new?picture={picture}", f"/s/{token}", "/quota", "/presets", "/tokens", "/privacy", "/admin",
            "/admin/usage", "/admin/members", "/admin/member?account=local:alice", "/admin/tiers", "/admin/queue",
            "/admin/providers", "/admin/check",
        ]  # fmt: skip
        for path in paths:
            await window.page.goto(path)
            wider = await window.page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wider <= 0, path
            assert await serious(window.page) == [], path


@pytest.mark.parametrize("width", [320, 720, 768, 960])
async def test_long_words_of_other_languages_fit_any_width(tmp_path: Path, open_window: Open, width: int) -> None:
    viewport: Any = {"width": width, "height": 700}
    async with (
        serving(tmp_path, admins="alice") as web,
        open_window(web, viewport=viewport, locale="de", extra_http_headers={"accept-language": "de"}) as window,
    ):
        made = await web.abby.studio.create(wish("o1", prompt="a boat at sea " * 20, pictures=2))
        web.abby.shares.create(ALICE, picture=made.artifacts[0].id)
        paths = ["/", "/orders", "/orders/o1", "/gallery", f"/pictures/{made.artifacts[0].id}", "/albums", "/shares",
                 "/quota", "/presets", "/tokens", "/privacy", "/account", "/admin", "/admin/check"]  # fmt: skip
        for path in paths:
            await window.page.goto(path)
            assert await window.page.locator("html").get_attribute("lang") == "de"
            wider = await window.page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wider <= 0, path
        words = await window.page.locator(".sections a").evaluate_all(
            "all => all.map(each => each.querySelector('span').getBoundingClientRect()).map(r => [r.left, r.right])"
        )
        assert all(before[1] <= after[0] for before, after in pairwise(words)), "no word runs into the next one"
        assert words[-1][1] <= width


async def test_pages_can_be_read_aloud_in_the_dark_on_a_desk(web: Web, open_window: Open) -> None:
    ids = await saved(web, 3)
    async with open_window(web, color_scheme="dark", viewport={"width": 1280, "height": 800}) as window:
        for path in ("/gallery", f"/pictures/{ids[0]}", "/quota", "/presets", "/tokens", "/shares", "/trash"):
            await window.page.goto(path)
            assert await serious(window.page) == [], path
        await window.page.goto("/gallery")
        await window.page.locator("input[name=picture]").first.check()
        await expect(window.page.locator(".selected-bar")).to_be_visible()
        assert await serious(window.page) == []
        await expect(window.page).to_have_title(re.compile("Gallery"))
