"""Model of a person's further phone numbers."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from callcenter.formats.masking import ending
from campaigns.models.contacts import Contact


class OtherNumber(models.Model):
    """Another number (E.164) of a person: it is never called by a campaign, but an opt-out of it covers the person.

    Several people may share one, such as a household's landline.
    """

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="other_numbers", db_index=False)
    phone = models.CharField(_("phone"), max_length=16)
    imported_by = models.ForeignKey(
        "campaigns.ContactImport", models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )
    added_at = models.DateTimeField(_("added"), default=timezone.now)

    class Meta:
        verbose_name = _("other number")
        verbose_name_plural = _("other numbers")
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["contact", "phone"], name="other_number_once_a_contact")]
        indexes = [models.Index(fields=["phone"], name="other_number_by_phone")]

    def __str__(self) -> str:
        return f"{self.contact_id}: {ending(self.phone)}"
