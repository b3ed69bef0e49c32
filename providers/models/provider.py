"""Our accounts at vendors: keys, options, limits, price, health and the three stops."""

from __future__ import annotations

import uuid
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from callcenter.formats.amounts import plain_money
from callcenter.formats.isolation import isolated
from providers import registry
from providers.base import ProviderBackend
from providers.exceptions import MAX_MESSAGE
from providers.fields import EncryptedJSONField, OptionsField
from providers.guarding import Refusals, number_refusals
from providers.models.found_offset import FoundZone
from providers.models.state import ProviderState, Standing
from providers.models.stops import MAX_REASON, SUCCESS_EVERY, ProviderQuerySet
from providers.pace import slowed_for
from providers.types import CallStatus
from providers.wording import HALTING, account_words, error_sentence, next_step_of

COMPARING_STEP = _(
    "The list is read again automatically, at least every minute. Calling continues as soon as all its calls "
    "are known here. If it cannot be read for long, an admin can end the wait with a reason."
)


def default_options() -> dict[str, Any]:
    """Return no options, so that the backend's defaults hold."""
    return {}


class Provider(models.Model):
    """Our account at a vendor: key, options, limits, price, health and the three stops."""

    vendor = models.SlugField(_("provider"), max_length=20)
    name = models.CharField(_("name"), max_length=80, unique=True)
    secrets = EncryptedJSONField(_("keys"), default=dict, blank=True, editable=False)
    options = OptionsField(_("options"), default=default_options, blank=True)
    is_active = models.BooleanField(_("in use"), default=True)
    team = models.ForeignKey(
        "access.Team", models.PROTECT, null=True, blank=True, related_name="providers", verbose_name=_("team")
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )
    created_at = models.DateTimeField(auto_now_add=True)

    # Limits
    max_lines = models.PositiveIntegerField(
        _("calls at the same time"),
        default=1,
        validators=[MinValueValidator(1)],
        help_text=_("Maximum calls at the same time."),
    )
    single_call_lines = models.PositiveIntegerField(
        _("lines kept free for single calls"),
        default=0,
        db_default=0,
        help_text=_("Campaigns leave this many lines to quick calls and callbacks. 0: none."),
    )
    calls_per_minute = models.PositiveIntegerField(
        _("calls per minute"),
        default=60,
        validators=[MinValueValidator(1)],
        help_text=_("Maximum new calls per minute."),
    )
    reads_per_minute = models.PositiveIntegerField(
        _("status checks per minute"),
        default=120,
        validators=[MinValueValidator(1)],
        help_text=_("How often we may check statuses."),
    )
    max_call_seconds = models.PositiveIntegerField(
        _("maximum call length, seconds"), default=1800, help_text=_("An unknown call keeps a line busy for this long.")
    )
    price_per_minute = models.DecimalField(_("price per minute"), max_digits=12, decimal_places=4, default=Decimal(0))
    day_cap = models.DecimalField(
        _("daily maximum"),
        max_digits=14,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text=_("Maximum cost of all its calls per day, in its currency. Empty: no limit."),
    )
    currency = models.CharField(
        _("currency"), max_length=3, blank=True, help_text=_("Three letters, such as USD or IRT.")
    )

    balance_limit = models.DecimalField(
        _("warn below this balance"),
        max_digits=14,
        decimal_places=2,
        null=True,
        blank=True,
        help_text=_("In its currency; managers and admins get an e-mail. Empty: no warning."),
    )

    # Health, in words for people
    account = models.JSONField(default=dict, blank=True, editable=False)
    checked_at = models.DateTimeField(_("last tested"), null=True, blank=True, editable=False)
    last_success_at = models.DateTimeField(_("last success"), null=True, blank=True, editable=False)
    last_error_at = models.DateTimeField(_("last error at"), null=True, blank=True, editable=False)
    last_error = models.CharField(_("last error"), max_length=MAX_MESSAGE, blank=True, editable=False)
    last_error_kind = models.CharField(max_length=40, blank=True, editable=False)
    seen_recording_host = models.CharField(max_length=253, blank=True, editable=False)
    """A host of recordings named by the vendor that is not allowed yet; only an admin can allow it."""
    secrets_set_at = models.DateTimeField(null=True, blank=True, editable=False)
    secrets_set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )

    identity = models.JSONField(db_default={}, default=dict, blank=True, editable=False)
    """What tells the account of the stored keys from others, as `providers.services.identity` writes it."""

    found_offset = models.JSONField(db_default={}, default=dict, blank=True, editable=False)
    """Zone of the vendor's times without one, with the calls that showed it: see `providers.models.found_offset`."""

    # The three stops, never mixed
    halted_at = models.DateTimeField(_("paused"), null=True, blank=True, editable=False)
    resumed_at = models.DateTimeField(null=True, blank=True, editable=False)
    """When a person last ended a halt: what was ordered before tells nothing of the account any more."""
    halted_reason = models.CharField(max_length=MAX_REASON, blank=True, editable=False)
    halted_kind = models.CharField(max_length=40, blank=True, db_default="", default="", editable=False)
    """Name of the class of the error that halted it; empty where a person did, or where new keys may have ended it."""
    breaker_opened_at = models.DateTimeField(_("paused after errors"), null=True, blank=True, editable=False)
    breaker_reason = models.CharField(max_length=MAX_REASON, blank=True, editable=False)
    breaker_probe_at = models.DateTimeField(null=True, blank=True, editable=False)
    breaker_closed_at = models.DateTimeField(null=True, blank=True, editable=False)
    frozen_at = models.DateTimeField(_("on hold"), null=True, blank=True, editable=False)
    frozen_reason = models.CharField(max_length=MAX_REASON, blank=True, editable=False)

    # The comparison with the vendor's list before the first order after a start
    uncompared_since = models.DateTimeField(null=True, blank=True, editable=False)
    """When a worker started alone; until the vendor's list was compared with our calls, no order leaves."""
    compare_next_at = models.DateTimeField(null=True, blank=True, editable=False)
    """When the list may be read next: a claim while it is read, a pause after a failure."""
    compare_problem = models.CharField(db_default="", max_length=MAX_REASON, blank=True, editable=False)
    """Why the last comparison came to no end; empty where none failed."""
    compared_at = models.DateTimeField(null=True, blank=True, editable=False)
    compared_calls = models.PositiveIntegerField(db_default=0, default=0, editable=False)
    """How many calls the list had in the last comparison that ended well."""

    sync_next_at = models.DateTimeField(null=True, blank=True, editable=False)
    """When agents, voices, caller IDs and balance are read again by themselves; None: not planned yet."""
    synced_at = models.DateTimeField(_("last synced"), null=True, blank=True, editable=False)
    """When a sync last came to its end."""

    # Pace and leases: changed only by compare-and-set
    pace_tat = models.FloatField(default=0, editable=False)
    """Theoretical arrival time of the token bucket, epoch seconds."""
    turns = models.JSONField(db_default={}, default=dict, blank=True, editable=False)
    """How often priorities of campaigns were passed over, as `campaigns.lines.Turns` keeps it."""
    slow_until = models.DateTimeField(null=True, blank=True, editable=False)
    outcomes = models.JSONField(default=list, blank=True, editable=False)
    """Input of the circuit breaker: [ten-second bucket, successes, failures] of the last two minutes."""
    unknowns_in_row = models.PositiveSmallIntegerField(default=0, editable=False)
    unknown_until = models.DateTimeField(null=True, blank=True, editable=False)
    """End of the instant at which the last unknown order left; those that left within it are one event with it."""
    dispatch_lease = models.UUIDField(null=True, blank=True, editable=False)
    dispatch_lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    poll_lease = models.UUIDField(null=True, blank=True, editable=False)
    poll_lease_until = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ProviderQuerySet.as_manager()

    class Meta:
        verbose_name = _("provider")
        verbose_name_plural = _("providers")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=models.Q(max_lines__gte=1), name="provider_has_a_line"),
            models.CheckConstraint(condition=models.Q(calls_per_minute__gte=1), name="provider_has_a_pace"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def backend_class(self) -> type[ProviderBackend]:
        """The backend class of this provider's vendor."""
        return registry.backend_class(self.vendor)

    @property
    def vendor_label(self) -> str:
        """The vendor's name."""
        return self.backend_class.label

    @property
    def docs_url(self) -> str:
        """The address of the vendor's documentation."""
        return self.backend_class.docs_url

    @property
    def can_sync(self) -> bool:
        """Whether the vendor lists anything that a sync can copy."""
        backend = self.backend_class
        return backend.supports_list_agents or backend.supports_list_voices or backend.supports_list_caller_ids

    @property
    def tells_balance(self) -> bool:
        """Whether the vendor returns the account's balance."""
        return self.backend_class.supports_balance

    @property
    def gives_transcript(self) -> bool:
        """Whether the vendor returns transcripts."""
        return self.backend_class.gives_transcript

    @property
    def speaks_through(self) -> str:
        """What speaks in its calls: "agent" or "voice"."""
        return "agent" if self.backend_class.message_kinds & {"agent", "caller_id"} else "voice"

    def options_with_defaults(self) -> dict[str, Any]:
        """The options, with the backend's defaults for those that are not set."""
        defaults = {field.name: field.default for field in self.backend_class.fields if not field.is_secret}
        if "utc_offset" in defaults:
            defaults["utc_offset"] = self.found_offset.get("offset") or defaults["utc_offset"]
        return defaults | {name: value for name, value in self.options.items() if value not in ("", None)}

    @property
    def zone_of_times(self) -> FoundZone | None:
        """In which zone the vendor's times without one are read, and how that is known; None where they have one."""
        if not any(field.name == "utc_offset" for field in self.backend_class.fields):
            return None
        own = str(self.options.get("utc_offset") or "")
        return FoundZone.of(self.found_offset, own)

    def status_of(self, raw: str) -> CallStatus | None:
        """Translate a status word by the backend's map and the admin's; None for one that neither maps."""
        return self.backend_class.meaning_of(raw, self.options)

    def number_refusals(self) -> Refusals | None:
        """Return the function that says why the vendor cannot take a number; None where it takes every number."""
        return number_refusals(self.backend_class, self.options_with_defaults())

    def slowed_for(self, now: datetime) -> float:
        """Return the seconds for which the vendor still asks us to slow down; 0 where it does not."""
        return slowed_for(self.slow_until.timestamp() if self.slow_until else None, now.timestamp())

    @property
    def state(self) -> ProviderState:
        """Its state: the strongest stop first, then pace and health."""
        if not self.is_active:
            return ProviderState.OFF
        if self.halted_at:
            return ProviderState.HALTED
        if self.frozen_at:
            return ProviderState.FROZEN
        if self.uncompared_since:
            return ProviderState.COMPARING
        if self.breaker_opened_at:
            return ProviderState.PAUSED
        if self.slowed_for(timezone.now()):
            return ProviderState.SLOWED
        if self.has_error:
            return ProviderState.FAILING
        return ProviderState.READY if self.last_success_at else ProviderState.UNTESTED

    @property
    def standing(self) -> Standing:
        """Its state with a sentence and the next step."""
        state = self.state
        if state == ProviderState.OFF:
            return Standing(state, _("It is turned off."), _("An admin can turn it on again."))
        if state == ProviderState.HALTED:
            kind = self.halt_kind
            reason = error_sentence(kind, self.backend_class.label) if kind else self.halted_reason
            step = next_step_of(kind) if kind else _("An admin fixes the cause, then tests and resumes it.")
            return Standing(state, _("Paused: %(reason)s.") % {"reason": reason.rstrip(". ")}, step)
        if state == ProviderState.FROZEN:
            reason = self.frozen_reason.rstrip(". ")
            return Standing(state, _("On hold: %(reason)s.") % {"reason": reason}, self.frozen_step)
        if state == ProviderState.COMPARING:
            problem = self.compare_problem or _("The provider's call list has not been compared with ours yet.")
            return Standing(state, _("Not started yet: %(reason)s") % {"reason": problem}, COMPARING_STEP)
        if state == ProviderState.PAUSED:
            return Standing(
                state,
                _("Paused automatically after errors: %(reason)s.") % {"reason": self.breaker_reason.rstrip(". ")},
                _("It is tested automatically and continues when the provider answers. The test calls no one."),
            )
        if state == ProviderState.SLOWED:
            return Standing(state, error_sentence("RateLimited", self.vendor_label), next_step_of("RateLimited"))
        if state == ProviderState.FAILING:
            return Standing(state, self.error_sentence, self.next_step)
        if state == ProviderState.UNTESTED:
            return Standing(
                state,
                _("Its key has not been tested yet."),
                _("Press “Test connection”. No call is placed."),
            )
        return Standing(state)

    @property
    def stop_reason(self) -> str | Promise:
        """Why no call is placed through this provider now; empty where calls are allowed."""
        return self.standing.sentence if self.state.is_stop else ""

    @property
    def frozen_step(self) -> str | Promise:
        """What ends a freeze: the comparison with the vendor's list or, where there is no list, an admin."""
        if self.backend_class.supports_list_calls:
            return _(
                "The provider's call list is compared automatically; calling continues after 15 minutes at the "
                "earliest. An admin can end the hold sooner with a reason."
            )
        return _(
            "This provider has no call list, so calls placed since the backup cannot be found automatically. "
            "Check the provider's own page and remove the people who were called. Then an admin ends the hold "
            "with a reason."
        )

    @property
    def halt_kind(self) -> str:
        """Name of the class of the error for which it is halted; empty where a person halted it, or it is not halted.

        Reads that succeed meanwhile, as of calls that went out before, tell nothing of it.
        """
        if not self.halted_at:
            return ""
        if self.halted_kind in HALTING:
            return self.halted_kind
        return self.last_error_kind if self.has_error and self.last_error_kind in HALTING else ""

    @property
    def has_error(self) -> bool:
        """Whether the last request ended with an error."""
        if self.last_error_at is None:
            return False
        return self.last_success_at is None or self.last_error_at > self.last_success_at

    def is_success_news(self, now: datetime) -> bool:
        """Return whether to record a success: it follows an error, or none was recorded for `SUCCESS_EVERY`."""
        last, failed = self.last_success_at, self.last_error_at
        return last is None or last < now - SUCCESS_EVERY or (failed is not None and last <= failed)

    @property
    def error_sentence(self) -> str:
        """The last error as a plain sentence, without the vendor's own words; empty where there was none."""
        return error_sentence(self.last_error_kind, self.backend_class.label)

    @property
    def next_step(self) -> str | Promise:
        """What a person should do about the last error; empty where there was none."""
        return next_step_of(self.last_error_kind)

    @property
    def account_words(self) -> str:
        """What the vendor returned about the account at the last test, as one line."""
        return account_words(self.account)

    @property
    def balance(self) -> Decimal | None:
        """The balance as last read, where it is in the provider's currency; else None."""
        told, currency = self.account.get("balance"), self.account.get("currency", "")
        if told in (None, "") or (currency and self.currency and currency != self.currency):
            return None
        try:
            return Decimal(str(told))
        except InvalidOperation:
            return None

    @property
    def is_balance_low(self) -> bool:
        """Whether the balance, as last read, is below the limit that an admin set."""
        return self.balance_limit is not None and self.balance is not None and self.balance < self.balance_limit

    @property
    def low_balance_sentence(self) -> str:
        """The sentence for a balance below its limit; empty where it is not."""
        if not self.is_balance_low:
            return ""
        return gettext("The balance is %(balance)s, below the warning limit of %(limit)s.") % {
            "balance": isolated(plain_money(self.balance, self.currency)),
            "limit": isolated(plain_money(self.balance_limit, self.currency)),
        }

    def masked_secret(self, name: str) -> str:
        """Return a key masked to its last four characters; empty where there is none that can be read."""
        return self.secrets.masked(name)


def new_token() -> uuid.UUID:
    """Return a new random token for a lease or a form."""
    return uuid.uuid4()
