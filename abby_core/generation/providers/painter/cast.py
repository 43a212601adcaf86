"""Who stands where: the wished-for subjects on the spots a place offers."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PIL import Image, ImageFilter

from abby_core.generation.providers.painter.brief import Brief, Wish
from abby_core.generation.providers.painter.brushes.canvas import Pen
from abby_core.generation.providers.painter.brushes.colour import WHITE, Colour, Light, mix
from abby_core.generation.providers.painter.brushes.figure import Figure
from abby_core.generation.providers.painter.brushes.washes import falling
from abby_core.generation.providers.painter.scene import Scene, Spot, Spots
from abby_core.generation.providers.painter.subjects import SUBJECTS, Habit, Subject

_ORDER: tuple[Habit, ...] = ("built", "air", "water", "ground")
"""From the far ones to the near ones."""
_FLOATING = frozenset(("space", "dream", "studio"))
"""Places without a floor that could take a shadow."""
_MIRRORED = frozenset((("water", "sea"), ("water", "city"), ("water", "mountain"), ("ground", "city")))
"""Who (habit) is mirrored where (place): in water, or on a wet street."""


@dataclass(frozen=True, kw_only=True)
class _Role:
    """One figure: what it is, where it goes, how it stands."""

    name: str
    """Its random numbers are drawn for this name."""
    subject: Subject
    colour: Colour | None
    spot: Spot
    faces_left: bool = False
    turn: float = 0.0

    def draw(self, scene: Scene, pen: Pen, *, stretch: float = 1.0) -> None:
        """Paint it; ``stretch`` below 0 turns it upside down. Twice gives the same figure."""
        figure = Figure(
            pen,
            (self.spot.x, self.spot.y),
            self.spot.height,
            _key_light(scene.light),
            scene.rng(self.name),
            mirrored=self.faces_left,
            lit_from=self.lit_from(scene),
            turn=self.turn if stretch > 0 else 0.0,
            stretch=stretch,
        )
        self.subject.draw(figure, self.colour)

    def lit_from(self, scene: Scene) -> int:
        return 1 if scene.lamp[0] > self.spot.x else -1


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
        roles: list[_Role] = []
        for index, wish in enumerate(wishes):
            roles += _roles(scene, wish, _shared(spot, index, len(wishes)))
        for role in sorted(roles, key=lambda role: role.spot.y):
            _paint(scene, _standing(scene, role, alone=len(roles) == 1))


def _aside(scene: Scene, spot: Spot) -> Spot:
    """A part of the sky that leaves the view of a building free."""
    side = scene.rng("aside").choice((0.22, 0.78))
    return Spot(x=scene.width * side, y=spot.y * 0.66, height=spot.height * 0.55)


def _shared(spot: Spot, index: int, count: int) -> Spot:
    """The part of a spot for one of several kinds that share it."""
    if count == 1:
        return spot
    step, size = (0.82, 0.84) if count == 2 else (0.66, 0.7)
    return Spot(x=spot.x + (index - (count - 1) / 2) * step * spot.height, y=spot.y, height=spot.height * size)


def _roles(scene: Scene, wish: Wish, spot: Spot) -> list[_Role]:
    """One role for each of the wished-for number: side by side on the ground, scattered elsewhere."""
    subject, rng = SUBJECTS[wish.kind], scene.rng(f"cast {wish.kind}")
    height = spot.height * subject.size
    if wish.count == 1:
        if subject.habit == "air" and scene.brief.place not in _FLOATING:
            height = max(8.0, min(height, (spot.y - 0.03 * scene.height) / 1.12))
        return [_Role(name=wish.kind, subject=subject, colour=wish.colour, spot=replace(spot, height=height))]
    roles: list[_Role] = []
    room = min(scene.width * 0.9, spot.height * 0.62 * wish.count)
    for index in range(wish.count):
        share = (index + 0.5) / wish.count - 0.5
        size = height * min(1.0, 2.1 / wish.count**0.62) * 0.78 * rng.uniform(0.82, 1.08)
        if subject.habit in {"ground", "built"}:
            x, y = spot.x + share * room, spot.y + spot.height * rng.uniform(-0.16, 0.05)
        else:
            lift = (index * 0.618 + rng.uniform(-0.1, 0.1)) % 1.0 - 0.5
            x, y = spot.x + share * scene.width * 0.84, spot.y + size / 2 + spot.height * (1.25 * lift - 0.5)
        place = Spot(x=x, y=y, height=size)
        roles.append(_Role(name=f"{wish.kind} {index}", subject=subject, colour=wish.colour, spot=place))
    return roles


def _standing(scene: Scene, role: _Role, *, alone: bool) -> _Role:
    """The role with a side to face and a lean: alone anywhere, in company towards the middle."""
    rng, subject = scene.rng(f"stance {role.name}"), role.subject
    faces_left = rng.random() < 0.5 if alone else role.spot.x > scene.width / 2
    turn = -subject.turn if faces_left else subject.turn
    if scene.brief.place == "space" and subject.habit == "ground":
        turn = rng.uniform(-0.25, 0.25)
    return replace(role, faces_left=faces_left, turn=turn)


def _paint(scene: Scene, role: _Role) -> None:
    habit, place, spot = role.subject.habit, scene.brief.place, role.spot
    x, y, height = spot.x, spot.y, spot.height
    if habit == "ground" and place not in _FLOATING:
        under = x - role.lit_from(scene) * height * 0.05, y
        scene.canvas.shade(under, (height * 0.4, height * 0.065), scene.light.off((30, 36, 44)), 0.75)
    if (habit, place) in _MIRRORED:
        _reflect(scene, role)
    box = x - height * 1.35, y - height * 1.4, x + height * 1.35, y + height * 0.45
    with scene.canvas.pen(box, fineness=2 if height > 260 else 3) as pen:
        role.draw(scene, pen)


def _key_light(light: Light) -> Light:
    """The light on subjects: a little whiter and stronger than on their surroundings, as on a stage."""
    share = 0.4 if light.dark else 0.2
    return replace(light, sun=mix(light.sun, WHITE, share), shade=mix(light.shade, light.sun, share * 0.7))


def _reflect(scene: Scene, role: _Role) -> None:
    """The figure upside down below its feet, faint and broken."""
    spot, canvas, rng = role.spot, scene.canvas, scene.rng("reflection")
    left, right = max(0, round(spot.x - spot.height * 0.8)), min(scene.width, round(spot.x + spot.height * 0.8))
    top, bottom = max(0, round(spot.y)), min(scene.height, round(spot.y + spot.height * 0.85))
    if right - left < 4 or bottom - top < 4:
        return
    area = left, top, right, bottom
    before = canvas.image.crop(area)
    with canvas.pen(area) as pen:
        role.draw(scene, pen, stretch=-0.8)
    after = canvas.image.crop(area).filter(ImageFilter.BoxBlur((scene.unit * 0.002, scene.unit * 0.006)))
    rows, thick = after.copy(), max(1, round(scene.unit * 0.004))
    for y in range(0, after.height, thick):
        shift = round(rng.gauss(0, 1) * scene.unit * 0.004)
        rows.paste(after.crop((0, y, after.width, min(after.height, y + thick))), (shift, y))
    fade = falling(before.size, lambda share: 0.5 - 0.5 * share)
    canvas.image.paste(Image.composite(rows, before, fade), (left, top))
