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


def test_names_are_told_apart() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= 25
