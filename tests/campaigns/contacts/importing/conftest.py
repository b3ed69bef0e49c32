"""Reading files: how large they may be is asked of the database; many small ones without a process for each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from campaigns.contacts.importing.files import parser, parsing


def parse_here(action: str, path: Path, details: Any = None, *, language: str = "") -> Iterator[dict[str, Any]]:
    """Parse a file in this process, in place of `parser.parse`."""
    for answer in parsing.answers(parser.question(action, path, details)):
        yield parser.understood(parsing.as_text(answer), language)


@pytest.fixture
def parsed_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parse files in the process of the test, which reads hundreds of them."""
    monkeypatch.setattr(parser, "parse", parse_here)


@pytest.fixture(autouse=True)
def limits_are_read(db: None) -> None:
    """Let each of these tests ask how large a file may be."""
