"""What a campaign found out, for programs."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from campaigns.models import Answer, Question
from tests.conftest import make_call, make_campaign, make_contact
from tests.programs import EVERYTHING, Program

pytestmark = pytest.mark.django_db


def test_goal_distributions_and_who_answered_what(manager: User) -> None:
    campaign = make_campaign(owner=manager, name="Spring")
    question = Question.objects.create(campaign=campaign, name="Confirmed", kind="yes_no", path="confirmed", goal="yes")
    calls = []
    for said in ("yes", "yes", "no", ""):
        calls.append(
            make_call(
                campaign=campaign, owner=manager, contact=make_contact(name="Tom", owner=manager), status="completed",
                talk_seconds=9, placing_at=timezone.now(), ended_at=timezone.now(), answered_by="human",
            )
        )  # fmt: skip
        certainty = "read" if said else "unreadable"
        Answer.objects.create(question=question, call=calls[-1], raw=said or "hm", key=said, certainty=certainty)
    program = Program(manager)
    found = program.get(f"/campaigns/{campaign.pk}/results").json()
    assert {name: found["goal"][name] for name in ("reached", "answered", "talked", "of_talked")} == {
        "reached": 2, "answered": 3, "talked": 4, "of_talked": 50.0,
    }  # fmt: skip
    (distribution,) = found["questions"]
    parts = [(part["answer"], part["calls"], part["is_goal"]) for part in distribution["parts"]]
    assert (parts, distribution["unreadable"]) == ([("yes", 2, True), ("no", 1, False)], 1)
    page = program.get(f"/campaigns/{campaign.pk}/answers?limit=3").json()
    assert [one["call"] for one in page["items"]] == [one.pk for one in calls[:0:-1]]
    unread, no = (one["answers"][0] for one in page["items"][:2])
    assert (unread["answer"], unread["words"], unread["certainty"]) == ("", "hm", "unreadable")
    assert (no["answer"], no["name"], page["items"][0]["name"]) == ("no", "Confirmed", "Tom")
    last = program.get(f"/campaigns/{campaign.pk}/answers?older_than={page['next']}").json()
    assert ([one["call"] for one in last["items"]], last["next"]) == ([calls[0].pk], None)
    whole = program.get(f"/calls/{calls[0].pk}").json()
    assert [one["answer"] for one in whole["typed_answers"]] == ["yes"]
    deaf = Program(manager, scopes=EVERYTHING - {"calls:hear"})
    assert deaf.get(f"/campaigns/{campaign.pk}/results").status_code == 403
    assert deaf.get(f"/calls/{calls[0].pk}").json()["typed_answers"] == []
