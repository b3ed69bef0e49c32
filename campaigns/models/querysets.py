"""Named selections of rows; adjectives, so that a query reads as a sentence."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import F, Lookup, Q
from django.utils import timezone

from callcenter.access.roles import Person, may
from providers.registry import vendors_that
from providers.types import AT_VENDOR, FINAL, LIVE, CallStatus

if TYPE_CHECKING:
    from campaigns.models import Call, DoNotCall  # noqa: F401


if TYPE_CHECKING:
    StatusLookup = Lookup[Any]
else:
    StatusLookup = Lookup


class StatusIsOneOf(StatusLookup):
    """The condition of a partial index, word for word: SQLite uses the index only where the words are no parameters.

    Without it a commit point would read every call that its provider ever had.
    """

    lookup_name = "is_one_of"
    prepare_rhs = False

    def __init__(self, statuses: Collection[str]) -> None:
        super().__init__(F("status"), sorted(map(str, statuses)))

    def get_source_expressions(self) -> list[Any]:
        """Return the column alone: the words are no expression."""
        return [self.lhs]

    def set_source_expressions(self, exprs: Any) -> None:
        """Take the column that the query resolved."""
        (self.lhs,) = exprs

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        """Return the condition; the words are constants of ours."""
        column, parameters = self.process_lhs(compiler, connection)
        words = ", ".join(f"'{word}'" for word in self.rhs)
        return f"{column} IN ({words})", parameters


class StatusIsMostly(StatusIsOneOf):
    """A condition on the state that nearly every call passes: an index by state would only have them all sorted."""

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        """Return the condition; on SQLite a plus keeps the indexes away."""
        condition, parameters = super().as_sql(compiler, connection)
        return f"+{condition}" if connection.vendor == "sqlite" else condition, parameters


class CallQuerySet(models.QuerySet["Call"]):
    """Selections of calls."""

    def due(self, now: datetime) -> CallQuerySet:
        """Calls that wait and whose time has come."""
        return self.filter(status=CallStatus.PENDING, due_at__lte=now)

    def unleased(self, now: datetime) -> CallQuerySet:
        """Calls that no worker holds."""
        return self.filter(Q(lease_until__isnull=True) | Q(lease_until__lt=now))

    def live(self) -> CallQuerySet:
        """Calls whose phone may ring."""
        return self.filter(StatusIsOneOf(LIVE))

    def at_vendor(self) -> CallQuerySet:
        """Calls that the vendor has and has not ended."""
        return self.open().filter(status__in=AT_VENDOR)

    def recallable(self) -> CallQuerySet:
        """Calls that wait at a vendor which can still take them back."""
        there = self.live().filter(status=CallStatus.QUEUED, provider__vendor__in=vendors_that("supports_cancel"))
        return there.exclude(remote_id="")

    def open(self) -> CallQuerySet:
        """Calls of which news is to come: at the vendor, or unknown."""
        return self.filter(StatusIsOneOf(AT_VENDOR | {CallStatus.UNKNOWN}))

    def unknown(self) -> CallQuerySet:
        """Calls that may or may not have been placed."""
        return self.filter(status=CallStatus.UNKNOWN)

    def held(self) -> CallQuerySet:
        """Calls proved never placed that wait for a person's decision."""
        return self.filter(held_at__isnull=False)

    def final(self) -> CallQuerySet:
        """Calls that nothing moves on by itself."""
        return self.filter(status__in=FINAL)

    def dialed(self) -> CallQuerySet:
        """Calls whose order left or may have left."""
        return self.filter(placing_at__isnull=False)

    def visible_to(self, person: Person) -> CallQuerySet:
        """Calls that this person may see: own ones, or everybody's with the right."""
        if may(person, "see_all_calls"):
            return self
        return self.filter(owner_id=person.pk)


class DoNotCallQuerySet(models.QuerySet["DoNotCall"]):
    """Selections of do-not-call entries."""

    def in_force(self, now: datetime | None = None) -> DoNotCallQuerySet:
        """Entries that forbid a call now."""
        now = now or timezone.now()
        return self.filter(Q(expires_at__isnull=True) | Q(expires_at__gt=now))
