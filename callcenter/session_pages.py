"""The page of a user's own sessions: from where they are logged in, with a way to end each."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from callcenter.access.models import OpenSession
from callcenter.access.open_sessions import end_session, end_sessions, note_session, open_sessions
from callcenter.audit.models import record
from callcenter.formats.browsers import browser_words


@login_required
@require_safe
def sessions(request: HttpRequest) -> HttpResponseBase:
    """Show the user's open sessions."""
    user, own = cast(User, request.user), request.session.session_key
    found = open_sessions(user)
    if not any(one.key == own for one in found):
        # Begun by a version before, or given another key by a change of the password.
        note_session(request, user)
        found = open_sessions(user)
    rows = [
        {"pk": one.pk, "device": browser_words(one.browser), "row": one, "is_this": one.key == own} for one in found
    ]
    return render(request, "sessions.html", {"rows": rows, "others": len(rows) - 1})


@login_required
@require_POST
def end(request: HttpRequest, pk: int) -> HttpResponseBase:
    """End one of the user's sessions; their own present one logs out. Raises Http404 for somebody else's."""
    user = cast(User, request.user)
    if OpenSession.objects.filter(pk=pk).exclude(user=user).exists():
        raise Http404
    own = next((one for one in open_sessions(user) if one.key == request.session.session_key), None)
    if own and own.pk == pk:
        end_session(user, pk)
        logout(request)
        return redirect("login")
    if end_session(user, pk):
        record(user, "session.ended", user)
        messages.success(request, _("Session ended. That device must log in again."))
    else:
        messages.info(request, _("This session has already ended."))
    return redirect("sessions")


@login_required
@require_POST
def end_others(request: HttpRequest) -> HttpResponseBase:
    """End all sessions of the user but the present one."""
    user = cast(User, request.user)
    count = end_sessions(user, keep=request.session.session_key or "")
    if count:
        record(user, "session.ended", user, times=count)
    ended = ngettext("%(count)d other session ended.", "%(count)d other sessions ended.", count)
    messages.success(request, ended % {"count": count} if count else _("There are no other sessions."))
    return redirect("sessions")
