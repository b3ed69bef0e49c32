"""Those who ask: each puts the question in its own way and compares the answer with the case."""

from __future__ import annotations

import datetime
import html
import re
import uuid
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from campaigns.calls.quick_call import SingleCall, place_single_call
from campaigns.core import eligibility, leases
from campaigns.core.refusals import Refusal
from campaigns.dialing.commit_point import LIVE_ELSEWHERE_SECONDS, commit_calls
from campaigns.launch.audience import people_with
from campaigns.launch.launch_check import check_launch
from campaigns.models import Call
from campaigns.reasons import StopReason
from providers.models import Provider
from tests.campaigns.core.eligibility_table.world import BREAKER, HOUR, UNCOMPARED, World

EVERYBODYS_STOP = set(map(str, StopReason))


class Asker:
    """Somebody who asks; says whether the answer is the one of the case."""

    def __init__(self, world: World, client: Client, manager: Any, settings: Settings) -> None:
        self.world, self.case, self.client, self.manager, self.settings = world, world.case, client, manager, settings

    def ask(self) -> None:
        """Ask, and compare."""
        raise NotImplementedError

    def page(self, address: str) -> str:
        """Return what stands on a page, as a reader sees it."""
        return readable(self.client.get(address).content.decode())


def readable(markup: str) -> str:
    """Return the words of a page on one line."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", markup)).split())


class QuickCallForm(Asker):
    """The form of one call, before the press and at it."""

    def ask(self) -> None:
        case, world = self.case, self.world
        start, end = world.campaign.hours_start, world.campaign.hours_end
        self.settings.SINGLE_CALL_HOURS = f"{start:%H:%M}-{end:%H:%M}"
        self.settings.QUIET_PERIOD_HOURS = world.campaign.quiet_hours
        chosen = {"number": world.contact.phone, "provider": world.provider.pk}
        if case.reason == "missing_variable":
            sent = chosen | {"kind": "text", "text": world.campaign.text, "do": "call", "form_token": uuid.uuid4()}
            answer = self.client.post("/quick-call/", sent)
            assert answer.status_code == 422
            assert answer.context["form"].errors == {"text": [f"{case.sentence} {case.asked}"]}
            return
        answer = self.client.post("/quick-call/check/", chosen)
        said = [(found.code, found.sentence, found.next_step) for found in answer.context["prospect"].obstacles]
        assert said[:1] == ([(case.reason, case.sentence, case.asked)] if case.reason else [])
        assert (f"{case.sentence} {case.asked}" if case.reason else "Can be called now.") in readable(
            answer.content.decode()
        )
        asked = SingleCall(
            to_number=world.contact.phone,
            provider=world.provider,
            agent=world.campaign.agent,
            text="" if world.campaign.agent else "Hello",
        )
        if case.reason in {"", "provider_paused", "provider_comparing"}:
            return  # Neither an open breaker nor a comparison holds nobody off the queue.
        with pytest.raises(Refusal, match=re.escape(case.sentence)):
            place_single_call(asked, person=self.manager)


class LaunchCheck(Asker):
    """The launch check: its counts, the people behind them, and what stands against everybody."""

    def ask(self) -> None:
        case, campaign = self.case, self.world.campaign
        check = check_launch(campaign, self.world.now)
        if case.reason in EVERYBODYS_STOP:
            assert f"{case.sentence} {case.queued}" in (*check.blockers, *check.warnings)
            assert check.is_ready == (case.provider.keys() <= BREAKER.keys() | UNCOMPARED.keys())
            return
        assert dict(check.verdicts) == {case.reason or "now": 1}
        (person,), _more = people_with(campaign, case.reason or "now", self.world.now)
        self.compare(person.eligibility)
        page = self.page(f"/campaigns/{campaign.pk}/check/{case.reason or 'now'}/")
        for words in (
            (case.sentence, case.queued, "Not before" if case.until else "") if case.reason else ("Called now",)
        ):
            assert words in page

    def compare(self, found: eligibility.Eligibility) -> None:
        """Compare an answer with the case."""
        case = self.case
        assert (found.verdict, found.reason, found.until) == (case.verdict, case.reason, case.until)
        assert (found.sentence, found.next_step(is_queued=True)) == (case.sentence, case.queued)


class PeopleTab(Asker):
    """The people of the campaign, where one waits."""

    def ask(self) -> None:
        answer = self.client.get(f"/campaigns/{self.world.campaign.pk}/people/")
        row = next(row for row in answer.context["rows"] if row.call.status == "pending")
        case = self.case
        assert (row.why, row.next_step) == ((case.sentence, case.queued) if case.reason else ("Waiting.", ""))
        assert row.not_before == (case.until or self.world.now)
        assert str(row.why) in readable(answer.content.decode())


class CallPage(Asker):
    """The page of the call that waits."""

    def ask(self) -> None:
        case = self.case
        page = self.page(f"/calls/{Call.objects.get(campaign=self.world.campaign, status='pending').pk}/")
        assert (case.sentence or "Waiting.") in page
        assert f"Next: {case.queued}" in page if case.reason else "Next:" not in page


class CommitPoint(Asker):
    """The last look before an order leaves."""

    def ask(self) -> None:
        case, world, token = self.case, self.world, uuid.uuid4()
        call = Call.objects.get(campaign=world.campaign, status="pending")
        Provider.objects.update(dispatch_lease=None, dispatch_lease_until=None)
        leases.take("dispatch", world.provider.pk, token, world.now)
        Provider.objects.filter(pk=world.provider.pk).update(
            dispatch_lease=token, dispatch_lease_until=world.now + leases.LEASE
        )
        Call.objects.filter(pk=call.pk).update(lease=token, lease_until=world.now + HOUR)
        result = commit_calls(world.provider.pk, token, [call.pk], 1, FrozenClock(world.now))
        call.refresh_from_db()
        assert [passed.call_id for passed in result.committed] == ([] if case.reason else [call.pk])
        assert result.is_open == (case.reason not in EVERYBODYS_STOP)
        if case.reason in EVERYBODYS_STOP:
            assert (call.status, call.skip_reason, call.wait_reason) == ("pending", "", "")
        elif case.verdict == "wait":
            look_again = case.until or world.now + datetime.timedelta(seconds=LIVE_ELSEWHERE_SECONDS)
            assert (call.status, call.wait_reason, call.due_at) == ("pending", case.reason, look_again)
        elif case.verdict == "never":
            assert (call.status, call.skip_reason, call.placing_at) == ("skipped", case.reason, None)


class FrozenClock:
    """A clock that stands still."""

    def __init__(self, at: datetime.datetime) -> None:
        self._at = at

    def now(self) -> datetime.datetime:
        """Return its one moment."""
        return self._at


ASKERS: dict[str, type[Asker]] = {
    "form": QuickCallForm,
    "check": LaunchCheck,
    "tab": PeopleTab,
    "page": CallPage,
    "commit": CommitPoint,
}
"""In the order of a campaign's life: the check sees a draft, those after it a call that waits."""
