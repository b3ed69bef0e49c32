"""The pages of API keys, and the reference of the API."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from callcenter.access.fresh import needs_fresh_sign_in
from callcenter.access.roles import may, needs
from callcenter.api import keys, problems, scopes
from callcenter.api_site import reference
from callcenter.api_site.forms import KeyForm
from callcenter.webhooks_out.schema import HEADERS
from campaigns.core.paging import page_by_key


@require_http_methods(["GET", "HEAD", "POST"])
@needs(keys.MAKE)
@needs_fresh_sign_in
def api_keys(request: HttpRequest) -> HttpResponse:
    """List the keys that a user sees, and make one; its secret is shown on the answer, and never again."""
    owner = cast(User, request.user)
    form = KeyForm(request.POST if request.method == "POST" else None, owner)
    if request.method == "POST" and form.is_valid():
        found = form.cleaned_data
        made = keys.make_key(
            owner, name=found["name"], role=found["role"], scopes=found["scopes"], a_minute=found["a_minute"],
            expires_at=found["until"],
        )  # fmt: skip
        return render(request, "api_site/made.html", {"made": made, "root": request.build_absolute_uri("/api/v1/")})
    return render(request, "api_site/keys.html", _listed(request, form), status=422 if form.errors else 200)


def _listed(request: HttpRequest, form: KeyForm) -> dict[str, Any]:
    page = page_by_key(keys.shown_to(cast(User, request.user)), request.GET)
    now = timezone.now()
    rows = [
        {
            "key": key,
            "is_live": key.ended_at is None and key.expires_at > now and key.owner.is_active,
            "is_over": key.expires_at <= now,
            "scopes": [_(scopes.BY_CODE[code].label) for code in key.scopes if code in scopes.BY_CODE],
        }
        for key in page.rows
    ]
    return {"form": form, "rows": rows, "page": page, "sees_all": may(cast(User, request.user), keys.ALL)}


@require_POST
@needs(keys.MAKE)
def api_key_end(request: HttpRequest, pk: int) -> HttpResponse:
    """End a key at once: one's own, or anybody's with the right."""
    get_object_or_404(keys.shown_to(cast(User, request.user)), pk=pk)
    if keys.end_key(pk, cast(User, request.user)):
        messages.success(request, _("The key is revoked. Its program can no longer use it."))
    else:
        messages.info(request, _("This key is already revoked or expired."))
    return redirect("api-keys")


@require_safe
@login_required
def api_reference(request: HttpRequest) -> HttpResponse:
    """Show every operation of the API, from the schema that is served."""
    context = {
        "parts": reference.parts(),
        "webhooks": reference.webhook_rows(),
        "webhook_headers": HEADERS,
        "scopes": [(scope.code, _(scope.label)) for scope in scopes.SCOPES],
        "problems": problems.SENTENCES.items(),
        "root": request.build_absolute_uri("/api/v1/"),
    }
    return render(request, "api_site/reference.html", context)
