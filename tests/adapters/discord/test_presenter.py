"""What people on Discord read: fixed texts exactly, strangers' texts harmless."""

from __future__ import annotations

from dataclasses import replace

import pytest

from abby_adapters.discord import presenter
from abby_core.errors import (
    AbbyError,
    BadAnswer,
    Choice,
    InvalidRequest,
    OrderCancelled,
    QuotaExceeded,
    StorageError,
)
from abby_core.languages import ENGLISH
from abby_core.quota.meter import BYTES, IMAGES_PER_DAY, NO_LIMIT
from abby_core.quota.status import QuotaStatus, Usage
from abby_core.studio import Artifact, Creation, OrderView, Progress
from abby_core.studio.order import PictureFailure

MB = 2**20
RED, GREEN = 0xE74C3C, 0x2ECC71


def status(*, images: int = 2, megabytes: float = 45.2) -> QuotaStatus:
    return QuotaStatus(
        house_bytes=Usage(used=0, limit=5000 * MB, one_more=MB),
        bytes=Usage(used=round(megabytes * MB), limit=500 * MB, one_more=MB),
        images=Usage(used=images, limit=5, one_more=1),
        resets_at_ms=1_800_000_000_000,
        now_ms=1_799_990_000_000,
    )


def artifact(**changes: object) -> Artifact:
    known = Artifact(
        id="a" * 24, account="discord:42", name="cat-1", blob_key="b", kind="text_to_image", prompt="a cat"
    )
    return replace(known, **changes)  # pyright: ignore[reportArgumentType]


def order(**changes: object) -> OrderView:
    known = OrderView(
        id="100", account="discord:42", kind="text_to_image", prompt="a cat", state="done", pictures=1,
        provider="fixed", model="m", percent=100, notes=(), error_code="", error="", maybe_billed=False,
        created_at_ms=1, started_at_ms=1, finished_at_ms=1,
    )  # fmt: skip
    return replace(known, **changes)  # pyright: ignore[reportArgumentType]


def day_is_full(limit: int = 5, used: int = 5, hours: float = 6.2) -> QuotaExceeded:
    return QuotaExceeded(
        "Daily generation limit reached", meter=IMAGES_PER_DAY, limit=limit, used=used, requested=1,
        retry_after_seconds=hours * 3600,
    )  # fmt: skip


def test_the_daily_limit_is_said_in_the_founding_words() -> None:
    embed = presenter.error_embed(ENGLISH, day_is_full())
    assert embed.title == "Daily Generation Limit Reached"
    assert embed.description == "You've reached your daily limit of 5 generations."
    assert [(field.name, field.value) for field in embed.fields] == [("Next Reset", "In 7 hours")]
    assert embed.colour is not None
    assert embed.colour.value == RED


def test_who_has_some_left_but_not_enough_is_not_told_that_all_is_used() -> None:
    embed = presenter.error_embed(ENGLISH, day_is_full(used=3))
    assert embed.description == "That would pass your daily limit of 5 generations: 3 are used."


@pytest.mark.parametrize(
    ("error", "title", "description"),
    [
        (BadAnswer("The service sent no picture."), "Generation Failed", "The service sent no picture."),
        (StorageError("The disk is gone."), "Storage Error", "The disk is gone."),
        (RuntimeError("secret detail"), "Generation Error", presenter.UNEXPECTED),
        (StorageError(presenter.UNEXPECTED), "Generation Error", presenter.UNEXPECTED),
        (InvalidRequest("Write a prompt."), "Not Possible", "Write a prompt."),
    ],
)
def test_errors_have_the_founding_titles(error: Exception, title: str, description: str) -> None:
    embed = presenter.error_embed(ENGLISH, error)
    assert (embed.title, embed.description) == (title, description)


def test_full_storage_is_a_storage_error_with_what_would_help() -> None:
    error = QuotaExceeded("Your storage quota is full.", meter=BYTES, limit=1, used=1, requested=1)
    error.choices = (Choice(kind="empty_trash", text="Empty your trash: 3 pictures, frees 2.0 MB."),)
    embed = presenter.error_embed(ENGLISH, error)
    assert embed.title == "Storage Error"
    assert embed.description == "Your storage quota is full.\n• Empty your trash: 3 pictures, frees 2.0 MB."


def test_an_accepted_order_that_failed_says_that_nothing_was_charged() -> None:
    embed = presenter.error_embed(ENGLISH, BadAnswer("No picture."), was_accepted=True)
    assert embed.description == "No picture.\nNothing was charged."
    assert presenter.error_embed(ENGLISH, OrderCancelled("")).description == "Nothing was charged."


def test_no_service_is_said_in_the_founding_words() -> None:
    text = "Image generation services are not available. Please try again later."
    assert presenter.unavailable_embed(ENGLISH).description == text


def test_the_quota_line_has_the_founding_form() -> None:
    assert presenter.quota_line(ENGLISH, status()) == "Daily: 2/5 | Storage: 45.2/500.0MB"
    endless = replace(status(), images=Usage(used=2, limit=NO_LIMIT, one_more=1))
    assert presenter.quota_line(ENGLISH, endless) == "Daily: 2 | Storage: 45.2/500.0MB"


@pytest.mark.parametrize(("megabytes", "colour"), [(45.2, GREEN), (420, 0xFEE75C), (490, RED)])
def test_the_fuller_it_is_the_redder(megabytes: float, colour: int) -> None:
    assert presenter.quota_colour(status(megabytes=megabytes)).value == colour


def test_nearly_full_storage_is_said_from_ninety_per_cent() -> None:
    creation = Creation(order=order(), artifacts=(artifact(),))
    text = "Storage quota nearly full! Delete some images first."
    assert text not in str(
        presenter.creation_embed(ENGLISH, creation, creation.artifacts, status(megabytes=449)).description
    )
    assert text in str(
        presenter.creation_embed(ENGLISH, creation, creation.artifacts, status(megabytes=450)).description
    )


def test_a_cleanup_is_reported_in_the_founding_words() -> None:
    fields = {field.name: field.value for field in presenter.cleanup_embed(ENGLISH, 3, 12.3456).fields}
    assert fields == {"Files Deleted": "3", "Space Freed": "12.35MB"}


def test_what_people_type_mentions_nobody_and_formats_nothing() -> None:
    shown = presenter.quoted("@everyone **bold** [x](http://evil.example)\n# big <@&1> `c`\u202e")
    assert "@everyone" not in shown
    assert "**bold**" not in shown
    assert "\n" not in shown
    assert "<@&1>" not in shown
    assert "\u202e" not in shown
    assert "\\[x]" in shown


def test_a_long_prompt_still_fits_an_embed() -> None:
    creation = Creation(order=order(prompt="*" * 2000), artifacts=(artifact(),))
    embed = presenter.creation_embed(ENGLISH, creation, creation.artifacts, status(), notes=["_" * 300] * 20)
    assert len(embed.description or "") <= 4096
    assert len(embed) <= 6000


def test_the_demo_painter_is_never_taken_for_ai() -> None:
    creation = Creation(order=order(), artifacts=(artifact(),), demo=True)
    embed = presenter.creation_embed(ENGLISH, creation, creation.artifacts, status())
    assert presenter.DEMO_NOTE in str(embed.description)
    assert presenter.DEMO_NOTE in str(presenter.picture_embed(ENGLISH, artifact(), demo=True).description)


def test_pictures_that_failed_are_named_with_their_reason() -> None:
    failed = order(pictures=2, failures=(PictureFailure(1, "Moderated", "The words were refused."),))
    creation = Creation(order=failed, artifacts=(artifact(),))
    text = str(presenter.creation_embed(ENGLISH, creation, creation.artifacts, status()).description)
    assert "Picture 2: The words were refused." in text
    assert "not charged" in text


@pytest.mark.parametrize(
    ("progress", "line"),
    [
        (Progress(state="waiting", position=3, eta_seconds=41), "Waiting, number 3, about 40 s"),
        (Progress(state="waiting"), "Waiting"),
        (Progress(state="running", percent=50, eta_seconds=200), "Painting: 50 %, about 3 min"),
        (Progress(state="running", percent=0), "Painting: 0 %"),
    ],
)
def test_progress_is_one_line(progress: Progress, line: str) -> None:
    assert presenter.progress_line(ENGLISH, progress) == line


def test_an_error_of_ours_keeps_no_mention_alive() -> None:
    embed = presenter.error_embed(ENGLISH, AbbyError("There is no style '@everyone'."))
    assert "@everyone" not in str(embed.description)
