"""Whether mail can leave: what `doctor` finds of a mail server, in words, and the message that it sends to try."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.core.management import call_command
from django.core.management.base import CommandError
from pytest_django import Settings

from callcenter import diagnosis, mail_check
from tests.conftest import make_person


class MailServer:
    """A mail server of one's own: greets, and answers each command by its first word."""

    def __init__(self, *, greeting: bytes = b"220 here\r\n", **answers: bytes) -> None:
        self.heard: list[bytes] = []
        self._greeting, self._answers = greeting, {name.upper().encode(): said for name, said in answers.items()}
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]

    def serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                with connection, connection.makefile("rb") as lines, suppress(OSError):
                    connection.sendall(self._greeting)
                    in_text = False
                    for line in lines:
                        self.heard.append(line.rstrip())
                        word = line.split()[0].upper() if line.split() else b""
                        if in_text:
                            in_text = line != b".\r\n"
                            if not in_text:
                                connection.sendall(b"250 taken\r\n")
                            continue
                        in_text = word == b"DATA"
                        connection.sendall(self._answers.get(word, b"354 go on\r\n" if in_text else b"250 fine\r\n"))

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@contextmanager
def running(settings: Settings, server: MailServer) -> Iterator[MailServer]:
    settings.EMAIL_BACKEND = mail_check.SMTP
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.IS_EMAIL_SET = "127.0.0.1", server.port, True
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    threading.Thread(target=server.serve, daemon=True).start()
    try:
        yield server
    finally:
        server.close()


def test_mail_that_is_printed_is_well() -> None:
    (finding,) = diagnosis.mail()
    assert (finding.level, finding.subject) == ("ok", "Mail")


def test_a_server_that_takes_us_is_well_and_gets_no_mail(settings: Settings) -> None:
    with running(settings, MailServer()) as server:
        (finding,) = diagnosis.mail()
    assert finding.level == "ok"
    assert "doctor --mail" in finding.sentence
    assert not [line for line in server.heard if line.upper().startswith((b"MAIL", b"RCPT", b"DATA"))]


def test_a_log_in_that_is_refused_is_told_without_it(settings: Settings) -> None:
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "somebody", "topsecret"
    server = MailServer(ehlo=b"250-here\r\n250 AUTH PLAIN\r\n", auth=b"535 no, somebody topsecret\r\n")
    with running(settings, server):
        (finding,) = diagnosis.mail()
    assert finding.level == "problem"
    assert "refuses our log-in" in finding.sentence
    assert "EMAIL_URL" in finding.next_step
    assert "somebody" not in str(finding)
    assert "topsecret" not in str(finding)


def test_a_server_that_never_speaks_costs_seconds(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_check, "SECONDS", 0.2)
    with running(settings, MailServer(greeting=b"")):
        (finding,) = diagnosis.mail()
    assert finding.level == "problem"
    assert "does not answer within" in finding.sentence


@pytest.mark.parametrize(("is_set", "level"), [(True, "problem"), (False, "note")])
def test_nothing_that_listens_is_a_problem_only_where_mail_was_asked_for(
    settings: Settings, is_set: bool, level: str
) -> None:
    server = MailServer()
    with running(settings, server):
        server.close()
        settings.IS_EMAIL_SET = is_set
        (finding,) = diagnosis.mail()
    assert finding.level == level
    assert "cannot be reached" in finding.sentence
    assert f"127.0.0.1:{server.port}" in finding.sentence
    assert "EMAIL_URL" in finding.next_step


def test_a_name_that_nobody_knows_is_told(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_HOST = mail_check.SMTP, "no.such.host.invalid"
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: (_ for _ in ()).throw(socket.gaierror(-2, "none")))
    with pytest.raises(mail_check.MailTrouble, match="cannot be resolved"):
        mail_check.connect()


def test_doctor_sends_one_message_to_try(settings: Settings) -> None:
    out = StringIO()
    with running(settings, MailServer()) as server:
        call_command("doctor", "--mail", "sara@example.org", stdout=out)
    assert "Look whether it arrived" in out.getvalue()
    assert [line for line in server.heard if line.upper().startswith(b"RCPT")] == [b"rcpt TO:<sara@example.org>"]
    assert b"Subject: Callcenter: test message" in server.heard


def test_doctor_says_that_nothing_was_sent(settings: Settings) -> None:
    with running(settings, MailServer(rcpt=b"550 not here\r\n")), pytest.raises(CommandError, match="Nothing was sent"):
        call_command("doctor", "--mail", "sara@example.org", stdout=StringIO())
    with pytest.raises(CommandError, match="not an e-mail address"):
        call_command("doctor", "--mail", "sara", stdout=StringIO())
    assert mail.outbox == []


def test_doctor_names_the_version_and_alerts_without_a_reader(db: None, settings: Settings) -> None:
    found = {finding.subject: finding for finding in diagnosis.examine()}
    assert settings.VERSION in found["Version"].sentence
    assert found["Alerts"].level == "note"
    User.objects.create_superuser("root", "root@example.org", "a-long-password-1")
    assert "Alerts" not in {finding.subject for finding in diagnosis.examine()}


def test_the_caller_s_address_is_no_reader(db: None) -> None:
    make_person("Callers", email="sara@example.org")
    assert "Alerts" in {finding.subject for finding in diagnosis.examine()}
