"""Mutations of who gets which variant, what they hear, and what is said of the difference."""

from __future__ import annotations

from tests.faults.mutant import Mutant

SHARES = "campaigns/shares.py"
FIRST = "campaigns/launch/first_attempts.py"
SAID = "campaigns/core/variants.py"
RETRY = "campaigns/tracking/after_call.py"
BINDING = "campaigns/launch/approvals.py"
COMPARED = "campaigns/answers/comparison.py"

TESTS = "tests/campaigns/launch/test_variants.py::test_"
COMPARED_TESTS = "tests/campaigns/answers/test_comparison.py::test_"

VARIED = (
    Mutant(
        "every chunk begins with the first place again",
        SHARES,
        "names[places[(taken + at) % WHOLE]]",
        "names[places[at % WHOLE]]",
        TESTS + "whoever_joins_an_open_campaign_one_by_one_is_shared_out_too",
    ),
    Mutant(
        "whoever has a variant uses up another place",
        FIRST,
        "    new = chosen.filter(~Exists(known))",
        "    new = chosen",
        TESTS + "a_pilot_uses_up_no_place_twice",
    ),
    Mutant(
        "everybody hears the campaign's own message",
        SAID,
        '    return {"": campaign} | {one.key: saying(campaign, one) for one in variants_of(campaign)}',
        '    return {"": campaign} | {one.key: campaign for one in variants_of(campaign)}',
        TESTS + "what_each_person_hears_is_their_variants",
    ),
    Mutant(
        "a retry forgets the variant",
        RETRY,
        ", variant=call.variant,",
        ",",
        TESTS + "a_person_keeps_the_variant_over_retries_and_when_called_again",
    ),
    Mutant(
        "an approval does not bind the variants",
        BINDING,
        '"second", "variants",\n)',
        '"second",\n)',
        TESTS + "an_approval_binds_the_variants",
    ),
    Mutant(
        "a lead of three variants is judged as one of two",
        COMPARED,
        "        chance=min(1.0, once * pairs),",
        "        chance=once,",
        COMPARED_TESTS + "of_three_a_lead_must_be_three_times_as_clear",
    ),
    Mutant(
        "few people are sure",
        COMPARED,
        "        return self.is_large_enough and self.chance < 1 - proportions.SURE",
        "        return self.chance < 1 - proportions.SURE",
        COMPARED_TESTS + "few_people_are_never_sure",
    ),
)
