"""What the browser sends from the builder of campaigns."""

from __future__ import annotations

import uuid
from typing import Any

from providers.models import Provider


def typed(provider: Provider, **fields: Any) -> dict[str, Any]:
    """Return what the builder's form sends."""
    values: dict[str, Any] = {
        "name": "Spring reminder",
        "provider": provider.pk,
        "hours_start": "09:00",
        "hours_end": "20:00",
        "days": ["0", "1", "2", "3", "4", "5", "6"],
        "max_attempts": "3",
        "quiet_hours": "24",
        "retry_busy": "10, 30",
        "retry_no_answer": "60",
        "then": "check",
        "form_token": str(uuid.uuid4()),
    }
    return values | fields
