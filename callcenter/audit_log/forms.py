"""The form by which people narrow the audit log."""

from __future__ import annotations

import datetime
from typing import Any, cast

from django import forms
from django.contrib.auth.models import User
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from callcenter.access.roles import Person
from callcenter.audit.actions import GROUP_WORDS
from callcenter.audit_log.search import Asked, seen_people
from campaigns.core.forms.days_and_lengths import DayField

MAX_THING = 100


class _UserField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """Users by their names."""

    def label_from_instance(self, obj: User) -> str:
        """Return the user's name."""
        return obj.get_full_name() or obj.get_username()


class AuditForm(forms.Form):
    """Who, what, which thing, and when."""

    person = _UserField(label=_("User"), queryset=User.objects.none(), required=False, empty_label=_("All"))
    group = forms.ChoiceField(label=_("About"), required=False)
    thing = forms.CharField(
        label=_("Object"),
        required=False,
        max_length=MAX_THING,
        help_text=_("Campaign, contact, call, list, provider or user: its number or part of its name."),
    )
    since = DayField(label=_("From"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    until = DayField(label=_("Until"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))

    def __init__(self, data: Any, viewer: Person) -> None:
        super().__init__(data)
        cast("forms.ModelChoiceField[User]", self.fields["person"]).queryset = seen_people(viewer)
        groups = cast(forms.ChoiceField, self.fields["group"])
        groups.choices = [("", _("All")), *((str(value), label) for value, label in GROUP_WORDS.items())]

    def asked(self) -> Asked:
        """Return what is asked for; what is not valid narrows nothing, and its error is shown."""
        self.full_clean()
        found = self.cleaned_data
        person, until = found.get("person"), found.get("until")
        return Asked(
            person=person.pk if person else None,
            group=found.get("group") or "",
            thing=found.get("thing") or "",
            since=_beginning(found.get("since")),
            until=_beginning(until + datetime.timedelta(days=1)) if until else None,
        )

    def in_words(self) -> dict[str, str]:
        """Return what was asked for, for the log itself."""
        return {name: str(value) for name, value in self.cleaned_data.items() if value}


def _beginning(day: datetime.date | None) -> datetime.datetime | None:
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time())) if day else None
