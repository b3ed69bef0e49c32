"""A call is reviewed by a scorecard: each point, a note; a second review replaces the first, which the log keeps."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from callcenter.access.roles import Person, may
from callcenter.audit.models import record
from callcenter.edits.shown import Shown
from callcenter.edits.states import State
from campaigns.core.refusals import Refusal
from campaigns.core.scope import may_hear
from campaigns.models import Call, ReviewQueue, Scorecard, ScorecardPoint, ScorecardReview
from campaigns.models.scorecards import MAX_REVIEW_NOTE

POINT = "point-"
"""Beginning of the name of a point's field; its id follows."""


def may_review(person: Person, call: Call) -> bool:
    """Return whether a person may review a call by a scorecard: they review calls, and may hear this one."""
    return may(person, "review_calls") and may_hear(person, call)


def review_state(call: Call, card: Scorecard, points: list[ScorecardPoint]) -> State:
    """Return what is stored of a call's review by a scorecard, as its form shows it."""
    found = ScorecardReview.objects.filter(call=call, scorecard=card).first()
    kept = {one["text"]: one["value"] for one in found.given} if found is not None else {}
    values: State = {f"{POINT}{one.pk}": kept.get(one.text) for one in points}
    return values | {"note": found.note if found is not None else ""}


def review(
    person: Person, call: Call, card: Scorecard, values: Mapping[str, Any], *, queue: ReviewQueue | None = None,
    shown: Shown | None = None,
) -> ScorecardReview:  # fmt: skip
    """Keep what a person gave each point of a scorecard. `values` are by field name, with the note.

    Raises PermissionDenied, Refusal for a point without a value, and BothChanged if somebody else reviewed the call by
    this scorecard since the page was shown.
    """
    if not may_review(person, call):
        raise PermissionDenied("review_calls")
    with transaction.atomic():
        # Under the call's row lock: a first review has no row of its own yet.
        Call.objects.select_for_update(of=("self",), no_key=True).get(pk=call.pk)
        points = list(card.points.all())
        stored = review_state(call, card, points)
        typed: State = {name: values.get(name) for name in stored}
        typed["note"] = str(values.get("note") or "").replace("\x00", "").strip()[:MAX_REVIEW_NOTE]
        whole = {**stored, **(shown.join(typed, stored) if shown else typed)}
        given = [_given(one, whole[f"{POINT}{one.pk}"]) for one in points]
        if not given:
            raise Refusal(_("This scorecard has no points: add them first."))
        before = ScorecardReview.objects.filter(call=call, scorecard=card).first()
        percent = percent_of(given)
        made, _is_new = ScorecardReview.objects.update_or_create(
            call=call, scorecard=card,
            defaults={
                "percent": percent, "given": given, "note": whole["note"], "reviewer_id": person.pk,
                "reviewed_at": timezone.now(), "queue": queue or (before.queue if before is not None else None),
            },
        )  # fmt: skip
        earlier = {"before": str(before.percent)} if before is not None else {}
        record(person, "call.scored", call, scorecard=card.name, score=str(percent), **earlier)
    return made


def _given(point: ScorecardPoint, value: Any) -> dict[str, Any]:
    if not isinstance(value, int) or not 0 <= value <= point.most:
        raise Refusal(_("Rate every point: “%(point)s” has no value.") % {"point": point.text})
    return {"text": point.text, "most": point.most, "weight": point.weight, "value": value}


def percent_of(given: list[dict[str, Any]]) -> Decimal:
    """Return the weighted mean of what the points got of what they can get, 0 to 100, to one place."""
    whole: int = sum(one["weight"] for one in given)
    got: Decimal = sum((Decimal(one["weight"] * one["value"]) / one["most"] for one in given), Decimal(0))
    return (100 * got / whole).quantize(Decimal("0.1"), ROUND_HALF_UP)
