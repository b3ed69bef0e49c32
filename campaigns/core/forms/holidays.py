"""Form of the holidays of this installation: whose calendars are kept, and by what calls."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from callcenter.edits.forms import EditsModelRow
from callcenter.edits.states import Edited
from campaigns.core.forms.closed_days import EXAMPLES, OwnDaysField
from campaigns.core.hours.holiday_calendars import countries_by_name
from campaigns.core.installation import from_environment
from campaigns.countries import country_name
from campaigns.models import InstallationSettings

COLUMNS = (
    "holiday_countries", "campaigns_keep_holidays", "single_calls_keep_holidays", "own_holidays", "working_days",
)  # fmt: skip
DAYS = ("own_holidays", "working_days")


class HolidaysForm(EditsModelRow):
    """The countries whose public holidays are kept, days added and taken away, and which calls keep them."""

    edited = Edited(COLUMNS)

    holiday_countries = forms.MultipleChoiceField(
        label=_("Observe public holidays of"),
        choices=countries_by_name,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    campaigns_keep_holidays = forms.BooleanField(
        label=_("No campaign calls on holidays"),
        required=False,
        help_text=_("Each campaign can override this."),
    )
    single_calls_keep_holidays = forms.BooleanField(label=_("No single calls or callbacks on holidays"), required=False)
    own_holidays = OwnDaysField(
        label=_("Other days without calls"),
        help_text=_(
            "One day per line: date, country (two letters; leave out for all countries) and name, such as "
            "2026-12-24 DE Company party."
        ),
    )
    working_days = OwnDaysField(
        label=_("Holidays with calls"),
        help_text=_("Calendar holidays that do not apply to you, in the same format."),
    )

    class Meta:
        model = InstallationSettings
        fields = COLUMNS

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        for name in COLUMNS:
            stored = getattr(self.instance, name)
            shown = getattr(from_environment(), name) if stored is None else stored
            self.initial[name] = OwnDaysField.text_of(shown) if name in DAYS else shown
        self.fields["own_holidays"].widget.attrs["title"] = str(EXAMPLES)

    def words_of(self, column: str, key: str | None, value: Any) -> str | Promise:
        """Return a stored value in words: countries by their names, days as they are typed."""
        if column in DAYS:
            return OwnDaysField.text_of(value or ()).replace("\n", "; ")
        if column == "holiday_countries":
            return gettext(", ").join(sorted(map(country_name, value or ())))
        return super().words_of(column, key, value)

    def clean(self) -> dict[str, Any]:
        """Leave unsaid what was never said and is as it would be."""
        found: dict[str, Any] = super().clean() or self.cleaned_data
        given = from_environment()
        for name in COLUMNS:
            if name not in found:
                continue
            if name == "holiday_countries":
                found[name] = sorted(found[name])
            usual = getattr(given, name)
            is_usual = found[name] == usual if isinstance(usual, bool) else not found[name]
            if is_usual and getattr(self.instance, name) is None:
                found[name] = None
        return found
