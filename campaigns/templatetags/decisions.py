"""Counts of calls that need a decision, for pages of packages that must not know calls."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django import template
from django.template.context import Context
from django.utils import timezone

from campaigns.core import decision_kinds
from providers.models import Provider

register = template.Library()

KEPT_AS = "decisions_by_provider"
"""Where a request keeps the counts, so that a page of many providers asks once."""


@register.simple_tag(takes_context=True)
def decisions_at(context: Context, provider: Provider) -> int:
    """Return how many calls of a provider need a decision by a person; a page counts them for all providers at once."""
    kept: dict[str, Any] = vars(context["request"])
    if KEPT_AS not in kept:
        kept[KEPT_AS] = decision_kinds.count_by("provider_id", None, timezone.now())
    found: Counter[int] = kept[KEPT_AS]
    return found[provider.pk]
