"""What the product keeps of itself: stop-all, the mark that a restored backup is known by, alerts."""

import uuid

from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

SYSTEM = [
    migrations.CreateModel(
        name="DialingSwitch",
        fields=[
            ("id", models.PositiveSmallIntegerField(default=1, editable=False, primary_key=True, serialize=False)),
            ("stopped_at", models.DateTimeField(blank=True, null=True)),
            ("reason", models.CharField(blank=True, max_length=300)),
            (
                "stopped_by",
                models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, blank=True, null=True, related_name="+"),
            ),
        ],
        options={
            "verbose_name": "stop-all",
            "verbose_name_plural": "stop-all",
            "constraints": [models.CheckConstraint(name="one_switch", condition=Q(id=1))],
        },
    ),
    migrations.CreateModel(
        name="DatabaseMark",
        fields=[
            ("id", models.PositiveSmallIntegerField(default=1, editable=False, primary_key=True, serialize=False)),
            ("identity", models.UUIDField(default=uuid.uuid4, editable=False)),
            ("count", models.PositiveBigIntegerField(default=0)),
        ],
        options={"verbose_name": "mark of the database", "verbose_name_plural": "marks of the database"},
    ),
    migrations.CreateModel(
        name="Alert",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            (
                "kind",
                models.CharField(
                    choices=[
                        ("provider_halted", "A provider is halted"),
                        ("campaign_paused", "The system paused a campaign"),
                        ("start_refused", "A campaign did not start at its time"),
                        ("call_unknown", "A call has been unknown for an hour"),
                        ("provider_frozen", "Calling is frozen after a restored backup"),
                        ("strange_calls", "A vendor lists calls that we do not know"),
                    ],
                    max_length=20,
                ),
            ),
            ("object_type", models.CharField(max_length=20)),
            ("object_id", models.PositiveBigIntegerField()),
            ("raised_at", models.DateTimeField()),
            ("tried_at", models.DateTimeField(blank=True, null=True)),
            ("sent_at", models.DateTimeField(blank=True, null=True)),
            ("cleared_at", models.DateTimeField(blank=True, null=True)),
        ],
        options={
            "verbose_name": "alert",
            "verbose_name_plural": "alerts",
            "ordering": ["id"],
            "constraints": [
                models.UniqueConstraint(
                    name="alert_once_while_it_lasts",
                    fields=("kind", "object_type", "object_id"),
                    condition=Q(cleared_at__isnull=True),
                )
            ],
        },
    ),
]


def make_switch(apps, schema_editor):
    """Make the one stop-all row: where it is missing, no commit point passes."""
    database = schema_editor.connection.alias
    apps.get_model("campaigns", "DialingSwitch").objects.using(database).get_or_create(pk=1)


SWITCH = [migrations.RunPython(make_switch, migrations.RunPython.noop)]
