"""Calling hours: the one home of when a person may be rung.

Hours by weekday, dates without calls and public holidays, on the clock of the person who is called.
"""

from __future__ import annotations

from collections.abc import Collection

from campaigns.core.hours.calling_hours import CallingHours
from campaigns.core.hours.closed_days import NO_CLOSED_DAYS, ClosedDays, Holidays
from campaigns.core.hours.dates import read_dates
from campaigns.core.hours.week import Week
from campaigns.core.installation import Installation, current
from campaigns.models import Campaign

__all__ = ["CallingHours", "hours_of", "kept_countries", "week_of"]


def hours_of(campaign: Campaign | None, installation: Installation | None = None) -> CallingHours:
    """Return the calling hours of a campaign; for None, those that the settings give single calls."""
    holds = installation or current()
    if campaign is None:
        week = Week.same_on(range(7), holds.single_call_start, holds.single_call_end)
        countries = holds.holiday_countries if holds.single_calls_keep_holidays else None
        return CallingHours(week, _closed((), countries, holds))
    return CallingHours(week_of(campaign), _closed(campaign.blackout_dates, kept_countries(campaign, holds), holds))


def week_of(campaign: Campaign) -> Week:
    """Return the hours of a campaign by weekday, whatever days are closed."""
    if campaign.weekly_hours is not None:
        return Week.of(campaign.weekly_hours)
    return Week.same_on(campaign.days, campaign.hours_start, campaign.hours_end)


def kept_countries(campaign: Campaign, installation: Installation) -> frozenset[str] | None:
    """Return the countries whose holidays a campaign keeps; None where it keeps none, nor the installation's own."""
    if campaign.holiday_countries is not None:
        return frozenset(campaign.holiday_countries) or None
    return installation.holiday_countries if installation.campaigns_keep_holidays else None


def _closed(dates: Collection[str], countries: frozenset[str] | None, holds: Installation) -> ClosedDays:
    has_holidays = countries is not None and bool(countries or holds.own_holidays)
    if not dates and not has_holidays:
        return NO_CLOSED_DAYS
    kept = Holidays.of(countries or (), holds.own_holidays, holds.working_days) if has_holidays else None
    return ClosedDays(read_dates(dates), kept)
