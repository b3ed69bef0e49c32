"""Creation of webhook addresses: each is shown once, and only a hash of its token is stored."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from callcenter.audit.models import record
from providers.models import Provider, WebhookAddress
from providers.models.stops import Actor


def make_address(provider_id: int, person: Actor, origin: str = "") -> str:
    """Give a provider a new address and return it (it cannot be read later); the previous one works on for two days.

    `origin` is used where PUBLIC_URL is not set. Raises Provider.DoesNotExist.
    """
    with transaction.atomic():
        provider = Provider.objects.get(pk=provider_id)
        token = WebhookAddress.objects.rotate(provider, timezone.now(), getattr(person, "pk", None))
        record(person, "provider.webhook_address_made", provider)
    return f"{settings.PUBLIC_URL or origin.rstrip('/')}/hooks/{provider_id}/{token}/"
