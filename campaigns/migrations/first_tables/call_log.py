"""What people keep of the call log: filters, and files of calls."""

from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

CALL_LOG = [
    migrations.CreateModel(
        name="SavedFilter",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("name", models.CharField("name", max_length=80)),
            ("query", models.CharField(max_length=2000)),
            ("is_shared", models.BooleanField("shared with everybody", default=False)),
            ("created_at", models.DateTimeField("created", auto_now_add=True)),
            ("owner", models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")),
        ],
        options={
            "verbose_name": "saved filter",
            "verbose_name_plural": "saved filters",
            "ordering": ["name", "id"],
            "constraints": [models.UniqueConstraint(name="filter_name_once_a_person", fields=("owner", "name"))],
        },
    ),
    migrations.CreateModel(
        name="CallExport",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("created_at", models.DateTimeField("created", auto_now_add=True)),
            (
                "state",
                models.CharField(
                    choices=[
                        ("waiting", "Waits its turn"),
                        ("writing", "Being written"),
                        ("ready", "Ready"),
                        ("failed", "Failed"),
                        ("deleted", "File deleted"),
                    ],
                    default="waiting",
                    max_length=8,
                ),
            ),
            ("format", models.CharField(choices=[("csv", "CSV"), ("xlsx", "Excel (XLSX)")], max_length=4)),
            ("filters", models.JSONField(default=dict)),
            ("words", models.JSONField(default=list)),
            ("columns", models.JSONField(default=list)),
            ("shows_numbers", models.BooleanField(default=False)),
            ("language", models.CharField(max_length=10)),
            ("zone", models.CharField(max_length=60)),
            ("form_token", models.UUIDField(blank=True, editable=False, null=True, unique=True)),
            ("total_rows", models.PositiveIntegerField(blank=True, null=True)),
            ("done_rows", models.PositiveIntegerField(default=0)),
            ("last_id", models.PositiveBigIntegerField(blank=True, null=True)),
            ("newest_id", models.PositiveBigIntegerField(blank=True, null=True)),
            ("written_bytes", models.PositiveBigIntegerField(default=0)),
            ("tries", models.PositiveSmallIntegerField(default=0)),
            ("lease", models.UUIDField(blank=True, null=True)),
            ("lease_until", models.DateTimeField(blank=True, null=True)),
            ("file", models.CharField(blank=True, max_length=80)),
            ("size", models.PositiveBigIntegerField(blank=True, null=True)),
            ("error", models.CharField(blank=True, max_length=300)),
            ("finished_at", models.DateTimeField(blank=True, null=True)),
            ("expires_at", models.DateTimeField(blank=True, null=True)),
            (
                "owner",
                models.ForeignKey(
                    settings.AUTH_USER_MODEL,
                    models.SET_NULL,
                    blank=True,
                    null=True,
                    related_name="+",
                    verbose_name="owner",
                ),
            ),
            (
                "team",
                models.ForeignKey(
                    "access.team", models.SET_NULL, blank=True, null=True, related_name="+", verbose_name="team"
                ),
            ),
        ],
        options={
            "verbose_name": "export",
            "verbose_name_plural": "exports",
            "ordering": ["-id"],
            "indexes": [
                models.Index(name="export_by_owner", fields=["owner", "-id"]),
                models.Index(
                    name="export_to_write", fields=["lease_until"], condition=Q(state__in=["waiting", "writing"])
                ),
                models.Index(name="export_to_delete", fields=["expires_at"], condition=Q(expires_at__isnull=False)),
            ],
        },
    ),
]
