"""What programs note about how a picture was made: one file for each program, and who is asked first (pure)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from abby_core.gallery.embedded_texts import USER_COMMENT
from abby_core.gallery.generation_info import NOTHING, GenerationInfo
from abby_core.gallery.generation_readers.abby_list import from_abby
from abby_core.gallery.generation_readers.comfyui import from_comfyui
from abby_core.gallery.generation_readers.midjourney import from_midjourney, from_midjourney_name
from abby_core.gallery.generation_readers.novelai import from_novelai
from abby_core.gallery.generation_readers.webui import from_webui


def generation_info(
    texts: Mapping[str, str], *, file_name: str = "", note: Mapping[str, object] | None = None
) -> GenerationInfo:
    """What another Abby's note on a file tells, or else the file's texts, or else its name.

    The texts are those of :func:`~abby_core.gallery.embedded_texts.embedded_texts`.
    """
    readers: tuple[Callable[[], GenerationInfo], ...] = (
        lambda: from_abby(note or {}),
        lambda: from_webui(texts.get("parameters", "")),
        lambda: from_novelai(texts),
        lambda: from_comfyui(texts.get("prompt", "")),
        lambda: from_midjourney(texts.get("Description", "")),
        lambda: from_webui(texts.get(USER_COMMENT, "")),
        lambda: from_midjourney_name(file_name),
    )
    return next((info for info in (reader() for reader in readers) if info != NOTHING), NOTHING)
