"""Lists of which a row carries no id: the others count, and the list is not whole."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from providers import registry
from providers.client.client import HttpClient
from providers.exceptions import UnexpectedResponse
from providers.lists import BadPages, IncompleteList
from providers.types import CallHandle, CallQuery, CallSnapshot
from tests.providers.vendor_stub import Answer, Sent, VendorStub

UNTIL = datetime.datetime(2026, 11, 29, tzinfo=datetime.UTC)
QUERY = CallQuery(since=UNTIL - datetime.timedelta(hours=1), until=UNTIL, agent_ids=["7"])
NOBODY = UUID(int=0)
VENDORS = ("bolna", "voicy", "vocode", "unleashx")


@pytest.fixture
def stub() -> Iterator[VendorStub]:
    with VendorStub() as stub:
        yield stub


def row_of(vendor: str, remote_id: str | None) -> dict[str, Any]:
    """Return a row of a vendor's list; None is a row without an id."""
    at = UNTIL - datetime.timedelta(minutes=5)
    shared = {"to_number": "+15550001111"}
    row: dict[str, Any] = {
        "bolna": {"id": remote_id, "status": "completed", "created_at": at.isoformat()},
        "voicy": {"call_id": remote_id, "call_status": "busy", "start_timestamp": at.timestamp() * 1000, **shared},
        "vocode": {"id": remote_id, "status": "ended", "start_time": at.isoformat(), **shared},
        "unleashx": {"execution_id": remote_id, "CALL_STATUS": "BUSY", "CREATED_AT": at.isoformat()},
    }[vendor]
    return row if remote_id else {name: value for name, value in row.items() if value is not None}


def page_of(vendor: str, rows: list[Any]) -> dict[str, Any]:
    return {
        "bolna": {"data": rows, "has_more": False},
        "voicy": {"calls": rows, "total_count": len(rows)},
        "vocode": {"items": rows, "has_more": False},
        "unleashx": {"datalist": rows, "transactions": [], "pagination": {"has_next": False}},
    }[vendor]


def backend_of(vendor: str, stub: VendorStub) -> Any:
    client = HttpClient(
        stub.origin, headers={}, allowed_hosts=(), sandbox_origin=stub.origin, connect_timeout=10.0, total_timeout=30.0
    )
    return registry.backend_class(vendor)(client, secrets={}, options={})


def listed(vendor: str, stub: VendorStub) -> list[CallSnapshot]:
    found: list[CallSnapshot] = backend_of(vendor, stub).list_calls(QUERY)
    return found


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_row_without_an_id_is_skipped_and_the_list_is_not_whole(stub: VendorStub, vendor: str) -> None:
    rows = [row_of(vendor, "a"), row_of(vendor, None), row_of(vendor, "b")]
    stub.answer(Answer(200, page_of(vendor, rows)))
    with pytest.raises(IncompleteList, match="1 rows of the list have no id") as caught:
        listed(vendor, stub)
    assert [row.remote_id for row in caught.value.listed] == ["a", "b"]
    stub.answer(Answer(200, page_of(vendor, [rows[0], rows[2]])))
    assert [row.remote_id for row in listed(vendor, stub)] == ["a", "b"]


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("remote_id", ["", "x" * 300, "line\nbreak", ["e1"], {}, True, None])
def test_an_id_that_cannot_be_kept_is_none(stub: VendorStub, vendor: str, remote_id: Any) -> None:
    odd = json.loads(json.dumps(row_of(vendor, "odd")).replace('"odd"', json.dumps(remote_id)))
    stub.answer(Answer(200, page_of(vendor, [row_of(vendor, "a"), odd])))
    with pytest.raises(IncompleteList) as caught:
        listed(vendor, stub)
    assert [row.remote_id for row in caught.value.listed] == ["a"]


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_list_of_nothing_but_rows_without_ids_is_not_empty(stub: VendorStub, vendor: str) -> None:
    stub.answer(Answer(200, page_of(vendor, [row_of(vendor, None)])))
    with pytest.raises(UnexpectedResponse):
        listed(vendor, stub)


def test_states_are_read_from_voicys_list_although_a_row_has_no_id(stub: VendorStub) -> None:
    rows = [{**row_of("voicy", name), "call_status": "ongoing"} for name in ("a", "b", "c", "d")]
    stub.answer(Answer(200, page_of("voicy", [row_of("voicy", None), *rows])), path="/call-list")
    stub.answer(Answer(404, {"error": "Call not found"}), path="/call-get")
    at = UNTIL - datetime.timedelta(minutes=5)
    handles = [
        CallHandle(reference=NOBODY, remote_id=name, placed_at=at) for name in ("a", "b", "c", "d")
    ]  # fmt: skip
    assert [call.remote_id for call in backend_of("voicy", stub).fetch_calls(handles)] == ["a", "b", "c", "d"]


def test_rows_are_counted_over_all_pages() -> None:
    bad = BadPages()
    assert bad.with_ids([{"id": 7}, {"id": ""}, {}], "id") == [{"id": 7}]
    assert bad.with_ids([{"execution_id": "a"}, {"id": True}], "id", "execution_id") == [{"execution_id": "a"}]
    assert bad.left_out == 3
    with pytest.raises(UnexpectedResponse, match="3 rows"):
        bad.end()


# UnleashX: new calls push the others onto later pages while the list is read


class Growing:
    """A list of calls before which `burst` new ones come after its first page was read."""

    def __init__(self, stub: VendorStub, calls: int, burst: int) -> None:
        self.calls, self.burst, self.pages = [f"e{number}" for number in range(calls)], burst, 0
        stub.answer(self.page, path="/api/v1/global/agents")
        stub.answer(Answer(200, {"transactions": []}), path="/api/v1/global/transactions")

    def page(self, sent: Sent) -> Answer:
        page, limit = (int(sent.query[name][0]) for name in ("page", "limit"))
        self.pages += 1
        rows = self.calls[(page - 1) * limit : page * limit]
        if page == 1:
            self.calls = [*(f"new{number}" for number in range(self.burst)), *self.calls]
        return Answer(200, {"datalist": [row_of("unleashx", remote_id) for remote_id in rows]})


@pytest.mark.parametrize("burst", [0, 1, 24, 25, 26, 30, 50, 60])
def test_a_page_of_known_rows_is_not_the_end_while_new_ones_come(stub: VendorStub, burst: int) -> None:
    growing = Growing(stub, 60, burst)
    found = {row.remote_id for row in listed("unleashx", stub)}
    assert {f"e{number}" for number in range(60)} <= found
    assert growing.pages <= 4 + 3


def test_a_vendor_that_does_not_heed_the_page_is_not_believed(stub: VendorStub) -> None:
    full = [row_of("unleashx", f"e{number}") for number in range(25)]
    stub.answer(Answer(200, {"datalist": full, "transactions": []}))
    with pytest.raises(IncompleteList, match="repeats itself"):
        listed("unleashx", stub)
    assert len(stub.requests) < 12
    stub.forget()
    stub.answer(Answer(200, {"datalist": full[:3], "transactions": []}))
    assert len(listed("unleashx", stub)) == 3
