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
    NUMBER_REFUSED = "number_refused", _("Not called: this vendor cannot call this number.")
    NUMBER_TYPE = "number_type", _("Not called: numbers of this type are not called.")
    NO_ZONE = "no_zone", _("Not called: the local time of this number is not known.")
    EXCLUDED = "excluded", _("Not called: this person is among those of a campaign that is left out.")
    STOPPED = "stopped", _("Not called: the campaign was stopped.")
    MISSING_VARIABLE = "missing_variable", _("Not called: a variable of the message is empty.")
    CANCELED = "canceled", _("Not called: a person canceled it.")
    EXPIRED = "expired", _("Not called: it waited too long, so it may no longer be wanted.")
    CALLED_SINCE = "called_since", _("Not called: others called this person after it was asked for.")
    NOT_NEEDED = "not_needed", _("Not called: the attempt before it turned out to be answered.")
    NO_CONSENT = "no_consent", _("Not called: it is not noted that this person agreed to be called.")
    SAME_PERSON = "same_person", _("Not called: this campaign called this person or number already.")
    IMPORT_UNDONE = "import_undone", _("Not called: the import that added this person was undone.")
    LAST_DAY = "last_day", _("Not called: the last day of the campaign was over.")
    PERSON_CAP = "person_cap", _("Not called: this person had been called as often as allowed.")


class WaitReason(models.TextChoices):
    """Reasons why a pending call still waits."""

    NONE = "", "-"
    OUTSIDE_HOURS = "outside_hours", _("Waits for calling hours where this person lives.")
    RETRY = "retry", _("Waits for its next attempt.")
    CALLBACK = "callback", _("Waits for the time that was asked for.")
    NOT_SENT = "not_sent", _("Waits: the vendor could not be reached; nothing was dialled.")
    RATE_LIMITED = "rate_limited", _("Waits: the vendor asked us to slow down.")
    PROVIDER_HALTED = "provider_halted", _("Waits: the provider is halted until an admin acts.")
    MESSAGE_REFUSED = "message_refused", _("Waits: the vendor refused the agent, voice or caller ID; nobody was rung.")
    OPT_OUT_UNCLEAR = "opt_out_unclear", _("Waits: this person may have asked not to be called; a manager decides.")
    LIVE_ELSEWHERE = "live_elsewhere", _("Waits: another call to this number is not over.")
    QUIET_PERIOD = "quiet_period", _("Waits: this person was called a short time ago.")
    PERSON_CAP = "person_cap", _("Waits: this person was called as often as allowed for now.")
    ATTEMPTS_A_DAY = "attempts_a_day", _("Waits for the next day: this person was tried often enough today.")
    BUDGET = "budget", _("Waits: the budget is reserved for calls that are out.")
    DAY_CAP = "day_cap", _("Waits: a daily spending limit is reached.")


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
    "test_call": _("Asked for by a person who tries a campaign's message."),
    "quick_call": _("Asked for by a person."),
    "commit_point": _("All checks passed; the order goes to the vendor."),
    "order_taken": _("The vendor took the order."),
    "order_rejected": _("The vendor refused the order; nothing was dialled."),
    "invalid_number": _("The vendor says the number is not valid; nothing was dialled."),
    "not_sent": _("The vendor could not be reached; nothing was dialled, it is tried again."),
    "rate_limited": _("The vendor asked us to slow down; nothing was dialled, it is tried again."),
    "account_problem": _("The vendor refused our account; nothing was dialled, the call waits until an admin acts."),
    "message_refused": _(
        "The vendor refused the agent, voice or caller ID; nothing was dialled, the call waits until that is put right."
    ),
    "outcome_unknown": _(
        "The vendor's answer was lost: the call may have been placed. Nobody is dialled again until we know."
    ),
    "worker_lost": _(
        "The worker stopped in the middle: the call may have been placed. Nobody is dialled again until we know."
    ),
    "vendor_news": _("News from the vendor."),
    "strange_word": _("The vendor used a word that we do not know; nothing changes."),
    "bound": _("Found in the vendor's own list: the call had been placed."),
    "bound_by_number": _("Found in the vendor's own list by number and time: the call had been placed."),
    "bound_by_message": _("The vendor told us of it, and confirmed when asked: the call had been placed."),
    "bound_waiting": _("Found in the vendor's own list while it waited here: it had been placed already."),
    "held_after_restore": _(
        "A backup was restored, and the vendor's list has a call to this number: held for a person, not dialled."
    ),
    "bound_by_person": _("A person says that it was placed."),
    "absent": _("Proved by the vendor's own list, twice: it was never placed. Held for a person."),
    "absent_by_person": _("A person says that it was not placed."),
    "looked_not_trusted": _("Looked at the vendor's list, but it misses calls that we know: nothing is concluded."),
    "looked_no_list": _("This vendor has no list to look at: only its own message or a person can tell."),
    "several_candidates": _("Several calls in the vendor's list could be this one: a person must decide."),
    "needs_person": _("Not known for a day: a person must decide."),
    "no_news": _(
        "The provider reports nothing more of this call. Its line is free, it is not called again automatically, and "
        "a person enters the result."
    ),
    "kept_waiting": _("A person chose to wait for news."),
    "retry_planned": _("Another attempt is planned."),
    "account_retry": _(
        "The account at the vendor failed, not this person: called again once it is mended; no attempt is used up."
    ),
    "no_retry_left": _("No further attempt: all attempts are used."),
    "no_retry_talked": _("No further attempt: somebody talked."),
    "no_retry_stopped": _("No further attempt: somebody here stopped the call."),
    "given_to_person": _("Given to a person, by the campaign's rule for this outcome."),
    "given_by_disposition": _("Given to a user, by the disposition of this call."),
    "disposition_set": _("Disposition set."),
    "disposition_removed": _("Disposition taken off."),
    "never_call_by_rule": _("The disposition of this call means: never again. Added to the do-not-call list."),
    "hand_over_moved": _("Given to another person."),
    "hand_over_done": _("A person says that this is done."),
    "hand_over_dropped": _("No longer needed: not left with a person any more."),
    "conflict": _("Two different endings were reported; the stronger one stands."),
    "skipped": _("Not called."),
    "canceled_by_person": _("A person canceled it."),
    "cancel_asked": _("A person asked the vendor not to place it."),
    "hang_up_asked": _("A person asked the vendor to hang up."),
    "taken_back": _("The campaign was stopped: the vendor was asked not to place it."),
    "not_taken_back": _(
        "The campaign was stopped, but the vendor could not be asked to leave it: it may still ring. It is asked again."
    ),
    "wish_told": _("The number is on the do-not-call list: the provider was asked not to call."),
    "wish_not_told": _(
        "The number is on the do-not-call list, but the provider could not be asked to leave this call: it may still"
        " ring. It is asked again."
    ),
    "hold_told": _(
        "The person may have asked not to be called: the provider was asked not to call until it is decided."
    ),
    "hold_not_told": _(
        "The person may have asked not to be called, but the provider could not be asked to leave this call: it may"
        " still ring. It is asked again."
    ),
    "stop_all_told": _("All calls were stopped: the provider was asked not to place it."),
    "stop_all_not_told": _(
        "All calls were stopped, but the provider could not be asked to leave this call: it may still ring. It is"
        " asked again."
    ),
    "opt_out_unclear": _(
        "The person may have asked not to be called again. Their number is held until a person decides."
    ),
    "opt_out_allowed": _("A person decided: this was no request not to be called. The number may be called."),
    "do_not_call_heard": _("The person asked not to be called again: added to the do-not-call list."),
    "call_again": _("A person asked to call again."),
    "callback_asked": _("To be called at a time that the person asked for."),
    "callback_moved": _("Moved to another time."),
    "callback_number": _("The person has another number to call now: this call goes there."),
    "callback_from_here": _("A callback was asked for in this call."),
    "called_us": _("The person called us."),
    "called_back_handled": _("Marked as handled."),
    "wrong_person": _("The vendor's news names another number: refused."),
}


def sentence(code: str) -> str | Promise:
    """Return the sentence for the code of a call event; the code itself if it is unknown."""
    return SENTENCES.get(code, code)
