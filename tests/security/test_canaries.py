"""A key, a name, a number and a message that must show nowhere they do not belong: looked for in every sink."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pyrage
import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.core import serializers
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from callcenter import error_reports, logs
from callcenter.audit.models import AuditEvent
from callcenter.backups import service
from callcenter.child_environment import plain_environment
from callcenter.worker import child
from campaigns import queue
from campaigns.models import CallTranscript
from providers.exceptions import ProviderError, ProviderMisconfigured
from providers.models import Provider, ProviderExchange
from providers.opening import open_backend
from providers.services import checking
from providers.services.keys import store_secrets
from tests.conftest import make_call, make_contact, make_provider
from tests.providers.fake_vendor import answering
from tests.security.addresses import EVERYBODY, Browsers, addresses

SHORT = ("/setup/providers", "/providers", "/setup/audit", "/readyz", "/metrics")
IS_FULL = os.environ.get("SECURITY") == "full"
KEY, HOOK = "canary+key/do-not-show=7f3a9c", "canary-hook-secret-55d1"
NAME, NUMBER, SAID = "Canaria Nemozova", "+989127770831", "the canary has diabetes"
PRIVATE = (KEY, HOOK, KEY.replace("+", "%2B").replace("/", "%2F").replace("=", "%3D"))
PERSONAL = (NAME, NUMBER, NUMBER[1:], SAID)
pytestmark = pytest.mark.django_db(transaction=True)


class Kept(logging.Handler):
    """Keeps every record as both formats write it."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.texts: list[str] = []
        self.reports: list[str] = []
        self.formats = (logs.JsonFormatter(), logs.PlainFormatter())

    def emit(self, record: logging.LogRecord) -> None:
        logs.AboutTheRequest().filter(record)
        self.texts += [one.format(record) for one in self.formats]
        event = {
            "logentry": {"message": record.getMessage()},
            "exception": {"values": [{"value": str(record.exc_info)}]},
        }
        self.reports.append(json.dumps(error_reports.reduced(event, {}), default=str))  # type: ignore[arg-type]


class Place:
    """An installation in which everything went wrong that can carry a key, a name, a number or a message along."""

    def __init__(self, admin: User, logged: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
        self.admin, self.logged = admin, logged
        self.provider = make_provider(name="Ours", vendor="voicy", secrets={"api_key": KEY, "webhook_secret": HOOK})
        self.contact = make_contact(name=NAME, phone=NUMBER, variables={"diagnosis": SAID})
        self.call = make_call(
            provider=self.provider, contact=self.contact, to_number=NUMBER, owner=admin, status="completed",
            ended_at=timezone.now(),
        )  # fmt: skip
        CallTranscript.objects.create(call=self.call, turns=[{"speaker": "contact", "text": SAID}])
        self.repeats_all()
        self.fails_in_a_task(monkeypatch)

    def repeats_all(self) -> None:
        """Let a vendor repeat in its answers what it was sent, and a client fail with the key in its error."""
        told = json.dumps({"error": f"key {KEY} of {NAME} {NUMBER}: {SAID}", "call": {"vars": SAID, "id": KEY}})
        # A key's test sends nothing of a person, so its refusal can only repeat the key and a number.
        refused = json.dumps({"error": f"key {KEY} of {NUMBER}", "message": f"Bearer {KEY}"})
        for trouble in ({}, {"/agent-list": (401, refused)}, {"/agent-list": (400, refused)}, RuntimeError(KEY)):
            with answering(trouble):  # type: ignore[arg-type]
                checking.check_provider(self.provider.pk, self.admin)
                checking.try_secrets(self.provider, {"webhook_secret": HOOK + "x"})
        store_secrets(self.provider.pk, {"webhook_secret": HOOK}, person=self.admin)
        Provider.objects.note_exchange(
            self.provider.pk, what="place_call", method="POST", path=f"/calls/{KEY}?to={NUMBER}",
            reference=self.call.reference, sent={"to_number": NUMBER, "name": NAME, "text": SAID, "api_key": KEY},
            answered=told.encode(), secrets=(KEY, HOOK), error=ProviderError(told),
        )  # fmt: skip

    def fails_in_a_task(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let a task fail while a provider is open."""
        task = queue.opened(self.package(monkeypatch)) | {"stopped": timezone.now(), "success": False}
        try:
            with answering(RuntimeError("no way")):
                open_backend(Provider.objects.get(pk=self.provider.pk)).check_credentials()
        except (ProviderError, ProviderMisconfigured) as error:
            child.save_failure(task | {"result": f"{error}"})
            logging.getLogger("campaigns").exception("a task failed")

    def package(self, monkeypatch: pytest.MonkeyPatch) -> str:
        packages: list[str] = []
        with monkeypatch.context() as patched:
            patched.setattr(
                "campaigns.queue.get_broker",
                lambda: type("Kept", (), {"enqueue": lambda _self, one: packages.append(one)})(),
            )
            queue.send(queue.SYNC_PROVIDER, self.provider.pk)
        self.message = packages[0]
        return packages[0]


@pytest.fixture
def place(admin_person: User, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    logged, root = Kept(), logging.getLogger()
    root.addHandler(logged)
    level, root.level = root.level, logging.DEBUG
    yield Place(admin_person, logged, monkeypatch)
    root.removeHandler(logged)
    root.level = level


def table(label: str) -> str:
    """Return every stored value of a table, as it is stored."""
    name = apps.get_model(label)._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT * FROM "{name}"')
        return repr(cursor.fetchall())


def whole_database(_place: Place) -> str:
    return "".join(table(model._meta.label) for model in apps.get_models() if model._meta.managed)


def error_page(place: Place) -> str:
    client = Client(raise_request_exception=False)
    client.force_login(place.admin)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("providers.views._", lambda *_words: 1 / 0, raising=False)
        patched.setattr("providers.views.needs_of", lambda *_args, **_named: 1 / 0)
        found = client.get(reverse("provider", args=[place.provider.pk]))
    assert found.status_code == 500
    return found.content.decode()


def every_page(place: Place) -> str:
    browsers = Browsers()
    said = [browsers.clients[EVERYBODY].get(reverse("provider", args=[place.provider.pk])).content.decode()]
    for address in addresses():
        if IS_FULL or address.route.startswith(
            ("/setup/providers", "/providers", "/setup/audit", "/readyz", "/metrics")
        ):
            answer = browsers.clients[EVERYBODY].get(address.path)
            said.append(
                (b"".join(answer.streaming_content) if answer.streaming else answer.content).decode("utf-8", "replace")
            )
    return "".join(said)


def log_of_exchanges(place: Place) -> str:
    client = Client()
    client.force_login(place.admin)
    pages = [reverse("provider", args=[place.provider.pk])]
    shown = "".join(client.get(page).content.decode() for page in pages)
    return shown + table("providers.providerexchange")


def metrics(place: Place) -> str:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("django.conf.settings.METRICS_TOKEN", "t" * 30, raising=False)
        answer = Client().get("/metrics", headers={"Authorization": f"Bearer {'t' * 30}"})
    assert answer.status_code == 200
    return answer.content.decode()


def texts_of_objects(place: Place) -> str:
    provider = Provider.objects.get(pk=place.provider.pk)
    backend = open_backend(provider)
    exchange = ProviderExchange.objects.all()[0]
    return " ".join(
        f"{one!r} {one}" for one in (provider, provider.secrets, backend, backend.client, exchange, place.call)
    )


def children(place: Place) -> str:
    """What a program of others sees: its environment, and the arguments of all processes of ours."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("FIELD_KEYS", KEY)
        patched.setenv("SECRET_KEY", HOOK)
        given = json.dumps(plain_environment())
    return given + " ".join(sys.argv)


def backup(place: Place, *, recipient: str) -> str:
    target = Path(settings.VAR_DIR) / "canary.backup"

    def dump(folder: Path) -> Path:
        # A database in memory is no file.
        (folder / "database").write_text(whole_database(place))
        return folder / "database"

    try:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(service.stores, "dump", dump)
            service.make(target, recipient)
        return target.read_bytes().decode("latin-1")
    finally:
        target.unlink(missing_ok=True)


def sealed_backup(place: Place) -> str:
    return backup(place, recipient=str(pyrage.x25519.Identity.generate().to_public()))


SINKS: dict[str, tuple[Callable[[Place], str], tuple[str, ...]]] = {
    # what it is: (its text, what must not stand in it)
    "logs as JSON and as text": (lambda place: "\n".join(place.logged.texts), (*PRIVATE, *PERSONAL)),
    "error reports": (lambda place: "\n".join(place.logged.reports), (*PRIVATE, *PERSONAL)),
    "the error page": (error_page, (*PRIVATE, *PERSONAL)),
    "pages, Set-up and answers for machines": (every_page, PRIVATE),
    "the log of exchanges": (log_of_exchanges, (*PRIVATE, *PERSONAL)),
    "the audit log": (lambda _place: repr(list(AuditEvent.objects.values())), (*PRIVATE, *PERSONAL)),
    "Set-up's own log": (lambda _place: repr(list(LogEntry.objects.values())), (*PRIVATE, *PERSONAL)),
    "the queue's tables": (lambda _place: table("django_q.ormq") + table("django_q.task"), (*PRIVATE, *PERSONAL)),
    "queue messages": (lambda place: place.message, (*PRIVATE, *PERSONAL)),
    "stored schedules": (lambda _place: table("django_q.schedule"), (*PRIVATE, *PERSONAL)),
    "repr and str": (texts_of_objects, (*PRIVATE, *PERSONAL)),
    "dumpdata of providers": (
        lambda _place: serializers.serialize("json", Provider.objects.all()),
        (*PRIVATE, *PERSONAL),
    ),
    "every table": (whole_database, PRIVATE),
    "metrics": (metrics, (*PRIVATE, *PERSONAL)),
    "arguments and environments of programs": (children, (*PRIVATE, *PERSONAL)),
    "sessions": (lambda _place: table("sessions.session") + table("access.opensession"), (*PRIVATE, *PERSONAL)),
    "the cache": (lambda _place: repr(getattr(cache, "_cache", "")), (*PRIVATE, *PERSONAL)),
    "an encrypted backup": (sealed_backup, (*PRIVATE, *PERSONAL)),
}


def test_no_canary_is_found_in_any_sink(place: Place) -> None:
    found = []
    for sink, (text_of, forbidden) in SINKS.items():
        text = text_of(place)
        found += [(sink, canary) for canary in forbidden if canary.lower() in text.lower()]
    assert len(SINKS) >= 12
    assert found == []
    assert ProviderExchange.objects.filter(provider=place.provider).exclude(answered="").exists(), "something was kept"
    assert place.logged.texts
