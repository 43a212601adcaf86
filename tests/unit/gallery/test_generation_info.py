"""What other programs wrote into their pictures is read as it is meant, and never trusted."""

from __future__ import annotations

import json
import zlib
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from abby_core.gallery.embedded_texts import TEXT_BYTES_MAX, TEXTS_MAX, USER_COMMENT, embedded_texts
from abby_core.gallery.generation_info import (
    NOTHING,
    PARAMETERS_MAX,
    PROMPT_CHARACTERS_MAX,
    SEED_MAX,
    VALUE_CHARACTERS_MAX,
    GenerationInfo,
)
from abby_core.gallery.generation_readers import generation_info
from abby_core.gallery.generation_readers.comfyui import from_comfyui
from abby_core.gallery.generation_readers.midjourney import from_midjourney, from_midjourney_name
from abby_core.gallery.generation_readers.novelai import from_novelai
from abby_core.gallery.generation_readers.webui import from_webui
from tests.unit.storage.pictures import JPEGS, PICTURES, PNGS, chunk, with_chunk

USUAL = (
    "a cute rabbit, (meadow:1.2)\nin spring\n"
    "Negative prompt: blurry, bad hands\nugly\n"
    "Steps: 20, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 7.5, Seed: 123, Size: 512x768, "
    'Model hash: 6ce0161689, Model: dreamshaper_8, Lora hashes: "one: 1a2b, two: 3c4d", Version: v1.10.1'
)
JOB = "a7421d2f-b262-44f9-977c-ac23e9c7d3e3"


def comfyui(**changes: Any) -> str:
    """The usual small workflow, as ComfyUI's SaveImage writes it."""
    graph: dict[str, Any] = {
        "3": {"class_type": "KSampler", "inputs": {
            "seed": 42, "steps": 20, "cfg": 8.0, "sampler_name": "euler", "scheduler": "normal", "denoise": 1.0,
            "model": ["4", 0], "positive": ["6", 0], "negative": ["7", 0]}},
        "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "sd15.safetensors"}},
        "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "watermark", "clip": ["4", 1]}},
        "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a lighthouse", "clip": ["4", 1]}},
    }  # fmt: skip
    return json.dumps({**graph, **changes})


class TestWebui:
    def test_prompt_negative_prompt_and_settings_are_read(self) -> None:
        info = from_webui(USUAL)
        assert info.tool == "automatic1111"
        assert info.prompt == "a cute rabbit, (meadow:1.2)\nin spring"
        assert info.negative_prompt == "blurry, bad hands\nugly"
        assert (info.seed, info.model) == (123, "dreamshaper_8")
        assert info.parameters == {
            "steps": 20, "sampler": "DPM++ 2M", "scheduler": "Karras", "cfg_scale": 7.5, "size": "512x768",
            "model_hash": "6ce0161689", "Lora hashes": "one: 1a2b, two: 3c4d", "version": "v1.10.1",
        }  # fmt: skip

    def test_a_hash_and_a_version_stay_texts(self) -> None:
        parameters = from_webui("Steps: 1, Seed: 2, Model hash: 0012345678, Version: 1.10").parameters
        assert parameters == {"steps": 1, "model_hash": "0012345678", "version": "1.10"}

    def test_a_text_without_settings_is_not_taken_for_one(self) -> None:
        assert from_webui("a cute rabbit: black, white, brown") == NOTHING
        assert from_webui("") == NOTHING

    def test_a_prompt_may_be_missing(self) -> None:
        info = from_webui("Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 123")
        assert (info.prompt, info.seed) == ("", 123)

    def test_a_second_line_that_begins_like_the_negative_prompt_belongs_to_it(self) -> None:
        info = from_webui("cat\nNegative prompt: dog\nNegative prompt: cow\nSteps: 1, Sampler: x, Seed: 1")
        assert info.negative_prompt == "dog\nNegative prompt: cow"


class TestComfyui:
    def test_the_texts_that_lead_into_the_sampler_are_prompt_and_negative_prompt(self) -> None:
        info = from_comfyui(comfyui())
        assert (info.tool, info.prompt, info.negative_prompt) == ("comfyui", "a lighthouse", "watermark")
        assert (info.seed, info.model) == (42, "sd15.safetensors")
        assert info.parameters["steps"] == 20
        assert info.parameters["sampler"] == "euler"

    def test_a_text_may_come_from_another_node(self) -> None:
        encode = {"class_type": "CLIPTextEncode", "inputs": {"text": ["9", 0], "clip": ["4", 1]}}
        assert from_comfyui(comfyui(**{"6": encode, "9": {"inputs": {"value": "a pier"}}})).prompt == "a pier"

    def test_nodes_that_lead_in_a_circle_are_not_followed_for_ever(self) -> None:
        circle = {"class_type": "CLIPTextEncode", "inputs": {"text": ["6", 0]}}
        assert from_comfyui(comfyui(**{"6": circle})).prompt == ""

    def test_without_a_sampler_the_first_text_and_seed_are_taken(self) -> None:
        graph = {
            "1": {"class_type": "Noise", "inputs": {"noise_seed": 5}},
            "2": {"class_type": "Encode", "inputs": {"text": "fog"}},
        }
        info = from_comfyui(json.dumps(graph))
        assert (info.prompt, info.seed) == ("fog", 5)

    def test_a_seed_larger_than_the_catalogue_holds_stands_among_the_parameters(self) -> None:
        sampler = {"class_type": "KSampler", "inputs": {"seed": 2**64 - 1, "positive": ["6", 0], "negative": ["7", 0]}}
        info = from_comfyui(comfyui(**{"3": sampler}))
        assert info.seed is None
        assert info.parameters["seed"] == str(2**64 - 1)

    @pytest.mark.parametrize(
        "text", ["a prompt in words", "[]", "{}", '{"1": 2}', '{"1": {"inputs": []}}', "[" * 10_000]
    )
    def test_other_texts_of_that_name_are_passed_over(self, text: str) -> None:
        assert from_comfyui(text) == NOTHING


class TestNovelai:
    def test_its_four_texts_are_read(self) -> None:
        comment = {"uc": "lowres", "steps": 28, "scale": 5.0, "seed": 7, "sampler": "k_euler", "legacy": False}
        texts = {
            "Software": "NovelAI",
            "Description": "a fox",
            "Source": "NovelAI Diffusion V3",
            "Comment": json.dumps(comment),
        }
        info = from_novelai(texts)
        assert (info.tool, info.prompt, info.negative_prompt, info.seed) == ("novelai", "a fox", "lowres", 7)
        assert info.model == "NovelAI Diffusion V3"
        assert info.parameters == {"steps": 28, "cfg_scale": 5.0, "sampler": "k_euler"}

    def test_a_comment_that_is_no_json_loses_only_what_it_says(self) -> None:
        assert from_novelai({"Software": "NovelAI", "Description": "a fox", "Comment": "{"}).prompt == "a fox"


class TestMidjourney:
    def test_prompt_options_and_job_are_read(self) -> None:
        info = from_midjourney(f"an old pier --ar 2:1 --stylize 80 --no people --seed 9 --v 6.1 Job ID: {JOB}")
        assert (info.tool, info.prompt, info.negative_prompt) == ("midjourney", "an old pier", "people")
        assert (info.seed, info.model) == (9, "v6.1")
        assert info.parameters == {"ar": "2:1", "stylize": 80, "job": JOB}

    def test_options_without_a_value_and_niji_are_understood(self) -> None:
        info = from_midjourney(f"a fox --niji 6 --tile Job ID: {JOB}")
        assert info.model == "niji 6"

    def test_any_other_description_is_passed_over(self) -> None:
        assert from_midjourney("My holiday -- in Spain") == NOTHING
        assert from_midjourney("Made with --love") == NOTHING

    @pytest.mark.parametrize(
        "name",
        [
            f"alice_an_old_pier_{JOB}.png",
            f"alice_an_old_pier_{JOB}_2.webp",
            f"alice_an_old_pier_--ar_21_--v_6_{JOB}_0.png",
            f"alice_an_old_pier_{JOB} (1).png",
        ],
    )
    def test_the_words_in_a_files_name_are_the_prompt(self, name: str) -> None:
        info = from_midjourney_name(name)
        assert (info.prompt, info.parameters) == ("an old pier", {"job": JOB})

    @pytest.mark.parametrize("name", ["IMG_1234.jpg", "an_old_pier.png", f"{JOB}.png", f"alice__{JOB}.png", ""])
    def test_other_names_tell_nothing(self, name: str) -> None:
        assert from_midjourney_name(name) == NOTHING


def test_what_a_file_says_goes_before_what_its_name_says() -> None:
    name = f"alice_an_old_pier_{JOB}.png"
    assert generation_info({"parameters": USUAL}, file_name=name).tool == "automatic1111"
    assert generation_info({}, file_name=name).tool == "midjourney"
    assert generation_info({"parameters": USUAL}, file_name=name, note={"prompt": "a fox"}).prompt == "a fox"


# ---------------------------------------------------------------------- in files


def png_with(**texts: str) -> bytes:
    info = PngInfo()
    for keyword, text in texts.items():
        info.add_text(keyword, text)
    target = BytesIO()
    Image.new("RGB", (8, 8)).save(target, "PNG", pnginfo=info)
    return target.getvalue()


def commented(kind: str, comment: bytes) -> bytes:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9286] = comment
    target = BytesIO()
    Image.new("RGB", (8, 8)).save(target, kind, exif=exif.tobytes())
    return target.getvalue()


@pytest.mark.parametrize("text", ["a cat", "eine Kätzin", "猫", "a\nb"])
def test_a_png_text_is_read_whatever_its_letters(text: str) -> None:
    assert embedded_texts(png_with(parameters=text)) == {"parameters": text}


def test_packed_png_texts_are_read() -> None:
    packed = zlib.compress(b"hello")
    assert embedded_texts(with_chunk(PNGS["png RGB"], chunk(b"zTXt", b"k\0\0" + packed))) == {"k": "hello"}
    international = b"k\0\x01\0de\0Wort\0" + packed
    assert embedded_texts(with_chunk(PNGS["png RGB"], chunk(b"iTXt", international))) == {"k": "hello"}


def test_a_text_written_as_utf8_against_the_specification_is_read_as_that() -> None:
    assert embedded_texts(with_chunk(PNGS["png RGB"], chunk(b"tEXt", "k\0猫".encode()))) == {"k": "猫"}


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "PNG"])
@pytest.mark.parametrize(
    "comment",
    [
        b"UNICODE\0" + USUAL.encode("utf-16-be"), b"UNICODE\0" + USUAL.encode("utf-16-le"),
        b"ASCII\0\0\0" + USUAL.encode(),
    ],
)  # fmt: skip
def test_the_comment_of_a_photo_is_read_in_every_encoding(kind: str, comment: bytes) -> None:
    texts = embedded_texts(commented(kind, comment))
    assert texts == {USER_COMMENT: USUAL}
    assert generation_info(texts).seed == 123


@pytest.mark.parametrize("kind", [b"zTXt", b"iTXt"])
def test_a_text_that_unpacks_to_gigabytes_is_passed_over(kind: bytes) -> None:
    bomb = zlib.compress(bytes(200 * 2**20), 9)
    payload = b"parameters\0\0" + bomb if kind == b"zTXt" else b"parameters\0\x01\0\0\0" + bomb
    assert embedded_texts(with_chunk(PNGS["png RGB"], chunk(kind, payload))) == {}


def test_texts_are_bounded_in_length_and_number() -> None:
    assert embedded_texts(with_chunk(PNGS["png RGB"], chunk(b"tEXt", b"k\0" + b"x" * (TEXT_BYTES_MAX + 1)))) == {}
    many = b"".join(chunk(b"tEXt", b"%d\0x" % number) for number in range(1000))
    assert len(embedded_texts(with_chunk(PNGS["png RGB"], many))) == TEXTS_MAX


def test_bytes_that_are_no_sound_picture_have_no_texts() -> None:
    assert embedded_texts(b"") == {}
    assert embedded_texts(png_with(parameters=USUAL)[:-1]) == {}
    assert embedded_texts(b"GIF89a") == {}


# ---------------------------------------------------------------------- whatever the bytes

patient = settings(deadline=None, max_examples=60)
WORDS = st.text(max_size=60)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=20,
)
NODES = st.dictionaries(
    st.sampled_from("1234"),
    st.fixed_dictionaries(
        {"class_type": WORDS},
        optional={
            "inputs": st.dictionaries(
                st.sampled_from(["seed", "noise_seed", "text", "positive", "negative", "steps", "ckpt_name"]),
                ANY_JSON | st.tuples(st.sampled_from("1234"), st.integers(0, 2)).map(list),
            )
        },
    ),
)


def assert_safe(info: GenerationInfo) -> None:
    """Nothing that a database, a JSON reader or a terminal stumbles over."""
    for text in (info.prompt, info.negative_prompt, info.model, info.tool, info.style, info.alt_text, *info.parameters):
        assert text.encode().decode() == text
        assert not any(character < " " and character != "\n" for character in text)
    assert max(len(info.prompt), len(info.negative_prompt)) <= PROMPT_CHARACTERS_MAX
    assert len(info.model) <= VALUE_CHARACTERS_MAX
    assert len(info.parameters) <= PARAMETERS_MAX + 1
    assert info.seed is None or 0 <= info.seed <= SEED_MAX
    assert json.loads(json.dumps(info.parameters, allow_nan=False)) == info.parameters


@patient
@given(texts=st.dictionaries(st.sampled_from(["parameters", "prompt", "Description", "Comment", USER_COMMENT]), WORDS))
def test_no_text_breaks_a_reader(texts: dict[str, str]) -> None:
    assert_safe(generation_info({**texts, "Software": "NovelAI"}))
    assert_safe(generation_info(texts, file_name=next(iter(texts.values()), "")))


@patient
@given(graph=NODES)
def test_no_workflow_breaks_the_reader(graph: dict[str, object]) -> None:
    assert_safe(from_comfyui(json.dumps(graph)))


@patient
@given(comment=ANY_JSON)
def test_no_comment_breaks_the_reader(comment: object) -> None:
    assert_safe(from_novelai({"Software": "NovelAI", "Comment": json.dumps(comment)}))


@patient
@given(
    options=st.lists(st.tuples(st.sampled_from(["ar", "v", "no", "seed", "niji", "x"]), WORDS), max_size=6), words=WORDS
)
def test_no_options_break_the_reader(options: list[tuple[str, str]], words: str) -> None:
    text = words + "".join(f" --{name} {value}" for name, value in options)
    assert_safe(from_midjourney(text))
    assert_safe(from_midjourney(f"{text} Job ID: {JOB}"))


@patient
@given(data=st.binary(max_size=300))
def test_no_bytes_break_the_search_for_texts(data: bytes) -> None:
    for start in (b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF"):
        embedded_texts(start + data)


@patient
@given(data=st.sampled_from(sorted(PICTURES.values())), at=st.floats(0, 1), byte=st.integers(0, 255))
def test_no_damage_breaks_the_search_for_texts(data: bytes, at: float, byte: int) -> None:
    where = int(at * (len(data) - 1))
    embedded_texts(data[:where] + bytes((byte,)) + data[where + 1 :])


@patient
@given(payload=st.binary(max_size=200), kind=st.sampled_from([b"tEXt", b"zTXt", b"iTXt", b"eXIf"]))
def test_no_chunk_breaks_the_search_for_texts(payload: bytes, kind: bytes) -> None:
    assert len(embedded_texts(with_chunk(PNGS["png L"], chunk(kind, payload)))) <= 1


@patient
@given(exif=st.binary(max_size=200), order=st.sampled_from([b"II*\0", b"MM\0*"]))
def test_no_exif_breaks_the_search_for_texts(exif: bytes, order: bytes) -> None:
    payload = b"Exif\0\0" + order + exif
    data = JPEGS["jpeg"]
    segment = b"\xff\xe1" + (len(payload) + 2).to_bytes(2, "big") + payload
    assert embedded_texts(data[:2] + segment + data[2:]).keys() <= {USER_COMMENT}


LINE = st.text(st.characters(exclude_categories=["C", "Z"]) | st.just(" "), max_size=40).map(str.strip)
LINES = st.lists(LINE, min_size=1, max_size=4).map("\n".join).map(str.strip)
VALUE = st.text(st.characters(exclude_categories=["C", "Z"]) | st.sampled_from(' ,:"\\'), min_size=1, max_size=40)


@patient
@given(
    prompt=LINES.filter(lambda text: "Negative prompt:" not in text),
    negative=LINES,
    seed=st.integers(0, SEED_MAX),
    model=VALUE.map(str.strip).filter(bool),
)
def test_a_text_as_the_web_ui_writes_it_is_read_back(prompt: str, negative: str, seed: int, model: str) -> None:
    quoted = json.dumps(model, ensure_ascii=False) if any(c in model for c in ',:\n"') else model
    text = f"{prompt}\nNegative prompt: {negative}\nSteps: 20, Sampler: Euler a, Seed: {seed}, Model: {quoted}"
    info = from_webui(text)
    assert (info.prompt, info.negative_prompt, info.seed, info.model) == (prompt, negative, seed, model)


@pytest.mark.parametrize(
    "text",
    [
        " " * 2**20 + "x", "a:" * 2**19, 'a:"' * 2**18, "a: " + '"\\' * 2**19, "\n" * 2**20, "a" * 2**20,
        " --a" * 2**18, " --a" + " " * 2**20 + "x", "Job ID:" * 2**17, "_" * 2**20, "[" * 2**20, '{"a":' * 2**17,
        "9" * 2**20, "Steps: 1, " * 2**16,
    ],
    ids=lambda text: repr(text[:12]),
)  # fmt: skip
def test_a_long_hostile_text_is_read_quickly(text: str) -> None:
    for keyword in ("parameters", "prompt", "Description", "Comment", USER_COMMENT):
        assert_safe(generation_info({keyword: text, "Software": "NovelAI"}))
        assert_safe(generation_info({keyword: text}, file_name=text))
