"""Other numbers of a person: added, removed, or called from now on; an opt-out of one of them covers the person."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from callcenter.audit.models import record as record_audit
from campaigns.contacts.person_wishes import hold_for_all
from campaigns.core.eligibility_numbers import forbidden_numbers
from campaigns.core.planned_calls import follow_number, holds_up_changes
from campaigns.core.refusals import Refusal
from campaigns.core.stop_all import close_gate
from campaigns.models import Call, Contact, OtherNumber
from campaigns.numbers import understand_number

MOST = 20
"""Other numbers of one person."""


def add_number(contact_id: int, phone: str, person: Any) -> bool:
    """Add another number (E.164) to a person; False if the person has it already. Raises Refusal."""
    with transaction.atomic():
        # A wish of either number holds for both from now on, so no call may begin meanwhile.
        close_gate()
        contact = Contact.objects.select_for_update().get(pk=contact_id)
        if contact.phone == phone or contact.merged.filter(phone=phone).exists():
            return False
        if contact.other_numbers.count() >= MOST:
            raise Refusal(_("A contact can have at most %(n)d other numbers. Remove one first.") % {"n": MOST})
        _number, is_new = OtherNumber.objects.get_or_create(contact=contact, phone=phone)
        if is_new:
            hold_for_all(contact_id, person)
            record_audit(person, "person.number_added", contact)
    return is_new


def remove_number(contact_id: int, number_id: int, person: Any) -> bool:
    """Remove another number; False if it is gone already. Raises Refusal while an opt-out of it covers the person."""
    with transaction.atomic():
        contact = Contact.objects.select_for_update().get(pk=contact_id)
        number = contact.other_numbers.filter(pk=number_id).first()
        if number is None:
            return False
        if forbidden_numbers([number.phone]):
            raise Refusal(
                _(
                    "This number is on the do-not-call list, which applies to the whole contact. Remove it "
                    "from that list first, then delete it here."
                )
            )
        number.delete()
        record_audit(person, "person.number_removed", contact)
    return True


def call_from_now_on(contact_id: int, number_id: int, person: Any) -> bool:
    """Make another number the one that is called; the old one becomes another number. False if it is gone.

    Raises Refusal while a call to the person waits or is live, or if the number is another contact's own.
    """
    try:
        with transaction.atomic():
            # With the gate closed no call can begin before this transaction ends.
            close_gate()
            contact = Contact.objects.select_for_update().get(pk=contact_id)
            number = contact.other_numbers.filter(pk=number_id).first()
            if number is None:
                return False
            if Call.objects.filter(holds_up_changes(), contact=contact).exists():
                raise Refusal(
                    _("A call to this contact is waiting or in progress. Wait until it ends, or cancel it first.")
                )
            old, new = contact.phone, number.phone
            number.delete()
            contact.phone, contact.region = new, understand_number(new, contact.region).region
            contact.save(update_fields=["phone", "region"])
            OtherNumber.objects.get_or_create(contact=contact, phone=old)
            follow_number(contact.pk, old, new, timezone.now())
            record_audit(person, "person.changed", contact, fields=["phone"])
    except IntegrityError:
        raise Refusal(_("Another contact has this number. Merge the two contacts on this page.")) from None
    return True
