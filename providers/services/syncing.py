"""Sync: copies the vendor's agents, voices and caller IDs into our rows; asked for by a person, or by itself."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from callcenter.audit.models import record
from providers.base import ProviderBackend
from providers.clock import DatabaseClock
from providers.exceptions import ProviderError, ProviderMisconfigured
from providers.models import Agent, CallerId, Provider, RemoteRow, Voice
from providers.models.remote import MAX_LABEL, MAX_NAME
from providers.models.stops import SYNC_EVERY, Actor
from providers.services.asking import asking
from providers.services.checking import CheckVerdict, refused, remember_account

logger = logging.getLogger(__name__)
Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncCounts:
    """Counts of the rows of one kind that a sync changed."""

    total: int
    added: int = 0
    changed: int = 0
    gone: int = 0


@dataclass(slots=True)
class SyncResult:
    """The counts of a sync by kind of row, and the error that ended it, if any."""

    counts: dict[str, SyncCounts] = field(default_factory=dict)
    problem: CheckVerdict | None = None

    def __str__(self) -> str:
        parts = [f"{_total(kind, counts.total)}{_changes(counts)}" for kind, counts in self.counts.items()]
        brought = _("Synced: %(what)s.") % {"what": _(", ").join(parts)} if parts else ""
        if self.problem:
            return f"{brought} {self.problem}".strip()
        return brought or _("This provider has nothing to sync: add its voices and diallers by hand.")


def sync_provider(provider_id: int, person: Actor = None) -> SyncResult:
    """Read every list that the vendor offers and store it; rows missing from their list are kept, marked not present.

    A list that cannot be read leaves its rows unchanged and ends the sync. Raises Provider.DoesNotExist.
    """
    provider = Provider.objects.get(pk=provider_id)
    result = SyncResult()
    try:
        for kind in _kinds(provider.backend_class):
            with asking(provider, f"list_{kind}") as backend:
                rows = _read(backend, kind)
            result.counts[kind] = _store(provider, kind, rows)
    except (ProviderError, ProviderMisconfigured) as error:
        result.problem = refused(provider.backend_class.label, error)
    if result.problem is None:
        now = DatabaseClock().now()
        Provider.objects.filter(pk=provider_id).update(synced_at=now, sync_next_at=now + SYNC_EVERY)
    counts = {kind: counts.total for kind, counts in result.counts.items()}
    if person is not None or any(found.added or found.changed or found.gone for found in result.counts.values()):
        record(person, "provider.synced", provider, outcome=result.problem.kind if result.problem else "ok", **counts)
    return result


def sync_by_itself(provider_id: int) -> None:
    """Read lists and balance of a provider whose sync is due; the task that the minute job queues.

    Nobody is told of a sync that changed nothing: the audit names only those that did.
    """
    if not Provider.objects.claim_sync(provider_id, DatabaseClock().now()):
        return
    result = sync_provider(provider_id)
    provider = Provider.objects.get(pk=provider_id)
    if result.problem is None and provider.backend_class.supports_balance:
        try:
            with asking(provider, "fetch_balance") as backend:
                remember_account(provider_id, backend.fetch_balance())
        except (ProviderError, ProviderMisconfigured) as error:
            logger.warning("provider=%s: the balance cannot be read: %s", provider_id, type(error).__name__)


def _kinds(backend: type[ProviderBackend]) -> list[str]:
    return [kind for kind in ("agents", "voices", "caller_ids") if getattr(backend, f"supports_list_{kind}")]


def _read(backend: ProviderBackend, kind: str) -> dict[str, Values]:
    """Return the values of one list's rows by their key, cut to the columns' lengths."""
    if kind == "agents":
        return {
            agent.remote_id: {
                "name": (agent.name or agent.remote_id)[:MAX_NAME],
                "type": agent.type[:MAX_LABEL],
                "status": agent.status[:MAX_LABEL],
                "direction": agent.direction[:MAX_LABEL],
                "language": agent.language[:MAX_LABEL],
                "variables": list(agent.variables),
                "warnings": list(agent.warnings),
                "longest_seconds": agent.longest_seconds,
                "is_present": True,
            }
            for agent in backend.list_agents()
        }
    if kind == "voices":
        return {
            voice.remote_id: {
                "name": (voice.name or voice.remote_id)[:MAX_NAME],
                "maker": voice.maker[:MAX_LABEL],
                "language": voice.language[:MAX_LABEL],
                "is_present": True,
            }
            for voice in backend.list_voices()
        }
    # A number that the vendor deactivated cannot be called from, so it is stored like one that is no longer listed.
    return {
        line.number: {"remote_id": line.remote_id, "name": line.label[:MAX_NAME], "is_present": line.is_active}
        for line in backend.list_caller_ids()
    }


MODELS: dict[str, tuple[type[RemoteRow], str]] = {
    "agents": (Agent, "remote_id"),
    "voices": (Voice, "remote_id"),
    "caller_ids": (CallerId, "number"),
}


def _store(provider: Provider, kind: str, rows: Mapping[str, Values]) -> SyncCounts:
    model, key_name = MODELS[kind]
    objects = model._default_manager
    added = changed = 0
    with transaction.atomic():
        known = {getattr(row, key_name): row for row in objects.filter(provider=provider)}
        for key, values in rows.items():
            row = known.get(key)
            if row is not None and all(getattr(row, name) == value for name, value in values.items()):
                continue
            which: dict[str, Any] = {"provider": provider, key_name: key}
            if isinstance(row, Agent) and row.variables != values["variables"]:
                values = {**values, "variables_before": row.variables, "variables_changed_at": timezone.now()}
            _row, is_new = objects.update_or_create(defaults=dict(values), **which)
            added += is_new
            changed += not is_new
        gone = [row.pk for key, row in known.items() if key not in rows and row.is_present]
        for some in _batches(gone):
            objects.filter(pk__in=some).update(is_present=False)
        objects.filter(provider=provider, is_present=True).update(synced_at=timezone.now())
    return SyncCounts(total=len(rows), added=added, changed=changed, gone=len(gone))


def _batches(found: list[int], size: int = 500) -> Iterable[list[int]]:
    return (found[start : start + size] for start in range(0, len(found), size))


def _total(kind: str, count: int) -> str:
    words = {
        "agents": ngettext("%(count)d agent", "%(count)d agents", count),
        "voices": ngettext("%(count)d voice", "%(count)d voices", count),
        "caller_ids": ngettext("%(count)d caller ID", "%(count)d caller IDs", count),
    }
    return words[kind] % {"count": count}


def _changes(counts: SyncCounts) -> str:
    parts = [
        text % {"count": count}
        for text, count in (
            (_("%(count)d new"), counts.added),
            (_("%(count)d changed"), counts.changed),
            (_("%(count)d removed"), counts.gone),
        )
        if count
    ]
    return f" ({', '.join(parts)})" if parts else ""
