"""Form fields for times: read on the viewer's clock, which they name in their help text."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import Promise, lazy
from django.utils.translation import gettext as _

from callcenter.formats.isolation import isolated
from callcenter.formats.zones import moment_at, zone_name

FORMAT = "%Y-%m-%dT%H:%M"


def _with_zone(text: str | Promise) -> str:
    named = _("Time zone: %(zone)s.") % {"zone": isolated(zone_name())}
    return f"{text} {named}".strip()


_lazily = lazy(_with_zone, str)


def names_zone(text: str | Promise = "") -> str:
    """Return a help text that is followed by the name of the viewer's zone, as it is when the text is shown."""
    return _lazily(text)


class MomentField(forms.DateTimeField):
    """A date and time of the viewer's clock; becomes a moment in UTC."""

    def __init__(self, *, help_text: str | Promise = "", **options: Any) -> None:
        widget = forms.DateTimeInput({"type": "datetime-local"}, format=FORMAT)
        super().__init__(**{"widget": widget, "help_text": names_zone(help_text), **options})

    def to_python(self, value: Any) -> Any:
        """Return the moment. Raises ValidationError for a time that the clock skips or shows twice."""
        try:
            return super().to_python(value)
        except ValidationError as error:
            if error.code == "ambiguous_timezone":
                return moment_at((error.params or {})["datetime"])
            raise
