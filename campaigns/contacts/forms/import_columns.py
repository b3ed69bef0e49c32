"""Form of an import's columns: what each means, which sheets and rows are read, and the list they go to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BoundField
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from callcenter.formats import placeholders
from callcenter.formats.amounts import number
from callcenter.formats.plain_text import plain_text
from campaigns.contacts.forms.fields import CountryField
from campaigns.contacts.importing.columns import mapping as meanings
from campaigns.contacts.importing.columns.mapping import ColumnMapping, variable_name
from campaigns.contacts.importing.columns.phone_columns import weigh
from campaigns.contacts.importing.columns.reading_words import of_hidden_rows
from campaigns.core.scope import changed_by
from campaigns.models import ContactImport, ContactList
from campaigns.models.contacts import MAX_LIST_NAME

KEPT = "kept"
COLUMN, VARIABLE, ASKED = "column_", "variable_", "asked_"
NONE_OF_THEM = "none"
SHOWN_SAMPLES, MAX_SAMPLE = 5, 60


class Asked:
    """A question which of some columns has a meaning: its field, and each answer with samples of the column."""

    def __init__(self, field: BoundField, answers: list[tuple[Any, list[str], str]]) -> None:
        self.field, self.answers = field, answers


class MappingForm(forms.Form):
    """What each column means, and the list to add the people to."""

    region = CountryField()
    contact_list = forms.ModelChoiceField(
        ContactList.objects.none(), label=_("Add to list"), required=False, empty_label=_("New list")
    )
    list_name = forms.CharField(label=_("Name of the new list"), required=False, max_length=MAX_LIST_NAME)
    update_known = forms.BooleanField(
        label=_("Update existing contacts with this file"),
        required=False,
        help_text=_(
            "Otherwise their name and details stay unchanged. In both cases they are added to the list and tagged."
        ),
    )

    def __init__(self, data: Any, record: ContactImport, samples: Sequence[Sequence[str]]) -> None:
        self.kept = kept = ColumnMapping.from_json(record.mapping)
        name = record.list_name or record.original_name.rsplit(".", 1)[0]
        super().__init__(
            data,
            initial={
                "update_known": kept.update_known,
                "region": record.region,
                "contact_list": record.contact_list_id,
                "list_name": name,
            },
        )
        self.record, self.samples = record, samples
        lists = ContactList.objects.all()
        fields: dict[str, Any] = self.fields
        fields["contact_list"].queryset = lists if record.owner is None else changed_by(record.owner, lists)
        self._add_sheets()
        for meaning, columns in kept.asks.items():
            self._ask(meaning, columns)
        taken = {meanings.NAME, *kept.variables().values()}
        names = kept.variables()
        for column, title in enumerate(record.headers):
            if column not in names:
                names[column] = "" if column in kept.untitled else variable_name(title, taken)
            self._add_column(column, title, kept.columns.get(column, meanings.IGNORED), names[column])

    def _add_sheets(self) -> None:
        kept = self.kept
        if len(kept.found) > 1:
            self.fields["sheets"] = forms.MultipleChoiceField(
                label=_("Sheets to import"),
                choices=[
                    (
                        sheet.name,
                        ngettext("%(name)s: %(rows)s row", "%(name)s: %(rows)s rows", sheet.rows)
                        % {"name": sheet.name, "rows": number(sheet.rows)},
                    )
                    for sheet in kept.found
                ],
                widget=forms.CheckboxSelectMultiple,
                initial=list(kept.sheets),
                error_messages={"required": _("Choose at least one sheet.")},
            )
        if kept.hidden:
            self.fields["hidden_rows"] = forms.ChoiceField(
                label=_("The spreadsheet hides rows: %(rows)s") % {"rows": of_hidden_rows(kept)},
                choices=[
                    (meanings.SKIP, _("Import only visible rows")),
                    (meanings.READ, _("Import hidden rows too")),
                ],
                widget=forms.RadioSelect,
                initial=kept.hidden_rows,
                help_text=_("The spreadsheet has rows hidden by a filter or by hand. Choose whether to import them."),
                error_messages={"required": _("Choose what to do with the hidden rows.")},
            )

    def _ask(self, meaning: str, columns: Sequence[int]) -> None:
        is_phone = meaning == meanings.PHONE
        self.fields[f"{ASKED}{meaning}"] = forms.ChoiceField(
            label=_("Column with the phone number to call") if is_phone else _("Column with the name"),
            choices=[
                *((str(column), self.record.headers[column]) for column in columns),
                (NONE_OF_THEM, _("None of these") if is_phone else _("No column, or the one chosen below")),
            ],
            widget=forms.RadioSelect,
            error_messages={"required": _("Choose one of these columns.")},
        )

    def _add_column(self, column: int, title: str, meaning: str, name: str) -> None:
        self.fields[f"{COLUMN}{column}"] = forms.ChoiceField(
            label=title,
            required=False,
            choices=[
                *meanings.FIELDS.items(),
                (KEPT, gettext("Save as a variable")),
                (meanings.IGNORED, _("Skip column")),
            ],
            initial=KEPT if meaning.startswith(meanings.VARIABLE) else meaning,
        )
        self.fields[f"{VARIABLE}{column}"] = forms.CharField(
            label=gettext("Variable name of %(column)s") % {"column": title},
            required=False,
            max_length=placeholders.MAX_NAME,
            initial=name,
            widget=forms.TextInput({"placeholder": gettext("Variable name"), "autocomplete": "off"}),
        )

    @property
    def columns(self) -> list[tuple[BoundField, BoundField | None, list[str]]]:
        """Each column's field, that of its variable's name if it has one, and the column's first values."""
        names = [f"{VARIABLE}{column}" for column in range(len(self.record.headers))]
        return [
            (self[f"{COLUMN}{column}"], self[name] if name in self.fields else None, self._samples(column)[:3])
            for column, name in enumerate(names)
        ]

    @property
    def questions(self) -> Iterator[Asked]:
        """What has to be asked: which of the columns that compete has a meaning."""
        for meaning in self.kept.asks:
            field = self[f"{ASKED}{meaning}"]
            answers = []
            for choice in field:
                value = str(choice.data["value"])
                column = int(value) if value.isdigit() else None
                samples = self._samples(column)[:SHOWN_SAMPLES] if column is not None else []
                said = self._callable(column) if column is not None and meaning == meanings.PHONE else ""
                answers.append((choice, samples, said))
            yield Asked(field, answers)

    def _samples(self, column: int) -> list[str]:
        return [row[column][:MAX_SAMPLE] for row in self.samples if column < len(row) and row[column].strip()]

    def _callable(self, column: int) -> str:
        cells = [row[column] for row in self.samples if column < len(row)]
        found = weigh(column, cells, self.record.headers[column], self.record.region)
        text = ngettext("%(n)s of %(rows)s row can be called", "%(n)s of %(rows)s rows can be called", found.filled)
        return text % {"n": number(found.callable), "rows": number(found.filled)}

    @property
    def other_fields(self) -> list[BoundField]:
        """The fields that are not columns."""
        names = ("sheets", "hidden_rows", "contact_list", "list_name", "region", "update_known")
        return [self[name] for name in names if name in self.fields]

    @property
    def wants_other_sheets(self) -> bool:
        """Tell whether other sheets are chosen than the columns are those of; the form must be bound."""
        chosen = self.cleaned_data.get("sheets")
        return chosen is not None and set(chosen) != set(self.kept.sheets)

    @property
    def wants_other_country(self) -> bool:
        """Tell whether another country is chosen than the columns were guessed for; the form must be bound."""
        region = self.cleaned_data.get("region")
        return bool(region) and region != self.record.region

    def by_hand(self) -> dict[int, str]:
        """Return the meanings that differ from those that the page showed, by column."""
        found = {}
        for column, meaning in self._chosen().items():
            is_kept = meaning == KEPT
            name = self._variable(column) if is_kept else ""
            is_renamed = is_kept and name != self[f"{VARIABLE}{column}"].initial
            if (meaning != self[f"{COLUMN}{column}"].initial or is_renamed) and (name or not is_kept):
                found[column] = meanings.VARIABLE + name if is_kept else meaning
        return found

    def typed(self) -> dict[str, Any]:
        """Return what stands in the fields beside the columns, where it is valid."""
        names = ("region", "contact_list", "list_name", "update_known", "hidden_rows")
        return {name: self.cleaned_data[name] for name in names if name in self.cleaned_data}

    def clean_list_name(self) -> str:
        """Return the name in one line."""
        return plain_text(self.cleaned_data["list_name"], MAX_LIST_NAME)

    def clean(self) -> dict[str, Any]:
        """Check that exactly one column is the phone number, that names differ, and that a new list has a name."""
        found: dict[str, Any] = super().clean() or self.cleaned_data
        columns = self._chosen()
        phones = [column for column, meaning in columns.items() if meaning == meanings.PHONE]
        if not phones and f"{ASKED}{meanings.PHONE}" not in self.errors:
            raise ValidationError(_("Choose the column with the phone number."), code="phone")
        for column in phones[1:]:
            self.add_error(
                f"{COLUMN}{column}",
                gettext("Only one column can be the phone number. Choose something else for this one."),
            )
        for meaning in meanings.FIELDS:
            same = [column for column, chosen in columns.items() if chosen == meaning]
            if meaning != meanings.PHONE and meaning not in meanings.SEVERAL:
                for column in same[1:]:
                    self.add_error(f"{COLUMN}{column}", gettext("Another column is already used for this."))
        self._check_variables(columns)
        if found.get("contact_list") is None and not self.errors.get("list_name"):
            name = str(found.get("list_name", ""))
            if not name:
                self.add_error("list_name", gettext("Name the new list, or choose an existing one."))
            elif ContactList.objects.filter(name=name).exists():
                self.add_error(
                    "list_name", gettext("A list with this name exists. Choose it above, or enter another name.")
                )
        return found

    def _check_variables(self, columns: dict[int, str]) -> None:
        taken: set[str] = set()
        for column, meaning in columns.items():
            if meaning != KEPT:
                continue
            name = self._variable(column)
            if self._is_as_exported(column, name):
                taken.add(placeholders.key_of(name))
                continue
            if not name:
                text = gettext("Name this column, or skip it.")
            elif placeholders.key_of(name) == meanings.NAME:
                text = gettext(
                    "{name} is reserved for the contact's name. Choose another name, or choose this column "
                    "as the name above."
                )
            elif placeholders.key_of(name) in taken:
                text = gettext("Another column has this name. Choose another name.")
            else:
                taken.add(placeholders.key_of(name))
                continue
            self.add_error(f"{VARIABLE}{column}", text)

    def _variable(self, column: int) -> str:
        written = str(self.cleaned_data.get(f"{VARIABLE}{column}", ""))
        if self._is_as_exported(column, written):
            return written
        typed = written.strip(" {}")
        return variable_name(typed) if any(map(str.isalnum, typed)) else ""

    def _is_as_exported(self, column: int, name: str) -> bool:
        """Tell whether a name is the one that a file of ours has for the column: somebody has such a variable."""
        return self.kept.is_own_export and self.kept.variables().get(column) == name

    def _chosen(self) -> dict[int, str]:
        """Return each column's meaning, `KEPT` for a variable, after the answers to what was asked."""
        columns = {
            column: str(self.cleaned_data.get(f"{COLUMN}{column}", "")) for column in range(len(self.record.headers))
        }
        for meaning in self.kept.asks:
            answer = str(self.cleaned_data.get(f"{ASKED}{meaning}", ""))
            if answer.isdigit():
                columns[int(answer)] = meaning
        return columns

    def mapping(self) -> ColumnMapping:
        """Return the chosen mapping; the form must be valid."""
        columns = {
            column: meanings.VARIABLE + self._variable(column) if meaning == KEPT else meaning
            for column, meaning in self._chosen().items()
        }
        return replace(
            self.kept,
            columns=columns,
            update_known=self.cleaned_data["update_known"],
            hidden_rows=self.cleaned_data.get("hidden_rows", ""),
            asks={},
        )
