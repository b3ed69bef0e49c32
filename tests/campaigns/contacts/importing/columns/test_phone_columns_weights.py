"""What each sign for and against phone numbers weighs, and from where on it counts."""

from __future__ import annotations

import pytest

from campaigns.contacts.importing.columns.phone_columns import PhoneChoice, WeighedColumn, choose, choose_all, weigh
from campaigns.contacts.importing.columns.title_words import PhoneTitle

IDS = ["0084575948", "0499370899", "0790419904", "0012345679"]


def column(place: int = 0, **signs: object) -> WeighedColumn:
    """Return a column of ten mobiles, but for these signs."""
    plain: dict[str, object] = {
        "filled": 10, "callable": 10, "mobile": 10, "are_ids": False, "are_serial": False, "unprefixed": 0,
        "bare": 0.0, "title": PhoneTitle.UNKNOWN, "rank": 99,
    }  # fmt: skip
    return WeighedColumn(place, **(plain | signs))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("signs", "score"),
    [
        pytest.param({}, 1.0, id="mobiles"),
        pytest.param({"mobile": 0}, 0.4, id="landlines"),
        pytest.param({"callable": 5, "mobile": 0}, 0.2, id="half"),
        pytest.param({"are_ids": True}, 0.0, id="ids"),
        pytest.param({"are_serial": True}, 0.7, id="serial"),
        pytest.param({"bare": 1.0}, 0.8, id="bare"),
        pytest.param({"filled": 0, "callable": 0, "mobile": 0}, 0.0, id="empty"),
    ],
)
def test_each_sign_against_phone_numbers_weighs_what_it_says(signs: dict[str, object], score: float) -> None:
    assert column(**signs).score == pytest.approx(score)


def test_a_column_needs_its_share_of_callable_cells() -> None:
    assert column(callable=3, mobile=3).may_be_phones
    assert not column(filled=11, callable=3, mobile=3).may_be_phones


def test_a_column_needs_its_score() -> None:
    # Half of the cells are landlines, all written as nobody writes a phone number: so are other numbers by chance.
    assert column(callable=5, mobile=0).may_be_phones
    assert not column(callable=5, mobile=0, bare=0.5).may_be_phones


def test_plain_digits_without_a_title_need_more() -> None:
    few = column(callable=6, mobile=6, unprefixed=6)
    assert choose([few]) == PhoneChoice(None, [0], [])
    assert choose([few._replace(callable=7, mobile=7, unprefixed=7)]) == PhoneChoice(0, [], [])


def test_columns_that_are_nearly_as_good_compete() -> None:
    assert choose([column(), column(1, bare=0.75)]) == PhoneChoice(None, [0, 1], [])
    assert choose([column(), column(1, mobile=6)]) == PhoneChoice(0, [], [])


def test_ids_are_a_column_of_ids_and_some_by_chance_are_not() -> None:
    assert weigh(0, IDS, "", "IR").are_ids
    assert not weigh(0, [*IDS[:3], "0012345678", "0012345670"], "", "IR").are_ids
    assert not weigh(0, IDS[:3], "", "IR").are_ids


def test_a_few_numbers_do_not_count_upwards() -> None:
    assert weigh(0, ["9121234501", "9121234502", "9121234503", "9121234504"], "", "IR").are_serial
    assert not weigh(0, ["9121234501", "9121234502", "9121234503"], "", "IR").are_serial


def test_beside_phone_numbers_bare_ones_do_not_count() -> None:
    bare = column(1, bare=1.0)
    assert choose_all([column(), bare]) == [0]
    assert choose_all([bare]) == [1]
    assert choose_all([column(), bare._replace(title=PhoneTitle.SOME)]) == [0, 1]
