"""One sitting animal being painted."""

from __future__ import annotations

from dataclasses import dataclass

from abby_core.generation.providers.painter.brushes.colour import Colour, mix
from abby_core.generation.providers.painter.brushes.figure import Figure
from abby_core.generation.providers.painter.subjects.species import Extra, Species


@dataclass(frozen=True, kw_only=True)
class Animal:
    """A species in the coat it wears in this picture."""

    figure: Figure
    kind: Species
    coat: Colour

    def has(self, extra: Extra) -> bool:
        return extra in self.kind.extras

    @property
    def pale(self) -> Colour:
        """Between coat and belly: cheeks and toes."""
        return mix(self.coat, self.kind.belly, 0.4)

    @property
    def face(self) -> Colour:
        """The colour of the head, which under wool is not that of the coat."""
        return self.kind.dark if self.has("wool") else self.coat
