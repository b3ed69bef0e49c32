"""The end of all sessions of one user."""

from __future__ import annotations

from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.utils import timezone


def end_sessions(user: User) -> int:
    """End every session of a user, wherever it is open; returns how many."""
    rows = Session.objects.filter(expire_date__gt=timezone.now()).iterator()
    keys = [row.session_key for row in rows if row.get_decoded().get(SESSION_KEY) == str(user.pk)]
    return Session.objects.filter(session_key__in=keys).delete()[0]
