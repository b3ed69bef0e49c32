"""Lets time pass for one call, by moving what is stored about it into the past."""

from __future__ import annotations

import datetime

from campaigns.models import Call


def pass_time(call: Call, time: datetime.timedelta) -> None:
    """Let everything that was stored about a call have happened so much earlier."""
    for name in ("placing_at", "placed_at", "changed_at", "no_news_at", "not_before", "decide_after"):
        if (at := getattr(call, name)) is not None:
            setattr(call, name, at - time)
            Call.objects.filter(pk=call.pk).update(**{name: at - time})
