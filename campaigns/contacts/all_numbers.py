"""All numbers of the people whom some numbers belong to: what a person wishes holds for each of them."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q

from campaigns.models import Contact


def further_numbers(phones: Collection[str]) -> dict[str, str]:
    """Return the further numbers of the people with these numbers (E.164), each with the given one that led to it.

    Numbers of merged entries are numbers of one person.
    """
    rows = Contact.objects.filter(Q(merged_into__isnull=False) | Q(merged__isnull=False), phone__in=list(phones))
    by_head: dict[int, str] = {}
    for phone, pk, head in rows.order_by("pk").values_list("phone", "pk", "merged_into"):
        by_head.setdefault(head or pk, phone)
    same = Contact.objects.filter(Q(pk__in=by_head) | Q(merged_into__in=by_head)) if by_head else Contact.objects.none()
    known = set(phones)
    found = same.values_list("phone", "pk", "merged_into")
    return {phone: by_head[head or pk] for phone, pk, head in found if phone not in known}
