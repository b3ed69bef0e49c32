"""Tasks of django-q: each takes at most an id and calls one service."""

from __future__ import annotations

from campaigns import minute_job, queue, schedules
from campaigns.contacts.importing.saved import saving
from campaigns.dialing import dispatcher
from campaigns.exports import job
from campaigns.tracking import polling, reconciliation_sweep, start_comparison, vendor_stops, webhooks


def dispatch() -> None:
    """Run a dispatch slice."""
    schedules.undo_clock_change()
    dispatcher.run_slice(on_placed=queue.nudge_poll, on_remaining=queue.nudge_dispatch)


def poll() -> None:
    """Run a poll slice, and queue the next one while calls are open."""
    schedules.undo_clock_change()
    if polling.run_slice():
        queue.nudge_poll()


def sweep() -> None:
    """Run the minute job."""
    minute_job.sweep()


def sweep_lists() -> None:
    """Queue a `sweep_list` task for each provider, so that a slow vendor does not delay the others."""
    for provider_id in reconciliation_sweep.comparable():
        queue.nudge_list(provider_id)


def sweep_list(provider_id: int) -> None:
    """Search one provider's list of calls for calls that we have no row for."""
    reconciliation_sweep.sweep_provider(provider_id)


def compare_start(provider_id: int) -> None:
    """Compare a provider's list before its first order after a start, and have it dial where all is known."""
    if start_comparison.compare(provider_id):
        queue.nudge_dispatch()


def follow_hints() -> None:
    """Read the calls that stored webhooks (hints) are about."""
    webhooks.follow_hints()


def take_back() -> None:
    """Ask vendors to cancel calls of stopped campaigns that still wait there."""
    vendor_stops.take_back()


def save_import(import_id: int) -> None:
    """Save a checked import, continuing where an earlier run stopped."""
    saving.save_import(import_id)


def write_export(export_id: int) -> None:
    """Write an export, continuing where an earlier run stopped."""
    job.write(export_id)


def beat() -> None:
    """Do nothing: the worker writes its heartbeat after every message, and this one is sent where no other comes."""
