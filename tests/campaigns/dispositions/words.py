"""Dispositions and calls as the tests of this room need them."""

from __future__ import annotations

import datetime
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from campaigns.dispositions import catalog, judging
from campaigns.models import Call, CallDisposition, Campaign, Consequence, Disposition, DispositionRule
from tests.conftest import make_agent, make_call, make_campaign, make_contact


def worded(manager: User, name: str = "Wants an offer", follows: str = "nothing", **values: Any) -> Disposition:
    """Write a disposition as a manager does."""
    minutes = 60 if follows in {"retry", "callback", "person"} else 0
    return catalog.add(manager, {"name": name, "follows": follows, "minutes": minutes, **values})


def ruled(manager: User, disposition: Disposition, **values: Any) -> DispositionRule:
    """Add a rule that holds since an hour ago."""
    rule = catalog.add_rule(manager, disposition, values)
    DispositionRule.objects.filter(pk=rule.pk).update(since=timezone.now() - datetime.timedelta(hours=1))
    return rule


def open_campaign(owner: User, **fields: Any) -> Campaign:
    """Make a campaign that runs, of which three attempts are allowed and none follows by its own policy."""
    values = {"status": "running", "is_filled": True, "max_attempts": 3, "retries": {}, "launched_at": timezone.now()}
    return make_campaign(owner=owner, **(values | fields))


def ended_call(campaign: Campaign | None, owner: User, **fields: Any) -> Call:
    """Make a call of a campaign, or a single one, that ended just now without an answer."""
    now = timezone.now()
    values: dict[str, Any] = {
        "owner": owner, "contact": make_contact(owner=owner), "status": "no_answer", "placing_at": now, "ended_at": now,
    }  # fmt: skip
    if campaign is not None:
        values |= {"campaign": campaign, "provider": campaign.provider}
    made = make_call(**(values | fields))
    if made.agent_id is None:
        Call.objects.filter(pk=made.pk).update(agent=make_agent(made.provider))
        made.refresh_from_db()
    return made


def judged(call: Call) -> str:
    """Let the rules judge a call and return the name of its disposition."""
    judging.judge([call.pk])
    return name_of(call)


def name_of(call: Call) -> str:
    """Return the name of a call's disposition; empty for none."""
    found = CallDisposition.objects.select_related("disposition").filter(call=call).first()
    return found.disposition.name if found is not None else ""


def followed(call: Call) -> list[tuple[str, str]]:
    """Return what followed on a call, and where that stands."""
    return list(Consequence.objects.filter(call=call).order_by("pk").values_list("follows", "state"))
