"""The builder's fields of hours by weekday, dates without calls, and holidays."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.dates import WEEKDAYS
from django.utils.formats import get_format
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from callcenter.formats.calendars import in_digits
from campaigns.core.forms.closed_days import EXAMPLES, DatesField
from campaigns.core.hours import words
from campaigns.core.hours.dates import read_dates
from campaigns.core.hours.week import LEAST_MINUTES, MOST_SPANS, SpansRefused, Week, read_spans
from campaigns.core.installation import Installation, current
from campaigns.countries import country_name
from campaigns.launch.forms.policy import PolicyForm

AS_SET, NONE, OWN = "as_set", "none", "own"
OF_HOURS = ("weekly_hours", "blackout_dates", "holiday_countries")
"""Columns whose fields are here."""
REFUSED: dict[str, str | Promise] = {
    "unreadable": _("Enter hours such as 9:00-13:00, 16:00-20:00."),
    "short": _("Enter at least 30 minutes, so that everyone can be called."),
    "overlap": _("These hours overlap."),
    "many": _("Enter at most four time ranges per day."),
}
assert (LEAST_MINUTES, MOST_SPANS) == (30, 4)


def day_order() -> list[int]:
    """Return the weekdays (Monday 0) from the first of the reader's week."""
    first = int(get_format("FIRST_DAY_OF_WEEK")) - 1
    return [day % 7 for day in range(first, first + 7)]


class HoursForm(PolicyForm):
    """The part of the campaign form about when: hours by weekday, dates without calls, holidays."""

    has_weekly_hours = forms.BooleanField(
        label=_("Use these hours instead of the ones above"),
        required=False,
    )
    blackout_dates = DatesField(label=_("Dates without calls"), help_text=EXAMPLES)
    holidays_kept = forms.ChoiceField(label=_("Public holidays"), required=False, widget=forms.RadioSelect)
    holiday_countries = forms.MultipleChoiceField(
        label=_("Countries"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def _offer_hours(self) -> None:
        installation, stored = current(), self.instance.holiday_countries
        week = Week.of(self.instance.weekly_hours or {})
        for day in day_order():
            self.fields[f"hours_on_{day}"] = forms.CharField(
                label=WEEKDAYS[day],
                required=False,
                max_length=80,
                initial=in_digits(", ".join(map(str, week.days[day]))),
                widget=forms.TextInput({"dir": "ltr", "autocomplete": "off", "placeholder": "9:00-13:00, 16:00-20:00"}),
            )
        self.initial["has_weekly_hours"] = self.instance.weekly_hours is not None
        self.initial["blackout_dates"] = DatesField.text_of(self.instance.blackout_dates)
        offered = sorted(
            ((code, country_name(code)) for code in installation.holiday_countries | set(stored or ())),
            key=lambda pair: pair[1],
        )
        fields: dict[str, Any] = self.fields
        fields["holiday_countries"].choices = offered
        fields["holidays_kept"].choices = self._kept_choices(installation, has_countries=bool(offered))
        self.initial["holiday_countries"] = stored or []
        self.initial["holidays_kept"] = AS_SET if stored is None else OWN if stored else NONE

    @staticmethod
    def _kept_choices(installation: Installation, *, has_countries: bool) -> list[tuple[str, str]]:
        as_set = gettext("Same as for all campaigns: calls on holidays")
        if installation.campaigns_keep_holidays and installation.holiday_countries:
            names = gettext(", ").join(sorted(map(country_name, installation.holiday_countries)))
            as_set = gettext("Same as for all campaigns: no calls on holidays in %(countries)s") % {"countries": names}
        found = [(AS_SET, as_set), (NONE, gettext("Calls on holidays"))]
        return [*found, (OWN, gettext("No calls on holidays of the countries ticked"))] if has_countries else found

    # What is typed

    def check_hours(self, cleaned: dict[str, Any]) -> None:
        """Add errors for hours of a weekday that cannot be read or kept, and for choices without their part."""
        days: dict[str, list[str]] = {}
        for day in range(7):
            try:
                spans = read_spans(cleaned.get(f"hours_on_{day}") or "")
            except SpansRefused as refused:
                self.add_error(f"hours_on_{day}", str(REFUSED[refused.code]))
            else:
                days |= {str(day): list(map(str, spans))} if spans else {}
        is_read = not any(f"hours_on_{day}" in self.errors for day in range(7))
        if cleaned.get("has_weekly_hours") and is_read and not days:
            self.add_error("has_weekly_hours", _("Enter the hours of at least one weekday."))
        cleaned["weekly_hours"] = days if cleaned.get("has_weekly_hours") else None
        if cleaned.get("holidays_kept") == OWN and not cleaned.get("holiday_countries"):
            self.add_error("holiday_countries", _("Tick a country, or choose calls on holidays."))

    def hours_values(self, cleaned: dict[str, Any]) -> dict[str, Any]:
        """Return the columns of a campaign that hold what is chosen."""
        kept = cleaned.get("holidays_kept") or AS_SET
        return {
            "weekly_hours": cleaned.get("weekly_hours"),
            "blackout_dates": cleaned.get("blackout_dates") or [],
            "holiday_countries": {AS_SET: None, NONE: []}.get(kept, sorted(cleaned.get("holiday_countries") or [])),
        }

    @property
    def weekday_fields(self) -> list[Any]:
        """The fields of the weekdays, in the order of the reader's week."""
        return [self[f"hours_on_{day}"] for day in day_order()]

    @property
    def has_own_week(self) -> bool:
        """Whether the hours by weekday are used, or in error, so that they must be seen."""
        return bool(self["has_weekly_hours"].value()) or any(name.startswith("hours_on_") for name in self.errors)

    # Words

    @staticmethod
    def hours_field_of(column: str) -> str:
        """Return the field at which one of these columns is shown."""
        return {"weekly_hours": "has_weekly_hours", "holiday_countries": "holidays_kept"}.get(column, column)

    @staticmethod
    def hours_words(column: str, value: Any) -> str:
        """Return a stored value of one of these columns in words."""
        if column == "weekly_hours":
            return words.week_in_words(Week.of(value)) if value else ""
        if column == "blackout_dates":
            return words.dates_in_words(read_dates(value or ()))
        return words.countries_in_words(value)
