"""Mutations of what ends a call of which the vendor tells nothing more, and of what a person decides of it."""

from __future__ import annotations

from tests.faults.mutant import CHANGES, FACTS, MERGING, TABLE, Mutant

TESTS = "tests/campaigns/tracking/test_no_news.py::test_"
DECIDING_TESTS = "tests/campaigns/tracking/test_decisions.py::test_"
NO_NEWS = "campaigns/tracking/no_news.py"
CONDITIONS = "campaigns/core/conditions.py"
KINDS = "campaigns/core/decision_kinds.py"
DUE_READS = "campaigns/tracking/due_reads.py"
CONSEQUENCES = "campaigns/tracking/consequences.py"
LONGEST_TEST = TESTS + "the_longest_call_and_a_margin_count_from_the_last_news_or_the_not_before"
NUMBER_TEST = TESTS + "its_number_is_kept_for_a_day_and_then_free"
LATER_TEST = TESTS + "later_news_joins_and_what_was_known_before_revives_nothing"
RARELY_TEST = TESTS + "it_is_read_rarely_and_not_for_ever"
PERSON_TEST = TESTS + "a_person_says_that_it_took_place"

WITHOUT_NEWS = (
    Mutant(
        "keep a call without an end for ever",
        MERGING,
        "        if after.status == before.status and no_news.is_overdue(call, self.now, self.longest):",
        "        if False:",
        "tests/campaigns/tracking/test_no_news_vendors.py::test_nothing_that_a_vendor_does_keeps_a_line_and_a_campaign_for_ever",
    ),
    Mutant(
        "keep what nobody could ask about for ever",
        NO_NEWS,
        "    return give_up(overdue, now, source=Source.SYSTEM.value)",
        "    return 0",
        TESTS + "what_could_not_be_asked_waits_a_day_more",
    ),
    Mutant(
        "give up what could not be asked as soon as the rest",
        NO_NEWS,
        "margin = rules.NEWS_MARGIN + rules.UNREAD_FOR",
        "margin = rules.NEWS_MARGIN",
        TESTS + "what_could_not_be_asked_waits_a_day_more",
    ),
    Mutant(
        "give up a call that the vendor keeps until later",
        NO_NEWS,
        "(call.placing_at, call.placed_at, call.not_before)",
        "(call.placing_at, call.placed_at)",
        LONGEST_TEST,
    ),
    Mutant(
        "leave out how long a call may last",
        "campaigns/rules.py",
        "    return now - since > longest + margin",
        "    return now - since > margin",
        LONGEST_TEST,
    ),
    Mutant(
        "keep a call whose talk time grows for ever",
        NO_NEWS,
        "    return min(heard, max(began, call.answered_at)) if call.answered_at else heard",
        "    return heard",
        LONGEST_TEST,
    ),
    Mutant(
        "give up over news that came meanwhile",
        NO_NEWS,
        "Call.objects.filter(Q(changed_at__lt=old) | Q(answered_at__lt=old), pk__in=ids)",
        "Call.objects.filter(pk__in=ids)",
        TESTS + "news_that_came_meanwhile_is_not_overwritten",
    ),
    Mutant(
        "free the number of a call without news at once",
        FACTS,
        "UNION ALL SELECT 'live', to_number, {nothing} FROM {calls} WHERE {KEEPS_NUMBER} AND {theirs}",
        "UNION ALL SELECT 'live', to_number, {nothing} FROM {calls} WHERE FALSE AND {KEEPS_NUMBER} AND {theirs}",
        NUMBER_TEST,
    ),
    Mutant(
        "free the number that a person waits for",
        CONDITIONS,
        "(no_news_at > %s OR decide_after > %s)",
        "(no_news_at > %s OR %s IS NULL)",
        NUMBER_TEST,
    ),
    Mutant(
        "call whom a launch counts as free",
        FACTS,
        '        asked.append(_as_kind("live", Call.objects.filter(keeps_number(now)), "to_number"))',
        "        pass",
        NUMBER_TEST,
    ),
    Mutant(
        "revive a call by what was known of it",
        TABLE,
        "            return RANK[Status(source)] + 1",
        "            return RANK[Status(source)] - 1",
        LATER_TEST,
    ),
    Mutant(
        "forget to count a late end",
        CONSEQUENCES,
        "    return after.has_ended and (not before.has_ended or before.rank == rules.RANK_BY_PERSON < after.rank)",
        "    return False",
        TESTS + "a_vendors_late_failure_counts_as_one_and_follows_the_plan_of_retries",
    ),
    Mutant(
        "make two live calls of one number",
        NO_NEWS,
        "    return Call.objects.live().filter(to_number=call.to_number).exclude(pk=call.pk).exists()",
        "    return False",
        TESTS + "news_of_a_call_whose_number_is_called_again_waits_for_its_end",
    ),
    Mutant(
        "never read a call again that was given up",
        DUE_READS,
        "    return Call.objects.filter(no_news_at__isnull=False)",
        "    return Call.objects.none()",
        RARELY_TEST,
    ),
    Mutant(
        "read it for ever",
        "campaigns/rules.py",
        "    if silent_seconds >= RARELY_UNTIL:",
        "    if False:",
        RARELY_TEST,
    ),
    Mutant(
        "keep a campaign open for what only a person can settle",
        CONDITIONS,
        "Q(status__in=[CallStatus.PENDING, *LIVE]) & ~is_with_person",
        "Q(status__in=[CallStatus.PENDING, *LIVE]) | is_with_person",
        TESTS + "campaigns_end_beside_calls_that_only_a_person_can_settle",
    ),
    Mutant(
        "let a person's figures stand above the vendor's",
        MERGING,
        "    if before.rank == rules.RANK_BY_PERSON < told.rank:",
        "    if False:",
        PERSON_TEST,
    ),
    Mutant(
        "let a person's word stand above the vendor's",
        "campaigns/rules.py",
        "RANK_BY_PERSON = 76",
        "RANK_BY_PERSON = 96",
        TESTS + "a_persons_no_gives_way_to_the_vendors_end",
    ),
    Mutant(
        "settle any failed call by a person's word",
        CHANGES,
        "        calls = calls.filter(no_news_at__isnull=False)",
        "        calls = calls.all()",
        "tests/campaigns/core/test_transitions.py::test_only_a_call_without_news_is_settled",
    ),
    Mutant(
        "let anybody decide about any call",
        KINDS,
        '    return is_own and call.campaign_id is None and may(person, "settle_own_calls")',
        "    return True",
        DECIDING_TESTS + "a_caller_sees_their_own_and_answers_only_for_single_calls",
    ),
    Mutant(
        "ask again whoever chose to wait",
        KINDS,
        "    return Q(decide_after__isnull=True) | Q(decide_after__lte=now)",
        "    return Q()",
        TESTS + "who_keeps_waiting_is_asked_again_later",
    ),
    Mutant(
        "leave a webhook of a given-up call unread",
        "campaigns/tracking/webhooks.py",
        "    if call.no_news_at is not None:",
        "    if False:",
        DECIDING_TESTS + "a_webhook_lets_a_given_up_call_be_read_now",
    ),
)
"""What no vendor may do: keep a call open for ever, or have it ring twice; and who may say what came of it."""
