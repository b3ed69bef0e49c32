"""The form that saves the log's filters under a name."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from callcenter.access.roles import Person, may
from campaigns.contacts.importing.people_rows import plain_text


class SaveFilterForm(forms.Form):
    """A name for filters, and for whom they are."""

    name = forms.CharField(label=_("Name"), max_length=80)
    is_shared = forms.BooleanField(
        label=_("Shared with everybody"),
        required=False,
        help_text=_("Each person sees through it only the calls that are theirs to see."),
    )

    def __init__(self, *arguments: object, person: Person) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type]
        if not may(person, "share_filters"):
            del self.fields["is_shared"]

    def clean_name(self) -> str:
        """Return the name in one line."""
        return plain_text(self.cleaned_data["name"], 80)
