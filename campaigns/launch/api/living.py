"""People who join a campaign that stays open, for programs: by number, once, within what was approved."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Router, Schema, Status

from callcenter.api.door import KeyRequest, needs_right
from callcenter.api.once import HEADER, MAX_TOKEN, once
from callcenter.api.problems import Problem
from callcenter.api.shapes import chosen
from campaigns.contacts.api.people import NewPerson, save_by_number
from campaigns.core.refusals import Refusal
from campaigns.core.scope import seen_by
from campaigns.launch import drafts
from campaigns.launch.audience import AudienceJudge
from campaigns.launch.living import joining
from campaigns.models import Call, Campaign, Contact
from campaigns.reasons import SkipReason

router = Router(tags=["Campaigns"])


class Joined(Schema):
    """A contact who joined a campaign."""

    person: int
    """The id of the contact."""
    call: int | None
    """The id of the first call of the campaign to the contact; null until it is queued."""
    verdict: str
    """now, or why the contact is not called yet or never, as the launch check names it."""
    sentence: str
    """The same in words; empty where the call goes out as soon as a line is free."""


@router.post(
    "/campaigns/{int:pk}/people",
    response={200: Joined, 201: Joined},
    summary="Add one contact to a campaign that stays open",
    openapi_extra={
        "parameters": [
            {
                "in": "header",
                "name": HEADER,
                "required": True,
                "schema": {"type": "string", "minLength": 1, "maxLength": MAX_TOKEN, "pattern": r"^[!-~]+$"},
                "description": "A new text for each contact, such as a UUID. The same one again changes nothing.",
            }
        ]
    },
)
@needs_right("import_people")
def campaign_people_add(request: KeyRequest, pk: int, asked: NewPerson) -> Any:
    """Create a contact, or change the one with this number, and put it into the campaign's list: 201, or 200 if known.

    The campaign queues it within a minute, within its limits, and calls nobody twice. `list_id` is one of its lists;
    it may be left out where it has only one.
    """
    campaign = get_object_or_404(drafts.visible_to(request.auth.person), pk=pk)

    def make() -> int:
        _refuse_closed(campaign)
        given = chosen(asked)
        list_id = _list_of(campaign, given.pop("list_id", None))
        saved, _is_new = save_by_number(request, given.pop("phone"), given, list_id)
        _demand_tag(campaign, saved)
        return saved

    happened = once(request, request.auth.key, make)
    return Status(201 if happened.is_new else 200, _joined(request, campaign, happened.made))


def _refuse_closed(campaign: Campaign) -> None:
    if not campaign.is_living:
        raise Refusal(_("This campaign does not stay open: its contacts were fixed at launch."))
    if not campaign.is_open or campaign.is_filled:
        raise Refusal(_("This campaign takes no new contacts: it is not launched, waiting for approval, or closed."))


def _list_of(campaign: Campaign, asked: int | None) -> int | None:
    """Return the list that the contact joins; None for a campaign of tags only. Raises Problem."""
    lists = list(campaign.lists.order_by("pk").values_list("pk", flat=True))
    if asked is None and len(lists) < 2:
        return lists[0] if lists else None
    if asked not in lists:
        detail = _("Enter one of the campaign's lists: %(ids)s.") % {"ids": ", ".join(map(str, lists))}
        raise Problem(422, detail, errors=[{"field": "list_id", "detail": detail}])
    return asked


def _demand_tag(campaign: Campaign, contact_id: int) -> None:
    """Raise Problem where the campaign is for people with a tag, and the contact has none of them."""
    tags = Contact.objects.values_list("tags", flat=True).get(pk=contact_id)
    if campaign.tags and not set(campaign.tags) & set(tags):
        detail = _("Enter one of the campaign's tags: %(tags)s.") % {"tags": ", ".join(campaign.tags)}
        raise Problem(422, detail, errors=[{"field": "tags", "detail": detail}])


def _joined(request: KeyRequest, campaign: Campaign, contact_id: int) -> dict[str, Any]:
    """Return where a contact stands in a campaign."""
    found = seen_by(request.auth.person, Contact.objects.all()).filter(pk=contact_id).first()
    if found is None:
        raise Http404
    call = Call.objects.filter(campaign=campaign, contact=contact_id).order_by("attempt").first()
    if call is not None:
        skipped = SkipReason(call.skip_reason) if call.skip_reason in SkipReason.values else SkipReason.NONE
        said = str(skipped.label) if call.skip_reason else _("It is already queued or called.")
        return {"person": contact_id, "call": call.pk, "verdict": call.skip_reason or "queued", "sentence": said}
    if joining.known_to(campaign, [contact_id]):
        reason = SkipReason.SAME_PERSON
        return {"person": contact_id, "call": None, "verdict": reason.value, "sentence": str(reason.label)}
    judge = AudienceJudge(campaign, timezone.now())
    judged = next(iter(judge.people(among=[contact_id], tells_when=True)), None)
    if judged is None:
        raise Http404
    sentence = judged.eligibility.words(is_queued=True) if judged.eligibility.reason else ""
    return {"person": contact_id, "call": None, "verdict": judged.verdict, "sentence": sentence}
