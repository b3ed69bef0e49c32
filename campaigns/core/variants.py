"""The variants of a campaign: what each changes of its message, and the campaign as one of them says it.

What a variant leaves empty is as in the campaign itself. `as_variant` returns the campaign as its people hear it, so
that whatever judges, fills or checks a campaign's message does it for a variant without knowing of it.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from callcenter.formats.placeholders import key_of
from campaigns import local_presence
from campaigns.local_presence import LocalNumber
from campaigns.models import Campaign
from providers.models import CallerId

KEYS = ("A", "B", "C")
"""The keys of the variants, in their order; one is kept with every call."""
MOST_NUMBERS = 20
"""Caller IDs of one variant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One variant of a campaign."""

    key: str
    label: str
    share: int
    """Percent of the people."""
    agent: int | None = None
    voice: int | None = None
    text: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Set in place of the campaign's own of an equal name, or besides them."""
    caller_ids: tuple[int, ...] = ()
    """One calls everybody; of several, one of the person's area or country, else the campaign's own."""

    @property
    def name(self) -> str:
        """Its key with its label."""
        return f"{self.key}: {self.label}" if self.label else self.key

    def to_json(self) -> dict[str, Any]:
        """Return it as the campaign keeps it."""
        return {
            "key": self.key, "label": self.label, "share": self.share, "agent": self.agent, "voice": self.voice,
            "text": self.text, "variables": dict(self.variables), "caller_ids": list(self.caller_ids),
        }  # fmt: skip


def read(stored: Iterable[Mapping[str, Any]]) -> tuple[Variant, ...]:
    """Return variants as a campaign keeps them."""
    return tuple(
        Variant(
            key=one["key"], label=one["label"], share=one["share"], agent=one["agent"], voice=one["voice"],
            text=one["text"], variables=one["variables"], caller_ids=tuple(one["caller_ids"]),
        )
        for one in stored
    )  # fmt: skip


def variants_of(campaign: Campaign) -> tuple[Variant, ...]:
    """Return the variants of a campaign; none where everybody hears its own message."""
    return read(campaign.variants)


def name_in(stored: Iterable[Mapping[str, Any]] | None, key: str) -> str:
    """Return the name of the variant with this key, of variants as a campaign keeps them; the key where none has it."""
    return next((one.name for one in read(stored or ()) if one.key == key), key)


def names_of(campaign: Campaign) -> dict[str, str]:
    """Return the names of a campaign's variants by key."""
    return {one.key: one.name for one in variants_of(campaign)}


def saying(campaign: Campaign, variant: Variant) -> Campaign:
    """Return a copy of a campaign with a variant's text and variables, and no variants; it reads no other column.

    A text takes the place of a voice, and the other way round: a call has one of them.
    """
    found = copy.copy(campaign)
    found.variants = []
    if variant.text:
        found.text, found.voice_id = variant.text, None
    if variant.voice:
        found.voice_id, found.text = variant.voice, ""
    if variant.variables:
        own = {key_of(name) for name in variant.variables}
        kept = {name: text for name, text in campaign.variables.items() if key_of(name) not in own}
        found.variables = kept | dict(variant.variables)
    return found


def as_variant(campaign: Campaign, variant: Variant) -> Campaign:
    """Return a copy of a campaign that says and calls as one of its variants, and has none itself; never saved."""
    found = saying(campaign, variant)
    if variant.agent:
        found.agent_id = variant.agent
    if variant.caller_ids and (len(variant.caller_ids) == 1 or campaign.caller_id_id is None):
        found.caller_id_id = variant.caller_ids[0]
    return found


def versions_of(campaign: Campaign) -> list[Campaign]:
    """Return the campaign as each of its variants says it; the campaign itself where it has none."""
    return [as_variant(campaign, one) for one in variants_of(campaign)] if campaign.variants else [campaign]


def version_of(campaign: Campaign, key: str) -> Campaign:
    """Return the campaign as the variant of this key says it; the campaign itself where it has no such variant."""
    return next((as_variant(campaign, one) for one in variants_of(campaign) if one.key == key), campaign)


def messages_of(campaign: Campaign) -> dict[str, Campaign]:
    """Return by key the campaign with what each of its variants says; under the empty key, with its own message."""
    return {"": campaign} | {one.key: saying(campaign, one) for one in variants_of(campaign)}


def local_numbers(variant: Variant, region: str) -> list[LocalNumber]:
    """Return the numbers of a variant among which each person is called from the nearest; none where it has one only.

    `region` is the country of numbers that are written without one.
    """
    if len(variant.caller_ids) < 2:
        return []
    rows = CallerId.objects.filter(pk__in=variant.caller_ids).order_by("pk").values_list("pk", "number")
    return [local_presence.local_number(pk, number, region) for pk, number in rows]
