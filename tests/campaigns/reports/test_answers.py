"""Goals and answers in reports, on a campaign's people and on the person's page: of the calls one may hear."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from callcenter.access.models import Membership, Team
from callcenter.access.rights import ADMIN
from campaigns.models import Answer, Call, CallDisposition, Campaign, Disposition, Question
from tests.answers import text_of
from tests.conftest import make_call, make_campaign, make_contact, make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign(manager: User) -> Campaign:
    return make_campaign(owner=manager, name="Spring", status="finished", launched_at=timezone.now())


def talk(campaign: Campaign, answers: dict[Question, str], name: str = "Maryam") -> Call:
    now = timezone.now()
    call = make_call(
        campaign=campaign, provider=campaign.provider, owner=campaign.owner, contact=make_contact(name=name),
        status="completed", talk_seconds=30, answered_by="human", placing_at=now, ended_at=now, team=campaign.team,
    )  # fmt: skip
    for question, text in answers.items():
        number = Decimal(text) if text.isdecimal() else None
        certainty = "certain" if text else "unreadable"
        Answer.objects.create(
            question=question, call=call, raw=text or "perhaps", key=text, number=number, certainty=certainty
        )
    return call


def asked(campaign: Campaign) -> tuple[Question, Question]:
    agreed = Question.objects.create(campaign=campaign, name="Agreed", kind="yes_no", path="agreed", goal="yes")
    return agreed, Question.objects.create(campaign=campaign, name="Score", kind="number", path="score")


def rows_of(client: Client, key: str) -> list[list[str]]:
    """Return the rows of a section's file, without its header."""
    text = client.get(reverse("reports-csv", args=[key])).content.decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))[1:]


def test_a_report_says_what_the_calls_found_out(client: Client, manager: User, campaign: Campaign) -> None:
    agreed, score = asked(campaign)
    talk(campaign, {agreed: "yes", score: "7"})
    talk(campaign, {agreed: "yes", score: "8"})
    talk(campaign, {agreed: "no"})
    talk(campaign, {agreed: ""})
    number = make_campaign(owner=manager, name="Rating")
    rating = Question.objects.create(campaign=number, name="Rating", kind="number", path="rating", goal="8")
    talk(number, {rating: "8"})
    talk(number, {rating: "3"})
    client.force_login(manager)
    assert sorted(rows_of(client, "goals")) == [
        ["Rating", "Rating: at least 8", "2", "2", "1", "50.0"],
        ["Spring", "Agreed: Yes", "4", "3", "2", "50.0"],
    ]
    assert sorted(rows_of(client, "questions")) == [
        ["Rating", "Rating", "2", "0", "5.5 on average", ""],
        ["Spring", "Agreed", "3", "1", "Yes", "66.7"],
        ["Spring", "Score", "2", "0", "7.5 on average", ""],
    ]
    whole = text_of(client.get(reverse("reports"), {"whole": "1"}))
    assert "Campaign goals" in whole
    assert "Answers to questions" in whole


def test_answers_of_calls_that_one_may_not_hear_are_in_no_report(
    client: Client, manager: User, campaign: Campaign
) -> None:
    agreed, _score = asked(campaign)
    talk(campaign, {agreed: "yes"})
    Membership.objects.create(user=manager, team=Team.objects.create(name="North"))
    Campaign.objects.update(team=Team.objects.create(name="South"), owner=None)
    Call.objects.update(team=Team.objects.get(name="South"), owner=None)
    for person in (manager, make_person(ADMIN)):
        client.force_login(person)
        assert rows_of(client, "goals") == rows_of(client, "questions") == []


def test_the_people_of_a_campaign_are_shown_and_found_by_answer_and_disposition(
    client: Client, manager: User, campaign: Campaign
) -> None:
    agreed, score = asked(campaign)
    first = talk(campaign, {agreed: "yes", score: "7"}, "Ann")
    talk(campaign, {agreed: "no"}, "Ben")
    offer = Disposition.objects.create(name="Wants an offer")
    CallDisposition.objects.create(call=first, disposition=offer)
    client.force_login(manager)
    address = reverse("campaign-people", args=[campaign.pk])

    def names(**filters: object) -> list[str]:
        return sorted(row.call.contact.name for row in client.get(address, filters).context["rows"])

    whole = text_of(client.get(address))
    assert "Agreed Score" in whole
    assert "Wants an offer Yes 7" in whole
    assert names(question=agreed.pk) == ["Ann", "Ben"]
    assert names(question=agreed.pk, answer="yes") == ["Ann"]
    assert names(question=score.pk) == names(disposition=offer.pk) == ["Ann"]
    # What is no answer to the question does not filter.
    assert names(question=agreed.pk, answer="perhaps") == ["Ann", "Ben"]
    client.force_login(make_person(ADMIN))
    shown = client.get(address, {"question": agreed.pk, "answer": "yes"})
    assert shown.context["questions"] == []
    assert "Agreed" not in text_of(shown)


def test_a_persons_page_shows_what_they_answered_in_all_calls(
    client: Client, manager: User, campaign: Campaign
) -> None:
    agreed, score = asked(campaign)
    call = talk(campaign, {agreed: "yes", score: "7"})
    later = make_campaign(owner=manager, name="Autumn")
    wish = Question.objects.create(campaign=later, name="Wish", kind="text", path="wish")
    again = make_call(campaign=later, provider=later.provider, owner=manager, contact=call.contact)
    Answer.objects.create(question=wish, call=again, raw="more tea", key="more tea", certainty="certain")
    south = Team.objects.create(name="South")
    foreign = make_call(campaign=later, owner=None, contact=call.contact, attempt=2, team=south)
    Answer.objects.create(question=wish, call=foreign, raw="secret", key="secret", certainty="certain")
    Membership.objects.create(user=manager, team=Team.objects.create(name="North"))
    client.force_login(manager)
    shown = text_of(client.get(reverse("person", args=[call.contact_id])))
    assert "Wish : more tea" in shown
    assert "Agreed : Yes Score : 7" in shown
    assert "secret" not in shown
