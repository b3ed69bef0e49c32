"""Which side a call came from, told by numbers and agents where the vendor does not say it."""

from __future__ import annotations

import uuid

import pytest

from campaigns.directions import divided, lines_of, told
from providers.types import CallSnapshot

LINES = lines_of(["+12025550111", "12"], ["answers"])
OURS, PERSON = "+1 202 555 0111", "+12025550177"
US = {"to_number": OURS, "caller_id": PERSON}
THEM = {"to_number": PERSON, "caller_id": OURS}


@pytest.mark.parametrize(
    ("row", "direction", "person"),
    [
        (US, "inbound", PERSON),
        (THEM, None, PERSON),
        (US | {"direction": "outbound"}, "outbound", OURS),
        (THEM | {"direction": "inbound"}, "inbound", PERSON),
        (US | {"direction": "inbound"}, "inbound", PERSON),
        (US | {"reference": uuid.uuid4()}, None, OURS),
        ({"to_number": OURS}, None, OURS),
        ({"to_number": OURS, "caller_id": "+12025550111"}, None, OURS),
        ({"to_number": OURS, "caller_id": "+12025550111", "direction": "inbound"}, "inbound", ""),
        (THEM | {"agent_id": "answers"}, "inbound", PERSON),
        (US | {"agent_id": "answers"}, "inbound", PERSON),
        ({"to_number": "12", "caller_id": PERSON}, None, "12"),
        ({}, None, ""),
    ],
)
def test_direction(row: dict[str, object], direction: str | None, person: str) -> None:
    known = told(CallSnapshot(remote_id="a", **row), LINES)  # type: ignore[arg-type]
    assert (known.direction, known.to_number) == (direction, person)


def test_rows_of_which_nothing_tells_it_are_taken_for_ours() -> None:
    rows = [CallSnapshot(remote_id="in", to_number=OURS, caller_id=PERSON), CallSnapshot(remote_id="out")]
    found = divided(rows, LINES)
    assert [row.remote_id for row in found.inbound] == ["in"]
    assert [row.remote_id for row in found.outbound] == ["out"]
