"""Mutations of what keeps faults of the account and of the order from being charged to people."""

from __future__ import annotations

from tests.faults.mutant import ANSWERING, BASE, COMMITTING, MERGING, Mutant

SHARED_TESTS = "tests/campaigns/dialing/test_order_results_shared.py::test_"
AGENT_TEST = (
    SHARED_TESTS
    + "a_part_of_the_message_that_disappears_pauses_the_campaign_at_the_first_refusal[vocode-agent-agents_gone]"
)
NUMBER_TEST = AGENT_TEST.replace("vocode-agent-agents_gone", "voicy-caller_id-caller_ids_gone")
EMPTY_TEST = SHARED_TESTS + "calls_that_an_empty_account_ended_are_no_attempts"
PART_TESTS = "tests/campaigns/core/test_message_parts.py::test_"
AFTER_TESTS = "tests/campaigns/tracking/test_after_call.py::test_"
PAUSE_TESTS = "tests/campaigns/tracking/test_auto_pause.py::test_"
SYNC_TESTS = "tests/providers/test_services.py::test_"
BOLNA_TESTS = "tests/providers/test_bolna.py::TestBolna::test_"
UNLEASHX_TESTS = "tests/providers/test_unleashx.py::TestUnleashX::test_"
OWN_CODES = "vendors_own_codes_mean_what_they_mean"
AFTER_CALL = "campaigns/tracking/after_call.py"
ATTEMPTS = "campaigns/core/attempts.py"
AUTO_PAUSE = "campaigns/tracking/auto_pause.py"
LIFECYCLE = "campaigns/launch/lifecycle.py"
PARTS = "campaigns/core/message_parts.py"
STOPS = "providers/models/stops.py"
SYNCING = "providers/services/syncing.py"

REFUSALS = (
    # What a refusal means
    Mutant(
        "take a dead key of Bolna for one refused order",
        "providers/backends/_bolna_refusals.py",
        "    RefusalRow(CredentialsRejected, (403,)),\n",
        "",
        BOLNA_TESTS + OWN_CODES,
    ),
    Mutant(
        "take Voicy's word for a caller ID for a matter of one person",
        "providers/backends/_voicy_refusals.py",
        "RefusalRow(CallerIdRefused, (400, 403, 404, 422),",
        "RefusalRow(InvalidNumber, (400, 403, 404, 422),",
        NUMBER_TEST,
    ),
    Mutant(
        "overlook a dead key of UnleashX in a 200",
        "providers/backends/_unleashx_rows.py",
        "elif _names_dead_key(boxes[0]):",
        "elif False:",
        UNLEASHX_TESTS + OWN_CODES,
    ),
    Mutant(
        "read another meaning from a read than from an order",
        BASE,
        "        error = self.refusal(response)\n        if isinstance(error, AccountProblem | RateLimited):",
        "        error = None\n        if isinstance(error, AccountProblem | RateLimited):",
        BOLNA_TESTS + "read_takes_the_same_answers_for_the_same",
    ),
    # Refused without a vendor id
    Mutant(
        "charge people with an agent that is gone",
        ANSWERING,
        "        case MessageRefused():",
        "        case MessageRefused() if False:",
        AGENT_TEST,
    ),
    Mutant(
        "let a campaign run on after its agent was refused",
        ANSWERING,
        "    lifecycle.pause_by_system(campaign.pk, message_parts.why_refused(campaign, error))",
        "    assert message_parts",
        AGENT_TEST,
    ),
    Mutant(
        "order with an agent that a sync saw disappear",
        COMMITTING,
        "elif campaign and call.is_message_gone:",
        "elif campaign and False:",
        SHARED_TESTS + "what_a_sync_saw_disappear_is_not_even_ordered",
    ),
    Mutant(
        "resume with an agent that is gone",
        LIFECYCLE,
        "(why_not := message_parts.why_paused(campaign))",
        '(why_not := "")',
        PART_TESTS + "it_is_neither_launched_nor_started_nor_resumed",
    ),
    Mutant(
        "launch with an agent that is not active",
        PARTS,
        "return not is_present or NOT_ACTIVE in warnings",
        "return not is_present",
        PART_TESTS + "it_is_neither_launched_nor_started_nor_resumed",
    ),
    Mutant(
        "let the same refusal go through the whole list",
        AUTO_PAUSE,
        "        if rejected_as and watch.is_same_for_all:",
        "        if False:",
        PAUSE_TESTS + "three_people_refused_in_a_row_with_the_same_words_pause",
    ),
    Mutant(
        "pause for refusals between which orders were taken",
        AUTO_PAUSE,
        "if after.is_same_for_all and _was_taken_since(campaign, after.rejected_since):",
        "if False:",
        PAUSE_TESTS + "other_words_or_an_order_that_was_taken_between_begin_anew",
    ),
    # Taken, and ended for the account
    Mutant(
        "call on from an account that ended a call as empty",
        MERGING,
        "    consequences.halt_accounts(brought)\n",
        "",
        AFTER_TESTS + "a_fault_of_the_account_halts_the_provider_and_is_no_attempt",
    ),
    Mutant(
        "plan no other call for one that an empty account ended",
        AFTER_CALL,
        "return Plan(Then.AGAIN, now)",
        "return Plan(Then.NOTHING)",
        EMPTY_TEST,
    ),
    Mutant(
        "count a call that an empty account ended as an attempt",
        AFTER_CALL,
        "uncounted=call.uncounted + is_uncounted,",
        "uncounted=call.uncounted,",
        EMPTY_TEST,
    ),
    Mutant(
        "compare the number of rows with a campaign's attempts",
        ATTEMPTS,
        "Attempts(call.counted_attempt, rung, zones)",
        "Attempts(call.attempt, rung, zones)",
        AFTER_TESTS + "attempts_that_count_are_counted_and_no_others",
    ),
    Mutant(
        "halt for what was ordered before a person resumed",
        AFTER_CALL,
        "call.placing_at > resumed_at:",
        "call.placing_at != resumed_at:",
        AFTER_TESTS + "what_was_ordered_before_a_person_resumed_halts_nothing",
    ),
    Mutant(
        "count an empty account towards the automatic pause",
        AUTO_PAUSE,
        "        if conditions.is_account_failure(after.status, after.failure_reason):",
        "        if False:",
        PAUSE_TESTS + "calls_that_an_empty_account_ended_do_not_count",
    ),
    # The sync that runs by itself
    Mutant(
        "ask again and again with a dead key",
        STOPS,
        ".exclude(is_dead)",
        "",
        SYNC_TESTS + "a_dead_key_is_not_asked_with_again_and_a_vendor_that_fails_is",
    ),
    Mutant(
        "sync as often as the queue says",
        STOPS,
        'due = self.filter(has_passed("sync_next_at", now, SYNC_EVERY), pk=pk, is_active=True)',
        "due = self.filter(pk=pk)",
        SYNC_TESTS + "sync_runs_by_itself_once_an_hour_with_lists_and_balance",
    ),
    Mutant(
        "forget what an agent expected before",
        SYNCING,
        'if isinstance(row, Agent) and row.variables != values["variables"]:',
        "if False:",
        SYNC_TESTS + "sync_notes_what_an_agent_expected_before",
    ),
)
