"""What every test may use: rows made by `make_*`, people of each role, and a guard against the open network."""

from __future__ import annotations

import datetime
import gc
import ipaddress
import itertools
import os
import socket
import threading
import uuid
import warnings
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import hypothesis
import pycurl
import pytest
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core.cache import cache
from django.db import connection, connections
from django.utils import timezone, translation
from hypothesis import HealthCheck
from whitenoise.middleware import WhiteNoiseMiddleware

from callcenter import one_at_a_time
from callcenter.access.rights import ADMIN, CALLER, MANAGER
from callcenter.audit import often, triggers
from callcenter.audit.models import AuditEvent, AuditLink, AuditSeal
from callcenter.context import audit_log, background_work
from campaigns.contacts.importing.files import parser
from campaigns.core.hosts import HostStanding, Standing
from campaigns.models import Call, Campaign, Contact, ContactList, ListMembership
from providers.client.transfers import Transfer
from providers.models import Agent, CallerId, Provider, pace
from providers.paced_reads import Reserve
from tests.made_database import django_db_modify_db_settings  # noqa: F401 - a fixture of pytest-django, overridden
from tests.parsed_here import parse_here
from tests.simulated_time import SimulatedTime
from tests.waiting import A_MINUTE

_counter = itertools.count(1)
MAGIC_FROM = 9_900
"""From these last four digits on the simulator does what a number asks for (`providers/sandbox/magic.py`)."""
_before = ""
"""The test that ran before in this process."""
ALL_DAY = {"hours_start": datetime.time(0), "hours_end": datetime.time(0)}
"""Calling hours for a test that is about something else and runs at whatever hour."""
MARYAM = "+989121234567"
"""A valid mobile number, the same each time."""
VENDORS = ("bitel", "bolna", "unleashx", "vocode", "voicy")
LOOPBACK = ("127.0.0.1", "::1", "localhost")
SOME_TIME = datetime.datetime(2026, 3, 4, 5, 6, tzinfo=datetime.UTC)
"""For a table of cases that only asks whether a time is set."""
COLLECTED_FROM = timezone.now()
THREADS = frozenset(threading.enumerate())
"""Those of the runner itself."""


# A busy machine is no fault of what is tested. The same tree is asked the same; `.ci/full` asks something new.
hypothesis.settings.register_profile(
    "same", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
hypothesis.settings.register_profile("new", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

# A quarter of the time of collecting was looking for garbage among things that live to the end.
gc.disable()


def pytest_collection_finish() -> None:
    """Refuse a thread that an import started, then look for garbage again, and never among what was there before.

    Such a thread would work on beside every test: in the database of the test, its cache and its mails.
    """
    if begun := [thread.name for thread in threading.enumerate() if thread not in THREADS]:
        raise pytest.UsageError(f"collecting the tests started threads, which would work beside each test: {begun}")
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option of runs on a second database engine."""
    parser.addoption("--second-engine", action="store_true", help="only what asks the database, but for `one_engine`")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On a second engine leave out what asks no database, `one_engine`, and all but one of vendors and `alike` ones."""
    if not config.getoption("--second-engine"):
        return
    asks = [
        item for item in items if {"db", "transactional_db"} & set(getattr(item, "fixturenames", ()))
        or item.get_closest_marker("django_db") or item.get_closest_marker("both_engines")
    ]  # fmt: skip
    kept: dict[tuple[str, str], pytest.Item] = {}
    for item in sorted(asks, key=lambda item: item.nodeid):
        if not item.get_closest_marker("one_engine"):
            params = item.callspec.params.items() if hasattr(item, "callspec") else ()
            marker = item.get_closest_marker("alike")
            alike = marker.args if marker else ()
            given = {
                name: value for name, value in params
                if name not in alike and not (isinstance(value, str) and value in VENDORS)
            }  # fmt: skip
            kept.setdefault((item.nodeid.partition("[")[0], repr(sorted(given.items(), key=str))), item)
    chosen = set(kept.values())
    config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
    items[:] = [item for item in items if item in chosen]


def of_a_page(most: int) -> int:
    """Return how many statements a page may take: on PostgreSQL three more than on SQLite.

    A page read by key sets there what plans are made of, within a savepoint (`campaigns/core/paging.py`).
    """
    return most + 3 if connection.vendor == "postgresql" else most


@pytest.fixture(autouse=True)
def the_present(request: pytest.FixtureRequest) -> None:
    """Make a test module's NOW the moment at which its test begins: it was taken many minutes before, at collection."""
    taken = getattr(request.module, "NOW", None)
    if isinstance(taken, datetime.datetime) and taken.tzinfo and COLLECTED_FROM <= taken <= timezone.now():
        request.module.NOW = timezone.now()


@pytest.fixture(autouse=True)
def no_open_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail any connection that would leave the machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> Any:
        if isinstance(address, tuple) and address[0] not in LOOPBACK:
            raise AssertionError(f"a test tried to reach {address[0]}")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
    # The vendors' client connects by itself, and asks for each socket.
    make = Transfer._open

    def guarded_socket(self: Transfer, purpose: int, address: Any) -> Any:
        made = make(self, purpose, address)
        if made != pycurl.SOCKET_BAD and not ipaddress.ip_address(address[3][0]).is_loopback:
            self._refusal = f"a test tried to reach {address[3][0]}"
            return pycurl.SOCKET_BAD
        return made

    monkeypatch.setattr(Transfer, "_open", guarded_socket)


@pytest.fixture(autouse=True)
def parsed_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parse uploaded files in the process of the test: a page asks three processes, each of which starts in 45 ms."""
    monkeypatch.setattr(parser, "parse", parse_here)


@pytest.fixture(autouse=True)
def forget_figures() -> None:
    """Begin each test with an empty cache: rows of another test had the same ids; and with a worker that runs."""
    cache.clear()
    often.forget()
    audit_log.forget()
    # An answer that a test has not read to its end is still being made, for a user whose id another test has, too.
    one_at_a_time.forget()
    background_work.keep(Standing((HostStanding("here", settings.VERSION, 1.0, has_ended=False),)), 3600)


@pytest.fixture(autouse=True, scope="session")
def look_for_static_files_once() -> Iterator[None]:
    """Let each new browser of a test know the static files from the first one: their middleware walks through them."""
    walk = WhiteNoiseMiddleware.add_files_from_finders
    found: dict[tuple[str, str], dict[str, Any]] = {}

    def remembered(self: WhiteNoiseMiddleware) -> None:
        places = (self.static_prefix, repr(settings.STATICFILES_DIRS))
        if places not in found:
            before = dict(self.files)
            walk(self)
            found[places] = {url: file for url, file in self.files.items() if before.get(url) is not file}
        self.files.update(found[places])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WhiteNoiseMiddleware, "add_files_from_finders", remembered)
        yield


@pytest.fixture(autouse=True)
def begin_with_an_empty_audit_log(request: pytest.FixtureRequest, _django_db_marker: None) -> None:
    """Take away what an earlier test has committed beside its own transaction, and say after whom it was found."""
    global _before
    before, _before = _before, request.node.nodeid
    if not (request.node.get_closest_marker("django_db") or {"db", "transactional_db"} & set(request.fixturenames)):
        return
    request.getfixturevalue("_django_db_helper")
    if left := list(AuditEvent.objects.order_by("pk").values_list("action", flat=True)):
        warnings.warn(f"{len(left)} rows of the audit log were there after {before}: {left[:20]}", stacklevel=1)
        with triggers.away(connection):
            for model in (AuditLink, AuditSeal, AuditEvent):
                model.objects.all().delete()


@pytest.fixture(autouse=True)
def speak_english() -> Iterator[None]:
    """Begin each test in English and UTC: a page leaves its viewer's language and zone to the thread."""
    timezone.deactivate()
    with translation.override("en"):
        yield


def make_person(role: str = CALLER, **fields: Any) -> User:
    """Make a person of a role; admins are staff."""
    number = next(_counter)
    person = User.objects.create_user(
        username=fields.pop("username", f"person{number}"),
        password="a-long-password-1",
        is_staff=role == ADMIN,
        **fields,
    )
    person.groups.add(Group.objects.get(name=role))
    return person


@pytest.fixture
def caller(db: None) -> User:
    return make_person(CALLER, username="sara")


@pytest.fixture
def manager(db: None) -> User:
    return make_person(MANAGER, username="reza")


@pytest.fixture
def admin_person(db: None) -> User:
    return make_person(ADMIN, username="admin")


def make_provider(**fields: Any) -> Provider:
    """Make a provider at Bolna that may call fast."""
    number = next(_counter)
    defaults: dict[str, Any] = {
        "vendor": "bolna",
        "name": f"Provider {number}",
        "secrets": {"api_key": "sandbox_bolna_key_0123456789"},
        "max_lines": 50,
        "calls_per_minute": 6000,
        "price_per_minute": Decimal("0.05"),
        "currency": "USD",
    }
    return Provider.objects.create(**(defaults | fields))


def make_agent(provider: Provider | None = None, **fields: Any) -> Agent:
    """Make an agent that is fit to call."""
    number = next(_counter)
    defaults: dict[str, Any] = {"remote_id": str(uuid.uuid4()), "name": f"Agent {number}"}
    return Agent.objects.create(provider=provider or make_provider(), **(defaults | fields))


def make_caller_id(provider: Provider, **fields: Any) -> CallerId:
    """Make a number to call from."""
    defaults: dict[str, Any] = {"remote_id": "cid", "name": "Front desk", "number": "+12025550100"}
    return CallerId.objects.create(provider=provider, **(defaults | fields))


def make_phone(index: int | None = None) -> str:
    """Make a valid Iranian mobile number, a new one each time.

    None of the simulator's magic numbers, which a process that runs thousands of tests would come to.
    """
    if index is None:
        index = next(number for number in _counter if number % 10_000 < MAGIC_FROM)
    return f"+98912{index:07d}"


def make_contact(**fields: Any) -> Contact:
    """Make a person."""
    defaults: dict[str, Any] = {"name": "Maryam Hosseini", "phone": make_phone(), "region": "IR"}
    return Contact.objects.create(**(defaults | fields))


def make_list(people: int = 0, **fields: Any) -> ContactList:
    """Make a list with so many new people."""
    made = ContactList.objects.create(**({"name": f"List {next(_counter)}"} | fields))
    contacts = Contact.objects.bulk_create(
        Contact(name=f"Person {n}", phone=make_phone(), region="IR") for n in range(people)
    )
    ListMembership.objects.bulk_create(ListMembership(contact_list=made, contact=contact) for contact in contacts)
    return made


def make_campaign(lists: list[ContactList] | None = None, **fields: Any) -> Campaign:
    """Make a draft campaign with the product's own calling hours and quiet period."""
    provider = fields.pop("provider", None) or make_provider()
    defaults: dict[str, Any] = {
        "name": f"Campaign {next(_counter)}",
        "provider": provider,
    }
    if "agent" not in fields:
        defaults["agent"] = make_agent(provider)
    campaign = Campaign.objects.create(**(defaults | fields))
    campaign.lists.set(lists or [])
    return campaign


def make_call(**fields: Any) -> Call:
    """Make one call row as it stands."""
    provider = fields.pop("provider", None) or (
        fields["campaign"].provider if fields.get("campaign") else make_provider()
    )
    defaults: dict[str, Any] = {"provider": provider, "to_number": make_phone()}
    if fields.get("contact"):
        defaults["to_number"] = fields["contact"].phone
    return Call.objects.create(**(defaults | fields))


@pytest.fixture
def make() -> Callable[..., Any]:
    """Hand out the makers by name: `make("call", status=...)`."""
    return lambda kind, **fields: globals()[f"make_{kind}"](**fields)


@pytest.fixture
def for_threads(transactional_db: None, tmp_path: Path) -> Iterator[None]:
    """Let threads share the database: a file, where the tests run on SQLite's memory."""
    if connection.vendor != "sqlite":
        yield
        return
    path, in_memory, name = tmp_path / "threads.sqlite3", connections["default"], connection.settings_dict["NAME"]
    with connection.cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [str(path)])
    options = connection.settings_dict["OPTIONS"]
    # Many threads write in turn; on a busy machine the last one waits long for its own.
    connection.settings_dict |= {"NAME": str(path), "OPTIONS": options | {"timeout": A_MINUTE}}
    del connections["default"]
    try:
        yield
    finally:
        connections["default"].close()
        in_memory.settings_dict |= {"NAME": name, "OPTIONS": options}
        connections["default"] = in_memory


@pytest.fixture
def simulated(monkeypatch: pytest.MonkeyPatch) -> SimulatedTime:
    """Let the buckets of reads live in a simulated time."""
    found = SimulatedTime()
    monkeypatch.setattr(pace, "_clock", found)
    monkeypatch.setattr(pace, "boottime", found)
    monkeypatch.setattr(pace, "_reserves", {})
    monkeypatch.setattr(pace, "Reserve", lambda bucket: Reserve(bucket, found, found.sleep))
    return found
