"""Screens of dispositions: the list, one with its rules."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from callcenter.access.roles import needs
from callcenter.edits.shown import BothChanged
from campaigns.core.scope import changed_by, seen_by
from campaigns.core.views.page_requests import person_of
from campaigns.dispositions import catalog
from campaigns.dispositions.forms.dispositions import DispositionForm, RuleForm
from campaigns.models import Disposition, DispositionRule


@require_http_methods(["GET", "HEAD", "POST"])
@needs("define_dispositions")
def dispositions(request: HttpRequest) -> HttpResponse:
    """List the dispositions; a POST adds one."""
    person = person_of(request)
    form = DispositionForm(request.POST if request.method == "POST" else None, person)
    if request.method == "POST" and form.is_valid():
        try:
            made = catalog.add(person, form.cleaned_data)
        except catalog.DispositionRefusal as refusal:
            form.add_error(refusal.field, str(refusal))
        else:
            messages.success(request, _("Disposition added. Rules can set it automatically."))
            return redirect("disposition", made.pk)
    found = seen_by(person, Disposition.objects.all()).select_related("taker", "team").prefetch_related("rules")
    context = {"form": form, "dispositions": found.order_by("-is_offered", "name", "pk")}
    return render(request, "dispositions/dispositions.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@needs("define_dispositions")
def disposition(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one disposition with its rules; a POST saves it."""
    person = person_of(request)
    found = _found(request, pk)
    form = DispositionForm(request.POST if request.method == "POST" else None, person, found)
    if request.method == "POST" and form.is_valid():
        try:
            catalog.change(person, found, form.cleaned_data, form.shown_values)
        except BothChanged as both:
            form.show_both(both, request.user)
        except catalog.DispositionRefusal as refusal:
            form.add_error(refusal.field, str(refusal))
        else:
            messages.success(request, _("Saved."))
            return redirect("disposition", pk)
    return _page(request, found, form, RuleForm(None, person))


@require_POST
@needs("define_dispositions")
def rule_add(request: HttpRequest, pk: int) -> HttpResponse:
    """Add a rule to a disposition."""
    person = person_of(request)
    found = _found(request, pk)
    rule_form = RuleForm(request.POST, person)
    if rule_form.is_valid():
        try:
            catalog.add_rule(person, found, rule_form.cleaned_data)
        except catalog.DispositionRefusal as refusal:
            rule_form.add_error(refusal.field, str(refusal))
        else:
            messages.success(request, _("Rule added. It applies to calls that end from now on."))
            return redirect("disposition", pk)
    return _page(request, found, DispositionForm(None, person, found), rule_form)


@require_POST
@needs("define_dispositions")
def rule_remove(request: HttpRequest, pk: int, rule_pk: int) -> HttpResponse:
    """Remove a rule; calls keep what it set."""
    rules = DispositionRule.objects.select_related("disposition")
    found = get_object_or_404(rules, pk=rule_pk, disposition=_found(request, pk))
    catalog.remove_rule(person_of(request), found)
    messages.success(request, _("Rule removed. Calls keep their dispositions."))
    return redirect("disposition", pk)


def _found(request: HttpRequest, pk: int) -> Disposition:
    return get_object_or_404(changed_by(person_of(request), Disposition.objects.select_related("taker")), pk=pk)


def _page(request: HttpRequest, found: Disposition, form: DispositionForm, rule_form: RuleForm) -> HttpResponse:
    rules = found.rules.select_related("campaign", "question")
    context = {
        "disposition": found,
        "form": form,
        "rule_form": rule_form,
        "rules": [(one, catalog.rule_words(one)) for one in rules],
    }
    is_refused = form.is_bound or rule_form.is_bound
    return render(request, "dispositions/disposition.html", context, status=422 if is_refused else 200)
