"""The start on a fresh machine: what it decides, without a network. ``.ci/run`` proves that it really starts."""

from __future__ import annotations

import ast
import errno
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import launch

PROJECT = Path(__file__).parents[2]
PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)==(\S+)", re.MULTILINE)


def pins(lock: str) -> dict[str, str]:
    return dict(PIN.findall((PROJECT / lock).read_text("utf-8")))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with an environment made by somebody."""
    for lock in (launch.RUN_LOCK, launch.DEVELOP_LOCK):
        (tmp_path / lock).write_text(f"{lock} as it was\n")
    python = Path(launch.Environment(tmp_path).python)
    python.parent.mkdir(parents=True)
    python.touch() if os.name == "nt" else python.symlink_to(sys.executable)
    (tmp_path / ".venv" / "pyvenv.cfg").write_text(f"home = {Path(sys.executable).parent}\n", "utf-8")
    return tmp_path


def stamp(project: Path, lock: str) -> None:
    environment = launch.Environment(project)
    (project / ".venv" / "abby-installed.txt").write_text("\n".join(environment._expected_lines(lock)))


def is_ready(project: Path, lock: str = launch.RUN_LOCK) -> bool:
    return launch.Environment(project)._is_ready(lock)


def test_an_old_python_gets_far_enough_to_be_told() -> None:
    source = (PROJECT / "launch.py").read_text("utf-8")
    tree = ast.parse(source, feature_version=(3, 6))
    assert "from __future__" not in source  # unknown ones are refused before anything runs
    _docstring, import_sys, refusal = tree.body[:3]
    assert ast.unparse(import_sys) == "import sys"
    assert ast.unparse(refusal).startswith("if sys.version_info < (3, 11):")


def test_it_needs_nothing_but_pythons_own_library() -> None:
    tree = ast.parse((PROJECT / "launch.py").read_text("utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in imported} <= set(sys.stdlib_module_names)


@pytest.mark.parametrize("lock", [launch.RUN_LOCK, launch.DEVELOP_LOCK])
def test_every_locked_package_has_a_fingerprint_and_no_address(lock: str) -> None:
    content = (PROJECT / lock).read_text("utf-8")
    entries = re.split(r"\n(?=[a-z0-9])", content)[1:]
    assert len(entries) == len(pins(lock)) > 0
    assert all("--hash=sha256:" in entry for entry in entries)
    assert "://" not in content
    assert not re.search(r"^\s*-(?!-hash)", content, re.MULTILINE)


def test_the_development_lock_holds_all_of_the_other() -> None:
    assert pins(launch.RUN_LOCK).items() <= pins(launch.DEVELOP_LOCK).items()


def test_the_locks_know_everything_that_the_project_asks_for() -> None:
    """To refresh a lock, run the command in its first lines."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))

    def names(requirements: list[str]) -> set[str]:
        return {re.sub(r"[._]", "-", re.split(r"[\[<>=!~; ]", each)[0].lower()) for each in requirements}

    assert names(project["project"]["dependencies"]) <= pins(launch.RUN_LOCK).keys()
    assert names(project["dependency-groups"]["dev"]) <= pins(launch.DEVELOP_LOCK).keys()


def test_a_complete_environment_needs_nothing_more(project: Path) -> None:
    assert not is_ready(project)
    stamp(project, launch.RUN_LOCK)
    assert is_ready(project)
    launch.Environment(project).make_ready(launch.RUN_LOCK)


def test_an_environment_for_tests_serves_for_running_but_not_the_other_way_round(project: Path) -> None:
    stamp(project, launch.RUN_LOCK)
    assert not is_ready(project, launch.DEVELOP_LOCK)
    stamp(project, launch.DEVELOP_LOCK)
    assert is_ready(project, launch.DEVELOP_LOCK)
    assert is_ready(project, launch.RUN_LOCK)


def test_a_changed_lock_asks_for_an_installation(project: Path) -> None:
    stamp(project, launch.RUN_LOCK)
    (project / launch.RUN_LOCK).write_text("something newer\n")
    assert not is_ready(project)


def test_an_interrupted_installation_is_not_taken_for_a_complete_one(project: Path) -> None:
    (project / ".venv" / "abby-installed.txt").write_text(launch.UNFINISHED)
    assert not is_ready(project)


def test_an_environment_whose_python_is_gone_is_not_complete(project: Path) -> None:
    stamp(project, launch.RUN_LOCK)
    if os.name == "nt":
        (project / ".venv" / "pyvenv.cfg").write_text("home = C:\\nowhere\n", "utf-8")
    else:
        python = Path(launch.Environment(project).python)
        python.unlink()
        python.symlink_to(project / "nowhere")
    assert not is_ready(project)


@pytest.mark.skipif(os.name == "nt", reason="there the folder of the Python is compared")
def test_packages_for_another_python_are_not_complete(project: Path) -> None:
    stamp(project, launch.RUN_LOCK)
    newer = project / "python3.99"
    newer.symlink_to(sys.executable)
    python = Path(launch.Environment(project).python)
    python.unlink()
    newer.unlink()
    newer.write_bytes(b"")
    python.symlink_to(newer)
    assert not is_ready(project)


def test_a_folder_of_somebody_elses_is_left_alone(project: Path) -> None:
    folder = project / ".venv"
    (folder / "pyvenv.cfg").unlink()
    Path(launch.Environment(project).python).unlink()
    (folder / "photo.jpg").write_text("mine")
    with pytest.raises(launch.CannotStart, match="Move it away"):
        launch.Environment(project).make_ready(launch.RUN_LOCK)
    assert (folder / "photo.jpg").read_text() == "mine"


def test_a_file_in_the_environments_place_is_named(tmp_path: Path) -> None:
    (tmp_path / launch.RUN_LOCK).touch()
    (tmp_path / ".venv").touch()
    with pytest.raises(launch.CannotStart, match="is a file"):
        launch.Environment(tmp_path).make_ready(launch.RUN_LOCK)


def test_only_one_start_installs_at_a_time(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with launch.locked(lock), lock.open("a+b") as other:
        assert not launch.try_lock(other)
    with lock.open("a+b") as other:
        assert launch.try_lock(other)


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        ("ERROR: Could not find a version that satisfies the requirement x (from versions: none)", "internet"),
        ("NewConnectionError: Failed to establish a new connection", "internet"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE", "not the one"),
        ("OSError: [Errno 28] No space left on device", "disk is full"),
        ("ERROR: Could not install packages: [Errno 13] Permission denied", "permissions"),
        ("something new", "could not be installed"),
    ],
)
def test_pips_words_become_a_sentence_that_says_what_to_do(output: str, sentence: str) -> None:
    assert sentence in launch.explain_pip(output)


@pytest.mark.parametrize(
    ("number", "sentence"),
    [(errno.EROFS, "may not write to"), (errno.EACCES, "may not write to"), (errno.ENOSPC, "disk is full")],
)
def test_what_the_system_refuses_becomes_a_sentence_that_says_what_to_do(number: int, sentence: str) -> None:
    error = OSError(number, os.strerror(number), "file")
    assert sentence in launch.explain_os_error(error, PROJECT)


def test_a_missing_lock_gets_a_sentence_and_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "launch.py").write_bytes((PROJECT / "launch.py").read_bytes())
    done = subprocess.run([sys.executable, tmp_path / "launch.py"], check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert launch.RUN_LOCK in done.stderr
    assert "Traceback" not in done.stderr


def test_alone_it_serves_and_otherwise_it_passes_on_what_was_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(launch.Environment, "make_ready", lambda _self, _lock: None)
    monkeypatch.setattr(launch, "hand_over", lambda command: started.append(command) or 0)
    assert launch.main([]) == launch.main(["status"]) == 0
    assert [command[-1] for command in started] == ["serve", "status"]
