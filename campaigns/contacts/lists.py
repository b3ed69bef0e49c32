"""Lists of people: create, rename, delete, remove people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from callcenter.access.roles import Person, team_of
from callcenter.audit.models import record as record_audit
from callcenter.edits.shown import Shown, changes_of
from campaigns.core.joined import people_joined
from campaigns.core.refusals import Refusal
from campaigns.core.scope import seen_by
from campaigns.models import Campaign, Contact, ContactList, ListMembership


def lists_with_counts(person: Person) -> QuerySet[ContactList]:
    """Return the lists that a person may see by name, each annotated with its number of people."""
    # A subquery for each list uses its index; a join would read and group every membership.
    members = ListMembership.objects.filter(contact_list=OuterRef("pk")).order_by().values("contact_list")
    counted = Subquery(members.annotate(n=Count("pk")).values("n"))
    return seen_by(person, ContactList.objects.annotate(people=Coalesce(counted, 0)).order_by("name"))


def make_list(name: str, person: Any) -> ContactList:
    """Create an empty list. Raises Refusal if the name is taken."""
    try:
        with transaction.atomic():
            made = ContactList.objects.create(name=name, owner=person, team_id=team_of(person))
            record_audit(person, "list.made", made)
            return made
    except IntegrityError:
        raise Refusal(_("A list with this name already exists.")) from None


def rename_list(list_id: int, name: str, person: Any, shown: Shown | None = None) -> None:
    """Rename a list. Raises Refusal if the name is taken, and BothChanged if it was renamed since it was shown."""
    try:
        with transaction.atomic():
            contact_list = ContactList.objects.select_for_update().get(pk=list_id)
            old, changes = contact_list.name, changes_of(contact_list, {"name": name}, shown)
            if changes:
                contact_list.name = changes["name"]
                contact_list.save(update_fields=["name"])
                record_audit(person, "list.renamed", contact_list, was=old, fields=["name"])
    except IntegrityError:
        raise Refusal(_("A list with this name already exists.")) from None


def add_to_list(contact_list: ContactList, contact_ids: Sequence[int], person: Any) -> int:
    """Put people into a list; returns how many were not in it. An entry that was merged counts as its whole person."""
    with transaction.atomic():
        people = Contact.objects.filter(pk__in=contact_ids).values_list("pk", "merged_into")
        wanted = {merged_into or pk for pk, merged_into in people}
        known = ListMembership.objects.filter(contact_list=contact_list, contact__in=wanted)
        missing = sorted(wanted - set(known.values_list("contact", flat=True)))
        ListMembership.objects.bulk_create(
            [ListMembership(contact_list=contact_list, contact_id=pk) for pk in missing], ignore_conflicts=True
        )
        if missing:
            record_audit(person, "list.people_added", contact_list, people=len(missing))
            people_joined()
    return len(missing)


def remove_from_list(contact_list: ContactList, contact_ids: Sequence[int], person: Any) -> int:
    """Remove people from a list, without deleting them; returns how many. Calls that are queued stay queued."""
    with transaction.atomic():
        members = ListMembership.objects.filter(contact_list=contact_list, contact__in=contact_ids)
        removed, _rows = ListMembership.objects.filter(pk__in=seen_by(person, members).values("pk")).delete()
        if removed:
            record_audit(person, "list.people_removed", contact_list, people=removed)
    return removed


def remove_list(contact_list: ContactList, person: Any) -> None:
    """Delete a list, without its people. Raises Refusal while an unfinished campaign uses it."""
    with transaction.atomic():
        over = (Campaign.Status.STOPPED, Campaign.Status.FINISHED)
        if Campaign.objects.filter(lists=contact_list).exclude(status__in=over).exists():
            raise Refusal(_("A campaign uses this list. End the campaign or choose another list in it first."))
        record_audit(person, "list.removed", contact_list, people=contact_list.memberships.count())
        contact_list.memberships.all()._raw_delete(ListMembership.objects.db)
        contact_list.delete()
