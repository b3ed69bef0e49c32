"""Mutations of calling hours: days without calls, the time to ring, and the next opening."""

from __future__ import annotations

from tests.faults.mutant import Mutant

CALLING_HOURS = "campaigns/core/hours/calling_hours.py"
CLOSED_DAYS = "campaigns/core/hours/closed_days.py"
HOURS_OF = "campaigns/core/hours/__init__.py"
HOURS_TESTS = "tests/campaigns/core/hours/test_calling_hours.py::test_"
FORM_TESTS = "tests/campaigns/launch/test_hours_form.py::test_"
PAGE_TESTS = "tests/campaigns/core/test_holidays_page.py::test_"

HOURS = (
    Mutant(
        "hours in the server's zone",
        CALLING_HOURS,
        "wall = instant.astimezone(found).replace(tzinfo=None)",
        "wall = instant.astimezone(datetime.UTC).replace(tzinfo=None)",
        HOURS_TESTS + "the_last_start_leaves_a_minute_to_ring",
    ),
    Mutant(
        "open in one zone is enough",
        CALLING_HOURS,
        "return bool(zones) and all(",
        "return bool(zones) and any(",
        HOURS_TESTS + "a_number_with_several_zones_is_open_only_where_all_are",
    ),
    Mutant(
        "no zone means yes",
        CALLING_HOURS,
        "return bool(zones) and all(",
        "return all(",
        HOURS_TESTS + "no_known_zone_is_a_no",
    ),
    Mutant(
        "call on days without calls",
        CALLING_HOURS,
        "if not spans or (self.closed and self.closed.on(zone, day) is not None):",
        "if not spans:",
        HOURS_TESTS + "holidays_are_those_of_the_country_that_the_zone_lies_in",
    ),
    Mutant(
        "call past midnight into a day without calls",
        CALLING_HOURS,
        "closes = midnight\n",
        "pass\n",
        HOURS_TESTS + "hours_over_midnight_end_where_a_day_without_calls_begins_and_do_not_begin_on_one",
    ),
    Mutant(
        "leave no time to ring",
        CALLING_HOURS,
        "shuts = closes - _GUARD + _INSTANT",
        "shuts = closes",
        HOURS_TESTS + "the_last_start_leaves_a_minute_to_ring",
    ),
    Mutant(
        "keep holidays of our own country",
        CLOSED_DAYS,
        "self.holidays.on(country_of_zone(zone), day)",
        'self.holidays.on("IR", day)',
        HOURS_TESTS + "holidays_are_those_of_the_country_that_the_zone_lies_in",
    ),
    Mutant(
        "forget what an installation took away",
        CLOSED_DAYS,
        "if any(own.covers(country, day) for own in self.working):",
        "if False:",
        PAGE_TESTS + "an_admin_says_whose_holidays_are_kept_and_every_call_goes_by_it",
    ),
    Mutant(
        "forget a campaign's hours by weekday",
        HOURS_OF,
        "if campaign.weekly_hours is not None:",
        "if False:",
        FORM_TESTS + "hours_by_weekday_stand_in_place_of_the_same_on_every_day",
    ),
)
