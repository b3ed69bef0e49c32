"""Reviews by scorecard, for programs: every point its value, of calls that the owner may hear."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from campaigns.models import ReviewQueue, Scorecard, ScorecardPoint
from tests.conftest import make_call
from tests.programs import EVERYTHING, Program

pytestmark = pytest.mark.django_db


def test_a_call_of_a_queue_is_reviewed_by_its_scorecard(manager: User) -> None:
    card = Scorecard.objects.create(name="Politeness", owner=manager)
    points = [ScorecardPoint.objects.create(scorecard=card, text=text, most=2) for text in ("Greets", "Thanks")]
    queue = ReviewQueue.objects.create(name="All", scorecard=card, owner=manager)
    call, program = make_call(owner=manager, status="completed", talk_seconds=20), Program(manager)
    (shown,) = program.get("/scorecards").json()["items"]
    assert [one["id"] for one in shown["points"]] == [one.pk for one in points]
    assert [one["id"] for one in program.get("/review-queues").json()["items"]] == [queue.pk]
    waiting = f"/review-queues/{queue.pk}/calls"
    assert [one["id"] for one in program.get(waiting).json()["items"]] == [call.pk]
    asked = {"scorecard": card.pk, "queue": queue.pk, "values": [{"point": points[0].pk, "value": 2}]}
    half = program.post(f"/calls/{call.pk}/scores", asked)
    assert (half.status_code, half.json()["errors"][0]["field"]) == (422, "values")
    asked["values"].append({"point": points[1].pk, "value": 1})  # type: ignore[union-attr]
    assert program.post(f"/calls/{call.pk}/scores", asked).json()["percent"] == 75.0
    assert [one["percent"] for one in program.get(f"/calls/{call.pk}/scores").json()["items"]] == [75.0]
    assert program.get(waiting).json()["items"] == []
    deaf = Program(manager, scopes=EVERYTHING - {"calls:hear"})
    assert deaf.post(f"/calls/{call.pk}/scores", asked).status_code == 403
