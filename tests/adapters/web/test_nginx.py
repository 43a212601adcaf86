"""Behind a real nginx, configured as docs/DEPLOYMENT.md says: events as they come, large uploads, the right names."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import socket
import subprocess
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path

import aiohttp
import pytest

from tests.support.providers import PATIENCE_SECONDS, blocking_provider
from tests.support.web import Web, serving

NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
PAGE = Path(__file__).parents[3] / "docs" / "DEPLOYMENT.md"
LARGE_BYTES = 20 * 2**20

if NGINX is None and not os.environ.get("CI"):
    pytest.skip("nginx is not installed", allow_module_level=True)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        return int(bound.getsockname()[1])


def configuration(folder: Path, port: int, behind: str) -> str:
    """The documented part, in what nginx needs around it."""
    found = re.search(r"```nginx\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert found
    part = found[1].replace("http://127.0.0.1:8080", behind)
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return (
        f"daemon off; master_process off; pid {folder}/pid; error_log stderr; events {{}} "
        f"http {{ access_log off; {temporary} server {{ listen 127.0.0.1:{port}; {part} }} }}"
    )


@asynccontextmanager
async def nginx(folder: Path, web: Web) -> AsyncGenerator[str]:
    """nginx in front; where it answers."""
    assert NGINX is not None, "nginx is not installed"
    folder.mkdir()
    port = free_port()
    (folder / "nginx.conf").write_text(configuration(folder, port, web.url), "utf-8")
    program = subprocess.Popen([NGINX, "-p", str(folder), "-c", str(folder / "nginx.conf")])  # noqa: ASYNC220 -- it is short
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                try:
                    (await asyncio.open_connection("127.0.0.1", port))[1].close()
                    break
                except OSError:
                    assert program.poll() is None
                    await asyncio.sleep(0.02)  # until it listens
        yield f"http://127.0.0.1:{port}"
    finally:
        program.terminate()
        program.wait()


async def test_events_come_through_as_they_happen(tmp_path: Path) -> None:
    provider, gate = blocking_provider()
    async with serving(tmp_path / "abby", provider) as web, nginx(tmp_path / "nginx", web) as url:
        headers = {"authorization": f"Bearer {web.token()}"}
        async with aiohttp.ClientSession(url, headers=headers) as http:
            async with http.post("/api/orders", json={"prompt": "a boat"}) as answer:
                order = (await answer.json())["id"]
            async with http.get(f"/api/orders/{order}/events") as stream, asyncio.timeout(PATIENCE_SECONDS):
                assert b"event: progress" in await stream.content.readuntil(b"\n\n")
                gate.set()
                assert b"event: end" in await stream.read()


async def test_the_largest_upload_gets_through_and_is_judged_by_abby(tmp_path: Path) -> None:
    async with serving(tmp_path / "abby") as web, nginx(tmp_path / "nginx", web) as url:
        form = aiohttp.FormData({"prompt": "at night"})
        form.add_field("image", BytesIO(b"x" * LARGE_BYTES), filename="fox.png")
        headers = {"authorization": f"Bearer {web.token()}"}
        async with (
            aiohttp.ClientSession(url, headers=headers) as http,
            http.post("/v1/images/edits", data=form) as answer,
        ):
            assert (answer.status, (await answer.json())["error"]["code"]) == (400, "invalid_image")


@pytest.mark.parametrize("trusted_proxies", ["", "127.0.0.1"])
async def test_the_name_is_passed_on_and_a_proxy_is_believed_only_where_its_address_is_trusted(
    tmp_path: Path, trusted_proxies: str
) -> None:
    name = "pictures.example.org"
    statuses: list[int] = []
    async with (
        serving(tmp_path / "abby", public_url=f"https://{name}", trusted_proxies=trusted_proxies) as web,
        nginx(tmp_path / "nginx", web) as url,
        aiohttp.ClientSession(url, headers={"authorization": "Bearer abby_" + "2" * 40}) as http,
    ):
        async with http.get("/v1/models", headers={"host": "elsewhere.example"}) as answer:
            assert answer.status == 421
        for number in range(25):  # each for somebody else: wrong tokens are counted apart if the proxy is believed
            headers = {"host": name, "x-forwarded-for": f"192.0.2.{number}"}
            async with http.get("/v1/models", headers=headers) as answer:
                statuses.append(answer.status)
    assert statuses[-1] == (401 if trusted_proxies else 429)


async def test_forms_pass_also_where_the_proxy_listens_at_a_port_of_its_own(tmp_path: Path) -> None:
    async with (
        serving(tmp_path / "abby") as web,
        nginx(tmp_path / "nginx", web) as url,
        aiohttp.ClientSession(url) as http,
    ):
        for origin, status in {url: 303, "http://elsewhere.example": 403}.items():  # without HTTPS no more is said
            form = http.post("/preferences", data={"language": "de"}, headers={"origin": origin}, allow_redirects=False)
            async with form as answer:
                assert answer.status == status, origin
