"""The browser's tests read nothing off a page that may still be on its way."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.sources import tree_of

HOME = "reading.py"
AT_ONCE = {
    "all",
    "all_inner_texts",
    "all_text_contents",
    "count",
    "get_attribute",
    "inner_text",
    "input_value",
    "is_checked",
    "is_visible",
    "text_content",
}
"""What Playwright answers at once, without waiting for the page: `reading.py` waits first."""
WAITS_ITSELF = {"keyboard.py"}
"""Asks for the focus again and again until it is there."""
PAGES = sorted((Path(__file__).parent / "browser").glob("*.py"))


def read_at_once(tree: ast.AST) -> list[int]:
    """Return the lines in which something is read off the page without a wait; `count(of)` is a list's."""
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in AT_ONCE
        and not (node.func.attr == "count" and node.args)
    ]


@pytest.mark.parametrize(
    "path", [path for path in PAGES if path.name not in {HOME, *WAITS_ITSELF}], ids=lambda p: p.name
)
def test_a_page_is_read_by_what_waits_for_it(path: Path) -> None:
    lines = read_at_once(tree_of(path.read_text("utf-8")))

    assert not lines, f"tests/browser/{path.name}, lines {lines}: read it by tests/browser/{HOME}"


def test_a_read_at_once_is_found() -> None:
    assert read_at_once(ast.parse("rows = page.locator('tr').count()")) == [1]
    assert PAGES
