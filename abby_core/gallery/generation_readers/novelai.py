"""NovelAI: PNG texts ``Software``, ``Description`` (the prompt), ``Source`` (the model) and ``Comment`` (pure).

The last is JSON with ``uc`` (what to leave out), ``steps``, ``scale``, ``seed``, ``sampler``
(github.com/Eta0/naipng, README).
"""

from __future__ import annotations

from collections.abc import Mapping

from abby_core.gallery.generation_info import NOTHING, GenerationInfo, as_object, cleaned, from_json

_NOVELAI_NAMES = {
    "steps": "steps", "sampler": "sampler", "scale": "cfg_scale", "strength": "strength", "noise": "noise",
}  # fmt: skip


def from_novelai(texts: Mapping[str, str]) -> GenerationInfo:
    """``Software``, ``Description``, ``Source`` and the JSON in ``Comment``."""
    if texts.get("Software") != "NovelAI":
        return NOTHING
    comment = as_object(from_json(texts.get("Comment", "")))
    return cleaned(
        tool="novelai",
        prompt=texts.get("Description", "") or comment.get("prompt"),
        negative_prompt=comment.get("uc"),
        seed=comment.get("seed"),
        model=texts.get("Source", ""),
        parameters={ours: comment[theirs] for theirs, ours in _NOVELAI_NAMES.items() if theirs in comment},
    )
