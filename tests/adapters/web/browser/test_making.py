"""Making pictures in a browser: live, with a picture, by keyboard, on a phone, without scripts, for everybody."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe  # pyright: ignore[reportMissingTypeStubs]
from PIL import Image
from playwright.async_api import FilePayload, Page, expect

from tests.adapters.web.browser.conftest import Open
from tests.support.providers import FixedProvider, blocking_provider, passing_error, photograph
from tests.support.studio import ALICE, assert_sound, until_ended
from tests.support.web import Web, serving

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "device_scale_factor": 2}


def upload(width: int = 300, height: int = 200) -> FilePayload:
    return {"name": "boat.png", "mimeType": "image/png", "buffer": photograph(width, height)}


async def serious(page: Page) -> list[str]:
    """What somebody who does not see, or has no mouse, would stumble over."""
    found = (await Axe().run(page)).response["violations"]
    return [
        f"{each['id']}: {node['html'][:200]}"
        for each in found if each["impact"] in {"serious", "critical"} for node in each["nodes"]
    ]  # fmt: skip


async def test_a_picture_is_made_while_one_looks(tmp_path: Path, open_window: Open) -> None:
    provider, gate = blocking_provider()
    async with serving(tmp_path, provider) as web, open_window(web) as window:
        page = window.page
        await page.goto("/")
        assert await page.evaluate("document.activeElement.id") == "prompt"
        await page.fill("#prompt", "a boat at dawn")
        await page.get_by_label("Anime").check()
        await page.click("#go")
        await expect(page.locator("#says")).to_contain_text("At work")
        await expect(page.locator("#bar")).to_have_attribute("value", "50")
        await page.reload()  # which loses nothing
        await expect(page.locator("#bar")).to_have_attribute("value", "50")
        gate.set()
        await expect(page.locator("h1")).to_have_text("Your picture")
        await expect(page.locator(".result img")).to_have_js_property("naturalWidth", 96)
        assert await page.title() == "a boat at dawn – Abby"
        (request,) = provider.requests
        assert (request.prompt, getattr(request, "style", "")) == ("a boat at dawn", "anime")


async def test_one_sees_it_come_into_being(tmp_path: Path, open_window: Open) -> None:
    provider, gate = blocking_provider(preview=photograph(64, 48))
    async with serving(tmp_path, provider) as web, open_window(web) as window:
        page = window.page
        await page.goto("/")
        await page.fill("#prompt", "a boat at dawn")
        await page.click("#go")
        preview = page.locator("#preview img")
        await expect(preview).to_have_js_property("naturalWidth", 64)
        assert await preview.get_attribute("alt") == "a boat at dawn"
        assert await serious(page) == []
        gate.set()
        await expect(page.locator("h1")).to_have_text("Your picture")
        await expect(preview).to_have_count(0)


async def test_one_cancels_what_is_at_work(tmp_path: Path, open_window: Open) -> None:
    provider, _ = blocking_provider()
    async with serving(tmp_path, provider) as web, open_window(web) as window:
        page = window.page
        await page.goto("/")
        await page.fill("#prompt", "a boat")
        await page.click("#go")
        await page.click("text=Cancel")
        await expect(page.locator("h1")).to_have_text("Cancelled")
        await expect(page.locator(".notice.good")).to_contain_text("Cancelled; what was set aside is back.")
        assert "said=" not in page.url


async def test_why_it_did_not_work_is_said(tmp_path: Path, open_window: Open) -> None:
    provider = FixedProvider(paid=True, errors=(passing_error(),))
    async with serving(tmp_path, provider) as web, open_window(web) as window:
        page = window.page
        await page.goto("/")
        await page.fill("#prompt", "a boat")
        await page.click("#go")
        await expect(page.locator("h1")).to_have_text("That did not work")
        await expect(page.locator(".notice.bad")).to_contain_text("The image service is overloaded.")
        await expect(page.locator(".notice.bad")).to_contain_text("Nothing was counted against your limits.")


async def test_a_dropped_picture_is_changed_and_compared_by_keyboard(web: Web, open_window: Open) -> None:
    async with open_window(web) as window:
        page = window.page
        await page.goto("/")
        await expect(page.locator("#with-source")).to_be_hidden()
        await page.set_input_files("#picture", upload())
        await expect(page.locator("#dropped")).to_be_visible()
        await expect(page.locator(".for-words").first).to_be_hidden()
        await page.fill("#prompt", "at night")
        await page.locator("#strength").fill("70")
        await expect(page.locator("#strength-says")).to_have_text("70 %")
        await page.click("#go")
        slider = page.get_by_label("Before and after")
        await slider.focus()
        for _ in range(5):
            await page.keyboard.press("ArrowRight")
        box = page.locator(".compare")
        assert await box.evaluate("each => each.style.getPropertyValue('--at')") == "55%"
        assert await page.locator(".before img").evaluate("each => each.decode().then(() => each.naturalWidth)") == 300
        assert await serious(page) == []
        request = web.provider.requests[0]
        assert (request.kind, getattr(request, "image_strength", 0)) == ("image_to_image", 0.7)


LET_GO = """([place, bytes, type]) => {
    const carried = new DataTransfer();
    carried.items.add(new File([new Uint8Array(bytes)], "a file", { type }));
    const event = new DragEvent("drop", { dataTransfer: carried, bubbles: true, cancelable: true });
    return !document.querySelector(place).dispatchEvent(event);
}"""
"""Lets a file go over some place; whether the page took it, so that the browser does not open it instead."""


@pytest.mark.parametrize("place", ["#drop", "#prompt", "footer"])
async def test_a_picture_is_dropped_anywhere_on_the_page(web: Web, open_window: Open, place: str) -> None:
    async with open_window(web) as window:
        page = window.page
        await page.goto("/")
        assert await page.evaluate(LET_GO, [place, list(b"%PDF"), "application/pdf"])
        await expect(page.locator("#with-source")).to_be_hidden()
        assert await page.evaluate(LET_GO, [place, list(b"no picture"), "image/png"])
        await expect(page.locator("#undrop")).to_be_visible()
        await expect(page.locator("#dropped")).to_be_hidden()
        assert await page.evaluate(LET_GO, [place, list(photograph()), "image/png"])
        await expect(page.locator("#dropped")).to_be_visible()
        await page.fill("#prompt", "at night")
        await page.click("#go")
        await page.get_by_label("Before and after").wait_for()
        assert [request.kind for request in web.provider.requests] == ["image_to_image"]


async def test_a_picture_of_ones_own_is_enlarged(web: Web, open_window: Open) -> None:
    saved = await web.abby.storage.save_image(photograph(), "alice", "boat.png")
    assert saved.success
    async with open_window(web) as window:
        page = window.page
        await page.goto("/?from=boat.png&do=upscale")
        await expect(page.locator("#prompt")).to_be_hidden()
        await expect(page.get_by_text("More choices")).to_be_hidden()  # there are none
        await page.click("#go")
        await page.get_by_label("Before and after").wait_for()
        assert [request.kind for request in web.provider.requests] == ["upscale"]


async def test_pressing_twice_makes_one_order(tmp_path: Path, open_window: Open) -> None:
    provider, gate = blocking_provider()
    async with serving(tmp_path, provider) as web, open_window(web) as window:
        page = window.page
        await page.goto("/")
        await page.fill("#prompt", "a boat")
        await page.dblclick("#go", no_wait_after=True)
        await page.wait_for_url("**/orders/*")
        gate.set()
        await expect(page.locator("h1")).to_have_text("Your picture")
        assert len(await web.abby.studio.orders(ALICE)) == 1


async def test_everything_can_be_done_by_keyboard(web: Web, open_window: Open) -> None:
    async with open_window(web) as window:
        page = window.page
        await page.goto("/")
        await page.keyboard.type("a boat --n 2")
        await page.keyboard.press("Control+Enter")
        await expect(page.locator("h1")).to_have_text("Your pictures")
        await page.goto("/orders")
        await page.keyboard.press("Tab")
        assert await page.evaluate("document.activeElement.className") == "skip"
        await page.keyboard.press("Enter")
        assert await page.evaluate("document.activeElement.id") == "main"
        for _ in range(30):
            await page.keyboard.press("Tab")
            outline = await page.evaluate(
                "(() => { const s = getComputedStyle(document.activeElement); return s.outlineStyle })()"
            )
            assert outline != "none", await page.evaluate("document.activeElement.outerHTML")
            if await page.evaluate("document.activeElement.classList.contains('order-words')"):
                break
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/orders/page-*")


async def test_all_of_it_works_without_a_script(tmp_path: Path, open_window: Open) -> None:
    provider, gate = blocking_provider()
    async with serving(tmp_path, provider) as web, open_window(web, java_script_enabled=False) as window:
        page = window.page
        await page.goto("/")
        await page.fill("#prompt", "at night")
        await page.set_input_files("#picture", upload())
        await page.get_by_label("Change it by my words").check()
        await page.click("#go")
        await expect(page.locator("#says")).to_contain_text("At work")
        gate.set()
        await until_ended(web.abby, page.url.rpartition("/")[2].partition("#")[0])
        await page.click("text=Look again")  # which browsers without scripts also do by themselves
        await expect(page.locator("h1")).to_have_text("Your picture")
        await page.select_option("[name=appearance]", "dark")
        await page.click("text=Apply")
        await expect(page.locator("html")).to_have_attribute("data-appearance", "dark")
        await page.locator("summary.button").click()
        await page.click("text=Sign out")
        await expect(page.locator(".notice.good")).to_contain_text("You are signed out here.")


async def test_a_telephone_shows_all_of_it_without_scrolling_sideways(web: Web, open_window: Open) -> None:
    async with open_window(web, expected=("/nothing",), **PHONE) as window:
        page = window.page
        for path in ("/", "/orders", "/account", "/nothing"):
            await page.goto(path)
            width = await page.evaluate("document.documentElement.scrollWidth")
            assert (path, width) == (path, 390)
        await page.goto("/")
        bar = await page.locator(".sections").bounding_box()
        assert bar is not None
        assert round(bar["y"] + bar["height"]) == 844, "the sections are at the thumb"
        await page.fill("#prompt", "a boat")
        await page.tap(".go-here")
        await expect(page.locator("h1")).to_have_text("Your picture")


async def test_a_link_signs_a_browser_in(web: Web, open_window: Open) -> None:
    link = web.abby.sign_ins.create(ALICE)
    async with open_window(web, account=None) as window:
        page = window.page
        await page.goto("/account")
        await expect(page.locator("h1")).to_have_text("Come in, make pictures")
        await page.goto(f"/sign-in/link/{link}?next=/account")
        assert await serious(page) == []
        await page.keyboard.press("Enter")  # its button has the focus
        await expect(page.locator("h1")).to_have_text("Your account")
        (cookie,) = await window.context.cookies()
        assert cookie.get("httpOnly") is True


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_everybody_can_use_the_pages(web: Web, open_window: Open, scheme: str) -> None:
    saved = await web.abby.storage.save_image(photograph(), "alice", "boat.png")
    assert saved.success
    async with open_window(web, expected=("/nothing",), color_scheme=scheme) as window:
        page = window.page
        found: dict[str, list[str]] = {}
        await page.goto("/")
        await page.fill("#prompt", "{red, green} boat")
        await page.click("#go")
        await expect(page.locator("h1")).to_have_text("Your pictures")
        for path in (page.url, "/", "/?from=boat.png", "/orders", "/account", "/nothing"):
            await page.goto(path)
            if path == "/":
                await page.click("text=More choices")
                await page.click("text=Tips for writing")
            found[path] = await serious(page)
        await window.context.clear_cookies()
        await page.goto("/sign-in")
        found["/sign-in"] = await serious(page)
        assert {path: problems for path, problems in found.items() if problems} == {}


async def test_a_limit_offers_what_helps_as_buttons(tmp_path: Path, open_window: Open) -> None:
    async with (
        serving(tmp_path, max_user_daily_gens=2) as web,
        open_window(web, expected=("status of 429",)) as window,
    ):
        page = window.page
        await page.goto("/")
        await page.fill("#prompt", "a boat")
        await page.get_by_label("4", exact=True).check()
        await page.click("#go")
        await expect(page.locator("#refused")).to_be_visible()
        assert await page.input_value("#prompt") == "a boat"
        await page.click("#refused button")
        await expect(page.locator("h1")).to_have_text("Your pictures")
        assert len(web.provider.requests) == 2
    assert_sound(web.abby)


def test_the_samples_of_styles_are_small() -> None:
    folder = Path(__file__).parents[4] / "abby_adapters" / "web" / "static"
    samples = sorted(folder.glob("style-*.webp"))
    assert len(samples) == 17
    assert sum(path.stat().st_size for path in samples) < 200_000
    with Image.open(BytesIO(samples[0].read_bytes())) as sample:
        assert sample.size == (192, 192)
