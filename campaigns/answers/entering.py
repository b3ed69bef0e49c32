"""Answers that people enter on a call's page: read as strictly as an agent's, and never overwritten by a reading."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from callcenter.access.roles import Person, may
from callcenter.audit.models import record
from callcenter.edits.shown import Shown
from callcenter.edits.states import State
from campaigns.answers.reading import read_for
from campaigns.answers.signals import answers_changed
from campaigns.answers.typed import read
from campaigns.core import scope
from campaigns.core.happenings import happened
from campaigns.core.refusals import Refusal
from campaigns.models import Answer, Call, Question
from campaigns.models.answers import MAX_RAW

Kind, Certainty = Question.Kind, Answer.Certainty


def may_enter(person: Person, call: Call) -> bool:
    """Return whether a person may enter answers of a call: they may write notes, and hear what was said."""
    return may(person, "note_calls") and scope.may_hear(person, call)


def answers_of(call: Call) -> list[tuple[Question, Answer | None]]:
    """Return the questions of a call's campaign, each with this call's answer."""
    if call.campaign_id is None:
        return []
    answers = {one.question_id: one for one in Answer.objects.filter(call=call).select_related("by")}
    return [(one, answers.get(one.pk)) for one in Question.objects.filter(campaign=call.campaign_id)]


def entered_state(call: Call, question: Question) -> State:
    """Return what a person entered, as its form shows it."""
    found = Answer.objects.filter(call=call, question=question, certainty=Certainty.PERSON).first()
    return {"value": found.raw if found else ""}


def enter(person: Person, call: Call, question: Question, text: str, shown: Shown | None = None) -> bool:
    """Store what a person says that a call answered; an empty text takes their entry back. False: nothing changed.

    Raises PermissionDenied, Refusal for what cannot be read, and BothChanged.
    """
    if question.campaign_id != call.campaign_id or not may_enter(person, call):
        raise PermissionDenied("note_calls")
    with transaction.atomic():
        # Under the call's row lock: a first entry has no row of its own yet.
        Call.objects.select_for_update(of=("self",)).get(pk=call.pk)
        stored = entered_state(call, question)
        joined: State = shown.join({"value": text}, stored) if shown else {"value": text}
        value = str(joined.get("value", stored["value"])).strip()[:MAX_RAW]
        if value == stored["value"]:
            return False
        if not value:
            Answer.objects.filter(call=call, question=question, certainty=Certainty.PERSON).delete()
            read_for([question], [call.pk])
            answers_changed.send(sender=Answer, calls=[call.pk])
            record(person, "call.answer_removed", call, question=question.name)
            return True
        Answer.objects.update_or_create(
            question=question, call=call, defaults=_typed(question, value) | {"by_id": person.pk, "at": timezone.now()}
        )
        answers_changed.send(sender=Answer, calls=[call.pk])
        record(person, "call.answer_entered", call, question=question.name)
        happened("answer.given", call.pk)
    return True


def _typed(question: Question, text: str) -> dict[str, Any]:
    typed = read(question.kind, question.options, [text], timezone.now())
    if typed is None or not typed.is_readable:
        sentences = {
            Kind.YES_NO: _("Enter yes or no."),
            Kind.CHOICE: _("Enter one of the possible answers."),
            Kind.NUMBER: _("Enter a number in digits."),
            Kind.DATE: _("Enter the date with the year first, such as 2027-03-21."),
            Kind.TEXT: _("Nothing was entered, so nothing was saved."),
        }
        raise Refusal(sentences[Kind(question.kind)])
    return {
        "raw": typed.raw, "key": typed.key, "number": typed.number, "day": typed.day, "certainty": Certainty.PERSON,
    }  # fmt: skip
