"""A served Abby for each test."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.support.web import Web, serving


@pytest.fixture
async def web(tmp_path: Path) -> AsyncGenerator[Web]:
    async with serving(tmp_path) as served:
        yield served
