"""Form of what is kept how long, and of the limits of exports; an empty field is "as the environment says"."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from callcenter.edits.forms import EditsModelRow
from callcenter.edits.states import Edited
from campaigns.core.installation import from_environment
from campaigns.models import InstallationSettings

DAYS = ("keep_conversation_days", "keep_call_days", "keep_log_days")
COLUMNS = (*DAYS, "exports_a_day", "large_export_rows")


class RetentionForm(EditsModelRow):
    """How long each kind of data is kept, and how much may be exported."""

    edited = Edited(COLUMNS)

    class Meta:
        model = InstallationSettings
        fields = COLUMNS

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        given = from_environment()
        for name in COLUMNS:
            self.fields[name].help_text = gettext("Empty: %(value)s (server default).") % {
                "value": getattr(given, name)
            }

    def clean(self) -> dict[str, Any]:
        """Check that a call is kept for as long as its conversation."""
        found: dict[str, Any] = super().clean() or self.cleaned_data
        given = from_environment()
        calls, talks = (
            found.get(name) or getattr(given, name) for name in ("keep_call_days", "keep_conversation_days")
        )
        if calls < talks:
            self.add_error("keep_call_days", _("Calls must be kept at least as long as their transcripts."))
        return found

    def days(self) -> list[tuple[str, int]]:
        """Return the days that would hold, by column."""
        given = from_environment()
        return [(name, self.cleaned_data.get(name) or getattr(given, name)) for name in DAYS]
