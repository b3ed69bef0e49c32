"""Alerts about what calls share at a vendor: a part of a message that is gone or changed, a balance that runs out.

Managers and admins get them as any other; whoever owns a campaign that is concerned gets a mail of their own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence

from django.contrib.auth.models import User
from django.core.mail import EmailMessage
from django.db.models import OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from callcenter.audit import verifying
from callcenter.formats.masking import ending
from campaigns.callbacks import rows as callbacks
from campaigns.core import export_limits, happenings, message_parts, moment_words, results
from campaigns.models import Alert, Campaign, WebhookReceiver
from campaigns.tracking.alert_mail import Paragraph, link, mail
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


# In words


def paragraphs(alerts: Sequence[Alert]) -> Iterator[Paragraph]:
    """Yield a paragraph for each of these alerts that is about what calls share."""
    for campaign in _campaigns(alerts, Kind.MESSAGE_GONE):
        yield Paragraph(
            _("“%(name)s” cannot call on: %(why)s")
            % {"name": campaign, "why": " ".join(message_parts.gone_of(campaign))},
            message_parts.next_step(campaign),
            link("campaign", campaign.pk),
        )
    for campaign in _campaigns(alerts, Kind.AGENT_CHANGED):
        yield Paragraph(
            _("“%(name)s”: %(why)s") % {"name": campaign, "why": message_parts.changed_sentence(campaign)},
            message_parts.changed_step(),
            link("campaign", campaign.pk),
        )
    ids = [alert.object_id for alert in alerts if alert.kind == Kind.BALANCE_BELOW]
    for provider in Provider.objects.filter(pk__in=ids):
        yield Paragraph(
            _("The provider “%(name)s”: %(why)s") % {"name": provider, "why": provider.low_balance_sentence},
            _("Top the account up at the vendor before it is empty: then its calls would wait."),
            link("provider", provider.pk),
        )
    ids = [alert.object_id for alert in alerts if alert.kind == Kind.EXPORTS_CAPPED]
    for name in User.objects.filter(pk__in=ids).order_by("pk").values_list("username", flat=True):
        yield Paragraph(
            _("%(name)s reached the limit of exports for today and asked for more.") % {"name": name},
            _("The audit log says what was exported. An admin can change the limit under Retention."),
            link("audit"),
        )
    ids = [alert.object_id for alert in alerts if alert.kind == Kind.WEBHOOK_HALTED]
    for receiver in WebhookReceiver.objects.filter(pk__in=ids):
        yield Paragraph(
            _("Nothing is sent to the webhook “%(name)s” any more: %(why)s.")
            % {"name": receiver, "why": receiver.get_halted_why_display()},
            _("Put the program right that is sent to, then resume it on its page and send again what failed."),
            link("webhook", receiver.pk),
        )
    if any(alert.kind == Kind.AUDIT_NOT_WHOLE for alert in alerts):
        yield Paragraph(
            _("The audit log is not whole: rows were changed, removed or inserted outside of Callcenter."),
            _("On the server, manage.py verify_audit says which. Keep the database as it is, and find out who did it."),
            link("today"),
        )


def to_owners(alerts: Sequence[Alert], readers: Collection[str]) -> list[tuple[Sequence[Alert], EmailMessage]]:
    """Return a mail, with its alerts, for each owner of a campaign that is concerned and is not among the readers.

    Readers who own a campaign are told of it as of all that is within their reach.
    """
    by_owner: dict[str, list[Alert]] = defaultdict(list)
    about: dict[int, list[Alert]] = defaultdict(list)
    for alert in alerts:
        if alert.kind in OWNERS_HEAR:
            about[alert.object_id].append(alert)
    owned = Campaign.objects.filter(pk__in=about, owner__is_active=True).exclude(owner__email="")
    for pk, address in owned.values_list("pk", "owner__email"):
        if address not in readers:
            by_owner[address] += about[pk]
    ending = _("You get this because it is your campaign. Each of these is told once.")
    return [
        (theirs, mail(str(theirs[0].get_kind_display()), paragraphs(theirs), ending, [address]))
        for address, theirs in sorted(by_owner.items())
    ]


def to_askers(alerts: Sequence[Alert]) -> list[tuple[Sequence[Alert], EmailMessage]]:
    """Return a mail, with its alerts, for each user whose callbacks were not made: what was planned, and why not."""
    about = {alert.object_id: alert for alert in alerts if alert.kind == Kind.CALLBACK_NOT_MADE}
    by_asker: dict[str, list[tuple[Alert, Paragraph]]] = defaultdict(list)
    for row in callbacks.not_made().filter(call__in=about):
        call = row.call
        what = _("The callback to %(end)s was planned for %(when)s. It did not reach anybody: %(why)s") % {
            "end": ending(call.to_number),
            "when": moment_words.on_both_clocks(row.asked_for, row.zone),
            "why": results.sentence_of(call) or results.result_of(call).word,
        }
        step = _("Call the person yourself, or plan another call, then mark it as noted on Today.")
        if row.asked_by is not None:
            by_asker[row.asked_by.email].append((about[call.pk], Paragraph(what, step, link("call", call.pk))))
    ending_words = _("You get this because you planned it. Each of these is told once.")
    subject = str(Kind.CALLBACK_NOT_MADE.label)
    return [
        ([alert for alert, _part in theirs], mail(subject, [part for _alert, part in theirs], ending_words, [address]))
        for address, theirs in sorted(by_asker.items(), key=lambda item: item[0])
    ]


ASKERS_HEAR = (Kind.CALLBACK_NOT_MADE,)
"""Kinds of which only whoever asked hears, and no manager for them."""
OWNERS_HEAR = (Kind.MESSAGE_GONE, Kind.AGENT_CHANGED)


def _campaigns(alerts: Sequence[Alert], kind: str) -> QuerySet[Campaign]:
    ids = [alert.object_id for alert in alerts if alert.kind == kind]
    return Campaign.objects.select_related("provider", *message_parts.PARTS).filter(pk__in=ids).order_by("pk")
