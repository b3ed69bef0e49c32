"""Counts of calls that need a decision, for pages of packages that must not know calls."""

from __future__ import annotations

from django import template
from django.utils import timezone

from campaigns.core import decision_kinds
from providers.models import Provider

register = template.Library()


@register.simple_tag
def decisions_at(provider: Provider) -> int:
    """Return how many calls of a provider need a decision by a person."""
    return decision_kinds.count_by("provider_id", [provider.pk], timezone.now())[provider.pk]
