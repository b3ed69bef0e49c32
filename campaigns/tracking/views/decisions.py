"""The screen Needs a decision: calls whose result nobody knows, and held ones, with what a person may answer."""

from __future__ import annotations

from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from callcenter.access import two_people
from callcenter.access.roles import needs
from callcenter.parameters import whole_number
from campaigns.contacts import doubtful_wishes
from campaigns.core import decision_kinds, paging
from campaigns.core.scope import seen_by
from campaigns.core.views.page_requests import person_of
from campaigns.launch import drafts
from campaigns.models import Call, Campaign, HeardOptOut
from campaigns.tracking import decisions
from providers.models import Provider

ROWS_A_PAGE = 20


@require_safe
@needs("see_calls")
def decisions_page(request: HttpRequest) -> HttpResponse:
    """List what needs a decision of the calls that this person may see: of one kind, campaign or provider, or all."""
    person, now = person_of(request), timezone.now()
    calls = seen_by(person, Call.objects.all())
    campaign: Campaign | None = None
    provider: Provider | None = None
    if number := whole_number(request.GET.get("campaign")):
        campaign = get_object_or_404(drafts.visible_to(person), pk=number)
        calls = calls.filter(campaign=campaign)
    if number := whole_number(request.GET.get("provider")):
        provider = get_object_or_404(seen_by(person, Provider.objects.all()), pk=number)
        calls = calls.filter(provider=provider)
    counts = decision_kinds.count(calls, now)
    chosen = decision_kinds.BY_KEY.get(request.GET.get("kind", ""))
    kinds = [chosen] if chosen else decision_kinds.KINDS
    found = (
        calls.filter(decision_kinds.to_decide(now, kinds))
        .select_related("contact", "campaign", "provider", "owner")
        .prefetch_related(Prefetch("heard_opt_outs", HeardOptOut.objects.undecided()))
    )
    page = paging.page_by_key(found, request.GET, ROWS_A_PAGE)
    context = {
        "page": page,
        "rows": [
            (call, kind, decision_kinds.may_decide(call, person, kind))
            for call in page.rows
            for kind in [chosen or decision_kinds.kind_of(call, now)]
        ],
        "total": sum(number for key, number in counts.items() if chosen is None or key == chosen.key),
        "questions": [] if campaign or provider or chosen else doubtful_wishes.questions_for(person),
        "to_confirm": two_people.open_to(person).count(),
        "kinds": [(kind, counts[kind.key]) for kind in decision_kinds.KINDS],
        "chosen": chosen,
        "campaign": campaign,
        "provider": provider,
        "told": decisions.CHOICES,
        "waits": decisions.WAITS,
    }
    return render(request, "tracking/decisions.html", context)
