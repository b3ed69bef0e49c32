"""Scorecards, queues and calls as the tests of this room need them."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from campaigns.models import Call, ReviewQueue, Scorecard
from campaigns.review import queues, scorecards
from tests.conftest import make_call


def card_of(manager: User, *points: tuple[str, int, int], name: str = "Politeness") -> Scorecard:
    """Write a scorecard: each point's text, most points, weight."""
    made = scorecards.add(manager, name)
    for text, most, weight in points or (("Says who is calling", 1, 1),):
        scorecards.add_point(manager, made, text, most, weight)
    return made


def queue_of(manager: User, **values: Any) -> ReviewQueue:
    """Write a queue of every call from the year 2000 on."""
    values = {"name": "All", "every": 1, "since": timezone.localdate().replace(year=2000, day=1)} | values
    return queues.add(manager, {"scorecard": values.pop("scorecard", None) or card_of(manager), **values})


def talk(owner: User, **fields: Any) -> Call:
    """Make a call that somebody talked in."""
    values = {"owner": owner, "status": "completed", "talk_seconds": 150, "answered_by": "human"}
    return make_call(**(values | {"placing_at": timezone.now(), "ended_at": timezone.now()} | fields))


def in_queue(queue: ReviewQueue, person: User) -> set[int]:
    """Return the ids of the calls that wait in a queue; both forms of the query find the same."""
    walked, counted = (
        set(queues.waiting_in(queue, person, is_walked=way).values_list("pk", flat=True)) for way in (True, False)
    )
    assert walked == counted
    return walked
