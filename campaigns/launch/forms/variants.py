"""The form of a campaign's variants: up to three, each with its share and what it changes of the message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.translation import gettext_lazy as _

from callcenter.edits.forms import EditsRow
from callcenter.edits.states import Edited
from callcenter.formats.amounts import number
from callcenter.parameters import RowsField
from campaigns.core.message import MAX_TEXT, MAX_VALUE, MAX_VARIABLES, clean
from campaigns.core.variants import KEYS, MOST_NUMBERS, Variant, read, variants_of
from campaigns.launch import variant_words
from campaigns.launch.forms.fields import NumberField
from campaigns.launch.forms.offered import parts_offered, rows_offered
from campaigns.models import Campaign
from campaigns.shares import WHOLE

MAX_LABEL = 40
MAX_NAME = 80


class VariablesField(forms.CharField):
    """Variables as lines of a name, an equals sign and a text."""

    def __init__(self, **options: Any) -> None:
        widget = forms.Textarea({"rows": 3, "dir": "auto"})
        super().__init__(widget=widget, required=False, max_length=MAX_TEXT * 2, **options)

    def prepare_value(self, value: Any) -> Any:
        """Show variables as lines."""
        return "\n".join(f"{name} = {text}" for name, text in value.items()) if isinstance(value, Mapping) else value

    def clean(self, value: Any) -> dict[str, str]:
        """Read the lines into variables."""
        found: dict[str, str] = {}
        for line in filter(str.strip, super().clean(value).splitlines()):
            name, equals, text = line.partition("=")
            name, text = clean(name, MAX_NAME), text.strip()
            if not (equals and name and text):
                raise forms.ValidationError(
                    _("“%(line)s” is no variable: write a name, an equals sign and a text."),
                    params={"line": line.strip()[:60]},
                )
            if len(text) > MAX_VALUE:
                raise forms.ValidationError(_("The text of “%(name)s” is too long."), params={"name": name})
            found[name] = text
        if len(found) > MAX_VARIABLES:
            raise forms.ValidationError(
                _("These are too many variables: %(most)s at most."), params={"most": MAX_VARIABLES}
            )
        return found


@dataclass(frozen=True, slots=True)
class VariantFields:
    """The fields of one variant."""

    key: str
    fields: list[BoundField]
    is_chosen: bool
    """Whether it has a share, typed or stored."""


class VariantsForm(EditsRow, forms.Form):
    """The variants of a campaign; one without a share is none."""

    edited = Edited(["variants"])

    def __init__(self, data: Any, campaign: Campaign) -> None:
        stored = {one.key: one for one in variants_of(campaign)}
        initial = {f"{name}_{key}": value for key, one in stored.items() for name, value in one.to_json().items()}
        super().__init__(data, initial=initial)
        offered = parts_offered(campaign.provider)
        fields: dict[str, Any] = self.fields
        for key in KEYS:
            one = stored.get(key)
            fields[f"label_{key}"] = forms.CharField(
                label=_("Name"), required=False, max_length=MAX_LABEL, widget=forms.TextInput({"dir": "auto"})
            )
            fields[f"share_{key}"] = NumberField(label=_("Share in %"), required=False, min_value=1, max_value=WHOLE)
            for name, label in (("agent", _("Agent")), ("voice", _("Recorded voice"))):
                if name in offered:
                    rows = rows_offered(name, campaign.provider, [getattr(one, name)] if one else [])
                    fields[f"{name}_{key}"] = forms.ModelChoiceField(
                        rows, label=label, required=False, empty_label=_("As in the campaign")
                    )
            if "text" in offered:
                fields[f"text_{key}"] = forms.CharField(
                    label=_("Text"),
                    required=False,
                    max_length=MAX_TEXT,
                    widget=forms.Textarea({"rows": 3, "dir": "auto"}),
                )
            if campaign.provider.backend_class.accepts_variables:
                fields[f"variables_{key}"] = VariablesField(
                    label=_("Variables"), help_text=_("One a line: name = text. Others are as in the campaign.")
                )
            if "caller_id" in offered:
                numbers = rows_offered("caller_id", campaign.provider, one.caller_ids if one else [])
                fields[f"caller_ids_{key}"] = RowsField(
                    numbers, label=_("Caller IDs"), required=False, widget=forms.CheckboxSelectMultiple
                )
        self.begin(data, campaign)

    def variants(self) -> list[VariantFields]:
        """Return the fields by variant."""
        return [
            VariantFields(
                key,
                [self[name] for name in self.fields if name.endswith(f"_{key}")],
                bool(self[f"share_{key}"].value()),
            )
            for key in KEYS
        ]

    def clean(self) -> dict[str, Any]:
        """Put the variants together, and add errors for shares that are not the whole and for variants that are one."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        found = [one for key in KEYS if (one := self._variant(key, cleaned)) is not None]
        if self.errors:
            return cleaned
        whole = sum(one.share for one in found)
        if found and whole != WHOLE:
            self.add_error(
                f"share_{found[-1].key}",
                forms.ValidationError(
                    _("The shares add up to %(sum)s %%: they must add up to 100 %%."), params={"sum": number(whole)}
                ),
            )
        said: dict[str, Variant] = {}
        for one in found:
            same = said.setdefault(repr({**one.to_json(), "key": "", "label": "", "share": 0}), one)
            if same is not one:
                self.add_error(
                    f"label_{one.key}",
                    forms.ValidationError(
                        _("%(one)s and %(other)s do the same: change something in one of them."),
                        params={"one": same.key, "other": one.key},
                    ),
                )
        # The keys follow each other, also where the second of three was emptied.
        kept = [{**one.to_json(), "key": key} for key, one in zip(KEYS, found, strict=False)]
        cleaned["variants"] = kept
        return cleaned

    def _variant(self, key: str, cleaned: Mapping[str, Any]) -> Variant | None:
        given = {name: cleaned.get(f"{name}_{key}") for name in ("label", "agent", "voice", "text", "variables")}
        numbers = list(cleaned.get(f"caller_ids_{key}") or [])
        share = cleaned.get(f"share_{key}")
        if share is None:
            if (any(given.values()) or numbers) and f"share_{key}" not in self.errors:
                self.add_error(f"share_{key}", _("Give its share, or empty the whole variant."))
            return None
        if given["voice"] and given["text"]:
            self.add_error(f"text_{key}", _("A call uses either a recorded voice or a text. Choose one."))
        if len(numbers) > MOST_NUMBERS:
            text = _("These are too many caller IDs: %(most)s at most.")
            self.add_error(f"caller_ids_{key}", forms.ValidationError(text, params={"most": number(MOST_NUMBERS)}))
        return Variant(
            key=key, label=clean(given["label"], MAX_LABEL), share=share,
            agent=given["agent"].pk if given["agent"] else None, voice=given["voice"].pk if given["voice"] else None,
            text=(given["text"] or "").strip(), variables=given["variables"] or {},
            caller_ids=tuple(sorted(one.pk for one in numbers)),
        )  # fmt: skip

    def values(self) -> dict[str, Any]:
        """Return the values of the campaign's columns."""
        return {"variants": self.cleaned_data["variants"]}

    def field_of(self, column: str, key: str | None) -> str:
        """Return the field at which what both changed is shown."""
        return f"label_{KEYS[0]}"

    def label_of(self, column: str, key: str | None) -> Any:
        """Return the label of the variants."""
        return _("Variants")

    def words_of(self, column: str, key: str | None, value: Any) -> str:
        """Return the variants in words."""
        return variant_words.in_words(read(value or []))
