"""What may go wrong at a vendor, named by what may be done next."""

from __future__ import annotations

from django.core.exceptions import ImproperlyConfigured
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class ProviderMisconfigured(ImproperlyConfigured):
    """Raised when a provider's own settings cannot work; outside the tree so that nobody swallows it."""


class ProviderError(Exception):
    """Base of everything a vendor or the way to it can do to us.

    `message` is safe to store and show: never a secret, never a full phone number, at most 300 characters.
    """

    next_step: str | Promise = _("Try again; if it stays, tell your admin.")

    def __init__(self, message: str, *, http_status: int | None = None, vendor_code: str = "") -> None:
        super().__init__(message[:300])
        self.message = message[:300]
        self.http_status = http_status
        self.vendor_code = vendor_code[:80]


class NotSent(ProviderError):
    """Raised when no byte of the request left: name, connection or TLS failed, or it was too late to send."""

    next_step = _("Nothing was dialled. It is tried again by itself; check the network and the address if it stays.")


class NoReadLeft(NotSent):
    """Raised when our own pace leaves no room for a read; nothing was asked. `retry_after` is in seconds."""

    next_step = _("Wait a minute and try again, or let an admin raise the reads a minute.")

    def __init__(self, message: str, *, retry_after: float = 10.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class RateLimited(ProviderError):
    """Raised on a documented 429; `retry_after` is in seconds, at most 3600."""

    next_step = _("The vendor asks us to slow down; calling goes on by itself.")

    def __init__(self, message: str, *, retry_after: float = 30.0, http_status: int | None = 429) -> None:
        super().__init__(message, http_status=http_status)
        self.retry_after = min(max(retry_after, 0.0), 3600.0)


class AccountProblem(ProviderError):
    """Base of what halts the whole provider until a person acts."""


class CredentialsRejected(AccountProblem):
    """Raised when the vendor does not accept our key."""

    next_step = _("Paste a new key on the provider's page, test it and resume the provider.")


class OutOfCredit(AccountProblem):
    """Raised when the vendor says that the account is empty."""

    next_step = _("Top the account up at the vendor, then resume the provider.")


class OrderRejected(ProviderError):
    """Raised when the vendor definitely refused this one order; it was not dialled and is final."""

    next_step = _("Read the vendor's reason, correct the agent, caller ID or text, and call again.")


class InvalidNumber(OrderRejected):
    """Raised when the vendor says that the number cannot be called."""

    next_step = _("Correct the person's number.")


class OutcomeUnknown(ProviderError):
    """Raised when the order may have been accepted: settled by looking, never by dialling."""

    next_step = _("We look at the vendor's own list until it is known; nobody is dialled again meanwhile.")


class UnexpectedResponse(ProviderError):
    """Raised when a read answer cannot be understood; rows stay as they are."""

    next_step = _("Nothing changed. If it stays, the vendor changed its interface: tell your admin.")


class RecordingHostRefused(UnexpectedResponse):
    """Raised when a recording lies at a host that no admin has allowed; `host` may be offered to one."""

    next_step = _("Allow the host on the provider's page, if it is the vendor's.")

    def __init__(self, host: str) -> None:
        super().__init__("The recording lies at a host that is not allowed here.")
        self.host = host


class WebhookRejected(ProviderError):
    """Raised when a webhook is not what its sender claims."""
