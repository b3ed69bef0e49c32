"""No test reckons with a moment that was taken when it was collected: the last test of a run begins minutes later."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.migrated import ROOT
from tests.sources import tree_of

CLOCKS = {"timezone.now", "datetime.datetime.now", "datetime.date.today", "time.time", "time.monotonic"}
RENEWED = {"NOW", "COLLECTED_FROM"}
"""Names of a module that may hold the present: conftest.py makes NOW that of each test."""


class _AtCollection(ast.NodeVisitor):
    """Collects the lines that ask a clock, or use NOW, while a module is imported."""

    def __init__(self) -> None:
        self.lines: list[int] = []

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        for part in (*node.decorator_list, *node.args.defaults, *node.args.kw_defaults):
            if part is not None:
                self.visit(part)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        """A lambda asks when it is called."""

    def visit_Assign(self, node: ast.Assign) -> None:
        named = {target.id for target in node.targets if isinstance(target, ast.Name)}
        if not (named <= RENEWED and isinstance(node.value, ast.Call) and not node.value.args):
            self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        if ast.unparse(node.func) in CLOCKS:
            self.lines.append(node.lineno)
        self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        if node.id == "NOW" and isinstance(node.ctx, ast.Load):
            self.lines.append(node.lineno)


def taken_at_collection(source: str) -> list[int]:
    """Return the lines of a test module that take the present while it is imported, or reckon with it then."""
    tree = tree_of(source)
    found = _AtCollection()
    holds_present = any(
        isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "NOW" and ast.unparse(node.value) in
        {f"{clock}()" for clock in CLOCKS} for node in tree.body
    )  # fmt: skip
    if not holds_present:
        found.visit_Name = lambda node: None  # type: ignore[method-assign]
    found.visit(tree)
    return found.lines


def _modules() -> Iterator[tuple[str, str]]:
    for path in sorted((ROOT / "tests").rglob("*.py")):
        yield str(path.relative_to(ROOT)), path.read_text()


@pytest.mark.parametrize(
    ("source", "is_found"),
    [
        ("NOW = timezone.now()\ndef test(): assert NOW", False),
        ("NOW = timezone.now()\nCASES = [NOW - MINUTE]", True),
        ("NOW = timezone.now()\ndef at(now=NOW): ...", True),
        ("NOW = datetime.datetime(2026, 3, 4)\nCASES = [NOW - MINUTE]", False),
        ("CASES = {'a': {'at': timezone.now() - HOUR}}", True),
        ("CASES = {'a': lambda: timezone.now()}", False),
        ("@pytest.mark.parametrize('at', [timezone.now()])\ndef test(at): ...", True),
        ("class Test:\n    at = time.time()", True),
        ("THEN = timezone.now()", True),
    ],
)
def test_moments_of_collection_are_found(source: str, is_found: bool) -> None:
    assert bool(taken_at_collection(source)) == is_found


def test_no_test_reckons_with_the_moment_of_its_collection() -> None:
    assert [f"{name}:{line}" for name, source in _modules() for line in taken_at_collection(source)] == []
