"""What is kept how long: rows that are older than the settings say are cleared in small batches, and counted."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.apps import apps
from django.contrib.sessions.models import Session
from django.db import models, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from callcenter.audit.models import record
from campaigns.core.installation import Installation, current
from campaigns.models import (
    Answer,
    Call,
    CallEvent,
    CallTranscript,
    Campaign,
    ClearedRows,
    HeardOptOut,
    Notice,
    RetentionMark,
    TallyMark,
    TranscriptWords,
    WebhookDelivery,
)
from campaigns.notices import inbox
from campaigns.reports.rollups import QUARTER, quarter_of
from providers.models import ProviderExchange
from providers.types import FINAL, CallStatus

BATCH = 200
"""Rows of one transaction, so that nobody waits for it: a quarter of a second at most, also on a busy machine."""
SECONDS_A_RUN = 4.0
"""Of the minute job; the next one, a minute later, goes on."""
COUNTED_UP_TO = 100_000
FAILURES_KEPT = datetime.timedelta(days=30)
"""How long a task of the queue that failed can be looked at."""

Words = str | Promise


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of data: what it is, how long it is kept, and how a batch of it is cleared."""

    key: str
    label: Words
    setting: str
    """Field of the settings with its days; empty where it is fixed."""
    clear: Callable[[datetime.datetime], int]
    """Clears a batch of what is older than a time; returns how many rows, 0 where nothing is left."""
    old: Callable[[datetime.datetime], models.QuerySet[models.Model]]
    """What is older than a time and not cleared yet."""
    oldest: Callable[[], datetime.datetime | None]
    """When the oldest of what is kept was written."""
    fixed: datetime.timedelta = datetime.timedelta(0)
    """For how long it is kept where no setting says so."""

    def limit(self, now: datetime.datetime, installation: Installation) -> datetime.datetime:
        """Return the time before which rows of this kind are cleared."""
        if self.setting:
            return now - datetime.timedelta(days=getattr(installation, self.setting))
        return now - self.fixed

    def days(self, installation: Installation) -> int | None:
        """Return for how many days it is kept; None for what is cleared as soon as it has ended."""
        return getattr(installation, self.setting) if self.setting else self.fixed.days or None


# Conversations


def _with_conversation() -> models.QuerySet[Call]:
    """Return the calls past the mark."""
    mark = RetentionMark.objects.filter(pk="conversations").first()
    if mark is None:
        return Call.objects.all()
    past = Call.objects.filter(Q(changed_at__gt=mark.changed_at) | Q(pk__gt=mark.call_id))
    return past.filter(changed_at__gte=mark.changed_at)


def _next_conversations(before: datetime.datetime) -> list[tuple[int, datetime.datetime]]:
    """Return a batch of calls past the mark, in order of their last news and id, with the time of these news.

    Those of the mark's own time are asked for apart: with "or" a database reads all that is cleared already, each time.
    """
    mark = RetentionMark.objects.filter(pk="conversations").first()
    later, found = Call.objects.filter(changed_at__lt=before).order_by("changed_at", "pk"), []
    if mark is not None:
        same = Call.objects.filter(changed_at=mark.changed_at, changed_at__lt=before, pk__gt=mark.call_id)
        found = list(same.order_by("pk").values_list("pk", "changed_at")[:BATCH])
        later = later.filter(changed_at__gt=mark.changed_at)
    if len(found) < BATCH:
        found += later.values_list("pk", "changed_at")[: BATCH - len(found)]
    return found


def _old_conversations(before: datetime.datetime) -> models.QuerySet[models.Model]:
    answered = Exists(Answer.objects.filter(call=OuterRef("pk")))
    held = Q(transcript__isnull=False) | Q(recording_available=True) | ~Q(extracted={}) | answered
    return _with_conversation().filter(held, changed_at__lt=before)


def clear_conversations(before: datetime.datetime) -> int:
    """Clear transcripts, their words, answers and the way to recordings of a batch of calls."""
    found = _next_conversations(before)
    if not found:
        return 0
    ids = [pk for pk, _at in found]
    with transaction.atomic():
        held = CallTranscript.objects.filter(call__in=ids)
        # Words first: the full-text index follows them by triggers.
        words = TranscriptWords.objects.filter(call__in=ids)
        words._raw_delete(words.db)
        transcripts = int(held._raw_delete(held.db))
        answers = Answer.objects.filter(call__in=ids)
        answers_cleared = int(answers._raw_delete(answers.db))
        noted = Call.objects.filter(Q(recording_available=True) | ~Q(extracted={}), pk__in=ids)
        noted_rows = noted.update(recording_available=False, extracted={})
        HeardOptOut.objects.filter(call__in=ids, decided_at__isnull=False).exclude(said="").update(said="")
        last, at = found[-1]
        RetentionMark.objects.update_or_create(pk="conversations", defaults={"changed_at": at, "call_id": last})
        _note("conversations", max(transcripts, noted_rows, answers_cleared))
    return len(found)


# Calls


def _old_calls(before: datetime.datetime) -> models.QuerySet[models.Model]:
    old = Call.objects.filter(changed_at__lt=before, status__in=sorted(FINAL | {CallStatus.SKIPPED}))
    # By its calls a campaign that stays open knows whom it has called: they are kept until it is over.
    over = (Campaign.Status.STOPPED, Campaign.Status.FINISHED)
    living = list(Campaign.objects.filter(is_living=True).exclude(status__in=over).values_list("pk", flat=True))
    return old.exclude(campaign__in=living) if living else old


def clear_calls(before: datetime.datetime) -> int:
    """Clear a batch of calls that are over, with all that belongs to them; their sums in reports stay."""
    mark = TallyMark.objects.filter(pk=1).first()
    summed = mark.through if mark else 0
    end = datetime.datetime.fromtimestamp(summed * QUARTER, datetime.UTC)
    old = _old_calls(before).filter(Q(placing_at__isnull=True) | Q(placing_at__lt=end))
    found = list(old.order_by("changed_at", "pk").values_list("pk", "placing_at")[:BATCH])
    if not found:
        return 0
    quarters = [quarter_of(at) for _pk, at in found if at is not None]
    with transaction.atomic():
        if quarters:
            # Before the calls are gone: whoever sums again from now on leaves these quarters as they are.
            TallyMark.objects.filter(pk=1, cleared_through__lte=max(quarters)).update(cleared_through=max(quarters) + 1)
        _delete_calls([pk for pk, _at in found])
        _note("calls", len(found))
    return len(found)


def _delete_calls(ids: list[int]) -> None:
    """Delete calls with the rows that belong to them; rows that only name them are emptied of that."""
    words = TranscriptWords.objects.filter(call__in=ids)
    words._raw_delete(words.db)
    for relation in Call._meta.related_objects:
        rows = relation.related_model._base_manager.filter(**{f"{relation.field.name}__in": ids})
        if relation.on_delete is models.CASCADE:
            rows._raw_delete(rows.db)
        else:
            rows.update(**{relation.field.name: None})
    calls = Call._base_manager.filter(pk__in=ids)
    calls._raw_delete(calls.db)


# Logs


def _front(rows: models.QuerySet[models.Model], at: str, before: datetime.datetime) -> int:
    """Delete the old rows among the first of a table that only grows; returns how many."""
    first = rows.order_by("pk").values_list("pk", at)[:BATCH]
    ids = [pk for pk, written in first if written < before]
    if ids:
        old = rows.model._base_manager.filter(pk__in=ids)
        old._raw_delete(old.db)
    return len(ids)


def _others() -> list[tuple[type[models.Model], str]]:
    """Return tables of libraries that hold names and addresses of users."""
    known = [("admin.LogEntry", "action_time")]
    return [(apps.get_model(label), at) for label, at in known if apps.is_installed(_app_of(label))]


def _app_of(label: str) -> str:
    return {"admin": "django.contrib.admin"}.get(label.split(".")[0], label.split(".")[0])


def clear_logs(before: datetime.datetime) -> int:
    """Clear a batch of steps of calls, of exchanges with providers and of what libraries noted of users."""
    with transaction.atomic():
        done = _front(CallEvent._base_manager.all(), "at", before)
        done += _front(ProviderExchange._base_manager.all(), "at", before)
        done += _front(WebhookDelivery._base_manager.all(), "at", before)
        for model, at in _others():
            done += _front(model._base_manager.all(), at, before)
        _note("logs", done)
    return done


def _old_logs(before: datetime.datetime) -> models.QuerySet[models.Model]:
    return CallEvent._base_manager.filter(at__lt=before)


# Sessions and failures of the queue


def clear_sessions(before: datetime.datetime) -> int:
    """Clear a batch of sessions that have ended."""
    return _clear_some("sessions", _ended(before))


def _ended(before: datetime.datetime) -> models.QuerySet[models.Model]:
    found: models.QuerySet[models.Model] = Session._base_manager.filter(expire_date__lt=before)
    return found


def clear_failures(before: datetime.datetime) -> int:
    """Clear a batch of what the queue kept of tasks: their results and their failures."""
    return _clear_some("failures", _tasks().filter(stopped__lt=before))


def _tasks() -> models.QuerySet[models.Model]:
    found: models.QuerySet[models.Model] = apps.get_model("django_q.Task")._base_manager.all()
    return found


def clear_notices(before: datetime.datetime) -> int:
    """Clear a batch of notices, read or not, with what was to be sent of them."""
    with transaction.atomic():
        done = inbox.forget_older(before, BATCH)
        _note("notices", done)
    return done


def _clear_some(kind: str, rows: models.QuerySet[models.Model]) -> int:
    ids = list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])
    if ids:
        with transaction.atomic():
            old = rows.model._base_manager.filter(pk__in=ids)
            old._raw_delete(old.db)
            _note(kind, len(ids))
    return len(ids)


def _first(rows: models.QuerySet[models.Model], at: str) -> datetime.datetime | None:
    found: datetime.datetime | None = rows.order_by(at).values_list(at, flat=True).first()
    return found


KINDS = (
    Kind(
        "conversations", _("Transcripts, answers noted by agents and recordings"), "keep_conversation_days",
        clear_conversations, _old_conversations, lambda: _first(_with_conversation(), "changed_at"),
    ),
    Kind(
        "calls", _("Call details"), "keep_call_days",
        clear_calls, _old_calls, lambda: _first(Call.objects.all(), "changed_at"),
    ),
    Kind(
        "logs", _("Call timelines and exchanges with providers"), "keep_log_days",
        clear_logs, _old_logs, lambda: CallEvent.objects.order_by("pk").values_list("at", flat=True).first(),
    ),
    Kind(
        "sessions", _("Ended sessions"), "",
        clear_sessions, _ended, lambda: _first(_ended(timezone.now()), "expire_date"),
    ),
    Kind(
        "failures", _("Failed background tasks"), "",
        clear_failures, lambda before: _tasks().filter(stopped__lt=before), lambda: _first(_tasks(), "stopped"),
        FAILURES_KEPT,
    ),
    Kind(
        "notices", _("Notices to users"), "",
        clear_notices, lambda before: Notice.objects.filter(at__lt=before), lambda: _first(Notice.objects.all(), "at"),
        inbox.KEPT,
    ),
)  # fmt: skip


def clear_old(now: datetime.datetime, seconds: float = SECONDS_A_RUN) -> dict[str, int]:
    """Clear what is older than the settings say, for at most some seconds; returns the rows by kind. Idempotent.

    Each batch is a transaction of its own, in which its rows are counted too.
    """
    installation, until, done = current(), time.monotonic() + seconds, dict.fromkeys((kind.key for kind in KINDS), 0)
    left = list(KINDS)
    while left and time.monotonic() < until:
        # In turn, so that one kind with many rows does not keep the others waiting.
        for kind in list(left):
            cleared = kind.clear(kind.limit(now, installation))
            done[kind.key] += cleared
            if cleared < BATCH or time.monotonic() >= until:
                left.remove(kind)
    return done


def _note(kind: str, rows: int) -> None:
    """Count cleared rows, in the transaction that clears them; the first of a day is recorded."""
    if not rows:
        return
    now = datetime.datetime.now(datetime.UTC)
    noted, is_new = ClearedRows.objects.get_or_create(
        kind=kind, day=now.date(), defaults={"rows": rows, "last_at": now}
    )
    if not is_new:
        ClearedRows.objects.filter(pk=noted.pk).update(rows=F("rows") + rows, last_at=now)
    elif kind in {"conversations", "calls", "logs"}:
        record(None, "retention.cleared", None, kind=kind, rows=rows)


# What the page shows


@dataclass(frozen=True, slots=True)
class Standing:
    """What is kept of one kind, what was cleared last, and what goes next."""

    kind: Kind
    days: int | None
    oldest: datetime.datetime | None
    last: ClearedRows | None
    due: int
    """Rows that are older than the setting says and will go in the next runs; at most `COUNTED_UP_TO`."""


def standings(now: datetime.datetime) -> list[Standing]:
    """Return what is kept of every kind, read from the tables themselves."""
    installation = current()
    return [
        Standing(
            kind,
            kind.days(installation),
            kind.oldest(),
            ClearedRows.objects.filter(kind=kind.key).first(),
            count_of(kind.old(kind.limit(now, installation))),
        )
        for kind in KINDS
    ]


def would_go(changes: Iterable[tuple[str, int]], now: datetime.datetime) -> list[tuple[Kind, int]]:
    """Return how many rows of each kind would go by shorter settings (field, days) that are not saved yet."""
    found, wanted = [], dict(changes)
    for kind in KINDS:
        days = wanted.get(kind.setting)
        if days is not None and days < getattr(current(), kind.setting):
            found.append((kind, count_of(kind.old(now - datetime.timedelta(days=days)))))
    return found


def count_of(rows: models.QuerySet[models.Model]) -> int:
    """Return how many rows there are, at most `COUNTED_UP_TO`."""
    return int(rows.order_by().values("pk")[:COUNTED_UP_TO].count())
