"""Events say who acted, as what, from where: a user's request, a command at the server, a task."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

import manage
from callcenter.access.rights import MANAGER
from callcenter.audit import context, often
from callcenter.audit.models import AuditEvent, UndeclaredAction, record
from campaigns import tasks
from tests.conftest import make_contact, make_list

pytestmark = pytest.mark.django_db
PASSWORD = "a-long-password-1"


@pytest.fixture(autouse=True)
def a_new_process() -> None:
    often.forget()


def test_a_request_gives_role_session_address_and_id(client: Client, manager: User) -> None:
    client.force_login(manager)
    client.post(
        reverse("list-new"), {"name": "New"}, headers={"X-Request-ID": "abcdef-123456"}, REMOTE_ADDR="203.0.113.9"
    )
    event = AuditEvent.objects.get(action="list.made")
    key = client.session.session_key
    assert key
    assert (event.actor, event.actor_name, event.role) == (manager, "reza", MANAGER)
    assert (event.address, event.request_id, event.source) == ("203.0.113.9", "abcdef-123456", "")
    assert event.session == context.session_mark(key)
    assert event.session not in key


def test_a_command_gives_its_name_and_the_systems_user(monkeypatch: pytest.MonkeyPatch) -> None:
    context.system_user.cache_clear()
    monkeypatch.setattr(context.getpass, "getuser", lambda: "deploy")
    call_command("sum_up_calls", stdout=io.StringIO())
    context.system_user.cache_clear()
    event = AuditEvent.objects.get(action="command.run")
    assert event.source == "command sum_up_calls (deploy)"
    assert event.detail["outcome"] == "done"
    assert (event.actor, event.address) == (None, "")


def test_djangos_own_commands_are_recorded_before_they_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[int] = []
    monkeypatch.setattr("sys.argv", ["manage.py", "changepassword", "reza"])
    monkeypatch.setattr(
        "django.core.management.execute_from_command_line", lambda argv: ran.append(AuditEvent.objects.count())
    )
    manage.main()
    event = AuditEvent.objects.get()
    assert ran == [1]
    assert event.detail == {"command": "changepassword", "outcome": "begun"}
    assert event.source.startswith("command changepassword (")


def test_a_task_gives_its_name() -> None:
    found = []

    @tasks.recorded
    def look() -> None:
        found.append(record(None, "list.made").source)

    look()
    assert found == ["task look"]


def test_nothing_is_left_behind_for_the_next_request(client: Client, manager: User) -> None:
    client.force_login(manager)
    client.get(reverse("today"))
    assert context.current().request_id == ""


def test_log_in_failure_and_log_out(client: Client, manager: User) -> None:
    login = reverse("login")
    client.post(login, {"username": "reza", "password": "wrong"})
    client.post(login, {"username": "my-password-by-mistake", "password": "wrong"})
    client.post(login, {"username": "reza", "password": PASSWORD})
    client.post(reverse("logout"))
    events = list(AuditEvent.objects.order_by("pk").values_list("action", "actor_id", "object_id", "detail"))
    assert events == [
        ("login.failed", None, str(manager.pk), {"known": True}),
        ("login.failed", None, "", {"known": False}),
        ("login.succeeded", manager.pk, str(manager.pk), {"method": "password"}),
        ("login.ended", manager.pk, str(manager.pk), {}),
    ]
    assert "my-password" not in str(list(AuditEvent.objects.values()))


def test_a_refused_page_names_the_right(client: Client, caller: User) -> None:
    client.force_login(caller)
    for _time in range(3):
        assert client.get(reverse("reports")).status_code == 403
    event = AuditEvent.objects.get()
    assert (event.action, event.actor) == ("access.denied", caller)
    assert event.detail == {"page": "reports", "method": "GET", "right": "see_reports"}


def test_an_undeclared_action_fails_here_and_is_kept_in_production(settings: Any) -> None:
    with pytest.raises(UndeclaredAction, match=r"'no\.such' is not declared"):
        record(None, "no.such")
    with pytest.raises(UndeclaredAction, match="details secret are not declared"):
        record(None, "list.made", None, secret="x")
    settings.AUDIT_IS_STRICT = False
    assert record(None, "no.such", None, secret="x").pk


def test_a_contact_leaves_no_name_in_the_log(client: Client, manager: User) -> None:
    contact = make_contact(name="Maryam Hosseini", phone="+989121234567")
    client.force_login(manager)
    event = record(manager, "person.changed", contact, fields=["name"])
    assert (event.object_type, event.object_id, event.object_name) == ("contact", str(contact.pk), "")


def test_recording_asks_the_role_once_a_request(manager: User, django_assert_num_queries: Any) -> None:
    people = make_list()
    with context.acting(context.Acting()), django_assert_num_queries(3):
        record(manager, "list.made", people)
        record(manager, "list.made", people)


def test_the_session_mark_is_keyed(settings: Any) -> None:
    before = context.session_mark("a" * 32)
    settings.SECRET_KEY = "another"
    assert context.session_mark("a" * 32) != before
