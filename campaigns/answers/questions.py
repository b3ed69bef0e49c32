"""The questions of a campaign: who writes them, what is a whole question, and what a change leads to."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from callcenter.access.roles import Person, may
from callcenter.audit.models import record
from callcenter.edits.shown import Shown, changes_of
from campaigns import queue
from campaigns.answers.typed import NO, YES, key_of, number_key, read
from campaigns.core.refusals import Refusal
from campaigns.core.scope import may_change
from campaigns.models import Answer, Call, Campaign, Question
from campaigns.models.answers import MAX_OPTION, MAX_PATH

Kind, Source = Question.Kind, Question.Source
MOST = 30
"""Questions of one campaign."""
MOST_OPTIONS, MOST_WORDS = 20, 20
COLUMNS = ("name", "path", "words", "options", "goal")
"""What can be changed of a question; another type or source is another question."""
_READ_BY = frozenset({"path", "words", "options"})
"""Columns whose change lets calls be read again."""


class QuestionRefusal(Refusal):
    """Raised for a question that is not whole; `field` is where its form shows the sentence."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


def may_ask(person: Person, campaign: Campaign) -> bool:
    """Return whether a person may write a campaign's questions; also after its end, as nobody is called by them."""
    return may(person, "draft_campaign") and may_change(person, campaign)


def add(person: Person, campaign: Campaign, values: Mapping[str, Any]) -> Question:
    """Add a question and let the calls that are there be read for it. Raises PermissionDenied and QuestionRefusal."""
    _demand(person, campaign)
    whole = whole_question(values)
    with transaction.atomic():
        # Under the campaign's lock: the limit, the name and the goal hold also for two at once.
        Campaign.objects.select_for_update(of=("self",)).get(pk=campaign.pk)
        others = Question.objects.filter(campaign=campaign)
        if others.count() >= MOST:
            raise QuestionRefusal("name", _("A campaign has at most %(n)d questions. Remove one first.") % {"n": MOST})
        _refuse_twice(others, whole)
        question = Question.objects.create(campaign=campaign, unread_below=_top(campaign), **whole)
        record(person, "question.added", campaign, question=question.name)
        queue.nudge_answers()
    return question


def change(person: Person, question: Question, values: Mapping[str, Any], shown: Shown | None = None) -> Question:
    """Change a question; calls are read again where that may give other answers.

    Raises PermissionDenied, QuestionRefusal, and BothChanged if somebody else changed the same since it was shown.
    """
    _demand(person, question.campaign)
    with transaction.atomic():
        Campaign.objects.select_for_update(of=("self",)).get(pk=question.campaign_id)
        stored = Question.objects.select_for_update(of=("self",)).get(pk=question.pk)
        changes = changes_of(stored, {name: values[name] for name in COLUMNS if name in values}, shown)
        if not changes:
            return stored
        before = {name: getattr(stored, name) for name in COLUMNS}
        whole = whole_question({"kind": stored.kind, "source": stored.source, **before, **changes})
        _refuse_twice(Question.objects.filter(campaign=stored.campaign_id).exclude(pk=stored.pk), whole)
        changed = [name for name in COLUMNS if whole[name] != before[name]]
        for name in changed:
            setattr(stored, name, whole[name])
        if _READ_BY.intersection(changed):
            stored.unread_below = _top(stored.campaign)
            queue.nudge_answers()
        stored.save()
        record(person, "question.changed", stored.campaign, question=stored.name, fields=changed)
    return stored


def remove(person: Person, question: Question) -> int:
    """Remove a question with its answers, also those that people entered; returns how many there were.

    It is shown nowhere any more. Its answers, which may be a million, are cleared by the worker (`removal`).
    """
    _demand(person, question.campaign)
    count = Answer.objects.filter(question=question.pk).count()
    with transaction.atomic():
        # Its name and the goal are free for another one: no name that is typed begins with a blank.
        left = {"removed_at": timezone.now(), "name": f" {question.pk}", "goal": "", "unread_below": None}
        if Question.objects.filter(pk=question.pk).update(**left):
            record(person, "question.removed", question.campaign, question=question.name, answers=count)
            queue.nudge_answers()
    return count


def copy_to(original: int, campaign: Campaign) -> None:
    """Give a new campaign the questions of another one."""
    Question.objects.bulk_create(
        Question(campaign=campaign, **{name: getattr(one, name) for name in ("kind", "source", *COLUMNS)})
        for one in Question.objects.filter(campaign=original)
    )


def whole_question(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of a question, without what its type and source do not use. Raises QuestionRefusal."""
    kind, source = values["kind"], values["source"]
    found: dict[str, Any] = {
        "kind": kind, "source": source, "name": " ".join(str(values["name"]).replace("\x00", "").split()),
        "path": "", "words": [], "options": [], "goal": "",
    }  # fmt: skip
    if not key_of(found["name"]):
        raise QuestionRefusal("name", _("Enter the question, such as “Appointment confirmed”."))
    if source == Source.AGENT:
        found["path"] = str(values.get("path") or "").replace("\x00", "").strip()[:MAX_PATH]
        if not found["path"]:
            raise QuestionRefusal("path", _("Enter the name used by the agent. Recent calls show these names."))
    if source == Source.WORDS:
        if kind != Kind.YES_NO:
            raise QuestionRefusal("kind", _("For words in the transcript, choose the answer type yes or no."))
        found["words"] = _texts(values.get("words") or [], MOST_WORDS)
        if not found["words"]:
            raise QuestionRefusal("words", _("Enter the words that mean yes, one phrase per line."))
    if kind == Kind.CHOICE:
        found["options"] = _texts(values.get("options") or [], MOST_OPTIONS)
        if len(found["options"]) < 2:
            raise QuestionRefusal("options", _("Enter at least two possible answers, one per line."))
    found["goal"] = _goal(kind, found["options"], str(values.get("goal") or "").strip())
    return found


def _texts(texts: Any, most: int) -> list[str]:
    """Return texts once each, whatever their spelling."""
    by_key: dict[str, str] = {}
    for text in texts:
        plain = " ".join(str(text).replace("\x00", "").split())[:MAX_OPTION]
        by_key.setdefault(key_of(plain), plain)
    by_key.pop("", None)
    return list(by_key.values())[:most]


def _goal(kind: str, options: list[str], text: str) -> str:
    """Return a goal as it is stored: the key of the wanted answer, or the least number."""
    if not text:
        return ""
    if kind not in {Kind.YES_NO, Kind.CHOICE, Kind.NUMBER}:
        raise QuestionRefusal("goal", _("A goal is yes or no, one of the possible answers, or a minimum number."))
    typed = read(kind, options, [text], timezone.now())
    if typed is None or not typed.is_readable:
        sentences = {
            Kind.YES_NO: _("Enter yes or no."),
            Kind.CHOICE: _("Enter one of the possible answers."),
            Kind.NUMBER: _("Enter a number in digits."),
        }
        raise QuestionRefusal("goal", sentences[Kind(kind)])
    return typed.key


def meets_goal(question: Question) -> dict[str, Any]:
    """Return the condition of answers that meet a question's goal, as arguments of a filter."""
    if question.kind == Kind.NUMBER:
        return {"number__gte": Decimal(question.goal)}
    return {"key": question.goal}


def key_words(question: Question, key: str) -> str:
    """Return the key of an answer in words: Yes, No, an option as it was written, a number."""
    if question.kind == Kind.YES_NO:
        return {YES: _("Yes"), NO: _("No")}.get(key, key)
    if question.kind == Kind.CHOICE:
        return next((option for option in question.options if key_of(option) == key), key)
    return key


def goal_words(question: Question) -> str:
    """Return a question's goal in words; empty for none."""
    if not question.goal:
        return ""
    if question.kind == Kind.NUMBER:
        return _("at least %(n)s") % {"n": number_key(Decimal(question.goal))}
    return key_words(question, question.goal)


def _refuse_twice(others: Any, whole: Mapping[str, Any]) -> None:
    if others.filter(name=whole["name"]).exists():
        raise QuestionRefusal("name", _("This campaign already has a question with this name. Choose another name."))
    if whole["goal"] and (other := others.exclude(goal="").first()) is not None:
        raise QuestionRefusal(
            "goal", _("“%(name)s” already has the goal. Remove it there first.") % {"name": other.name}
        )


def _top(campaign: Campaign) -> int | None:
    """Return the id above the campaign's newest call; None where it has none."""
    newest = Call.objects.filter(campaign=campaign).order_by("-pk").values_list("pk", flat=True).first()
    return None if newest is None else newest + 1


def _demand(person: Person, campaign: Campaign) -> None:
    if not may_ask(person, campaign):
        raise PermissionDenied("draft_campaign")
