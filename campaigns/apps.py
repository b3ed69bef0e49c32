"""The campaigns room: whom we call, when, and what came of it."""

from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    """Registers the room's system checks."""

    name = "campaigns"

    def ready(self) -> None:
        """Import what registers itself."""
        from campaigns import checks  # noqa: F401
