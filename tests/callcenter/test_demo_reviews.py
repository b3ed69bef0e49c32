"""The demo's past shows dispositions and reviewed calls, and nobody is called for them."""

from __future__ import annotations

import datetime

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from callcenter.access.models import Team
from callcenter.demo_reviews import POINTS, lay_out_reviews
from campaigns.dispositions import following, judging
from campaigns.models import Answer, Call, CallDisposition, Consequence, Question, ReviewQueue, ScorecardReview
from campaigns.review import queues
from tests.conftest import make_call, make_campaign, make_contact


@pytest.mark.django_db
def test_calls_of_the_past_have_dispositions_and_reviews_and_nothing_follows(manager: User) -> None:
    User.objects.filter(pk=manager.pk).update(username="manager")
    campaign = make_campaign(owner=manager, status="finished")
    score = Question.objects.create(campaign=campaign, name="Score", kind="number", path="score", goal="8")
    now = timezone.now() - datetime.timedelta(days=9)
    for number in range(12):
        call = make_call(
            campaign=campaign, provider=campaign.provider, owner=manager, contact=make_contact(), status="completed",
            talk_seconds=60, answered_by="human", placing_at=now, ended_at=now,
        )  # fmt: skip
        Answer.objects.create(question=score, call=call, raw=str(number), key=str(number), number=number)
    lay_out_reviews([campaign], Team.objects.create(name="Front desk"))
    given = CallDisposition.objects.values_list("disposition__name", flat=True)
    assert {"Settled", "Unhappy"} <= set(given)
    reviews = list(ScorecardReview.objects.all())
    assert len(reviews) == 12
    assert all(len(one.given) == len(POINTS) for one in reviews)
    # News of such a call, and the minute job, change nothing.
    judging.judge(list(Call.objects.values_list("pk", flat=True)))
    following.carry_out_waiting()
    assert len(given.all()) == CallDisposition.objects.count()
    assert not Consequence.objects.exists()
    queue = ReviewQueue.objects.get()
    Call.objects.update(team=queue.team)
    assert queue.since == now.date()
    assert set(queues.calls_of(queue, manager).values_list("pk", flat=True)) <= set(
        Answer.objects.filter(number__lt=8).values_list("call", flat=True)
    )
