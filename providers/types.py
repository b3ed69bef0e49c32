"""The words that every provider module and every caller of one share: frozen, typed, free of any vendor's spelling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
    """Names the status of a call, in the order of its life."""

    PENDING = "pending", _("Waiting")
    PLACING = "placing", _("Placing")
    QUEUED = "queued", _("Queued at provider")
    DIALING = "dialing", _("Dialling")
    RINGING = "ringing", _("Ringing")
    IN_PROGRESS = "in_progress", _("In progress")
    WRAPPING_UP = "wrapping_up", _("Wrapping up")
    COMPLETED = "completed", _("Completed")
    NO_ANSWER = "no_answer", _("No answer")
    BUSY = "busy", _("Busy")
    FAILED = "failed", _("Failed")
    CANCELED = "canceled", _("Cancelled")
    UNKNOWN = "unknown", _("Unknown")
    SKIPPED = "skipped", _("Skipped")


OURS = frozenset({CallStatus.PENDING, CallStatus.PLACING, CallStatus.SKIPPED})
"""States that only we give; no vendor word may map to them."""

AT_VENDOR = frozenset(
    {
        CallStatus.QUEUED,
        CallStatus.DIALING,
        CallStatus.RINGING,
        CallStatus.IN_PROGRESS,
        CallStatus.WRAPPING_UP,
    }
)
"""Open states that the vendor reports and that polling moves on."""

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
"""States that nothing moves on by itself."""

ENDED = FINAL - {CallStatus.SKIPPED}
"""Final states of calls that were made, or proved never placed: the others were never tried."""

LIVE = frozenset({CallStatus.PLACING, CallStatus.UNKNOWN}) | AT_VENDOR
"""States in which the phone may ring: at most one call to a number may be in them, system-wide."""

HOLDS_LINE = LIVE - {CallStatus.WRAPPING_UP}
"""States that count against a provider's lines."""


class FailureReason(models.TextChoices):
    """Names why a call failed, in one bucket for all vendors."""

    NONE = "", "-"
    BALANCE_LOW = "balance_low", _("The account at the vendor ran out of credit")
    EXPIRED = "expired", _("The vendor gave the call up before it was dialled")
    INVALID_NUMBER = "invalid_number", _("The vendor says the number is not valid")
    VENDOR_ERROR = "vendor_error", _("The vendor reported an error")
    NOT_CONNECTED = "not_connected", _("The call did not connect")
    PLACE_REJECTED = "place_rejected", _("The vendor refused the order")
    NOT_PLACED = "not_placed", _("The vendor never took the order")


AnsweredBy = Literal["human", "machine", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOrder:
    """What we ask a vendor to do: reach one number once."""

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
    vendor_options: Mapping[str, Any] = field(default_factory=dict)
    """Vendor-side extras an admin allowed for this one call; names are those of `order_fields`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedCall:
    """The vendor's answer to an order it took."""

    remote_id: str
    raw_status: str = ""
    status: CallStatus | None = None
    """None where the answer carries no status word that we know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallHandle:
    """All that is needed to find a call again."""

    reference: UUID
    remote_id: str
    to_number: str = ""
    agent_id: str = ""
    caller_id: str = ""
    placed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One thing that one side said."""

    speaker: Literal["agent", "person", "system"]
    text: str
    at_ms: int | None = None
    """Milliseconds since the call began, where the vendor tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSnapshot:
    """What a vendor says of a call now; every field but `remote_id` may be absent."""

    remote_id: str
    """For `fetch_calls`: always the handle's id. For `list_calls`: the id that finds the call again."""
    raw_status: str = ""
    status: CallStatus | None = None
    """None for a word that we do not know: it is kept raw and changes nothing."""
    reference: UUID | None = None
    """Our own reference, only if the vendor itself returned it."""
    matched_by: Literal["id", "number"] = "id"
    to_number: str = ""
    """E.164 where it could be understood, else as the vendor wrote it."""
    agent_id: str = ""
    caller_id: str = ""
    created_at: datetime | None = None
    started_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    talk_seconds: int | None = None
    cost: Decimal | None = None
    currency: str = ""
    answered_by: AnsweredBy = "unknown"
    failure_reason: str = ""
    failure_detail: str = ""
    transcript: Sequence[Turn] = ()
    summary: str = ""
    recording_available: bool = False
    recording_url: str = ""
    extracted: Mapping[str, Any] = field(default_factory=dict)
    do_not_call: bool = False
    """True where the vendor heard the person ask not to be called again."""
    more_to_read: bool = False
    """The vendor has more of this call than was read this time: look again soon."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallQuery:
    """A window of time in which a vendor's own calls are listed, for settling and sweeping."""

    since: datetime
    until: datetime
    agent_ids: Sequence[str] = ()
    """Agents to ask for, where the vendor lists by agent only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteAgent:
    """An agent as it stands at the vendor."""

    remote_id: str
    name: str
    type: str = ""
    status: str = ""
    direction: str = ""
    language: str = ""
    variables: Sequence[str] = ()
    """Names of the variables that its prompt expects."""
    warnings: Sequence[str] = ()
    """Codes of what stands against calling with it: not_active, not_voice, not_outbound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteVoice:
    """A voice as it stands at the vendor."""

    remote_id: str
    name: str
    maker: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteCallerId:
    """A number that the vendor lets us call from."""

    remote_id: str
    number: str
    label: str = ""
    is_active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountState:
    """What the vendor tells of our account; None where it does not."""

    label: str = ""
    balance: Decimal | None = None
    currency: str = ""
    minutes_used: Decimal | None = None
    minutes_limit: Decimal | None = None
    lines_used: int | None = None
    lines_max: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request to a vendor and what came of it."""

    method: str
    path: str
    http_status: int | None
    duration_ms: int
    error: Exception | None
    request: Request | None = None
    response: Response | None = None
    """Never asked for its truth: an answer of 400 and more is not true."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """The sound of a call."""

    content: bytes
    content_type: str = "audio/mpeg"


FieldKind = Literal["text", "secret", "url", "choice", "integer", "boolean", "json", "datetime", "words", "integers"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One value that a backend needs: drives the form, the masking and the validation."""

    name: str
    label: str | Promise
    kind: FieldKind = "text"
    required: bool = False
    default: Any = ""
    choices: Sequence[tuple[str, str | Promise]] = ()
    help_text: str | Promise = ""
    least: int = 0
    most: int = 1000
    """Bounds of an integer."""

    @property
    def is_secret(self) -> bool:
        """Tells whether the value is stored encrypted and never shown again."""
        return self.kind == "secret"
