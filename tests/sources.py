"""Reads sources as syntax trees."""

from __future__ import annotations

import ast

TRIES = 5


def tree_of(source: str) -> ast.Module:
    """Return the syntax tree of a source.

    CPython 3.11 counts the depth of all trees together, so that a thread that logs an exception meanwhile, whose
    traceback parses too, makes it raise SystemError: asked again then (https://github.com/python/cpython/issues/106905).
    """
    for _try in range(TRIES - 1):
        try:
            return ast.parse(source)
        except SystemError:
            continue
    return ast.parse(source)
