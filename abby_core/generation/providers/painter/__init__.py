"""The demo painter: pictures by rule, without a model, a key or a network.

``painter.py`` is the provider; ``easel.py`` carries out its requests. From a prompt, ``brief.py`` reads what to
paint (the vocabulary is in ``words.py``) and ``light.py`` decides the light. ``picture.py`` puts it together: a
place from ``places/``, the subjects that ``cast.py`` takes from ``subjects/``, and weather. ``styles/`` renders
the result; ``retouch.py`` does the same to pictures that people bring. Everything is drawn with ``brushes/``.

A new subject is one function in ``subjects/``, a line in its table and a line in ``words.py``.
"""

from abby_core.generation.providers.painter.painter import Painter

__all__ = ["Painter"]
