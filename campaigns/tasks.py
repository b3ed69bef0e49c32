"""Tasks of django-q: each takes at most an id and calls one service."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from callcenter.audit.context import in_the_background
from campaigns import minute_job, queue, schedules
from campaigns.answers import removal, waiting
from campaigns.contacts.importing.saved import saving
from campaigns.contacts.importing.sources import runs
from campaigns.dialing import dispatcher
from campaigns.dispositions import following
from campaigns.exports import job
from campaigns.launch.living import joining
from campaigns.notices import telling
from campaigns.tracking import polling, reconciliation_sweep, start_comparison, vendor_stops, webhooks

P = ParamSpec("P")


def recorded(task: Callable[P, None]) -> Callable[P, None]:
    """Let what a task does stand in the audit log as done by the product itself, in this task."""

    @wraps(task)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        with in_the_background(task.__name__):
            task(*args, **kwargs)

    return run


@recorded
def dispatch() -> None:
    """Run a dispatch slice."""
    schedules.undo_clock_change()
    dispatcher.run_slice(on_placed=queue.nudge_poll, on_remaining=queue.nudge_dispatch)


@recorded
def poll() -> None:
    """Run a poll slice, and queue the next one while calls are open."""
    schedules.undo_clock_change()
    if polling.run_slice():
        queue.nudge_poll()


@recorded
def sweep() -> None:
    """Run the minute job."""
    minute_job.sweep()


@recorded
def sweep_lists() -> None:
    """Queue a `sweep_list` task for each provider, so that a slow vendor does not delay the others."""
    for provider_id in reconciliation_sweep.comparable():
        queue.nudge_list(provider_id)


@recorded
def sweep_list(provider_id: int) -> None:
    """Search one provider's list of calls for calls that we have no row for."""
    reconciliation_sweep.sweep_provider(provider_id)


@recorded
def compare_start(provider_id: int) -> None:
    """Compare a provider's list before its first order after a start, and have it dial where all is known."""
    if start_comparison.compare(provider_id):
        queue.nudge_dispatch()


@recorded
def follow_hints() -> None:
    """Read the calls that stored webhooks (hints) are about."""
    webhooks.follow_hints()


@recorded
def take_up() -> None:
    """Queue whoever joined a campaign that stays open."""
    joining.take_up_all()


@recorded
def take_back() -> None:
    """Ask vendors to cancel calls of stopped campaigns that still wait there."""
    vendor_stops.take_back()


@recorded
def save_import(import_id: int) -> None:
    """Save a checked import, continuing where an earlier run stopped."""
    saving.save_import(import_id)


@recorded
def read_source(source_id: int) -> None:
    """Read an import source that is due, and import its file if it changed."""
    runs.read(source_id)


@recorded
def write_export(export_id: int) -> None:
    """Write an export, continuing where an earlier run stopped."""
    job.write(export_id)


@recorded
def read_answers() -> None:
    """Clear the answers of removed questions, read calls for new ones, and queue the next slice while some are left."""
    if removal.clear_removed() or waiting.read_waiting():
        queue.nudge_answers()


@recorded
def tell() -> None:
    """Tell people of what happened, and send what is due."""
    telling.tell_and_send()


@recorded
def follow_dispositions() -> None:
    """Carry out what follows on dispositions."""
    following.carry_out_waiting()


def beat() -> None:
    """Do nothing: the worker writes its heartbeat after every message, and this one is sent where no other comes."""
