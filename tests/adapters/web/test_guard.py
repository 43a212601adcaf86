"""What comes in from strangers: names, tokens, bodies of every kind. Nothing of it breaks, leaks or costs anything."""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from yarl import URL

from abby_adapters.web.callers import WATCHED_MAX, WRONG_TOKENS_PER_MINUTE_MAX, WrongTokens
from abby_adapters.web.guard import FORM_BYTES_MAX, JSON_BYTES_MAX, host_name
from tests.support.providers import PATIENCE_SECONDS, photograph
from tests.support.studio import ALICE, assert_sound
from tests.support.web import Web, serving

GENERATIONS = "/v1/images/generations"
PROTECTED = ["/v1/models", "/v1/nothing", "/api/quota", "/api/pictures", "/metrics", "/v1/../api/quota", "/api", "/v1"]

BODIES = [
    b"",
    b"{",
    b"null",
    b"[]",
    b'"a boat"',
    b"\xff\xfe",
    b'{"prompt": "\\ud800"}',
    b'{"prompt": "a\\u0000b"}',
    b'{"prompt": NaN}',
    b'{"prompt": "x", "n": 1e400}',
    b'{"prompt": "x", "n": ' + b"9" * 5000 + b"}",
    b'{"prompt": "x", "n": "ten"}',
    b'{"prompt": {"$ne": 1}}',
    b'{"prompt": "x", "size": "' + b"9" * 5000 + b'"}',
    b"[" * 100_000,
    b'{"a":' * 50_000,
    b'{"prompt": "x", "seed": 1e308}',
    b'{"prompt": "x", "cfg_scale": Infinity}',
    b'{"prompt": "x", "model": "../../etc/passwd"}',
]
FORMS = [
    ("multipart/form-data", b"--x\r\n"),
    ("multipart/form-data; boundary=x", b""),
    ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data; name=image\r\n\r\nabc"),
    ("multipart/form-data; boundary=" + "x" * 5000, b"--x--"),
    ("multipart/form-data; boundary=x", b"--x\r\n" + b"A: b\r\n" * 10_000 + b"\r\n--x--\r\n"),
    (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n' * 200 + b"--x--\r\n",
    ),
    (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="prompt"\r\n\r\n' + b"x" * 100_000 + b"\r\n--x--\r\n",
    ),
    ("application/json", b"{}"),
    ("text/plain", b"a boat"),
]
GARBAGE = [
    b"\r\n\r\n",
    b"GET /" + b"a" * 200_000,
    b"GET / HTTP/1.1\r\nhost: localhost\r\ncontent-length: -1\r\n\r\n",
    b"GET / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9" + b"9" * 50 + b"\r\n\r\n",
    b"GET /\xff\xfe HTTP/1.1\r\nhost: localhost\r\n\r\n",
    b"GET / HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer \xff\xfe\r\nconnection: close\r\n\r\n",
    b"GET /v1/models HTTP/1.1\r\nhost: \xff\r\nconnection: close\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
]


async def first_line(web: Web, data: bytes, *, end: bool = False) -> bytes:
    """The first line of what the server answers to these very bytes; empty: it hangs up. ``end``: nothing follows."""
    host, _, port = web.url.removeprefix("http://").rpartition(":")
    async with asyncio.timeout(PATIENCE_SECONDS):
        reader, writer = await asyncio.open_connection(host, int(port))
        try:
            writer.write(data)
            if end:
                writer.write_eof()
            return await reader.readline()
        except ConnectionResetError:
            return b""
        finally:
            writer.close()


class TestNames:
    async def test_a_name_that_is_not_ours_reaches_nothing(self, web: Web) -> None:
        async with web.http() as http:
            for host in ("evil.example", "127.0.0.1.evil.example", "", "localhost@evil.example", "[::1"):
                async with http.get("/api/quota", headers={"host": host}) as answer:
                    assert answer.status == 421, host
                    assert "daily" not in await answer.text()

    async def test_the_hosts_own_names_do(self, tmp_path: Path) -> None:
        options: dict[str, Any] = {
            "public_url": "https://Pictures.example.org/abby",
            "web_allowed_hosts": "abby.lan, 10.0.0.7",
        }
        async with serving(tmp_path, **options) as web, web.http() as http:
            for host in ("pictures.example.org", "PICTURES.example.org:443", "abby.lan:8080", "10.0.0.7", "localhost"):
                async with http.get("/api/quota", headers={"host": host}) as answer:
                    assert answer.status == 200, host

    def test_a_name_is_read_as_a_browser_reads_it(self) -> None:
        names = ["a:1", "A.", "[::1]:80", "user@a", "a/b", "a:x", ""]
        assert [host_name(name) for name in names] == ["a", "a", "::1", "a", "a", "a", ""]

    async def test_probes_answer_under_every_name_and_to_everybody(self, web: Web) -> None:
        async with web.http(token="") as http:
            for path in ("/healthz", "/readyz"):
                async with http.get(path, headers={"host": "10.1.2.3"}) as answer:
                    assert (answer.status, (await answer.json())["status"]) == (200, "ok")

    async def test_not_ready_without_room_on_the_disk(self, tmp_path: Path) -> None:
        async with serving(tmp_path, min_free_disk_mb=10**9) as web, web.http() as http:
            async with http.get("/readyz") as answer:
                assert (answer.status, list((await answer.json())["problems"])) == (503, ["disk"])
            async with http.get("/healthz") as answer:
                assert answer.status == 200


class TestTokens:
    async def test_without_one_every_path_is_closed(self, web: Web) -> None:
        async with web.http(token="") as http:
            for path in PROTECTED:
                async with http.get(path) as answer:
                    assert (answer.status, (await answer.json())["error"]["code"]) == (401, "invalid_api_key"), path
                    assert answer.headers["www-authenticate"].startswith("Bearer")

    async def test_a_stranger_learns_only_that_too_many_were_wrong_and_others_come_in(self, web: Web) -> None:
        async with web.http(token="abby_" + "2" * 40) as http, web.http() as owner:
            statuses: list[int] = []
            for _ in range(WRONG_TOKENS_PER_MINUTE_MAX + 2):
                async with http.get("/api/quota") as answer:
                    statuses.append(answer.status)
            assert set(statuses) == {401, 429} or set(statuses) == {401}  # a minute may have begun in between
            async with owner.get("/api/quota") as answer:
                assert answer.status == 200

    def test_wrong_tokens_are_counted_by_address_and_minute_in_bounded_memory(self) -> None:
        now = [0.0]
        wrong = WrongTokens(lambda: now[0])
        assert [wrong.count("a") for _ in range(WRONG_TOKENS_PER_MINUTE_MAX + 1)].count(True) == 1
        assert not wrong.count("b")
        now[0] = 60.0
        assert not wrong.count("a")
        for number in range(2 * WATCHED_MAX):
            wrong.count(str(number))
        assert len(wrong._wrong) == WATCHED_MAX

    async def test_no_token_and_no_link_is_in_the_log(self, web: Web, caplog: pytest.LogCaptureFixture) -> None:
        for logger in ("", "abby_core", "abby_adapters"):  # whatever an earlier test has set
            caplog.set_level(logging.DEBUG, logger=logger)
        async with web.openai() as client:
            made = await client.images.generate(prompt="a secret wish", response_format="url")
        [picture] = web.abby.gallery.page(ALICE).artifacts
        async with web.http() as http, web.http(token="") as stranger:
            for session, path in (
                (http, (made.data or [])[0].url or ""),
                (http, f"/api/pictures/{picture.name}"),
                (stranger, f"/api/pictures/{picture.name}"),
                (http, f"/s/{web.token()}"),
            ):
                async with session.get(path):
                    pass
        lines = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("abby"))
        assert "POST /v1/images/generations 200" in lines
        for secret in (
            web.token(),
            "a secret wish",
            picture.name,
            "alice",
            ((made.data or [])[0].url or "").rpartition("/")[2],
        ):
            assert secret not in lines


class TestHeaders:
    async def test_every_answer_forbids_browsers_to_guess_frame_and_store_it(self, web: Web) -> None:
        async with web.http() as http, web.http(token="") as stranger:
            for session, path in ((http, "/api/quota"), (stranger, "/api/quota"), (http, "/nothing")):
                async with session.get(path, headers={"origin": "https://evil.example"}) as answer:
                    assert answer.headers["x-content-type-options"] == "nosniff"
                    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
                    assert answer.headers["cache-control"] == "no-store"
                    assert answer.headers["x-request-id"].startswith("req_")
                    assert "server" not in answer.headers
                    assert not [name for name in answer.headers if name.lower().startswith("access-control")]

    async def test_no_other_site_may_call_through_a_browser(self, web: Web) -> None:
        asks = {"origin": "https://evil.example", "access-control-request-method": "POST"}
        async with web.http(token="") as http, http.options(GENERATIONS, headers=asks) as answer:
            assert answer.status == 401
            assert "access-control-allow-origin" not in answer.headers


class TestBodies:
    async def test_json_of_every_kind_is_refused_with_a_sentence(self, web: Web) -> None:
        headers = {"content-type": "application/json"}
        async with web.http() as http:
            for path, body in itertools.product((GENERATIONS, "/api/orders"), BODIES):
                async with http.post(path, data=body, headers=headers) as answer:
                    assert answer.status in {400, 404}, (path, body[:40])
                    assert (await answer.json())["error"]["message"]
        assert web.provider.requests == []
        assert_sound(web.abby)

    async def test_forms_of_every_kind_are_refused_with_a_sentence(self, web: Web) -> None:
        async with web.http() as http:
            for kind, body in FORMS:
                async with http.post("/v1/images/edits", data=body, headers={"content-type": kind}) as answer:
                    assert 400 <= answer.status < 500, (kind[:40], body[:40])
                    assert (await answer.json())["error"]["message"]
        assert_sound(web.abby)

    async def test_more_bytes_than_allowed_are_refused_before_they_are_read(self, web: Web) -> None:
        head = f"POST {GENERATIONS} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {web.token()}\r\n"
        kinds = {"application/json": JSON_BYTES_MAX, "multipart/form-data; boundary=x": FORM_BYTES_MAX}
        for kind, most in kinds.items():
            announced = f"content-type: {kind}\r\ncontent-length: {most + 1}\r\n\r\n"
            assert b" 413 " in await first_line(web, (head + announced).encode())
        chunk = b"%x\r\n%s\r\n" % (JSON_BYTES_MAX, b" " * JSON_BYTES_MAX)
        unannounced = f"{head}content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n".encode()
        assert b" 413 " in await first_line(web, unannounced + 2 * chunk)

    async def test_bytes_that_are_no_request_break_nothing(self, web: Web) -> None:
        for data in GARBAGE:
            line = await first_line(web, data, end=True)
            assert not line or b" 4" in line, data[:40]
        async with web.http() as http, http.get("/api/quota") as after:
            assert after.status == 200

    @pytest.mark.parametrize("path", ["/sign-in", "/api/quota", "/healthz", "/api/pictures/nothing"])
    async def test_head_is_get_without_the_body(self, web: Web, path: str) -> None:
        async with web.http() as http, http.get(path) as whole, http.head(path) as head:
            assert (head.status, await head.read()) == (whole.status, b"")
            assert head.headers["content-type"] == whole.headers["content-type"]
            assert head.headers["content-length"] == str(len(await whole.read()))

    async def test_a_stranger_uploads_nothing(self, web: Web) -> None:
        form = aiohttp.FormData({"prompt": "x"})
        form.add_field("image", photograph(), filename="a.png")
        async with web.http(token="") as http, http.post("/v1/images/edits", data=form) as answer:
            assert answer.status == 401

    async def test_what_breaks_inside_tells_nothing_about_the_inside(self, web: Web, monkeypatch: Any) -> None:
        def broken(*_: object) -> None:
            raise RuntimeError("the password is swordfish")

        monkeypatch.setattr(web.abby.gallery, "page", broken)
        async with web.http() as http, http.get("/api/pictures") as answer:
            assert answer.status == 500
            assert "swordfish" not in json.dumps(await answer.json())


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
async def test_names_and_filters_of_every_kind_find_nothing_and_break_nothing(
    tmp_path: Path, request: pytest.FixtureRequest, database: str
) -> None:
    url = request.getfixturevalue("postgres_url") if database == "postgresql" else ""
    strange = ["%00", "%ff", "%ed%a0%80", "a%0d%0ab", "%2e%2e", "..%2f..%2fetc", "%25", "'%20OR%201=1", "x" * 499, "🐰"]
    async with serving(tmp_path, database_url=url) as web, web.http() as http:
        for name, path in itertools.product(strange, ("/api/pictures/{}/file", "/api/orders/{}", "/v1/models/{}")):
            target = URL(web.url + path.format(name), encoded=True)
            async with http.get(target) as answer:
                assert answer.status in {400, 404}, target
        for name, field in itertools.product(strange, ("kind", "style", "provider", "album", "text", "before")):
            target = URL(f"{web.url}/api/pictures?{field}={name}", encoded=True)
            async with http.get(target) as answer:
                assert answer.status in {200, 400, 404}, target
        async with http.delete(URL(f"{web.url}/api/orders/%00", encoded=True)) as answer:
            assert answer.status == 404
