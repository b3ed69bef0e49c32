"""Rules judge calls by answers, result and words; late answers judge anew; what a person chose stays."""

from __future__ import annotations

import datetime

from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from callcenter.access.models import Membership, Team
from campaigns.answers import reading
from campaigns.dispositions import catalog, setting
from campaigns.evidence import Evidence
from campaigns.models import CallTranscript, Disposition, DispositionRule, Question
from campaigns.tracking import consequences
from campaigns.tracking.call_updates import merge_news
from campaigns.tracking.consequences import News
from providers.types import CallSnapshot, CallStatus
from tests.campaigns.dispositions.words import ended_call, judged, name_of, open_campaign, ruled, worded


def question_of(campaign: object, **fields: object) -> Question:
    values = {"name": "Wants", "kind": "yes_no", "path": "wants"} | fields
    return Question.objects.create(campaign=campaign, **values)


def test_a_rule_asks_for_every_condition_that_it_names(manager: User) -> None:
    campaign, other = open_campaign(manager), open_campaign(manager)
    question = question_of(campaign)
    score = question_of(campaign, name="Score", kind="number", path="score")
    ruled(manager, worded(manager, "Offer"), question=question, answer="yes", result="talked")
    ruled(manager, worded(manager, "Unhappy"), question=score, answer="1", answer_to="4")
    ruled(manager, worded(manager, "Angry"), campaign=campaign, words=["my lawyer"])
    ruled(manager, worded(manager, "Silent"), result="no_answer")
    talked = {"status": "completed", "talk_seconds": 30, "answered_by": "human"}
    cases = [
        (ended_call(campaign, manager, extracted={"wants": "yes"}, **talked), "", "Offer"),
        (ended_call(campaign, manager, extracted={"wants": "no", "score": 3}, **talked), "", "Unhappy"),
        (ended_call(campaign, manager, extracted={"score": 5}, **talked), "", ""),
        (ended_call(campaign, manager, **talked), "I ask My Lawyer.", "Angry"),
        (ended_call(other, manager, **talked), "I ask my lawyer.", ""),
        (ended_call(campaign, manager), "", "Silent"),
        (ended_call(None, manager), "", "Silent"),
        (ended_call(campaign, manager, status="in_progress", ended_at=None), "", ""),
    ]
    for call, said, _name in cases:
        if said:
            CallTranscript.objects.create(call=call, turns=[{"speaker": "person", "text": said}])
    reading.read_for([question, score], [call.pk for call, _said, _name in cases])
    assert [judged(call) for call, _said, _name in cases] == [name for _call, _said, name in cases]


def test_news_of_a_call_bring_its_disposition_and_late_answers_judge_anew(manager: User) -> None:
    campaign = open_campaign(manager)
    question_of(campaign)
    ruled(manager, worded(manager, "Offer"), question=campaign.questions.get(), answer="yes")
    ruled(manager, worded(manager, "Declined"), question=campaign.questions.get(), answer="no")
    call = ended_call(campaign, manager, status="completed", talk_seconds=30, answered_by="human")

    def bring(answer: str) -> str:
        snapshot = CallSnapshot(remote_id="", status=None, raw_status="", extracted={"wants": answer})
        consequences.follow(News(source="poll", texts=[(call, snapshot)]), timezone.now())
        return name_of(call)

    assert [bring("yes"), bring("no")] == ["Offer", "Declined"]
    chosen = worded(manager, "Wrong person")
    assert setting.set_by(manager, call, chosen)
    assert bring("yes") == "Wrong person"
    # Taken back, what the rules say now holds.
    assert setting.set_by(manager, call, None)
    assert name_of(call) == "Offer"


def test_an_end_alone_is_judged(manager: User) -> None:
    campaign = open_campaign(manager)
    ruled(manager, worded(manager, "Silent"), result="no_answer")
    call = ended_call(campaign, manager)
    unknown = Evidence(status="queued", rank=0)
    news = News(source="poll", ended=[(call, unknown, Evidence(status="no_answer", rank=9))])
    consequences.follow(news, timezone.now())
    assert name_of(call) == "Silent"


def test_news_ask_for_dispositions_only_where_there_are_any(manager: User) -> None:
    asked = []
    for has_rule in (False, True):
        if has_rule:
            ruled(manager, worded(manager, "Silent"), result="no_answer")
        call = ended_call(None, manager, status="ringing", rank=50, ended_at=None)
        snapshot = CallSnapshot(remote_id="", status=CallStatus.NO_ANSWER)
        with CaptureQueriesContext(connection) as statements:
            merge_news({call.pk: snapshot}, source="poll", now=timezone.now())
        asked.append(sum('FROM "campaigns_dispositionrule"' in one["sql"] for one in statements))
    assert asked == [0, 1]
    assert name_of(call) == "Silent"


def test_a_rule_is_for_calls_that_end_after_it_and_for_its_own_team(manager: User) -> None:
    disposition = worded(manager, "Silent")
    rule = ruled(manager, disposition, result="no_answer")
    call = ended_call(None, manager)
    DispositionRule.objects.filter(pk=rule.pk).update(since=call.ended_at + datetime.timedelta(seconds=1))
    assert judged(call) == ""
    DispositionRule.objects.filter(pk=rule.pk).update(since=call.ended_at)
    team = Team.objects.create(name="North")
    Disposition.objects.update(team=team)
    assert judged(call) == ""
    Membership.objects.create(user=manager, team=team)
    Disposition.objects.update(team=None)
    assert judged(call) == "Silent"


def test_a_call_keeps_what_a_removed_rule_gave_it(manager: User) -> None:
    first = ruled(manager, worded(manager, "Silent"), result="no_answer")
    call = ended_call(None, manager)
    assert judged(call) == "Silent"
    catalog.remove_rule(manager, first)
    assert judged(call) == "Silent"
    # A disposition out of use judges no further call, and no call loses it.
    other = worded(manager, "Not there")
    ruled(manager, other, result="no_answer")
    Disposition.objects.update(is_offered=False)
    assert judged(call) == "Silent"
    assert judged(ended_call(None, manager)) == ""


def test_a_test_call_is_not_judged(manager: User) -> None:
    ruled(manager, worded(manager, "Silent"), result="no_answer")
    campaign = open_campaign(manager)
    assert judged(ended_call(None, manager, test_of=campaign)) == ""
