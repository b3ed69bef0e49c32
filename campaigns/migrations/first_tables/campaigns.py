"""One message to an audience."""

import datetime
from decimal import Decimal

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import migrations, models

from campaigns.models.campaigns import default_retries, every_day

CAMPAIGNS = [
    migrations.CreateModel(
        name="Campaign",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("created_at", models.DateTimeField("created", auto_now_add=True)),
            ("name", models.CharField("name", max_length=120, unique=True)),
            (
                "status",
                models.CharField(
                    "state",
                    choices=[
                        ("draft", "Draft"),
                        ("waiting", "Waiting for approval"),
                        ("scheduled", "Starts later"),
                        ("running", "Running"),
                        ("paused", "Paused"),
                        ("stopped", "Stopped"),
                        ("finished", "Finished"),
                    ],
                    default="draft",
                    editable=False,
                    max_length=10,
                ),
            ),
            ("text", models.TextField("text to speak", blank=True, max_length=2000)),
            ("variables", models.JSONField("variables", blank=True, default=dict)),
            ("hours_start", models.TimeField("from", default=datetime.time(9, 0))),
            (
                "hours_end",
                models.TimeField(
                    "until",
                    default=datetime.time(20, 0),
                    help_text="In the contact's own time; 00:00 to 00:00 is all day.",
                ),
            ),
            ("days", models.JSONField("days", blank=True, default=every_day)),
            (
                "calls_per_minute",
                models.PositiveIntegerField("calls a minute", blank=True, null=True, validators=[MinValueValidator(1)]),
            ),
            (
                "max_lines",
                models.PositiveIntegerField("lines", blank=True, null=True, validators=[MinValueValidator(1)]),
            ),
            (
                "max_attempts",
                models.PositiveSmallIntegerField(
                    "attempts a person", default=3, validators=[MinValueValidator(1), MaxValueValidator(10)]
                ),
            ),
            ("retries", models.JSONField("retry after, minutes", blank=True, default=default_retries)),
            ("budget", models.DecimalField("budget", blank=True, decimal_places=2, max_digits=14, null=True)),
            (
                "quiet_hours",
                models.PositiveIntegerField(
                    "hours between two campaigns' calls to one person", default=24, help_text="0: no quiet period."
                ),
            ),
            ("launched_at", models.DateTimeField("launched", blank=True, editable=False, null=True)),
            ("finished_at", models.DateTimeField(blank=True, editable=False, null=True)),
            ("paused_reason", models.CharField(blank=True, editable=False, max_length=300)),
            ("paused_by_system", models.BooleanField(default=False, editable=False)),
            ("filled_through", models.BigIntegerField(default=0, editable=False)),
            ("is_filled", models.BooleanField(default=False, editable=False)),
            ("pace_tat", models.FloatField(default=0, editable=False)),
            (
                "reserved_cost",
                models.DecimalField(decimal_places=4, default=Decimal("0"), editable=False, max_digits=14),
            ),
            ("spent_cost", models.DecimalField(decimal_places=4, default=Decimal("0"), editable=False, max_digits=14)),
            (
                "agent",
                models.ForeignKey(
                    "providers.agent", models.PROTECT, blank=True, null=True, related_name="+", verbose_name="agent"
                ),
            ),
            (
                "caller_id",
                models.ForeignKey(
                    "providers.callerid",
                    models.PROTECT,
                    blank=True,
                    null=True,
                    related_name="+",
                    verbose_name="caller ID",
                ),
            ),
            (
                "dialer",
                models.ForeignKey(
                    "providers.dialer", models.PROTECT, blank=True, null=True, related_name="+", verbose_name="dialler"
                ),
            ),
            (
                "launched_by",
                models.ForeignKey(
                    settings.AUTH_USER_MODEL, models.SET_NULL, blank=True, editable=False, null=True, related_name="+"
                ),
            ),
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
                "provider",
                models.ForeignKey(
                    "providers.provider", models.PROTECT, related_name="campaigns", verbose_name="provider"
                ),
            ),
            (
                "team",
                models.ForeignKey(
                    "access.team", models.SET_NULL, blank=True, null=True, related_name="+", verbose_name="team"
                ),
            ),
            (
                "voice",
                models.ForeignKey(
                    "providers.voice", models.PROTECT, blank=True, null=True, related_name="+", verbose_name="voice"
                ),
            ),
            (
                "lists",
                models.ManyToManyField(
                    "campaigns.contactlist", blank=True, related_name="campaigns", verbose_name="lists"
                ),
            ),
            ("watched", models.JSONField(blank=True, default=dict, editable=False)),
            ("watched_since", models.DateTimeField(blank=True, editable=False, null=True)),
            (
                "excluded_campaigns",
                models.ManyToManyField(
                    "campaigns.campaign", blank=True, related_name="excluded_by", verbose_name="people left out"
                ),
            ),
            ("excludes_only_reached", models.BooleanField("leave out only who was reached", default=False)),
            (
                "pilot",
                models.CharField(
                    blank=True,
                    choices=[
                        ("", "-"),
                        ("calling", "Calls the first few people"),
                        ("asks", "Is over and asks how to go on"),
                        ("passed", "Was followed by the rest"),
                    ],
                    default="",
                    editable=False,
                    max_length=8,
                ),
            ),
            ("start_refusal", models.CharField(blank=True, editable=False, max_length=500)),
            ("starts_at", models.DateTimeField("starts", blank=True, editable=False, null=True)),
            ("tags", models.JSONField("tags", blank=True, default=list)),
        ],
        options={"verbose_name": "campaign", "verbose_name_plural": "campaigns", "ordering": ["-id"]},
    )
]
