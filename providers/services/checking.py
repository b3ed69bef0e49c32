"""Tests of a key by the vendor's cheapest harmless read, with a verdict in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from callcenter.audit.models import record
from providers.exceptions import CredentialsRejected, ProviderError, ProviderMisconfigured
from providers.models import Provider
from providers.models.stops import Actor
from providers.services.asking import asking
from providers.types import AccountState
from providers.wording import account_words, error_sentence, next_step_of

_COPY_AGAIN = _("Nothing was stored. Copy the whole key at the vendor and paste it again.")


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
    """Test new keys (and options) without storing anything; the provider may be unsaved."""
    secrets = provider.secrets.changed(new_secrets)
    merged = {**provider.options_with_defaults(), **(options or {})}
    try:
        with asking(provider, "try_key", secrets=secrets, options=merged) as backend:
            account = backend.check_credentials()
    except (ProviderError, ProviderMisconfigured) as error:
        verdict = refused(provider.backend_class.label, error)
        return replace(verdict, next_step=_COPY_AGAIN) if isinstance(error, CredentialsRejected) else verdict
    return _accepted(account)


def check_provider(provider_id: int, person: Actor = None) -> CheckVerdict:
    """Test the stored key, store what the vendor returns about the account, and return the verdict.

    A refused key or an empty account halts the provider. Raises Provider.DoesNotExist.
    """
    provider = Provider.objects.get(pk=provider_id)
    try:
        with asking(provider, "check_credentials") as backend:
            account = backend.check_credentials()
    except (ProviderError, ProviderMisconfigured) as error:
        verdict = refused(provider.backend_class.label, error)
    else:
        verdict = _accepted(account)
        remember_account(provider_id, account)
    if person is not None:
        record(person, "provider.tested", provider, outcome=verdict.kind or "ok")
    return verdict


def remember_account(provider_id: int, account: AccountState) -> None:
    """Store what the vendor returned about the account, with the time."""
    told = {name: str(value) for name, value in asdict(account).items() if value not in (None, "")}
    Provider.objects.filter(pk=provider_id).update(account=told, checked_at=timezone.now())


def _accepted(account: AccountState) -> CheckVerdict:
    told = {name: str(value) for name, value in asdict(account).items() if value not in (None, "")}
    words = account_words(told)
    sentence = _("The key works: %(account)s.") % {"account": words} if words else _("The key works.")
    return CheckVerdict(is_ok=True, sentence=sentence, account=account)
