"""People of a campaign by the disposition of their last attempt, to call them again."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from campaigns.core.conditions import last_attempts
from campaigns.models import CallDisposition, Campaign, Disposition
from campaigns.models.calls import CallQuerySet
from providers.types import ENDED


@dataclass(frozen=True, slots=True)
class DispositionGroup:
    """The people whose last attempt has one disposition."""

    pk: int
    name: str
    people: int


def groups(campaign: Campaign) -> list[DispositionGroup]:
    """Return the groups that hold somebody, by name; none of a disposition that means: never call again."""
    over = _over(campaign).filter(disposed__disposition__in=_offered())
    rows = over.order_by().values_list("disposed__disposition", "disposed__disposition__name").annotate(n=Count("pk"))
    return sorted((DispositionGroup(*row) for row in rows), key=lambda group: (group.name, group.pk))


def condition(campaign: Campaign, chosen: Collection[int]) -> Q:
    """Return the condition of the last attempts with one of these dispositions."""
    carried = CallDisposition.objects.filter(
        call=OuterRef("pk"), disposition__in=_offered().filter(pk__in=sorted(chosen)).values("pk")
    )
    return Q(pk__in=_over(campaign).filter(Exists(carried)).values("pk"))


def _over(campaign: Campaign) -> CallQuerySet:
    return last_attempts(campaign).filter(contact__isnull=False, status__in=ENDED)


def _offered() -> QuerySet[Disposition]:
    return Disposition.objects.exclude(follows=Disposition.Follows.NEVER)
