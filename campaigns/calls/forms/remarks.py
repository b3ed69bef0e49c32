"""Forms of users' remarks on a call."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from callcenter.edits.forms import EditsRow
from callcenter.edits.states import Edited
from campaigns.calls.remarks import review_state
from campaigns.contacts.tags import read_tags
from campaigns.models import Call
from campaigns.models.remarks import MAX_CALL_NOTE, MAX_COMMENT

SCORES = (
    (5, _("5 - very good")),
    (4, _("4 - good")),
    (3, _("3 - acceptable")),
    (2, _("2 - poor")),
    (1, _("1 - unacceptable")),
)


class CallNoteForm(forms.Form):
    """A note on a call."""

    text = forms.CharField(
        label=_("Note"), max_length=MAX_CALL_NOTE, widget=forms.Textarea({"rows": 2, "dir": "auto"}), strip=True
    )


class TagForm(forms.Form):
    """Tags, separated by commas."""

    tags = forms.CharField(
        label=_("Tags"),
        max_length=300,
        help_text=_("Tags, separated by commas; those in use are suggested."),
        widget=forms.TextInput({"list": "tags", "autocomplete": "off", "dir": "auto"}),
    )

    def clean_tags(self) -> list[str]:
        """Return the tags, each once."""
        return read_tags(self.cleaned_data["tags"])


class ReviewForm(EditsRow, forms.Form):
    """A score and a comment."""

    edited = Edited(["score", "comment"], together=[("score", "comment")])

    score = forms.TypedChoiceField(label=_("Score"), choices=SCORES, coerce=int, widget=forms.RadioSelect)
    comment = forms.CharField(
        label=_("Comment"), required=False, max_length=MAX_COMMENT, widget=forms.Textarea({"rows": 2, "dir": "auto"})
    )

    def __init__(self, data: Any, call: Call) -> None:
        state = review_state(call)
        super().__init__(data, initial=state)
        self.begin(data, None, about=f"review:{call.pk}", state=state)
