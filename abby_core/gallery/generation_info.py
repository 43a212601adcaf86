"""How a picture was made elsewhere, from what its program wrote into the file or its name (pure).

Where the facts about the formats come from:

- Another Abby: ``pictures.json`` in the ZIP of a download (:mod:`abby_core.gallery.download`).
- AUTOMATIC1111's web UI and its relatives (Forge, SD.Next): PNG text ``parameters``, in JPEG and WebP the
  EXIF UserComment. The prompt, a line ``Negative prompt: …``, a last line of at least three ``Key: value`` pairs;
  values with a comma, colon or line break are quoted as in JSON (its ``infotext_utils.py``).
- ComfyUI: PNG text ``prompt``, a JSON object of nodes ``{"class_type", "inputs"}``; an input ``["6", 0]`` is an
  output of node "6" (its ``nodes.py``, ``SaveImage``).
- NovelAI: PNG text ``Software`` = ``NovelAI``, ``Description`` = prompt, ``Source`` = model, ``Comment`` = JSON with
  ``uc`` (what to leave out), ``steps``, ``scale``, ``seed``, ``sampler`` (github.com/Eta0/naipng, README).
- Midjourney: PNG text ``Description`` = ``prompt --ar 2:1 --v 6 Job ID: <uuid>`` in files from its web site; files from
  Discord have only their name, ``user_words_of_the_prompt_<uuid>.png`` (what people found there with exiftool; the
  XMP beside it has no prompt).

All of it is strangers' text: bounded, without control characters, numbers in range. What makes no sense is no info.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from typing import Any, cast

from abby_core.gallery.embedded_texts import USER_COMMENT

PROMPT_CHARACTERS_MAX = 8000
"""Other programs take longer prompts than Abby does; this is ten times what any of their models reads."""
ALT_TEXT_CHARACTERS_MAX = 1000
VALUE_CHARACTERS_MAX = 300
TOOL_CHARACTERS_MAX = 40
PARAMETERS_MAX = 32
SEED_MAX = 2**63 - 1
"""Largest seed the catalogue holds; ComfyUI's go up to twice that, and then stand among the parameters."""
NODES_MAX = 2000
"""Most ComfyUI nodes that are looked at; the largest workflows have some hundreds."""
LINKS_MAX = 16
"""How many nodes in a row are followed from a sampler to its text."""
JSON_CHARACTERS_MAX = 2**20
WEBUI_CHARACTERS_MAX = 2**16
"""Two prompts and a line of settings fit four times; a longer text is no such."""

Parameters = dict[str, object]


@dataclass(frozen=True, kw_only=True)
class GenerationInfo:
    """What is known of how a picture was made; empty texts and None for what is not."""

    tool: str = ""
    """``automatic1111``, ``comfyui``, ``novelai``, ``midjourney``; from another Abby, the provider it used."""
    prompt: str = ""
    negative_prompt: str = ""
    seed: int | None = None
    model: str = ""
    style: str = ""
    alt_text: str = ""
    parameters: Parameters = field(default_factory=Parameters)


NOTHING = GenerationInfo()


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


# ---------------------------------------------------------------------- another Abby


def from_abby(note: Mapping[str, object]) -> GenerationInfo:
    """One entry of a download's ``pictures.json``."""
    if not note:
        return NOTHING
    info = _info(
        tool=_text(note.get("provider"), TOOL_CHARACTERS_MAX),
        prompt=note.get("prompt"),
        negative_prompt=note.get("negative_prompt"),
        seed=note.get("seed"),
        model=note.get("model"),
        parameters=_object(note.get("parameters")),
    )
    return replace(
        info,
        style=_text(note.get("style"), VALUE_CHARACTERS_MAX),
        alt_text=_text(note.get("alt_text"), ALT_TEXT_CHARACTERS_MAX),
    )


# ---------------------------------------------------------------------- AUTOMATIC1111

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
    return _info(
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
    found = _json(value)
    return found if isinstance(found, str) else value


# ---------------------------------------------------------------------- NovelAI

_NOVELAI_NAMES = {
    "steps": "steps", "sampler": "sampler", "scale": "cfg_scale", "strength": "strength", "noise": "noise",
}  # fmt: skip


def from_novelai(texts: Mapping[str, str]) -> GenerationInfo:
    """``Software``, ``Description``, ``Source`` and the JSON in ``Comment``."""
    if texts.get("Software") != "NovelAI":
        return NOTHING
    comment = _object(_json(texts.get("Comment", "")))
    return _info(
        tool="novelai",
        prompt=texts.get("Description", "") or comment.get("prompt"),
        negative_prompt=comment.get("uc"),
        seed=comment.get("seed"),
        model=texts.get("Source", ""),
        parameters={ours: comment[theirs] for theirs, ours in _NOVELAI_NAMES.items() if theirs in comment},
    )


# ---------------------------------------------------------------------- ComfyUI

_COMFYUI_NAMES = {
    "steps": "steps", "cfg": "cfg_scale", "sampler_name": "sampler", "scheduler": "scheduler",
    "denoise": "denoising_strength",
}  # fmt: skip
_MODEL_INPUTS = ("ckpt_name", "unet_name", "model_name")
_TEXT_INPUTS = ("text", "text_g", "t5xxl", "prompt", "string", "value")


def from_comfyui(text: str) -> GenerationInfo:
    """The texts that lead into the first sampler, and its numbers; where there is none, the first text and seed."""
    graph = _object(_json(text))
    nodes = {name: _object(_object(node).get("inputs")) for name, node in list(graph.items())[:NODES_MAX]}
    if not any("class_type" in _object(node) for node in graph.values()):
        return NOTHING
    sampler = next((inputs for inputs in nodes.values() if {"positive", "negative"} <= inputs.keys()), None)
    seeds = (_linked(nodes, inputs, ("seed", "noise_seed")) for inputs in nodes.values())
    models = (inputs.get(name) for inputs in nodes.values() for name in _MODEL_INPUTS)
    settings = sampler or next((inputs for inputs in nodes.values() if "steps" in inputs), dict[str, Any]())
    if sampler is not None:
        prompt = _linked(nodes, sampler, ("positive",))
    else:
        prompt = next((found for inputs in nodes.values() if isinstance(found := inputs.get("text"), str)), "")
    return _info(
        tool="comfyui",
        prompt=prompt,
        negative_prompt="" if sampler is None else _linked(nodes, sampler, ("negative",)),
        seed=next((seed for seed in seeds if isinstance(seed, int)), None),
        model=next((model for model in models if isinstance(model, str)), ""),
        parameters={ours: settings[theirs] for theirs, ours in _COMFYUI_NAMES.items() if theirs in settings},
    )


def _linked(nodes: Mapping[str, Mapping[str, object]], inputs: Mapping[str, object], names: tuple[str, ...]) -> object:
    """The value of the first of these inputs; where it is a link, the text or seed of the node it comes from."""
    for _ in range(LINKS_MAX):
        value = next((inputs[name] for name in names if name in inputs), None)
        if not isinstance(value, list):
            return value
        link = cast("list[object]", value)
        found = nodes.get(str(link[0])) if link else None
        if found is None:
            return None
        inputs = found
        names = (*_TEXT_INPUTS, "seed", "noise_seed", "conditioning", "conditioning_1", "positive")
    return None


# ---------------------------------------------------------------------- Midjourney

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
    return _info(
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
    return _info(tool="midjourney", prompt=words, parameters={"job": found[3]})


# ---------------------------------------------------------------------- nobody is trusted


def _info(
    *,
    tool: str,
    prompt: object = "",
    negative_prompt: object = "",
    seed: object = None,
    model: object = "",
    parameters: Mapping[str, object],
) -> GenerationInfo:
    """The same, bounded and cleaned."""
    number = _whole(seed)
    info = GenerationInfo(
        tool=tool,
        prompt=_text(prompt, PROMPT_CHARACTERS_MAX),
        negative_prompt=_text(negative_prompt, PROMPT_CHARACTERS_MAX),
        model=_text(model, VALUE_CHARACTERS_MAX),
        parameters=dict(_plain(parameters)),
    )
    if number is not None and 0 <= number <= SEED_MAX:
        return replace(info, seed=number)
    return replace(info, parameters={**info.parameters, "seed": str(number)}) if number is not None else info


def _text(value: object, characters_max: int) -> str:
    """Without control characters but line breaks, and without what no database holds."""
    if not isinstance(value, str):
        return ""
    cut = value[: 2 * characters_max].replace("\r\n", "\n").replace("\t", " ")
    plain = "".join(c for c in cut if c == "\n" or unicodedata.category(c) not in {"Cc", "Cs"})
    return plain.strip()[:characters_max].rstrip()


def _whole(value: object) -> int | None:
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,20}", value.strip()):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**64 else None


def _plain(parameters: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Numbers as numbers, short texts as they are; nothing else."""
    for name, value in list(parameters.items())[:PARAMETERS_MAX]:
        key = _text(name, VALUE_CHARACTERS_MAX)
        plain = _number(value) if not isinstance(value, bool) else value
        plain = _text(value, VALUE_CHARACTERS_MAX) if plain is None else plain
        if key and plain != "":
            yield key, plain


def _number(value: object) -> int | float | None:
    """None also for digits that are no number to keep as one, such as a hash or the version 1.10."""
    if isinstance(value, str):
        if re.fullmatch(r"-?[0-9]{1,15}", value):
            return int(value) if str(int(value)) == value else None
        if re.fullmatch(r"-?[0-9]{1,15}\.[0-9]{1,15}", value):
            return float(value) if str(float(value)) == value else None
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, int) and abs(value) <= SEED_MAX else None


def _json(text: str) -> object:
    """None for what is no JSON. Digits without end and brackets without end are no JSON either."""
    if len(text) > JSON_CHARACTERS_MAX:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _object(value: object) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}
