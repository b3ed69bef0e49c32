"""Tells campaigns that stay open that people joined a list or got a tag, so that nobody waits for the minute job."""

from __future__ import annotations

from campaigns import queue
from campaigns.models import Campaign


def people_joined() -> None:
    """Have whoever joined taken up when the caller's transaction commits, if any campaign stays open."""
    if Campaign.objects.filter(is_living=True, is_filled=False, status=Campaign.Status.RUNNING).exists():
        queue.nudge_take_up()
