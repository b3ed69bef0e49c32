"""The access app: roles, rights and teams."""

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
from django.db.models.signals import post_migrate, post_save, pre_save


class AccessConfig(AppConfig):
    """Keeps the three groups equal to the permission table after every migration."""

    name = "callcenter.access"
    label = "access"

    def ready(self) -> None:
        """Run `sync_roles` after every migration; note the first use of each session and the browser's time zone."""

        from django.contrib.auth.models import User

        from callcenter.access.clock import note_browser_zone
        from callcenter.access.roles import sync_roles
        from callcenter.access.sessions import begin_session
        from callcenter.access.switching_off import note_before, tell_after

        post_migrate.connect(sync_roles, sender=self)
        user_logged_in.connect(begin_session)
        user_logged_in.connect(note_browser_zone, dispatch_uid="note_browser_zone")
        pre_save.connect(note_before, sender=User, dispatch_uid="note_before")
        post_save.connect(tell_after, sender=User, dispatch_uid="tell_after")
