"""The page that maps faults to tests names tests that exist, row by row, and mentions every one of ours."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.migrated import ROOT
from tests.sources import tree_of

PAGE = Path(__file__).with_name("README.md")
ROW = re.compile(r"^\| (\d+) \| (.+?) \| (.+) \|$", re.MULTILINE)
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
LAST = 48


def functions_of(path: Path) -> set[str]:
    """Return the names of all functions and methods of a file."""
    return {node.name for node in ast.walk(tree_of(path.read_text())) if isinstance(node, ast.FunctionDef)}


def test_every_fault_has_a_row() -> None:
    assert [int(number) for number, _fault, _tests in ROW.findall(PAGE.read_text())] == list(range(1, LAST + 1))


def test_every_row_names_tests_that_exist_or_says_why_there_is_none() -> None:
    for number, _fault, tests in ROW.findall(PAGE.read_text()):
        named = NAMED.findall(tests)
        assert named or re.match(r"no test: .{20,}", tests), f"row {number} names no test"
        for path, name in named:
            assert (ROOT / path).exists(), f"row {number}: {path}"
            assert name in functions_of(ROOT / path), f"row {number}: {path}::{name}"


def test_the_points_are_those_of_the_worker() -> None:
    from tests.faults.worker import POINTS, WEBHOOK_POINTS

    text = PAGE.read_text()
    assert [point for point in (*POINTS, *WEBHOOK_POINTS) if f"`{point}`" not in text] == []
