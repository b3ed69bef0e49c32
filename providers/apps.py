"""The providers app: accounts at the vendors that place calls for us."""

from django.apps import AppConfig


class ProvidersConfig(AppConfig):
    """Registers the app's system checks."""

    name = "providers"

    def ready(self) -> None:
        """Import the modules that register themselves."""
        from providers import checks  # noqa: F401
