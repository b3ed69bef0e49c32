"""What a vendor tells by itself, and what became of comparing its list of calls with ours."""

from django.conf import settings
from django.db import migrations, models
from django.db.models import Q
from django.utils import timezone

VENDOR_NEWS = [
    migrations.CreateModel(
        name="CallHint",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("digest", models.CharField(max_length=64)),
            ("remote_id", models.CharField(max_length=200)),
            ("to_number", models.CharField(blank=True, max_length=40)),
            ("told_at", models.DateTimeField(blank=True, null=True)),
            ("received_at", models.DateTimeField(default=timezone.now)),
            (
                "state",
                models.CharField(
                    choices=[
                        ("parked", "Waits for a call with this id"),
                        ("to_read", "The ended call is read once more"),
                        ("done", "Followed"),
                        ("stray", "No call of ours"),
                    ],
                    default="parked",
                    max_length=8,
                ),
            ),
            ("provider", models.ForeignKey("providers.provider", models.CASCADE, related_name="hints")),
        ],
        options={
            "verbose_name": "hint",
            "verbose_name_plural": "hints",
            "ordering": ["-id"],
            "indexes": [
                models.Index(
                    name="hint_to_follow",
                    fields=["provider", "received_at"],
                    condition=Q(state__in=["parked", "to_read"]),
                ),
                models.Index(name="hint_by_age", fields=["received_at"]),
            ],
            "constraints": [models.UniqueConstraint(name="hint_once", fields=("provider", "digest"))],
        },
    ),
    migrations.CreateModel(
        name="VendorSweep",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("complete_until", models.DateTimeField(blank=True, null=True)),
            ("swept_at", models.DateTimeField(blank=True, null=True)),
            ("lease_until", models.DateTimeField(blank=True, null=True)),
            ("span_seconds", models.PositiveIntegerField(default=86400)),
            ("problem", models.CharField(blank=True, max_length=300)),
            ("provider", models.OneToOneField("providers.provider", models.CASCADE, related_name="sweep")),
        ],
        options={
            "verbose_name": "comparison with a vendor's list",
            "verbose_name_plural": "comparisons with vendors' lists",
        },
    ),
    migrations.CreateModel(
        name="UnknownVendorCall",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("remote_id", models.CharField("id at the vendor", max_length=200)),
            ("masked_number", models.CharField("number", blank=True, max_length=40)),
            ("agent_id", models.CharField("agent", blank=True, max_length=200)),
            ("vendor_time", models.DateTimeField("time at the vendor", blank=True, null=True)),
            ("seen_at", models.DateTimeField("first seen", default=timezone.now)),
            ("raw_status", models.CharField("vendor's word", blank=True, max_length=80)),
            ("has_our_mark", models.BooleanField(default=False)),
            (
                "state",
                models.CharField(
                    "state",
                    choices=[
                        ("open", "Waits for a person"),
                        ("ours", "Ours"),
                        ("not_ours", "Not ours"),
                        ("found", "Turned out to be a call of ours"),
                    ],
                    default="open",
                    max_length=8,
                ),
            ),
            ("decided_at", models.DateTimeField(blank=True, null=True)),
            ("reason", models.CharField(blank=True, max_length=300)),
            (
                "decided_by",
                models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, blank=True, null=True, related_name="+"),
            ),
            ("provider", models.ForeignKey("providers.provider", models.CASCADE, related_name="unknown_calls")),
        ],
        options={
            "verbose_name": "vendor call that we do not know",
            "verbose_name_plural": "vendor calls that we do not know",
            "ordering": ["-id"],
            "indexes": [models.Index(name="unknown_vendor_call_open", fields=["provider"], condition=Q(state="open"))],
            "constraints": [models.UniqueConstraint(name="unknown_vendor_call_once", fields=("provider", "remote_id"))],
        },
    ),
]
