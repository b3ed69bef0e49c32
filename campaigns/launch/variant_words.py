"""The variants of a campaign in words: for what an approval shows, the settings and the audit."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from callcenter.formats.amounts import number
from callcenter.formats.isolation import isolated
from campaigns.core.variants import Variant
from providers.models import Agent, CallerId, Voice

MOST_TEXT = 80
"""Characters of a text that are shown."""
MOST_NUMBERS = 4
"""Caller IDs that are named one by one."""


def in_words(variants: Iterable[Variant]) -> str:
    """Return variants as one line: of each its name, its share, and what it changes; empty where there are none."""
    return "; ".join(f"{isolated(one.name)} {share_in_words(one)} ({changes_in_words(one)})" for one in variants)


def share_in_words(variant: Variant) -> str:
    """Return a variant's share as a percentage."""
    return f"{number(variant.share)} %"


def changes_in_words(variant: Variant) -> str:
    """Return what a variant changes of the campaign's message."""
    said = []
    for label, model, pk in ((_("Agent"), Agent, variant.agent), (_("Recorded voice"), Voice, variant.voice)):
        if pk:
            row = model._default_manager.filter(pk=pk).first()
            said.append(f"{label}: {isolated(str(row)) if row is not None else _('none')}")
    if variant.text:
        said.append(f"{_('Text')}: {isolated(_short(variant.text))}")
    if variant.variables:
        told = "; ".join(f"{name} = {text}" for name, text in sorted(variant.variables.items()))
        said.append(f"{_('Variables')}: {isolated(_short(told))}")
    if variant.caller_ids:
        said.append(f"{_('Caller IDs')}: {_numbers(variant)}")
    return ", ".join(said) or _("as in the campaign")


def _numbers(variant: Variant) -> str:
    pks = variant.caller_ids
    if len(pks) > MOST_NUMBERS:
        return ngettext("%(count)s number", "%(count)s numbers", len(pks)) % {"count": number(len(pks))}
    known = dict(CallerId.objects.filter(pk__in=pks).values_list("pk", "number"))
    return _(", ").join(isolated(known.get(pk, _("none"))) for pk in pks)


def _short(text: str) -> str:
    return f"“{text[:MOST_TEXT]}{'…' if len(text) > MOST_TEXT else ''}”"
