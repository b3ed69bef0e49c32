"""Export of the do-not-call list as a file, which can be imported again."""

from __future__ import annotations

import csv
import datetime
from collections.abc import Iterator, Mapping, Sequence

from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.contacts.importing.limits import BATCH
from campaigns.core.csv_cells import BOM, PassingFile, safe_cell
from campaigns.models import DoNotCall


def export_entries() -> Iterator[str]:
    """Return the whole list as CSV lines, newest first, in the language and time zone active at this call."""
    titles = [_("Phone"), _("Reason"), _("Source"), _("Added by"), _("Added"), _("Until")]
    sources = {source.value: str(source.label) for source in DoNotCall.Source}
    return _write_entries(titles, sources, timezone.get_current_timezone())


def _write_entries(titles: Sequence[str], sources: Mapping[str, str], zone: datetime.tzinfo) -> Iterator[str]:
    writer = csv.writer(PassingFile())
    yield BOM
    yield writer.writerow(titles)
    for entry in DoNotCall.objects.select_related("added_by").order_by("-id").iterator(chunk_size=BATCH):
        who = entry.added_by.get_username() if entry.added_by else ""
        cells = [entry.phone, entry.reason, sources.get(entry.source, entry.source), who]
        yield writer.writerow([*map(safe_cell, cells), _minute(entry.added_at, zone), _minute(entry.expires_at, zone)])


def _minute(moment: datetime.datetime | None, zone: datetime.tzinfo) -> str:
    return moment.astimezone(zone).isoformat(timespec="minutes") if moment else ""
