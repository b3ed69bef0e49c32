"""Single numbers that a manager allows although numbers of their types are not called, each with a reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from callcenter.audit.models import record
from campaigns.core.eligibility import Eligibility, refused_by_type
from campaigns.core.installation import current
from campaigns.core.refusals import Refusal
from campaigns.core.stop_all import close_gate
from campaigns.models import AllowedNumber
from campaigns.number_types import SENTENCES, NumberType, type_of
from campaigns.reasons import MAX_REASON


def allow(phone: str, *, reason: str, person: Any) -> AllowedNumber:
    """Allow a number (E.164) of a type that is not called, or take one of a range that nobody knows.

    Raises Refusal for a short or emergency number, one that needs no leave, and an empty reason.
    """
    kind = type_of(phone)
    if kind is NumberType.SHORT:
        raise Refusal(_("%(sentence)s It cannot be allowed.") % {"sentence": SENTENCES[kind]})
    if kind is NumberType.ORDINARY:
        raise Refusal(_("This is an ordinary number. It can be called without permission."))
    reason = reason.strip()[:MAX_REASON]
    if not reason:
        raise Refusal(_("Enter a reason. Nothing was changed."))
    with transaction.atomic():
        found, _is_new = AllowedNumber.objects.update_or_create(
            phone=phone,
            defaults={"number_type": kind.value, "reason": reason, "allowed_by": person, "allowed_at": timezone.now()},
        )
        record(person, "number.allowed", found, type=kind.value, reason=reason)
    return found


def withdraw(pk: int, *, reason: str, person: Any) -> bool:
    """Take back the leave to call a number, from this commit on; False if there is none any more.

    Raises Refusal where no reason is given.
    """
    if not reason.strip():
        raise Refusal(_("Enter a reason. Nothing was changed."))
    with transaction.atomic():
        # No commit point that read the old state is still open after it.
        close_gate()
        found = AllowedNumber.objects.select_for_update().filter(pk=pk).first()
        if found is None:
            return False
        record(person, "number.withdrawn", found, type=found.number_type, reason=reason.strip()[:MAX_REASON])
        found.delete()
    return True


@dataclass(frozen=True, slots=True)
class NumberStanding:
    """What the type of a person's number means for calls to it."""

    kind: NumberType | None = None
    """None for an ordinary number."""
    refusal: Eligibility | None = None
    allowed: AllowedNumber | None = None

    @property
    def sentence(self) -> str:
        """What kind of number it is."""
        return str(SENTENCES[self.kind]) if self.kind else ""

    @property
    def next_step(self) -> str:
        """What can be done where it is not called."""
        return self.refusal.next_step(is_queued=False) if self.refusal else ""

    @property
    def may_be_allowed(self) -> bool:
        """Whether a manager can allow it, and has not."""
        return self.refusal is not None and self.kind is not NumberType.SHORT


def number_standing(phone: str) -> NumberStanding:
    """Return what the type of a number means; reads the database only where it is not ordinary."""
    if (kind := type_of(phone)) is NumberType.ORDINARY:
        return NumberStanding()
    allowed = AllowedNumber.objects.select_related("allowed_by").filter(phone=phone).first()
    return NumberStanding(kind, refused_by_type(phone, current(), is_allowed=allowed is not None), allowed)
