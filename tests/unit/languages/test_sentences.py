"""Whatever members read can be said in every language: the source is looked through for texts that cannot.

A text made with an f-string has lost its words before anybody could translate them. A sentence whose first argument is
no plain text, or that stands where the gathering does not look, never comes into a catalogue.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Catalog

from abby_core import errors
from abby_core.languages.gathering import PROJECT, gather

CORE, DISCORD, WEB = (PROJECT / folder for folder in ("abby_core", "abby_adapters/discord", "abby_adapters/web"))
FOR_HOSTS = ("abby_core/database/migrat", "abby_core/quota/rules", "abby_core/quota/toml_lines", "abby_core/settings")
"""Texts in here are read by whoever runs this Abby, in logs and on the command line, which speak English."""
SENTENCES = {"say": 1, "sentence": 1, "plural": 2, "locale_str": 1}
"""The functions that sentences are given to, and how many texts each takes."""
NO_SENTENCES = {"say", "desk.say"}
"""What answers on Discord, and is given what was said already."""
TOLD = {
    name: 0
    for name, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, errors.AbbyError) and kind is not errors.ConfigurationError
} | {"rejected": 0, "Unreadable": 0, "BlobMissing": 0, "BlobExists": 0}
"""Errors that members may read: which argument is the text."""
SAID = {"Choice": "text", "NotWorth": "reason", "Outcome": "reason", "Health": "detail"}
"""Values that members may read: which argument is the text."""
SHOWN = {
    "Embed": {"title", "description"},
    "add_field": {"name", "value"},
    "set_footer": {"text"},
    "set_author": {"name"},
    "Button": {"label"},
    "Label": {"text", "description"},
    "TextInput": {"label", "placeholder"},
    "Select": {"placeholder"},
    "SelectOption": {"label", "description"},
    "Modal": {"title"},
    "send_message": {"content"},
    "edit_original_response": {"content"},
    "send": {"content"},
}
"""What puts a text before people on Discord: which arguments by name, besides all that have none."""

Problem = tuple[int, str]


# ---------------------------------------------------------------------- looking


def sources(*folders: Path) -> Iterator[tuple[str, ast.Module]]:
    for folder in folders:
        for file in sorted(folder.rglob("*.py")):
            name = file.relative_to(PROJECT).as_posix()
            if not name.startswith(("abby_core/languages/", "abby_core/sentence.py")):
                yield name, ast.parse(file.read_text("utf-8"))


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func
            yield (called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")), node


def literal(node: ast.expr | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def words(node: ast.AST) -> str:
    """What of an expression is text of ours with words in it: of an f-string what stands between the values."""
    if isinstance(node, ast.JoinedStr):
        text = " ".join(filter(None, (literal(part) for part in node.values if isinstance(part, ast.Constant))))
    elif isinstance(node, ast.BinOp):
        return words(node.left) or words(node.right)
    elif isinstance(node, ast.IfExp):
        return words(node.body) or words(node.orelse)
    else:
        text = literal(node) or "" if isinstance(node, ast.expr) else ""
    return text if re.search(r"[A-Za-z]{2}", text) else ""


def lost_words(tree: ast.Module) -> Iterator[Problem]:
    """Texts of errors, choices and notes that are no sentences."""
    for name, call in calls(tree):
        texts = [call.args[TOLD[name]]] if name in TOLD and len(call.args) > TOLD[name] else []
        texts += [each.value for each in call.keywords if each.arg is not None and each.arg == SAID.get(name)]
        if name == "append" and isinstance(call.func, ast.Attribute) and "notes" in ast.unparse(call.func.value):
            texts += call.args
        for text in texts:
            if words(text):
                yield text.lineno, ast.unparse(text)


def unusable_sentences(tree: ast.Module) -> Iterator[Problem]:
    """Sentences that are no plain text, or whose places do not fit the values."""
    for name, call in calls(tree):
        if name not in SENTENCES or ast.unparse(call.func) in NO_SENTENCES:
            continue
        templates = [literal(each) for each in call.args[: SENTENCES[name]]]
        if not templates or None in templates:
            yield call.lineno, f"{name}: a literal text is needed"
        elif name != "locale_str" and all(each.arg is not None for each in call.keywords):
            values = {each.arg for each in call.keywords}
            places = {field for each in templates for _, field, _, _ in Formatter().parse(each or "") if field}
            if places != values - ({"count"} - places):
                yield call.lineno, f"{name}: {places} are wanted, {values} are given"


def ungathered(catalogue: Catalog) -> Callable[[ast.Module], Iterator[Problem]]:
    """Sentences that the gathering has not found: on some versions of Python it looks into no f-string."""

    def look(tree: ast.Module) -> Iterator[Problem]:
        for name, call in calls(tree):
            text = literal(call.args[0]) if name in SENTENCES and call.args else None
            if text and text not in catalogue:
                yield call.lineno, text

    return look


def unsaid(tree: ast.Module) -> Iterator[Problem]:
    """Texts that are shown on Discord in English, whoever reads."""
    for name, call in calls(tree):
        if name in SHOWN or name.endswith("_embed"):
            shown = [*call.args, *(each.value for each in call.keywords if each.arg in SHOWN.get(name, set()))]
            for text in shown:
                if words(text):
                    yield text.lineno, ast.unparse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            for each in node.keywords:
                if each.arg == "title" and words(each.value):
                    yield node.lineno, ast.unparse(each.value)


def found(look: Callable[[ast.Module], Iterator[Problem]], *folders: Path) -> list[str]:
    return [
        f"{name}:{line}: {text}"
        for name, tree in sources(*folders)
        if not name.startswith(FOR_HOSTS)
        for line, text in look(tree)
    ]


@cache
def gathered() -> Catalog:
    return gather()


# ---------------------------------------------------------------------- the source


def test_what_the_core_tells_members_is_made_of_sentences() -> None:
    assert found(lost_words, CORE, DISCORD) == []


def test_every_sentence_is_a_plain_text_whose_places_fit_its_values() -> None:
    assert found(unusable_sentences, CORE, DISCORD, WEB) == []


def test_every_sentence_comes_into_the_catalogues() -> None:
    assert found(ungathered(gathered()), CORE, DISCORD, WEB) == []


def test_nothing_is_shown_on_discord_without_its_language() -> None:
    assert found(unsaid, DISCORD) == []


# ---------------------------------------------------------------------- the looking itself


@pytest.mark.parametrize(
    ("look", "code"),
    [
        (lost_words, 'raise InvalidRequest(f"Not {thing}.")'),
        (lost_words, 'raise QuotaExceeded("All is used.", meter="images/day")'),
        (lost_words, 'Choice(kind="wait", text=f"Wait {time}.")'),
        (lost_words, 'notes.append("It was " + what)'),
        (lost_words, 'raise NotFound("Gone." if gone else text)'),
        (unusable_sentences, "sentence(text)"),
        (unusable_sentences, 'language.say(f"Hello {name}")'),
        (unusable_sentences, 'sentence("At most {limit}.", most=3)'),
        (unusable_sentences, 'plural("{count} picture", "{count} of {all} pictures", count=3)'),
        (unsaid, 'presenter.note_embed(language, "Done.")'),
        (unsaid, 'discord.Embed(title=f"Order {order}")'),
        (unsaid, 'class Remix(ui.Modal, title="Remix"): ...'),
    ],
)
def test_a_text_without_its_words_is_found(look: Callable[[ast.Module], Iterator[Problem]], code: str) -> None:
    assert list(look(ast.parse(code)))


@pytest.mark.parametrize(
    "code",
    [
        'raise InvalidRequest(sentence("Not {thing}.", thing=thing))',
        "raise NotFound(GONE)",
        'plural("A picture", "{count} pictures", count=3)',
        'language.say("At most {limit}.", limit=3)',
        'embed.add_field(name=language.say("Today"), value=f"{bar} · {text}")',
        "discord.Embed(title=f'⭐ {title}')",
    ],
)
def test_a_text_with_its_words_is_let_pass(code: str) -> None:
    tree = ast.parse(code)
    assert [*lost_words(tree), *unusable_sentences(tree), *unsaid(tree)] == []
