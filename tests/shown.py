"""What a browser would send of a page's forms, with what the page had shown."""

from __future__ import annotations

from typing import Any

from django.test import Client

from tests.end_to_end.browser import Form, forms_of

SHOWN = "shown"


def edit_form_at(client: Client, address: str) -> Form:
    """Return the one form of this page that edits a row."""
    (found,) = [form for form in forms_of(client.get(address).content.decode()) if form.holds(SHOWN)]
    return found


def shown_at(client: Client, address: str) -> dict[str, str]:
    """Return the hidden input of the one form on this page that edits a row."""
    (value,) = [value for name, value in edit_form_at(client, address).fields if name == SHOWN]
    return {SHOWN: value}


def shown_to(client: Client, page: str, address: str) -> dict[str, str]:
    """Return the hidden input of the form on a page that goes to this address."""
    forms = forms_of(client.get(page).content.decode())
    (value,) = [value for form in forms if form.action == address for name, value in form.fields if name == SHOWN]
    return {SHOWN: value}


def sent(form: Form, **changes: Any) -> dict[str, list[str]]:
    """Return what the browser sends of a form, with these values in place of what it shows."""
    found: dict[str, list[str]] = {}
    for name, value in form.fields:
        found.setdefault(name, []).append(value)
    for name, value in changes.items():
        found[name] = [str(one) for one in (value if isinstance(value, list) else [value])]
    return found
