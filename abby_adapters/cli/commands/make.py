"""``imagine``, ``transform``, ``upscale``: pictures from words and from pictures."""

from __future__ import annotations

import uuid
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from abby_adapters.cli.context import Context
from abby_adapters.cli.options import (
    AsJson,
    Cfg,
    Count,
    Name,
    Negative,
    Out,
    PresetName,
    Provider,
    Seed,
    Shape,
    Size,
    Steps,
    Strength,
    Style,
    User,
    choices_of,
)
from abby_core.errors import InvalidRequest, StorageError
from abby_core.generation.request import ImageRequest, ImageToImage, Upscale

if TYPE_CHECKING:
    from abby_core.gallery.preset import Resolved
    from abby_core.generation.choices import Choices
    from abby_core.generation.request import Kind
    from abby_core.studio import Creation
    from abby_core.studio.wish import Wish
    from abby_core.studio.wording import Wording

INPUT_BYTES_MAX = 20 * 2**20
"""Largest picture file that is read: what the core takes from people."""
SUBTLE, STRONG = 0.7, 0.35
"""How much of a picture a variation keeps."""
Prompt = Annotated[str, typer.Argument(help="What should be in the picture.")]
Mask = Annotated[
    str | None,
    typer.Option(
        "--mask",
        help="Paint only a part anew, where this PNG or WebP of the same size (a file, or a name of your gallery) is "
        "transparent; all else stays as it is.",
    ),
]
Verbose = Annotated[bool, typer.Option("--verbose", help="Also show what is logged.")]


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command()(imagine)
    app.command()(transform)
    app.command()(upscale)
    app.command()(vary)


def imagine(
    prompt: Prompt,
    style: Style = None,
    size: Size = None,
    ar: Shape = None,
    seed: Seed = None,
    steps: Steps = None,
    cfg: Cfg = None,
    negative: Negative = None,
    n: Count = None,
    preset: PresetName = "",
    out: Out = None,
    provider: Provider = None,
    user: User = None,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Make a picture from words, or several: "a {red, green} bird --ar 16:9"."""
    from abby_core.studio.wish import wish_for_text

    asked = choices_of(
        style=style, size=size, ar=ar, negative=negative, provider=provider, n=n, seed=seed, steps=steps, cfg=cfg
    )
    with closing(Context(as_json=as_json, user=user, verbose=verbose)) as context:
        wording, resolved = _wording(context, prompt, asked, "text_to_image", preset)
        wish = wish_for_text(wording, resolved.choices)
        _make_wish(context, wish, out=out, notes=wording.notes + resolved.notes)


def transform(
    file: Annotated[str, typer.Argument(help="The picture: a PNG, JPEG or WebP file, or a name of your gallery.")],
    prompt: Prompt,
    mask: Mask = None,
    strength: Strength = None,
    style: Style = None,
    seed: Seed = None,
    steps: Steps = None,
    cfg: Cfg = None,
    negative: Negative = None,
    n: Count = None,
    preset: PresetName = "",
    out: Out = None,
    provider: Provider = None,
    user: User = None,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Make a new picture from a picture and words; with --mask, paint only a part of it anew."""
    from abby_core.studio.wish import wish_for_image

    asked = choices_of(
        style=style, negative=negative, provider=provider, n=n, seed=seed, steps=steps, cfg=cfg, strength=strength
    )
    with closing(Context(as_json=as_json, user=user, verbose=verbose)) as context:
        wording, resolved = _wording(context, prompt, asked, "image_to_image", preset)
        image, source = _source(context, file)
        wish = wish_for_image(wording, resolved.choices, image, b"" if mask is None else _mask(context, mask))
        _make_wish(context, wish, out=out, notes=wording.notes + resolved.notes, source=source)


def upscale(
    file: Annotated[str, typer.Argument(help="The picture: a PNG, JPEG or WebP file, or a name of your gallery.")],
    width: Annotated[int, typer.Option("--width", help="How wide it should become, in pixels.")] = 2048,
    out: Out = None,
    provider: Provider = None,
    user: User = None,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Make the same picture larger."""
    context = Context(as_json=as_json, user=user, verbose=verbose)
    image, source = _source(context, file)
    _make(context, Upscale(image=image, width=width), pictures=1, out=out, provider=provider, source=source)


def vary(
    name: Name,
    strong: Annotated[bool, typer.Option("--strong", help="Quite another picture; else much the same.")] = False,
    n: Annotated[int, typer.Option("--n", help="How many pictures, 1 to 10.")] = 1,
    out: Out = None,
    provider: Provider = None,
    user: User = None,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Make a variation of one of your pictures: the same words, another seed."""
    context = Context(as_json=as_json, user=user, verbose=verbose)
    found = context.abby.gallery.find(context.account, name)
    if not found.prompt:
        raise InvalidRequest(f"{found.name!r} was not made from words. Say what it shall become: abby transform.")
    request = ImageToImage(
        image=b"",
        prompt=found.prompt,
        negative_prompt=found.negative_prompt,
        style=found.style or "enhance",
        image_strength=STRONG if strong else SUBTLE,
    )
    _make(context, request, pictures=n, out=out, provider=provider, source=found.id)


def _wording(context: Context, prompt: str, asked: Choices, kind: Kind, preset: str) -> tuple[Wording, Resolved]:
    """What was written, and all that applies: options win over the prompt's own, these over presets."""
    from abby_core.studio.wording import read

    wording = read(prompt)
    return wording, context.abby.presets.resolve(context.account, asked.over(wording.choices), kind=kind, preset=preset)


def _make_wish(context: Context, wish: Wish, *, out: str | None, notes: tuple[str, ...], source: str = "") -> None:
    _make(
        context, wish.request, pictures=wish.pictures, out=out, provider=wish.provider, source=source,
        prompts=wish.prompts, notes=notes,
    )  # fmt: skip


def _make(
    context: Context,
    request: ImageRequest,
    *,
    pictures: int,
    out: str | None,
    provider: str | None,
    source: str = "",
    prompts: tuple[str, ...] = (),
    notes: tuple[str, ...] = (),
) -> None:
    from abby_adapters.cli.making import make, show
    from abby_core.studio import Order

    targets = _targets(out, pictures)
    order = Order(
        id=f"cli-{uuid.uuid4().hex}",
        account=context.account,
        request=request,
        pictures=pictures,
        provider=provider,
        source_artifact=source,
        prompts=prompts,
    )
    try:
        creation = make(context, order)
        try:
            saved, trouble = _copy(context, creation, targets), None
        except StorageError as error:
            saved, trouble = [], error
        show(context, creation, saved=saved, trouble=trouble, notes=notes)
    finally:
        context.close()


def _source(context: Context, file: str) -> tuple[bytes, str]:
    """A picture file's bytes, or (nothing and) the id of the gallery's picture of that name."""
    path = Path(file)
    try:
        if path.is_file():
            if path.stat().st_size > INPUT_BYTES_MAX:
                raise InvalidRequest(f"{path.name} is larger than {INPUT_BYTES_MAX // 2**20} MB.")
            return path.read_bytes(), ""
        if path.exists() or path.name != file:
            raise InvalidRequest(f"{file!r} is no picture file" + ("." if path.exists() else ": there is none."))
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = error.strerror if isinstance(error, OSError) else "no file has such a name"
        raise InvalidRequest(f"{file!r} cannot be read: {reason}.") from error
    return b"", context.abby.gallery.find(context.account, file).id


def _mask(context: Context, file: str) -> bytes:
    """A mask's bytes, from a file or from the gallery."""
    data, source = _source(context, file)
    data = data or (context.abby.gallery.open(context.abby.gallery.find(context.account, source)) if source else b"")
    if not data:  # which would be no mask at all, and everything painted anew
        raise InvalidRequest(f"{file!r} is empty: a mask is a PNG or WebP picture.")
    return data


def _targets(out: str | None, pictures: int) -> list[Path]:
    """Where copies go: ``cat.png``, or ``cat-1.png``, ``cat-2.png``… Raises InvalidRequest before anything is made."""
    if out is None:
        return []
    path = Path(out)
    numbers = [""] if pictures == 1 else [f"-{number}" for number in range(1, pictures + 1)]
    targets = [path.with_name(path.stem + number + path.suffix) for number in numbers] if path.name else []
    if not targets or not path.parent.is_dir():
        raise InvalidRequest(f"--out {out!r} names no file in an existing folder.")
    for target in targets:
        if target.exists():
            raise InvalidRequest(f"{target} exists already; choose another name for --out.")
    return targets


def _copy(context: Context, creation: Creation, targets: list[Path]) -> list[Path]:
    copied: list[Path] = []
    for artifact, target in zip(creation.artifacts, targets, strict=False):
        data = context.abby.gallery.open(artifact)
        try:
            with target.open("xb") as file:
                file.write(data)
        except OSError as error:
            raise StorageError(
                f"The picture is kept, but no copy could be written to {target}: {error.strerror}."
            ) from error
        copied.append(target)
    return copied
