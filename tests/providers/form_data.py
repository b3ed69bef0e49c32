"""What a filled form of a provider sends."""

from __future__ import annotations

from typing import Any

from providers.forms import provider_form
from providers.models import Provider

CANARY = "canary-key-do-not-show-7f3a"
"""A key that must show nowhere."""
BASE = {
    "name": "Ours",
    "is_active": "on",
    "max_lines": "5",
    "calls_per_minute": "60",
    "reads_per_minute": "120",
    "max_call_seconds": "1800",
    "price_per_minute": "0.05",
    "currency": "usd",
}


def filled(vendor: str, **more: Any) -> dict[str, Any]:
    """Return what the form of a new provider of a vendor sends: its own first values, a key, and `more`."""
    form = provider_form(vendor)(instance=Provider())
    first = {
        name: form.get_initial_for_field(field, name)
        for name, field in form.fields.items()
        if name.startswith("option_")
    }
    options = {
        name: form.fields[name].prepare_value(value) for name, value in first.items() if value not in (None, False)
    }
    return BASE | options | {"secret_api_key": CANARY} | more
