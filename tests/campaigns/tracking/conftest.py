"""What the tests of the vendors' lists begin with."""

from __future__ import annotations

import pytest

from providers import opening
from tests.campaigns.tracking.swept_provider import ListingVendor, SweptProvider


@pytest.fixture
def swept(db: None, monkeypatch: pytest.MonkeyPatch) -> SweptProvider:
    """A provider that stands before its first sweep."""
    vendor = ListingVendor()
    monkeypatch.setattr(opening, "open_backend", lambda _provider, *_args, **_more: vendor)
    return SweptProvider(vendor)
