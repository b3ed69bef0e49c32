"""Approvals of campaigns, for programs: asked for by programs, given by people."""

from __future__ import annotations

import datetime
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _
from ninja import Router, Schema

from callcenter.access.holders import names_of
from callcenter.api.door import KeyRequest, needs_right
from callcenter.api.problems import Problem
from callcenter.made_once import made_once
from campaigns.launch import approvals, start
from campaigns.launch.api.shapes import Done, within_reach
from campaigns.launch.approvals import who_may_approve
from campaigns.launch.audience_query import count_people
from campaigns.models import Campaign

router = Router(tags=["Campaigns"])


class Approval(Schema):
    """How a campaign stands with its approval, which a person gives on its page: no key can."""

    waits: bool
    """Whether it waits for one."""
    people: int
    """People of its audience now."""
    asked_by: str
    """Who launched it or asked for approval; empty where nobody did, or they are gone."""
    starts_at: datetime.datetime | None
    waits_for: list[str]
    """Names of those who may approve it, while it waits for that."""
    approved_by: str
    """Who gave the approval that is in force; empty without one."""
    approved_at: datetime.datetime | None
    approved_people: int | None
    differs: list[str]
    """How the campaign differs from what was approved, in sentences."""


@router.get("/campaigns/{int:pk}/approval", response=Approval, summary="Read how a campaign stands with its approval")
@needs_right("see_calls")
def campaign_approval(request: KeyRequest, pk: int) -> dict[str, Any]:
    """Return who asked, who may approve, and what was approved. The list of campaigns finds those that wait."""
    found = within_reach(request, pk)
    return made_once(("api-approval", pk, translation.get_language()), lambda: _approval(found))


def _approval(found: Campaign) -> dict[str, Any]:
    waits, given = found.status == Campaign.Status.WAITING, approvals.in_force(found.pk)
    return {
        "waits": waits,
        "people": count_people(found),
        "asked_by": _name_of(found.launched_by) if waits else "",
        "starts_at": found.starts_at,
        "waits_for": who_may_approve(found) if waits else [],
        "approved_by": _name_of(given.approved_by) if given is not None else "",
        "approved_at": given.approved_at if given is not None else None,
        "approved_people": given.people if given is not None else None,
        "differs": approvals.differences(found, given, names_people=False) if given is not None else [],
    }


def _name_of(person: Any) -> str:
    return names_of([person])[0] if person is not None else ""


@router.post("/campaigns/{int:pk}/approve", response=Done, summary="Approve a campaign: refused, a person does it")
@needs_right("launch_above_limit")
def campaign_approve(request: KeyRequest, pk: int) -> Any:
    """Refuse: an approval is a person's own word on what they saw, and a program sees nothing in their place."""
    within_reach(request, pk)
    raise Problem(
        403,
        _(
            "API keys cannot approve. Another user must approve the campaign on its page. A key can launch the "
            "campaign, which requests approval, or withdraw that request."
        ),
    )


@router.post("/campaigns/{int:pk}/withdraw", response=Done, summary="Withdraw a campaign from approval or its start")
@needs_right("control_campaign", "control_all_campaigns")
def campaign_withdraw(request: KeyRequest, pk: int) -> dict[str, Any]:
    """Return a campaign that waits for approval, or for its start, to draft; one that had run is paused then."""
    changed = start.take_back(within_reach(request, pk).pk, request.auth.person)
    status = Campaign.Status(within_reach(request, pk).status)
    words = (
        _("Withdrawn: the campaign is “%(state)s”.") if changed else _("Nothing changed: the campaign is “%(state)s”.")
    )
    return {"changed": changed, "status": status.value, "sentence": words % {"state": status.label}}


@router.post("/campaigns/{int:pk}/ask-for-rest", response=Done, summary="Ask for approval of the rest after a pilot")
@needs_right("launch_campaign")
def campaign_ask_for_rest(request: KeyRequest, pk: int) -> dict[str, Any]:
    """Ask a manager to let a campaign go on after its pilot, where its whole is above the owner's limit."""
    done = start.ask_for_rest(within_reach(request, pk).pk, request.auth.person)
    return {"changed": done.changed, "status": done.status, "sentence": done.sentence}
