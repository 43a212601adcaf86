"""``python -m benchmarks [--quick] [--json FILE]``: measure, and print one line per figure as it is known."""

from __future__ import annotations

import argparse
import json
import platform
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks import gallery, gateway, ledger, orders, serving, stalls, startup
from benchmarks.engines import postgresql_engine, sqlite_engine
from benchmarks.figure import Figure
from benchmarks.picture import photographic_png


def main(arguments: Sequence[str] | None = None) -> int:
    """Run everything; 0 even where an aim is missed, since figures of a busy machine prove nothing alone."""
    options = _options(arguments)
    figures: list[Figure] = []
    for figure in measure(quick=options.quick):
        print(figure.line(), flush=True)
        figures.append(figure)
    marks = [figure.mark for figure in figures]
    print(f"{marks.count('pass')} pass, {marks.count('miss')} miss, {marks.count('none')} not measured")
    if options.json is not None:
        run = {"quick": options.quick, "python": platform.python_version(), "system": platform.platform()}
        text = json.dumps({**run, "figures": [figure.as_dict() for figure in figures]}, indent=2, ensure_ascii=False)
        options.json.write_text(text + "\n", encoding="utf-8")
    return 0


def measure(*, quick: bool) -> Iterator[Figure]:
    """Every figure, one after the other. PostgreSQL comes last: not every machine has it."""
    picture = photographic_png()
    with sqlite_engine() as sqlite:
        yield from ledger.flatness(sqlite, quick=quick)
        yield from ledger.one_caller(sqlite, quick=quick)
        yield from ledger.many_callers(sqlite, quick=quick)
        yield from gallery.pages(sqlite, quick=quick)
    yield from orders.cost(picture, quick=quick)
    yield stalls.longest(picture, quick=quick)
    yield startup.quota(quick=quick)
    yield from gateway.throughput(picture, quick=quick)
    yield from serving.pictures(picture, quick=quick)
    if quick:
        yield from ledger.not_measured("PostgreSQL", "a quick run does without")
        yield from gallery.not_measured("PostgreSQL", "a quick run does without")
        return
    with postgresql_engine() as postgresql:
        if postgresql is None:
            yield from ledger.not_measured("PostgreSQL", "it is not installed here")
            yield from gallery.not_measured("PostgreSQL", "it is not installed here")
            return
        yield from ledger.flatness(postgresql, quick=quick)
        yield from ledger.one_caller(postgresql, quick=quick)
        yield from gallery.pages(postgresql, quick=quick)


class _Options(argparse.Namespace):
    quick: bool
    json: Path | None


def _options(arguments: Sequence[str] | None) -> _Options:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a smoke run: every figure, none of them meaningful")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    return parser.parse_args(arguments, namespace=_Options())


if __name__ == "__main__":
    raise SystemExit(main())
