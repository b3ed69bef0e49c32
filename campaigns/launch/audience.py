"""The audience of a campaign, judged: who can be called now, who must wait, who is never called, and why."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from django.db.models import Exists, OuterRef

from campaigns import time_zones
from campaigns.core import message
from campaigns.core.call_caps import ReachedCap, caps_of_persons
from campaigns.core.eligibility import Eligibility, Judge, Verdict
from campaigns.core.eligibility_facts import (
    NOTHING_KNOWN,
    Facts,
    allowed_numbers,
    capped_columns,
    numbers_set_apart,
    with_facts,
)
from campaigns.launch.audience_query import Selection
from campaigns.models import Call, Campaign
from campaigns.models.contacts import is_consent_noted
from campaigns.number_types import has_usual_price, is_ordinary
from campaigns.reasons import SkipReason, WaitReason

NOW = Verdict.NOW.value
NEVER = (
    SkipReason.DO_NOT_CALL,
    SkipReason.LAST_DAY,
    SkipReason.EXCLUDED,
    SkipReason.NO_CONSENT,
    SkipReason.NUMBER_REFUSED,
    SkipReason.NUMBER_TYPE,
    SkipReason.NO_ZONE,
    SkipReason.MISSING_VARIABLE,
)
WAITS = (
    WaitReason.OUTSIDE_HOURS,
    WaitReason.QUIET_PERIOD,
    WaitReason.PERSON_CAP,
    WaitReason.LIVE_ELSEWHERE,
    WaitReason.OPT_OUT_UNCLEAR,
)
VERDICTS = (NOW, *(reason.value for reason in WAITS), *(reason.value for reason in NEVER))
"""Every possible verdict on one person, in the order of the launch check's page."""
CALLED = (NOW, *(reason.value for reason in WAITS))
MOST_LOOKED_AT = 20_000
"""Most people that are judged to find one page of those with a given verdict."""
GROUPS: dict[str, Collection[str]] = {
    "everybody": VERDICTS,
    "called": CALLED,
    "never": tuple(reason.value for reason in NEVER),
}
"""Groups of verdicts that the launch check's sentence counts together."""


class JudgedPerson(NamedTuple):
    """One person of the audience, with the verdict that applies if the campaign runs now."""

    contact_id: int
    name: str
    phone: str
    eligibility: Eligibility
    zones: tuple[str, ...]
    missing: tuple[str, ...] = ()
    """Variables of the message that are empty for this person, so that they cannot be called."""
    unmet: tuple[str, ...] = ()
    """Variables that the agent's own prompt uses and that are empty for this person; only a warning."""

    @property
    def verdict(self) -> str:
        """One of `VERDICTS`: "now", or the reason why the person cannot be called now."""
        return self.eligibility.reason or NOW

    @property
    def next_step(self) -> str:
        """What a person may do about it, in a sentence."""
        return self.eligibility.next_step(is_queued=True)


class AudienceJudge:
    """Judges a whole audience as of one moment, in one streamed statement."""

    def __init__(self, campaign: Campaign, now: datetime.datetime, selection: Selection | None = None) -> None:
        self.campaign, self.now = campaign, now
        self.selection = selection or Selection.of(campaign)
        self.judge = Judge(now, campaign.provider, campaign)
        self.expected = message.expected_names(campaign)

    @cached_property
    def allowed(self) -> set[str]:
        """The numbers that managers allowed; read when the first number comes that is not ordinary."""
        return allowed_numbers()

    def people(
        self,
        after: int = 0,
        through: int | None = None,
        *,
        among: Collection[int] | None = None,
        only_new: bool = False,
        looks_back: bool = True,
        tells_when: bool = False,
    ) -> Iterator[JudgedPerson]:
        """Yield a verdict on everybody with `after` < id <= `through`, in the order of their ids.

        `among` are the only ids that count. `only_new` leaves out people who have a call of this campaign already.
        Without `looks_back`, other calls to a person are ignored (quiet period, live elsewhere). With `tells_when`,
        each verdict carries its sentence and the end of the wait, which mere counting does not need.
        """
        chosen = self.selection.people().annotate(excluded=self.selection.stands_elsewhere())
        person_caps = caps_of_persons(self.judge.installation)
        annotated = with_facts(
            chosen, self.campaign, self.now, looks_back=looks_back, tells_when=tells_when, caps=person_caps
        )
        if after:
            annotated = annotated.filter(pk__gt=after)
        if through is not None:
            annotated = annotated.filter(pk__lte=through)
        if among is not None:
            annotated = annotated.filter(pk__in=among)
        if only_new:
            queued = Call.objects.filter(campaign=self.campaign, contact=OuterRef("pk"), attempt=1)
            annotated = annotated.filter(~Exists(queued))
        columns = ["pk", "name", "phone", "time_zone", "forbidden", "excluded", "last_rung"]
        caps = capped_columns(person_caps) if looks_back else {}
        columns += caps
        if self.judge.requires_consent:
            columns += ["consent_source", "consent_at"]
        if self.judge.needed or self.expected:
            columns.append("variables")
        live, held, kept = numbers_set_apart(self.judge.now, looks_back=looks_back)
        rows = annotated.values_list(*columns).iterator(chunk_size=5000)
        for pk, name, phone, own_zone, forbidden, excluded, last_rung, *rest in rows:
            variables = rest[-1] if columns[-1] == "variables" else {}
            lacks_consent = self.judge.requires_consent and not is_consent_noted(*rest[len(caps) : len(caps) + 2])
            reached = tuple(
                ReachedCap(cap, since) for cap, since in zip(caps.values(), rest, strict=False) if since is not None
            )
            zones = time_zones.zones_of(phone, own_zone)
            missing = self.judge.missing(name, variables)
            is_live, is_held = phone in live, phone in held
            forbidden = forbidden or phone in kept
            is_allowed = not is_ordinary(phone) and phone in self.allowed
            speaks = (forbidden, excluded, is_live, last_rung, missing, reached, lacks_consent, is_held, is_allowed)
            if any(speaks):
                facts = Facts(
                    forbidden,
                    excluded,
                    is_live,
                    last_rung,
                    missing,
                    caps=reached,
                    lacks_consent=lacks_consent,
                    is_held=is_held,
                    is_allowed=is_allowed,
                )
            else:
                facts = NOTHING_KNOWN
            found = self.judge.answer(phone, zones, facts)
            unmet = tuple(message.missing_from(self.expected, name, variables)) if self.expected else ()
            yield JudgedPerson(pk, name, phone, found, zones, tuple(missing), unmet)


def people_with(
    campaign: Campaign, kind: str, now: datetime.datetime, after: int = 0, limit: int = 50, variable: str = ""
) -> tuple[list[JudgedPerson], int | None]:
    """Return a page of the people with one verdict or group of verdicts, and the id to continue after (None: the end).

    `kind` is a verdict or a key of `GROUPS`. With `variable`, only people for whom that variable is empty. At most
    `MOST_LOOKED_AT` people are judged for a page, so it may have fewer than `limit` people, or none.
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
    """Counts of a whole audience by verdict and by empty variable."""

    verdicts: Counter[str] = field(default_factory=Counter)
    missing: Counter[str] = field(default_factory=Counter)
    """By variable of the message: people who are not called because it is empty for them."""
    unmet: Counter[str] = field(default_factory=Counter)
    """By variable of the agent's prompt: people who are called although it is empty for them."""
    unpriced: int = 0
    """People who are called at numbers of which nobody states the price."""
    first_opening: datetime.datetime | None = None
    """When the first of those outside calling hours may be called."""
    by_zones: Counter[tuple[str, ...]] = field(default_factory=Counter)
    """People who are called, now or later, by the time zones that they may be in."""

    @property
    def zones(self) -> set[str]:
        """Time zones of the people who are called, now or later."""
        return {zone for zones in self.by_zones for zone in zones}


def tally(judge: AudienceJudge, *, only_new: bool = False) -> Tally:
    """Count people by verdict and by empty variable, and find the first opening of those outside their calling hours.

    `only_new` leaves out people who have a call of this campaign already.
    """
    found = Tally()
    waiting: set[datetime.datetime] = set()
    for person in judge.people(only_new=only_new):
        verdict = person.verdict
        found.verdicts[verdict] += 1
        if verdict == WaitReason.OUTSIDE_HOURS and person.eligibility.until:
            waiting.add(person.eligibility.until)
        if verdict in CALLED:
            found.by_zones[person.zones] += 1
        if verdict == SkipReason.MISSING_VARIABLE:
            found.missing.update(person.missing)
        if verdict in CALLED:
            found.unpriced += not has_usual_price(person.phone)
            if person.unmet:
                found.unmet.update(person.unmet)
    found.first_opening = min(waiting, default=None)
    return found
