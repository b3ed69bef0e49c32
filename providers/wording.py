"""Words on screens for a provider's errors, requests, account and abilities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from callcenter.formats.amounts import plain_money
from callcenter.formats.isolation import isolated
from providers import exceptions
from providers.base import ProviderBackend
from providers.exceptions import ProviderError

Words = str | Promise

ERRORS: dict[str, Words] = {
    "NotSent": _("%(vendor)s could not be reached."),
    "NoReadLeft": _("%(vendor)s was not asked: too many requests in the last minute."),
    "RateLimited": _("%(vendor)s asks us to slow down."),
    "CredentialsRejected": _("%(vendor)s does not accept the key."),
    "OtherAccount": _("The key belongs to another account at %(vendor)s, and the first account still has open calls."),
    "OutOfCredit": _("The account at %(vendor)s is empty."),
    "PlanRefused": _("The plan at %(vendor)s does not allow these calls."),
    "ZoneRefused": _("The account at %(vendor)s may not call this country."),
    "OrderRejected": _("%(vendor)s rejected a call."),
    "AgentRefused": _("%(vendor)s has no such agent, or it is not active there."),
    "VoiceRefused": _("%(vendor)s has no such voice."),
    "CallerIdRefused": _("%(vendor)s does not let us call from this caller ID."),
    "DialerRefused": _("%(vendor)s has no such dialler."),
    "InvalidNumber": _("%(vendor)s says that a number cannot be called."),
    "OutcomeUnknown": _("%(vendor)s did not say whether a call was placed."),
    "UnexpectedResponse": _("%(vendor)s sent an answer that we cannot use."),
    "WebhookRejected": _("A message said to be from %(vendor)s was rejected."),
    "ProviderMisconfigured": _("The settings of this provider do not work."),
    "ProviderUnusable": _("The saved settings of this provider do not work."),
    "KeysUnreadable": _("The keys cannot be read."),
    "OptionsUnreadable": _("The saved options of this provider cannot be read."),
    "VendorMissing": _("The provider module %(vendor)s is not installed or cannot be loaded."),
    "BackendFailed": _("The module of %(vendor)s failed during a request."),
}
KEY_PROBLEMS = frozenset({"CredentialsRejected", "KeysUnreadable", "OtherAccount"})
"""Names of the error classes that a new key ends."""
HALTING = (
    KEY_PROBLEMS
    | {"OutOfCredit", "PlanRefused", "ZoneRefused"}
    | {"ProviderUnusable", "OptionsUnreadable", "VendorMissing"}
)
"""Names of the error classes that halt a provider."""

ERRANDS: dict[str, Words] = {
    "check_credentials": _("Test"),
    "try_key": _("Test of a new key"),
    "compare_account": _("Comparison of accounts"),
    "list_agents": _("Sync of agents"),
    "list_voices": _("Sync of voices"),
    "list_caller_ids": _("Sync of caller IDs"),
    "fetch_balance": _("Balance check"),
    "place_call": _("Call request"),
    "fetch_calls": _("Call statuses"),
    "list_calls": _("Call list"),
    "cancel_call": _("Request to cancel a call"),
    "hang_up_call": _("Request to hang up"),
    "fetch_recording": _("Recording"),
    "probe": _("Test after errors"),
}
OUTCOMES: dict[str, Words] = {
    "NotSent": _("not sent"),
    "OutcomeUnknown": _("not known"),
    "UnexpectedResponse": _("cannot be read"),
}


def errand_words(what: str) -> Words:
    """Return an exchange's purpose in words."""
    return ERRANDS.get(what, what.replace("_", " "))


def error_sentence(kind: str, vendor_label: str) -> str:
    """Return a sentence for an error class's name; empty for no error."""
    if not kind:
        return ""
    return str(ERRORS.get(kind, _("Something went wrong at %(vendor)s."))) % {"vendor": vendor_label}


def refusal_words(error: exceptions.ProviderMisconfigured, vendor_label: str) -> str:
    """Return the sentence and the next step for somebody who asked something of a provider that cannot be opened."""
    if not isinstance(error, exceptions.ProviderUnusable):
        return str(error)
    return f"{error_sentence(type(error).__name__, vendor_label)} {error.next_step}"


def next_step_of(kind: str) -> Words:
    """Return the next step for an error class's name; empty for no error."""
    if not kind:
        return ""
    found = getattr(exceptions, kind, ProviderError)
    known = (ProviderError, exceptions.ProviderMisconfigured)
    return found.next_step if issubclass(found, known) else ProviderError.next_step


def account_words(account: Mapping[str, str]) -> str:
    """Return the stored account data as one line; empty where there is none."""
    parts: list[str] = []
    if label := account.get("label"):
        parts.append(isolated(label))
    if (balance := account.get("balance")) is not None:
        amount = plain_money(balance, account.get("currency", ""))
        parts.append(gettext("balance %(amount)s") % {"amount": isolated(amount)})
    if (used := account.get("minutes_used")) is not None:
        limit = account.get("minutes_limit")
        parts.append(
            gettext("%(used)s of %(limit)s minutes used") % {"used": used, "limit": limit}
            if limit
            else gettext("%(used)s minutes used") % {"used": used}
        )
    if (most := account.get("lines_max")) is not None:
        used = account.get("lines_used")
        parts.append(
            gettext("%(used)s of %(most)s lines in use") % {"used": used, "most": most}
            if used is not None
            else gettext("%(most)s lines") % {"most": most}
        )
    return gettext(", ").join(part.strip() for part in parts)


AGENT_WARNINGS: dict[str, Words] = {
    "not_active": _("Not active at the provider."),
    "not_voice": _("Not meant for phone calls."),
    "not_outbound": _("Not meant for outgoing calls."),
}


@dataclass(frozen=True, slots=True)
class Ability:
    """One ability that a vendor has or lacks."""

    can: bool
    sentence: Words
    short: Words
    """The ability in a word or two, for a card."""


_SAYS: tuple[tuple[str, Words, Words, Words], ...] = (
    ("agent", _("speak through agents"), _("Speaks through an agent."), _("Has no agents.")),
    ("voice", _("play recorded voices"), _("Plays a recorded voice."), _("Cannot play a recorded voice.")),
    ("text", _("read texts aloud"), _("Reads a text aloud."), _("Cannot read a text aloud.")),
    ("digits", _("spell digits"), _("Spells digits."), _("Cannot spell digits.")),
)
_FLAGS: tuple[tuple[str, Words, Words, Words], ...] = (
    (
        "supports_cancel",
        _("cancel a waiting call"),
        _("Cancels waiting calls."),
        _("Cannot cancel a waiting call."),
    ),
    (
        "supports_hang_up",
        _("end a call in progress"),
        _("Ends calls in progress."),
        _("Cannot end a call in progress."),
    ),
    (
        "supports_list_calls",
        _("list its calls"),
        _("Lists its calls, so unknown calls are resolved automatically."),
        _("Does not list its calls: an unknown call waits for an update or a user's decision."),
    ),
    (
        "carries_reference",
        _("send our reference"),
        _("Sends our reference with each call."),
        _("Does not send our reference."),
    ),
    ("supports_list_agents", _("list its agents"), _("Agents are synced."), _("Has no agents to sync.")),
    ("supports_list_voices", _("list its voices"), _("Voices are synced."), _("Voices are added by hand.")),
    (
        "supports_list_caller_ids",
        _("list its caller IDs"),
        _("Caller IDs are synced."),
        _("Caller IDs are added by hand."),
    ),
    ("supports_balance", _("report the balance"), _("Reports the balance."), _("Does not report the balance.")),
    ("supports_recording", _("store recordings"), _("Stores recordings."), _("Does not store recordings for us.")),
    ("gives_transcript", _("provide transcripts"), _("Provides transcripts."), _("Provides no transcripts.")),
    ("gives_cost", _("report the cost"), _("Reports the cost of each call."), _("Does not report the cost of calls.")),
    (
        "gives_answers",
        _("report answers found in a conversation"),
        _("Reports the answers found in a conversation."),
        _("Reports only the conversation itself."),
    ),
    (
        "tells_machine",
        _("detect machines"),
        _("Reports whether a machine answered."),
        _("Does not report whether a machine answered."),
    ),
    (
        "hears_refusal",
        _("detect do-not-call requests"),
        _("Can report that a contact asked not to be called again; the number is then added to our list."),
        _("Does not report do-not-call requests: a user who hears one adds the number to our list."),
    ),
    (
        "supports_webhook",
        _("send updates"),
        _("Sends call updates automatically."),
        _("Sends no updates: we poll."),
    ),
)


def kinds_of(backend: type[ProviderBackend]) -> set[str]:
    """Return the kinds of rows that this vendor has: agents, voices, caller IDs, diallers."""
    has = {
        "agents": bool(backend.message_kinds & {"agent", "caller_id"}),
        "voices": "voice" in backend.message_kinds or backend.accepts_voice_override or backend.supports_list_voices,
        "caller_ids": backend.accepts_caller_id,
        "dialers": backend.accepts_dialer,
    }
    return {name for name, is_so in has.items() if is_so}


def stock_words(backend: type[ProviderBackend], counts: Mapping[str, int]) -> list[str]:
    """Return the number of rows of each kind that the vendor has, in words."""
    words = {
        "agents": ngettext("%(n)d agent", "%(n)d agents", counts["agents"]),
        "voices": ngettext("%(n)d voice", "%(n)d voices", counts["voices"]),
        "caller_ids": ngettext("%(n)d caller ID", "%(n)d caller IDs", counts["caller_ids"]),
        "dialers": ngettext("%(n)d dialler", "%(n)d diallers", counts["dialers"]),
    }
    kinds = kinds_of(backend)
    return [text % {"n": counts[name]} for name, text in words.items() if name in kinds]


def abilities(backend: type[ProviderBackend]) -> list[Ability]:
    """Return this vendor's abilities by the backend's flags; those that it has come first."""
    found = [
        Ability(kind in backend.message_kinds, yes if kind in backend.message_kinds else no, short)
        for kind, short, yes, no in _SAYS
    ]
    if "caller_id" in backend.message_kinds:
        found.append(Ability(True, _("The caller ID decides which agent talks."), _("choose the agent by caller ID")))
    kinds = kinds_of(backend)
    for flag, short, yes, no in _FLAGS:
        kind = flag.removeprefix("supports_list_")
        if kind != flag and kind != "calls" and kind not in kinds:
            continue  # a kind that this vendor does not have is not listed as missing
        can = bool(getattr(backend, flag))
        if flag == "gives_cost" and backend.cost_may_lack:
            yes = _("Reports the cost of some calls.")
        found.append(Ability(can, yes if can else no, short))
    return sorted(found, key=lambda ability: not ability.can)
