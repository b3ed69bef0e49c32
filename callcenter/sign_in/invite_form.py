"""The form by which a user is invited: who they are, and what they may do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth.models import User
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.utils.translation import gettext_lazy as _

from callcenter.access.forms import roles_field, team_field
from callcenter.access.own_roles import is_admin
from callcenter.sign_in.people import roles_given_by, teams_given_by

if TYPE_CHECKING:
    NewUser = forms.ModelForm[User]
else:
    NewUser = forms.ModelForm


class InviteForm(NewUser):
    """Makes a user without a password; a manager's callers join the manager's own team."""

    roles = roles_field()
    team = team_field()

    class Meta:
        model = User
        fields = ("username", "first_name", "last_name", "email")

    def __init__(self, *arguments: Any, person: User, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["username"].label = _("User name")
        self.fields["username"].help_text = _("Used to log in: letters, digits and @ . + - _")
        self.fields["username"].validators = [UnicodeUsernameValidator(), *self.fields["username"].validators[1:]]
        self.fields["username"].widget.attrs |= {"dir": "ltr", "autocomplete": "off", "autocapitalize": "none"}
        self.fields["email"].widget.attrs["dir"] = "ltr"
        self.fields["email"].help_text = _("The link is emailed to this address if email is set up.")
        self.fields["roles"].queryset = roles_given_by(person)  # type: ignore[attr-defined]
        self.fields["team"].queryset = teams_given_by(person)  # type: ignore[attr-defined]
        if not is_admin(person):
            self.initial.update(roles=list(roles_given_by(person)), team=teams_given_by(person).first())
            self.fields["team"].required = True

    def clean_username(self) -> str:
        """Refuse a name that differs from another only in capital letters."""
        name: str = self.cleaned_data["username"]
        if User.objects.filter(username__iexact=name).exists():
            raise forms.ValidationError(_("This user name is already taken."), code="taken")
        return name
