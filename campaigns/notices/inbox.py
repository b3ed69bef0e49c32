"""The inbox: notices as rows of each user, made with their deliveries, counted, read, and ended with their cause."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Sequence

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import IntegerField, QuerySet, Subquery

from callcenter.access.roles import Person
from campaigns.models import Notice, NoticeDelivery
from campaigns.notices import choices
from campaigns.notices.concerned import Cause, by_user
from campaigns.notices.kinds import KINDS

MOST_COUNTED = 100
"""A badge says no more than "99+"."""
KEPT = datetime.timedelta(days=90)
"""How long a notice is kept; the page of retention says so."""
MAX_DETAIL = Notice._meta.get_field("detail").max_length or 0


def tell(causes: Sequence[Cause], now: datetime.datetime) -> dict[str, int]:
    """Write a notice for each user whom a cause concerns, and its deliveries; returns how many users by cause's key.

    Within the caller's transaction or one of its own. Telling a cause again adds nothing for whoever was told.
    """
    told = by_user(causes)
    readers = choices.readers(list(told))
    with transaction.atomic():
        fresh = [
            Notice(
                user_id=user,
                kind=cause.kind,
                object_type=cause.object_type,
                object_id=cause.object_id,
                key=cause.key,
                detail=cause.detail[:MAX_DETAIL],
                actor_id=cause.actor,
                at=now,
            )
            for user, theirs in told.items()
            for cause in theirs
        ]
        keys = {cause.key for cause in causes}
        known = set(Notice.objects.filter(key__in=keys).values_list("user_id", "key"))
        Notice.objects.bulk_create([one for one in fresh if (one.user_id, one.key) not in known], ignore_conflicts=True)
        written = Notice.objects.filter(key__in=keys, deliveries=None, at=now)
        NoticeDelivery.objects.bulk_create(
            [
                NoticeDelivery(notice=one, channel=channel, due_at=readers[one.user_id].due(KINDS[one.kind], now))
                for one in written
                if one.user_id in readers
                for channel in choices.CHANNELS
                if readers[one.user_id].wants(KINDS[one.kind], channel)
            ],
            ignore_conflicts=True,
        )
    found: dict[str, int] = dict.fromkeys(keys, 0)
    for theirs in told.values():
        for cause in theirs:
            found[cause.key] += 1
    return found


def end(keys: Collection[str], now: datetime.datetime) -> int:
    """Take what is over out of the inboxes and out of what is to be sent; returns how many notices."""
    return Notice.objects.filter(key__in=keys, read_at__isnull=True).update(read_at=now) if keys else 0


def end_about(kinds: Iterable[str], object_type: str, ids: Collection[int], now: datetime.datetime) -> int:
    """Do the same for all open notices of these kinds about these things."""
    standing = Notice.objects.filter(
        kind__in=list(kinds), object_type=object_type, object_id__in=ids, read_at__isnull=True
    )
    return standing.update(read_at=now)


# What a user sees


def of(person: Person) -> QuerySet[Notice]:
    """Return the notices of one user, the newest first; nobody reads another's, whatever their rights."""
    return Notice.objects.filter(user=person.pk)


def unread(person: Person) -> int:
    """Return how many notices a user has not read, `MOST_COUNTED` at most; one look into an index."""
    return _unread(person).count()


class Unread(Subquery):
    """The same number, for a statement that is asked anyway, as every page shows it."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS unread)"
    output_field = IntegerField()

    def __init__(self, person: Person) -> None:
        super().__init__(_unread(person).values("pk"))


def _unread(person: Person) -> QuerySet[Notice]:
    return of(person).filter(read_at__isnull=True).order_by()[:MOST_COUNTED]


def read(person: User, notices: QuerySet[Notice], now: datetime.datetime) -> int:
    """Note that a user read notices of theirs; returns how many were not read before."""
    return notices.filter(user=person, read_at__isnull=True).update(read_at=now)


def forget_older(before: datetime.datetime, most: int) -> int:
    """Delete at most so many notices from before a time, read or not; returns how many."""
    old = list(Notice.objects.filter(at__lt=before).order_by("at").values_list("pk", flat=True)[:most])
    if old:
        NoticeDelivery.objects.filter(notice__in=old).delete()
        Notice.objects.filter(pk__in=old).delete()
    return len(old)
