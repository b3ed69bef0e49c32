"""May calls that wait be made now, and if not: why, and what to do; many at once, for a page.

The rules are those of `eligibility`.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from django.utils import timezone

from campaigns.core import explanations, moment_words, stop_all
from campaigns.core.call_caps import counted_since
from campaigns.core.eligibility import JUDGED_WAITS, Eligibility, Judge, Verdict, Words, stops_of
from campaigns.core.eligibility_facts import Asked, confirmed_since, numbers_now, quiet_since
from campaigns.core.installation import current
from campaigns.models import Call, Callback, Campaign
from campaigns.reasons import WaitReason
from providers.types import CallStatus


def answers_about(
    calls: Iterable[Call], now: datetime.datetime, *, is_stopped: bool | None = None
) -> dict[int, Eligibility]:
    """Return the answers for waiting calls by call id, in a fixed number of queries for any number of calls.

    Contact, campaign and provider should be loaded by `select_related`. `is_stopped` is as for `stops_of`.
    """
    waiting = [call for call in calls if call.status == CallStatus.PENDING]
    if not waiting:
        return {}
    # Only what was confirmed can be a callback: of all other calls no row is looked for.
    confirmed = [call.pk for call in waiting if call.confirmed_at is not None]
    planned = {row.call_id: row for row in Callback.objects.filter(call__in=confirmed)} if confirmed else {}
    asked = {
        call.pk: Asked(
            call.expires_at,
            call.confirmed_at,
            call.test_of_id is not None,
            planned[call.pk].from_call_id if call.pk in planned else None,
        )
        for call in waiting
    }
    campaigns = {call.campaign for call in waiting}
    installation = current()
    numbers = numbers_now(
        {call.to_number for call in waiting},
        now,
        quiet_since(now, campaigns, installation),
        confirmed_since(asked.values()),
        counted_since(now, campaigns, installation),
    )
    is_stopped = stop_all.is_stopped() if is_stopped is None else is_stopped
    judges: dict[tuple[int | None, int], Judge] = {}
    answers = {}
    for call in waiting:
        key = call.campaign_id, call.provider_id
        if key not in judges:
            stops = stops_of(call.provider, is_stopped=is_stopped)
            judges[key] = Judge(now, call.provider, call.campaign, stops, installation)
        person = call.contact
        answers[call.pk] = judges[key].answer_queued(
            call.to_number,
            person.time_zone if person else "",
            person.name if person else "",
            person.variables if person else {},
            numbers,
            asked[call.pk],
            has_consent=person is not None and person.has_consent,
        )
    return answers


def words_about(call: Call, answer: Eligibility | None) -> tuple[Words, Words]:
    """Return the explanation of a call's status and the next step; `answer` is the current one for a waiting call.

    A stored wait reason that no longer applies is not shown: the call then only waits its turn. A paused campaign
    comes before any other reason.
    """
    is_paused = call.campaign is not None and call.campaign.status == Campaign.Status.PAUSED
    if answer is None or (is_paused and answer.verdict is not Verdict.NEVER):
        return explanations.why(call), explanations.next_step(call)
    if call.wait_reason == WaitReason.CALLBACK and call.due_at > timezone.now() and answer.verdict is not Verdict.NEVER:
        # What speaks against a call now says nothing of the time that was asked for.
        callback: Callback | None = getattr(call, "callback", None)
        why = moment_words.callback_at(call.due_at, callback.zone) if callback else WaitReason.CALLBACK.label
        return why, explanations.next_step(call)
    if answer.verdict is not Verdict.NOW:
        return answer.sentence, answer.next_step(is_queued=True)
    if call.wait_reason in {*JUDGED_WAITS, WaitReason.CALLBACK}:
        call = Call(status=call.status, campaign=call.campaign, provider=call.provider)
    return explanations.why(call), explanations.next_step(call)
