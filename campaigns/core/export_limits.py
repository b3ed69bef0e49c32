"""How many exports one user may make in a day; every file of calls, people or numbers counts, by the audit log."""

from __future__ import annotations

import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from callcenter.audit.models import AuditEvent, record
from campaigns.core.installation import current
from campaigns.core.refusals import Refusal
from campaigns.models import CallExport

COUNTED = frozenset(
    {"calls.exported", "people.exported", "do_not_call.exported", "person.exported", "import.bad_rows_fetched"}
)
"""Actions of the audit log that are an export."""
RIGHTS: dict[str, str] = {CallExport.Kind.CALLS: "export_calls", CallExport.Kind.PEOPLE: "export_contacts"}
"""The right that each kind of file asks for, when it is requested, written, fetched and taken over."""
CAPPED = "exports.capped"


def made_today(person: Any) -> int:
    """Return how many exports a user made since midnight, in the installation's time zone."""
    return AuditEvent.objects.filter(actor=person.pk, action__in=COUNTED, at__gte=_midnight()).count()


def _midnight() -> datetime.datetime:
    now = timezone.localtime(timezone.now(), timezone.get_default_timezone())
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def capped_today() -> list[int]:
    """Return the users who asked for more exports than a day allows, since midnight."""
    events = AuditEvent.objects.filter(action=CAPPED, at__gte=_midnight(), actor__isnull=False)
    return sorted(set(events.order_by().values_list("actor", flat=True)))


def refuse_above_cap(person: Any) -> None:
    """Raise Refusal where a user has made as many exports today as the settings allow; recorded, for admins."""
    most = current().exports_a_day
    if not most or made_today(person) < most:
        return
    record(person, CAPPED, None, most=most)
    raise Refusal(
        _("You have reached today's limit of %(n)d exports. Try again tomorrow, or ask an admin to raise the limit.")
        % {"n": most}
    )


def is_large(rows: QuerySet[Any]) -> bool:
    """Return whether an export of these rows needs a fresh sign-in; counts no further than it must."""
    large = current().large_export_rows
    return bool(large) and counts_as_large(rows.order_by()[:large].count())


def counts_as_large(rows: int) -> bool:
    """Return whether a file of so many rows needs a fresh sign-in, to be asked for and to be fetched."""
    large = current().large_export_rows
    return bool(large) and rows >= large
