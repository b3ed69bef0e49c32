"""The HTTP endpoint of vendors' webhooks: no log-in, a secret token in the address, no details in its answers."""

from __future__ import annotations

import json

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from campaigns.tracking import webhooks
from providers.models import DeliveryResult

MAX_BYTES = 256 * 1024


@csrf_exempt
@never_cache
@require_http_methods(["GET", "POST"])
def hook(request: HttpRequest, provider_pk: str, token: str) -> HttpResponse:
    """Receive one webhook message; answers 404 for a wrong address, 413 if too large, 400 if not genuine.

    A GET is a message only of a vendor that sends by GET, else 405. It may be repeated by anything that follows links,
    and that is harmless: a message only makes us read a call that it names.
    """
    try:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        length = 0
    if length > MAX_BYTES:
        return HttpResponse(status=413)
    address = webhooks.find_address(int(provider_pk), token)
    if address is None:
        raise Http404
    is_get = request.method == "GET"
    if is_get and not address.provider.backend_class.sends_webhooks_by_get:
        return HttpResponseNotAllowed(["POST"])
    if is_get and len(request.META.get("QUERY_STRING", "")) > MAX_BYTES:
        return HttpResponse(status=413)
    body = json.dumps(request.GET.dict()).encode() if is_get else request.body
    if len(body) > MAX_BYTES:
        return HttpResponse(status=413)
    headers = {name.lower(): value for name, value in request.headers.items()}
    result = webhooks.receive(address, headers, body)
    return HttpResponse(status=400 if result == DeliveryResult.REFUSED else 200)


# Accept the address with and without the trailing slash: a redirect would lose the posted message.
