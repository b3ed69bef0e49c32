"""One row that the walks of all addresses know."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

serial = itertools.count(1)
"""Makes what is unique, such as numbers, so."""


@dataclass(frozen=True)
class Row:
    """One row: the parts of an address that lead to it, and texts that only those see who reach it."""

    parts: dict[str, str]
    marks: tuple[str, ...] = ()


def parts(row: Any, **others: Any) -> dict[str, str]:
    """Return the parts of an address that lead to a row."""
    return {name: str(value) for name, value in {"pk": row.pk, **others}.items()}
