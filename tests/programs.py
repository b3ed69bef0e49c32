"""A program that uses the API with a key, for every test of it."""

from __future__ import annotations

import datetime
import json
from collections.abc import Collection
from typing import Any

from django.contrib.auth.models import Group, User
from django.test import Client
from django.utils import timezone

from callcenter.api import scopes
from callcenter.api.keys import BEGINNING, digest_of
from callcenter.api.models import PREFIX_LETTERS, ApiKey

ROOT = "/api/v1"
EVERYTHING = frozenset(scope.code for scope in scopes.SCOPES)


class Program:
    """Sends requests with a key of somebody; without a key of nobody."""

    def __init__(
        self,
        owner: User | None = None,
        *,
        role: Group | None = None,
        scopes: Collection[str] = EVERYTHING,
        **fields: Any,
    ) -> None:
        self.client = Client(raise_request_exception=False)
        self.secret = ""
        if owner is not None:
            self.secret = f"{BEGINNING}{owner.pk:08x}{ApiKey.objects.count():032d}"
            values: dict[str, Any] = {
                "name": "a program",
                "owner": owner,
                "role": role or owner.groups.get(),
                "scopes": sorted(scopes),
                "prefix": self.secret[:PREFIX_LETTERS],
                "digest": digest_of(self.secret),
                "a_minute": 6_000,
                "expires_at": timezone.now() + datetime.timedelta(days=1),
            }
            self.key = ApiKey.objects.create(**values | fields)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Return the answer to one request; a body is sent as JSON, and `headers` are named as in Python."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.secret:
            sent.setdefault("Authorization", f"Bearer {self.secret}")
        data = "" if body is None else body if isinstance(body, str | bytes) else json.dumps(body)
        kind = "application/json" if body is not None else ""
        return self.client.generic(method.upper(), f"{ROOT}{path}", data, kind, headers=sent)

    def get(self, path: str, **headers: str) -> Any:
        """Return the answer to a GET."""
        return self.ask("get", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        """Return the answer to a POST."""
        return self.ask("post", path, {} if body is None else body, **headers)

    def patch(self, path: str, body: Any, **headers: str) -> Any:
        """Return the answer to a PATCH."""
        return self.ask("patch", path, body, **headers)
