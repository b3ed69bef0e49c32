"""Tests of a key by the vendor's cheapest harmless read, with a verdict in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from callcenter.audit.models import record
from providers.exceptions import CredentialsRejected, OtherAccount, ProviderError, ProviderMisconfigured
from providers.models import Provider
from providers.models.stops import Actor
from providers.services.asking import asking
from providers.services.destination import goes_elsewhere
from providers.services.identity import UNCOMPARED, Comparison, compare_account
from providers.types import AccountState
from providers.wording import account_words, error_sentence, next_step_of

_NOT_STORED = _("Nothing was saved.")
_COPY_AGAIN = _("Nothing was saved. Copy the full key from the provider and paste it again.")


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckVerdict:
    """The result of a test or sync, in words for people."""

    is_ok: bool
    sentence: str | Promise
    detail: str = ""
    """The vendor's own error text, or ours about the connection."""
    next_step: str | Promise = ""
    kind: str = ""
    """Name of the error class; empty where all went well."""
    account: AccountState | None = None
    comparison: Comparison | None = None
    """How the account of new keys compares with the one before; None where it was not compared."""

    @property
    def may_be_kept(self) -> bool:
        """Whether a person may store the keys although the test failed."""
        return self.kind != OtherAccount.__name__

    def __str__(self) -> str:
        said = f" ({self.detail.rstrip('.')})" if self.detail else ""
        return f"{self.sentence}{said} {self.next_step}".strip()


def refused(vendor_label: str, error: ProviderError | ProviderMisconfigured) -> CheckVerdict:
    """Return the verdict for an error."""
    kind = type(error).__name__
    return CheckVerdict(
        is_ok=False,
        sentence=error_sentence(kind, vendor_label),
        detail=getattr(error, "message", str(error)),
        next_step=next_step_of(kind),
        kind=kind,
    )


def try_secrets(
    provider: Provider, new_secrets: Mapping[str, str], options: Mapping[str, Any] | None = None
) -> CheckVerdict:
    """Test new keys (and options) without storing anything; the provider may be unsaved.

    Keys of another account fail the test while calls are open at the present one.
    """
    merged = {**provider.options_with_defaults(), **(options or {})}
    # A stored key is sent to no other address than it was stored for, not for a test or a comparison either.
    is_elsewhere = goes_elsewhere(provider, merged)
    secrets = dict(new_secrets) if is_elsewhere else provider.secrets.changed(new_secrets).open()
    try:
        with asking(provider, "try_key", secrets=secrets, options=merged) as backend:
            account = backend.check_credentials()
            is_new = is_elsewhere or provider.secrets.differs(new_secrets)
            has_earlier = not is_elsewhere
            comparison = compare_account(provider, backend, options=merged, is_new=has_earlier) if is_new else None
    except (ProviderError, ProviderMisconfigured) as error:
        verdict = refused(provider.backend_class.label, error)
        if isinstance(error, OtherAccount):
            return replace(verdict, next_step=f"{_NOT_STORED} {verdict.next_step}")
        return replace(verdict, next_step=_COPY_AGAIN) if isinstance(error, CredentialsRejected) else verdict
    return _accepted(account, comparison, provider)


def check_provider(provider_id: int, person: Actor = None) -> CheckVerdict:
    """Test the stored key, store what the vendor returns about the account, and return the verdict.

    A refused key or an empty account halts the provider; so do keys that were stored untested and turn out to be of
    another account while calls are open at the first. Raises Provider.DoesNotExist.
    """
    provider = Provider.objects.get(pk=provider_id)
    try:
        with asking(provider, "check_credentials") as backend:
            account = backend.check_credentials()
            is_due = provider.identity.get("likeness") == UNCOMPARED
            comparison = compare_account(provider, backend, is_new=False) if is_due else None
    except (ProviderError, ProviderMisconfigured) as error:
        verdict = refused(provider.backend_class.label, error)
    else:
        verdict = _accepted(account, comparison, provider)
        remember_account(provider_id, account)
        if comparison:
            Provider.objects.filter(pk=provider_id).update(identity=comparison.as_stored())
    if person is not None:
        record(person, "provider.tested", provider, outcome=verdict.kind or "ok")
    return verdict


def remember_account(provider_id: int, account: AccountState) -> None:
    """Store what the vendor returned about the account, with the time."""
    told = {name: str(value) for name, value in asdict(account).items() if value not in (None, "")}
    Provider.objects.filter(pk=provider_id).update(account=told, checked_at=timezone.now())


def _accepted(account: AccountState, comparison: Comparison | None, provider: Provider) -> CheckVerdict:
    told = {name: str(value) for name, value in asdict(account).items() if value not in (None, "")}
    words = account_words(told)
    sentence = _("The key works: %(account)s.") % {"account": words} if words else _("The key works.")
    step: str | Promise = ""
    if comparison and comparison.likeness == "other":
        step = _("This key belongs to another account than before: sync its agents, voices and caller IDs.")
    elif comparison and comparison.likeness == "unknown":
        step = cannot_be_compared(provider.vendor_label)
    return CheckVerdict(is_ok=True, sentence=sentence, next_step=step, account=account, comparison=comparison)


def became_open(vendor_label: str) -> str:
    """Return the sentence for keys of another account that were not stored, as a call has become open meanwhile."""
    return f"{error_sentence(OtherAccount.__name__, vendor_label)} {_NOT_STORED} {next_step_of(OtherAccount.__name__)}"


def cannot_be_compared(vendor_label: str) -> str:
    """Return the sentence for a key of which nobody can tell whether it is of the same account."""
    return gettext(
        "We could not check whether the key belongs to the same account: %(vendor)s has no account ID, call or "
        "agent to compare. Check the account name there."
    ) % {"vendor": vendor_label}
