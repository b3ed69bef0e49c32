"""People's own numbers, which alone test calls ring: entered by the person, confirmed by somebody else with a reason.

No vendor but one speaks a text that we write, so that a code cannot be spoken everywhere; and a call that speaks it
would ring a number of which nobody knows yet whose it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from callcenter.access.colleagues import known_to
from callcenter.access.roles import Person, may
from callcenter.audit.models import record
from campaigns.core.refusals import Refusal
from campaigns.models import OwnNumber
from campaigns.reasons import MAX_REASON

MOST_EACH = 5
"""Numbers that one person may have entered."""
WAITING_SHOWN = 100


def of(person: Person) -> Sequence[OwnNumber]:
    """Return the numbers that a person entered, newest first."""
    return list(OwnNumber.objects.filter(person=person.pk).select_related("confirmed_by"))


def waiting_for(person: Person) -> Sequence[OwnNumber]:
    """Return other people's numbers that a person may confirm, oldest first."""
    return list(all_waiting_for(person).select_related("person").order_by("asked_at", "pk")[:WAITING_SHOWN])


def all_waiting_for(person: Person) -> QuerySet[OwnNumber]:
    """Return all other people's numbers that wait for a person's confirmation."""
    return _to_confirm(person) if may(person, "confirm_numbers") else OwnNumber.objects.none()


def enter(person: Person, phone: str) -> OwnNumber:
    """Note that a number (E.164) is a person's own phone, not confirmed yet. Raises Refusal."""
    with transaction.atomic():
        found = OwnNumber.objects.filter(person=person.pk, phone=phone).first()
        if found is not None:
            return found
        if OwnNumber.objects.filter(person=person.pk).count() >= MOST_EACH:
            raise Refusal(_("You have %(most)d numbers, the maximum. Remove one first.") % {"most": MOST_EACH})
        assert person.pk is not None
        made = OwnNumber.objects.create(person_id=person.pk, phone=phone)
        record(person, "own_number.entered", made)
    return made


def confirm(pk: int, *, person: Person | None, reason: str) -> bool:
    """Confirm that a number is the phone of whoever entered it; False where it was confirmed or removed meanwhile.

    `person` is who confirms: never the one whose number it is; None is the command line. Raises
    PermissionDenied, also for a user whom they are not told of, and Refusal where no reason is given.
    """
    if person is not None and not may(person, "confirm_numbers"):
        raise PermissionDenied("confirm_numbers")
    reason = reason.strip()[:MAX_REASON]
    if not reason:
        raise Refusal(_("Enter how you know that it is their number. Nothing was changed."))
    with transaction.atomic():
        found = _to_confirm(person).select_for_update().filter(pk=pk).first()
        if found is None:
            theirs = OwnNumber.objects.filter(pk=pk, confirmed_at__isnull=True)
            if person is not None and theirs.exclude(person=person.pk).exists():
                raise PermissionDenied("confirm_numbers")
            return False
        found.confirmed_at, found.confirmed_by_id, found.reason = timezone.now(), getattr(person, "pk", None), reason
        found.save(update_fields=["confirmed_at", "confirmed_by", "reason"])
        record(person, "own_number.confirmed", found, of=found.person_id, reason=reason)
    return True


def remove(pk: int, *, person: Person) -> bool:
    """Remove a number: one's own, or one by whoever may confirm it; False if there is none any more.

    Raises PermissionDenied for the number of somebody else.
    """
    with transaction.atomic():
        found = OwnNumber.objects.select_for_update().filter(pk=pk).first()
        if found is None:
            return False
        if found.person_id != person.pk and not (
            may(person, "confirm_numbers") and _of_others(person, OwnNumber.objects.filter(pk=pk)).exists()
        ):
            raise PermissionDenied("confirm_numbers")
        record(person, "own_number.removed", found, of=found.person_id)
        found.delete()
    return True


def confirmed(person: Person) -> QuerySet[OwnNumber]:
    """Return the numbers of a person that test calls may ring."""
    return OwnNumber.objects.filter(person=person.pk, confirmed_at__isnull=False)


def _to_confirm(person: Any) -> QuerySet[OwnNumber]:
    found = OwnNumber.objects.filter(confirmed_at__isnull=True)
    return found if person is None else _of_others(person, found)


def _of_others(person: Any, numbers: QuerySet[OwnNumber]) -> QuerySet[OwnNumber]:
    """Return those of the numbers that belong to others whom the person is told of."""
    return numbers.filter(person__in=known_to(person, User.objects.exclude(pk=person.pk)).values("pk"))
