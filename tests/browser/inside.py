"""What stands in the installation before the first page opens, made in a process of its own."""

from __future__ import annotations

import csv
import datetime
from pathlib import Path
from typing import Any

from django.contrib.auth.models import Group, User
from django.core.files import File
from django.test import override_settings
from django.utils import timezone

from callcenter.access.models import Membership, Team
from callcenter.access.rights import CALLER, MANAGER
from campaigns.answers import reading
from campaigns.calls.later_calls import Later
from campaigns.calls.quick_call import SingleCall, place_single_call
from campaigns.contacts.do_not_call import forbid
from campaigns.contacts.importing.columns.mapping import ColumnMapping
from campaigns.contacts.importing.rows.validation import check_import
from campaigns.contacts.importing.upload import map_columns, take_file
from campaigns.contacts.opt_out_removal import remove
from campaigns.dispositions import judging
from campaigns.launch import approvals, drafts, start
from campaigns.models import (
    Call,
    Campaign,
    Contact,
    ContactList,
    Disposition,
    DispositionRule,
    DoNotCall,
    ListMembership,
    Question,
    ReviewQueue,
    Scorecard,
    ScorecardPoint,
)
from campaigns.review import reviewing
from providers.models import Agent, Provider
from tests.campaigns.contacts.workbooks import workbook
from tests.end_to_end.inside import launch_at, open_limits

ROWS = (
    ("name", "phone", "city"),
    ("Nasrin Karimi", "0912 555 1204", "Tehran"),
    ("John Smith", "+1 202 555 0143", "Washington"),
    ("Nobody", "12", "Nowhere"),
)


def lay_out_pages(folder: str) -> None:
    """Leave one of each thing that a page can show: a campaign with calls, a checked import, an untouched one."""
    open_limits()
    mina = User.objects.get(username="admin")
    # Given to the admin, so that nobody else's Today has more than its test expects.
    busy = {"busy": {"person": mina.pk, "minutes": 60 * 24 * 7}}
    launch_at("bolna", "Appointments this week", max_attempts=1, retries={}, hand_overs=busy)
    path = Path(folder) / "neighbours.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(ROWS)
    sara = User.objects.get(username="caller")
    with path.open("rb") as opened:
        record = take_file(File(opened), path.name, "IR", sara)
    mapping = ColumnMapping.from_json(record.mapping)
    map_columns(record, mapping, region="IR", contact_list=None, list_name="Neighbours")
    check_import(record.pk)
    # One that waits for answers: two sheets, hidden rows, two columns that may be the phone number.
    path = Path(folder) / "flights.xlsx"
    flights = [["Flights of May"], ["Name", "Pilot phone", "Passenger phone", ""],
               ["Ann", "09121234501", "09351234501", "x"], ["Ben", "09121234502", "09351234502", "y"]]  # fmt: skip
    workbook(path, {"Cover": [["Hello"]], "Flights": flights}, hidden={"Flights": [4]})
    with path.open("rb") as opened:
        take_file(File(opened), path.name, "IR", sara)
    ContactList.objects.get_or_create(name="Empty list")
    street = ContactList.objects.create(name="Our street")
    contacts = [Contact(name=f"House {number}", phone=f"+98913400{number:02d}04", region="IR") for number in range(8)]
    ListMembership.objects.bulk_create(
        ListMembership(contact_list=street, contact=contact) for contact in Contact.objects.bulk_create(contacts)
    )
    lay_out_answers()
    lay_out_decisions()


def lay_out_answers() -> None:
    """Leave a finished campaign whose calls answered a question of every type."""
    sara = User.objects.get(username="caller")
    agent = Agent.objects.select_related("provider").filter(provider__vendor="bolna").earliest("pk")
    campaign = Campaign.objects.create(
        name="What did you think of us?", provider=agent.provider, agent=agent, owner=sara, status="finished",
        team=Team.objects.get(name="Front desk"), launched_at=timezone.now(),
    )  # fmt: skip
    kinds: dict[str, dict[str, Any]] = {
        "yes_no": {"goal": "yes"}, "choice": {"options": ["Good", "Fair"]}, "number": {}, "date": {}, "text": {},
    }  # fmt: skip
    asked = [
        Question.objects.create(campaign=campaign, name=f"As {kind}", kind=kind, path=kind, **values)
        for kind, values in kinds.items()
    ]
    calls = []
    for number, contact in enumerate(Contact.objects.filter(name__startswith="House")):
        noted = {
            "yes_no": number % 3 == 0, "choice": "Good" if number % 2 else "fair", "number": 10 + number,
            "date": f"2027-01-0{number + 1}" if number < 7 else "03/04/2027", "text": "ok", "later": "tomorrow",
        }  # fmt: skip
        calls.append(
            Call.objects.create(
                campaign=campaign, contact=contact, to_number=contact.phone, provider=agent.provider, agent=agent,
                owner=sara, team=campaign.team, status="completed", talk_seconds=40, answered_by="human",
                placing_at=timezone.now(), ended_at=timezone.now(), extracted=noted,
            )
        )  # fmt: skip
    reading.read_for(asked, [call.pk for call in calls])
    offer = Disposition.objects.create(name="Wants an offer", team=campaign.team)
    begun = campaign.created_at
    DispositionRule.objects.create(disposition=offer, campaign=campaign, question=asked[0], answer="yes", since=begun)
    judging.judge([call.pk for call in calls])
    card = Scorecard.objects.create(name="Politeness", team=campaign.team)
    points = [ScorecardPoint.objects.create(scorecard=card, text=text, most=most)
              for text, most in (("Says who is calling", 1), ("Listens", 5))]  # fmt: skip
    queue = ReviewQueue.objects.create(name="Survey, missed", scorecard=card, campaign=campaign, team=campaign.team)
    omar = User.objects.get(username="manager")
    given = {f"point-{points[0].pk}": 1, f"point-{points[1].pk}": 4, "note": "Friendly"}
    reviewing.review(omar, calls[0], card, given, queue=queue)


def lay_out_decisions() -> None:
    """Leave what a second person decides: a campaign that changed since its approval, and acts that take two people.

    They belong to a team of their own, so that only an admin has them under Needs a decision.
    """
    team = Team.objects.create(name="Night desk")
    nora, omar = (User.objects.create_user(name, first_name=name.title()) for name in ("nora", "omar"))
    for person, role in ((nora, CALLER), (omar, MANAGER)):
        person.groups.add(Group.objects.get(name=role))
        Membership.objects.create(user=person, team=team)
    street = ContactList.objects.get(name="Our street")
    provider = Provider.objects.get(vendor="bolna")
    agent = Agent.objects.filter(provider=provider, name="Appointment reminder").first()
    values = {
        "name": "Water is off tonight",
        "provider": provider,
        "agent": agent,
        "text": "The water is off from ten to twelve.",
        "max_attempts": 1,
    }
    campaign = drafts.create(nora, values, [street], None, like=team.pk)
    with override_settings(CALLER_LAUNCH_LIMIT=1):
        start.launch(campaign.pk, nora, starts_at=timezone.now() + datetime.timedelta(days=2))
    campaign.refresh_from_db()
    start.approve(campaign.pk, omar, mark=approvals.mark_of(campaign))
    changes = {"text": "The water is off from ten to four.", "max_attempts": 3, "hours_end": datetime.time(21, 0)}
    drafts.change(campaign.pk, nora, changes, None, was_launched=False)
    assert Campaign.objects.get(pk=campaign.pk).status == Campaign.Status.WAITING
    forbid("+989134005504", reason="Asked us by letter", source=DoNotCall.Source.PERSON, person=nora, is_own_wish=True)
    remove(DoNotCall.objects.get(phone="+989134005504").pk, omar, "It was the neighbour who asked")
    day = timezone.now().date() + datetime.timedelta(days=3)
    later = Later(local_day=day, local_time=datetime.time(17), zone="Asia/Tehran", reason="asked for the afternoon")
    order = SingleCall(
        to_number="+989134000704", provider=provider, agent=agent, variables=values_of(agent), later=later
    )
    place_single_call(order, person=nora)


def values_of(agent: Agent | None) -> dict[str, str]:
    """Return a value for each variable that an agent says."""
    return dict.fromkeys(agent.variables, "ten") if agent else {}


def leave_undecided(number: str) -> None:
    """Leave one call that the vendor took hours ago and reports nothing more of."""
    provider = Provider.objects.get(vendor="unleashx")
    began = timezone.now() - datetime.timedelta(hours=3)
    contact = Contact.objects.create(name="Nobody Knows", phone=number, region="IR")
    call = Call.objects.create(
        provider=provider,
        agent=Agent.objects.filter(provider=provider).first(),
        contact=contact,
        owner=User.objects.get(username="manager"),
        to_number=number,
        status="failed",
        failure_reason="no_news",
        rank=100,
        remote_id="gone-1",
        placing_at=began,
        no_news_at=began + datetime.timedelta(hours=1),
        ended_at=began + datetime.timedelta(hours=1),
    )
    print(call.pk)


def answered_call(number: str) -> None:
    """Leave a call of the caller's that somebody answered an hour ago; made once a number."""
    agent = Agent.objects.select_related("provider").filter(provider__vendor="unleashx").earliest("pk")
    contact, _is_new = Contact.objects.get_or_create(phone=number, defaults={"name": "Asks Later", "region": "IR"})
    began = timezone.now() - datetime.timedelta(hours=1)
    call, _is_new = Call.objects.get_or_create(
        remote_id=f"talked-{contact.pk}", provider=agent.provider, defaults={
            "contact": contact, "status": "completed", "to_number": number, "agent": agent,
            "owner": User.objects.get(username="caller"), "team": Team.objects.get(name="Front desk"),
            "variables": values_of(agent), "talk_seconds": 30, "answered_by": "human", "placing_at": began,
            "ended_at": began + datetime.timedelta(minutes=1),
        },
    )  # fmt: skip
    print(call.pk)


def never_call(number: str) -> None:
    """Put a number on the do-not-call list, as somebody does who hears the wish elsewhere."""
    manager = User.objects.get(username="manager")
    forbid(number, reason="Wrote to us", source=DoNotCall.Source.PERSON, person=manager, is_own_wish=True)
    print(DoNotCall.objects.get(phone=number).pk)


def make_caller(name: str, password: str) -> None:
    """Make a caller of a test's own, so that a second factor is nobody else's."""
    user = User.objects.create_user(name, password=password, first_name=name)
    user.groups.add(Group.objects.get(name="Callers"))


def ask_for_approval(name: str) -> None:
    """Let a caller ask for approval of a campaign; whoever may give it hears of it by mail."""
    User.objects.filter(username="manager").update(email="omar@example.org")
    _waiting(name, {})


def open_campaign(name: str) -> None:
    """Leave a campaign that stays open, approved and running, which nobody has joined yet."""
    limits = {"is_living": True, "people_a_day": 50, "people_in_all": 300, "last_day": timezone.localdate()}
    limits["last_day"] += datetime.timedelta(days=2)
    campaign = _waiting(name, limits)
    start.approve(campaign.pk, User.objects.get(username="manager"), mark=approvals.mark_of(campaign))


def _waiting(name: str, more: dict[str, Any]) -> Campaign:
    sara = User.objects.get(username="caller")
    agent = Agent.objects.select_related("provider").filter(provider__vendor="unleashx").earliest("pk")
    all_day = datetime.time(0)
    values = {
        "name": name, "provider": agent.provider, "agent": agent, "max_attempts": 1, "retries": {}, "quiet_hours": 0,
        "hours_start": all_day, "hours_end": all_day, "variables": values_of(agent), **more,
    }  # fmt: skip
    people = ContactList.objects.create(name=f"For {name}", owner=sara, team=Team.objects.get(name="Front desk"))
    if not more:
        ListMembership.objects.bulk_create(
            ListMembership(contact_list=people, contact=one) for one in Contact.objects.filter(name__startswith="House")
        )
    campaign = drafts.create(sara, values, [people], None)
    with override_settings(CALLER_LAUNCH_LIMIT=1):
        start.launch(campaign.pk, sara)
    campaign.refresh_from_db()
    print(campaign.pk)
    return campaign
