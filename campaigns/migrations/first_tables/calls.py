"""One row a call, and its steps."""

import uuid
from decimal import Decimal

from django.conf import settings
from django.db import migrations, models
from django.db.models import Q
from django.utils import timezone

AT_VENDOR = ["dialing", "in_progress", "queued", "ringing", "unknown", "wrapping_up"]
LIVE = ["dialing", "in_progress", "placing", "queued", "ringing", "unknown", "wrapping_up"]

CALLS = [
    migrations.CreateModel(
        name="Call",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("created_at", models.DateTimeField("created", auto_now_add=True)),
            ("reference", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
            ("to_number", models.CharField("number", max_length=16)),
            ("attempt", models.PositiveSmallIntegerField("attempt", default=1)),
            ("form_token", models.UUIDField(blank=True, editable=False, null=True, unique=True)),
            ("text", models.TextField("text", blank=True)),
            ("digits", models.CharField("digits", blank=True, max_length=5)),
            ("variables", models.JSONField("variables", blank=True, default=dict)),
            ("vendor_options", models.JSONField(blank=True, default=dict)),
            (
                "status",
                models.CharField(
                    "state",
                    choices=[
                        ("pending", "Waiting its turn"),
                        ("placing", "Being placed"),
                        ("queued", "Queued at the vendor"),
                        ("dialing", "Dialling"),
                        ("ringing", "Ringing"),
                        ("in_progress", "Talking"),
                        ("wrapping_up", "Wrapping up"),
                        ("completed", "Completed"),
                        ("no_answer", "No answer"),
                        ("busy", "Busy"),
                        ("failed", "Failed"),
                        ("canceled", "Canceled"),
                        ("unknown", "Not known yet"),
                        ("skipped", "Not called"),
                    ],
                    default="pending",
                    max_length=12,
                ),
            ),
            ("rank", models.PositiveSmallIntegerField(default=0, editable=False)),
            ("raw_status", models.CharField("vendor's word", blank=True, max_length=80)),
            ("remote_id", models.CharField("id at the vendor", blank=True, max_length=200)),
            (
                "failure_reason",
                models.CharField(
                    blank=True,
                    choices=[
                        ("", "-"),
                        ("balance_low", "The account at the vendor ran out of credit"),
                        ("expired", "The vendor gave the call up before it was dialled"),
                        ("invalid_number", "The vendor says the number is not valid"),
                        ("vendor_error", "The vendor reported an error"),
                        ("not_connected", "The call did not connect"),
                        ("place_rejected", "The vendor refused the order"),
                        ("not_placed", "The vendor never took the order"),
                    ],
                    default="",
                    max_length=20,
                ),
            ),
            ("failure_detail", models.CharField(blank=True, max_length=300)),
            (
                "skip_reason",
                models.CharField(
                    blank=True,
                    choices=[
                        ("", "-"),
                        ("do_not_call", "Not called: the number is on the do-not-call list."),
                        ("number_refused", "Not called: this vendor cannot call this number."),
                        ("no_zone", "Not called: the local time of this number is not known."),
                        ("quiet_period", "Not called: this person was called a short time ago."),
                        ("excluded", "Not called: this person is among those of a campaign that is left out."),
                        ("stopped", "Not called: the campaign was stopped."),
                        ("over_budget", "Not called: the campaign's budget is used up."),
                        ("missing_variable", "Not called: a variable of the message is empty."),
                        ("canceled", "Not called: a person canceled it."),
                        ("not_needed", "Not called: the attempt before it turned out to be answered."),
                    ],
                    default="",
                    max_length=20,
                ),
            ),
            ("held_at", models.DateTimeField(blank=True, null=True)),
            ("needs_person_at", models.DateTimeField(blank=True, null=True)),
            ("due_at", models.DateTimeField("due", default=timezone.now)),
            ("wait_reason", models.CharField(blank=True, max_length=20)),
            ("lease", models.UUIDField(blank=True, null=True)),
            ("lease_until", models.DateTimeField(blank=True, null=True)),
            ("not_sent_tries", models.PositiveSmallIntegerField(default=0)),
            ("placing_at", models.DateTimeField("commit point", blank=True, null=True)),
            ("deadline_at", models.DateTimeField(blank=True, null=True)),
            ("placed_at", models.DateTimeField("taken by the vendor", blank=True, null=True)),
            ("answered_at", models.DateTimeField("answered", blank=True, null=True)),
            ("ended_at", models.DateTimeField("ended", blank=True, null=True)),
            ("changed_at", models.DateTimeField("last news", default=timezone.now)),
            ("next_poll_at", models.DateTimeField(blank=True, null=True)),
            ("polls", models.PositiveIntegerField(default=0)),
            ("absent_looks", models.PositiveSmallIntegerField(default=0)),
            ("absent_at", models.DateTimeField(blank=True, null=True)),
            ("talk_seconds", models.PositiveIntegerField("talked, seconds", blank=True, null=True)),
            ("answered_by", models.CharField("answered by", default="unknown", max_length=8)),
            ("cost", models.DecimalField("cost", blank=True, decimal_places=4, max_digits=14, null=True)),
            ("currency", models.CharField(blank=True, max_length=3)),
            ("reserved_cost", models.DecimalField(decimal_places=4, default=Decimal("0"), max_digits=14)),
            ("matched_by", models.CharField(blank=True, max_length=8)),
            ("recording_available", models.BooleanField(default=False)),
            ("extracted", models.JSONField(blank=True, default=dict)),
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
                    db_index=False,
                    null=True,
                    related_name="+",
                    verbose_name="caller ID",
                ),
            ),
            (
                "dialer",
                models.ForeignKey(
                    "providers.dialer",
                    models.PROTECT,
                    blank=True,
                    db_index=False,
                    null=True,
                    related_name="+",
                    verbose_name="dialler",
                ),
            ),
            (
                "owner",
                models.ForeignKey(
                    settings.AUTH_USER_MODEL,
                    models.SET_NULL,
                    blank=True,
                    db_index=False,
                    null=True,
                    related_name="+",
                    verbose_name="owner",
                ),
            ),
            (
                "provider",
                models.ForeignKey(
                    "providers.provider", models.PROTECT, db_index=False, related_name="calls", verbose_name="provider"
                ),
            ),
            (
                "team",
                models.ForeignKey(
                    "access.team",
                    models.SET_NULL,
                    blank=True,
                    db_index=False,
                    null=True,
                    related_name="+",
                    verbose_name="team",
                ),
            ),
            (
                "voice",
                models.ForeignKey(
                    "providers.voice",
                    models.PROTECT,
                    blank=True,
                    db_index=False,
                    null=True,
                    related_name="+",
                    verbose_name="voice",
                ),
            ),
            (
                "campaign",
                models.ForeignKey(
                    "campaigns.campaign",
                    models.PROTECT,
                    blank=True,
                    db_index=False,
                    null=True,
                    related_name="calls",
                    verbose_name="campaign",
                ),
            ),
            (
                "contact",
                models.ForeignKey(
                    "campaigns.contact",
                    models.SET_NULL,
                    blank=True,
                    db_index=False,
                    null=True,
                    related_name="calls",
                    verbose_name="contact",
                ),
            ),
            ("stop_asked_at", models.DateTimeField(blank=True, null=True)),
            (
                "test_of",
                models.ForeignKey(
                    "campaigns.campaign",
                    models.PROTECT,
                    blank=True,
                    db_index=False,
                    editable=False,
                    null=True,
                    related_name="test_calls",
                    verbose_name="test of",
                ),
            ),
        ],
        options={
            "verbose_name": "call",
            "verbose_name_plural": "calls",
            "ordering": ["-id"],
            "indexes": [
                models.Index(name="call_due", fields=["provider", "due_at", "id"], condition=Q(status="pending")),
                models.Index(
                    name="call_due_campaign", fields=["campaign", "due_at", "id"], condition=Q(status="pending")
                ),
                models.Index(
                    name="call_to_poll", fields=["provider", "next_poll_at"], condition=Q(status__in=AT_VENDOR)
                ),
                models.Index(name="call_live", fields=["provider", "status"], condition=Q(status__in=LIVE)),
                models.Index(name="call_placing", fields=["deadline_at"], condition=Q(status="placing")),
                models.Index(name="call_by_contact", fields=["contact", "-id"]),
                models.Index(name="call_by_number", fields=["to_number", "-placing_at"]),
                models.Index(name="call_by_status", fields=["status", "-id"]),
                models.Index(name="call_by_provider", fields=["provider", "-id"]),
                models.Index(name="call_by_owner", fields=["owner", "-id"]),
                models.Index(name="call_by_day", fields=["created_at"]),
                models.Index(name="call_by_commit", fields=["-placing_at"]),
                models.Index(name="call_held", fields=["held_at"], condition=Q(held_at__isnull=False)),
                models.Index(name="call_test_of", fields=["test_of", "-id"], condition=Q(test_of__isnull=False)),
                models.Index(name="call_by_machine", fields=["-id"], condition=Q(answered_by="machine")),
                models.Index(name="call_by_talk", fields=["talk_seconds"], condition=Q(talk_seconds__isnull=False)),
                models.Index(name="call_by_cost", fields=["cost"], condition=Q(cost__isnull=False)),
                models.Index(name="call_of_campaign", fields=["campaign", "-id"]),
                models.Index(name="call_by_change", fields=["changed_at"]),
                models.Index(name="call_unsent", fields=["created_at"], condition=Q(placing_at__isnull=True)),
                models.Index(
                    name="call_priced",
                    fields=["placing_at", "provider", "campaign", "currency", "talk_seconds", "cost"],
                    condition=Q(cost__isnull=False),
                ),
                models.Index(
                    name="call_unpriced", fields=["-id"], condition=Q(cost__isnull=True, talk_seconds__isnull=False)
                ),
                models.Index(
                    name="call_by_campaign",
                    fields=[
                        "campaign",
                        "status",
                        "-id",
                        "answered_by",
                        "talk_seconds",
                        "placing_at",
                        "held_at",
                        "stop_asked_at",
                    ],
                ),
                models.Index(name="call_with_voice", fields=["voice"], condition=Q(voice__isnull=False)),
                models.Index(name="call_with_caller_id", fields=["caller_id"], condition=Q(caller_id__isnull=False)),
                models.Index(name="call_with_dialer", fields=["dialer"], condition=Q(dialer__isnull=False)),
                models.Index(name="call_of_team", fields=["team"], condition=Q(team__isnull=False)),
            ],
            "constraints": [
                models.UniqueConstraint(name="attempt_once", fields=("campaign", "contact", "attempt")),
                models.UniqueConstraint(
                    name="one_live_call_a_number", fields=("to_number",), condition=Q(status__in=LIVE)
                ),
                models.UniqueConstraint(
                    name="vendor_call_once", fields=("provider", "remote_id"), condition=~Q(remote_id="")
                ),
            ],
        },
    ),
    migrations.CreateModel(
        name="CallEvent",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("at", models.DateTimeField(default=timezone.now)),
            (
                "source",
                models.CharField(
                    choices=[
                        ("system", "Callcenter"),
                        ("answer", "The vendor's answer"),
                        ("poll", "Read from the vendor"),
                        ("list", "The vendor's list"),
                        ("webhook", "Sent by the vendor"),
                        ("person", "A person"),
                    ],
                    max_length=8,
                ),
            ),
            ("from_status", models.CharField(blank=True, max_length=12)),
            ("to_status", models.CharField(blank=True, max_length=12)),
            ("code", models.CharField(blank=True, max_length=40)),
            ("detail", models.CharField(blank=True, max_length=300)),
            (
                "actor",
                models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, blank=True, null=True, related_name="+"),
            ),
            ("call", models.ForeignKey("campaigns.call", models.CASCADE, related_name="events")),
        ],
        options={
            "verbose_name": "step",
            "verbose_name_plural": "steps",
            "ordering": ["id"],
            "indexes": [
                models.Index(name="event_by_call", fields=["call", "id"]),
                models.Index(name="event_of_a_wish", fields=["call"], condition=Q(code="do_not_call_heard")),
            ],
        },
    ),
]
