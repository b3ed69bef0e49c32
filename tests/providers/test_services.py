"""Testing keys, syncing, halting and resuming: what is stored, what is said, what stays."""

from __future__ import annotations

import io
import json
import logging

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection

from callcenter.audit.models import AuditEvent
from providers.clock import DatabaseClock
from providers.exceptions import NotSent
from providers.models import Agent, CallerId, Provider, ProviderExchange, Voice
from providers.models.stops import SYNC_EVERY
from providers.services import checking, keys, stops, syncing
from tests.conftest import make_agent, make_provider
from tests.providers.fake_vendor import answering
from tests.providers.form_data import CANARY

pytestmark = pytest.mark.django_db
ME = json.dumps({"name": "Bruce", "wallet": 42.5, "concurrency": {"max": 10, "current": 2}})
GOOD = {"/user/me": (200, ME)}
DEAD = {"/user/me": (401, '{"message": "Access denied"}')}


def agent(number: int, name: str = "Reminder") -> dict[str, object]:
    return {"id": f"agent-{number}", "agent_name": name, "agent_status": "processed"}


def lists(*agents: dict[str, object]) -> dict[str, tuple[int, str]]:
    return {
        "/v2/agent/all": (200, json.dumps(list(agents))),
        "/me/voices": (200, "[]"),
        "/phone-numbers/all": (200, "[]"),
    }


def test_a_good_key_is_remembered_with_the_account(admin_person: User) -> None:
    provider = make_provider()
    with answering(GOOD):
        verdict = checking.check_provider(provider.pk, admin_person)
    assert verdict.is_ok
    assert str(verdict).startswith("The key works: Bruce, balance")
    provider.refresh_from_db()
    assert provider.account["label"] == "Bruce"
    assert provider.checked_at is not None
    assert provider.last_success_at is not None
    assert AuditEvent.objects.get(action="provider.tested").detail == {"outcome": "ok"}
    line = ProviderExchange.objects.get()
    assert (line.what, line.path, line.http_status, line.outcome) == ("check_credentials", "/user/me", 200, "ok")


def test_a_dead_key_halts_the_provider_and_says_what_to_do() -> None:
    provider = make_provider()
    with answering(DEAD):
        verdict = checking.check_provider(provider.pk)
    assert not verdict.is_ok
    assert verdict.kind == "CredentialsRejected"
    assert "Bolna does not accept the key. (Access denied) Paste a new key" in str(verdict)
    provider.refresh_from_db()
    assert provider.halted_reason == "Access denied"
    assert provider.checked_at is None


def test_a_vendor_that_is_away_halts_nothing() -> None:
    provider = make_provider()
    with answering(NotSent("No connection to the vendor.")):
        verdict = checking.check_provider(provider.pk)
    assert verdict.kind == "NotSent"
    provider.refresh_from_db()
    assert provider.halted_at is None
    assert provider.error_sentence == "Bolna could not be reached."


def test_a_forbidden_address_is_said_and_not_asked() -> None:
    provider = make_provider(options={"base_url": "https://evil.example.com"})
    with answering(GOOD) as asked:
        verdict = checking.check_provider(provider.pk)
    assert asked == []
    assert verdict.kind == "ProviderMisconfigured"
    assert "host is not allowed" in verdict.detail


def test_a_trial_of_a_key_changes_nothing() -> None:
    provider = make_provider(secrets={"api_key": "the-old-key-0123"})
    with answering(DEAD) as asked:
        verdict = checking.try_secrets(provider, {"api_key": "the-new-key-4567"})
    assert not verdict.is_ok
    assert "Nothing was saved" in str(verdict)
    assert any("the-new-key-4567" in value for value in asked[0][1].values())
    provider.refresh_from_db()
    assert provider.secrets.open() == {"api_key": "the-old-key-0123"}
    assert provider.halted_at is None
    assert provider.last_error_at is None
    assert ProviderExchange.objects.get().what == "try_key"


def test_keys_are_set_replaced_and_removed_with_an_audit_that_names_no_value(admin_person: User) -> None:
    provider = make_provider(secrets={})
    keys.store_secrets(provider.pk, {"api_key": CANARY}, person=admin_person)
    keys.store_secrets(provider.pk, {"api_key": CANARY + "2", "webhook_secret": CANARY}, person=admin_person)
    keys.store_secrets(provider.pk, {}, removed=["webhook_secret"], person=admin_person)
    keys.store_secrets(provider.pk, {}, person=admin_person)
    provider.refresh_from_db()
    assert provider.secrets.open() == {"api_key": CANARY + "2"}
    assert provider.secrets_set_by == admin_person
    events = list(AuditEvent.objects.order_by("id").values_list("action", "detail"))
    assert events == [
        ("provider.key_set", {"key": "api_key"}),
        ("provider.key_replaced", {"key": "api_key"}),
        ("provider.key_set", {"key": "webhook_secret"}),
        ("provider.key_removed", {"key": "webhook_secret"}),
    ]


def test_a_key_never_reaches_the_log(caplog: pytest.LogCaptureFixture) -> None:
    provider = make_provider(secrets={"api_key": CANARY})
    with caplog.at_level(logging.DEBUG), answering({"/user/me": (401, json.dumps({"message": f"bad {CANARY}"}))}):
        verdict = checking.check_provider(provider.pk)
    provider.refresh_from_db()
    seen = [
        caplog.text,
        str(verdict),
        provider.last_error,
        provider.halted_reason,
        ProviderExchange.objects.get().error,
    ]
    assert not any(CANARY in text for text in seen)


def test_sync_adds_changes_and_marks_what_is_gone() -> None:
    provider = make_provider()
    gone = make_agent(provider, remote_id="agent-9")
    make_agent(provider, remote_id="agent-2", name="Old name")
    other = make_agent(remote_id="agent-1")
    with answering(lists(agent(1), agent(2, "New name"))):
        result = syncing.sync_provider(provider.pk)
    assert str(result) == "Synced: 2 agents (1 new, 1 changed, 1 removed), 0 voices, 0 caller IDs."
    gone.refresh_from_db()
    assert gone.is_present is False
    assert Agent.objects.get(provider=provider, remote_id="agent-2").name == "New name"
    other.refresh_from_db()
    assert other.is_present is True
    with answering(lists(agent(1), agent(2, "New name"), agent(9))):
        again = syncing.sync_provider(provider.pk)
    assert again.counts["agents"].changed == 1
    gone.refresh_from_db()
    assert gone.is_present is True


def test_sync_that_fails_half_way_keeps_what_it_has() -> None:
    provider = make_provider()
    make_agent(provider, remote_id="agent-9")
    voice = Voice.objects.create(provider=provider, remote_id="v", name="Voice")
    answers = lists(agent(1)) | {"/me/voices": (200, "not json")}
    with answering(answers):
        result = syncing.sync_provider(provider.pk)
    assert result.counts["agents"].added == 1
    assert result.problem is not None
    assert "Synced: 1 agent (1 new, 1 removed). Bolna sent an answer that we cannot use." in str(result)
    voice.refresh_from_db()
    assert voice.is_present is True
    assert not CallerId.objects.exists()


def test_sync_notes_what_an_agent_expected_before() -> None:
    provider = make_provider()
    talks = agent(1) | {"agent_prompts": {"task_1": {"system_prompt": "Hello {name}"}}}
    with answering(lists(talks)):
        syncing.sync_provider(provider.pk)
    known = Agent.objects.get(provider=provider)
    assert (known.variables, known.variables_changed_at) == (["name"], None), "a new agent changed nothing"
    asks = agent(1) | {"agent_prompts": {"task_1": {"system_prompt": "Hello {city}"}}}
    with answering(lists(asks)):
        syncing.sync_provider(provider.pk)
    known.refresh_from_db()
    assert (known.variables, known.variables_before) == (["city"], ["name"])
    since = known.variables_changed_at
    assert since is not None
    with answering(lists(asks | {"agent_name": "Other name"})):
        syncing.sync_provider(provider.pk)
    known.refresh_from_db()
    assert (known.name, known.variables_before, known.variables_changed_at) == ("Other name", ["name"], since)


def test_sync_runs_by_itself_once_an_hour_with_lists_and_balance() -> None:
    provider, off = make_provider(), make_provider(is_active=False)
    bitel = make_provider(vendor="bitel")
    now = DatabaseClock().now()
    assert Provider.objects.due_for_sync(now) == [], "a new provider is read by whoever sets it up"
    assert Provider.objects.due_for_sync(now + SYNC_EVERY) == [provider.pk]
    with answering(GOOD | lists(agent(1))) as asked:
        syncing.sync_by_itself(provider.pk)
        assert asked == [], "not due yet"
        Provider.objects.ask_sync(provider.pk)
        assert Provider.objects.due_for_sync(DatabaseClock().now()) == [provider.pk]
        syncing.sync_by_itself(provider.pk)
        assert {path for path, _headers in asked} == {*lists(), "/user/me"}
        asked.clear()
        syncing.sync_by_itself(provider.pk)
        assert asked == [], "a second task for the same sync finds it done"
    provider.refresh_from_db()
    assert provider.account["balance"] == "0.425"
    assert provider.synced_at
    assert Agent.objects.filter(provider=provider).count() == 1
    assert AuditEvent.objects.filter(action="provider.synced").count() == 1
    Provider.objects.ask_sync(provider.pk)
    with answering(GOOD | lists(agent(1))):
        syncing.sync_by_itself(provider.pk)
    assert AuditEvent.objects.filter(action="provider.synced").count() == 1, "nothing changed, nothing to tell"
    for other in (off, bitel):
        other.refresh_from_db()
        assert other.sync_next_at is None


def test_a_dead_key_is_not_asked_with_again_and_a_vendor_that_fails_is() -> None:
    provider = make_provider()
    Provider.objects.ask_sync(provider.pk)
    with answering(dict.fromkeys(lists(), (403, '{"detail": "Unrecognized access token"}'))):
        syncing.sync_by_itself(provider.pk)
    provider.refresh_from_db()
    assert (bool(provider.halted_at), provider.synced_at) == (True, None)
    Provider.objects.ask_sync(provider.pk)
    assert Provider.objects.due_for_sync(DatabaseClock().now()) == []
    other = make_provider()
    Provider.objects.ask_sync(other.pk)
    with answering(NotSent("No connection to the vendor.")):
        syncing.sync_by_itself(other.pk)
    assert Provider.objects.due_for_sync(DatabaseClock().now() + SYNC_EVERY) == [other.pk]


def test_no_transaction_is_open_while_the_vendor_is_asked(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = make_provider()
    states: list[bool] = []
    from providers.services import asking

    real = asking.open_backend

    def noted(*args: object, **kwargs: object) -> object:
        states.append(connection.in_atomic_block)
        return real(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(asking, "open_backend", noted)
    with answering(GOOD | lists()):
        checking.check_provider(provider.pk)
        syncing.sync_provider(provider.pk)
    assert states == [False] * 4


def test_resume_tests_the_key_first(admin_person: User) -> None:
    provider = make_provider()
    stops.halt(provider.pk, "Maintenance", admin_person)
    with answering(DEAD):
        stops.resume(provider.pk, admin_person)
    provider.refresh_from_db()
    assert provider.halted_at is not None
    with answering(GOOD):
        assert stops.resume(provider.pk, admin_person).is_ok
    provider.refresh_from_db()
    assert provider.halted_at is None


def test_resume_does_not_need_the_vendor_to_be_up(admin_person: User) -> None:
    provider = make_provider()
    stops.halt(provider.pk, "Maintenance", admin_person)
    with answering(NotSent("No connection.")):
        verdict = stops.resume(provider.pk, admin_person)
    assert not verdict.is_ok
    provider.refresh_from_db()
    assert provider.halted_at is None


def test_check_command_says_one_sentence_and_fails_by_exit_code() -> None:
    provider = make_provider(name="Our Bolna")
    out = io.StringIO()
    with answering(GOOD):
        call_command("check_provider", "Our Bolna", stdout=out)
        call_command("check_provider", str(provider.pk), "--json", stdout=out)
    first, second = out.getvalue().splitlines()
    assert first.startswith("Our Bolna: The key works: Bruce")
    assert json.loads(second)["account"]["label"] == "Bruce"
    with answering(DEAD), pytest.raises(CommandError, match="does not accept the key"):
        call_command("check_provider", "Our Bolna")
    with pytest.raises(CommandError, match="Known: Our Bolna"):
        call_command("check_provider", "nobody")


def test_sync_command_says_the_counts() -> None:
    make_provider(name="Our Bolna")
    out = io.StringIO()
    with answering(lists(agent(1))):
        call_command("sync_provider", "Our Bolna", stdout=out)
        call_command("sync_provider", "Our Bolna", "--json", stdout=out)
    first, second = out.getvalue().splitlines()
    assert first == "Our Bolna: Synced: 1 agent (1 new), 0 voices, 0 caller IDs."
    assert json.loads(second)["agents"] == {"total": 1, "added": 0, "changed": 0, "gone": 0}
    with answering(NotSent("No connection.")), pytest.raises(CommandError, match="could not be reached"):
        call_command("sync_provider", "Our Bolna")


def test_a_vendor_without_lists_is_said_so() -> None:
    provider = make_provider(vendor="bitel")
    with answering({}) as asked:
        result = syncing.sync_provider(provider.pk)
    assert asked == []
    assert "add its voices" in str(result)
    assert Provider.objects.get(pk=provider.pk).last_error_at is None


def test_what_went_wrong_stands_in_the_log_masked_and_what_went_well_does_not() -> None:
    provider = make_provider(secrets={"api_key": CANARY})
    said = json.dumps({"detail": "Access denied", "api_key": CANARY, "phone": "+989121234567"})
    with answering({"/user/me": (401, said)}):
        checking.check_provider(provider.pk)
    line = provider.exchanges.get()
    assert (line.http_status, line.outcome, line.error) == (401, "CredentialsRejected", "Access denied")
    assert "Access denied" in line.answered
    assert CANARY not in line.answered
    assert "4567" in line.answered
    assert "989121234567" not in line.answered
    with answering({"/user/me": (200, json.dumps({"name": "Bruce", "wallet": 42.5}))}):
        checking.check_provider(provider.pk)
    assert provider.exchanges.latest("id").answered == ""
