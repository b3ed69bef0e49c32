"""The HTTP endpoint of vendors' webhooks: no log-in, a secret token in the address, no details in its answers."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from campaigns.tracking import webhooks
from providers.models import DeliveryResult

MAX_BYTES = 256 * 1024


@csrf_exempt
@require_POST
def hook(request: HttpRequest, provider_pk: str, token: str) -> HttpResponse:
    """Receive one webhook message; answers 404 for a wrong address, 413 if too large, 400 if not genuine."""
    try:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        length = 0
    if length > MAX_BYTES:
        return HttpResponse(status=413)
    address = webhooks.find_address(int(provider_pk), token)
    if address is None:
        raise Http404
    body = request.body
    if len(body) > MAX_BYTES:
        return HttpResponse(status=413)
    headers = {name.lower(): value for name, value in request.headers.items()}
    result = webhooks.receive(address, headers, body)
    return HttpResponse(status=400 if result == DeliveryResult.REFUSED else 200)


# Accept the address with and without the trailing slash: a redirect would lose the posted message.
