"""API keys: only a hash is stored, and none opens more than its owner, its role and its scopes do now."""

from __future__ import annotations

import datetime
import time
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.utils import timezone

from callcenter.access.own_roles import set_rights
from callcenter.access.rights import CALLER, MANAGER
from callcenter.access.roles import may
from callcenter.api import keys
from callcenter.api.models import ApiKey
from callcenter.audit.models import AuditEvent
from tests.conftest import make_call, make_person
from tests.programs import EVERYTHING, Program

pytestmark = pytest.mark.django_db


def made_by(owner: User, **fields: Any) -> keys.Made:
    values: dict[str, Any] = {
        "name": "web shop", "role": owner.groups.get(), "scopes": ["calls:read"], "a_minute": 60,
        "expires_at": timezone.now() + datetime.timedelta(days=1),
    }  # fmt: skip
    return keys.make_key(owner, **(values | fields))


def test_only_a_hash_of_a_key_is_stored_and_its_making_is_recorded(manager: User) -> None:
    key, secret = made_by(manager)
    assert (len(secret) > 50, secret.startswith(key.prefix)) == (True, True)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {ApiKey._meta.db_table}")
        stored = repr(cursor.fetchall())
    assert secret[len(key.prefix) :] not in stored
    event = AuditEvent.objects.get(action="api_key.made")
    assert (event.actor, event.detail["scopes"]) == (manager, ["calls:read"])
    assert secret[len(key.prefix) :] not in repr(event.__dict__)
    opened = keys.open_key(secret)
    assert opened is not None
    assert (opened.key, opened.person.pk) == (key, manager.pk)
    for other in (secret[:-1], secret + "a", secret.upper(), key.digest, "", "cc_"):
        assert keys.open_key(other) is None


def test_whoever_may_not_make_keys_and_a_role_that_one_does_not_have_are_refused(manager: User, caller: User) -> None:
    with pytest.raises(PermissionDenied):
        made_by(caller)
    with pytest.raises(PermissionDenied):
        made_by(manager, role=Group.objects.get(name=CALLER))


@pytest.mark.parametrize("what", ["ended", "expired", "owner off", "owner gone"])
def test_a_dead_key_opens_nothing(manager: User, what: str) -> None:
    program = Program(manager)
    assert program.get("/calls").status_code == 200
    now = timezone.now()
    if what == "ended":
        assert keys.end_key(program.key.pk, manager)
        assert not keys.end_key(program.key.pk, manager)
        assert AuditEvent.objects.filter(action="api_key.ended", actor=manager).count() == 1
    elif what == "expired":
        ApiKey.objects.update(expires_at=now)
    elif what == "owner off":
        User.objects.filter(pk=manager.pk).update(is_active=False)
    else:
        ApiKey.objects.update(ended_by=manager)
        manager.delete()
    answer = program.get("/calls")
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")


def test_a_right_that_the_owner_loses_is_lost_at_once(manager: User) -> None:
    role = Group.objects.create(name="Watchers")
    set_rights(role, ["see_calls", "see_providers"])
    program = Program(manager, role=role)
    assert [program.get(path).status_code for path in ("/calls", "/providers", "/people")] == [200, 200, 403]
    # The role of the key leaves them, the owner has them no longer.
    manager.groups.clear()
    assert [program.get(path).status_code for path in ("/calls", "/providers")] == [403, 403]
    manager.groups.add(Group.objects.get(name=MANAGER))
    assert program.get("/calls").status_code == 200
    role.delete()
    assert program.get("/calls").status_code == 403


def test_a_scope_limits_superusers_too_and_never_gives_what_the_owner_lacks(caller: User) -> None:
    root = User.objects.create_superuser("root")
    whole = Group.objects.create(name="Whole")
    set_rights(whole, ["see_calls", "see_people", "manage_providers"])
    program = Program(root, role=whole, scopes={"calls:read"})
    assert [program.get(path).status_code for path in ("/calls", "/people")] == [200, 403]
    opened = keys.open_key(program.secret)
    assert opened is not None
    assert (may(opened.person, "see_calls"), may(opened.person, "manage_providers")) == (True, False)
    assert not opened.person.has_perm("auth.add_user")
    # The role is above the owner's own.
    above = Program(caller, role=Group.objects.get(name=MANAGER))
    assert above.post("/exports", {}).status_code == 403


def test_numbers_are_whole_only_for_a_key_that_was_made_for_it(manager: User) -> None:
    make_call(owner=manager, to_number="+989121234567")
    seen = [Program(manager, scopes=scopes).get("/calls").json()["items"][0] for scopes in (EVERYTHING, ["calls:read"])]
    assert [(one["number"], one["is_number_whole"]) for one in seen] == [("+989121234567", True), ("…4567", False)]


def test_requests_above_the_rate_are_told_when_to_come_back(manager: User, monkeypatch: pytest.MonkeyPatch) -> None:
    program, now = Program(manager, a_minute=60), time.time()
    monkeypatch.setattr(time, "time", lambda: now)
    answers = [program.get("/providers") for _ in range(keys.BURST + 1)]
    assert [answer.status_code for answer in answers] == [200] * keys.BURST + [429]
    assert (answers[-1]["Retry-After"], answers[-1]["Content-Type"]) == ("1", "application/problem+json")
    # Another key is not slowed by it, and a second later there is room for one more.
    assert Program(make_person(MANAGER)).get("/providers").status_code == 200
    monkeypatch.setattr(time, "time", lambda: now + 1.01)
    assert [program.get("/providers").status_code for _ in range(2)] == [200, 429]


def test_what_a_key_does_stands_in_the_audit_log_as_the_owners_by_this_key(manager: User) -> None:
    program = Program(manager)
    assert program.post("/lists", {"name": "gold"}).status_code == 201
    event = AuditEvent.objects.get(action="list.made")
    assert (event.actor, event.source) == (manager, f"API key {program.key.prefix} (a program)")
    program.key.refresh_from_db()
    assert program.key.last_used_at is not None
    refused = Program(manager, scopes=["calls:read"])
    assert refused.post("/lists", {"name": "silver"}).status_code == 403
    assert AuditEvent.objects.filter(action="access.denied", actor=manager, detail__right="import_people").exists()
