"""Every address, asked by every role about rows of every whose, answers as the table in `routes.py` says."""

from __future__ import annotations

import logging
import os
import re
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.test import Client
from django.urls import reverse

from callcenter.access import rights
from callcenter.access.models import FurtherTeam, Membership, Team
from callcenter.access.own_roles import rights_of_roles, set_rights, sync_staff
from callcenter.middleware import CONTENT_SECURITY_POLICY
from tests.conftest import make_person
from tests.security.addresses import WORDS, Address, addresses
from tests.security.routes import (
    ADMIN,
    ANONYMOUS,
    CALLER,
    FOREIGN,
    KEEPER,
    KEEPER_RIGHTS,
    LISTENER,
    LISTENER_RIGHTS,
    MANAGER,
    NOBODYS,
    OWN,
    PLAUSIBLE_PARTS,
    REACH,
    SET_UP_RIGHTS,
    TEAMS,
    WAYS,
    Way,
)
from tests.security.world import MAKERS, Whose

IS_FULL = os.environ.get("SECURITY") == "full"
BUILT_IN = {CALLER: rights.CALLER, MANAGER: rights.MANAGER, ADMIN: rights.ADMIN}
ROLES = (CALLER, MANAGER, ADMIN, LISTENER)
EVERY_WHOSE = (OWN, TEAMS, FOREIGN, NOBODYS)
SHORT = {
    CALLER: EVERY_WHOSE,
    MANAGER: (TEAMS, FOREIGN, NOBODYS),
    ADMIN: (FOREIGN,),
    LISTENER: (OWN, FOREIGN),
}
"""Which rows each role is asked about in the short form."""
REFUSED = frozenset({403, 404, 405})
FOREIGN_TO_THE_POLICY = re.compile(
    r"""<script(?![^>]*\bsrc=)(?![^>]*type="application/json")|<style|<[a-z][^>]*\s(?:style|on[a-z]+)="""
    r"""|\bsrc="(?:https?:)?//|<link[^>]*\bhref="(?:https?:)?//""",
    re.IGNORECASE,
)
"""Scripts and styles within a page, and what would be loaded from elsewhere."""
SAY_THEMSELVES = frozenset({"call-recording", "call-player"})
"""Addresses that answer with an error of their own where no vendor is there."""


class World:
    """The people of two teams, their rows, and a browser for each."""

    def __init__(self) -> None:
        self.ours, self.theirs = (Team.objects.create(name=name) for name in ("TeamOfUs", "TeamOfOthers"))
        listeners = Group.objects.create(name="Listeners")
        set_rights(listeners, LISTENER_RIGHTS)
        keepers = Group.objects.create(name="Keepers")
        set_rights(keepers, KEEPER_RIGHTS)
        self.held: dict[str, frozenset[str]] = {}
        self.people: dict[str, User] = {}
        for role in (*ROLES, KEEPER):
            if role in BUILT_IN:
                person = make_person(BUILT_IN[role], username=role)
            else:
                person = User.objects.create_user(username=role)
                person.groups.add(listeners if role == LISTENER else keepers)
                sync_staff(person)
            Membership.objects.create(user=person, team=self.ours)
            self.people[role] = person
            self.held[role] = rights_of_roles(person.groups.all())
        self.colleague = make_person(rights.CALLER, username="Colleague")
        self.stranger = make_person(rights.CALLER, username="Stranger")
        Membership.objects.create(user=self.colleague, team=self.ours)
        Membership.objects.create(user=self.stranger, team=self.theirs)
        loner = make_person(rights.CALLER)
        self.rows = {
            TEAMS: Whose(self.colleague, self.ours, self.colleague, "Team"),
            FOREIGN: Whose(self.stranger, self.theirs, self.stranger, "Foreign"),
            NOBODYS: Whose(None, None, loner, "Nobody"),
        }
        self.own = {role: Whose(person, self.ours, person, "Own" + role) for role, person in self.people.items()}
        self.clients = {ANONYMOUS: Client(raise_request_exception=False)}
        for role, person in self.people.items():
            self.clients[role] = Client(raise_request_exception=False)
            self.clients[role].force_login(person)

    def whose(self, role: str, whose: str) -> Whose:
        """Return the rows of somebody, seen from a person of a role."""
        return self.own[role] if whose == OWN else self.rows[whose]

    def path(self, address: Address, way: Way, role: str, whose: str) -> str:
        """Return the path to a row."""
        parts = WORDS | PLAUSIBLE_PARTS
        if way.kind:
            parts = parts | self.whose(role, whose).row(way.kind).parts
        return address.with_parts(**{name: parts.get(name, "1") for name in address.parts})

    def ask(self, role: str, method: str, path: str, data: dict[str, Any]) -> Any:
        """Return the answer, read to its end; what it wrote is taken back."""
        block = transaction.atomic()
        # The product's own outermost transactions are outermost within it.
        block._from_testcase = True  # type: ignore[attr-defined]
        with block:
            cookies = self.clients[role].cookies.copy()
            answer = getattr(self.clients[role], method)(path, data)
            content = b"".join(answer.streaming_content) if answer.streaming else answer.content
            answer.text_of = content.decode("utf-8", "replace")
            self.clients[role].cookies = cookies
            transaction.set_rollback(True)
        return answer

    def beyond_the_policy(self, answer: Any) -> list[str]:
        """Return what a page has that the strict policy forbids, or that it lacks the policy."""
        if not answer.get("Content-Type", "").startswith("text/html"):
            return []
        wrong = [found[0] for found in FOREIGN_TO_THE_POLICY.finditer(answer.text_of)]
        return wrong if answer.get("Content-Security-Policy") == CONTENT_SECURITY_POLICY else [*wrong, "no policy"]

    def holds(self, role: str, right: str) -> bool:
        """Return whether a person of a role holds a right."""
        return not right or right in self.held[role]


@pytest.fixture
def world(db: None, caplog: pytest.LogCaptureFixture) -> World:
    """Open a browser for each role, over rows of each whose."""
    for name in ("django.request", "django.security", "callcenter", "campaigns", "providers"):
        caplog.set_level(logging.CRITICAL + 1, logger=name)
    return World()


def pages() -> list[Address]:
    """Return every address of the product's own pages; those of the API are walked in `test_api_walker.py`."""
    return [address for address in addresses() if not address.route.startswith(("/setup/", "/api/v1/"))]


def test_every_address_has_an_entry_in_the_table(db: None) -> None:
    names = {address.name for address in pages()}
    assert names - set(WAYS) == set(), (
        "Say in tests/security/routes.py what the address needs and whose rows it reaches."
    )
    assert set(WAYS) - names == set(), "addresses that are gone"
    assert {way.kind for way in WAYS.values()} - {""} == set(REACH) == set(MAKERS), "kinds of rows"


def test_every_right_is_needed_by_something(world: World) -> None:
    known = {right.code for right in rights.RIGHTS}
    assert {way.right for way in WAYS.values()} - {""} <= known


def test_every_address_answers_each_role_as_the_table_says(world: World) -> None:
    wrong = []
    for address in pages():
        way = WAYS[address.name]
        if way.is_public:
            continue
        for role in ROLES:
            asked = (EVERY_WHOSE if IS_FULL else SHORT[role]) if way.kind else (OWN,)
            for whose in asked:
                path = world.path(address, way, role, whose)
                may = way.lets(role, whose, world.held[role])
                for method in ("get", "post") if IS_FULL or not may else (way.method,):
                    answer = world.ask(role, method, path, way.data if method == "post" else {})
                    told = f"{role} {method} {address.name} of {whose}: {answer.status_code}"
                    wrong += [f"{told} shows {what}" for what in world.beyond_the_policy(answer)]
                    if may and method == way.method:
                        is_fault = answer.status_code >= 500 and address.name not in SAY_THEMSELVES
                        is_refused = answer.status_code in REFUSED - {way.answer}
                        if is_refused or is_fault or "/login/" in answer.get("Location", ""):
                            wrong.append(f"{told}, but the table lets them")
                    elif not may and answer.status_code not in REFUSED:
                        wrong.append(f"{told}, but the table does not let them")
        path = world.path(address, way, CALLER, OWN)
        for method in ("get", "post") if IS_FULL else (way.method,):
            answer = world.ask(ANONYMOUS, method, path, {})
            is_sent = answer.status_code == 302 and answer["Location"].startswith("/login/")
            if not is_sent and answer.status_code not in REFUSED:
                wrong.append(f"anonymous {method} {address.name}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)


def test_set_up_opens_by_the_right_of_each_section(world: World) -> None:
    wrong = []
    for address in addresses():
        if not address.route.startswith("/setup/") or address.name in {"login", "logout", "None"}:
            continue
        if not IS_FULL and not address.name.endswith(("changelist", "history")):
            continue
        path = address.with_parts(**{name: WORDS.get(name, "1") for name in address.parts})
        needed = next(
            (code for start, code in SET_UP_RIGHTS.items() if address.name.startswith(start)), "manage_providers"
        )
        for role in (*ROLES, KEEPER):
            answer = world.ask(role, "get", path, {})
            is_in = answer.status_code == 200 or (answer.status_code == 302 and "/login/" not in answer["Location"])
            may = world.holds(role, needed)
            if is_in and not may and address.name not in FOR_ALL_OF_SET_UP:
                wrong.append(f"{role} {address.name}: {answer.status_code}")
            if may and address.name.endswith("changelist") and not is_in:
                wrong.append(f"{role} {address.name}: {answer.status_code}, but has the right {needed}")
    assert not wrong, "\n".join(wrong)


FOR_ALL_OF_SET_UP = frozenset({"index", "jsi18n", "app_list", "password_change", "password_change_done"})
"""Addresses of Set-up without rows."""
SHOWN = (
    "contact", "list", "campaign", "call", "entry", "filter", "provider", "unknown", "called_back", "hand_over",
    "callback",
)  # fmt: skip
"""Kinds whose rows pages without a row of their own list."""


def test_no_page_shows_what_is_out_of_reach(world: World) -> None:
    """Lists, counts, searches, choices of forms, files, pages of own rows: nothing foreign stands on any of them."""
    foreign = {kind: world.rows[FOREIGN].row(kind).marks for kind in MAKERS}
    leaks, seen = [], {role: set[str]() for role in ROLES}
    for role in (CALLER, MANAGER, LISTENER):
        own = {kind: world.own[role].row(kind).marks for kind in SHOWN}
        for path in [*listing_paths(world), *(own_paths(world, role) if role == MANAGER else ())]:
            answer = world.ask(role, "get", path, {})
            text = answer.text_of.replace("\u2066", "").replace("\u2069", "")
            leaks += [
                f"{role} {path} shows {mark} of a foreign {kind}"
                for kind, marks in foreign.items()
                for mark in marks
                if mark in text and mark not in path
            ]
            seen[role] |= {kind for kind, marks in own.items() if any(mark in text for mark in marks)}
    assert not leaks, "\n".join(leaks)
    # It can fail: the same pages show each person what is theirs.
    assert seen[CALLER] == set(SHOWN)
    assert seen[MANAGER] == set(SHOWN)


def own_paths(world: World, role: str) -> list[str]:
    """Return the pages of a person's own rows, with the forms and choices on them."""
    return [
        world.path(address, WAYS[address.name], role, OWN)
        for address in pages()
        if WAYS[address.name].kind and WAYS[address.name].method == "get"
        if WAYS[address.name].lets(role, OWN, world.held[role])
    ]


def listing_paths(world: World) -> list[str]:
    """Return the pages without a row, and those that search for or narrow by something foreign."""
    paths = [
        address.with_parts(**{name: (WORDS | PLAUSIBLE_PARTS).get(name, "1") for name in address.parts})
        for address in pages()
        if not WAYS[address.name].kind and not WAYS[address.name].is_public and WAYS[address.name].method == "get"
    ]
    foreign = world.rows[FOREIGN]
    contact, campaign, account = foreign.row("contact"), foreign.row("campaign"), foreign.row("provider")
    paths += [
        f"{reverse('people')}?q={contact.marks[0]}",
        f"{reverse('people')}?q={contact.marks[1][-6:]}",
        f"{reverse('do-not-call')}?q={foreign.row('entry').marks[0]}",
        f"{reverse('call-log')}?person={foreign.row('call').marks[0]}",
        f"{reverse('call-log')}?words={foreign.row('call').marks[2]}",
        f"{reverse('call-log')}?column=all",
        f"{reverse('call-log')}?campaign={campaign.parts['pk']}",
        f"{reverse('reports')}?campaign={campaign.parts['pk']}",
        f"{reverse('calls-export')}?campaign={campaign.parts['pk']}",
        f"{reverse('people-export')}?list={foreign.row('list').parts['pk']}",
        f"{reverse('people-export')}?q={contact.marks[0]}",
        f"{reverse('decisions')}?campaign={campaign.parts['pk']}",
        f"{reverse('decisions')}?provider={account.parts['pk']}",
        f"{reverse('quick-call')}?person={contact.parts['pk']}",
        f"{reverse('quick-call')}?again={foreign.row('call').parts['pk']}",
        f"{reverse('campaign-new')}?list={foreign.row('list').parts['pk']}",
    ]
    return paths


def test_a_person_of_several_teams_reaches_each_of_them(world: World) -> None:
    manager = world.people[MANAGER]
    path = reverse("call", args=[world.rows[FOREIGN].row("call").parts["pk"]])
    assert world.ask(MANAGER, "get", path, {}).status_code == 404
    FurtherTeam.objects.create(user=manager, team=world.theirs)
    assert world.ask(MANAGER, "get", path, {}).status_code == 200


@pytest.mark.parametrize(
    "page",
    [
        "<script>", "<SCRIPT nonce='a'>", '<p style="color:red">', "<style>", '<a href="/" onclick="go()">',
        '<script src="https://elsewhere.example/a.js">', '<img src="//elsewhere.example/a.png">',
        '<link rel="stylesheet" href="https://elsewhere.example/a.css">',
    ],
)  # fmt: skip
def test_what_the_policy_forbids_is_found(page: str) -> None:
    assert FOREIGN_TO_THE_POLICY.search(page)
    assert not FOREIGN_TO_THE_POLICY.search(
        '<script src="/static/a.js" defer></script><script id="a" type="application/json">{}</script>'
        '<link rel="icon" href="/a.svg"><a href="https://vendor.example/" class="on">'
    )
