"""Mutations of callbacks: when they are made, when they are needless, and that they follow their person."""

from __future__ import annotations

from tests.faults.mutant import ELIGIBILITY, FACTS, Mutant

PLANNING, LATER = "campaigns/callbacks/planning.py", "campaigns/calls/later_calls.py"
STUCK, PEOPLE = "campaigns/tracking/stuck_calls.py", "campaigns/contacts/people.py"
TESTS = "tests/campaigns/callbacks/test_planning.py::test_"

PLANNED = (
    Mutant(
        "call back though they talked by another number",
        FACTS,
        'among("to_number", [*numbers, *others])',
        'among("to_number", [*numbers])',
        TESTS + "what_happened_since_is_judged_when_it_is_due",
    ),
    Mutant(
        "take the call in which it was asked for as one since",
        ELIGIBILITY,
        "numbers.talked_at(number, asked.from_call)",
        "numbers.talked_at(number)",
        TESTS + "the_end_of_the_call_in_which_it_was_asked_for_makes_it_not_needless",
    ),
    Mutant(
        "let the quiet period hold up who asked to be called",
        LATER,
        "asked_columns(now, not_before=at, is_confirmed=True)",
        "asked_columns(now, not_before=at)",
        TESTS + "it_is_not_reserved_before_its_time_and_placed_once_when_due",
    ),
    Mutant(
        "plan two calls to one person",
        LATER,
        "    if planned is not None:",
        "    if False:",
        TESTS + "a_person_has_one_planned_call_whichever_number_was_given",
    ),
    Mutant(
        "leave a moved callback with whoever reserved it",
        PLANNING,
        "            lease=None,\n            lease_until=None,\n",
        "",
        TESTS + "it_is_moved_and_whoever_reserved_it_lost_it",
    ),
    Mutant(
        "let anybody move a callback",
        PLANNING,
        "    if not may_move(found, person):",
        "    if False:",
        TESTS + "strangers_move_and_take_back_nothing",
    ),
    Mutant(
        "call back early after the clock was put back",
        STUCK,
        "waits.filter(ahead | short, callback__isnull=True)",
        "waits.filter(ahead | short)",
        TESTS + "a_clock_that_is_put_back_makes_no_callback_early",
    ),
    Mutant(
        "call back under the number that was changed",
        PEOPLE,
        "                follow_number(contact.pk, before, contact.phone, timezone.now())\n",
        "",
        TESTS + "it_follows_a_changed_number",
    ),
)
