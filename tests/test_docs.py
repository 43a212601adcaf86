"""The documentation tells the truth: its examples run, its links lead somewhere, it names everything there is."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from abby_core import errors
from abby_core.settings import variables
from abby_core.studio.order import TRANSITIONS

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)#\s]+)[^)]*\)")


def blocks(page: Path, language: str) -> Iterator[str]:
    return (match[2] for match in _BLOCK.finditer(page.read_text("utf-8")) if match[1] == language)


def examples(language: str) -> list[object]:
    return [
        pytest.param(list(blocks(page, language)), id=page.relative_to(ROOT).as_posix())
        for page in PAGES
        if any(blocks(page, language))
    ]


def environment() -> dict[str, str]:
    """Ours without anything that configures Abby: examples run as on a fresh machine."""
    names = {name for _, variable, _ in variables() for name in variable.names}
    kept = {name: value for name, value in os.environ.items() if name not in names}
    return kept | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", "MIN_FREE_DISK_MB": "0"}


@pytest.mark.parametrize("page", examples("python"))
def test_every_python_example_runs(page: list[str], tmp_path: Path) -> None:
    for number, example in enumerate(page):
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", example],
            cwd=tmp_path, env=environment(), capture_output=True, text=True, encoding="utf-8", check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"example {number}:\n{example}\n{done.stderr}"


@pytest.mark.parametrize("page", examples("console"))
def test_every_command_in_the_documentation_works(page: list[str], tmp_path: Path) -> None:
    commands = [line.removeprefix("$ ") for example in page for line in example.splitlines() if line.startswith("$ ")]
    for command in commands:
        program, *arguments = shlex.split(command, comments=True)
        if program != "abby":
            continue
        done = subprocess.run(
            [sys.executable, "-m", "abby_adapters.cli", *arguments],
            cwd=tmp_path, env=environment(), capture_output=True, text=True, encoding="utf-8", check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"$ {command}\n{done.stdout}\n{done.stderr}"


@pytest.mark.parametrize("page", [pytest.param(page, id=page.relative_to(ROOT).as_posix()) for page in PAGES])
def test_every_link_within_the_project_leads_somewhere(page: Path) -> None:
    targets = [target for target in _LINK.findall(page.read_text("utf-8")) if "://" not in target]
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_every_setting_is_in_the_settings_page() -> None:
    text = (ROOT / "docs" / "SETTINGS.md").read_text("utf-8")
    assert [variable.names[0] for _, variable, _ in variables() if f"`{variable.names[0]}`" not in text] == []


def test_every_error_is_drawn_in_the_hierarchy() -> None:
    drawn = errors.__doc__ or ""
    defined = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, Exception)]
    assert [error.__name__ for error in defined if not re.search(rf"\b{error.__name__}\b", drawn)] == []


def test_the_drawing_of_the_states_is_the_table_of_transitions() -> None:
    drawing = next(text for text in blocks(ROOT / "docs" / "ARCHITECTURE.md", "mermaid") if "stateDiagram" in text)
    drawn = {(a, verb): b for a, b, verb in re.findall(r"(\w+) --> (\w+): (\w+)", drawing)}
    assert drawn == dict(TRANSITIONS)


def test_every_decision_is_in_their_index() -> None:
    folder = ROOT / "docs" / "decisions"
    index = (folder / "README.md").read_text("utf-8")
    assert [page.name for page in folder.glob("[0-9]*.md") if f"({page.name})" not in index] == []
