"""The dispositions of an installation and their rules: who writes them, and what is a whole one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from callcenter.access.reach import usable_by
from callcenter.access.roles import Person, may, team_of
from callcenter.audit.models import record
from callcenter.edits.shown import Shown, changes_of
from campaigns.answers.conditions import RANGES, understood
from campaigns.answers.questions import key_words
from campaigns.answers.typed import key_of
from campaigns.calls.hand_overs import people_to_give_to
from campaigns.core import results
from campaigns.core.refusals import Refusal
from campaigns.core.scope import may_change, may_see
from campaigns.models import Disposition, DispositionRule
from campaigns.models.answers import MAX_OPTION

RIGHT = "define_dispositions"
MOST = 60
"""Dispositions that one team may have in use."""
MOST_RULES = 20
MOST_WORDS = 20
LONGEST = 60 * 24 * 60
"""Minutes until an attempt or callback: sixty days."""
SHORTEST = 5
"""A callback is never due at once: nobody is rung again while they put the phone down."""
COLUMNS = ("name", "follows", "minutes", "taker", "is_offered")
Follows = Disposition.Follows
WITH_MINUTES = frozenset({Follows.RETRY, Follows.CALLBACK, Follows.PERSON})


class DispositionRefusal(Refusal):
    """Raised for a disposition or rule that is not whole; `field` is where its form shows the sentence."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


def offered_to(team: int | None) -> QuerySet[Disposition]:
    """Return the dispositions that calls of a team (None: of none) may get, by name."""
    return Disposition.objects.filter(usable_by(team), is_offered=True)


def may_define(person: Person, disposition: Disposition | None = None) -> bool:
    """Return whether a person may write dispositions, or change this one."""
    return may(person, RIGHT) and (disposition is None or may_change(person, disposition))


def add(person: Person, values: Mapping[str, Any]) -> Disposition:
    """Add a disposition, of the person's team. Raises PermissionDenied and DispositionRefusal."""
    if not may_define(person):
        raise PermissionDenied(RIGHT)
    team = team_of(person)
    whole = _whole(values, team, person)
    with transaction.atomic():
        others = Disposition.objects.filter(team=team)
        if others.filter(is_offered=True).count() >= MOST:
            sentence = _("%(n)d dispositions are in use, the maximum. Turn one off first.") % {"n": MOST}
            raise DispositionRefusal("name", sentence)
        _refuse_twice(others, whole["name"])
        made = Disposition.objects.create(owner_id=person.pk, team_id=team, **whole)
        record(person, "disposition.added", made, follows=made.follows)
    return made


def change(person: Person, disposition: Disposition, values: Mapping[str, Any], shown: Shown | None = None) -> None:
    """Change a disposition; what followed on calls stays as it is.

    Raises PermissionDenied, DispositionRefusal, and BothChanged if somebody else changed the same since it was shown.
    """
    if not may_define(person, disposition):
        raise PermissionDenied(RIGHT)
    with transaction.atomic():
        stored = Disposition.objects.select_for_update(of=("self",)).get(pk=disposition.pk)
        changes = changes_of(stored, {name: values[name] for name in COLUMNS if name in values}, shown)
        if not changes:
            return
        whole = _whole({**{name: getattr(stored, name) for name in COLUMNS}, **changes}, stored.team_id, person)
        _refuse_twice(Disposition.objects.filter(team=stored.team_id).exclude(pk=stored.pk), whole["name"])
        changed = [name for name in COLUMNS if whole[name] != getattr(stored, name)]
        for name in changed:
            setattr(stored, name, whole[name])
        stored.save(update_fields=changed)
        record(person, "disposition.changed", stored, follows=stored.follows, fields=changed)


def add_rule(person: Person, disposition: Disposition, values: Mapping[str, Any]) -> DispositionRule:
    """Add a rule, which holds for calls that end from now on. Raises PermissionDenied and DispositionRefusal."""
    if not may_define(person, disposition):
        raise PermissionDenied(RIGHT)
    whole = _whole_rule(person, values)
    with transaction.atomic():
        Disposition.objects.select_for_update(of=("self",)).get(pk=disposition.pk)
        if disposition.rules.count() >= MOST_RULES:
            raise DispositionRefusal(
                "campaign", _("A disposition can have at most %(n)d rules. Remove one first.") % {"n": MOST_RULES}
            )
        made = DispositionRule.objects.create(disposition=disposition, made_by_id=person.pk, **whole)
        record(person, "disposition.rule_added", disposition, rule=made.pk)
    return made


def remove_rule(person: Person, rule: DispositionRule) -> bool:
    """Remove a rule; calls keep what it set. Returns False if it was gone. Raises PermissionDenied."""
    if not may_define(person, rule.disposition):
        raise PermissionDenied(RIGHT)
    with transaction.atomic():
        # What the rule set stays with the calls, also where the database would follow the key.
        if not DispositionRule.objects.filter(pk=rule.pk).delete()[0]:
            return False
        record(person, "disposition.rule_removed", rule.disposition, rule=rule.pk)
    return True


def _whole(values: Mapping[str, Any], team: int | None, person: Person) -> dict[str, Any]:
    name = " ".join(str(values["name"]).replace("\x00", "").split())
    if not key_of(name):
        raise DispositionRefusal("name", _("Enter a name of letters or digits, such as “Wrong person”."))
    follows = str(values["follows"])
    minutes = int(values.get("minutes") or 0) if follows in WITH_MINUTES else 0
    if follows in WITH_MINUTES and not SHORTEST <= minutes <= LONGEST:
        raise DispositionRefusal("minutes", _("Choose a time from 5 minutes to 60 days."))
    taker = values.get("taker") if follows == Follows.PERSON else None
    if taker is not None and not people_to_give_to(team, person).filter(pk=taker.pk).exists():
        raise DispositionRefusal("taker", _("This user cannot take it. Choose a user who can make calls."))
    return {
        "name": name, "follows": follows, "minutes": minutes, "taker": taker,
        "is_offered": bool(values.get("is_offered", True)),
    }  # fmt: skip


def _refuse_twice(others: QuerySet[Disposition], name: str) -> None:
    if any(key_of(other) == key_of(name) for other in others.values_list("name", flat=True)):
        raise DispositionRefusal("name", _("A disposition with this name exists. Choose another name."))


def _whole_rule(person: Person, values: Mapping[str, Any]) -> dict[str, Any]:
    campaign, question = values.get("campaign"), values.get("question")
    if campaign is not None and not may_see(person, campaign):
        raise PermissionDenied("campaign")
    if question is not None:
        if not may(person, "hear_calls") or not may_see(person, question.campaign):
            raise PermissionDenied("question")
        if campaign is not None and question.campaign_id != campaign.pk:
            raise DispositionRefusal(
                "question", _("This question belongs to another campaign. Choose a question of this campaign.")
            )
        campaign = question.campaign
    answer, most = (str(values.get(name) or "").strip() for name in ("answer", "answer_to"))
    if question is None and (answer or most):
        raise DispositionRefusal("question", _("Also choose the question."))
    if most and question is not None and question.kind not in RANGES:
        raise DispositionRefusal("answer_to", _("Only numbers and dates have a maximum. Leave this empty."))
    for field, text in (("answer", answer), ("answer_to", most)):
        if text and question is not None and understood(question, text) is None:
            raise DispositionRefusal(
                field, _("This is not a valid answer to that question. Check its type and possible answers.")
            )
    result = str(values.get("result") or "")
    if result and result not in results.BY_KEY:
        raise DispositionRefusal("result", _("Choose one of the results."))
    words = _phrases(values.get("words") or [])
    if question is None and not result and not words:
        raise DispositionRefusal("result", _("A rule needs a condition: choose a question, a result or words."))
    return {
        "campaign": campaign, "question": question, "answer": answer, "answer_to": most, "result": result,
        "words": words,
    }  # fmt: skip


def _phrases(texts: Any) -> list[str]:
    by_key: dict[str, str] = {}
    for text in texts:
        plain = " ".join(str(text).replace("\x00", "").split())[:MAX_OPTION]
        by_key.setdefault(key_of(plain), plain)
    by_key.pop("", None)
    return list(by_key.values())[:MOST_WORDS]


def rule_words(rule: DispositionRule) -> str:
    """Return the conditions of a rule in one line."""
    parts = [rule.campaign.name if rule.campaign is not None else _("all campaigns and single calls")]
    if rule.question is not None:
        answers = [_read(rule, one) for one in (rule.answer, rule.answer_to) if one]
        told = " – ".join(answers) or _("any answer")
        parts.append(f"{rule.question.name}: {told}")
    if rule.result in results.BY_KEY:
        parts.append(_("result: %(result)s") % {"result": results.BY_KEY[rule.result].word})
    if rule.words:
        parts.append(_("says: %(words)s") % {"words": ", ".join(f"“{one}”" for one in rule.words)})
    return " · ".join(parts)


def _read(rule: DispositionRule, text: str) -> str:
    assert rule.question is not None
    typed = understood(rule.question, text)
    return key_words(rule.question, typed.key) if typed is not None and typed.key else text
