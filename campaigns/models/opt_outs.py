"""Models of opt-outs: what was heard in calls, and requests to vendors to leave calls that are not wanted any more."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.models.calls import Call
from campaigns.models.import_rows import MAX_SHEET_NAME
from campaigns.reasons import MAX_REASON


class StopRequest(models.Model):
    """A call that a vendor is to leave; written with its cause, and open until the call is over.

    The row is the job: `campaigns.tracking.vendor_stops` asks the vendor, at once and again, until it is closed.
    """

    class Cause(models.TextChoices):
        """Why the call is not wanted, the strongest first."""

        OPT_OUT = "opt_out"
        CAMPAIGN = "campaign"
        HELD = "held"
        STOP_ALL = "stop_all"

    class Answer(models.TextChoices):
        """What came of the last request."""

        NONE = ""
        TAKEN_BACK = "taken_back"
        NOT_YET = "not_yet"
        """The vendor took the request, refused it or gave no clear answer, and still has the order."""
        UNREACHED = "unreached"
        OVER = "over"
        """The call ended otherwise."""
        DROPPED = "dropped"
        """Not needed any more, as the cause is gone."""

    call = models.OneToOneField(Call, models.CASCADE, primary_key=True, related_name="stop_request")
    cause = models.CharField(max_length=10, choices=Cause.choices)
    asked_at = models.DateTimeField(default=timezone.now)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    """None where the product itself asked, as for an opt-out that a vendor heard."""
    next_try_at = models.DateTimeField(default=timezone.now)
    """When the vendor is asked (again), if it can be; a claim of a worker moves it ahead."""
    tries = models.PositiveIntegerField(default=0)
    answer = models.CharField(max_length=12, choices=Answer.choices, blank=True, default="")
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("stop request")
        verbose_name_plural = _("stop requests")
        ordering = ["pk"]
        indexes = [
            models.Index(fields=["next_try_at"], condition=Q(closed_at__isnull=True), name="stop_request_open"),
        ]

    def __str__(self) -> str:
        return f"{self.get_cause_display()}: {self.call_id}"


class HeardOptOutQuerySet(models.QuerySet["HeardOptOut"]):
    """Queries for opt-outs that were heard."""

    def undecided(self) -> HeardOptOutQuerySet:
        """Return those about which nobody has decided: their numbers are held."""
        return self.filter(decided_at__isnull=True)

    def in_calls(self) -> HeardOptOutQuerySet:
        """Return those that were heard in calls, not read in files."""
        return self.filter(call__isnull=False)


class HeardOptOut(models.Model):
    """What is or may be an opt-out, heard in a call or read in a file; the number is held until somebody decides.

    One row for each number of the person; all rows of a call are decided together, and those of a file that say the
    same. It is written with the news or the save that brought it, so that it is never lost.
    """

    class Decision(models.TextChoices):
        """What was decided."""

        NONE = "", "-"
        FORBIDDEN = "forbidden", _("Add to the do-not-call list")
        ALLOWED = "allowed", _("Can be called")

    call = models.ForeignKey(Call, models.CASCADE, null=True, blank=True, related_name="heard_opt_outs")
    """None where it stood in a file."""
    contact_import = models.ForeignKey(
        "campaigns.ContactImport", models.CASCADE, null=True, blank=True, related_name="doubtful_wishes", db_index=False
    )
    sheet = models.CharField(max_length=MAX_SHEET_NAME, blank=True, default="", db_default="")
    row = models.PositiveIntegerField(null=True, blank=True)
    """Row of the file, as a spreadsheet counts."""
    phone = models.CharField(_("phone"), max_length=16)
    is_certain = models.BooleanField(default=False)
    """Whether it is an opt-out without a doubt: then the product puts the number on the list by itself."""
    said = models.CharField(_("what was heard"), max_length=MAX_REASON, blank=True)
    heard_at = models.DateTimeField(default=timezone.now)
    decision = models.CharField(max_length=10, choices=Decision.choices, blank=True, default="")
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )

    objects = HeardOptOutQuerySet.as_manager()

    class Meta:
        verbose_name = _("heard opt-out")
        verbose_name_plural = _("heard opt-outs")
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["call", "phone"], name="heard_opt_out_once")]
        indexes = [
            models.Index(fields=["phone"], condition=Q(decided_at__isnull=True), name="number_held"),
            models.Index(fields=["call"], condition=Q(decided_at__isnull=True), name="opt_out_undecided"),
            models.Index(
                fields=["contact_import", "phone"],
                condition=Q(contact_import__isnull=False),
                name="wish_of_a_file",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.call_id or self.contact_import_id}: {self.said[:40]}"
