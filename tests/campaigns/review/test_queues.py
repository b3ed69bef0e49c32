"""A queue takes the calls that fit it, a sample that never changes, within its reviewer's reach."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from callcenter.access.models import Membership, Team
from callcenter.access.rights import MANAGER
from callcenter.audit.models import AuditEvent
from campaigns.models import Answer, Call, CallDisposition, Disposition, Question, ReviewQueue
from campaigns.review import queues, reviewing
from campaigns.review.queues import QueueRefusal
from tests.answers import text_of
from tests.campaigns.review.cards import card_of, in_queue, queue_of, talk
from tests.conftest import make_call, make_campaign, make_person

pytestmark = pytest.mark.django_db


def test_it_takes_what_passes_every_criterion(manager: User) -> None:
    campaign = make_campaign(owner=manager)
    goal = Question.objects.create(campaign=campaign, name="Agreed", kind="yes_no", path="agreed", goal="yes")
    offer = Disposition.objects.create(name="Wants an offer")
    missed, reached, unanswered, short = (
        talk(manager, campaign=campaign, provider=campaign.provider, talk_seconds=seconds)
        for seconds in (150, 150, 150, 20)
    )
    elsewhere, silent = talk(manager), make_call(owner=manager, status="no_answer", ended_at=timezone.now())
    talk(manager, status="in_progress", ended_at=None)
    talk(manager, test_of=campaign)
    for call, key in ((missed, "no"), (reached, "yes"), (short, "no")):
        Answer.objects.create(question=goal, call=call, raw=key, key=key, certainty="certain")
    CallDisposition.objects.create(call=elsewhere, disposition=offer)
    every = {missed, reached, unanswered, short, elsewhere, silent}
    card = card_of(manager)
    cases: list[tuple[dict[str, Any], set[Call]]] = [
        ({}, every),
        ({"campaign": campaign}, {missed, reached, unanswered, short}),
        ({"result": "no_answer"}, {silent}),
        ({"disposition": offer}, {elsewhere}),
        ({"talked_from": 120}, {missed, reached, unanswered, elsewhere}),
        ({"campaign": campaign, "goal": "missed", "talked_from": 120}, {missed, unanswered}),
        ({"campaign": campaign, "goal": "reached"}, {reached}),
        ({"since": timezone.localdate() + datetime.timedelta(days=2)}, set()),
    ]
    for values, wanted in cases:
        found = in_queue(queue_of(manager, scorecard=card, **values), manager)
        assert found == {call.pk for call in wanted}, values


def test_the_sample_is_told_by_the_id_alone_in_the_database_as_here(manager: User) -> None:
    ids = [*(talk(manager).pk for _ in range(40)), *(talk(manager, pk=3_000_000_000 + n).pk for n in range(8))]
    queue = queue_of(manager, every=4)
    wanted = {pk for pk in ids if queues.is_sampled(queue, pk)}
    assert in_queue(queue, manager) == wanted
    # One of four over any run of ids, within what an even spread allows; another queue takes others.
    many = range(1, 20_001)
    assert abs(sum(queues.is_sampled(queue, pk) for pk in many) - 5_000) < 50
    other = queue_of(manager, every=4, scorecard=queue.scorecard)
    both = [pk for pk in many if queues.is_sampled(queue, pk) and queues.is_sampled(other, pk)]
    assert len(both) < 3_500


def test_what_was_reviewed_by_its_scorecard_waits_no_more(manager: User) -> None:
    queue = queue_of(manager)
    first, second = talk(manager), talk(manager)
    point = queue.scorecard.points.get()
    reviewing.review(manager, first, queue.scorecard, {f"point-{point.pk}": 1}, queue=queue)
    assert in_queue(queue, manager) == {second.pk}
    other = queue_of(manager, scorecard=card_of(manager, name="Other"))
    assert in_queue(other, manager) == {first.pk, second.pk}


def test_a_team_reviews_its_own_calls(manager: User) -> None:
    north, south = (Team.objects.create(name=name) for name in ("North", "South"))
    theirs = make_person(MANAGER)
    Membership.objects.create(user=manager, team=north)
    Membership.objects.create(user=theirs, team=south)
    ours, foreign = talk(manager, team=north), talk(theirs, team=south)
    manager, theirs = (User.objects.get(pk=one.pk) for one in (manager, theirs))
    queue = queue_of(manager)
    assert (queue.team, in_queue(queue, manager)) == (north, {ours.pk})
    everybodys = ReviewQueue.objects.create(name="All", scorecard=queue.scorecard, since=queue.since)
    assert in_queue(everybodys, theirs) == {foreign.pk}


def test_one_that_is_not_whole_says_where(manager: User) -> None:
    campaign = make_campaign(owner=manager)
    team = Team.objects.create(name="South")
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"name": "--"}, "name"),
        ({"goal": "missed"}, "campaign"),
        ({"goal": "missed", "campaign": campaign}, "goal"),
        ({"disposition": Disposition.objects.create(name="Theirs", team=team)}, "disposition"),
    ]
    card = card_of(manager)
    for values, field in wrong:
        with pytest.raises(QueueRefusal) as refused:
            queue_of(manager, scorecard=card, **values)
        assert refused.value.field == field


def test_the_pages_show_the_criteria_and_the_calls(client: Client, manager: User) -> None:
    client.force_login(manager)
    assert "No scorecard with points yet" in text_of(client.get(reverse("review-queue-new")))
    card = card_of(manager)
    sent = {"name": "Long ones", "scorecard": card.pk, "talked_from": "2:00", "every": "1", "since": "2020-01-01"}
    assert client.post(reverse("review-queue-new"), sent | {"since": "soon"}).status_code == 422
    assert client.post(reverse("review-queue-new"), sent | {"is_open": "on"}).status_code == 302
    queue = ReviewQueue.objects.get()
    assert (queue.talked_from, queue.since, queue.is_open) == (120, datetime.date(2020, 1, 1), True)
    call = talk(manager)
    page = client.get(reverse("review-queue", args=[queue.pk]))
    assert [one.pk for one in page.context["page"].rows] == [call.pk]
    assert "Politeness · talk time at least" in text_of(page)
    assert "Long ones" in text_of(client.get(reverse("review-queues")))
    assert AuditEvent.objects.filter(action="review_queue.added").count() == 1
