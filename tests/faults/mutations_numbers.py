"""Mutations of who a number is, what type it is of, and which time it is there."""

from __future__ import annotations

from tests.faults.mutant import Mutant

NUMBERS, EXTENSIONS, TYPES = "campaigns/numbers.py", "campaigns/extensions.py", "campaigns/number_types.py"
ZONES, ELIGIBILITY = "campaigns/time_zones.py", "campaigns/core/eligibility.py"
NUMBER_TESTS = "tests/campaigns/test_numbers.py::test_"
ZONE_TESTS = "tests/campaigns/test_time_zones.py::test_"
TABLE = "tests/campaigns/core/test_eligibility.py::test_everybody_answers_the_same"

NUMBERED = (
    Mutant(
        "an extension is a part of the number",
        NUMBERS,
        "    if extensions.has_extension(readable):\n        return EXTENSION\n",
        "",
        NUMBER_TESTS + "what_stands_beside_a_number_is_never_made_a_part_of_it",
    ),
    Mutant(
        "a stroke is dropped wherever it stands",
        EXTENSIONS,
        "return all(rest >= 5 and",
        "return True or all(rest >= 5 and",
        NUMBER_TESTS + "what_stands_beside_a_number_is_never_made_a_part_of_it",
    ),
    Mutant(
        "a lost plus is always believed",
        NUMBERS,
        "return abroad if abroad.region in trust.lost_plus else UnderstoodNumber(code=NO_PLUS)",
        "return abroad",
        NUMBER_TESTS + "a_lost_plus_is_believed_only_where_something_says_so",
    ),
    Mutant(
        "premium rate numbers are called",
        ELIGIBILITY,
        "        if of_type := refused_by_type(number, self.installation, is_allowed=facts.is_allowed):",
        "        if of_type := None:",
        TABLE + "[premium rate]",
    ),
    Mutant(
        "the quick look takes every number for ordinary",
        ELIGIBILITY,
        "not self._is_over and is_ordinary(number)",
        "not self._is_over",
        TABLE + "[premium rate]",
    ),
    Mutant(
        "short numbers can be allowed",
        TYPES,
        "    if found is NumberType.SHORT:\n        return found\n",
        "",
        TABLE + "[a short number, allowed by mistake]",
    ),
    Mutant(
        "what a manager allowed is not known at the commit point",
        ELIGIBILITY,
        "is_allowed=number in numbers.allowed,",
        "is_allowed=False,",
        TABLE + "[premium rate, allowed]",
    ),
    Mutant(
        "a zone that contradicts the number wins alone",
        ZONES,
        "    if not is_elsewhere(e164, own_zone):\n        return (own_zone,)",
        "    return (own_zone,)",
        ZONE_TESTS + "a_zone_of_another_country_and_the_numbers_own_must_both_be_open",
    ),
    Mutant(
        "every name of the zone database is a place",
        ZONES,
        'if "/" in name and name.partition("/")[0] in AREAS',
        "if name",
        ZONE_TESTS + "what_names_no_place_is_not_used",
    ),
    Mutant(
        "an exchange that is not listed has its area code's first zone",
        ZONES,
        "listed = (*listed, *_zones_below(_longest_prefix(e164[1:])))",
        "pass",
        ZONE_TESTS + "an_exchange_that_is_not_listed_counts_as_every_zone_of_its_area_code",
    ),
    Mutant(
        "a commit point keeps settings that were changed",
        "campaigns/core/installation.py",
        "    if _last_row[0] != mark:",
        "    if not _last_row[0]:",
        "tests/campaigns/core/test_installation_changes.py::test_a_commit_point_reads_the_row_once_for_each_change_of_it",
    ),
)
