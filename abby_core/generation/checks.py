"""What can be said against a request before any provider is asked (pure).

Requests carry what strangers typed, so nothing is taken on trust here, not even the types.
"""

from __future__ import annotations

import unicodedata

from abby_core.errors import InvalidRequest, MaskRejected, PictureRejected
from abby_core.generation.picture_bytes import by, media_type, picture_size
from abby_core.generation.provider import Capabilities
from abby_core.generation.request import (
    CFG_SCALE_MAX,
    PROMPT_CHARACTERS_MAX,
    SEED_MAX,
    SIDE_PIXELS_MAX,
    SIDE_PIXELS_MIN,
    STEPS_MAX,
    STYLES,
    UPSCALE_SIDE_PIXELS_MAX,
    ImageRequest,
    ImageToImage,
    TextToImage,
    Upscale,
)
from abby_core.sentence import sentence

_LAYOUT_CHARACTERS = frozenset("\n\r\t")
"""Control characters that people do type: a prompt may have lines."""


_PROMPT = sentence("prompt")
_NEGATIVE_PROMPT = sentence("negative prompt")


def check_request(request: ImageRequest) -> None:
    """Raise InvalidRequest, in words that say what to change, for what no provider could carry out."""
    match request:
        case TextToImage():
            _check_words(request)
            _whole("width", request.width, SIDE_PIXELS_MIN, SIDE_PIXELS_MAX)
            _whole("height", request.height, SIDE_PIXELS_MIN, SIDE_PIXELS_MAX)
        case ImageToImage():
            _check_picture(request.image)
            _check_mask(request.mask)
            _check_words(request)
            _number("image_strength", request.image_strength, 0, 1)
        case Upscale():
            _check_picture(request.image)
            _check_text(_PROMPT, request.prompt)
            _whole("width", request.width, SIDE_PIXELS_MIN, UPSCALE_SIDE_PIXELS_MAX)
    _whole("seed", request.seed, 0, SEED_MAX)


def check_input(request: ImageToImage | Upscale, capabilities: Capabilities) -> None:
    """Raise InvalidRequest for a picture larger than the provider takes. Reads its header only."""
    if isinstance(request, ImageToImage) and request.mask:
        raise MaskRejected(
            sentence("Providers take no mask beside a picture: its transparency has to say what is painted anew.")
        )
    if len(request.image) > capabilities.input_bytes_max:
        raise PictureRejected(
            sentence(
                "The picture has {size:.1f} MB; at most {limit:.1f} MB can be used. Save it smaller and try again.",
                size=len(request.image) / 2**20,
                limit=capabilities.input_bytes_max / 2**20,
            )
        )
    width, height = picture_size(request.image)
    if width * height > capabilities.input_pixels_max:
        raise PictureRejected(
            sentence(
                "The picture has {size} pixels; at most {limit:.1f} megapixels can be used. Make "
                "it smaller and try again.",
                size=by((width, height)),
                limit=capabilities.input_pixels_max / 1e6,
            )
        )


def _check_words(request: TextToImage | ImageToImage) -> None:
    _check_text(_PROMPT, request.prompt)
    if all(c.isspace() or unicodedata.category(c) == "Cf" for c in request.prompt):
        raise InvalidRequest(sentence("The prompt is empty: say what the picture should show."))
    _check_text(_NEGATIVE_PROMPT, request.negative_prompt)
    if request.style not in STYLES:
        raise InvalidRequest(sentence("There is no such style. The styles are: {styles}.", styles=", ".join(STYLES)))
    if request.steps is not None:
        _whole("steps", request.steps, 1, STEPS_MAX)
    if request.cfg_scale is not None:
        _number("cfg_scale", request.cfg_scale, 0, CFG_SCALE_MAX)


def _check_text(name: str, text: object) -> None:
    if not isinstance(text, str):
        raise InvalidRequest(sentence("The {name} has to be text.", name=name))
    if len(text) > PROMPT_CHARACTERS_MAX:
        raise InvalidRequest(
            sentence(
                "The {name} has {count:,} characters; at most {limit:,} are possible.",
                name=name,
                count=len(text),
                limit=PROMPT_CHARACTERS_MAX,
            )
        )
    # Cs: half of a surrogate pair, which cannot be sent as UTF-8 at all.
    if not text.isprintable() and any(map(_is_control, text)):
        raise InvalidRequest(
            sentence("The {name} holds control characters; please type it again without them.", name=name)
        )


def _is_control(character: str) -> bool:
    return character not in _LAYOUT_CHARACTERS and unicodedata.category(character) in {"Cc", "Cs"}


def _check_picture(image: object) -> None:
    if isinstance(image, str):
        raise PictureRejected(sentence("The picture itself is needed here, as bytes, not its address."))
    if not isinstance(image, bytes):
        raise PictureRejected(sentence("The picture has to be given as bytes."))
    if media_type(image) is None:
        raise PictureRejected(sentence("These bytes are no picture: PNG, JPEG and WebP can be used."))


def _check_mask(mask: object) -> None:
    if not isinstance(mask, bytes):
        raise MaskRejected(sentence("The mask has to be given as bytes."))
    if mask and media_type(mask) not in {"image/png", "image/webp"}:
        raise MaskRejected(
            sentence("The mask has to be a PNG or WebP picture, transparent where the picture shall be painted anew.")
        )


def _whole(name: str, value: object, low: int, high: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise InvalidRequest(
            sentence("{name} has to be a whole number from {low} to {high}.", name=name, low=low, high=high)
        )


def _number(name: str, value: object, low: float, high: float) -> None:
    # NaN is refused here too: no comparison with it is true.
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise InvalidRequest(
            sentence("{name} has to be a number from {low:g} to {high:g}.", name=name, low=low, high=high)
        )
