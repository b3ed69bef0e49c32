"""Hosts that keep recordings: seen in the vendor's answers, allowed by an admin and by nobody else."""

from __future__ import annotations

from django.db import transaction

from callcenter.audit.models import record
from providers.models import Provider
from providers.models.stops import Actor
from providers.parsing import parse_words

OPTION = "recording_hosts"


def allow_seen_host(provider_id: int, host: str, person: Actor) -> bool:
    """Allow the host that was seen, if it is the one that the person was shown; raises Provider.DoesNotExist."""
    with transaction.atomic():
        provider = Provider.objects.select_for_update().get(pk=provider_id)
        if not host or provider.seen_recording_host != host:
            return False
        known = parse_words(provider.options_with_defaults().get(OPTION))
        provider.options = {**provider.options, OPTION: list(dict.fromkeys([*known, host]))}
        provider.seen_recording_host = ""
        provider.save(update_fields=["options", "seen_recording_host"])
        record(person, "provider.recording_host_allowed", provider, host=host)
    return True
