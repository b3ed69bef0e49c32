"""Every operation of the API, asked with the key of every role about rows of every whose, answers as its table says."""

from __future__ import annotations

import os
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import transaction

from callcenter.access import rights
from callcenter.access.models import Membership, Team
from callcenter.access.own_roles import rights_of_roles, set_rights
from callcenter.api import scopes
from callcenter.api_site.reference import schema
from tests.conftest import make_person
from tests.programs import ROOT, Program
from tests.security.api_routes import ANSWERS_BESIDE, API_WAYS, OWN_PEOPLE
from tests.security.routes import (
    ADMIN,
    CALLER,
    FOREIGN,
    LISTENER,
    LISTENER_RIGHTS,
    MANAGER,
    NOBODYS,
    OWN,
    TEAMS,
    Way,
)
from tests.security.world import Whose

IS_FULL = os.environ.get("SECURITY") == "full"
BUILT_IN = {CALLER: rights.CALLER, MANAGER: rights.MANAGER, ADMIN: rights.ADMIN}
EVERY_WHOSE = (OWN, TEAMS, FOREIGN, NOBODYS)
SHORT = {CALLER: (OWN, FOREIGN), MANAGER: (TEAMS, FOREIGN, NOBODYS), ADMIN: (FOREIGN,), LISTENER: (OWN, FOREIGN)}
"""Which rows each role is asked about in the short form."""


class World:
    """The people of two teams, their rows, and a program of each."""

    def __init__(self) -> None:
        ours, theirs = Team.objects.create(name="Ours"), Team.objects.create(name="Theirs")
        listeners = Group.objects.create(name="Listeners")
        set_rights(listeners, LISTENER_RIGHTS)
        self.programs: dict[str, Program] = {}
        self.held: dict[str, frozenset[str]] = {}
        self.rows: dict[tuple[str, str], Whose] = {}
        people = {role: make_person(name, username=role) for role, name in BUILT_IN.items()}
        people[LISTENER] = User.objects.create_user(username=LISTENER)
        people[LISTENER].groups.add(listeners)
        colleague, stranger, loner = (make_person(rights.CALLER) for _ in range(3))
        Membership.objects.create(user=colleague, team=ours)
        Membership.objects.create(user=stranger, team=theirs)
        of_others = {
            TEAMS: Whose(colleague, ours, colleague, "Team"),
            FOREIGN: Whose(stranger, theirs, stranger, "Foreign"),
            NOBODYS: Whose(None, None, loner, "Nobody"),
        }
        for role, person in people.items():
            Membership.objects.create(user=person, team=ours)
            self.programs[role] = Program(person)
            self.held[role] = rights_of_roles(person.groups.all())
            self.rows |= {(role, whose): rows for whose, rows in of_others.items()}
            self.rows[role, OWN] = Whose(person, ours, person, "Own" + role)

    def path(self, path: str, way: Way, role: str, whose: str) -> str:
        """Return the path to a row."""
        return path.replace("{pk}", self.rows[role, whose].row(way.kind).parts["pk"] if way.kind else "1")

    def sent(self, way: Way, role: str) -> dict[str, Any]:
        """Return the body to send."""
        own = int(self.rows[role, OWN].row("contact").parts["pk"])
        data = {name: [own] if value is OWN_PEOPLE else value for name, value in way.data.items()}
        return data | {"contact": own} if "contact" in data else data


@pytest.fixture
def world(db: None, caplog: pytest.LogCaptureFixture) -> World:
    caplog.set_level(100, logger="django.request")
    return World()


def asked(program: Program, method: str, path: str, sent: dict[str, Any]) -> Any:
    """Return the answer, read to its end; what it wrote is taken back."""
    block = transaction.atomic()
    # The product's own outermost transactions are outermost within it.
    block._from_testcase = True  # type: ignore[attr-defined]
    with block:
        data = None if method == "get" else sent
        answer = program.ask(method, path, data, If_Match="*", Idempotency_Key="walk")
        answer.text_of = b"".join(answer.streaming_content) if answer.streaming else answer.content
        transaction.set_rollback(True)
    return answer


def operations() -> set[tuple[str, str]]:
    """Return every operation that is served."""
    paths = schema()["paths"]
    return {(method, path.removeprefix(ROOT)) for path, found in paths.items() for method in found}


def test_every_operation_has_an_entry_in_the_table() -> None:
    assert operations() == set(API_WAYS), "Say in tests/security/api_routes.py what the operation needs."


def test_every_operation_answers_each_role_as_the_table_says(world: World) -> None:
    wrong, refused, let_in = [], 0, 0
    for (method, path), way in API_WAYS.items():
        for role, program in world.programs.items():
            for whose in (EVERY_WHOSE if IS_FULL else SHORT[role]) if way.kind else (OWN,):
                answer = asked(program, method, world.path(path, way, role, whose), world.sent(way, role))
                may, status = way.lets(role, whose, world.held[role]), answer.status_code
                let_in, refused = let_in + may, refused + (not may)
                is_well = status < 300 or status in ANSWERS_BESIDE if may else status in {403, 404}
                if not is_well:
                    wrong.append(f"{role} {method} {path} of {whose}: {status}, {answer.text_of[:200]!r}")
    assert not wrong, "\n".join(wrong)
    assert min(refused, let_in) > len(API_WAYS)


def test_no_operation_opens_without_a_live_key_or_by_a_session(world: World) -> None:
    program, nobody = world.programs[MANAGER], Program()
    nobody.client.force_login(program.key.owner)
    for (method, path), way in API_WAYS.items():
        assert asked(nobody, method, path.replace("{pk}", "1"), dict(way.data)).status_code == 401, (method, path)


def test_no_operation_takes_another_method(world: World) -> None:
    by_path: dict[str, set[str]] = {}
    for method, path in API_WAYS:
        by_path.setdefault(path, set()).add(method)
    for path, known in by_path.items():
        for method in {"get", "post", "put", "patch", "delete"} - known:
            answer = world.programs[ADMIN].ask(method, path.replace("{pk}", "1"), {})
            assert (answer.status_code, answer["Content-Type"]) == (405, "application/problem+json"), (method, path)


def test_a_key_without_the_scope_is_refused_whatever_its_owner_may(world: World) -> None:
    """Each says in the schema by which scope it opens: with all others it is closed, even to superusers."""
    owner = User.objects.create_superuser("root")
    owner.groups.set(Group.objects.all())
    everything = Group.objects.create(name="Everything")
    set_rights(everything, [right.code for right in rights.RIGHTS])
    said = schema()["paths"]
    rows = Whose(owner, None, owner, "Root")
    for (method, path), way in API_WAYS.items():
        needed = set(said[ROOT + path][method]["x-scopes"])
        assert needed, (method, path)
        whole = path.replace("{pk}", rows.row(way.kind).parts["pk"] if way.kind else "1")
        without = Program(owner, role=everything, scopes={one.code for one in scopes.SCOPES} - needed)
        assert asked(without, method, whole, dict(way.data)).status_code == 403, (method, path)


def test_no_list_shows_what_is_out_of_reach(world: World) -> None:
    """Lists and searches: foreign names and numbers stand in none of them, and one's own do."""
    kinds = {
        "/people?limit=200": "contact", "/lists?limit=200": "list", "/do-not-call?limit=200": "entry",
        "/campaigns?limit=200": "campaign", "/providers?limit=200": "provider", "/exports?limit=200": "export",
        "/callbacks?limit=200": "callback", "/calls?limit=200": "call", "/dispositions?": "disposition",
        "/imports?limit=200": "import", "/import-sources?limit=200": "import_source", "/webhooks?limit=200": "webhook",
        "/notices?limit=200": "notice", "/hand-overs?limit=200": "hand_over", "/scorecards?": "scorecard",
        "/review-queues?limit=200": "review_queue", "/decisions?limit=200": "held",
    }  # fmt: skip
    for role in (CALLER, MANAGER):
        for path, kind in kinds.items():
            own, foreign = (world.rows[role, whose].row(kind) for whose in (OWN, FOREIGN))
            text = world.programs[role].get(path).content.decode()
            assert not [mark for mark in foreign.marks if mark in text], (role, path)
            is_open = API_WAYS["get", path.partition("?")[0]].lets(role, OWN, world.held[role])
            found = f'"id": {own.parts["pk"]},' in text
            assert found == is_open, (role, path)
        for text in world.rows[role, FOREIGN].row("contact").marks[:2]:
            assert world.programs[role].post("/people/find", {"text": text}).json()["items"] == []
            assert world.programs[role].post("/calls/find", {"person": text}).json()["items"] == []
