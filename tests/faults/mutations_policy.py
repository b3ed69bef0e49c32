"""Mutations of the policy by outcome, of the caps of calls to one person, and of hand-overs."""

from __future__ import annotations

from tests.faults.mutant import Mutant

OUTCOMES, CAPS = "campaigns/outcomes.py", "campaigns/core/call_caps.py"
CONDITIONS, FACTS = "campaigns/core/conditions.py", "campaigns/core/eligibility_facts.py"
ELIGIBILITY, AFTER = "campaigns/core/eligibility.py", "campaigns/tracking/after_call.py"
HAND_OVERS = "campaigns/calls/hand_overs.py"
OUTCOME_TESTS = "tests/campaigns/test_outcomes.py::test_"
AFTER_TESTS = "tests/campaigns/tracking/test_after_call.py::test_"
TABLE = "tests/campaigns/core/test_eligibility.py::test_everybody_answers_the_same"
FULL_DAY = TABLE + "[called as often as anybody may be today]"
RANG_NOBODY = TABLE + "[calls by which nobody was rung do not count]"
SINGLE_TESTS = "tests/campaigns/core/test_eligibility_single_calls.py::test_"
HAND_OVER_TESTS = "tests/campaigns/calls/test_hand_overs.py::test_"

POLICY = (
    # What follows on which outcome
    Mutant(
        "one attempt too many",
        OUTCOMES,
        "if attempts.number >= policy.attempts:",
        "if attempts.number > policy.attempts:",
        OUTCOME_TESTS + "every_outcome_goes_by_its_own_step",
    ),
    Mutant(
        "what is given to a person is called again by itself",
        OUTCOMES,
        "    if step.person_id is not None:\n        within",
        "    if step.person_id is not None and not step.minutes_to_act:\n        within",
        OUTCOME_TESTS + "every_outcome_goes_by_its_own_step",
    ),
    Mutant(
        "attempts in a day have no limit",
        OUTCOMES,
        "return Plan(Then.AGAIN, until or due_at)",
        "return Plan(Then.AGAIN, due_at)",
        OUTCOME_TESTS + "so_many_attempts_in_one_day_of_the_person",
    ),
    Mutant(
        "the day that counts is the first zone's",
        OUTCOMES,
        "    last = max(ends)",
        "    last = ends[0]",
        OUTCOME_TESTS + "so_many_attempts_in_one_day_of_the_person",
    ),
    Mutant(
        "no news is taken for silence",
        CONDITIONS,
        "return Outcome.NO_SPEECH if talk_seconds is not None else None",
        "return Outcome.NO_SPEECH",
        AFTER_TESTS + "silence_is_followed_up_only_once_the_vendor_tells_of_it",
    ),
    Mutant(
        "no news is taken for a failure on the line",
        CONDITIONS,
        "FailureReason.BALANCE_LOW, FailureReason.NO_NEWS)",
        "FailureReason.BALANCE_LOW)",
        AFTER_TESTS + "a_retry_is_planned_only_where_nobody_talked",
    ),
    Mutant(
        "what is told anew of an end changes nothing",
        AFTER,
        "    return (_outcome(before), _has_talked(before)) != (_outcome(after), _has_talked(after))",
        "    return False",
        AFTER_TESTS + "a_talk_that_is_told_late_calls_the_next_attempt_off",
    ),
    Mutant(
        "a stopped call is given to a person",
        AFTER,
        "    if call.stop_asked_at is not None:\n        # Somebody here",
        "    if call.stop_asked_at is not None and plan.then != Then.PERSON:\n        # Somebody here",
        AFTER_TESTS + "a_stopped_call_is_given_to_nobody",
    ),
    Mutant(
        "a hand-over outlives the talk that made it needless",
        AFTER,
        "        hand_overs.drop(call, now)",
        "        pass",
        AFTER_TESTS + "a_call_is_given_to_its_person_once_and_taken_back_when_somebody_talked",
    ),
    # Caps of calls to one person
    Mutant(
        "no cap holds for a call that waits",
        ELIGIBILITY,
        "caps=() if asked.is_test else numbers.caps(number, self.caps, self._campaign_id),",
        "caps=(),",
        FULL_DAY,
    ),
    Mutant(
        "a single call passes the cap",
        ELIGIBILITY,
        "return _CALLED_OFTEN if is_single and found.reason == WaitReason.PERSON_CAP else found",
        "return MAY_BE_CALLED if is_single and found.reason == WaitReason.PERSON_CAP else found",
        SINGLE_TESTS + "the_commit_point_and_the_page_judge_a_waiting_single_call_alike",
    ),
    Mutant(
        "one call more than the cap",
        CAPS,
        "if len(times) >= cap.most:",
        "if len(times) > cap.most:",
        FULL_DAY,
    ),
    Mutant(
        "only the campaign's own calls count for a person's cap",
        CAPS,
        "if not cap.is_of_campaign or other == campaign_id)",
        "if other == campaign_id)",
        FULL_DAY,
    ),
    Mutant(
        "the launch check knows no cap",
        FACTS,
        "return annotated.annotate(**_counted_calls(now, caps)) if looks_back else annotated",
        "return annotated.annotate(**dict.fromkeys(capped_columns(caps), Value(None))) if looks_back else annotated",
        FULL_DAY,
    ),
    Mutant(
        "calls by which nobody was rung count for a cap",
        FACTS,
        'f"WHERE {theirs} AND placing_at > %s AND {PHONE_MAY_HAVE_RUNG}"\n        )\n        parameters += [*those, '
        "connection.ops.adapt_datetimefield_value(counted_since)]",
        'f"WHERE {theirs} AND placing_at > %s"\n        )\n        parameters += [*those, '
        "connection.ops.adapt_datetimefield_value(counted_since)]",
        RANG_NOBODY,
    ),
    # Hand-overs
    Mutant(
        "everybody may end a hand-over",
        HAND_OVERS,
        "    return own or (may_act_for_others(person) and may_change(person, hand_over.call))",
        "    return True",
        HAND_OVER_TESTS + "only_its_person_and_who_controls_all_campaigns_may_act",
    ),
    Mutant(
        "a call is given to an account that is switched off",
        HAND_OVERS,
        "person = next((pk for pk in wanted if pk in there), None)",
        "person = next(iter(wanted), None)",
        HAND_OVER_TESTS + "whoever_is_gone_gets_nothing_its_owner_does",
    ),
    Mutant(
        "what a person ended is opened again",
        HAND_OVERS,
        "state=State.DROPPED, closed_by=None)",
        "state=State.DROPPED)",
        HAND_OVER_TESTS + "what_news_dropped_is_opened_again_and_what_a_person_ended_is_not",
    ),
)
