"""Mutations of dispositions: who is called again for one, who never, and that it happens once."""

from __future__ import annotations

from tests.faults.mutant import Mutant

ACTS, FOLLOWING = "campaigns/dispositions/acts.py", "campaigns/dispositions/following.py"
JUDGING, AFTER_CALL = "campaigns/dispositions/judging.py", "campaigns/tracking/after_call.py"
FOLLOWS = "tests/campaigns/dispositions/test_following.py::test_"
JUDGES = "tests/campaigns/dispositions/test_judging.py::test_"

DISPOSED = (
    Mutant(
        "call again though nobody knows whether the call is over",
        ACTS,
        "    if call.status not in FINAL or call.held_at is not None or conditions.keeps_its_number(call, now):",
        "    if False:",
        FOLLOWS + "no_attempt_follows_where_none_may",
    ),
    Mutant(
        "call more often than the campaign says",
        ACTS,
        "    if call.counted_attempt >= campaign.policy.attempts:",
        "    if False:",
        FOLLOWS + "no_attempt_follows_where_none_may",
    ),
    Mutant(
        "let an attempt ring that the disposition rules out",
        FOLLOWING,
        "    if disposition.follows != Follows.RETRY and ",
        "    if False and ",
        FOLLOWS + "whatever_else_is_said_skips_the_attempt_that_the_policy_planned",
    ),
    Mutant(
        "let somebody be called until the opt-out is carried out",
        FOLLOWING,
        "            heard_opt_outs.keep([(call, disposition.name, False)], now)",
        "            pass",
        FOLLOWS + "who_must_never_be_called_is_held_at_once_and_put_on_the_list_with_the_evidence",
    ),
    Mutant(
        "do again what another worker has done",
        FOLLOWING,
        "filter(pk=consequence_id, state=State.WAITING).first()",
        "filter(pk=consequence_id).first()",
        FOLLOWS + "two_workers_do_it_once",
    ),
    Mutant(
        "let the policy take back what a disposition asked for",
        AFTER_CALL,
        '        planned = planned.exclude(pk__in=list(asked.values_list("made", flat=True)))\n',
        "",
        FOLLOWS + "the_policy_takes_no_attempt_back_that_a_disposition_asked_for",
    ),
    Mutant(
        "let a rule change what a person chose",
        JUDGING,
        "[call for call in calls if not _is_by_person(call)]",
        "list(calls)",
        JUDGES + "news_of_a_call_bring_its_disposition_and_late_answers_judge_anew",
    ),
    Mutant(
        "call people for what happened before the rule",
        JUDGING,
        "ended >= rule.since and ",
        "",
        JUDGES + "a_rule_is_for_calls_that_end_after_it_and_for_its_own_team",
    ),
)
