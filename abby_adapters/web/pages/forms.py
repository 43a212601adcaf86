"""What people send with a form: bounded texts, numbers and choices, with a sentence for what cannot be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from abby_adapters.web.pages.visitors import local_path
from abby_core.errors import InvalidRequest
from abby_core.sentence import sentence

if TYPE_CHECKING:
    from fastapi import Request

FIELDS_MAX = 500
"""More than the 200 pictures that can be chosen at once, and what goes with them."""
FIELD_CHARACTERS_MAX = 10_000
NUMBER_CHARACTERS_MAX = 20


@dataclass(frozen=True)
class Form:
    """The fields of one form, each with all of its values in order."""

    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])

    def text(self, name: str, default: str = "") -> str:
        """The last value of that name, cut where no field is that long, without blanks around it."""
        return (self.fields.get(name) or (default,))[-1][:FIELD_CHARACTERS_MAX].strip()

    def secret(self, name: str) -> str:
        """The same exactly as it was typed: blanks belong to a password."""
        return (self.fields.get(name) or ("",))[-1][:FIELD_CHARACTERS_MAX]

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of that name, none twice."""
        return tuple(dict.fromkeys(self.fields.get(name, ())))

    def number(self, name: str, default: int = 0) -> int:
        """A whole number; ``default`` where the field is empty. Raises InvalidRequest."""
        text = self.text(name)
        if not text:
            return default
        try:
            return int(text[:NUMBER_CHARACTERS_MAX])
        except ValueError:
            raise InvalidRequest(sentence("{text} is no whole number.", text=text[:40])) from None

    def back(self, default: str) -> str:
        """Where the form wants to lead to: a path of ours, never another site's."""
        wanted = self.text("back")
        return local_path(wanted) if wanted else default

    def has(self, name: str) -> bool:
        """Whether a box was ticked or a field filled."""
        return bool(self.text(name))


async def read_form(request: Request) -> Form:
    """The fields that were sent; files are none of them. Raises HTTPException for what is no form."""
    async with request.form(max_files=0, max_fields=FIELDS_MAX) as sent:
        fields: dict[str, tuple[str, ...]] = {}
        for name, value in sent.multi_items():
            if isinstance(value, str):
                fields[name] = (*fields.get(name, ()), value)
    return Form(fields)
