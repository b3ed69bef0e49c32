"""Mutations of what is known of parked orders, of vendors' own redials, and of calls that came in."""

from __future__ import annotations

from tests.faults.mutant import CHANGES, EVIDENCE, EVIDENCE_TESTS, MERGING, SETTLING, STARTING, Mutant

WAITS = "providers/backends/_bolna_waits.py"
BOLNA = "providers/backends/bolna.py"
CONDITIONS = "campaigns/models/status_conditions.py"
TELLING = "campaigns/directions.py"
TAKING_IN = "campaigns/tracking/inbound.py"
PARKED_TESTS = "tests/campaigns/tracking/test_call_updates_parked.py::test_"
INBOUND_TESTS = "tests/campaigns/tracking/test_inbound.py::test_"
DIRECTION_TESTS = "tests/campaigns/test_directions.py::test_"

DIRECTIONS = (
    # Parked orders and redials
    Mutant(
        "a parked order holds a line, in SQL",
        CONDITIONS,
        "AND not_before IS NOT NULL AND not_before > %s)",
        "AND not_before IS NOT NULL AND not_before < %s)",
        PARKED_TESTS + "the_three_forms_of_what_holds_a_line_agree",
    ),
    Mutant(
        "a parked order holds a line, in queries",
        CONDITIONS,
        "& ~(Q(not_before__isnull=False) & parked(now))",
        "",
        PARKED_TESTS + "the_three_forms_of_what_holds_a_line_agree",
    ),
    Mutant(
        "a parked order is lost after a day",
        "campaigns/tracking/no_news.py",
        "(call.placing_at, call.placed_at, call.not_before)",
        "(call.placing_at, call.placed_at)",
        PARKED_TESTS + "a_parked_call_is_not_lost_after_a_day",
    ),
    Mutant(
        "the vendor's next dialling is not further than the last",
        EVIDENCE,
        "redials = 0 if is_end else self.redials",
        "redials = 0",
        EVIDENCE_TESTS + "a_further_dialling_of_the_vendor_is_further_than_the_first",
    ),
    Mutant(
        "a later dialling opens an end again",
        EVIDENCE,
        "is_end = self.rank >= rules.RANK_OF_ENDS",
        "is_end = False",
        EVIDENCE_TESTS + "an_end_stays_one_in_whichever_dialling_it_came",
    ),
    Mutant(
        "the statement keeps a call from being dialled again",
        CHANGES,
        "(c.rank <= v.rank OR ({again}))",
        "c.rank <= v.rank",
        PARKED_TESTS + "a_call_that_waits_to_be_dialled_again_goes_back_from_ringing",
    ),
    Mutant(
        "a try that reached nobody ends a call that is dialled again",
        WAITS,
        "if status not in FINAL or made >= retries.most or not is_retried:",
        "if True:",
        "tests/providers/test_bolna_waits.py::test_a_try_that_reached_nobody_is_no_end_while_another_one_follows",
    ),
    Mutant(
        "a row of a list ends a call that is dialled again",
        MERGING,
        "if self.source == Source.LIST and snapshot.status in FINAL and not call.campaign_id and call.vendor_options:",
        "if False:",
        PARKED_TESTS + "a_row_of_a_list_does_not_end_a_call_that_the_vendor_may_dial_again",
    ),
    # Calls that came in
    Mutant(
        "freeze at a start for a call that came in",
        STARTING,
        "listed = divided(backend.list_calls(asked), lines).outbound",
        "listed = backend.list_calls(CallQuery(since=begins, until=until))",
        INBOUND_TESTS + "a_call_that_came_in_does_not_freeze_a_provider_at_a_start",
    ),
    Mutant(
        "take who calls back at once for the call that is looked for",
        SETTLING,
        "return divided(backend.list_calls(query), lines).outbound, True",
        "return backend.list_calls(query), True",
        INBOUND_TESTS + "who_calls_back_at_once_is_not_the_unknown_call",
    ),
    Mutant(
        "our own line is the person",
        TELLING,
        "if lines.has(row.to_number):\n        # The vendor",
        "if False:\n        # The vendor",
        INBOUND_TESTS + "our_own_line_is_never_the_person",
    ),
    Mutant(
        "an order of ours with our reference came in",
        TELLING,
        'if row.direction == "outbound" or row.reference is not None:',
        'if row.direction == "outbound":',
        DIRECTION_TESTS + "direction",
    ),
    Mutant(
        "a call that came in is an attempt of ours",
        TAKING_IN,
        "            placed_at=began_at,\n",
        "            placed_at=began_at,\n            placing_at=began_at,\n",
        INBOUND_TESTS + "a_call_that_came_in_never_counts_as_dialled",
    ),
    Mutant(
        "believe a message that somebody called us",
        TAKING_IN,
        'for row in fresh if row.direction == "inbound")',
        "for row in fresh)",
        INBOUND_TESTS + "a_message_cannot_turn_a_call_that_went_out_into_one_that_came_in",
    ),
    Mutant(
        "take Bolna's trimmed rows of calls that came in for ours",
        BOLNA,
        'yield call if call.direction or call_type == "outbound" else call.as_inbound()',
        "yield call",
        INBOUND_TESTS + "trimmed_rows_of_bolna_are_told_by_what_was_asked_for",
    ),
    Mutant(
        "believe of an agent we call with that it only answers",
        "campaigns/tracking/our_lines.py",
        "Agent.objects.filter(~ours, ~planned, provider=provider",
        "Agent.objects.filter(provider=provider",
        INBOUND_TESTS + "a_lost_order_of_an_agent_said_to_answer_only_still_freezes",
    ),
)
