"""The access app: roles, rights and teams."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AccessConfig(AppConfig):
    """Keeps the three groups equal to the permission table after every migration."""

    name = "callcenter.access"
    label = "access"

    def ready(self) -> None:
        """Run `sync_roles` after every migration."""
        from callcenter.access.roles import sync_roles

        post_migrate.connect(sync_roles, sender=self)
