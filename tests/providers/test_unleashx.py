"""UnleashX keeps the contract, and finds calls among rows without ever guessing between two."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from providers.backends._unleashx_matches import zone_of
from providers.backends._unleashx_pages import CALLS
from providers.backends._unleashx_rows import is_past, match_by_number
from providers.backends.unleashx import UnleashXBackend
from providers.exceptions import (
    AgentRefused,
    CallerIdRefused,
    CredentialsRejected,
    InvalidNumber,
    OrderRejected,
    OutcomeUnknown,
    OutOfCredit,
    PlanRefused,
    RateLimited,
    UnexpectedResponse,
    ZoneRefused,
)
from providers.types import CallHandle, CallOrder, CallQuery
from tests.providers.contract import ProviderContract
from tests.providers.exchanges import ScriptedClient
from tests.providers.vendor_stub import Answer, VendorStub

REFERENCE = UUID("8f0a7c3e-2b1d-4e5f-9a6b-0c1d2e3f4a5b")
PLACED_AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
EMPTY = {"datalist": [], "transactions": []}
NO_PAYMENTS = {"transactions": [], "pagination": {"has_next": False}}


def row_of(number: int, phone: str, clock: str = "", at: datetime | None = None) -> dict[str, Any]:
    """Return a row of the list with a bare time, on the day of the order unless `at` is given."""
    created = at.strftime("%Y-%m-%d %H:%M:%S") if at else f"2026-01-02 {clock}"
    return {"ID": number, "AGENT_ID": 7, "CALLING_NUMBER": phone, "CALL_STATUS": "BUSY", "CREATED_AT": created}


class TestUnleashX(ProviderContract):
    backend_class = UnleashXBackend
    payloads = "unleashx"
    paged = frozenset({"list"})
    absent = Answer(200, EMPTY)
    refusals = (
        (400, {"error": True, "message": "Phone Number is required"}, InvalidNumber),
        (422, {"error": True, "message": "Invalid phone number format"}, InvalidNumber),
        (404, {"error": True, "message": "Agent not found or not active"}, AgentRefused),
        (400, {"error": True, "message": "LOGIN_TOKEN_REQUIRED"}, CredentialsRejected),
        (403, {"error": True, "message": "Unauthorized"}, CredentialsRejected),
        (403, {"error": True, "message": "Agent is not yours"}, AgentRefused),
        (422, {"error": True, "message": "agent_id must be an integer"}, OrderRejected),
        (400, {"error": True, "message": "No phone number is attached to this agent"}, CallerIdRefused),
        (403, {"error": True, "message": "Upgrade your plan"}, PlanRefused),
        (403, {"error": True, "message": "Calling to this country is not enabled"}, ZoneRefused),
        (200, {"error": True, "message": "Invalid Auth Key or Session Expired"}, CredentialsRejected),
        (200, {"success": False, "message": "Invalid Auth Key or Session Expired"}, CredentialsRejected),
        (200, {"message": "Invalid Auth Key or Session Expired", "data": {}}, CredentialsRejected),
        (200, {"message": "Session expired", "data": {"campaign": 7}}, OutcomeUnknown),
        (400, {"error": True, "message": "Insufficient balance"}, OutOfCredit),
        (200, {"error": True, "message": "Agent not found or not active"}, AgentRefused),
        (200, {"error": True, "code": 401, "message": "Invalid session"}, CredentialsRejected),
        (200, {"error": True, "code": 429, "message": "Slow down"}, RateLimited),
        (200, {"error": True, "code": 500, "message": "Oops"}, OutcomeUnknown),
        (200, {"error": True, "code": 200, "message": "?"}, OutcomeUnknown),
        (200, {"success": False, "message": "?"}, OutcomeUnknown),
    )

    def test_new_words_are_the_admins_to_map(self, stub: VendorStub) -> None:
        backend = self.open_backend(stub, status_map_extra={"LINE-DROPPED": "failed", "bad": "pending"})
        assert backend.status_of("line dropped") == "failed"
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

    def test_a_certain_row_tells_the_zone_of_the_others(self, stub: VendorStub) -> None:
        """India's times, which nobody set: one row gives our reference back, the other has a number only."""
        sure = row_of(1, "+919876543210", "08:34:07") | {"INPUT_DATA": f'{{"call_reference": "{REFERENCE}"}}'}
        stub.answer(Answer(200, {"datalist": [sure, row_of(2, "+919876543211", "08:34:09")], **NO_PAYMENTS}))
        handles = [handle("e1", "+919876543210"), replace(handle("e2", "+919876543211"), reference=UUID(int=2))]
        first, second = self.open_backend(stub).fetch_calls(handles)
        assert (first.utc_offset, first.matched_by) == ("+05:30", "id")
        assert (second.utc_offset, second.matched_by, second.status) == ("", "number", "busy")
        assert second.created_at == PLACED_AT + timedelta(seconds=4)

    def test_no_row_is_guessed_while_the_zone_is_not_known(self, stub: VendorStub) -> None:
        """Two calls to one number, five and a half hours apart: in either zone one of the rows fits."""
        rows = [row_of(1, "+919876543210", "08:34:07"), row_of(2, "+919876543210", "03:04:07")]
        stub.answer(Answer(200, {"datalist": rows, **NO_PAYMENTS}))
        wanted = [replace(handle("e1", "+919876543210"), reference=UUID(int=2))]
        (found,) = self.open_backend(stub).fetch_calls(wanted)
        assert (found.matched_by, found.status) == ("several", None)
        for offset in ("+05:30", "+00:00"):
            (found,) = self.open_backend(stub, utc_offset=offset).fetch_calls(wanted)
            assert (found.matched_by, found.status) == ("number", "busy")

    def test_rows_of_the_future_tell_a_lists_zone(self, stub: VendorStub) -> None:
        now = datetime.now(UTC)
        rows = [row_of(1, "+919876543210", at=now + timedelta(hours=5, minutes=29))]
        stub.answer(Answer(200, {"datalist": rows, **NO_PAYMENTS}))
        query = CallQuery(since=now - timedelta(minutes=10), until=now + timedelta(minutes=1), agent_ids=["7"])
        (found,) = self.open_backend(stub).list_calls(query)
        assert found.created_at is not None
        assert abs(found.created_at - now) < timedelta(minutes=2)

    @pytest.mark.parametrize(
        ("created", "told"),
        [
            ("2026-01-02 03:04:07", "+00:00"),
            ("2026-01-02 08:34:07", "+05:30"),
            ("2026-01-02 03:34:07", ""),  # written half an hour later, at the end of the call
            ("2026-01-02 08:32:06", "+05:30"),
            ("2026-01-02 03:20:05", ""),  # a quarter of an hour late: no zone
            ("2026-01-02T03:04:07+05:30", ""),
            ("2026-01-02", ""),
            (1767323047, ""),
            (None, ""),
        ],
    )
    def test_zone_is_read_off_the_time_of_our_order(self, created: object, told: str) -> None:
        assert zone_of({"created_at": created}, PLACED_AT) == told

    @pytest.mark.parametrize("name", ["CALL_STATUS", "STATUS"])
    def test_an_end_that_only_the_transaction_tells_is_read_again(self, stub: VendorStub, name: str) -> None:
        """The lists are read one after the other; the row that tells of the end also tells what was said."""
        row = {"ID": 1, "execution_id": "e1", name: "initiated", "DISPOSITION": None, "TRANSCRIPT": None}
        paid = {"TRACK_ID": "e1", "CALL_STATUS": "USER_ENDED", "TOTAL_DURATION": 9, "TOTAL_COST": -0.1}
        payments = {"transactions": [paid], "pagination": {"has_next": False}}
        asked = [handle("e1", "+919876543210"), handle("e2", "+919876543211")]
        stub.answer(Answer(200, {"datalist": [row], **payments}))
        found = {call.remote_id: call for call in self.open_backend(stub).fetch_calls(asked)}
        assert found["e1"].status == "dialing"
        ended = {**row, name: "USER_ENDED", "DISPOSITION": "Do not call again"}
        stub.answer(Answer(200, {"datalist": [ended], **payments}))
        found = {call.remote_id: call for call in self.open_backend(stub).fetch_calls(asked)}
        assert (found["e1"].status, found["e1"].talk_seconds, found["e1"].do_not_call) == ("completed", 9, True)

    @pytest.mark.parametrize(("age", "status"), [(60, "wrapping_up"), (245, "wrapping_up"), (251, "completed")])
    def test_a_call_without_a_row_ends_by_its_transaction_after_a_while(
        self, stub: VendorStub, age: int, status: str
    ) -> None:
        paid = {"TRACK_ID": "e1", "CALL_STATUS": "USER_ENDED", "TOTAL_DURATION": 9}
        stub.answer(Answer(200, {"datalist": [], "transactions": [paid], "pagination": {"has_next": False}}))
        placed = datetime.now(UTC) - timedelta(seconds=age)
        (found,) = self.open_backend(stub).fetch_calls([handle("e1", "+919876543210", placed_at=placed)])
        assert (found.status, found.more_to_read) == (status, status != "completed")

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
