"""Look-up of a provider named on the command line."""

from __future__ import annotations

from django.core.management.base import CommandError

from providers.models import Provider


def named_provider(name_or_id: str) -> Provider:
    """Return the provider with this name or id; raises CommandError, listing the known names, where there is none."""
    found = Provider.objects.filter(name=name_or_id).first()
    if found is None and name_or_id.isdecimal():
        found = Provider.objects.filter(pk=int(name_or_id)).first()
    if found is None:
        known = ", ".join(Provider.objects.values_list("name", flat=True)) or "none yet"
        raise CommandError(f"There is no provider {name_or_id!r}. Known: {known}.")
    return found
