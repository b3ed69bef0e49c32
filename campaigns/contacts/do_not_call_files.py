"""Export of the do-not-call list as a file, which can be imported again."""

from __future__ import annotations

import csv
import datetime
from collections.abc import Iterator, Mapping, Sequence

from django.utils import timezone
from django.utils.translation import gettext as _

from callcenter.access.roles import Person
from callcenter.formats.masking import ending
from callcenter.formats.zones import titled
from campaigns.contacts.importing.files.limits import BATCH
from campaigns.core.csv_cells import BOM, PassingFile, safe_cell
from campaigns.core.scope import seen_by
from campaigns.models import DoNotCall


def titles() -> list[str]:
    """Return the titles of the columns in the active language."""
    return [_("Phone"), _("Reason"), _("Source"), _("Added by"), titled(_("Added")), titled(_("Until"))]


def entries(person: Person, *, shows_numbers: bool) -> Iterator[list[str]]:
    """Return the whole list as rows of texts, newest first, in the language and time zone active at this call.

    Times carry their offset from UTC, so that an import in another zone reads the same moment. Numbers are
    masked unless `shows_numbers`.
    """
    sources = {source.value: str(source.label) for source in DoNotCall.Source}
    return _rows(person, shows_numbers, sources, timezone.get_current_timezone())


def export_entries(person: Person, *, shows_numbers: bool) -> Iterator[str]:
    """Return the entries that a person may see as CSV lines, with their titles."""
    return _lines(titles(), entries(person, shows_numbers=shows_numbers))


def _lines(header: Sequence[str], rows: Iterator[list[str]]) -> Iterator[str]:
    writer = csv.writer(PassingFile())
    yield BOM
    yield writer.writerow(header)
    for row in rows:
        yield writer.writerow(map(safe_cell, row))


def _rows(
    person: Person, shows_numbers: bool, sources: Mapping[str, str], zone: datetime.tzinfo
) -> Iterator[list[str]]:
    found = seen_by(person, DoNotCall.objects.select_related("added_by").order_by("-id"))
    for entry in found.iterator(chunk_size=BATCH):
        who = entry.added_by.get_username() if entry.added_by else ""
        source = sources.get(entry.source, entry.source)
        times = [_written(entry.added_at, zone), _written(entry.expires_at, zone)]
        number = entry.phone if shows_numbers else ending(entry.phone)
        yield [number, entry.reason, source, who, *times]


def _written(moment: datetime.datetime | None, zone: datetime.tzinfo) -> str:
    return moment.astimezone(zone).isoformat(timespec="seconds") if moment else ""
