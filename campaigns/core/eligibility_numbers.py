"""Which numbers must not be called: a do-not-call entry of one number holds for all numbers of its person.

Part of `eligibility`, whose facts and every other asker read it here. A person's numbers are the contact's own and its
other numbers; entries for contacts that were merged are written for all of their numbers already.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Collection, Iterable
from typing import Any

from django.db import connection
from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, Q
from django.utils import timezone

from campaigns.core import kept_opt_outs
from campaigns.core.sql.bulk import among
from campaigns.models import Contact, DoNotCall, KeptOptOut, OtherNumber

_ENTRY, _CONTACT, _OTHER, _KEPT = (model._meta.db_table for model in (DoNotCall, Contact, OtherNumber, KeptOptOut))
_IN_FORCE = "(f.expires_at IS NULL OR f.expires_at > %s)"


def forbidden_statement(
    numbers: Collection[str],
    now: datetime.datetime,
    *,
    begin: str = "SELECT",
    end: str = "",
    has_others: bool = True,
    has_kept: bool = True,
) -> tuple[str, list[Any]]:
    """Return the SQL, with its parameters, that selects those of the numbers that must not be called; rows may repeat.

    Of an erased person the hash is selected instead of the number: see `asked_numbers`. Each of its parts begins with
    `begin` and ends its columns with `end`, so that it fits into a UNION of others. With `has_others` False only
    entries of the numbers themselves count; with `has_kept` False no number is hashed.
    """
    if len(numbers) > MOST_LISTED:
        these: list[Any] = [list(numbers) if connection.vendor == "postgresql" else json.dumps(list(numbers))]
        any_of = "= ANY(%s)" if connection.vendor == "postgresql" else "IN (SELECT value FROM json_each(%s))"
        wanted = {name: f"{name} {any_of}" for name in ("d.phone", "c.phone", "o.phone")}
    else:
        these = among("d.phone", numbers)[1]
        wanted = {name: among(name, numbers)[0] for name in ("d.phone", "c.phone", "o.phone")}
    at = connection.ops.adapt_datetimefield_value(now)
    columns = "SELECT d.expires_at,"
    parts = [
        f"{columns} d.phone FROM {_ENTRY} d WHERE {wanted['d.phone']}",
        # The contact is asked for, another number of the person has an entry.
        f"{columns} c.phone FROM {_CONTACT} c JOIN {_OTHER} o ON o.contact_id = c.id "
        f"JOIN {_ENTRY} d ON d.phone = o.phone WHERE {wanted['c.phone']}",
        # Another number is asked for, the contact has an entry.
        f"{columns} o.phone FROM {_OTHER} o JOIN {_CONTACT} c ON c.id = o.contact_id "
        f"JOIN {_ENTRY} d ON d.phone = c.phone WHERE {wanted['o.phone']}",
        # Another number is asked for, a further one of the person has an entry.
        f"{columns} o.phone FROM {_OTHER} o JOIN {_OTHER} s ON s.contact_id = o.contact_id "
        f"JOIN {_ENTRY} d ON d.phone = s.phone WHERE {wanted['o.phone']}",
    ]
    parts = parts if has_others else parts[:1]
    parameters = these * len(parts)
    if has_kept:
        listed, hashes = among("d.digest", list(kept_opt_outs.digests_of(numbers)))
        parts.append(f"{columns} d.digest FROM {_KEPT} d WHERE {listed}")
        parameters += hashes
    # The time stands in the statement once: each parameter costs a commit point more than the condition does.
    found = f"{begin} f.phone{end} FROM ({' UNION ALL '.join(parts)}) f WHERE {_IN_FORCE}"
    return found, [*parameters, at]


def asked_numbers(selected: Iterable[str], numbers: Collection[str]) -> set[str]:
    """Return the numbers that `forbidden_statement` selected, also where it selected the hash of one."""
    found = set(selected)
    hashes = {one for one in found if not one.startswith("+")}
    if hashes:
        found = (found - hashes) | {
            number for digest, number in kept_opt_outs.digests_of(numbers).items() if digest in hashes
        }
    return found


MOST_LISTED = 500
"""Up to this many numbers are written into the statement; more are passed as one parameter."""


def forbidden_numbers(numbers: Iterable[str], now: datetime.datetime | None = None) -> set[str]:
    """Return those of the numbers (E.164) that must not be called; a few queries for any number of them."""
    asked = list(dict.fromkeys(numbers))
    if not asked:
        return set()
    # As long as nobody has another number, thousands of numbers need not be looked for among them.
    is_few, now = len(asked) <= MOST_LISTED, now or timezone.now()
    has_others = is_few or OtherNumber.objects.exists()
    statement, parameters = forbidden_statement(asked, now, has_others=has_others, has_kept=is_few)
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        found = asked_numbers((row[0] for row in cursor.fetchall()), asked)
    # After the entries: whoever was erased meanwhile has lost the entry and is kept.
    return found if is_few else found | kept_opt_outs.kept_among(asked, now)


def is_forbidden(now: datetime.datetime) -> ExpressionWrapper[Q]:
    """Return the annotation of contacts that tells whether their number must not be called."""
    entries = DoNotCall.objects.in_force(now)
    own = entries.filter(phone=OuterRef("phone"))
    of_others = OtherNumber.objects.filter(Exists(entries.filter(phone=OuterRef("phone"))), contact=OuterRef("pk"))
    # The number is another number of somebody who has an entry for their own, or for a further one.
    further = OtherNumber.objects.filter(
        Exists(entries.filter(phone=OuterRef("phone"))), contact=OuterRef("contact_id")
    )
    shared = OtherNumber.objects.filter(
        Exists(entries.filter(phone=OuterRef("contact__phone"))) | Exists(further), phone=OuterRef("phone")
    )
    return ExpressionWrapper(Q(Exists(own)) | Q(Exists(of_others)) | Q(Exists(shared)), output_field=BooleanField())


def entry_against(phone: str, now: datetime.datetime | None = None) -> DoNotCall | None:
    """Return the entry that forbids a number: its own if it has one in force, else one of another number; or None."""
    of_phone = Q(phone=phone) | Q(
        pk__in=list(OtherNumber.objects.filter(phone=phone).values_list("contact", flat=True))
    )
    persons = list(Contact.objects.filter(of_phone).values_list("pk", flat=True))
    numbers = {phone}.union(*numbers_of_persons(persons).values())
    entries = DoNotCall.objects.in_force(now).select_related("added_by").filter(phone__in=numbers)
    return min(entries, key=lambda entry: (entry.phone != phone, entry.pk), default=None)


def numbers_of_persons(contact_ids: Collection[int]) -> dict[int, list[str]]:
    """Return all numbers of these contacts by their id: their own first, then those merged into them, then others."""
    found: dict[int, list[str]] = {pk: [] for pk in contact_ids}
    rows = Contact.objects.filter(Q(pk__in=contact_ids) | Q(merged_into__in=contact_ids)).order_by("pk")
    for pk, head, phone in rows.values_list("pk", "merged_into", "phone"):
        if pk in found:
            found[pk].insert(0, phone)
        if head in found:
            found[head].append(phone)
    for pk, phone in OtherNumber.objects.filter(contact__in=contact_ids).values_list("contact", "phone"):
        if phone not in found[pk]:
            found[pk].append(phone)
    return found
