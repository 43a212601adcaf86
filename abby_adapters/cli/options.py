"""Options that several commands share, and how their texts are read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

import typer

from abby_core.errors import InvalidRequest
from abby_core.generation.shape import size_of_aspect, size_of_text

if TYPE_CHECKING:
    from abby_core.generation.choices import Choices

User = Annotated[
    str | None, typer.Option("--user", metavar="NAME", help="Whose pictures: a name, or discord:123. Default: you.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON, for scripts.")]
Name = Annotated[str, typer.Argument(help="The picture's name or id, as `abby gallery` shows it.")]
Names = Annotated[list[str], typer.Argument(metavar="NAME...", help="Names or ids, as `abby gallery` shows them.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Style = Annotated[str | None, typer.Option("--style", help="One of the styles that `abby styles` lists.")]
Seed = Annotated[
    int | None, typer.Option("--seed", help="The same seed and words make the same picture; 0 chooses one.")
]
Suffix = Annotated[str | None, typer.Option("--suffix", help="Words to put behind every prompt.")]
Negative = Annotated[str | None, typer.Option("--negative", help="What should not be in the picture.")]
Size = Annotated[str | None, typer.Option("--size", help="Width and height, such as 1024x768.")]
Shape = Annotated[str | None, typer.Option("--ar", help="The shape instead, such as 16:9.")]
Count = Annotated[int | None, typer.Option("--n", help="How many pictures of each prompt, 1 to 10 in all.")]
Strength = Annotated[float | None, typer.Option("--strength", help="0 to 1; near 1 keeps the picture.")]
PresetName = Annotated[str, typer.Option("--preset", metavar="NAME", help="One of those of `abby preset list`.")]
Steps = Annotated[int | None, typer.Option("--steps", help="How thoroughly, where the model can be told.")]
Cfg = Annotated[float | None, typer.Option("--cfg", help="How literally, where the model can be told.")]
Provider = Annotated[str | None, typer.Option("--provider", help="stability or painter; default: the host's.")]
Out = Annotated[
    str | None, typer.Option("--out", metavar="FILE", help="Also write the picture there; never over another file.")
]

_UNIT_SECONDS = {"m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}


def seconds_of(option: str, text: str) -> int:
    """``30m``, ``12h``, ``7d``, ``2w`` in seconds. Raises InvalidRequest."""
    found = re.fullmatch(r"([0-9]{1,6})\s*([mhdw])", text.strip().lower())
    if not found:
        raise InvalidRequest(f"{option} looks like 30m, 12h, 7d or 2w, not {text[:40]!r}.")
    return int(found[1]) * _UNIT_SECONDS[found[2]]


def size_of(size: str | None, aspect: str | None) -> tuple[int, int] | None:
    """Width and height in pixels of ``--size 1024x768`` or ``--ar 16:9``, if one is given. Raises InvalidRequest."""
    if size and aspect:
        raise InvalidRequest("Give --size or --ar, not both.")
    if size:
        return size_of_text(size)
    return size_of_aspect(aspect) if aspect else None


def choices_of(
    *,
    style: str | None = None,
    size: str | None = None,
    ar: str | None = None,
    negative: str | None = None,
    suffix: str | None = None,
    provider: str | None = None,
    n: int | None = None,
    seed: int | None = None,
    steps: int | None = None,
    cfg: float | None = None,
    strength: float | None = None,
) -> Choices:
    """What the options choose. Raises InvalidRequest for a size that cannot be read."""
    from abby_core.generation.choices import Choices

    width, height = size_of(size, ar) or (None, None)
    return Choices(
        style=style, width=width, height=height, negative_prompt=negative, suffix=suffix, provider=provider, count=n,
        seed=seed, steps=steps, cfg_scale=cfg, image_strength=strength,
    )  # fmt: skip
