"""People who were refused at an import: found by name or number, with the reason and the file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from callcenter.access.roles import Person, may
from campaigns.contacts.importing.rows.notes import NOTES
from campaigns.contacts.search import SHORTEST_NUMBER, part_of_person
from campaigns.core.scope import seen_by
from campaigns.core.whole_numbers import sees_own_numbers
from campaigns.models import RefusedRow
from campaigns.numbers import text_of_digits, understand_number
from campaigns.reasons import SkipReason

SHOWN = 10
"""Refused rows beside the people that a search finds, the newest first."""
REASONS: dict[str, Promise] = {
    **NOTES,
    SkipReason.DO_NOT_CALL: _("This number, or another number in this row, is on the do-not-call list."),
}


class FoundRow(NamedTuple):
    """A refused row."""

    row: RefusedRow
    reason: Promise | str


def find_refused(text: str, region: str, viewer: Person) -> Sequence[FoundRow]:
    """Return the refused rows whose name or number contains a text, of imports that the viewer may see.

    None for a viewer who sees no whole numbers. `region` is the country of numbers without a country code.
    """
    text = " ".join(text.split())
    if len(text) < 2 or not may(viewer, "see_people") or not sees_own_numbers(viewer):
        return []
    part = part_of_person(text)
    wanted = Q()
    for name in part.names:
        wanted |= Q(name__icontains=name)
    typed = "".join(sign for sign in text_of_digits(text) if sign.isdigit())
    # A number that could not be read was stored as it is written, trunk zero and all.
    whole = understand_number(text, region).e164.lstrip("+")
    for digits in {part.digits, whole, typed if part.digits else ""} - {""}:
        if len(digits) >= SHORTEST_NUMBER:
            wanted |= Q(digits__contains=digits)
    rows = RefusedRow.objects.filter(wanted).select_related("contact_import").order_by("-pk")
    return [FoundRow(row, REASONS.get(row.code, row.code)) for row in seen_by(viewer, rows)[:SHOWN]]
