"""A copy that differs from its source, in whatever kind of column, is noticed and taken back."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import models

from callcenter.audit.models import AuditEvent
from callcenter.moving import copying
from callcenter.moving.tables import Table, turn_of
from tests.moving.conftest import ask, counted, on_postgres


def spoil(kind: str, change: Callable[[Any], Any]) -> Callable[..., Any]:
    """Return a reader of turns that also changes the last value of each column of one kind."""
    usual = turn_of

    def turn(field: models.Field[Any, Any]) -> Any:
        right = usual(field)
        if field.get_internal_type() != kind or field.unique:
            return right
        return lambda value: change(right(value) if right else value)

    return turn


@on_postgres
@pytest.mark.usefixtures("unblocked")
@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("CharField", lambda text: text[:-1]),
        ("TextField", lambda text: text[:-1]),
        ("BooleanField", lambda _value: True),
        ("DateTimeField", lambda text: text.replace("+00:00", "") + "+03:30"),
        ("DecimalField", lambda amount: amount + Decimal("0.01")),
        ("JSONField", lambda _text: "{}"),
        ("TimeField", lambda _text: "00:00"),
        ("PositiveIntegerField", lambda number: number + 1),
        ("FloatField", lambda number: number + 1),
        ("UUIDField", lambda _text: uuid.uuid4().hex),
    ],
)
def test_a_copy_that_differs_is_noticed_and_taken_back(
    kind: str,
    change: Callable[[Any], Any],
    source: Path,
    make_target: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = make_target()
    monkeypatch.setattr("callcenter.moving.tables.turn_of", spoil(kind, change))
    with pytest.raises(CommandError, match="Nothing was moved"):
        call_command("move_database", url, source=str(source))
    assert counted(url, source)["campaigns_call"] == 0
    assert ask(source, "SELECT stopped_at FROM campaigns_dialingswitch") == [(None,)]


@on_postgres
@pytest.mark.usefixtures("unblocked")
def test_a_row_that_is_missing_is_noticed(
    source: Path, make_target: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = copying._copy_batch

    def forgetful(table: Table, batch: list[Any], key: int) -> None:
        usual(table, batch[:-1] if table.model is AuditEvent else batch, key)

    monkeypatch.setattr(copying, "_copy_batch", forgetful)
    with pytest.raises(CommandError, match="audit_auditevent, rows: "):
        call_command("move_database", make_target(), source=str(source))
