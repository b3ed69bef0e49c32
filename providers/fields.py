"""Model fields of a provider: keys that stay sealed until a request leaves, and options that may be unreadable.

Loading a row never raises for what is stored in these fields: one provider's broken column must stop neither the other
providers nor the page that mends it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import models
from django.db.models.fields.json import KeyTransform
from django.db.models.query_utils import DeferredAttribute

from providers.sealed_secrets import SealedSecrets
from providers.sealing import box

__all__ = ["EncryptedJSONField", "OptionsField", "SealedSecrets", "UnreadableOptions", "box"]


class _Sealing(DeferredAttribute):
    """Keeps what is assigned until the row is saved, which seals it, and knows whose value is read."""

    field: EncryptedJSONField

    def __get__(self, instance: models.Model | None, cls: Any = None) -> Any:
        found = super().__get__(instance, cls)
        return found.at(self.field.place_of(instance)) if isinstance(found, SealedSecrets) else found

    def __set__(self, instance: models.Model, value: Mapping[str, str] | SealedSecrets | None) -> None:
        instance.__dict__[self.field.attname] = SealedSecrets.of(value)


if TYPE_CHECKING:
    SealedField = models.TextField[SealedSecrets | Mapping[str, str], SealedSecrets]
    ObjectField = models.JSONField[dict[str, Any], dict[str, Any]]
else:
    SealedField, ObjectField = models.TextField, models.JSONField


class EncryptedJSONField(SealedField):
    """Stores secrets sealed for their row and loads them as `SealedSecrets`; queries can only test it for null.

    Saving a row seals them; an `update` wants them sealed already (`sealed_for`), and new rows of a `bulk_create` have
    no primary key to be sealed for: both raise TypeError for keys that are not sealed.
    """

    descriptor_class = _Sealing

    def place_of(self, row: models.Model | None) -> str:
        """Return the place that a row's value is sealed for; empty before the row has a primary key."""
        return f"{self.model._meta.label_lower}.{self.name}.{row.pk}" if row is not None and row.pk else ""

    def sealed_for(self, row: models.Model, value: Mapping[str, str] | SealedSecrets) -> SealedSecrets:
        """Return secrets as they are stored in a row: in the form before while the version before may read them."""
        found = SealedSecrets.of(value)
        return (
            found.at(self.place_of(row))
            if found.is_sealed
            else found.sealed_for(self.place_of(row), in_form_before=_is_read_by_version_before())
        )

    def contribute_to_class(self, cls: type[models.Model], name: str, private_only: bool = False) -> None:
        """Add the field to a model, and seal the values of new rows once they have a primary key."""
        super().contribute_to_class(cls, name, private_only)
        models.signals.pre_save.connect(self._note_save, sender=cls)
        models.signals.post_save.connect(self._seal_new, sender=cls)

    @property
    def _is_saved_alone(self) -> str:
        """Attribute of a row that is being saved by itself: `_seal_new` runs after it, as after no bulk statement."""
        return f"_{self.attname}_is_saved_alone"

    def _note_save(self, instance: models.Model, **_how: Any) -> None:
        instance.__dict__[self._is_saved_alone] = True

    def _seal_new(self, instance: models.Model, using: str, **_how: Any) -> None:
        instance.__dict__.pop(self._is_saved_alone, None)
        held = instance.__dict__.get(self.attname)
        if isinstance(held, SealedSecrets) and not held.is_sealed:
            sealed = instance.__dict__[self.attname] = self.sealed_for(instance, held)
            type(instance)._base_manager.using(using).filter(pk=instance.pk).update(**{self.attname: sealed})

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        """Return the value sealed for its row; of a row without a primary key none, which `_seal_new` makes up for."""
        held = getattr(model_instance, self.attname)
        if not held.is_sealed:
            if not model_instance.pk and self._is_saved_alone not in model_instance.__dict__:
                raise TypeError("Save rows with new keys one by one: keys are sealed for the primary key of their row.")
            if not model_instance.pk:
                return SealedSecrets()
            held = model_instance.__dict__[self.attname] = self.sealed_for(model_instance, held)
        return held

    def get_prep_value(self, value: Any) -> Any:
        """Return the stored text; raises TypeError for secrets that are not sealed yet."""
        return SealedSecrets.of(value).token

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> SealedSecrets:
        """Return the stored text, sealed."""
        return SealedSecrets(value or "")

    def to_python(self, value: Any) -> Any:
        """Return the value, sealed."""
        return SealedSecrets.of(value)

    def value_to_string(self, obj: models.Model) -> str:
        """Return an empty text: secrets are left out of fixtures."""
        return ""

    def get_lookup(self, lookup_name: str) -> Any:
        """Return the lookup `isnull`; raises TypeError for any other."""
        if lookup_name != "isnull":
            raise TypeError("An encrypted field cannot be searched.")
        return super().get_lookup(lookup_name)


def _is_read_by_version_before() -> bool:
    return apps.get_model("providers", "FormBefore")._default_manager.exists()


class UnreadableOptions(dict[str, Any]):
    """Stands for stored options that are not a JSON object: empty, and refused wherever a request leaves."""

    def __init__(self, stored: Any) -> None:
        super().__init__()
        self.stored = stored


class OptionsField(ObjectField):
    """Stores a JSON object; whatever else is found in the column loads as `UnreadableOptions`."""

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> dict[str, Any]:
        """Return the stored object, or `UnreadableOptions`, which is stored back as it was."""
        try:
            found = super().from_db_value(value, expression, connection)
        except ValueError:
            found = value
        is_whole = not isinstance(expression, KeyTransform)
        return UnreadableOptions(found) if is_whole and not isinstance(found, dict) else found

    def deconstruct(self) -> Any:
        """Return what a migration needs: for the database this is a JSON field like any other."""
        name, _path, args, options = super().deconstruct()
        return name, "django.db.models.JSONField", args, options

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        """Return what is stored: options that could not be read are not replaced by none."""
        return super().get_db_prep_value(
            value.stored if isinstance(value, UnreadableOptions) else value, connection, prepared
        )
