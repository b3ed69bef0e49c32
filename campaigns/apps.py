"""The campaigns room: whom we call, when, and what came of it."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class CampaignsConfig(AppConfig):
    """Registers the room's system checks and keeps its search index."""

    name = "campaigns"

    def ready(self) -> None:
        """Import what registers itself."""
        from campaigns import checks  # noqa: F401
        from campaigns.contacts.search_index import make_after_migrating

        post_migrate.connect(make_after_migrating, sender=self)
