"""Hosts of recordings: found in the vendor's answers, and used only after an admin allowed them."""

from __future__ import annotations

from django.db import transaction

from callcenter.audit.models import record
from providers.fields import UnreadableOptions
from providers.models import Provider
from providers.models.stops import Actor
from providers.parsing import parse_words

OPTION = "recording_hosts"


def allow_seen_host(provider_id: int, host: str, person: Actor) -> bool:
    """Allow the host that was found, if it is still `host`, which the person saw; raises Provider.DoesNotExist."""
    with transaction.atomic():
        provider = Provider.objects.select_for_update().get(pk=provider_id)
        if not host or provider.seen_recording_host != host or isinstance(provider.options, UnreadableOptions):
            return False
        known = parse_words(provider.options_with_defaults().get(OPTION))
        provider.options = {**provider.options, OPTION: list(dict.fromkeys([*known, host]))}
        provider.seen_recording_host = ""
        provider.save(update_fields=["options", "seen_recording_host"])
        record(person, "provider.recording_host_allowed", provider, host=host)
    return True
