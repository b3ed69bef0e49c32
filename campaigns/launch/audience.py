"""Judges the people of a campaign: who can be called, who must wait, who never is, and why."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from django.db.models import Exists, OuterRef

from campaigns import rules
from campaigns.core import message
from campaigns.core.eligibility import NOTHING_KNOWN, Eligibility, Facts, Judge, Verdict, live_numbers, with_facts
from campaigns.launch.audience_query import Selection
from campaigns.models import Call, Campaign
from campaigns.reasons import SkipReason, WaitReason

NOW = Verdict.NOW.value
NEVER = (
    SkipReason.DO_NOT_CALL,
    SkipReason.EXCLUDED,
    SkipReason.NUMBER_REFUSED,
    SkipReason.NO_ZONE,
    SkipReason.MISSING_VARIABLE,
)
WAITS = (WaitReason.OUTSIDE_HOURS, WaitReason.QUIET_PERIOD, WaitReason.LIVE_ELSEWHERE)
VERDICTS = (NOW, *(reason.value for reason in WAITS), *(reason.value for reason in NEVER))
"""Every verdict on one person, in the order of the check page."""
CALLED = (NOW, *(reason.value for reason in WAITS))
MOST_LOOKED_AT = 20_000
"""People judged for one page of those with a rare verdict."""
GROUPS: dict[str, Collection[str]] = {
    "everybody": VERDICTS,
    "called": CALLED,
    "never": tuple(reason.value for reason in NEVER),
}
"""The sums of the check's sentence, and the verdicts that each adds up."""


class JudgedPerson(NamedTuple):
    """One person of the audience, and what would become of them if the campaign ran now."""

    contact_id: int
    name: str
    phone: str
    eligibility: Eligibility
    zones: tuple[str, ...]
    missing: tuple[str, ...] = ()
    """What stays empty in the message itself: with a hole it is not spoken."""
    unmet: tuple[str, ...] = ()
    """What the agent's own prompt asks for in vain."""

    @property
    def verdict(self) -> str:
        """One of `VERDICTS`: the reason why not, or that nothing stands against it."""
        return self.eligibility.reason or NOW

    @property
    def next_step(self) -> str:
        """What to do about this person's call after a launch."""
        return self.eligibility.next_step(is_queued=True)


class AudienceJudge:
    """Judges a whole audience at one instant, in one streamed statement."""

    def __init__(self, campaign: Campaign, now: datetime.datetime, selection: Selection | None = None) -> None:
        self.campaign, self.now = campaign, now
        self.selection = selection or Selection.of(campaign)
        self.judge = Judge(now, campaign.provider, campaign)
        self.expected = message.expected_names(campaign)

    def people(
        self,
        after: int = 0,
        through: int | None = None,
        *,
        only_new: bool = False,
        looks_back: bool = True,
        tells_when: bool = False,
    ) -> Iterator[JudgedPerson]:
        """Judge everybody whose id is greater than `after`, at most `through`, in the order of their ids.

        `only_new`: those who have no row of this campaign yet. Without `looks_back` nobody waits for another call.
        With `tells_when` each answer says its sentence and when the wait is over; counting needs neither.
        """
        chosen = self.selection.people().annotate(excluded=self.selection.stands_elsewhere())
        annotated = with_facts(chosen, self.campaign, self.now, looks_back=looks_back, tells_when=tells_when)
        if after:
            annotated = annotated.filter(pk__gt=after)
        if through is not None:
            annotated = annotated.filter(pk__lte=through)
        if only_new:
            queued = Call.objects.filter(campaign=self.campaign, contact=OuterRef("pk"), attempt=1)
            annotated = annotated.filter(~Exists(queued))
        columns = ["pk", "name", "phone", "time_zone", "forbidden", "excluded", "last_rung"]
        if self.judge.needed or self.expected:
            columns.append("variables")
        live = live_numbers() if looks_back else set()
        rows = annotated.values_list(*columns).iterator(chunk_size=5000)
        for pk, name, phone, own_zone, forbidden, excluded, last_rung, *rest in rows:
            variables = rest[0] if rest else {}
            zones = rules.zones_of(phone, own_zone)
            missing = self.judge.missing(name, variables)
            is_live = phone in live
            if forbidden or excluded or is_live or last_rung or missing:
                facts = Facts(forbidden, excluded, is_live, last_rung, missing)
            else:
                facts = NOTHING_KNOWN
            found = self.judge.answer(phone, zones, facts)
            unmet = tuple(message.missing_from(self.expected, name, variables)) if self.expected else ()
            yield JudgedPerson(pk, name, phone, found, zones, tuple(missing), unmet)


def people_with(
    campaign: Campaign, kind: str, now: datetime.datetime, after: int = 0, limit: int = 50, variable: str = ""
) -> tuple[list[JudgedPerson], int | None]:
    """Return a page of the people with a verdict or of a group, and the id to go on from; None at the end.

    With a variable, only those for whom it is empty. A page has fewer people, or none, where they are so rare that
    `MOST_LOOKED_AT` others stand before them.
    """
    wanted = GROUPS.get(kind, (kind,))
    page: list[JudgedPerson] = []
    judge = AudienceJudge(campaign, now)
    ids = judge.selection.next_ids(after, MOST_LOOKED_AT)
    if not ids:
        return page, None
    for person in judge.people(after, ids[-1], only_new=campaign.launched_at is not None, tells_when=True):
        if person.verdict in wanted and (not variable or variable in (*person.missing, *person.unmet)):
            if len(page) == limit:
                return page, page[-1].contact_id
            page.append(person)
    return page, ids[-1] if len(ids) == MOST_LOOKED_AT else None


@dataclass(slots=True)
class Tally:
    """A whole audience, counted."""

    verdicts: Counter[str] = field(default_factory=Counter)
    missing: Counter[str] = field(default_factory=Counter)
    """People who are not called because this place of the message is empty for them."""
    unmet: Counter[str] = field(default_factory=Counter)
    """People who are called although the agent asks for this in vain."""
    first_opening: datetime.datetime | None = None
    """When the first of those who wait for their hours may be called."""


def tally(judge: AudienceJudge, *, only_new: bool = False) -> Tally:
    """Count people by verdict and by what is empty, and find the first opening of those who wait for their hours."""
    found = Tally()
    waiting: set[datetime.datetime] = set()
    for person in judge.people(only_new=only_new):
        verdict = person.verdict
        found.verdicts[verdict] += 1
        if verdict == WaitReason.OUTSIDE_HOURS and person.eligibility.until:
            waiting.add(person.eligibility.until)
        if verdict == SkipReason.MISSING_VARIABLE:
            found.missing.update(person.missing)
        if person.unmet and verdict in CALLED:
            found.unmet.update(person.unmet)
    found.first_opening = min(waiting, default=None)
    return found
