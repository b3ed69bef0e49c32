"""May this person be called now: one table of cases, and everybody who asks gives the same answer to each.

A case is a state of the world, the answer, its sentence and its next steps. Whoever begins to ask joins `ASKERS`.
"""

from __future__ import annotations

import dataclasses
import datetime
import html
import itertools
import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from campaigns.calls.quick_call import SingleCall, place_single_call
from campaigns.core import conditions, eligibility, leases
from campaigns.core.refusals import Refusal
from campaigns.dialing.commit_point import LIVE_ELSEWHERE_SECONDS, commit_calls
from campaigns.launch.audience import people_with
from campaigns.launch.launch_check import check_launch
from campaigns.models import Call, Campaign, Contact, DialingSwitch, DoNotCall, ListMembership
from campaigns.reasons import SkipReason, StopReason, WaitReason
from providers.models import Provider
from providers.types import LIVE, CallStatus, FailureReason
from tests.conftest import make_agent, make_call, make_campaign, make_contact, make_list, make_provider

pytestmark = pytest.mark.django_db

NOW = datetime.datetime(2026, 11, 16, 9, 0, tzinfo=datetime.UTC)
"""A Monday; half past twelve in Tehran, where the table's people live unless it says otherwise."""
HOUR, SECOND = datetime.timedelta(hours=1), datetime.timedelta(seconds=1)
DESK_HOURS = {"hours_start": datetime.time(8), "hours_end": datetime.time(21)}
TEHRAN, NEW_YORK, TOLL_FREE, NOWHERE = "+989121112233", "+12025550100", "+18005550199", "+88313000000"
ALL_SEVEN = [0, 1, 2, 3, 4, 5, 6]


def utc(day: int, hour: int, minute: int = 0, second: int = 0) -> datetime.datetime:
    """Return a moment of November 2026."""
    return datetime.datetime(2026, 11, day, hour, minute, second, tzinfo=datetime.UTC)


class World:
    """One person in one list, whom a campaign is about; the product's own terms unless a case changes them."""

    def __init__(self, case: Case) -> None:
        self.case, self.now = case, case.at
        DialingSwitch.objects.update_or_create(pk=1, defaults={"stopped_at": None})
        self.provider: Provider = make_provider(**{"name": "Line one"} | case.provider)
        agents = "agent" in self.provider.backend_class.message_kinds
        self.contact: Contact = make_contact(**{"phone": TEHRAN, "name": "Sara"} | case.contact)
        self.list = make_list()
        ListMembership.objects.create(contact_list=self.list, contact=self.contact)
        said: dict[str, Any] = {"agent": make_agent(self.provider)} if agents else {"agent": None, "text": "Hello"}
        self.campaign: Campaign = make_campaign(
            [self.list], provider=self.provider, **DESK_HOURS | said | case.campaign
        )
        for arrange in case.arrange:
            arrange(self)

    def other_call(self, **fields: Any) -> Call:
        """Make another call to the person's number."""
        return make_call(**{"to_number": self.contact.phone, "placing_at": self.now - HOUR} | fields)

    def queue(self) -> Call:
        """Launch the campaign: the person's call waits its turn."""
        Campaign.objects.filter(pk=self.campaign.pk).update(status="running", is_filled=True, launched_at=self.now)
        self.campaign.refresh_from_db()
        last = Call.objects.filter(campaign=self.campaign, contact=self.contact).count()
        return make_call(
            campaign=self.campaign,
            contact=self.contact,
            agent=self.campaign.agent,
            attempt=last + 1,
            due_at=self.now,
            created_at=self.now,
        )


Arrange = Callable[[World], Any]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Case:
    """A state of the world, and what everybody must answer."""

    name: str
    at: datetime.datetime = NOW
    contact: dict[str, Any] = dataclasses.field(default_factory=dict)
    campaign: dict[str, Any] = dataclasses.field(default_factory=dict)
    provider: dict[str, Any] = dataclasses.field(default_factory=dict)
    arrange: tuple[Arrange, ...] = ()
    reason: str = ""
    """Empty: may be called now."""
    until: datetime.datetime | None = None
    sentence: str = ""
    queued: str = ""
    """The next step about a call that waits, or would after a launch."""
    asked: str = ""
    """The next step of whoever wants to place a call now."""
    not_asked: dict[str, str] = dataclasses.field(default_factory=dict)
    """By asker: why this state of the world does not come before it."""

    @property
    def verdict(self) -> str:
        """The answer that follows from the kind of reason."""
        if not self.reason:
            return "now"
        return "never" if self.reason in SkipReason.values and self.reason not in WaitReason.values else "wait"


# What can stand against a call, with its sentence and next steps


def against(reason: str, sentence: str, queued: str, asked: str, **more: Any) -> dict[str, Any]:
    """Return the expected part of a case."""
    return {"reason": reason, "sentence": sentence, "queued": queued, "asked": asked, **more}


FORBIDDEN = against(
    "do_not_call",
    "This number is on the do-not-call list.",
    "Nothing is to be done: the wish stands.",
    "Nobody may call it; only a manager takes a number off the list, with a reason.",
)
LIVE_NOW = against(
    "live_elsewhere",
    "Another call to this number is not over.",
    "Nothing is to be done: it is called when the end of the other call is known.",
    "Wait until its end is known: one person is never rung twice at a time.",
)
NO_ZONE = against(
    "no_zone",
    "The local time of this number is not known, so nobody knows whether it is night there.",
    "Set the time zone in the person's page, then call again.",
    "Set the time zone on the person's page, then call.",
)
NEVER_OPEN = NO_ZONE | {"sentence": "The calling hours never come where this number may be."}
REFUSED = against(
    "number_refused",
    "Bitel calls Iranian numbers only (+98 and ten digits).",
    "Call through a provider that reaches this country.",
    "Choose another provider.",
)
LEFT_OUT = against(
    "excluded",
    "This person is among those of a campaign that is left out.",
    "Change whom the campaign leaves out in a copy of it, or call this person alone.",
    "",
)
STOPPED = against(
    "stop_all",
    "All calls are stopped.",
    "A manager lets them pass again; then it is called.",
    "A manager lets them pass again; then call.",
)


def missing(*names: str) -> dict[str, Any]:
    """Return the answer where these values of the message are empty."""
    step = "Fill in the missing value in the person's page, then call again."
    return against("missing_variable", f"Not known of this person: {', '.join(names)}.", step, step)


def closed(until: datetime.datetime, there: str, hours: str = "08:00 to 21:00") -> dict[str, Any]:
    """Return the answer outside calling hours; `there` is the moment on the person's clock."""
    return against(
        "outside_hours",
        f"It is outside calling hours there ({hours}).",
        "Nothing is to be done: it is called when the hours open there.",
        f"Call again from {there} there, which is {until:%a %H:%M} for you.",
        until=until,
    )


def quiet(ago: str, until: datetime.datetime, hours: int = 24) -> dict[str, Any]:
    """Return the answer within the quiet period."""
    return against(
        "quiet_period",
        f"This number was called {ago}, within the quiet period of {hours} hours.",
        "Nothing is to be done: it is called when the quiet period is over.",
        "If you mean to call it again, tick the box.",
        until=until,
    )


def stop(
    reason: str, why: str, queued: str, asked: str = "Choose another provider, or ask an admin."
) -> dict[str, Any]:
    """Return the answer where a provider is stopped."""
    return against(reason, f"“Line one” cannot call now. {why}", queued, asked)


HALTED = stop(
    "provider_halted",
    "Halted: The key is dead.",
    "An admin opens Providers, puts the key or the credit right, and resumes it.",
)
HALT = {"halted_at": NOW, "halted_reason": "The key is dead."}
BROKEN = stop(
    "provider_paused",
    "Paused by itself after failures: 5 of 6 failed.",
    "Nothing is to be done: it is called when the vendor answers again.",
    "The call would wait until the vendor answers again.",
)
BREAKER = {"breaker_opened_at": NOW, "breaker_reason": "5 of 6 failed."}

# Why a state of the world does not come before somebody who asks

OWN_HOURS = {"form": "a single call has hours of its own, without days of the week"}
FORM_ASKS = {"form": "the form itself asks for what an agent says"}
ONLY_CHECKED = {
    "form": "a single call leaves nobody out",
    "tab": "who is left out is skipped at filling",
    "page": "who is left out is skipped at filling",
    "commit": "who is left out is skipped at filling",
}
NOT_JUDGED_WHILE_STOPPED = {"commit": "a stopped provider's calls are left as they stand, whatever is true of each"}
NOT_OFFERED = {"form": "a provider that is switched off is not offered"}
NOT_LAUNCHED = {"form": "a single call belongs to no campaign", "check": "a draft has made no attempt yet"}


# What the world may hold


def call(**fields: Any) -> Arrange:
    """Another call to the number, an hour ago."""
    return lambda world: world.other_call(**fields)


def of_campaign(**fields: Any) -> Arrange:
    """A call of another campaign to the number, an hour ago."""
    return lambda world: world.other_call(campaign=make_campaign(), **fields)


def own_attempt(**fields: Any) -> Arrange:
    """An earlier attempt of this very campaign."""
    return lambda world: world.other_call(campaign=world.campaign, contact=world.contact, **fields)


def wish(**fields: Any) -> Arrange:
    """A wish not to be called."""
    return lambda world: DoNotCall.objects.create(**{"phone": world.contact.phone} | fields)


def stop_all(_world: World) -> None:
    """Somebody pressed stop-all."""
    DialingSwitch.objects.update(stopped_at=NOW)


def in_campaign_left_out(**fields: Any) -> Arrange:
    """The person stands in a campaign whose people are left out."""

    def arrange(world: World) -> None:
        other = make_campaign(status="finished", launched_at=NOW)
        make_call(**{"campaign": other, "contact": world.contact, "status": "skipped"} | fields)
        world.campaign.excluded_campaigns.add(other)

    return arrange


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
    Case(
        name="elsewhere it is night",
        contact={"phone": NEW_YORK},
        at=utc(16, 9, 0),
        **closed(utc(16, 13, 0), "Mon 08:00"),
    ),
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
    Case(name="the person's own zone goes before the number's", contact={"time_zone": "Asia/Tokyo"}, at=utc(16, 0, 0)),
    Case(
        name="the person's own zone is closed",
        contact={"time_zone": "Asia/Tokyo"},
        at=utc(16, 12, 30),
        **closed(utc(16, 23, 0), "Tue 08:00"),
    ),
    Case(name="an own zone that is none", contact={"time_zone": "Mars/Base"}),
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
        **closed(utc(16, 20, 30), "Tue 00:00") | {"sentence": "There are no calls on this day of the week there."},
    ),
    Case(name="no day at all", campaign={"days": []}, not_asked=OWN_HOURS, **NEVER_OPEN),
]  # fmt: skip

MAY_HAVE_RUNG = [
    ("completed", ""),
    ("no_answer", ""),
    ("busy", ""),
    ("canceled", ""),
    ("failed", ""),
    ("failed", "vendor_error"),
    ("failed", "not_connected"),
    ("failed", "balance_low"),
    ("failed", "expired"),
]
RANG_NOBODY = [("failed", "place_rejected"), ("failed", "invalid_number"), ("failed", "not_placed"), ("skipped", "")]

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
        **stop("provider_off", "It is switched off.", "An admin switches the provider on; then it is called."),
    ),
    Case(name="the provider is halted", provider=HALT, **HALTED),
    Case(
        name="the provider is frozen and has a list",
        provider={"frozen_at": NOW, "frozen_reason": "A backup was restored."},
        **stop(
            "provider_frozen",
            "Frozen: A backup was restored.",
            "The vendor's list of calls is compared by itself; a quarter of an hour after the freeze at the earliest,"
            " calling goes on. An admin may end the freeze sooner, with a reason.",
        ),
    ),
    Case(
        name="the provider is frozen and has no list",
        provider={"vendor": "bitel", "frozen_at": NOW, "frozen_reason": "A backup was restored."},
        **stop(
            "provider_frozen",
            "Frozen: A backup was restored.",
            "This vendor has no list of calls, so nobody but a person can tell what was dialled since the backup. Look"
            " at the vendor's own page, take out who was called, then an admin ends the freeze with a reason.",
        ),
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

CASES = [*HOURS, *QUIET, *LIVE_ONES, *WISHES, *STOPS, *MESSAGES, *VENDORS, *LEFT]
EVERYBODYS_STOP = set(map(str, StopReason))


# Those who ask


class Asker:
    """Somebody who asks; says whether the answer is the one of the case."""

    def __init__(self, world: World, client: Client, manager: Any, settings: Settings) -> None:
        self.world, self.case, self.client, self.manager, self.settings = world, world.case, client, manager, settings

    def ask(self) -> None:
        """Ask, and compare."""
        raise NotImplementedError

    def page(self, address: str) -> str:
        """Return what stands on a page, as a reader sees it."""
        return readable(self.client.get(address).content.decode())


def readable(markup: str) -> str:
    """Return the words of a page on one line."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", markup)).split())


class QuickCallForm(Asker):
    """The form of one call, before the press and at it."""

    def ask(self) -> None:
        case, world = self.case, self.world
        start, end = world.campaign.hours_start, world.campaign.hours_end
        self.settings.SINGLE_CALL_HOURS = f"{start:%H:%M}-{end:%H:%M}"
        self.settings.QUIET_PERIOD_HOURS = world.campaign.quiet_hours
        chosen = {"number": world.contact.phone, "provider": world.provider.pk}
        if case.reason == "missing_variable":
            sent = chosen | {"kind": "text", "text": world.campaign.text, "do": "call", "form_token": uuid.uuid4()}
            answer = self.client.post("/quick-call/", sent)
            assert answer.status_code == 422
            assert answer.context["form"].errors == {"text": [f"{case.sentence} {case.asked}"]}
            return
        answer = self.client.post("/quick-call/check/", chosen)
        said = [(found.code, found.sentence, found.next_step) for found in answer.context["prospect"].obstacles]
        assert said[:1] == ([(case.reason, case.sentence, case.asked)] if case.reason else [])
        assert (f"{case.sentence} {case.asked}" if case.reason else "May be called now.") in readable(
            answer.content.decode()
        )
        asked = SingleCall(
            to_number=world.contact.phone,
            provider=world.provider,
            agent=world.campaign.agent,
            text="" if world.campaign.agent else "Hello",
        )
        if case.reason in {"", "provider_paused"}:
            return  # An open breaker holds nobody off the queue.
        with pytest.raises(Refusal, match=re.escape(case.sentence)):
            place_single_call(asked, person=self.manager)


class LaunchCheck(Asker):
    """The launch check: its counts, the people behind them, and what stands against everybody."""

    def ask(self) -> None:
        case, campaign = self.case, self.world.campaign
        check = check_launch(campaign, self.world.now)
        if case.reason in EVERYBODYS_STOP:
            assert f"{case.sentence} {case.queued}" in (*check.blockers, *check.warnings)
            assert check.is_ready == (case.provider.keys() <= BREAKER.keys())
            return
        assert dict(check.verdicts) == {case.reason or "now": 1}
        (person,), _more = people_with(campaign, case.reason or "now", self.world.now)
        self.compare(person.eligibility)
        page = self.page(f"/campaigns/{campaign.pk}/check/{case.reason or 'now'}/")
        for words in (
            (case.sentence, case.queued, "Not before" if case.until else "") if case.reason else ("Called at once",)
        ):
            assert words in page

    def compare(self, found: eligibility.Eligibility) -> None:
        """Compare an answer with the case."""
        case = self.case
        assert (found.verdict, found.reason, found.until) == (case.verdict, case.reason, case.until)
        assert (found.sentence, found.next_step(is_queued=True)) == (case.sentence, case.queued)


class PeopleTab(Asker):
    """The people of the campaign, where one waits."""

    def ask(self) -> None:
        answer = self.client.get(f"/campaigns/{self.world.campaign.pk}/people/")
        row = next(row for row in answer.context["rows"] if row.call.status == "pending")
        case = self.case
        assert (row.why, row.next_step) == ((case.sentence, case.queued) if case.reason else ("Waits its turn.", ""))
        assert row.not_before == (case.until or self.world.now)
        assert str(row.why) in readable(answer.content.decode())


class CallPage(Asker):
    """The page of the call that waits."""

    def ask(self) -> None:
        case = self.case
        page = self.page(f"/calls/{Call.objects.get(campaign=self.world.campaign, status='pending').pk}/")
        assert (case.sentence or "Waits its turn.") in page
        assert f"Next: {case.queued}" in page if case.reason else "Next:" not in page


class CommitPoint(Asker):
    """The last look before an order leaves."""

    def ask(self) -> None:
        case, world, token = self.case, self.world, uuid.uuid4()
        call = Call.objects.get(campaign=world.campaign, status="pending")
        Provider.objects.update(dispatch_lease=None, dispatch_lease_until=None)
        leases.take("dispatch", world.provider.pk, token, world.now)
        Provider.objects.filter(pk=world.provider.pk).update(
            dispatch_lease=token, dispatch_lease_until=world.now + HOUR
        )
        Call.objects.filter(pk=call.pk).update(lease=token, lease_until=world.now + HOUR)
        result = commit_calls(world.provider.pk, token, [call.pk], 1, FrozenClock(world.now))
        call.refresh_from_db()
        assert [passed.call_id for passed in result.committed] == ([] if case.reason else [call.pk])
        assert result.is_open == (case.reason not in EVERYBODYS_STOP)
        if case.reason in EVERYBODYS_STOP:
            assert (call.status, call.skip_reason, call.wait_reason) == ("pending", "", "")
        elif case.verdict == "wait":
            look_again = case.until or world.now + datetime.timedelta(seconds=LIVE_ELSEWHERE_SECONDS)
            assert (call.status, call.wait_reason, call.due_at) == ("pending", case.reason, look_again)
        elif case.verdict == "never":
            assert (call.status, call.skip_reason, call.placing_at) == ("skipped", case.reason, None)


class FrozenClock:
    """A clock that stands still."""

    def __init__(self, at: datetime.datetime) -> None:
        self._at = at

    def now(self) -> datetime.datetime:
        """Return its one moment."""
        return self._at


ASKERS: dict[str, type[Asker]] = {
    "form": QuickCallForm,
    "check": LaunchCheck,
    "tab": PeopleTab,
    "page": CallPage,
    "commit": CommitPoint,
}
"""In the order of a campaign's life: the check sees a draft, those after it a call that waits."""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_everybody_answers_the_same(
    case: Case, client: Client, manager: Any, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: case.at)
    client.force_login(manager)
    world, is_queued = World(case), False
    asked = []
    for name, asker in ASKERS.items():
        if name in case.not_asked:
            continue
        if name not in {"form", "check"} and not is_queued:
            world.queue()
            is_queued = True
        world.provider.refresh_from_db()
        try:
            asker(world, client, manager, settings).ask()
        except AssertionError as error:
            error.add_note(f"asked: {name}")
            raise
        asked.append(name)
    assert asked
    assert sorted(asked) == sorted(ASKERS.keys() - case.not_asked.keys())


def test_the_table_is_whole() -> None:
    assert len(CASES) >= 80
    assert len({case.name for case in CASES}) == len(CASES)
    for case in CASES:
        assert case.not_asked.keys() < ASKERS.keys(), case.name
        assert not case.reason or (case.sentence and case.queued), case.name
        assert all(len(why) > 20 for why in case.not_asked.values()), case.name
    judged = {
        *("do_not_call", "excluded", "number_refused", "no_zone", "missing_variable"),
        *(reason.value for reason in eligibility.JUDGED_WAITS),
        *EVERYBODYS_STOP,
    }
    assert {case.reason for case in CASES} == judged | {""}
    for asker in ASKERS:
        reasons = {case.reason for case in CASES if asker not in case.not_asked}
        assert judged - reasons <= {"excluded", "provider_off"}, asker


# When a phone may have rung


@pytest.mark.parametrize("has_left", [True, False])
def test_the_condition_and_the_row_agree_on_every_state_and_failure(has_left: bool) -> None:
    placing_at = NOW if has_left else None
    provider = make_provider()
    calls = [
        make_call(provider=provider, status=status, failure_reason=failure, placing_at=placing_at)
        for status, failure in itertools.product(CallStatus.values, FailureReason.values)
    ]
    by_row = {call.pk for call in calls if conditions.may_have_rung(call)}
    assert set(Call.objects.filter(conditions.phone_may_have_rung()).values_list("pk", flat=True)) == by_row
    by_statement = Call.objects.extra(where=[conditions.PHONE_MAY_HAVE_RUNG])
    assert set(by_statement.values_list("pk", flat=True)) == by_row
    silent = {(call.status, call.failure_reason) for call in calls if call.pk not in by_row}
    assert bool(by_row) == has_left
    if has_left:
        nobody = {("failed", "place_rejected"), ("failed", "invalid_number"), ("failed", "not_placed")}
        never = set(itertools.product(("pending", "skipped"), FailureReason.values))
        assert silent == nobody | never


def test_the_wish_is_in_force_alike_for_the_row_the_set_and_the_statement() -> None:
    for number, expires_at in enumerate((None, NOW - SECOND, NOW, NOW + SECOND)):
        DoNotCall.objects.create(phone=f"+9891200000{number:02d}", expires_at=expires_at)
    phones = list(DoNotCall.objects.values_list("phone", flat=True))
    by_set = set(DoNotCall.objects.in_force(NOW).values_list("phone", flat=True))
    assert eligibility.numbers_now(phones, NOW, None).forbidden == by_set == {"+989120000000", "+989120000003"}


def test_a_list_behind_a_wrong_agent_is_called_at_once_by_the_right_one() -> None:
    people = make_list(3)
    wrong = make_campaign([people], **DESK_HOURS)
    for contact in people.contacts.all():
        make_call(
            campaign=wrong, contact=contact, status="failed", failure_reason="place_rejected", placing_at=NOW - HOUR
        )
    check = check_launch(make_campaign([people], **DESK_HOURS), NOW)
    assert dict(check.verdicts) == {"now": 3}
