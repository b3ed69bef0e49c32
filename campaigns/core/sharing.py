"""Several hosts share the providers: a slice that serves more than another host's hands leases over to it.

A slice takes every free provider that has work, so that nothing waits for a host that may not come. Beside other living
hosts it says every second that it runs, compares how many providers each host serves, and where another host serves at
least two fewer, gives one lease away: by writing the other slice's token into it, so that there is no moment without a
holder or with two. Every gift makes the numbers more even, so that no provider goes back and forth. With one host
nothing is written or given.
"""

from __future__ import annotations

import datetime
import time
from collections import Counter
from uuid import UUID

from django.conf import settings
from django.db import transaction

from campaigns import queue
from campaigns.core import hosts, leases
from campaigns.core.leases import Kind, Others
from campaigns.models import RunningSlice
from providers.models import Provider

LOOK_SECONDS = 1.0
"""Seconds between two looks at what the other hosts serve."""
SEEN_SECONDS = 5
"""A slice that was not seen for this long is given nothing."""
RING_SECONDS, LONGEST_RING = 2.0, 16.0
"""Seconds between two nudges for a living host that runs no slice, twice as long each time: it may have no time."""
WAIT_SECONDS = 6.0
"""How long a slice without a provider waits to be given one."""
FORGET_SECONDS = 3600
"""Rows of slices that died are deleted after this time."""
LEAST_MORE = 2
"""A host gives to one that serves this many providers fewer: after the gift it never serves fewer itself."""


class Sharing:
    """What one slice knows of the other hosts' slices of its kind."""

    def __init__(self, kind: Kind, token: UUID, others: Others) -> None:
        self._kind, self._token, self._others = kind, token, others
        self._host: str = settings.HOST_NAME
        self._is_announced = False
        self._looked_at = self._rings_at = time.monotonic() - LOOK_SECONDS
        self._ring_wait = RING_SECONDS
        self._short_since: float | None = None

    def heir(self, now: datetime.datetime, *, serves: bool) -> UUID | None:
        """Return the slice of another host that should be given one of our providers, or None; looks once a second.

        `serves` is whether this slice has a provider; one that has none, and no room beside others, takes none.
        """
        moment = time.monotonic()
        if moment - self._looked_at < LOOK_SECONDS:
            return None
        self._looked_at = moment
        if not serves and not self._others.leave_room(now):
            return None
        others = set(hosts.living(now).exclude(name=self._host).values_list("name", flat=True))
        if not others:
            self.withdraw()
            return None
        self._announce(now)
        found = Served(self._kind, now)
        self._note_whether_short(found, moment)
        poorest = min(
            (host for host in found.takers if host != self._host),
            key=lambda host: (found.served[host], host),
            default=None,
        )
        if poorest is not None and found.may_give(self._token, poorest):
            return min(found.takers[poorest], key=lambda token: (found.leases[token], token))
        self._ring_for(others - set(found.takers), found, moment)
        return None

    def give(self, provider_id: int, heir: UUID, now: datetime.datetime) -> bool:
        """Hand our lease of a provider over to another slice; returns False where the two no longer differ enough.

        The heir's row is locked: several givers come one after the other and count anew, and a slice that is about to
        end waits for the gift before it releases what it holds.
        """
        with transaction.atomic():
            row = RunningSlice.objects.select_for_update().filter(pk=heir, kind=self._kind).first()
            if row is None or not Served(self._kind, now).may_give(self._token, row.host):
                return False
            lease, until = f"{self._kind}_lease", f"{self._kind}_lease_until"
            ours = Provider.objects.filter(pk=provider_id, **{lease: self._token, f"{until}__gte": now})
            return bool(ours.update(**{lease: heir, until: now + leases.LEASE}))

    @property
    def is_short(self) -> bool:
        """Whether another host serves so many more that this slice should wait a moment to be given one."""
        return self._short_since is not None and time.monotonic() - self._short_since < WAIT_SECONDS

    def withdraw(self) -> None:
        """Say that this slice takes nothing any more."""
        if self._is_announced:
            RunningSlice.objects.filter(pk=self._token).delete()
            self._is_announced = False
        self._short_since = None

    def _announce(self, now: datetime.datetime) -> None:
        if not self._is_announced:
            RunningSlice.objects.filter(seen_at__lt=now - datetime.timedelta(seconds=FORGET_SECONDS)).delete()
        if not self._is_announced or not RunningSlice.objects.filter(pk=self._token).update(seen_at=now):
            said = {"kind": self._kind, "host": self._host, "seen_at": now}
            RunningSlice.objects.update_or_create(token=self._token, defaults=said)
        self._is_announced = True

    def _note_whether_short(self, found: Served, moment: float) -> None:
        mine = found.served[self._host]
        if any(served - mine >= LEAST_MORE for served in found.served.values()):
            self._short_since = moment if self._short_since is None else self._short_since
        else:
            self._short_since = None

    def _ring_for(self, absent: set[str], found: Served, moment: float) -> None:
        """Nudge, so that a host that runs no slice begins one; whichever host takes the message."""
        if not absent or found.served[self._host] < LEAST_MORE:
            self._ring_wait, self._rings_at = RING_SECONDS, moment
        elif moment >= self._rings_at:
            self._rings_at = moment + self._ring_wait
            self._ring_wait = min(2 * self._ring_wait, LONGEST_RING)
            (queue.nudge_dispatch if self._kind == "dispatch" else queue.nudge_poll)()


class Served:
    """How many providers each host and each slice serves, and which slices would take one more."""

    def __init__(self, kind: Kind, now: datetime.datetime) -> None:
        lease, until = f"{kind}_lease", f"{kind}_lease_until"
        slices = list(RunningSlice.objects.filter(kind=kind).values_list("token", "host", "seen_at"))
        host_of = {token: host for token, host, _seen_at in slices}
        held = Provider.objects.filter(**{f"{lease}__isnull": False, f"{until}__gte": now})
        self.leases = Counter(held.order_by().values_list(lease, flat=True))
        self.served: Counter[str] = Counter()
        """A lease of a slice that never said whose it is counts for nobody."""
        for token, count in self.leases.items():
            if token in host_of:
                self.served[host_of[token]] += count
        self.takers: dict[str, list[UUID]] = {}
        self._host_of = host_of
        seen = datetime.timedelta(seconds=SEEN_SECONDS)
        for token, host, seen_at in slices:
            if now - seen < seen_at < now + seen:
                self.takers.setdefault(host, []).append(token)

    def may_give(self, token: UUID, host: str) -> bool:
        """Tell whether the slice `token` should give a provider to another host.

        Of several slices on one host only the one with the most leases gives, or two might give the same difference.
        """
        own = self._host_of.get(token)
        if own is None or self.served[own] - self.served[host] < LEAST_MORE:
            return False
        rivals = [other for other, its_host in self._host_of.items() if its_host == own]
        return bool(self.leases[token]) and max(rivals, key=lambda other: (self.leases[other], other)) == token
