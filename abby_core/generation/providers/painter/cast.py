"""Who stands where: the wished-for subjects on the spots a place offers."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from PIL import Image, ImageFilter

from abby_core.generation.providers.painter.brief import Brief, Wish
from abby_core.generation.providers.painter.brushes.colour import WHITE, Light, mix
from abby_core.generation.providers.painter.brushes.figure import Figure
from abby_core.generation.providers.painter.brushes.washes import falling
from abby_core.generation.providers.painter.scene import Scene, Spot, Spots
from abby_core.generation.providers.painter.subjects import SUBJECTS, Habit, Subject

_ORDER: tuple[Habit, ...] = ("built", "air", "water", "ground")
"""From the far ones to the near ones."""
_FLOATING = frozenset(("space", "dream", "studio"))
"""Places without a floor that could take a shadow."""
_MIRRORING = frozenset(("sea", "city"))


@dataclass(frozen=True, kw_only=True)
class _Role:
    """One figure and where it goes."""

    subject: Subject
    wish: Wish
    spot: Spot


def habits_of(brief: Brief) -> frozenset[str]:
    """How the wished-for subjects live."""
    return frozenset(SUBJECTS[wish.kind].habit for wish in brief.wishes if wish.kind in SUBJECTS)


def paint_cast(scene: Scene, spots: Spots) -> None:
    """Paint all subjects of the brief, far ones first."""
    known = [wish for wish in scene.brief.wishes if wish.kind in SUBJECTS]
    for habit in _ORDER:
        wishes = [wish for wish in known if SUBJECTS[wish.kind].habit == habit]
        spot: Spot = getattr(spots, habit)
        if habit == "air" and "built" in scene.habits:
            spot = _aside(scene, spot)
        roles = [
            role for wish in wishes for role in _roles(scene, wish, _shared(spot, wishes.index(wish), len(wishes)))
        ]
        for number, role in enumerate(sorted(roles, key=lambda role: role.spot.y)):
            _paint(scene, role, scene.rng(f"figure {role.wish.kind} {number}"), alone=len(roles) == 1)


def _aside(scene: Scene, spot: Spot) -> Spot:
    """A part of the sky that leaves the view of a building free."""
    side = scene.rng("aside").choice((0.22, 0.78))
    return Spot(x=scene.width * side, y=spot.y * 0.66, height=spot.height * 0.55)


def _key_light(light: Light) -> Light:
    """The light on subjects: a little whiter and stronger than on their surroundings, as on a stage."""
    share = 0.4 if light.dark else 0.2
    return replace(light, sun=mix(light.sun, WHITE, share), shade=mix(light.shade, light.sun, share * 0.7))


def _shared(spot: Spot, index: int, count: int) -> Spot:
    """The part of a spot for one of several kinds that share it."""
    if count == 1:
        return spot
    step = spot.height * (0.82 if count == 2 else 0.66)
    return Spot(
        x=spot.x + (index - (count - 1) / 2) * step, y=spot.y, height=spot.height * (0.84 if count == 2 else 0.7)
    )


def _roles(scene: Scene, wish: Wish, spot: Spot) -> list[_Role]:
    """One role for each of the wished-for number: side by side on the ground, scattered elsewhere."""
    subject, rng = SUBJECTS[wish.kind], scene.rng(f"cast {wish.kind}")
    height = spot.height * subject.size
    if wish.count == 1:
        if subject.habit == "air" and scene.brief.place not in _FLOATING:
            height = min(height, (spot.y - 0.03 * scene.height) / 1.12)
        return [_Role(subject=subject, wish=wish, spot=Spot(x=spot.x, y=spot.y, height=max(8.0, height)))]
    roles: list[_Role] = []
    room = min(scene.width * 0.9, spot.height * 0.62 * wish.count)
    for index in range(wish.count):
        share = (index + 0.5) / wish.count - 0.5
        size = height * min(1.0, 2.1 / wish.count**0.62) * 0.78 * rng.uniform(0.82, 1.08)
        if subject.habit in ("ground", "built"):
            at = spot.x + share * room, spot.y + spot.height * rng.uniform(-0.16, 0.05)
        else:
            lift = (index * 0.618 + rng.uniform(-0.1, 0.1)) % 1.0 - 0.5
            at = spot.x + share * scene.width * 0.84, spot.y + size / 2 - spot.height / 2 + lift * spot.height * 1.25
        roles.append(_Role(subject=subject, wish=wish, spot=Spot(x=at[0], y=at[1], height=size)))
    return roles


def _paint(scene: Scene, role: _Role, rng: random.Random, *, alone: bool) -> None:
    subject, spot = role.subject, role.spot
    lit_from = 1 if scene.lamp[0] > spot.x else -1
    faces_left = rng.random() < 0.5 if alone else spot.x > scene.width / 2
    turn = subject.turn * (-1 if faces_left else 1)
    if scene.brief.place == "space" and subject.habit == "ground":
        turn = rng.uniform(-0.25, 0.25)
    if subject.habit == "ground" and scene.brief.place not in _FLOATING:
        scene.canvas.shade(
            (spot.x - lit_from * spot.height * 0.05, spot.y),
            (spot.height * 0.4, spot.height * 0.065),
            scene.light.off((30, 36, 44)),
            0.75,
        )
    box = (
        spot.x - spot.height * 1.35,
        spot.y - spot.height * 1.4,
        spot.x + spot.height * 1.35,
        spot.y + spot.height * 0.45,
    )
    state = rng.getstate()
    if scene.brief.place in _MIRRORING and (
        subject.habit == "water" or (subject.habit == "ground" and scene.brief.place == "city")
    ):
        _reflect(scene, role, rng, lit_from=lit_from, mirrored=faces_left)
        rng.setstate(state)
    with scene.canvas.pen(box, fineness=2 if spot.height > 260 else 3) as pen:
        figure = Figure(
            pen,
            (spot.x, spot.y),
            spot.height,
            _key_light(scene.light),
            rng,
            mirrored=faces_left,
            lit_from=lit_from,
            turn=turn,
        )
        subject.draw(figure, role.wish.colour)


def _reflect(scene: Scene, role: _Role, rng: random.Random, *, lit_from: int, mirrored: bool) -> None:
    """The figure upside down below its feet, faint and broken."""
    spot, canvas = role.spot, scene.canvas
    left, right = max(0, round(spot.x - spot.height * 0.8)), min(scene.width, round(spot.x + spot.height * 0.8))
    top, bottom = max(0, round(spot.y)), min(scene.height, round(spot.y + spot.height * 0.85))
    if right - left < 4 or bottom - top < 4:
        return
    area = left, top, right, bottom
    before = canvas.image.crop(area)
    with canvas.pen(area) as pen:
        figure = Figure(
            pen,
            (spot.x, spot.y),
            spot.height,
            _key_light(scene.light),
            rng,
            mirrored=mirrored,
            lit_from=lit_from,
            stretch=-0.8,
        )
        role.subject.draw(figure, role.wish.colour)
    after = canvas.image.crop(area).filter(ImageFilter.BoxBlur((scene.unit * 0.002, scene.unit * 0.006)))
    y = 0
    rows = after.copy()
    while y < after.height:
        thick = max(1, round(scene.unit * 0.004))
        shift = round(rng.gauss(0, 1) * scene.unit * 0.004)
        rows.paste(after.crop((0, y, after.width, min(after.height, y + thick))), (shift, y))
        y += thick
    fade = falling(before.size, lambda share: 0.5 - 0.5 * share)
    canvas.image.paste(Image.composite(rows, before, fade), (left, top))
