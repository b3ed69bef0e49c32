"""What people said of the calls in the demo's past: dispositions, a scorecard, a queue, and some reviewed calls.

Nothing follows on these dispositions, as their calls are over for long; their rules hold for the calls of the trial.
"""

from __future__ import annotations

import datetime
import random
from collections.abc import Sequence
from decimal import Decimal

from django.contrib.auth.models import User
from django.db.models import QuerySet

from callcenter.access.models import Team
from campaigns.models import (
    Answer,
    Call,
    CallDisposition,
    Campaign,
    Disposition,
    DispositionRule,
    Question,
    ReviewQueue,
    Scorecard,
    ScorecardPoint,
    ScorecardReview,
)
from campaigns.review.reviewing import percent_of

POINTS = (("Says who is calling", 1, 1), ("Listens and answers questions", 5, 3), ("Ends politely", 5, 1))
REVIEWED = 24
NOTES = ("", "", "Interrupts the person twice.", "Very clear.", "Reads the date too fast.")
SEED = 16


def lay_out_reviews(campaigns: Sequence[Campaign], team: Team) -> None:
    """Create dispositions, their rules, a scorecard with reviews, and a queue; the caller holds the transaction."""
    manager = User.objects.get(username="manager")
    _dispositions(campaigns, team, manager)
    _reviews(campaigns, team, manager)


def _dispositions(campaigns: Sequence[Campaign], team: Team, manager: User) -> None:
    made = {
        name: Disposition.objects.create(name=name, follows=follows, minutes=minutes, owner=manager, team=team)
        for name, follows, minutes in (
            ("Settled", "nothing", 0), ("Unhappy", "person", 240), ("Wrong person", "nothing", 0),
            ("Asked for another time", "callback", 1440), ("Wants no more calls", "never", 0),
        )
    }  # fmt: skip
    rows = []
    for question in Question.objects.filter(campaign__in=campaigns).exclude(goal=""):
        answers = Answer.objects.filter(question=question)
        is_number = question.kind == Question.Kind.NUMBER
        met = answers.filter(number__gte=Decimal(question.goal)) if is_number else answers.filter(key=question.goal)
        rule = DispositionRule.objects.create(
            disposition=made["Settled"], campaign=question.campaign, question=question, answer=question.goal,
            made_by=manager,
        )  # fmt: skip
        rows += _by_rule(met, rule)
        if is_number:
            rule = DispositionRule.objects.create(
                disposition=made["Unhappy"], campaign=question.campaign, question=question, answer="1", answer_to="4",
                made_by=manager,
            )  # fmt: skip
            rows += _by_rule(answers.filter(number__lte=4), rule)
    known = {row.call_id for row in rows}
    others = Call.objects.filter(campaign__in=campaigns, answered_by="human").exclude(pk__in=known).order_by("pk")
    chance = random.Random(SEED)  # noqa: S311
    for call in others:
        if chance.random() < 0.3:
            name = chance.choice(["Wrong person", "Asked for another time"])
            chosen = CallDisposition(
                call=call, disposition=made[name], is_by_person=True, by=manager, at=_after(call, 2)
            )
            rows.append(chosen)
    CallDisposition.objects.bulk_create(rows)


def _by_rule(answers: QuerySet[Answer], rule: DispositionRule) -> list[CallDisposition]:
    """Return the dispositions of calls that answered so; without the rule, which is for calls that end after it."""
    calls = Call.objects.filter(typed_answers__in=answers)
    return [CallDisposition(call=call, disposition=rule.disposition, at=_after(call, 0)) for call in calls]


def _reviews(campaigns: Sequence[Campaign], team: Team, manager: User) -> None:
    card = Scorecard.objects.create(name="Conversation", owner=manager, team=team)
    points = [
        ScorecardPoint.objects.create(scorecard=card, text=text, most=most, weight=weight)
        for text, most, weight in POINTS
    ]
    surveyed = next(
        one for one in campaigns if one.questions.filter(kind=Question.Kind.NUMBER).exclude(goal="").exists()
    )
    first = Call.objects.filter(campaign__in=campaigns).earliest("placing_at")
    queue = ReviewQueue.objects.create(
        name="Goal missed, one call of three", scorecard=card, campaign=surveyed, goal=ReviewQueue.Goal.MISSED, every=3,
        since=(first.placing_at or first.created_at).date(), owner=manager, team=team,
    )  # fmt: skip
    chance = random.Random(SEED)  # noqa: S311
    talks = list(Call.objects.filter(campaign__in=campaigns, answered_by="human").order_by("pk"))
    for call in sorted(chance.sample(talks, min(REVIEWED, len(talks))), key=lambda one: one.pk):
        given = [
            {"text": point.text, "most": point.most, "weight": point.weight, "value": _value(point, chance)}
            for point in points
        ]
        ScorecardReview.objects.create(
            call=call, scorecard=card, queue=queue if call.campaign_id == surveyed.pk else None,
            percent=percent_of(given), given=given, note=chance.choice(NOTES), reviewer=manager,
            reviewed_at=_after(call, 20),
        )  # fmt: skip


def _value(point: ScorecardPoint, chance: random.Random) -> int:
    return int(chance.random() < 0.85) if point.is_yes_no else chance.randint(2, point.most)


def _after(call: Call, hours: int) -> datetime.datetime:
    return (call.ended_at or call.created_at) + datetime.timedelta(hours=hours, minutes=1)
