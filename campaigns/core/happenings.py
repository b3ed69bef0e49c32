"""Something happened that others want to hear of: the one home of its kinds, and the outbox it is written to.

Whoever makes a change calls `happened` in the change's transaction. A row is written for each listener that asked for
that kind, so a change that was rolled back is told to nobody and one that was committed is told even if every process
dies right after. Where nobody listens, nothing is written: the cost is one look at a small table for each batch.

A listener registers at start (`register`), says what it wants to hear of whenever that changes (`listen`), is rung when
something was committed, and takes its rows (`taken`), in the transaction that writes what it makes of them.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Model
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaigns.models import Call, Callback, CallExport, Campaign, DoNotCall, HandOver, Happening, Listening
from providers.models import Provider

KEPT = datetime.timedelta(days=7)
"""How long a row waits for its listener, before it is deleted untaken."""
MOST_A_BATCH = 500
MOST_DELETED = 5000


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of happening."""

    label: Promise
    of: type[Model]
    """Model of the row that it is about."""


KINDS: Mapping[str, Kind] = {
    "call.answered": Kind(_("A call was answered"), Call),
    "call.ended": Kind(_("A call ended"), Call),
    "answer.given": Kind(_("A call got an answer to a question"), Call),
    "campaign.finished": Kind(_("A campaign finished"), Campaign),
    "campaign.paused": Kind(_("A campaign was paused"), Campaign),
    "campaign.pilot_over": Kind(_("A pilot finished"), Campaign),
    "approval.needed": Kind(_("A campaign needs approval"), Campaign),
    "approval.given": Kind(_("A campaign was approved"), Campaign),
    "approval.returned": Kind(_("A campaign was returned for changes"), Campaign),
    "provider.halted": Kind(_("A provider was paused"), Provider),
    "balance.low": Kind(_("A provider balance is below its limit"), Provider),
    "do_not_call.added": Kind(_("A number was added to the do-not-call list"), DoNotCall),
    "callback.due": Kind(_("A callback is due"), Callback),
    "callback.not_made": Kind(_("A callback could not be placed"), Call),
    "hand_over.given": Kind(_("A call was given to a user"), HandOver),
    "export.ready": Kind(_("An export is ready"), CallExport),
}
"""Everything that can be heard of, by the name under which it is told."""

_RUNG: dict[str, Callable[[], None]] = {}


def register(listener: str, nudge: Callable[[], None]) -> None:
    """Name a listener and what wakes it; `nudge` is called within a transaction and rings when that commits."""
    _RUNG[listener] = nudge


def listened(listener: str) -> list[str]:
    """Return what a listener wants to hear of by now."""
    return list(Listening.objects.filter(listener=listener).values_list("kind", flat=True))


def listen(listener: str, kinds: Collection[str]) -> None:
    """Say what a listener wants to hear of from now on; raises KeyError for an unknown kind."""
    _refuse_unknown(kinds)
    wanted = set(kinds)
    with transaction.atomic():
        Listening.objects.filter(listener=listener).exclude(kind__in=wanted).delete()
        Listening.objects.bulk_create(
            [Listening(listener=listener, kind=kind) for kind in sorted(wanted)], ignore_conflicts=True
        )


def is_heard(*kinds: str) -> str:
    """Return the SQL of whether anybody listens for one of these kinds, for a statement that is asked anyway."""
    _refuse_unknown(kinds)
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    return f"EXISTS (SELECT 1 FROM {Listening._meta.db_table} AS heard WHERE heard.kind IN ({listed}))"  # noqa: S608


def happened(kind: str, *subjects: int) -> int:
    """Write that something happened to rows with these ids, in the caller's transaction; returns the rows written."""
    return all_happened({kind: subjects})


def all_happened(subjects: Mapping[str, Iterable[int]]) -> int:
    """Write several kinds at once, by the ids of the rows that each is about; raises KeyError for an unknown kind."""
    _refuse_unknown(subjects)
    told = {kind: ids for kind, those in subjects.items() if (ids := list(dict.fromkeys(those)))}
    if not told:
        return 0
    listening: dict[str, list[str]] = defaultdict(list)
    for listener, kind in Listening.objects.filter(kind__in=list(told)).values_list("listener", "kind"):
        listening[listener].append(kind)
    if not listening:
        return 0
    at = timezone.now()
    rows = [
        Happening(listener=listener, kind=kind, subject=subject, at=at)
        for listener, kinds in listening.items()
        for kind in sorted(kinds)
        for subject in told[kind]
    ]
    Happening.objects.bulk_create(rows, batch_size=MOST_A_BATCH)
    for listener in listening:
        if listener in _RUNG:
            _RUNG[listener]()
    return len(rows)


def _refuse_unknown(kinds: Iterable[str]) -> None:
    for kind in kinds:
        if kind not in KINDS:
            raise KeyError(kind)


def tell_of_halt(provider_id: int, **_signal: object) -> None:
    """Write that a provider was halted: the room of providers knows no happenings, and sends a signal."""
    happened("provider.halted", provider_id)


def has_untaken(listener: str) -> bool:
    """Return whether something waits for a listener."""
    return Happening.objects.filter(listener=listener).exists()


def taken(listener: str, most: int = MOST_A_BATCH) -> list[Happening]:
    """Take the oldest of what a listener is to hear, within the caller's transaction, which makes something of it.

    Rows that another worker is just taking are passed over. If the transaction is rolled back, they wait again.
    """
    mine = Happening.objects.select_for_update(skip_locked=True).filter(listener=listener)
    found = list(mine.order_by("pk")[:most])
    if found:
        gone = Happening.objects.filter(pk__in=[one.pk for one in found])
        gone._raw_delete(gone.db)
    return found


def forget_untaken(now: datetime.datetime) -> int:
    """Delete a batch of what no listener took for `KEPT`; returns how many rows went."""
    # Rows are few, as listeners delete them: no index over the time is needed.
    old = list(Happening.objects.filter(at__lt=now - KEPT).order_by("pk").values_list("pk", flat=True)[:MOST_DELETED])
    if old:
        Happening.objects.filter(pk__in=old).delete()
    return len(old)
