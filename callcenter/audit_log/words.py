"""Events of the audit log in plain words, with names of things as they are now and links to their pages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from callcenter.audit.actions import BY_CODE, GROUP_WORDS, words_of
from callcenter.audit.models import AuditEvent
from callcenter.audit_log.search import KINDS
from callcenter.formats.calendars import in_digits, with_moments
from campaigns.models import Contact

KIND_WORDS: dict[str, str | Promise] = {
    "campaign": gettext_lazy("Campaign"),
    "call": gettext_lazy("Call"),
    "contact": gettext_lazy("Contact"),
    "contactlist": gettext_lazy("List"),
    "contactimport": gettext_lazy("Import"),
    "callexport": gettext_lazy("Export"),
    "provider": gettext_lazy("Provider"),
    "user": gettext_lazy("User"),
}
DETAIL_WORDS: dict[str, str | Promise] = {
    "reason": gettext_lazy("Reason"),
    "fields": gettext_lazy("Changed"),
    "people": gettext_lazy("Contacts"),
    "rows": gettext_lazy("Rows"),
    "key": gettext_lazy("Key"),
    "outcome": gettext_lazy("Outcome"),
    "before": gettext_lazy("Before"),
    "after": gettext_lazy("After"),
    "amount": gettext_lazy("Amount"),
    "currency": gettext_lazy("Currency"),
    "times": gettext_lazy("Times"),
    "last": gettext_lazy("Last time"),
    "page": gettext_lazy("Page"),
    "right": gettext_lazy("Missing permission"),
    "words": gettext_lazy("Words"),
    "starts_at": gettext_lazy("Start"),
    "skipped": gettext_lazy("Skipped calls"),
    "call": gettext_lazy("Call"),
    "command": gettext_lazy("Command"),
    "seconds": gettext_lazy("Seconds"),
    "format": gettext_lazy("Format"),
    "filters": gettext_lazy("Filters"),
    "result": gettext_lazy("Result"),
    "score": gettext_lazy("Score"),
    "tags": gettext_lazy("Tags"),
    "faults": gettext_lazy("Errors"),
    "file": gettext_lazy("File"),
    "why": gettext_lazy("Reason"),
    "provider": gettext_lazy("Provider"),
    "known": gettext_lazy("Existing user"),
    "numbers": gettext_lazy("Full phone numbers"),
    "bytes": gettext_lazy("Bytes"),
}
NOT_SHOWN = frozenset({"token", "changes"})
MAX_VALUE = 200


@dataclass(frozen=True, slots=True)
class Change:
    """One value before and after."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Line:
    """One event, for the page."""

    event: AuditEvent
    who: str
    what: str
    group: str
    thing: str
    url: str
    changes: Sequence[Change]
    details: Sequence[tuple[str, str]]


def lines_of(events: Iterable[AuditEvent]) -> list[Line]:
    """Return events in words."""
    rows = list(events)
    contacts = Contact.objects.in_bulk([int(row.object_id) for row in rows if _is_contact(row)])
    return [_line(row, contacts) for row in rows]


def _is_contact(event: AuditEvent) -> bool:
    return event.object_type == "contact" and event.object_id.isdecimal()


def _line(event: AuditEvent, contacts: dict[int, Contact]) -> Line:
    action = BY_CODE.get(event.action)
    name = event.object_name
    if _is_contact(event):
        found = contacts.get(int(event.object_id))
        name = str(found) if found is not None else _("erased or removed")
    kind = KIND_WORDS.get(event.object_type, "")
    number = in_digits(f"#{event.object_id}") if event.object_id and (not name or _is_contact(event)) else ""
    return Line(
        event=event,
        who=who_words(event),
        what=words_of(event.action),
        group=str(GROUP_WORDS[action.group]) if action else "",
        thing=" ".join(filter(None, (str(kind), name, number))),
        url=url_of(event, is_there=not _is_contact(event) or int(event.object_id) in contacts),
        changes=changes_of(event),
        details=details_of(event),
    )


def who_words(event: AuditEvent) -> str:
    """Return who acted: a user, or the product by which command or task."""
    if event.actor is not None:
        return event.actor.get_full_name() or event.actor.get_username()
    return event.actor_name or str(_("Callcenter"))


def url_of(event: AuditEvent, *, is_there: bool = True) -> str:
    """Return the address of a thing's page; empty where it has none."""
    kind = KINDS.get(event.object_type)
    if kind is None or not kind.page or not event.object_id.isdecimal() or not is_there:
        return ""
    try:
        return reverse(kind.page, args=[int(event.object_id)])
    except NoReverseMatch:
        return ""


def changes_of(event: AuditEvent) -> list[Change]:
    """Return what changed, before and after."""
    found = event.detail.get("changes")
    pairs = found if isinstance(found, dict) else {}
    if event.action == "settings.changed":
        pairs = pairs | event.detail
    return [
        Change(field_words(event, name), value_words(pair.get("from")), value_words(pair.get("to")))
        for name, pair in pairs.items()
        if isinstance(pair, dict) and {"from", "to"} <= set(pair)
    ]


def details_of(event: AuditEvent) -> list[tuple[str, str]]:
    """Return the other details, each with its label; empty ones are left out."""
    shown = []
    told = set(event.detail.get("changes") or ())
    for name, value in event.detail.items():
        is_change = isinstance(value, dict) and {"from", "to"} <= set(value)
        if name in NOT_SHOWN or value in (None, "", [], {}) or is_change:
            continue
        if name == "fields" and isinstance(value, list):
            value = [field_words(event, str(one)) for one in value if one not in told]
            if not value:
                continue
        shown.append((str(DETAIL_WORDS.get(name, name.replace("_", " "))), value_words(value)))
    return shown


def field_words(event: AuditEvent, name: str) -> str:
    """Return the label of a column of the thing that an event is about."""
    kind = KINDS.get(event.object_type)
    if kind is None:
        return name.replace("_", " ")
    try:
        return str(getattr(kind.model._meta.get_field(name), "verbose_name", name))
    except FieldDoesNotExist:
        return name.replace("_", " ")


def value_words(value: Any) -> str:
    """Return a JSON value in words, cut."""
    value = with_moments(value)
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    if isinstance(value, list):
        return _(", ").join(value_words(one) for one in value)[:MAX_VALUE]
    if isinstance(value, dict):
        return _(", ").join(f"{name}: {value_words(one)}" for name, one in value.items() if one)[:MAX_VALUE]
    return in_digits(str(value))[:MAX_VALUE] if isinstance(value, int | float) else str(value)[:MAX_VALUE]
