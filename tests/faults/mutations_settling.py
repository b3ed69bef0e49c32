"""Mutations of what keeps settling going: old calls, clocks that change, broken or long lists, the breaker."""

from __future__ import annotations

from tests.faults.mutant import BREAKER, COMMITTING, ELIGIBILITY, FACTS, SETTLING, Mutant

SINGLE_TESTS = "tests/campaigns/core/test_eligibility_single_calls.py::test_"
LIST_TESTS = "tests/campaigns/tracking/test_unknown_calls_lists.py::test_"
CLOCK_TESTS = "tests/test_clock_changes.py::test_"
BREAKER_TESTS = "tests/campaigns/dialing/test_circuit_breaker.py::test_"
SLICE_TESTS = "tests/campaigns/dialing/test_dispatcher_slices.py::test_"
CLOCK = "providers/clock.py"
LISTS = "providers/lists.py"
STUCK = "campaigns/tracking/stuck_calls.py"
EXPIRY = "campaigns/calls/expiry.py"
POLLING = "campaigns/tracking/polling.py"
RESERVATION = "campaigns/dialing/reservation.py"
DISPATCHER = "campaigns/dialing/dispatcher.py"
TABLE_TEST = SINGLE_TESTS + "the_commit_point_and_the_page_judge_a_waiting_single_call_alike"
CHANGED_CLOCK_TEST = CLOCK_TESTS + "a_changed_clock_holds_nothing_up_for_more_than_a_minute"

SETTLED = (
    # Calls that waited too long
    Mutant(
        "let a single call wait for ever",
        ELIGIBILITY,
        "is_expired=is_single and asked.is_expired(self.now)",
        "is_expired=False",
        TABLE_TEST,
    ),
    Mutant(
        "let campaigns ring before a single call that waits",
        ELIGIBILITY,
        "is_called_since=is_single and self._is_called_since(number, numbers, asked)",
        "is_called_since=False",
        TABLE_TEST,
    ),
    Mutant(
        "let a confirmation cover what came after it",
        ELIGIBILITY,
        "return talked_at is not None and talked_at > asked.confirmed_at",
        "return False",
        TABLE_TEST,
    ),
    Mutant(
        "take a machine for somebody who talked",
        FACTS,
        "AND {ended} > %s AND {TALKED}",
        "AND {ended} > %s AND talk_seconds > 0",
        TABLE_TEST,
    ),
    Mutant(
        "leave what reaches no commit point waiting",
        EXPIRY,
        "    if not ids:",
        "    if ids:",
        "tests/campaigns/calls/test_expiry.py::test_a_call_through_a_halted_provider_ends_with_its_reason",
    ),
    # Clocks
    Mutant(
        "believe every future time",
        CLOCK,
        'return Q(**{f"{column}__lte": now}) | Q(**{f"{column}__gt": now + longest + APART})',
        'return Q(**{f"{column}__lte": now})',
        CHANGED_CLOCK_TEST,
    ),
    Mutant(
        "believe every lease of others",
        CLOCK,
        'return Q(**{f"{column}__gt": now, f"{column}__lte": now + longest + APART})',
        'return Q(**{f"{column}__gt": now})',
        CHANGED_CLOCK_TEST,
    ),
    Mutant(
        "leave waits where a changed clock put them",
        STUCK,
        "    if not Call.objects.filter(ahead).exists():",
        "    if True:",
        CHANGED_CLOCK_TEST,
    ),
    Mutant(
        "forget the wait of a planned attempt",
        STUCK,
        'F("due_at") - F("changed_at") + Value(now)',
        "Value(now)",
        CLOCK_TESTS + "a_planned_attempt_keeps_its_wait",
    ),
    # Lists
    Mutant(
        "take a broken list for whole",
        SETTLING,
        "        return divided(part.listed, lines).outbound, False",
        "        return divided(part.listed, lines).outbound, True",
        LIST_TESTS + "a_list_too_long_to_be_read_hides_neither_states_nor_unknown_calls",
    ),
    Mutant(
        "conclude absence from a broken list",
        SETTLING,
        "        if not is_whole:",
        "        if False:",
        LIST_TESTS + "a_row_of_a_broken_list_counts_and_its_gap_proves_nothing",
    ),
    Mutant(
        "forget a page that stayed bad",
        LISTS,
        "        if self._errors:",
        "        if False:",
        LIST_TESTS + "pages_behind_a_bad_one_are_read_and_the_list_is_not_whole",
    ),
    Mutant(
        "ask for a bad page once",
        LISTS,
        "PAGE_TRIES = 3",
        "PAGE_TRIES = 1",
        LIST_TESTS + "pages_behind_a_bad_one_are_read_and_the_list_is_not_whole",
    ),
    Mutant(
        "search for the oldest first",
        SETTLING,
        '.order_by("-placing_at")[:CALLS_A_LOOK]',
        '.order_by("placing_at")[:CALLS_A_LOOK]',
        LIST_TESTS + "the_newest_are_searched_for_first_and_an_old_one_makes_no_long_list",
    ),
    # No known call yet
    Mutant(
        "let unknown calls hold every line for want of a control",
        COMMITTING,
        "        self.free = 1 if is_control else self.free",
        "        self.free = self.free",
        LIST_TESTS + "one_order_passes_where_nothing_could_ever_be_concluded",
    ),
    Mutant(
        "pass one order beside any unknown calls",
        COMMITTING,
        "in_doubt and unknown_calls.lacks_control(provider)",
        "in_doubt",
        LIST_TESTS + "no_order_passes_beside_unknown_calls_that_a_known_one_will_settle",
    ),
    Mutant(
        "pass one order before anybody looked",
        COMMITTING,
        "idle > 0 and in_doubt and unknown_calls",
        "idle > 0 and unknown_calls",
        LIST_TESTS + "no_order_passes_before_the_list_was_looked_at_twice",
    ),
    Mutant(
        "believe no control that came later",
        SETTLING,
        "    if not known and (later :=",
        "    if False and (later :=",
        LIST_TESTS + "a_known_call_after_them_proves_the_list_as_well",
    ),
    # Polls and the breaker
    Mutant(
        "count each order of one outage",
        BREAKER,
        "if until is None or not datetime.timedelta(0) < until - left_at <= 2 * ONE_INSTANT:",
        "if True:",
        BREAKER_TESTS + "orders_of_one_instant_that_hang_together_are_one_event",
    ),
    Mutant(
        "ring for polls once a slice",
        DISPATCHER,
        "now - self.rang_at >= RING_SECONDS or self.nobody_polls(now)",
        "self.rang_at < 0",
        SLICE_TESTS + "polls_are_rung_for_while_calls_are_placed_not_once_a_slice",
    ),
    Mutant(
        "only forget what was reserved and cannot leave",
        DISPATCHER,
        "        reservation.release_some(self.token, list(lane.reserved))\n",
        "",
        SLICE_TESTS + "calls_that_cannot_leave_are_given_back_whole",
    ),
    Mutant(
        "try the calls of the same campaign first, always",
        RESERVATION,
        "    random.shuffle(rows)\n",
        "",
        "tests/campaigns/dialing/test_reservation.py::test_any_campaign_may_begin",
    ),
    Mutant(
        "try all calls of one campaign before the next one's",
        RESERVATION,
        "for turn in zip_longest(*parts) for one in turn if one]",
        "for turn in parts for one in turn if one]",
        "tests/campaigns/dialing/test_reservation.py::test_campaigns_take_turns",
    ),
    Mutant(
        "ring for polls only at an answer",
        DISPATCHER,
        "        self.write()\n        self.ring_for_polls()\n",
        "        self.write()\n",
        SLICE_TESTS + "polls_are_rung_for_though_no_other_call_is_placed",
    ),
    Mutant(
        "ring late where nobody polls",
        DISPATCHER,
        " or self.nobody_polls(now)",
        "",
        SLICE_TESTS + "polls_are_rung_for_though_no_other_call_is_placed",
    ),
    Mutant(
        "end a slice without a nudge for its last calls",
        DISPATCHER,
        "        self.ring_for_polls(at_once=True)\n",
        "",
        SLICE_TESTS + "polls_are_rung_for_at_the_end_of_a_slice",
    ),
    Mutant(
        "leave open calls to the schedule of every minute",
        POLLING,
        "AHEAD_SECONDS = 75.0",
        "AHEAD_SECONDS = 20.0",
        SLICE_TESTS + "a_poll_slice_goes_on_while_a_call_is_open_or_an_order_is_out",
    ),
    Mutant(
        "forget the orders that are out",
        POLLING,
        "due_reads.providers_with_due(ahead) or due_reads.providers_with_orders_out()",
        "due_reads.providers_with_due(ahead)",
        SLICE_TESTS + "a_poll_slice_goes_on_while_a_call_is_open_or_an_order_is_out",
    ),
)
