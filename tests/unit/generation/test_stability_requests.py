"""Stability: what is planned, what it costs, and what is sent (pure)."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from abby_core.errors import ConfigurationError, InvalidRequest, PictureRejected
from abby_core.generation.picture_bytes import picture_size, resized
from abby_core.generation.provider import Plan
from abby_core.generation.providers.stability import Stability
from abby_core.generation.providers.stability.models import MODELS, UPSCALERS
from abby_core.generation.providers.stability.requests import Call, call_for
from abby_core.generation.request import ImageRequest, ImageToImage, TextToImage, Upscale


def plan(request: ImageRequest, model: str = "core", upscale_model: str = "fast") -> Plan:
    return Stability("sk-any", model=model, upscale_model=upscale_model).plan(request)


def call(request: ImageRequest, model: str = "core", upscale_model: str = "fast") -> Call:
    planned = plan(request, model, upscale_model).request
    return call_for(planned, MODELS[model], UPSCALERS[upscale_model], seed=7)


def png(width: int, height: int, mode: str = "RGB") -> bytes:
    out = BytesIO()
    Image.new(mode, (width, height)).save(out, "PNG")
    return out.getvalue()


class TestPrice:
    @pytest.mark.parametrize(
        ("model", "millicredits"),
        [
            ("core", 3000),
            ("ultra", 8000),
            ("sd3.5-large", 6500),
            ("sd3.5-large-turbo", 4000),
            ("sd3.5-medium", 3500),
            ("sd3.5-flash", 2500),
            ("sdxl", 900),
        ],
    )
    def test_a_picture_costs_what_the_model_costs(self, model: str, millicredits: int) -> None:
        assert plan(TextToImage(prompt="a cat"), model).millicredits == millicredits

    @pytest.mark.parametrize(("steps", "millicredits"), [(10, 900), (30, 900), (31, 930), (50, 1500)])
    def test_sdxl_costs_more_beyond_thirty_steps(self, steps: int, millicredits: int) -> None:
        assert plan(TextToImage(prompt="a cat", steps=steps), "sdxl").millicredits == millicredits

    def test_core_redraws_at_the_price_of_the_model_that_stands_in(self) -> None:
        planned = plan(ImageToImage(image=png(64, 64), prompt="a cat"), "core")
        assert (planned.model, planned.millicredits) == ("sd3.5-large", 6500)

    @pytest.mark.parametrize(("upscale_model", "millicredits"), [("fast", 2000), ("conservative", 40_000)])
    def test_upscaling_costs_what_the_upscaler_costs(self, upscale_model: str, millicredits: int) -> None:
        assert plan(Upscale(image=png(64, 64)), upscale_model=upscale_model).millicredits == millicredits


class TestSize:
    @pytest.mark.parametrize(
        ("width", "height", "ratio"),
        [
            (1024, 1024, "1:1"),
            (1000, 562, "16:9"),
            (562, 1000, "9:16"),
            (2048, 64, "21:9"),
            (64, 2048, "9:21"),
            (900, 600, "3:2"),
            (800, 1000, "4:5"),
        ],
    )
    def test_v2beta_is_told_the_nearest_aspect_ratio(self, width: int, height: int, ratio: str) -> None:
        assert call(TextToImage(prompt="a cat", width=width, height=height)).fields["aspect_ratio"] == ratio

    @pytest.mark.parametrize(
        ("asked", "size"),
        [
            ((1024, 1024), (1024, 1024)),
            ((512, 512), (1024, 1024)),
            ((1000, 562), (1344, 768)),
            ((64, 2048), (640, 1536)),
        ],
    )
    def test_sdxl_is_told_the_nearest_of_its_sizes(self, asked: tuple[int, int], size: tuple[int, int]) -> None:
        sent = call(TextToImage(prompt="a cat", width=asked[0], height=asked[1]), "sdxl").json
        assert sent is not None
        assert (sent["width"], sent["height"]) == size

    def test_another_size_than_asked_for_is_said(self) -> None:
        asked = TextToImage(prompt="a cat", width=1000, height=562)
        assert plan(asked).notes == (
            "core takes aspect ratios, not sizes: you get 16:9 at about 1.5 megapixels instead of 1000 × 562.",
        )
        assert "1344 × 768 pixels instead of 1000 × 562" in plan(asked, "sdxl").notes[0]

    @pytest.mark.parametrize("model", MODELS)
    def test_nothing_is_said_when_nothing_was_asked(self, model: str) -> None:
        assert plan(TextToImage(prompt="a cat"), model).notes == ()

    def test_nothing_is_said_about_a_difference_that_nobody_sees(self) -> None:
        assert plan(TextToImage(prompt="a cat", width=1344, height=768), "ultra").notes == ()


class TestSettings:
    @pytest.mark.parametrize(("asked", "steps"), [(1, 10), (10, 10), (50, 50), (150, 50)])
    def test_sdxl_gets_ten_to_fifty_steps(self, asked: int, steps: int) -> None:
        planned = plan(TextToImage(prompt="a cat", steps=asked), "sdxl")
        assert isinstance(planned.request, TextToImage)
        assert planned.request.steps == steps
        assert len(planned.notes) == (asked != steps)

    def test_v2beta_has_no_steps_and_says_so(self) -> None:
        planned = plan(TextToImage(prompt="a cat", steps=40), "core")
        assert isinstance(planned.request, TextToImage)
        assert planned.request.steps is None
        assert planned.notes == ("core chooses the number of steps itself: your 40 is left out.",)

    @pytest.mark.parametrize(("asked", "sent"), [(0.0, "1"), (4.5, "4.5"), (7, "7"), (35.0, "10")])
    def test_sd3_gets_a_cfg_scale_from_one_to_ten(self, asked: float, sent: str) -> None:
        request = TextToImage(prompt="a cat", cfg_scale=asked)
        assert call(request, "sd3.5-large").fields["cfg_scale"] == sent
        assert len(plan(request, "sd3.5-large").notes) == (not 1 <= asked <= 10)

    @pytest.mark.parametrize("model", ["core", "ultra"])
    def test_a_model_without_cfg_scale_says_so(self, model: str) -> None:
        request = TextToImage(prompt="a cat", cfg_scale=7.0)
        assert "cfg_scale" not in call(request, model).fields
        assert plan(request, model).notes == (f"{model} has no cfg_scale: your 7 is left out.",)

    def test_turbo_leaves_the_negative_prompt_out_and_says_so(self) -> None:
        request = TextToImage(prompt="a cat", negative_prompt="rain")
        assert "negative_prompt" not in call(request, "sd3.5-large-turbo").fields
        assert plan(request, "sd3.5-large-turbo").notes == (
            "sd3.5-large-turbo takes no negative prompt: yours is left out.",
        )

    def test_v1_gets_the_negative_prompt_as_one_of_negative_weight(self) -> None:
        sent = call(TextToImage(prompt="a cat", negative_prompt="rain"), "sdxl").json
        assert sent is not None
        assert sent["text_prompts"] == [{"text": "a cat", "weight": 1.0}, {"text": "rain", "weight": -1.0}]

    @pytest.mark.parametrize("model", MODELS)
    @pytest.mark.parametrize("style", ["enhance", "pixel-art"])
    def test_the_style_is_passed_on(self, model: str, style: str) -> None:
        sent = call(TextToImage(prompt="a cat", style=style), model)
        assert (sent.json or sent.fields)["style_preset"] == style

    @pytest.mark.parametrize("model", MODELS)
    def test_the_seed_is_passed_on(self, model: str) -> None:
        sent = call(TextToImage(prompt="a cat"), model)
        assert str((sent.json or sent.fields)["seed"]) == "7"


class TestRedrawing:
    def test_core_hands_pictures_to_sd3(self) -> None:
        sent = call(ImageToImage(image=png(64, 64), prompt="a cat"), "core")
        assert sent.path == "/v2beta/stable-image/generate/sd3"
        assert (sent.fields["model"], sent.fields["mode"]) == ("sd3.5-large", "image-to-image")

    @pytest.mark.parametrize(("model", "path"), [("ultra", "ultra"), ("sd3.5-flash", "sd3")])
    def test_other_models_of_v2beta_take_pictures_themselves(self, model: str, path: str) -> None:
        sent = call(ImageToImage(image=png(64, 64), prompt="a cat"), model)
        assert sent.path.endswith(f"/generate/{path}")
        assert sent.attachment is not None
        assert sent.attachment.field_name == "image"

    @pytest.mark.parametrize(("image_strength", "strength"), [(0, "1"), (0.35, "0.65"), (0.9, "0.1"), (1, "0")])
    def test_v2beta_counts_strength_from_the_other_end(self, image_strength: float, strength: str) -> None:
        request = ImageToImage(image=png(64, 64), prompt="a cat", image_strength=image_strength)
        assert call(request, "ultra").fields["strength"] == strength

    def test_v1_takes_image_strength_and_prompts_under_their_own_names(self) -> None:
        request = ImageToImage(image=png(1024, 1024), prompt="a cat", negative_prompt="rain", image_strength=0.35)
        sent = call(request, "sdxl")
        assert sent.fields["image_strength"] == "0.35"
        assert sent.fields["text_prompts[0][text]"] == "a cat"
        assert sent.fields["text_prompts[1][text]"] == "rain"
        assert sent.fields["text_prompts[1][weight]"] == "-1"

    def test_v1_gets_the_picture_in_the_nearest_of_its_sizes_and_says_so(self) -> None:
        request = ImageToImage(image=png(700, 500), prompt="a cat")
        attachment = call(request, "sdxl").attachment
        assert attachment is not None
        assert attachment.size == (1216, 832)
        assert "700 × 500 pixels is scaled and cropped to 1216 × 832" in plan(request, "sdxl").notes[0]

    def test_a_picture_of_the_right_size_is_sent_as_it_is(self) -> None:
        request = ImageToImage(image=png(1024, 1024), prompt="a cat")
        attachment = call(request, "sdxl").attachment
        assert attachment is not None
        assert attachment.size is None
        assert plan(request, "sdxl").notes == ()

    def test_a_picture_too_small_to_redraw_is_refused(self) -> None:
        with pytest.raises(PictureRejected, match="64"):
            plan(ImageToImage(image=png(63, 100), prompt="a cat"), "ultra")


class TestPaintingAPartAnew:
    def part(self, width: int = 1024, height: int = 1024, **more: Any) -> ImageToImage:
        return ImageToImage(image=png(width, height, "RGBA"), prompt="a cat", only_transparent=True, **more)

    @pytest.mark.parametrize("model", [model for model in MODELS if model != "sdxl"])
    def test_v2beta_does_it_with_one_model_whatever_is_chosen(self, model: str) -> None:
        planned = plan(self.part(), model)
        assert (planned.model, planned.millicredits, planned.notes) == ("edit/inpaint", 5000, ())
        sent = call(self.part(negative_prompt="rain", cfg_scale=7), model)
        assert sent.fields == {
            "prompt": "a cat", "negative_prompt": "rain", "seed": "7", "style_preset": "enhance",
            "output_format": "png",
        }  # fmt: skip

    def test_sdxl_does_it_itself_at_its_own_price(self) -> None:
        planned = plan(self.part(), "sdxl")
        assert (planned.model, planned.millicredits) == ("sdxl", 900)
        assert call(self.part(), "sdxl").fields["mask_source"] == "INIT_IMAGE_ALPHA"

    @pytest.mark.parametrize("model", ["core", "sdxl"])
    def test_a_strength_is_left_out_with_a_word_where_one_was_asked_for(self, model: str) -> None:
        [note] = plan(self.part(image_strength=0.9), model).notes
        assert "image_strength is left out" in note
        assert plan(self.part(), model).notes == ()

    def test_a_picture_too_large_for_it_is_reduced_with_a_word(self) -> None:
        [note] = plan(self.part(3100, 3100)).notes
        assert "3100 × 3100 pixels is too large" in note
        attachment = call(self.part(3100, 3100)).attachment
        assert attachment is not None
        assert (attachment.size, attachment.masked) == ((1448, 1448), True)

    def test_a_picture_too_small_for_it_is_refused(self) -> None:
        with pytest.raises(PictureRejected, match="64"):
            plan(self.part(63, 100))


class TestUpscaling:
    def test_the_result_is_four_times_as_wide_and_that_is_said(self) -> None:
        planned = plan(Upscale(image=png(300, 200), width=2048))
        assert isinstance(planned.request, Upscale)
        assert planned.request.width == 1200
        assert planned.notes == ("The upscaler makes each side four times as long: you get 1200 × 800 pixels.",)

    def test_nothing_is_said_when_four_times_is_what_was_asked(self) -> None:
        assert plan(Upscale(image=png(512, 512), width=2048)).notes == ()

    @pytest.mark.parametrize(
        ("size", "sent"),
        [((1024, 1024), None), ((1536, 682), None), ((1100, 1000), (1073, 976)), ((3000, 300), (1536, 153))],
    )
    def test_a_picture_too_large_is_reduced_first(self, size: tuple[int, int], sent: tuple[int, int] | None) -> None:
        attachment = call(Upscale(image=png(*size))).attachment
        assert attachment is not None
        assert attachment.size == sent
        notes = plan(Upscale(image=png(*size))).notes
        assert any("is too large for the upscaler" in note for note in notes) == (sent is not None)

    @pytest.mark.parametrize("size", [(31, 100), (6000, 100)])
    def test_a_picture_too_small_or_too_narrow_is_refused(self, size: tuple[int, int]) -> None:
        with pytest.raises(InvalidRequest, match="too"):
            plan(Upscale(image=png(*size)))

    def test_the_conservative_upscaler_refuses_long_shapes(self) -> None:
        with pytest.raises(InvalidRequest, match=r"at most 2\.5 times"):
            plan(Upscale(image=png(1000, 300)), upscale_model="conservative")

    def test_the_conservative_upscaler_always_gets_a_prompt(self) -> None:
        without = call(Upscale(image=png(64, 64)), upscale_model="conservative")
        with_one = call(Upscale(image=png(64, 64), prompt="a cat"), upscale_model="conservative")
        assert without.fields["prompt"].strip()
        assert with_one.fields["prompt"] == "a cat"

    def test_the_fast_upscaler_takes_no_prompt_and_says_so(self) -> None:
        planned = plan(Upscale(image=png(512, 512), prompt="a cat"))
        assert planned.notes == ("The fast upscaler takes no prompt: yours is left out.",)
        assert set(call(Upscale(image=png(64, 64), prompt="a cat")).fields) == {"output_format"}

    def test_the_older_upscaler_is_asked_for_what_was_promised_within_its_bounds(self) -> None:
        older = call(Upscale(image=png(500, 250))).if_not_found
        too_wide = call(Upscale(image=png(1024, 1024))).if_not_found
        assert older is not None
        assert too_wide is not None
        assert (older.fields["width"], older.note) == ("2000", "")
        assert too_wide.fields["width"] == "2048"
        assert "2048" in too_wide.note


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    "request_",
    [
        TextToImage(prompt=" a cat", negative_prompt=" rain ", width=700, height=300, steps=3, cfg_scale=0.5),
        ImageToImage(image=png(300, 200), prompt="a cat", steps=149, cfg_scale=34.0),
        Upscale(image=png(1100, 1000), prompt="a cat"),
        ImageToImage(
            image=png(3100, 3100, "RGBA"), prompt="a cat", steps=40, image_strength=0.9, only_transparent=True
        ),
    ],
    ids=["words", "redrawing", "upscaling", "a part"],
)
def test_planning_what_was_planned_changes_nothing(model: str, request_: ImageRequest) -> None:
    planned = plan(request_, model)
    again = plan(planned.request, model)
    assert replace(again, notes=()) == replace(planned, notes=())


class TestSettingUp:
    def test_an_unknown_model_is_refused_with_the_choices(self) -> None:
        with pytest.raises(ConfigurationError, match="core, ultra"):
            Stability("sk-any", model="sd2")
        with pytest.raises(ConfigurationError, match="fast, conservative"):
            Stability("sk-any", upscale_model="creative")

    @pytest.mark.parametrize(
        "api_host",
        [
            "",
            "api.stability.ai",
            "ftp://api.stability.ai",
            "https://",
            "https://user:password@host",
            "https://host?x=1",
            "https://ho st",
            "https://host:99999",
            "https://[::1",
        ],
    )
    def test_an_address_that_cannot_work_is_refused(self, api_host: str) -> None:
        with pytest.raises(ConfigurationError, match="API_HOST"):
            Stability("sk-any", api_host=api_host)

    @pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf")])
    def test_a_time_limit_that_cannot_work_is_refused(self, seconds: float) -> None:
        with pytest.raises(ConfigurationError, match="timeout_seconds"):
            Stability("sk-any", timeout_seconds=seconds)

    def test_the_key_is_in_no_representation(self) -> None:
        assert "sk-secret" not in repr(Stability("sk-secret"))


class TestPictureBytes:
    def test_a_picture_on_its_side_is_measured_as_it_is_looked_at(self) -> None:
        out = BytesIO()
        exif = Image.Exif()
        exif[0x0112] = 6
        Image.new("RGB", (300, 200)).save(out, "JPEG", exif=exif)
        assert picture_size(out.getvalue()) == (200, 300)

    def test_a_picture_on_its_side_is_resized_upright(self) -> None:
        out = BytesIO()
        exif = Image.Exif()
        exif[0x0112] = 6  # to be turned clockwise: what was stored at the left is seen at the top
        lying = Image.new("RGB", (300, 200), "black")
        lying.paste("white", (0, 0, 150, 200))
        lying.save(out, "JPEG", exif=exif)
        with Image.open(BytesIO(resized(out.getvalue(), (64, 96)))) as upright:
            assert (upright.getpixel((32, 10)), upright.getpixel((32, 90))) == ((255, 255, 255), (0, 0, 0))

    @pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
    def test_every_kind_of_png_can_be_resized(self, mode: str) -> None:
        with Image.open(BytesIO(resized(png(40, 30, mode), (64, 64)))) as picture:
            assert (picture.format, picture.size) == ("PNG", (64, 64))
            assert picture.mode == ("RGBA" if mode in {"LA", "RGBA"} else "RGB")

    @pytest.mark.parametrize("data", [b"", b"\x89PNG\r\n\x1a\n", png(50, 50)[:-40], b"<svg/>"])
    def test_damaged_bytes_are_refused(self, data: bytes) -> None:
        with pytest.raises(PictureRejected):
            resized(data, (64, 64))

    def test_a_picture_of_monstrous_size_is_refused_by_its_header(self) -> None:
        header = bytearray(png(1, 1))
        header[16:24] = (100_000).to_bytes(4) * 2
        with pytest.raises(PictureRejected):
            plan(Upscale(image=bytes(header)))
