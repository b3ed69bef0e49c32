"""Views of the inbox: what one is told, newest first; opened, read, and asked for by an open tab."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from callcenter.formats.amounts import number
from callcenter.parameters import whole_number
from campaigns.notices import choices, words
from campaigns.notices import inbox as inbox_module
from campaigns.notices.kinds import KINDS

SHOWN = 30
MOST_NEW = 5
"""Most notices that an open tab shows at once; of more it says how many."""


@login_required
@require_safe
def notices(request: HttpRequest) -> HttpResponse:
    """Show the user's notices, the newest first."""
    user = cast(User, request.user)
    found = inbox_module.of(user)
    before = whole_number(request.GET.get("before"))
    if before is not None:
        found = found.filter(pk__lt=before)
    rows = list(found.order_by("-pk")[: SHOWN + 1])
    shown = rows[:SHOWN]
    paragraphs = words.of_each(user, shown)
    context = {
        "rows": [(one, paragraphs[one.pk], KINDS[one.kind]) for one in shown if one.kind in KINDS],
        "before": shown[-1].pk if len(rows) > SHOWN else None,
        "is_later_page": before is not None,
        "unread": inbox_module.unread(user),
        "unreachable": choices.why_unreachable(choices.reader(user)),
    }
    return render(request, "notices/inbox.html", context)


@login_required
@require_POST
def open_notice(request: HttpRequest, pk: int) -> HttpResponse:
    """Note that the user read a notice of theirs, and go to the page that it is about."""
    user = cast(User, request.user)
    found = get_object_or_404(inbox_module.of(user), pk=pk)
    inbox_module.read(user, inbox_module.of(user).filter(pk=pk), timezone.now())
    return redirect(words.of_each(user, [found])[pk].path)


@login_required
@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    """Note that the user read all notices that the page showed."""
    user = cast(User, request.user)
    newest = whole_number(request.POST.get("newest"))
    shown = inbox_module.of(user) if newest is None else inbox_module.of(user).filter(pk__lte=newest)
    count = inbox_module.read(user, shown, timezone.now())
    text = ngettext("%(n)s notice marked as read.", "%(n)s notices marked as read.", count)
    messages.success(request, text % {"n": number(count)})
    return redirect("notices")


@login_required
@require_safe
def new_notices(request: HttpRequest) -> HttpResponse:
    """Return what came after a notice as JSON, for the browser's own notifications while a tab is open.

    Of each only its kind: what it names stays on the page. The number of unread ones is in the user's digits, empty for
    none.
    """
    user = cast(User, request.user)
    after = whole_number(request.GET.get("after"))
    unread = inbox_module.of(user).filter(read_at__isnull=True)
    newest = inbox_module.of(user).order_by("-pk").values_list("pk", flat=True).first() or 0
    fresh = list(unread.filter(pk__gt=after).order_by("pk")[: MOST_NEW + 1]) if after is not None else []
    said = [str(KINDS[one.kind].label) for one in fresh[:MOST_NEW] if one.kind in KINDS]
    count = inbox_module.unread(user)
    if len(fresh) > MOST_NEW:
        said = [_("Several things need attention.")]
    return JsonResponse({"newest": newest, "unread": number(count) if count else "", "said": said})
