"""A browser with tabs, and somebody logged in there."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client

from tests.answers import text_of
from tests.end_to_end.browser import Form, forms_of
from tests.shown import sent

PASSWORD = "correct horse battery"


class Tab:
    """A browser with tabs: its cookies are shared, its pages say where they are, forms carry their own tokens."""

    def __init__(self, person: User) -> None:
        person.set_password(PASSWORD)
        person.save()
        self.person = person
        self.client = Client(enforce_csrf_checks=True)

    def log_in(self, address: str = "/login/", person: User | None = None) -> Any:
        form = self.form(address, "username")
        name = (person or self.person).get_username()
        return self.post(form, address, username=name, password=PASSWORD)

    def get(self, address: str, **headers: str) -> Any:
        return self.client.get(address, headers={"Accept": "text/html", **headers})

    def form(self, address: str, holding: str, to: str = "") -> Form:
        answer = self.get(address)
        assert answer.status_code == 200, answer
        return form_in(answer, holding, to)

    def post(self, form: Form, page: str, headers: dict[str, str] | None = None, **typed: Any) -> Any:
        told = {"Referer": f"http://testserver{page}", "Sec-Fetch-Site": "same-origin"} | (headers or {})
        return self.client.post(form.action or page, sent(form, **typed), headers=told)

    def end_session(self) -> None:
        """End the session on the server, as time or an admin does."""
        Session.objects.all().delete()

    def follow(self, answer: Any) -> Any:
        """Log in where the answer leads, and open what follows."""
        assert answer.status_code == 302
        assert answer.url.startswith("/login/?next=")
        answer = self.log_in(answer.url)
        while answer.status_code == 302:
            answer = self.get(answer.url)
        return answer


def form_in(answer: Any, holding: str, to: str = "") -> Form:
    found = [one for one in forms_of(answer.content.decode()) if one.holds(holding) and one.action.endswith(to)]
    assert found, text_of(answer)
    return found[0]


def field_of(answer: Any, name: str, to: str = "") -> list[str]:
    return [value for known, value in form_in(answer, name, to).fields if known == name]
