"""What a provider needs from a person: each need has a sentence, a next step and a button; most urgent first."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, TypedDict

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from providers.models import DeliveryResult, Provider, ProviderState, WebhookAddress
from providers.parsing import parse_decimal, parse_words
from providers.services.checking import cannot_be_compared
from providers.services.status_words import Waits
from providers.wording import KEY_PROBLEMS, Words, error_sentence, next_step_of

Tone = Literal["bad", "warn", "info"]


class Way(TypedDict, total=False):
    """The target of a need's button or link."""

    url: str
    label: Words
    presses: bool


TONES: tuple[Tone, ...] = ("bad", "warn", "info")
PASSING = (ProviderState.PAUSED, ProviderState.COMPARING)
"""Stops that mostly end by themselves."""
ENOUGH_MINUTES = 60
"""A balance that pays for fewer minutes of calls than this is reported."""
NEARLY_USED = Decimal("0.9")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """How many objects of each kind (agents, voices, ...) a provider has."""

    agents: int = 0
    voices: int = 0
    caller_ids: int = 0
    dialers: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One thing that a person should do about a provider, or should know."""

    code: str
    tone: Tone
    sentence: Words
    step: Words = ""
    detail: str = ""
    """The vendor's own words, for admins."""
    at: datetime.datetime | None = None
    is_for_all: bool = False
    """Whether everybody sees the next step; otherwise only admins do."""
    url: str = ""
    label: Words = ""
    """Label of the button or link; empty where the page has the button anyway."""
    presses: bool = False
    """Whether the button sends a POST, with `value`; otherwise it is a link."""
    value: str = ""


def needs_of(
    provider: Provider, stock: Stock, address: WebhookAddress | None, *, is_public: bool, waits: Waits | None = None
) -> list[Need]:
    """Return a provider's needs, most urgent first; none where it is switched off."""
    if not provider.is_active:
        return []
    found = [
        *_stops(provider),
        *_keys(provider),
        *_account(provider),
        *_waiting(provider, waits or Waits()),
        *_speakers(provider, stock),
        *_recordings(provider),
        *_limits(provider),
        *_messages(provider, address, is_public),
        *_prices(provider),
    ]
    return sorted(found, key=lambda need: TONES.index(need.tone))


def _stops(provider: Provider) -> Iterator[Need]:
    if kind := provider.halt_kind:
        # Halted by its key, balance or settings: one need, with our sentence first and the vendor's text after it.
        yield Need(
            code="stopped",
            tone="bad",
            sentence=provider.stop_reason,
            step=provider.standing.step,
            detail=provider.last_error if provider.last_error_kind == kind else provider.halted_reason,
            at=provider.halted_at,
            is_for_all=True,
            url=reverse("provider", args=[provider.pk]) + "#keys",
            label=_("Paste a new key") if kind in KEY_PROBLEMS else "",
        )
        return
    standing = provider.standing
    if standing.state.is_stop:
        yield Need(
            code="frozen" if standing.state == ProviderState.FROZEN else "stopped",
            tone="warn" if standing.state in PASSING else "bad",
            sentence=standing.sentence,
            step=standing.step,
            is_for_all=True,
        )
    elif standing.state == ProviderState.SLOWED:
        yield Need(code="slowed", tone="warn", sentence=standing.sentence, step=standing.step, is_for_all=True)
    elif standing.state == ProviderState.UNTESTED:
        yield Need(code="untested", tone="warn", sentence=standing.sentence, step=standing.step)
    is_told = standing.state == ProviderState.SLOWED and provider.last_error_kind == "RateLimited"
    if provider.has_error and provider.last_error_at and not is_told:
        yield Need(
            code="error",
            tone="warn",
            sentence=provider.error_sentence,
            step=provider.next_step,
            detail=provider.last_error,
            at=provider.last_error_at,
            is_for_all=True,
        )


def _keys(provider: Provider) -> Iterator[Need]:
    if provider.halt_kind != "KeysUnreadable" and not provider.secrets.is_readable:
        yield Need(
            code="unreadable_keys",
            tone="bad",
            sentence=error_sentence("KeysUnreadable", provider.vendor_label),
            step=next_step_of("KeysUnreadable"),
            is_for_all=True,
            url=reverse("provider", args=[provider.pk]) + "#keys",
            label=_("Paste a new key"),
        )


def _account(provider: Provider) -> Iterator[Need]:
    if provider.identity.get("likeness") == "unknown":
        yield Need(code="uncompared_key", tone="info", sentence=cannot_be_compared(provider.vendor_label))
    balance, price = parse_decimal(provider.account.get("balance")), provider.price_per_minute
    is_same_money = provider.account.get("currency", "") == provider.currency
    if balance is not None and balance <= 0:
        yield Need(
            code="no_credit",
            tone="bad",
            sentence=_("The account at %(vendor)s is empty.") % {"vendor": provider.vendor_label},
            step=_("Top it up, then press “Test connection”."),
            at=provider.checked_at,
        )
    elif provider.is_balance_low:
        yield Need(
            code="below_limit",
            tone="warn",
            sentence=provider.low_balance_sentence,
            step=_("Top it up before it is empty. Otherwise its calls will wait."),
            at=provider.checked_at,
            is_for_all=True,
        )
    elif balance is not None and price and is_same_money and balance < price * ENOUGH_MINUTES:
        yield Need(
            code="low_credit",
            tone="warn",
            sentence=_("The balance is enough for about %(minutes)d minutes of talk.")
            % {"minutes": int(balance / price)},
            step=_("Top it up before the next campaign."),
            at=provider.checked_at,
        )
    used, limit = (parse_decimal(provider.account.get(name)) for name in ("minutes_used", "minutes_limit"))
    if used is not None and limit and used >= limit * NEARLY_USED:
        yield Need(
            code="minutes",
            tone="bad" if used >= limit else "warn",
            sentence=_("%(used)d of this month's %(limit)d minutes are used.") % {"used": used, "limit": limit},
            step=_("Get a larger plan at the provider, or wait for next month."),
            at=provider.checked_at,
        )


def _waiting(provider: Provider, waits: Waits) -> Iterator[Need]:
    names = {"vendor": provider.vendor_label}
    if waits.words:
        yield Need(
            code="unmapped_words",
            tone="bad" if waits.for_words else "warn",
            sentence=ngettext(
                "%(vendor)s uses %(n)d unknown status.",
                "%(vendor)s uses %(n)d unknown statuses.",
                len(waits.words),
            )
            % {**names, "n": len(waits.words)},
            step=ngettext(
                "%(n)d call is waiting for its result. Choose what the status means.",
                "%(n)d calls are waiting for their result. Choose what each status means.",
                waits.for_words,
            )
            % {"n": waits.for_words},
            url=reverse("provider", args=[provider.pk]) + "#words",
            label=_("Show statuses"),
        )
    if waits.several:
        yield Need(
            code="several_rows",
            tone="warn",
            sentence=ngettext(
                "%(n)d call is waiting: several entries in the list of %(vendor)s match it.",
                "%(n)d calls are waiting: several entries in the list of %(vendor)s match them.",
                waits.several,
            )
            % {**names, "n": waits.several},
            step=_(
                "The same number was called again within minutes, and %(vendor)s gives no call ID. We do not "
                "guess: check the list of %(vendor)s. A call that stays without a result appears under “Needs "
                "a decision”."
            )
            % names,
            is_for_all=True,
        )
    if waits.zone:
        yield Need(
            code="other_zone",
            tone="warn",
            sentence=ngettext(
                "%(n)d call is waiting: its entry in the list of %(vendor)s matches only in another time zone.",
                "%(n)d calls are waiting: their entries in the list of %(vendor)s match only in another time zone.",
                waits.zone,
            )
            % {**names, "n": waits.zone},
            step=_(
                "Times of %(vendor)s have no time zone. Set the time zone, or choose “Detect from the first "
                "calls”; the calls are then found at the next check."
            )
            % names,
            **_editing(provider),
        )


def _speakers(provider: Provider, stock: Stock) -> Iterator[Need]:
    backend = provider.backend_class
    if provider.speaks_through == "agent" and not stock.agents:
        yield Need(
            code="no_agent",
            tone="bad" if backend.message_kinds == {"agent"} else "warn",
            sentence=_("No agents yet: no one can call through it."),
            step=_("Sync them. Agents are created in the provider's own console."),
            **_syncing(provider),
        )
    if "voice" in backend.message_kinds and not stock.voices:
        yield Need(
            code="no_voice",
            tone="warn",
            sentence=_("No recorded voices yet: only texts and digits can be played."),
            step=_("Enter the name and ID of the voice at %(vendor)s.") % {"vendor": provider.vendor_label},
            **_typing_in(provider, "voice", _("Add a voice")),
        )
    if backend.needs_caller_id and not stock.caller_ids:
        yield Need(
            code="no_caller_id",
            tone="bad",
            sentence=_("%(vendor)s needs a caller ID, and there is none yet.") % {"vendor": provider.vendor_label},
            step=_("It is a number of the account at the provider."),
            **(
                _syncing(provider)
                if backend.supports_list_caller_ids
                else _typing_in(provider, "callerid", _("Add a caller ID"))
            ),
        )


def _recordings(provider: Provider) -> Iterator[Need]:
    host = provider.seen_recording_host
    if host and host not in parse_words(provider.options_with_defaults().get("recording_hosts")):
        yield Need(
            code="recording_host",
            tone="warn",
            sentence=_("Recordings cannot be played: %(vendor)s stores them at %(host)s, which is not allowed yet.")
            % {"vendor": provider.vendor_label, "host": host},
            step=_("Allow it if it is the provider's storage. It is read without our key."),
            url=reverse("provider-recording-host", args=[provider.pk]),
            label=_("Allow %(host)s") % {"host": host},
            presses=True,
            value=host,
        )


def _limits(provider: Provider) -> Iterator[Need]:
    backend, edit = provider.backend_class, _editing(provider)
    most, lines = backend.documented_requests, backend.documented_lines
    told = parse_decimal(provider.account.get("lines_max"))
    lines = int(told) if told else lines
    if lines and provider.max_lines > lines:
        yield Need(
            code="lines",
            tone="warn",
            sentence=_("We use %(ours)d lines, but %(vendor)s offers %(theirs)d.")
            % {"ours": provider.max_lines, "vendor": provider.vendor_label, "theirs": lines},
            step=_("More calls than that are rejected or wait in the provider's own queue, which we do not control."),
            **edit,
        )
    asked = provider.calls_per_minute + provider.reads_per_minute
    if most and asked > most:
        yield Need(
            code="pace",
            tone="warn",
            sentence=_("We may send %(ours)d requests per minute, but %(vendor)s accepts %(theirs)d.")
            % {"ours": asked, "vendor": provider.vendor_label, "theirs": most},
            step=_("Lower the calls or status checks per minute, unless your plan allows more."),
            **edit,
        )


def _messages(provider: Provider, address: WebhookAddress | None, is_public: bool) -> Iterator[Need]:
    backend, names = provider.backend_class, {"vendor": provider.vendor_label}
    place: Way = {"url": reverse("provider", args=[provider.pk]) + "#webhook", "label": _("Show its address")}
    can_arrive = address is not None and (is_public or address.last_delivery_at is not None)
    if backend.supports_webhook and not backend.supports_list_calls and not can_arrive:
        # Without a list of calls, a webhook is the only way to learn the outcome of an order whose answer was lost.
        yield Need(
            code="only_messages",
            tone="warn",
            sentence=_("A call that %(vendor)s did not answer for stays unknown until a user decides.") % names,
            step=(
                _(
                    "%(vendor)s has no call list: only its webhook can report a result. Create a webhook "
                    "address and paste it there."
                )
                if is_public
                else _(
                    "%(vendor)s has no call list: only its webhook can report a result. It cannot reach us: "
                    "set PUBLIC_URL."
                )
            )
            % names,
            **place,
        )
    if address is None:
        return
    if address.last_delivery_result == DeliveryResult.REFUSED:
        yield Need(
            code="refused_message",
            tone="warn",
            sentence=_("The last message to its webhook address was rejected."),
            step=_("Compare the webhook secret with the provider's, or create a new address if others know this one."),
            at=address.last_delivery_at,
            **place,
        )
    signs = any(field.name == "webhook_secret" for field in backend.fields)
    if signs and not provider.secrets.holds("webhook_secret"):
        yield Need(
            code="unsigned",
            tone="info",
            sentence=_("Messages of %(vendor)s are not verified.") % names,
            step=_("Set a webhook secret there and save it here."),
            url=reverse("provider", args=[provider.pk]) + "#keys",
            label=_("Show its keys"),
        )


def _prices(provider: Provider) -> Iterator[Need]:
    edit = _editing(provider)
    if not provider.price_per_minute:
        yield Need(
            code="price",
            tone="info",
            sentence=_("Set a price per minute to get cost estimates and budgets."),
            **edit,
        )
    fields = {field.name for field in provider.backend_class.fields}
    if "cost_currency" in fields and not provider.options.get("cost_currency"):
        yield Need(
            code="cost_currency",
            tone="info",
            sentence=_("Costs reported by %(vendor)s are not saved: their currency is not known.")
            % {"vendor": provider.vendor_label},
            step=_("Set the currency of costs."),
            **edit,
        )


def _editing(provider: Provider) -> Way:
    return {"url": reverse("admin:providers_provider_change", args=[provider.pk]), "label": _("Edit in Set-up")}


def _syncing(provider: Provider) -> Way:
    return {"url": reverse("provider-sync", args=[provider.pk]), "label": _("Sync"), "presses": True}


def _typing_in(provider: Provider, model: str, label: Words) -> Way:
    return {"url": f"{reverse(f'admin:providers_{model}_add')}?provider={provider.pk}", "label": label}
