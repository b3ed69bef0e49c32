"""The form of a person's own number."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from campaigns.contacts.forms.fields import PhoneField


class OwnNumberForm(forms.Form):
    """A number of the person's own phone."""

    number = PhoneField(label=_("Number of your own phone"))
