"""The pages of questions, answers and results."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from callcenter.access.models import Membership, Team
from callcenter.access.rights import CALLER
from callcenter.audit.models import AuditEvent
from campaigns.answers import figures, reading, removal, suggestions, waiting
from campaigns.launch import drafts
from campaigns.models import Answer, Call, Campaign, Question
from campaigns.privacy import erasure, retention
from tests.answers import html_of, text_of
from tests.conftest import make_agent, make_call, make_campaign, make_contact, make_person

pytestmark = pytest.mark.django_db


def talk(campaign: Campaign, noted: dict[str, Any], **fields: Any) -> Call:
    values = {
        "agent": campaign.agent, "status": "completed", "talk_seconds": 20, "answered_by": "human",
        "placing_at": timezone.now(), "ended_at": timezone.now(), "contact": make_contact(name="Tom Baker"),
        "owner": campaign.owner, "extracted": noted,
    }  # fmt: skip
    return make_call(campaign=campaign, **(values | fields))


@pytest.fixture
def campaign(manager: User) -> Campaign:
    agent = make_agent()
    return make_campaign(owner=manager, provider=agent.provider, agent=agent, name="Spring")


def test_what_the_agent_noted_becomes_a_question_with_all_its_answers(
    client: Client, manager: User, campaign: Campaign
) -> None:
    for number in range(4):
        talk(campaign, {"Result": {"Confirmed": {"objective": "Yes" if number else "No"}}, "note": f"n{number}"})
    client.force_login(manager)
    page = client.get(reverse("campaign-questions", args=[campaign.pk]))
    assert "Result / Confirmed" in text_of(page)
    page = client.get(reverse("campaign-questions", args=[campaign.pk]), {"path": "Result / Confirmed"})
    form = page.context["form"]
    assert (form["name"].value(), form["kind"].value(), form["path"].value()) == (
        "Confirmed", "yes_no", "Result / Confirmed",
    )  # fmt: skip
    sent = {"name": "Confirmed", "kind": "yes_no", "source": "agent", "path": "Result / Confirmed", "goal": "yes"}
    assert client.post(reverse("campaign-questions", args=[campaign.pk]), sent).status_code == 302
    assert client.post(reverse("campaign-questions", args=[campaign.pk]), sent).status_code == 422
    waiting.read_waiting()
    page = client.get(reverse("campaign-results", args=[campaign.pk]))
    goal = page.context["goal"]
    assert (goal.reached, goal.answered, goal.talked, goal.called) == (3, 4, 4, 4)
    assert (goal.of_answered, goal.of_called) == (75.0, 75.0)
    question = Question.objects.get()
    log = f"{reverse('call-log')}?campaign={campaign.pk}&amp;question={question.pk}&amp;answer=yes"
    assert log in html_of(page)
    opened = client.get(log.replace("&amp;", "&"))
    assert len(opened.context["page"].rows) == 3
    assert client.post(reverse("question-remove", args=[campaign.pk, question.pk])).status_code == 302
    removal.clear_removed()
    assert not Answer.objects.exists()
    actions = AuditEvent.objects.filter(action__startswith="question.").order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["question.added", "question.removed"]


def test_types_are_guessed_only_where_all_values_agree() -> None:
    kinds = {
        "yes_no": ["Yes", "نه", True], "number": [1, 0, 1], "date": ["2027-01-01", "1405/10/03"],
        "choice": ["good", "bad", "good", "good"], "text": ["one", "two", "three"],
    }  # fmt: skip
    for kind, values in kinds.items():
        assert suggestions.guess(values)[0] == kind, kind


def test_an_answer_is_entered_on_the_calls_page(client: Client, manager: User, campaign: Campaign) -> None:
    call = talk(campaign, {"ok": "perhaps"})
    question = Question.objects.create(campaign=campaign, name="Confirmed", kind="yes_no", path="ok")
    reading.read_for([question], [call.pk])
    client.force_login(manager)
    page = client.get(reverse("call", args=[call.pk]))
    assert "“perhaps” not readable" in text_of(page)
    (_question, _answer, form) = page.context["answers"][0]
    address = reverse("call-answer", args=[call.pk, question.pk])
    shown = {"shown": form.shown.split('value="')[1].split('"')[0]}
    assert client.post(address, {"value": "yes", **shown}).status_code == 302
    answer = Answer.objects.get()
    assert (answer.key, answer.certainty, answer.by) == ("yes", "person", manager)
    assert AuditEvent.objects.filter(action="call.answer_entered", object_id=str(call.pk)).exists()
    assert client.post(reverse("call-answer", args=[make_call(owner=manager).pk, question.pk])).status_code == 404


def test_results_stand_out_in_order_and_for_those_who_may_hear(
    client: Client, manager: User, campaign: Campaign
) -> None:
    confirmed = Question.objects.create(campaign=campaign, name="Confirmed", kind="yes_no", path="ok", goal="yes")
    part = Question.objects.create(campaign=campaign, name="Part", kind="choice", path="part", options=["Day", "Eve"])
    price = Question.objects.create(campaign=campaign, name="Price", kind="number", path="price")
    calls = [
        talk(campaign, {"ok": n % 2 == 0 or n % 10 == 1, "part": "Day" if n % 2 else "Eve", "price": n}, contact=None)
        for n in range(50)
    ]
    reading.read_for([confirmed, part, price], [call.pk for call in calls])
    client.force_login(manager)
    page = client.get(reverse("campaign-results", args=[campaign.pk]))
    assert "Of people who answered “Eve” to “Part”, 100 % reached the goal: more than the others (20 %)." in text_of(
        page
    )
    found = figures.distribution_of(price)
    assert sum(one.calls for one in found.parts) == 50
    assert [(one.wanted, one.calls) for one in found.parts][:2] == [("0", 10), ("10", 10)]
    for order, first in (("", 0), ("down", 49)):
        rows = client.get(page.request["PATH_INFO"], {"sort": price.pk, "order": order}).context["rows"]
        assert rows[0][0].pk == calls[first].pk
    # Another team's caller neither sees the page nor finds the calls.
    stranger = make_person(CALLER)
    Membership.objects.create(user=stranger, team=Team.objects.create(name="Theirs"))
    client.force_login(stranger)
    assert client.get(page.request["PATH_INFO"]).status_code == 404


def test_a_copy_of_a_campaign_asks_the_same(manager: User, campaign: Campaign) -> None:
    Question.objects.create(campaign=campaign, name="Confirmed", kind="yes_no", path="ok", goal="yes")
    copied = drafts.copy(campaign.pk, manager)
    assert list(copied.questions.values_list("name", "kind", "path", "goal")) == [("Confirmed", "yes_no", "ok", "yes")]


def test_answers_go_with_the_person_and_with_the_conversation(manager: User, campaign: Campaign) -> None:
    question = Question.objects.create(campaign=campaign, name="Confirmed", kind="yes_no", path="ok")
    erased, old = talk(campaign, {"ok": "yes"}), talk(campaign, {"ok": "no"})
    reading.read_for([question], [erased.pk, old.pk])
    erasure.ask(manager, "Asked for it.", contact_id=erased.contact_id)
    assert list(Answer.objects.values_list("call", flat=True)) == [old.pk]
    retention.clear_conversations(timezone.now() + timezone.timedelta(days=1))
    assert not Answer.objects.exists()
