"""What every operation of the API needs and whose rows it reaches, written by hand as `routes.py` is."""

from __future__ import annotations

from typing import Any

from tests.security.routes import ADMIN, ALL, MANAGER, OF_HAND_OVERS, OWN, Way, control, page, post

OWN_PEOPLE = [1]
"""Stands for the ids of people of whoever asks; as it is, where it is refused before they are looked at."""
OWN_WEBHOOKS = dict.fromkeys((MANAGER, ADMIN), frozenset({OWN}))
"""What is sent is what their owner may see: a key reaches no other user's, not even an admin's key."""
CALL = {"phone": "+989121110009", "provider": 1, "agent": 1}
Operation = tuple[str, str]


def change(right: str, kind: str, **data: Any) -> Way:
    """Return an operation that changes something by PATCH."""
    return Way(right, kind, "patch", data)


def body(way: Way, **data: Any) -> Way:
    """Return the same way with this body."""
    return Way(way.right, way.kind, way.method, data, only=way.only, also=way.also)


API_WAYS: dict[Operation, Way] = {
    ("get", "/people"): page("see_people"),
    ("post", "/people"): body(post("import_people"), phone="+989121110007"),
    ("post", "/people/find"): body(post("see_people"), text="+989121110007"),
    ("get", "/people/{pk}"): page("see_people", "contact"),
    ("patch", "/people/{pk}"): change("import_people", "contact", name="Another"),
    ("get", "/lists"): page("see_people"),
    ("post", "/lists"): body(post("import_people"), name="A list"),
    ("get", "/lists/{pk}"): page("see_people", "list"),
    ("patch", "/lists/{pk}"): change("import_people", "list", name="Another"),
    ("delete", "/lists/{pk}"): Way("import_people", "list", "delete"),
    ("post", "/lists/{pk}/people"): body(post("import_people", "list"), people=OWN_PEOPLE),
    ("post", "/lists/{pk}/people/remove"): body(post("import_people", "list"), people=OWN_PEOPLE),
    ("get", "/do-not-call"): page("add_do_not_call"),
    ("post", "/do-not-call"): body(post("add_do_not_call"), phone="+989121110008", reason="because"),
    ("post", "/do-not-call/find"): body(post("add_do_not_call"), phone="+989121110008"),
    ("post", "/do-not-call/{pk}/remove"): body(post("remove_do_not_call", "entry"), reason="because"),
    ("get", "/calls"): page("see_calls"),
    ("post", "/calls"): body(post("place_call"), **CALL),
    ("post", "/calls/find"): body(post("see_calls"), person="+989121110007"),
    ("post", "/calls/check"): body(post("place_call"), **CALL),
    ("get", "/calls/{pk}"): page("see_calls", "call"),
    ("get", "/dispositions"): page("see_calls"),
    ("post", "/calls/{pk}/disposition"): body(post("note_calls", "call"), disposition=None),
    ("post", "/calls/{pk}/cancel"): body(control("place_call", "waiting")),
    ("get", "/calls/{pk}/recording"): page("hear_calls", "recorded"),
    ("get", "/calls/{pk}/remarks"): page("see_calls", "call"),
    ("post", "/calls/{pk}/notes"): body(post("note_calls", "call"), text="A note"),
    ("post", "/calls/{pk}/tags"): body(post("note_calls", "call"), tags=["A tag"]),
    ("post", "/calls/{pk}/tags/remove"): body(post("note_calls", "call"), tags=["A tag"]),
    ("post", "/calls/{pk}/review"): body(post("review_calls", "call"), score=4),
    ("post", "/calls/{pk}/handled"): body(post("see_calls", "called_back")),
    ("post", "/calls/{pk}/stop"): body(control("place_call", "ringing")),
    ("get", "/decisions"): page("see_calls"),
    ("post", "/calls/{pk}/settle"): Way(
        "settle_calls",
        "unknown",
        "post",
        {"answer": "did_not", "reason": "because"},
        also={"settle_own_calls": frozenset({OWN})},
    ),
    ("post", "/calls/{pk}/opt-out"): body(post("remove_do_not_call", "heard"), answer="allow", reason="because"),
    ("post", "/calls/{pk}/again"): body(post("settle_calls", "held")),
    ("get", "/hand-overs"): page("see_calls"),
    ("get", "/hand-overs/{pk}"): Way("see_calls", "hand_over", only=OF_HAND_OVERS),
    ("post", "/hand-overs/{pk}/done"): body(post("see_calls", "hand_over", OF_HAND_OVERS)),
    ("post", "/hand-overs/{pk}/drop"): body(post("see_calls", "hand_over", OF_HAND_OVERS)),
    ("post", "/hand-overs/{pk}/give"): body(post("see_calls", "hand_over", OF_HAND_OVERS), person=1),
    ("get", "/scorecards"): page("review_calls"),
    ("get", "/review-queues"): page("review_calls"),
    ("get", "/review-queues/{pk}/calls"): page("review_calls", "review_queue"),
    ("get", "/calls/{pk}/scores"): page("review_calls", "scored"),
    ("post", "/calls/{pk}/scores"): body(
        post("review_calls", "scored"), scorecard=1, values=[{"point": 1, "value": 1}]
    ),
    ("get", "/callbacks"): page("see_calls"),
    ("post", "/callbacks"): body(post("place_call"), contact=1, day="2030-01-01", time="10:00"),
    ("get", "/callbacks/{pk}"): page("see_calls", "callback"),
    ("patch", "/callbacks/{pk}"): Way(
        "place_call", "callback", "patch", {"day": "2030-01-01", "time": "10:00"}, also={"control_all_campaigns": ALL}
    ),
    ("post", "/callbacks/{pk}/take-back"): body(control("place_call", "callback")),
    ("post", "/callbacks/{pk}/note"): body(control("place_call", "callback")),
    ("get", "/campaigns"): page("see_calls"),
    ("get", "/campaigns/{pk}"): page("see_calls", "campaign"),
    ("patch", "/campaigns/{pk}"): change("draft_campaign", "campaign", max_lines=3),
    ("post", "/campaigns/{pk}/launch"): body(post("launch_campaign", "campaign"), seen=0),
    ("post", "/campaigns/{pk}/pause"): body(control("control_campaign", "running")),
    ("post", "/campaigns/{pk}/resume"): body(control("control_campaign", "paused")),
    ("post", "/campaigns/{pk}/people"): body(post("import_people", "campaign"), phone="+989121110007"),
    ("post", "/campaigns/{pk}/stop"): body(control("control_campaign", "running")),
    ("get", "/campaigns/{pk}/approval"): page("see_calls", "campaign"),
    ("post", "/campaigns/{pk}/approve"): Way("launch_above_limit", "approval", "post", only={"nobody": frozenset()}),
    ("post", "/campaigns/{pk}/withdraw"): body(control("control_campaign", "approval")),
    ("post", "/campaigns/{pk}/ask-for-rest"): body(post("launch_campaign", "paused")),
    ("get", "/campaigns/{pk}/legal-texts"): page("see_calls", "campaign"),
    ("get", "/campaigns/{pk}/results"): Way("hear_calls", "asked"),
    ("get", "/campaigns/{pk}/answers"): Way("hear_calls", "asked"),
    ("get", "/reports/calls"): page("see_reports"),
    ("get", "/imports"): page("import_people"),
    ("get", "/import-sources"): page("import_people"),
    ("post", "/import-sources"): body(
        post("import_people"), first_import=1, address="https://files.example.org/a.csv", every_hours=24
    ),
    ("post", "/import-sources/{pk}/read"): body(post("import_people", "import_source")),
    ("post", "/import-sources/{pk}/pause"): body(post("import_people", "import_source")),
    ("post", "/import-sources/{pk}/resume"): body(post("import_people", "import_source")),
    ("delete", "/import-sources/{pk}"): Way("import_people", "import_source", "delete"),
    ("get", "/notices"): page(""),
    ("post", "/notices/{pk}/read"): body(post("", "notice")),
    ("post", "/notices/read"): body(post("")),
    ("get", "/webhooks"): page("make_api_keys"),
    ("post", "/webhooks"): body(
        post("make_api_keys"), name="A shop", url="https://shop.example.org/hook", events=["call.ended"]
    ),
    ("get", "/webhooks/{pk}"): Way("make_api_keys", "webhook", only=OWN_WEBHOOKS),
    ("patch", "/webhooks/{pk}"): Way("make_api_keys", "webhook", "patch", {"name": "A shop"}, only=OWN_WEBHOOKS),
    ("delete", "/webhooks/{pk}"): Way("make_api_keys", "webhook", "delete", only=OWN_WEBHOOKS),
    ("post", "/webhooks/{pk}/secret"): body(post("make_api_keys", "webhook", OWN_WEBHOOKS)),
    ("post", "/webhooks/{pk}/test"): body(post("make_api_keys", "webhook", OWN_WEBHOOKS)),
    ("post", "/webhooks/{pk}/resume"): body(post("make_api_keys", "webhook", OWN_WEBHOOKS)),
    ("get", "/webhooks/{pk}/deliveries"): Way("make_api_keys", "webhook", only=OWN_WEBHOOKS),
    ("post", "/webhooks/{pk}/deliveries/again"): body(post("make_api_keys", "webhook", OWN_WEBHOOKS)),
    ("get", "/providers"): page("see_providers"),
    ("get", "/providers/{pk}"): page("see_providers", "provider"),
    ("post", "/exports"): body(post("export_calls")),
    ("get", "/exports"): page("see_exports"),
    ("get", "/exports/{pk}"): page("see_exports", "export"),
    ("get", "/exports/{pk}/file"): Way("see_exports", "export", only={MANAGER: frozenset({OWN}), ADMIN: ALL - {OWN}}),
}
"""By method and address, below /api/v1."""
ANSWERS_BESIDE = frozenset({400, 409, 422})
"""Statuses of an operation that was let in: the row or the body did not allow it, or no vendor is there."""
