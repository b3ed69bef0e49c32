"""Clears the answers of questions that were removed: the question's row is the job, a small batch a transaction."""

from __future__ import annotations

import time

from django.db import transaction

from campaigns.core import progress
from campaigns.models import Answer, Question

BATCH = 500
"""Answers of one transaction: nobody waits for it."""
SECONDS = 20.0
"""Of one slice; the next one is queued while answers are left."""


def has_removed() -> bool:
    """Return whether answers of a removed question are still to be cleared."""
    return Question.all_rows.filter(removed_at__isnull=False).exists()


def clear_removed(seconds: float = SECONDS) -> bool:
    """Clear the answers of removed questions, then the questions; returns whether the time ended before that.

    Several workers may do so at once.
    """
    until = time.monotonic() + seconds
    for question_id in Question.all_rows.filter(removed_at__isnull=False).values_list("pk", flat=True):
        while _clear_batch(question_id):
            if progress.tell() or time.monotonic() > until:
                return has_removed()
    return False


def _clear_batch(question_id: int) -> bool:
    """Clear a batch of one question's answers, or the question where none is left; returns whether some may be left."""
    with transaction.atomic():
        some = list(Answer.objects.filter(question=question_id).order_by("pk").values_list("pk", flat=True)[:BATCH])
        if some:
            rows = Answer.objects.filter(pk__in=some)
            rows._raw_delete(rows.db)
            return True
        # With what was read for it meanwhile: hardly ever a row.
        Question.all_rows.filter(pk=question_id, removed_at__isnull=False).delete()
        return False
