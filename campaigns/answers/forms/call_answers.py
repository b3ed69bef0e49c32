"""The form of one answer on a call's page."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from callcenter.edits.forms import EditsRow
from callcenter.edits.states import Edited
from campaigns.answers.entering import entered_state
from campaigns.models import Call, Question
from campaigns.models.answers import MAX_RAW

YES_OR_NO = (("", "–"), ("yes", pgettext_lazy("answer", "Yes")), ("no", pgettext_lazy("answer", "No")))


class AnswerForm(EditsRow, forms.Form):
    """What a user says that a call answered to one question; empty: what was read holds."""

    edited = Edited(["value"])

    value = forms.CharField(label=_("Answer"), required=False, max_length=MAX_RAW)

    def __init__(self, data: Any, call: Call, question: Question) -> None:
        state = entered_state(call, question)
        # Ids of its own: a page shows the forms of several questions.
        super().__init__(data, initial=state, auto_id=f"answer-{question.pk}-%s")
        self.question = question
        self.begin(data, None, about=f"answer:{call.pk}:{question.pk}", state=state)
        choices: list[tuple[str, Any]] = []
        if question.kind == Question.Kind.YES_NO:
            choices = list(YES_OR_NO)
        elif question.kind == Question.Kind.CHOICE:
            choices = [("", "–"), *((option, option) for option in question.options)]
        known = {value for value, _words in choices}
        attrs = {"dir": "auto", "autocomplete": "off"}
        if choices and state["value"] in known:
            self.fields["value"].widget = forms.Select(choices=choices)
        else:
            self.fields["value"].widget = forms.TextInput(attrs)
        self.fields["value"].label = question.name
