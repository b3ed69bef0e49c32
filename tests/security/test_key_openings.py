"""Keys are opened where a request leaves, and nowhere else: no page, form, export, command or task opens one."""

from __future__ import annotations

import logging
import os
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import StringIO
from typing import Any

import pytest
from django.core import serializers
from django.core.management import call_command

from callcenter import diagnosis
from campaigns import minute_job
from campaigns.core import kept_opt_outs
from providers import sealing
from providers.fields import SealedSecrets
from providers.models import FormBefore, Provider
from tests.conftest import make_provider
from tests.security.addresses import EVERYBODY, Browsers, addresses

IS_FULL = os.environ.get("SECURITY") == "full"
ASKS_THE_VENDOR = {"call-player", "call-recording"}
"""Pages whose content comes from the vendor."""
WAY_OUT = ("providers/opening.py", "providers/services/checking.py")


class Openings:
    """Counts what is opened, with where it was opened from."""

    def __init__(self) -> None:
        self.stacks: list[list[str]] = []

    @contextmanager
    def counted(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        """Count inside the block."""
        real = {name: getattr(sealing, name) for name in ("unseal", "box")}

        def watched(name: str) -> Any:
            def act(*arguments: Any) -> Any:
                files = [frame.filename for frame in traceback.extract_stack()]
                if any(file.endswith("providers/sealed_secrets.py") for file in files):
                    self.stacks.append(files)
                return real[name](*arguments)

            return act

        with monkeypatch.context() as patched:
            for name in real:
                patched.setattr(sealing, name, watched(name))
            yield

    def off_the_way(self) -> list[list[str]]:
        """Return the openings that no request follows."""
        return [files for files in self.stacks if not any(file.endswith(WAY_OUT) for file in files)]


@pytest.mark.django_db
def test_no_page_opens_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("django.request", "django.security", "callcenter", "campaigns", "providers"):
        monkeypatch.setattr(logging.getLogger(name), "disabled", True)
    browsers, openings, guilty = Browsers(), Openings(), []
    # As after `rotate_keys`: of the form before, pages open what they show.
    FormBefore.objects.all().delete()
    for provider in Provider.objects.all():
        provider.secrets = {"api_key": "a-key-of-ours-0123456789", "webhook_secret": "a-hook-secret-0123"}
        provider.save()
    # No vendor's: what the hashes of erased people are made with is opened once by each process.
    kept_opt_outs.key()
    change = "/setup/providers/provider/<object_id>/change/"
    found = addresses()
    assert change in {address.route for address in found}
    with openings.counted(monkeypatch):
        for address in found:
            before = len(openings.stacks)
            own = {"object_id": str(provider.pk)} if address.route == change else {}
            browsers.ask(EVERYBODY, "GET", address.with_parts(**own))
            if len(openings.stacks) > before and address.name not in ASKS_THE_VENDOR:
                guilty.append((address.route, *openings.stacks[-1][-12:]))
    assert len(found) > 100
    assert guilty == []
    assert openings.off_the_way() == []


@pytest.mark.django_db
def test_the_count_sees_an_opening(monkeypatch: pytest.MonkeyPatch) -> None:
    openings, provider = Openings(), make_provider()
    with openings.counted(monkeypatch):
        Provider.objects.get(pk=provider.pk).secrets.open()
        SealedSecrets(sealing.box().encrypt(b"{}").decode()).open()
    assert len(openings.off_the_way()) == 2


@pytest.mark.django_db(transaction=True)
def test_no_command_dump_or_job_opens_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    provider = make_provider(secrets={"api_key": "a-key-of-ours-0123456789", "webhook_secret": "a-hook-secret-0123"})
    openings = Openings()
    with openings.counted(monkeypatch):
        serializers.serialize("json", Provider.objects.all())
        call_command("dumpdata", "providers", stdout=StringIO())
        for command in ("check", "sync_schedules", "sum_up_calls"):
            call_command(command, stdout=StringIO(), stderr=StringIO())
        list(diagnosis.examine())
        minute_job.sweep()
        with suppress(SystemExit):
            call_command("doctor", stdout=StringIO())
        provider.refresh_from_db()
        assert f"{provider!r} {provider} {provider.secrets!r} {provider.masked_secret('api_key')}"
    assert openings.off_the_way() == []
