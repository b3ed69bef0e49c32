"""The commands that an installation lives by: up, worker, doctor, demo, rotate_keys."""

from __future__ import annotations

import datetime
import json
import re
import socket
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.utils import timezone

from callcenter import demo, diagnosis
from callcenter.audit.models import AuditEvent
from callcenter.supervision import ProcessGroup, Program, port_is_taken, wait_for_port
from campaigns.answers import figures
from campaigns.core import hosts
from campaigns.models import Call, Campaign, Contact, DialingSwitch, DoNotCall, WorkerHost
from campaigns.tracking import start_comparison
from providers.fields import box
from providers.models import Agent, FormBefore, Provider, WebhookAddress
from providers.sandbox.accounts import DEMO_ACCOUNTS
from providers.sandbox.server import SandboxServer
from tests.bare import STRONG_KEY, bare
from tests.conftest import make_provider

ROOT = Path(settings.BASE_DIR)


# rotate_keys


@pytest.mark.django_db(transaction=True)
def test_rotate_keys_moves_every_secret_to_the_first_key(settings: Any) -> None:
    old, new = settings.FIELD_KEYS[0], Fernet.generate_key().decode()
    providers = [make_provider(secrets={"api_key": f"key-number-{n}"}) for n in range(3)]
    make_provider(secrets={})
    settings.FIELD_KEYS = [new, old]
    out = StringIO()
    call_command("rotate_keys", stdout=out)
    # Those of the providers, and the one that migrations write.
    assert "4 encrypted" in out.getvalue()
    settings.FIELD_KEYS = [new]
    for number, provider in enumerate(providers):
        assert Provider.objects.get(pk=provider.pk).secrets.open() == {"api_key": f"key-number-{number}"}
    settings.FIELD_KEYS = [old]
    assert not Provider.objects.get(pk=providers[0].pk).secrets.is_readable
    assert AuditEvent.objects.filter(action="keys.rotated").exists()


@pytest.mark.django_db(transaction=True)
def test_rotate_keys_says_which_secret_no_key_opens(settings: Any) -> None:
    lost = make_provider(name="Lost")
    settings.FIELD_KEYS = [Fernet.generate_key().decode()]
    kept = make_provider(secrets={"api_key": "abc"})
    with pytest.raises(CommandError, match=f"provider {lost.pk}"):
        call_command("rotate_keys", stdout=StringIO())
    assert Provider.objects.get(pk=kept.pk).secrets.open() == {"api_key": "abc"}


@pytest.mark.django_db(transaction=True)
def test_rotate_keys_binds_what_the_version_before_stored() -> None:
    provider, lost = make_provider(), make_provider(name="Lost")
    column = "UPDATE providers_provider SET secrets = %s WHERE id = %s"
    with connection.cursor() as cursor:
        cursor.execute(column, [box().encrypt(b'{"api_key": "key-of-before-01"}').decode(), provider.pk])
        cursor.execute(column, ["gAAAAAnonsense", lost.pk])
    FormBefore.objects.create()
    assert [finding.next_step for finding in look("Vendor keys")][-1].endswith("manage.py rotate_keys")
    with pytest.raises(CommandError, match=f"provider {lost.pk}"):
        call_command("rotate_keys", stdout=StringIO())
    found = Provider.objects.get(pk=provider.pk).secrets
    assert (found.is_in_form_before, found.open()) == (False, {"api_key": "key-of-before-01"})
    assert not FormBefore.objects.exists()
    Provider.objects.filter(pk=lost.pk).delete()
    assert look("Vendor keys") == []


# doctor


def look(subject: str) -> list[diagnosis.Finding]:
    """Return what the doctor finds about one subject."""
    return [finding for finding in diagnosis.examine() if finding.subject == subject]


@pytest.fixture
def worker_is_alive(db: None) -> None:
    """Lay out a host as a living worker leaves it."""
    hosts.begin("north")


def test_doctor_is_content_with_a_sound_installation(
    admin_person: User, worker_is_alive: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The browser's tests set it for themselves, and the doctor minds it.
    monkeypatch.delenv("DJANGO_ALLOW_ASYNC_UNSAFE", raising=False)
    problems = [finding for finding in diagnosis.examine() if finding.level == "problem"]
    assert problems == []


@pytest.mark.django_db
def test_doctor_misses_the_worker_and_the_admin() -> None:
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("doctor", "--json", stdout=out)
    assert ended.value.code == 1
    found = {row["subject"]: row for row in json.loads(out.getvalue())}
    assert found["Worker"]["level"] == "problem"
    assert "manage.py worker" in found["Worker"]["next_step"]
    assert found["People"]["level"] == "problem"


def test_doctor_hears_when_the_worker_falls_silent(worker_is_alive: None) -> None:
    assert look("Worker") == []
    (finding,) = look("Worker on north")
    assert finding.level == "ok"
    assert re.fullmatch(r"alive, last heartbeat \d{1,2} s ago\.", finding.sentence)
    WorkerHost.objects.update(beat_at=timezone.now() - datetime.timedelta(minutes=5))
    (finding,) = look("Worker")
    assert finding.level == "problem"
    assert "manage.py worker" in finding.next_step
    assert [finding.level for finding in look("Worker on north")] == ["note"]


def test_doctor_names_every_host_its_age_and_another_version(worker_is_alive: None) -> None:
    for name in ("south", "west"):
        hosts.begin(name)
    hosts.end("south")
    WorkerHost.objects.filter(name="west").update(version="0.0.9")
    assert look("Worker") == []
    (south,), (west,) = look("Worker on south"), look("Worker on west")
    assert south.sentence.startswith("ended in order")
    assert (west.level, "version 0.0.9" in west.sentence) == ("note", True)


@pytest.mark.django_db
def test_doctor_tells_supervisors_of_this_hosts_worker_alone(settings: Any) -> None:
    settings.HOST_NAME = "here"
    for name, ends in (("elsewhere", 1), ("here", 0)):
        hosts.begin(name)
        WorkerHost.objects.filter(name=name).update(beat_at=timezone.now())
        out = StringIO()
        if ends:
            with pytest.raises(SystemExit):
                call_command("doctor", "--worker", stdout=out)
            assert "Worker on here: no heartbeat" in out.getvalue()
        else:
            call_command("doctor", "--worker", stdout=out)
    WorkerHost.objects.filter(name="here").update(beat_at=timezone.now() - datetime.timedelta(seconds=60))
    with pytest.raises(SystemExit):
        call_command("doctor", "--worker", stdout=StringIO())


@pytest.mark.django_db
def test_doctor_names_providers_whose_key_cannot_be_read(settings: Any) -> None:
    make_provider(name="Lost")
    settings.FIELD_KEYS = [Fernet.generate_key().decode()]
    (finding,) = look("Vendor keys")
    assert "Lost" in finding.sentence
    assert "FIELD_KEYS" in finding.next_step


@pytest.mark.django_db
def test_doctor_mentions_a_pressed_stop_all_without_calling_it_a_problem() -> None:
    DialingSwitch.objects.update_or_create(pk=1, defaults={"stopped_at": timezone.now()})
    assert [finding.level for finding in look("Stop-all")] == ["note"]


def test_doctor_speaks_of_a_database_that_is_away_without_its_password(tmp_path: Path) -> None:
    done = bare(
        "doctor",
        SECRET_KEY=STRONG_KEY,
        FIELD_KEYS=Fernet.generate_key().decode(),
        ALLOWED_HOSTS="desk.example.org",
        VAR_DIR=str(tmp_path),
        DATABASE_URL="postgres://somebody:topsecret@127.0.0.1:1/nowhere",
    )
    assert done.returncode == 1
    assert "PROBLEM Database" in done.stdout
    assert "topsecret" not in done.stdout + done.stderr


def test_doctor_minds_an_environment_file_that_others_may_read(tmp_path: Path, settings: Any) -> None:
    settings.ENV_FILE = tmp_path / "env"
    settings.ENV_FILE.write_text("")
    settings.ENV_FILE.chmod(0o644)
    assert [finding.level for finding in diagnosis.environment_file()] == ["problem"]
    settings.ENV_FILE.chmod(0o600)
    assert list(diagnosis.environment_file()) == []


# demo


@pytest.fixture
def running_simulator(settings: Any) -> Iterator[SandboxServer]:
    """Run the simulator in this process and let the demo find it."""
    with SandboxServer(port=0, speed=50) as server:
        settings.DEMO = settings.DEBUG = True
        settings.SANDBOX_ORIGIN = server.origin
        yield server


@pytest.mark.django_db(transaction=True)
def test_the_demo_is_ready_to_launch(running_simulator: SandboxServer) -> None:
    sentences = list(demo.lay_out())
    assert len(sentences) == 8
    assert Provider.objects.filter(last_error="", checked_at__isnull=False).count() == len(DEMO_ACCOUNTS)
    for login in demo.LOGINS:
        assert User.objects.get(username=login.username).check_password(login.password)
    for account in DEMO_ACCOUNTS:
        assert Agent.objects.filter(provider__name=account.name).count() == len(account.agents)
    campaign = Campaign.objects.get()
    assert campaign.status == Campaign.Status.DRAFT
    assert campaign.agent is not None
    assert Contact.objects.filter(lists__campaigns=campaign).count() == 24
    blocked = DoNotCall.objects.get()
    assert Contact.objects.filter(phone=blocked.phone).exists()


@pytest.mark.django_db(transaction=True)
def test_a_second_demo_keeps_what_people_changed(running_simulator: SandboxServer, settings: Any) -> None:
    list(demo.lay_out())
    Campaign.objects.update(name="Renamed")
    caller = User.objects.get(username="caller")
    caller.set_password("another-password-1")
    caller.save()
    counts = [model.objects.count() for model in (User, Provider, Agent, Contact, DoNotCall, Campaign)]
    list(demo.lay_out())
    assert counts == [model.objects.count() for model in (User, Provider, Agent, Contact, DoNotCall, Campaign)]
    assert Campaign.objects.get().name == "Renamed"
    assert User.objects.get(username="caller").check_password("another-password-1")


@pytest.mark.django_db(transaction=True)
def test_the_demo_follows_a_simulator_that_moved(running_simulator: SandboxServer, settings: Any) -> None:
    list(demo.lay_out())
    with SandboxServer(port=0) as other:
        settings.SANDBOX_ORIGIN = other.origin
        list(demo.lay_out())
        assert all(row.options["base_url"].startswith(other.origin) for row in Provider.objects.all())


@pytest.mark.django_db(transaction=True)
def test_the_demo_has_vendors_news_sent_here(running_simulator: SandboxServer) -> None:
    list(demo.lay_out())
    demo.have_news_sent("http://127.0.0.1:9")
    assert WebhookAddress.objects.count() == len(DEMO_ACCOUNTS)
    assert {target.url.split("/hooks/")[0] for target in running_simulator.world.webhooks._targets.values()} == {
        "http://127.0.0.1:9"
    }


@pytest.mark.django_db(transaction=True)
def test_the_demo_is_not_laid_out_among_real_providers(running_simulator: SandboxServer) -> None:
    make_provider(name="Ours", options={"base_url": "https://api.bolna.ai"})
    with pytest.raises(CommandError, match="Ours"):
        call_command("demo", stdout=StringIO())
    assert not User.objects.exists()
    assert not Contact.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_demo_is_not_laid_out_among_real_users(running_simulator: SandboxServer, caller: User) -> None:
    User.objects.update(username="somebody")
    with pytest.raises(CommandError, match="DEMO=off"):
        call_command("demo", stdout=StringIO())
    assert User.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_demo_is_laid_out_again_in_a_demo(running_simulator: SandboxServer) -> None:
    for _ in range(2):
        call_command("demo", stdout=StringIO())
    Contact.objects.create(phone="+989120009999")
    call_command("demo", stdout=StringIO())
    assert Campaign.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_demos_past_shows_what_its_calls_found_out(running_simulator: SandboxServer) -> None:
    for _ in range(2):
        call_command("demo", "--history", stdout=StringIO())
    past = Campaign.objects.filter(status="finished")
    assert past.count() == 3
    for campaign in past:
        asked = list(campaign.questions.all())
        goal = figures.goal_of(campaign, asked)
        assert goal is not None
        assert goal.of_answered is not None
        assert 30 < goal.of_answered < 90
        assert goal.called == 150
        for question in asked:
            found = figures.distribution_of(question)
            assert (found.answered > 10, found.unreadable, bool(found.parts)) == (True, 0, True), question
    assert not Call.objects.exclude(status__in=["completed", "no_answer", "busy", "failed"]).exists()
    # A worker that starts now compares the simulator's lists with it, and dials.
    DialingSwitch.objects.get_or_create(pk=1)
    (provider,) = Provider.objects.filter(calls__isnull=False).distinct()
    Provider.objects.filter(pk=provider.pk).update(uncompared_since=timezone.now())
    assert start_comparison.compare(provider.pk)
    assert not Provider.objects.exclude(frozen_at=None).exists()
    assert Campaign.objects.get(status="draft").questions.count() == 3


@pytest.mark.django_db
def test_the_demo_refuses_a_production_start() -> None:
    with pytest.raises(CommandError, match="DEMO=on"):
        call_command("demo", stdout=StringIO())


# up


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def test_up_names_a_taken_port_before_anything_starts(taken_port: int, settings: Any, monkeypatch: Any) -> None:
    started: list[str] = []
    monkeypatch.setattr(ProcessGroup, "start", lambda _self, program: started.append(program.name))
    settings.WEB_PORT = taken_port
    with pytest.raises(CommandError, match=f"Port {taken_port} is taken.*WEB_PORT={taken_port + 1}"):
        call_command("up", stdout=StringIO())
    assert started == []


def test_up_keeps_the_worker_and_nothing_else(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Program] = []
    monkeypatch.setattr(ProcessGroup, "start", lambda _self, program: started.append(program))
    monkeypatch.setattr(ProcessGroup, "watch", lambda _self: None)
    monkeypatch.setattr("callcenter.management.commands.up.wait_for_port", lambda *_, **__: False)
    monkeypatch.setattr("callcenter.management.commands.up.Command.prepare", lambda *_: None)
    monkeypatch.setattr("callcenter.management.commands.up.Command.refuse_taken_ports", lambda *_: None)
    monkeypatch.setattr("callcenter.management.commands.up.connections.close_all", lambda: None)
    call_command("up", stdout=StringIO())
    assert [(program.name, program.is_kept) for program in started] == [("web", False), ("worker", True)]


def test_the_demo_does_not_start_on_other_settings() -> None:
    with pytest.raises(CommandError, match="ENV_FILE"):
        call_command("up", "--demo", stdout=StringIO())


def test_ports(taken_port: int) -> None:
    assert port_is_taken(taken_port)
    assert wait_for_port(taken_port, seconds=1)
    assert not wait_for_port(1, seconds=0.1)
