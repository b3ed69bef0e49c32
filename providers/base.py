"""The contract of a backend: what the code for one vendor must implement, and what it may."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

from django.utils.functional import Promise

from providers.concealing import Concealer
from providers.exceptions import (
    AccountProblem,
    OrderRejected,
    OutcomeUnknown,
    ProviderError,
    RateLimited,
    UnexpectedResponse,
)
from providers.refusals import UNDECIDED, RefusalRow, meaning
from providers.replies import is_usable_id, json_of, normalise_word, retry_after
from providers.types import (
    OURS,
    VOICEMAIL,
    AccountIdentity,
    AccountState,
    CallHandle,
    CallOrder,
    CallQuery,
    CallSnapshot,
    CallStatus,
    Field,
    PlacedCall,
    Recording,
    RemoteAgent,
    RemoteCallerId,
    RemoteVoice,
)
from providers.variable_names import WireNames

if TYPE_CHECKING:
    # Models import this module, and importing models must not load a network library.
    from requests import Request, Response

MessageKind = Literal["agent", "voice", "text", "digits", "caller_id"]
"""What a call says: an agent, a recorded voice, a text, digits, or "the agent that the caller ID belongs to"."""


class Client(Protocol):
    """What a backend needs of the HTTP client (`providers.client`).

    A request's `url` is the path below the provider's base URL, beginning with a slash, with percent-encoded ids.
    An answer has been read to its end, up to the client's size cap.
    """

    def read(self, request: Request) -> Response:
        """Send a harmless request; may pool connections and retry. Raises `NotSent` or `UnexpectedResponse`."""

    def read_sound(self, source: Request | str) -> Response:
        """Read a recording under a larger cap: a request with our key, an absolute address without it."""

    def send_once(self, request: Request) -> Response:
        """Send a request that has an effect, exactly once. Raises `NotSent` or `OutcomeUnknown`."""


class ProviderBackend(ABC):
    """Base class of backends: translates between our types and one vendor's API; no retries, no database."""

    slug: ClassVar[str]
    label: ClassVar[str]
    docs_url: ClassVar[str]
    default_base_url: ClassVar[str]
    status_map: ClassVar[Mapping[str, CallStatus]]
    """Maps a vendor's status word, normalised by `normalise_word`, to ours."""
    machine_words: ClassVar[frozenset[str]] = frozenset()
    """Words of `status_map` by which the vendor says that a machine answered."""
    fields: ClassVar[Sequence[Field]]
    """What an admin fills in, secrets first. Every backend has `base_url` and the keys it authenticates with."""
    refusals: ClassVar[Sequence[RefusalRow]] = ()
    """The one table of what this vendor's refusals mean, the first row that fits; for orders and for reads alike."""
    order_fields: ClassVar[Sequence[Field]] = ()
    """The vendor's optional features for one order (`CallOrder.vendor_options`): for admins, on single calls only."""
    message_kinds: ClassVar[frozenset[MessageKind]] = frozenset({"agent"})

    needs_caller_id: ClassVar[bool] = False
    accepts_caller_id: ClassVar[bool] = False
    accepts_dialer: ClassVar[bool] = False
    accepts_voice_override: ClassVar[bool] = False
    accepts_variables: ClassVar[bool] = True
    variable_names: ClassVar[WireNames] = WireNames.ANY
    """Which names of variables an order may carry; a restriction only where the vendor's contract has one."""
    carries_reference: ClassVar[bool] = True
    documents_rate_limit: ClassVar[bool] = False
    """The vendor documents the status 429; only then does it mean that an order was not taken."""
    supports_cancel: ClassVar[bool] = False
    """`cancel_call` can stop a call that waits in the vendor's queue."""
    supports_hang_up: ClassVar[bool] = False
    supports_list_calls: ClassVar[bool] = False
    lists_by_agent: ClassVar[bool] = False
    """`list_calls` needs `CallQuery.agent_ids`."""
    lists_by_number: ClassVar[bool] = False
    """`list_calls` can be limited to `CallQuery.numbers`: quick, but no proof that a call is not there."""
    fetches_by_list: ClassVar[bool] = False
    """`fetch_calls` reads many calls with few requests, so that it may be given a thousand handles."""
    reads_more_alone: ClassVar[bool] = True
    """Reading one call may return more than its row in the list. False where single calls are read from the list too:
    a search for unknown calls would then read every page again for each of them."""
    supports_list_agents: ClassVar[bool] = False
    supports_list_voices: ClassVar[bool] = False
    supports_list_caller_ids: ClassVar[bool] = False
    supports_balance: ClassVar[bool] = False
    tells_identity: ClassVar[bool] = False
    """The vendor gives the account's own id, by which keys of other accounts are told apart."""
    supports_recording: ClassVar[bool] = False
    supports_webhook: ClassVar[bool] = False
    sends_webhooks_by_get: ClassVar[bool] = False
    """The vendor may send its messages by GET; their body is then the query, as a JSON object of text."""
    gives_transcript: ClassVar[bool] = False
    gives_cost: ClassVar[bool] = False
    cost_may_lack: ClassVar[bool] = False
    """By the vendor's documentation only some answers have the cost."""
    gives_answers: ClassVar[bool] = False
    """Returns data extracted from the conversation, such as answers and ratings."""
    tells_machine: ClassVar[bool] = False
    """Tells whether a voicemail or a person answered."""
    takes_on_machine: ClassVar[bool] = False
    """Orders may say what happens where a voicemail answers (`CallOrder.on_machine`)."""
    on_machine_note: ClassVar[str | Promise] = ""
    """What people must know of that choice; where orders cannot say it, where it is set at the vendor."""
    hears_refusal: ClassVar[bool] = False
    """Tells that a person asked not to be called again; the number then goes on our do-not-call list."""
    documented_requests: ClassVar[int | None] = None
    """Documented limit of requests a minute for one account, orders and reads together."""
    documented_lines: ClassVar[int | None] = None
    """Documented limit of simultaneous calls."""
    max_list_days: ClassVar[int | None] = None
    """Longest window that `list_calls` may ask for, in days."""

    def __init__(self, client: Client, *, secrets: Mapping[str, str], options: Mapping[str, Any]) -> None:
        self.client = client
        self.secrets = secrets
        self.options = options

    @classmethod
    def fitting_pace(cls, calls: int, reads: int) -> tuple[int, int]:
        """Return (calls, reads) a minute, reduced where the vendor documents a lower limit for both together."""
        most = cls.documented_requests
        if most is None or calls + reads <= most:
            return calls, reads
        return most // 3, most - most // 3

    # What every backend offers

    @classmethod
    @abstractmethod
    def auth_headers(cls, secrets: Mapping[str, str], options: Mapping[str, Any]) -> dict[str, str]:
        """Return the headers that authenticate a request; the client adds them to every one."""

    @classmethod
    def refuses_number(cls, to_number: str, options: Mapping[str, Any]) -> str | Promise:
        """Return why this vendor cannot take an E.164 number, as a sentence; empty where it can."""
        return ""

    @classmethod
    def dials_at(cls, vendor_options: Mapping[str, Any]) -> datetime | None:
        """Return when the vendor dials an order with these options at the earliest; None: at once."""
        return None

    @classmethod
    def redials_of(cls, vendor_options: Mapping[str, Any]) -> int:
        """Return how often the vendor may dial an order with these options again by itself."""
        return 0

    @abstractmethod
    def check_credentials(self) -> AccountState:
        """Make the cheapest harmless read; raises `CredentialsRejected` for a dead key."""

    def place_call(self, order: CallOrder) -> PlacedCall:
        """Send one order, at most once; the class of an error says what may be done next."""
        return self.placed_of(order, self.client.send_once(self.build_order(order)))

    def placed_of(self, order: CallOrder, response: Response) -> PlacedCall:
        """Return the call that the answer to this order holds, as `read_placed` reads it; pure.

        An order for later is kept by the vendor until then, whatever word its answer has.
        """
        placed = self.read_placed(response)
        if not order.vendor_options or placed.not_before is not None:
            return placed
        return replace(placed, not_before=self.dials_at(order.vendor_options))

    def read_placed(self, response: Response) -> PlacedCall:
        """Return the call that the answer to an order holds; pure. The class of an error says what may be done next."""
        self.raise_for_order(response)
        try:
            placed = self.parse_placed(json_of(response))
        except (UnexpectedResponse, KeyError, TypeError, ValueError, AttributeError) as error:
            raise OutcomeUnknown(
                "The vendor took the request, but its answer cannot be read.", http_status=response.status_code
            ) from error
        if not is_usable_id(placed.remote_id):
            raise OutcomeUnknown("The vendor's answer carries no usable call id.", http_status=response.status_code)
        return placed

    @abstractmethod
    def fetch_calls(self, handles: Sequence[CallHandle]) -> list[CallSnapshot]:
        """Read the states of these calls; a call that the vendor does not know is left out."""

    @abstractmethod
    def build_order(self, order: CallOrder) -> Request:
        """Build the request that places a call; pure."""

    @abstractmethod
    def parse_placed(self, answer: Any) -> PlacedCall:
        """Return the call from the answer's JSON; pure. KeyError, TypeError and ValueError become `OutcomeUnknown`."""

    # What a backend may implement, each with a flag: it is called only where the flag is set (a test checks both)

    def list_calls(self, query: CallQuery) -> list[CallSnapshot]:
        """List the vendor's own calls in a window, all pages; raises where the list may be incomplete.

        `providers.lists.listed` makes this of a generator: `IncompleteList` then has what was read.
        """
        raise NotImplementedError

    def cancel_call(self, handle: CallHandle) -> CallSnapshot | None:
        """Stop a call that waits in the vendor's queue; None where the vendor only acknowledges."""
        raise NotImplementedError

    def hang_up_call(self, handle: CallHandle) -> CallSnapshot | None:
        """End a live call; None where the vendor only acknowledges."""
        raise NotImplementedError

    def list_agents(self) -> list[RemoteAgent]:
        """List the agents of the account, all pages."""
        raise NotImplementedError

    def list_voices(self) -> list[RemoteVoice]:
        """List the voices of the account, all pages."""
        raise NotImplementedError

    def list_caller_ids(self) -> list[RemoteCallerId]:
        """List the numbers of the account, all pages."""
        raise NotImplementedError

    def fetch_balance(self) -> AccountState:
        """Read credit, minutes or lines of the account."""
        raise NotImplementedError

    def fetch_identity(self) -> AccountIdentity:
        """Read what tells the account from others."""
        raise NotImplementedError

    def fetch_recording(self, handle: CallHandle) -> Recording:
        """Fetch the sound of a call, always by a fresh address."""
        raise NotImplementedError

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> list[CallSnapshot]:
        """Read a webhook into hints; raises `WebhookRejected` for a wrong signature or an unreadable body.

        `headers` has lower-case names. The webhook's own secret is `secrets["webhook_secret"]`.
        """
        raise NotImplementedError

    # What an answer means

    def refusal(self, response: Response) -> ProviderError | None:
        """Return what the table `refusals` says of an answer, or None where it says nothing; pure.

        A backend whose vendor refuses with a 2xx overrides it, and asks the same table.
        """
        if not 400 <= response.status_code < 500:
            return None
        return self.refused(response.status_code, self.vendor_code(response), self.error_text(response))

    def refused(self, status: int, code: str, words: str) -> ProviderError | None:
        """Return the error that the table gives for a refusal, with the vendor's words; None where it gives none."""
        means = meaning(self.refusals, status, code, words)
        if means is None:
            return None
        return means(words or f"{self.label} refused a request ({status}).", http_status=status, vendor_code=code)

    def vendor_code(self, response: Response) -> str:
        """Return the vendor's own error code, where it has one beside the status and the words."""
        return ""

    def error_text(self, response: Response) -> str:
        """Return the vendor's own error text, cut to `MAX_ERROR_TEXT`, with secrets and phone numbers masked."""
        try:
            answer = json_of(response)
        except UnexpectedResponse:
            return ""
        text = answer
        if isinstance(answer, dict):
            text = next((answer[key] for key in ("message", "detail", "error") if answer.get(key)), "")
        if isinstance(text, list):
            text = "; ".join(str(item.get("msg", "")) for item in text if isinstance(item, dict))
        words = Concealer(self.secrets.values())(text) if isinstance(text, str) else ""
        return _LONG_NUMBER.sub(_shortened, words)[:MAX_ERROR_TEXT]

    def raise_for_order(self, response: Response) -> None:
        """Raise the error class that the answer to an order means."""
        if error := self.refusal(response):
            raise error
        if 200 <= response.status_code < 300:
            return
        status, text = response.status_code, self.error_text(response)
        if status == 429 and self.documents_rate_limit:
            raise RateLimited(text or "Too many requests.", retry_after=retry_after(response))
        if 400 <= status < 500 and status not in UNDECIDED:
            raise OrderRejected(text or f"The vendor refused the order ({status}).", http_status=status)
        raise OutcomeUnknown(f"The vendor answered {status} to an order.", http_status=status)

    def raise_for_read(self, response: Response) -> None:
        """Raise the error class that the answer to a read means; a 404 is left to the caller.

        The same table as for an order; only what is about the account, or the pace, means something for a read.
        """
        error = self.refusal(response)
        if isinstance(error, AccountProblem | RateLimited):
            raise error
        if 200 <= response.status_code < 300:
            return
        status, text = response.status_code, self.error_text(response)
        if status == 429:
            raise RateLimited(text or "Too many requests.", retry_after=retry_after(response))
        raise UnexpectedResponse(text or f"The vendor answered {status} to a read.", http_status=status)

    def fetch_each(
        self, handles: Sequence[CallHandle], fetch_one: Callable[[CallHandle], CallSnapshot | None]
    ) -> list[CallSnapshot]:
        """Read calls one by one; after an error returns those read so far, and raises it only where there are none.

        One unreadable answer skips that call only; a second one ends the reading.
        """
        found: list[CallSnapshot] = []
        failure: ProviderError | None = None
        for handle in handles:
            try:
                snapshot = fetch_one(handle)
            except ProviderError as error:
                if failure is not None or not isinstance(error, UnexpectedResponse):
                    failure = error
                    break
                failure = error
                continue
            if snapshot is not None:
                found.append(snapshot)
        if failure is not None and not found:
            raise failure
        return found

    # Words

    def status_of(self, raw: object) -> CallStatus | None:
        """Translate a vendor's status word; None for one that neither the backend nor the admin maps."""
        return self.meaning_of(raw, self.options)

    @classmethod
    def meaning_of(cls, raw: object, options: Mapping[str, Any]) -> CallStatus | None:
        """Translate a status word under a provider's options.

        An admin cannot map a word to a status that only we set (`OURS`): a poll must never make a call pending again.
        """
        if ours := _mapped_by_admin(raw, options):
            return CallStatus.COMPLETED if ours == VOICEMAIL else CallStatus(ours)
        return cls.status_map.get(normalise_word(raw))

    def with_machine(self, snapshot: CallSnapshot) -> CallSnapshot:
        """Return a snapshot that says that a machine answered, where the call's status word says so."""
        word, ours = normalise_word(snapshot.raw_status), _mapped_by_admin(snapshot.raw_status, self.options)
        is_machine = ours == VOICEMAIL if ours else word in self.machine_words
        return replace(snapshot, answered_by="machine") if is_machine else snapshot


MAX_ERROR_TEXT = 200
"""Characters of a vendor's own error text that are kept."""
_LONG_NUMBER = re.compile(r"\+?\d(?:[ ().-]?\d){6,}")


def _shortened(found: re.Match[str]) -> str:
    return f"***{found[0][-2:]}"


def may_be_mapped_to(ours: object) -> bool:
    """Return whether a vendor's word may mean this: a status that a vendor may say, or `VOICEMAIL`."""
    return ours == VOICEMAIL or (ours in CallStatus.values and ours not in OURS)


def _mapped_by_admin(raw: object, options: Mapping[str, Any]) -> str:
    word, extra = normalise_word(raw), options.get("status_map_extra")
    for known, ours in extra.items() if isinstance(extra, Mapping) else ():
        if normalise_word(known) == word and may_be_mapped_to(ours):
            return str(ours)
    return ""
