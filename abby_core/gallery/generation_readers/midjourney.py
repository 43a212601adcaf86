"""Midjourney: what is in files from its web site, and in the names of those from Discord (pure).

PNG text ``Description`` = ``prompt --ar 2:1 --v 6 Job ID: <uuid>``; ``user_words_of_the_prompt_<uuid>.png`` (what
people found there with exiftool; the XMP beside it has no prompt).
"""

from __future__ import annotations

import re
from pathlib import PurePath

from abby_core.gallery.generation_info import (
    NOTHING,
    PROMPT_CHARACTERS_MAX,
    VALUE_CHARACTERS_MAX,
    GenerationInfo,
    cleaned,
)

_JOB = re.compile(r"\bJob ID:\s?([0-9a-fA-F-]{8,36})\Z")
_OPTION = re.compile(r"\s--([a-zA-Z]{1,20})(?:\s+((?!--)[^\s].{0,300}?))?(?=\s--|\Z)", re.DOTALL)
_OPTIONS_START = re.compile(r"(?:\A|\s)--[a-zA-Z]")
_MIDJOURNEY_OPTIONS = {"v", "version", "niji", "ar", "aspect", "stylize", "s", "chaos", "c", "style", "seed", "no"}
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_NAME = re.compile(rf"([^_]{{2,40}})_(.+?)_({_UUID})(?:[_ ].{{0,40}})?\Z")


def from_midjourney(text: str) -> GenerationInfo:
    """``a prompt --ar 16:9 --v 6 Job ID: <uuid>``. Without the job's id, some of its options must be there."""
    text = text[: 2 * PROMPT_CHARACTERS_MAX].strip()
    job = _JOB.search(text)
    text = text[: job.start()] if job else text
    start = _OPTIONS_START.search(text)
    prompt, options = (text[: start.start()], text[start.start() :]) if start else (text, "")
    found = {match[1].lower(): (match[2] or "").strip() for match in _OPTION.finditer(" " + options.lstrip())}
    if not job and not found.keys() & _MIDJOURNEY_OPTIONS:
        return NOTHING
    version, niji = found.pop("v", found.pop("version", "")), found.pop("niji", None)
    model = f"niji {niji}" if niji is not None else f"v{version}" if version else ""
    if job:
        found["job"] = job[1]
    return cleaned(
        tool="midjourney",
        prompt=prompt,
        negative_prompt=found.pop("no", ""),
        seed=found.pop("seed", None),
        model=model.strip(),
        parameters={**found},
    )


def from_midjourney_name(file_name: str) -> GenerationInfo:
    """``user_words_of_the_prompt_<uuid>.png``, perhaps with options among the words and a number behind."""
    found = _NAME.fullmatch(PurePath(file_name).stem[:VALUE_CHARACTERS_MAX])
    if not found:
        return NOTHING
    words = re.split(r"_?--", found[2], maxsplit=1)[0].replace("_", " ")
    if not words.strip():
        return NOTHING
    return cleaned(tool="midjourney", prompt=words, parameters={"job": found[3]})
