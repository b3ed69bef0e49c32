"""No word without a use: every reason, code and sign that the product knows is written by some line of its code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from django.db import models

from campaigns import reasons
from campaigns.models import CallEvent
from campaigns.reports import campaign_people
from providers.types import FailureReason
from tests.sources import tree_of

ROOT = Path(__file__).parents[2]
ONLY_TELL = {"reasons.py", "explanations.py", "campaign_words.py", "launch_sentence.py", "redial.py"}
"""Files that say what a word means or look for it, and write none."""
ASK = {"filter", "exclude", "Q", "Count", "get", "_", "gettext", "gettext_lazy", "pgettext_lazy", "ngettext"}
"""Functions whose arguments are asked for or said, not written."""


@cache
def trees() -> tuple[ast.Module, ...]:
    files = [
        path
        for folder in ("campaigns", "providers", "callcenter")
        for path in sorted((ROOT / folder).rglob("*.py"))
        # Made-up history is no use of a word: it would only hide that nothing else writes it.
        if not {"migrations", "history", "sandbox"} & set(path.parts) and path.name not in ONLY_TELL
    ]
    assert len(files) > 200
    return tuple(tree_of(path.read_text(encoding="utf-8")) for path in files)


def name_of(function: ast.expr) -> str:
    return (
        function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
    )


def written(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what stands in a tree but in comparisons, patterns, questions to the database and choices' own lists."""
    yield node
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Compare | ast.pattern):
            continue
        if isinstance(child, ast.Call) and name_of(child.func) in ASK:
            continue
        if isinstance(child, ast.ClassDef) and any("Choices" in ast.unparse(base) for base in child.bases):
            continue
        yield from written(child)


@cache
def members_written() -> frozenset[str]:
    return frozenset(
        f"{node.value.id}.{node.attr}"
        for tree in trees()
        for node in written(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    )


@cache
def texts_written() -> frozenset[str]:
    return frozenset(
        node.value
        for tree in trees()
        for node in written(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


@pytest.mark.parametrize("reason", [reasons.SkipReason, reasons.WaitReason, FailureReason])
def test_every_reason_is_given_by_some_line(reason: type[models.TextChoices]) -> None:
    known = {f"{reason.__name__}.{member.name}" for member in reason if member.value}
    assert known - members_written() == set()


def test_every_step_is_written_by_some_line() -> None:
    assert set(reasons.SENTENCES) - texts_written() == set()


def test_every_source_of_a_step_is_named_by_some_line() -> None:
    named = {source.value for source in CallEvent.Source if f"Source.{source.name}" in members_written()}
    assert set(CallEvent.Source.values) - named - texts_written() == set()


def test_filters_by_reason_offer_every_reason_that_is_given_and_no_other() -> None:
    offered = [value for _kind, choices in campaign_people.reasons() for value, _words in choices]
    kinds = {"skip": reasons.SkipReason, "wait": reasons.WaitReason, "fail": FailureReason}
    for kind, reason in kinds.items():
        found = {value.partition("-")[2] for value in offered if value.startswith(f"{kind}-")}
        assert found == {
            member.value for member in reason if f"{reason.__name__}.{member.name}" in members_written()
        } - {""}, kind


def test_every_sign_is_drawn_somewhere() -> None:
    signs = re.findall(r'<symbol id="i-([\w-]+)"', (ROOT / "templates/_icons.html").read_text())
    pages = (
        "\n".join(path.read_text() for path in (ROOT / "templates").rglob("*.html") if path.name != "_icons.html")
        + (ROOT / "static/console.js").read_text()
    )
    used = {sign for sign in signs if sign in texts_written() or re.search(rf'[" \'\-]{sign}["\' ]', pages)}
    assert set(signs) - used == set()


def test_the_check_sees_a_word_that_nothing_writes() -> None:
    lines = (
        "x = SkipReason.A == y\nq.filter(r=SkipReason.B)\nmatch z:\n    case SkipReason.C: pass\n"
        "w = SkipReason.D\nf(reason=SkipReason.E)\n"
    )
    found = {node.attr for node in written(tree_of(lines)) if isinstance(node, ast.Attribute)}
    assert {"D", "E"} == found & set("ABCDE")
