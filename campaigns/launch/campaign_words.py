"""Words for people: a campaign's settings, the lines of its launch check, and its history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from callcenter.audit.models import AuditEvent
from campaigns import alarms, rules
from campaigns.core.hours import kept_countries
from campaigns.core.hours import words as hours_words
from campaigns.core.hours.dates import read_dates
from campaigns.core.hours.week import Week
from campaigns.core.installation import current
from campaigns.launch import living_terms as terms
from campaigns.launch import policy_words
from campaigns.launch.audience import NEVER, NOW
from campaigns.launch.launch_check import LaunchCheck
from campaigns.launch.lifecycle import Outcome
from campaigns.launch.setting_words import days_in_words, hours_in_words
from campaigns.models import Campaign
from campaigns.reasons import SkipReason, WaitReason

Words = str | Promise

VERDICT_WORDS: dict[str, Words] = {
    NOW: gettext_lazy("Called at once"),
    WaitReason.OUTSIDE_HOURS: gettext_lazy("Wait for calling hours where they live"),
    WaitReason.QUIET_PERIOD: gettext_lazy("Wait: another campaign called them a short time ago"),
    WaitReason.PERSON_CAP: gettext_lazy("Wait: called as often as one person may be, today or this week"),
    WaitReason.LIVE_ELSEWHERE: gettext_lazy("Wait: another call to them is not over"),
    WaitReason.OPT_OUT_UNCLEAR: gettext_lazy("Wait: may have asked not to be called; a manager decides"),
    SkipReason.DO_NOT_CALL: gettext_lazy("Not called: on the do-not-call list"),
    SkipReason.LAST_DAY: gettext_lazy("Not called: the last day of the campaign is over"),
    SkipReason.EXCLUDED: gettext_lazy("Not called: among the people of a campaign that is left out"),
    SkipReason.NO_CONSENT: gettext_lazy("Not called: no consent is noted"),
    SkipReason.NUMBER_REFUSED: gettext_lazy("Not called: this vendor cannot call the number"),
    SkipReason.NUMBER_TYPE: gettext_lazy("Not called: a number of a type that is not called"),
    SkipReason.NO_ZONE: gettext_lazy("Not called: the local time of the number is not known or never within the hours"),
    SkipReason.MISSING_VARIABLE: gettext_lazy("Not called: a value of the message is empty"),
}
GROUP_WORDS: dict[str, Words] = {
    "everybody": gettext_lazy("Everybody in the audience"),
    "called": gettext_lazy("Will be called, now or later"),
    "never": gettext_lazy("Will not be called"),
}
ACTION_WORDS: dict[str, Words] = {
    "campaign.created": gettext_lazy("Written"),
    "campaign.edited": gettext_lazy("Changed"),
    "campaign.approval_asked": gettext_lazy("Sent for approval"),
    "campaign.withdrawn": gettext_lazy("Taken back from approval"),
    "campaign.legal_confirmed": gettext_lazy("Legal text confirmed"),
    "campaign.refused": gettext_lazy("Returned by an approver"),
    "campaign.approved": gettext_lazy("Approved and launched"),
    "campaign.sent_back": gettext_lazy("Returned for approval"),
    "campaign.handed_over": gettext_lazy("Handed over"),
    "campaign.launched": gettext_lazy("Launched"),
    "campaign.pilot_launched": gettext_lazy("Pilot launched"),
    "campaign.pilot_over": gettext_lazy("The pilot is over: paused automatically"),
    "campaign.pilot_ended": gettext_lazy("The pilot was ended by hand"),
    "campaign.went_on": gettext_lazy("Went on with the rest after the pilot"),
    "campaign.scheduled": gettext_lazy("Start time set"),
    "campaign.start_canceled": gettext_lazy("Start time canceled"),
    "campaign.started_on_time": gettext_lazy("Started automatically at its time"),
    "campaign.start_refused": gettext_lazy("Did not start at its time"),
    "campaign.tried": gettext_lazy("Tried on an own phone"),
    "campaign.paused": gettext_lazy("Paused"),
    "campaign.resumed": gettext_lazy("Resumed"),
    "campaign.stopped": gettext_lazy("Stopped"),
    "campaign.finished": gettext_lazy("Finished"),
    "campaign.repeat_set": gettext_lazy("Repetition set"),
    "campaign.repeat_ended": gettext_lazy("Repetition ended"),
    "campaign.repeated": gettext_lazy("Repeated: a copy was made"),
    "campaign.closed": gettext_lazy("Closed to new people"),
    "campaign.redialed": gettext_lazy("A draft was made to call again"),
    "campaign.person_skipped": gettext_lazy("Skipped one person"),
    "campaign.called_again": gettext_lazy("Called one person again"),
}


@dataclass(frozen=True, slots=True)
class VerdictRow:
    """One line of the launch check."""

    verdict: str
    words: Words
    count: int
    is_never: bool


def verdict_words(verdict: str) -> Words:
    """Return the words for a verdict or a group of verdicts."""
    return VERDICT_WORDS.get(verdict) or GROUP_WORDS[verdict]


def verdict_rows(check: LaunchCheck) -> list[VerdictRow]:
    """Return the lines of the launch check that are not empty, those of people who will be called first."""
    never = {reason.value for reason in NEVER}
    return [
        VerdictRow(verdict, words, check.verdicts[verdict], verdict in never)
        for verdict, words in VERDICT_WORDS.items()
        if check.verdicts.get(verdict)
    ]


def action_words(event: AuditEvent) -> str:
    """Return the sentence for one audit event: what was done, with its numbers and its reason."""
    words = str(ACTION_WORDS.get(event.action, event.action))
    if event.action == "campaign.paused" and event.actor_id is None:
        words = _("Paused by the system")
    detail: Mapping[str, object] = event.detail
    parts = [words]
    if isinstance(people := detail.get("people"), int):
        parts.append(ngettext("%(count)d person", "%(count)d people", people) % {"count": people})
    if isinstance(fields := detail.get("fields"), list):
        parts.append(_(", ").join(field_words(str(name)) for name in fields))
    if starts_at := parse_datetime(str(detail.get("starts_at", ""))):
        parts.append(date_format(timezone.localtime(starts_at), "j M Y H:i"))
    if reason := detail.get("reason"):
        parts.append(f"“{reason}”")
    if out := _out_words(detail):
        parts.append(out)
    return " · ".join(parts)


def _out_words(detail: Mapping[str, object]) -> str:
    """Return the sentence about calls that were in progress at the time of the event."""
    names = ("waiting", "live", "still_out", "skipped", "recalled")
    counts = {name: found for name in names if isinstance(found := detail.get(name), int)}
    return Outcome(changed=True, status="", **counts).sentence if counts else ""


def field_words(name: str) -> str:
    """Return the label of a campaign's field."""
    return str(getattr(Campaign._meta.get_field(name), "verbose_name", name))


@dataclass(frozen=True, slots=True)
class Lock:
    """Whether a group of settings is fixed, and the sentence that says why."""

    is_locked: bool
    words: Words


def locks_of(campaign: Campaign) -> dict[str, Lock]:
    """Return by group of settings whether it can still be changed, and if not, why."""
    if campaign.status in {Campaign.Status.STOPPED, Campaign.Status.FINISHED}:
        over = Lock(True, _("Fixed: the campaign is over. Copy it to call with other settings."))
        return {"message": over, "audience": over, "hours": over, "pace": over}
    if campaign.launched_at is None:
        free = Lock(False, _("May be changed until the launch."))
        return {"message": free, "audience": free, "hours": free, "pace": free}
    return {
        "message": Lock(
            True, _("Fixed since the launch: everybody of one campaign hears the same. Copy it to say something else.")
        ),
        "audience": Lock(
            True,
            _("Fixed since the launch: whoever joins these lists or tags is called.")
            if campaign.is_living
            else _("Fixed since the launch: these people are queued, and who joins a list later is not called."),
        ),
        "hours": Lock(False, _("May be changed: holds from the next call on.")),
        "pace": Lock(False, _("May be changed: holds from the next call on.")),
    }


def watch_words() -> list[str]:
    """Return the rules of the automatic pause, in sentences."""
    return [
        _("%(percent)s %% or more of at least %(least)s calls fail within %(minutes)s minutes.")
        % {
            "percent": alarms.FAILURES_PERCENT,
            "least": alarms.FAILURES_LEAST,
            "minutes": rules.BREAKER_WINDOW // 60,
        },
        _(
            "More than %(percent)s %% of the last people who answered, at least %(least)s of them, hang up within"
            " %(seconds)s seconds or ask not to be called again."
        )
        % {
            "percent": alarms.REFUSALS_PERCENT,
            "least": alarms.REFUSALS_LEAST,
            "seconds": alarms.HUNG_UP_WITHIN,
        },
        _("The budget is used up."),
    ]


def in_words(campaign: Campaign) -> dict[str, str]:
    """Return hours, days, days without calls, what follows on each outcome, and the terms of a living campaign."""
    countries = kept_countries(campaign, current())
    week = hours_words.week_in_words(Week.of(campaign.weekly_hours)) if campaign.weekly_hours is not None else ""
    return {
        "blackouts": hours_words.dates_in_words(read_dates(campaign.blackout_dates)),
        "holidays": hours_words.countries_in_words(countries) if countries else "",
        "hours": week or hours_in_words(campaign.hours_start, campaign.hours_end),
        "days": "" if week else days_in_words(campaign.days),
        "policy": policy_words.sentence_of(campaign.policy),
        "terms": terms.in_words(campaign),
    }
