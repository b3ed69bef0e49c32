"""Stopping one call at the vendor: who may, what is asked, and that people are told what really happened."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.utils import timezone

from callcenter.access.rights import CALLER
from callcenter.audit.models import AuditEvent
from campaigns.models import Call
from campaigns.tracking import call_updates
from campaigns.tracking import hang_up as hang_up_module
from providers import opening
from providers.base import ProviderBackend
from providers.exceptions import CredentialsRejected, NotSent, OrderRejected, OutcomeUnknown, UnexpectedResponse
from providers.types import CallHandle, CallSnapshot, CallStatus
from tests.campaigns.conftest import Sandbox
from tests.conftest import make_call, make_campaign, make_contact, make_person, make_provider
from tests.waiting import wait_until

Run = Callable[..., None]


def told(answer: Any) -> str:
    """Return the message that the next page shows."""
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


class Vendor:
    """A vendor that answers as a test wants."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answer: CallSnapshot | Exception | None = None
        self.state: CallStatus | Exception = CallStatus.QUEUED
        self.asked: list[str] = []
        monkeypatch.setattr(opening, "open_backend", lambda _provider, _note=None, **_more: self)

    def _wish(self, handle: CallHandle) -> CallSnapshot | None:
        self.asked.append(handle.remote_id)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    cancel_call = hang_up_call = _wish

    def fetch_calls(self, handles: list[CallHandle]) -> list[CallSnapshot]:
        if isinstance(self.state, Exception):
            raise self.state
        return [CallSnapshot(remote_id=handles[0].remote_id, raw_status=self.state.value, status=self.state)]


@pytest.fixture
def vendor(monkeypatch: pytest.MonkeyPatch) -> Vendor:
    return Vendor(monkeypatch)


def waiting(owner: User | None = None, vendor: str = "bolna", status: str = "queued", rank: int = 30) -> Call:
    """Make a call that the vendor has."""
    return make_call(provider=make_provider(vendor=vendor), owner=owner, status=status, rank=rank, remote_id="abc")


def test_a_call_that_waits_at_the_vendor_is_cancelled_there(
    sandbox: Sandbox, client: Client, caller: User, dial: Run
) -> None:
    client.force_login(caller)
    provider = sandbox.provider()
    call = make_call(
        provider=provider,
        agent=provider.agent_set.first(),
        to_number="+989121239901",
        owner=caller,
        vendor_options={"scheduled_at": "2030-01-01T10:00:00+00:00"},
    )
    dial(2)
    call.refresh_from_db()
    assert call.status == "queued"
    assert "Bolna is asked to remove this call from its queue" in client.get(f"/calls/{call.pk}/").content.decode()
    answer = client.post(f"/calls/{call.pk}/cancel-at-vendor/")
    assert "The provider stopped the call" in told(answer)
    call.refresh_from_db()
    assert call.status == "canceled"
    codes = [(event.code, event.actor_id) for event in call.events.all()]
    assert ("cancel_asked", caller.pk) in codes
    assert AuditEvent.objects.get(action="call.cancel_asked").detail["outcome"] == "ok"
    assert {line.what for line in provider.exchanges.all()} == {"place_call", "cancel_call", "fetch_calls"}


def test_a_live_call_is_hung_up(sandbox: Sandbox, client: Client, caller: User, dial: Run, read_back: Run) -> None:
    client.force_login(caller)
    provider = sandbox.provider("vocode")
    call = make_call(
        provider=provider,
        agent=provider.agent_set.first(),
        caller_id=provider.callerid_set.first(),
        to_number="+989121239915",
        owner=caller,
    )
    dial(2)

    def look() -> None:
        read_back(1)
        call.refresh_from_db()

    wait_until(lambda: call.status == "in_progress", step=look)
    assert "Hang up" in client.get(f"/calls/{call.pk}/").content.decode()
    answer = client.post(f"/calls/{call.pk}/hang-up/")
    assert "The provider stopped the call" in told(answer)
    call.refresh_from_db()
    assert call.is_final


@pytest.mark.parametrize(
    ("answer", "state", "words", "stands"),
    [
        (OrderRejected("Only queued"), CallStatus.IN_PROGRESS, "Too late: the conversation has started", "in_progress"),
        (OrderRejected("Only queued"), CallStatus.RINGING, "Too late: the number is being dialled", "ringing"),
        (OrderRejected("Only queued"), CallStatus.COMPLETED, "had already ended", "completed"),
        (OrderRejected("Not allowed"), CallStatus.QUEUED, "refused to stop it: “Not allowed”", "queued"),
        (OutcomeUnknown("cut"), CallStatus.QUEUED, "no clear answer", "queued"),
        (OutcomeUnknown("cut"), CallStatus.CANCELED, "The provider stopped the call", "canceled"),
        (NotSent("no network"), CallStatus.QUEUED, "could not be reached", "queued"),
        (None, CallStatus.CANCELED, "The provider stopped the call", "canceled"),
        (None, CallStatus.QUEUED, "has not ended yet", "queued"),
        (None, CallStatus.NO_ANSWER, "had already ended", "no_answer"),
        (None, UnexpectedResponse("rubbish"), "has not ended yet", "queued"),
    ],
)
def test_people_are_told_what_really_happened(
    caller: User, vendor: Vendor, answer: Any, state: Any, words: str, stands: str
) -> None:
    call = waiting(caller)
    vendor.answer, vendor.state = answer, state
    said = hang_up_module.stop_at_vendor(call.pk, "cancel", caller)
    assert words in said.sentence
    call.refresh_from_db()
    assert call.status == stands
    assert len(vendor.asked) == 1


@pytest.mark.parametrize(
    ("answer", "attempts"),
    [(None, 1), (OutcomeUnknown("cut"), 1), (NotSent("no network"), 2), (CredentialsRejected("dead key"), 2)],
)
def test_a_campaigns_call_that_a_person_stopped_is_not_tried_again(
    caller: User, vendor: Vendor, answer: Any, attempts: int
) -> None:
    campaign = make_campaign(provider=make_provider(vendor="vocode"), status="running", owner=caller)
    contact = make_contact()
    call = make_call(
        campaign=campaign, contact=contact, owner=caller, status="ringing", rank=50, remote_id="abc", attempt=1
    )
    vendor.answer, vendor.state = answer, CallStatus.RINGING
    hang_up_module.stop_at_vendor(call.pk, "hang_up", caller)
    call.refresh_from_db()
    assert call.status == "ringing"
    silent = CallSnapshot(remote_id="abc", raw_status="no-answer", status=CallStatus.NO_ANSWER)
    call_updates.merge_news({call.pk: silent}, source="poll", now=timezone.now())
    assert Call.objects.filter(campaign=campaign, contact=contact).count() == attempts
    assert call.events.filter(code="no_retry_stopped").exists() is (attempts == 1)


def test_its_end_may_be_read_back_while_the_vendor_is_being_asked(
    caller: User, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = make_campaign(provider=make_provider(vendor="vocode"), status="running", owner=caller)
    call = make_call(
        campaign=campaign, contact=make_contact(), owner=caller, status="ringing", rank=50, remote_id="abc"
    )
    silent = CallSnapshot(remote_id="abc", raw_status="no-answer", status=CallStatus.NO_ANSWER)

    def hang_up(handle: CallHandle) -> None:
        call_updates.merge_news({call.pk: silent}, source="poll", now=timezone.now())

    monkeypatch.setattr(vendor, "hang_up_call", hang_up, raising=False)
    vendor.state = CallStatus.NO_ANSWER
    hang_up_module.stop_at_vendor(call.pk, "hang_up", caller)
    assert campaign.calls.count() == 1


def test_the_vendors_word_counts_where_the_state_cannot_be_read(caller: User, vendor: Vendor) -> None:
    call = waiting(caller)
    vendor.answer = CallSnapshot(remote_id="abc", raw_status="stopped", status=CallStatus.CANCELED)
    vendor.state = UnexpectedResponse("rubbish")
    assert "The provider stopped the call" in hang_up_module.stop_at_vendor(call.pk, "cancel", caller).sentence


def test_an_answer_that_the_state_contradicts_is_not_believed(caller: User, vendor: Vendor) -> None:
    call = waiting(caller)
    vendor.answer = CallSnapshot(remote_id="abc", raw_status="stopped", status=CallStatus.CANCELED)
    vendor.state = CallStatus.IN_PROGRESS
    said = hang_up_module.stop_at_vendor(call.pk, "cancel", caller)
    assert "has not ended yet (In progress)" in said.sentence
    call.refresh_from_db()
    assert call.status == "in_progress"
    assert call.next_poll_at is not None


def test_a_refused_key_halts_the_provider(caller: User, vendor: Vendor) -> None:
    call = waiting(caller)
    vendor.answer = CredentialsRejected("The key is dead.")
    assert "rejected our account" in hang_up_module.stop_at_vendor(call.pk, "cancel", caller).sentence
    call.provider.refresh_from_db()
    assert call.provider.halted_at


@pytest.mark.parametrize(("status", "rank"), [("completed", 90), ("pending", 0), ("placing", 10), ("unknown", 20)])
def test_a_call_that_the_vendor_does_not_have_is_not_asked_about(
    caller: User, vendor: Vendor, status: str, rank: int
) -> None:
    call = waiting(caller, status=status, rank=rank)
    hang_up_module.stop_at_vendor(call.pk, "cancel", caller)
    assert not vendor.asked


def test_a_vendor_that_cannot_is_not_asked(caller: User, vendor: Vendor) -> None:
    call = waiting(caller, vendor="voicy")
    assert hang_up_module.wish_for(call, caller) is None
    assert "does not support this" in hang_up_module.stop_at_vendor(call.pk, "hang_up", caller).sentence
    assert not vendor.asked


@pytest.mark.parametrize(
    ("vendor_slug", "status", "wish"),
    [
        ("bolna", "queued", "cancel"),
        ("bolna", "in_progress", None),
        ("vocode", "queued", "cancel"),
        ("vocode", "in_progress", "hang_up"),
        ("vocode", "wrapping_up", None),
        ("bitel", "queued", None),
        ("unleashx", "dialing", None),
        ("voicy", "in_progress", None),
    ],
)
def test_only_what_the_vendor_can_do_is_offered(caller: User, vendor_slug: str, status: str, wish: str | None) -> None:
    assert hang_up_module.wish_for(waiting(caller, vendor_slug, status), caller) == wish


def test_only_own_calls_unless_one_controls_them_all(
    client: Client, caller: User, manager: User, admin_person: User, vendor: Vendor
) -> None:
    other = waiting(make_person(CALLER))
    url = f"/calls/{other.pk}/cancel-at-vendor/"
    client.force_login(caller)
    assert client.post(url).status_code == 404
    with pytest.raises(hang_up_module.PermissionDenied):
        hang_up_module.stop_at_vendor(other.pk, "cancel", caller)
    assert not vendor.asked
    for number, person in enumerate((manager, admin_person), 1):
        client.force_login(person)
        assert client.post(url).status_code == 302
        assert len(vendor.asked) == number
    assert client.get(url).status_code == 405


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_open_while_the_vendor_is_asked(vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    person = make_person(CALLER)
    call = waiting(person)
    seen: list[bool] = []
    monkeypatch.setattr(vendor, "cancel_call", lambda handle: seen.append(connection.in_atomic_block), raising=False)
    monkeypatch.setattr(vendor, "fetch_calls", lambda handles: seen.append(connection.in_atomic_block) or [])
    client = Client()
    client.force_login(person)
    assert client.post(f"/calls/{call.pk}/cancel-at-vendor/").status_code == 302
    assert seen == [False, False]


def test_a_backend_says_by_its_flags_what_it_can() -> None:
    assert not ProviderBackend.supports_cancel
    assert not ProviderBackend.supports_hang_up
