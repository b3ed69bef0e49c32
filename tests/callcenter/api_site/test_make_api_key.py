"""The command that makes an API key."""

from __future__ import annotations

import io

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from callcenter.api.models import ApiKey
from callcenter.audit.models import AuditEvent
from tests.programs import Program

pytestmark = pytest.mark.django_db


def test_it_prints_a_key_that_works_and_is_recorded(manager: User) -> None:
    output, program = io.StringIO(), Program()
    call_command("make_api_key", manager.username, "--scope", "calls:read", stdout=output)
    program.secret = output.getvalue().strip()
    assert [program.get(path).status_code for path in ("/calls", "/people")] == [200, 403]
    event = AuditEvent.objects.get(action="api_key.made")
    assert (event.actor, event.source.startswith("command make_api_key")) == (manager, True)


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (["--days", "400"], "--days"),
        (["--a-minute", "0"], "--a-minute"),
        (["--role", "Admins"], "no such role"),
    ],
)
def test_it_refuses_what_the_page_refuses(manager: User, more: list[str], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        call_command("make_api_key", manager.username, "--scope", "calls:read", *more)
    assert not ApiKey.objects.exists()


def test_it_makes_none_for_who_may_have_none(caller: User) -> None:
    for name, sentence in ((caller.username, "may not have"), ("nobody", "no user of this name")):
        with pytest.raises(CommandError, match=sentence):
            call_command("make_api_key", name, "--scope", "calls:read")
