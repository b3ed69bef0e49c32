"""What is sent, as the `webhooks` of OpenAPI 3.1, with an example of each event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from callcenter.webhooks_out.events import EVENTS, TEST, OfTest

REFS = "#/components/schemas/{model}"
HEADERS = (
    (
        "webhook-id",
        "Tells this event from others; the same at every attempt. Drop what you have taken before.",
    ),
    ("webhook-timestamp", "When this attempt was made, in epoch seconds. Refuse what is older than five minutes."),
    ("webhook-signature", "One or more of `v1,` and the Base64 of HMAC-SHA256 over id, timestamp and body."),
)
ANSWERS = {
    "2XX": {"description": "Taken: it is not sent again."},
    "410": {"description": "Gone for good: the webhook is halted at once."},
    "default": {"description": "Anything else, and no answer within 15 seconds: it is sent again later, for a day."},
}

_CALL: dict[str, Any] = {
    "id": 4711,
    "reference": "0b0e6f2c-6a53-4f0e-9a40-1f3f3f2f8c11",
    "direction": "outbound",
    "status": "completed",
    "is_over": True,
    "result": "talked",
    "result_words": "Talked",
    "why": "",
    "number": "+98 ••• 4567",
    "is_number_whole": False,
    "contact": None,
    "campaign": {"id": 12, "name": "Appointments this week"},
    "provider": {"id": 1, "name": "Bolna"},
    "agent": {"id": 3, "name": "Reminder"},
    "disposition": {"id": 2, "name": "Wants an offer"},
    "variant": "",
    "attempt": 1,
    "created_at": "2027-03-21T08:29:00Z",
    "due_at": "2027-03-21T08:29:00Z",
    "placing_at": "2027-03-21T08:29:30Z",
    "answered_at": "2027-03-21T08:29:41Z",
    "ended_at": "2027-03-21T08:30:12Z",
    "talk_seconds": 31,
    "answered_by": "human",
    "cost": "0.05",
    "currency": "USD",
}
_LIVE = _CALL | {
    "status": "in_progress", "is_over": False, "result": "in_progress", "result_words": "Talking", "ended_at": None,
    "disposition": None, "talk_seconds": None, "answered_by": "unknown", "cost": None, "currency": "",
}  # fmt: skip
_CAMPAIGN: dict[str, Any] = {
    "id": 12,
    "name": "Appointments this week",
    "status": "finished",
    "status_words": "Finished",
    "provider": {"id": 1, "name": "Bolna"},
    "second_provider": None,
    "agent": {"id": 3, "name": "Reminder"},
    "created_at": "2027-03-20T15:00:00Z",
    "launched_at": "2027-03-21T06:30:00Z",
    "starts_at": None,
    "finished_at": "2027-03-21T13:05:00Z",
    "paused_reason": "",
}
_ASKED = {
    "question": 5, "name": "Appointment confirmed", "kind": "yes_no", "value": "Yes", "key": "yes",
    "certainty": "certain",
}  # fmt: skip
EXAMPLES: Mapping[str, dict[str, Any]] = {
    "call.answered": {"call": _LIVE},
    "call.ended": {"call": _CALL},
    "answer.given": {"call": _CALL, "answers": [_ASKED]},
    "campaign.finished": {"campaign": _CAMPAIGN},
    "approval.needed": {
        "campaign": _CAMPAIGN
        | {"status": "waiting", "status_words": "Waits for approval", "launched_at": None, "finished_at": None}
    },
    "provider.halted": {
        "provider": {
            "id": 1,
            "name": "Bolna",
            "vendor": "bolna",
            "state": "halted",
            "state_words": "Halted",
            "sentence": "The vendor refuses the key.",
            "may_call": False,
            "message_kinds": ["agent"],
            "last_success_at": "2027-03-21T08:30:12Z",
        }
    },
    "do_not_call.added": {
        "entry": {
            "id": 88,
            "phone": "+98 ••• 4567",
            "reason": "Asked in a call",
            "source": "person",
            "added_at": "2027-03-21T08:30:12Z",
            "until": None,
        }
    },
    "callback.due": {
        "id": 7, "asked_for": "2027-03-22T13:30:00Z", "reason": "wants a later appointment",
        "call": _LIVE | {"status": "pending", "result": "pending", "result_words": "Waits", "answered_at": None},
    },
    TEST: {"message": "This is a test: nothing happened."},
}  # fmt: skip
"""`data` of each event."""
_SHAPES = {kind: (event.description, event.shape) for kind, event in EVENTS.items()}
_SHAPES[TEST] = ("Sent when somebody presses “Send a test”.", OfTest)


def example_of(kind: str) -> dict[str, Any]:
    """Return a whole message as an example."""
    return {"type": kind, "timestamp": "2027-03-21T08:30:12.482113+00:00", "data": EXAMPLES[kind]}


def descriptions() -> dict[str, str]:
    """Return the events and what each says, in English."""
    return {kind: description for kind, (description, _shape) in _SHAPES.items()}


def webhooks() -> dict[str, Any]:
    """Return the `webhooks` of the schema."""
    return {kind: {"post": _operation(kind)} for kind in _SHAPES}


def components() -> dict[str, Any]:
    """Return the schemas that `webhooks` refers to, by name."""
    found: dict[str, Any] = {}
    for _description, shape in _SHAPES.values():
        whole = shape.model_json_schema(ref_template=REFS, mode="serialization")
        found |= whole.pop("$defs", {})
        found[shape.__name__] = whole
    return found


def _operation(kind: str) -> dict[str, Any]:
    description, shape = _SHAPES[kind]
    body = {
        "type": "object",
        "required": ["type", "timestamp", "data"],
        "properties": {
            "type": {"const": kind, "type": "string"},
            "timestamp": {"type": "string", "format": "date-time", "description": "When it happened."},
            "data": {"$ref": REFS.format(model=shape.__name__)},
        },
    }
    return {
        "operationId": f"webhook_{kind.replace('.', '_')}",
        "summary": kind,
        "description": description,
        "tags": ["Webhooks"],
        "parameters": [
            {"in": "header", "name": name, "required": True, "schema": {"type": "string"}, "description": words}
            for name, words in HEADERS
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": body, "example": example_of(kind)}},
        },
        "responses": ANSWERS,
    }
