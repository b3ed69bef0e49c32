"""Everything that people are told of: the one table of kinds, whom each concerns, and how it is told by default.

A kind concerns whoever holds one of its rights and reaches what it is about, in roles of one's own too, and those whom
`concerned` names besides: an author, whoever asked, whoever it was given to. Every kind stands in the inbox; whether it
also leaves by mail and chat each user chooses (`choices`), over what the installation says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaigns.models import Alert, NoticeDelivery

Channel = NoticeDelivery.Channel
MAIL, CHAT = Channel.MAIL.value, Channel.CHAT.value
Condition = Alert.Kind

APPROVAL_NEEDED, APPROVAL_GIVEN, APPROVAL_RETURNED = "approval_needed", "approval_given", "approval_returned"
CAMPAIGN_FINISHED, PILOT_OVER, EXPORT_READY = "campaign_finished", "pilot_over", "export_ready"
GIVEN, GIVEN_DUE = "given_to_you", "given_due"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeKind:
    """One kind of notices."""

    key: str
    label: str | Promise
    rights: frozenset[str] = frozenset()
    """Any one of them makes it concern whoever reaches what it is about; empty: only those it names."""
    is_urgent: bool = False
    """Whether it is sent in quiet hours too."""


def _condition(kind: Alert.Kind, *rights: str, is_urgent: bool = False) -> NoticeKind:
    return NoticeKind(key=kind.value, label=kind.label, rights=frozenset(rights), is_urgent=is_urgent)


def _happening(key: str, label: str | Promise) -> NoticeKind:
    return NoticeKind(key=key, label=label)


_ALL = (
    _happening(APPROVAL_NEEDED, _("A campaign needs approval")),
    _happening(APPROVAL_GIVEN, _("Your campaign was approved")),
    _happening(APPROVAL_RETURNED, _("Your campaign was returned")),
    _happening(CAMPAIGN_FINISHED, _("A campaign is finished")),
    _happening(PILOT_OVER, _("A pilot finished")),
    _happening(GIVEN, _("A call was assigned to you")),
    _happening(GIVEN_DUE, _("A call assigned to you is due")),
    _happening(EXPORT_READY, _("An export is ready")),
    _condition(Condition.CAMPAIGN_PAUSED, "launch_above_limit", "control_all_campaigns"),
    _condition(Condition.START_REFUSED, "launch_above_limit", "control_all_campaigns"),
    _condition(Condition.MESSAGE_GONE, "launch_above_limit", "control_all_campaigns"),
    _condition(Condition.AGENT_CHANGED, "launch_above_limit", "control_all_campaigns"),
    _condition(Condition.LEGAL_MISSING, "launch_above_limit", "control_all_campaigns"),
    _condition(Condition.CALLBACK_NOT_MADE),
    _condition(Condition.CALL_UNKNOWN, "settle_calls", "control_all_campaigns"),
    _condition(Condition.NO_NEWS, "settle_calls", "control_all_campaigns"),
    _condition(Condition.OPT_OUT_UNCLEAR, "settle_calls", "control_all_campaigns"),
    _condition(Condition.UNMATCHED_CALLS, "review_vendor_calls"),
    _condition(Condition.PROVIDER_HALTED, "manage_providers", "settle_calls", is_urgent=True),
    _condition(Condition.PROVIDER_FROZEN, "manage_providers", "settle_calls", is_urgent=True),
    _condition(Condition.BALANCE_BELOW, "manage_providers", "settle_calls"),
    _condition(Condition.WEBHOOK_HALTED, "make_api_keys", "manage_people"),
    _condition(Condition.EXPORTS_CAPPED, "see_all_exports", "see_team_acts"),
    _condition(Condition.WORKER_SILENT, "manage_providers", "release_stop_all", is_urgent=True),
    _condition(Condition.AUDIT_NOT_WHOLE, "manage_providers", "see_team_acts", is_urgent=True),
)
KINDS: Mapping[str, NoticeKind] = {kind.key: kind for kind in _ALL}
"""Every kind, by its key; a key is stored in rows and never changes."""
