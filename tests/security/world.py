"""Rows of every kind, of each whose: what the route walker asks for."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.utils import timezone

from callcenter.access.models import OpenSession, Team, TwoPersonRequest
from callcenter.access.roles import may
from callcenter.access.two_people_kinds import REMOVE_OPT_OUT
from callcenter.webhooks_out.signing import new_secret
from campaigns.models import (
    AllowedNumber,
    Answer,
    Call,
    Callback,
    CallExport,
    CallTranscript,
    ContactImport,
    ContactNote,
    DayCap,
    DoNotCall,
    HandOver,
    HeardOptOut,
    InboundCall,
    ListMembership,
    Notice,
    OtherNumber,
    OwnNumber,
    Question,
    SavedFilter,
    UnknownVendorCall,
    WebhookDelivery,
    WebhookReceiver,
)
from providers.types import CallStatus
from tests.conftest import make_agent, make_call, make_campaign, make_contact, make_list, make_provider
from tests.programs import Program

_number = itertools.count(1)


@dataclass(frozen=True)
class Row:
    """One row: the parts of an address that lead to it, and texts that only those see who reach it."""

    parts: dict[str, str]
    marks: tuple[str, ...] = ()


@dataclass
class Whose:
    """Whose rows are made: of an owner and a team, both or one or none of them."""

    owner: User | None
    team: Team | None
    stand_in: User
    """Who owns what cannot be nobody's."""
    word: str = ""
    """Part of every name."""
    made: dict[str, Row] = field(default_factory=dict)

    def row(self, kind: str) -> Row:
        """Return the row of a kind, made at its first use."""
        if kind not in self.made:
            self.made[kind] = MAKERS[kind](self)
        return self.made[kind]

    def mark(self, kind: str) -> str:
        """Return a text that stands nowhere else."""
        return f"{kind.title().replace('_', '')}{self.word}{next(_number):05d}"

    @property
    def columns(self) -> dict[str, Any]:
        """The columns of a row with owner and team."""
        return {"owner": self.owner, "team": self.team}


def _parts(row: Any, **others: Any) -> dict[str, str]:
    return {name: str(value) for name, value in {"pk": row.pk, **others}.items()}


def _call(whose: Whose, **fields: Any) -> Call:
    contact = make_contact(name=whose.mark("called"), **whose.columns)
    agent = make_agent(make_provider())
    values: dict[str, Any] = {"status": CallStatus.NO_ANSWER, "placing_at": timezone.now(), "ended_at": timezone.now()}
    return make_call(**whose.columns, contact=contact, provider=agent.provider, agent=agent, **(values | fields))


def _told(call: Call) -> Row:
    assert call.contact is not None
    return Row(_parts(call, tag=1), (call.contact.name, call.to_number))


def call(whose: Whose) -> Row:
    made = _call(whose, status=CallStatus.COMPLETED, talk_seconds=20)
    said = whose.mark("said")
    CallTranscript.objects.create(call=made, turns=[{"speaker": "person", "text": said}], text=said)
    return Row(_parts(made, tag=1), (*_told(made).marks, said))


def ringing(whose: Whose) -> Row:
    return _told(_call(whose, status=CallStatus.IN_PROGRESS, remote_id=whose.mark("id"), ended_at=None))


def waiting(whose: Whose) -> Row:
    return _told(_call(whose, status=CallStatus.PENDING, placing_at=None, ended_at=None))


def unknown(whose: Whose) -> Row:
    return _told(_call(whose, status=CallStatus.UNKNOWN, ended_at=None, needs_person_at=timezone.now()))


def held(whose: Whose) -> Row:
    return _told(_call(whose, status=CallStatus.FAILED, failure_reason="not_placed", held_at=timezone.now()))


def heard(whose: Whose) -> Row:
    made = _call(whose, status=CallStatus.COMPLETED)
    HeardOptOut.objects.create(call=made, phone=made.to_number, said="maybe not again")
    return _told(made)


def called_back(whose: Whose) -> Row:
    first = _call(whose)
    made = _call(whose, status=CallStatus.COMPLETED, direction="inbound", placing_at=None)
    InboundCall.objects.create(call=made, our_number="+12025550100", answers=first)
    return _told(made)


def recorded(whose: Whose) -> Row:
    return _told(_call(whose, status=CallStatus.COMPLETED, talk_seconds=20))


def _campaign(whose: Whose, **fields: Any) -> Row:
    people = make_list(0, **whose.columns, name=whose.mark("members"))
    contact = make_contact(name=whose.mark("member"), **whose.columns)
    ListMembership.objects.create(contact_list=people, contact=contact)
    made = make_campaign([people], name=whose.mark("campaign"), **whose.columns, **fields)
    calls = {"campaign": made, "contact": contact, "status": CallStatus.NO_ANSWER, "placing_at": timezone.now()}
    one = make_call(**whose.columns, **calls)
    return Row(_parts(made, call_pk=one.pk), (made.name, people.name, contact.name, contact.phone))


def campaign(whose: Whose) -> Row:
    return _campaign(whose)


def asked(whose: Whose) -> Row:
    row = _campaign(whose)
    question = Question.objects.create(
        campaign_id=int(row.parts["pk"]), name=whose.mark("question"), kind="yes_no", path="confirmed"
    )
    call = Call.objects.get(pk=row.parts["call_pk"])
    Answer.objects.create(question=question, call=call, raw="yes", key="yes", certainty="read")
    return Row({"pk": row.parts["pk"], "question_pk": str(question.pk)}, (*row.marks, question.name))


def asked_call(whose: Whose) -> Row:
    row = asked(whose)
    one = Call.objects.get(campaign=row.parts["pk"])
    return Row(_parts(one, question_pk=row.parts["question_pk"]), row.marks)


def approval(whose: Whose) -> Row:
    return _campaign(whose, status="waiting", launched_by=whose.owner)


def running(whose: Whose) -> Row:
    return _campaign(whose, status="running", launched_at=timezone.now(), is_filled=True)


def paused(whose: Whose) -> Row:
    return _campaign(whose, status="paused", launched_at=timezone.now(), is_filled=True, pilot="asks")


def hand_over(whose: Whose) -> Row:
    made = _call(whose)
    row = HandOver.objects.create(call=made, person=whose.owner, outcome="no_answer", due_at=timezone.now())
    return Row(_parts(row), _told(made).marks)


def callback(whose: Whose) -> Row:
    made = _call(whose, status=CallStatus.PENDING, placing_at=None, ended_at=None, wait_reason="callback")
    reason = whose.mark("asked")
    day = timezone.now().date()
    row = Callback.objects.create(
        call=made, local_day=day, local_time=datetime.time(9), zone="Asia/Tehran", reason=reason, asked_by=whose.owner
    )
    return Row(_parts(row), (*_told(made).marks, reason))


def contact(whose: Whose) -> Row:
    made, other = (make_contact(name=whose.mark("contact"), **whose.columns) for _ in range(2))
    note = ContactNote.objects.create(contact=made, text=whose.mark("words"), author=whose.owner, team=whose.team)
    return Row(_parts(made, other=other.pk), (made.name, made.phone, other.name, note.text))


def note(whose: Whose) -> Row:
    made = make_contact(name=whose.mark("noted"), **whose.columns)
    written = ContactNote.objects.create(contact=made, text=whose.mark("note"), author=whose.owner, team=whose.team)
    return Row(_parts(made, note=written.pk), (made.name, written.text))


def other_number(whose: Whose) -> Row:
    made = make_contact(name=whose.mark("reachable"), **whose.columns)
    further = OtherNumber.objects.create(contact=made, phone=f"+9821{next(_number):08d}")
    return Row(_parts(made, number=further.pk), (made.name, further.phone))


def merged(whose: Whose) -> Row:
    made = make_contact(name=whose.mark("whole"), **whose.columns)
    other = make_contact(name=whose.mark("part"), merged_into=made, **whose.columns)
    return Row(_parts(made, other=other.pk), (made.name, other.name))


def list_(whose: Whose) -> Row:
    made = make_list(0, name=whose.mark("list"), **whose.columns)
    return Row(_parts(made), (made.name,))


def entry(whose: Whose) -> Row:
    phone, reason = f"+98913{next(_number):07d}", whose.mark("entry")
    made = DoNotCall.objects.create(phone=phone, reason=reason, added_by=whose.owner, team=whose.team)
    return Row(_parts(made), (reason, phone))


def filter_(whose: Whose) -> Row:
    owner = whose.owner or whose.stand_in
    name = whose.mark("filter")
    made = SavedFilter.objects.create(owner=owner, team=whose.team, name=name, query="state=talked", is_shared=True)
    return Row(_parts(made), (name,))


def provider(whose: Whose) -> Row:
    made = make_provider(name=whose.mark("account"), team=whose.team, created_by=whose.owner)
    agent = make_agent(made, name=whose.mark("agent"))
    return Row(_parts(made, provider_id=made.pk), (made.name, agent.name))


def vendor_call(whose: Whose) -> Row:
    account = make_provider(name=whose.mark("watched"), team=whose.team, created_by=whose.owner)
    number = f"•••{next(_number):04d}"
    made = UnknownVendorCall.objects.create(provider=account, remote_id=whose.mark("remote"), masked_number=number)
    return Row(_parts(made), (account.name,))


def import_(whose: Whose) -> Row:
    name = whose.mark("file") + ".csv"
    made = ContactImport.objects.create(
        original_name=name,
        counts={"made": 0, "joined": 0, "forbidden": 0},
        status="saved",
        saved_at=timezone.now(),
        file="imports/gone.csv",
        # Whoever may not import people has none of theirs.
        purpose="people" if whose.owner is None or may(whose.owner, "import_people") else "do_not_call",
        **whose.columns,
    )
    return Row(_parts(made), (name,))


def doubtful_wish(whose: Whose) -> Row:
    file = ContactImport.objects.create(
        original_name=whose.mark("doubted") + ".csv", status="saved", saved_at=timezone.now(), **whose.columns
    )
    phone = f"+98916{next(_number):07d}"
    made = HeardOptOut.objects.create(contact_import=file, row=2, phone=phone, said=whose.mark("perhaps"))
    return Row(_parts(made), (file.original_name, made.said))


def export(whose: Whose) -> Row:
    word = whose.mark("export")
    made = CallExport.objects.create(state="ready", format="csv", words=[["Words", word]], **whose.columns)
    return Row(_parts(made), (word,))


def allowed(whose: Whose) -> Row:
    phone = f"+98914{next(_number):07d}"
    made = AllowedNumber.objects.create(phone=phone, number_type="premium", reason="ok", allowed_by=whose.owner)
    return Row(_parts(made))


def limit(whose: Whose) -> Row:
    currency = f"X{next(_number) % 100:02d}"
    made = DayCap.objects.create(person=whose.owner or whose.stand_in, currency=currency, amount=5)
    return Row(_parts(made))


def own_number(whose: Whose) -> Row:
    made = OwnNumber.objects.create(person=whose.owner or whose.stand_in, phone=f"+98915{next(_number):07d}")
    return Row(_parts(made))


def session(whose: Whose) -> Row:
    key = f"session-{next(_number):05d}"
    return Row(_parts(OpenSession.objects.create(key=key, user=whose.owner or whose.stand_in)))


def notice(whose: Whose) -> Row:
    about = make_campaign(name=whose.mark("told"), **whose.columns)
    made = Notice.objects.create(
        user=whose.owner or whose.stand_in,
        kind="campaign_finished",
        object_type="campaign",
        object_id=about.pk,
        key=f"finished:{about.pk}",
    )
    return Row(_parts(made), (about.name,))


def security_key(whose: Whose) -> Row:
    credential = {"clientExtensionResults": {"credProps": {"rk": False}}}
    made = Authenticator.objects.create(
        user=whose.owner or whose.stand_in,
        type=Authenticator.Type.WEBAUTHN,
        data={"name": whose.mark("key"), "credential": credential},
    )
    return Row(_parts(made), (made.data["name"],))


def api_key(whose: Whose) -> Row:
    made = Program(whose.owner or whose.stand_in, name=whose.mark("program")).key
    return Row(_parts(made), (made.name, made.prefix))


def webhook(whose: Whose) -> Row:
    made = WebhookReceiver.objects.create(
        name=whose.mark("hook"), owner=whose.owner or whose.stand_in, url="https://hooks.example.org/in",
        secrets={"1": new_secret()},
    )  # fmt: skip
    return Row(_parts(made), (made.name,))


def delivery(whose: Whose) -> Row:
    hook = webhook(whose)
    made = WebhookDelivery.objects.create(receiver_id=int(hook.parts["pk"]), kind="webhook.test", state="failed")
    return Row(hook.parts | {"delivery_pk": str(made.pk)}, hook.marks)


def user(whose: Whose) -> Row:
    made = whose.owner or whose.stand_in
    return Row(_parts(made), (made.username, *([whose.team.name] if whose.team else [])))


def removal(whose: Whose) -> Row:
    """Make a request to remove an opt-out, which a second person must confirm."""
    phone = f"+98916{next(_number):07d}"
    thing = DoNotCall.objects.create(phone=phone, reason=whose.mark("optout"), added_by=whose.owner, team=whose.team)
    made = TwoPersonRequest.objects.create(
        kind=REMOVE_OPT_OUT,
        thing_type="donotcall",
        thing_id=str(thing.pk),
        thing_name=whose.mark("thing"),
        detail={"added_at": thing.added_at.isoformat()},
        reason=whose.mark("why"),
        asked_by=whose.owner or whose.stand_in,
        lapses_at=timezone.now() + datetime.timedelta(hours=1),
    )
    return Row(_parts(made), (made.thing_name, made.reason))


MAKERS: dict[str, Callable[[Whose], Row]] = {
    make.__name__.removesuffix("_"): make
    for make in (
        call, ringing, waiting, unknown, held, heard, called_back, recorded, campaign, asked, asked_call, approval,
        running, paused, hand_over, callback, contact, note, other_number, merged, list_, entry, filter_, provider,
        vendor_call, import_, export, doubtful_wish, allowed, limit, own_number, session, notice, security_key, api_key,
        webhook, delivery, user, removal,
    )
}  # fmt: skip
"""Makers of rows, by kind."""
