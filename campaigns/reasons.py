"""Reasons and their sentences: why a person was called, was not called, or still waits."""

from __future__ import annotations

from enum import StrEnum

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

MAX_REASON = 300
"""Characters of every column that keeps a reason or a detail in words."""


class SkipReason(models.TextChoices):
    """Reasons why a call is skipped, that is, never placed."""

    NONE = "", "-"
    DO_NOT_CALL = "do_not_call", _("Not called: the number is on the do-not-call list.")
    NUMBER_REFUSED = "number_refused", _("Not called: this provider cannot call this number.")
    NUMBER_TYPE = "number_type", _("Not called: numbers of this type are not called.")
    NO_ZONE = "no_zone", _("Not called: the local time of this number is not known.")
    EXCLUDED = "excluded", _("Not called: this contact is in a campaign that you excluded.")
    STOPPED = "stopped", _("Not called: the campaign was ended.")
    MISSING_VARIABLE = "missing_variable", _("Not called: a variable of the message is empty.")
    CANCELED = "canceled", _("Not called: cancelled by a user.")
    EXPIRED = "expired", _("Not called: it waited too long and may no longer be wanted.")
    CALLED_SINCE = "called_since", _("Not called: someone else called this contact after the request.")
    NOT_NEEDED = "not_needed", _("Not called: the previous attempt was answered after all.")
    NO_CONSENT = "no_consent", _("Not called: no consent is recorded for this contact.")
    SAME_PERSON = "same_person", _("Not called: this campaign already called this contact or number.")
    IMPORT_UNDONE = "import_undone", _("Not called: the import that added this contact was undone.")
    LAST_DAY = "last_day", _("Not called: the last day of the campaign has passed.")
    PERSON_CAP = "person_cap", _("Not called: the maximum number of calls to this contact was reached.")


class WaitReason(models.TextChoices):
    """Reasons why a pending call still waits."""

    NONE = "", "-"
    OUTSIDE_HOURS = "outside_hours", _("Waiting for calling hours in the contact's time zone.")
    RETRY = "retry", _("Waiting to retry.")
    CALLBACK = "callback", _("Waiting for the requested time.")
    NOT_SENT = "not_sent", _("Waiting: the provider could not be reached. No call was placed.")
    RATE_LIMITED = "rate_limited", _("Waiting: the provider asked us to slow down.")
    PROVIDER_HALTED = "provider_halted", _("Waiting: the provider is paused until an admin acts.")
    MESSAGE_REFUSED = (
        "message_refused",
        _("Waiting: the provider rejected the agent, voice or caller ID. No phone rang."),
    )
    OPT_OUT_UNCLEAR = "opt_out_unclear", _("Waiting: this contact may have asked not to be called. A manager decides.")
    LIVE_ELSEWHERE = "live_elsewhere", _("Waiting: another call to this number is in progress.")
    QUIET_PERIOD = "quiet_period", _("Waiting: this contact was called recently.")
    PERSON_CAP = "person_cap", _("Waiting: the maximum number of calls to this contact is reached for now.")
    ATTEMPTS_A_DAY = "attempts_a_day", _("Waiting for tomorrow: the maximum number of attempts today is reached.")
    BUDGET = "budget", _("Waiting: the budget is reserved for calls in progress.")
    DAY_CAP = "day_cap", _("Waiting: a daily spending limit is reached.")


class MoneyWait(models.TextChoices):
    """Reasons why a running campaign sends no further call until money is released or the day turns."""

    NONE = "", "-"
    BUDGET = "budget", _("The rest of the budget is reserved for calls in progress; it continues as they end.")
    PROVIDER_DAY = "provider_day", _("The provider’s daily spending limit is reached.")
    TEAM_DAY = "team_day", _("The team’s daily spending limit is reached.")
    PERSON_DAY = "person_day", _("The daily spending limit of the user who launched it is reached.")


class StopReason(StrEnum):
    """Reasons why nobody is called now, at all or through one provider; not stored with any call."""

    STOP_ALL = "stop_all"
    PROVIDER_OFF = "provider_off"
    PROVIDER_HALTED = "provider_halted"
    PROVIDER_FROZEN = "provider_frozen"
    PROVIDER_COMPARING = "provider_comparing"
    PROVIDER_PAUSED = "provider_paused"


SENTENCES: dict[str, str | Promise] = {
    "test_call": _("Requested by a user as a test call."),
    "quick_call": _("Requested by a user."),
    "commit_point": _("All checks passed. Sending the call to the provider."),
    "second_halted": _("Called through the second provider: the first one was halted."),
    "second_paused": _("Called through the second provider: the first one was paused after failures."),
    "second_full": _("Called through the second provider: all lines of the first one were busy."),
    "first_provider": _("Called through the first provider again."),
    "order_taken": _("The provider accepted the call."),
    "order_rejected": _("The provider refused the call. Nothing was dialled."),
    "invalid_number": _("The provider says that the number is not valid. No call was placed."),
    "not_sent": _("The provider could not be reached. No call was placed; it will be retried."),
    "rate_limited": _("The provider asked us to slow down. No call was placed; it will be retried."),
    "account_problem": _("The provider rejected our account. No call was placed; it waits until an admin acts."),
    "message_refused": _(
        "The provider rejected the agent, voice or caller ID. No call was placed; it waits until that is fixed."
    ),
    "outcome_unknown": _(
        "The provider's answer was lost: the call may have been placed. The number is not called again until "
        "this is clear."
    ),
    "worker_lost": _(
        "The background worker stopped midway: the call may have been placed. The number is not called again "
        "until this is clear."
    ),
    "vendor_news": _("Update from the provider."),
    "strange_word": _("The provider sent an unknown status; nothing changes."),
    "bound": _("Found in the provider's list: the call was placed."),
    "bound_by_number": _("Found in the provider's list by number and time: the call was placed."),
    "bound_by_message": _("Reported and confirmed by the provider: the call was placed."),
    "bound_waiting": _("Found in the provider's list while waiting here: it had already been placed."),
    "held_after_restore": _(
        "A backup was restored, and the provider's list has a call to this number. Not called; needs a decision."
    ),
    "bound_by_person": _("Marked by a user as called."),
    "absent": _("Confirmed twice by the provider's list: it was never placed. Needs a decision."),
    "absent_by_person": _("Marked by a user as not called."),
    "looked_not_trusted": _("Checked the provider's list, but calls that we know are missing from it: not conclusive."),
    "looked_no_list": _("This provider has no list to check: only an update from it or a user can resolve this."),
    "several_candidates": _("Several calls in the provider's list match this one: needs a decision."),
    "needs_person": _("Unknown for a day: needs a decision."),
    "no_news": _(
        "The provider sends no more updates for this call. Its line is free again; it is not called again "
        "automatically. A user must enter the result."
    ),
    "kept_waiting": _("A user chose to keep waiting."),
    "retry_planned": _("Another attempt is scheduled."),
    "account_retry": _(
        "The fault was in our account at the provider, not with this contact: it will be called again once "
        "that is fixed. No attempt was used up."
    ),
    "no_retry_left": _("No retry: all attempts are used."),
    "no_retry_talked": _("No more attempts: the contact answered."),
    "no_retry_stopped": _("No retry: stopped by a user."),
    "given_to_person": _("Assigned to a user by the campaign's rule for this result."),
    "given_by_disposition": _("Assigned to a user by the disposition of this call."),
    "disposition_set": _("Disposition set."),
    "disposition_removed": _("Disposition removed."),
    "never_call_by_rule": _("The disposition of this call is “do not call”. Added to the do-not-call list."),
    "hand_over_moved": _("Assigned to another user."),
    "hand_over_done": _("Marked as done by a user."),
    "hand_over_dropped": _("No longer needed: unassigned."),
    "conflict": _("Two different results were reported; the stronger one counts."),
    "skipped": _("Not called."),
    "canceled_by_person": _("Cancelled by a user."),
    "cancel_asked": _("A user asked the provider to cancel the call."),
    "hang_up_asked": _("A user asked the provider to hang up."),
    "taken_back": _("The campaign was ended: the provider was asked to cancel the call."),
    "not_taken_back": _(
        "The campaign was ended, but the provider could not be asked to cancel this call: it may still ring. "
        "We will ask again."
    ),
    "wish_told": _("The number is on the do-not-call list: the provider was asked to cancel the call."),
    "wish_not_told": _(
        "The number is on the do-not-call list, but the provider could not be asked to cancel this call: it "
        "may still ring. We will ask again."
    ),
    "hold_told": _(
        "The contact may have asked not to be called: the provider was asked to cancel the call until this is decided."
    ),
    "hold_not_told": _(
        "The contact may have asked not to be called, but the provider could not be asked to cancel this call: "
        "it may still ring. We will ask again."
    ),
    "stop_all_told": _("All calling was stopped: the provider was asked to cancel the call."),
    "stop_all_not_told": _(
        "All calling was stopped, but the provider could not be asked to cancel this call: it may still ring. "
        "We will ask again."
    ),
    "opt_out_unclear": _(
        "The contact may have asked not to be called again. The number is on hold until someone decides."
    ),
    "opt_out_allowed": _("Decided by a user: not a do-not-call request. The number may be called."),
    "do_not_call_heard": _("The contact asked not to be called again: added to the do-not-call list."),
    "call_again": _("A user asked to call again."),
    "callback_asked": _("Scheduled for the time that the contact asked for."),
    "callback_moved": _("Rescheduled."),
    "callback_number": _("The contact's main number has changed: this call goes to the new number."),
    "callback_from_here": _("The contact asked for a callback in this call."),
    "called_us": _("The contact called us."),
    "called_back_handled": _("Marked as handled."),
    "wrong_person": _("The provider's update names another number: rejected."),
}


def sentence(code: str) -> str | Promise:
    """Return the sentence for the code of a call event; the code itself if it is unknown."""
    return SENTENCES.get(code, code)
