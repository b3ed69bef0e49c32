"""A removed question is shown nowhere at once; its answers go in small batches that a dead worker leaves whole."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaigns import minute_job, queue, tasks
from campaigns.answers import questions, reading, removal
from campaigns.calls import call_columns
from campaigns.exports.call_sheet import CallSheet
from campaigns.models import Answer, Call, Campaign, Question
from tests.answers import html_of
from tests.conftest import make_call, make_campaign

pytestmark = pytest.mark.django_db
VALUES = {"name": "Confirmed", "kind": "yes_no", "source": "agent", "path": "confirmed", "goal": "yes"}


def shown() -> int:
    """Return how many answers the call log and a file of calls show."""
    columns = [one for one in call_columns.COLUMNS if one.key == "answers"]
    calls = list(call_columns.light(Call.objects.all(), columns))
    text = "".join(CallSheet(Call.objects.all(), shows_numbers=True, columns=columns).lines())
    in_log = sum(len(call.typed_answers.all()) for call in calls)
    assert text.count("Confirmed: ") == in_log
    return in_log


@pytest.fixture
def campaign(manager: User) -> Campaign:
    return make_campaign(owner=manager)


def answered(manager: User, campaign: Campaign, count: int) -> Question:
    noted = {"extracted": {"confirmed": True}, "status": "completed", "owner": manager}
    calls = [make_call(campaign=campaign, **noted) for _ in range(count)]
    question = questions.add(manager, campaign, VALUES)
    reading.read_for([question], [call.pk for call in calls])
    return question


def test_a_removed_question_is_gone_at_once_and_its_answers_by_batches(
    client: Client, manager: User, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(removal, "BATCH", 2)
    question = answered(manager, campaign, 5)
    client.force_login(manager)
    assert shown() == 5
    with CaptureQueriesContext(connection) as made:
        assert questions.remove(manager, question) == 5
    assert not [one for one in made if one["sql"].startswith("DELETE")], "no request clears a million rows"
    assert Answer.objects.count() == 5
    assert shown() == 0
    assert "Confirmed" not in html_of(client.get(reverse("campaign-questions", args=[campaign.pk])))
    again = questions.add(manager, campaign, VALUES)
    assert again.goal == "yes", "name and goal are free again"
    assert removal._clear_batch(question.pk)
    assert Answer.objects.count() == 3
    assert not removal.clear_removed()
    assert not Answer.objects.exists()
    assert list(Question.all_rows.all()) == [again]


def test_what_a_dead_worker_left_is_found_by_the_minute_job(
    manager: User, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    questions.remove(manager, answered(manager, campaign, 3))
    rung: list[bool] = []
    monkeypatch.setattr(queue, "nudge_answers", lambda: rung.append(True))
    minute_job.sweep()
    assert rung
    tasks.read_answers()
    assert not Question.all_rows.exists()
    assert not removal.has_removed()


def test_a_slice_ends_at_its_time_and_is_queued_again(
    manager: User, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(removal, "BATCH", 1)
    questions.remove(manager, answered(manager, campaign, 3))
    assert removal.clear_removed(seconds=-1)
    assert Answer.objects.count() == 2
