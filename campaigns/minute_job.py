"""The job that runs every minute: repairs, finishes campaigns, deletes old data, and nudges workers that have work."""

from __future__ import annotations

import datetime
import logging

from callcenter.access import two_people
from callcenter.access.models import KeptForm
from callcenter.api.models import OnceRequest
from callcenter.audit import often, retention, sealing, verifying
from campaigns import queue
from campaigns.answers import removal, waiting
from campaigns.callbacks import planning as callbacks
from campaigns.calls import expiry, recordings
from campaigns.contacts.importing.saved import forgetting, saving
from campaigns.contacts.importing.sources import keeping, runs
from campaigns.core import budget, happenings, leases, stop_requests, transcript_words
from campaigns.core.clock import DatabaseClock
from campaigns.dialing import reservation
from campaigns.dispositions import following
from campaigns.exports import job, requests
from campaigns.launch import approvals, lifecycle, repeats, start, successions
from campaigns.launch.living import ending, joining
from campaigns.models import Campaign
from campaigns.notices import alerts, deliveries, digests, reminders, telling
from campaigns.privacy import erasure
from campaigns.privacy import retention as privacy_retention
from campaigns.reports import rollups
from campaigns.tracking import (
    consequences,
    due_reads,
    no_news,
    reconciliation_sweep,
    restore_guard,
    start_comparison,
    stuck_calls,
    vendor_stops,
    webhooks,
)
from providers.models import Provider

logger = logging.getLogger(__name__)


def sweep() -> dict[str, int]:
    """Run all repairs and nudge the workers that have work; returns the number of rows each repair changed, by name."""
    now = DatabaseClock().now()
    restore_guard.watch()
    done = {
        "moved_up": stuck_calls.undo_clock_change(now),
        "left_behind": successions.pause_left_behind(),
        "repeated": repeats.run_due(now),
        "started": start.start_due(now),
        "lost": stuck_calls.free_the_stuck(now),
        "expired": expiry.skip_expired(now),
        "callbacks": callbacks.note_talked(now),
        "callbacks_due": callbacks.tell_due(now),
        "woken": budget.wake_waiting(),
        "unknown": stuck_calls.flag_the_unknown(now),
        "without_news": no_news.give_up_unread(now),
        "closed": ending.close_over(now),
        "joined": joining.take_up_all(),
        "returned": lifecycle.skip_returned(now),
        "finished": lifecycle.finish_done_campaigns(),
    }
    recordings.forget_recordings()
    requests.delete_old(now)
    done["words"] = transcript_words.catch_up()
    webhooks.forget_hints(now)
    forgetting.forget_files(now)
    KeptForm.forget_old(now)
    OnceRequest.forget_old(now)
    done |= _keep_audit(now)
    two_people.lapse(now)
    approvals.forget_over()
    happenings.forget_untaken(now)
    done["quarters"] = rollups.keep_sums(now)
    if webhooks.has_hints():
        queue.nudge_hints()
    unfilled = Campaign.objects.filter(status=Campaign.Status.RUNNING, is_filled=False, is_living=False)
    if unfilled.exists() or reservation.providers_with_work(now):
        queue.nudge_dispatch()
    if due_reads.has_due(now):
        queue.nudge_poll()
    done["consequences"] = following.carry_out_waiting()
    done["opt_outs"] = consequences.finish_opt_outs(now)
    done["unwanted"] = stop_requests.ask_missing(now)
    stop_requests.close_needless(now)
    if vendor_stops.to_ask(now).exists():
        queue.nudge_take_back()
    for provider_id in start_comparison.due(now):
        queue.nudge_comparison(provider_id)
    for provider_id in reconciliation_sweep.frozen_to_sweep(now):
        queue.nudge_list(provider_id)
    for provider_id in Provider.objects.due_for_sync(now):
        queue.nudge_sync(provider_id)
    for import_id in saving.unfinished():
        queue.nudge_import(import_id)
    keeping.seal_those_before()
    for source_id in runs.due(now):
        queue.nudge_source(source_id)
    if waiting.has_waiting() or removal.has_removed():
        queue.nudge_answers()
    for export_id in job.unfinished(now):
        queue.nudge_export(export_id)
    done["erased"] = erasure.carry_out_open()
    done["cleared"] = sum(privacy_retention.clear_old(now).values())
    done |= _tell(now)
    return done


def _tell(now: datetime.datetime) -> dict[str, int]:
    """Tell people what they should know; last, so that a slow mail server delays nothing else. Never raises."""
    done = {"alerts": alerts.alert(now)}
    try:
        done["told"] = telling.tell(now)
        done["reminded"] = reminders.remind(now)
        digests.plan(now)
        digests.forget_old(now)
    except Exception:
        logger.exception("people could not be told")
    done["messages"] = deliveries.send(now) + digests.send(now)
    return done


def _keep_audit(now: datetime.datetime) -> dict[str, int]:
    """Record what was counted, seal the newest rows, verify a piece, remove what is old; logs errors, never raises."""
    done: dict[str, int] = {}
    try:
        done["audit_counts"] = often.record_counts(now)
        done["audit_sealed"] = sealing.seal_new()
        verifying.verify_some(now)
        done["audit_removed"] = retention.remove_old(now)
    except Exception:
        # Repairs and alerts go on; the next run tries again, and verify_audit tells what is wrong.
        logger.exception("the audit log could not be sealed or verified")
    return done


def _seal_audit() -> None:
    try:
        sealing.seal_new()
    except Exception:
        logger.exception("the audit log could not be sealed")


def ring_for_unserved() -> None:
    """Nudge where work is due at a provider that nobody serves, as after the death of the host that did.

    A worker's clock calls it every few seconds: the nudges that a dead host had taken are gone with it. The newest rows
    of the audit log are sealed on the way, so that their removal is noticed soon.
    """
    now = DatabaseClock().now()
    if leases.has_unheld("dispatch", reservation.providers_with_work(now), now):
        queue.nudge_dispatch()
    if leases.has_unheld("poll", due_reads.providers_with_due(now), now):
        queue.nudge_poll()
    _seal_audit()
