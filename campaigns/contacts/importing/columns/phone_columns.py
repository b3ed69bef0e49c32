"""Which column holds the phone numbers: decided by what stands in it; a title only decides between equals."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import phonenumbers
from phonenumbers import PhoneNumberType

from campaigns.contacts.importing.columns.check_digits import is_national_id
from campaigns.contacts.importing.columns.title_words import PhoneTitle, meaning_of_title, phone_title
from campaigns.numbers import EXTENSION, SEVERAL, text_of_digits, understand_number

LEAST_SHARE = 0.3
"""A column may hold phone numbers if at least this share of its filled cells can be called."""
SURE_SHARE = 0.7
"""The same where the title has no word for phone."""
LEAST_SCORE = 0.19
NEAR = 0.2
"""Two columns compete if their scores differ by at most this."""
ID_SHARE, LEAST_IDS = 0.9, 4
"""Ids pass their check digit always, other numbers in one of ten cases."""
FEWEST_DIGITS = 4
"""A cell with fewer is no phone number anywhere."""
MOSTLY = 0.5
_MOBILES = {PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE}


class WeighedColumn(NamedTuple):
    """What the cells of a column say for and against phone numbers."""

    column: int
    filled: int
    callable: int
    """Cells that are a number of the chosen country, or of any with its country code."""
    mobile: int
    are_ids: bool
    are_serial: bool
    """They count upwards, and have no prefix of a phone number: account, loan and order numbers do."""
    unprefixed: int
    """Callable cells that are digits without a plus, 00 or trunk prefix, as other kinds of numbers are too."""
    bare: float
    """Share of the cells that are written as their country does not write phone numbers."""
    title: PhoneTitle
    rank: int
    """Rank of the title among those that we know; the less, the more certain."""

    @property
    def share(self) -> float:
        """The share of filled cells that can be called."""
        return self.callable / self.filled if self.filled else 0.0

    @property
    def score(self) -> float:
        """From about -1 to 1: what can be called, mobiles most, less what speaks for another kind of number."""
        if not self.filled:
            return 0.0
        found = 0.4 * self.share + 0.6 * self.mobile / self.filled
        return found - self.are_ids - 0.3 * self.are_serial - 0.2 * self.bare

    @property
    def may_be_phones(self) -> bool:
        """Tell whether the cells alone allow this to be the phone column."""
        return self.share >= LEAST_SHARE and self.score >= LEAST_SCORE


class PhoneChoice(NamedTuple):
    """The phone column, or those that compete for it, and the columns with people's further numbers."""

    phone: int | None
    asked: list[int]
    others: list[int]


def weigh(column: int, cells: Sequence[str], title: str, region: str) -> WeighedColumn:
    """Judge the first cells of a column as phone numbers of a country."""
    filled = [text for cell in cells if (text := cell.strip())]
    callable_, mobile, unprefixed, bare, ids = 0, 0, 0, 0, 0
    serial: list[int] = []
    for text in filled:
        if sum(map(str.isdecimal, text)) < FEWEST_DIGITS:
            continue
        found = understand_number(text, region)
        digits = text_of_digits(text)
        is_plain = digits.isascii() and digits.isdigit()
        ids += is_plain and is_national_id(digits, region)
        if found.code in {SEVERAL, EXTENSION}:
            callable_ += 1
        if not found.e164 or (is_plain and found.region != region and not digits.startswith("00")):
            # Without its country code it would be a number of another country by chance only.
            if is_plain:
                serial.append(int(digits))
            continue
        callable_ += 1
        parsed = phonenumbers.parse(found.e164)
        mobile += phonenumbers.number_type(parsed) in _MOBILES
        if is_plain and not digits.startswith("0"):
            serial.append(int(digits))
            unprefixed += 1
            bare += found.was_fixed and not digits.startswith(str(parsed.country_code))
    count = len(filled)
    return WeighedColumn(
        column,
        count,
        callable_,
        mobile,
        count >= LEAST_IDS and ids >= ID_SHARE * count,
        len(serial) >= 0.9 * count and _counts_up(serial),
        unprefixed,
        bare / count if count else 0.0,
        phone_title(title),
        meaning_of_title(title)[1],
    )


def choose(weighed: Sequence[WeighedColumn]) -> PhoneChoice:
    """Return the one phone column; where it is not certain, none, and the columns to ask about."""
    likely = sorted((one for one in weighed if one.may_be_phones), key=lambda one: -one.score)
    if not likely:
        # Broken numbers under a clear title: every row says what is wrong with its number.
        titled = [one for one in weighed if one.title >= PhoneTitle.WEAK and one.filled and not one.are_ids]
        best = min(titled, key=lambda one: (-one.title, one.rank, one.column), default=None)
        return PhoneChoice(best.column if best else None, [], [])
    if any(one.title >= PhoneTitle.SOME for one in likely):
        # There is a phone by its title: what says that it is another kind of number, or somebody else's, is not it.
        likely = [one for one in likely if one.title != PhoneTitle.OTHER]
    # Of few cells, a single one weighs more than columns differ.
    near = max(NEAR, 1 / likely[0].filled)
    rivals = [one for one in likely if one.score >= likely[0].score - near]
    worse = [one for one in likely if one not in rivals and one.title >= PhoneTitle.SOME]
    if worse and max(one.title for one in rivals) < PhoneTitle.OWN:
        # "Phone" beside a column of better numbers whose title says less.
        return PhoneChoice(None, sorted(one.column for one in [*rivals, *worse]), [])
    winner = _winner(rivals)
    if winner is None:
        return PhoneChoice(None, sorted(one.column for one in rivals), [])
    others = [
        one.column
        for one in weighed
        if one is not winner
        and one.title == PhoneTitle.OWN
        and not one.are_ids
        and (one.share >= LEAST_SHARE or not one.filled)
    ]
    return PhoneChoice(winner.column, [], others)


def choose_all(weighed: Sequence[WeighedColumn]) -> list[int]:
    """Return every column that holds phone numbers, for a file in which each of them counts.

    Left out are numbers of another kind: ids, what counts upwards, what its title says to be something else, and,
    beside a better column, numbers that are written as nobody writes a phone number and not titled as one.
    """
    likely = [
        one
        for one in weighed
        if one.may_be_phones and not one.are_ids and not one.are_serial and one.title != PhoneTitle.OTHER
    ]
    sure = [one for one in likely if one.bare < MOSTLY or one.title >= PhoneTitle.SOME]
    return [one.column for one in sure or likely]


def _winner(rivals: Sequence[WeighedColumn]) -> WeighedColumn | None:
    if len(rivals) == 1:
        return None if _is_doubtful(rivals[0]) else rivals[0]
    best = max(one.title for one in rivals)
    first = [one for one in rivals if one.title == best]
    if best == PhoneTitle.OWN:
        return min(first, key=lambda one: (one.rank, one.column))
    if len(first) > 1 or best <= PhoneTitle.UNKNOWN:
        return None
    # A weak title wins only against columns that say they are something else, or that nothing speaks for.
    others = max(one.title for one in rivals if one is not first[0])
    least = PhoneTitle.OTHER if best == PhoneTitle.WEAK else PhoneTitle.UNKNOWN
    return first[0] if others <= least else None


def _is_doubtful(only: WeighedColumn) -> bool:
    """Tell whether a column that nothing competes with may still be another kind of number."""
    if only.title == PhoneTitle.OTHER:
        return True
    if only.title >= PhoneTitle.SOME:
        return False
    # Accounts are phone numbers by chance: of some lengths a third of them in some countries.
    is_plain = only.unprefixed > only.callable / 2
    is_by_chance = is_plain and (only.share < SURE_SHARE or (only.bare > 0.5 and only.mobile < only.callable / 2))
    return is_by_chance or (only.are_serial and only.title == PhoneTitle.UNKNOWN)


def _counts_up(numbers: Sequence[int]) -> bool:
    """Tell whether numbers follow each other as those of files and accounts do."""
    if len(numbers) < 4:
        return False
    steps = [later - earlier for earlier, later in pairwise(numbers)]
    usual = max(set(steps), key=steps.count)
    is_even = usual != 0 and steps.count(usual) >= 0.8 * len(steps)
    is_close = all(step > 0 for step in steps) and numbers[-1] - numbers[0] <= 1000 * len(numbers)
    return is_even or is_close
