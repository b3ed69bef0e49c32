"""Which number of a pool calls a person."""

from hypothesis import given
from hypothesis import strategies as st

from campaigns.local_presence import choose, local_number

POOL = [
    local_number(1, "+12125550123", ""),
    local_number(2, "+13105550123", ""),
    local_number(3, "02188776655", "IR"),
    local_number(4, "+989121234567", ""),
    local_number(5, "777", ""),
]


def test_a_number_knows_its_country_and_area() -> None:
    assert [(one.region, one.area) for one in POOL] == [
        ("US", "+1212"),
        ("US", "+1310"),
        ("IR", "+9821"),
        ("IR", ""),
        ("", ""),
    ]


def test_the_area_goes_before_the_country() -> None:
    assert choose(POOL, "+13105559999", "US", 0) == 2
    assert choose(POOL, "+982122223333", "IR", 1) == 3


def test_elsewhere_in_the_country_each_person_has_one_of_its_numbers() -> None:
    assert {choose(POOL, "+17025559999", "US", turn) for turn in range(4)} == {1, 2}
    assert choose(POOL, "+17025559999", "US", 7) == choose(POOL, "+17025559999", "US", 7)


def test_nobody_elsewhere_has_a_near_number() -> None:
    assert choose(POOL, "+4930123456", "DE", 0) is None
    assert choose(POOL, "+870773111632", "", 0) is None
    assert choose([], "+12125550123", "US", 0) is None


@given(st.permutations(POOL), st.integers(0, 2**64))
def test_the_order_of_the_pool_changes_nothing(pool: list, turn: int) -> None:  # type: ignore[type-arg]
    assert choose(pool, "+17025559999", "US", turn) == choose(POOL, "+17025559999", "US", turn)
