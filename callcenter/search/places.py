"""Pages and actions that a search finds by their names: those that this person may open."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from django.urls import NoReverseMatch, resolve, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from callcenter.access.roles import Person, may
from callcenter.context import links_for


class FoundPlace(NamedTuple):
    """A page or an action."""

    label: str | Promise
    url: str
    icon: str


FURTHER = (
    ("campaign-new", _("New campaign"), "plus"),
    ("person-new", _("Add contact"), "plus"),
    ("lists", _("Lists"), "people"),
    ("import-sources", _("Import sources"), "import"),
    ("exports", _("Exports"), "export"),
    ("calls-export", _("Export calls"), "export"),
    ("people-export", _("Export contacts"), "export"),
    ("review-queues", _("To review"), "check"),
    ("review-results", _("Review results"), "report"),
    ("scorecards", _("Scorecards"), "check"),
    ("dispositions", _("Dispositions"), "log"),
    ("two-people", _("Needs a second user"), "people"),
    ("allowed-numbers", _("Allowed numbers"), "phone"),
    ("own-numbers", _("Own numbers"), "phone"),
    ("spending-limits", _("Daily spending limits"), "report"),
    ("unmatched-calls", _("Calls at providers that are not in Callcenter"), "question"),
    ("erasures", _("Erasure and data access"), "trash"),
    ("preferences", _("Preferences"), "clock"),
    ("notice-settings", _("Your notices"), "bell"),
    ("sessions", _("Your sessions"), "lock"),
)
"""Pages that the menu does not name: the address's name, the page's title, an icon."""


def places_for(person: Person) -> Iterator[FoundPlace]:
    """Yield what a person may open: the menu first, then the further pages whose right they hold."""
    for link in links_for(person, ""):
        yield FoundPlace(link.label, link.url, link.icon)
    for name, label, icon in FURTHER:
        try:
            url = reverse(name)
        except NoReverseMatch:  # a screen that this installation does not have
            continue
        right = getattr(resolve(url).func, "needs_right", None)
        if right is None or may(person, right):
            yield FoundPlace(label, url, icon)
