"""events.jsonl: every event is one line, and no trouble with the file ever reaches the caller."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from abby_core.observability.events import EventLog

PROJECT = Path(__file__).parents[3]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "logs" / "events.jsonl"


@pytest.fixture
def log(path: Path) -> Iterator[EventLog]:
    log = EventLog(path)
    yield log
    log.close()


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def test_nothing_is_made_before_the_first_event(path: Path) -> None:
    threads = threading.active_count()
    log = EventLog(path)
    log.close()
    assert threading.active_count() == threads
    assert not path.parent.exists()


def test_an_event_is_one_json_object_on_one_line(log: EventLog, path: Path) -> None:
    log.write("order_done", order="o-1", images=2, share=0.5, paid=True, tier=None)
    assert log.flush()
    [event] = lines(path)
    at = event.pop("at")
    assert at.endswith("Z")
    assert len(at) == len("2025-01-31T12:00:00.000Z")
    assert event == {"event": "order_done", "order": "o-1", "images": 2, "share": 0.5, "paid": True, "tier": None}


def test_events_keep_their_order_and_are_appended_after_a_restart(path: Path) -> None:
    for first in (0, 1000):
        log = EventLog(path)
        for number in range(first, first + 1000):
            log.write("counted", number=number)
        log.close()
    assert [event["number"] for event in lines(path)] == list(range(2000))


def test_a_value_cannot_forge_a_line_and_the_file_is_plain_ascii(log: EventLog, path: Path) -> None:
    log.write("order_done", prompt='a"\n{"event":"forged"}\r\n\x1b[2J\u2028\x85 rabbit 🐰', broken="\ud800")
    assert log.flush()
    content = path.read_bytes()
    assert content.isascii()
    assert content.count(b"\n") == 1
    assert b"\x1b" not in content
    assert "rabbit 🐰" in lines(path)[0]["prompt"]


def test_a_very_long_value_is_cut(log: EventLog, path: Path) -> None:
    log.write("order_done", prompt="x" * 1_000_000)
    assert log.flush()
    assert path.stat().st_size < 1000


def test_numbers_that_json_does_not_know_become_null(log: EventLog, path: Path) -> None:
    log.write("measured", first=float("nan"), second=float("inf"))
    assert log.flush()
    assert lines(path)[0]["first"] is None
    assert lines(path)[0]["second"] is None


def test_secrets_are_not_written(path: Path) -> None:
    log = EventLog(path, secrets=["sk-very-secret"])
    log.write("provider_failed", answer="the key sk-very-secret is wrong")
    log.close()
    assert b"very-secret" not in path.read_bytes()


def test_a_full_file_is_moved_aside_and_the_oldest_goes(path: Path) -> None:
    log = EventLog(path, bytes_max=1000, files_max=3)
    for number in range(100):
        log.write("counted", number=number)
    log.close()
    files = [path, Path(f"{path}.1"), Path(f"{path}.2")]
    assert sorted(path.parent.iterdir()) == sorted(files)
    assert all(file.stat().st_size <= 1000 for file in files)
    kept = [event["number"] for file in reversed(files) for event in lines(file)]
    assert kept == list(range(100 - len(kept), 100))


def test_a_single_file_may_be_all_that_is_kept(path: Path) -> None:
    log = EventLog(path, bytes_max=1000, files_max=1)
    for number in range(100):
        log.write("counted", number=number)
    log.close()
    assert list(path.parent.iterdir()) == [path]
    assert lines(path)[-1]["number"] == 99


def test_a_rotation_that_another_process_holds_is_left_to_it(path: Path) -> None:
    path.parent.mkdir()
    lock = Path(f"{path}.lock")
    lock.touch()
    log = EventLog(path, bytes_max=100)
    for number in range(10):
        log.write("counted", number=number)
    assert log.flush()
    assert len(lines(path)) == 10
    os.utime(lock, (0, 0))  # its holder died long ago
    for number in range(10, 13):
        log.write("counted", number=number)
        assert log.flush()
    log.close()
    assert not lock.exists()
    assert lines(path)[-1]["number"] == 12
    assert len(lines(path)) == 1


def test_an_unwritable_path_is_logged_once_and_what_was_lost_is_counted(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path.parent.write_text("a file where the folder should be")
    log = EventLog(path)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            log.write("lost")
            assert log.flush()
    assert len(caplog.records) == 1
    path.parent.unlink()
    log.write("kept")
    log.close()
    dropped, kept = lines(path)
    assert (dropped["event"], dropped["count"]) == ("events_dropped", 3)
    assert kept["event"] == "kept"


@pytest.mark.skipif(sys.platform == "win32", reason="needs a named pipe")
def test_a_full_queue_drops_events_and_says_how_many(path: Path) -> None:
    """A pipe that nobody reads stands for a disk that hangs: the writing thread waits, the caller does not."""
    path.parent.mkdir()
    os.mkfifo(path)
    log = EventLog(path, queue_max=5)
    for _ in range(10_000):
        log.write("many")
    assert not log.flush(timeout_seconds=0)
    file = os.open(path, os.O_RDWR)  # lets the thread open its end, and keeps the pipe open in between
    try:
        assert log.flush(timeout_seconds=30)
        log.write("last")
        assert log.flush(timeout_seconds=30)
        events = [json.loads(line) for line in os.read(file, 2**16).splitlines()]
    finally:
        log.close(timeout_seconds=30)
        os.close(file)
    written = [event for event in events if event["event"] == "many"]
    dropped = [event["count"] for event in events if event["event"] == "events_dropped"]
    assert len(written) + sum(dropped) == 10_000
    assert sum(dropped) > 0
    assert events[-1]["event"] == "last"


def test_a_closed_log_ignores_events_and_may_be_closed_again(log: EventLog, path: Path) -> None:
    log.write("first")
    log.close()
    log.write("second")
    log.close()
    assert [event["event"] for event in lines(path)] == ["first"]


def test_its_thread_ends_with_it(log: EventLog) -> None:
    log.write("first")
    log.close(timeout_seconds=30)
    assert "abby-events" not in {thread.name for thread in threading.enumerate()}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows renames no file that another process has open")
def test_processes_share_a_file_and_the_end_of_a_process_loses_nothing(path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from abby_core.observability.events import EventLog\n"
        "log = EventLog(Path(sys.argv[1]), bytes_max=20_000, files_max=100)\n"
        "for number in range(500): log.write('counted', who=sys.argv[2], number=number)"
    )
    writers = [
        subprocess.Popen([sys.executable, "-c", program, str(path), who], cwd=PROJECT, stderr=subprocess.PIPE)
        for who in "abc"
    ]
    assert [(writer.communicate()[1], writer.returncode) for writer in writers] == [(b"", 0)] * 3
    events = [event for file in path.parent.glob("events.jsonl*") for event in lines(file)]
    seen = sorted((event["who"], event["number"]) for event in events)
    assert seen == [(who, number) for who in "abc" for number in range(500)]


def test_forgotten_events_are_blank_in_every_file_and_no_other_line_moves(path: Path) -> None:
    log = EventLog(path, bytes_max=400, files_max=3)
    for number in range(15):
        log.write("counted", whose="quokka" if number % 2 else "wombat")
        assert log.flush()
    files = [path, Path(f"{path}.1"), Path(f"{path}.2")]
    before = [file.read_bytes().splitlines() for file in files]
    assert log.forget(lambda line: b"quokka" in line) == sum(b"quokka" in line for file in before for line in file)
    for old, new in zip(before, (file.read_bytes().splitlines() for file in files), strict=True):
        assert [len(line) for line in new] == [len(line) for line in old]
        assert [line for line in new if b"{}" not in line] == [line for line in old if b"quokka" not in line]
        assert all(json.loads(line) == {} or b"wombat" in line for line in new)
    log.close()


def test_events_written_while_others_are_forgotten_are_all_there(path: Path) -> None:
    writing, forgetting = EventLog(path), EventLog(path)
    for number in range(300):
        writing.write("counted", number=number, whose="quokka" if number < 100 else "wombat")
        if number == 200:
            assert writing.flush()
            assert forgetting.forget(lambda line: b"quokka" in line) == 100
    writing.close()
    forgetting.close()
    assert [line["number"] for line in lines(path) if line] == list(range(100, 300))


def test_where_no_event_was_written_there_is_nothing_to_forget(log: EventLog, path: Path) -> None:
    assert log.forget(lambda _line: True) == 0
    assert not path.parent.exists()
