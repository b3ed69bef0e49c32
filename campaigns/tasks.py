"""What django-q runs: each takes at most an id and calls a service."""

from __future__ import annotations

from campaigns import minute_job, queue
from campaigns.contacts.importing import saving
from campaigns.dialing import dispatcher
from campaigns.exports import job
from campaigns.tracking import polling, reconciliation_sweep, vendor_stops, webhooks


def dispatch() -> None:
    """Run a dispatch slice."""
    dispatcher.run_slice(on_placed=queue.nudge_poll, on_remaining=queue.nudge_dispatch)


def poll() -> None:
    """Run a poll slice, and a successor while calls are open."""
    if polling.run_slice():
        queue.nudge_poll()


def sweep() -> None:
    """Repair what got stuck."""
    minute_job.sweep()


def sweep_lists() -> None:
    """Look for vendor calls that we do not know, in a task for each list: one alone may take its time."""
    for provider_id in reconciliation_sweep.comparable():
        queue.nudge_list(provider_id)


def sweep_list(provider_id: int) -> None:
    """Look for vendor calls that we do not know in one list."""
    reconciliation_sweep.sweep_provider(provider_id)


def follow_hints() -> None:
    """Follow what vendors sent by themselves."""
    webhooks.follow_hints()


def take_back() -> None:
    """Take back what stopped campaigns left waiting at vendors."""
    vendor_stops.take_back()


def save_import(import_id: int) -> None:
    """Save a checked import, from where it stands."""
    saving.save_import(import_id)


def write_export(export_id: int) -> None:
    """Write an export, from where it stands."""
    job.write(export_id)
