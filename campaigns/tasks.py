"""What django-q runs: each takes at most an id and calls a service."""

from __future__ import annotations

from campaigns import queue
from campaigns.services import dialing, export_writing, following, ghosts, polling, sweeping, taking_back
from campaigns.services.importing import saving


def dispatch() -> None:
    """Run a dispatch slice."""
    dialing.run_slice(on_placed=queue.nudge_poll, on_remaining=queue.nudge_dispatch)


def poll() -> None:
    """Run a poll slice, and a successor while calls are open."""
    if polling.run_slice():
        queue.nudge_poll()


def sweep() -> None:
    """Repair what got stuck."""
    sweeping.sweep()


def sweep_lists() -> None:
    """Look for vendor calls that we do not know, in a task for each list: one alone may take its time."""
    for provider_id in ghosts.comparable():
        queue.nudge_list(provider_id)


def sweep_list(provider_id: int) -> None:
    """Look for vendor calls that we do not know in one list."""
    ghosts.sweep_provider(provider_id)


def follow_hints() -> None:
    """Follow what vendors sent by themselves."""
    following.follow_hints()


def take_back() -> None:
    """Take back what stopped campaigns left waiting at vendors."""
    taking_back.take_back()


def save_import(import_id: int) -> None:
    """Save a checked import, from where it stands."""
    saving.save_import(import_id)


def write_export(export_id: int) -> None:
    """Write an export, from where it stands."""
    export_writing.write(export_id)
