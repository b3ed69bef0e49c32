"""The launch check in one sentence: who is called, who is not and why, how long it takes, what it costs."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from callcenter.formats.amounts import number, plain_money, plain_money_range
from campaigns.launch.audience import NEVER, NOW
from campaigns.launch.launch_check import LaunchCheck
from campaigns.reasons import SkipReason, WaitReason

SLOT = "\x00"
"""Placeholder for the number in a translated phrase."""
VARIABLES_NAMED = 3
"""Most empty variables that the sentence names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A part of the sentence: words, a number of people that can be a link to them, a time or an amount."""

    text: str
    count: int | None = None
    kind: str = ""
    """Verdict or group of `audience` whose people the number counts."""
    variable: str = ""
    at: datetime.datetime | None = None
    amounts: tuple[Decimal, Decimal] | None = None
    """A cost, at least and at most."""


def pieces_of(check: LaunchCheck) -> list[Piece]:
    """Return the sentence in pieces; each number says which people it counts."""
    if not check.total:
        return [Piece(text=_("The audience is empty."))]
    total = ngettext("Of %(count)s person, ", "Of %(count)s people, ", check.total)
    called = ngettext("%(count)s will be called", "%(count)s will be called", check.called)
    said = _counted(total, check.total, "everybody") + _counted(called, check.called, "called")
    if check.waiting:
        said += [Piece(text=": "), *_listed(_ways(check))]
    if check.never:
        will_not = ngettext("%(count)s skipped", "%(count)s skipped", check.never)
        said += [
            Piece(text=pgettext("between the parts of a sentence", "; ")),
            *_counted(will_not, check.never, "never"),
            Piece(text=": "),
            *_listed(_reasons(check)),
        ]
    if check.called:
        said += [Piece(text=pgettext("between the parts of a sentence", "; ")), *_effort(check)]
    return [*said, Piece(text=".")]


def sentence_of(check: LaunchCheck) -> str:
    """Return the sentence as plain text."""
    return "".join(piece.text for piece in pieces_of(check))


def _ways(check: LaunchCheck) -> list[list[Piece]]:
    ways = []
    if now := check.verdicts.get(NOW, 0):
        ways.append(_counted(ngettext("%(count)s now", "%(count)s now", now), now, NOW))
    if asleep := check.verdicts.get(WaitReason.OUTSIDE_HOURS, 0):
        phrase = ngettext("%(count)s later (local calling hours)", "%(count)s later (local calling hours)", asleep)
        way = _counted(phrase, asleep, WaitReason.OUTSIDE_HOURS)
        if check.first_opening:
            opening = date_format(timezone.localtime(check.first_opening), "j M H:i")
            before, after = (_(" (the first from %(time)s)") % {"time": SLOT}).split(SLOT)
            way += [Piece(text=before), Piece(text=opening, at=check.first_opening), Piece(text=after)]
        ways.append(way)
    if quiet := check.verdicts.get(WaitReason.QUIET_PERIOD, 0):
        phrase = ngettext(
            "%(count)s later (called recently by another campaign)",
            "%(count)s later (called recently by another campaign)",
            quiet,
        )
        ways.append(_counted(phrase, quiet, WaitReason.QUIET_PERIOD))
    if capped := check.verdicts.get(WaitReason.PERSON_CAP, 0):
        phrase = ngettext(
            "%(count)s later (call limit reached for now)",
            "%(count)s later (call limit reached for now)",
            capped,
        )
        ways.append(_counted(phrase, capped, WaitReason.PERSON_CAP))
    if live := check.verdicts.get(WaitReason.LIVE_ELSEWHERE, 0):
        phrase = ngettext(
            "%(count)s later (another call in progress)", "%(count)s later (another call in progress)", live
        )
        ways.append(_counted(phrase, live, WaitReason.LIVE_ELSEWHERE))
    if held := check.verdicts.get(WaitReason.OPT_OUT_UNCLEAR, 0):
        phrase = ngettext(
            "%(count)s on hold (possible opt-out, needs a decision)",
            "%(count)s on hold (possible opt-out, needs a decision)",
            held,
        )
        ways.append(_counted(phrase, held, WaitReason.OPT_OUT_UNCLEAR))
    return ways


def _reasons(check: LaunchCheck) -> list[list[Piece]]:
    def phrase(reason: str, count: int) -> str:
        match reason:
            case SkipReason.DO_NOT_CALL:
                return ngettext("%(count)s on the do-not-call list", "%(count)s on the do-not-call list", count)
            case SkipReason.LAST_DAY:
                return ngettext("%(count)s after the last day", "%(count)s after the last day", count)
            case SkipReason.EXCLUDED:
                return ngettext("%(count)s excluded", "%(count)s excluded", count)
            case SkipReason.NO_CONSENT:
                return ngettext("%(count)s without consent", "%(count)s without consent", count)
            case SkipReason.NUMBER_REFUSED:
                return ngettext(
                    "%(count)s with numbers this provider cannot call",
                    "%(count)s with numbers this provider cannot call",
                    count,
                )
            case SkipReason.NUMBER_TYPE:
                return ngettext(
                    "%(count)s with a blocked number type",
                    "%(count)s with a blocked number type",
                    count,
                )
            case SkipReason.NO_ZONE:
                return ngettext("%(count)s without known calling hours", "%(count)s without known calling hours", count)
            case _:
                return ngettext(
                    "%(count)s with an empty value in the message",
                    "%(count)s with an empty value in the message",
                    count,
                )

    reasons = []
    for reason in NEVER:
        if count := check.verdicts.get(reason.value, 0):
            told = _counted(phrase(reason.value, count), count, reason.value)
            if reason == SkipReason.MISSING_VARIABLE:
                told += _named(check.missing)
            reasons.append(told)
    return reasons


def _named(missing: Mapping[str, int]) -> list[Piece]:
    """Return, in brackets, the names of the variables that are empty."""
    inside = []
    for name, count in list(missing.items())[:VARIABLES_NAMED]:
        phrase = _("“%(name)s” for %(count)s") % {"name": name.replace("%", "%%"), "count": "%(count)s"}
        inside.append(_counted(phrase, count, SkipReason.MISSING_VARIABLE, name))
    return [Piece(text=" ("), *_listed(inside), Piece(text=")")] if inside else []


def _effort(check: LaunchCheck) -> list[Piece]:
    text = _time(*check.estimate.minutes)
    if check.days > 1:
        text += ngettext(" on %(n)s day", " on %(n)s days", check.days) % {"n": number(check.days)}
    if check.estimate.cost is None:
        return [Piece(text=text + _(", cost unknown"))]
    least, most = check.estimate.cost
    is_one = plain_money(least, check.currency) == plain_money(most, check.currency)
    costs = _(", cost about %(amount)s") if is_one else _(", cost %(amount)s")
    before, after = (costs % {"amount": SLOT}).split(SLOT)
    amounts = Piece(text=plain_money_range(least, most, check.currency), amounts=(least, most))
    return [Piece(text=text + before), amounts, Piece(text=after)]


def _time(least: int, most: int) -> str:
    """Return how long it takes, given minutes at least and at most; in hours from two hours on."""
    if most < 120:
        if least == most:
            return ngettext("about %(n)s minute of calling", "about %(n)s minutes of calling", most) % {
                "n": number(most)
            }
        text = ngettext("%(least)s to %(n)s minute of calling", "%(least)s to %(n)s minutes of calling", most)
        return text % {"least": number(least), "n": number(most)}
    first, last = max(1, round(least / 60)), round(most / 60)
    if first == last:
        return ngettext("about %(n)s hour of calling", "about %(n)s hours of calling", last) % {"n": number(last)}
    text = ngettext("%(least)s to %(n)s hour of calling", "%(least)s to %(n)s hours of calling", last)
    return text % {"least": number(first), "n": number(last)}


def _counted(phrase: str, count: int, kind: str, variable: str = "") -> list[Piece]:
    """Return a phrase split into its words and its number."""
    before, _slot, after = (phrase % {"count": SLOT}).partition(SLOT)
    counted = Piece(text=number(count), count=count, kind=str(kind), variable=variable)
    return [piece for piece in (Piece(text=before), counted, Piece(text=after)) if piece.text]


def _listed(parts: list[list[Piece]]) -> list[Piece]:
    comma = pgettext("between the parts of a list", ", ")
    listed: list[Piece] = []
    for position, part in enumerate(parts):
        listed += ([Piece(text=comma)] if position else []) + part
    return listed
