"""A state of the world with one person in it, and the answers that may be expected of everybody."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable
from typing import Any

from campaigns.models import Call, Campaign, Contact, DialingSwitch, DoNotCall, ListMembership
from campaigns.reasons import SkipReason, WaitReason
from providers.models import Provider
from tests.conftest import make_agent, make_call, make_campaign, make_contact, make_list, make_provider

NOW = datetime.datetime(2026, 11, 16, 9, 0, tzinfo=datetime.UTC)
"""A Monday; half past twelve in Tehran, where the table's people live unless it says otherwise."""
HOUR, SECOND = datetime.timedelta(hours=1), datetime.timedelta(seconds=1)
DESK_HOURS = {"hours_start": datetime.time(8), "hours_end": datetime.time(21)}
TEHRAN, NEW_YORK, TOLL_FREE, NOWHERE = "+989121112233", "+12025550100", "+18005550199", "+88313000000"


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
    "No action needed: the contact opted out.",
    "It cannot be called. Only a manager can remove a number from the list, with a reason.",
)
LIVE_NOW = against(
    "live_elsewhere",
    "Another call to this number is in progress.",
    "No action needed. It will be called when the other call has ended.",
    "Wait until it has ended. Only one call at a time is placed to a number.",
)
NO_ZONE = against(
    "no_zone",
    "The local time of this number is unknown. It may be night there.",
    "Set the time zone on the contact's page, then call again.",
    "Set the time zone on the contact's page, then call.",
)
NEVER_OPEN = NO_ZONE | {"sentence": "Calling hours never match the local time of this number."}
REFUSED = against(
    "number_refused",
    "Bitel calls Iranian numbers only (+98 and 10 digits).",
    "Use a provider that covers this country.",
    "Choose another provider.",
)
LEFT_OUT = against(
    "excluded",
    "This contact is in a campaign that is excluded.",
    "Copy the campaign and change its exclusions, or call this contact alone.",
    "",
)
STOPPED = against(
    "stop_all",
    "All calling is stopped.",
    "A manager must resume calling. It will be called then.",
    "A manager must resume calling, then call.",
)


def missing(*names: str) -> dict[str, Any]:
    """Return the answer where these values of the message are empty."""
    step = "Fill in the missing value on the contact's page, then call again."
    return against("missing_variable", f"Missing for this contact: {', '.join(names)}.", step, step)


def closed(until: datetime.datetime, there: str, hours: str = "08:00 to 21:00") -> dict[str, Any]:
    """Return the answer outside calling hours; `there` is the moment on the person's clock."""
    return against(
        "outside_hours",
        f"Outside local calling hours ({hours}).",
        "No action needed. It will be called when local calling hours start.",
        f"Call again from {there} local time ({until:%a %H:%M} your time).",
        until=until,
    )


def quiet(ago: str, until: datetime.datetime, hours: int = 24) -> dict[str, Any]:
    """Return the answer within the quiet period."""
    return against(
        "quiet_period",
        f"This number was called {ago}, within the quiet period of {hours} hours.",
        "No action needed. It will be called after the quiet period.",
        "To call again anyway, tick the box.",
        until=until,
    )


def capped(sentence: str, until: datetime.datetime, day_there: str) -> dict[str, Any]:
    """Return the answer where a person was called as often as allowed; `day_there` is the next one allowed."""
    return against(
        "person_cap",
        f"This contact was called {sentence}, which is the limit.",
        "No action needed. It will be called on the first day it is allowed again.",
        f"Call on {day_there} or later. An admin sets how often a contact may be called.",
        until=until,
    )


def tried_today(times: str, until: datetime.datetime) -> dict[str, Any]:
    """Return the answer where the campaign has tried a person often enough today."""
    return against(
        "attempts_a_day",
        f"This campaign called this contact {times} today, which is the limit.",
        "No action needed. It will be called on the next local day.",
        "",
        until=until,
    )


def calls_at(*times: datetime.datetime, **fields: Any) -> Arrange:
    """Other calls to the number, at these times, which nobody answered."""

    def arrange(world: World) -> None:
        for at in times:
            world.other_call(**{"status": "no_answer", "placing_at": at} | fields)

    return arrange


def attempts_at(*times: datetime.datetime) -> Arrange:
    """Earlier attempts of this very campaign, at these times."""

    def arrange(world: World) -> None:
        for number, at in enumerate(times, start=1):
            own_attempt(status="no_answer", placing_at=at, attempt=number)(world)

    return arrange


def stop(
    reason: str, why: str, queued: str, asked: str = "Choose another provider, or ask an admin."
) -> dict[str, Any]:
    """Return the answer where a provider is stopped."""
    return against(reason, f"“Line one” cannot call now. {why}", queued, asked)


HALTED = stop(
    "provider_halted",
    "Paused: The key is dead.",
    "An admin must fix the key or credit under Providers and resume the provider.",
)
HALT = {"halted_at": NOW, "halted_reason": "The key is dead."}
BROKEN = stop(
    "provider_paused",
    "Paused automatically after errors: 5 of 6 failed.",
    "No action needed. It will be called when the provider responds again.",
    "The call would wait until the provider responds again.",
)
COMPARING = stop(
    "provider_comparing",
    "Not started yet: The provider's call list has not been compared with ours yet.",
    "The list is read again automatically, at least every minute. Calling continues as soon as all its calls "
    "are known here. If it cannot be read for long, an admin can end the wait with a reason.",
    "The call would wait until the provider's call list is compared, usually a few seconds.",
)
UNCOMPARED = {"uncompared_since": NOW}
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


# How another call ended by which a phone may have rung, and by which nobody was

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
