"""A browser in front of a served Abby."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest

from tests.conftest import absent
from tests.services.chromium import Window, find_chromium, running_chromium, window_of
from tests.support.studio import ALICE
from tests.support.web import Web

Open = Callable[..., AbstractAsyncContextManager[Window]]


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    """One Chromium for the whole session, started by the first test that needs it."""
    program = find_chromium()
    if program is None:
        absent("Chromium")
    with running_chromium(program, tmp_path_factory.mktemp("chromium")) as address:
        yield address


@pytest.fixture
def open_window(chromium: str, caplog: pytest.LogCaptureFixture) -> Open:
    """Opens a window in which Alice is signed in (``account`` None: nobody). It may break no rule of the pages."""

    @asynccontextmanager
    async def opened(web: Web, *, account: Any = ALICE, **options: Any) -> AsyncGenerator[Window]:
        session = (await web.abby.sessions.begin(account))[1] if account is not None else ""
        with caplog.at_level(logging.WARNING, "abby_adapters.web.pages.app"):
            async with window_of(chromium, web.url, session=session, **options) as window:
                yield window
        assert [record.getMessage() for record in caplog.records if "breach" in record.getMessage()] == []

    return opened
