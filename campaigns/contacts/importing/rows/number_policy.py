"""What an import refuses by the type of a number, and the single numbers that managers allowed."""

from __future__ import annotations

from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from campaigns.core.eligibility_facts import allowed_numbers
from campaigns.core.installation import current
from campaigns.number_types import SENTENCES, NumberType, refused_type
from campaigns.numbers import NOT_IN_USE, PROBLEMS

_MANAGER = _("A manager can allow one number with a reason, under Contacts, “Allowed numbers”.")
TYPE_NOTES: dict[str, Promise] = {
    **{f"type_{kind}": format_lazy("{} {}", sentence, _MANAGER) for kind, sentence in SENTENCES.items()},
    f"type_{NumberType.SHORT}": SENTENCES[NumberType.SHORT],
    NOT_IN_USE: format_lazy("{} {}", PROBLEMS[NOT_IN_USE], _("If its number range is new, a manager can accept it.")),
}
"""Sentences about rows whose numbers are not called because of their type or range."""


class NumberPolicy(NamedTuple):
    """The number types that are refused, and the numbers that are allowed all the same; read once a file."""

    refused: frozenset[str]
    allowed: frozenset[str]

    @classmethod
    def now(cls) -> NumberPolicy:
        """Return what holds now, in two queries."""
        return cls(current().refused_number_types, frozenset(allowed_numbers()))

    def problem_of(self, e164: str) -> str:
        """Return the key of `TYPE_NOTES` for a number that is not called; empty for any other."""
        kind = refused_type(e164, self.refused, is_allowed=e164 in self.allowed)
        return f"type_{kind}" if kind else ""


NOTHING_REFUSED = NumberPolicy(frozenset(), frozenset())
