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

KEYS = Provider._meta.get_field("secrets")


def store_secrets(
    provider_id: int,
    new_secrets: Mapping[str, str],
    removed: Collection[str] = (),
    person: Actor = None,
    *,
    comparison: Comparison | None = None,
    why: str = "",
) -> bool:
    """Set, replace and remove keys, each with an audit event that holds the key's name but not its value.

    Stored keys that cannot be read are given up with the first new one; without a new one they stay as they are.
    `comparison` is that of the new keys' account; without one it is made up for at the next test. Returns False, and
    stores nothing, where the keys are of another account and a call has become open at the present one meanwhile.
    """
    with transaction.atomic():
        provider = Provider.objects.select_for_update().get(pk=provider_id)
        before = provider.secrets.names
        replaced = {name: value for name, value in new_secrets.items() if provider.secrets.differs({name: value})}
        gone = sorted(set(removed) & set(before))
        if not replaced and not gone:
            return True
        if comparison and comparison.likeness == "other" and has_open_calls(provider):
            return False
        identity = provider.identity
        if new_secrets:
            identity = comparison.as_stored() if comparison else {**identity, "likeness": UNCOMPARED}
        Provider.objects.filter(pk=provider_id).update(
            secrets=KEYS.sealed_for(provider, provider.secrets.changed(replaced, gone)),
            secrets_set_at=timezone.now(),
            secrets_set_by_id=getattr(person, "pk", None),
            identity=identity,
            # What a key was halted for may be over with another one.
            halted_kind="" if provider.halted_kind in KEY_PROBLEMS else provider.halted_kind,
        )
        for name in sorted({*replaced, *gone}):
            verb = "removed" if name in gone else "replaced" if name in before else "set"
            record(person, f"provider.key_{verb}", provider, key=name, **({"reason": why} if why else {}))
    return True
