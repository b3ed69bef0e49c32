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
    "NoReadLeft": _("%(vendor)s was not asked: too many requests went there in the last minute."),
    "RateLimited": _("%(vendor)s asks us to slow down."),
    "CredentialsRejected": _("%(vendor)s does not accept the key."),
    "OtherAccount": _("The key belongs to another account at %(vendor)s, and calls are still open at the first one."),
    "OutOfCredit": _("The account at %(vendor)s is empty."),
    "PlanRefused": _("The plan at %(vendor)s does not allow these calls."),
    "ZoneRefused": _("The account at %(vendor)s may not call to this country."),
    "OrderRejected": _("%(vendor)s refused an order."),
    "AgentRefused": _("%(vendor)s has no such agent, or it is not active there."),
    "VoiceRefused": _("%(vendor)s has no such voice."),
    "CallerIdRefused": _("%(vendor)s does not let us call from this caller ID."),
    "DialerRefused": _("%(vendor)s has no such dialler."),
    "InvalidNumber": _("%(vendor)s says that a number cannot be called."),
    "OutcomeUnknown": _("%(vendor)s did not say what became of an order."),
    "UnexpectedResponse": _("%(vendor)s gave an answer that we cannot use."),
    "WebhookRejected": _("A message that claims to come from %(vendor)s was refused."),
    "ProviderMisconfigured": _("The settings of this provider cannot work."),
    "ProviderUnusable": _("This provider cannot be opened with what is stored of it."),
    "KeysUnreadable": _("Keys cannot be read."),
    "OptionsUnreadable": _("The stored options of this provider cannot be read."),
    "VendorMissing": _("The module of the vendor %(vendor)s is not installed or cannot be loaded."),
    "BackendFailed": _("The module of %(vendor)s failed at a request."),
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
    "fetch_balance": _("Reading of the balance"),
    "place_call": _("Order of a call"),
    "fetch_calls": _("States of calls"),
    "list_calls": _("List of calls"),
    "cancel_call": _("Wish to cancel a call"),
    "hang_up_call": _("Wish to hang up"),
    "fetch_recording": _("Recording"),
    "probe": _("Test after failures"),
}
OUTCOMES: dict[str, Words] = {
    "NotSent": _("did not leave"),
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
            gettext("%(used)s of %(most)s lines in use there") % {"used": used, "most": most}
            if used is not None
            else gettext("%(most)s lines") % {"most": most}
        )
    return gettext(", ").join(part.strip() for part in parts)


AGENT_WARNINGS: dict[str, Words] = {
    "not_active": _("Not active at the vendor."),
    "not_voice": _("Not made for telephone calls."),
    "not_outbound": _("Not made for outgoing calls."),
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
        _("take a waiting call back"),
        _("Takes a waiting call back."),
        _("Cannot take a waiting call back."),
    ),
    ("supports_hang_up", _("end a live call"), _("Ends a live call."), _("Cannot end a live call.")),
    (
        "supports_list_calls",
        _("list its calls"),
        _("Lists its calls, so that an unknown call is settled by itself."),
        _("Does not list its calls: an unknown call waits for its message or a person."),
    ),
    (
        "carries_reference",
        _("carry our reference"),
        _("Carries our reference in each call."),
        _("Does not carry our reference."),
    ),
    ("supports_list_agents", _("list its agents"), _("Agents are synced."), _("Has no agents to sync.")),
    ("supports_list_voices", _("list its voices"), _("Voices are synced."), _("Voices are typed in by hand.")),
    (
        "supports_list_caller_ids",
        _("list its caller IDs"),
        _("Caller IDs are synced."),
        _("Caller IDs are typed in by hand."),
    ),
    ("supports_balance", _("tell the balance"), _("Tells the balance."), _("Does not tell the balance.")),
    ("supports_recording", _("keep recordings"), _("Keeps recordings."), _("Keeps no recordings for us.")),
    ("gives_transcript", _("give transcripts"), _("Gives transcripts."), _("Gives no transcripts.")),
    ("gives_cost", _("tell the cost"), _("Tells what each call cost."), _("Does not tell what a call cost.")),
    (
        "gives_answers",
        _("bring findings of a talk"),
        _("Brings what was found out in the talk."),
        _("Brings nothing but the talk itself."),
    ),
    (
        "tells_machine",
        _("tell machines from people"),
        _("Tells whether a machine answered."),
        _("Does not tell whether a machine answered."),
    ),
    (
        "hears_refusal",
        _("hear “never call again”"),
        _("Can tell that a person asked not to be called again; the number then goes onto our list."),
        _("Does not tell whether a person asked not to be called again: whoever hears it puts the number on our list."),
    ),
    (
        "supports_webhook",
        _("send news by itself"),
        _("Sends news of calls by itself."),
        _("Sends no news: we ask for it."),
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
        found.append(Ability(True, _("The caller ID decides which agent speaks."), _("choose the agent by caller ID")))
    kinds = kinds_of(backend)
    for flag, short, yes, no in _FLAGS:
        kind = flag.removeprefix("supports_list_")
        if kind != flag and kind != "calls" and kind not in kinds:
            continue  # a kind that this vendor does not have is not listed as missing
        can = bool(getattr(backend, flag))
        if flag == "gives_cost" and backend.cost_may_lack:
            yes = _("Tells what a call cost, though not of every call.")
        found.append(Ability(can, yes if can else no, short))
    return sorted(found, key=lambda ability: not ability.can)
