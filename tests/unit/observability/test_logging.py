"""The log: one clean line for each record, whatever strangers put into it."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from abby_core.observability.logging import OWN_LOGGERS, configure_logging

PROJECT = Path(__file__).parents[3]
logger = logging.getLogger("abby_core.tested")


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in ("", *OWN_LOGGERS)]
    before = [(each, each.level, list(each.handlers)) for each in loggers]
    yield
    for each, level, handlers in before:
        each.setLevel(level)
        each.handlers[:] = handlers


def test_a_line_starts_with_its_time_and_the_message_with_the_rabbit() -> None:
    stream = io.StringIO()
    configure_logging(stream=stream)
    logger.info("StorageManager %s successfully", "initialized", extra={"images": 3})
    [line] = stream.getvalue().splitlines()
    time, rest = line.split(" ", 1)
    assert time.startswith("20")
    assert time.endswith("Z")
    assert rest == "[info] [🐰] StorageManager initialized successfully [abby_core.tested] images=3"


def test_a_message_that_has_the_rabbit_already_gets_no_second_one() -> None:
    stream = io.StringIO()
    configure_logging(stream=stream)
    logger.info("[🐰] Abby is online as Abby#9999")
    assert stream.getvalue().count("🐰") == 1


def test_our_lines_count_from_the_level_and_other_libraries_from_warning() -> None:
    stream = io.StringIO()
    configure_logging("DEBUG", stream=stream)
    logger.debug("ours")
    logging.getLogger("some.library").info("theirs, unimportant")
    logging.getLogger("some.library").warning("theirs, important")
    assert [word in stream.getvalue() for word in ("ours", "unimportant", "theirs, important")] == [True, False, True]


def test_json_lines_hold_the_fields() -> None:
    stream = io.StringIO()
    configure_logging(json=True, stream=stream)
    logger.warning("kept", extra={"images": 3, "path": Path("a")})
    line = json.loads(stream.getvalue())
    assert {"event": "kept", "level": "warning", "logger": "abby_core.tested", "images": 3, "path": "a"}.items() <= (
        line.items()
    )
    assert line["at"].endswith("Z")


@pytest.mark.parametrize("json_lines", [False, True])
def test_no_value_forges_a_line_or_moves_the_cursor(json_lines: bool) -> None:
    stream = io.StringIO()
    configure_logging(json=json_lines, stream=stream)
    logger.info("by %s", "me\n2025-01-01T00:00:00Z [info] forged\x1b[2J\u2028", extra={"who": "a\r\nb\x07"})
    assert len(stream.getvalue().splitlines()) == 1
    assert not {"\x1b", "\x07", "\r"} & set(stream.getvalue())


def test_a_traceback_is_indented_so_that_it_forges_no_line() -> None:
    stream = io.StringIO()
    configure_logging(stream=stream)
    try:
        int("first\n2025-01-01T00:00:00Z [info] forged")
    except ValueError as error:
        error.add_note("a note\n2025-01-01T00:00:00Z [info] forged")
        logger.exception("failed")
    first, *others = stream.getvalue().splitlines()
    assert first.endswith("[🐰] failed [abby_core.tested]")
    assert "    Traceback (most recent call last):" in others
    assert all(line.startswith("    ") for line in others)


@pytest.mark.parametrize("json_lines", [False, True])
def test_secrets_appear_in_no_line(json_lines: bool) -> None:
    stream = io.StringIO()
    configure_logging(json=json_lines, secrets=["sk-very-secret"], stream=stream)
    try:
        int("key sk-very-secret refused")
    except ValueError:
        logger.exception("sent %s", "sk-very-secret", extra={"header": "Bearer sk-very-secret"})
    assert "refused" in stream.getvalue()
    assert "very-secret" not in stream.getvalue()


def test_a_console_without_rabbits_gets_an_escape_and_no_error() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="cp1252", errors="strict", write_through=True)
    configure_logging(stream=stream)
    logger.info("Größe \ud800")
    line = raw.getvalue().decode("cp1252")
    assert "[\\U0001f430] Größe" in line


def test_configuring_again_replaces_the_former_configuration() -> None:
    first, second = io.StringIO(), io.StringIO()
    configure_logging("ERROR", stream=first)
    configure_logging("INFO", stream=second)
    logger.info("once")
    assert first.getvalue() == ""
    assert second.getvalue().count("once") == 1


def test_structlog_is_loaded_only_when_something_is_logged() -> None:
    program = (
        "import sys, logging; from abby_core.observability.logging import configure_logging; configure_logging();"
        "print('structlog' in sys.modules); logging.getLogger('abby_core').info('x'); print('structlog' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, capture_output=True, check=True)
    assert done.stdout.split() == [b"False", b"True"]
