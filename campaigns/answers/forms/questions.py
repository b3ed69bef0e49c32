"""The form of a campaign's question."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from callcenter.edits.forms import EditsRow
from callcenter.edits.states import Edited
from campaigns.answers.questions import COLUMNS, QuestionRefusal, whole_question
from campaigns.models import Question
from campaigns.models.answers import MAX_KEY, MAX_PATH, MAX_QUESTION

MOST_LINES = 2_000
"""Characters of a field of lines."""


class LinesField(forms.CharField):
    """Texts, one a line; also parted by commas where there is one line only."""

    def __init__(self, **options: Any) -> None:
        widget = forms.Textarea({"rows": 4, "dir": "auto"})
        super().__init__(required=False, max_length=MOST_LINES, widget=widget, **options)

    def prepare_value(self, value: Any) -> Any:
        """Show a list as lines."""
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        """Return the texts."""
        lines = [line.strip() for line in str(super().clean(value) or "").splitlines() if line.strip()]
        if len(lines) == 1:
            lines = [part.strip() for part in lines[0].replace("،", ",").split(",") if part.strip()]
        return lines


class QuestionForm(EditsRow, forms.Form):
    """A question: new with type and source, or what can be changed of one."""

    edited = Edited(COLUMNS)

    name = forms.CharField(
        label=_("Question"), max_length=MAX_QUESTION, widget=forms.TextInput({"dir": "auto", "autocomplete": "off"})
    )
    kind = forms.ChoiceField(label=_("Type of answer"), choices=Question.Kind.choices)
    source = forms.ChoiceField(
        label=_("Source"),
        choices=Question.Source.choices,
        help_text=_("Users can always enter or correct an answer on the call page."),
    )
    path = forms.CharField(
        label=_("Name used by the agent"),
        required=False,
        max_length=MAX_PATH,
        help_text=_("As shown on the call page under “Agent notes”: category / question, or only the name."),
        widget=forms.TextInput({"dir": "auto", "autocomplete": "off"}),
    )
    words = LinesField(
        label=_("Words that mean yes"),
        help_text=_("One word or phrase per line. If the contact says none of them, the answer is no."),
    )
    options = LinesField(label=_("Possible answers"), help_text=_("One per line. Only for “One of several”."))
    goal = forms.CharField(
        label=_("Goal of the campaign"),
        required=False,
        max_length=MAX_KEY,
        help_text=_(
            "The answer you want, such as yes; for a number, the minimum. Only one question can have the goal."
        ),
        widget=forms.TextInput({"dir": "auto", "autocomplete": "off"}),
    )

    def __init__(self, data: Any, question: Question | None = None, *, initial: dict[str, Any] | None = None) -> None:
        begun = {name: getattr(question, name) for name in COLUMNS} if question is not None else dict(initial or {})
        super().__init__(data, initial=begun)
        self.begin(data, question)
        self._question = question
        if question is not None:
            del self.fields["kind"], self.fields["source"]
            unused = {
                "path": question.source != Question.Source.AGENT,
                "words": question.source != Question.Source.WORDS,
                "options": question.kind != Question.Kind.CHOICE,
                "goal": question.kind in {Question.Kind.TEXT, Question.Kind.DATE},
            }
            for name in [name for name, is_unused in unused.items() if is_unused]:
                del self.fields[name]

    def clean(self) -> dict[str, Any]:
        """Demand a whole question; a goal is stored as its key."""
        cleaned: dict[str, Any] = super().clean() or {}
        if self.errors:
            return cleaned
        stored = self._question
        kept = {"kind": stored.kind, "source": stored.source} if stored is not None else {}
        before = {name: getattr(stored, name) for name in COLUMNS} if stored is not None else {}
        try:
            whole = whole_question({**before, **kept, **cleaned})
        except QuestionRefusal as refusal:
            self.add_error(refusal.field if refusal.field in self.fields else None, str(refusal))
            return cleaned
        return {name: whole[name] for name in (*COLUMNS, "kind", "source") if name in self.fields}

    def words_of(self, column: str, key: str | None, value: Any) -> str | Promise:
        """Return a stored value in words."""
        return ", ".join(map(str, value)) if isinstance(value, list) else super().words_of(column, key, value)
