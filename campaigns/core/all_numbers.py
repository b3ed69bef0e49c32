"""All numbers of the people whom some numbers belong to: what a person wishes holds for each of them."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Exists, OuterRef, Q

from campaigns.models import Contact, OtherNumber


def further_numbers(phones: Collection[str]) -> dict[str, str]:
    """Return the further numbers of the people with these numbers (E.164), each with the given one that led to it.

    A person's numbers are those of merged entries and their other numbers. A number that several people share leads to
    the numbers of all of them, and not further.
    """
    heads = _heads(phones)
    if not heads:
        return {}
    entries = {
        pk: (phone, heads[head or pk])
        for pk, phone, head in Contact.objects.filter(Q(pk__in=heads) | Q(merged_into__in=heads)).values_list(
            "pk", "phone", "merged_into"
        )
    }
    others = OtherNumber.objects.filter(contact__in=entries).order_by("pk").values_list("contact", "phone")
    known = set(phones)
    found = dict(entries.values()) | {phone: entries[contact][1] for contact, phone in others}
    return {phone: given for phone, given in found.items() if phone not in known}


def _heads(phones: Collection[str]) -> dict[int, str]:
    """Return the main entries of the people with these numbers who have further ones, each with a number given."""
    has_others = Exists(OtherNumber.objects.filter(contact=OuterRef("pk")))
    has_merged = Exists(Contact.objects.filter(merged_into=OuterRef("pk")))
    entries = Contact.objects.filter(Q(merged_into__isnull=False) | has_merged | has_others, phone__in=list(phones))
    others = OtherNumber.objects.filter(phone__in=list(phones))
    heads: dict[int, str] = {}
    for pk, head, phone in [
        *entries.order_by("pk").values_list("pk", "merged_into", "phone"),
        *others.order_by("pk").values_list("contact", "contact__merged_into", "phone"),
    ]:
        heads.setdefault(head or pk, phone)
    return heads


def numbers_of(contact_ids: Collection[int]) -> list[str]:
    """Return all numbers of these people: of the entries, of those merged into them, and the other numbers."""
    entries = Contact.objects.filter(Q(pk__in=contact_ids) | Q(merged_into__in=contact_ids))
    others = OtherNumber.objects.filter(contact__in=entries)
    return list(dict.fromkeys([*entries.order_by("pk").values_list("phone", flat=True),
                               *others.order_by("pk").values_list("phone", flat=True)]))  # fmt: skip
