"""Messages to chat services: Apprise reads the address and builds the message, our own wire carries it.

Apprise's own HTTP goes to any host, follows redirects, lets an address switch certificates off, and takes a proxy from
the environment. So of its many services only those below are taken, whose messages are one https request to a host of
the service, and their module's `requests` is ours: it reaches hosts of OUTBOUND_HOSTS at public addresses, no others.
"""

from __future__ import annotations

import importlib
import json
import logging
import re
import warnings
from collections.abc import Mapping
from functools import cache
from typing import Any

import requests
from django.conf import settings
from django.utils.translation import gettext as _

from campaigns.core.refusals import Refusal
from campaigns.models import NoticeSettings
from providers import outbound
from providers.exceptions import KeysUnreadable, ProviderError

SERVICES: Mapping[str, tuple[str, str]] = {
    "NotifySlack": ("slack", "hooks.slack.com"),
    "NotifyDiscord": ("discord", "discord.com"),
    "NotifyTelegram": ("telegram", "api.telegram.org"),
    "NotifyGoogleChat": ("google_chat", "chat.googleapis.com"),
    "NotifyWorkflows": ("workflows", ""),
    "NotifyMattermost": ("mattermost", ""),
}
"""By Apprise's class: its module, and the host that its messages go to; empty: the host of the address."""
NAMES: Mapping[str, str] = {
    "slack": "Slack", "discord": "Discord", "telegram": "Telegram", "google_chat": "Google Chat",
    "workflows": "Microsoft Teams", "mattermost": "Mattermost",
}  # fmt: skip
_MATTERMOST = re.compile(r"https://([a-z0-9.-]+(?::[0-9]{1,5})?)/hooks/([a-z0-9]{26})/?", re.IGNORECASE)
"""An incoming webhook; a server of one's own. https://developers.mattermost.com/integrate/webhooks/incoming/"""
MAX_ADDRESS = 1_000
MAX_TEXT = 1_500
"""Characters of one message: Discord takes 2,000, with the title. https://discord.com/developers/docs/resources/webhook"""


class Refused(Exception):
    """Raised where a chat did not take a message; the text is a word on why, without the address."""


class _OurWire:
    """Stands in for `requests` in the modules of the services: one post over our own wire."""

    codes = requests.codes
    RequestException = requests.RequestException
    exceptions = requests.exceptions

    @classmethod
    def request(cls, method: str, url: str, **how: Any) -> requests.Response:
        """Send a post; raises RequestException for any other method."""
        if method.lower() != "post":
            raise requests.RequestException("not a plain message")
        return cls.post(url, **how)

    @staticmethod
    def post(url: str, data: Any = None, headers: Mapping[str, str] | None = None, **how: Any) -> requests.Response:
        """Send a request as Apprise asks; its wishes on redirects, certificates and proxies are not heard."""
        if not url.startswith("https://") or how.get("files") or how.get("json") is not None:
            raise requests.RequestException("not a plain message")
        if how.get("params"):
            url = str(requests.Request("POST", url, params=how["params"]).prepare().url)
        body = data if isinstance(data, bytes) else (data if isinstance(data, str) else json.dumps(data)).encode()
        try:
            return outbound.send_once("POST", url, body, dict(headers or {}))
        except (ProviderError, ValueError) as error:
            raise requests.ConnectionError(type(error).__name__) from None


@cache
def _classes() -> tuple[type[Any], ...]:
    """Return Apprise's classes of our services, set on our wire; loaded at the first use, and no other of its 190."""
    # Its log lines may hold parts of addresses.
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    found = []
    with warnings.catch_warnings():
        # One of its optional parts looks for a module that Python is about to drop.
        warnings.simplefilter("ignore", DeprecationWarning)
        for name, (module_name, _host) in SERVICES.items():
            module: Any = importlib.import_module(f"apprise.plugins.{module_name}")
            module.requests = _OurWire
            found.append(getattr(module, name))
    return tuple(found)


def _service(address: str) -> Any:
    """Return the service of an address as Apprise reads it; None for what is none of ours."""
    scheme = address.partition("://")[0].lower()
    for one in _classes():
        if one.__name__ == "NotifyMattermost":
            # Apprise knows no https address of it, and its other way logs in.
            hook = _MATTERMOST.fullmatch(address)
            parts = one.parse_url(f"mmosts://{hook[1]}/{hook[2]}") if hook else None
        elif scheme == "https":
            parts = one.parse_native_url(address)
        elif scheme in {one.protocol, one.secure_protocol}:
            parts = one.parse_url(address)
        else:
            continue
        try:
            found = one(**{**parts, "verify": True, "redirect": False, "asset": _asset()}) if parts else None
        except (TypeError, ValueError):
            return None
        if found is not None:
            # Slack's other ways ask its API several times.
            return found if getattr(found, "mode", "hook") == "hook" or one.__name__ != "NotifySlack" else None
    return None


def _asset() -> Any:
    from apprise import AppriseAsset

    return AppriseAsset(secure_logging=True, http_redirects=False, app_id="Callcenter")


def service_of(address: str) -> str:
    """Return the key of the service that an address belongs to; raises Refusal with the reason and the next step."""
    found = _service(address.strip()[:MAX_ADDRESS]) if address.strip() else None
    if found is None:
        raise Refusal(
            _("This is not the address of a supported chat. Paste the webhook address of one of these: %(services)s.")
            % {"services": ", ".join(NAMES.values())}
        )
    service, host = SERVICES[type(found).__name__]
    host = host or str(found.host)
    if not outbound.is_allowed(host):
        raise Refusal(
            _("%(service)s is not allowed here. The server administrator can add %(host)s to OUTBOUND_HOSTS.")
            % {"service": NAMES[service], "host": host}
        )
    return service


def allowed_services() -> list[str]:
    """Return the names of the services that this installation may send to.

    A Mattermost server stands at any host: it is named where any host is allowed.
    """
    hosts = dict(SERVICES.values())
    has_own = {"workflows": any(map(_is_microsoft, settings.OUTBOUND_HOSTS)), "mattermost": settings.OUTBOUND_HOSTS}
    return [name for key, name in NAMES.items() if (outbound.is_allowed(hosts[key]) if hosts[key] else has_own[key])]


def _is_microsoft(host: str) -> bool:
    return host.strip().lower().endswith((".logic.azure.com", ".powerplatform.com", ".webhook.office.com"))


def post(chosen: NoticeSettings, subject: str, text: str) -> None:
    """Send a message to a user's chat; raises Refused with a word on why it was not taken."""
    try:
        address = chosen.chat.open().get("address", "")
    except KeysUnreadable:
        raise Refused("its address cannot be read") from None
    found = _service(address)
    if found is None:
        raise Refused("its address is no longer supported")
    short = text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 1]}…"
    if not found.notify(body=short, title=f"Callcenter: {subject}"):
        raise Refused(f"{NAMES[SERVICES[type(found).__name__][0]]} did not take it")
