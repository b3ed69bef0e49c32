"""The cases: each a state of the world with its answer, sentence and next steps."""

from __future__ import annotations

import datetime

from providers.types import LIVE
from tests.campaigns.core.eligibility_table.caps import CAPS
from tests.campaigns.core.eligibility_table.consents import CONSENTS
from tests.campaigns.core.eligibility_table.erased import ERASED
from tests.campaigns.core.eligibility_table.held import HELD
from tests.campaigns.core.eligibility_table.number_types import TYPES
from tests.campaigns.core.eligibility_table.other_numbers import OTHER_NUMBERS
from tests.campaigns.core.eligibility_table.world import (
    BREAKER,
    BROKEN,
    COMPARING,
    FORBIDDEN,
    FORM_ASKS,
    HALT,
    HALTED,
    HOUR,
    LEFT_OUT,
    LIVE_NOW,
    MAY_HAVE_RUNG,
    NEVER_OPEN,
    NEW_YORK,
    NO_ZONE,
    NOT_JUDGED_WHILE_STOPPED,
    NOT_LAUNCHED,
    NOT_OFFERED,
    NOW,
    NOWHERE,
    ONLY_CHECKED,
    OWN_HOURS,
    RANG_NOBODY,
    REFUSED,
    SECOND,
    STOPPED,
    TOLL_FREE,
    UNCOMPARED,
    Case,
    call,
    closed,
    in_campaign_left_out,
    missing,
    of_campaign,
    own_attempt,
    quiet,
    stop,
    stop_all,
    utc,
    wish,
)
from tests.campaigns.core.eligibility_table.zones import ZONES
from tests.conftest import make_campaign, make_provider

A_DAY_LATER = NOW - HOUR + 24 * HOUR
HOURS = [
    Case(name="nothing stands against it"),
    Case(name="a second before the hours open", at=utc(16, 4, 29, 59), **closed(utc(16, 4, 30), "Mon 08:00")),
    Case(name="the hours open this very second", at=utc(16, 4, 30)),
    Case(name="the last second that leaves a minute to ring", at=utc(16, 17, 29)),
    Case(name="too late to ring a minute", at=utc(16, 17, 29, 1), **closed(utc(17, 4, 30), "Tue 08:00")),
    Case(name="the hours closed this second", at=utc(16, 17, 30), **closed(utc(17, 4, 30), "Tue 08:00")),
    Case(name="in the middle of the night", at=utc(16, 22, 0), **closed(utc(17, 4, 30), "Tue 08:00")),
    Case(name="elsewhere it is day", contact={"phone": NEW_YORK}, at=utc(16, 14, 0)),
    Case(name="elsewhere it is night", contact={"phone": NEW_YORK}, at=utc(16, 9, 0),
         **closed(utc(16, 13, 0), "Mon 08:00")),
    Case(
        name="a clock change between now and the opening",
        contact={"phone": NEW_YORK},
        at=utc(1, 3, 0),
        **closed(utc(1, 13, 0), "Sun 08:00"),
    ),
    Case(name="an hour with thirty minutes", contact={"phone": "+919876543210"}, at=utc(16, 2, 30)),
    Case(
        name="an hour with thirty minutes, before it",
        contact={"phone": "+919876543210"},
        at=utc(16, 2, 29),
        **closed(utc(16, 2, 30), "Mon 08:00"),
    ),
    Case(name="several zones, all open", contact={"phone": "+61491570156"}, at=utc(16, 2, 0)),
    Case(
        name="several zones, one of them closed",
        contact={"phone": "+61491570156"},
        at=utc(16, 10, 30),
        **closed(utc(17, 1, 30), "Tue 12:00"),
    ),
    Case(name="no zone is known", contact={"phone": NOWHERE}, **NO_ZONE),
    Case(name="no zone is known but the person's own", contact={"phone": NOWHERE, "time_zone": "Asia/Tehran"}),
    Case(
        name="zones that are never open together",
        contact={"phone": TOLL_FREE},
        campaign={"hours_start": datetime.time(9), "hours_end": datetime.time(10)},
        **NEVER_OPEN,
    ),
    Case(
        name="other hours than the desk's",
        campaign={"hours_start": datetime.time(14), "hours_end": datetime.time(16, 30)},
        **closed(utc(16, 10, 30), "Mon 14:00", "14:00 to 16:30"),
    ),
    Case(
        name="hours over midnight, before it",
        campaign={"hours_start": datetime.time(22), "hours_end": datetime.time(2)},
        at=utc(16, 19, 0),
    ),
    Case(
        name="hours over midnight, after it",
        campaign={"hours_start": datetime.time(22), "hours_end": datetime.time(2)},
        at=utc(16, 21, 0),
    ),
    Case(
        name="hours over midnight, by day",
        campaign={"hours_start": datetime.time(22), "hours_end": datetime.time(2)},
        **closed(utc(16, 18, 30), "Mon 22:00", "22:00 to 02:00"),
    ),
    Case(
        name="all day means all day",
        campaign={"hours_start": datetime.time(0), "hours_end": datetime.time(0)},
        at=utc(16, 23, 0),
    ),
    Case(name="a day on which nobody is called", campaign={"days": [1, 2]}, not_asked=OWN_HOURS,
         **closed(utc(17, 4, 30), "Tue 08:00")),
    Case(
        name="a day on which nobody is called, though all day on others",
        campaign={"hours_start": datetime.time(0), "hours_end": datetime.time(0), "days": [1]},
        not_asked=OWN_HOURS,
        **closed(utc(16, 20, 30), "Tue 00:00") | {"sentence": "No calls on this weekday (local time)."},
    ),
    Case(name="no day at all", campaign={"days": []}, not_asked=OWN_HOURS, **NEVER_OPEN),
]  # fmt: skip

QUIET = [
    *(
        Case(
            name=f"another call ended an hour ago: {status} {failure}",
            arrange=(of_campaign(status=status, failure_reason=failure),),
            **quiet("60 minutes ago", A_DAY_LATER),
        )
        for status, failure in MAY_HAVE_RUNG
    ),
    *(
        Case(
            name=f"an hour ago nobody was rung: {status} {failure}",
            arrange=(of_campaign(status=status, failure_reason=failure),),
        )
        for status, failure in RANG_NOBODY
    ),
    Case(name="canceled before it was sent", arrange=(of_campaign(status="canceled", placing_at=None),)),
    Case(name="another campaign's call waits too", arrange=(of_campaign(status="pending", placing_at=None),)),
    Case(name="a single call counts", arrange=(call(status="busy"),), **quiet("60 minutes ago", A_DAY_LATER)),
    Case(
        name="a call through another vendor counts",
        arrange=(lambda world: world.other_call(provider=make_provider(vendor="vocode"), status="completed"),),
        **quiet("60 minutes ago", A_DAY_LATER),
    ),
    Case(
        name="a test call counts",
        arrange=(lambda world: world.other_call(test_of=make_campaign(), status="completed"),),
        **quiet("60 minutes ago", A_DAY_LATER),
    ),
    Case(
        name="hours are said of a call long ago",
        arrange=(call(status="completed", placing_at=NOW - 5 * HOUR),),
        **quiet("5 hours ago", NOW + 19 * HOUR),
    ),
    Case(
        name="a minute at least",
        arrange=(call(status="completed", placing_at=NOW - SECOND),),
        **quiet("1 minute ago", NOW + 24 * HOUR - SECOND),
    ),
    Case(
        name="a second before the quiet period is over",
        arrange=(call(status="completed", placing_at=NOW - 24 * HOUR + SECOND),),
        **quiet("23 hours ago", NOW + SECOND),
    ),
    Case(name="the quiet period is over this second", arrange=(call(status="completed", placing_at=NOW - 24 * HOUR),)),
    Case(name="after a day", arrange=(call(status="completed", placing_at=NOW - 25 * HOUR),)),
    Case(
        name="the last of two calls counts",
        arrange=(call(status="busy", placing_at=NOW - 9 * HOUR), call(status="no_answer", placing_at=NOW - 3 * HOUR)),
        **quiet("3 hours ago", NOW + 21 * HOUR),
    ),
    Case(
        name="a refused order hides no call before it",
        arrange=(
            call(status="busy", placing_at=NOW - 9 * HOUR),
            call(status="failed", failure_reason="place_rejected", placing_at=NOW - 3 * HOUR),
        ),
        **quiet("9 hours ago", NOW + 15 * HOUR),
    ),
    Case(name="no quiet period", campaign={"quiet_hours": 0}, arrange=(call(status="completed"),)),
    Case(
        name="a longer quiet period",
        campaign={"quiet_hours": 72},
        arrange=(call(status="completed", placing_at=NOW - 48 * HOUR),),
        **quiet("48 hours ago", NOW + 24 * HOUR, 72),
    ),
    Case(
        name="an earlier attempt of the same campaign",
        arrange=(own_attempt(status="no_answer"),),
        not_asked=NOT_LAUNCHED,
    ),
    Case(
        name="an earlier attempt, and a call of others before it",
        arrange=(own_attempt(status="busy", placing_at=NOW - 2 * HOUR), call(status="busy", placing_at=NOW - 9 * HOUR)),
        not_asked=NOT_LAUNCHED,
        **quiet("9 hours ago", NOW + 15 * HOUR),
    ),
    Case(name="somebody else was called", arrange=(call(to_number=NEW_YORK, status="completed"),)),
]

LIVE_ONES = [
    *(
        Case(name=f"a live call: {status}", arrange=(of_campaign(status=status),), **LIVE_NOW)
        for status in sorted(map(str, LIVE))
    ),
    Case(name="a live single call", arrange=(call(status="ringing"),), **LIVE_NOW),
    Case(name="nobody knows for two days", arrange=(call(status="unknown", placing_at=NOW - 48 * HOUR),), **LIVE_NOW),
    Case(
        name="a live call, though there is no quiet period",
        campaign={"quiet_hours": 0},
        arrange=(call(status="in_progress"),),
        **LIVE_NOW,
    ),
    Case(
        name="a live call at night",
        at=utc(16, 22, 0),
        arrange=(call(status="ringing", placing_at=utc(16, 21, 59)),),
        **LIVE_NOW,
    ),
    Case(name="somebody else is on the phone", arrange=(call(to_number=NEW_YORK, status="ringing"),)),
]

WISHES = [
    Case(name="a wish for ever", arrange=(wish(),), **FORBIDDEN),
    Case(name="a wish for another second", arrange=(wish(expires_at=NOW + SECOND),), **FORBIDDEN),
    Case(name="a wish that ends this second", arrange=(wish(expires_at=NOW),)),
    Case(name="a wish that is over", arrange=(wish(expires_at=NOW - HOUR),)),
    Case(name="a wish of somebody else", arrange=(wish(phone=NEW_YORK),)),
    Case(name="a wish goes before the quiet period", arrange=(wish(), call(status="completed")), **FORBIDDEN),
    Case(name="a wish goes before a live call", arrange=(wish(), call(status="ringing")), **FORBIDDEN),
    Case(name="a wish goes before the night", at=utc(16, 22, 0), arrange=(wish(),), **FORBIDDEN),
    Case(name="a wish goes before an unknown zone", contact={"phone": NOWHERE}, arrange=(wish(),), **FORBIDDEN),
    Case(
        name="a wish goes before a missing value",
        contact={"name": ""},
        campaign={"variables": {"who": "Dear {name}"}},
        arrange=(wish(),),
        **FORBIDDEN,
    ),
    Case(
        name="a wish goes before a stop",
        provider=HALT,
        arrange=(wish(),),
        not_asked=NOT_JUDGED_WHILE_STOPPED,
        **FORBIDDEN,
    ),
]

STOPS = [
    Case(name="stop-all", arrange=(stop_all,), **STOPPED),
    Case(
        name="the provider is switched off",
        provider={"is_active": False},
        not_asked=NOT_OFFERED,
        **stop("provider_off", "It is turned off.", "An admin must turn on the provider. It will be called then."),
    ),
    Case(name="the provider is halted", provider=HALT, **HALTED),
    Case(
        name="the provider is frozen and has a list",
        provider={"frozen_at": NOW, "frozen_reason": "A backup was restored."},
        **stop(
            "provider_frozen",
            "On hold: A backup was restored.",
            "The provider's call list is compared automatically; calling continues after 15 minutes at the "
            "earliest. An admin can end the hold sooner with a reason.",
        ),
    ),
    Case(
        name="the provider is frozen and has no list",
        provider={"vendor": "bitel", "frozen_at": NOW, "frozen_reason": "A backup was restored."},
        **stop(
            "provider_frozen",
            "On hold: A backup was restored.",
            "This provider has no call list, so calls placed since the backup cannot be found automatically. "
            "Check the provider's own page and remove the people who were called. Then an admin ends the hold "
            "with a reason.",
        ),
    ),
    Case(
        name="the provider's list was not compared since the start",
        provider=UNCOMPARED,
        **COMPARING,
    ),
    Case(name="the breaker is open", provider=BREAKER, **BROKEN),
    Case(name="a halt goes before an open breaker", provider=HALT | BREAKER, **HALTED),
    Case(name="a halt goes before a freeze", provider=HALT | {"frozen_at": NOW}, **HALTED),
    Case(name="stop-all goes before a halt", provider=HALT, arrange=(stop_all,), **STOPPED),
    Case(name="stop-all goes before the quiet period", arrange=(stop_all, call(status="busy")), **STOPPED),
    Case(name="an open breaker goes before the night", at=utc(16, 22, 0), provider=BREAKER, **BROKEN),
]

MESSAGES = [
    Case(
        name="a variable asks for the name, and there is none",
        contact={"name": " "},
        campaign={"variables": {"who": "Dear {name}"}},
        not_asked=FORM_ASKS,
        **missing("name"),
    ),
    Case(
        name="a variable asks for a column, and there is none",
        campaign={"variables": {"town": "{city}"}},
        not_asked=FORM_ASKS,
        **missing("city"),
    ),
    Case(
        name="two values are missing",
        contact={"name": ""},
        campaign={"variables": {"hello": "{name} of {city}"}},
        not_asked=FORM_ASKS,
        **missing("name", "city"),
    ),
    Case(
        name="nothing is missing",
        contact={"variables": {"city": "Yazd"}},
        campaign={"variables": {"hello": "{name} of {city}"}},
    ),
    Case(name="a variable that asks for nothing", contact={"name": ""}, campaign={"variables": {"from": "the shop"}}),
    Case(
        name="the text asks for a column, and there is none",
        provider={"vendor": "bitel"},
        campaign={"text": "Hello, {city}"},
        **missing("city"),
    ),
    Case(
        name="the text asks for a column that holds nothing to be said",
        provider={"vendor": "bitel"},
        contact={"variables": {"city": "\u200e {} \n"}},
        campaign={"text": "Hello, {city}"},
        **missing("city"),
    ),
    Case(
        name="the text asks for what is known",
        provider={"vendor": "bitel"},
        contact={"variables": {"city": "Yazd"}},
        campaign={"text": "Hello {name} of {city}"},
    ),
    Case(
        name="a missing value goes before the night",
        at=utc(16, 22, 0),
        campaign={"variables": {"town": "{city}"}},
        not_asked=FORM_ASKS,
        **missing("city"),
    ),
]

VENDORS = [
    Case(
        name="the vendor does not reach the country",
        provider={"vendor": "bitel"},
        contact={"phone": NEW_YORK},
        **REFUSED,
    ),
    Case(name="the vendor reaches the country", provider={"vendor": "bitel"}),
    Case(
        name="a wish goes before the vendor",
        provider={"vendor": "bitel"},
        contact={"phone": NEW_YORK},
        arrange=(wish(),),
        **FORBIDDEN,
    ),
    Case(
        name="the vendor goes before a live call",
        provider={"vendor": "bitel"},
        contact={"phone": NEW_YORK},
        arrange=(call(status="ringing"),),
        **REFUSED,
    ),
]

LEFT = [
    Case(name="left out", arrange=(in_campaign_left_out(),), not_asked=ONLY_CHECKED, **LEFT_OUT),
    Case(name="left out, and a wish", arrange=(in_campaign_left_out(), wish()), not_asked=ONLY_CHECKED, **FORBIDDEN),
    Case(
        name="left out only where they talked, and they did not",
        campaign={"excludes_only_reached": True},
        arrange=(in_campaign_left_out(status="failed", failure_reason="not_placed"),),
    ),
]

CASES = [
    *HOURS, *ZONES, *QUIET, *CAPS, *LIVE_ONES, *WISHES, *HELD, *OTHER_NUMBERS, *ERASED, *CONSENTS, *STOPS, *MESSAGES,
    *VENDORS, *TYPES, *LEFT,
]  # fmt: skip
