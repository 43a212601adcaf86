"""Options that several commands share, and how their texts are read."""

from __future__ import annotations

from typing import Annotated

import typer

from abby_core.errors import InvalidRequest
from abby_core.generation.shape import size_of_aspect, size_of_text

User = Annotated[
    str | None, typer.Option("--user", metavar="NAME", help="Whose pictures: a name, or discord:123. Default: you.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON, for scripts.")]
Name = Annotated[str, typer.Argument(help="The picture's name or id, as `abby gallery` shows it.")]
Names = Annotated[list[str], typer.Argument(metavar="NAME...", help="Names or ids, as `abby gallery` shows them.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Style = Annotated[str, typer.Option("--style", help="One of the styles that `abby styles` lists.")]
Seed = Annotated[int, typer.Option("--seed", help="The same seed and words make the same picture; 0 chooses one.")]
Negative = Annotated[str, typer.Option("--negative", help="What should not be in the picture.")]
Steps = Annotated[int | None, typer.Option("--steps", help="How thoroughly, where the model can be told.")]
Cfg = Annotated[float | None, typer.Option("--cfg", help="How literally, where the model can be told.")]
Provider = Annotated[str | None, typer.Option("--provider", help="stability or painter; default: the host's.")]
Out = Annotated[
    str | None, typer.Option("--out", metavar="FILE", help="Also write the picture there; never over another file.")
]


def size_of(size: str | None, aspect: str | None) -> tuple[int, int]:
    """Width and height in pixels of ``--size 1024x768`` or ``--ar 16:9``. Raises InvalidRequest."""
    if size and aspect:
        raise InvalidRequest("Give --size or --ar, not both.")
    if size:
        return size_of_text(size)
    return size_of_aspect(aspect or "1:1")
