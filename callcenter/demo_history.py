"""The demo's past: three finished campaigns of the last four weeks, with what their calls found out.

The calls never were at the simulator, so they have no id there: a vendor's list that lacks a call with an id freezes
its provider at the next start. The answers are those that the simulator's agents give, in the vendor's own shape, read
by the product as it reads any.
"""

from __future__ import annotations

import datetime
import random
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from callcenter.access.models import Team
from callcenter.demo_reviews import lay_out_reviews
from campaigns import rules
from campaigns.answers import reading
from campaigns.core import transcript_words
from campaigns.history import words
from campaigns.models import Call, CallEvent, CallTranscript, Campaign, Contact, ContactList, ListMembership, Question
from campaigns.reports import rollups
from providers.models import Agent
from providers.sandbox.noted import Noted, noted_by
from providers.sandbox.wire.bolna_shapes import nested
from providers.types import CallStatus

LIST_NAME = "Customers of the last weeks"
PEOPLE = 150
"""People of each campaign; the same people are called by all three."""
DAYS = 28
SEED = 15
PRICE = Decimal("0.05")

Answered = tuple[str, str, str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Errand:
    """A campaign of the demo's past: its agent, and its questions as name, type, path and what else they hold."""

    name: str
    agent: str
    questions: tuple[Answered, ...]


ERRANDS = (
    Errand(
        "Appointments of the last weeks",
        "Appointment reminder",
        (
            ("Appointment confirmed", "yes_no", "Appointment / Confirmed", {"goal": "yes"}),
            ("Comes by", "choice", "Appointment / Comes by", {"options": ["car", "bus", "on foot"]}),
            ("Wished day", "date", "Appointment / Wished day", {}),
        ),
    ),
    Errand(
        "Were you happy with us?",
        "Customer survey",
        (
            ("Score from 1 to 10", "number", "Survey / Score", {"goal": "8"}),
            ("Would recommend us", "yes_no", "Survey / Would recommend", {}),
            (
                "What should be better",
                "choice",
                "Survey / To be better",
                {"options": ["waiting time", "price", "friendliness", "opening hours", "nothing"]},
            ),
        ),
    ),
    Errand(
        "Open bills",
        "Payment reminder",
        (
            ("Promised to pay", "yes_no", "Payment / Promised to pay", {"goal": "yes"}),
            ("Promised amount", "number", "Payment / Promised amount", {}),
            ("Promised day", "date", "Payment / Promised day", {}),
            (
                "Why not",
                "choice",
                "Payment / Why not",
                {"options": ["paid already", "no money now", "bill is wrong"]},
            ),
        ),
    ),
)
ENDS = (
    (CallStatus.COMPLETED, "human", 66),
    (CallStatus.COMPLETED, "machine", 8),
    (CallStatus.NO_ANSWER, "unknown", 17),
    (CallStatus.BUSY, "unknown", 6),
    (CallStatus.FAILED, "unknown", 3),
)
"""How calls end, who answers, and how many of a hundred do so."""


def lay_out_history() -> str:
    """Create the past once; returns a sentence on it. What is there already stays as it is."""
    if Campaign.objects.filter(name__in=[errand.name for errand in ERRANDS]).exists():
        return "The history is in place."
    caller, team = User.objects.get(username="caller"), Team.objects.get(name="Front desk")
    chance, now = random.Random(SEED), timezone.now()  # noqa: S311
    with transaction.atomic():
        people = _people(chance, caller, team)
        laid_out = [_lay_out(errand, people, chance, now, caller, team) for errand in ERRANDS]
        lay_out_reviews(laid_out, team)
        _ask_in_the_ready_campaign()
    transcript_words.catch_up(None)
    rollups.rebuild()
    return f"{len(ERRANDS)} campaigns of the last {DAYS} days show what their calls found out."


def _people(chance: random.Random, caller: User, team: Team) -> list[Contact]:
    listed = ContactList.objects.create(name=LIST_NAME, owner=caller, team=team)
    names = [(words.ENGLISH_FIRST, words.ENGLISH_LAST), (words.PERSIAN_FIRST, words.PERSIAN_LAST)]
    contacts = []
    for number in range(PEOPLE):
        first, last = names[number % 2]
        name = f"{chance.choice(first)} {chance.choice(last)}"
        phone = f"+98935200{number:02d}00" if number < 100 else f"+9893530{number:03d}00"
        contacts.append(Contact(name=name, phone=phone, region="IR", owner=caller, team=team))
    made = Contact.objects.bulk_create(contacts)
    ListMembership.objects.bulk_create(ListMembership(contact_list=listed, contact=contact) for contact in made)
    return made


def _lay_out(
    errand: Errand, people: list[Contact], chance: random.Random, now: datetime.datetime, caller: User, team: Team
) -> Campaign:
    agent = Agent.objects.select_related("provider").get(provider__vendor="bolna", name=errand.agent)
    began = now - datetime.timedelta(days=DAYS)
    campaign = Campaign.objects.create(
        name=errand.name, provider=agent.provider, agent=agent, owner=caller, team=team, launched_by=caller,
        status=Campaign.Status.FINISHED, launched_at=began, finished_at=now - datetime.timedelta(days=2),
        is_filled=True, variables={"name": "{name}"},
    )  # fmt: skip
    campaign.lists.set(ContactList.objects.filter(name=LIST_NAME))
    questions = [_question(campaign, *asked) for asked in errand.questions]
    calls = []
    for place, contact in enumerate(people):
        # From four weeks ago until two days ago, at nine to seventeen o'clock.
        day = began + datetime.timedelta(days=(DAYS - 2) * place / len(people))
        at = timezone.localtime(day).replace(hour=9 + chance.randrange(8), minute=chance.randrange(60))
        for attempt in (1, 2):
            call = _call(campaign, contact, at, attempt, chance)
            calls.append(call)
            if call.status not in {CallStatus.NO_ANSWER, CallStatus.BUSY}:
                break
            at += datetime.timedelta(hours=3)
    calls.sort(key=lambda call: call.created_at)
    made = Call.objects.bulk_create(calls)
    Campaign.objects.filter(pk=campaign.pk).update(spent_cost=sum(call.cost or 0 for call in made))
    CallEvent.objects.bulk_create(step for call in made for step in _steps(call))
    CallTranscript.objects.bulk_create(_talk(call) for call in made if call.extracted)
    reading.read_for(questions, [call.pk for call in made])
    return campaign


def _question(campaign: Campaign, name: str, kind: str, path: str, more: dict[str, Any]) -> Question:
    return Question.objects.create(campaign=campaign, name=name, kind=kind, path=path, **more)


def _call(campaign: Campaign, contact: Contact, at: datetime.datetime, attempt: int, chance: random.Random) -> Call:
    ((status, answered_by, _share),) = chance.choices(ENDS, [share for *_end, share in ENDS])
    talk = chance.randrange(25, 150) if answered_by == "human" else 0
    ended = at + datetime.timedelta(seconds=20 + talk)
    agent = campaign.agent
    noted: list[Noted] = []
    if agent is not None and answered_by == "human":
        noted = noted_by(agent.name, chance.getrandbits(32), at.date())
    return Call(
        campaign=campaign, contact=contact, to_number=contact.phone, attempt=attempt, provider=campaign.provider,
        agent=agent, owner=campaign.owner, team=campaign.team, created_at=at, due_at=at, placing_at=at, placed_at=at,
        answered_at=at + datetime.timedelta(seconds=8) if talk else None, ended_at=ended, changed_at=ended,
        status=status, rank=rules.rank_of(status, "vendor_error" if status == CallStatus.FAILED else ""),
        raw_status=status.value, failure_reason="vendor_error" if status == CallStatus.FAILED else "",
        talk_seconds=talk, answered_by=answered_by, extracted=nested(noted),
        cost=(PRICE * talk / 60).quantize(Decimal("0.0001")) if talk else None, currency="USD" if talk else "",
    )  # fmt: skip


def _steps(call: Call) -> list[CallEvent]:
    assert call.placing_at is not None
    assert call.ended_at is not None
    pending, placing, queued = CallStatus.PENDING, CallStatus.PLACING, CallStatus.QUEUED
    return [
        CallEvent(
            call=call, at=call.placing_at, source="system", from_status=pending, to_status=placing, code="commit_point"
        ),
        CallEvent(
            call=call, at=call.placing_at, source="answer", from_status=placing, to_status=queued, code="order_taken"
        ),
        CallEvent(
            call=call, at=call.ended_at, source="poll", from_status=queued, to_status=call.status, code="vendor_news"
        ),
    ]


def _talk(call: Call) -> CallTranscript:
    """Return a short conversation in which the answers of a call are given."""
    turns = [{"speaker": "agent", "text": "Hello, this is the front desk. Do you have a minute?", "at_ms": 0},
             {"speaker": "person", "text": "Yes, speaking.", "at_ms": 4_000}]  # fmt: skip
    told = []
    for answers in call.extracted.values():
        for name, answer in answers.items():
            turns.append({"speaker": "agent", "text": f"{name}?", "at_ms": len(turns) * 4_000})
            turns.append({"speaker": "person", "text": f"{answer['objective']}.", "at_ms": len(turns) * 4_000})
            told.append(f"{name}: {answer['objective']}")
    text = "\n".join(str(turn["text"]) for turn in turns)
    return CallTranscript(call=call, turns=turns, text=text, summary=f"{'; '.join(told)}.")


def _ask_in_the_ready_campaign() -> None:
    """Give the campaign that is ready to launch the questions about appointments."""
    ready = Campaign.objects.filter(agent__name=ERRANDS[0].agent, status=Campaign.Status.DRAFT).order_by("pk").first()
    if ready is not None and not ready.questions.exists():
        for asked in ERRANDS[0].questions:
            _question(ready, *asked)
