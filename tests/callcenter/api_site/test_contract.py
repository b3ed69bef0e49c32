"""Whatever the served schema allows, and much that it does not, is answered as it says, through WSGI, and never by 500.

The short form asks a few times for each operation; `make contracts` (CONTRACTS=full) asks long, on both engines.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import schemathesis
from django.contrib.auth.models import User
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from callcenter.access import rights
from tests.conftest import make_person
from tests.programs import ROOT, Program
from tests.security.api_routes import API_WAYS
from tests.security.world import Whose

IS_FULL = os.environ.get("CONTRACTS") == "full"
EXAMPLES = 60 if IS_FULL else 2
HELD = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
HAPPEN_ONCE = {f"{ROOT}/calls", f"{ROOT}/callbacks"}
QUIET = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=not IS_FULL,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@contextmanager
def taken_back() -> Iterator[None]:
    """Take back what a request writes."""
    block = transaction.atomic()
    # The product's own outermost transactions are outermost within it.
    block._from_testcase = True  # type: ignore[attr-defined]
    with block:
        yield
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def kept_connection() -> Iterator[None]:
    """Let requests to the WSGI application close no connection, as Django's own client does: it has the test's rows."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def program(db: None, caplog: pytest.LogCaptureFixture) -> Program:
    """Make a program of somebody who reaches every operation."""
    caplog.set_level(100)
    owner = make_person(rights.MANAGER)
    owner.groups.add(*make_person(rights.ADMIN).groups.all())
    return Program(owner, role=owner.groups.get(name=rights.MANAGER))


def ask(operation: Any, mode: GenerationMode, headers: dict[str, str], **fixed: Any) -> None:
    """Ask for one operation with what a mode makes up."""

    @QUIET
    @given(case=operation.as_strategy(generation_mode=mode, **fixed))
    def asked(case: Any) -> None:
        sent = {**headers, **({"If-Match": "*"} if case.method == "PATCH" else {})}
        if mode is GenerationMode.POSITIVE and case.path in HAPPEN_ONCE and case.method == "POST":
            sent["Idempotency-Key"] = "contract"
        with taken_back():
            case.validate_response(case.call(headers=sent), checks=HELD)

    asked()


def test_every_operation_keeps_to_the_served_schema(program: Program, django_user_model: type[User]) -> None:
    schema = schemathesis.openapi.from_wsgi(f"{ROOT}/openapi.json", get_wsgi_application())
    owner = program.key.owner
    rows = Whose(owner, None, owner, "Contract")
    headers = {"Authorization": f"Bearer {program.secret}"}
    done = set()
    for found in schema.get_all_operations():
        operation = found.ok()
        method, path = operation.method.lower(), operation.path.removeprefix(ROOT)
        way = API_WAYS[method, path]
        fixed = {"path_parameters": {"pk": int(rows.row(way.kind).parts["pk"])}} if way.kind else {}
        ask(operation, GenerationMode.POSITIVE, headers, **fixed)
        if IS_FULL or method != "get":
            ask(operation, GenerationMode.NEGATIVE, headers)
        done.add((method, path))
    assert done == set(API_WAYS)
