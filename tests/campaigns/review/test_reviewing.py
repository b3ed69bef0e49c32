"""A review gives every point its value; its score is their weighted mean, and stays whatever the scorecard becomes."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from callcenter.access.models import Membership, Team
from callcenter.access.rights import CALLER, MANAGER
from callcenter.audit.models import AuditEvent
from campaigns.calls.call_log import find_calls
from campaigns.calls.call_log_filters import CallFilters
from campaigns.core.refusals import Refusal
from campaigns.models import CallDisposition, CallNote, CallReview, CallTranscript, Disposition, ScorecardReview
from campaigns.review import reviewing, scorecards
from tests.answers import text_of
from tests.campaigns.review.cards import card_of, in_queue, queue_of, talk
from tests.conftest import make_person
from tests.shown import shown_to

pytestmark = pytest.mark.django_db


def test_the_score_is_the_weighted_mean_of_what_points_can_get(manager: User) -> None:
    card = card_of(manager, ("Says who is calling", 1, 1), ("Listens", 5, 3))
    who, listens = card.points.all()
    call = talk(manager)
    given = {f"point-{who.pk}": 1, f"point-{listens.pk}": 2, "note": " Kind. "}
    made = reviewing.review(manager, call, card, given)
    # (1 x 1/1 + 3 x 2/5) / 4
    assert (made.percent, made.note, made.reviewer) == (Decimal("55.0"), "Kind.", manager)
    scorecards.remove_point(manager, card, listens.pk)
    scorecards.add_point(manager, card, "Ends well", 2, 1)
    kept = ScorecardReview.objects.get()
    assert [(one["text"], one["value"], one["most"]) for one in kept.given] == [
        ("Says who is calling", 1, 1), ("Listens", 2, 5),
    ]  # fmt: skip
    ends = card.points.last()
    assert ends is not None
    again = reviewing.review(manager, call, card, {f"point-{who.pk}": 0, f"point-{ends.pk}": 2})
    assert (again.pk, again.percent) == (kept.pk, Decimal("50.0"))
    event = AuditEvent.objects.filter(action="call.scored").latest("pk")
    assert event.detail == {"scorecard": "Politeness", "score": "50.0", "before": "55.0"}


def test_every_point_needs_a_value_in_its_range(manager: User) -> None:
    card = card_of(manager, ("Listens", 5, 1))
    name = f"point-{card.points.get().pk}"
    for value in (None, -1, 6, "3"):
        with pytest.raises(Refusal, match="Listens"):
            reviewing.review(manager, talk(manager), card, {name: value})
    assert not ScorecardReview.objects.exists()


def test_who_may_not_review_or_hear_the_call_does_not(manager: User) -> None:
    card = card_of(manager)
    given = {f"point-{card.points.get().pk}": 1}
    team = Team.objects.create(name="South")
    foreign = make_person(MANAGER)
    Membership.objects.create(user=foreign, team=team)
    call = talk(foreign, team=team)
    Membership.objects.create(user=manager, team=Team.objects.create(name="North"))
    for person in (manager, make_person(CALLER)):
        with pytest.raises(PermissionDenied):
            reviewing.review(User.objects.get(pk=person.pk), call, card, given)


def test_it_is_given_on_the_calls_page_where_reading_is_recorded(client: Client, manager: User) -> None:
    queue = queue_of(manager, scorecard=card_of(manager, ("Greets", 1, 1), ("Listens", 5, 1)))
    other = card_of(manager, name="Sales")
    call = talk(manager)
    CallTranscript.objects.create(call=call, turns=[{"speaker": "person", "text": "Hello"}], text="Hello")
    client.force_login(manager)
    address = reverse("call", args=[call.pk])
    assert client.get(address).context["card_form"] is None
    page = client.get(address, {"queue": queue.pk})
    assert page.context["card_form_card"] == queue.scorecard
    assert AuditEvent.objects.filter(action="call.transcript_opened").exists()
    greets, listens = queue.scorecard.points.all()
    save = reverse("call-scorecard", args=[call.pk, queue.scorecard_id])
    sent = {f"point-{greets.pk}": "0", "queue": queue.pk, "note": "Short"}
    sent |= shown_to(client, f"{address}?queue={queue.pk}", save)
    refused = client.post(save, sent)
    assert (refused.status_code, refused.context["card_form_card"]) == (422, queue.scorecard)
    kept = client.post(save, sent | {f"point-{listens.pk}": "4"})
    assert kept.headers["Location"] == reverse("review-queue", args=[queue.pk])
    review = ScorecardReview.objects.get()
    assert (review.queue, review.percent) == (queue, Decimal("40.0"))
    shown = text_of(client.get(address))
    assert "40.0 % · Politeness" in shown
    assert "4 of 5" in shown
    assert client.get(address, {"scorecard": other.pk}).context["card_form_card"] == other
    assert in_queue(queue, manager) == set()


def test_the_log_counts_it_as_reviewed(manager: User) -> None:
    card = card_of(manager)
    call, other = talk(manager), talk(manager)
    reviewing.review(manager, call, card, {f"point-{card.points.get().pk}": 1})
    found = {
        key: set(find_calls(CallFilters(reviewed=key), manager).values_list("pk", flat=True)) for key in ("yes", "no")
    }
    assert found == {"yes": {call.pk}, "no": {other.pk}}


def test_what_people_said_stays_readable_when_their_account_is_gone(client: Client, manager: User) -> None:
    card = card_of(manager)
    call = talk(manager)
    reviewing.review(manager, call, card, {f"point-{card.points.get().pk}": 1})
    CallNote.objects.create(call=call, text="Friendly")
    CallReview.objects.create(call=call, score=4)
    CallDisposition.objects.create(call=call, disposition=Disposition.objects.create(name="Offer"), is_by_person=True)
    ScorecardReview.objects.update(reviewer=None)
    client.force_login(manager)
    shown = text_of(client.get(reverse("call", args=[call.pk])))
    assert "100.0 % · Politeness" in shown
    assert "Friendly" in shown
