"""Cells of the call log, written by one function a column, because templates for fifty rows would be slow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import template
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from callcenter.access.roles import Person
from callcenter.formats.amounts import duration, money, number
from campaigns.answers.words import answer_words
from campaigns.calls.call_columns import LogColumn
from campaigns.calls.noted_answers import as_line
from campaigns.core import results
from campaigns.core.variants import name_in
from campaigns.models import Answer, Call, CallDisposition, CallReview, Question
from campaigns.templatetags import console

register = template.Library()

NOTHING = "–"


@register.simple_tag
def call_cell(call: Call, column: LogColumn, person: Person) -> str:
    """Return the HTML of a call's cell in a column."""
    return _cell(call, column, person) or NOTHING


@register.simple_tag
def linked_cell(call: Call, column: LogColumn, person: Person) -> str:
    """Return the HTML of a call's cell in a column, as a link to the call's page."""
    return format_html('<a href="{}">{}</a>', reverse("call", args=[call.pk]), call_cell(call, column, person))


@register.simple_tag
def is_empty_cell(call: Call, column: LogColumn, person: Person) -> bool:
    """Return whether a call's cell is empty; narrow screens leave such a line out."""
    return _cell(call, column, person) in {"", NOTHING}


def _cell(call: Call, column: LogColumn, person: Person) -> str:
    return CELLS[column.key](call, person) if column.question is None else _answer(call, column.question)


def _answer(call: Call, question: Question) -> str:
    found = next((one for one in call.typed_answers.all() if one.question_id == question.pk), None)
    return shown_answer(found) if found else ""


@register.filter
def shown_answer(answer: Answer) -> str:
    """Return the HTML of an answer: its value, or what was given where that is not readable."""
    words = answer_words(answer)
    if answer.certainty == Answer.Certainty.UNREADABLE:
        return format_html('<span class="muted" dir="auto">“{}”</span>', words)
    if answer.question.kind == Question.Kind.DATE and answer.day:
        return console.day(answer.day)
    if answer.question.kind == Question.Kind.NUMBER:
        return console.digits(words)
    return format_html('<span dir="auto">{}</span>', words)


def _answers(call: Call, _person: Person) -> str:
    pairs = ((one.question.name, shown_answer(one)) for one in call.typed_answers.all())
    return format_html_join("", "<div><bdi>{}</bdi>: {}</div>", pairs)


def _summary(call: Call, _person: Person) -> str:
    found = getattr(call, "transcript", None)
    return format_html('<span dir="auto">{}</span>', found.summary) if found and found.summary else ""


def _transcript(call: Call, _person: Person) -> str:
    # The page shows where it stands: reading it there is recorded.
    return _("on the call page") if getattr(call, "transcript", None) else ""


def _variables(call: Call, _person: Person) -> str:
    pairs = sorted(call.variables.items()) if isinstance(call.variables, dict) else []
    return format_html_join("", '<div><bdi>{}</bdi>: <bdi dir="auto">{}</bdi></div>', pairs)


def _name(value: object) -> str:
    return format_html("<bdi>{}</bdi>", value) if value else ""


def _code(value: object) -> str:
    return format_html('<bdi dir="ltr" class="breaks">{}</bdi>', value) if value else ""


def _state(call: Call, _person: Person) -> str:
    chip = SafeString(render_to_string("_chip.html", {"chip": results.result_of(call).chip}).strip())
    return format_html('{} <span class="tag">{}</span>', chip, _("Inbound")) if call.is_inbound else chip


def _campaign(call: Call, _person: Person) -> str:
    if call.is_inbound:
        return _("Called us")
    return _name(call.campaign.name) if call.campaign else _("Single call")


def _sent(call: Call, _person: Person) -> str:
    if call.placing_at:
        return console.moment(call.placing_at)
    if call.is_inbound:
        return console.moment(call.placed_at or call.created_at)
    if call.status == "pending":
        due = format_html(_("due {at}"), at=console.moment(call.due_at))
        return format_html('<span class="muted">{}</span>', due)
    return console.moment(call.created_at)


def _answered_by(call: Call, _person: Person) -> str:
    return {"human": _("a person"), "machine": _("a machine")}.get(call.answered_by, "")


def _noted(call: Call, _person: Person) -> str:
    line = as_line(call.extracted)
    return format_html('<span dir="auto">{}</span>', line) if line else ""


def _tags(call: Call, _person: Person) -> str:
    names = ((tagging.tag.name,) for tagging in call.taggings.all())
    return format_html_join(" ", '<span class="tag"><bdi>{}</bdi></span>', names)


def _disposition(call: Call, _person: Person) -> str:
    found: CallDisposition | None = getattr(call, "disposed", None)
    return _name(found.disposition.name) if found is not None else ""


def _score(call: Call, _person: Person) -> str:
    found: CallReview | None = getattr(call, "review", None)
    if found is None:
        return ""
    return format_html('<span class="nowrap">{}</span>', console.digits(_("%(score)s of 5") % {"score": found.score}))


def _asked_by(call: Call, _person: Person) -> str:
    return _name(call.owner.get_full_name() or call.owner.get_username()) if call.owner else ""


def _variant(call: Call, _person: Any) -> str:
    return _name(name_in(call.campaign.variants, call.variant)) if call.campaign and call.variant else ""


CELLS: dict[str, Callable[[Call, Any], str]] = {
    "call": lambda call, _: console.digits(call.pk),
    "person": lambda call, _: _name(console.call_name(call)),
    "number": console.call_number,
    "state": _state,
    "why": lambda call, _: console.why(call),
    "campaign": _campaign,
    "provider": lambda call, _: _name(call.provider.name),
    "direction": lambda call, _person: call.get_direction_display(),
    "agent": lambda call, _: _name(call.agent.name) if call.agent else "",
    "variant": _variant,
    "caller_id": lambda call, _: _code(call.caller_id.number) if call.caller_id else "",
    "attempt": lambda call, _: number(call.attempt),
    "added": lambda call, _: console.moment(call.created_at),
    "sent": _sent,
    "answered": lambda call, _: console.moment(call.answered_at),
    "ended": lambda call, _: console.moment(call.ended_at),
    "talked": lambda call, _: duration(call.talk_seconds),
    "answered_by": _answered_by,
    "cost": lambda call, _: money(call.cost, call.currency),
    "end_reason": lambda call, _: _name(call.end_reason),
    "noted": _noted,
    "answers": _answers,
    "summary": _summary,
    "transcript": _transcript,
    "variables": _variables,
    "tags": _tags,
    "disposition": _disposition,
    "score": _score,
    "asked_by": _asked_by,
    "remote_id": lambda call, _: _code(call.remote_id),
    "reference": lambda call, _: _code(call.reference),
}
"""The function that writes a cell, by column; every column of the log has one."""
