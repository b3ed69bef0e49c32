"""The access room: who may do what."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AccessConfig(AppConfig):
    """Keeps the three groups equal to the permission table after every migration."""

    name = "callcenter.access"
    label = "access"

    def ready(self) -> None:
        """Connect the synchronisation."""
        from callcenter.access.roles import sync_roles

        post_migrate.connect(sync_roles, sender=self)
