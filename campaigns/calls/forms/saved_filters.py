"""Form that saves the filters of the call log."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from callcenter.access.roles import Person, may
from campaigns.contacts.importing.people_rows import plain_text


class SaveFilterForm(forms.Form):
    """The name of a saved filter, and whether it is shared."""

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
        """Return the name as one line."""
        return plain_text(self.cleaned_data["name"], 80)
