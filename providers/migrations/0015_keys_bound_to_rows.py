"""The row that says that keys are stored as the version before reads them, where there are any."""

from __future__ import annotations

from typing import Any

import django.utils.timezone
from django.db import migrations, models


def keep_the_form(apps: Any, schema_editor: Any) -> None:
    """Write new keys as the version before reads them, until `rotate_keys` has run."""
    using = schema_editor.connection.alias
    if apps.get_model("providers", "Provider").objects.using(using).exclude(secrets__isnull=True).exists():
        apps.get_model("providers", "FormBefore").objects.using(using).create()


class Migration(migrations.Migration):
    """Adds the table, and its row where there are providers."""

    dependencies = [("providers", "0014_halted_kind")]

    operations = [
        migrations.CreateModel(
            name="FormBefore",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("since", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "verbose_name": "keys in the form before",
                "verbose_name_plural": "keys in the form before",
            },
        ),
        migrations.RunPython(keep_the_form, migrations.RunPython.noop),
    ]
