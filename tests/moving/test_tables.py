"""Every kind of field has a rule, and each makes of a stored value what PostgreSQL reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from callcenter.moving.databases import FILLED_BY_MIGRATIONS
from callcenter.moving.tables import clean_json, tables_to_move, turn_of
from providers.models import Provider
from tests.moving.conftest import ask


def test_every_field_of_every_model_has_a_rule() -> None:
    tables = tables_to_move()
    assert {"campaigns_call", "campaigns_campaign_lists", "django_q_schedule"} <= {table.name for table in tables}
    for table in tables:
        for field in table.fields:
            turn_of(field)


def test_what_migrations_fill_is_known(without_rows: Path) -> None:
    """A table that a migration gives rows would make every target look as if it held data."""
    filled = {table.name for table in tables_to_move() if ask(without_rows, f'SELECT 1 FROM "{table.name}" LIMIT 1')}
    assert filled == {model._meta.db_table for model in FILLED_BY_MIGRATIONS}


@pytest.mark.parametrize(
    ("stored", "read"), [(0.05, "0.0500"), (12, "12.0000"), (0.1, "0.1000"), (1234567.8901, "1234567.8901")]
)
def test_decimals_have_the_places_of_their_field(stored: Any, read: str) -> None:
    turn = turn_of(Provider._meta.get_field("price_per_minute"))
    assert turn is not None
    assert str(turn(stored)) == read


def test_json_is_written_anew_only_where_it_must() -> None:
    emoji = '{"a":  "\\ud83d\\ude00"}'
    assert clean_json('{"a":  1.0}') == '{"a":  1.0}'
    assert clean_json(emoji) == '{"a": "\\ud83d\\ude00"}'
    assert clean_json('["\\u0000", {"\\ud800": 1}]') == '["?", {"?": 1}]'
