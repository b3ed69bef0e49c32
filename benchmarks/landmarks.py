"""Rows that the measured pages need and a made-up past lacks: question, disposition, scorecard, queue, webhook."""

from __future__ import annotations

from typing import Any


def question_of(campaign: Any) -> int:
    """Return a question of the campaign, added and read now where the history has none."""
    from campaigns.answers import waiting
    from campaigns.models import Call, Question

    found = Question.objects.filter(campaign=campaign).order_by("pk").first()
    if found is None:
        newest = Call.objects.filter(campaign=campaign).order_by("-pk").values_list("pk", flat=True).first()
        found = Question.objects.create(
            campaign=campaign, name="Outcome", kind="choice", options=["confirmed", "call back"], path="outcome",
            goal="confirmed", unread_below=(newest or 0) + 1,
        )  # fmt: skip
        while waiting.read_waiting():
            pass
    return found.pk


def disposition_of(campaign: Any) -> int:
    """Return a disposition of every fourth call of the campaign, given now where the history has none."""
    from campaigns.models import Call, CallDisposition, Disposition

    found, is_new = Disposition.objects.get_or_create(name="Wants an offer", defaults={"owner": campaign.owner})
    if is_new:
        ids = Call.objects.filter(campaign=campaign).order_by("pk").values_list("pk", flat=True)
        rows = (CallDisposition(call_id=pk, disposition=found) for pk in list(ids)[::4])
        CallDisposition.objects.bulk_create(rows, batch_size=500)
    return found.pk


def scorecard_of(campaign: Any) -> int:
    """Return a scorecard by which a hundred calls of the campaign are reviewed, written now where there is none."""
    from campaigns.models import Call, Scorecard, ScorecardPoint, ScorecardReview

    found, is_new = Scorecard.objects.get_or_create(name="Politeness", defaults={"owner": campaign.owner})
    if is_new:
        ScorecardPoint.objects.create(scorecard=found, text="Greets", most=5)
        given = [{"text": "Greets", "most": 5, "weight": 1, "value": 4}]
        calls = Call.objects.filter(campaign=campaign).order_by("-pk").values_list("pk", flat=True)[:100]
        ScorecardReview.objects.bulk_create(
            ScorecardReview(call_id=pk, scorecard=found, percent=80, given=given) for pk in calls
        )
    return found.pk


def review_queue_of(campaign: Any) -> int:
    from campaigns.models import ReviewQueue

    values = {"campaign": campaign, "talked_from": 10, "goal": "missed", "every": 20, "since": "2000-01-01"}
    values |= {"scorecard_id": scorecard_of(campaign)}
    return ReviewQueue.objects.get_or_create(name="Missed", defaults=values)[0].pk


def webhook_of(campaign: Any) -> int:
    """Return a webhook with 200 delivered calls of the campaign in its log, added now where there is none."""
    from callcenter.webhooks_out.events import EVENTS
    from campaigns.models import Call, WebhookDelivery, WebhookReceiver

    values = {"url": "https://crm.example/hook", "owner": campaign.owner, "kinds": list(EVENTS), "is_active": False}
    found, is_new = WebhookReceiver.objects.get_or_create(name="CRM", defaults=values)
    if is_new:
        calls = Call.objects.filter(campaign=campaign).order_by("-pk").values_list("pk", flat=True)[:200]
        sent = {"kind": "call.ended", "state": WebhookDelivery.State.DELIVERED, "status": 200, "tries": 1}
        WebhookDelivery.objects.bulk_create(WebhookDelivery(receiver=found, subject=pk, **sent) for pk in calls)
    return found.pk
