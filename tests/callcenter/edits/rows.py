"""Rows for forms that edit them."""

from __future__ import annotations

import datetime

from django.contrib.auth.models import User
from django.utils import timezone

from callcenter.access.rights import CALLER
from campaigns.launch import repeats, start
from campaigns.models import (
    Callback,
    Campaign,
    CampaignRepeat,
    HandOver,
    Question,
    Scorecard,
    ScorecardPoint,
    WebhookReceiver,
)
from tests.conftest import make_call, make_campaign, make_list, make_person


def running(person: User) -> Campaign:
    campaign = make_campaign([make_list(1)], owner=person, name="Spring", calls_per_minute=None, budget=10)
    start.launch(campaign.pk, person)
    return campaign


def given(person: User) -> HandOver:
    call = make_call(owner=person, status="no_answer")
    return HandOver.objects.create(call=call, person=person, outcome="no_answer", due_at=call.created_at)


def planned(person: User) -> Callback:
    call = make_call(owner=person, wait_reason="callback")
    day = timezone.now().date() + datetime.timedelta(days=2)
    when = {"local_day": day, "local_time": datetime.time(17), "zone": "Asia/Tehran"}
    return Callback.objects.create(call=call, asked_by=person, **when)


def repeated(person: User) -> CampaignRepeat:
    campaign = make_campaign([make_list(1)], owner=person)
    values = {"days": [0], "local_time": datetime.time(9)}
    return repeats.save(campaign, person, values, timezone.now(), "Asia/Tehran")


def question_of(person: User) -> Question:
    campaign = make_campaign(owner=person)
    return Question.objects.create(campaign=campaign, name="Confirmed", kind="yes_no", path="confirmed")


def webhook_of(person: User) -> WebhookReceiver:
    url = "https://hooks.example.org/in"
    return WebhookReceiver.objects.create(name="Shop", owner=person, url=url, kinds=["call.ended"])


def point_of_a_card() -> ScorecardPoint:
    card = Scorecard.objects.create(name="Polite")
    return ScorecardPoint.objects.create(pk=1, scorecard=card, text="Greets", most=5)


def pair(person: User) -> tuple[User, User]:
    return make_person(CALLER, first_name="Omid"), make_person(CALLER, first_name="Mina")
