"""``prefer``, ``preset …`` and ``admin preset …``: choosing once instead of each time."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Any

import typer

from abby_adapters.cli.context import Context
from abby_adapters.cli.options import (
    AsJson,
    Cfg,
    Count,
    Negative,
    Provider,
    Seed,
    Shape,
    Size,
    Steps,
    Strength,
    Style,
    Suffix,
    User,
    choices_of,
)
from abby_core.errors import InvalidRequest

if TYPE_CHECKING:
    from abby_core.gallery.preset import Preset
    from abby_core.generation.choices import Choices

Name = Annotated[str, typer.Argument(help="The preset's name.")]
MaybeName = Annotated[str, typer.Argument(metavar="[NAME]", help="The preset's name; without: what applies unasked.")]
Whose = Annotated[str, typer.Argument(metavar="WHOSE", help="host (everybody's), or a server such as discord:123.")]

app = typer.Typer(help="Your choices under a name, for `abby imagine --preset NAME`.", no_args_is_help=True)
admin_app = typer.Typer(help="Choices for a server's members or for everybody.", no_args_is_help=True)


def register(main: typer.Typer) -> None:
    """Add this file's commands."""
    main.command()(prefer)
    main.add_typer(app, name="preset")


def prefer(
    style: Style = None,
    size: Size = None,
    ar: Shape = None,
    negative: Negative = None,
    suffix: Suffix = None,
    provider: Provider = None,
    n: Count = None,
    seed: Seed = None,
    steps: Steps = None,
    cfg: Cfg = None,
    strength: Strength = None,
    clear: Annotated[bool, typer.Option("--clear", help="Forget what was preferred before.")] = False,
    user: User = None,
    as_json: AsJson = False,
) -> None:
    """Choose what your pictures are made with when you do not say otherwise; without options: show it."""
    from abby_core.gallery.preset import UNASKED, of_member

    asked = choices_of(
        style=style, size=size, ar=ar, negative=negative, suffix=suffix, provider=provider, n=n, seed=seed,
        steps=steps, cfg=cfg, strength=strength,
    )  # fmt: skip
    with closing(Context(as_json=as_json, user=user)) as context:
        owner, presets = of_member(context.account), context.abby.presets
        if asked.chosen():
            (presets.save if clear else presets.change)(owner, UNASKED, asked)
        elif clear:
            presets.clear(owner)
        preferred = presets.unasked(owner)
        if as_json:
            context.answer({"preferences": preferred.chosen()})
        elif preferred.chosen():
            typer.echo(f"Preferred: {_described(preferred)}")
        else:
            typer.echo("Nothing is preferred. Choose something, such as: abby prefer --style anime --ar 16:9")


@app.command("list")
def list_presets(user: User = None, as_json: AsJson = False) -> None:
    """List your presets, and those the host has for everybody."""
    from abby_core.gallery.preset import HOST, of_member

    with closing(Context(as_json=as_json, user=user)) as context:
        own = context.abby.presets.list(of_member(context.account))
        hosts = context.abby.presets.list(HOST)
        if as_json:
            context.answer({"presets": [_json(each) for each in own], "host": [_json(each) for each in hosts]})
        elif own or hosts:
            _print_table(context, [*((each, "yours") for each in own), *((each, "everybody's") for each in hosts)])
        else:
            context.console.print("No presets yet. Save one: [bold]abby preset save poster --style anime --ar 2:3[/]")


@app.command("save")
def save_preset(
    name: Name,
    style: Style = None,
    size: Size = None,
    ar: Shape = None,
    negative: Negative = None,
    suffix: Suffix = None,
    provider: Provider = None,
    n: Count = None,
    seed: Seed = None,
    steps: Steps = None,
    cfg: Cfg = None,
    strength: Strength = None,
    user: User = None,
    as_json: AsJson = False,
) -> None:
    """Keep choices under a name; what the name stood for before is gone."""
    from abby_core.gallery.preset import of_member

    asked = choices_of(
        style=style, size=size, ar=ar, negative=negative, suffix=suffix, provider=provider, n=n, seed=seed,
        steps=steps, cfg=cfg, strength=strength,
    )  # fmt: skip
    with closing(Context(as_json=as_json, user=user)) as context:
        saved = context.abby.presets.save(of_member(context.account), _not_blank(name), asked)
        _done(context, saved, "Saved")


@app.command("show")
def show_preset(name: Name, user: User = None, as_json: AsJson = False) -> None:
    """Show what one of your presets stands for."""
    from abby_core.gallery.preset import of_member

    with closing(Context(as_json=as_json, user=user)) as context:
        found = context.abby.presets.find(of_member(context.account), name)
        _done(context, found, "Preset")


@app.command("delete")
def delete_preset(name: Name, user: User = None, as_json: AsJson = False) -> None:
    """Forget one of your presets."""
    from abby_core.gallery.preset import of_member

    with closing(Context(as_json=as_json, user=user)) as context:
        _done(context, context.abby.presets.delete(of_member(context.account), name), "Deleted")


# ---------------------------------------------------------------------- abby admin preset


@admin_app.command("list")
def list_for(whose: Whose, as_json: AsJson = False) -> None:
    """List what a server or the host chose."""
    with closing(Context(as_json=as_json)) as context:
        owner = _owner(whose)
        unasked, named = context.abby.presets.unasked(owner), context.abby.presets.list(owner)
        if as_json:
            context.answer({"default": unasked.chosen(), "presets": [_json(each) for each in named]})
            return
        typer.echo(f"Unasked: {_described(unasked) or 'nothing is chosen'}")
        if named:
            _print_table(context, [(each, whose) for each in named])


@admin_app.command("save")
def save_for(
    whose: Whose,
    name: MaybeName = "",
    style: Style = None,
    size: Size = None,
    ar: Shape = None,
    negative: Negative = None,
    suffix: Suffix = None,
    provider: Provider = None,
    n: Count = None,
    seed: Seed = None,
    steps: Steps = None,
    cfg: Cfg = None,
    strength: Strength = None,
    as_json: AsJson = False,
) -> None:
    """Choose for a server's members or for everybody; members' own choices win over it."""
    asked = choices_of(
        style=style, size=size, ar=ar, negative=negative, suffix=suffix, provider=provider, n=n, seed=seed,
        steps=steps, cfg=cfg, strength=strength,
    )  # fmt: skip
    with closing(Context(as_json=as_json)) as context:
        _done(context, context.abby.presets.save(_owner(whose), name, asked), "Saved")


@admin_app.command("delete")
def delete_for(whose: Whose, name: MaybeName = "", as_json: AsJson = False) -> None:
    """Forget what was chosen for a server's members or for everybody."""
    with closing(Context(as_json=as_json)) as context:
        owner = _owner(whose)
        if name:
            _done(context, context.abby.presets.delete(owner, name), "Deleted")
            return
        context.abby.presets.clear(owner)
        if as_json:
            context.answer({"default": {}})
        else:
            typer.echo("Nothing applies unasked any more.")


# ---------------------------------------------------------------------- texts


def _owner(text: str) -> str:
    """``host``, or ``discord:123`` for a server there. Raises InvalidRequest."""
    from abby_core.gallery.preset import HOST, of_server

    platform, colon, server = text.partition(":")
    if text == HOST:
        return HOST
    if not colon or not platform or not server:
        raise InvalidRequest(f"Say whose: host, or a server such as discord:123; not {text[:40]!r}.")
    return of_server(platform, server)


def _not_blank(name: str) -> str:
    if not name.strip():
        raise InvalidRequest("A preset needs a name. What shall apply unasked is set with: abby prefer")
    return name


def _described(choices: Choices) -> str:
    """``style anime, 1344×768, suffix "oil on canvas"``, on one line."""
    from abby_adapters.cli.presenter import plain

    chosen = choices.chosen()
    width, height = chosen.pop("width", None), chosen.pop("height", None)
    parts = [f"{name.replace('_', ' ')} {value!r}" if isinstance(value, str) else f"{name.replace('_', ' ')} {value:g}"
             for name, value in chosen.items()]  # fmt: skip
    return plain(", ".join([*([f"{width}×{height}"] if width and height else []), *parts]))


def _print_table(context: Context, presets: list[tuple[Preset, str]]) -> None:
    from rich.table import Table
    from rich.text import Text

    from abby_adapters.cli.presenter import plain

    table = Table(box=None, pad_edge=False)
    for heading in ("name", "whose", "stands for"):
        table.add_column(heading, overflow="fold")
    for preset, whose in presets:
        table.add_row(Text(plain(preset.name)), Text(plain(whose)), Text(_described(preset.choices)))
    context.console.print(table)


def _json(preset: Preset) -> dict[str, Any]:
    from abby_adapters.cli.presenter import iso

    return {"name": preset.name, "choices": preset.choices.chosen(), "updated_at": iso(preset.updated_at_ms)}


def _done(context: Context, preset: Preset, what: str) -> None:
    from abby_adapters.cli.presenter import plain

    if context.as_json:
        context.answer(_json(preset))
    else:
        typer.echo(f"{what}: {plain(preset.name) or 'unasked'}: {_described(preset.choices)}")
