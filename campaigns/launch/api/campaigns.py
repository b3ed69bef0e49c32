"""Campaigns, for programs: their state, small changes, launch by the rules of approval, pause, resume and stop."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpResponse, QueryDict
from django.utils import timezone
from ninja import Router
from pydantic import AwareDatetime, Field

from callcenter.api.door import KeyRequest, needs_right
from callcenter.api.shapes import Asked, Limit, OlderThan, Paged, chosen, refuse_form
from callcenter.api.versions import demand_match, etag_of
from campaigns.core import launch_limits
from campaigns.core.paging import page_by_key
from campaigns.core.variants import variants_of
from campaigns.launch import drafts, lifecycle, start
from campaigns.launch.api.shapes import (
    CampaignOut,
    Done,
    WholeCampaign,
    campaign_out,
    hours_out,
    living_out,
    ref_of,
    within_reach,
)
from campaigns.launch.approvals import who_may_approve
from campaigns.launch.forms.builder import CampaignForm
from campaigns.launch.forms.hours import AS_SET, NONE, OWN
from campaigns.launch.lifecycle import MAX_REASON, Outcome
from campaigns.models import Campaign
from campaigns.reports import progress

router = Router(tags=["Campaigns"])

COLUMNS = CampaignForm.edited.columns
Weekday = Literal["1", "2", "3", "4", "5", "6", "7"]
Reason = Annotated[str, Field(max_length=MAX_REASON)]


class CampaignChange(Asked):
    """What of a campaign changes; what is left out stays. Anything else is changed on its page."""

    name: Annotated[str, Field(min_length=1, max_length=120)] = ""
    calls_per_minute: Annotated[int | None, Field(ge=1, le=100_000)] = None
    max_lines: Annotated[int | None, Field(ge=1, le=100_000)] = None
    lines_percent: Annotated[
        int | None, Field(ge=1, le=100, description="Share of the provider's lines; null: no share.")
    ] = None
    priority: Literal["high", "normal", "low"] = "normal"
    budget: Annotated[
        str | None, Field(pattern=r"^\d{1,12}(\.\d{1,2})?$", description="In the provider's currency; null: no limit.")
    ] = None
    budget_is_soft: bool = False
    weekly_hours: Annotated[
        dict[Weekday, Annotated[list[Annotated[str, Field(max_length=20)]], Field(max_length=4)]] | None,
        Field(
            description="Hours by weekday (1 is Monday), such as {'1': ['09:00-13:00', '16:00-20:00']}; a weekday that "
            "is left out has no calls. Null: the same hours on every day."
        ),
    ] = None
    blackout_dates: Annotated[
        list[Annotated[str, Field(max_length=30)]],
        Field(max_length=100, description="Dates without calls: 2026-12-24, or 2026-12-24/2027-01-02."),
    ] = []
    holiday_countries: Annotated[
        list[Annotated[str, Field(pattern="^[A-Z]{2}$")]] | None,
        Field(
            max_length=250,
            description="Whose public holidays it keeps, of those that the installation knows; empty: none; null: as "
            "set for all campaigns.",
        ),
    ] = None


class Launch(Asked):
    """How a campaign starts."""

    seen: Annotated[
        int, Field(ge=0, le=10_000_000, description="`people` as you read it; refused if the audience has changed.")
    ]
    starts_at: Annotated[AwareDatetime | None, Field(description="Null: now.")] = None
    is_pilot: Annotated[bool, Field(description="Call a few people first, then pause and ask.")] = False


class Why(Asked):
    """Why it is done."""

    reason: Reason = ""


def _typed_hours(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return hours that a program gives as the form of the page has them."""
    typed: dict[str, Any] = {}
    if "weekly_hours" in given:
        week = given["weekly_hours"]
        typed["has_weekly_hours"] = week is not None
        if week is not None:
            typed |= {f"hours_on_{day}": ", ".join(week.get(str(day + 1), ())) for day in range(7)}
    if "blackout_dates" in given:
        typed["blackout_dates"] = "\n".join(given["blackout_dates"])
    if "holiday_countries" in given:
        countries = given["holiday_countries"]
        typed["holidays_kept"] = AS_SET if countries is None else OWN if countries else NONE
        typed["holiday_countries"] = countries or []
    return typed


def _whole(request: KeyRequest, response: HttpResponse, pk: int) -> dict[str, Any]:
    found = within_reach(request, pk)
    now = progress.measure(found)
    response["ETag"] = etag_of(found, COLUMNS)
    return campaign_out(found) | {
        "hours": hours_out(found),
        "variants": [{"key": one.key, "label": one.label, "share": one.share} for one in variants_of(found)],
        "calls_per_minute": found.calls_per_minute,
        "max_lines": found.max_lines,
        "lines_percent": found.lines_percent,
        "priority": found.priority,
        "budget": None if found.budget is None else format(found.budget.normalize(), "f"),
        "budget_is_soft": found.budget_is_soft,
        "lists": [ref_of(one) for one in found.lists.all()],
        "people": now.people,
        "waiting": now.waiting,
        "live": now.live,
        "still_out": now.still_out,
        "ended": now.ended,
        "skipped": now.skipped,
        "to_decide": now.to_decide,
        "results": [{"result": one.key, "words": str(one.word), "calls": count} for one, count in now.results],
        "standstill": [str(sentence) for sentence in now.standstill],
        "line_wait": now.line_wait,
        "spent": format(now.spent.normalize(), "f"),
        "reserved": format(now.reserved.normalize(), "f"),
        "currency": now.currency,
        "waits_for": who_may_approve(found) if found.status == Campaign.Status.WAITING else [],
        "living": living_out(found) if found.is_living else None,
    }


@router.get("/campaigns", response=Paged[CampaignOut], summary="List campaigns")
@needs_right("see_calls")
def campaigns(
    request: KeyRequest,
    status: Literal["", "draft", "waiting", "scheduled", "running", "paused", "stopped", "finished"] = "",
    older_than: OlderThan = None,
    limit: Limit = 50,
) -> dict[str, Any]:
    """List the campaigns within reach, newest first."""
    found = drafts.visible_to(request.auth.person)
    page = page_by_key(found.filter(status=status) if status else found, {"older_than": older_than}, limit)
    return {"items": [campaign_out(one) for one in page.rows], "next": page.older}


@router.get("/campaigns/{int:pk}", response=WholeCampaign, summary="Read one campaign")
@needs_right("see_calls")
def campaign(request: KeyRequest, response: HttpResponse, pk: int) -> dict[str, Any]:
    """Return a campaign and where it stands; its ETag is what If-Match of a change or a launch takes."""
    return _whole(request, response, pk)


@router.patch("/campaigns/{int:pk}", response=WholeCampaign, summary="Change a campaign")
@needs_right("draft_campaign")
def campaign_change(request: KeyRequest, response: HttpResponse, pk: int, asked: CampaignChange) -> dict[str, Any]:
    """Change a campaign that was not changed since it was read (If-Match); what was approved may be sent back by it."""
    person, given = request.auth.person, chosen(asked)
    if not drafts.may_edit(within_reach(request, pk), person):
        raise PermissionDenied("draft_campaign")
    with transaction.atomic():
        locked = Campaign.objects.select_for_update().get(pk=pk)
        demand_match(request, etag_of(locked, COLUMNS))
        shown = CampaignForm(instance=within_reach(request, pk), person=person)
        typed = dict(given) | _typed_hours(given)
        form = CampaignForm(_form_data(shown, typed), instance=within_reach(request, pk), person=person, is_draft=True)
        if not form.is_valid():
            refuse_form(form)
        values = {name: value for name, value in form.values().items() if name in given}
        if values.get("weekly_hours"):
            values["days"] = form.values()["days"]
        drafts.change(pk, person, values, None, None, was_launched=form.is_launched)
    return _whole(request, response, pk)


def _form_data(shown: CampaignForm, given: Mapping[str, Any]) -> QueryDict:
    """Return what the form of the page would send: what stands there, with what is given in its place."""
    data = QueryDict(mutable=True)
    for name, field in shown.fields.items():
        value = given[name] if name in given else shown[name].value()
        many = value if isinstance(value, list | tuple) else [value]
        texts = [getattr(one, "pk", one) for one in many]
        for text in texts:
            if text not in (None, False, ""):
                data.appendlist(name, str(field.prepare_value(text)))
    return data


@router.post("/campaigns/{int:pk}/launch", response=Done, summary="Launch a campaign")
@needs_right("launch_campaign")
def campaign_launch(request: KeyRequest, pk: int, asked: Launch) -> dict[str, Any]:
    """Launch a campaign now or later. Above the limit of the key's owner it waits for approval by another person.

    With If-Match it is launched only as it was read.
    """
    within_reach(request, pk)
    with transaction.atomic():
        if "If-Match" in request.headers:
            # In the order of every launch: first the person, then the campaign.
            launch_limits.lock_person(request.auth.person)
            demand_match(request, etag_of(Campaign.objects.select_for_update().get(pk=pk), COLUMNS))
        done = start.launch(
            pk, request.auth.person, seen=asked.seen, is_pilot=asked.is_pilot, starts_at=_moment(asked.starts_at)
        )
    return {"changed": done.changed, "status": done.status, "sentence": done.sentence}


def _moment(at: datetime.datetime | None) -> datetime.datetime | None:
    return at.astimezone(timezone.get_current_timezone()) if at is not None else None


def _control(request: KeyRequest, pk: int, act: Callable[..., Outcome], *arguments: Any) -> dict[str, Any]:
    done = act(within_reach(request, pk).pk, request.auth.person, *arguments)
    return {"changed": done.changed, "status": done.status, "sentence": done.sentence}


@router.post("/campaigns/{int:pk}/pause", response=Done, summary="Pause a campaign")
@needs_right("control_campaign", "control_all_campaigns")
def campaign_pause(request: KeyRequest, pk: int, asked: Why) -> dict[str, Any]:
    """Pause a campaign: from this answer on, no new call of it is sent."""
    return _control(request, pk, lifecycle.pause, asked.reason)


@router.post("/campaigns/{int:pk}/resume", response=Done, summary="Resume a campaign")
@needs_right("control_campaign", "control_all_campaigns")
def campaign_resume(request: KeyRequest, pk: int) -> dict[str, Any]:
    """Resume a paused campaign, after a pilot with the rest of its people; by the rules of approval."""
    return _control(request, pk, lifecycle.resume)


@router.post("/campaigns/{int:pk}/stop", response=Done, summary="Stop a campaign for good")
@needs_right("control_campaign", "control_all_campaigns")
def campaign_stop(request: KeyRequest, pk: int, asked: Why) -> dict[str, Any]:
    """Stop a campaign for good: people who wait are not called any more."""
    return _control(request, pk, lifecycle.stop, asked.reason)
