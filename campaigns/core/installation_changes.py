"""Changes of the settings of this installation: audited, and holding from their commit on."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from callcenter.audit.models import record
from campaigns.core.refusals import Refusal
from campaigns.core.stop_all import close_gate
from campaigns.models import InstallationSettings
from campaigns.models.installation import SETTINGS_ID

CHANGED = _("Somebody changed these settings since you opened them. Open the page again, then make your changes.")


def change_settings(changes: Mapping[str, Any], *, seen_version: int, person: Any) -> InstallationSettings:
    """Set columns of the row; None is "as the environment says".

    `seen_version` is the version that the person saw. Raises Refusal if somebody changed the settings since.
    """
    with transaction.atomic():
        # One change at a time; and no commit point that read the old settings is still open after it.
        close_gate()
        row = InstallationSettings.objects.filter(pk=SETTINGS_ID).first() or InstallationSettings(pk=SETTINGS_ID)
        if row.version != seen_version:
            raise Refusal(str(CHANGED))
        before = {name: getattr(row, name) for name in changes}
        changed = {name: value for name, value in changes.items() if value != before[name]}
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
