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
from campaigns.launch.line_words import lines_in_words
from campaigns.launch.setting_words import days_in_words, hours_in_words
from campaigns.models import Campaign
from campaigns.reasons import SkipReason, WaitReason

Words = str | Promise

VERDICT_WORDS: dict[str, Words] = {
    NOW: gettext_lazy("Called now"),
    WaitReason.OUTSIDE_HOURS: gettext_lazy("Waiting: local calling hours"),
    WaitReason.QUIET_PERIOD: gettext_lazy("Waiting: called recently by another campaign"),
    WaitReason.PERSON_CAP: gettext_lazy("Waiting: call limit per contact reached for today or this week"),
    WaitReason.LIVE_ELSEWHERE: gettext_lazy("Waiting: another call is in progress"),
    WaitReason.OPT_OUT_UNCLEAR: gettext_lazy("On hold: possible opt-out, needs a decision by a manager"),
    SkipReason.DO_NOT_CALL: gettext_lazy("Not called: on the do-not-call list"),
    SkipReason.LAST_DAY: gettext_lazy("Not called: the last day of the campaign has passed"),
    SkipReason.EXCLUDED: gettext_lazy("Not called: in an excluded campaign"),
    SkipReason.NO_CONSENT: gettext_lazy("Not called: no consent"),
    SkipReason.NUMBER_REFUSED: gettext_lazy("Not called: this provider cannot call the number"),
    SkipReason.NUMBER_TYPE: gettext_lazy("Not called: blocked number type"),
    SkipReason.NO_ZONE: gettext_lazy("Not called: local time unknown or never within calling hours"),
    SkipReason.MISSING_VARIABLE: gettext_lazy("Not called: a value in the message is empty"),
}
GROUP_WORDS: dict[str, Words] = {
    "everybody": gettext_lazy("All contacts in the audience"),
    "called": gettext_lazy("Will be called, now or later"),
    "never": gettext_lazy("Will not be called"),
}
ACTION_WORDS: dict[str, Words] = {
    "campaign.created": gettext_lazy("Campaign created"),
    "campaign.edited": gettext_lazy("Changed"),
    "campaign.approval_asked": gettext_lazy("Sent for approval"),
    "campaign.withdrawn": gettext_lazy("Approval request withdrawn"),
    "campaign.legal_confirmed": gettext_lazy("Legal text confirmed"),
    "campaign.second_set": gettext_lazy("Second provider agreed to"),
    "campaign.second_removed": gettext_lazy("Second provider removed"),
    "campaign.refused": gettext_lazy("Returned by an approver"),
    "campaign.approved": gettext_lazy("Approved and launched"),
    "campaign.sent_back": gettext_lazy("Returned for approval"),
    "campaign.handed_over": gettext_lazy("Given to another user"),
    "campaign.launched": gettext_lazy("Launched"),
    "campaign.pilot_launched": gettext_lazy("Pilot launched"),
    "campaign.pilot_over": gettext_lazy("Pilot finished: paused automatically"),
    "campaign.pilot_ended": gettext_lazy("Pilot ended by a user"),
    "campaign.went_on": gettext_lazy("Continued with the rest after the pilot"),
    "campaign.scheduled": gettext_lazy("Start scheduled"),
    "campaign.start_canceled": gettext_lazy("Scheduled start cancelled"),
    "campaign.started_on_time": gettext_lazy("Started as scheduled"),
    "campaign.start_refused": gettext_lazy("Did not start as scheduled"),
    "campaign.tried": gettext_lazy("Test call placed"),
    "campaign.paused": gettext_lazy("Paused"),
    "campaign.resumed": gettext_lazy("Resumed"),
    "campaign.stopped": gettext_lazy("Ended"),
    "campaign.finished": gettext_lazy("Finished"),
    "campaign.repeat_set": gettext_lazy("Repeat set"),
    "campaign.repeat_ended": gettext_lazy("Repeat ended"),
    "campaign.repeated": gettext_lazy("Repeated: copy created"),
    "campaign.closed": gettext_lazy("Closed to new contacts"),
    "campaign.redialed": gettext_lazy("Draft created to call again"),
    "campaign.person_skipped": gettext_lazy("One contact skipped"),
    "campaign.called_again": gettext_lazy("One contact called again"),
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
        over = Lock(True, _("Cannot be changed: the campaign is finished. Copy it to call with other settings."))
        return {"message": over, "audience": over, "hours": over, "pace": over}
    if campaign.launched_at is None:
        free = Lock(False, _("Can be changed until launch."))
        return {"message": free, "audience": free, "hours": free, "pace": free}
    return {
        "message": Lock(
            True,
            _(
                "Cannot be changed after launch: everyone in a campaign gets the same message. Copy it to "
                "use another message."
            ),
        ),
        "audience": Lock(
            True,
            _("Cannot be changed after launch: contacts added to these lists or tags are called.")
            if campaign.is_living
            else _(
                "Cannot be changed after launch: these contacts are queued. Contacts added to a list later "
                "are not called."
            ),
        ),
        "hours": Lock(False, _("Can be changed. Applies from the next call.")),
        "pace": Lock(False, _("Can be changed. Applies from the next call.")),
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
            "More than %(percent)s %% of the last people who answered (at least %(least)s) hang up within "
            "%(seconds)s seconds or opt out."
        )
        % {
            "percent": alarms.REFUSALS_PERCENT,
            "least": alarms.REFUSALS_LEAST,
            "seconds": alarms.HUNG_UP_WITHIN,
        },
        _("The budget is spent."),
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
        "lines": lines_in_words(campaign),
        "policy": policy_words.sentence_of(campaign.policy),
        "terms": terms.in_words(campaign),
    }
