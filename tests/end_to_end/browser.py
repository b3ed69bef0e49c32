"""Somebody at the screens, without a real browser: reads the forms of a page and sends them as its buttons would."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import requests


@dataclass(slots=True)
class Form:
    """One form of a page: where it goes, what stands in it, and what may be chosen, by the words beside it."""

    action: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    choices: dict[tuple[str, str], str] = field(default_factory=dict)
    """(field name, words) to value."""

    def holds(self, name: str) -> bool:
        """Tell whether the form has a field of this name."""
        return any(name == known for known, _value in self.fields) or any(name == known for known, _ in self.choices)

    def filled(self, changes: dict[str, Any]) -> list[tuple[str, str]]:
        """Return what is sent: what stands in the form, with these values or chosen words instead."""
        for name in changes:
            assert self.holds(name), f"no field {name} in {self.action}: {[known for known, _value in self.fields]}"
        kept = [(name, value) for name, value in self.fields if name not in changes]
        for name, wanted in changes.items():
            for words in wanted if isinstance(wanted, list) else [wanted]:
                kept.append((name, self.choices.get((name, str(words)), str(words))))
        return kept


class _Reader(HTMLParser):
    """Finds the forms of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._form: Form | None = None
        self._select, self._textarea = "", ""
        self._option: tuple[str, bool] | None = None
        self._box: tuple[str, str] | None = None
        self._words = ""
        self._is_chosen = True

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name = given.get("name", "")
        if tag == "form":
            self._form = Form(given.get("action", ""))
            self.forms.append(self._form)
        elif self._form is None:
            return
        elif tag == "input" and name:
            self._read_input(self._form, name, given)
        elif tag == "select":
            self._select, self._is_chosen = name, "multiple" in given
        elif tag == "option":
            self._end_option()
            self._option, self._words = (given.get("value", ""), "selected" in given), ""
        elif tag == "textarea":
            self._textarea, self._words = name, ""

    def _read_input(self, form: Form, name: str, given: dict[str, str]) -> None:
        kind, value = given.get("type", "text"), given.get("value", "")
        if kind in {"checkbox", "radio"}:
            value = value or "on"
            self._box, self._words = (name, value), ""
            form.choices[name, value] = value
            if "checked" in given:
                form.fields.append((name, value))
        elif kind == "file":
            form.choices[name, ""] = ""
        elif kind not in {"submit", "button"}:
            form.fields.append((name, value))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag in {"option", "select"}:
            self._end_option()
            if tag == "select":
                self._select = ""
        elif tag == "textarea" and self._form is not None:
            self._form.fields.append((self._textarea, self._words.removeprefix("\n")))
            self._textarea = ""
        elif tag == "label" and self._box and self._form is not None:
            self._form.choices[self._box[0], " ".join(self._words.split())] = self._box[1]
            self._box = None

    def _end_option(self) -> None:
        if self._option is None or self._form is None:
            return
        value, is_selected = self._option
        self._form.choices[self._select, " ".join(self._words.split())] = value
        first_of_its_select = not self._is_chosen and not any(name == self._select for name, _ in self._form.fields)
        if is_selected or first_of_its_select:
            # The first option stands in a list until another one turns out to be selected.
            self._form.fields = [pair for pair in self._form.fields if pair[0] != self._select or self._is_chosen]
            self._form.fields.append((self._select, value))
        self._option = None

    def handle_data(self, data: str) -> None:
        self._words += data


def forms_of(page: str) -> list[Form]:
    """Return the forms of a page, in its order."""
    reader = _Reader()
    reader.feed(page)
    return reader.forms


class Browser:
    """Follows redirects, sends forms with their token, keeps the page that is open."""

    def __init__(self, origin: str) -> None:
        self._session = requests.Session()
        self._session.trust_env = False
        self.origin = origin
        self.page: requests.Response

    def open(self, path: str) -> str:
        """Open a page and return its text; anything but a page fails the test."""
        return self._show(self._session.get(self._address(path), timeout=60))

    def form(self, holding: str = "", *, to: str = "") -> Form:
        """Return the first form of the open page that has this field and leads there."""
        reader = _Reader()
        reader.feed(self.page.text)
        for form in reader.forms:
            if (not holding or form.holds(holding)) and form.action.endswith(to):
                return form
        raise AssertionError(f"no form with {holding!r} to {to!r} on {self.page.url}: {self.page.text[-3000:]}")

    def send(self, form: Form, files: Any = None, press: tuple[str, str] | None = None, **changes: Any) -> str:
        """Send a form with these changes, pressing a button that has a name where one is given."""
        pairs = form.filled(changes) + ([press] if press else [])
        address = self._address(form.action or self.page.url)
        return self._show(
            self._session.post(address, data=pairs, files=files, headers={"Referer": self.page.url}, timeout=120)
        )

    def _address(self, path: str) -> str:
        return path if path.startswith("http") else self.origin + path

    def _show(self, page: requests.Response) -> str:
        assert page.status_code == 200, f"{page.request.method} {page.url}: {page.status_code} {page.text[-3000:]}"
        self.page = page
        return page.text
