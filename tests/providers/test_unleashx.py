"""UnleashX keeps the contract, and finds calls among rows without ever guessing between two."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from providers.backends._unleashx_pages import CALLS
from providers.backends._unleashx_rows import is_past, match_by_number
from providers.backends.unleashx import UnleashXBackend
from providers.exceptions import (
    CredentialsRejected,
    InvalidNumber,
    OrderRejected,
    OutcomeUnknown,
    OutOfCredit,
    RateLimited,
    UnexpectedResponse,
)
from providers.types import CallHandle, CallOrder
from tests.providers.contract import ProviderContract
from tests.providers.exchanges import ScriptedClient
from tests.providers.vendor_stub import Answer, VendorStub

REFERENCE = UUID("8f0a7c3e-2b1d-4e5f-9a6b-0c1d2e3f4a5b")
PLACED_AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
EMPTY = {"datalist": [], "transactions": []}


class TestUnleashX(ProviderContract):
    backend_class = UnleashXBackend
    payloads = "unleashx"
    paged = frozenset({"list"})
    absent = Answer(200, EMPTY)
    refusals = (
        (400, {"error": True, "message": "Phone Number is required"}, InvalidNumber),
        (422, {"error": True, "message": "Invalid phone number format"}, InvalidNumber),
        (404, {"error": True, "message": "Agent not found or not active"}, OrderRejected),
        (400, {"error": True, "message": "LOGIN_TOKEN_REQUIRED"}, CredentialsRejected),
        (403, {"error": True, "message": "Unauthorized"}, CredentialsRejected),
        (403, {"error": True, "message": "Agent is not yours"}, OrderRejected),
        (400, {"error": True, "message": "Insufficient balance"}, OutOfCredit),
        (200, {"error": True, "message": "Agent not found or not active"}, OrderRejected),
        (200, {"error": True, "code": 401, "message": "Invalid session"}, CredentialsRejected),
        (200, {"error": True, "code": 429, "message": "Slow down"}, RateLimited),
        (200, {"error": True, "code": 500, "message": "Oops"}, OutcomeUnknown),
        (200, {"error": True, "code": 200, "message": "?"}, OutcomeUnknown),
        (200, {"success": False, "message": "?"}, OutcomeUnknown),
    )

    def test_new_words_are_the_admins_to_map(self, stub: VendorStub) -> None:
        backend = self.open_backend(stub, status_map_extra={"NOT-PICKED": "no_answer", "bad": "pending"})
        assert backend.status_of("not picked") == "no_answer"
        assert backend.status_of("bad") is None

    @pytest.mark.parametrize("agent_id", ["", "abc", "4.2", "-1", "４２"])
    def test_agent_that_is_no_number_is_refused_before_it_leaves(self, stub: VendorStub, agent_id: str) -> None:
        with pytest.raises(OrderRejected):
            self.open_backend(stub).place_call(
                CallOrder(reference=REFERENCE, to_number="+919876543210", agent_id=agent_id)
            )
        assert stub.requests == []

    def test_reference_wins_over_a_variable_of_its_name(self, stub: VendorStub) -> None:
        order = CallOrder(
            reference=REFERENCE, to_number="+919876543210", agent_id="7", variables={"call_reference": "mine"}
        )
        assert self.open_backend(stub).build_order(order).json["metadata"] == {"call_reference": str(REFERENCE)}

    def test_many_calls_of_one_agent_cost_one_list(self, stub: VendorStub) -> None:
        rows = [
            {"ID": n, "execution_id": f"e{n}", "AGENT_ID": 7, "CALL_STATUS": "initiated", "CREATED_AT": str(PLACED_AT)}
            for n in range(25)
        ]
        stub.answer(Answer(200, {"datalist": rows}))
        found = self.open_backend(stub).fetch_calls([handle(f"e{n}", f"+9198765432{n:02d}") for n in range(25)])
        assert [call.remote_id for call in found] == [f"e{n}" for n in range(25)]
        assert {call.matched_by for call in found} == {"id"}
        assert len(stub.requests) == 1

    def test_list_that_says_it_goes_on_but_repeats_itself_is_not_trusted(self, stub: VendorStub) -> None:
        page = {"datalist": [{"ID": 1, "CREATED_AT": "2026-01-02 03:04:05"}], "pagination": {"has_next": True}}
        stub.answer(Answer(200, page))
        with pytest.raises(UnexpectedResponse):
            self.open_backend(stub).fetch_calls([handle("e1", "+919876543210")])

    def test_rows_without_an_id_are_not_taken_for_one_another(self) -> None:
        recorded = self.read_payloads()["fetch_6_singled_out"]
        candidates, _end, filtered, _last = recorded["routes"][CALLS]["pages"]
        candidates["datalist"][1]["ID"] = filtered["datalist"][0]["ID"] = None
        client = ScriptedClient(recorded)
        (found,) = self.run(recorded, self.backend_behind(client, client.origin))
        assert found.raw_status == "USER_ENDED"
        filtered["datalist"][0]["CALLING_NUMBER"] = "+919876543999"
        client = ScriptedClient(recorded)
        (undecided,) = self.run(recorded, self.backend_behind(client, client.origin))
        assert (undecided.status, undecided.matched_by) == (None, "several")

    def test_foreign_recording_is_read_without_our_key_only_where_allowed(self, stub: VendorStub) -> None:
        row = {
            "ID": 1,
            "execution_id": "e1",
            "CALL_STATUS": "initiated",
            "FILE_PATH": "https://elsewhere.invalid/a.mp3",
        }
        stub.answer(Answer(200, {"datalist": [row]}))
        with pytest.raises(UnexpectedResponse):
            self.open_backend(stub).fetch_recording(handle("e1", "+919876543210"))
        assert len(stub.requests) == 1

    def test_expired_recording_does_not_pass_for_a_dead_key(self, stub: VendorStub) -> None:
        row = {"ID": 1, "execution_id": "e1", "CALL_STATUS": "initiated", "FILE_PATH": "/files/a.mp3"}
        stub.answer(Answer(200, {"datalist": [row]}))
        stub.answer(Answer(401, {"error": True, "message": "expired"}), path="/files")
        with pytest.raises(UnexpectedResponse):
            self.open_backend(stub).fetch_recording(handle("e1", "+919876543210"))


def handle(remote_id: str, to_number: str, **more: Any) -> CallHandle:
    given = {"reference": REFERENCE, "agent_id": "7", "placed_at": PLACED_AT, **more}
    return CallHandle(remote_id=remote_id, to_number=to_number, **given)


@pytest.mark.parametrize(
    ("number", "seconds", "agent", "is_near"),
    [
        ("+919876543210", 0, 7, True),
        ("919876543210", 60, "7", True),
        ("09876543210", 60, None, True),
        ("876543210", 60, 7, True),
        ("+449876543210", 60, 7, True),  # a tail of ten digits is all that is compared
        ("76543210", 60, 7, False),
        ("+919876543211", 0, 7, False),
        ("+919876543210", -121, 7, False),
        ("+919876543210", 901, 7, False),
        ("+919876543210", 0, 8, False),
    ],
)
def test_row_is_near_a_call_by_number_agent_and_time(number: str, seconds: int, agent: Any, is_near: bool) -> None:
    created = (PLACED_AT + timedelta(seconds=seconds)).isoformat()
    row = {"id": 1, "calling_number": number, "agent_id": agent, "created_at": created}
    near = match_by_number([handle("e1", "+919876543210")], [row], "+00:00")
    assert near == ({"e1": [row]} if is_near else {})


def test_list_ends_early_only_while_it_runs_from_new_to_old() -> None:
    falling = [{"created_at": f"2026-01-02 0{hour}:00:00"} for hour in (5, 4, 3, 2)]
    floor = datetime(2026, 1, 2, 3, 30, tzinfo=UTC)
    assert is_past(falling, 2, floor, "+00:00")
    assert not is_past(falling, 3, floor, "+00:00")
    assert not is_past([falling[1], falling[0], *falling[2:]], 2, floor, "+00:00")
    assert not is_past([*falling, {"created_at": None}], 3, floor, "+00:00")
    assert not is_past(falling[-1:], 1, floor, "+00:00")
    assert not is_past([], 0, floor, "+00:00")
