"""The benchmarks run end to end. How fast anything is, is not asked here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

import pytest

from benchmarks.__main__ import main
from benchmarks.figure import Figure


def test_a_quick_run_prints_and_writes_every_figure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "figures.json"

    assert main(["--quick", "--json", str(file)]) == 0

    written = json.loads(file.read_text(encoding="utf-8"))["figures"]
    assert {figure["key"] for figure in written} == set("abcdefghijkl")
    measured = [figure for figure in written if figure["key"] not in "kl" and "PostgreSQL" not in figure["title"]]
    assert all(figure["value"] is not None for figure in measured)  # k is known on Linux alone, l beside nginx
    assert all(figure["value"] is not None or figure["detail"] for figure in written)
    *lines, _ = capsys.readouterr().out.splitlines()
    assert len(lines) == len(written)
    assert all(figure["title"] in line for figure, line in zip(written, lines, strict=True))


@pytest.mark.parametrize(
    ("value", "bound", "mark"),
    [(1.5, "≤", "pass"), (1.6, "≤", "miss"), (1.5, "≥", "pass"), (1.4, "≥", "miss"), (None, "≤", "none")],
)
def test_a_figure_passes_on_the_good_side_of_its_aim(value: float | None, bound: Literal["≤", "≥"], mark: str) -> None:
    figure = Figure(key="x", title="something", value=value, bound=bound, aim=1.5)

    assert figure.mark == mark
    assert figure.line().startswith(mark)
