"""Storage of vendor keys, which people can write but never read back."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.db import transaction
from django.utils import timezone

from callcenter.audit.models import record
from providers.models import Provider
from providers.models.stops import Actor
from providers.services.identity import UNCOMPARED, Comparison, has_open_calls
from providers.wording import KEY_PROBLEMS


def store_secrets(
    provider_id: int,
    new_secrets: Mapping[str, str],
    removed: Collection[str] = (),
    person: Actor = None,
    *,
    comparison: Comparison | None = None,
) -> bool:
    """Set, replace and remove keys, each with an audit event that holds the key's name but not its value.

    Stored keys that cannot be read are given up with the first new one; without a new one they stay as they are.
    `comparison` is that of the new keys' account; without one it is made up for at the next test. Returns False, and
    stores nothing, where the keys are of another account and a call has become open at the present one meanwhile.
    """
    with transaction.atomic():
        provider = Provider.objects.select_for_update().get(pk=provider_id)
        before = provider.secrets.changed({})
        after = provider.secrets.changed(new_secrets, removed)
        if after == before:
            return True
        if comparison and comparison.likeness == "other" and has_open_calls(provider):
            return False
        identity = provider.identity
        if new_secrets:
            identity = comparison.as_stored() if comparison else {**identity, "likeness": UNCOMPARED}
        Provider.objects.filter(pk=provider_id).update(
            secrets=after,
            secrets_set_at=timezone.now(),
            secrets_set_by_id=getattr(person, "pk", None),
            identity=identity,
            # What a key was halted for may be over with another one.
            halted_kind="" if provider.halted_kind in KEY_PROBLEMS else provider.halted_kind,
        )
        for name in sorted({*before, *after}):
            if before.get(name) == after.get(name):
                continue
            verb = "removed" if name not in after else "replaced" if name in before else "set"
            record(person, f"provider.key_{verb}", provider, key=name)
    return True
