"""Models of contacts, their notes, lists and the do-not-call list."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from callcenter.formats.masking import ending
from campaigns.models.base import Owned
from campaigns.reasons import MAX_REASON

MAX_NAME = 200
MAX_LIST_NAME = 120
MAX_CONSENT_SOURCE = 200
MAX_NOTE = 4_000


def is_consent_noted(source: str | None, given_at: object) -> bool:
    """Return whether columns of a contact say that the person agreed to be called: by whom, or when."""
    return bool(source) or given_at is not None


class Contact(Owned):
    """A person with one phone number in E.164."""

    name = models.CharField(_("name"), max_length=MAX_NAME, blank=True)
    phone = models.CharField(
        _("phone"), max_length=16, unique=True, help_text=_("In E.164 format, such as +989121234567.")
    )
    region = models.CharField(_("country"), max_length=2, blank=True)
    time_zone = models.CharField(
        _("time zone"), max_length=60, blank=True, help_text=_("Empty: all possible time zones of the number apply.")
    )
    variables = models.JSONField(_("information for the agent"), default=dict, blank=True)
    tags = models.JSONField(_("tags"), default=list, blank=True)
    consent_source = models.CharField(_("consent source"), max_length=MAX_CONSENT_SOURCE, blank=True)
    consent_at = models.DateTimeField(_("consent date"), null=True, blank=True)
    imported_by = models.ForeignKey(
        "campaigns.ContactImport", models.SET_NULL, null=True, blank=True, related_name="contacts", editable=False
    )
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="merged", editable=False
    )
    """The same person under the number that is called from now on; this row keeps its number and its calls."""

    not_in_audit: ClassVar[frozenset[str]] = frozenset({"name", "phone", "variables", "tags", "consent_source"})
    """Columns that tell who somebody is: the audit log keeps only that they changed, for a contact may be erased."""

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        ordering = ["-id"]
        indexes = [models.Index(fields=["name", "id"], name="contact_by_name")]

    def __str__(self) -> str:
        return self.name or ending(self.phone)

    @property
    def has_consent(self) -> bool:
        """Tell whether it is noted that this person agreed to be called: by whom, or when."""
        return is_consent_noted(self.consent_source, self.consent_at)


class ContactNote(models.Model):
    """A note that a user wrote about a contact."""

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="notes")
    text = models.TextField(_("note"), max_length=MAX_NOTE)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("user")
    )
    team = models.ForeignKey(
        "access.Team", models.SET_NULL, null=True, blank=True, related_name="+", db_index=False, verbose_name=_("team")
    )
    """Whose note it is; a note of no team is read by everybody who works with the contact, but no team that shares it
    later."""
    at = models.DateTimeField(_("time"), default=timezone.now)

    class Meta:
        verbose_name = _("note")
        verbose_name_plural = _("notes")
        ordering = ["-id"]
        indexes = [models.Index(fields=["contact", "-id"], name="note_by_contact")]

    def __str__(self) -> str:
        return f"{self.contact_id}: {self.text[:40]}"


class ContactList(Owned):
    """A named set of contacts."""

    name = models.CharField(_("name"), max_length=MAX_LIST_NAME, unique=True)
    contacts = models.ManyToManyField(Contact, through="ListMembership", related_name="lists")

    class Meta:
        verbose_name = _("list")
        verbose_name_plural = _("lists")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class ListMembership(models.Model):
    """One contact in one list."""

    contact_list = models.ForeignKey(ContactList, models.CASCADE, db_index=False, related_name="memberships")
    contact = models.ForeignKey(Contact, models.CASCADE, related_name="memberships")
    imported_by = models.ForeignKey("campaigns.ContactImport", models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("list member")
        verbose_name_plural = _("list members")
        constraints = [models.UniqueConstraint(fields=["contact_list", "contact"], name="contact_once_a_list")]
        indexes = [models.Index(fields=["contact_list", "id"], name="member_of_list")]

    def __str__(self) -> str:
        return f"{self.contact_list_id}·{self.contact_id}"


class DoNotCallQuerySet(models.QuerySet["DoNotCall"]):
    """Queries for do-not-call entries."""

    def own_wishes(self) -> DoNotCallQuerySet:
        """Return the opt-outs of persons themselves, which one user alone does not remove."""
        return self.filter(Q(is_own_wish=True) | Q(source=DoNotCall.Source.VENDOR))

    def in_force(self, now: datetime | None = None) -> DoNotCallQuerySet:
        """Return the entries that are active, that is, not expired."""
        now = now or timezone.now()
        return self.filter(Q(expires_at__isnull=True) | Q(expires_at__gt=now))


class DoNotCall(models.Model):
    """A number that must not be called, from the commit of this row until `expires_at` (None: for ever)."""

    class Source(models.TextChoices):
        """Where the opt-out came from."""

        PERSON = "person", _("Asked by the contact")
        VENDOR = "vendor", _("Heard by the provider in a call")
        IMPORT = "import", _("Imported list")
        AUTHORITY = "authority", _("A public do-not-call list")

    phone = models.CharField(_("phone"), max_length=16, unique=True)
    reason = models.CharField(_("reason"), max_length=MAX_REASON, blank=True)
    source = models.CharField(_("source"), max_length=10, choices=Source.choices, default=Source.PERSON)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("added by")
    )
    team = models.ForeignKey(
        "access.Team", models.SET_NULL, null=True, blank=True, related_name="+", db_index=False, verbose_name=_("team")
    )
    """Who sees the entry on its page and may remove it: its team; everybody where it has none, as one that a second
    team asked for too. It holds for every call, whoever asks."""
    added_at = models.DateTimeField(_("added"), default=timezone.now)
    expires_at = models.DateTimeField(_("until"), null=True, blank=True, help_text=_("Empty: permanently."))
    imported_by = models.ForeignKey(
        "campaigns.ContactImport",
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        db_index=False,
        related_name="opt_outs",
    )
    """The import that made the entry, as long as nothing else has confirmed it; undoing that import removes it."""
    is_own_wish = models.BooleanField(default=False, db_default=False, editable=False)
    """Whether the person asked for it themselves: heard in a call, told by the vendor, or noted so in a file."""

    objects = DoNotCallQuerySet.as_manager()

    class Meta:
        verbose_name = _("do-not-call entry")
        verbose_name_plural = _("do-not-call list")
        ordering = ["-added_at", "-id"]
        indexes = [
            models.Index(fields=["imported_by"], name="opt_out_by_import", condition=Q(imported_by__isnull=False))
        ]

    def __str__(self) -> str:
        return ending(self.phone)

    @property
    def takes_two_people(self) -> bool:
        """Tell whether one person alone cannot remove it: it is the person's own opt-out, and in force.

        What the vendor heard is one also where the version before this wrote the row.
        """
        is_own = self.is_own_wish or self.source == self.Source.VENDOR
        return is_own and (self.expires_at is None or self.expires_at > timezone.now())
