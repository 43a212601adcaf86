from __future__ import annotations

import copy
import json
import pickle

from abby_core.errors import InvalidRequest
from abby_core.sentence import Sentence, pack, plural, sentence, unpack


def test_a_sentence_is_its_english_text_and_knows_its_words() -> None:
    text = sentence("At most {limit:,} characters.", limit=1200)
    assert text == "At most 1,200 characters."
    assert text.template == "At most {limit:,} characters."


def test_a_plural_takes_the_form_of_its_count() -> None:
    assert [plural("{count} day", "{count} days", count=n) for n in (0, 1, 2)] == ["0 days", "1 day", "2 days"]


def test_braces_in_a_value_are_text() -> None:
    assert sentence("No {name}.", name="{0.__class__}") == "No {0.__class__}."


def test_an_error_keeps_the_words_of_its_sentence() -> None:
    error = InvalidRequest(sentence("No {name}.", name="cat"))
    assert str(error) == error.text == "No cat."
    assert isinstance(error.text, Sentence)


def test_a_sentence_comes_back_from_json_with_its_words() -> None:
    inner = plural("{count} hour", "{count} hours", count=2)
    text = sentence("It resets in {span}: {size:.1f} MB.", span=inner, size=1.25)
    again = unpack(json.loads(json.dumps(pack(text))))
    assert isinstance(again, Sentence)
    assert (again, again.template, again.values["span"]) == (text, text.template, inner)
    assert isinstance(again.values["span"], Sentence)


def test_a_plain_text_comes_back_from_json_as_it_was() -> None:
    assert unpack(json.loads(json.dumps(pack("{not a template}")))) == "{not a template}"


def test_a_copy_of_a_sentence_keeps_its_words() -> None:
    """``dataclasses.asdict`` makes such copies, and so does whatever passes errors between processes."""
    text = plural("{count} hour{rest}", "{count} hours{rest}", count=2, rest=sentence(" and {more}", more="more"))
    for copied in (copy.deepcopy(text), pickle.loads(pickle.dumps(text))):
        assert isinstance(copied, Sentence)
        assert (copied, copied.template, copied.many, copied.values) == (text, text.template, text.many, text.values)
