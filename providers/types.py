"""The types that backends and their callers exchange: frozen, and the same for every vendor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from requests import Request, Response


class CallStatus(models.TextChoices):
    """The status of a call, in the order of a call's life."""

    PENDING = "pending", _("Waiting")
    PLACING = "placing", _("Placing")
    QUEUED = "queued", _("Queued at provider")
    DIALING = "dialing", _("Dialling")
    RINGING = "ringing", _("Ringing")
    IN_PROGRESS = "in_progress", _("In progress")
    WRAPPING_UP = "wrapping_up", _("Finishing")
    COMPLETED = "completed", _("Completed")
    NO_ANSWER = "no_answer", _("No answer")
    BUSY = "busy", _("Busy")
    FAILED = "failed", _("Failed")
    CANCELED = "canceled", _("Cancelled")
    UNKNOWN = "unknown", _("Unknown")
    SKIPPED = "skipped", _("Skipped")


OURS = frozenset({CallStatus.PENDING, CallStatus.PLACING, CallStatus.SKIPPED})
"""Statuses that only we set; no vendor's word may be mapped to them."""

AT_VENDOR = frozenset(
    {
        CallStatus.QUEUED,
        CallStatus.DIALING,
        CallStatus.RINGING,
        CallStatus.IN_PROGRESS,
        CallStatus.WRAPPING_UP,
    }
)
"""Open statuses, reported by the vendor, which polling changes."""

VOICEMAIL = "voicemail"
"""What a vendor's word may be mapped to beside a status: the call is completed, and a machine answered it."""

FINAL = frozenset(
    {
        CallStatus.COMPLETED,
        CallStatus.NO_ANSWER,
        CallStatus.BUSY,
        CallStatus.FAILED,
        CallStatus.CANCELED,
        CallStatus.SKIPPED,
    }
)
"""Statuses that do not change any more by themselves."""

ENDED = FINAL - {CallStatus.SKIPPED}
"""Final statuses of calls that were attempted (a skipped call never was)."""

LIVE = frozenset({CallStatus.PLACING, CallStatus.UNKNOWN}) | AT_VENDOR
"""Statuses in which the phone may ring: in the whole system at most one call to a number may be in them."""

HOLDS_LINE = LIVE - {CallStatus.WRAPPING_UP}
"""Statuses in which a call takes one of its provider's lines."""


class FailureReason(models.TextChoices):
    """Why a call failed, the same for all vendors."""

    NONE = "", "-"
    BALANCE_LOW = "balance_low", _("The account at the provider ran out of credit")
    EXPIRED = "expired", _("The provider gave up before dialling")
    INVALID_NUMBER = "invalid_number", _("The provider says that the number is not valid")
    VENDOR_ERROR = "vendor_error", _("The provider reported an error")
    NOT_CONNECTED = "not_connected", _("The call did not connect")
    PLACE_REJECTED = "place_rejected", _("The provider rejected the call")
    NOT_PLACED = "not_placed", _("The provider never received the call")
    NO_NEWS = "no_news", _("No updates from the provider")
    NO_CALL = "no_call", _("Marked by a user as not called")


OUR_CONCLUSIONS = frozenset({FailureReason.NOT_PLACED, FailureReason.NO_NEWS})
"""Reasons that we concluded ourselves, so that the vendor has not told the end of the call."""


ACCOUNT_FAILURES = frozenset({FailureReason.BALANCE_LOW})
"""Reasons that are faults of the account: a call that the vendor took ends for them, and no person is to blame."""


UNMATCHED = frozenset({"several", "zone"})
"""Values of `CallSnapshot.matched_by` of a call for which none of the vendor's rows was chosen."""

AnsweredBy = Literal["human", "machine", "unknown"]
OnMachine = Literal["", "message", "hang_up"]
"""What the vendor is asked to do where a voicemail answers: leave the message, hang up, or (empty) as it is set."""
Direction = Literal["outbound", "inbound"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOrder:
    """An order to a vendor: call one number once."""

    reference: UUID
    to_number: str
    """E.164, with the plus sign; the backend rewrites it into the vendor's own form."""
    agent_id: str = ""
    voice_id: str = ""
    text: str = ""
    """Text to speak (only where the backend's `message_kinds` has "text")."""
    digits: str = ""
    """Digits to speak (only where the backend's `message_kinds` has "digits")."""
    caller_id: str = ""
    dialer_id: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    spelled: Sequence[str] = ()
    """Names of variables as the agent's prompt spells them, as last synced."""
    on_machine: OnMachine = ""
    """Only where the backend's `takes_on_machine` is set."""
    vendor_options: Mapping[str, Any] = field(default_factory=dict)
    """Optional features of the vendor that an admin set for this call, by the names of the backend's `order_fields`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedCall:
    """The vendor's answer to an order that it accepted."""

    remote_id: str
    raw_status: str = ""
    status: CallStatus | None = None
    """None where the answer has no status word that we know."""
    not_before: datetime | None = None
    """When the vendor dials at the earliest, where it was asked to dial later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallHandle:
    """What is needed to find a placed call at the vendor."""

    reference: UUID
    remote_id: str
    to_number: str = ""
    agent_id: str = ""
    caller_id: str = ""
    placed_at: datetime | None = None
    vendor_options: Mapping[str, Any] = field(default_factory=dict)
    """The optional features that the order asked for, such as the vendor's own redials."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One turn of a conversation: what one side said."""

    speaker: Literal["agent", "person", "system"]
    text: str
    at_ms: int | None = None
    """Milliseconds since the call began; None where the vendor does not tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSnapshot:
    """The state of a call as the vendor reports it now; every field but `remote_id` may be missing."""

    remote_id: str
    """From `fetch_calls`: the handle's id. From `list_calls`: the id by which the call can be fetched."""
    raw_status: str = ""
    status: CallStatus | None = None
    """None for a word that we do not know: `raw_status` keeps it, and the call's status does not change."""
    reference: UUID | None = None
    """Our reference, only where the vendor returned it."""
    matched_by: Literal["id", "number", "several", "zone"] = "id"
    """How the row was recognised. By none of its rows: `several` fit equally well, or one fits in another time `zone`
    only; the snapshot then says nothing of the call."""
    utc_offset: str = ""
    """Zone ("+05:30") in which the vendor's time without one is that of our order; only where it is certainly ours."""
    to_number: str = ""
    """In E.164 where it could be parsed, else as the vendor wrote it."""
    agent_id: str = ""
    caller_id: str = ""
    created_at: datetime | None = None
    not_before: datetime | None = None
    """When the vendor dials at the earliest, where it keeps the order until then."""
    is_kept: bool = False
    """Whether the vendor keeps the order until a time that it does not tell; `not_before` is then empty."""
    redials: int = 0
    """How often the vendor dialled again by itself within this call; its `status` is final only when none is left."""
    direction: Direction | None = None
    """None where the vendor does not tell. Of an inbound call `to_number` is the person and `caller_id` our line."""
    started_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    talk_seconds: int | None = None
    cost: Decimal | None = None
    currency: str = ""
    answered_by: AnsweredBy = "unknown"
    failure_reason: str = ""
    failure_detail: str = ""
    end_reason: str = ""
    """Why an ended call ended, in the vendor's words."""
    transcript: Sequence[Turn] = ()
    summary: str = ""
    recording_available: bool = False
    recording_url: str = ""
    extracted: Mapping[str, Any] = field(default_factory=dict)
    do_not_call: bool = False
    """Whether the vendor reports that the person asked not to be called again."""
    unclear_opt_out: str = ""
    """What was heard, in words without full phone numbers, where the person may have asked that; empty if nothing."""
    more_to_read: bool = False
    """Whether the vendor has more data of this call than was read this time, so that it should be read again soon."""

    def as_inbound(self) -> CallSnapshot:
        """Return the snapshot as that of an inbound call, where it was read as an outbound one: whoever rang called."""
        return replace(self, direction="inbound", to_number=self.caller_id, caller_id=self.to_number)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallQuery:
    """A time window for listing a vendor's calls, to find unknown ones and to reconcile."""

    since: datetime
    until: datetime
    agent_ids: Sequence[str] = ()
    """Ids of agents, needed where the vendor lists calls by agent only."""
    numbers: Sequence[str] = ()
    """Numbers in E.164; with them only calls to these are listed, where the vendor can (`lists_by_number`)."""
    direction: Direction | None = None
    """Only calls of this direction are wanted; a row whose direction the vendor does not tell may come all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteAgent:
    """An agent at the vendor."""

    remote_id: str
    name: str
    type: str = ""
    status: str = ""
    direction: str = ""
    language: str = ""
    variables: Sequence[str] = ()
    """Names of the variables in its prompt."""
    warnings: Sequence[str] = ()
    """Codes for why it cannot be called with: not_active, not_voice, not_outbound."""
    longest_seconds: int | None = None
    """After how many seconds the vendor ends a call of it; None where the vendor does not tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteVoice:
    """A voice at the vendor."""

    remote_id: str
    name: str
    maker: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteCallerId:
    """A number of the account that calls can be made from."""

    remote_id: str
    number: str
    label: str = ""
    is_active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountState:
    """What the vendor returns about our account; None where it does not."""

    label: str = ""
    balance: Decimal | None = None
    currency: str = ""
    minutes_used: Decimal | None = None
    minutes_limit: Decimal | None = None
    lines_used: int | None = None
    lines_max: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountIdentity:
    """What tells our account at a vendor from others: the same for every key of one account."""

    account_id: str = ""
    """The vendor's own id of the account; empty where it gives none."""
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request to a vendor, with its answer or error."""

    method: str
    path: str
    http_status: int | None
    duration_ms: int
    error: Exception | None
    request: Request | None = None
    response: Response | None = None
    """Test it with `is None`, not for truth: a `Response` with a status of 400 or more is falsy."""
    secrets: tuple[str, ...] = field(default=(), repr=False, compare=False)
    """The account's keys, to be removed from all that is kept of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """The audio of a call."""

    content: bytes
    content_type: str = "audio/mpeg"


FieldKind = Literal["text", "secret", "url", "choice", "integer", "boolean", "json", "datetime", "words", "integers"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One setting that a backend needs; forms, masking and validation are built from it."""

    name: str
    label: str | Promise
    kind: FieldKind = "text"
    required: bool = False
    default: Any = ""
    choices: Sequence[tuple[str, str | Promise]] = ()
    help_text: str | Promise = ""
    empty_label: str | Promise = ""
    """What a choice of one order says for "not chosen"; empty: that the vendor chooses."""
    least: int = 0
    most: int = 1000
    """Upper bound of an integer; `least` is the lower one."""

    @property
    def is_secret(self) -> bool:
        """Whether the value is stored encrypted and never shown again."""
        return self.kind == "secret"
