"""Checks of what calling needs: vendors, a worker, people, keys that can be read, settings, and what stops calls."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.checks import ERROR, run_checks
from django.db import DatabaseError
from django.utils import timezone, translation

from callcenter.access.rights import ADMIN
from callcenter.diagnosis.findings import Finding, note, ok, problem
from callcenter.webhooks_out.addresses import host_of
from campaigns.core import decision_kinds, hosts, installation
from campaigns.core.clock import DatabaseClock
from campaigns.models import Call, DialingSwitch, WebhookReceiver
from campaigns.notices import choices
from providers.models import FormBefore, Provider, ProviderState
from providers.services.vendor_clock import seconds_ahead

VENDOR_CLOCK_APART = 60.0
"""Seconds; a vendor's answer may be some seconds old, and a clock that is less off moves no calling hour."""


def vendor_clocks() -> Iterator[Finding]:
    """Compare this machine's clock with those of the vendors, by one harmless read of each provider in use."""
    subject, compared = "Clock of vendors", 0
    for provider in Provider.objects.filter(is_active=True, halted_at=None):
        apart = seconds_ahead(provider)
        if apart is None:
            continue
        compared += 1
        if abs(apart) > VENDOR_CLOCK_APART:
            way = "ahead of" if apart > 0 else "behind"
            yield problem(
                subject,
                f"this machine is {abs(apart):.0f} s {way} {provider.vendor_label} ({provider.name}): "
                "calling hours and the search for unknown calls go by a wrong time.",
                "Let this machine follow a time server, then look again.",
            )
            return
    if compared:
        yield ok(subject, "agrees with this machine's.")


def worker() -> Iterator[Finding]:
    """Check that work passes through a worker, and name the hosts."""
    subject = "Worker"
    start = "Start it: manage.py worker (or manage.py up)"
    work = hosts.standing()
    if work.silent_for is None:
        yield problem(subject, "never ran here: nothing is dialled.", start)
    elif not work.is_alive:
        yield problem(subject, f"none runs, the last sign is {work.silent_for:.0f} s old: nothing is dialled.", start)
    for host in work.hosts:
        about = f"Worker on {host.name}"
        version = "" if host.version == settings.VERSION else f", version {host.version or 'unknown'}"
        if host.is_alive:
            sentence = f"alive, last heartbeat {max(host.silent_for, 0):.0f} s ago{version}."
            step = f"This is {settings.VERSION}: bring both up to date." if version else ""
            yield Finding("note" if version else "ok", about, sentence, step)
        elif host.has_ended:
            yield note(about, f"ended in order; its last heartbeat is {host.silent_for:.0f} s old{version}.")
        else:
            yield note(about, f"silent for {host.silent_for:.0f} s{version}.", "If it should run, start it there.")


def worker_here() -> Finding:
    """Check that this host's worker lives: work passed through it a moment ago."""
    subject = f"Worker on {settings.HOST_NAME}"
    try:
        is_alive = hosts.living(DatabaseClock().now()).filter(name=settings.HOST_NAME).exists()
    except DatabaseError as error:
        return problem(subject, f"unknown: the database cannot be used ({type(error).__name__}).", "Is it running?")
    if is_alive:
        return ok(subject, "alive.")
    return problem(subject, "no heartbeat: nothing is dialled here.", "Start it: manage.py worker")


def people() -> Iterator[Finding]:
    """Check that there is an active admin."""
    admins = get_user_model()._default_manager.filter(is_active=True, is_staff=True)
    if not (admins.filter(groups__name=ADMIN) | admins.filter(is_superuser=True)).exists():
        yield problem("People", "nobody can log in as an admin.", "Run: manage.py createsuperuser")


def readers() -> Iterator[Finding]:
    """Check that what somebody must act on reaches somebody outside of the product."""
    missed = choices.unreached()
    if missed:
        urgent = [str(kind.label) for kind in missed if kind.is_urgent]
        sentence = f"reach nobody: {', '.join(urgent)}." if urgent else f"{len(missed)} kinds reach nobody."
        step = "Give a manager or an admin an e-mail address, or let one switch them on under Notices."
        yield note("Alerts", sentence, step)


def secrets() -> Iterator[Finding]:
    """Check that every stored vendor key can be decrypted."""
    providers = Provider.objects.only("name", "secrets")
    unreadable = [provider.name for provider in providers if not provider.secrets.is_readable]
    if unreadable:
        yield problem(
            "Vendor keys",
            f"cannot be read: {', '.join(unreadable)}.",
            "Put the key they were stored with back into FIELD_KEYS, or enter these vendor keys anew.",
        )
    if FormBefore.objects.exists() or any(provider.secrets.is_in_form_before for provider in providers):
        yield note(
            "Vendor keys",
            "are stored as the version before stored them: who can write to the database can swap them.",
            "Once every web server and worker runs this version, run: manage.py rotate_keys",
        )


def settings_now() -> Iterator[Finding]:
    """Say which limits, hours and number types hold."""
    yield ok("Settings", installation.in_words())


def stops() -> Iterator[Finding]:
    """List what stops calls now: stop-all and stopped providers."""
    if DialingSwitch.objects.filter(stopped_at__isnull=False).exists():
        yield note("Stop-all", "is pressed: nothing is dialled.", "A manager releases it on the page Today.")
    active = Provider.objects.filter(is_active=True)
    if not active:
        yield note("Providers", "there is none in use.", "An admin adds one under Providers.")
    for provider in active:
        standing = provider.standing
        if standing.state.is_stop or standing.state == ProviderState.SLOWED:
            yield note(f"Provider {provider.name}", str(standing.sentence), str(standing.step))


def webhooks() -> Iterator[Finding]:
    """List the webhooks to which nothing is sent any more, or whose every attempt fails."""
    for receiver in WebhookReceiver.objects.dead().order_by("pk"):
        with translation.override("en"):
            why = receiver.get_halted_why_display()
        yield problem(
            f"Webhook {receiver.name}",
            f"is halted since {receiver.halted_at:%Y-%m-%d %H:%M} UTC: {why}.",
            f"Put the program at {host_of(receiver.url)} right, then resume it under Webhooks.",
        )
    for receiver in WebhookReceiver.objects.sent_to().filter(failing_since__isnull=False).order_by("pk"):
        yield note(
            f"Webhook {receiver.name}",
            f"takes nothing since {receiver.failing_since:%Y-%m-%d %H:%M} UTC; after a day it is halted.",
            "Its log, under Webhooks, says why.",
        )


def calls() -> Iterator[Finding]:
    """Count the calls that wait for a person's decision."""
    counts = decision_kinds.count(Call.objects.all(), timezone.now())
    if any(counts.values()):
        names = {
            "no_news": "without news of their provider", "unknown": "unknown", "held": "held",
            "opt_out": "that may be opt-outs",
        }  # fmt: skip
        of_which = ", ".join(f"{counts[kind]} {name}" for kind, name in names.items())
        sentence = f"{sum(counts.values())} need a decision: {of_which}."
        yield note("Calls", sentence, "A manager decides on the page Needs a decision.")


def system_checks() -> Iterator[Finding]:
    """Run Django's system checks, as every start does."""
    for message in run_checks(include_deployment_checks=not settings.DEBUG):
        if message.is_silenced():
            continue
        level: Literal["note", "problem"] = "problem" if message.level >= ERROR else "note"
        yield Finding(level, f"Check {message.id}", str(message.msg), str(message.hint or ""))
