"""Every pattern of the product takes linear time."""

from __future__ import annotations

import ast
import importlib
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from tests.security.patterns import neighbours
from tests.sources import tree_of

FOLDERS = ("callcenter", "campaigns", "providers")
CALLS = {"compile", "search", "match", "fullmatch", "split", "findall", "finditer", "sub", "subn"}
EXEMPT = {
    "providers/opt_out_words.py": "lists of whole words between single blanks: no run of letters can be divided anew",
}
"""Files whose patterns may stay as they are, with the reason; `test_long_texts.py` times them all the same."""


IN_FUNCTIONS = {
    "campaigns/common_mobiles.py": "kept by the module",
    "campaigns/contacts/importing/files/xlsx_package.py": "kept by the module",
    "campaigns/core/transcript_words.py": "one set of letters, repeated",
    "campaigns/number_types.py": "phonenumbers' own patterns of digits, matched with at most 17 of them",
    "providers/concealing.py": "fixed words, one beside the other, none repeated",
    "providers/opt_out_words.py": "kept by the module",
    "providers/refusals.py": "kept by the module",
    "providers/sandbox/wire/base.py": "routes of the simulator: no pattern but of a segment each",
}
"""Files in which a function writes patterns from parts: where the module keeps them they are read there."""


def modules() -> Iterator[Path]:
    for folder in FOLDERS:
        for path in sorted((settings.BASE_DIR / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path.relative_to(settings.BASE_DIR)


def patterns() -> Iterator[tuple[str, str | bytes, int]]:
    """Yield the place, the pattern and the flags of each call of `re`, as they are when the module is loaded."""
    for path in modules():
        source = (settings.BASE_DIR / path).read_text()
        if not re.search(r"\bre\b", source):
            continue
        tree = tree_of(source)
        names = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                names |= {name.asname or name.name for name in node.names if name.name == "re"}
            elif isinstance(node, ast.ImportFrom):
                assert node.module != "re", f"{path}: import re as a whole, so that its patterns are found"
        calls = [
            node for node in ast.walk(tree)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CALLS
            and isinstance(node.func.value, ast.Name) and node.func.value.id in names
        ]  # fmt: skip
        if not calls:
            continue
        module = importlib.import_module(".".join(path.with_suffix("").parts).removesuffix(".__init__"))
        for call in calls:
            place = f"{path}:{call.lineno}"
            yield place, value_of(call.args[0], module, place), flags_of(call, module)


def kept() -> Iterator[tuple[str, str | bytes, int]]:
    """Yield the patterns that modules keep, whoever wrote them: alone, in a table, or as a method to match by."""
    for path in modules():
        name = ".".join(path.with_suffix("").parts).removesuffix(".__init__")
        if name in sys.modules:
            for found in _within(list(vars(sys.modules[name]).values()), 3):
                yield f"{path} keeps {found.pattern[:30]!r}", found.pattern, found.flags


def _within(values: Iterable[Any], depth: int) -> Iterator[re.Pattern[Any]]:
    for value in values:
        owner = getattr(value, "__self__", value)
        if isinstance(owner, re.Pattern):
            yield owner
        elif depth and isinstance(value, list | tuple | set | frozenset):
            yield from _within(value, depth - 1)
        elif depth and isinstance(value, dict):
            yield from _within(list(value.values()), depth - 1)


def value_of(node: ast.expr, module: Any, place: str) -> str | bytes:
    try:
        found = eval(compile(ast.Expression(node), place, "eval"), dict(vars(module)))
    except NameError:
        return place
    return found if isinstance(found, str | bytes) else found.pattern


def flags_of(call: ast.Call, module: Any) -> int:
    at = {"compile": 1, "sub": 4, "split": 3}.get(call.func.attr, 2)  # type: ignore[attr-defined]
    node = next((word.value for word in call.keywords if word.arg == "flags"), None) or (
        call.args[at] if len(call.args) > at else None
    )
    return int(eval(compile(ast.Expression(node), "flags", "eval"), dict(vars(module)))) if node else 0


def file_of(place: str) -> str:
    return re.split("[: ]", place)[0]


def test_no_pattern_has_neighbours_that_share_letters() -> None:
    found = [*patterns(), *kept()]
    slow: dict[str | bytes, list[str]] = {}
    unknown = set()
    for place, pattern, flags in found:
        if pattern == place:
            unknown.add(place.partition(":")[0])
        elif neighbours(pattern, flags):
            slow.setdefault(pattern, []).append(place)
    # A module that imports a pattern keeps it, too.
    left = {
        pattern: places for pattern, places in slow.items() if not any(file_of(place) in EXEMPT for place in places)
    }
    assert not left, "\n".join(f"{places}: {pattern!r}" for pattern, places in left.items())
    assert unknown == set(IN_FUNCTIONS)
    assert {file_of(place) for places in slow.values() for place in places} >= set(EXEMPT), (
        "An exemption that nothing needs"
    )
    assert len(found) > 100


@pytest.mark.parametrize(
    "pattern",
    [
        r"\s*\s*$", r"a*.*b", r"(a+)+$", r"{\s*(\w*)\s*\w*}", r"x*y?x*", r"(\d+)\.?(\d+)",
        r"[a-f]+[e-k]+", r"(?i)a+A+", r"(?:\w+\s*)*!", r".*,.*",
    ],
)  # fmt: skip
def test_slow_patterns_are_told(pattern: str) -> None:
    assert neighbours(pattern)


@pytest.mark.parametrize(
    "pattern", [r"\s*\w+\s*", r"(?:a+,)*", r"\d+\.\d+", r"a*b*", r"[^<]*<[^>]*>", r"a{1,9}a*", r"\s*+\s*", r"(?>a*)a*"]
)
def test_linear_patterns_are_left_alone(pattern: str) -> None:
    assert neighbours(pattern) == []
