"""Where a campaign that stays open stands: whom it has taken up, whom it refused and why, and what it waits for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from callcenter.formats.calendars import plain_day
from campaigns.core.last_day import is_over
from campaigns.launch import living_terms as terms
from campaigns.models import Call, Campaign
from campaigns.reasons import SkipReason
from providers.types import CallStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class LivingState:
    """The figures of a living campaign at one time."""

    is_open: bool
    """Whether whoever joins now is taken up, today or on a later day."""
    sentence: str
    """What it waits for, or why it is closed; empty while calls of it wait."""
    a_day: int
    in_all: int
    last_day: str
    today: int
    """People queued today."""
    taken: int
    """People queued in all."""


def living_state(campaign: Campaign) -> LivingState:
    """Return where a launched living campaign stands now."""
    now = timezone.now()
    had = terms.taken(campaign, now)
    is_open = campaign.is_open and not campaign.is_filled
    waits = Call.objects.filter(campaign=campaign, status=CallStatus.PENDING).exists()
    sentence = ""
    if campaign.launched_at is None:
        is_open = False
    elif is_over(campaign.last_day, now):
        sentence = _("The last day has passed: no new contacts are called.")
    elif not is_open:
        sentence = _("Closed to new contacts.")
    elif not terms.room(campaign, had).today:
        sentence = _("The daily limit of new contacts is reached. Contacts added now are called from tomorrow.")
    elif not waits:
        sentence = _("Waiting for new contacts.")
    return LivingState(
        is_open=is_open,
        sentence=sentence,
        a_day=campaign.people_a_day or 0,
        in_all=campaign.people_in_all or 0,
        last_day=plain_day(campaign.last_day) if campaign.last_day else "",
        today=had.today,
        taken=had.in_all,
    )


def refused(campaign: Campaign) -> Sequence[tuple[str, str | Promise, int]]:
    """Return how many who joined were not called, by reason and its words; most first."""
    skipped = Call.objects.filter(campaign=campaign, attempt=1, status=CallStatus.SKIPPED).order_by()
    counted = skipped.values_list("skip_reason").annotate(n=Count("pk")).order_by("-n")
    return [(reason, SkipReason(reason).label, n) for reason, n in counted if reason in SkipReason.values]
