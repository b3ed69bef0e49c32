"""Error reports to Sentry, where SENTRY_DSN is set: masked, without bodies, headers, cookies and local variables.

The library is the extra `sentry`; it is imported only here, and only where the setting is.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from requests.structures import CaseInsensitiveDict

from callcenter import request_ids
from callcenter.logs import masked_value
from providers import outbound

if TYPE_CHECKING:
    from sentry_sdk.transport import Transport
    from sentry_sdk.types import Event, Hint

REQUEST_PARTS = ("method", "url")
"""What a report tells of the request; never its body, headers, cookies, query or environment."""
FRAME_PARTS_LEFT_OUT = ("vars", "context_line", "pre_context", "post_context")
"""Local variables hold keys and numbers; lines of source are found by their number."""


def begin(transport: type[Transport] | None = None) -> None:
    """Start reporting unhandled errors and logged ones; does nothing where SENTRY_DSN is empty.

    Raises ImproperlyConfigured where the library is missing.
    """
    if not settings.SENTRY_DSN:
        return
    try:
        import sentry_sdk
        from sentry_sdk.integrations.django import DjangoIntegration
        from sentry_sdk.integrations.logging import LoggingIntegration
    except ImportError:
        raise ImproperlyConfigured(
            "SENTRY_DSN is set, but sentry-sdk is not installed: install the extra `sentry`, or leave it empty."
        ) from None
    sentry_sdk.init(
        dsn=settings.SENTRY_DSN,
        release=f"callcenter@{settings.VERSION}",
        server_name=settings.HOST_NAME,
        environment="development" if settings.DEBUG else "production",
        transport=transport or _our_transport(),
        # Only these two: others would report what passes through HTTP clients, Redis and child processes.
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=[
            DjangoIntegration(middleware_spans=False, signals_spans=False),
            LoggingIntegration(level=None, event_level=logging.ERROR),
        ],
        before_send=reduced,
        max_breadcrumbs=0,
        # Of people it collects nothing by default, and `reduced` lets nothing through.
        include_local_variables=False,
        include_source_context=False,
        max_request_body_size="never",
        auto_session_tracking=False,
        send_client_reports=False,
        traces_sample_rate=None,
    )


def reduced(event: Event, hint: Hint) -> Event | None:
    """Return the event without what people sent or are called, every text in it masked; with the request id.

    None, so that nothing is sent, for a line about a request that was refused: a foreign Host header is no error here.
    """
    if getattr(hint.get("log_record"), "status_code", 500) < 500:
        return None
    report: dict[str, Any] = dict(event)
    for part in ("user", "extra", "breadcrumbs", "modules"):
        report.pop(part, None)
    if request := report.get("request"):
        report["request"] = {part: request[part] for part in REQUEST_PARTS if part in request}
        report["request"]["url"] = str(request.get("url", "")).partition("?")[0]
    for error in (report.get("exception") or {}).get("values", []):
        for frame in (error.get("stacktrace") or {}).get("frames", []):
            for part in FRAME_PARTS_LEFT_OUT:
                frame.pop(part, None)
    tags = dict(report.get("tags") or {})
    if request_ids.current():
        tags["request_id"] = request_ids.current()
    kept = {name: report[name] for name in ("event_id", "timestamp", "sdk") if name in report}
    made: Event = {**masked_value({**report, "tags": tags}), **kept}  # type: ignore[typeddict-item]
    return made


def _our_transport() -> type[Transport]:
    from sentry_sdk.transport import HttpTransport

    class OutboundTransport(HttpTransport):
        """Sentry's queue and thread over our own wire: https to OUTBOUND_HOSTS, public addresses, no redirects."""

        def _request(self, method: str, endpoint_type: Any, body: Any, headers: Any) -> Any:
            return deliver(method, self._auth.get_api_url(endpoint_type), body, headers)

    return OutboundTransport


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a report, as the library reads one: of it only the rate limits matter."""

    status: int
    headers: CaseInsensitiveDict[str]
    data: bytes = b""

    def close(self) -> None:
        """Do nothing: the connection is closed already."""


def deliver(method: str, url: str, body: bytes, headers: dict[str, str]) -> Answer:
    """Send a report once and return the answer; raises NotSent or ValueError where it may not or cannot be sent."""
    answer = outbound.send_once(method, url, body, headers)
    return Answer(answer.status_code, answer.headers)
