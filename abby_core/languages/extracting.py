"""Sentences out of Python files, for :mod:`abby_core.languages.gathering`.

Babel has a reader of its own, which sees neither a call within another of the same name nor, on some versions of
Python, what stands in an f-string.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from typing import IO

Extracted = tuple[int, str, tuple[str | None, ...], list[str]]
"""Line, function, its arguments (None: no plain text), comments; what Babel asks for."""


def sentences(
    file: IO[bytes],
    keywords: Collection[str],
    comment_tags: Collection[str],  # noqa: ARG001 -- Babel gives what it gives
    options: object,  # noqa: ARG001
) -> Iterator[Extracted]:
    """The calls of functions of these names (a method's name is its last) that are given texts."""
    for node in ast.walk(ast.parse(file.read())):
        if isinstance(node, ast.Call) and (name := _name(node.func)) in keywords:
            yield node.lineno, name, tuple(map(_text, node.args)), []


def _name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _text(argument: ast.expr) -> str | None:
    return argument.value if isinstance(argument, ast.Constant) and isinstance(argument.value, str) else None
