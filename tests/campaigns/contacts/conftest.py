"""What the tests of people begin with: a place of their own for the files that are taken in."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings


@pytest.fixture(autouse=True)
def own_media(tmp_path: Path, settings: Settings) -> None:
    """Keep files that are taken in where nothing else of the run keeps any."""
    settings.MEDIA_ROOT = tmp_path / "media"
