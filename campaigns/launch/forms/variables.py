"""The rows of the campaign builder for variables that the agent receives: a name and a text each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.translation import gettext_lazy as _

from callcenter.edits.forms import EditsModelRow
from campaigns.core.message import MAX_VARIABLES, clean
from providers.models import Agent, Provider

SPARE_ROWS = 2


@dataclass(frozen=True, slots=True)
class VariableRow:
    """One variable of the message: its name and its text."""

    name: BoundField
    text: BoundField
    is_expected: bool


class VariablesForm(EditsModelRow):
    """The part of the builder that depends on the variables of the chosen agent."""

    _variable_rows: list[VariableRow]

    def _add_variable_rows(self, provider: Provider | None, agent: Agent | None) -> list[VariableRow]:
        if provider is None or not provider.backend_class.accepts_variables:
            return []
        fields: dict[str, Any] = self.fields
        expected = [clean(name, 80) for name in agent.variables] if agent else []
        stored: Mapping[str, Any] = self.instance.variables
        typed = self._typed_variables()
        data: Any = self.data
        known = dict.fromkeys(expected, "") | (typed if typed is not None else dict(stored))
        rows = []
        pairs = [*known.items(), *[("", "")] * SPARE_ROWS]
        for position, (name, text) in enumerate(pairs[:MAX_VARIABLES]):
            key = f"variable_{position}"
            fields[f"{key}_name"] = forms.CharField(label=_("Name"), required=False, max_length=80, initial=name)
            fields[f"{key}_text"] = forms.CharField(label=_("Text"), required=False, max_length=500, initial=text)
            fields[f"{key}_name"].widget.attrs["dir"] = "auto"
            if typed is not None:
                # The order of the rows changes with the agent, so each row shows its own pair, not the posted position.
                data[self.add_prefix(f"{key}_name")] = name
                data[self.add_prefix(f"{key}_text")] = text
            rows.append(VariableRow(self[f"{key}_name"], self[f"{key}_text"], bool(name) and name in expected))
        return rows

    def _typed_variables(self) -> dict[str, str] | None:
        """Return the posted texts by name, without rows that have no name; None if the form is unbound."""
        if not self.is_bound:
            return None
        posted: Any = self.data
        self.data = posted.copy()
        names = [(n, clean(self.data.get(self.add_prefix(f"variable_{n}_name")), 80)) for n in range(MAX_VARIABLES)]
        return {
            name: str(self.data.get(self.add_prefix(f"variable_{n}_text"), "")).strip() for n, name in names if name
        }

    @property
    def variable_rows(self) -> list[VariableRow]:
        """The rows of the variables, those the agent expects first."""
        return self._variable_rows

    @property
    def variables(self) -> dict[str, str]:
        """The variables of the form; those without a text are filled from the contact's own columns."""
        if not self.variable_rows:
            return {}
        pairs = {clean(row.name.value(), 80): str(row.text.value() or "").strip() for row in self.variable_rows}
        return {name: text for name, text in pairs.items() if name and text}
