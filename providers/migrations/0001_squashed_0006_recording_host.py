"""The tables of the first release: accounts at vendors, what lives there, and what was exchanged with them."""

from decimal import Decimal

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import migrations, models
from django.db.models import Q
from django.utils import timezone

from providers.fields import EncryptedJSONField
from providers.models import default_options


class Migration(migrations.Migration):
    initial = True

    replaces = [
        ("providers", "0001_initial"),
        ("providers", "0002_exchanges"),
        ("providers", "0003_breaker_outcomes"),
        ("providers", "0004_webhooks"),
        ("providers", "0005_exchanges_of_calls"),
        ("providers", "0006_recording_host"),
    ]

    dependencies = [
        ("access", "0001_squashed_0004_vendor_calls"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Provider",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("vendor", models.SlugField("vendor", max_length=20)),
                ("name", models.CharField("name", max_length=80, unique=True)),
                ("secrets", EncryptedJSONField("keys", blank=True, default=dict, editable=False)),
                ("options", models.JSONField("options", blank=True, default=default_options)),
                ("is_active", models.BooleanField("in use", default=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "max_lines",
                    models.PositiveIntegerField(
                        "lines",
                        default=1,
                        help_text="How many calls may be live at once.",
                        validators=[MinValueValidator(1)],
                    ),
                ),
                (
                    "calls_per_minute",
                    models.PositiveIntegerField(
                        "calls a minute",
                        default=60,
                        help_text="No minute has more new calls than this.",
                        validators=[MinValueValidator(1)],
                    ),
                ),
                (
                    "reads_per_minute",
                    models.PositiveIntegerField(
                        "reads a minute",
                        default=120,
                        help_text="How often we may ask for states.",
                        validators=[MinValueValidator(1)],
                    ),
                ),
                (
                    "max_call_seconds",
                    models.PositiveIntegerField(
                        "longest call, seconds", default=1800, help_text="An unknown call holds a line for this long."
                    ),
                ),
                (
                    "price_per_minute",
                    models.DecimalField("price a minute", decimal_places=4, default=Decimal("0"), max_digits=12),
                ),
                (
                    "currency",
                    models.CharField(
                        "currency", blank=True, help_text="Three letters, such as USD or IRT.", max_length=3
                    ),
                ),
                ("account", models.JSONField(blank=True, default=dict, editable=False)),
                ("checked_at", models.DateTimeField("last tested", blank=True, editable=False, null=True)),
                ("last_success_at", models.DateTimeField("last success", blank=True, editable=False, null=True)),
                ("last_error_at", models.DateTimeField("last error at", blank=True, editable=False, null=True)),
                ("last_error", models.CharField("last error", blank=True, editable=False, max_length=300)),
                ("last_error_kind", models.CharField(blank=True, editable=False, max_length=40)),
                ("secrets_set_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("halted_at", models.DateTimeField("halted", blank=True, editable=False, null=True)),
                ("halted_reason", models.CharField(blank=True, editable=False, max_length=300)),
                (
                    "breaker_opened_at",
                    models.DateTimeField("paused by failures", blank=True, editable=False, null=True),
                ),
                ("breaker_reason", models.CharField(blank=True, editable=False, max_length=300)),
                ("breaker_probe_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("breaker_closed_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("frozen_at", models.DateTimeField("frozen", blank=True, editable=False, null=True)),
                ("frozen_reason", models.CharField(blank=True, editable=False, max_length=300)),
                ("pace_tat", models.FloatField(default=0, editable=False)),
                ("slow_until", models.DateTimeField(blank=True, editable=False, null=True)),
                ("dispatch_lease", models.UUIDField(blank=True, editable=False, null=True)),
                ("dispatch_lease_until", models.DateTimeField(blank=True, editable=False, null=True)),
                ("poll_lease", models.UUIDField(blank=True, editable=False, null=True)),
                ("poll_lease_until", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        settings.AUTH_USER_MODEL,
                        models.SET_NULL,
                        blank=True,
                        editable=False,
                        null=True,
                        related_name="+",
                    ),
                ),
                (
                    "secrets_set_by",
                    models.ForeignKey(
                        settings.AUTH_USER_MODEL,
                        models.SET_NULL,
                        blank=True,
                        editable=False,
                        null=True,
                        related_name="+",
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        "access.team",
                        models.PROTECT,
                        blank=True,
                        null=True,
                        related_name="providers",
                        verbose_name="team",
                    ),
                ),
                ("outcomes", models.JSONField(blank=True, default=list, editable=False)),
                ("unknowns_in_row", models.PositiveSmallIntegerField(default=0, editable=False)),
                ("seen_recording_host", models.CharField(blank=True, editable=False, max_length=253)),
            ],
            options={
                "verbose_name": "provider",
                "verbose_name_plural": "providers",
                "ordering": ["name"],
                "constraints": [
                    models.CheckConstraint(name="provider_has_a_line", condition=Q(max_lines__gte=1)),
                    models.CheckConstraint(name="provider_has_a_pace", condition=Q(calls_per_minute__gte=1)),
                ],
            },
        ),
        migrations.CreateModel(
            name="Dialer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("remote_id", models.CharField("id at the vendor", max_length=200)),
                ("name", models.CharField("name", max_length=200)),
                (
                    "is_present",
                    models.BooleanField(
                        "still at the vendor", default=True, help_text="Cleared when the vendor no longer lists it."
                    ),
                ),
                ("synced_at", models.DateTimeField("last synced", blank=True, editable=False, null=True)),
                ("provider", models.ForeignKey("providers.provider", models.CASCADE, verbose_name="provider")),
            ],
            options={
                "verbose_name": "dialler",
                "verbose_name_plural": "diallers",
                "ordering": ["name"],
                "constraints": [
                    models.UniqueConstraint(name="dialer_once_a_provider", fields=("provider", "remote_id"))
                ],
            },
        ),
        migrations.CreateModel(
            name="CallerId",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("remote_id", models.CharField("id at the vendor", max_length=200)),
                ("name", models.CharField("name", max_length=200)),
                (
                    "is_present",
                    models.BooleanField(
                        "still at the vendor", default=True, help_text="Cleared when the vendor no longer lists it."
                    ),
                ),
                ("synced_at", models.DateTimeField("last synced", blank=True, editable=False, null=True)),
                ("number", models.CharField("number", max_length=40)),
                ("provider", models.ForeignKey("providers.provider", models.CASCADE, verbose_name="provider")),
            ],
            options={
                "verbose_name": "caller ID",
                "verbose_name_plural": "caller IDs",
                "ordering": ["number"],
                "constraints": [
                    models.UniqueConstraint(name="caller_id_once_a_provider", fields=("provider", "number"))
                ],
            },
        ),
        migrations.CreateModel(
            name="Agent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("remote_id", models.CharField("id at the vendor", max_length=200)),
                ("name", models.CharField("name", max_length=200)),
                (
                    "is_present",
                    models.BooleanField(
                        "still at the vendor", default=True, help_text="Cleared when the vendor no longer lists it."
                    ),
                ),
                ("synced_at", models.DateTimeField("last synced", blank=True, editable=False, null=True)),
                ("type", models.CharField("type", blank=True, max_length=40)),
                ("status", models.CharField("status", blank=True, max_length=40)),
                ("direction", models.CharField("direction", blank=True, max_length=40)),
                ("language", models.CharField("language", blank=True, max_length=40)),
                ("variables", models.JSONField("variables it expects", blank=True, default=list)),
                ("warnings", models.JSONField("warnings", blank=True, default=list)),
                ("provider", models.ForeignKey("providers.provider", models.CASCADE, verbose_name="provider")),
            ],
            options={
                "verbose_name": "agent",
                "verbose_name_plural": "agents",
                "ordering": ["name"],
                "constraints": [
                    models.UniqueConstraint(name="agent_once_a_provider", fields=("provider", "remote_id"))
                ],
            },
        ),
        migrations.CreateModel(
            name="Voice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("remote_id", models.CharField("id at the vendor", max_length=200)),
                ("name", models.CharField("name", max_length=200)),
                (
                    "is_present",
                    models.BooleanField(
                        "still at the vendor", default=True, help_text="Cleared when the vendor no longer lists it."
                    ),
                ),
                ("synced_at", models.DateTimeField("last synced", blank=True, editable=False, null=True)),
                ("maker", models.CharField("maker", blank=True, max_length=40)),
                ("language", models.CharField("language", blank=True, max_length=40)),
                ("provider", models.ForeignKey("providers.provider", models.CASCADE, verbose_name="provider")),
            ],
            options={
                "verbose_name": "voice",
                "verbose_name_plural": "voices",
                "ordering": ["name"],
                "constraints": [
                    models.UniqueConstraint(name="voice_once_a_provider", fields=("provider", "remote_id"))
                ],
            },
        ),
        migrations.CreateModel(
            name="WebhookAddress",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token_hash", models.CharField(max_length=64)),
                ("previous_token_hash", models.CharField(blank=True, max_length=64)),
                ("previous_until", models.DateTimeField(blank=True, null=True)),
                ("rotated_at", models.DateTimeField("made")),
                ("last_delivery_at", models.DateTimeField("last message", blank=True, null=True)),
                (
                    "last_delivery_result",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("taken", "Taken: the call's state is read anew"),
                            ("repeated", "Known already: nothing was done"),
                            ("parked", "Kept aside: no call of ours has this id yet"),
                            ("refused", "Refused: not genuine, or not readable"),
                        ],
                        max_length=10,
                    ),
                ),
                ("deliveries", models.PositiveBigIntegerField("messages", default=0)),
                ("provider", models.OneToOneField("providers.provider", models.CASCADE, related_name="webhook")),
                (
                    "rotated_by",
                    models.ForeignKey(
                        settings.AUTH_USER_MODEL, models.SET_NULL, blank=True, null=True, related_name="+"
                    ),
                ),
            ],
            options={"verbose_name": "webhook address", "verbose_name_plural": "webhook addresses"},
        ),
        migrations.CreateModel(
            name="ProviderExchange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField("when", default=timezone.now)),
                ("what", models.CharField("what", max_length=40)),
                ("method", models.CharField("method", max_length=8)),
                ("path", models.CharField("path", max_length=120)),
                ("http_status", models.PositiveSmallIntegerField("answer", blank=True, null=True)),
                ("duration_ms", models.PositiveIntegerField("took, ms", default=0)),
                ("outcome", models.CharField("outcome", default="ok", max_length=40)),
                ("error", models.CharField("error", blank=True, max_length=200)),
                ("provider", models.ForeignKey("providers.provider", models.CASCADE, related_name="exchanges")),
                ("answered", models.TextField("answered", blank=True)),
                ("reference", models.UUIDField(blank=True, null=True)),
                ("sent", models.TextField("sent", blank=True)),
            ],
            options={
                "verbose_name": "exchange",
                "verbose_name_plural": "exchanges",
                "ordering": ["-id"],
                "indexes": [
                    models.Index(name="exchange_by_provider", fields=["provider", "-id"]),
                    models.Index(name="exchange_of_call", fields=["reference"], condition=Q(reference__isnull=False)),
                ],
            },
        ),
    ]
