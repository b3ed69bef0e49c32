"""The providers app: accounts at the vendors that place calls for us."""

from django.apps import AppConfig


class ProvidersConfig(AppConfig):
    """Registers the app's system checks."""

    name = "providers"

    def ready(self) -> None:
        """Import the checks, which register themselves, and name the errors that commands end in a sentence for."""
        from callcenter.commands import end_in_a_sentence
        from providers import checks  # noqa: F401
        from providers.exceptions import ProviderError, ProviderMisconfigured

        end_in_a_sentence(ProviderError, lambda error: f"{error.message} {error.next_step}")
        end_in_a_sentence(ProviderMisconfigured, lambda error: f"{error} {error.next_step}")
