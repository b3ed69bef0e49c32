"""Answers of calls: late ones join, reading again changes nothing, and what a person entered stays."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from campaigns.answers import entering, questions, reading, waiting
from campaigns.answers.questions import QuestionRefusal
from campaigns.core.refusals import Refusal
from campaigns.models import Answer, Call, CallTranscript, Campaign, Question
from campaigns.tracking import consequences
from campaigns.tracking.consequences import News
from providers.types import CallSnapshot
from tests.conftest import make_call, make_campaign, make_person

pytestmark = pytest.mark.django_db


def ask(campaign: Campaign, **values: Any) -> Question:
    whole = {"kind": "yes_no", "source": "agent", "name": "Confirmed", "path": "confirmed"} | values
    return questions.add(campaign.owner or make_person(), campaign, whole)


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign(owner=make_person())


def kept(question: Question) -> list[tuple[int, str, str]]:
    return list(Answer.objects.filter(question=question).order_by("call").values_list("call", "key", "certainty"))


def bring(call: Call, extracted: dict[str, Any]) -> None:
    """Let news of a call come with what the agent noted."""
    snapshot = CallSnapshot(remote_id=call.remote_id, status=None, raw_status="", extracted=extracted)
    now = timezone.now()
    consequences.follow(News(source="poll", texts=[(Call.objects.get(pk=call.pk), snapshot)]), now)


def test_news_bring_answers_late_ones_join_and_the_same_again_writes_nothing(campaign: Campaign) -> None:
    confirmed = ask(campaign)
    other = ask(campaign, name="Day", kind="date", path="When / Day")
    call = make_call(campaign=campaign)
    bring(call, {"confirmed": "yes"})
    assert (kept(confirmed), kept(other)) == ([(call.pk, "yes", "read")], [])
    first = Answer.objects.get().pk
    bring(call, {"confirmed": "yes", "When": {"Day": {"objective": "2026-12-24"}}})
    assert Answer.objects.filter(pk=first, key="yes").exists()
    assert kept(other) == [(call.pk, "2026-12-24", "certain")]
    # The vendor corrects one and leaves the other out.
    bring(call, {"confirmed": False})
    assert (kept(confirmed), len(kept(other))) == ([(call.pk, "no", "certain")], 1)


def test_a_persons_entry_is_never_overwritten_and_can_be_taken_back(campaign: Campaign) -> None:
    question = ask(campaign)
    call = make_call(campaign=campaign, owner=campaign.owner, extracted={"confirmed": "perhaps"})
    assert campaign.owner
    reading.read_calls([call.pk], [campaign.pk])
    assert kept(question) == [(call.pk, "", "unreadable")]
    assert entering.enter(campaign.owner, call, question, "بله")
    bring(call, {"confirmed": "no"})
    reading.read_for([question], [call.pk], is_anew=True)
    assert kept(question) == [(call.pk, "yes", "person")]
    assert Answer.objects.get().by == campaign.owner
    with pytest.raises(Refusal, match="yes or no"):
        entering.enter(campaign.owner, call, question, "perhaps")
    assert not entering.enter(campaign.owner, call, question, "بله")
    assert entering.enter(campaign.owner, call, question, "")
    assert kept(question) == [(call.pk, "no", "read")]


def test_words_of_the_person_called_answer_where_there_is_a_transcript(campaign: Campaign) -> None:
    question = ask(campaign, source="words", words=["I promise"], path="")
    promised, silent, unheard = (make_call(campaign=campaign) for _ in range(3))
    for call, text in ((promised, "I promise."), (silent, "No.")):
        CallTranscript.objects.create(call=call, turns=[{"speaker": "person", "text": text}])
    reading.read_calls([promised.pk, silent.pk, unheard.pk], [campaign.pk])
    assert kept(question) == [(promised.pk, "yes", "read"), (silent.pk, "no", "read")]


def test_a_question_added_later_is_read_in_batches_that_a_dead_worker_leaves_whole(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "BATCH", 2)
    calls = [make_call(campaign=campaign, extracted={"confirmed": number % 2 == 0}) for number in range(5)]
    make_call(extracted={"confirmed": True})
    question = ask(campaign)
    assert question.unread_below == calls[-1].pk + 1
    assert waiting._read_batch(question.pk)
    assert [call for call, _key, _certainty in kept(question)] == [calls[3].pk, calls[4].pk]
    assert not waiting.read_waiting()
    assert [key for _call, key, _certainty in kept(question)] == ["yes", "no", "yes", "no", "yes"]
    assert not waiting.has_waiting()
    # Another path: readings are made anew, and none is left that the new path does not give.
    questions.change(campaign.owner or make_person(), question, {"path": "other"})
    assert waiting.has_waiting()
    waiting.read_waiting()
    assert kept(question) == []


def test_a_question_is_whole_or_refused(campaign: Campaign) -> None:
    ask(campaign, goal="Ja")
    assert Question.objects.get().goal == "yes"
    refused = {
        "name": [{"name": "…"}, {}],
        "path": [{"name": "A", "path": " "}],
        "kind": [{"name": "A", "source": "words", "kind": "number", "words": ["a"]}],
        "words": [{"name": "A", "source": "words", "words": ["!"]}],
        "options": [{"name": "A", "kind": "choice", "options": ["One", "one"]}],
        "goal": [
            {"name": "A", "goal": "perhaps"}, {"name": "A", "goal": "yes"},
            {"name": "A", "kind": "text", "goal": "yes"}, {"name": "A", "kind": "number", "goal": "many"},
        ],
    }  # fmt: skip
    for field, cases in refused.items():
        for values in cases:
            with pytest.raises(QuestionRefusal) as found:
                ask(campaign, **values)
            assert found.value.field == field
    assert Question.objects.count() == 1
