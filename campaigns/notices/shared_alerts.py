"""Alerts about what calls share: parts of messages that are gone or changed, balances, exports, callbacks, the log."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from django.db.models import OuterRef, Q

from callcenter.audit import verifying
from campaigns.callbacks import rows as callbacks
from campaigns.core import export_limits, happenings, message_parts
from campaigns.launch import legal_texts
from campaigns.models import Alert, Campaign, WebhookReceiver
from providers.models import Provider

Kind = Alert.Kind
Found = tuple[str, str, Collection[int]]
"""A kind of alert, the type of its objects, and their ids."""


def found() -> list[Found]:
    """Return what deserves an alert now, whether it was told already or not."""
    gone = Campaign.objects.filter(message_parts.with_gone_parts(), status__in=message_parts.LIVING)
    changed = message_parts.with_changed_agent()
    return [
        (Kind.MESSAGE_GONE, "campaign", list(gone.values_list("pk", flat=True))),
        (Kind.AGENT_CHANGED, "campaign", list(changed.values_list("pk", flat=True))),
        (Kind.LEGAL_MISSING, "campaign", legal_texts.changed_since_launch()),
        (Kind.BALANCE_BELOW, "provider", _below_limit()),
        (Kind.CALLBACK_NOT_MADE, "call", list(callbacks.not_made().values_list("call", flat=True))),
        (Kind.EXPORTS_CAPPED, "user", export_limits.capped_today()),
        (Kind.WEBHOOK_HALTED, "webhook", list(WebhookReceiver.objects.dead().values_list("pk", flat=True))),
        (Kind.AUDIT_NOT_WHOLE, "audit", [0] if verifying.standing_problem() else []),
    ]


def fresh() -> list[Found]:
    """Return what deserves an alert and has none standing."""
    told = set(Alert.objects.filter(cleared_at__isnull=True).values_list("kind", "object_id"))
    return [(kind, name, [pk for pk in ids if (kind, pk) not in told]) for kind, name, ids in found()]


TOLD = {Kind.BALANCE_BELOW: "balance.low", Kind.CALLBACK_NOT_MADE: "callback.not_made"}
"""What others hear of when an alert is raised, where nothing else tells it."""


def tell_others(raised: Sequence[Alert]) -> None:
    """Write what others want to hear of alerts that were just raised, in the caller's transaction."""
    found = {told: [one.object_id for one in raised if one.kind == kind] for kind, told in TOLD.items()}
    happenings.all_happened(found)


def lasting() -> list[tuple[str, Q]]:
    """Return for each kind the condition of alerts whose cause lasts; another change of an agent is a new cause."""
    conditions = [(kind, Q(object_id__in=ids)) for kind, _name, ids in found() if kind != Kind.AGENT_CHANGED]
    told = message_parts.with_changed_agent().filter(agent__variables_changed_at__lte=OuterRef("raised_at"))
    return [*conditions, (Kind.AGENT_CHANGED, Q(object_id__in=told.values("pk")))]


def _below_limit() -> list[int]:
    limited = Provider.objects.filter(is_active=True, balance_limit__isnull=False)
    return [provider.pk for provider in limited if provider.is_balance_low]
