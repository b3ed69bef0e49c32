"""Webhooks, for programs: added, changed, resumed, removed; their log; what was sent, sent again."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Router, Schema, Status
from pydantic import Field

from callcenter.api.door import KeyRequest, needs_right
from callcenter.api.keys import MAKE
from callcenter.api.shapes import Asked, Id, Limit, OlderThan, Paged, chosen, refuse_form
from callcenter.api.versions import demand_match, etag_of
from callcenter.webhooks_out import deliveries, receivers
from callcenter.webhooks_out.events import EVENTS
from callcenter.webhooks_out.forms import NewWebhookForm
from campaigns.core.paging import page_by_key
from campaigns.models import WebhookDelivery, WebhookReceiver
from campaigns.models.webhooks_out import MAX_NAME, MAX_URL

router = Router(tags=["Webhooks"])

Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME)]
Url = Annotated[str, Field(min_length=1, max_length=MAX_URL, description="https, of a host on OUTBOUND_HOSTS.")]
Events = Annotated[
    list[Annotated[str, Field(max_length=40)]],
    Field(min_length=1, max_length=len(EVENTS), description=f"Any of: {', '.join(sorted(EVENTS))}."),
]


class WebhookOut(Schema):
    """An address of another program that hears of what happens."""

    id: int
    name: str
    url: str
    events: list[str]
    is_active: bool
    is_halted: bool
    """Whether nothing is sent any more until it is resumed, because the address took nothing for a day."""
    created_at: datetime.datetime
    delivered_at: datetime.datetime | None
    """When it last took something."""
    failing_since: datetime.datetime | None


class NewWebhook(Asked):
    """An address to send events to."""

    name: Name
    url: Url
    events: Events


class WebhookChange(Asked):
    """What is to change of a webhook."""

    name: Name | None = None
    url: Url | None = None
    events: Events | None = None
    is_active: bool | None = None


class WithSecret(WebhookOut):
    """A webhook with its secret, which is shown this once."""

    secret: str
    """By it the receiver checks the signature of each message."""


class DeliveryOut(Schema):
    """One event for one webhook."""

    id: int
    message_id: str
    """The webhook-id, the same at every attempt."""
    event: str
    subject: int | None
    at: datetime.datetime
    state: str
    """waiting, delivered, failed or void."""
    tries: int
    tried_at: datetime.datetime | None
    due_at: datetime.datetime
    status: int | None
    """HTTP status of the last answer."""
    problem: str
    problem_words: str
    took_ms: int | None


class Again(Asked):
    """What is to be sent again."""

    delivery: Annotated[Id | None, Field(description="One delivery; null: all that failed.")] = None


class SentAgain(Schema):
    """How many events are sent again."""

    count: int


class Resumed(Schema):
    """What became of a wish to resume."""

    changed: bool
    """False where it was not halted."""


def _out(found: WebhookReceiver) -> dict[str, Any]:
    return {
        "id": found.pk,
        "name": found.name,
        "url": found.url,
        "events": found.kinds,
        "is_active": found.is_active,
        "is_halted": found.halted_at is not None,
        "created_at": found.created_at,
        "delivered_at": found.delivered_at,
        "failing_since": found.failing_since,
    }


def _delivery(found: WebhookDelivery) -> dict[str, Any]:
    return {
        "id": found.pk,
        "message_id": found.message_id,
        "event": found.kind,
        "subject": found.subject,
        "at": found.at,
        "state": found.state,
        "tries": found.tries,
        "tried_at": found.tried_at,
        "due_at": found.due_at,
        "status": found.status,
        "problem": found.problem,
        "problem_words": str(WebhookDelivery.Problem(found.problem).label) if found.problem else "",
        "took_ms": found.took_ms,
    }


def _found(request: KeyRequest, pk: int) -> WebhookReceiver:
    return get_object_or_404(receivers.shown_to(request.auth.person), pk=pk)


def _shown(response: HttpResponse, found: WebhookReceiver) -> dict[str, Any]:
    response["ETag"] = etag_of(found, receivers.EDITED.columns)
    return _out(found)


def _valid(values: dict[str, Any]) -> dict[str, Any]:
    form = NewWebhookForm(values)
    if not form.is_valid():
        refuse_form(form, {"kinds": "events"})
    return dict(form.cleaned_data)


@router.get("/webhooks", response=Paged[WebhookOut], summary="List webhooks")
@needs_right(MAKE)
def webhooks(request: KeyRequest, older_than: OlderThan = None, limit: Limit = 50) -> dict[str, Any]:
    """List the owner's webhooks, newest first."""
    page = page_by_key(receivers.shown_to(request.auth.person), {"older_than": older_than}, limit)
    return {"items": [_out(one) for one in page.rows], "next": page.older}


@router.post("/webhooks", response={201: WithSecret}, summary="Add a webhook")
@needs_right(MAKE)
def webhook_make(request: KeyRequest, response: HttpResponse, asked: NewWebhook) -> Any:
    """Add an address; it is sent what the owner may see. The secret is in this answer, and nowhere later."""
    given = _valid({"name": asked.name, "url": asked.url, "kinds": asked.events})
    made = receivers.make(request.auth.person, name=given["name"], url=given["url"], kinds=given["kinds"])
    return Status(201, {**_shown(response, made.receiver), "secret": made.secret})


@router.get("/webhooks/{int:pk}", response=WebhookOut, summary="Read one webhook")
@needs_right(MAKE)
def webhook(request: KeyRequest, response: HttpResponse, pk: int) -> dict[str, Any]:
    """Return one webhook; its ETag is what If-Match of a change takes."""
    return _shown(response, _found(request, pk))


@router.patch("/webhooks/{int:pk}", response=WebhookOut, summary="Change a webhook")
@needs_right(MAKE)
def webhook_change(request: KeyRequest, response: HttpResponse, pk: int, asked: WebhookChange) -> dict[str, Any]:
    """Change a webhook as it was read (If-Match); what is left out stays."""
    _found(request, pk)
    sent = {name: value for name, value in chosen(asked).items() if value is not None}
    is_active = sent.pop("is_active", None)
    if "events" in sent:
        sent["kinds"] = sent.pop("events")
    with transaction.atomic():
        locked = WebhookReceiver.objects.select_for_update().get(pk=pk)
        demand_match(request, etag_of(locked, receivers.EDITED.columns))
        values = _valid({name: getattr(locked, name) for name in ("name", "url", "kinds")} | sent)
        values = {name: values[name] for name in sent} | ({} if is_active is None else {"is_active": is_active})
        if "kinds" in values:
            values["kinds"] = sorted(values["kinds"])
        receivers.change(pk, values, request.auth.person)
    return _shown(response, _found(request, pk))


@router.delete("/webhooks/{int:pk}", response={204: None}, summary="Remove a webhook")
@needs_right(MAKE)
def webhook_remove(request: KeyRequest, pk: int) -> Any:
    """Remove a webhook with its log."""
    receivers.remove(_found(request, pk).pk, request.auth.person)
    return Status(204, None)


@router.post("/webhooks/{int:pk}/secret", response=WithSecret, summary="Replace the secret of a webhook")
@needs_right(MAKE)
def webhook_secret(request: KeyRequest, response: HttpResponse, pk: int) -> dict[str, Any]:
    """Give a webhook a new secret, which is in this answer; for a day the one before signs, too."""
    get_object_or_404(WebhookReceiver, pk=pk, owner=request.auth.person)
    made = receivers.replace_secret(pk, request.auth.person)
    return {**_shown(response, made.receiver), "secret": made.secret}


@router.post("/webhooks/{int:pk}/test", response=DeliveryOut, summary="Send a test to a webhook")
@needs_right(MAKE)
def webhook_test(request: KeyRequest, pk: int) -> dict[str, Any]:
    """Queue a test; the log says what comes of it."""
    return _delivery(deliveries.send_test(_found(request, pk).pk, request.auth.person))


@router.post("/webhooks/{int:pk}/resume", response=Resumed, summary="Resume a halted webhook")
@needs_right(MAKE)
def webhook_resume(request: KeyRequest, pk: int) -> dict[str, bool]:
    """Send to a halted webhook again; what failed meanwhile stands in its log."""
    return {"changed": receivers.resume(_found(request, pk).pk, request.auth.person)}


@router.get("/webhooks/{int:pk}/deliveries", response=Paged[DeliveryOut], summary="Read the log of a webhook")
@needs_right(MAKE)
def webhook_deliveries(
    request: KeyRequest,
    pk: int,
    state: Literal["", "waiting", "delivered", "failed", "void"] = "",
    event: Annotated[str, Field(max_length=40)] = "",
    older_than: OlderThan = None,
    limit: Limit = 50,
) -> dict[str, Any]:
    """List what was or is to be sent, newest first."""
    log = WebhookDelivery.objects.filter(receiver=_found(request, pk))
    log = log.filter(**{name: value for name, value in (("state", state), ("kind", event)) if value})
    page = page_by_key(log, {"older_than": older_than}, limit)
    return {"items": [_delivery(one) for one in page.rows], "next": page.older}


@router.post("/webhooks/{int:pk}/deliveries/again", response=SentAgain, summary="Send events again")
@needs_right(MAKE)
def webhook_again(request: KeyRequest, pk: int, asked: Again) -> dict[str, int]:
    """Send one delivery again, whatever came of it, or all that failed; each keeps its message id."""
    found = _found(request, pk)
    if asked.delivery is not None:
        get_object_or_404(WebhookDelivery, pk=asked.delivery, receiver=found)
    return {"count": deliveries.again(found.pk, request.auth.person, delivery_id=asked.delivery)}
