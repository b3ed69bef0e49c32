"""Mutations of calls through a second provider: what is broken, where, and the one fast test that must notice."""

from __future__ import annotations

from tests.faults.mutant import COMMIT_READS, Mutant

RULE = "campaigns/core/second_provider.py"
SECOND = "campaigns/dialing/second_provider.py"
TESTS = "tests/campaigns/dialing/test_second_provider.py::test_"

OF_SECOND_PROVIDERS = (
    Mutant(
        "the second provider calls while the first may have called already",
        RULE,
        "if second is None or is_unsettled(campaign.provider) or",
        "if second is None or",
        TESTS + "between_the_reservation_and_the_commit_point_it_may_be_forbidden",
    ),
    Mutant(
        "the first provider calls while the second may have called already",
        SECOND,
        "return is_its_own and campaign.pk not in self.unsettled",
        "return is_its_own",
        TESTS + "the_first_waits_as_well_until_the_calls_of_the_second_are_compared",
    ),
    Mutant(
        "the rule is asked at the reservation only",
        COMMIT_READS,
        "row[0] not in found if row[0] in others else",
        "False if row[0] in others else",
        TESTS + "the_first_takes_its_calls_again_when_it_resumes",
    ),
    Mutant(
        "the row does not say through whom its call leaves",
        SECOND,
        "provider=self.provider_id, agent=agent,",
        "agent=agent,",
        TESTS + "a_waiting_call_goes_through_the_second_while_the_first_is_stopped",
    ),
    Mutant(
        "a row that somebody else took is written over",
        SECOND,
        "rows = Call.objects.filter(pk__in=ids, status=CallStatus.PENDING, lease=token)",
        "rows = Call.objects.filter(pk__in=ids)",
        TESTS + "a_row_that_changes_just_before_the_write_is_not_sent",
    ),
    Mutant(
        "a dearer price than the agreed one",
        RULE,
        "if provider.price_per_minute > second.price_per_minute:",
        "if False:",
        TESTS + "between_the_reservation_and_the_commit_point_it_may_be_forbidden",
    ),
    Mutant(
        "a campaign has its lines twice",
        SECOND,
        "limited = [pk for pk, campaign in self.ids.items() if campaign.max_lines]",
        "limited: list[int] = []",
        TESTS + "the_lines_of_a_campaign_are_one_limit_for_both",
    ),
)
