"""The tools act by the API, with its rights and notes; a call is placed in two steps, once."""

from __future__ import annotations

import datetime

import pytest
import time_machine
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import Settings

from callcenter.api.keys import BURST
from callcenter.audit.models import AuditEvent
from callcenter.mcp.inner_api import InnerApi, ToolRefused
from callcenter.mcp.tools import CONFIRMED_WITHIN, Tools
from campaigns.models import Answer, Call, DoNotCall, Question
from providers.models import Agent
from tests.conftest import make_agent, make_call, make_campaign, make_contact, make_person
from tests.programs import EVERYTHING, Program

pytestmark = pytest.mark.django_db


def tools_of(owner: User, without: frozenset[str] = frozenset()) -> Tools:
    return Tools(InnerApi(Program(owner, scopes=EVERYTHING - without).secret))


@pytest.fixture
def agent(settings: Settings) -> Agent:
    settings.SINGLE_CALL_HOURS = "00:00-00:00"
    return make_agent(variables=["order"])


def prepared(tools: Tools, agent: Agent, **asked: object) -> dict[str, object]:
    return tools.prepare_call(agent.provider_id, agent=agent.pk, variables={"order": "4711"}, **asked)  # type: ignore[arg-type]


def test_people_are_found_with_numbers_as_the_key_may_see_them(caller: User) -> None:
    contact = make_contact(name="Maryam Rahimi", owner=caller)
    DoNotCall.objects.create(phone=contact.phone, reason="said so")
    (whole,) = tools_of(caller).find_person("Rahimi")["items"]
    assert (whole["id"], whole["phone"], whole["is_forbidden"]) == (contact.pk, contact.phone, True)
    (masked,) = tools_of(caller, frozenset({"numbers"})).find_person("Rahimi")["items"]
    assert masked["phone"] == f"…{contact.phone[-4:]}"
    with pytest.raises(ToolRefused, match="people:read"):
        tools_of(caller, frozenset({"people:read"})).find_person("Rahimi")


def test_a_call_is_placed_after_its_confirmation_and_once(caller: User, agent: Agent) -> None:
    contact = make_contact(name="Maryam", owner=caller)
    tools = tools_of(caller, frozenset({"numbers"}))
    said = prepared(tools, agent, person=contact.pk)
    assert (Call.objects.count(), "Call Maryam (…" in str(said["sentence"])) == (0, True)
    assert contact.phone not in str(said)
    first, second = (tools.place_call(str(said["confirmation"])) for _ in range(2))
    call = Call.objects.get()
    assert (first["id"], second["id"], call.contact, call.owner) == (call.pk, call.pk, contact, caller)
    event = AuditEvent.objects.get(action="call.asked")
    assert (event.actor, event.source.startswith("MCP: API key cc_")) == (caller, True)


def test_a_confirmation_is_of_one_key_one_order_and_ten_minutes(caller: User, agent: Agent) -> None:
    tools, others = tools_of(caller), tools_of(make_person())
    confirmation = str(prepared(tools, agent, phone=make_contact(owner=caller).phone)["confirmation"])
    for wrong in (confirmation[:-2], "x" + confirmation, ""):
        with pytest.raises(ToolRefused, match="no confirmation"):
            tools.place_call(wrong)
    with pytest.raises(ToolRefused, match="no confirmation"):
        others.place_call(confirmation)
    later = timezone.now() + datetime.timedelta(seconds=CONFIRMED_WITHIN + 5)
    with time_machine.travel(later), pytest.raises(ToolRefused, match="prepare the call anew"):
        tools.place_call(confirmation)
    assert Call.objects.count() == 0


def test_whoever_must_not_be_called_is_refused_in_both_steps(caller: User, agent: Agent) -> None:
    contact, tools = make_contact(owner=caller), tools_of(caller)
    confirmation = str(prepared(tools, agent, person=contact.pk)["confirmation"])
    DoNotCall.objects.create(phone=contact.phone, reason="said so")
    with pytest.raises(ToolRefused, match="do-not-call"):
        tools.place_call(confirmation)
    with pytest.raises(ToolRefused, match="do-not-call"):
        prepared(tools, agent, person=contact.pk)
    with pytest.raises(ToolRefused, match="calls:place"):
        prepared(tools_of(caller, frozenset({"calls:place"})), agent, person=contact.pk)
    assert Call.objects.count() == 0


def test_a_call_later_waits_for_its_time(caller: User, agent: Agent) -> None:
    contact, tools = make_contact(owner=caller), tools_of(caller)
    day = (timezone.localdate() + datetime.timedelta(days=2)).isoformat()
    said = prepared(tools, agent, person=contact.pk, day=day, time="17:00", reason="wants to")
    assert said["due_at"] is not None
    placed = tools.place_call(str(said["confirmation"]))
    assert placed["due_at"] == said["due_at"]
    assert Call.objects.get().callback.reason == "wants to"


def test_calls_campaigns_and_results_are_read(manager: User) -> None:
    campaign = make_campaign(owner=manager, name="Spring")
    question = Question.objects.create(campaign=campaign, name="Confirmed", kind="yes_no", path="confirmed", goal="yes")
    call = make_call(
        campaign=campaign, owner=manager, contact=make_contact(), status="completed", talk_seconds=9,
        placing_at=timezone.now(), ended_at=timezone.now(),
    )  # fmt: skip
    Answer.objects.create(question=question, call=call, raw="yes", key="yes", certainty="read")
    tools = tools_of(manager)
    assert tools.read_call(call.pk)["result"] == "talked"
    assert [one["id"] for one in tools.find_calls(campaign=campaign.pk)["items"]] == [call.pk]
    assert [one["name"] for one in tools.list_campaigns()["items"]] == ["Spring"]
    assert tools.read_campaign(campaign.pk)["name"] == "Spring"
    assert tools.read_results(campaign.pk)["goal"]["reached"] == 1
    assert tools.list_answers(campaign.pk)["items"][0]["answers"][0]["answer"] == "yes"
    assert {one["id"] for one in tools.list_providers()["items"]} >= {campaign.provider_id}
    with pytest.raises(ToolRefused, match="not accessible with this key"):
        tools.read_call(10**6)


def test_the_rate_of_the_key_holds(caller: User) -> None:
    tools = Tools(InnerApi(Program(caller, a_minute=1).secret))
    for _ in range(BURST):
        tools.list_campaigns()
    with pytest.raises(ToolRefused, match="Too many requests"):
        tools.list_campaigns()
