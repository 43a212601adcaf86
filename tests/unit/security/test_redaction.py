from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abby_core.security.redaction import REDACTED, redact

KEY = "sk-Ab1/c+d=XYZ"


@pytest.mark.parametrize(
    "text",
    [
        f"Incorrect API key provided: {KEY}.",
        f"bearer {KEY.upper()}",
        "wrapped sk-Ab1/\n   c+d=XYZ",
        "sk-\x00Ab1/c\u200b+d=X\x1bYZ",
        "sk-Ab1%2Fc%2Bd%3DXYZ",
        f"{KEY}{KEY}",
    ],
)
def test_a_secret_is_removed_however_it_is_dressed(text: str) -> None:
    cleaned = redact(text, [KEY])
    assert REDACTED in cleaned
    assert "XYZ" not in cleaned.upper()


def test_texts_without_the_secret_stay() -> None:
    assert redact("some-field: is required", [KEY, ""]) == "some-field: is required"


def test_control_characters_and_line_ends_go() -> None:
    assert redact("\x1b[31ma\r\n\tb\x07\u202ec\ud800", []) == "[31ma bc"


def test_texts_are_shortened_after_redacting() -> None:
    cleaned = redact("x" * 290 + KEY, [KEY], characters_max=300)
    assert len(cleaned) == 300
    assert "sk-" not in cleaned


@given(before=st.text(), after=st.text(), secret=st.text(alphabet="abcABC123-_", min_size=8))
def test_no_text_around_a_secret_saves_it(before: str, after: str, secret: str) -> None:
    cleaned = redact(before + secret + after, [secret], characters_max=10_000)
    assert secret.lower() not in cleaned.lower()
