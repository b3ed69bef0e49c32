"""Template context of every page of the console: the menu, the stop-all switch, the demo's magic numbers."""

from __future__ import annotations

import datetime
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from callcenter.access.clock import ViewerClock
from callcenter.access.roles import Person, may
from callcenter.audit import verifying
from campaigns.core import decision_kinds, hosts, stop_all
from campaigns.core.scope import seen_by
from campaigns.models import Call, DialingSwitch
from campaigns.notices import inbox


@dataclass(frozen=True, slots=True)
class Place:
    """One entry of the menu; any one of its rights opens it, and where it names none, everybody may."""

    name: str
    label: str | Promise
    icon: str
    rights: tuple[str, ...]
    short: str | Promise = ""
    begins_group: bool = False


DECISIONS, NOTICES = "decisions", "notices"
PLACES = (
    Place("today", _("Today"), "today", ("see_today",)),
    Place("quick-call", _("Quick call"), "phone", ("place_call",), pgettext_lazy("menu", "Call")),
    Place("campaigns", _("Campaigns"), "campaign", ("draft_campaign", "control_all_campaigns")),
    Place("people", _("Contacts"), "people", ("see_people",)),
    Place("import-new", _("Import"), "import", ("import_people",)),
    Place("do-not-call", _("Do not call"), "hand", ("add_do_not_call",)),
    Place("call-log", _("Call log"), "log", ("see_calls",), pgettext_lazy("menu", "Calls")),
    Place(DECISIONS, _("Needs a decision"), "question", ("see_calls",)),
    Place(NOTICES, _("Notices"), "bell", ()),
    Place("reports", _("Reports"), "report", ("see_reports",)),
    Place("holidays", _("Holidays"), "clock", ("change_settings",)),
    Place("retention", _("Retention"), "clock", ("change_settings",)),
    Place("audit", _("Audit log"), "lock", ("see_reports",)),
    Place("providers", _("Providers"), "provider", ("see_providers",), begins_group=True),
    Place("users", _("Users"), "people", ("invite_users",)),
    Place("api-keys", _("API keys"), "lock", ("make_api_keys",)),
    Place("webhooks", _("Webhooks"), "forward", ("make_api_keys",)),
    Place("admin:index", _("Set-up"), "setup", ("manage_providers",)),
    Place("help", _("Help"), "question", (), begins_group=True),
)
ON_THE_BAR = ("today", "quick-call", "campaigns", "call-log")
"""Entries on the phone's bottom bar; the others are under More."""


@dataclass(frozen=True, slots=True)
class Link:
    """One entry of the menu as one person sees it on one page."""

    place: Place
    url: str
    is_here: bool
    is_counted: bool = False
    """Whether the number of calls that need a decision stands beside it."""
    is_inbox: bool = False
    """Whether the number of notices that were not read stands beside it."""

    @property
    def label(self) -> str | Promise:
        """The entry's label."""
        return self.place.label

    @property
    def short(self) -> str | Promise:
        """A shorter label, for the phone's bottom bar."""
        return self.place.short or self.place.label

    @property
    def icon(self) -> str:
        """The name of its icon."""
        return self.place.icon

    @property
    def begins_group(self) -> bool:
        """Whether a dividing line is drawn above it."""
        return self.place.begins_group


def links_for(person: Person, path: str) -> list[Link]:
    """Return a person's menu; the entry with the longest address that the path begins with is marked as current."""
    found: list[tuple[Place, str]] = []
    for place in PLACES:
        if place.rights and not any(may(person, right) for right in place.rights):
            continue
        if place.name == "admin:index" and not getattr(person, "is_staff", False):
            continue
        try:
            found.append((place, reverse(place.name)))
        except NoReverseMatch:  # a screen that this installation does not have
            continue
    here = max((url for _place, url in found if path.startswith(url)), key=len, default="")
    return [Link(place, url, url == here, place.name == DECISIONS, place.name == NOTICES) for place, url in found]


def magic_numbers() -> Iterable[Any]:
    """Return the simulator's magic numbers, in a demo only."""
    if not settings.DEMO:
        return ()
    from providers.sandbox.magic import MAGIC

    return MAGIC


class RecentStanding:
    """Whether background work is alive, read at most every few seconds, however many pages are shown."""

    SECONDS = 5.0

    def __init__(self) -> None:
        self._kept: tuple[float, hosts.Standing] | None = None

    def read(self) -> hosts.Standing:
        """Return how the hosts stand, or stood a moment ago."""
        kept = self._kept
        if kept is None or time.monotonic() >= kept[0]:
            kept = self._kept = (time.monotonic() + self.SECONDS, hosts.standing())
        return kept[1]

    def keep(self, standing: hosts.Standing, seconds: float) -> None:
        """Let this be the answer for so many seconds."""
        self._kept = (time.monotonic() + seconds, standing)

    def forget(self) -> None:
        """Read anew at the next page."""
        self._kept = None


background_work = RecentStanding()


class RecentAudit:
    """Whether the audit log is whole, as the minute job found, read at most every few seconds."""

    SECONDS = 30.0

    def __init__(self) -> None:
        self._kept: tuple[float, bool] | None = None

    def is_broken(self) -> bool:
        """Return whether a fault stands, or stood a moment ago."""
        if self._kept is None or time.monotonic() >= self._kept[0]:
            self._kept = (time.monotonic() + self.SECONDS, bool(verifying.standing_problem()))
        return self._kept[1]

    def forget(self) -> None:
        """Read anew at the next page."""
        self._kept = None


audit_log = RecentAudit()


class Console:
    """The values of a page's frame, each computed lazily and at most once a request."""

    def __init__(self, request: HttpRequest) -> None:
        self.person = cast(Person, request.user)
        self.path = request.path
        self.clock: ViewerClock | None = getattr(request, "viewer_clock", None)
        self._links: list[Link] | None = None
        self._switch: DialingSwitch | None = None
        self._to_decide: int | None = None
        self._unread: int | None = None

    @property
    def unread(self) -> int:
        """How many notices this person has not read."""
        if self._unread is None:
            # Read with the switch, which every page asks for anyway.
            found: int | None = getattr(self.switch, "unread", None)
            self._unread = inbox.unread(self.person) if found is None else found
        return self._unread

    @property
    def to_decide(self) -> int:
        """How many calls that this person may see need a decision."""
        if self._to_decide is None:
            calls = seen_by(self.person, Call.objects.all())
            self._to_decide = calls.filter(decision_kinds.to_decide(timezone.now())).order_by().count()
        return self._to_decide

    @property
    def links(self) -> list[Link]:
        """The whole menu."""
        if self._links is None:
            self._links = links_for(self.person, self.path)
        return self._links

    @property
    def bar_links(self) -> list[Link]:
        """The entries on the phone's bottom bar."""
        return [link for link in self.links if link.place.name in ON_THE_BAR]

    @property
    def more_links(self) -> list[Link]:
        """The entries under More."""
        return [link for link in self.links if link.place.name not in ON_THE_BAR]

    @property
    def is_under_more(self) -> bool:
        """Whether the page is one of those under More."""
        return any(link.is_here for link in self.more_links)

    @property
    def switch(self) -> DialingSwitch:
        """The state of the stop-all switch."""
        if self._switch is None:
            self._switch = stop_all.switch_now(unread=inbox.Unread(self.person))
        return self._switch

    @property
    def version(self) -> str:
        """The version that runs, which people name when they report a fault."""
        return str(settings.VERSION)

    @property
    def has_no_worker(self) -> bool:
        """Whether no worker runs anywhere, so that nobody is called."""
        return not background_work.read().is_alive

    @property
    def worker_was_here_at(self) -> datetime.datetime | None:
        """When work last passed through a worker; None where none ever ran."""
        seconds = background_work.read().silent_for
        return None if seconds is None else timezone.now() - datetime.timedelta(seconds=seconds)

    @property
    def audit_is_broken(self) -> bool:
        """Whether rows of the audit log were changed outside of the product, for those who act on it."""
        return any(may(self.person, right) for right in ("see_team_acts", "manage_providers")) and audit_log.is_broken()

    @property
    def magic_numbers(self) -> Iterable[Any]:
        """The simulator's magic numbers, in a demo only."""
        return magic_numbers()


def console(request: HttpRequest) -> dict[str, Any]:
    """Return the context of the page's frame; empty for people who are not logged in."""
    if not hasattr(request, "user") or not request.user.is_authenticated:
        return {}
    return {"console": Console(request)}
