"""Both interfaces against their own description: whatever is sent, the answer is one that is described, and no 5xx."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks

from abby_core.access.token import HOSTS_SCOPES, SCOPES
from abby_core.gallery.preset import of_member
from abby_core.generation.choices import Choices
from tests.support.providers import photograph
from tests.support.studio import ALICE, until_ended, wish
from tests.support.web import Web

EXAMPLES = 18
"""Requests for each operation: the same ones in every run."""
PATIENCE_SECONDS = 30
METHODS = ("get", "put", "patch", "post", "delete")
"""What looks comes before what changes, and what removes at last."""
JSON, FORM = "application/json", "multipart/form-data"
GOOD: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "POST /v1/images/generations": [(JSON, {"prompt": "a fox"}), (JSON, {"prompt": "a fox", "n": 2, "stream": True})],
    "POST /v1/images/edits": [
        (FORM, {"prompt": "at night", "image": photograph()}),
        (JSON, {"prompt": "at night", "images": [{"image_url": "http://127.0.0.1/fox.png"}]}),
    ],
    "POST /api/orders": [(JSON, {"prompt": "a fox", "preset": "mine"})],
    "POST /api/shares": [(JSON, {"album": "Foxes", "views_max": 3})],
}
"""What succeeds, where chance alone would hardly find it."""
load_all_checks()
KEPT = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance",
)  # fmt: skip


@pytest.mark.parametrize("beginning", ["/v1", "/api"])
async def test_every_answer_is_described_and_none_is_a_servers_error(web: Web, beginning: str) -> None:
    known = await things(web)
    token = web.abby.tokens.create(ALICE, scopes=(*SCOPES, *HOSTS_SCOPES), by_host=True)[1]
    async with web.http(token="") as http, http.get("/api/openapi.json") as answer:
        schema = schemathesis.openapi.from_dict(await answer.json())
    found: list[Any] = [cast("Any", result).ok() for result in schema.get_all_operations()]
    wanted = [each for each in found if each.path.startswith((beginning, "/files", "/healthz", "/readyz"))]
    wanted.sort(key=lambda each: (each.path.startswith("/api/admin"), METHODS.index(each.method)))
    assert len(wanted) > 5
    wrong: list[str] = []
    for operation in wanted:
        try:
            await asyncio.to_thread(ask, web, operation, known, {"authorization": f"Bearer {token}"})
        except Exception as error:  # all of them are told, not only the first
            wrong.append(f"{operation.label}: {error}")
    assert not wrong, "\n\n".join(wrong)


async def things(web: Web) -> dict[str, str]:
    """One of everything of Alice's, by the name that paths have for it."""
    abby = web.abby
    picture = (await abby.studio.create(wish("made"))).artifacts[0]
    abby.gallery.albums.create(ALICE, "Foxes")
    abby.presets.save(of_member(ALICE), "mine", Choices(style="anime"))
    await until_ended(abby, "made")
    return {
        "picture": picture.id,
        "album": "Foxes",
        "share": abby.shares.create(ALICE, picture=picture.id)[0].id,
        "preset": "mine",
        "order_id": "made",
        "token": abby.tokens.create(ALICE)[0].id,
        "account": "bob",
        "model": "abby",
        "link": abby.picture_links.sign(picture),
    }


def ask(web: Web, operation: Any, known: dict[str, str], headers: dict[str, str]) -> None:
    """Send requests as they may be, as they may not be, and about what is really there."""
    kept = [CHECKS.get_one(name) for name in KEPT]
    names = {parameter.name for parameter in operation.path_parameters}
    requests: list[st.SearchStrategy[Any]] = [operation.as_strategy()]
    if names:
        requests.append(operation.as_strategy(path_parameters={name: known[name] for name in names}))
    requests += [operation.as_strategy(body=body, media_type=kind) for kind, body in GOOD.get(operation.label, ())]
    if names or operation.body or operation.query:
        requests.append(operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))

    @settings(
        max_examples=EXAMPLES, derandomize=True, database=None, deadline=None, phases=(Phase.explicit, Phase.generate),
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
    )  # fmt: skip
    @given(case=st.one_of(requests))
    def send(case: Any) -> None:
        case.call_and_validate(base_url=web.url, headers=headers, checks=kept, timeout=PATIENCE_SECONDS)

    send()
