"""Explanations: the sentences that say why a call has its status, and what a user can do next."""

from __future__ import annotations

import datetime
import zoneinfo
from collections.abc import Sequence

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from callcenter.formats.calendars import plain_day
from callcenter.formats.zones import clock_time
from campaigns.core import conditions
from campaigns.core.stop_requests import Stops
from campaigns.models import Call, Campaign
from campaigns.models.status_conditions import is_parked
from campaigns.outcomes import Attempts, Then, plan_after
from campaigns.reasons import SkipReason, StopReason, WaitReason
from providers.models import Provider
from providers.types import FINAL, CallStatus, FailureReason

Words = str | Promise

PLAIN: dict[str, Words] = {
    CallStatus.PENDING: _("Waits its turn."),
    CallStatus.PLACING: _("The order is on its way to the vendor."),
    CallStatus.QUEUED: _("The vendor has the order and will dial soon."),
    CallStatus.DIALING: _("The vendor is dialling."),
    CallStatus.RINGING: _("The phone is ringing."),
    CallStatus.IN_PROGRESS: _("Somebody answered; they are talking."),
    CallStatus.WRAPPING_UP: _("The talk is over; the vendor writes it up."),
    CallStatus.NO_ANSWER: _("It rang and nobody answered."),
    CallStatus.BUSY: _("The line was busy."),
    CallStatus.CANCELED: _("Canceled before anybody answered."),
    CallStatus.UNKNOWN: _("The vendor's answer was lost: the call may have been placed."),
}
FAILED: dict[str, Words] = {
    FailureReason.NONE: _("The call failed; the vendor gave no reason."),
    FailureReason.BALANCE_LOW: _("The account at the vendor ran out of credit."),
    FailureReason.EXPIRED: _("The vendor gave the call up before it was dialled."),
    FailureReason.INVALID_NUMBER: _("The vendor says that the number is not valid; nothing was dialled."),
    FailureReason.VENDOR_ERROR: _("The vendor reported an error of its own."),
    FailureReason.NOT_CONNECTED: _("The call did not connect."),
    FailureReason.PLACE_REJECTED: _("The vendor refused the order; nothing was dialled."),
    FailureReason.NOT_PLACED: _("The vendor never took the order: nobody was rung."),
    FailureReason.NO_NEWS: _("The provider accepted this call and reports nothing more. It may have taken place."),
    FailureReason.NO_CALL: _("Somebody looked it up: this call did not take place."),
}
AFTER_FAILURE: dict[str, Words] = {
    FailureReason.NONE: _("Call again later; where it repeats, tell an admin."),
    FailureReason.BALANCE_LOW: _("An admin tops up the account at the vendor and resumes the provider."),
    FailureReason.EXPIRED: _("Call again, best at a quieter hour."),
    FailureReason.INVALID_NUMBER: _("Ask for the right number and correct it in the person's page."),
    FailureReason.VENDOR_ERROR: _("Call again later; where it repeats, tell an admin."),
    FailureReason.NOT_CONNECTED: _("Check the number; if it is right, call again later."),
    FailureReason.PLACE_REJECTED: _(
        "Read the vendor's own words on the call's page, correct the message or the number, call again."
    ),
    FailureReason.NOT_PLACED: _("Call again if it is still wanted."),
    FailureReason.NO_NEWS: _(
        "Look it up at the provider, then enter the result under “Needs a decision”. It is not called again "
        "automatically; its number can be called again after a day."
    ),
    FailureReason.NO_CALL: _("Call again if it is still wanted."),
}
SKIPPED: dict[str, Words] = {
    SkipReason.NONE: _("Not called."),
    SkipReason.NO_ZONE: _("Not called: the local time of this number is not known, or never within the calling hours."),
}
"""Where the sentence says more than the reason's name."""
ALLOW_NUMBER: Words = _(
    "Ask for a direct number. A manager can allow one number with a reason, under People, “Allowed numbers”; short and "
    "emergency numbers never."
)
AFTER_SKIP: dict[str, Words] = {
    SkipReason.DO_NOT_CALL: _("Nothing is to be done: the wish stands."),
    SkipReason.NUMBER_REFUSED: _("Call through a provider that reaches this country."),
    SkipReason.NUMBER_TYPE: ALLOW_NUMBER,
    SkipReason.NO_ZONE: _("Set the time zone in the person's page, then call again."),
    SkipReason.EXCLUDED: _("Change whom the campaign leaves out in a copy of it, or call this person alone."),
    SkipReason.STOPPED: _("To call after all, call again from here, or copy the campaign."),
    SkipReason.CANCELED: _("Call again if it was a mistake."),
    SkipReason.EXPIRED: _("Call again if it is still wanted."),
    SkipReason.CALLED_SINCE: _("Look at the other call first; call again if it is still wanted."),
    SkipReason.NOT_NEEDED: _("Nothing is to be done."),
    SkipReason.SAME_PERSON: _("Nothing is to be done: nobody is called twice in one campaign."),
    SkipReason.IMPORT_UNDONE: _("Import the right file; who is in it is called."),
    SkipReason.LAST_DAY: _("To call after all, copy the campaign with a later last day."),
    SkipReason.PERSON_CAP: _("Call on another day; an admin sets how often one person may be called."),
    SkipReason.NO_CONSENT: _("Note on the person's page who agreed, and when; then call again."),
    SkipReason.MISSING_VARIABLE: _("Fill in the missing value in the person's page, then call again."),
}


AFTER_WAIT: dict[str, Words] = {
    WaitReason.OUTSIDE_HOURS: _("Nothing is to be done: it is called when the hours open there."),
    WaitReason.RETRY: _("Nothing is to be done: it is called at its time."),
    WaitReason.CALLBACK: _("Nothing is to be done: it is called at its time."),
    WaitReason.NOT_SENT: _("Nothing is to be done: it is tried again. Where it repeats, an admin tests the provider."),
    WaitReason.RATE_LIMITED: _("Nothing is to be done: it is called as soon as the vendor allows."),
    WaitReason.PROVIDER_HALTED: _("An admin opens Providers, puts the key or the credit right, and resumes it."),
    WaitReason.MESSAGE_REFUSED: _("Put right at the vendor what is named on the campaign's page, then resume it."),
    WaitReason.OPT_OUT_UNCLEAR: _("A manager decides it under “Needs a decision”; then it is called, or not."),
    WaitReason.LIVE_ELSEWHERE: _("Nothing is to be done: it is called when the end of the other call is known."),
    WaitReason.QUIET_PERIOD: _("Nothing is to be done: it is called when the quiet period is over."),
    WaitReason.PERSON_CAP: _("Nothing is to be done: it is called on the day on which it is allowed again."),
    WaitReason.ATTEMPTS_A_DAY: _("Nothing is to be done: it is called on the next day there."),
    WaitReason.BUDGET: _(
        "Calling continues when those calls cost less than reserved; otherwise a manager raises the budget."
    ),
    WaitReason.DAY_CAP: _("It is called when calls in progress cost less than reserved, or on the next day."),
}


# Why a person may not be called now; the same sentences for a queued call and for one that is only considered

AGAINST: dict[str, Words] = {
    StopReason.STOP_ALL: _("All calls are stopped."),
    SkipReason.DO_NOT_CALL: _("This number is on the do-not-call list."),
    SkipReason.EXCLUDED: _("This person is among those of a campaign that is left out."),
    SkipReason.NO_ZONE: _("The local time of this number is not known, so nobody knows whether it is night there."),
    SkipReason.NO_CONSENT: _("It is not noted that this person agreed to be called, and consent is required here."),
    SkipReason.LAST_DAY: _("The last day of the campaign is over."),
    WaitReason.OPT_OUT_UNCLEAR: _("This person may have asked not to be called again; nobody has decided yet."),
    WaitReason.LIVE_ELSEWHERE: _("Another call to this number is not over."),
}
NEVER_OPEN: Words = _("The calling hours never come where this number may be.")
WHEN_ASKED: dict[str, Words] = {
    StopReason.STOP_ALL: _("A manager lets them pass again; then call."),
    StopReason.PROVIDER_OFF: _("Choose another provider, or ask an admin."),
    StopReason.PROVIDER_HALTED: _("Choose another provider, or ask an admin."),
    StopReason.PROVIDER_FROZEN: _("Choose another provider, or ask an admin."),
    StopReason.PROVIDER_COMPARING: _("The call would wait until the vendor's list was compared, mostly a few seconds."),
    StopReason.PROVIDER_PAUSED: _("The call would wait until the vendor answers again."),
    SkipReason.DO_NOT_CALL: _("Nobody may call it; only a manager takes a number off the list, with a reason."),
    SkipReason.NUMBER_REFUSED: _("Choose another provider."),
    SkipReason.NUMBER_TYPE: ALLOW_NUMBER,
    SkipReason.NO_ZONE: _("Set the time zone on the person's page, then call."),
    SkipReason.NO_CONSENT: _("Note on the person's page who agreed, and when; then call."),
    SkipReason.MISSING_VARIABLE: AFTER_SKIP[SkipReason.MISSING_VARIABLE],
    WaitReason.OPT_OUT_UNCLEAR: _("A manager decides it under “Needs a decision”; then call."),
    WaitReason.LIVE_ELSEWHERE: _("Wait until its end is known: one person is never rung twice at a time."),
    WaitReason.QUIET_PERIOD: _("If you mean to call it again, tick the box."),
}
"""What a person does next who wants to place a call now."""
WHEN_QUEUED: dict[str, Words] = {
    **AFTER_SKIP,
    **AFTER_WAIT,
    StopReason.STOP_ALL: _("A manager lets them pass again; then it is called."),
    StopReason.PROVIDER_OFF: _("An admin switches the provider on; then it is called."),
    StopReason.PROVIDER_PAUSED: _("Nothing is to be done: it is called when the vendor answers again."),
}
"""What a person does next about a call that waits, or would."""


def stops_in_words(stops: Stops) -> str:
    """Return what happens to live calls that are not wanted any more; empty if there are none."""
    said = []
    if stops.taken_back:
        text = ngettext(
            "The provider cancelled %(n)d call that waited there.",
            "The provider cancelled %(n)d calls that waited there.",
            stops.taken_back,
        )
        said.append(text % {"n": stops.taken_back})
    if stops.asked:
        text = ngettext(
            "The provider is asked to cancel %(n)d call that waits there, until it is cancelled or over.",
            "The provider is asked to cancel %(n)d calls that wait there, until they are cancelled or over.",
            stops.asked,
        )
        said.append(text % {"n": stops.asked})
    if stops.out:
        text = ngettext(
            "%(n)d call is at the provider now and cannot be taken back: it may still ring once.",
            "%(n)d calls are at the provider now and cannot be taken back: they may still ring once.",
            stops.out,
        )
        said.append(text % {"n": stops.out})
    return " ".join(said)


def stopped_provider(provider: Provider) -> str:
    """Return the sentence for a stopped provider."""
    return gettext("“%(name)s” cannot call now. %(why)s") % {"name": provider, "why": provider.stop_reason}


def empty_values(names: Sequence[str]) -> str:
    """Return the sentence for a message that lacks these values."""
    return gettext("Not known of this person: %(names)s.") % {"names": gettext(", ").join(names)}


def outside_hours(start: datetime.time, end: datetime.time) -> str:
    """Return the sentence for a time outside calling hours; equal times mean all day, so then the weekday is wrong."""
    if start == end:
        return gettext("There are no calls on this day of the week there.")
    return gettext("It is outside calling hours there (%(start)s to %(end)s).") % {
        "start": f"{start:%H:%M}",
        "end": f"{end:%H:%M}",
    }


def call_from(opens: datetime.datetime, zone: str, *, is_far: bool) -> str:
    """Return the next step that names when calling opens, in the number's zone and in the viewer's own.

    With `is_far` its date tells it: the weekday comes before it.
    """
    there = opens.astimezone(zoneinfo.ZoneInfo(zone))
    when, here = (_day_and_time(at) if is_far else _weekday_and_time(at) for at in (there, timezone.localtime(opens)))
    return gettext("Call again from %(when)s there, which is %(here)s for you.") % {"when": when, "here": here}


def _weekday_and_time(at: datetime.datetime) -> str:
    return date_format(at, "D H:i")


def _day_and_time(at: datetime.datetime) -> str:
    return f"{plain_day(at.date(), has_year=False)} {clock_time(at)}"


def call_on(until: datetime.datetime, zone: str) -> str:
    """Return the next step that names the day there on which a call is allowed again."""
    there = until.astimezone(zoneinfo.ZoneInfo(zone))
    return gettext("Call on %(day)s or later; an admin sets how often one person may be called.") % {
        "day": date_format(there, "D j M")
    }


def called_often(most: int, days: int, *, is_of_campaign: bool) -> str:
    """Return the sentence for a person who was called `most` times in `days` days."""
    if is_of_campaign:
        said = ngettext(
            "This campaign has tried this person %(n)d time today, as often as it may.",
            "This campaign has tried this person %(n)d times today, as often as it may.",
            most,
        )
    elif days == 1:
        said = ngettext(
            "This person was called %(n)d time today, as often as anybody may be.",
            "This person was called %(n)d times today, as often as anybody may be.",
            most,
        )
    else:
        said = ngettext(
            "This person was called %(n)d time in seven days, as often as anybody may be.",
            "This person was called %(n)d times in seven days, as often as anybody may be.",
            most,
        )
    return said % {"n": most}


def called_lately(since: datetime.timedelta, quiet: datetime.timedelta) -> str:
    """Return the sentence for a number called `since` ago, within the quiet period `quiet`."""
    minutes = max(1, int(since.total_seconds()) // 60)
    if minutes < 120:
        ago = ngettext("%(n)d minute ago", "%(n)d minutes ago", minutes) % {"n": minutes}
    else:
        ago = ngettext("%(n)d hour ago", "%(n)d hours ago", minutes // 60) % {"n": minutes // 60}
    return gettext("This number was called %(ago)s, within the quiet period of %(hours)d hours.") % {
        "ago": ago,
        "hours": quiet.total_seconds() // 3600,
    }


# Why a call has its status


def why(call: Call) -> Words:
    """Return one sentence that explains a call's status; empty for an ordinary conversation."""
    if call.status == CallStatus.PENDING:
        return _standing(call) or _waiting(call)
    if call.is_inbound:
        return _of_inbound(call)
    if is_parked(call.status, call.not_before, timezone.now()):
        return _of_parked(call)
    if call.status == CallStatus.SKIPPED:
        if call.skip_reason in SKIPPED:
            return SKIPPED[call.skip_reason]
        return SkipReason(call.skip_reason).label if call.skip_reason in SkipReason.values else _("Not called.")
    if conditions.is_without_news(call.failure_reason):
        return FAILED[FailureReason.NO_NEWS]
    if conditions.is_voicemail(call.status, call.answered_by):
        return _("A voicemail answered.")
    if conditions.has_talked(call.status, call.talk_seconds, call.answered_by):
        return "" if call.status == CallStatus.COMPLETED else _("Somebody talked, then the call broke off.")
    if call.status == CallStatus.FAILED:
        return FAILED.get(call.failure_reason, FAILED[FailureReason.NONE])
    if call.status == CallStatus.COMPLETED:
        return _("The vendor says that it ended, but nobody talked.")
    return PLAIN.get(call.status, "")


def _of_inbound(call: Call) -> Words:
    if conditions.has_talked(call.status, call.talk_seconds, call.answered_by):
        return _("The person called us and talked.")
    if call.status in {CallStatus.NO_ANSWER, CallStatus.BUSY, CallStatus.CANCELED}:
        return _("The person called us, and nobody answered.")
    return _("The person called us.")


def _of_parked(call: Call) -> Words:
    assert call.not_before is not None
    when = date_format(timezone.localtime(call.not_before), "D H:i")
    if call.redials:
        return format_lazy(_("Not reached yet: the provider calls again by itself from {when}."), when=when)
    return format_lazy(_("The provider keeps the order and calls from {when}."), when=when)


def not_over(call: Call) -> str:
    """Return why a person cannot be called again while the provider may still call them, and the next step."""
    if call.redials or is_parked(call.status, call.not_before, timezone.now()):
        return gettext(
            "The provider will still call this person by itself. Cancel that first, or wait until its last attempt is"
            " over."
        )
    return gettext("This call is not over.")


def _waiting(call: Call) -> Words:
    if call.wait_reason and call.wait_reason in WaitReason.values:
        return WaitReason(call.wait_reason).label
    return PLAIN[CallStatus.PENDING]


def _standing(call: Call) -> Words:
    """Return the stop of a waiting call's campaign or provider, as far as those are loaded; makes no query."""
    campaign = call._state.fields_cache.get("campaign")
    if campaign is None or "status" in campaign.get_deferred_fields():
        campaign = None
    if campaign is not None and campaign.status == campaign.Status.PAUSED:
        return _("Waits: the campaign is paused.")
    provider = call._state.fields_cache.get("provider")
    if provider is not None and not provider.get_deferred_fields() and provider.stop_reason:
        return format_lazy("{} {}", _("Waits: the provider cannot call now."), provider.stop_reason)
    return ""


NO_MORE: dict[str, Words] = {
    Then.NOTHING: _("No further attempt: the campaign plans none after this."),
    Then.ALL_USED: _("No further attempt: all attempts are used."),
    Then.PERSON: _("No further attempt: given to a person."),
}


def why_no_more(call: Call, campaign: Campaign) -> Words:
    """Return why there is no automatic retry after a person's last attempt; empty if there will be one."""
    if call.status not in FINAL or call.status == CallStatus.SKIPPED or conditions.is_held(call.held_at):
        return ""
    if conditions.has_talked(call.status, call.talk_seconds, call.answered_by):
        return _("Done: no further attempt.")
    if call.stop_asked_at:
        return _("No further attempt: somebody here stopped the call.")
    if conditions.is_without_news(call.failure_reason):
        return _("No further attempt: the provider reports nothing more of this call.")
    if not campaign.is_open:
        return _("No further attempt: the campaign is over.")
    if conditions.is_account_failure(call.status, call.failure_reason):
        return ""
    outcome = conditions.outcome_of(call.status, call.answered_by, call.talk_seconds, call.failure_reason)
    if outcome is None:
        if call.status == CallStatus.COMPLETED:
            return _("No further attempt: the vendor does not say whether anybody talked.")
        return _("No further attempt: the campaign plans none after this.")
    instead = conditions.outcome_but_for_machine(call.status)
    plan = plan_after(outcome, Attempts(call.counted_attempt), campaign.policy, timezone.now(), instead=instead)
    return NO_MORE.get(plan.then, "")


def next_step(call: Call) -> Words:
    """Return what a user can do about a call now; empty if nothing."""
    if call.status == CallStatus.UNKNOWN:
        if call.needs_person_at:
            return _("Look it up at the provider, then say under “Needs a decision” whether it was placed.")
        return _("We look for it in the vendor's own list. Until we know, nobody calls this number again.")
    if conditions.is_held(call.held_at):
        return _("A manager decides whether to call again; nothing is dialled by itself.")
    if conditions.is_without_news(call.failure_reason):
        return AFTER_FAILURE[FailureReason.NO_NEWS]
    if call.status == CallStatus.FAILED and not conditions.is_voicemail(call.status, call.answered_by):
        if conditions.has_talked(call.status, call.talk_seconds, call.answered_by):
            return ""
        return AFTER_FAILURE.get(call.failure_reason, "")
    if call.status == CallStatus.SKIPPED:
        return AFTER_SKIP.get(call.skip_reason, "")
    if call.status == CallStatus.PENDING:
        return AFTER_WAIT.get(call.wait_reason, "")
    return ""
