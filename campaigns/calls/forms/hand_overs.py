"""The form that gives a hand-over to another person."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from campaigns.calls.hand_overs import people_to_give_to


class UserChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A choice of users, by their names."""

    def label_from_instance(self, obj: Any) -> str:
        """Return a user's full name, else the name to log in with."""
        return str(obj.get_full_name() or obj.get_username())


class GiveForm(forms.Form):
    """Who gets it; `holder` is the id of who has it now."""

    person = UserChoice(people_to_give_to(), label=_("To whom"))

    def __init__(self, *args: Any, holder: int | None, **options: Any) -> None:
        super().__init__(*args, **options)
        fields: dict[str, Any] = self.fields
        fields["person"].queryset = people_to_give_to().exclude(pk=holder or 0)
