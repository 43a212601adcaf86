"""The pages about what was made: galleries, shares, limits, one's own things, and the house."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abby_adapters.web.pages import (
    admin,
    admin_works,
    albums,
    gallery,
    picture,
    presets,
    privacy,
    quota,
    selected,
    shared,
    shared_files,
    shares,
    tokens,
    trash,
)
from abby_adapters.web.pages.recent import Recent
from abby_adapters.web.pages.works import Works

if TYPE_CHECKING:
    from fastapi import APIRouter

    from abby_adapters.web.pages.shell import Shell
    from abby_core.bootstrap import Abby


def routes(abby: Abby, shell: Shell) -> list[APIRouter]:
    """All of their paths, over that Abby."""
    recent, works = Recent(), Works()
    return [
        gallery.routes(abby, shell, recent),
        selected.routes(abby, shell, recent),
        picture.routes(abby, shell, recent),
        albums.routes(abby, shell),
        trash.routes(abby, shell),
        shares.routes(abby, shell),
        shared.routes(abby, shell),
        shared_files.routes(abby),
        quota.routes(abby, shell, works),
        presets.routes(abby, shell),
        tokens.routes(abby, shell),
        privacy.routes(abby, shell, works),
        admin.routes(abby, shell),
        admin_works.routes(abby, shell, works),
    ]
