"""The models of providers, one module a subject."""

from providers.models.exchanges import ProviderExchange
from providers.models.form_before import FormBefore
from providers.models.pace import ReadPace
from providers.models.provider import Provider, default_options, new_token
from providers.models.remote import Agent, CallerId, Dialer, RemoteRow, Voice
from providers.models.state import ProviderState, Standing
from providers.models.status_words import UnmappedWord, word_mapped
from providers.models.stops import provider_halted
from providers.models.webhooks import DeliveryResult, WebhookAddress

__all__ = [
    "Agent",
    "CallerId",
    "DeliveryResult",
    "Dialer",
    "FormBefore",
    "Provider",
    "ProviderExchange",
    "ProviderState",
    "ReadPace",
    "RemoteRow",
    "Standing",
    "UnmappedWord",
    "Voice",
    "WebhookAddress",
    "default_options",
    "new_token",
    "provider_halted",
    "word_mapped",
]
