"""The people of an audience by the date that a column of theirs holds, in any of the calendars that imports read."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from django.utils import timezone

from campaigns.contacts.importing.cells.dates import read_date
from campaigns.launch.audience_query import Selection

ROWS = 5_000
"""People read at a time."""


@dataclass(frozen=True, slots=True)
class Dated:
    """Who has the wanted date, and how many dates could not be read."""

    ids: list[int]
    unread: int
    """People whose column holds something else than one certain date; nothing is guessed between day and month."""


def dated(selection: Selection, column: str, wanted: datetime.date) -> Dated:
    """Return the people of an audience whose column holds this date; it reads them all."""
    now, ids, unread = timezone.now(), [], 0
    rows = selection.people().filter(merged_into=None).values_list("pk", "variables").iterator(chunk_size=ROWS)
    for pk, variables in rows:
        text = str(variables.get(column) or "").strip()
        if not text:
            continue
        # The date as it is written, without a zone: the day of the person, wherever they are.
        found = read_date(text, None, now, is_past=False, zone=datetime.UTC)
        if found.moment is None:
            unread += 1
        elif found.moment.date() == wanted:
            ids.append(pk)
    return Dated(ids, unread)
