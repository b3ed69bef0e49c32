"""What states, errors and abilities of a provider are called on screens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from providers import exceptions
from providers.base import ProviderBackend
from providers.exceptions import ProviderError

Words = str | Promise

ERRORS: dict[str, Words] = {
    "NotSent": _("%(vendor)s could not be reached."),
    "RateLimited": _("%(vendor)s asks us to slow down."),
    "CredentialsRejected": _("%(vendor)s does not accept the key."),
    "OutOfCredit": _("The account at %(vendor)s is empty."),
    "OrderRejected": _("%(vendor)s refused an order."),
    "InvalidNumber": _("%(vendor)s says that a number cannot be called."),
    "OutcomeUnknown": _("%(vendor)s did not say what became of an order."),
    "UnexpectedResponse": _("%(vendor)s gave an answer that we cannot use."),
    "WebhookRejected": _("A message that claims to come from %(vendor)s was refused."),
    "ProviderMisconfigured": _("The settings of this provider cannot work."),
}


ERRANDS: dict[str, Words] = {
    "check_credentials": _("Test"),
    "try_key": _("Test of a new key"),
    "list_agents": _("Sync of agents"),
    "list_voices": _("Sync of voices"),
    "list_caller_ids": _("Sync of caller IDs"),
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
    """Return what an exchange was for."""
    return ERRANDS.get(what, what.replace("_", " "))


def error_sentence(kind: str, vendor_label: str) -> str:
    """Return a kind of error as a plain sentence; empty for no error."""
    if not kind:
        return ""
    return str(ERRORS.get(kind, _("Something went wrong at %(vendor)s."))) % {"vendor": vendor_label}


def next_step_of(kind: str) -> Words:
    """Return what a person does next about a kind of error; empty for no error."""
    if not kind:
        return ""
    if kind == "ProviderMisconfigured":
        return _("Open the provider in Set-up, correct the field that is named, and test it again.")
    found = getattr(exceptions, kind, ProviderError)
    return found.next_step if issubclass(found, ProviderError) else ProviderError.next_step


def account_words(account: Mapping[str, str]) -> str:
    """Return what the vendor told of the account as one line; empty where it told nothing."""
    parts: list[str] = []
    if label := account.get("label"):
        parts.append(label)
    if (balance := account.get("balance")) is not None:
        parts.append(gettext("balance %(amount)s %(currency)s") % {
            "amount": balance, "currency": account.get("currency", "")
        })  # fmt: skip
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


@dataclass(frozen=True, slots=True)
class Ability:
    """One thing that a vendor can or cannot do."""

    can: bool
    sentence: Words


_SAYS: tuple[tuple[str, Words, Words], ...] = (
    ("agent", _("Speaks through an agent."), _("Has no agents.")),
    ("voice", _("Plays a recorded voice."), _("Cannot play a recorded voice.")),
    ("text", _("Reads a text aloud."), _("Cannot read a text aloud.")),
    ("digits", _("Spells digits."), _("Cannot spell digits.")),
)
_FLAGS: tuple[tuple[str, Words, Words], ...] = (
    ("supports_cancel", _("Takes a waiting call back."), _("Cannot take a waiting call back.")),
    ("supports_hang_up", _("Ends a live call."), _("Cannot end a live call.")),
    (
        "supports_list_calls",
        _("Lists its calls, so that an unknown call is settled by itself."),
        _("Does not list its calls: an unknown call waits for its message or a person."),
    ),
    ("carries_reference", _("Carries our reference in each call."), _("Does not carry our reference.")),
    ("supports_list_agents", _("Agents are synced."), _("Has no agents to sync.")),
    ("supports_list_voices", _("Voices are synced."), _("Voices are typed in by hand.")),
    ("supports_list_caller_ids", _("Caller IDs are synced."), _("Caller IDs are not listed there.")),
    ("supports_balance", _("Tells the balance."), _("Does not tell the balance.")),
    ("supports_recording", _("Keeps recordings."), _("Keeps no recordings for us.")),
    ("gives_transcript", _("Gives transcripts."), _("Gives no transcripts.")),
    ("gives_cost", _("Tells what each call cost."), _("Does not tell what a call cost.")),
    ("gives_answers", _("Brings what was found out in the talk."), _("Brings nothing but the talk itself.")),
    ("tells_machine", _("Tells whether a machine answered."), _("Does not tell whether a machine answered.")),
    (
        "hears_refusal",
        _("Hears when a person asks not to be called again; the number then goes onto our list."),
        _("Does not hear when a person asks not to be called again."),
    ),
    ("supports_webhook", _("Sends news of calls by itself."), _("Sends no news: we ask for it.")),
)


def abilities(backend: type[ProviderBackend]) -> list[Ability]:
    """Return what this vendor can and cannot do, in the words of its flags; what it can do comes first."""
    found = [Ability(kind in backend.message_kinds, yes if kind in backend.message_kinds else no)
             for kind, yes, no in _SAYS]  # fmt: skip
    if "caller_id" in backend.message_kinds:
        found.append(Ability(True, _("The caller ID decides which agent speaks.")))
    for flag, yes, no in _FLAGS:
        can = bool(getattr(backend, flag))
        found.append(Ability(can, yes if can else no))
    return sorted(found, key=lambda ability: not ability.can)
