"""The screen of what a campaign found out: goal, distributions that open their calls, people with their answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from callcenter.access.reach import content_of
from callcenter.access.roles import needs
from callcenter.formats.amounts import number
from callcenter.made_once import few_at_once
from callcenter.one_at_a_time import one_at_a_time
from campaigns.answers import comparison, comparison_words, figures, questions
from campaigns.answers.conditions import UNREADABLE
from campaigns.answers.people import people_who_answered
from campaigns.answers.questions import goal_words, key_words
from campaigns.answers.typed import number_key
from campaigns.calls.call_columns import OF_QUESTION
from campaigns.core.views.page_requests import person_of
from campaigns.launch.views.campaigns import campaign_context, find_campaign
from campaigns.models import Campaign, Question
from campaigns.numbers import search_digits
from campaigns.reports.plots import Bar, Plot, lying_bars
from campaigns.templatetags import console

LONG_NUMBER = 7
"""Digits from which a text may be a phone number, which no address carries."""


@dataclass(frozen=True, slots=True)
class ShownBar:
    """One bar, also as a row of the table that says the same."""

    words: str
    calls: int
    percent: float
    url: str
    is_goal: bool


@dataclass(frozen=True, slots=True)
class ShownQuestion:
    """One question's distribution as the page shows it."""

    found: figures.Distribution
    bars: Sequence[ShownBar]
    plot: Plot
    goal: str
    unreadable_url: str
    all_url: str


@dataclass(frozen=True, slots=True)
class ShownVariant:
    """One variant as the page compares it."""

    figures: comparison.VariantFigures
    talked: str
    goal: str
    likely: str
    """Where the true share of the goal lies; of people who talked, where no goal is set."""
    url: str
    """Its calls in the call log."""


def _shown_variant(campaign: Campaign, found: comparison.VariantFigures) -> ShownVariant:
    share = found.goal or found.talked
    asked = urlencode({"campaign": str(campaign.pk), "variant": str(found.variant.key)})
    return ShownVariant(
        found,
        comparison_words.share_in_words(found.talked),
        comparison_words.share_in_words(found.goal) if found.goal else "",
        comparison_words.interval_in_words(share),
        f"{reverse('call-log')}?{asked}",
    )


@require_safe
@needs("hear_calls")
@one_at_a_time
@few_at_once
def campaign_results(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what a campaign found out."""
    campaign, person = find_campaign(request, pk), person_of(request)
    if not content_of(person).holds(campaign.owner_id, campaign.team_id):
        raise PermissionDenied("hear_calls")
    asked = list(Question.objects.filter(campaign=campaign))
    shown = [_shown(campaign, figures.distribution_of(one)) for one in asked]
    goal = figures.goal_of(campaign, asked)
    variants = comparison.compare(campaign, goal.question if goal else None) if len(campaign.variants) > 1 else []
    people = people_who_answered(campaign, asked, person, request.GET)
    context = campaign_context(request, campaign, "results") | {
        "questions": asked,
        "variants": [_shown_variant(campaign, one) for one in variants],
        "lead": comparison_words.lead_in_words(comparison.lead_of(variants)) if variants else [],
        "shown": shown,
        "goal": goal,
        "goal_words": goal_words(goal.question) if goal else "",
        "goal_url": _goal_url(campaign, goal.question) if goal else "",
        "sentences": _sentences(asked, shown),
        "people": people,
        "rows": [(call, [people.answers[call.pk].get(one.pk) for one in asked]) for call in people.rows],
        "may_ask": questions.may_ask(person, campaign),
        "is_reading": any(one.unread_below is not None for one in asked),
        "columns_query": urlencode([("campaign", campaign.pk), *(("column", key) for key in _columns(asked))]),
        "here": request.build_absolute_uri(reverse("campaign-results", args=[campaign.pk])),
    }
    return render(request, "answers/results.html", context)


def _columns(asked: Sequence[Question]) -> list[str]:
    return ["person", "number", "state", "sent", *(f"{OF_QUESTION}{one.pk}" for one in asked)]


def _log(campaign: Campaign, question: Question, wanted: str = "", at_most: str = "") -> str:
    asked: dict[str, Any] = {"campaign": campaign.pk, "question": question.pk, "answer": wanted, "answer_to": at_most}
    return f"{reverse('call-log')}?{urlencode({name: value for name, value in asked.items() if value})}"


def _goal_url(campaign: Campaign, question: Question) -> str:
    return _log(campaign, question, question.goal)


def _shown(campaign: Campaign, found: figures.Distribution) -> ShownQuestion:
    question = found.question
    bars = [
        ShownBar(
            words=_words(question, part),
            calls=part.calls,
            percent=round(100 * part.calls / max(1, found.answered), 1),
            url=_part_url(campaign, question, part),
            is_goal=part.is_goal,
        )
        for part in found.parts
    ]
    drawn = [
        Bar(
            bar.words,
            bar.calls,
            _("%(calls)s calls, %(percent)s %%") % {"calls": number(bar.calls), "percent": console.digits(bar.percent)},
            bar.url,
            "plot-good" if bar.is_goal else "plot-accent",
        )
        for bar in bars
    ]
    return ShownQuestion(
        found, bars, lying_bars(drawn), goal_words(question), _log(campaign, question, UNREADABLE),
        _log(campaign, question),
    )  # fmt: skip


def _part_url(campaign: Campaign, question: Question, part: figures.Part) -> str:
    if question.kind == Question.Kind.TEXT and len(search_digits(part.wanted)) >= LONG_NUMBER:
        return _log(campaign, question)
    return _log(campaign, question, part.wanted, part.at_most)


def _words(question: Question, part: figures.Part) -> str:
    first, last = part.wanted, part.at_most
    if question.kind == Question.Kind.DATE:
        days = [console.digits(one) for one in dict.fromkeys((first, last))]
        return " – ".join(days)
    if question.kind == Question.Kind.NUMBER and last != first:
        # The greatest number of a span is just below the beginning of the next one.
        end = number_key(Decimal(last) + figures.STEP)
        return _("%(first)s to under %(last)s") % {"first": console.digits(first), "last": console.digits(end)}
    return key_words(question, first) if question.kind != Question.Kind.NUMBER else console.digits(first)


def _sentences(asked: Sequence[Question], shown: Sequence[ShownQuestion]) -> list[tuple[str, str]]:
    """Return what stands out, each as a sentence with the address of its calls."""
    found = []
    for one in figures.differences(asked):
        more = _(
            "Of people who answered “%(answer)s” to “%(question)s”, %(share)s %% reached the goal: more than "
            "the others (%(others)s %%)."
        )
        less = _(
            "Of people who answered “%(answer)s” to “%(question)s”, %(share)s %% reached the goal: less than "
            "the others (%(others)s %%)."
        )
        text = more if one.is_more else less
        said = text % {
            "answer": key_words(one.question, one.key),
            "question": one.question.name,
            "share": console.digits(round(one.share)),
            "others": console.digits(round(one.others)),
        }
        found.append((said, _log(one.question.campaign, one.question, one.key)))
    for each in shown:
        whole = each.found.answered + each.found.unreadable
        if each.found.unreadable and each.found.unreadable * 10 >= whole:
            text = _(
                "%(n)s of %(whole)s answers to “%(question)s” do not match the answer type. Check them, and "
                "adjust the question or the agent."
            )
            said = text % {
                "n": number(each.found.unreadable), "whole": number(whole), "question": each.found.question.name,
            }  # fmt: skip
            found.append((said, each.unreadable_url))
    return found
