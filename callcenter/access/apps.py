"""The access app: roles, rights and teams."""

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db.models.signals import post_migrate


class AccessConfig(AppConfig):
    """Keeps the three groups equal to the permission table after every migration."""

    name = "callcenter.access"
    label = "access"

    def ready(self) -> None:
        """Run `sync_roles` after every migration; note the first use of each session and the browser's time zone."""
        from axes.signals import user_locked_out

        from callcenter.access import login_events
        from callcenter.access.clock import note_browser_zone
        from callcenter.access.roles import sync_roles
        from callcenter.access.sessions import begin_session

        post_migrate.connect(sync_roles, sender=self)
        user_logged_in.connect(begin_session)
        user_logged_in.connect(login_events.logged_in, dispatch_uid="login_events")
        user_logged_out.connect(login_events.logged_out, dispatch_uid="login_events")
        user_login_failed.connect(login_events.failed, dispatch_uid="login_events")
        user_locked_out.connect(login_events.throttled, dispatch_uid="login_events")
        user_logged_in.connect(note_browser_zone, dispatch_uid="note_browser_zone")
