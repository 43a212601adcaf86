"""The demo painter: pictures by rule, without a model, a key or a network.

``painter.Painter`` is the provider. From a prompt, :mod:`brief` reads what to paint, :mod:`light` decides
the light, a :mod:`places` paints the surroundings, :mod:`cast` puts the :mod:`subjects` in, and
:mod:`styles` renders the whole. Everything is drawn with :mod:`brushes`.
"""

from abby_core.generation.providers.painter.painter import Painter

__all__ = ["Painter"]
