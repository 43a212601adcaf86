"""Which choices follow from the facts, and in which order."""

from __future__ import annotations

from typing import Any

from abby_core.gallery.choices import Facts, rank

MB = 2**20
PART = "That is a part of the 5.0 MB it takes."


def facts(**changes: Any) -> Facts:
    usual: dict[str, Any] = {"missing_bytes": 5 * MB, "house": False, "images": 1, "images_fit": 0}
    return Facts(**usual | changes)


def test_what_is_enough_comes_before_what_goes_a_part_of_the_way() -> None:
    found = rank(facts(trash_pictures=1, trash_bytes=MB, unstarred=[3 * MB] * 3, compressible=[MB] * 3))
    assert [choice.kind for choice in found] == ["delete", "empty_trash", "compress"]
    assert [choice.text for choice in found] == [
        "Delete your 2 oldest pictures without a star for good: frees 6.0 MB.",
        f"Empty your trash: 1 picture, frees 1.0 MB. {PART}",
        f"Compress your 3 oldest pictures without visible loss: frees about 3.0 MB. {PART}",
    ]


def test_no_more_pictures_are_named_than_it_takes() -> None:
    (compress, archive, delete) = rank(facts(unstarred=[5 * MB] * 9, compressible=[2.6 * MB] * 9, has_archive=True))
    assert (compress.pictures, compress.frees_bytes) == (2, int(5.2 * MB))
    assert (archive.pictures, delete.pictures) == (1, 1)
    assert archive.text == "Archive your oldest picture: frees 5.0 MB, and it stays in your gallery."


def test_nothing_is_offered_that_could_never_be_enough() -> None:
    assert rank(facts(trash_pictures=1, trash_bytes=MB, unstarred=[MB], compressible=[MB], has_archive=True)) == ()


def test_a_smaller_wish_is_gentler_than_deleting_and_waiting_comes_last() -> None:
    found = rank(facts(images=4, images_fit=1, wait_seconds=3600, unstarred=[9 * MB]))
    assert [choice.kind for choice in found] == ["fewer", "delete", "wait"]
    assert [found[0].text, found[-1].text] == [
        "Ask for 1 picture: so many fit.",
        "Wait 60 minutes: then the limit starts anew.",
    ]
