"""Forms of a do-not-call file and of what a user says of a whole file: columns, questions, confirmation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.contacts.forms.do_not_call import OptOutForm
from campaigns.contacts.forms.import_columns import COLUMN, VARIABLE, MappingForm
from campaigns.contacts.importing.cells.dates import DayMonth
from campaigns.contacts.importing.cells.wish_words import Wish
from campaigns.contacts.importing.columns import mapping as meanings
from campaigns.contacts.importing.columns.mapping import ColumnMapping
from campaigns.contacts.importing.rows.findings import DOUBTFUL_WISHES, UNCLEAR_DATES
from campaigns.contacts.importing.rows.opt_outs import FIELDS, REASON, UNTIL
from campaigns.models import ContactImport, DoNotCall

VALUE = "value_"


class OptOutMappingForm(MappingForm):
    """What each column of a do-not-call file means; several columns may hold phone numbers."""

    def __init__(self, data: Any, record: ContactImport, samples: Sequence[Sequence[str]]) -> None:
        super().__init__(data, record, samples)
        for name in ("contact_list", "list_name", "update_known"):
            del self.fields[name]
        for column in range(len(record.headers)):
            del self.fields[f"{VARIABLE}{column}"]
            field: Any = self.fields[f"{COLUMN}{column}"]
            field.choices = [*FIELDS.items(), (meanings.IGNORED, _("Skip column"))]

    def clean(self) -> dict[str, Any]:
        """Check that some column holds phone numbers, and that reason and last day are one column each."""
        chosen = self._chosen()
        if meanings.PHONE not in chosen.values():
            raise ValidationError(_("Choose the columns with phone numbers."), code="phone")
        for meaning in (REASON, UNTIL):
            for column in [column for column, other in chosen.items() if other == meaning][1:]:
                self.add_error(f"{COLUMN}{column}", gettext("Another column is already used for this."))
        return self.cleaned_data

    def mapping(self) -> ColumnMapping:
        """Return the chosen mapping; the form must be valid."""
        hidden_rows = self.cleaned_data.get("hidden_rows", "")
        return replace(self.kept, columns=self._chosen(), hidden_rows=hidden_rows, asks={})


class OptOutSaveForm(OptOutForm):
    """Confirmation before numbers are put on the do-not-call list: why, who asked for it, until when."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["source"].initial = DoNotCall.Source.IMPORT
        self.fields["reason"].help_text = _("For rows without their own reason.")
        self.fields["until"].help_text = _("For rows without their own last day. Empty: permanently.")


class AnswersForm(forms.Form):
    """What the rows of a file leave open: the order of day and month, and values that say neither yes nor no."""

    dates = forms.ChoiceField(
        label=_("Dates such as 03/04/2025"),
        required=False,
        widget=forms.RadioSelect,
        choices=[
            (DayMonth.DAY_FIRST.value, _("day first: 3 April")),
            (DayMonth.MONTH_FIRST.value, _("month first: March 4")),
        ],
    )

    def __init__(self, data: Any, record: ContactImport) -> None:
        super().__init__(data)
        if not record.counts.get(UNCLEAR_DATES):
            del self.fields["dates"]
        self.keys: list[str] = []
        for number, found in enumerate(record.samples.get(DOUBTFUL_WISHES, [])):
            self.keys.append(found["key"])
            self.fields[f"{VALUE}{number}"] = forms.ChoiceField(
                label=gettext("“%(value)s” (rows: %(count)s)") % {"value": found["value"], "count": found["count"]},
                required=False,
                choices=[
                    ("", _("Unknown: put these rows on hold")),
                    (Wish.YES.value, _("Do not call")),
                    (Wish.NO.value, _("Can be called")),
                ],
            )

    @property
    def has_questions(self) -> bool:
        """Tell whether the file leaves anything open."""
        return bool(self.fields)

    def answers(self) -> dict[str, Any]:
        """Return the answers as `upload.answer` takes them; the form must be valid."""
        dates = self.cleaned_data.get("dates")
        wishes = {key: self.cleaned_data[f"{VALUE}{number}"] for number, key in enumerate(self.keys)}
        return {"dates": DayMonth(dates) if dates else None, "wishes": wishes}
