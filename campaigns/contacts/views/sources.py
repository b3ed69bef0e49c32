"""Views of sources: addresses from which imports are repeated."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from callcenter.access.roles import needs
from campaigns.contacts.forms.sources import WORDS, SourceForm
from campaigns.contacts.importing.sources import keeping
from campaigns.core.paging import page_by_key
from campaigns.core.refusals import Refusal
from campaigns.core.scope import changed_by, seen_by
from campaigns.models import ContactImport, ImportSource


@require_safe
@needs("import_people")
def sources(request: HttpRequest) -> HttpResponse:
    """List the sources within reach, and how each stands."""
    rows = ImportSource.objects.select_related("owner", "last_import", "pattern__contact_list")
    page = page_by_key(seen_by(request.user, rows), request.GET)
    shown = [{"source": one, "host": keeping.host_of(one), "every": WORDS.get(one.every_hours)} for one in page.rows]
    return render(request, "contacts/importing/sources.html", {"page": page, "shown": shown})


@needs("import_people")
def source_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Add an address from which an import is repeated."""
    first = get_object_or_404(changed_by(request.user, ContactImport.objects.select_related("contact_list")), pk=pk)
    form = SourceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            keeping.add(cast(User, request.user), first, given["address"], given["every_hours"])
        except Refusal as refusal:
            form.add_error("address", str(refusal))
        else:
            messages.success(request, _("Added. It is imported shortly and then as scheduled."))
            return redirect("import-sources")
    context = {"form": form, "first": first}
    return render(request, "contacts/importing/source_new.html", context, status=422 if form.errors else 200)


def _theirs(request: HttpRequest, pk: int) -> int:
    return get_object_or_404(changed_by(request.user, ImportSource.objects.all()), pk=pk).pk


@require_POST
@needs("import_people")
def source_read(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a source be read at once."""
    if keeping.read_now(_theirs(request, pk), cast(User, request.user)):
        messages.success(request, _("It is imported shortly. Check back soon."))
    else:
        messages.info(request, _("It is paused. Resume it first."))
    return redirect("import-sources")


@require_POST
@needs("import_people")
def source_switch(request: HttpRequest, pk: int) -> HttpResponse:
    """Pause a source, or let it go on."""
    if keeping.switch(_theirs(request, pk), cast(User, request.user)):
        messages.success(request, _("Resumed. It is imported shortly."))
    else:
        messages.success(request, _("Paused. It is no longer imported."))
    return redirect("import-sources")


@require_POST
@needs("import_people")
def source_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove a source; what it imported stays."""
    keeping.remove(_theirs(request, pk), cast(User, request.user))
    messages.success(request, _("Removed. Imported contacts are not deleted."))
    return redirect("import-sources")
