"""Views of kept forms: what happens where the token of a form does not fit, and forgetting one."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, resolve_url
from django.utils.translation import gettext as _
from django.views import csrf
from django.views.decorators.http import require_POST

from callcenter.access.models import KeptForm
from callcenter.kept_forms import keeping
from callcenter.kept_forms.middleware import kept_for_later
from callcenter.parameters import go_back


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponseBase:
    """Show a form again whose page was opened before its user logged in anew, as in another tab; refuse all others.

    Nothing of it is carried out. A log-in that was open in two tabs is shown again, or leads on if one was used.
    """
    refusal = csrf.csrf_failure(request, reason)
    if "checking failed" in reason:
        return refusal  # another site's form, as its Origin or Referer says
    if request.path == resolve_url(settings.LOGIN_URL):
        is_ours = request.headers.get("Sec-Fetch-Site", "") == "same-origin"
        return redirect(request.get_full_path()) if is_ours else refusal
    why = KeptForm.Why.SIGNED_OUT if request.user.pk is None else KeptForm.Why.LOGGED_IN_AGAIN
    return kept_for_later(request, refusal, why)


@require_POST
@login_required
def discard(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Forget a kept form of one's own."""
    keeping.forget(request.user.pk or 0, str(pk))
    messages.info(request, _("Discarded."))
    return go_back(request, "start")
