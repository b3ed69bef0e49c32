"""What one person answered, over all calls to them."""

from __future__ import annotations

from django.db.models import Prefetch

from callcenter.access.roles import Person
from campaigns.core.scope import heard_by
from campaigns.models import Answer, Call
from campaigns.models.calls import CallQuerySet

MOST_CALLS = 20
"""Calls with answers that are shown, the newest."""


def answered_calls(calls: CallQuerySet, viewer: Person) -> list[Call]:
    """Return the newest of these calls that answered something and that a person may hear.

    Their answers, in the order of the questions, are their `typed_answers`.
    """
    with_answers = Answer.objects.filter(call__in=calls.order_by().values("pk")).order_by("-call").values("call")
    heard = heard_by(viewer, Call.objects.filter(pk__in=with_answers)).select_related("campaign")
    answers = Prefetch("typed_answers", Answer.objects.select_related("question").order_by("question"))
    return list(heard.prefetch_related(answers).order_by("-pk")[:MOST_CALLS])
