"""Mutations of the sweep for unknown vendor calls and of the freeze after a restored backup."""

from __future__ import annotations

from tests.faults.mutant import (
    COMPARING,
    LIST_SWEEP,
    PLACING_TESTS,
    PROVIDER,
    RESTORE_TESTS,
    RESTORING,
    SWEEP_TESTS,
    Mutant,
)

SWEEPING = (
    # The freeze
    Mutant(
        "read the freeze nowhere",
        PROVIDER,
        "        if self.frozen_at:\n            return ProviderState.FROZEN",
        "        if False:\n            return ProviderState.FROZEN",
        PLACING_TESTS + "a_stop_between_reservation_and_commit_point_holds",
    ),
    Mutant(
        "never notice a restored backup",
        RESTORING,
        "if count < outside:",
        "if False:",
        RESTORE_TESTS + "an_older_database_freezes_every_provider_once",
    ),
    Mutant(
        "freeze where a copy is only behind",
        RESTORING,
        "if count < outside:",
        "if count != outside:",
        RESTORE_TESTS + "two_hosts_with_a_copy_each_do_not_freeze_each_other",
    ),
    Mutant(
        "write the copy of the count before its commit",
        RESTORING,
        "transaction.on_commit(partial(_remember, mark.identity, count + 1))",
        "_remember(mark.identity, count + 1)",
        RESTORE_TESTS + "a_count_that_was_rolled_back_leaves_no_copy",
    ),
    Mutant(
        "find the same restore again and again",
        RESTORING,
        "count = max(mark.count, beyond) + 1",
        "count = mark.count + 1",
        RESTORE_TESTS + "an_older_database_freezes_every_provider_once",
    ),
    Mutant(
        "watch for a restore in the minute sweep only",
        "campaigns/dialing/dispatcher.py",
        "            restore_guard.watch()\n",
        "",
        RESTORE_TESTS + "the_minute_sweep_and_the_dispatcher_watch_before_anything_else",
    ),
    # What ends it
    Mutant(
        "end the freeze without any known call in the list",
        LIST_SWEEP,
        "if part.is_frozen and not done.seen:",
        "if False:",
        RESTORE_TESTS + "without_any_known_call_an_admin_decides",
    ),
    Mutant(
        "end the freeze before a lagging list had its time",
        LIST_SWEEP,
        "provider.frozen_at is None or now < provider.frozen_at + span(rules.SETTLE)",
        "provider.frozen_at is None",
        RESTORE_TESTS + "not_before_a_lagging_list_had_its_time",
    ),
    Mutant(
        "bind the first of two waiting calls that fit",
        COMPARING,
        "if len(fitting) == 1 and _bind",
        "if fitting and _bind",
        RESTORE_TESTS + "where_two_waiting_calls_fit_both_are_held_and_nobody_is_dialled",
    ),
    Mutant(
        "leave the waiting calls that fit to the dialler",
        COMPARING,
        "done.held += _hold(call, now)",
        "done.held += 1",
        RESTORE_TESTS + "where_two_waiting_calls_fit_both_are_held_and_nobody_is_dialled",
    ),
    Mutant(
        "bind a waiting call to one dialled before it was queued",
        COMPARING,
        "call.created_at <= row.created_at + EARLY",
        "True",
        RESTORE_TESTS + "a_call_queued_after_the_vendors_call_is_not_that_one",
    ),
    Mutant(
        "bind waiting calls by number without a restore",
        COMPARING,
        "    if part.is_frozen:\n        rest = _settle_waiting",
        "    if True:\n        rest = _settle_waiting",
        RESTORE_TESTS + "without_a_freeze_a_waiting_call_is_bound_by_its_reference_only",
    ),
    # The sweep
    Mutant(
        "bind the sweep's find to another call",
        COMPARING,
        "        call = calls[found.call_id]\n",
        "        call = max(calls.values(), key=lambda other: other.pk)\n",
        SWEEP_TESTS + "a_lost_order_is_bound_by_number_and_time_to_the_right_call",
    ),
    Mutant(
        "bind an order that is on its way",
        COMPARING,
        "elif is_on_its_way(call, now):",
        "elif False:",
        SWEEP_TESTS + "an_order_on_its_way_is_neither_bound_nor_strange",
    ),
    Mutant(
        "believe a list that misses known calls",
        LIST_SWEEP,
        "    if done.missing:",
        "    if False:",
        SWEEP_TESTS + "a_list_that_misses_a_known_call_completes_nothing",
    ),
    Mutant(
        "begin the next sweep where the last one ended",
        LIST_SWEEP,
        "min(sweep.complete_until, now) - span(OVERLAP)",
        "min(sweep.complete_until, now)",
        SWEEP_TESTS + "the_next_sweep_begins_a_while_before_the_end_of_the_last",
    ),
    Mutant(
        "take a call for strange before its answer is in",
        COMPARING,
        "row.created_at < fresh]",
        "True]",
        SWEEP_TESTS + "a_fresh_vendor_call_waits_for_its_own_answer",
    ),
    Mutant(
        "tell of a stranger at every sweep",
        COMPARING,
        "done.rest = [row for row in rest if row.remote_id not in recorded]",
        "done.rest = rest",
        SWEEP_TESTS + "a_stranger_is_written_down_once_without_its_number",
    ),
    Mutant(
        "leave the second vendor call of an order unsaid",
        COMPARING,
        "        if call is None or call.remote_id or call_updates",
        "        if call and call.remote_id:\n            continue\n        if call is None or call_updates",
        SWEEP_TESTS + "the_second_vendor_call_of_one_order_is_told_of",
    ),
)
