"""ComfyUI: PNG text ``prompt``, a JSON object of nodes ``{"class_type", "inputs"}`` (pure).

An input ``["6", 0]`` is an output of node "6" (its ``nodes.py``, ``SaveImage``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from abby_core.gallery.generation_info import NOTHING, GenerationInfo, as_object, cleaned, from_json

NODES_MAX = 2000
"""Most nodes that are looked at; the largest workflows have some hundreds."""
LINKS_MAX = 16
"""How many nodes in a row are followed from a sampler to its text."""
_COMFYUI_NAMES = {
    "steps": "steps", "cfg": "cfg_scale", "sampler_name": "sampler", "scheduler": "scheduler",
    "denoise": "denoising_strength",
}  # fmt: skip
_MODEL_INPUTS = ("ckpt_name", "unet_name", "model_name")
_TEXT_INPUTS = ("text", "text_g", "t5xxl", "prompt", "string", "value")


def from_comfyui(text: str) -> GenerationInfo:
    """The texts that lead into the first sampler, and its numbers; where there is none, the first text and seed."""
    graph = as_object(from_json(text))
    nodes = {name: as_object(as_object(node).get("inputs")) for name, node in list(graph.items())[:NODES_MAX]}
    if not any("class_type" in as_object(node) for node in graph.values()):
        return NOTHING
    sampler = next((inputs for inputs in nodes.values() if {"positive", "negative"} <= inputs.keys()), None)
    seeds = (_linked(nodes, inputs, ("seed", "noise_seed")) for inputs in nodes.values())
    models = (inputs.get(name) for inputs in nodes.values() for name in _MODEL_INPUTS)
    settings = sampler or next((inputs for inputs in nodes.values() if "steps" in inputs), dict[str, Any]())
    if sampler is not None:
        prompt = _linked(nodes, sampler, ("positive",))
    else:
        prompt = next((found for inputs in nodes.values() if isinstance(found := inputs.get("text"), str)), "")
    return cleaned(
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
