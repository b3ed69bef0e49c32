"""Which columns without titles hold names: words that differ, and a person is asked where two do."""

from __future__ import annotations

import pytest

from campaigns.contacts.importing.columns.name_columns import NameChoice, choose

NAMES = ["Sara", "Omid", "Nima", "Reza", "Neda", "Ali", "Mina", "Kian"]


def chosen(*columns: list[str]) -> NameChoice:
    return choose([""] * len(columns), dict(enumerate(columns)), has_titles=False)


@pytest.mark.parametrize(
    ("cells", "names"),
    [
        pytest.param(NAMES, [0], id="names"),
        pytest.param(["Tehran", "Shiraz"] * 4, [], id="repeated"),
        pytest.param(["Sara", "Omid", "Nima", "A1", "B2", "C3", "D4", "E5"], [], id="few words"),
        pytest.param(["1", "2", "3"], [], id="numbers"),
    ],
)
def test_what_may_be_names_without_a_title(cells: list[str], names: list[int]) -> None:
    assert chosen(cells) == NameChoice(names, [])


def test_two_columns_of_words_compete() -> None:
    nearly = [*NAMES[:7], NAMES[0]]
    assert chosen(NAMES, nearly) == NameChoice([], [0, 1])
    assert chosen(NAMES, [*NAMES[:5], *NAMES[:3]]) == NameChoice([0], [])
