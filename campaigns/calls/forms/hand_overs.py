"""The form that gives a hand-over to another person."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.utils.translation import gettext_lazy as _

from callcenter.access.roles import Person
from callcenter.edits.forms import EditsRow
from callcenter.edits.states import Edited
from campaigns.calls.hand_overs import people_to_give_to
from campaigns.models import HandOver


class UserChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A choice of users, by their names; `names` are the choices where they were read already."""

    def __init__(self, *args: Any, names: list[tuple[Any, str]] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if names is not None:
            self.choices = names

    def label_from_instance(self, obj: Any) -> str:
        """Return a user's full name, else the name to log in with."""
        return self.name_of(obj)

    @staticmethod
    def name_of(user: Any) -> str:
        """Return a user's full name, else the name to log in with."""
        return str(user.get_full_name() or user.get_username())


class GiveForm(EditsRow, forms.Form):
    """Who gets a hand-over."""

    edited = Edited(["person"])

    person = UserChoice(get_user_model().objects.none(), label=_("User who takes the call"))

    def __init__(self, data: Any, hand_over: HandOver, giver: Person) -> None:
        super().__init__(data)
        self.begin(data, hand_over)
        fields: dict[str, Any] = self.fields
        offered = people_to_give_to(hand_over.call.team_id, giver)
        fields["person"].queryset = offered.exclude(pk=hand_over.person_id or 0)

    def words_of(self, column: str, key: str | None, value: Any) -> str:
        """Return a user's name as the choice shows it."""
        found = get_user_model().objects.filter(pk=value).first()
        return UserChoice.name_of(found) if found else ""
