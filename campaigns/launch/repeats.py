"""Campaigns that repeat: on chosen days a copy is made and launched, for everybody or for whom a date is near.

Each run is a campaign of its own, with the people, the launch check, the limits and the approval of any other. There is
one run a day at most, whatever is interrupted or edited: the row says which day was run, in the transaction of the run.
"""

from __future__ import annotations

import datetime
import logging
import uuid
import zoneinfo
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from callcenter.access.roles import Person, may
from callcenter.audit.models import record
from callcenter.edits.shown import Shown, changes_of
from callcenter.edits.states import put
from callcenter.formats.amounts import number
from campaigns.core.day_caps import day_of
from campaigns.core.refusals import Refusal
from campaigns.launch import drafts, start
from campaigns.launch.audience_query import Selection
from campaigns.launch.dated_people import Dated, dated
from campaigns.launch.launch_check import may_launch
from campaigns.models import Campaign, CampaignRepeat, ContactList, ListMembership
from campaigns.models.contacts import MAX_LIST_NAME
from campaigns.reasons import MAX_REASON

logger = logging.getLogger(__name__)
MAX_REFUSAL = Campaign._meta.get_field("start_refusal").max_length
_ASKED = ("next_at", "zone", "column", "days_before")
"""Columns that say for whom a run is; where one changed since they were looked for, the next run looks anew."""
_RUNS = uuid.UUID("a7b1f0de-6e0e-4f3e-9c0a-5d2f6f0c2a11")
"""Names the tokens of runs, so that one run makes one copy."""


def may_repeat(campaign: Campaign, person: Person) -> bool:
    """Return whether a person may let a campaign repeat: they may write and launch it."""
    return may(person, "draft_campaign") and may_launch(campaign, person)


def next_time(repeat: CampaignRepeat, now: datetime.datetime) -> datetime.datetime | None:
    """Return the next time after `now` at which it is due, on a day after the last run; None if no day is chosen."""
    zone = zoneinfo.ZoneInfo(repeat.zone)
    today = now.astimezone(zone).date()
    for offset in range(9):
        day = today + datetime.timedelta(days=offset)
        at = datetime.datetime.combine(day, repeat.local_time, zone)
        has_run = repeat.last_day is not None and day <= repeat.last_day
        if day.weekday() in repeat.days and at > now and not has_run:
            return at
    return None


def save(
    campaign: Campaign,
    person: Person,
    values: Mapping[str, Any],
    now: datetime.datetime,
    zone: str,
    shown: Shown | None = None,
) -> CampaignRepeat:
    """Let a campaign repeat, or change when it does; it goes on in this person's name.

    Raises PermissionDenied, Refusal for one that stays open, and BothChanged.
    """
    if not may_repeat(campaign, person):
        raise PermissionDenied("launch_campaign")
    if campaign.is_living:
        raise Refusal(_("A campaign that stays open cannot repeat: it calls new contacts as they are added."))
    with transaction.atomic():
        Campaign.objects.select_for_update(of=("self",), no_key=True).get(pk=campaign.pk)
        repeat = CampaignRepeat.objects.filter(pk=campaign.pk).first() or CampaignRepeat(campaign=campaign, zone=zone)
        for name, value in changes_of(repeat, values, shown).items():
            put(repeat, name, value)
        repeat.person_id, repeat.zone, repeat.note = person.pk, zone, ""
        repeat.next_at = next_time(repeat, now)
        repeat.save()
        record(person, "campaign.repeat_set", campaign, days=repeat.days, starts_at=_iso(repeat.next_at))
    return repeat


def end(campaign: Campaign, person: Person) -> bool:
    """Let a campaign repeat no more; returns whether it did. What was made already stays. Raises PermissionDenied."""
    if not may_repeat(campaign, person):
        raise PermissionDenied("launch_campaign")
    with transaction.atomic():
        ended = CampaignRepeat.objects.filter(pk=campaign.pk, next_at__isnull=False).update(next_at=None)
        if ended:
            record(person, "campaign.repeat_ended", campaign)
    return bool(ended)


def run_due(now: datetime.datetime) -> int:
    """Make and launch a copy of every campaign that is due; returns how many were made."""
    made = 0
    due = CampaignRepeat.objects.filter(next_at__lte=now).order_by("next_at")
    for campaign_id in list(due.values_list("pk", flat=True)):
        try:
            made += _run(campaign_id, now)
        except Exception:
            # An error in one must not keep the others waiting; the next run of the minute job tries it again.
            logger.exception("campaign=%s: its repetition could not be run", campaign_id)
    return made


def _run(campaign_id: int, now: datetime.datetime) -> bool:
    """Run one repetition in one transaction; returns whether a campaign was made."""
    read = CampaignRepeat.objects.select_related("campaign").get(pk=campaign_id)
    # Before the transaction, which would block all other writers on SQLite.
    found = _who(read)
    with transaction.atomic():
        rows = CampaignRepeat.objects.select_for_update(of=("self",)).select_related("campaign", "person")
        repeat = rows.get(pk=campaign_id)
        due, campaign, person = repeat.next_at, repeat.campaign, repeat.person
        if due is None or due > now or any(getattr(repeat, name) != getattr(read, name) for name in _ASKED):
            return False
        day = due.astimezone(zoneinfo.ZoneInfo(repeat.zone)).date()
        made: Campaign | None = None
        if person is None or not person.is_active or not may_repeat(campaign, person):
            note = _("The user who set it is no longer allowed to launch it. Another user must set it again.")
            repeat.next_at = None
            record(None, "campaign.repeat_ended", campaign, reason=note)
        else:
            repeat.last_day = day
            repeat.next_at = next_time(repeat, now)
            if now - due > start.TOO_LATE:
                note = _(
                    "Callcenter was not running at that time, and the run was more than 12 hours late, so it "
                    "was skipped."
                )
            else:
                made, note = _make(campaign, person, found, day, due)
        repeat.made, repeat.note = made or repeat.made, note[:MAX_REASON]
        repeat.save(update_fields=["last_day", "next_at", "made", "note"])
    return made is not None


def _day_of(repeat: CampaignRepeat) -> datetime.date | None:
    """Return the day of the run that is due, on the clock of its zone."""
    return repeat.next_at.astimezone(zoneinfo.ZoneInfo(repeat.zone)).date() if repeat.next_at is not None else None


def _who(repeat: CampaignRepeat) -> Dated | None:
    """Return whose date has come; None where a run is for everybody."""
    day = _day_of(repeat)
    if not repeat.column or day is None:
        return None
    return dated(Selection.of(repeat.campaign), repeat.column, day + datetime.timedelta(days=repeat.days_before))


def _make(
    campaign: Campaign, person: Any, found: Dated | None, day: datetime.date, due: datetime.datetime
) -> tuple[Campaign | None, str]:
    """Make the copy of one run and launch it; returns it, None where nobody's date has come, and what became of it."""
    unread = _unread_words(found.unread) if found is not None else ""
    if found is not None and not found.ids:
        nobody = _("No contact had this date.")
        return None, f"{nobody} {unread}".strip()
    token = uuid.uuid5(_RUNS, f"{campaign.pk} {day}")
    made = drafts.copy(campaign.pk, person, token)
    if found is not None:
        # A last day is one of the installation's zone, where it may be the next day already.
        _only(made, found.ids, day, max(day, day_of(due).date))
        made.refresh_from_db()
    try:
        with transaction.atomic():
            said = start.launch(made.pk, person, token).sentence
    except Refusal as refusal:
        said = str(refusal)
        Campaign.objects.filter(pk=made.pk).update(starts_at=due, start_refusal=said[:MAX_REFUSAL])
        record(None, "campaign.start_refused", made, reason=said[:MAX_REASON])
    record(None, "campaign.repeated", campaign, made=made.pk)
    return made, f"{said} {unread}".strip()


def _only(made: Campaign, ids: list[int], day: datetime.date, last_day: datetime.date) -> None:
    """Let a copy call these people alone, and nobody after its day: their date would be another number of days away."""
    stem = f"{made.name[: MAX_LIST_NAME - 30]}: {day.isoformat()}"
    name, more = stem, 2
    while ContactList.objects.filter(name=name).exists():
        name, more = f"{stem} ({more})", more + 1
    people = ContactList.objects.create(name=name, owner_id=made.owner_id, team_id=made.team_id)
    ListMembership.objects.bulk_create(
        (ListMembership(contact_list=people, contact_id=pk) for pk in ids), batch_size=1_000
    )
    made.lists.set([people])
    Campaign.objects.filter(pk=made.pk).update(tags=[], last_day=last_day)


def _unread_words(unread: int) -> str:
    if not unread:
        return ""
    text = ngettext(
        "%(count)s date could not be read. Use the format 2026-12-31 or 1405-10-10.",
        "%(count)s dates could not be read. Use the format 2026-12-31 or 1405-10-10.",
        unread,
    )
    return text % {"count": number(unread)}


def _iso(at: datetime.datetime | None) -> str | None:
    return at.isoformat() if at is not None else None
