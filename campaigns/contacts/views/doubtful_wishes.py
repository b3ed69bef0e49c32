"""Decides what cells of a saved file mean that may say "do not call"."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from callcenter.access.roles import needs
from campaigns.contacts import doubtful_wishes
from campaigns.contacts.views.do_not_call import said
from campaigns.core.decision_kinds import ALLOW, FORBID
from campaigns.core.refusals import Refusal
from campaigns.core.scope import changed_by
from campaigns.core.views.page_requests import go_back, person_of, reason_of
from campaigns.models import ContactImport, HeardOptOut


@require_POST
@needs("remove_do_not_call")
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Record a decision about all cells that say the same as one row of its file: on the list, or may be called."""
    imports = changed_by(request.user, ContactImport.objects.all())
    row = get_object_or_404(
        HeardOptOut.objects.select_related("contact_import").filter(contact_import__in=imports.values("pk")), pk=pk
    )
    assert row.contact_import is not None
    person, answer, reason = person_of(request), request.POST.get("answer", ""), reason_of(request)
    try:
        if answer == FORBID:
            done = doubtful_wishes.put_on_the_list(row.contact_import, row.said, person, reason)
            messages.success(request, said(done))
        elif answer == ALLOW:
            doubtful_wishes.may_be_called(row.contact_import, row.said, person, reason)
            messages.success(request, _("Recorded with your name. The numbers can be called."))
    except Refusal as refusal:
        messages.warning(request, str(refusal))
    return go_back(request, "decisions")
