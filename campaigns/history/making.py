"""Generates a history of a given size; the same seed and end give the same history."""

from __future__ import annotations

import datetime
import random
from operator import itemgetter

from django.db.models import F, OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce

from campaigns.core import transcript_words
from campaigns.history.drafts import NOBODY, Draft, Drafter
from campaigns.history.loading import Loader, Told, tidy_up
from campaigns.history.people import Everybody, make_people
from campaigns.history.plan import plan_campaigns
from campaigns.history.rows import CALL_COLUMNS, STEP_COLUMNS, TALK_COLUMNS, Line, Writer
from campaigns.history.staff_and_campaigns import make_campaigns, make_lines, make_staff
from campaigns.models import Call, CallEvent, CallTranscript, Campaign
from campaigns.reports import rollups


def make_history(people: int, calls: int, seed: int, until: datetime.datetime, tell: Told) -> None:
    """Write the whole history, one table after another, with this many people and about this many calls."""
    chance, loader = random.Random(seed), Loader(tell)  # noqa: S311
    owners = make_staff()
    everybody: Everybody = make_people(loader, chance, people, until, [owner for owner, _team in owners])
    drafts, audiences, plans = [], {}, []
    drafter = Drafter(chance, everybody, int(until.timestamp()))
    for plan in plan_campaigns(chance, calls, int(until.timestamp())):
        made = list(drafter.campaign(plan))
        audiences[plan.place] = [draft.person for draft in made if draft.attempt == 1]
        plans.append(plan)
        drafts += made
    drafts += drafter.singles(max(0, calls - len(drafts)))
    # Sorted, so that ids grow with the time at which a call was added.
    drafts.sort(key=itemgetter(0))
    lines = make_lines(owners, until)
    through = make_campaigns(chance, plans, lines, audiences, everybody, loader)
    _write_calls(loader, chance, everybody, through, drafts)
    _sum_up(through)
    words = transcript_words.catch_up(None)
    tell(f"{words:>9,} transcripts can be searched")
    tell(f"{rollups.rebuild():>9,} quarters of an hour are summed for reports")
    tidy_up()


def _write_calls(
    loader: Loader, chance: random.Random, everybody: Everybody, through: dict[int, list[Line]], drafts: list[Draft]
) -> None:
    writer = Writer(chance, everybody, through, loader.next_id(Call))
    loader.load(Call, CALL_COLUMNS, writer.calls(drafts))
    loader.load(CallEvent, STEP_COLUMNS, writer.steps(drafts))
    loader.load(CallTranscript, TALK_COLUMNS, writer.talks(drafts))


def _sum_up(through: dict[int, list[Line]]) -> None:
    """Fill in the counters that the product would have kept while calling."""
    ids = [line.campaign for place, lines in through.items() if place != NOBODY for line in lines if line.campaign]
    spent = Call.objects.filter(campaign=OuterRef("pk")).order_by().values("campaign").annotate(sum=Sum("cost"))
    Campaign.objects.filter(pk__in=ids).update(spent_cost=Coalesce(Subquery(spent.values("sum")), F("spent_cost")))
