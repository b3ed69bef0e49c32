"""Models of approvals: what a second person approved of a campaign, and the people whom they approved."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.models.campaigns import Campaign


class CampaignApproval(models.Model):
    """What was approved of a campaign: its people or sources, message, agent, hours, attempts and budget, as they were.

    At most one of a campaign is in force. It goes on to hold while the campaign differs from it: the difference is what
    the next approval is about.
    """

    class Binds(models.TextChoices):
        """Whom the approval binds: people; or, of a living campaign, where they come from, how many and until when."""

        PEOPLE = "people", _("These contacts")
        SOURCES = "sources", _("Source, number and last day of contacts")

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="approvals")
    binds = models.CharField(max_length=8, choices=Binds.choices, default=Binds.PEOPLE, db_default=Binds.PEOPLE)
    people = models.PositiveIntegerField(_("people"))
    """Of a living campaign: at most."""
    values = models.JSONField()
    """The bound columns of the campaign as JSON, by name (`launch.approvals.BOUND`)."""
    salt = models.CharField(max_length=32)
    """Of the marks of its people, so that no other table tells a number by its mark."""
    starts_at = models.DateTimeField(null=True, blank=True)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    """Who had launched it or sent it for approval."""
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    approved_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)
    """When it stopped being in force; its people are forgotten then."""

    class Meta:
        verbose_name = _("approval")
        verbose_name_plural = _("approvals")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["campaign"], condition=Q(ended_at__isnull=True), name="one_approval_in_force"
            )
        ]

    def __str__(self) -> str:
        return f"{_('Approval')} {self.pk}"


class ApprovedPerson(models.Model):
    """One person of an approval, with a mark of the number that was approved; the number itself is not kept here."""

    approval = models.ForeignKey(CampaignApproval, models.CASCADE, db_index=False, related_name="approved_people")
    contact_id = models.BigIntegerField()
    """No foreign key: a contact that is removed leaves the audience by itself, and is not kept for this."""
    mark = models.CharField(max_length=32)
    """MD5 of the number and the approval's salt, which both engines compute."""

    class Meta:
        verbose_name = _("approved contact")
        verbose_name_plural = _("approved contacts")
        constraints = [models.UniqueConstraint(fields=["approval", "contact_id"], name="approved_person_once")]

    def __str__(self) -> str:
        return f"{self.approval_id}·{self.contact_id}"
