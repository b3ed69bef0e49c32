"""Fills every table of an installation, with every column of at least one row, whatever the models are.

It is also run inside an older version of the product, so it imports nothing of these tests.
"""

from __future__ import annotations

import datetime
import uuid
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.db import IntegrityError, models, transaction

from providers.fields import EncryptedJSONField

FIXED: dict[str, dict[str, Any]] = {
    "auth.user": {"username": "of-every-table", "is_active": False},
    "campaigns.call": {"status": "completed", "answered_by": "human", "to_number": "+989121234567"},
    "campaigns.campaign": {
        "weekly_hours": {"0": ["09:00-13:00", "16:00-20:00"]},
        "blackout_dates": ["2026-12-24/2027-01-02"],
        "holiday_countries": ["IR"],
        "variants": [
            {
                "key": "A",
                "label": "Short",
                "share": 100,
                "agent": None,
                "voice": None,
                "text": "",
                "variables": {"a": "b"},
                "caller_ids": [],
            },
        ],
    },
    "campaigns.callback": {"zone": "Asia/Tehran"},
    "campaigns.callreview": {"score": 4},
    "campaigns.reviewqueue": {"every": 20, "result": "talked", "goal": ""},
    "campaigns.scorecardpoint": {"most": 5, "weight": 2},
    "campaigns.scorecardreview": {"percent": 50},
    "campaigns.contact": {"phone": "+989127654321", "time_zone": "Asia/Tehran", "region": "IR"},
    "campaigns.dialingswitch": {"id": 1, "stopped_at": None},
    "campaigns.databasemark": {"id": 1},
    "campaigns.daycap": {"person_id": None},
    "campaigns.erasure": {"tasks": [["backups", "", []], ["provider", "Ours", ["a-call"]]]},
    "campaigns.question": {"removed_at": None},
    "django_q.schedule": {"func": "campaigns.tasks.poll", "cron": None, "cluster": "another"},
    "providers.provider": {"vendor": "bolna", "is_active": False, "secrets": {"api_key": "a-key-of-ours"}},
}
"""Values that a constraint or a page asks for, by model."""
TEXT = "یک \u200cمتن A 'quoted' \\ back\tslash ☎ 😀 %s"
MOMENT = datetime.datetime(2026, 3, 29, 1, 30, 59, 999_999, datetime.UTC)
"""Within the hour that summer time skips in many zones."""


def fill_every_table() -> list[str]:
    """Add a row to every table, with every column set where it may be; returns tables that are empty all the same."""
    for model in _tables():
        _add(model, {})
    return [model._meta.db_table for model in _tables() if not model._base_manager.exists()]


def _tables() -> list[type[models.Model]]:
    found = apps.get_models(include_auto_created=True)
    return [model for model in found if model._meta.managed and not model._meta.proxy]


def _add(model: type[models.Model], beside: dict[type[models.Model], Any]) -> Any:
    """Add one row and what it points at; returns its key. `beside` holds what is being added around it."""
    if model in beside:
        return beside[model]
    beside[model] = None
    values = {}
    for field in model._meta.concrete_fields:
        if isinstance(field, models.AutoField):
            continue
        values[field.attname] = _value(field, beside)
    known = {field.attname for field in model._meta.concrete_fields}
    # The version before may lack some of these columns.
    fixed = {name: value for name, value in FIXED.get(model._meta.label_lower, {}).items() if name in known}
    sealed = [field.name for field in model._meta.concrete_fields if isinstance(field, EncryptedJSONField)]
    for wanted in (values | fixed, _without_optional(model, values) | fixed):
        # Secrets are sealed for their row, once it has its primary key.
        secrets = {name: wanted.pop(name) for name in sealed if name in wanted}
        try:
            with transaction.atomic():
                made = model(**wanted)
                model._base_manager.bulk_create([made])
        except IntegrityError:
            continue
        if secrets:
            for name, value in secrets.items():
                setattr(made, name, value)
            made.save(update_fields=list(secrets))
        beside[model] = made.pk
        return made.pk
    # A table for a single row, or all that there can be: the migrations made it.
    beside[model] = model._base_manager.values_list("pk", flat=True).first()
    return beside[model]


def _without_optional(model: type[models.Model], values: dict[str, Any]) -> dict[str, Any]:
    """Leave columns as the product begins with them, where constraints forbid all of them at once."""
    needed = [field for field in model._meta.concrete_fields if not field.has_default() and not field.null]
    return {field.attname: values[field.attname] for field in needed if field.attname in values}


def _value(field: Any, beside: dict[type[models.Model], Any]) -> Any:
    if field.remote_field is not None:
        if field.null and field.related_model in beside and beside[field.related_model] is None:
            return None
        return _add(field.related_model, beside)
    kind = field.get_internal_type()
    if kind in {"CharField", "TextField", "SlugField", "FileField"}:
        if field.choices:
            return field.flatchoices[-1][0]
        if kind == "SlugField":
            return f"slug-{uuid.uuid4().hex[:8]}"
        if type(field).__name__ in {"EncryptedJSONField", "PickledObjectField"}:
            return {"key": TEXT}
        text = f"{uuid.uuid4().hex[:8]} {TEXT}"
        return text[: field.max_length] if field.max_length else text * 40
    small = uuid.uuid4().int % 30_000 + 1
    values: dict[str, Any] = {
        "BooleanField": not field.default if isinstance(field.default, bool) else True,
        "DateField": MOMENT.date(),
        "DateTimeField": MOMENT,
        "DecimalField": Decimal("12.05") if getattr(field, "decimal_places", 0) == 2 else Decimal("0.1000"),
        "FloatField": 1_790_000_000.123456,
        "GenericIPAddressField": "2001:db8::1",
        "JSONField": {"words": [TEXT, None, True, 1.5, 10**12], "": {}},
        "TimeField": datetime.time(23, 59, 59, 1),
        "UUIDField": uuid.uuid4(),
    }
    if kind in values:
        return values[kind]
    assert kind.endswith("IntegerField"), f"no value for {field}, a {kind}"
    return 2**53 + small if "Big" in kind else small
