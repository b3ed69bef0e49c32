"""Rows of every kind, of each whose: what the route walker asks for."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from callcenter.access.models import Team
from callcenter.access.roles import may
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
    Disposition,
    DispositionRule,
    DoNotCall,
    HandOver,
    HeardOptOut,
    ImportSource,
    InboundCall,
    ListMembership,
    OtherNumber,
    Question,
    ReviewQueue,
    SavedFilter,
    Scorecard,
    ScorecardPoint,
    ScorecardReview,
    UnknownVendorCall,
)
from providers.types import CallStatus
from tests.conftest import make_agent, make_call, make_campaign, make_contact, make_list, make_provider
from tests.security.row import Row, parts, serial
from tests.security.rows_of_users import (
    api_key,
    delivery,
    notice,
    own_number,
    removal,
    security_key,
    session,
    user,
    webhook,
)


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
        return f"{kind.title().replace('_', '')}{self.word}{next(serial):05d}"

    @property
    def columns(self) -> dict[str, Any]:
        """The columns of a row with owner and team."""
        return {"owner": self.owner, "team": self.team}


def _call(whose: Whose, **fields: Any) -> Call:
    contact = make_contact(name=whose.mark("called"), **whose.columns)
    agent = make_agent(make_provider())
    values: dict[str, Any] = {"status": CallStatus.NO_ANSWER, "placing_at": timezone.now(), "ended_at": timezone.now()}
    return make_call(**whose.columns, contact=contact, provider=agent.provider, agent=agent, **(values | fields))


def _told(call: Call) -> Row:
    assert call.contact is not None
    return Row(parts(call, tag=1), (call.contact.name, call.to_number))


def call(whose: Whose) -> Row:
    made = _call(whose, status=CallStatus.COMPLETED, talk_seconds=20)
    said = whose.mark("said")
    CallTranscript.objects.create(call=made, turns=[{"speaker": "person", "text": said}], text=said)
    return Row(parts(made, tag=1), (*_told(made).marks, said))


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
    return Row(parts(made, call_pk=one.pk), (made.name, people.name, contact.name, contact.phone))


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
    return Row(parts(one, question_pk=row.parts["question_pk"]), row.marks)


def approval(whose: Whose) -> Row:
    return _campaign(whose, status="waiting", launched_by=whose.owner)


def running(whose: Whose) -> Row:
    return _campaign(whose, status="running", launched_at=timezone.now(), is_filled=True)


def paused(whose: Whose) -> Row:
    return _campaign(whose, status="paused", launched_at=timezone.now(), is_filled=True, pilot="asks")


def hand_over(whose: Whose) -> Row:
    made = _call(whose)
    row = HandOver.objects.create(call=made, person=whose.owner, outcome="no_answer", due_at=timezone.now())
    return Row(parts(row), _told(made).marks)


def callback(whose: Whose) -> Row:
    made = _call(whose, status=CallStatus.PENDING, placing_at=None, ended_at=None, wait_reason="callback")
    reason = whose.mark("asked")
    day = timezone.now().date()
    row = Callback.objects.create(
        call=made, local_day=day, local_time=datetime.time(9), zone="Asia/Tehran", reason=reason, asked_by=whose.owner
    )
    return Row(parts(row), (*_told(made).marks, reason))


def contact(whose: Whose) -> Row:
    made, other = (make_contact(name=whose.mark("contact"), **whose.columns) for _ in range(2))
    note = ContactNote.objects.create(contact=made, text=whose.mark("words"), author=whose.owner, team=whose.team)
    return Row(parts(made, other=other.pk), (made.name, made.phone, other.name, note.text))


def note(whose: Whose) -> Row:
    made = make_contact(name=whose.mark("noted"), **whose.columns)
    written = ContactNote.objects.create(contact=made, text=whose.mark("note"), author=whose.owner, team=whose.team)
    return Row(parts(made, note=written.pk), (made.name, written.text))


def other_number(whose: Whose) -> Row:
    made = make_contact(name=whose.mark("reachable"), **whose.columns)
    further = OtherNumber.objects.create(contact=made, phone=f"+9821{next(serial):08d}")
    return Row(parts(made, number=further.pk), (made.name, further.phone))


def merged(whose: Whose) -> Row:
    made = make_contact(name=whose.mark("whole"), **whose.columns)
    other = make_contact(name=whose.mark("part"), merged_into=made, **whose.columns)
    return Row(parts(made, other=other.pk), (made.name, other.name))


def list_(whose: Whose) -> Row:
    made = make_list(0, name=whose.mark("list"), **whose.columns)
    return Row(parts(made), (made.name,))


def entry(whose: Whose) -> Row:
    phone, reason = f"+98913{next(serial):07d}", whose.mark("entry")
    made = DoNotCall.objects.create(phone=phone, reason=reason, added_by=whose.owner, team=whose.team)
    return Row(parts(made), (reason, phone))


def filter_(whose: Whose) -> Row:
    owner = whose.owner or whose.stand_in
    name = whose.mark("filter")
    made = SavedFilter.objects.create(owner=owner, team=whose.team, name=name, query="state=talked", is_shared=True)
    return Row(parts(made), (name,))


def disposition(whose: Whose) -> Row:
    made = Disposition.objects.create(name=whose.mark("word"), **whose.columns)
    rule = DispositionRule.objects.create(disposition=made, result="busy")
    return Row(parts(made, rule_pk=rule.pk), (made.name,))


def scorecard(whose: Whose) -> Row:
    made = Scorecard.objects.create(name=whose.mark("card"), **whose.columns)
    point = ScorecardPoint.objects.create(scorecard=made, text="Greets")
    return Row(parts(made, point_pk=point.pk), (made.name,))


def review_queue(whose: Whose) -> Row:
    card = int(whose.row("scorecard").parts["pk"])
    made = ReviewQueue.objects.create(name=whose.mark("queue"), scorecard_id=card, **whose.columns)
    return Row(parts(made), (made.name,))


def scored(whose: Whose) -> Row:
    made = _call(whose, status=CallStatus.COMPLETED)
    card = Scorecard.objects.get(pk=whose.row("scorecard").parts["pk"])
    note = whose.mark("reviewed")
    ScorecardReview.objects.create(call=made, scorecard=card, percent=50, note=note)
    return Row(parts(made, card_pk=card.pk), (*_told(made).marks, note))


def provider(whose: Whose) -> Row:
    made = make_provider(name=whose.mark("account"), team=whose.team, created_by=whose.owner)
    agent = make_agent(made, name=whose.mark("agent"))
    return Row(parts(made, provider_id=made.pk), (made.name, agent.name))


def vendor_call(whose: Whose) -> Row:
    account = make_provider(name=whose.mark("watched"), team=whose.team, created_by=whose.owner)
    number = f"•••{next(serial):04d}"
    made = UnknownVendorCall.objects.create(provider=account, remote_id=whose.mark("remote"), masked_number=number)
    return Row(parts(made), (account.name,))


def import_source(whose: Whose) -> Row:
    host = whose.mark("host").lower() + ".example.org"
    made = ImportSource.objects.create(address=f"https://{host}/people.csv", next_at=timezone.now(), **whose.columns)
    return Row(parts(made), (host,))


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
    return Row(parts(made), (name,))


def doubtful_wish(whose: Whose) -> Row:
    file = ContactImport.objects.create(
        original_name=whose.mark("doubted") + ".csv", status="saved", saved_at=timezone.now(), **whose.columns
    )
    phone = f"+98916{next(serial):07d}"
    made = HeardOptOut.objects.create(contact_import=file, row=2, phone=phone, said=whose.mark("perhaps"))
    return Row(parts(made), (file.original_name, made.said))


def export(whose: Whose) -> Row:
    word = whose.mark("export")
    made = CallExport.objects.create(state="ready", format="csv", words=[["Words", word]], **whose.columns)
    return Row(parts(made), (word,))


def allowed(whose: Whose) -> Row:
    phone = f"+98914{next(serial):07d}"
    made = AllowedNumber.objects.create(phone=phone, number_type="premium", reason="ok", allowed_by=whose.owner)
    return Row(parts(made))


def limit(whose: Whose) -> Row:
    currency = f"X{next(serial) % 100:02d}"
    made = DayCap.objects.create(person=whose.owner or whose.stand_in, currency=currency, amount=5)
    return Row(parts(made))


MAKERS: dict[str, Callable[[Whose], Row]] = {
    make.__name__.removesuffix("_"): make
    for make in (
        call, ringing, waiting, unknown, held, heard, called_back, recorded, campaign, asked, asked_call, approval,
        running, paused, hand_over, callback, contact, note, other_number, merged, list_, entry, filter_, disposition,
        scorecard, review_queue, scored, provider, vendor_call, import_, import_source, export, doubtful_wish, allowed,
        limit, own_number, session, notice, security_key, api_key, webhook, delivery, user, removal,
    )
}  # fmt: skip
"""Makers of rows, by kind."""
