"""The events that other programs can hear of: which right each needs, what is sent of it, and in which shape."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch, QuerySet
from ninja import Schema

from callcenter.access.roles import Person, may
from campaigns.answers.words import answer_words
from campaigns.calls.api import LONG, SHOWN, CallOut, call_out
from campaigns.contacts.api.do_not_call import Entry, entry_out
from campaigns.core.scope import heard_by, seen_by
from campaigns.launch.api.shapes import CampaignOut, campaign_out
from campaigns.models import Answer, Call, Callback, Campaign, DoNotCall
from campaigns.models.calls import CallQuerySet
from providers.api import ProviderOut, provider_out
from providers.models import Provider

TEST = "webhook.test"


class OfCall(Schema):
    """What is told of a call."""

    call: CallOut


class GivenAnswer(Schema):
    """One answer of a call."""

    question: int
    name: str
    kind: str
    """Its type: yes_no, choice, number, date or text."""
    value: str
    """In words, in the language of the installation."""
    key: str
    """The value for programs: yes, no, the option, the number, the day, or the text."""
    certainty: str
    """read, unreadable, or person where a user entered it."""


class OfAnswers(OfCall):
    """What is told of a call that gave answers: all that it has given so far."""

    answers: list[GivenAnswer]


class OfCampaign(Schema):
    """What is told of a campaign."""

    campaign: CampaignOut


class OfProvider(Schema):
    """What is told of a provider."""

    provider: ProviderOut


class OfEntry(Schema):
    """What is told of an entry of the do-not-call list."""

    entry: Entry


class OfCallback(OfCall):
    """What is told of a callback; `call` is the one that is placed for it."""

    id: int
    asked_for: datetime.datetime
    reason: str


class OfTest(Schema):
    """What a test tells."""

    message: str


@dataclass(frozen=True, slots=True)
class Event:
    """One event."""

    description: str
    """In English, for the reference and the schema."""
    right: str
    """Without it the owner of an address hears nothing of this kind."""
    shape: type[Schema]
    rows: Callable[[Person], QuerySet[Any]]
    """The rows of it that a person may see."""
    shown: Callable[[Person, Any], dict[str, Any]]


def _calls(person: Person) -> CallQuerySet:
    return seen_by(person, Call.objects.select_related(*SHOWN).defer(*LONG))


def _call(person: Person, call: Call) -> dict[str, Any]:
    return {"call": call_out(person, call)}


def _answered_calls(person: Person) -> QuerySet[Any]:
    answers = Answer.objects.select_related("question").order_by("question")
    return heard_by(person, _calls(person)).prefetch_related(Prefetch("typed_answers", answers))


def _answers(person: Person, call: Call) -> dict[str, Any]:
    return _call(person, call) | {
        "answers": [
            {
                "question": one.question_id,
                "name": one.question.name,
                "kind": one.question.kind,
                "value": answer_words(one),
                "key": one.key or one.raw,
                "certainty": one.certainty,
            }
            for one in call.typed_answers.all()
        ]
    }


def _campaigns(person: Person) -> QuerySet[Any]:
    return seen_by(person, Campaign.objects.select_related("provider", "agent"))


def _callbacks(person: Person) -> QuerySet[Any]:
    return seen_by(person, Callback.objects.select_related(*(f"call__{name}" for name in SHOWN)))


def _callback(person: Person, callback: Callback) -> dict[str, Any]:
    asked = {"id": callback.pk, "asked_for": callback.asked_for, "reason": callback.reason}
    return asked | _call(person, callback.call)


def _of_campaign(description: str) -> Event:
    return Event(description, "see_calls", OfCampaign, _campaigns, lambda _person, one: {"campaign": campaign_out(one)})


EVENTS: Mapping[str, Event] = {
    "call.answered": Event("Somebody or a machine took a call.", "see_calls", OfCall, _calls, _call),
    "call.ended": Event(
        "A call that was placed is over, or turned out to have ended otherwise than was told before.",
        "see_calls", OfCall, _calls, _call,
    ),
    "answer.given": Event(
        "A call answered a question of its campaign, or a user entered or corrected an answer.",
        "hear_calls", OfAnswers, _answered_calls, _answers,
    ),
    "campaign.finished": _of_campaign("A campaign has no call left to make."),
    "approval.needed": _of_campaign("A campaign waits for a manager's approval."),
    "provider.halted": Event(
        "Nothing is called through a provider until an admin resumes it.",
        "see_providers", OfProvider, Provider.objects.seen_by,
        lambda _person, one: {"provider": provider_out(one)},
    ),
    "do_not_call.added": Event(
        "A number is new on the do-not-call list.",
        "add_do_not_call", OfEntry, lambda person: seen_by(person, DoNotCall.objects.all()),
        lambda person, one: {"entry": entry_out(person, one)},
    ),
    "callback.due": Event(
        "The time that a person asked to be called has come.",
        "see_calls", OfCallback, _callbacks, _callback,
    ),
}  # fmt: skip
"""Every event that an address can ask for, by its name."""


def seen(person: Person, kind: str, subjects: Iterable[int]) -> set[int]:
    """Return those of the rows that a person may hear of; raises KeyError for an unknown kind."""
    event = EVENTS[kind]
    if not may(person, event.right):
        return set()
    return set(event.rows(person).filter(pk__in=set(subjects)).order_by().values_list("pk", flat=True))


def read(person: Person, kind: str, subjects: Iterable[int]) -> dict[int, dict[str, Any]]:
    """Return what is sent of rows to a person's address, by id; without those that they may not hear of."""
    event = EVENTS[kind]
    if not may(person, event.right):
        return {}
    rows = event.rows(person).filter(pk__in=set(subjects))
    return {row.pk: event.shape(**event.shown(person, row)).model_dump(mode="json") for row in rows}


def of_test() -> dict[str, Any]:
    """Return what a test tells."""
    return OfTest(message="This is a test: nothing happened.").model_dump(mode="json")
