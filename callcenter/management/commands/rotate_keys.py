"""The `rotate_keys` command: encrypts stored vendor keys again with the first key of FIELD_KEYS, bound to their row."""

from __future__ import annotations

from typing import Any, cast

from allauth.mfa.models import Authenticator
from django.apps import apps
from django.core.management.base import CommandError
from django.db import models, transaction

from callcenter.audit import sealing
from callcenter.audit.models import record
from callcenter.commands import PlainCommand
from callcenter.kept_forms.keeping import reseal_kept_forms
from callcenter.sign_in.second_factor import encrypt_anew
from providers.exceptions import KeysUnreadable
from providers.fields import EncryptedJSONField
from providers.models import FormBefore


def encrypted_columns() -> list[tuple[type[models.Model], str]]:
    """Return every (model, field name) whose values are encrypted."""
    return [
        (model, field.name)
        for model in apps.get_models()
        for field in model._meta.local_fields
        if isinstance(field, EncryptedJSONField)
    ]


class Command(PlainCommand):
    """Run after putting a new key first in FIELD_KEYS; the old key can be removed afterwards.

    Also run once after an upgrade from a version that stored keys unbound, when none of its processes is left: from
    here on keys are stored in the present form, which that version cannot read.
    """

    help = "Encrypt the stored vendor keys anew with the first key of FIELD_KEYS."

    def handle(self, *args: Any, **options: Any) -> None:
        """Rotate each row in a transaction of its own; raises CommandError where a value cannot be decrypted."""
        rotated, unreadable = 0, []
        # First, so that what is stored meanwhile is bound as well.
        FormBefore.objects.all().delete()
        for model, column in encrypted_columns():
            for pk in model._default_manager.order_by("pk").values_list("pk", flat=True):
                try:
                    rotated += self.rotate(model, column, pk)
                except KeysUnreadable:
                    unreadable.append(f"{model._meta.verbose_name} {pk}")
        for pk in Authenticator.objects.order_by("pk").values_list("pk", flat=True):
            if encrypt_anew(pk):
                rotated += 1
            else:
                unreadable.append(f"second factor {pk}")
        reseal_kept_forms()
        record(None, "keys.rotated", rows=rotated, unreadable=len(unreadable))
        sealing.seal_anew()
        self.stdout.write(f"{rotated} encrypted with the first key.")
        if unreadable:
            raise CommandError(
                f"No key of FIELD_KEYS opens: {', '.join(unreadable)}. Put the key they were stored with back into"
                " FIELD_KEYS and run this again, or enter these vendor keys anew."
            )

    @staticmethod
    @transaction.atomic(durable=True)
    def rotate(model: type[models.Model], column: str, pk: Any) -> int:
        """Seal one row's value again, under a row lock; returns 1, or 0 where the row is gone or the value empty."""
        row = model._default_manager.select_for_update().only("pk", column).filter(pk=pk).first()
        value = getattr(row, column, None)
        if row is None or not value:
            return 0
        place = cast(EncryptedJSONField, model._meta.get_field(column)).place_of(row)
        return model._default_manager.filter(pk=pk).update(**{column: value.resealed(place)})
