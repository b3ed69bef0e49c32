"""What the tests of the vendors' lists begin with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from campaigns.models import DialingSwitch
from campaigns.tracking import restore_guard
from providers import opening
from tests.campaigns.tracking.swept_provider import ListingVendor, SweptProvider


@pytest.fixture
def swept(db: None, monkeypatch: pytest.MonkeyPatch) -> SweptProvider:
    """A provider that stands before its first sweep."""
    vendor = ListingVendor()
    monkeypatch.setattr(opening, "open_backend", lambda _provider, *_args, **_more: vendor)
    return SweptProvider(vendor)


@pytest.fixture
def watch(
    db: None, settings: Settings, tmp_path: Path, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> Callable[[], bool]:
    """Run the restore guard once, as a commit would."""
    settings.VAR_DIR = tmp_path
    DialingSwitch.objects.get_or_create(pk=1)

    def run() -> bool:
        with django_capture_on_commit_callbacks(execute=True):
            return restore_guard.watch()

    return run
