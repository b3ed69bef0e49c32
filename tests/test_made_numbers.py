"""Numbers that tests make ring as ordinary ones do, however many tests a process ran before."""

from __future__ import annotations

import itertools

import pytest

from providers.sandbox.magic import MAGIC, magic_name
from tests import conftest


def test_no_made_number_is_a_magic_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert min(int(row.suffix) for row in MAGIC) >= conftest.MAGIC_FROM
    monkeypatch.setattr(conftest, "_counter", itertools.count(9_800))
    made = [conftest.make_phone() for _ in range(300)]
    assert not [number for number in made if magic_name(number)]
    assert len(set(made)) == 300
