"""What happened in words: for each kind, what it came to, what to do, and the page, by the id of what it is about."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from callcenter.formats.amounts import number, plain_money
from callcenter.formats.calendars import whole_moment
from callcenter.formats.masking import ending
from campaigns.answers.figures import goal_of
from campaigns.core import results
from campaigns.launch.audience_query import count_people
from campaigns.launch.pilot import measure_pilot
from campaigns.models import Call, CallExport, Campaign, HandOver
from campaigns.notices import kinds
from campaigns.notices.paragraphs import Paragraph, link

Status = Campaign.Status
Paragraphs = dict[int, Paragraph]
Told = Mapping[int, tuple[str, str]]
"""By the id of what it is about: who did it, and why."""


def _campaigns(ids: Collection[int]) -> list[Campaign]:
    return list(Campaign.objects.select_related("provider", "owner").filter(pk__in=ids).prefetch_related("lists"))


def _sentences(*sentences: str) -> str:
    return " ".join(filter(None, sentences))


def _needed(ids: Collection[int], told: Told) -> Paragraphs:
    found = {}
    for row in _campaigns(ids):
        who = told[row.pk][0]
        asks = (
            _("%(who)s asks for approval of the campaign “%(name)s”.") % {"who": who, "name": row}
            if who
            else _("The campaign “%(name)s” needs approval again: it was changed after approval.") % {"name": row}
        )
        people = count_people(row)
        size = ngettext("It would call %(n)s person.", "It would call %(n)s people.", people) % {"n": number(people)}
        money = ""
        if row.budget is not None:
            money = _("Budget: %(amount)s.") % {"amount": plain_money(row.budget, row.provider.currency)}
        start = _("Start: %(at)s.") % {"at": whole_moment(timezone.localtime(row.starts_at))} if row.starts_at else ""
        step = _(
            "No one is called before that. Read the launch check, then approve the campaign or return it with a reason."
        )
        found[row.pk] = Paragraph(_sentences(asks, size, money, start), step, link("campaign-check", row.pk))
    return found


def _given(ids: Collection[int], told: Told) -> Paragraphs:
    return {
        row.pk: Paragraph(
            _("%(who)s approved the campaign “%(name)s”.") % {"who": told[row.pk][0] or _("Someone"), "name": row},
            _("It is launched, or starts as scheduled. See its progress on its page."),
            link("campaign", row.pk),
        )
        for row in _campaigns(ids)
    }


def _returned(ids: Collection[int], told: Told) -> Paragraphs:
    found = {}
    for row in _campaigns(ids):
        who, why = told[row.pk]
        by_whom = (
            _("%(who)s returned the campaign “%(name)s”.") % {"who": who, "name": row}
            if who
            else _("The campaign “%(name)s” was returned.") % {"name": row}
        )
        reason = _("Reason: %(why)s") % {"why": why} if why else ""
        step = _("Make the changes, then send it for approval again.")
        found[row.pk] = Paragraph(_sentences(by_whom, reason), step, link("campaign", row.pk))
    return found


def result_in_words(campaign: Campaign) -> str:
    """Return what a campaign came to in one sentence: people, conversations, goal, cost."""
    found = measure_pilot(campaign)
    said = [
        ngettext("%(n)s person called", "%(n)s people called", found.people) % {"n": number(found.people)},
        ngettext("%(n)s conversation", "%(n)s conversations", found.talked) % {"n": number(found.talked)},
    ]
    goal = goal_of(campaign, list(campaign.questions.all()))
    if goal is not None:
        said.append(_("goal reached: %(n)s") % {"n": number(goal.reached)})
    if found.spent:
        said.append(_("cost: %(amount)s") % {"amount": plain_money(found.spent, found.currency)})
    return _(", ").join(said) + "."


def _finished(ids: Collection[int], _told: Told) -> Paragraphs:
    return {
        row.pk: Paragraph(
            _("The campaign “%(name)s” is finished: %(result)s") % {"name": row, "result": result_in_words(row)},
            _("See the results. You can call people not reached with a new campaign."),
            link("campaign", row.pk),
        )
        for row in _campaigns(ids)
    }


def _pilot_over(ids: Collection[int], _told: Told) -> Paragraphs:
    return {
        row.pk: Paragraph(
            _("The pilot of “%(name)s” is finished: %(result)s") % {"name": row, "result": result_in_words(row)},
            _("No one else is called until you decide: continue with the rest, or end the campaign."),
            link("campaign", row.pk),
        )
        for row in _campaigns(ids)
    }


def _exports(ids: Collection[int], _told: Told) -> Paragraphs:
    return {
        row.pk: Paragraph(
            ngettext("Your file with %(n)s row is ready.", "Your file with %(n)s rows is ready.", row.done_rows)
            % {"n": number(row.done_rows)},
            _("Download it under Exports. It is deleted after 7 days."),
            link("exports"),
        )
        for row in CallExport.objects.filter(pk__in=ids)
    }


def _hand_overs(ids: Collection[int]) -> list[HandOver]:
    found = HandOver.objects.select_related("call__campaign").filter(call__in=ids)
    return list(found)


def _call_words(row: HandOver) -> dict[str, str]:
    call: Call = row.call
    return {
        "end": ending(call.to_number),
        "campaign": str(call.campaign or _("single call")),
        "outcome": str(results.BY_KEY[row.outcome].word),
        "at": whole_moment(timezone.localtime(row.due_at)),
    }


def _given_to_you(ids: Collection[int], told: Told) -> Paragraphs:
    step = _("Follow up, then mark it as done on the call page. Today lists everything assigned to you.")
    return {
        row.call_id: Paragraph(
            _sentences(
                _("The call to %(end)s (%(campaign)s, %(outcome)s) was assigned to you, due %(at)s.")
                % _call_words(row),
                _("Assigned by %(who)s.") % {"who": told[row.call_id][0]} if told[row.call_id][0] else "",
            ),
            step,
            link("call", row.call_id),
        )
        for row in _hand_overs(ids)
    }


def _given_due(ids: Collection[int], _told: Told) -> Paragraphs:
    step = _("Follow up, then mark it as done on the call page, or assign it to someone else.")
    return {
        row.call_id: Paragraph(
            _("The call to %(end)s (%(campaign)s, %(outcome)s) was due %(at)s and is still open.") % _call_words(row),
            step,
            link("call", row.call_id),
        )
        for row in _hand_overs(ids)
    }


_SINGLY: Mapping[str, Callable[[Collection[int], Told], Paragraphs]] = {
    kinds.APPROVAL_NEEDED: _needed,
    kinds.APPROVAL_GIVEN: _given,
    kinds.APPROVAL_RETURNED: _returned,
    kinds.CAMPAIGN_FINISHED: _finished,
    kinds.PILOT_OVER: _pilot_over,
    kinds.EXPORT_READY: _exports,
    kinds.GIVEN: _given_to_you,
    kinds.GIVEN_DUE: _given_due,
}


def singly(kind: str, ids: Collection[int], told: Told) -> Paragraphs:
    """Return a paragraph for each of these things, by its id; what is gone has none. Raises KeyError."""
    return _SINGLY[kind](ids, told)


def is_of(kind: str) -> bool:
    """Return whether a kind is something that happened, and no condition that lasts."""
    return kind in _SINGLY
