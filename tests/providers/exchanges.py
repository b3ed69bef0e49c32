"""Recorded exchanges with vendors: how a payload file is written, served and compared.

A payload file is one recorded exchange:

    {
      "source":   "page it is taken from",
      "inferred": ["fields that the page does not show"],
      "request":  "place" | "fetch" | "list" | "agents" | "voices" | "caller_ids" | "account" | "cancel" | "hang_up"
                  | "webhook" | "recording",
      "order":    {...},           place: fields of CallOrder
      "handle":   {...},           fetch, cancel, hang_up, recording: fields of CallHandle; or "handles": [...]
      "query":    {...},           list: fields of CallQuery
      "options":  {...},           more options of the provider, for this exchange only
      "sent":     [{"method", "path", "query": {name: text or list}, "json"}],   what must leave, in order; optional but
                                   for place; absent keys are not compared
      "answer":   ...              the answer to every request; or
      "pages":    [...]            one answer after the other, then 500; or
      "routes":   {"/path": ...}   one answer for each beginning of a path; a list under "pages" there is in turn too
      "status":   201,             status of the answers, 200 if absent
      "headers":  {...},           headers of the answers (webhook: of the webhook)
      "sound":    "/path",         recording: where the stub serves bytes as audio/mpeg
      "snapshot": {...} or [...] or null    what comes out, see below
    }

"{origin}" in a payload is replaced by the stub's address. What comes out is compared whole: a field that is left out
of "snapshot" must have its default. Times are written in UTC (2026-01-02T03:04:05+00:00), money as text. Of a
recording, content_type only. `fetch` gives a dict (or null where the call is absent), or a list with "handles".

Every operation that a backend offers needs a payload; `fetch` needs one with a status word, and `place` payloads
together must set everything that the backend's flags and `order_fields` accept.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

import pytest
from hypothesis import strategies as st
from requests import Request, Response

from providers.base import ProviderBackend
from providers.client import reads
from providers.client.client import HttpClient
from providers.exceptions import ProviderError
from providers.types import OURS, CallHandle, CallOrder, CallQuery, CallSnapshot, CallStatus, Recording
from tests.providers.clients import answer_of
from tests.providers.vendor_stub import Answer, VendorStub

PAYLOADS = Path(__file__).parent.parent / "payloads"
CANARY = "canary-key-7f3a9b"
SOUND = b"ID3" + bytes(64)
ANSWER_KEYS = frozenset({"answer", "pages", "routes"})


class Exchanges:
    """A backend, its recorded exchanges and a stub to replay them."""

    backend_class: ClassVar[type[ProviderBackend]]
    payloads: ClassVar[str | Path]
    """Folder of the payload files: a name below `tests/payloads`, or a path for a package's own."""
    secrets: ClassVar[Mapping[str, str]] = {}
    options: ClassVar[Mapping[str, Any]] = {}
    paged: ClassVar[frozenset[str]] = frozenset()
    refusals: ClassVar[Sequence[tuple[int, Any, type[ProviderError]]]] = ()
    absent: ClassVar[Answer] = Answer(404, {"error": 404, "message": "Not found"})

    def sign_webhook(self, body: bytes) -> Mapping[str, str]:
        """Return the headers of a genuine webhook with this body."""
        return {}

    # Ground

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Run tests that ask for `payload` once for each file."""
        if "payload" in metafunc.fixturenames:
            metafunc.parametrize("payload", sorted(self.read_payloads()))

    @classmethod
    def read_payloads(cls) -> dict[str, dict[str, Any]]:
        """Read the vendor's payload files by name."""
        return {path.stem: json.loads(path.read_text()) for path in (PAYLOADS / cls.payloads).glob("*.json")}

    @classmethod
    def payloads_of(cls, request: str) -> list[dict[str, Any]]:
        """Return the payloads of one kind of request, by file name."""
        return [found for _, found in sorted(cls.read_payloads().items()) if found["request"] == request]

    @classmethod
    def all_secrets(cls) -> dict[str, str]:
        """Return the secrets of the provider: a canary for each that is not given."""
        return {field.name: f"{CANARY}-{field.name}" for field in cls.backend_class.fields if field.is_secret} | dict(
            cls.secrets
        )

    @classmethod
    def all_options(cls, base_url: str, **more: Any) -> dict[str, Any]:
        """Return the options of the provider: the declared defaults and what is given."""
        return (
            {field.name: field.default for field in cls.backend_class.fields if not field.is_secret}
            | dict(cls.options)
            | {"base_url": base_url}
            | more
        )

    @pytest.fixture(autouse=True)
    def short_pauses(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Ask again as often as the client does, after pauses of a twentieth."""
        shortened = tuple(None if pause is None else pause / 20 for pause in reads._PAUSES_S)
        monkeypatch.setattr(reads, "_PAUSES_S", shortened)

    @pytest.fixture
    def stub(self) -> Iterator[VendorStub]:
        """A vendor on loopback."""
        with VendorStub() as stub:
            yield stub

    def open_backend(self, stub: VendorStub, *, seconds: float = 30.0, **more: Any) -> ProviderBackend:
        """Return the backend behind a real client to the stub."""
        return self.backend_behind(self.open_client(stub, seconds=seconds), stub.origin, **more)

    def open_client(self, stub: VendorStub, *, seconds: float = 30.0) -> HttpClient:
        """Return a real client to the stub."""
        return HttpClient(
            stub.origin,
            headers=self.backend_class.auth_headers(self.all_secrets(), self.all_options(stub.origin)),
            allowed_hosts=(),
            sandbox_origin=stub.origin,
            connect_timeout=min(10.0, seconds),
            total_timeout=seconds,
        )

    def backend_behind(self, client: Any, origin: str = "https://vendor.invalid", **more: Any) -> ProviderBackend:
        """Return the backend behind any client."""
        return self.backend_class(client, secrets=self.all_secrets(), options=self.all_options(origin, **more))

    def order(self) -> CallOrder:
        """Return the order of the first recorded placing."""
        return order_from(self.payloads_of("place")[0]["order"])

    def placing(self, stub: VendorStub) -> dict[str, Any]:
        """Return the first recorded placing."""
        return filled(self.payloads_of("place")[0], stub.origin)

    def fetch_with_word(self, stub: VendorStub) -> dict[str, Any]:
        """Return a recorded fetch of one call that has a status word."""
        return next(
            filled(found, stub.origin)
            for found in self.payloads_of("fetch")
            if isinstance(found["snapshot"], dict) and found["snapshot"].get("raw_status") and not found.get("options")
        )

    def webhook(self, recorded: Mapping[str, Any]) -> tuple[bytes, dict[str, str]]:
        """Return body and lower-case headers of a recorded webhook."""
        answer = recorded["answer"]
        body = answer.encode(errors="surrogatepass") if isinstance(answer, str) else json.dumps(answer).encode()
        headers = {name.lower(): value for name, value in recorded.get("headers", {}).items()}
        return body, {"content-type": "application/json", **headers, **self.sign_webhook(body)}

    # One recorded exchange

    def run(self, recorded: Mapping[str, Any], backend: ProviderBackend, stub: VendorStub | None = None) -> Any:
        """Script the stub with a recorded exchange and make the call that it belongs to."""
        if stub is not None:
            script(stub, recorded)
        handles = [handle_from(handle) for handle in recorded.get("handles", [recorded.get("handle")]) if handle]
        match recorded["request"]:
            case "place":
                return backend.place_call(order_from(recorded["order"]))
            case "fetch":
                return backend.fetch_calls(handles)
            case "list":
                query = recorded["query"]
                since, until = (datetime.fromisoformat(query[name]) for name in ("since", "until"))
                wanted = CallQuery(
                    since=since, until=until, agent_ids=query.get("agent_ids", ()), direction=query.get("direction")
                )
                return backend.list_calls(wanted)
            case "agents":
                return backend.list_agents()
            case "voices":
                return backend.list_voices()
            case "caller_ids":
                return backend.list_caller_ids()
            case "account":
                return backend.fetch_balance() if backend.supports_balance else backend.check_credentials()
            case "identity":
                return backend.fetch_identity()
            case "cancel":
                return backend.cancel_call(handles[0])
            case "hang_up":
                return backend.hang_up_call(handles[0])
            case "recording":
                return backend.fetch_recording(handles[0])
            case "webhook":
                body, headers = self.webhook(recorded)
                return backend.parse_webhook(headers, body)
            case other:
                raise AssertionError(f"There is no request {other}.")


class ScriptedClient:
    """A client without a network that gives a recorded exchange's answers."""

    origin = "https://vendor.invalid"

    def __init__(self, recorded: Mapping[str, Any]) -> None:
        self.sent_once: list[Request] = []
        self.was_read = 0
        self._recorded = filled(recorded, self.origin)
        self._asked: dict[str, int] = {}

    def send_once(self, request: Request) -> Response:
        self.sent_once.append(request)
        return self._answer(request.url)

    def read(self, request: Request) -> Response:
        self.was_read += 1
        assert self.was_read < 500, "a broken list is read without end"
        return self._answer(request.url)

    def read_sound(self, source: Request | str) -> Response:
        self.was_read += 1
        return answer_of(200, SOUND, {"Content-Type": "audio/mpeg"})

    def _answer(self, path: str) -> Response:
        recorded = self._recorded
        answer = recorded.get("answer")
        if isinstance(routes := recorded.get("routes"), dict):
            fitting = [route for route in routes if path.startswith(route)]
            answer = routes[max(fitting, key=len)] if fitting else None
        elif isinstance(recorded.get("pages"), list):
            answer = recorded
        if isinstance(answer, dict) and isinstance(pages := answer.get("pages"), list) and pages:
            number = self._asked.get(path, 0) if answer is not recorded else sum(self._asked.values())
            answer = pages[min(number, len(pages) - 1)]
        self._asked[path] = self._asked.get(path, 0) + 1
        return answer_of(recorded.get("status", 200), json.dumps(answer).encode())


def script(stub: VendorStub, recorded: Mapping[str, Any]) -> None:
    """Make the stub answer as recorded."""
    stub.forget()
    status, headers = recorded.get("status", 200), recorded.get("headers", {})
    routes = recorded.get("routes") or {"": recorded if "pages" in recorded else recorded.get("answer")}
    for path, answer in routes.items():
        if isinstance(answer, dict) and "pages" in answer:
            pages = [Answer(status, page, headers) for page in answer["pages"]]
            stub.answer(*pages, Answer(500, {"error": "There is no further page."}), path=path)
        else:
            stub.answer(Answer(status, answer, headers), path=path)
    if sound := recorded.get("sound"):
        stub.answer(Answer(200, SOUND, {"Content-Type": "audio/mpeg"}), path=sound)


def pages_of(recorded: Mapping[str, Any]) -> Sequence[Any]:
    """Return the longest run of pages in a recorded exchange."""
    runs = [
        route["pages"] for route in recorded.get("routes", {}).values() if isinstance(route, dict) and "pages" in route
    ]
    return max([recorded.get("pages", []), *runs], key=len)


def filled(recorded: Mapping[str, Any], origin: str) -> dict[str, Any]:
    """Put the stub's address into a recorded exchange."""
    found: dict[str, Any] = json.loads(json.dumps(recorded).replace("{origin}", origin))
    return found


def replaced(value: Any, old: Any, new: Any) -> Any:
    """Return JSON with every leaf that equals `old` replaced."""
    if isinstance(value, dict):
        return {key: replaced(item, old, new) for key, item in value.items()}
    if isinstance(value, list):
        return [replaced(item, old, new) for item in value]
    return new if type(value) in (str, int) and str(value) == str(old) else value


ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["", "0", "-1", "../..", "\x00", "\ud800", "1e999", "9" * 50, "completed", 10**30, float("nan")]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def mutations(draw: st.DrawFn, value: Any) -> Any:
    """Draw JSON that is like `value`, with one node put for something else."""
    if draw(st.integers(0, 9)) == 0 or not isinstance(value, dict | list) or not value:
        return draw(ANY_JSON)
    if isinstance(value, dict):
        key = draw(st.sampled_from(sorted(value)))
        return {**value, key: draw(mutations(value[key]))}
    place = draw(st.integers(0, len(value) - 1))
    return [*value[:place], draw(mutations(value[place])), *value[place + 1 :]]


def with_word(recorded: Mapping[str, Any], word: Any) -> dict[str, Any]:
    """Return a recorded fetch whose status word is another."""
    old = recorded["snapshot"]["raw_status"]
    return {**recorded, **{key: replaced(recorded[key], old, word) for key in ANSWER_KEYS & recorded.keys()}}


def order_from(given: Mapping[str, Any]) -> CallOrder:
    """Return the order that a payload describes."""
    return CallOrder(**{**given, "reference": UUID(given["reference"])})


def handle_from(given: Mapping[str, Any]) -> CallHandle:
    """Return the handle that a payload describes."""
    placed_at = datetime.fromisoformat(given["placed_at"]) if given.get("placed_at") else None
    reference = UUID(given.get("reference", "00000000-0000-4000-8000-000000000001"))
    return CallHandle(**{**given, "reference": reference, "placed_at": placed_at})


def shown(value: Any) -> Any:
    """Return a result as a payload writes it: without defaults, times in UTC, money as text."""
    if isinstance(value, Recording):
        return {"content_type": value.content_type}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        plain = {}
        for field in dataclasses.fields(value):
            item = getattr(value, field.name)
            default = field.default_factory() if callable(field.default_factory) else field.default
            if item == default or item in ((), {}, []):
                continue
            plain[field.name] = shown(item)
        return plain
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, Decimal | UUID):
        return str(value)
    if isinstance(value, CallStatus):
        return value.value
    if isinstance(value, Mapping):
        return {key: shown(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [shown(item) for item in value]
    return value


def shown_request(sent: Any, wish: Mapping[str, Any]) -> dict[str, Any]:
    """Return of a request what a payload compares."""
    found = {"method": sent.method, "path": sent.path, "json": sent.json}
    found["query"] = {name: values[0] if len(values) == 1 else values for name, values in sent.query.items()}
    return {key: found[key] for key in wish}


def failure_of(call: Callable[[], Any]) -> ProviderError | None:
    """Return what a call raises; None where it works."""
    try:
        call()
    except ProviderError as error:
        return error
    return None


def assert_well_typed(snapshot: CallSnapshot) -> None:
    """Assert that a snapshot's values have the types that rows need."""
    for name in ("created_at", "started_at", "answered_at", "ended_at"):
        at = getattr(snapshot, name)
        assert at is None or (isinstance(at, datetime) and at.utcoffset() is not None), name
    assert snapshot.cost is None or (type(snapshot.cost) is Decimal and snapshot.currency)
    assert snapshot.talk_seconds is None or type(snapshot.talk_seconds) is int
    assert snapshot.status is None or snapshot.status not in OURS
    assert isinstance(snapshot.remote_id, str)
