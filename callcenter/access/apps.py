"""The access app: roles, rights and teams."""

from django.apps import AppConfig
from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db.models.signals import m2m_changed, post_migrate, post_save, pre_save


class AccessConfig(AppConfig):
    """Keeps the three groups equal to the permission table after every migration."""

    name = "callcenter.access"
    label = "access"

    def ready(self) -> None:
        """Run `sync_roles` after every migration; note each log-in; end the sessions of whose rights change."""
        from callcenter.access import login_events, open_sessions
        from callcenter.access.clock import note_browser_zone
        from callcenter.access.roles import sync_roles
        from callcenter.access.sessions import begin_session
        from callcenter.access.switching_off import note_before, tell_after

        users = get_user_model()
        post_migrate.connect(sync_roles, sender=self)
        pre_save.connect(open_sessions.remember_before, sender=users)
        post_save.connect(open_sessions.end_after, sender=users)
        m2m_changed.connect(open_sessions.end_with_roles, sender=users._meta.get_field("groups").remote_field.through)
        user_logged_in.connect(begin_session)
        user_logged_in.connect(login_events.logged_in, dispatch_uid="login_events")
        user_logged_out.connect(login_events.logged_out, dispatch_uid="login_events")
        user_login_failed.connect(login_events.failed, dispatch_uid="login_events")
        user_logged_in.connect(note_browser_zone, dispatch_uid="note_browser_zone")
        pre_save.connect(note_before, sender=users, dispatch_uid="note_before")
        post_save.connect(tell_after, sender=users, dispatch_uid="tell_after")
