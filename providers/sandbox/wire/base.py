"""Base of the vendors' wire formats: routing, key check, rate limit, faults, accepting orders."""

from __future__ import annotations

import hmac
import re
import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any, ClassVar, TypeVar
from uuid import NAMESPACE_URL, uuid5

from providers.sandbox.account_faults import AccountFaults
from providers.sandbox.accounts import ACCOUNT_OF, DemoAccount, DemoAgent
from providers.sandbox.engine import EMPTY_ACCOUNT, FINAL, QUEUED, WAITING, Ledger, Script, SimulatedCall, script_for
from providers.sandbox.faults import Fault
from providers.sandbox.journal import JournalEntry
from providers.sandbox.magic import REFUSALS_BEFORE_ACCEPTANCE, magic_name
from providers.sandbox.messages import Refused, Reply, Request, Target, json_reply
from providers.sandbox.wire.spoiled_lists import SpoiledLists
from providers.sandbox.world import World

Answer = Callable[..., Reply]
AnyAnswer = TypeVar("AnyAnswer", bound=Answer)
UUID_TEXT = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
E164 = re.compile(r"\+[1-9]\d{6,14}")


@dataclass(frozen=True, slots=True)
class Route:
    """One operation of a vendor."""

    method: str
    path: str
    """Path below the vendor's prefix; `{name}` stands for one part."""
    places: bool = False
    """Whether it places calls, so that magic numbers and faults of orders apply."""
    is_open: bool = False
    """Whether it needs no key."""
    lists_calls: bool = False
    """Whether it answers with a page of calls, so that the switches of bad pages apply."""


def route(
    method: str, path: str, *, places: bool = False, is_open: bool = False, lists_calls: bool = False
) -> Callable[[AnyAnswer], AnyAnswer]:
    """Decorate a method of a wire as the handler of an operation."""

    def mark(function: AnyAnswer) -> AnyAnswer:
        routes: list[Route] = getattr(function, "routes", [])
        function.routes = [*routes, Route(method, path, places, is_open, lists_calls)]  # type: ignore[attr-defined]
        return function

    return mark


class Wire:
    """One vendor's wire format. Subclasses add routes and the vendor's own error bodies."""

    slug: ClassVar[str]
    demo: ClassVar[DemoAccount | None] = None
    """The demo account, where it does not stand in `ACCOUNT_OF`: of a vendor that a package brings."""
    requests_per_minute: ClassVar[int] = 0
    """Documented limit for one key; 0 where none is."""
    max_lines: ClassVar[int] = 0
    """Lines of an account; what exceeds them waits in the queue. 0 is without limit."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._whole_account: DemoAccount = self.demo or ACCOUNT_OF[self.slug]
        self.account = self._whole_account
        self.account_faults = AccountFaults()
        self._lock = Lock()
        self._recent: defaultdict[str, deque[float]] = defaultdict(deque)
        self._lists = SpoiledLists()
        self._exact: dict[tuple[str, str], tuple[Route, Answer]] = {}
        self._patterns: list[tuple[str, re.Pattern[str], Route, Answer]] = []
        for name in dir(type(self)):
            function = getattr(self, name)
            for found in getattr(function, "routes", ()):
                if "{" in found.path:
                    pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", found.path))
                    self._patterns.append((found.method, pattern, found, function))
                else:
                    self._exact[found.method, found.path] = (found, function)

    def reset(self) -> None:
        """Forget what was counted and changed."""
        self._recent.clear()
        self._lists = SpoiledLists()
        self.spoil_account(AccountFaults())

    def spoil_account(self, faults: AccountFaults) -> None:
        """Let these faults of the account hold from now on, and no others."""
        self.account_faults = faults
        self.account = faults.left_of(self._whole_account)

    @property
    def first_line(self) -> str:
        """The account's first number, which people call where nothing else is said."""
        return next(iter(self.account.caller_ids), "")

    # Handling a request

    def answer(self, request: Request) -> Reply:
        """Return the vendor's answer to a request."""
        found, function, parts = self._find(request)
        if found is None or function is None:
            return self.not_found()
        key = "" if found.is_open else self.key_of(request)
        if not found.is_open and (self.account_faults.is_key_dead or not self.knows_key(key)):
            return self.unauthorised()
        key = self.account_of(key)
        if refusal := self.over_limit(key, found):
            return self.finish(key, refusal)
        fault = self.world.faults.draw(self.slug, found.places)
        if fault is not None:
            if fault.is_before:
                return self.finish(key, self.broken(fault))
            if fault.mode == "accept_late":
                self.world.sleep(fault.seconds)
        try:
            reply = function(request, key, **parts)
        except Refused as refused:
            return self.finish(key, refused.reply)
        if found.lists_calls:
            with self._lock:
                reply = self._lists.spoil(reply, self.world.switches, self.server_error())
        if request.placed is not None:
            reply = self._after_placing(request.placed, reply)
        if fault is not None:
            reply = self.server_error() if fault.mode == "accept_500" else fault.spoil(reply)
        return self.finish(key, reply)

    def _find(self, request: Request) -> tuple[Route | None, Answer | None, dict[str, str]]:
        exact = self._exact.get((request.method, request.path))
        if exact is not None:
            return *exact, {}
        for method, pattern, found, function in self._patterns:
            if method == request.method and (match := pattern.fullmatch(request.path)):
                return found, function, match.groupdict()
        return None, None, {}

    def _after_placing(self, call: SimulatedCall, reply: Reply) -> Reply:
        name = magic_name(call.to_number) if self.world.switches.magic else ""
        if name == "error_after":
            return self.server_error()
        if name == "silence_after":
            reply.transport, reply.seconds = "hang", 120.0
        elif name == "slow":
            self.world.sleep(3.0 / self.world.speed)
        return reply

    def broken(self, fault: Fault) -> Reply:
        """Return the answer of a fault in which the order is not accepted."""
        if fault.mode in {"hang", "reset"}:
            return Reply(200, transport="hang" if fault.mode == "hang" else "reset", seconds=fault.seconds)
        if fault.mode == "redirect":
            return Reply(307, headers=(("Location", "http://127.0.0.1:9/elsewhere"),))
        status = int(fault.mode)
        if status == 401:
            refusal = self.unauthorised()
            refusal.status = 401
            return refusal
        if status == 429:
            return self.too_many_requests(fault.retry_after)
        return self.error(status, "Scripted fault")

    # Keys and limits

    def key_of(self, request: Request) -> str:
        """Return the key that a request carries."""
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        return key.strip() if scheme.lower() == "bearer" else ""

    def knows_key(self, key: str) -> bool:
        """Return whether a key belongs to an account of the simulator."""
        return key.startswith(self.account.key_prefix)

    def account_of(self, key: str) -> str:
        """Return the account that a key opens; what follows a tilde tells several keys of one account apart."""
        return key.partition("~")[0]

    def identity_of(self, account: str) -> str:
        """Return the vendor's own id of an account."""
        return str(uuid5(NAMESPACE_URL, f"{self.slug}/{account}"))

    def agents_of(self, account: str) -> tuple[DemoAgent, ...]:
        """Return an account's agents: the demo's, and those of a stranger (`..._other...`) under other ids."""
        if not account.startswith(f"{self.account.key_prefix}other"):
            return self.account.agents
        return tuple(
            replace(agent, id=str(int(agent.id) + 5000) if agent.id.isdigit() else self.identity_of(agent.id))
            for agent in self.account.agents
        )

    def limit_of(self, found: Route) -> int:
        """Return the requests a minute that an operation allows."""
        return self.requests_per_minute

    def over_limit(self, key: str, found: Route) -> Reply | None:
        """Count a request; return a refusal if it exceeds the limit of the minute (real, not simulated), else None."""
        limit = self.limit_of(found) if self.world.limits else 0
        if not limit or not key:
            return None
        now = time.time()
        with self._lock:
            recent = self._recent[key]
            while recent and recent[0] <= now - 60:
                recent.popleft()
            if len(recent) >= limit:
                return self.too_many_requests(str(int(recent[0] + 60 - now) + 1))
            recent.append(now)
        return None

    def finish(self, key: str, reply: Reply) -> Reply:
        """Add what every answer of the vendor carries."""
        return reply

    # Orders

    def place(
        self,
        request: Request,
        key: str,
        *,
        remote_id: str,
        to_number: str,
        agent_id: str = "",
        caller_id: str = "",
        variables: Mapping[str, Any] | None = None,
        start_at: float = 0.0,
        redials: int = 0,
        script: Script | None = None,
        extra: dict[str, Any] | None = None,
    ) -> SimulatedCall:
        """Accept an order, writing the journal first; raises `Refused` where a magic number demands it."""
        world = self.world
        name = magic_name(to_number) if world.switches.magic else ""
        if name:
            self._refuse_by_magic(name, key, to_number)
        if self.account_faults.is_empty and not self.takes_calls_without_credit:
            raise Refused(self.out_of_credit())
        script = EMPTY_ACCOUNT if self.account_faults.is_empty else script or self.script(to_number)
        call = SimulatedCall(self.slug, key, remote_id, to_number, script, world.speed)
        call.agent_id, call.caller_id = agent_id, caller_id
        call.variables = variables or {}
        call.reference = reference_in(call.variables)
        call.extra = extra or {}
        # From here the order counts as accepted: it is in the journal before any answer, list or webhook shows it.
        entry: JournalEntry = {
            "at": time.time(),
            "vendor": self.slug,
            "account": key,
            "remote_id": remote_id,
            "to_number": to_number,
            "reference": call.reference,
            "agent_id": agent_id,
            "caller_id": caller_id,
            "rings": 1 + redials_in(script) + (redials if script.final in {"busy", "no_answer"} else 0),
            "variables": dict(call.variables),
            "extra": dict(call.extra),
        }
        world.journal.append(entry)
        world.engine.accept(call, start_at=start_at, max_lines=self.max_lines)
        request.placed = call
        world.webhooks.announce(call)
        return call

    def script(self, to_number: str) -> Script:
        """Return what becomes of a call to a number."""
        return script_for(to_number, magic=self.world.switches.magic)

    def _refuse_by_magic(self, name: str, key: str, to_number: str) -> None:
        if name == "rejected":
            raise Refused(self.number_refused())
        if name == "slow_down":
            if self.world.engine.count_attempt(self.slug, key, to_number) <= REFUSALS_BEFORE_ACCEPTANCE:
                raise Refused(self.too_many_requests("1"))
        elif name == "error_before":
            raise Refused(self.server_error())
        elif name == "key_refused":
            raise Refused(self.unauthorised())
        elif name == "out_of_credit" and not self.takes_calls_without_credit:
            raise Refused(self.out_of_credit())

    takes_calls_without_credit: ClassVar[bool] = False
    """Whether an empty account is told by a status word and not by the answer to the order."""

    # Calls

    def ledger(self, key: str) -> Ledger:
        """Return the calls of an account."""
        return self.world.engine.ledger(self.slug, key)

    def visible_at(self) -> float:
        """Return the time up to which created calls are in lists."""
        return time.time() - self.world.switches.list_lag_seconds / self.world.speed

    def echo(self, call: SimulatedCall) -> dict[str, Any]:
        """Return the call's variables as the vendor gives them back."""
        if self.world.switches.echo_reference or not call.reference:
            return dict(call.variables)
        return {name: value for name, value in call.variables.items() if str(value) != call.reference}

    def is_over(self, call: SimulatedCall, now: float) -> bool:
        """Return whether a call has its final status."""
        phase = call.phase(now)
        if phase not in FINAL:
            return False
        # Between two tries of the vendor's own, the last word is not the end.
        return now >= call.stopped_at or (now - call.starts_at) * call.speed >= call.script.phases[-1][0]

    def is_waiting(self, call: SimulatedCall, now: float) -> bool:
        """Tell whether a call has not been dialled yet."""
        return call.phase(now) in {QUEUED, WAITING}

    def signed_recording(self, request: Request, remote_id: str) -> Reply:
        """Return a recording by its signed address."""
        expires = request.param("expires")
        if not expires.isdigit() or int(expires) < time.time():
            return Reply(403, b"<Error><Code>AccessDenied</Code></Error>", "application/xml")
        if not hmac.compare_digest(self.world.sign(remote_id, int(expires)), request.param("signature")):
            return Reply(403, b"<Error><Code>SignatureDoesNotMatch</Code></Error>", "application/xml")
        return Reply(200, self.world.recording, "audio/wav")

    # Webhooks

    def webhook_of(self, call: SimulatedCall) -> Target | None:
        """Return where the vendor's own settings send the events of a call."""
        return None

    def webhook_moments(self, call: SimulatedCall) -> list[tuple[float, str]]:
        """Return (time, event) of everything the vendor tells about a call."""
        return []

    def webhook_message(
        self, call: SimulatedCall, event: str, target: Target
    ) -> tuple[bytes, str, dict[str, str]] | None:
        """Return (body, content type, headers) of an event; None where it is not to be told."""
        return None

    # Errors

    def error(self, status: int, message: str) -> Reply:
        """Return an error in the vendor's form."""
        return json_reply(status, {"error": message})

    def unauthorised(self) -> Reply:
        """Return the refusal of a key."""
        return self.error(401, "Unauthorized")

    def not_found(self) -> Reply:
        """Return the answer for an unknown path or id."""
        return self.error(404, "Not found")

    def server_error(self) -> Reply:
        """Return a failure of the vendor itself."""
        return self.error(500, "Internal server error")

    def number_refused(self) -> Reply:
        """Return the refusal of a number."""
        return self.error(400, "Invalid phone number")

    def out_of_credit(self) -> Reply:
        """Return the refusal for an empty account."""
        return self.error(402, "Insufficient balance")

    def too_many_requests(self, retry_after: str) -> Reply:
        """Return the 429; `retry_after` is sent as it is."""
        reply = self.error(429, "Too many requests")
        if retry_after:
            reply.headers = (("Retry-After", retry_after),)
        return reply


def redials_in(script: Script) -> int:
    """Return how often a script has the vendor dial again by itself."""
    return sum(phase == WAITING for _until, phase in script.phases)


def reference_in(variables: Mapping[str, Any]) -> str:
    """Return the first UUID among the values that an order carries for its agent."""
    for value in variables.values():
        if isinstance(value, str) and len(value) == 36 and UUID_TEXT.fullmatch(value):
            return value.lower()
    return ""
