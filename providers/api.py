"""The state of providers, for programs, with what a call can be placed by."""

from __future__ import annotations

import datetime
from typing import Any

from django.shortcuts import get_object_or_404
from ninja import Router, Schema

from callcenter.api.door import KeyRequest, needs_right
from callcenter.api.shapes import Limit, OlderThan, Paged
from callcenter.parameters import whole_number
from providers.models import Agent, CallerId, Dialer, Provider, Voice

router = Router(tags=["Providers"])


class ProviderOut(Schema):
    """An account at a vendor, and how it stands."""

    id: int
    name: str
    vendor: str
    state: str
    state_words: str
    sentence: str
    """Why it stands so; empty where all is well."""
    may_call: bool
    """Whether calls are placed through it now."""
    message_kinds: list[str]
    """What a call may say through it."""
    last_success_at: datetime.datetime | None


class Choice(Schema):
    """Something at the vendor that a call can be placed with."""

    id: int
    name: str


class ProviderAgent(Choice):
    """An agent, and the variables that it expects."""

    variables: list[str]


class WholeProvider(ProviderOut):
    """A provider with its agents, voices, caller IDs and diallers."""

    max_lines: int
    """How many calls may be live at once."""
    single_call_lines: int
    """How many of them campaigns leave to single calls."""
    agents: list[ProviderAgent]
    voices: list[Choice]
    caller_ids: list[Choice]
    dialers: list[Choice]


def provider_out(provider: Provider) -> dict[str, Any]:
    """Return how a provider stands, in the shape of `ProviderOut`."""
    standing = provider.standing
    return {
        "id": provider.pk,
        "name": provider.name,
        "vendor": provider.vendor,
        "state": standing.state.value,
        "state_words": str(standing.state.label),
        "sentence": str(standing.sentence),
        "may_call": not standing.state.is_stop,
        "message_kinds": sorted(provider.backend_class.message_kinds),
        "last_success_at": provider.last_success_at,
    }


@router.get("/providers", response=Paged[ProviderOut], summary="List providers")
@needs_right("see_providers")
def providers(request: KeyRequest, older_than: OlderThan = None, limit: Limit = 50) -> dict[str, Any]:
    """List the providers within reach and how each stands."""
    rows = Provider.objects.seen_by(request.auth.person).order_by("-pk")
    before = whole_number(older_than)
    found = list((rows if before is None else rows.filter(pk__lt=before))[: limit + 1])
    page = found[:limit]
    return {"items": [provider_out(one) for one in page], "next": page[-1].pk if len(found) > limit else None}


@router.get("/providers/{int:pk}", response=WholeProvider, summary="Read one provider")
@needs_right("see_providers")
def provider(request: KeyRequest, pk: int) -> dict[str, Any]:
    """Return how a provider stands, and its agents, voices, caller IDs and diallers, as last synced."""
    found = get_object_or_404(Provider.objects.seen_by(request.auth.person), pk=pk)
    kinds: dict[str, Any] = {"agents": Agent, "voices": Voice, "caller_ids": CallerId, "dialers": Dialer}
    shown = provider_out(found) | {"max_lines": found.max_lines, "single_call_lines": found.single_call_lines}
    for name, model in kinds.items():
        rows = model._default_manager.filter(provider=found, is_present=True).order_by("pk")
        shown[name] = [
            {"id": row.pk, "name": str(row), "variables": [str(one) for one in getattr(row, "variables", ())]}
            for row in rows
        ]
    return shown
