"""What a comparison of variants says and what it does not, in plain sentences."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from callcenter.formats.amounts import number
from callcenter.formats.calendars import in_digits
from callcenter.formats.isolation import isolated
from campaigns.answers.comparison import Lead, Share

MOST_NEEDED = 1_000_000
"""A difference that takes more people than this to be shown is as good as none."""


def percent(share: float) -> str:
    """Return a share as a percentage with one digit after the point."""
    return f"{in_digits(f'{100 * share:.1f}')} %"


def share_in_words(share: Share) -> str:
    """Return a share as a percentage with the numbers that it is of."""
    return _("%(percent)s (%(hits)s of %(of)s)") % {
        "percent": percent(share.share), "hits": number(share.hits), "of": number(share.of),
    }  # fmt: skip


def interval_in_words(share: Share) -> str:
    """Return where the true share lies."""
    least, most = share.interval
    return _("%(least)s to %(most)s") % {"least": percent(least), "most": percent(most)}


def lead_in_words(lead: Lead | None) -> list[str]:
    """Return what the figures say so far, and what is still needed; one sentence each."""
    if lead is None:
        return [_("Nothing to compare yet: at least two variants must have called somebody.")]
    if not lead.points:
        return [_("No difference so far.")]
    points = in_digits(f"{lead.points:.1f}")
    about = {
        "name": isolated(lead.first.variant.name), "other": isolated(lead.second.variant.name), "points": points,
        "people": number(lead.people),
    }  # fmt: skip
    if lead.is_goal:
        ahead = _("%(name)s is ahead of %(other)s by %(points)s points at the goal.") % about
    else:
        ahead = _("%(name)s is ahead of %(other)s by %(points)s points in people who talked.") % about
    if lead.is_sure:
        sure = _("With %(people)s people called, this is hardly chance (p = %(chance)s).")
        return [ahead, sure % {**about, "chance": chance_in_words(lead.chance)}]
    return [ahead, _("With %(people)s people called, this may be chance.") % about, *_needed(lead)]


def _needed(lead: Lead) -> list[str]:
    more = lead.more_needed
    if more is None or more > MOST_NEEDED:
        return [_("The difference is too small to be shown by any number of people that can be called.")]
    if not more:
        return [_("Call the people who are left, then decide.")]
    text = ngettext(
        "If the difference stays as it is, about %(count)s more person must be called to be sure.",
        "If the difference stays as it is, about %(count)s more people must be called to be sure.",
        more,
    )
    return [text % {"count": number(more)}]


def chance_in_words(chance: float) -> str:
    """Return a probability with three digits, or that it is below the least of them."""
    return in_digits("< 0.001") if chance < 0.001 else in_digits(f"{chance:.3f}")
