"""Every mutation still fits the source: its text stands there exactly once, and its test exists."""

from __future__ import annotations

import pytest

from tests.faults.mutant import Mutant
from tests.faults.mutations import MUTANTS
from tests.migrated import ROOT


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_mutation_fits(mutant: Mutant) -> None:
    assert (ROOT / mutant.file).read_text().count(mutant.old) == 1
    assert mutant.old != mutant.new


@pytest.mark.parametrize("file", sorted({mutant.test.partition("::")[0] for mutant in MUTANTS}))
def test_the_tests_of_mutations_are_there(file: str) -> None:
    text = (ROOT / file).read_text() + (ROOT / "tests/providers/contract.py").read_text()
    named = {
        mutant.test.rpartition("::")[2].partition("[")[0] for mutant in MUTANTS if mutant.test.startswith(f"{file}::")
    }
    assert {name for name in named if f"def {name}(" not in text} == set()


def test_names_are_told_apart() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= 25
