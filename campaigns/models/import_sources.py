"""Model of an address from which an import is repeated."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models.base import Owned
from campaigns.models.imports import ContactImport
from campaigns.reasons import MAX_REASON
from providers.fields import EncryptedJSONField

MAX_ADDRESS = 2000
MAX_ETAG = 200


class ImportSource(Owned):
    """An address whose file is imported again, as a first file was, whenever it changed."""

    pattern = models.ForeignKey(
        ContactImport, models.SET_NULL, null=True, related_name="sources", verbose_name=_("first import")
    )
    """Its columns, list, tags and answers are those of every run; without it nothing is imported any more."""
    address = models.CharField(_("address"), max_length=MAX_ADDRESS)
    """Its host, as `https://HOST/`; the whole address where `sealed` is null, which the version before wrote."""
    # Null is loaded as no secrets.
    sealed = EncryptedJSONField(null=True, blank=True, editable=False)  # type: ignore[misc]
    """Under "address" the whole one: it may open the file for whoever knows it, so it is stored as a key is."""
    every_hours = models.PositiveSmallIntegerField(_("interval"), default=24)
    next_at = models.DateTimeField(_("next"), null=True, blank=True, db_index=True)
    """When it is read next; null while it is paused or halted."""
    etag = models.CharField(max_length=MAX_ETAG, blank=True)
    digest = models.CharField(max_length=64, blank=True)
    """SHA-256 of the file that was imported last."""
    looked_at = models.DateTimeField(_("last read"), null=True, blank=True)
    last_import = models.ForeignKey(ContactImport, models.SET_NULL, null=True, blank=True, related_name="+")
    problem = models.CharField(_("problem"), max_length=MAX_REASON, blank=True)
    failing_since = models.DateTimeField(null=True, blank=True)
    halted_at = models.DateTimeField(_("paused"), null=True, blank=True)
    """When it was halted, because it had failed for days or could not go on."""

    class Meta:
        verbose_name = _("import source")
        verbose_name_plural = _("import sources")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{_('Import source')} {self.pk}"
