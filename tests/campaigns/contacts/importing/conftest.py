"""Reading files: how large they may be is asked of the database."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def limits_are_read(db: None) -> None:
    """Let each of these tests ask how large a file may be."""
