"""Pictures of every page for the documentation: ``python -m tests.support.web_screens [FOLDER]`` makes them anew.

A real server over a real Abby with the painter, two members and what they did; a real browser looks at it.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.async_api import Browser, Page, async_playwright

from abby_core.access.hosts import local_account
from abby_core.access.sign_ins import PATH as LINKS
from abby_core.generation.choices import Choices
from abby_core.generation.providers.painter import Painter
from abby_core.generation.request import TextToImage
from abby_core.quota.account import Account
from abby_core.studio.order import Order
from tests.services.chromium import find_chromium, running_chromium
from tests.support.web import Web, serving

IMAGES = Path(__file__).parents[2] / "docs" / "images"
WIDTH, HEIGHT = 1100, 760
PROMPTS = ("a cute rabbit in a meadow", "a lighthouse at dusk", "a red fox in the snow", "a dragon over mountains",
           "a city at night", "flowers in the rain")  # fmt: skip
MEMBERS = (Account("discord", "184092837465019283"), Account("local", "grandma"))
PAGES = {
    "orders": "/orders", "albums": "/albums", "shares": "/shares", "presets": "/presets", "tokens": "/tokens",
    "privacy": "/privacy", "account": "/account", "usage": "/admin/usage",
    "member": f"/admin/member?account={MEMBERS[0].key}",
    "tiers": "/admin/tiers", "queue": "/admin/queue", "providers": "/admin/providers", "check": "/admin/check",
}  # fmt: skip


async def main(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as root:
        async with serving(Path(root) / "abby", Painter(), max_user_daily_gens=20) as web:
            me = await _lived_in(web)
            program = find_chromium()
            if program is None:
                sys.exit("Chromium is not installed.")
            with running_chromium(program, Path(root) / "browser") as address:
                async with async_playwright() as driver:
                    browser = await driver.chromium.connect_over_cdp(address)
                    await _look_around(web, browser, me, folder)


async def _lived_in(web: Web) -> Account:
    """What two members and the host have done before anybody looks."""
    abby, me = web.abby, local_account()
    for number, prompt in enumerate(PROMPTS):
        for account in (me, MEMBERS[number % 2]):
            request = TextToImage(prompt=prompt, width=768, height=(512, 768)[number % 2])
            await abby.studio.create(Order(id=f"{account.user_id}-{number}", account=account, request=request))
    pictures = [each.name for each in abby.gallery.page(me).artifacts]
    await asyncio.to_thread(_things_of, web, me, pictures)
    return me


def _things_of(web: Web, me: Account, pictures: list[str]) -> None:
    abby = web.abby
    abby.gallery.albums.create(me, "Winter")
    abby.gallery.albums.add(me, "Winter", *pictures[:2])
    abby.shares.create(me, picture=pictures[0], expires_in_seconds=7 * 86_400)
    abby.presets.save(me.key, "Postcards", Choices(style="analog-film", width=1024, height=768))
    abby.tokens.create(me, name="Photo frame in the hall", scopes=("look",))
    abby.tokens.create(me, name="Laptop", images_per_day=20)


async def _look_around(web: Web, browser: Browser, me: Account, folder: Path) -> None:
    context = await browser.new_context(
        base_url=web.url, viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light", locale="en"
    )
    page = await context.new_page()
    link = await asyncio.to_thread(web.abby.sign_ins.create, me)
    picture = (await asyncio.to_thread(web.abby.gallery.page, me)).artifacts[0].id
    door = await asyncio.to_thread(web.abby.shares.create, me, picture=picture, password="a secret")
    for name, path in {"sign-in": "/sign-in", "sign-in-link": f"{LINKS}{link}", "share-door": f"/s/{door[1]}"}.items():
        await _take(page, path, folder / f"web-{name}.webp")
    session = (await web.abby.sessions.begin(me, device="Firefox on Linux"))[1]
    await context.add_cookies([{"name": "abby", "value": session, "url": web.url}])
    for name, path in {**PAGES, "share-new": f"/shares/new?picture={picture}"}.items():
        await _take(page, path, folder / f"web-{name}.webp")
    await context.close()


async def _take(page: Page, path: str, file: Path) -> None:
    await page.goto(path)
    await page.wait_for_load_state("networkidle")
    with Image.open(BytesIO(await page.screenshot())) as seen:
        seen.convert("RGB").save(file, "WEBP", quality=80, method=6)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]) if len(sys.argv) > 1 else IMAGES))
