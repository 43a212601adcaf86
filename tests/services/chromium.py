"""A Chromium for the tests: one process for all of them, a fresh profile in it for each."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.async_api import BrowserContext, ConsoleMessage, Page, async_playwright

ARGUMENTS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run",
    "--disable-dev-shm-usage", "--hide-scrollbars", "--remote-debugging-port=0",
)  # fmt: skip
BREACHES = """document.addEventListener("securitypolicyviolation", (event) =>
    console.error("breach", event.violatedDirective, event.blockedURI))"""


def find_chromium() -> str | None:
    """The program, where there is one."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@contextmanager
def running_chromium(program: str, folder: Path) -> Generator[str]:
    """The address at which it is told what to do."""
    command = [program, *ARGUMENTS, f"--user-data-dir={folder}", "about:blank"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            for line in process.stderr:
                if found := re.search(r"DevTools listening on (ws://\S+)", line):
                    yield found[1]
                    break
            else:
                raise RuntimeError("Chromium ended before it listened")
        finally:
            process.terminate()
            process.wait(20)


@dataclass
class Window:
    """One window of a browser, and everything it complained about."""

    page: Page
    context: BrowserContext
    complaints: list[str] = field(default_factory=list[str])

    def listen(self, expected: Sequence[str]) -> None:
        def note(message: ConsoleMessage) -> None:
            said = f"{message.text} {message.location.get('url', '')}"
            if message.type in {"error", "warning"} and not any(each in said for each in expected):
                self.complaints.append(said)

        self.page.on("console", note)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))


@asynccontextmanager
async def window_of(
    address: str, url: str, *, session: str = "", expected: Sequence[str] = (), **options: Any
) -> AsyncGenerator[Window]:
    """A window over an empty profile. ``session``: the cookie of whoever is signed in to the pages at ``url``.

    Whatever the console complains about beyond ``expected`` fails the test.
    """
    async with async_playwright() as playwright:
        browser = await playwright.chromium.connect_over_cdp(address)
        context = await browser.new_context(base_url=url, **options)
        context.set_default_timeout(20_000)
        if session:
            await context.add_cookies([{"name": "abby", "value": session, "url": url}])
        await context.add_init_script(BREACHES)
        window = Window(await context.new_page(), context)
        window.listen(expected)
        try:
            yield window
        finally:
            await context.close()
    if window.complaints:
        raise AssertionError(f"the browser complained: {window.complaints}")
