"""Mutations of what binds an approval, of acts that take two people, and of what one person may launch in a day."""

from __future__ import annotations

from tests.faults.mutant import Mutant

FILL = "campaigns/launch/enqueue.py"
BINDING = "campaigns/launch/approvals.py"
PEOPLE = "campaigns/launch/approved_people.py"
START = "campaigns/launch/start.py"
LIFE = "campaigns/launch/lifecycle.py"
DRAFTS = "campaigns/launch/drafts.py"
TWO = "callcenter/access/two_people.py"
ENTRIES = "campaigns/contacts/do_not_call.py"
LIMITS = "campaigns/core/launch_limits.py"
LEFT = "campaigns/launch/successions.py"

BOUND_TESTS = "tests/campaigns/launch/test_approvals.py::test_"
TWO_TESTS = "tests/callcenter/access/test_two_people.py::test_"
REMOVAL_TESTS = "tests/campaigns/contacts/test_opt_out_removal.py::test_"
LIMIT_TESTS = "tests/campaigns/core/test_launch_limits.py::test_"
LEFT_TESTS = "tests/campaigns/launch/test_successions.py::test_"

APPROVALS = (
    # An approval
    Mutant(
        "the fill inserts whom nobody approved",
        FILL,
        "        chosen = approved_people.only_approved(chosen, approval)",
        "        pass",
        BOUND_TESTS + "a_person_who_joins_after_the_look_is_left_out_by_the_statement_itself",
    ),
    Mutant(
        "another number is approved with its person",
        PEOPLE,
        '    return people.filter(Exists(_approved(approval).filter(mark=_mark(OuterRef("phone"), approval))))',
        "    return people.filter(Exists(_approved(approval)))",
        BOUND_TESTS + "between_approval_and_fill[given_another_number]",
    ),
    Mutant(
        "the fill looks at no setting",
        FILL,
        "        if approval is not None and approvals.is_edited(campaign, approval):",
        "        if False and approval is not None:",
        BOUND_TESTS + "between_approval_and_fill[hours_behind_the_forms]",
    ),
    Mutant(
        "who joined behind the fill is passed over",
        FILL,
        "            span = (0, None) if is_last else (campaign.filled_through, ids[-1])",
        "            span = (campaign.filled_through, ids[-1] if ids else None)",
        BOUND_TESTS + "between_chunks_and_behind_the_fill",
    ),
    Mutant(
        "a scheduled start looks at no approval",
        START,
        "        if not refusal and approval is not None and approvals.exceeds(campaign, approval):",
        "        if False and approval is not None:",
        BOUND_TESTS + "between_approval_and_a_later_start[hours_behind_the_forms]",
    ),
    Mutant(
        "a resume looks at no approval",
        LIFE,
        "        if approval is not None and differs:",
        "        if False and approval is not None:",
        BOUND_TESTS + "after_a_pause[hours_behind_the_forms]",
    ),
    Mutant(
        "an edit lets what runs go on",
        DRAFTS,
        "        approvals.send_back(campaign, approval, {Status.SCHEDULED, Status.RUNNING}, person)",
        "        pass",
        BOUND_TESTS + "an_edit_before_a_later_start_returns_it_with_the_difference",
    ),
    Mutant(
        "the approver's page is not compared",
        BINDING,
        "    if mark is not None and mark != _mark(",
        "    if False and mark != _mark(",
        BOUND_TESTS + "an_edit_between_the_look_and_the_press_is_not_approved",
    ),
    Mutant(
        "an editor approves",
        BINDING,
        '    found = {campaign.owner_id, campaign.launched_by_id, *edits.values_list("actor", flat=True)}',
        "    found = {campaign.owner_id, campaign.launched_by_id}",
        BOUND_TESTS + "nobody_approves_what_they_wrote_edited_or_launched",
    ),
    Mutant(
        "what went back to a draft stays approved",
        START,
        "            approvals.end(campaign_id)\n            launch_limits.uncount(campaign_id)\n        changed",
        "            launch_limits.uncount(campaign_id)\n        changed",
        BOUND_TESTS + "what_is_taken_back_to_a_draft_is_approved_no_more",
    ),
    # Two people
    Mutant(
        "who asks confirms",
        TWO,
        "    if act is None or not may(person, act.may_confirm) or person.pk == row.asked_by_id:",
        "    if act is None or not may(person, act.may_confirm):",
        TWO_TESTS + "nobody_confirms_their_own_whatever_roles_they_hold",
    ),
    Mutant(
        "what lapsed is confirmed",
        TWO,
        "    if row.lapses_at <= timezone.now():",
        "    if False:",
        TWO_TESTS + "it_lapses_and_can_be_asked_for_again",
    ),
    Mutant(
        "one person removes an own opt-out",
        ENTRIES,
        "        if entry.takes_two_people and not two_people.is_confirmed(confirmed, REMOVE_OPT_OUT, entry):",
        "        if False:",
        REMOVAL_TESTS + "one_person_alone_does_not_remove_an_own_opt_out[heard_by_a_user]",
    ),
    Mutant(
        "staff make an own opt-out theirs",
        ENTRIES,
        "    entry.is_own_wish = is_own_wish or (before and not has_ended)",
        "    entry.is_own_wish = is_own_wish",
        REMOVAL_TESTS + "who_is_added_again_by_staff_stays_their_own",
    ),
    Mutant(
        "an undo takes own opt-outs along",
        ENTRIES,
        "    if not two_people.is_confirmed(confirmed, UNDO_OPT_OUTS, record):",
        "    if False:",
        REMOVAL_TESTS + "an_undone_import_leaves_peoples_own_opt_outs_until_a_second_person_confirms",
    ),
    # One person's day
    Mutant(
        "each campaign has the whole limit",
        LIMITS,
        "    if before.people + people > limits.caller_launch_limit:",
        "    if people > limits.caller_launch_limit:",
        LIMIT_TESTS + "it_adds_up_all_campaigns_and_single_calls_of_a_day",
    ),
    Mutant(
        "prices do not add up",
        LIMITS,
        "    if spent + cost > most:",
        "    if cost > most:",
        LIMIT_TESTS + "two_prices_add_up",
    ),
    Mutant(
        "what a switched-off user runs goes on",
        LEFT,
        "    if campaign.status == Status.RUNNING:\n        return pause_by_system(campaign.pk, reason).changed",
        "    if campaign.status == Status.RUNNING:\n        return False",
        LEFT_TESTS + "without_a_successor_running_campaigns_pause_and_start_times_go",
    ),
)
