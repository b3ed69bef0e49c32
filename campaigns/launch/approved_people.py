"""The people of an approval: kept in one statement, asked for in the statements that queue people.

A person is approved with the number that they had: one whose number was changed since is not.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from django.db import connection
from django.db.models import Exists, F, OuterRef, QuerySet, Value
from django.db.models.functions import MD5, Concat

from campaigns.launch.audience_query import Selection
from campaigns.models import ApprovedPerson, Call, Campaign, CampaignApproval, Contact

MOST_NAMED = 3
"""People of each kind of difference who are named."""


class Growth(NamedTuple):
    """How an audience differs from the approved one."""

    more: int = 0
    """People who were not approved."""
    more_named: tuple[str, ...] = ()
    renumbered: int = 0
    """People who were approved with another number."""
    renumbered_named: tuple[str, ...] = ()
    fewer: int = 0
    """Approved people who are in the audience no more; they need no approval."""


def keep(approval: CampaignApproval, people: QuerySet[Contact]) -> int:
    """Keep these people as the approved ones, in one statement; returns how many."""
    marked = people.order_by().annotate(approved_mark=_mark(F("phone"), approval))
    chosen, parameters = marked.values_list("pk", "approved_mark").query.sql_with_params()
    table = ApprovedPerson._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (approval_id, contact_id, mark) SELECT %s, chosen.* FROM ({chosen}) chosen",  # noqa: S608
            [approval.pk, *parameters],
        )
        return max(int(cursor.rowcount), 0)


def only_approved(people: QuerySet[Contact], approval: CampaignApproval) -> QuerySet[Contact]:
    """Return those of the people who are approved with the number that they have now."""
    return people.filter(Exists(_approved(approval).filter(mark=_mark(OuterRef("phone"), approval))))


def has_grown(campaign: Campaign, approval: CampaignApproval, after: int = 0, through: int | None = None) -> bool:
    """Return whether anybody with `after` < id <= `through` would be queued without having been approved."""
    return _unapproved(campaign, approval, after, through).exists()


def measure(campaign: Campaign, approval: CampaignApproval) -> Growth:
    """Count how the audience differs from the approved one, and name the first few."""
    unapproved = _unapproved(campaign, approval, 0, None)
    more = unapproved.filter(~Exists(_approved(approval)))
    renumbered = unapproved.filter(Exists(_approved(approval)))
    still = Selection.of(campaign).people().filter(pk=OuterRef("contact_id"))
    return Growth(
        more=more.count(),
        more_named=_named(more),
        renumbered=renumbered.count(),
        renumbered_named=_named(renumbered),
        fewer=ApprovedPerson.objects.filter(~Exists(still), approval=approval).count(),
    )


def mark_of_audience(people: QuerySet[Contact]) -> str:
    """Return a digest of who they are and of their numbers, in the order of their ids; it reads them all."""
    found = hashlib.blake2b(digest_size=16)
    for pk, phone in people.order_by("pk").values_list("pk", "phone").iterator(chunk_size=10_000):
        found.update(b"%d:%s;" % (pk, phone.encode()))
    return found.hexdigest()


def forget(approval_id: int) -> int:
    """Delete the people of an approval that is not in force any more; returns how many."""
    rows = ApprovedPerson.objects.filter(approval=approval_id)
    return int(rows._raw_delete(rows.db))


def _unapproved(campaign: Campaign, approval: CampaignApproval, after: int, through: int | None) -> QuerySet[Contact]:
    """Return the people of the audience who are not approved; who has a call of the campaign is not queued again."""
    queued = Call.objects.filter(campaign=campaign, contact=OuterRef("pk"), attempt=1)
    same = _approved(approval).filter(mark=_mark(OuterRef("phone"), approval))
    people = Selection.of(campaign).people().filter(~Exists(same), ~Exists(queued))
    if after:
        people = people.filter(pk__gt=after)
    return people if through is None else people.filter(pk__lte=through)


def _approved(approval: CampaignApproval) -> QuerySet[ApprovedPerson]:
    return ApprovedPerson.objects.filter(approval=approval, contact_id=OuterRef("pk"))


def _mark(number: F | OuterRef, approval: CampaignApproval) -> MD5:
    return MD5(Concat(number, Value(approval.salt)))


def _named(people: QuerySet[Contact]) -> tuple[str, ...]:
    return tuple(str(contact) for contact in people.order_by("pk")[:MOST_NAMED])
