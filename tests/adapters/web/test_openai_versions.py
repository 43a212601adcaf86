"""One program over each version of OpenAI's client that people have: all of them get on with Abby as they come."""

from __future__ import annotations

import asyncio
import hashlib
import importlib.metadata
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from abby_core.errors import Moderated, ProviderError
from abby_core.generation.request import ImageRequest, ImageToImage
from abby_core.quota.meter import IMAGES_PER_DAY
from tests.conftest import absent
from tests.support.providers import PATIENCE_SECONDS, FixedProvider, mask, photograph
from tests.support.studio import ALICE, assert_sound, counter
from tests.support.web import cutting, serving

PROGRAM = Path(__file__).parents[2] / "support" / "openai_program.py"
PICTURES = 7
"""That the program gets: two, an edit, one in part, a stream, a streamed edit, and one over a line that is cut."""
CREDITS = 3000


@pytest.fixture(params=["2", "3"])
def client(request: pytest.FixtureRequest) -> tuple[str, str]:
    """A major version, and the folder it is imported from; empty: it is installed beside Abby."""
    version: str = request.param
    if importlib.metadata.version("openai").startswith(f"{version}."):
        return version, ""
    folder = os.environ.get(f"ABBY_OPENAI{version}", "")
    if not folder:
        absent(f"OpenAI's client {version}.x (ABBY_OPENAI{version} names its folder; see .ci/run)")
    return version, folder


async def test_a_program_over_it_makes_edits_streams_and_is_told_what_is_wrong_and_never_charged_twice(
    client: tuple[str, str], tmp_path: Path
) -> None:
    version, folder = client
    picture = tmp_path / "me.png"
    picture.write_bytes(photograph())
    part = tmp_path / "mask.png"
    part.write_bytes(mask())
    provider, accepted = _provider()
    async with (
        serving(tmp_path / "house", provider, max_user_daily_gens=PICTURES) as web,
        cutting(web) as (line, cut),
    ):
        running = asyncio.create_task(_run(folder, web.url, line, web.token(), str(picture), str(part)))
        async with asyncio.timeout(2 * PATIENCE_SECONDS):
            waiting = asyncio.create_task(accepted.wait())
            await asyncio.wait({running, waiting}, return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
            await cut()  # the order was accepted, and its answer is lost
            assert provider.gate
            provider.gate.set()
            met = await running
        assert counter(web.abby, ALICE, IMAGES_PER_DAY) == PICTURES
        assert_sound(web.abby)
    made = hashlib.sha256(photograph()).hexdigest()
    assert met.pop("version").startswith(f"{version}.")
    assert met == {
        "generated": [made, made],
        "edited": [made],
        "edited in part": [made],
        "streamed": [["image_generation.completed", made]],
        "edit streamed": [["image_edit.completed", made]],
        "models": ["abby", "fixed"],
        "asked again": [made],
        "errors": {
            "wish": ["BadRequestError", "invalid_value"],
            "token": ["AuthenticationError", "invalid_api_key"],
            "other token": ["AuthenticationError", "invalid_api_key"],
            "model": ["NotFoundError", "model_not_found"],
            "moderated": ["BadRequestError", "moderation_blocked"],
            "broken": ["InternalServerError", "provider_failed"],
            "streamed": ["APIError", "provider_failed"],
            "used up": ["RateLimitError", "insufficient_quota"],
        },
    }
    in_part = [each.prompt for each in provider.requests if isinstance(each, ImageToImage) and each.only_transparent]
    assert in_part == ["a moon"]
    paid_for = [prompt for prompt in provider.prompts if "something" not in prompt]
    assert len(paid_for) == PICTURES
    assert provider.prompts.count("something broken") == 2  # once each: what may have cost is not asked for again
    assert provider.prompts.count("something forbidden") == 1


def _provider() -> tuple[FixedProvider, asyncio.Event]:
    """A paid service that fails at some words, and stands still at others after saying so by the event."""
    gate, accepted = asyncio.Event(), asyncio.Event()
    gate.set()

    def before(request: ImageRequest) -> None:
        if "forbidden" in request.prompt:
            raise Moderated("Not that one.")
        if "broken" in request.prompt:
            raise ProviderError("The oven is cold.")
        if "line" in request.prompt:
            gate.clear()
            accepted.set()

    return FixedProvider(paid=True, millicredits=CREDITS, masks=True, gate=gate, before=before), accepted


async def _run(folder: str, *arguments: str) -> dict[str, Any]:
    """What the program says it met."""
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-P", str(PROGRAM), *arguments, env=os.environ | {"PYTHONPATH": folder},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, said = await program.communicate()
    assert program.returncode == 0, said.decode()
    return json.loads(out)
