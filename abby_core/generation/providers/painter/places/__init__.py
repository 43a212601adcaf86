"""The places a picture can show."""

from __future__ import annotations

from abby_core.generation.providers.painter.places.city import CITY
from abby_core.generation.providers.painter.places.depths import DEPTHS
from abby_core.generation.providers.painter.places.desert import DESERT, SNOWFIELD
from abby_core.generation.providers.painter.places.dream import DREAM
from abby_core.generation.providers.painter.places.forest import FOREST
from abby_core.generation.providers.painter.places.meadow import MEADOW
from abby_core.generation.providers.painter.places.mountain import MOUNTAIN
from abby_core.generation.providers.painter.places.sea import SEA
from abby_core.generation.providers.painter.places.space import SPACE
from abby_core.generation.providers.painter.places.studio import STUDIO
from abby_core.generation.providers.painter.scene import Place

PLACES: dict[str, Place] = {
    "city": CITY,
    "depths": DEPTHS,
    "desert": DESERT,
    "dream": DREAM,
    "forest": FOREST,
    "meadow": MEADOW,
    "mountain": MOUNTAIN,
    "sea": SEA,
    "snowfield": SNOWFIELD,
    "space": SPACE,
    "studio": STUDIO,
}
"""By meaning, as ``words.PLACES`` names them."""
