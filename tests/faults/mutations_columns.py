"""Mutations of the weights by which columns, titles and the first person of a file are found."""

from __future__ import annotations

from tests.faults.mutant import Mutant

COLUMNS = "campaigns/contacts/importing/columns/"
PHONES, NAMES, TITLES = f"{COLUMNS}phone_columns.py", f"{COLUMNS}name_columns.py", f"{COLUMNS}title_rows.py"
TESTS = "tests/campaigns/contacts/importing/columns/"
WEIGHTS, CONTENTS = f"{TESTS}test_phone_columns_weights.py::test_", f"{TESTS}test_phone_columns.py::test_"
NAME_TESTS, TITLE_TESTS = f"{TESTS}test_name_columns.py::test_", f"{TESTS}test_title_rows.py::test_"

WEIGHED = (
    Mutant(
        "what passes the check digit of national ids weighs as much as phone numbers",
        PHONES,
        "        return found - self.are_ids - 0.3",
        "        return found - 0.3",
        WEIGHTS + "each_sign_against_phone_numbers_weighs_what_it_says[ids]",
    ),
    Mutant(
        "what counts upwards weighs as much as phone numbers",
        PHONES,
        " - 0.3 * self.are_serial",
        "",
        WEIGHTS + "each_sign_against_phone_numbers_weighs_what_it_says[serial]",
    ),
    Mutant(
        "numbers as nobody writes them weigh as much as others",
        PHONES,
        " - 0.2 * self.bare",
        "",
        WEIGHTS + "each_sign_against_phone_numbers_weighs_what_it_says[bare]",
    ),
    Mutant(
        "mobiles weigh no more than landlines",
        PHONES,
        "found = 0.4 * self.share + 0.6 * self.mobile / self.filled",
        "found = self.share",
        WEIGHTS + "each_sign_against_phone_numbers_weighs_what_it_says[landlines]",
    ),
    Mutant(
        "few callable cells make a phone column",
        PHONES,
        "LEAST_SHARE = 0.3",
        "LEAST_SHARE = 0.2",
        WEIGHTS + "a_column_needs_its_share_of_callable_cells",
    ),
    Mutant(
        "any score makes a phone column",
        PHONES,
        "LEAST_SCORE = 0.19",
        "LEAST_SCORE = 0.0",
        WEIGHTS + "a_column_needs_its_score",
    ),
    Mutant(
        "a plain column without a title needs no more than others",
        PHONES,
        "SURE_SHARE = 0.7",
        "SURE_SHARE = 0.3",
        WEIGHTS + "plain_digits_without_a_title_need_more",
    ),
    Mutant(
        "a better column wins by a hair",
        PHONES,
        "NEAR = 0.2\n",
        "NEAR = 0.01\n",
        WEIGHTS + "columns_that_are_nearly_as_good_compete",
    ),
    Mutant(
        "a few ids by chance make a column of ids",
        PHONES,
        "ID_SHARE, LEAST_IDS = 0.9, 4",
        "ID_SHARE, LEAST_IDS = 0.5, 4",
        WEIGHTS + "ids_are_a_column_of_ids_and_some_by_chance_are_not",
    ),
    Mutant(
        "one cell makes a column of ids",
        PHONES,
        "ID_SHARE, LEAST_IDS = 0.9, 4",
        "ID_SHARE, LEAST_IDS = 0.9, 1",
        WEIGHTS + "ids_are_a_column_of_ids_and_some_by_chance_are_not",
    ),
    Mutant(
        "two numbers that follow each other count upwards",
        PHONES,
        "    if len(numbers) < 4:\n",
        "    if len(numbers) < 2:\n",
        WEIGHTS + "a_few_numbers_do_not_count_upwards",
    ),
    Mutant(
        "numbers in a list for do-not-call count however they are written",
        PHONES,
        "    sure = [one for one in likely if one.bare < MOSTLY or one.title >= PhoneTitle.SOME]\n",
        "    sure = likely\n",
        WEIGHTS + "beside_phone_numbers_bare_ones_do_not_count",
    ),
    Mutant(
        "a phone by its title takes those of other people along",
        PHONES,
        "        likely = [one for one in likely if one.title != PhoneTitle.OTHER]\n",
        "        pass\n",
        CONTENTS + "contents_decide",
    ),
    Mutant(
        "a title of a phone is not asked about beside better numbers",
        PHONES,
        "    if worse and max(one.title for one in rivals) < PhoneTitle.OWN:",
        "    if False and worse:",
        CONTENTS + "a_person_is_asked_where_columns_compete",
    ),
    Mutant(
        "words that come again and again are names",
        NAMES,
        "LEAST_WORDS, LEAST_DIFFERENT = 0.7, 0.5",
        "LEAST_WORDS, LEAST_DIFFERENT = 0.7, 0.0",
        NAME_TESTS + "what_may_be_names_without_a_title[repeated]",
    ),
    Mutant(
        "a column with few words is one of names",
        NAMES,
        "LEAST_WORDS, LEAST_DIFFERENT = 0.7, 0.5",
        "LEAST_WORDS, LEAST_DIFFERENT = 0.2, 0.5",
        NAME_TESTS + "what_may_be_names_without_a_title[few words]",
    ),
    Mutant(
        "the better of two columns of words is the name by a hair",
        NAMES,
        "NEAR = 0.25\n",
        "NEAR = 0.01\n",
        NAME_TESTS + "two_columns_of_words_compete",
    ),
    Mutant(
        "the first person of a file may be its titles",
        TITLES,
        "        if _is_person(cells, width):\n            break\n",
        "",
        TITLE_TESTS + "nothing_below_the_first_person_is_a_title",
    ),
)
