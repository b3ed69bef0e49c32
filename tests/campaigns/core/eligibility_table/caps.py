"""The cases of caps: how often one person may be called in a day and in seven days there, and by one campaign."""

from __future__ import annotations

from tests.campaigns.core.eligibility_table.world import (
    FORBIDDEN,
    HOUR,
    NOT_LAUNCHED,
    NOW,
    Case,
    attempts_at,
    call,
    calls_at,
    capped,
    of_campaign,
    own_attempt,
    tried_today,
    utc,
    wish,
)

# Midnight in Tehran is half past eight in the evening of UTC; the product's own caps are 5 a day and 15 in seven days.
LATE_YESTERDAY, TODAY = utc(15, 20, 29, 59), utc(15, 20, 30)
HOURS_OF_TODAY = [NOW - hours * HOUR for hours in (1, 2, 3, 4, 5)]
FIFTEEN_IN_FIVE_DAYS = [NOW - (24 * day + hour) * HOUR for day in range(5) for hour in (1, 2, 3)]
NO_QUIET = {"quiet_hours": 0}
TODAY_FULL = capped("5 times today", utc(16, 20, 30), "Tue 17 Nov")
WEEK_FULL = capped("15 times in seven days", utc(18, 20, 30), "Thu 19 Nov")

CAPS = [
    Case(name="called as often as anybody may be today", campaign=NO_QUIET, arrange=(calls_at(*HOURS_OF_TODAY),),
         **TODAY_FULL),
    Case(name="once less today", campaign=NO_QUIET, arrange=(calls_at(*HOURS_OF_TODAY[:4]),)),
    Case(name="the fifth at the first second of the day there", campaign=NO_QUIET,
         arrange=(calls_at(*HOURS_OF_TODAY[:4], TODAY),), **TODAY_FULL),
    Case(name="the fifth in the last second of yesterday there", campaign=NO_QUIET,
         arrange=(calls_at(*HOURS_OF_TODAY[:4], LATE_YESTERDAY),)),
    Case(name="calls of campaigns and single calls count together", campaign=NO_QUIET,
         arrange=(calls_at(*HOURS_OF_TODAY[:2]), of_campaign(status="busy"), of_campaign(status="completed"),
                  call(status="failed", failure_reason="not_connected")), **TODAY_FULL),
    Case(name="calls by which nobody was rung do not count", campaign=NO_QUIET,
         arrange=(calls_at(*HOURS_OF_TODAY[:4]), call(status="failed", failure_reason="place_rejected"))),
    Case(name="the campaign's own attempts count too", campaign=NO_QUIET | {"max_attempts": 9},
         arrange=(calls_at(*HOURS_OF_TODAY[:4]), own_attempt(status="no_answer")), not_asked=NOT_LAUNCHED,
         **TODAY_FULL),
    Case(name="called as often as anybody may be in seven days", campaign=NO_QUIET,
         arrange=(calls_at(*FIFTEEN_IN_FIVE_DAYS),), **WEEK_FULL),
    Case(name="fourteen in seven days", campaign=NO_QUIET, arrange=(calls_at(*FIFTEEN_IN_FIVE_DAYS[:14]),)),
    Case(name="the first of fifteen on the seventh day before, there", campaign=NO_QUIET,
         arrange=(calls_at(*FIFTEEN_IN_FIVE_DAYS[:14], utc(9, 20, 30)),),
         **capped("15 times in seven days", utc(16, 20, 30), "Tue 17 Nov")),
    Case(name="the first of fifteen a second before that", campaign=NO_QUIET,
         arrange=(calls_at(*FIFTEEN_IN_FIVE_DAYS[:14], utc(9, 20, 29, 59)),)),
    Case(name="the day of the person's own zone counts", campaign=NO_QUIET,
         contact={"phone": "+61491570156", "time_zone": "Australia/Perth"},
         arrange=(calls_at(*HOURS_OF_TODAY),), **capped("5 times today", utc(16, 16, 0), "Tue 17 Nov")),
    Case(name="the day must be over in a zone of another country and in the number's", campaign=NO_QUIET,
         contact={"time_zone": "Asia/Tokyo"},
         arrange=(calls_at(*HOURS_OF_TODAY),), **capped("5 times today", utc(16, 20, 30), "Tue 17 Nov")),
    Case(name="a cap goes before the quiet period", arrange=(calls_at(*HOURS_OF_TODAY),), **TODAY_FULL),
    Case(name="a wish goes before a cap", arrange=(calls_at(*HOURS_OF_TODAY), wish()), **FORBIDDEN),
    Case(name="the campaign tried often enough today", campaign=NO_QUIET | {"attempts_a_day": 2},
         arrange=(attempts_at(NOW - 2 * HOUR, NOW - HOUR),), not_asked=NOT_LAUNCHED,
         **tried_today("2 times", utc(16, 20, 30))),
    Case(name="the campaign tried once today and once yesterday there", campaign=NO_QUIET | {"attempts_a_day": 2},
         arrange=(attempts_at(LATE_YESTERDAY, NOW - HOUR),), not_asked=NOT_LAUNCHED),
    Case(name="calls of others are no attempts of the campaign", campaign=NO_QUIET | {"attempts_a_day": 2},
         arrange=(attempts_at(NOW - HOUR), calls_at(*HOURS_OF_TODAY[:2])), not_asked=NOT_LAUNCHED),
]  # fmt: skip
