"""Reads existing calls for questions that were added or changed: the question's row is the job, a batch a transaction.

Each batch moves the row's mark down; a worker that dies leaves it where the last whole batch ended.
"""

from __future__ import annotations

import time

from django.db import transaction

from campaigns.answers.reading import read_for
from campaigns.core import progress
from campaigns.models import Call, Question

BATCH = 200
SECONDS = 20.0
"""Of one slice; the next one is queued while calls are left."""


def has_waiting() -> bool:
    """Return whether calls are still to be read for any question."""
    return Question.objects.filter(unread_below__isnull=False).exists()


def read_waiting(seconds: float = SECONDS) -> bool:
    """Read calls for questions that wait for it; returns whether the time ended before that.

    Several workers may do so at once.
    """
    until = time.monotonic() + seconds
    for question_id in Question.objects.filter(unread_below__isnull=False).values_list("pk", flat=True):
        while _read_batch(question_id):
            if progress.tell() or time.monotonic() > until:
                return has_waiting()
    return False


def _read_batch(question_id: int) -> bool:
    """Read the next calls for a question; False where it is done, or has to wait for calls that are being written."""
    with transaction.atomic():
        question = Question.objects.filter(pk=question_id, unread_below__isnull=False).first()
        if question is None:
            return False
        calls = Call.objects.filter(campaign=question.campaign_id, pk__lt=question.unread_below)
        wanted = list(calls.order_by("-pk").values_list("pk", flat=True)[:BATCH])
        # News of a call that are being written may not know this question yet: such a call is left for later, without
        # waiting for it, so that nobody ever waits in a circle.
        free = Call.objects.filter(pk__in=wanted).order_by("-pk").select_for_update(skip_locked=True, of=("self",))
        free_ids = set(free.values_list("pk", flat=True))
        ready = wanted[: next((place for place, pk in enumerate(wanted) if pk not in free_ids), len(wanted))]
        read_for([question], ready, is_anew=True)
        mark = ready[-1] if ready else question.unread_below
        is_done = len(ready) == len(wanted) < BATCH
        # Only the mark that was read is moved: a change of the question meanwhile sets it anew.
        Question.objects.filter(pk=question_id, unread_below=question.unread_below).update(
            unread_below=None if is_done else mark
        )
        return bool(ready) and not is_done
