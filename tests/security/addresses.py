"""Every address of the product with the ids of rows that exist, and a browser that tells which parameters are read."""

from __future__ import annotations

import re
import sys
import traceback
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.contrib.auth.models import Group, User
from django.core.signals import got_request_exception
from django.db import transaction
from django.http import QueryDict
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils.datastructures import MultiValueDict

from callcenter.access.rights import ADMIN, CALLER, MANAGER, ROLES
from campaigns.models import Call, CallExport, Campaign, Contact
from tests.filled import fill_every_table

PUBLIC = "nobody"
EVERYBODY = "all roles"
PEOPLE = (PUBLIC, CALLER, MANAGER, ADMIN, EVERYBODY)
ROWS = {
    "calls/exports/": "campaigns.callexport",
    "calls/filters/": "campaigns.savedfilter",
    "calls/unknown-at-vendor/of/": "providers.provider",
    "calls/unknown-at-vendor/": "campaigns.unknownvendorcall",
    "calls/": "campaigns.call",
    "hand-overs/": "campaigns.handover",
    "people/allowed-numbers/": "campaigns.allowednumber",
    "people/": "campaigns.contact",
    "lists/": "campaigns.contactlist",
    "do-not-call/": "campaigns.donotcall",
    "imports/sources/": "campaigns.importsource",
    "imports/": "campaigns.contactimport",
    "own-numbers/": "campaigns.ownnumber",
    "campaigns/": "campaigns.campaign",
    "dispositions/": "campaigns.disposition",
    "reviews/": "campaigns.reviewqueue",
    "scorecards/": "campaigns.scorecard",
    "spending-limits/": "campaigns.daycap",
    "providers/": "providers.provider",
    "preferences/sessions/": "access.opensession",
    "hooks/": "providers.provider",
    "api/keys/": "api.apikey",
    "api/v1/people/": "campaigns.contact",
    "api/v1/lists/": "campaigns.contactlist",
    "api/v1/do-not-call/": "campaigns.donotcall",
    "api/v1/calls/": "campaigns.call",
    "api/v1/campaigns/": "campaigns.campaign",
    "api/v1/exports/": "campaigns.callexport",
    "api/v1/providers/": "providers.provider",
    "api/v1/callbacks/": "campaigns.callback",
    "api/v1/hand-overs/": "campaigns.handover",
    "api/v1/import-sources/": "campaigns.importsource",
    "api/v1/notices/": "campaigns.notice",
    "api/v1/review-queues/": "campaigns.reviewqueue",
    "api/v1/webhooks/": "campaigns.webhookreceiver",
    "callbacks/": "campaigns.callback",
    "webhooks/": "campaigns.webhookreceiver",
    "notices/": "campaigns.notice",
    "decisions/two-people/": "access.twopersonrequest",
    "users/": "auth.user",
    "second-factor/keys/": "mfa.authenticator",
    "kept-forms/": "access.keptform",
}
"""Whose id an address carries, by its beginning; the first that fits. Those of Set-up name their model themselves."""
PARTS = {
    "tag": "campaigns.calltag",
    "note": "campaigns.contactnote",
    "call_pk": "campaigns.call",
    "question_pk": "campaigns.question",
    "delivery_pk": "campaigns.webhookdelivery",
    "rule_pk": "campaigns.dispositionrule",
    "point_pk": "campaigns.scorecardpoint",
    "card_pk": "campaigns.scorecard",
}
"""Whose id a further part of an address is."""
WITHOUT_ROWS = ("openid/", "password/new/", "setup/r/")
"""Beginnings of addresses whose parts are no ids."""
WORDS = {
    "token": "a" * 40,
    "verdict": "now",
    "key": "results",
    "slug": "first-call",
    "kind": "csv",
    "period": "weekly",
    "app_label": "providers",
    "content_type_id": "1",
    "url": "nowhere/",
}


@dataclass(frozen=True)
class Address:
    """One address: its pattern's name, and a path of rows that exist, with the names of its parts."""

    name: str
    route: str
    parts: dict[str, str]

    @property
    def path(self) -> str:
        """The path of rows that exist."""
        return self.with_parts()

    def with_parts(self, **others: str) -> str:
        """Return the path with other values in some places."""
        path = self.route
        for name, value in (self.parts | others).items():
            path = path.replace(f"<{name}>", value)
        return path


def addresses() -> list[Address]:
    """Return every address; rows must exist."""
    found = []
    for route, name in _walk(get_resolver().url_patterns, ""):
        parts = {part: _value(route, part) for part in _parts(route)}
        found.append(Address(name, "/" + route, parts))
    return found


def _walk(patterns: list[Any], before: str) -> Iterator[tuple[str, str]]:
    for one in patterns:
        route = before + _plain(str(one.pattern))
        if isinstance(one, URLResolver):
            yield from _walk(one.url_patterns, route)
        elif isinstance(one, URLPattern):
            yield route, str(one.name)


def _plain(pattern: str) -> str:
    """Return a route without converters and without the signs of a regular expression."""
    pattern = re.sub(r"\(\?P<(\w+)>[^)]*\)", r"<\1>", pattern)
    pattern = re.sub(r"<\w+:(\w+)>", r"<\1>", pattern)
    return pattern.removeprefix("^").removesuffix("$").replace("/?", "")


def _parts(route: str) -> list[str]:
    return re.findall(r"<(\w+)>", route)


def rows_of(route: str, part: str) -> str:
    """Return the model whose id a part of an address is; empty where it is none, or nobody named it here."""
    if part in WORDS:
        return ""
    if match := re.match(r"setup/(\w+)/(\w+)/", route):
        return f"{match[1]}.{match[2]}"
    return PARTS.get(part, next((label for beginning, label in ROWS.items() if route.startswith(beginning)), ""))


def _value(route: str, part: str) -> str:
    label = rows_of(route, part)
    if not label:
        return WORDS.get(part, "1")
    rows = apps.get_model(label)._base_manager.order_by("pk" if part != "other" else "-pk")
    return str(rows.values_list("pk", flat=True).first() or 1)


class Reading:
    """Notes the names of parameters that the product asks a query or a form for."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    @contextmanager
    def noting(self) -> Iterator[None]:
        """Note them inside the block."""
        methods = {name: getattr(MultiValueDict, name) for name in ("__getitem__", "getlist", "__contains__")}

        def wrapped(method: Any) -> Any:
            def asked(data: Any, key: Any, *arguments: Any, **named: Any) -> Any:
                if isinstance(data, QueryDict) and isinstance(key, str):
                    self.names.add(key)
                return method(data, key, *arguments, **named)

            return asked

        for name, method in methods.items():
            setattr(MultiValueDict, name, wrapped(method))
        contains = "__contains__"
        try:
            yield
        finally:
            for name, method in methods.items():
                if name == contains:
                    delattr(MultiValueDict, contains)
                else:
                    setattr(MultiValueDict, name, method)


@dataclass
class Browsers:
    """One browser for each role, one of nobody and one of a person who holds every role."""

    clients: dict[str, Client] = field(default_factory=dict)
    raised: list[BaseException] = field(default_factory=list)

    def __post_init__(self) -> None:
        fill_every_table()
        everybody = User.objects.create_user("of-all-roles", is_staff=True, is_superuser=True)
        everybody.groups.set(Group.objects.all())
        people: dict[str, User | None] = {PUBLIC: None, EVERYBODY: everybody}
        for role in ROLES:
            people[role] = User.objects.create_user(f"of-{role}", is_staff=role == ADMIN)
            people[role].groups.add(Group.objects.get(name=role))
        # What the rows of every table lack to be those of a page.
        Call.objects.update(owner=everybody, direction="outbound")
        CallExport.objects.update(owner=everybody, words=[["Since", "today"]])
        Campaign.objects.update(owner=everybody, status=Campaign.Status.DRAFT)
        Contact.objects.update(merged_into=None)
        for role, person in people.items():
            self.clients[role] = Client(raise_request_exception=False)
            if person:
                self.clients[role].force_login(person)

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Keep what is raised inside the block, for the report."""

        def keep(sender: Any, request: Any, **_: Any) -> None:
            if error := sys.exc_info()[1]:
                self.raised.append(error)

        got_request_exception.connect(keep)
        try:
            yield
        finally:
            got_request_exception.disconnect(keep)

    def ask(
        self,
        role: str,
        method: str,
        path: str,
        data: Any = None,
        look: Callable[[], None] | None = None,
        **headers: str,
    ) -> tuple[int, str]:
        """Return the status of an answer, read to its end, and what was raised; what it wrote is taken back.

        `look` sees the database before that.
        """
        self.raised.clear()
        block = transaction.atomic()
        # The product's own outermost transactions are outermost within it.
        block._from_testcase = True  # type: ignore[attr-defined]
        with block:
            client = self.clients[role]
            cookies = client.cookies.copy()
            answer = client.generic(method, path, **headers) if data is None else getattr(client, method)(path, data)
            if getattr(answer, "streaming", False):
                b"".join(answer.streaming_content)
            # Logging out, too, is taken back.
            client.cookies = cookies
            if look is not None:
                look()
            transaction.set_rollback(True)
        error = self.raised[-1] if self.raised else None
        return answer.status_code, _where(error) if error else ""


def _where(error: BaseException) -> str:
    """Return what was raised, and the line of the product, or else of a library, that led to it."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if ".venv" not in frame.filename] or list(frames)
    return f"{type(error).__name__} at {ours[-1].filename[-50:]}:{ours[-1].lineno}: {str(error)[:80]!r}"


PLAUSIBLE = {
    "reason": "because",
    "next": "/today/",
    "form_token": str(uuid.UUID(int=7)),
    "name": "A name",
    "text": "A note",
    "phone": "+989121234567",
    "number": "+989121234567",
    "answer": "took_place",
    "result": "completed",
    "do": "call",
    "ours": "yes",
    "query": "state=talked",
    "region": "IR",
    "format": "csv",
    "username": "admin",
    "password": "a-long-password-1",
}
"""What a person might send, so that the reader of another parameter is reached."""
