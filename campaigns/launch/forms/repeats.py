"""The form of when a campaign repeats: days, a time, and the column with the date that a run is about."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.dates import WEEKDAYS
from django.utils.formats import get_format
from django.utils.translation import gettext_lazy as _

from callcenter.edits.forms import EditsRow
from callcenter.edits.states import Edited
from callcenter.formats.moment_fields import names_zone
from campaigns.launch.forms.fields import NumberField
from campaigns.launch.forms.start import ClockField
from campaigns.models import CampaignRepeat
from campaigns.models.repeats import MAX_COLUMN

BEFORE, AFTER = "before", "after"
MOST_DAYS = 365


class RepeatForm(EditsRow, forms.Form):
    """When a campaign repeats."""

    edited = Edited(["days", "local_time", "column", "days_before"], together=[["column", "days_before"]])

    days = forms.TypedMultipleChoiceField(
        label=_("Days"),
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose a day.")},
    )
    local_time = ClockField(
        label=_("Time"), widget=forms.TimeInput({"type": "time"}, format="%H:%M"), help_text=names_zone()
    )
    column = forms.CharField(
        label=_("Date column"),
        required=False,
        max_length=MAX_COLUMN,
        help_text=_("A column of your lists, such as appointment. Empty: each run calls all contacts."),
    )
    days_apart = NumberField(
        label=_("Number of days"),
        required=False,
        min_value=0,
        max_value=MOST_DAYS,
        help_text=_("0: on the day itself."),
    )
    side = forms.ChoiceField(
        label=_("Before or after"),
        required=False,
        choices=((BEFORE, _("before the date")), (AFTER, _("after the date"))),
    )

    def __init__(self, data: Any, repeat: CampaignRepeat | None) -> None:
        first: dict[str, Any] = {"days_apart": 1, "side": BEFORE}
        if repeat is not None:
            first = {
                "days": repeat.days,
                "local_time": repeat.local_time,
                "column": repeat.column,
                "days_apart": abs(repeat.days_before),
                "side": AFTER if repeat.days_before < 0 else BEFORE,
            }
        super().__init__(data, initial=first)
        fields: dict[str, Any] = self.fields
        first_day = int(get_format("FIRST_DAY_OF_WEEK")) - 1
        fields["days"].choices = [(day % 7, WEEKDAYS[day % 7]) for day in range(first_day, first_day + 7)]
        self.begin(data, repeat)

    def clean(self) -> dict[str, Any]:
        """Put the number of days and its side together; demand the number where a column is given."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        apart = cleaned.get("days_apart")
        if cleaned.get("column") and apart is None and "days_apart" not in self.errors:
            self.add_error("days_apart", _("Enter a number of days, or 0."))
        cleaned["days_before"] = -(apart or 0) if cleaned.get("side") == AFTER else (apart or 0)
        return cleaned

    def field_of(self, column: str, key: str | None) -> str:
        """Return the field at which a part is shown."""
        return "days_apart" if column == "days_before" else column

    def words_of(self, column: str, key: str | None, value: Any) -> Any:
        """Return a part in words; days by their names."""
        if column == "days":
            return ", ".join(str(WEEKDAYS[day]) for day in value or ())
        return super().words_of(column, key, value)

    def values(self) -> dict[str, Any]:
        """Return the values of the row's columns."""
        cleaned = self.cleaned_data
        return {
            "days": sorted(cleaned["days"]),
            "local_time": cleaned["local_time"],
            "column": cleaned["column"].strip(),
            "days_before": cleaned["days_before"],
        }
