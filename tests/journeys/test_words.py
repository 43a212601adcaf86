"""What the core says keeps its words wherever it goes: stored, read again by another process, told in any language."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from abby_core.bootstrap import Abby
from abby_core.errors import AbbyError, Moderated, Refused
from abby_core.generation.request import ImageToImage, TextToImage
from abby_core.sentence import sentence
from abby_core.studio.order import Order
from abby_core.studio.wording import read
from tests.support.languages import marking
from tests.support.providers import FixedProvider, blocking_provider, photograph
from tests.support.studio import ALICE, another_look, open_abby, progress_of, until_ended, wish


def told(text: str) -> str:
    """The text in the language that marks what it can say."""
    return marking().translate(text)


def refused(do: Callable[[], object]) -> str:
    with pytest.raises(AbbyError) as caught:
        do()
    return marking().told(caught.value)


async def not_accepted(abby: Abby, order: Order) -> Refused:
    with pytest.raises(Refused) as caught:
        await abby.studio.submit(order)
    return caught.value


async def test_why_an_order_failed_can_be_told_by_whoever_reads_it_later(tmp_path: Path) -> None:
    why = sentence("Stability cannot use this request: {complaint}", complaint="no cats")
    async with open_abby(tmp_path, FixedProvider(errors=(Moderated(why),))) as abby:
        await abby.studio.submit(wish("o1"))
        await until_ended(abby, "o1")
        with another_look(abby) as other:
            view = await other.studio.order("o1", ALICE)
            last = (await progress_of(other, "o1"))[-1]
    assert told(view.error) == told(last.error) == "«Stability cannot use this request: no cats»"


async def test_what_became_of_several_pictures_can_be_told_later(tmp_path: Path) -> None:
    one, other = (
        sentence("The prompt is empty: say what the picture should show."),
        sentence("Choose width and height together."),
    )
    async with open_abby(tmp_path, FixedProvider(errors=(Moderated(one), Moderated(other)))) as abby:
        await abby.studio.submit(wish("o1", prompt="a", prompts=("a", "b", "c"), pictures=3))
        view = await until_ended(abby, "o1")
    assert [told(each.error) for each in view.failures] == [f"«{one}»", f"«{other}»"]
    assert told(view.notes[-1]) == f"«1 of 3 pictures were made; then: ««{one}» «{other}»»»"


async def test_a_limit_and_what_would_help_can_be_told(tmp_path: Path) -> None:
    async with open_abby(tmp_path, max_user_daily_gens=2) as abby:
        error = await not_accepted(abby, wish("o1", pictures=3, prompts=("a", "b", "c")))
    text = marking().told(error)
    assert text.startswith("««Daily generation limit reached: 0 of 2 used today.» It resets in «")
    assert [told(choice.text)[0] + told(choice.text)[-1] for choice in error.choices] == ["«»"] * len(error.choices)
    assert {choice.kind for choice in error.choices} == {"fewer"}


async def test_a_full_queue_can_be_told(tmp_path: Path) -> None:
    provider, gate = blocking_provider()
    async with open_abby(tmp_path, provider, concurrent_orders=1, waiting_orders_per_user_max=1) as abby:
        await abby.studio.submit(wish("o1"))
        await provider.begun()
        await abby.studio.submit(wish("o2"))
        error = await not_accepted(abby, wish("o3"))
        gate.set()
    assert marking().told(error) == "«You have 1 order waiting already; let it finish first.»"
    assert [told(choice.text) for choice in error.choices] == ["«Wait until one of the orders has finished.»"]


@pytest.mark.parametrize(
    "text",
    [
        "a cat --stlye anime",
        "a cat --style animee",
        "a cat --seed cat",
        "a cat --ar wide",
        "a cat --ar 1:90",
        "a cat --n 99",
        "a cat --seed",
        "{a,b,c,d,e} {a,b,c,d,e} cat",
        "{" + "a," * 9 + "b} {" + "a," * 9 + "b} cat --n 2",
        "{a --ar 1:1, b} cat",
        "x" * 10_001,
    ],
)
def test_whatever_is_wrong_with_a_wording_can_be_told(text: str) -> None:
    said = refused(lambda: read(text))
    assert (said[0], said[-1]) == ("«", "»"), said


@pytest.mark.parametrize(
    "request_",
    [
        TextToImage(prompt=" "),
        TextToImage(prompt="x" * 20_000),
        TextToImage(prompt="a\x07cat"),
        TextToImage(prompt="a cat", style="none of these"),
        TextToImage(prompt="a cat", steps=0),
        TextToImage(prompt="a cat", cfg_scale=99),
        ImageToImage(image=b"GIF89a", prompt="a cat"),
        ImageToImage(image=photograph()[:-200], prompt="a cat"),
    ],
)
async def test_whatever_is_wrong_with_a_request_can_be_told(
    tmp_path: Path, request_: TextToImage | ImageToImage
) -> None:
    async with open_abby(tmp_path) as abby:
        said = marking().told(await not_accepted(abby, wish("o1", request=request_)))
    assert (said[0], said[-1]) == ("«", "»"), said


async def test_what_is_wrong_in_a_gallery_can_be_told(tmp_path: Path) -> None:
    async with open_abby(tmp_path) as abby:
        await abby.studio.create(wish("o1"))
        gallery = abby.gallery
        said = await asyncio.to_thread(
            lambda: [
                refused(lambda: gallery.find(ALICE, "nothing")),
                refused(lambda: gallery.delete(ALICE, "nothing", "nothing else")),
                refused(lambda: abby.shares.revoke(ALICE, "none")),
                refused(lambda: abby.presets.delete(ALICE.key, "none")),
                told(gallery.alt_text(gallery.page(ALICE).artifacts[0])),
            ]
        )
    assert said == [
        "«You have no picture named 'nothing'.»",
        "«You have no picture named 'nothing'.»",
        "«You have no share 'none'.»",
        "«There is no preset 'none'.»",
        "«Picture: a cute rabbit»",
    ]


async def test_why_an_account_may_do_what_it_may_can_be_told(tmp_path: Path) -> None:
    provider, gate = blocking_provider()
    async with open_abby(tmp_path, provider) as abby:
        await abby.studio.submit(wish("o1"))
        await provider.begun()
        explained = list((await asyncio.to_thread(abby.quota.explain, ALICE)).sentences())
        gate.set()
    said = [told(text) for heading, texts in explained for text in (heading, *texts)]
    assert "««Pictures per day» 1000: from «the host's settings».»" in said
    assert [text for text in said if (text[0], text[-1]) != ("«", "»")] == []
