"""Alerts in words: for each kind, what happened, what to do, and the page, by the id of what it is about."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from django.contrib.auth.models import User
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from callcenter.formats.masking import ending
from campaigns.callbacks import rows as callbacks
from campaigns.core import message_parts, moment_words, results
from campaigns.launch import legal_texts
from campaigns.models import Alert, Call, Campaign, UnknownVendorCall, WebhookReceiver
from campaigns.notices.paragraphs import Paragraph, link
from providers.models import Provider

Kind = Alert.Kind
Paragraphs = dict[int, Paragraph]
Reasons = Mapping[int, str]
"""Why it was, by the id of what it is about, where that was kept."""
CALLS_NAMED = 10
"""Most calls listed in one paragraph; the call log shows the rest."""


def _silence(_ids: Collection[int], _told: Reasons) -> Paragraphs:
    return {
        0: Paragraph(
            _("No background worker is running: no calls are placed and no results are read."),
            _("Start it on the server (manage.py worker, or its service). For details, run manage.py doctor."),
            link("today"),
        )
    }


def _halted(ids: Collection[int], _told: Reasons) -> Paragraphs:
    return {
        row.pk: Paragraph(
            # Our own sentence for the error: the vendor's text may contain anything.
            " ".join(filter(None, (_("The provider “%(name)s” is paused.") % {"name": row}, str(row.error_sentence)))),
            " ".join(
                filter(
                    None,
                    (
                        _("No calls are placed through it; its calls wait."),
                        str(row.next_step),
                        _("Then an admin tests and resumes it on its page."),
                    ),
                )
            ),
            link("provider", row.pk),
        )
        for row in Provider.objects.filter(pk__in=ids)
    }


def _frozen(ids: Collection[int], _told: Reasons) -> Paragraphs:
    return {
        row.pk: Paragraph(
            _frozen_sentence(row),
            str(row.frozen_step if row.frozen_at else row.standing.step),
            link("provider", row.pk),
        )
        for row in Provider.objects.filter(pk__in=ids)
    }


def _frozen_sentence(row: Provider) -> str:
    if row.frozen_at:
        return _("Calling through “%(name)s” is on hold: %(reason)s") % {"name": row, "reason": row.frozen_reason}
    return _("Calling through “%(name)s” has not started yet. %(why)s") % {"name": row, "why": row.standing.sentence}


def _unmatched(ids: Collection[int], _told: Reasons) -> Paragraphs:
    found = {}
    for row in Provider.objects.filter(pk__in=ids):
        count = UnknownVendorCall.objects.filter(state=UnknownVendorCall.State.OPEN, provider=row).count()
        what = ngettext(
            "%(n)d call in the list of “%(name)s” is not in Callcenter.",
            "%(n)d calls in the list of “%(name)s” are not in Callcenter.",
            count,
        ) % {"name": row, "n": count}
        step = _("Another tool may use the same key, or a backup was restored. Decide there what to do with them.")
        found[row.pk] = Paragraph(what, step, link("unmatched-calls"))
    return found


def _low(ids: Collection[int], _told: Reasons) -> Paragraphs:
    return {
        row.pk: Paragraph(
            _("Provider “%(name)s”: %(why)s") % {"name": row, "why": row.low_balance_sentence},
            _("Top up the account before it is empty. Otherwise its calls will wait."),
            link("provider", row.pk),
        )
        for row in Provider.objects.filter(pk__in=ids)
    }


def _paused(ids: Collection[int], told: Reasons) -> Paragraphs:
    return {
        row.pk: Paragraph(
            _("The system paused the campaign “%(name)s”: %(reason)s")
            % {"name": row, "reason": told.get(row.pk) or row.paused_reason},
            _("Its calls wait. Open the campaign, fix the cause, then resume or end it."),
            link("campaign", row.pk),
        )
        for row in Campaign.objects.filter(pk__in=ids)
    }


def _not_started(ids: Collection[int], told: Reasons) -> Paragraphs:
    return {
        row.pk: Paragraph(
            _("The campaign “%(name)s” did not start as scheduled: %(reason)s")
            % {"name": row, "reason": told.get(row.pk) or row.start_refusal},
            _("No one is called. Fix the cause, then launch it again."),
            link("campaign", row.pk),
        )
        for row in Campaign.objects.filter(pk__in=ids)
    }


def _with_parts(ids: Collection[int]) -> list[Campaign]:
    return list(Campaign.objects.select_related("provider", *message_parts.PARTS).filter(pk__in=ids))


def _gone(ids: Collection[int], _told: Reasons) -> Paragraphs:
    return {
        row.pk: Paragraph(
            _("“%(name)s” cannot continue calling: %(why)s")
            % {"name": row, "why": " ".join(message_parts.gone_of(row))},
            message_parts.next_step(row),
            link("campaign", row.pk),
        )
        for row in _with_parts(ids)
    }


def _agent_changed(ids: Collection[int], _told: Reasons) -> Paragraphs:
    return {
        row.pk: Paragraph(
            _("“%(name)s”: %(why)s") % {"name": row, "why": message_parts.changed_sentence(row)},
            message_parts.changed_step(),
            link("campaign", row.pk),
        )
        for row in _with_parts(ids)
    }


def _legal_missing(ids: Collection[int], _told: Reasons) -> Paragraphs:
    return {
        row.pk: Paragraph(
            _("“%(name)s”: %(why)s") % {"name": row, "why": " ".join(_unsaid(row))},
            legal_texts.step_since_launch(),
            link("campaign", row.pk),
        )
        for row in Campaign.objects.select_related("second").filter(pk__in=ids)
    }


def _unsaid(campaign: Campaign) -> list[str]:
    return legal_texts.sentences_since_launch(legal_texts.missing_since_launch(campaign))


def _exports_capped(ids: Collection[int], _told: Reasons) -> Paragraphs:
    return {
        row.pk: Paragraph(
            _("%(name)s reached today's export limit and tried to export more.") % {"name": row.username},
            _("See the audit log for what was exported. An admin can change the limit under Retention."),
            link("audit"),
        )
        for row in User.objects.filter(pk__in=ids)
    }


def _webhooks(ids: Collection[int], _told: Reasons) -> Paragraphs:
    return {
        row.pk: Paragraph(
            _("The webhook “%(name)s” was paused: %(why)s.") % {"name": row, "why": row.get_halted_why_display()},
            _("Fix the receiving program, then resume the webhook on its page and resend what failed."),
            link("webhook", row.pk),
        )
        for row in WebhookReceiver.objects.filter(pk__in=ids)
    }


def _audit(_ids: Collection[int], _told: Reasons) -> Paragraphs:
    return {
        0: Paragraph(
            _("The audit log was tampered with: rows were changed, removed or inserted outside of Callcenter."),
            _(
                "To see which, run manage.py verify_audit on the server. Keep the database as it is and find "
                "out who did it."
            ),
            link("today"),
        )
    }


def _callbacks(ids: Collection[int], _told: Reasons) -> Paragraphs:
    found = {}
    for row in callbacks.of_calls(ids):
        call = row.call
        what = _("The callback to %(end)s planned for %(when)s reached no one: %(why)s") % {
            "end": ending(call.to_number),
            "when": moment_words.on_both_clocks(row.asked_for, row.zone),
            "why": results.sentence_of(call) or results.result_of(call).word,
        }
        step = _("Call the contact yourself or plan another callback, then mark it as noted on Today.")
        found[call.pk] = Paragraph(what, step, link("call", call.pk))
    return found


# Calls that wait for a decision: one paragraph names several


def _unknown_words(count: int) -> str:
    return ngettext(
        "For more than an hour it has been unknown whether %(n)d call was placed:",
        "For more than an hour it has been unknown whether %(n)d calls were placed:",
        count,
    ) % {"n": count}


def _no_news_words(count: int) -> str:
    return ngettext(
        "The provider sends no more updates for %(n)d call that it accepted:",
        "The providers send no more updates for %(n)d calls that they accepted:",
        count,
    ) % {"n": count}


def _opt_out_words(count: int) -> str:
    return ngettext(
        "In %(n)d call the contact may have asked not to be called again:",
        "In %(n)d calls the contact may have asked not to be called again:",
        count,
    ) % {"n": count}


def _look_up() -> str:
    return _("They are not called again automatically. Check them at the provider, then enter the results.")


def _listen() -> str:
    return _("They are not called until you decide. Listen to the call or read it, then choose what was meant.")


_OF_CALLS: Mapping[str, tuple[Callable[[int], str], Callable[[], str], str]] = {
    Kind.CALL_UNKNOWN: (_unknown_words, _look_up, "unknown"),
    Kind.NO_NEWS: (_no_news_words, _look_up, "no_news"),
    Kind.OPT_OUT_UNCLEAR: (_opt_out_words, _listen, "opt_out"),
}


def _calls_together(kind: str, ids: Collection[int]) -> Paragraph:
    """Return the paragraph that names some of these calls, and the page on which a person decides about them."""
    words, step, key = _OF_CALLS[kind]
    rows = Call.objects.select_related("campaign", "provider").filter(pk__in=ids)
    named = [_call_line(row) for row in rows.order_by("pk")[:CALLS_NAMED]]
    return Paragraph("\n".join([words(len(ids)), *named]), step(), f"{link('decisions')}?kind={key}")


def _calls_singly(kind: str, ids: Collection[int]) -> Paragraphs:
    words, step, key = _OF_CALLS[kind]
    rows = Call.objects.select_related("campaign", "provider").filter(pk__in=ids)
    address = f"{link('decisions')}?kind={key}"
    return {row.pk: Paragraph(f"{words(1)}\n{_call_words(row)}", step(), address) for row in rows}


def _call_words(call: Call) -> str:
    return _("- call %(call)s to %(end)s, %(campaign)s, provider %(provider)s") % {
        "call": call.pk,
        "end": ending(call.to_number),
        "campaign": call.campaign or _("single call"),
        "provider": call.provider,
    }


def _call_line(call: Call) -> str:
    return f"{_call_words(call)}: {link('call', call.pk)}"


_SINGLY: Mapping[str, Callable[[Collection[int], Reasons], Paragraphs]] = {
    Kind.WORKER_SILENT: _silence,
    Kind.PROVIDER_HALTED: _halted,
    Kind.PROVIDER_FROZEN: _frozen,
    Kind.CAMPAIGN_PAUSED: _paused,
    Kind.START_REFUSED: _not_started,
    Kind.UNMATCHED_CALLS: _unmatched,
    Kind.MESSAGE_GONE: _gone,
    Kind.AGENT_CHANGED: _agent_changed,
    Kind.LEGAL_MISSING: _legal_missing,
    Kind.BALANCE_BELOW: _low,
    Kind.EXPORTS_CAPPED: _exports_capped,
    Kind.WEBHOOK_HALTED: _webhooks,
    Kind.AUDIT_NOT_WHOLE: _audit,
    Kind.CALLBACK_NOT_MADE: _callbacks,
}


def singly(kind: str, ids: Collection[int], reasons: Reasons) -> Paragraphs:
    """Return a paragraph for each of these things, by its id; what is gone has none. Raises KeyError."""
    return _calls_singly(kind, ids) if kind in _OF_CALLS else _SINGLY[kind](ids, reasons)


def is_together(kind: str) -> bool:
    """Return whether a message tells of many of a kind in one paragraph."""
    return kind in _OF_CALLS


def together(kind: str, ids: Collection[int]) -> Paragraph:
    """Return the one paragraph of such a kind. Raises KeyError."""
    return _calls_together(kind, ids)
