"""Whether a new key opens the same account at the vendor: one comparison for every way in which a key comes in.

A key of another account would leave the calls that are open at the first one without news: they could be read no more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

from django.utils import timezone
from django.utils.translation import gettext as _

from providers.base import ProviderBackend
from providers.exceptions import OtherAccount, ProviderError, ProviderMisconfigured
from providers.models import Agent, Provider
from providers.services.asking import asking
from providers.types import AccountIdentity, CallHandle

MOST_CALLS = 3
"""Calls that are asked for as signs of the account."""
SIGN_DAYS = 7
"""Calls older than this are no sign: a vendor may have deleted them."""

UNCOMPARED = "uncompared"
"""What the provider's row says of keys that were stored without a comparison."""

Likeness = Literal["first", "same", "other", "unknown"]
"""`first`: nothing is known of an earlier account; `unknown`: something is, but the vendor gives nothing to compare."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The result of comparing the account of new keys with the one that the provider's calls are at."""

    likeness: Likeness
    identity: AccountIdentity = field(default_factory=AccountIdentity)
    why: str = ""
    """What showed that it is another account; empty for every other result."""

    def as_stored(self) -> dict[str, str]:
        """Return what the provider's row keeps of it."""
        return {
            "id": self.identity.account_id,
            "name": self.identity.name,
            "likeness": self.likeness,
            "at": timezone.now().isoformat(),
        }


def compare_account(
    provider: Provider, backend: ProviderBackend, *, options: Mapping[str, Any] | None = None, is_new: bool = True
) -> Comparison:
    """Compare the account behind `backend`, which was opened with new keys, with the provider's own.

    The vendor's id of the account decides; where it gives none, a call that it is known to have; then the agents last
    synced. `is_new` says that the stored keys are still the earlier ones, so that they can be asked as well. Raises
    OtherAccount where it is another one and calls are open at the first; raises what the backend raises.
    """
    found = _compared(provider, backend, _Earlier(provider, options) if is_new else None)
    if found.likeness == "other" and has_open_calls(provider):
        raise OtherAccount(found.why)
    return found


def has_open_calls(provider: Provider) -> bool:
    """Return whether the vendor may still have something to tell of a call of this provider."""
    return bool(provider.pk) and bool(_calls(provider).live().exists())


class _Earlier:
    """The account behind the stored keys, asked only where a comparison needs it; failures count as no answer."""

    def __init__(self, provider: Provider, options: Mapping[str, Any] | None) -> None:
        self._provider, self._options = provider, options

    def account_id(self) -> str:
        """Return the vendor's id of the account; empty where it cannot be read."""
        try:
            with self._asking() as backend:
                return backend.fetch_identity().account_id if backend.tells_identity else ""
        except (ProviderError, ProviderMisconfigured):
            return ""

    def knows(self, handles: Sequence[CallHandle]) -> bool | None:
        """Return whether it knows any of these calls; None where it cannot be asked."""
        try:
            with self._asking() as backend:
                return _knows(backend, handles)
        except (ProviderError, ProviderMisconfigured):
            return None

    def _asking(self) -> AbstractContextManager[ProviderBackend]:
        # With options of its own it is a trial, which records nothing but the log: the stored key may be dead.
        options = self._options or self._provider.options_with_defaults()
        return asking(self._provider, "compare_account", options=options)


def _compared(provider: Provider, backend: ProviderBackend, earlier: _Earlier | None) -> Comparison:
    told = backend.fetch_identity() if backend.tells_identity else AccountIdentity()
    if not provider.pk:
        return Comparison(likeness="first", identity=told)
    if told.account_id and (by_id := _by_id(provider, told, earlier)):
        return by_id
    handles = _known_calls(provider)
    if handles and (by_call := _by_call(backend, handles, earlier, told)):
        return by_call
    agents = set(Agent.objects.filter(provider=provider, is_present=True).values_list("remote_id", flat=True))
    if agents and backend.supports_list_agents:
        theirs = {agent.remote_id for agent in backend.list_agents()}
        if agents & theirs:
            return Comparison(likeness="same", identity=told)
        why = _("this account has none of the provider's agents")
        return Comparison(likeness="other", identity=told, why=why)
    has_past = bool(handles or agents or _calls(provider).dialed().exists())
    return Comparison(likeness="unknown" if has_past else "first", identity=told)


def _by_id(provider: Provider, told: AccountIdentity, earlier: _Earlier | None) -> Comparison | None:
    known = str(provider.identity.get("id") or "") or (earlier.account_id() if earlier and provider.secrets else "")
    if not known:
        return None
    if known == told.account_id:
        return Comparison(likeness="same", identity=told)
    name = str(provider.identity.get("name") or "")
    ours, theirs = name or known, told.name or told.account_id
    if ours == theirs:
        ours, theirs = known, told.account_id
    why = _("the key belongs to “%(theirs)s”, but the calls are at “%(ours)s”") % {"theirs": theirs, "ours": ours}
    return Comparison(likeness="other", identity=told, why=why)


def _by_call(
    backend: ProviderBackend, handles: Sequence[CallHandle], earlier: _Earlier | None, told: AccountIdentity
) -> Comparison | None:
    """Compare by calls that the vendor had: found is the same account; not found is another, if it must be found."""
    if _knows(backend, handles):
        return Comparison(likeness="same", identity=told)
    # With the earlier keys as a control: a vendor may have lost a call, and then its absence proves nothing.
    control = earlier.knows(handles) if earlier else None
    must_be_found = control is True or (control is None and backend.reads_more_alone)
    if not must_be_found:
        return None
    why = _("this account does not know the latest calls")
    return Comparison(likeness="other", identity=told, why=why)


def _knows(backend: ProviderBackend, handles: Sequence[CallHandle]) -> bool:
    return any(read.matched_by == "id" for read in backend.fetch_calls(handles))


def _calls(provider: Provider) -> Any:
    # By the reverse relation, because this package must not import calls.
    calls: Any = Provider._meta.get_field("calls").related_model
    return calls._default_manager.filter(provider=provider)


def _known_calls(provider: Provider) -> list[CallHandle]:
    """Return the newest calls that the vendor gave an id for, those that are open first."""
    since = timezone.now() - timedelta(days=SIGN_DAYS)
    known = _calls(provider).exclude(remote_id="").filter(placing_at__gt=since).order_by("-placing_at")
    columns = ("reference", "remote_id", "to_number", "agent__remote_id", "caller_id__number", "placing_at")
    rows = [*known.live().values_list(*columns)[:MOST_CALLS], *known.values_list(*columns)[:MOST_CALLS]]
    return [
        CallHandle(
            reference=reference, remote_id=remote_id, to_number=to_number, agent_id=agent_id or "",
            caller_id=caller_id or "", placed_at=placed_at,
        )
        for reference, remote_id, to_number, agent_id, caller_id, placed_at in dict.fromkeys(rows)
    ][:MOST_CALLS]  # fmt: skip
