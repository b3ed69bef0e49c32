"""Changes of the settings of this installation: audited, and holding from their commit on."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from callcenter.audit.models import record
from callcenter.edits.shown import Shown, changes_of
from campaigns.core.stop_all import close_gate
from campaigns.models import InstallationSettings
from campaigns.models.installation import SETTINGS_ID


def change_settings(values: Mapping[str, Any], person: Any, shown: Shown | None = None) -> InstallationSettings:
    """Set columns of the row; None is "as the environment says".

    `shown` is what the page of the values had shown; without it, all values that differ are written. Raises
    BothChanged.
    """
    with transaction.atomic():
        # One change at a time; and no commit point that read the old settings is still open after it.
        close_gate()
        row = InstallationSettings.objects.filter(pk=SETTINGS_ID).first() or InstallationSettings(pk=SETTINGS_ID)
        before = {name: getattr(row, name) for name in values}
        changed = changes_of(row, values, shown)
        if not changed:
            return row
        for name, value in changed.items():
            setattr(row, name, value)
        row.version += 1
        row.changed_at = timezone.now()
        row.changed_by_id = getattr(person, "pk", None)
        row.save()
        detail = {name: {"from": _plain(before[name]), "to": _plain(value)} for name, value in changed.items()}
        record(person, "settings.changed", row, **detail)
    return row


def _plain(value: Any) -> Any:
    """Return a value as JSON; None is "as the environment says"."""
    return f"{value:%H:%M}" if isinstance(value, datetime.time) else value
