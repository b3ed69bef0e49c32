"""Errors of vendors and of the way to them; each class says what may be done next, and whom it is about."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar, Literal

from django.core.exceptions import ImproperlyConfigured
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

MAX_MESSAGE = 300
"""Characters of an error's message that are kept."""
MAX_VENDOR_CODE = 80
"""Characters of a vendor's error code that are kept."""


class ProviderMisconfigured(ImproperlyConfigured):
    """Raised when a provider's own settings cannot work; no `ProviderError`, so no handler of those catches it."""

    next_step: str | Promise = _("Open the provider in Set-up, correct the named field, and test it again.")


class ProviderUnusable(ProviderMisconfigured):
    """Raised when a provider cannot be opened at all; it is halted until a person acts."""

    next_step = _("Check its settings in Set-up and the provider's module, then test and resume the provider.")


class KeysUnreadable(ProviderUnusable):
    """Raised when the stored keys cannot be decrypted, or what was decrypted is no set of keys."""

    next_step = _(
        "Paste a new key on the provider's page, or restore the FIELD_KEYS key that they were stored with. "
        "Then test and resume the provider."
    )


class OptionsUnreadable(ProviderUnusable):
    """Raised when the stored options are no object, or one of them has a shape that its field cannot have."""

    next_step = _("Open the provider in Set-up, set the named option again, then test and resume the provider.")


class VendorMissing(ProviderUnusable):
    """Raised when the vendor's module is not installed or cannot be loaded."""

    next_step = _("Install the provider's package again (`manage.py check` shows the fault), then resume the provider.")


class About(StrEnum):
    """Whom a refusal is about."""

    PERSON = "person"
    """This person's number: nobody else's call is refused for it."""
    SHARED = "shared"
    """What all calls share: the account, or a campaign's agent, voice, caller ID. It uses up nobody's attempt."""
    UNKNOWN = "unknown"


class ProviderError(Exception):
    """Base of all errors of a vendor or of the connection to it.

    `message` is safe to store and show: it holds no secret and no full phone number, and is cut to `MAX_MESSAGE`.
    """

    about: ClassVar[About] = About.UNKNOWN
    next_step: str | Promise = _("Try again. If it still fails, ask your admin.")

    def __init__(self, message: str, *, http_status: int | None = None, vendor_code: str = "") -> None:
        super().__init__(message[:MAX_MESSAGE])
        self.message = message[:MAX_MESSAGE]
        self.http_status = http_status
        self.vendor_code = vendor_code[:MAX_VENDOR_CODE]


class NotSent(ProviderError):
    """Raised when no byte of the request was sent: DNS, connection or TLS failed, or it was too late to send."""

    next_step = _(
        "No call was placed. It is retried automatically. If it still fails, check the network and the address."
    )


class NoReadLeft(NotSent):
    """Raised when our own pace has no token for a read; nothing was sent. `retry_after` is in seconds."""

    next_step = _("Wait a minute and try again, or ask an admin to raise the status checks per minute.")

    def __init__(self, message: str, *, retry_after: float = 10.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class RateLimited(ProviderError):
    """Raised on a documented 429: the request was not taken. `retry_after` is in seconds, at most 3600."""

    next_step = _("The provider asks us to slow down. Calling continues automatically.")

    def __init__(self, message: str, *, retry_after: float = 30.0, http_status: int | None = 429) -> None:
        super().__init__(message, http_status=http_status)
        self.retry_after = min(max(retry_after, 0.0), 3600.0)


class AccountProblem(ProviderError):
    """Base of errors that halt the whole provider until a person acts."""

    about = About.SHARED


class CredentialsRejected(AccountProblem):
    """Raised when the vendor does not accept our key."""

    next_step = _("Paste a new key on the provider's page, then test and resume the provider.")


class OtherAccount(AccountProblem):
    """Raised when a key is of another account at the vendor than the calls that are open there."""

    next_step = _(
        "Use a key of the account with the open calls, or wait until they have ended. You can also add the "
        "other account as a separate provider."
    )


class OutOfCredit(AccountProblem):
    """Raised when the vendor says that the account is empty."""

    next_step = _("Top up the account, then resume the provider.")


class PlanRefused(AccountProblem):
    """Raised when the vendor says that the account's plan does not allow such calls, or no more of them."""

    next_step = _("Check the plan and its limits at the provider, then resume it here.")


class ZoneRefused(AccountProblem):
    """Raised when the vendor says that the account may not call to this country or zone."""

    next_step = _("Allow calls to this country at the provider, then resume it here.")


class OrderRejected(ProviderError):
    """Raised when the vendor definitely refused this order; nothing was dialled.

    The class itself says nothing of whom it is about; its subclasses do.
    """

    next_step = _("Read the provider's reason, correct the agent, caller ID or text, and call again.")


class MessageRefused(OrderRejected):
    """Base of refusals of what all calls of a campaign share; `part` names it as the campaign's field does."""

    about = About.SHARED
    part: ClassVar[Literal["agent", "voice", "caller_id", "dialer"]]


class AgentRefused(MessageRefused):
    """Raised when the vendor says that it has no such agent, or that the agent is not active."""

    part = "agent"
    next_step = _("Check the agent at the provider, sync the agents again, then call again.")


class VoiceRefused(MessageRefused):
    """Raised when the vendor says that it has no such voice."""

    part = "voice"
    next_step = _("Check the voice at the provider, correct its ID here, then call again.")


class CallerIdRefused(MessageRefused):
    """Raised when the vendor says that the number to call from is not ours, or cannot be used."""

    part = "caller_id"
    next_step = _("Check the number at the provider, correct the caller ID here, then call again.")


class DialerRefused(MessageRefused):
    """Raised when the vendor says that it has no such dialler."""

    part = "dialer"
    next_step = _("Check the dialler at the provider, correct its ID here, then call again.")


class InvalidNumber(OrderRejected):
    """Raised when the vendor says that the number cannot be called."""

    about = About.PERSON
    next_step = _("Correct the contact's number.")


class OutcomeUnknown(ProviderError):
    """Raised when the order may have been accepted: it is looked for at the vendor and never sent again."""

    next_step = _("We check the provider's list until this is clear. The number is not called again in the meantime.")


class UnexpectedResponse(ProviderError):
    """Raised when the answer to a read is missing or cannot be parsed; rows stay as they are."""

    next_step = _("Nothing changed. If it still fails, the provider has changed its interface: ask your admin.")


class BackendFailed(UnexpectedResponse):
    """Raised when a vendor's module itself failed at a read; the message holds the class of its error only."""

    next_step = _("Nothing changed. If it still fails, the provider's module has a fault: ask your admin.")


class RecordingHostRefused(UnexpectedResponse):
    """Raised when a recording is at a host that no admin has allowed; `host` can be shown to an admin to allow."""

    next_step = _("If the host belongs to the provider, allow it on the provider's page.")

    def __init__(self, host: str) -> None:
        super().__init__("The recording lies at a host that is not allowed here.")
        self.host = host


class WebhookRejected(ProviderError):
    """Raised when a webhook has a wrong signature or cannot be parsed."""
