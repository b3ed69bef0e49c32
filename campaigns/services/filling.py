"""Puts a launched campaign's people into the queue: one INSERT .. SELECT a chunk, from where the last one ended."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from django.db import connection, models, transaction
from django.db.models import Exists, F, OuterRef, QuerySet, Value
from django.utils import timezone
from django.utils.translation import gettext as _

from callcenter.access.roles import may
from campaigns.models import Call, Campaign, Contact, DoNotCall, ListMembership
from campaigns.querysets import CallQuerySet
from campaigns.reasons import SkipReason
from campaigns.rules import RANK
from campaigns.services.audience import MessageJudge, NumberJudge
from campaigns.services.lifecycle import needs_approval, pause_by_system
from providers.types import CallStatus

CHUNK = 5000


class NewReference(models.Func):
    """A new random reference for each row, made by the database."""

    template = "gen_random_uuid()"
    output_field = models.UUIDField()

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        """Return 32 random hexadecimal digits, the way SQLite stores a UUID."""
        return self.as_sql(compiler, connection, template="lower(hex(randomblob(16)))", **extra)


def fill_campaign(campaign_id: int, chunk: int = CHUNK, deadline: float | None = None) -> int:
    """Add the first attempt of every person of a running campaign; returns how many rows were added.

    Safe to run again and by several workers at once. `deadline` is a monotonic time at which it stops between chunks.
    """
    added = 0
    while deadline is None or time.monotonic() < deadline:
        more = _fill_chunk(campaign_id, chunk)
        if more is None:
            break
        added += more
    return added


def fill_running_campaigns(limit_seconds: float) -> int:
    """Go on with every running campaign that is not filled; returns how many rows were added."""
    deadline = time.monotonic() + limit_seconds
    unfilled = Campaign.objects.filter(status=Campaign.Status.RUNNING, is_filled=False).order_by("launched_at", "id")
    return sum(fill_campaign(pk, deadline=deadline) for pk in unfilled.values_list("pk", flat=True))


def _fill_chunk(campaign_id: int, chunk: int) -> int | None:
    """Add one chunk in one transaction; None where there is nothing more to do."""
    with transaction.atomic():
        campaign = (
            Campaign.objects.select_related("provider", "agent", "launched_by")
            .filter(pk=campaign_id, status=Campaign.Status.RUNNING, is_filled=False)
            .first()
        )
        if campaign is None:
            return None
        ids, is_last = _next_people(campaign, chunk)
        if _outgrows_limit(campaign, len(ids)):
            pause_by_system(campaign_id, _("The lists grew above the limit of whoever launched it: a manager resumes."))
            return None
        added = 0
        if ids:
            added = _insert_first_attempts(campaign, ids[-1])
            _skip_hopeless(campaign, ids[-1])
        # Last, so that the campaign's row is locked only for a moment. A stop that came first wins: nothing was added.
        moved = Campaign.objects.filter(
            pk=campaign_id,
            status=Campaign.Status.RUNNING,
            is_filled=False,
            filled_through=campaign.filled_through,
        ).update(filled_through=ids[-1] if ids else campaign.filled_through, is_filled=is_last)
        if not moved:
            transaction.set_rollback(True)
            return None
        return added


def _outgrows_limit(campaign: Campaign, more: int) -> bool:
    """Tell whether the lists grew, after the launch, above what its launcher may launch."""
    launcher = campaign.launched_by
    if launcher is None or may(launcher, "launch_above_limit"):
        return False
    return needs_approval(more + Call.objects.filter(campaign=campaign, attempt=1).count(), launcher)


def _next_people(campaign: Campaign, chunk: int) -> tuple[Sequence[int], bool]:
    """Return the next contact ids of all lists in order, and whether they are the last."""
    found: set[int] = set()
    is_last = True
    for list_id in campaign.lists.values_list("pk", flat=True):
        members = ListMembership.objects.filter(contact_list=list_id, contact_id__gt=campaign.filled_through)
        ids = list(members.order_by("contact_id").values_list("contact_id", flat=True)[: chunk + 1])
        found.update(ids)
    ordered = sorted(found)
    is_last = len(ordered) <= chunk
    return ordered[:chunk], is_last


def _members(campaign: Campaign, through: int) -> QuerySet[Contact]:
    in_lists = ListMembership.objects.filter(
        contact=OuterRef("pk"), contact_list__in=list(campaign.lists.values_list("pk", flat=True))
    )
    return Contact.objects.filter(Exists(in_lists), pk__gt=campaign.filled_through, pk__lte=through)


def _insert_first_attempts(campaign: Campaign, through: int) -> int:
    """Insert the first attempts of a range of contacts in one statement."""
    now = timezone.now()
    fixed: dict[str, Any] = {
        "campaign": campaign.pk,
        "provider": campaign.provider_id,
        "agent": campaign.agent_id,
        "voice": campaign.voice_id,
        "caller_id": campaign.caller_id_id,
        "dialer": campaign.dialer_id,
        "text": campaign.text,
        "owner": campaign.owner_id,
        "team": campaign.team_id,
        "attempt": 1,
        "created_at": now,
        "changed_at": now,
        "due_at": now,
    }
    computed: dict[str, Any] = {
        "reference": NewReference(),
        "contact": F("pk"),
        "to_number": F("phone"),
    }
    columns: list[str] = []
    selected: dict[str, Any] = {}
    for field in Call._meta.concrete_fields:
        if field.primary_key:
            continue
        if field.name in computed:
            expression = computed[field.name]
        else:
            value = fixed[field.name] if field.name in fixed else field.get_default()
            if value is None:
                continue
            expression = Value(value, output_field=getattr(field, "target_field", field))
        columns.append(connection.ops.quote_name(str(field.column)))
        selected[f"new_{field.name}"] = expression
    people = _members(campaign, through).order_by("pk").annotate(**selected).values_list(*selected)
    select, parameters = people.query.sql_with_params()
    statement = (
        f"INSERT INTO {connection.ops.quote_name(Call._meta.db_table)} ({', '.join(columns)}) "
        f"{select} ON CONFLICT DO NOTHING"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return max(int(cursor.rowcount), 0)


def _skip_hopeless(campaign: Campaign, through: int) -> None:
    """Skip the new rows that can never be called, before anybody else sees them.

    They are those on the do-not-call list, and whose number is refused, local time not known or message with a hole.
    """
    new = Call.objects.filter(
        campaign=campaign,
        attempt=1,
        status=CallStatus.PENDING,
        contact_id__gt=campaign.filled_through,
        contact_id__lte=through,
    )
    forbidden = DoNotCall.objects.in_force().filter(phone=OuterRef("to_number"))
    _skip(new.filter(Exists(forbidden)), SkipReason.DO_NOT_CALL)
    numbers, message = NumberJudge(campaign.provider), MessageJudge(campaign)
    hopeless: dict[str, list[int]] = {}
    columns = ["pk", "to_number", "contact__time_zone", "contact__name"]
    if message.reads_people:
        columns.append("contact__variables")
    for pk, number, own_zone, name, *rest in new.values_list(*columns):
        reason = numbers.why_never(number, numbers.zones(number, own_zone))
        if not reason and message.reads_people and message.is_missing(name, rest[0]):
            reason = SkipReason.MISSING_VARIABLE
        if reason:
            hopeless.setdefault(reason, []).append(pk)
    for reason, ids in hopeless.items():
        _skip(new.filter(pk__in=ids), reason)


def _skip(calls: CallQuerySet, reason: str) -> None:
    now = timezone.now()
    calls.update(
        status=CallStatus.SKIPPED,
        rank=RANK[CallStatus.SKIPPED],
        skip_reason=reason,
        ended_at=now,
        changed_at=now,
    )
