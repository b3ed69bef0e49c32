"""A fault in a vendor's module is an error of the contract, told by its class alone."""

from __future__ import annotations

import datetime
import logging
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from campaigns.core.eligibility import NOTHING_KNOWN, Facts, Judge, Verdict
from campaigns.reasons import WaitReason
from providers import guarding
from providers.exceptions import BackendFailed, OrderRejected, OutcomeUnknown, ProviderMisconfigured
from providers.guarding import guarded, is_shaped
from providers.models import Provider
from providers.types import AccountState, CallHandle, CallQuery, CallSnapshot
from tests.campaigns.troubles import CANARY, FailsAtRequests

HANDLE = CallHandle(reference=UUID(int=1), remote_id="x", to_number="+12025550100")


@pytest.fixture(autouse=True)
def nothing_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarding, "_logged_at", {})


def failing(**answers: Any) -> Any:
    """Return a guarded backend whose methods raise or return this."""

    class Backend(FailsAtRequests):
        def __getattribute__(self, name: str) -> Any:
            if name not in answers:
                return super().__getattribute__(name)

            def act(*_args: Any) -> Any:
                if isinstance(answers[name], Exception):
                    raise answers[name]
                return answers[name]

            return act

    return guarded(Backend(None, secrets={}, options={}))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["fetch_calls", "list_calls", "check_credentials", "list_agents", "fetch_recording"])
@pytest.mark.parametrize("error", [RuntimeError(CANARY), KeyError(CANARY), RecursionError(CANARY)])
def test_failure_of_a_read_is_one_of_the_vendor(name: str, error: Exception) -> None:
    with pytest.raises(BackendFailed) as caught:
        getattr(failing(**{name: error}), name)(HANDLE)
    assert type(error).__name__ in caught.value.message
    assert CANARY not in caught.value.message
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


@pytest.mark.parametrize("name", ["place_call", "cancel_call", "hang_up_call"])
def test_failure_after_an_effect_is_unknown(name: str) -> None:
    with pytest.raises(OutcomeUnknown):
        getattr(failing(**{name: RuntimeError(CANARY)}), name)(HANDLE)


@pytest.mark.parametrize("error", [OrderRejected("no"), ProviderMisconfigured("no")])
def test_errors_of_the_contract_pass(error: Exception) -> None:
    with pytest.raises(type(error)):
        failing(cancel_call=error).cancel_call(HANDLE)


@pytest.mark.parametrize(
    ("name", "answer"),
    [("fetch_calls", None), ("fetch_calls", ["x"]), ("list_calls", 7), ("check_credentials", "fine"),
     ("list_agents", [{"id": 1}]), ("fetch_recording", b"sound")],
)  # fmt: skip
def test_answer_of_another_type_is_a_failure(name: str, answer: Any) -> None:
    with pytest.raises(BackendFailed):
        getattr(failing(**{name: answer}), name)(CallQuery(since=timezone.now(), until=timezone.now()))


@pytest.mark.parametrize(
    "fields",
    [{"remote_id": ""}, {"remote_id": 7}, {"status": "completed"}, {"raw_status": None}, {"reference": "x"},
     {"created_at": datetime.datetime(2026, 3, 3)}, {"talk_seconds": "7"}, {"cost": 1.5}, {"transcript": 5},
     {"extracted": []}, {"to_number": 98912}],
)  # fmt: skip
def test_answer_with_a_field_of_another_type_is_a_failure(fields: dict[str, Any]) -> None:
    with pytest.raises(BackendFailed):
        failing(fetch_calls=[CallSnapshot(**({"remote_id": "x"} | fields))]).fetch_calls([HANDLE])


def test_answers_of_the_contract_and_attributes_pass() -> None:
    backend = failing(check_credentials=AccountState(), cancel_call=None, fetch_calls=())
    assert backend.check_credentials() == AccountState()
    assert backend.cancel_call(HANDLE) is None
    assert backend.fetch_calls([]) == []
    assert backend.slug == FailsAtRequests.slug


def test_failure_is_logged_once_by_its_class(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    backend = failing(fetch_calls=RuntimeError(CANARY))
    for _ in range(3):
        with pytest.raises(BackendFailed):
            backend.fetch_calls([])
    assert caplog.messages == [f"{FailsAtRequests.slug}: the backend failed in fetch_calls: RuntimeError"]
    assert caplog.records[0].exc_info is None


@pytest.mark.django_db
@pytest.mark.parametrize("facts", [NOTHING_KNOWN, Facts(is_live=True)])
def test_nobody_is_called_where_the_module_cannot_say(monkeypatch: pytest.MonkeyPatch, facts: Facts) -> None:
    monkeypatch.setattr(Provider, "backend_class", FailsAtRequests)
    at_noon = datetime.datetime(2026, 3, 3, 9, tzinfo=datetime.UTC)
    answer = Judge(at_noon, Provider(vendor="bolna")).answer("+989121234567", ("Asia/Tehran",), facts)
    assert answer.verdict is Verdict.WAIT
    assert answer.reason == WaitReason.PROVIDER_HALTED


@pytest.mark.parametrize(
    ("kind", "value", "fits"),
    [
        ("json", {}, True), ("json", "{}", False), ("json", [], False), ("words", "a, b", True),
        ("words", ["a"], True), ("words", [1], False), ("words", {"a": 1}, False), ("integer", 5, True),
        ("integer", "5", False), ("boolean", False, True), ("boolean", "on", False), ("url", "https://x", True),
        ("url", 5, False), ("choice", ["x"], False), ("text", "", True), ("json", None, True),
    ],
)  # fmt: skip
def test_shape_of_an_option(kind: str, value: object, fits: bool) -> None:
    assert is_shaped(kind, value) is fits
