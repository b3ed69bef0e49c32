"""The providers room: who can place a call for us."""

from django.apps import AppConfig


class ProvidersConfig(AppConfig):
    """Registers the room's system checks."""

    name = "providers"

    def ready(self) -> None:
        """Import what registers itself."""
        from providers import checks  # noqa: F401
