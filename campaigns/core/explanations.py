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

WAITS_ITS_TURN = _("Waiting.")
PLAIN: dict[str, Words] = {
    CallStatus.PENDING: WAITS_ITS_TURN,
    CallStatus.PLACING: _("Being sent to the provider."),
    CallStatus.QUEUED: _("The provider has the call and will dial soon."),
    CallStatus.DIALING: _("The provider is dialling."),
    CallStatus.RINGING: _("The phone is ringing."),
    CallStatus.IN_PROGRESS: _("Answered, in progress."),
    CallStatus.WRAPPING_UP: _("The call is over. The provider is preparing the details."),
    CallStatus.NO_ANSWER: _("Nobody answered."),
    CallStatus.BUSY: _("The line was busy."),
    CallStatus.CANCELED: _("Cancelled before it was answered."),
    CallStatus.UNKNOWN: _("The provider's response was lost. The call may have been placed."),
}
FAILED: dict[str, Words] = {
    FailureReason.NONE: _("The call failed. The provider gave no reason."),
    FailureReason.BALANCE_LOW: _("The provider account has no credit left."),
    FailureReason.EXPIRED: _("The provider dropped the call before dialling."),
    FailureReason.INVALID_NUMBER: _("The provider says the number is invalid. Nothing was dialled."),
    FailureReason.VENDOR_ERROR: _("The provider had an internal error."),
    FailureReason.NOT_CONNECTED: _("The call did not connect."),
    FailureReason.PLACE_REJECTED: _("The provider refused the call. Nothing was dialled."),
    FailureReason.NOT_PLACED: _("The provider never accepted the call. Nobody was called."),
    FailureReason.NO_NEWS: _(
        "The provider accepted this call but sends no more updates. The call may have taken place."
    ),
    FailureReason.NO_CALL: _("A user checked: this call did not take place."),
}
AFTER_FAILURE: dict[str, Words] = {
    FailureReason.NONE: _("Call again later. If it happens again, tell an admin."),
    FailureReason.BALANCE_LOW: _("An admin must top up the provider account and resume the provider."),
    FailureReason.EXPIRED: _("Call again, preferably at a quieter time."),
    FailureReason.INVALID_NUMBER: _("Ask for the right number and correct it on the contact's page."),
    FailureReason.VENDOR_ERROR: _("Call again later. If it happens again, tell an admin."),
    FailureReason.NOT_CONNECTED: _("Check the number. If it is right, call again later."),
    FailureReason.PLACE_REJECTED: _(
        "Read the provider's message on the call page, correct the message or the number, and call again."
    ),
    FailureReason.NOT_PLACED: _("Call again if still needed."),
    FailureReason.NO_NEWS: _(
        "Check at the provider, then enter the result under “Needs a decision”. It is not called again "
        "automatically. The number can be called again after a day."
    ),
    FailureReason.NO_CALL: _("Call again if still needed."),
}
SKIPPED: dict[str, Words] = {
    SkipReason.NONE: _("Not called."),
    SkipReason.NO_ZONE: _("Not called: the local time of this number is unknown, or never within calling hours."),
}
"""Where the sentence says more than the reason's name."""
ALLOW_NUMBER: Words = _(
    "Ask for a direct number. A manager can allow one number with a reason, under Contacts, “Allowed numbers”, "
    "but not short or emergency numbers."
)
AFTER_SKIP: dict[str, Words] = {
    SkipReason.DO_NOT_CALL: _("No action needed: the contact opted out."),
    SkipReason.NUMBER_REFUSED: _("Use a provider that covers this country."),
    SkipReason.NUMBER_TYPE: ALLOW_NUMBER,
    SkipReason.NO_ZONE: _("Set the time zone on the contact's page, then call again."),
    SkipReason.EXCLUDED: _("Copy the campaign and change its exclusions, or call this contact alone."),
    SkipReason.STOPPED: _("To call anyway, call again from here or copy the campaign."),
    SkipReason.CANCELED: _("Call again if it was a mistake."),
    SkipReason.EXPIRED: _("Call again if still needed."),
    SkipReason.CALLED_SINCE: _("Check the other call first. Call again if still needed."),
    SkipReason.NOT_NEEDED: _("No action needed."),
    SkipReason.SAME_PERSON: _("No action needed: a campaign calls nobody twice."),
    SkipReason.IMPORT_UNDONE: _("Import the right file. Its contacts will be called."),
    SkipReason.LAST_DAY: _("To call anyway, copy the campaign and set a later last day."),
    SkipReason.PERSON_CAP: _("Call on another day. An admin sets how often a contact may be called."),
    SkipReason.NO_CONSENT: _("Enter on the contact's page how and when consent was given, then call again."),
    SkipReason.MISSING_VARIABLE: _("Fill in the missing value on the contact's page, then call again."),
}


AFTER_WAIT: dict[str, Words] = {
    WaitReason.OUTSIDE_HOURS: _("No action needed. It will be called when local calling hours start."),
    WaitReason.RETRY: _("No action needed. It will be called at its scheduled time."),
    WaitReason.CALLBACK: _("No action needed. It will be called at its scheduled time."),
    WaitReason.NOT_SENT: _(
        "No action needed. It will be retried. If it happens again, an admin should test the provider."
    ),
    WaitReason.RATE_LIMITED: _("No action needed. It will be called as soon as the provider allows."),
    WaitReason.PROVIDER_HALTED: _("An admin must fix the key or credit under Providers and resume the provider."),
    WaitReason.MESSAGE_REFUSED: _(
        "Fix the problem shown on the campaign page at the provider, then resume the campaign."
    ),
    WaitReason.OPT_OUT_UNCLEAR: _("A manager must decide under “Needs a decision” whether to call."),
    WaitReason.LIVE_ELSEWHERE: _("No action needed. It will be called when the other call has ended."),
    WaitReason.QUIET_PERIOD: _("No action needed. It will be called after the quiet period."),
    WaitReason.PERSON_CAP: _("No action needed. It will be called on the first day it is allowed again."),
    WaitReason.ATTEMPTS_A_DAY: _("No action needed. It will be called on the next local day."),
    WaitReason.BUDGET: _(
        "Calling continues if those calls cost less than reserved. Otherwise a manager can raise the budget."
    ),
    WaitReason.DAY_CAP: _("It will be called if calls in progress cost less than reserved, or the next day."),
}


# Why a person may not be called now; the same sentences for a queued call and for one that is only considered

AGAINST: dict[str, Words] = {
    StopReason.STOP_ALL: _("All calling is stopped."),
    SkipReason.DO_NOT_CALL: _("This number is on the do-not-call list."),
    SkipReason.EXCLUDED: _("This contact is in a campaign that is excluded."),
    SkipReason.NO_ZONE: _("The local time of this number is unknown. It may be night there."),
    SkipReason.NO_CONSENT: _("This contact has no consent, and consent is required."),
    SkipReason.LAST_DAY: _("The last day of the campaign has passed."),
    WaitReason.OPT_OUT_UNCLEAR: _("This contact may have opted out. This is not decided yet."),
    WaitReason.LIVE_ELSEWHERE: _("Another call to this number is in progress."),
}
NEVER_OPEN: Words = _("Calling hours never match the local time of this number.")
WHEN_ASKED: dict[str, Words] = {
    StopReason.STOP_ALL: _("A manager must resume calling, then call."),
    StopReason.PROVIDER_OFF: _("Choose another provider, or ask an admin."),
    StopReason.PROVIDER_HALTED: _("Choose another provider, or ask an admin."),
    StopReason.PROVIDER_FROZEN: _("Choose another provider, or ask an admin."),
    StopReason.PROVIDER_COMPARING: _(
        "The call would wait until the provider's call list is compared, usually a few seconds."
    ),
    StopReason.PROVIDER_PAUSED: _("The call would wait until the provider responds again."),
    SkipReason.DO_NOT_CALL: _("It cannot be called. Only a manager can remove a number from the list, with a reason."),
    SkipReason.NUMBER_REFUSED: _("Choose another provider."),
    SkipReason.NUMBER_TYPE: ALLOW_NUMBER,
    SkipReason.NO_ZONE: _("Set the time zone on the contact's page, then call."),
    SkipReason.NO_CONSENT: _("Enter on the contact's page how and when consent was given, then call."),
    SkipReason.MISSING_VARIABLE: AFTER_SKIP[SkipReason.MISSING_VARIABLE],
    WaitReason.OPT_OUT_UNCLEAR: _("A manager must decide under “Needs a decision”, then call."),
    WaitReason.LIVE_ELSEWHERE: _("Wait until it has ended. Only one call at a time is placed to a number."),
    WaitReason.QUIET_PERIOD: _("To call again anyway, tick the box."),
}
"""What a person does next who wants to place a call now."""
WHEN_QUEUED: dict[str, Words] = {
    **AFTER_SKIP,
    **AFTER_WAIT,
    StopReason.STOP_ALL: _("A manager must resume calling. It will be called then."),
    StopReason.PROVIDER_OFF: _("An admin must turn on the provider. It will be called then."),
    StopReason.PROVIDER_PAUSED: _("No action needed. It will be called when the provider responds again."),
}
"""What a person does next about a call that waits, or would."""


def stops_in_words(stops: Stops) -> str:
    """Return what happens to live calls that are not wanted any more; empty if there are none."""
    said = []
    if stops.taken_back:
        text = ngettext(
            "The provider cancelled %(n)d queued call.",
            "The provider cancelled %(n)d queued calls.",
            stops.taken_back,
        )
        said.append(text % {"n": stops.taken_back})
    if stops.asked:
        text = ngettext(
            "The provider is being asked to cancel %(n)d queued call, until it is cancelled or finished.",
            "The provider is being asked to cancel %(n)d queued calls, until they are cancelled or finished.",
            stops.asked,
        )
        said.append(text % {"n": stops.asked})
    if stops.out:
        text = ngettext(
            "%(n)d call is already at the provider and cannot be cancelled. It may still ring once.",
            "%(n)d calls are already at the provider and cannot be cancelled. They may still ring once.",
            stops.out,
        )
        said.append(text % {"n": stops.out})
    return " ".join(said)


def stopped_provider(provider: Provider) -> str:
    """Return the sentence for a stopped provider."""
    return gettext("“%(name)s” cannot call now. %(why)s") % {"name": provider, "why": provider.stop_reason}


def empty_values(names: Sequence[str]) -> str:
    """Return the sentence for a message that lacks these values."""
    return gettext("Missing for this contact: %(names)s.") % {"names": gettext(", ").join(names)}


def outside_hours(start: datetime.time, end: datetime.time) -> str:
    """Return the sentence for a time outside calling hours; equal times mean all day, so then the weekday is wrong."""
    if start == end:
        return gettext("No calls on this weekday (local time).")
    times = {"start": f"{start:%H:%M}", "end": f"{end:%H:%M}"}
    return gettext("Outside local calling hours (%(start)s to %(end)s).") % times


def call_from(opens: datetime.datetime, zone: str, *, is_far: bool) -> str:
    """Return the next step that names when calling opens, in the number's zone and in the viewer's own.

    With `is_far` its date tells it: the weekday comes before it.
    """
    there = opens.astimezone(zoneinfo.ZoneInfo(zone))
    when, here = (_day_and_time(at) if is_far else _weekday_and_time(at) for at in (there, timezone.localtime(opens)))
    return gettext("Call again from %(when)s local time (%(here)s your time).") % {"when": when, "here": here}


def _weekday_and_time(at: datetime.datetime) -> str:
    return date_format(at, "D H:i")


def _day_and_time(at: datetime.datetime) -> str:
    return f"{plain_day(at.date(), has_year=False)} {clock_time(at)}"


def call_on(until: datetime.datetime, zone: str) -> str:
    """Return the next step that names the day there on which a call is allowed again."""
    there = until.astimezone(zoneinfo.ZoneInfo(zone))
    return gettext("Call on %(day)s or later. An admin sets how often a contact may be called.") % {
        "day": date_format(there, "D j M")
    }


def called_often(most: int, days: int, *, is_of_campaign: bool) -> str:
    """Return the sentence for a person who was called `most` times in `days` days."""
    if is_of_campaign:
        said = ngettext(
            "This campaign called this contact %(n)d time today, which is the limit.",
            "This campaign called this contact %(n)d times today, which is the limit.",
            most,
        )
    elif days == 1:
        said = ngettext(
            "This contact was called %(n)d time today, which is the limit.",
            "This contact was called %(n)d times today, which is the limit.",
            most,
        )
    else:
        said = ngettext(
            "This contact was called %(n)d time in seven days, which is the limit.",
            "This contact was called %(n)d times in seven days, which is the limit.",
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
        return _("Voicemail answered.")
    if conditions.has_talked(call.status, call.talk_seconds, call.answered_by):
        return "" if call.status == CallStatus.COMPLETED else _("Answered, then the call was cut off.")
    if call.status == CallStatus.FAILED:
        return FAILED.get(call.failure_reason, FAILED[FailureReason.NONE])
    if call.status == CallStatus.COMPLETED:
        return _("The provider says the call ended, but nobody talked.")
    return PLAIN.get(call.status, "")


def _of_inbound(call: Call) -> Words:
    if conditions.has_talked(call.status, call.talk_seconds, call.answered_by):
        return _("The contact called us and talked.")
    if call.status in {CallStatus.NO_ANSWER, CallStatus.BUSY, CallStatus.CANCELED}:
        return _("The contact called us, and nobody answered.")
    return _("The contact called us.")


def _of_parked(call: Call) -> Words:
    assert call.not_before is not None
    when = date_format(timezone.localtime(call.not_before), "D H:i")
    if call.redials:
        return format_lazy(_("Not reached yet. The provider calls again automatically from {when}."), when=when)
    return format_lazy(_("Queued at the provider, which calls from {when}."), when=when)


def not_over(call: Call) -> str:
    """Return why a person cannot be called again while the provider may still call them, and the next step."""
    if call.redials or is_parked(call.status, call.not_before, timezone.now()):
        return gettext(
            "The provider will still call this contact automatically. Cancel that first, or wait until its "
            "last attempt is over."
        )
    return gettext("This call is not finished.")


def _waiting(call: Call) -> Words:
    if call.wait_reason and call.wait_reason in WaitReason.values:
        return WaitReason(call.wait_reason).label
    return WAITS_ITS_TURN


def _standing(call: Call) -> Words:
    """Return the stop of a waiting call's campaign or provider, as far as those are loaded; makes no query."""
    campaign = call._state.fields_cache.get("campaign")
    if campaign is None or "status" in campaign.get_deferred_fields():
        campaign = None
    if campaign is not None and campaign.status == campaign.Status.PAUSED:
        return _("Waiting: the campaign is paused.")
    provider = call._state.fields_cache.get("provider")
    if provider is not None and not provider.get_deferred_fields() and provider.stop_reason:
        return format_lazy("{} {}", _("Waiting: the provider cannot call now."), provider.stop_reason)
    return ""


NO_MORE: dict[str, Words] = {
    Then.NOTHING: _("No retry: the campaign has none after this."),
    Then.ALL_USED: _("No retry: all attempts are used."),
    Then.PERSON: _("No retry: given to a user."),
}


def why_no_more(call: Call, campaign: Campaign) -> Words:
    """Return why there is no automatic retry after a person's last attempt; empty if there will be one."""
    if call.status not in FINAL or call.status == CallStatus.SKIPPED or conditions.is_held(call.held_at):
        return ""
    if conditions.has_talked(call.status, call.talk_seconds, call.answered_by):
        return _("Done: no retry.")
    if call.stop_asked_at:
        return _("No retry: stopped by a user.")
    if conditions.is_without_news(call.failure_reason):
        return _("No retry: no more updates from the provider.")
    if not campaign.is_open:
        return _("No retry: the campaign is finished.")
    if conditions.is_account_failure(call.status, call.failure_reason):
        return ""
    outcome = conditions.outcome_of(call.status, call.answered_by, call.talk_seconds, call.failure_reason)
    if outcome is None:
        if call.status == CallStatus.COMPLETED:
            return _("No retry: the provider does not say whether anybody talked.")
        return _("No retry: the campaign has none after this.")
    instead = conditions.outcome_but_for_machine(call.status)
    plan = plan_after(outcome, Attempts(call.counted_attempt), campaign.policy, timezone.now(), instead=instead)
    return NO_MORE.get(plan.then, "")


def next_step(call: Call) -> Words:
    """Return what a user can do about a call now; empty if nothing."""
    if call.status == CallStatus.UNKNOWN:
        if call.needs_person_at:
            return _("Check at the provider, then enter under “Needs a decision” whether it was placed.")
        return _("We are checking the provider's call list. Until the result is known, this number is not called.")
    if conditions.is_held(call.held_at):
        return _("A manager must decide whether to call again. Nothing is dialled automatically.")
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
