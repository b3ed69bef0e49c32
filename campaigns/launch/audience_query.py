"""The query for a campaign's audience: people of lists and tags, and the exclusion of other campaigns' people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import BooleanField, Exists, F, Func, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from callcenter.access.reach import usable_by
from campaigns.core import conditions
from campaigns.models import Call, Campaign, Contact, ContactTeam, ListMembership
from campaigns.models.calls import CallQuerySet
from campaigns.reasons import SkipReason


class CarriesOneOf(Func):
    """SQL condition that a JSON column of tags contains at least one of some words."""

    output_field = BooleanField()

    def __init__(self, column: str, words: Sequence[str]) -> None:
        super().__init__(F(column), *map(Value, words))

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **extra: Any) -> Any:
        """Return the condition in the SQL of the engine in use, with its parameters."""
        column, *words = [compiler.compile(source) for source in self.source_expressions]
        places = ", ".join(sql for sql, _parameters in words)
        parameters = [value for _sql, values in (column, *words) for value in values]
        if connection.vendor == "postgresql":
            return f"jsonb_exists_any({column[0]}, ARRAY[{places}]::text[])", parameters
        condition = f"EXISTS (SELECT 1 FROM json_each({column[0]}) WHERE value IN ({places}))"  # noqa: S608
        return condition, parameters


@dataclass(frozen=True, slots=True)
class Selection:
    """The chosen audience, from a saved campaign or from a form not saved yet."""

    lists: tuple[int, ...] = ()
    tags: tuple[str, ...] = ()
    """Only people with at least one of these tags; if no list is chosen, all contacts with one."""
    left_out: tuple[int, ...] = ()
    """Campaigns whose people are not called."""
    only_reached: bool = False
    team: int | None = None
    """Whose contacts are meant where no list says it: this team's, those that it shares, and those of no team."""

    @classmethod
    def of(cls, campaign: Campaign) -> Selection:
        """Return the selection that is saved with a campaign."""
        return cls(
            lists=tuple(sorted(chosen.pk for chosen in campaign.lists.all())),
            tags=tuple(campaign.tags),
            left_out=tuple(campaign.excluded_campaigns.order_by("pk").values_list("pk", flat=True)),
            only_reached=campaign.excludes_only_reached,
            team=campaign.team_id,
        )

    @property
    def is_empty(self) -> bool:
        """Return whether nothing is chosen yet."""
        return not (self.lists or self.tags)

    def people(self) -> QuerySet[Contact]:
        """Return everybody, each once, including those to be left out: the verdict on them gives the reason."""
        people = Contact.objects.order_by("pk")
        if self.is_empty:
            return people.none()
        if self.lists:
            members = ListMembership.objects.filter(contact=OuterRef("pk"), contact_list__in=self.lists)
            people = people.filter(Exists(members))
        else:
            shared = ContactTeam.objects.filter(team=self.team or 0).values("contact")
            people = people.filter(usable_by(self.team) | Q(pk__in=shared))
        return people.filter(CarriesOneOf("tags", self.tags)) if self.tags else people

    def count(self) -> int:
        """Count everybody, each once."""
        if self.tags or not self.lists:
            return self.people().count()
        members = ListMembership.objects.filter(contact_list__in=self.lists)
        return members.count() if len(self.lists) == 1 else members.values("contact").distinct().count()

    def is_larger_than(self, limit: int) -> bool:
        """Return whether there are more than `limit` people, without counting them all."""
        return len(self.next_ids(0, limit + 1)) > limit

    def next_ids(self, after: int, limit: int) -> list[int]:
        """Return the first `limit` ids of `people` greater than `after`, in order; each list is read by its index."""
        if not self.lists:
            return list(self.people().filter(pk__gt=after).values_list("pk", flat=True)[:limit])
        found: set[int] = set()
        for list_id in self.lists:
            members = ListMembership.objects.filter(contact_list=list_id, contact_id__gt=after)
            if self.tags:
                members = members.filter(CarriesOneOf("contact__tags", self.tags))
            found.update(members.order_by("contact_id").values_list("contact_id", flat=True)[:limit])
        return sorted(found)[:limit]

    def stands_elsewhere(self) -> Q | Value:
        """Return the condition that a person belongs to an excluded campaign, by contact id or by phone number."""
        if not self.left_out:
            return Value(False, output_field=BooleanField())
        calls = calls_of_people(only_reached=self.only_reached)
        same_person = Exists(calls.filter(campaign__in=self.left_out, contact=OuterRef("pk")))
        # Coalesce keeps SQLite's planner from using the index on campaign, which would read it whole for each person.
        campaign = Coalesce("campaign_id", 0)
        same_number = Exists(calls.alias(of=campaign).filter(of__in=self.left_out, to_number=OuterRef("phone")))
        return Q(same_person) | Q(same_number)


def calls_of_people(*, only_reached: bool) -> CallQuerySet:
    """Return the calls that make somebody one of a campaign's people: any call, or only calls in which they talked."""
    calls = Call.objects.order_by()
    if only_reached:
        return conditions.reached_in(calls)
    return calls.exclude(skip_reason=SkipReason.EXCLUDED)


def people_of(campaign: Campaign) -> QuerySet[Contact]:
    """Return a campaign's audience, each person once."""
    return Selection.of(campaign).people()


def count_people(campaign: Campaign) -> int:
    """Count a campaign's audience, each person once."""
    return Selection.of(campaign).count()


def unknown_tags(tags: Iterable[str]) -> list[str]:
    """Return those of the tags that no contact has."""
    return [tag for tag in tags if not Contact.objects.filter(CarriesOneOf("tags", [tag])).exists()]
