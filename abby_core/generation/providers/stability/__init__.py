"""Stability AI's hosted models, over its REST interface.

``stability.py`` is the provider. It plans (``plans.py``, with the tables in ``models.py``), turns a planned
request into a call (``requests.py``), sends it (``client.py``), and reads what comes back: a picture
(``answers.py``) or what went wrong (``errors.py``). Only ``client.py`` does I/O.
"""

from abby_core.generation.providers.stability.stability import Stability

__all__ = ["Stability"]
