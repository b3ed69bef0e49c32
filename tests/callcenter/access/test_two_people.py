"""Acts that take two people: never confirmed by who asked, run once, in the transaction of the confirmation."""

from __future__ import annotations

import datetime
import threading
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connections, transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from callcenter.access import two_people, two_people_kinds
from callcenter.access.models import Team, TwoPersonRequest
from callcenter.access.rights import ADMIN, CALLER, MANAGER, RIGHTS
from callcenter.access.two_people_kinds import KINDS, ActKind
from callcenter.audit.models import AuditEvent
from tests.conftest import make_person

State = TwoPersonRequest.State
pytestmark = pytest.mark.django_db
ran: list[tuple[str, Any]] = []


def rename(request: TwoPersonRequest, person: Any) -> str:
    """Do the act of these tests: note that it ran, and change a row."""
    if request.detail.get("fails"):
        raise two_people.CannotBeDone("the thing has changed")
    ran.append((request.thing_id, person.pk))
    Team.objects.filter(pk=int(request.thing_id)).update(name="renamed")
    return "Renamed."


@pytest.fixture(autouse=True)
def of_this_test(monkeypatch: pytest.MonkeyPatch) -> None:
    kind = ActKind(
        key="rename",
        label="Rename",
        happens="It is renamed.",
        may_ask="remove_do_not_call",
        may_confirm="remove_do_not_call",
        runs=f"{__name__}.rename",
    )
    monkeypatch.setitem(two_people_kinds.BY_KEY, "rename", kind)  # type: ignore[arg-type]
    monkeypatch.setattr(two_people, "KINDS", (*KINDS, kind))
    ran.clear()


@pytest.fixture
def team() -> Team:
    return Team.objects.create(name="first")


def test_every_kind_of_the_table_runs_something_and_names_rights_that_exist() -> None:
    codes = {right.code for right in RIGHTS}
    for kind in KINDS:
        assert callable(import_string(kind.runs)), kind.key
        assert {kind.may_ask, kind.may_confirm} <= codes, kind.key


def test_a_second_person_confirms_and_the_act_runs_with_it(manager: User, admin_person: User, team: Team) -> None:
    row = two_people.ask("rename", manager, thing=team, reason="as asked")
    assert two_people.ask("rename", admin_person, thing=team, reason="me too").pk == row.pk
    assert [one.pk for one in two_people.open_to(admin_person)] == [row.pk]
    assert (two_people.count_for(admin_person), two_people.count_for(manager)) == (1, 0)
    assert ran == []
    done = two_people.confirm(row.pk, admin_person)
    row.refresh_from_db()
    assert (row.state, row.decided_by, row.outcome, done.outcome) == (
        State.CONFIRMED, admin_person, "Renamed.", "Renamed."
    )  # fmt: skip
    assert ran == [(str(team.pk), admin_person.pk)]
    actions = list(AuditEvent.objects.filter(action__startswith="two_people").values_list("action", "actor"))
    assert sorted(actions) == [("two_people.asked", manager.pk), ("two_people.confirmed", admin_person.pk)]
    with pytest.raises(two_people.CannotBeDone, match="already"):
        two_people.confirm(row.pk, admin_person)
    assert len(ran) == 1


def test_nobody_confirms_their_own_whatever_roles_they_hold(manager: User, team: Team) -> None:
    manager.groups.add(*make_person(ADMIN).groups.all())
    row = two_people.ask("rename", manager, thing=team, reason="as asked")
    for decide in (lambda: two_people.confirm(row.pk, manager), lambda: two_people.refuse(row.pk, manager, "no")):
        with pytest.raises(PermissionDenied):
            decide()
    with pytest.raises(IntegrityError), transaction.atomic():
        TwoPersonRequest.objects.filter(pk=row.pk).update(state=State.CONFIRMED, decided_by=manager)
    assert ran == []


def test_whoever_lacks_the_right_or_is_switched_off_neither_asks_nor_confirms(
    caller: User, manager: User, admin_person: User, team: Team
) -> None:
    with pytest.raises(PermissionDenied):
        two_people.ask("rename", caller, thing=team, reason="x")
    row = two_people.ask("rename", manager, thing=team, reason="x")
    with pytest.raises(PermissionDenied):
        two_people.confirm(row.pk, caller)
    User.objects.filter(pk=admin_person.pk).update(is_active=False)
    with pytest.raises(PermissionDenied):
        two_people.confirm(row.pk, admin_person)
    assert ran == []
    assert two_people.who_may_confirm([row]) == {row.pk: []}


def test_an_act_that_cannot_be_done_leaves_the_request_open(manager: User, admin_person: User, team: Team) -> None:
    row = two_people.ask("rename", manager, thing=team, reason="x", detail={"fails": True})
    with pytest.raises(two_people.CannotBeDone, match="has changed"):
        two_people.confirm(row.pk, admin_person)
    row.refresh_from_db()
    assert (row.state, row.decided_by) == (State.OPEN, None)


def test_it_lapses_and_can_be_asked_for_again(manager: User, admin_person: User, team: Team, settings: Any) -> None:
    settings.TWO_PERSON_HOURS = 2
    row = two_people.ask("rename", manager, thing=team, reason="x")
    assert row.lapses_at - row.asked_at == datetime.timedelta(hours=2)
    TwoPersonRequest.objects.update(lapses_at=timezone.now())
    with pytest.raises(two_people.CannotBeDone, match="expired"):
        two_people.confirm(row.pk, admin_person)
    assert not two_people.open_to(admin_person).exists()
    again = two_people.ask("rename", manager, thing=team, reason="x")
    row.refresh_from_db()
    assert (row.state, again.state, again.pk != row.pk) == (State.LAPSED, State.OPEN, True)
    assert ran == []


def test_refused_and_withdrawn_requests_run_nothing(manager: User, admin_person: User, team: Team) -> None:
    row = two_people.ask("rename", manager, thing=team, reason="x")
    with pytest.raises(two_people.CannotBeDone, match="reason"):
        two_people.refuse(row.pk, admin_person, " ")
    assert two_people.refuse(row.pk, admin_person, "not so").decision_reason == "not so"
    other = two_people.ask("rename", manager, thing=team, reason="x")
    with pytest.raises(PermissionDenied):
        two_people.withdraw(other.pk, admin_person)
    two_people.withdraw(other.pk, manager)
    with pytest.raises(two_people.CannotBeDone):
        two_people.confirm(other.pk, admin_person)
    assert ran == []


@pytest.mark.django_db(transaction=True)
def test_of_two_who_confirm_at_once_one_runs_it(for_threads: None) -> None:
    asker, first, second = make_person(MANAGER), make_person(ADMIN), make_person(MANAGER)
    row = two_people.ask("rename", asker, thing=Team.objects.create(name="first"), reason="x")
    barrier, said = threading.Barrier(2), []

    def decide(person: User) -> None:
        barrier.wait()
        try:
            said.append(two_people.confirm(row.pk, person).outcome)
        except two_people.CannotBeDone as error:
            said.append(str(error))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=decide, args=[person]) for person in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ran) == 1
    assert sorted(text == "Renamed." for text in said) == [False, True]


def test_callers_see_nothing_that_they_may_not_confirm(manager: User, team: Team) -> None:
    two_people.ask("rename", manager, thing=team, reason="x")
    assert not two_people.open_to(make_person(CALLER)).exists()
