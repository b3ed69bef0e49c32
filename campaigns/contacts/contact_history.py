"""What was done to a contact, in words: so that every team that shares it is told who changed what."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from callcenter.access.models import Team
from callcenter.access.roles import membership_of
from callcenter.audit.models import AuditEvent
from campaigns.models import Contact

SHOWN = 10
"""Steps on a contact's page, the newest first."""
WORDS: dict[str, str | Promise] = {
    "person.added": gettext_lazy("Added"),
    "person.changed": gettext_lazy("Changed"),
    "person.shared": gettext_lazy("Shared with another team"),
    "person.merged": gettext_lazy("Merged with another contact"),
    "person.taken_apart": gettext_lazy("Separated from another contact"),
    "person.number_added": gettext_lazy("Another number added"),
    "person.number_removed": gettext_lazy("Another number removed"),
}


@dataclass(frozen=True, slots=True)
class Done:
    """One step in a contact's history."""

    event: AuditEvent
    words: str
    team: str = ""
    """The team with which it was shared; else, where several teams share the contact, that of whoever did it."""


def history_of(contact: Contact) -> list[Done]:
    """Return the newest steps of a contact's history, in two statements."""
    events = list(
        AuditEvent.objects.filter(object_type="contact", object_id=str(contact.pk), action__in=WORDS)
        .select_related("actor__membership__team")
        .order_by("-pk")[:SHOWN]
    )
    teams = dict(Team.objects.values_list("pk", "name")) if any(one.action == "person.shared" for one in events) else {}
    return [Done(event, _words_of(event), _team_of(event, teams)) for event in events]


def _words_of(event: AuditEvent) -> str:
    words = str(WORDS[event.action])
    if event.detail.get("by_import"):
        return _("%(words)s (import)") % {"words": words}
    labels = {field.name: str(field.verbose_name) for field in Contact._meta.concrete_fields}
    fields = [labels[name] for name in event.detail.get("fields", ()) if name in labels]
    return f"{words}: {_(', ').join(fields)}" if fields else words


def _team_of(event: AuditEvent, teams: dict[int, str]) -> str:
    if event.action == "person.shared":
        return teams.get(int(event.detail.get("team") or 0), "")
    membership = membership_of(event.actor)
    return str(membership.team) if membership is not None and teams else ""
