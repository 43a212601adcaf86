"""On the command line, too, another's thing answers exactly like one that does not exist: same words, same code."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.cli.conftest import Abby
from tests.adapters.cli.test_cli import SMALL
from tests.support.providers import photograph

COMMANDS = {
    "picture": (
        "show IT", "favourite IT", "rename IT mine", "visibility IT public", "alt IT words", "delete IT",
        "delete IT --for-good", "undelete IT", "compress IT", "compress --undo IT", "archive IT", "restore IT",
        "share IT", "download IT", "album add Bobs IT", "album remove Bobs IT", "transform IT words", "upscale IT",
        "transform bobs.png words --mask IT",
        "vary IT",
    ),
    "trashed": ("show IT", "undelete IT", "delete IT --for-good", "restore IT"),
    "album": (
        "gallery --album IT", "album show IT", "album add IT bobs.png", "album remove IT bobs.png",
        "album rename IT Mine", "album delete IT", "share --album IT", "download --album IT",
    ),
    "share": ("unshare IT",),
    "preset": ("preset show IT", "preset delete IT", "imagine words --preset IT"),
    "order": ("cancel IT",),
}  # fmt: skip
"""By kind of thing: what Bob types, with the thing's name in place of ``IT``."""
UNKNOWN = {
    "picture": "nothing.png", "trashed": "nothing.png", "album": "Nothing", "share": "0" * 16, "preset": "nothing",
    "order": "nothing",
}  # fmt: skip


@pytest.fixture(scope="module")
def dock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the first test leaves its pictures for the others."""
    return tmp_path_factory.mktemp("dock")


@pytest.fixture
def hers(abby: Abby, dock: Path, tmp_path: Path) -> dict[str, list[str]]:
    """Names and ids of Alice's things, by kind. Bob has a picture and an album."""
    told = dock / "told.json"
    if not told.exists():
        told.write_text(json.dumps(_furnish(abby, tmp_path)), "utf-8")
        shutil.copytree(tmp_path / "shared", dock / "shared")
    else:
        shutil.copytree(dock / "shared", tmp_path / "shared")
    return json.loads(told.read_text("utf-8"))


def _furnish(abby: Abby, folder: Path) -> dict[str, list[str]]:
    def alice(*arguments: str) -> Any:
        return abby(*arguments, "--user", "alice", "--json").json

    (folder / "files").mkdir()
    for seed, name in enumerate(("hers.png", "gone.png", "bobs.png")):
        (folder / "files" / name).write_bytes(photograph(seed=seed))
    made = alice("imagine", "a boat", *SMALL)
    alice("import", "files/hers.png", "files/gone.png")
    gone = alice("show", "gone.png")
    alice("delete", "gone.png")
    alice("album", "create", "Hers")
    album = alice("album", "add", "Hers", "hers.png")
    preset = alice("preset", "save", "hers", "--style", "anime")
    abby("import", "files/bobs.png", "--user", "bob")
    abby("album", "create", "Bobs", "--user", "bob")
    hers = alice("show", "hers.png")
    return {
        "picture": ["hers.png", hers["id"]],
        "trashed": ["gone.png", gone["id"]],
        "album": ["Hers", album["id"]],
        "share": [alice("share", "hers.png")["id"]],
        "preset": [preset["name"]],
        "order": [made["order"]],
    }


@pytest.mark.parametrize(
    ("kind", "command"), [(kind, each) for kind, commands in COMMANDS.items() for each in commands]
)
def test_anothers_thing_answers_like_one_that_does_not_exist(
    abby: Abby, hers: dict[str, list[str]], tmp_path: Path, kind: str, command: str
) -> None:
    def typed(it: str, *more: str) -> tuple[int, str, str]:
        arguments = [it if word == "IT" else word for word in command.split()]
        answer = abby(*arguments, "--user", "bob", *more, ARCHIVE_ROOT=str(tmp_path / "archive"))
        return answer.code, answer.out.replace(it, "…"), " ".join(answer.err.replace(it, "…").split())

    expected = typed(UNKNOWN[kind])
    assert expected[0] == 2
    assert "…" in expected[2]
    for it in hers[kind]:
        assert typed(it) == expected
    assert typed(hers[kind][-1], "--json") == typed(UNKNOWN[kind], "--json")
