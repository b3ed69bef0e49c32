"""Models of calls, their transcripts and events, and the stop-all switch."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.models.base import Owned
from campaigns.models.status_conditions import IsInbound, StatusIsOneOf, holds_line
from campaigns.reasons import MAX_REASON, SkipReason
from providers.clock import has_passed
from providers.registry import vendors_that
from providers.types import AT_VENDOR, FINAL, LIVE, CallStatus, FailureReason


class CallQuerySet(models.QuerySet["Call"]):
    """Queries for calls."""

    def due(self, now: datetime) -> CallQuerySet:
        """Return pending calls whose `due_at` has passed."""
        return self.filter(status=CallStatus.PENDING, due_at__lte=now)

    def unleased(self, now: datetime, longest: timedelta) -> CallQuerySet:
        """Return calls without a lease, or with an expired one; `longest` is how long a lease can hold."""
        return self.filter(Q(lease_until__isnull=True) | has_passed("lease_until", now, longest))

    def live(self) -> CallQuerySet:
        """Return live calls, that is, calls whose phone may ring."""
        return self.filter(StatusIsOneOf(LIVE))

    def holding_lines(self, now: datetime) -> CallQuerySet:
        """Return calls that take one of their provider's lines; a parked one takes none until the vendor dials."""
        return self.live().filter(holds_line(now))

    def at_vendor(self) -> CallQuerySet:
        """Return calls that are at the vendor and have not ended."""
        return self.open().filter(status__in=AT_VENDOR)

    def without_news(self) -> CallQuerySet:
        """Return calls that were given up because the vendor tells nothing more of them, and that nobody decided."""
        return self.filter(no_news_at__isnull=False, failure_reason=FailureReason.NO_NEWS)

    def recallable(self) -> CallQuerySet:
        """Return calls that wait at a vendor that can still cancel them."""
        there = self.live().filter(status=CallStatus.QUEUED, provider__vendor__in=vendors_that("supports_cancel"))
        return there.exclude(remote_id="")

    def open(self) -> CallQuerySet:
        """Return calls about which news is expected: at the vendor, or unknown."""
        return self.filter(StatusIsOneOf(AT_VENDOR | {CallStatus.UNKNOWN}))

    def inbound(self) -> CallQuerySet:
        """Return calls that people made to us."""
        return self.filter(IsInbound())

    def unknown(self) -> CallQuerySet:
        """Return calls of which it is not known whether they were placed."""
        return self.filter(status=CallStatus.UNKNOWN)

    def dialed(self) -> CallQuerySet:
        """Return calls that were or may have been sent to the vendor."""
        return self.filter(placing_at__isnull=False)


class Call(Owned):
    """One attempt to call one number: at most one call at the vendor. A retry is a new row.

    A row is updated about four times, and each update writes its indexes. So there is no index that is the prefix of
    another, and columns that are mostly empty have partial indexes.
    """

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name=_("owner"),
    )
    team = models.ForeignKey(
        "access.Team",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name=_("team"),
    )
    reference = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    campaign = models.ForeignKey(
        "campaigns.Campaign",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="calls",
        db_index=False,
        verbose_name=_("campaign"),
    )
    contact = models.ForeignKey(
        "campaigns.Contact",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="calls",
        db_index=False,
        verbose_name=_("contact"),
    )
    test_of = models.ForeignKey(
        "campaigns.Campaign",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="test_calls",
        db_index=False,
        editable=False,
        verbose_name=_("test call of"),
    )
    """The campaign whose message somebody tried on their own phone; such a call belongs to no campaign."""
    to_number = models.CharField(_("number"), max_length=16)
    direction = models.CharField(
        _("direction"),
        max_length=8,
        choices=[("outbound", _("Outbound")), ("inbound", _("Inbound"))],
        default="outbound",
        db_default="outbound",
    )
    """Of an inbound call `to_number` is the person who called us. It has no commit point (`placing_at`), so that no
    rule takes it for an attempt of ours, and it is written when it is over, so that it never counts as live."""
    attempt = models.PositiveSmallIntegerField(_("attempt"), default=1)
    uncounted = models.PositiveSmallIntegerField(default=0, db_default=0, editable=False)
    """How many of this person's attempts up to here do not count, because a fault of the account ended them."""
    form_token = models.UUIDField(null=True, blank=True, unique=True, editable=False)

    # The order, copied when the call is queued, so that later edits do not change it
    provider = models.ForeignKey(
        "providers.Provider", models.PROTECT, related_name="calls", db_index=False, verbose_name=_("provider")
    )
    agent = models.ForeignKey(
        "providers.Agent", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("agent")
    )
    voice = models.ForeignKey(
        "providers.Voice",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name=_("voice"),
    )
    caller_id = models.ForeignKey(
        "providers.CallerId",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name=_("caller ID"),
    )
    dialer = models.ForeignKey(
        "providers.Dialer",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name=_("dialler"),
    )
    text = models.TextField(_("text"), blank=True)
    digits = models.CharField(_("digits"), max_length=5, blank=True)
    variant = models.CharField(_("variant"), max_length=1, blank=True, default="", db_default="", editable=False)
    """Key of the campaign's variant that its person was given with the first attempt; empty where it has none."""
    variables = models.JSONField(_("variables"), default=dict, blank=True)
    vendor_options = models.JSONField(default=dict, blank=True)

    # Its status
    status = models.CharField(_("status"), max_length=12, choices=CallStatus.choices, default=CallStatus.PENDING)
    rank = models.PositiveSmallIntegerField(default=0, editable=False)
    raw_status = models.CharField(_("provider status"), max_length=80, blank=True)
    remote_id = models.CharField(_("provider call ID"), max_length=200, blank=True)
    failure_reason = models.CharField(max_length=20, choices=FailureReason.choices, blank=True, default="")
    failure_detail = models.CharField(max_length=MAX_REASON, blank=True)
    end_reason = models.CharField(_("end reason"), max_length=MAX_REASON, blank=True, default="", db_default="")
    """Why it ended, in the vendor's words, whether or not it failed."""
    skip_reason = models.CharField(max_length=20, choices=SkipReason.choices, blank=True, default="")
    held_at = models.DateTimeField(null=True, blank=True)
    """When it was proved never placed; it then waits for a person's decision and is not called again automatically."""
    needs_person_at = models.DateTimeField(null=True, blank=True)
    no_news_at = models.DateTimeField(_("no updates since"), null=True, blank=True)
    """When it was given up because the vendor tells nothing more of it; emptied by the vendor's next news."""
    decide_after = models.DateTimeField(null=True, blank=True)
    """Until when a person who had to decide about it chose to wait."""

    # The queue
    due_at = models.DateTimeField(_("due"), default=timezone.now)
    wait_reason = models.CharField(max_length=20, blank=True)
    lease = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    """When a waiting single call is no longer wanted; None for calls of campaigns."""
    confirmed_at = models.DateTimeField(null=True, blank=True)
    """When its asker confirmed a single call to a person who was called a short time ago."""
    not_sent_tries = models.PositiveSmallIntegerField(default=0)

    # Its times
    placing_at = models.DateTimeField(_("send time"), null=True, blank=True)
    deadline_at = models.DateTimeField(null=True, blank=True)
    placed_at = models.DateTimeField(_("accepted by the provider"), null=True, blank=True)
    """Of an inbound call: when it began."""
    not_before = models.DateTimeField(_("not before"), null=True, blank=True)
    """When the vendor dials at the earliest, where it keeps the order until then; its longest time counts from here.
    It stays when the vendor dials: whether a call is parked is `status_conditions.parked`."""
    redials = models.PositiveSmallIntegerField(_("redialled by the provider"), default=0, db_default=0)
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    changed_at = models.DateTimeField(_("last update"), default=timezone.now)
    next_poll_at = models.DateTimeField(null=True, blank=True)
    polls = models.PositiveIntegerField(default=0)
    absent_looks = models.PositiveSmallIntegerField(default=0)
    absent_at = models.DateTimeField(null=True, blank=True)
    stop_asked_at = models.DateTimeField(null=True, blank=True)
    """When the vendor was asked to cancel it or hang up; there is then no automatic further attempt."""

    # Its result
    talk_seconds = models.PositiveIntegerField(_("talk time (seconds)"), null=True, blank=True)
    answered_by = models.CharField(_("answered by"), max_length=8, default="unknown")
    cost = models.DecimalField(_("cost"), max_digits=14, decimal_places=4, null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    reserved_cost = models.DecimalField(max_digits=14, decimal_places=4, default=Decimal(0))
    matched_by = models.CharField(max_length=8, blank=True)
    recording_available = models.BooleanField(default=False)
    extracted = models.JSONField(default=dict, blank=True)

    objects = CallQuerySet.as_manager()

    class Meta:
        verbose_name = _("call")
        verbose_name_plural = _("calls")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "contact", "attempt"], name="attempt_once"),
            models.UniqueConstraint(
                fields=["to_number"], condition=Q(status__in=sorted(LIVE)), name="one_live_call_a_number"
            ),
            models.UniqueConstraint(
                fields=["provider", "remote_id"], condition=~Q(remote_id=""), name="vendor_call_once"
            ),
        ]
        indexes = [
            models.Index(fields=["provider", "due_at", "id"], condition=Q(status="pending"), name="call_due"),
            models.Index(fields=["campaign", "due_at", "id"], condition=Q(status="pending"), name="call_due_campaign"),
            models.Index(
                fields=["provider", "next_poll_at"],
                condition=Q(status__in=sorted([*AT_VENDOR, CallStatus.UNKNOWN])),
                name="call_to_poll",
            ),
            models.Index(fields=["provider", "status"], condition=Q(status__in=sorted(LIVE)), name="call_live"),
            models.Index(fields=["deadline_at"], condition=Q(status="placing"), name="call_placing"),
            # A covering index for counting a campaign's results: the columns after the id are only read from it.
            models.Index(
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
                name="call_by_campaign",
            ),
            # The attempt is only read from it, so that people can be counted by variant without their rows.
            models.Index(
                fields=["campaign", "variant", "-id", "attempt"], condition=~Q(variant=""), name="call_of_variant"
            ),
            models.Index(fields=["contact", "-id"], name="call_by_contact"),
            models.Index(fields=["to_number", "-placing_at"], name="call_by_number"),
            models.Index(fields=["campaign", "-id"], name="call_of_campaign"),
            models.Index(fields=["status", "-id"], name="call_by_status"),
            models.Index(fields=["provider", "-id"], name="call_by_provider"),
            models.Index(fields=["owner", "-id"], name="call_by_owner"),
            models.Index(fields=["created_at"], name="call_by_day"),
            models.Index(fields=["-placing_at"], name="call_by_commit"),
            models.Index(fields=["changed_at"], name="call_by_change"),
            models.Index(fields=["created_at"], condition=Q(placing_at__isnull=True), name="call_unsent"),
            models.Index(
                fields=["placing_at", "provider", "campaign", "currency", "talk_seconds", "cost"],
                condition=Q(cost__isnull=False),
                name="call_priced",
            ),
            models.Index(
                fields=["-id"], condition=Q(cost__isnull=True, talk_seconds__isnull=False), name="call_unpriced"
            ),
            models.Index(
                fields=["expires_at"], condition=Q(status="pending", expires_at__isnull=False), name="call_expiring"
            ),
            models.Index(fields=["test_of", "-id"], condition=Q(test_of__isnull=False), name="call_test_of"),
            models.Index(fields=["voice"], condition=Q(voice__isnull=False), name="call_with_voice"),
            models.Index(fields=["caller_id"], condition=Q(caller_id__isnull=False), name="call_with_caller_id"),
            models.Index(fields=["dialer"], condition=Q(dialer__isnull=False), name="call_with_dialer"),
            models.Index(fields=["team"], condition=Q(team__isnull=False), name="call_of_team"),
            models.Index(fields=["-id"], condition=Q(direction="inbound"), name="call_inbound"),
            models.Index(fields=["held_at"], condition=Q(held_at__isnull=False), name="call_held"),
            models.Index(
                fields=["provider", "next_poll_at"], condition=Q(no_news_at__isnull=False), name="call_without_news"
            ),
            models.Index(fields=["-id"], condition=Q(answered_by="machine"), name="call_by_machine"),
            models.Index(fields=["talk_seconds"], condition=Q(talk_seconds__isnull=False), name="call_by_talk"),
            models.Index(fields=["cost"], condition=Q(cost__isnull=False), name="call_by_cost"),
        ]

    def __str__(self) -> str:
        return f"{_('Call')} {self.pk}"

    @property
    def counted_attempt(self) -> int:
        """Which attempt it is of those that count; what a campaign's "at most so many attempts" is compared with."""
        return self.attempt - self.uncounted

    @property
    def is_inbound(self) -> bool:
        """Whether the person called us."""
        return self.direction == "inbound"

    @property
    def is_final(self) -> bool:
        """Tell whether the status is final, that is, does not change by itself."""

        return self.status in FINAL


class CallTranscript(models.Model):
    """The transcript of a call, in a table of its own so that lists of calls do not load it."""

    call = models.OneToOneField(Call, models.CASCADE, related_name="transcript")
    turns = models.JSONField(default=list)
    text = models.TextField(blank=True)
    summary = models.TextField(blank=True)
    words_at = models.DateTimeField(null=True, blank=True, editable=False)
    """When its words were last indexed for search; None: not yet."""

    class Meta:
        verbose_name = _("transcript")
        verbose_name_plural = _("transcripts")
        indexes = [models.Index(fields=["id"], condition=Q(words_at__isnull=True), name="transcript_to_index")]

    def __str__(self) -> str:
        return f"{_('Transcript')} {self.call_id}"


class CallEvent(models.Model):
    """One step in the history of a call: source, time, from and to status, code and detail."""

    class Source(models.TextChoices):
        """Where the news came from."""

        SYSTEM = "system", _("Callcenter")
        ANSWER = "answer", _("Provider response")
        POLL = "poll", _("Read from the provider")
        LIST = "list", _("Provider call list")
        WEBHOOK = "webhook", _("Sent by the provider")
        PERSON = "person", _("A person")

    call = models.ForeignKey(Call, models.CASCADE, related_name="events")
    at = models.DateTimeField(default=timezone.now)
    source = models.CharField(max_length=8, choices=Source.choices)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    from_status = models.CharField(max_length=12, blank=True)
    to_status = models.CharField(max_length=12, blank=True)
    code = models.CharField(max_length=40, blank=True)
    """Key of a sentence in `campaigns.reasons.SENTENCES`."""
    detail = models.CharField(max_length=MAX_REASON, blank=True)

    class Meta:
        verbose_name = _("step")
        verbose_name_plural = _("steps")
        ordering = ["id"]
        indexes = [
            models.Index(fields=["call", "id"], name="event_by_call"),
            models.Index(fields=["call"], condition=Q(code="do_not_call_heard"), name="event_of_a_wish"),
        ]

    def __str__(self) -> str:
        return f"{self.call_id}: {self.from_status} → {self.to_status}"
