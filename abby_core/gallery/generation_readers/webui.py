"""AUTOMATIC1111's web UI and its relatives (Forge, SD.Next): PNG text ``parameters``, else the EXIF comment (pure).

The prompt, a line ``Negative prompt: …``, a last line of at least three ``Key: value`` pairs; values with a comma,
colon or line break are quoted as in JSON (its ``infotext_utils.py``).
"""

from __future__ import annotations

import re

from abby_core.gallery.generation_info import NOTHING, GenerationInfo, cleaned, from_json

WEBUI_CHARACTERS_MAX = 2**16
"""Two prompts and a line of settings fit four times; a longer text is no such."""
_PAIR = re.compile(r'(\w[\w \-/]{0,60}):\s*("(?:\\.|[^\\"])*"|[^,]*)(?:,|$)')
_PAIRS_MIN = 3
_NEGATIVE = "Negative prompt:"
_WEBUI_NAMES = {
    "Steps": "steps", "Sampler": "sampler", "Schedule type": "scheduler", "CFG scale": "cfg_scale", "Size": "size",
    "Model hash": "model_hash", "Denoising strength": "denoising_strength", "Clip skip": "clip_skip",
    "Version": "version",
}  # fmt: skip


def from_webui(text: str) -> GenerationInfo:
    """``prompt``, ``Negative prompt: …``, ``Steps: 20, Sampler: Euler a, …, Seed: 123, …, Model: …``."""
    *lines, last = text[:WEBUI_CHARACTERS_MAX].strip().split("\n")
    pairs: dict[str, str] = {name.strip(): _unquoted(value.strip()) for name, value in _PAIR.findall(last)}
    if len(pairs) < _PAIRS_MIN or "Steps" not in pairs:
        return NOTHING
    prompt: list[str] = []
    negative: list[str] = []
    for line in lines:
        if line.startswith(_NEGATIVE) and not negative:
            negative.append(line.removeprefix(_NEGATIVE))
        else:
            (negative or prompt).append(line)
    return cleaned(
        tool="automatic1111",
        prompt="\n".join(prompt),
        negative_prompt="\n".join(negative),
        seed=pairs.pop("Seed", ""),
        model=pairs.pop("Model", ""),
        parameters={_WEBUI_NAMES.get(name, name): value for name, value in pairs.items()},
    )


def _unquoted(value: str) -> str:
    if len(value) < 2 or value[0] != '"' or value[-1] != '"':
        return value
    found = from_json(value)
    return found if isinstance(found, str) else value
