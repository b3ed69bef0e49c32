"""What runs every minute: repair what got stuck, end campaigns that are done, ring where work waits."""

from __future__ import annotations

from campaigns import queue
from campaigns.models import Campaign
from campaigns.services import (
    alerting,
    export_writing,
    exports,
    following,
    ghosts,
    launching,
    lifecycle,
    polling,
    receiving,
    recordings,
    repairing,
    reserving,
    restoring,
    taking_back,
    tallying,
    wordsearch,
)
from campaigns.services.clock import DatabaseClock
from campaigns.services.importing import forgetting, saving


def sweep() -> dict[str, int]:
    """Run all repairs, and ring where work waits; returns how many rows each repaired."""
    now = DatabaseClock().now()
    restoring.watch()
    done = {
        "started": launching.start_due(now),
        "lost": repairing.free_the_stuck(now),
        "silent": repairing.flag_the_silent(now),
        "finished": lifecycle.finish_done_campaigns(),
    }
    recordings.forget_recordings()
    exports.delete_old(now)
    done["words"] = wordsearch.catch_up()
    receiving.forget_hints(now)
    forgetting.forget_files(now)
    done["quarters"] = tallying.keep_sums(now)
    if following.has_hints():
        queue.nudge_hints()
    unfilled = Campaign.objects.filter(status=Campaign.Status.RUNNING, is_filled=False)
    if unfilled.exists() or reserving.providers_with_work(now):
        queue.nudge_dispatch()
    if polling.has_due(now):
        queue.nudge_poll()
    if taking_back.to_ask(now).exists():
        queue.nudge_take_back()
    for provider_id in ghosts.frozen_to_sweep(now):
        queue.nudge_list(provider_id)
    for import_id in saving.unfinished():
        queue.nudge_import(import_id)
    for export_id in export_writing.unfinished(now):
        queue.nudge_export(export_id)
    # Last: a slow mail server delays nothing but itself.
    done["alerts"] = alerting.alert(now)
    return done
