"""A typed client of Callcenter's API: one file to copy; it needs `requests` and Python 3.11.

    from callcenter_client import Callcenter, Problem

    desk = Callcenter("https://desk.example.org", "cc_...")
    for person in desk.every(desk.people):
        print(person["name"])

It is made from the schema that the product serves, by `.ci/client`: do not edit it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal, NotRequired, TypedDict

import requests

__all__ = ["Callcenter", "Problem"]


class Problem(Exception):
    """What the API refused: its status, its sentence with the next step, and what is wrong at which field."""

    def __init__(self, status: int, detail: str, errors: list[dict[str, str]], retry_after: float | None) -> None:
        super().__init__(f"{status}: {detail}")
        self.status = status
        self.detail = detail
        self.errors = errors
        self.retry_after = retry_after
        """Seconds to wait before the request is sent again, where the API said so."""


class CallOut(TypedDict):
    """A call."""

    id: int
    reference: str
    direction: str
    status: str
    is_over: bool
    result: str
    result_words: str
    why: str
    number: str
    is_number_whole: bool
    contact: Ref | None
    campaign: Ref | None
    provider: Ref
    agent: Ref | None
    disposition: Ref | None
    variant: str
    attempt: int
    created_at: str
    due_at: str
    placing_at: str | None
    answered_at: str | None
    ended_at: str | None
    talk_seconds: int | None
    answered_by: str
    cost: str | None
    currency: str


class PagedCallOut(TypedDict):
    """One page of `CallOut`, newest first."""

    items: list[CallOut]
    next: int | None


class Ref(TypedDict):
    """A thing by its name."""

    id: int
    name: str


class Later(TypedDict):
    """When a call is wanted, and why."""

    day: str
    time: str
    """Such as 17:00."""
    zone: NotRequired[str]
    """One that the number may be in; empty: the person's own, or the likeliest."""
    reason: NotRequired[str]
    """What it is about: colleagues read it, the person does not hear it."""


class NewCall(TypedDict):
    """One call, as Quick call takes it."""

    phone: NotRequired[str]
    """In any form; left out where a contact is named."""
    contact: NotRequired[int | None]
    """Whom to call instead of a number; needs the right to contacts."""
    provider: int
    kind: NotRequired[Literal["agent", "voice", "text", "digits", "caller_id"]]
    """What the person hears; which of them there are depends on the provider."""
    agent: NotRequired[int | None]
    voice: NotRequired[int | None]
    text: NotRequired[str]
    digits: NotRequired[str]
    caller_id: NotRequired[int | None]
    dialer: NotRequired[int | None]
    variables: NotRequired[dict[str, str]]
    """What the agent may know."""
    is_deliberate: NotRequired[bool]
    """Call although the person was called a short time ago, as the box on the page."""
    later: NotRequired[Later | None]
    """Null: now."""


class CallsAsked(TypedDict):
    """The same filters, and whose calls: in the body, so that no number stands in an address."""

    state: NotRequired[str]
    """A result or status, or live, or decide."""
    campaign: NotRequired[int | None]
    provider: NotRequired[int | None]
    agent: NotRequired[int | None]
    kind: NotRequired[Literal["", "single", "campaign"]]
    direction: NotRequired[Literal["", "outbound", "inbound"]]
    since: NotRequired[str | None]
    """The first day, on the owner's clock."""
    until: NotRequired[str | None]
    """The last day."""
    tag: NotRequired[str]
    variant: NotRequired[Literal["", "A", "B", "C"]]
    """Its key; with a campaign."""
    disposition: NotRequired[int | None]
    question: NotRequired[int | None]
    """Calls that answered it; needs the right to hear."""
    answer: NotRequired[str]
    """The wanted answer, of a number the least."""
    answer_to: NotRequired[str]
    """The greatest number or last date."""
    order: NotRequired[Literal["", "answer", "-answer", "disposition", "-disposition"]]
    """By the answer to `question`, or by disposition, a minus from the other end; calls without one are left out.
    Empty: the newest first.
    """
    person: NotRequired[str]
    """A part of a name, or a number in any form."""
    words: NotRequired[str]
    """Words that were said; needs the right to hear."""
    older_than: NotRequired[int | None]
    """`next` of the page before; without it, the newest rows."""
    limit: NotRequired[int]
    """Rows of a page."""


class CheckedCall(TypedDict):
    """What a call would do, were it placed now as it was asked for."""

    sentence: str
    number: str
    contact: Ref | None
    provider: Ref
    agent: Ref | None
    due_at: str | None
    there: list[str]
    warnings: list[str]
    usual_cost: str | None
    at_most: str | None
    currency: str


class Answer(TypedDict):
    """What the agent noted: one answer."""

    category: str
    question: str
    answers: list[str | int | float | bool | None]


class Step(TypedDict):
    """One step of a call's history."""

    at: str
    code: str
    status: str
    detail: str


class Turn(TypedDict):
    """One turn of a talk."""

    speaker: str
    text: str
    at_ms: float | None


class TypedAnswer(TypedDict):
    """One answer of a call."""

    question: int
    name: str
    answer: str
    words: str
    certainty: Literal["certain", "read", "person", "unreadable"]


class WholeCall(TypedDict):
    """A call with all that is known of it."""

    id: int
    reference: str
    direction: str
    status: str
    is_over: bool
    result: str
    result_words: str
    why: str
    number: str
    is_number_whole: bool
    contact: Ref | None
    campaign: Ref | None
    provider: Ref
    agent: Ref | None
    disposition: Ref | None
    variant: str
    attempt: int
    created_at: str
    due_at: str
    placing_at: str | None
    answered_at: str | None
    ended_at: str | None
    talk_seconds: int | None
    answered_by: str
    cost: str | None
    currency: str
    steps: list[Step]
    may_hear: bool
    summary: str
    transcript: list[Turn]
    answers: list[Answer]
    typed_answers: list[TypedAnswer]
    has_recording: bool


class Canceled(TypedDict):
    """What became of a cancellation."""

    is_canceled: bool


class Cancel(TypedDict):
    """Why a waiting call is not to be placed."""

    reason: NotRequired[str]


class NoteOut(TypedDict):
    """A note on a call."""

    text: str
    at: str
    author: str


class Remarks(TypedDict):
    """What users remarked on a call."""

    notes: list[NoteOut]
    tags: list[str]
    review: ReviewOut | None


class ReviewOut(TypedDict):
    """The review of a call."""

    score: int
    comment: str
    reviewer: str
    reviewed_at: str


class NewNote(TypedDict):
    """A note to write."""

    text: str


class TagNames(TypedDict):
    """Tags by name; spelling variants are one tag."""

    tags: list[str]


class NewReview(TypedDict):
    """A score, and why."""

    score: int
    comment: NotRequired[str]


class Handled(TypedDict):
    """What became of a mark."""

    changed: bool


class CallbackOut(TypedDict):
    """A call at a time that a person asked for."""

    id: int
    call: CallOut
    day: str
    time: str
    zone: str
    asked_for: str
    when: str
    reason: str
    asked_by: str
    from_call: int | None
    waits: bool
    is_overdue: bool
    sentence: str
    next_step: str
    is_noted: bool
    may_change: bool


class PagedCallbackOut(TypedDict):
    """One page of `CallbackOut`, newest first."""

    items: list[CallbackOut]
    next: int | None


class NewCallback(TypedDict):
    """Whom to call back, and when: a contact, or the person of an earlier call; the call says what the last one
    did.
    """

    day: str
    time: str
    """Such as 17:00."""
    zone: NotRequired[str]
    """One that the number may be in; empty: the person's own, or the likeliest."""
    reason: NotRequired[str]
    """What it is about: colleagues read it, the person does not hear it."""
    contact: NotRequired[int | None]
    from_call: NotRequired[int | None]
    """The call in which they asked; its message is repeated."""
    phone: NotRequired[str]
    """One of their numbers; empty: the usual one."""


class Moment(TypedDict):
    """A time on the clock of the person who is called."""

    day: str
    time: str
    """Such as 17:00."""
    zone: NotRequired[str]
    """One that the number may be in; empty: the person's own, or the likeliest."""


class Noted(TypedDict):
    """What became of a note."""

    changed: bool


class DispositionOut(TypedDict):
    """A disposition."""

    id: int
    name: str
    follows: str
    minutes: int
    is_offered: bool


class PagedDispositionOut(TypedDict):
    """One page of `DispositionOut`, newest first."""

    items: list[DispositionOut]
    next: int | None


class Chosen(TypedDict):
    """The disposition that a call has now."""

    disposition: int | None
    name: str
    is_by_person: bool
    is_changed: bool


class Choice(TypedDict):
    """Something at the vendor that a call can be placed with."""

    id: int
    name: str


class PagedScorecardOut(TypedDict):
    """One page of `ScorecardOut`, newest first."""

    items: list[ScorecardOut]
    next: int | None


class Point(TypedDict):
    """One point of a scorecard."""

    id: int
    text: str
    most: int
    weight: int


class ScorecardOut(TypedDict):
    """A scorecard."""

    id: int
    name: str
    is_offered: bool
    points: list[Point]


class PagedQueueOut(TypedDict):
    """One page of `QueueOut`, newest first."""

    items: list[QueueOut]
    next: int | None


class QueueOut(TypedDict):
    """A review queue: which calls are to be listened to."""

    id: int
    name: str
    scorecard: Ref
    campaign: Ref | None
    every: int
    since: str
    is_open: bool


class Given(TypedDict):
    """To whom a call is given."""

    person: int


class PagedScoreOut(TypedDict):
    """One page of `ScoreOut`, newest first."""

    items: list[ScoreOut]
    next: int | None


class ScoreOut(TypedDict):
    """One call reviewed by one scorecard."""

    call: int
    scorecard: Ref
    percent: float
    given: list[Given]
    note: str
    reviewer: str
    reviewed_at: str


class NewScore(TypedDict):
    """What a call gets by a scorecard: every point its value."""

    scorecard: int
    values: list[Value]
    note: NotRequired[str]
    queue: NotRequired[int | None]
    """The review queue from which the call was taken."""


class Value(TypedDict):
    """What one point gets."""

    point: int
    value: int


class Decision(TypedDict):
    """A call that needs a decision by a person."""

    call: CallOut
    kind: str
    sentence: str
    answers: list[str]
    may_decide: bool


class PagedDecision(TypedDict):
    """One page of `Decision`, newest first."""

    items: list[Decision]
    next: int | None


class Settled(TypedDict):
    """What became of a call whose result nobody knows."""

    answer: Literal["took_place", "did_not", "wait"]
    reason: NotRequired[str]
    """Needed, except to wait."""
    result: NotRequired[Literal["", "talked", "machine", "no_answer", "busy"]]
    """Of a call that took place; talked: a person answered, machine: a voicemail."""
    seconds: NotRequired[int | None]
    """How long they talked; answered calls."""
    hours: NotRequired[Literal[1, 4, 24, 72] | None]
    """How long to wait."""


class OptOutDecided(TypedDict):
    """Whether a person asked not to be called."""

    answer: Literal["forbid", "allow"]
    """forbid: add the number to the do-not-call list."""
    reason: NotRequired[str]
    """Needed to allow."""


class Stopped(TypedDict):
    """What the provider answered."""

    is_asked: bool
    sentence: str


class Stop(TypedDict):
    """How a call is ended at the provider."""

    how: NotRequired[Literal["cancel", "hang_up"]]
    """cancel: while it waits in the provider's queue."""


class HandOverOut(TypedDict):
    """A call that was given to a user."""

    id: int
    call: CallOut
    person: Ref | None
    why: str
    given_at: str
    due_at: str
    is_overdue: bool
    may_act: bool


class PagedHandOverOut(TypedDict):
    """One page of `HandOverOut`, newest first."""

    items: list[HandOverOut]
    next: int | None


class WholeHandOver(TypedDict):
    """A call that was given to a user, and to whom it can be given."""

    id: int
    call: CallOut
    person: Ref | None
    why: str
    given_at: str
    due_at: str
    is_overdue: bool
    may_act: bool
    can_take: list[Ref]


class Ended(TypedDict):
    """What became of a hand-over."""

    changed: bool


class ListRef(TypedDict):
    """A list by its name."""

    id: int
    name: str


class PagedPerson(TypedDict):
    """One page of `Person`, newest first."""

    items: list[Person]
    next: int | None


class Person(TypedDict):
    """A contact."""

    id: int
    name: str
    phone: str
    is_number_whole: bool
    time_zone: str
    variables: dict[str, str]
    tags: list[str]
    consent_source: str
    consent_at: str | None
    lists: list[ListRef]
    is_forbidden: bool


class NewPerson(TypedDict):
    """A contact by number: a new one, or the changes of a known one."""

    name: NotRequired[str]
    time_zone: NotRequired[str]
    """Such as Asia/Tehran."""
    variables: NotRequired[dict[str, str]]
    """What an agent may know. All that there are, not one by one."""
    tags: NotRequired[list[str]]
    consent_source: NotRequired[str]
    consent_at: NotRequired[str | None]
    """The day on which consent was given."""
    phone: str
    """In any form, such as +989121234567 or 0912 123 4567."""
    list_id: NotRequired[int | None]
    """A list that the contact joins."""


class Sought(TypedDict):
    """Whom to look for: in the body, so that no number stands in an address."""

    text: str
    """A number in any form, or a part of a name."""
    older_than: NotRequired[int | None]
    """`next` of the page before; without it, the newest rows."""
    limit: NotRequired[int]
    """Rows of a page."""


class PersonChange(TypedDict):
    """What of a contact changes; what is left out stays."""

    name: NotRequired[str]
    time_zone: NotRequired[str]
    """Such as Asia/Tehran."""
    variables: NotRequired[dict[str, str]]
    """What an agent may know. All that there are, not one by one."""
    tags: NotRequired[list[str]]
    consent_source: NotRequired[str]
    consent_at: NotRequired[str | None]
    """The day on which consent was given."""


class ListOut(TypedDict):
    """A list of contacts."""

    id: int
    name: str
    people: int


class PagedListOut(TypedDict):
    """One page of `ListOut`, newest first."""

    items: list[ListOut]
    next: int | None


class ListName(TypedDict):
    """The name of a list."""

    name: str


class Changed(TypedDict):
    """How many were changed."""

    changed: int


class PeopleIds(TypedDict):
    """Contacts by id."""

    people: list[int]


class ImportOut(TypedDict):
    """A file of contacts that was imported."""

    id: int
    file: str
    status: str
    contact_list: ListRef | None
    created_at: str
    saved_at: str | None


class PagedImportOut(TypedDict):
    """One page of `ImportOut`, newest first."""

    items: list[ImportOut]
    next: int | None


class PagedSourceOut(TypedDict):
    """One page of `SourceOut`, newest first."""

    items: list[SourceOut]
    next: int | None


class SourceOut(TypedDict):
    """An address from which an import is repeated. The address itself is never shown again, only its host."""

    id: int
    host: str
    every_hours: int
    contact_list: ListRef | None
    owner: str
    state: str
    problem: str
    next_at: str | None
    looked_at: str | None
    last_import: int | None


class NewSource(TypedDict):
    """An address whose file is imported again whenever it changed, as a first file was."""

    first_import: int
    """A saved import of contacts: its columns and list are repeated."""
    address: str
    """https, of a CSV or XLSX file or of a Google Sheet."""
    every_hours: NotRequired[Literal[1, 6, 24, 168]]


class Switched(TypedDict):
    """Whether a source is read from now on."""

    is_read: bool


class Entry(TypedDict):
    """An entry of the do-not-call list."""

    id: int
    phone: str
    reason: str
    source: str
    added_at: str
    until: str | None


class PagedEntry(TypedDict):
    """One page of `Entry`, newest first."""

    items: list[Entry]
    next: int | None


class Added(TypedDict):
    """An entry after it was added, and what became of calls to it."""

    is_new: bool
    skipped: int
    sentence: str
    entry: Entry


class NewEntry(TypedDict):
    """A number for the do-not-call list."""

    phone: str
    """In any form, such as +989121234567 or 0912 123 4567."""
    reason: str
    source: NotRequired[Literal["person", "vendor", "import", "authority"]]
    """Who wishes it: the person, a vendor's call, another list, a public list."""
    until: NotRequired[str | None]
    """The last day; null: for ever."""


class Standing(TypedDict):
    """Whether a number may be called, as far as the list goes."""

    is_forbidden: bool
    entry: Entry | None


class Number(TypedDict):
    """A number to look up: in the body, so that no number stands in an address."""

    phone: str
    """In any form, such as +989121234567 or 0912 123 4567."""


class Removed(TypedDict):
    """What became of a removal."""

    is_removed: bool
    sentence: str


class Removal(TypedDict):
    """Why an entry is to be removed; it is recorded."""

    reason: str


class CampaignOut(TypedDict):
    """A campaign."""

    id: int
    name: str
    status: str
    status_words: str
    provider: Ref
    second_provider: SecondOut | None
    agent: Ref | None
    created_at: str
    launched_at: str | None
    starts_at: str | None
    finished_at: str | None
    paused_reason: str


class PagedCampaignOut(TypedDict):
    """One page of `CampaignOut`, newest first."""

    items: list[CampaignOut]
    next: int | None


class SecondOut(TypedDict):
    """Through which other provider waiting calls of a campaign may go, as was agreed to."""

    provider: Ref
    caller_id: str
    price_per_minute: str
    currency: str
    wait_minutes: int | None
    agreed_at: str


class Count(TypedDict):
    """A number of attempts."""

    result: str
    words: str
    calls: int


class HoursOut(TypedDict):
    """When a campaign calls, on the clock of each person."""

    start: str
    end: str
    days: list[int]
    weekly: dict[str, list[str]] | None
    blackout_dates: list[str]
    holiday_countries: list[str] | None


class Living(TypedDict):
    """Where a campaign that stays open stands."""

    is_open: bool
    sentence: str
    people_a_day: int | None
    people_in_all: int | None
    last_day: str | None
    queued_today: int
    queued_in_all: int
    refused: list[Refused]


class Refused(TypedDict):
    """How many who joined a campaign are not called for one reason."""

    reason: str
    words: str
    people: int


class VariantOut(TypedDict):
    """One variant of a campaign's A/B test."""

    key: str
    label: str
    share: int


class WholeCampaign(TypedDict):
    """A campaign with its settings that can be changed here, and where it stands."""

    id: int
    name: str
    status: str
    status_words: str
    provider: Ref
    second_provider: SecondOut | None
    agent: Ref | None
    created_at: str
    launched_at: str | None
    starts_at: str | None
    finished_at: str | None
    paused_reason: str
    hours: HoursOut
    variants: list[VariantOut]
    calls_per_minute: int | None
    max_lines: int | None
    lines_percent: int | None
    priority: Literal["high", "normal", "low"]
    budget: str | None
    budget_is_soft: bool
    lists: list[Ref]
    people: int
    waiting: int
    live: int
    still_out: int
    ended: int
    skipped: int
    to_decide: int
    results: list[Count]
    standstill: list[str]
    line_wait: str
    spent: str
    reserved: str
    currency: str
    waits_for: list[str]
    living: Living | None


class CampaignChange(TypedDict):
    """What of a campaign changes; what is left out stays. Anything else is changed on its page."""

    name: NotRequired[str]
    calls_per_minute: NotRequired[int | None]
    max_lines: NotRequired[int | None]
    lines_percent: NotRequired[int | None]
    """Share of the provider's lines; null: no share."""
    priority: NotRequired[Literal["high", "normal", "low"]]
    budget: NotRequired[str | None]
    """In the provider's currency; null: no limit."""
    budget_is_soft: NotRequired[bool]
    weekly_hours: NotRequired[dict[str, list[str]] | None]
    """Hours by weekday (1 is Monday), such as {'1': ['09:00-13:00', '16:00-20:00']}; a weekday that is left out
    has no calls. Null: the same hours on every day.
    """
    blackout_dates: NotRequired[list[str]]
    """Dates without calls: 2026-12-24, or 2026-12-24/2027-01-02."""
    holiday_countries: NotRequired[list[str] | None]
    """Whose public holidays it keeps, of those that the installation knows; empty: none; null: as set for all
    campaigns.
    """


class Done(TypedDict):
    """What became of a wish about a campaign."""

    changed: bool
    status: Literal["draft", "waiting", "scheduled", "running", "paused", "stopped", "finished"]
    sentence: str


class Launch(TypedDict):
    """How a campaign starts."""

    seen: int
    """`people` as you read it; refused if the audience has changed."""
    starts_at: NotRequired[str | None]
    """Null: now."""
    is_pilot: NotRequired[bool]
    """Call a few people first, then pause and ask."""


class Why(TypedDict):
    """Why it is done."""

    reason: NotRequired[str]


class Approval(TypedDict):
    """How a campaign stands with its approval, which a person gives on its page: no key can."""

    waits: bool
    people: int
    asked_by: str
    starts_at: str | None
    waits_for: list[str]
    approved_by: str
    approved_at: str | None
    approved_people: int | None
    differs: list[str]


class Joined(TypedDict):
    """A contact who joined a campaign."""

    person: int
    call: int | None
    verdict: str
    sentence: str


class MissingText(TypedDict):
    """A text that people of a country must hear."""

    country: str
    text: str
    sentence: str


class PagedMissingText(TypedDict):
    """One page of `MissingText`, newest first."""

    items: list[MissingText]
    next: int | None


class Distribution(TypedDict):
    """How a question was answered."""

    question: QuestionRef
    answered: int
    unreadable: int
    entered: int
    parts: list[PartOut]
    average: str | None
    least: str | None
    most: str | None


class GoalOut(TypedDict):
    """How many calls reached the campaign's goal."""

    question: QuestionRef
    reached: int
    answered: int
    talked: int
    called: int
    of_talked: float | None
    of_called: float | None


class PartOut(TypedDict):
    """Equal answers, or those of a span."""

    answer: str
    at_most: str
    words: str
    calls: int
    is_goal: bool


class QuestionRef(TypedDict):
    """A question of a campaign."""

    id: int
    name: str
    kind: str
    goal: str


class Results(TypedDict):
    """What a campaign found out."""

    goal: GoalOut | None
    questions: list[Distribution]
    is_reading: bool


class CallAnswers(TypedDict):
    """What one call found out."""

    call: int
    contact: int | None
    name: str
    number: str
    is_number_whole: bool
    ended_at: str | None
    result: str
    result_words: str
    answers: list[TypedAnswer]


class PagedCallAnswers(TypedDict):
    """One page of `CallAnswers`, newest first."""

    items: list[CallAnswers]
    next: int | None


class Cost(TypedDict):
    """What calls cost, in one currency."""

    currency: str
    amount: str
    estimated: str
    per_conversation: str | None


class DaySums(TypedDict):
    """The figures of one day."""

    sent: int
    open: int
    ended: int
    talked: int
    voicemail: int
    results: dict[str, int]
    answer_rate: float | None
    costs: list[Cost]
    day: str


class PartSums(TypedDict):
    """The figures of a campaign or a provider."""

    sent: int
    open: int
    ended: int
    talked: int
    voicemail: int
    results: dict[str, int]
    answer_rate: float | None
    costs: list[Cost]
    id: int | None
    name: str
    opted_out: int


class Report(TypedDict):
    """A report."""

    since: str
    until: str
    zone: str
    total: PartSums
    campaigns: list[PartSums]
    providers: list[PartSums]
    days: list[DaySums]


class ExportOut(TypedDict):
    """A file of calls."""

    id: int
    state: Literal["waiting", "writing", "ready", "failed", "deleted"]
    state_words: str
    format: str
    rows: int | None
    done_rows: int
    size: int | None
    shows_numbers: bool
    may_fetch: bool
    created_at: str
    expires_at: str | None


class NewExport(TypedDict):
    """Which calls a file is to hold, and how."""

    state: NotRequired[str]
    """A result or status, or live, or decide."""
    campaign: NotRequired[int | None]
    provider: NotRequired[int | None]
    agent: NotRequired[int | None]
    kind: NotRequired[Literal["", "single", "campaign"]]
    direction: NotRequired[Literal["", "outbound", "inbound"]]
    since: NotRequired[str | None]
    """The first day, on the owner's clock."""
    until: NotRequired[str | None]
    """The last day."""
    tag: NotRequired[str]
    variant: NotRequired[Literal["", "A", "B", "C"]]
    """Its key; with a campaign."""
    disposition: NotRequired[int | None]
    question: NotRequired[int | None]
    """Calls that answered it; needs the right to hear."""
    answer: NotRequired[str]
    """The wanted answer, of a number the least."""
    answer_to: NotRequired[str]
    """The greatest number or last date."""
    order: NotRequired[Literal["", "answer", "-answer", "disposition", "-disposition"]]
    """As in lists, but that calls without an answer or disposition stand at the end."""
    person: NotRequired[str]
    """A part of a name, or a number in any form."""
    words: NotRequired[str]
    format: NotRequired[Literal["csv", "xlsx"]]
    columns: NotRequired[list[str]]
    """Empty: the usual ones. Any of: added, agent, answered, answered_by, answers, asked_by, attempt, call,
    caller_id, campaign, cost, direction, disposition, end_reason, ended, noted, number, person, provider,
    reference, remote_id, score, sent, state, summary, tags, talked, transcript, variables, variant, why.
    """


class PagedExportOut(TypedDict):
    """One page of `ExportOut`, newest first."""

    items: list[ExportOut]
    next: int | None


class NoticeOut(TypedDict):
    """One thing that the owner is told of."""

    id: int
    kind: str
    label: str
    sentence: str
    next_step: str
    link: str
    at: str
    read_at: str | None


class PagedNoticeOut(TypedDict):
    """One page of `NoticeOut`, newest first."""

    items: list[NoticeOut]
    next: int | None


class Read(TypedDict):
    """Which notices were read."""

    newest: NotRequired[int | None]
    """This one and all older ones; null: all."""


class PagedProviderOut(TypedDict):
    """One page of `ProviderOut`, newest first."""

    items: list[ProviderOut]
    next: int | None


class ProviderOut(TypedDict):
    """An account at a vendor, and how it stands."""

    id: int
    name: str
    vendor: str
    state: str
    state_words: str
    sentence: str
    may_call: bool
    message_kinds: list[str]
    last_success_at: str | None


class ProviderAgent(TypedDict):
    """An agent, and the variables that it expects."""

    id: int
    name: str
    variables: list[str]


class WholeProvider(TypedDict):
    """A provider with its agents, voices, caller IDs and diallers."""

    id: int
    name: str
    vendor: str
    state: str
    state_words: str
    sentence: str
    may_call: bool
    message_kinds: list[str]
    last_success_at: str | None
    max_lines: int
    single_call_lines: int
    agents: list[ProviderAgent]
    voices: list[Choice]
    caller_ids: list[Choice]
    dialers: list[Choice]


class PagedWebhookOut(TypedDict):
    """One page of `WebhookOut`, newest first."""

    items: list[WebhookOut]
    next: int | None


class WebhookOut(TypedDict):
    """An address of another program that hears of what happens."""

    id: int
    name: str
    url: str
    events: list[str]
    is_active: bool
    is_halted: bool
    created_at: str
    delivered_at: str | None
    failing_since: str | None


class WithSecret(TypedDict):
    """A webhook with its secret, which is shown this once."""

    id: int
    name: str
    url: str
    events: list[str]
    is_active: bool
    is_halted: bool
    created_at: str
    delivered_at: str | None
    failing_since: str | None
    secret: str


class NewWebhook(TypedDict):
    """An address to send events to."""

    name: str
    url: str
    """https, of a host on OUTBOUND_HOSTS."""
    events: list[str]
    """Any of: answer.given, approval.needed, call.answered, call.ended, callback.due, campaign.finished,
    do_not_call.added, provider.halted.
    """


class WebhookChange(TypedDict):
    """What is to change of a webhook."""

    name: NotRequired[str | None]
    url: NotRequired[str | None]
    events: NotRequired[list[str] | None]
    is_active: NotRequired[bool | None]


class DeliveryOut(TypedDict):
    """One event for one webhook."""

    id: int
    message_id: str
    event: str
    subject: int | None
    at: str
    state: str
    tries: int
    tried_at: str | None
    due_at: str
    status: int | None
    problem: str
    problem_words: str
    took_ms: int | None


class Resumed(TypedDict):
    """What became of a wish to resume."""

    changed: bool


class PagedDeliveryOut(TypedDict):
    """One page of `DeliveryOut`, newest first."""

    items: list[DeliveryOut]
    next: int | None


class SentAgain(TypedDict):
    """How many events are sent again."""

    count: int


class Again(TypedDict):
    """What is to be sent again."""

    delivery: NotRequired[int | None]
    """One delivery; null: all that failed."""


class GivenAnswer(TypedDict):
    """One answer of a call."""

    question: int
    name: str
    kind: str
    value: str
    key: str
    certainty: str


class Callcenter:
    """The API of one installation, with one key. Nothing is sent twice: what to repeat, your program decides."""

    def __init__(
        self,
        address: str,
        key: str,
        *,
        language: str = "en",
        timeout: float = 30.0,
        session: requests.Session | None = None,
    ) -> None:
        self._root = address.rstrip("/") + "/api/v1"
        self._timeout = timeout
        self._session = session or requests.Session()
        self._session.headers.update({"Authorization": f"Bearer {key}", "Accept-Language": language})
        self.etag = ""
        """The version of what was read last, for `if_match` of a change."""

    def every(self, ask: Callable[..., Any], **asked: Any) -> Iterator[Any]:
        """Yield the items of all pages of a list, such as `desk.every(desk.calls, state="talked")`."""
        older_than: int | None = None
        while True:
            page = ask(**asked, older_than=older_than)
            yield from page["items"]
            older_than = page["next"]
            if older_than is None:
                return

    def _ask(
        self,
        method: str,
        path: str,
        *,
        query: dict[str, Any] | None = None,
        body: Any = None,
        headers: dict[str, str] | None = None,
    ) -> requests.Response:
        given = {name: value for name, value in (query or {}).items() if value is not None}
        answer = self._session.request(
            method,
            self._root + path,
            params=given,
            json=body,
            headers=headers,
            timeout=self._timeout,
            allow_redirects=False,
        )
        if not 200 <= answer.status_code < 300:
            raise _problem(answer)
        self.etag = answer.headers.get("ETag", "")
        return answer

    def calls(
        self,
        *,
        state: str | None = None,
        campaign: int | None = None,
        provider: int | None = None,
        agent: int | None = None,
        kind: Literal["", "single", "campaign"] | None = None,
        direction: Literal["", "outbound", "inbound"] | None = None,
        since: str | None = None,
        until: str | None = None,
        tag: str | None = None,
        variant: Literal["", "A", "B", "C"] | None = None,
        disposition: int | None = None,
        question: int | None = None,
        answer: str | None = None,
        answer_to: str | None = None,
        order: Literal["", "answer", "-answer", "disposition", "-disposition"] | None = None,
        older_than: int | None = None,
        limit: int | None = None,
    ) -> PagedCallOut:
        """List calls.

        List the calls within reach by the filters of the call log, newest first or in another order.
        """
        found: PagedCallOut = self._ask(
            "GET",
            "/calls",
            query={
                "state": state,
                "campaign": campaign,
                "provider": provider,
                "agent": agent,
                "kind": kind,
                "direction": direction,
                "since": since,
                "until": until,
                "tag": tag,
                "variant": variant,
                "disposition": disposition,
                "question": question,
                "answer": answer,
                "answer_to": answer_to,
                "order": order,
                "older_than": older_than,
                "limit": limit,
            },
        ).json()
        return found

    def call_place(self, body: NewCall, *, idempotency_key: str) -> CallOut:
        """Place one call.

        Queue one call now or later, as Quick call does: 201, or 200 where this Idempotency-Key made it
        before. It is judged twice: now, and again before the order leaves. Read the call to learn what
        became of it. A call later is a callback, too: it can be moved until its time.
        """
        found: CallOut = self._ask("POST", "/calls", body=body, headers={"Idempotency-Key": idempotency_key}).json()
        return found

    def calls_find(self, body: CallsAsked) -> PagedCallOut:
        """Find calls of a person, or by words.

        List calls by the same filters, by whom they went to, and by words that were said.
        """
        found: PagedCallOut = self._ask("POST", "/calls/find", body=body).json()
        return found

    def call_check(self, body: NewCall) -> CheckedCall:
        """Say what a call would do.

        Return whom a call would ring, when, what they hear and what it costs, and place none. What forbids
        the call is refused as the placing would be.
        """
        found: CheckedCall = self._ask("POST", "/calls/check", body=body).json()
        return found

    def call(self, pk: int) -> WholeCall:
        """Read one call.

        Return a call with all that is known of it. What was said is recorded as read, as on its page.
        """
        found: WholeCall = self._ask("GET", f"/calls/{pk}").json()
        return found

    def call_cancel(self, pk: int, body: Cancel) -> Canceled:
        """Cancel a waiting call.

        Cancel a call that waits its turn.
        """
        found: Canceled = self._ask("POST", f"/calls/{pk}/cancel", body=body).json()
        return found

    def call_recording(self, pk: int) -> bytes:
        """Hear a call.

        Return the sound of a call, whole or the range asked for; recorded as heard, as on its page.
        """
        return self._ask("GET", f"/calls/{pk}/recording").content

    def call_remarks(self, pk: int) -> Remarks:
        """Read the notes, tags and review of a call.

        Return what users remarked on a call, as its page shows it.
        """
        found: Remarks = self._ask("GET", f"/calls/{pk}/remarks").json()
        return found

    def call_note(self, pk: int, body: NewNote) -> Remarks:
        """Write a note on a call.

        Add a note in the owner's name.
        """
        found: Remarks = self._ask("POST", f"/calls/{pk}/notes", body=body).json()
        return found

    def call_tags_add(self, pk: int, body: TagNames) -> Remarks:
        """Add tags to a call.

        Add tags; those that the call has already stay as they are.
        """
        found: Remarks = self._ask("POST", f"/calls/{pk}/tags", body=body).json()
        return found

    def call_tags_remove(self, pk: int, body: TagNames) -> Remarks:
        """Remove tags of a call.

        Remove tags from a call; those that it does not have are passed over.
        """
        found: Remarks = self._ask("POST", f"/calls/{pk}/tags/remove", body=body).json()
        return found

    def call_review(self, pk: int, body: NewReview) -> Remarks:
        """Review a call.

        Give a call a score from 1 to 5; an earlier review is replaced, and stays in the audit log.
        """
        found: Remarks = self._ask("POST", f"/calls/{pk}/review", body=body).json()
        return found

    def call_handled(self, pk: int) -> Handled:
        """Mark a returned call as handled.

        Say that somebody dealt with a call in which a person called us back.
        """
        found: Handled = self._ask("POST", f"/calls/{pk}/handled", body={}).json()
        return found

    def callbacks(
        self,
        *,
        state: Literal["", "waiting", "over"] | None = None,
        older_than: int | None = None,
        limit: int | None = None,
    ) -> PagedCallbackOut:
        """List callbacks.

        List the callbacks within reach, newest first: those that wait, those that are over, or all.
        """
        found: PagedCallbackOut = self._ask(
            "GET", "/callbacks", query={"state": state, "older_than": older_than, "limit": limit}
        ).json()
        return found

    def callback_ask(self, body: NewCallback, *, idempotency_key: str) -> CallbackOut:
        """Ask for a callback.

        Plan a call with the message of an earlier one: 201, or 200 where this Idempotency-Key made it
        before. A number that may not be called then is refused with the reason. A person is called back
        once at a time.
        """
        found: CallbackOut = self._ask(
            "POST", "/callbacks", body=body, headers={"Idempotency-Key": idempotency_key}
        ).json()
        return found

    def callback(self, pk: int) -> CallbackOut:
        """Read one callback.

        Return one callback; its ETag is what If-Match of a move takes.
        """
        found: CallbackOut = self._ask("GET", f"/callbacks/{pk}").json()
        return found

    def callback_move(self, pk: int, body: Moment, *, if_match: str) -> CallbackOut:
        """Move a callback.

        Move a waiting callback to another time, as it was read (If-Match); without a zone it keeps its own.
        """
        found: CallbackOut = self._ask("PATCH", f"/callbacks/{pk}", body=body, headers={"If-Match": if_match}).json()
        return found

    def callback_take_back(self, pk: int, body: Cancel) -> Canceled:
        """Take a callback back.

        Take a waiting callback back: the call is not placed.
        """
        found: Canceled = self._ask("POST", f"/callbacks/{pk}/take-back", body=body).json()
        return found

    def callback_note(self, pk: int) -> Noted:
        """Note how a callback ended.

        Say that one knows how a callback ended, so that nobody is told any more.
        """
        found: Noted = self._ask("POST", f"/callbacks/{pk}/note", body={}).json()
        return found

    def dispositions(self) -> PagedDispositionOut:
        """List dispositions.

        List the dispositions within reach, by name; all on one page.
        """
        found: PagedDispositionOut = self._ask("GET", "/dispositions").json()
        return found

    def call_disposition(self, pk: int, body: Choice) -> Chosen:
        """Set the disposition of a call.

        Set what came of a call, as on its page: what follows is done at once, and only once.
        """
        found: Chosen = self._ask("POST", f"/calls/{pk}/disposition", body=body).json()
        return found

    def scorecard_list(self) -> PagedScorecardOut:
        """List scorecards.

        List the scorecards within reach with their points; all on one page.
        """
        found: PagedScorecardOut = self._ask("GET", "/scorecards").json()
        return found

    def review_queues(self, *, older_than: int | None = None, limit: int | None = None) -> PagedQueueOut:
        """List review queues.

        List the review queues within reach, newest first.
        """
        found: PagedQueueOut = self._ask(
            "GET", "/review-queues", query={"older_than": older_than, "limit": limit}
        ).json()
        return found

    def review_queue_calls(self, pk: int, *, older_than: int | None = None, limit: int | None = None) -> PagedCallOut:
        """List the calls to review of a queue.

        List the calls of a queue that nobody has reviewed, newest first. It needs the right to hear calls,
        too.
        """
        found: PagedCallOut = self._ask(
            "GET", f"/review-queues/{pk}/calls", query={"older_than": older_than, "limit": limit}
        ).json()
        return found

    def call_scores(self, pk: int) -> PagedScoreOut:
        """Read the reviews of a call by scorecard.

        List what a call got by each scorecard; all on one page. It needs the right to hear calls, too.
        """
        found: PagedScoreOut = self._ask("GET", f"/calls/{pk}/scores").json()
        return found

    def call_score(self, pk: int, body: NewScore) -> ScoreOut:
        """Review a call by a scorecard.

        Keep what each point got; a review by this scorecard is replaced, and stays in the audit log.
        """
        found: ScoreOut = self._ask("POST", f"/calls/{pk}/scores", body=body).json()
        return found

    def decisions(
        self,
        *,
        kind: Literal["", "no_news", "unknown", "held", "opt_out"] | None = None,
        older_than: int | None = None,
        limit: int | None = None,
    ) -> PagedDecision:
        """List what needs a decision.

        List the calls within reach that need a decision by a person, newest first.
        """
        found: PagedDecision = self._ask(
            "GET", "/decisions", query={"kind": kind, "older_than": older_than, "limit": limit}
        ).json()
        return found

    def call_settle(self, pk: int, body: Settled) -> CallOut:
        """Say what became of an unclear call.

        Record that a call took place, that it did not, or that news is waited for. Nothing is dialled by
        it.
        """
        found: CallOut = self._ask("POST", f"/calls/{pk}/settle", body=body).json()
        return found

    def call_opt_out(self, pk: int, body: OptOutDecided) -> CallOut:
        """Decide whether a person asked not to be called.

        Decide about what may have been an opt-out: on the do-not-call list, or may be called.
        """
        found: CallOut = self._ask("POST", f"/calls/{pk}/opt-out", body=body).json()
        return found

    def call_again(self, pk: int, *, idempotency_key: str) -> CallOut:
        """Call a person again.

        Queue one more attempt after a call that is over: 201, or 200 where this Idempotency-Key made it
        before.
        """
        found: CallOut = self._ask(
            "POST", f"/calls/{pk}/again", body={}, headers={"Idempotency-Key": idempotency_key}
        ).json()
        return found

    def call_stop(self, pk: int, body: Stop) -> Stopped:
        """End a call at the provider.

        Ask the provider to cancel or hang up a call, and read what became of it.
        """
        found: Stopped = self._ask("POST", f"/calls/{pk}/stop", body=body).json()
        return found

    def hand_overs(self, *, older_than: int | None = None, limit: int | None = None) -> PagedHandOverOut:
        """List calls given to a user.

        List the open ones of the owner, newest first; for who settles calls also overdue ones, and
        nobody's.
        """
        found: PagedHandOverOut = self._ask(
            "GET", "/hand-overs", query={"older_than": older_than, "limit": limit}
        ).json()
        return found

    def hand_over(self, pk: int) -> WholeHandOver:
        """Read one call given to a user.

        Return one that is open and that the owner may act on, with the users to whom it can be given.
        """
        found: WholeHandOver = self._ask("GET", f"/hand-overs/{pk}").json()
        return found

    def hand_over_done(self, pk: int) -> Ended:
        """Say that a call given to a user is done.

        Say that what was to be done is done.
        """
        found: Ended = self._ask("POST", f"/hand-overs/{pk}/done", body={}).json()
        return found

    def hand_over_drop(self, pk: int) -> Ended:
        """Drop a call given to a user.

        Say that nobody needs to act on it any more.
        """
        found: Ended = self._ask("POST", f"/hand-overs/{pk}/drop", body={}).json()
        return found

    def hand_over_give(self, pk: int, body: Given) -> HandOverOut:
        """Give a call to another user.

        Give it to another user, who is told; it is due as before.
        """
        found: HandOverOut = self._ask("POST", f"/hand-overs/{pk}/give", body=body).json()
        return found

    def people(
        self, *, list_id: int | None = None, older_than: int | None = None, limit: int | None = None
    ) -> PagedPerson:
        """List contacts.

        List the contacts within reach, newest first; with `list_id` those of one list.
        """
        found: PagedPerson = self._ask(
            "GET", "/people", query={"list_id": list_id, "older_than": older_than, "limit": limit}
        ).json()
        return found

    def people_save(self, body: NewPerson) -> Person:
        """Create or change a contact by number.

        Create a contact, or change the one with this number: 201 or 200. The rules of numbers are those of
        imports.
        """
        found: Person = self._ask("POST", "/people", body=body).json()
        return found

    def people_find(self, body: Sought) -> PagedPerson:
        """Find contacts.

        Find contacts by a whole number in any form, or by a part of a name.
        """
        found: PagedPerson = self._ask("POST", "/people/find", body=body).json()
        return found

    def person(self, pk: int) -> Person:
        """Read one contact.

        Return one contact; its ETag is what If-Match of a change takes.
        """
        found: Person = self._ask("GET", f"/people/{pk}").json()
        return found

    def person_change(self, pk: int, body: PersonChange, *, if_match: str) -> Person:
        """Change one contact.

        Change what is sent of a contact that was not changed since it was read (If-Match).
        """
        found: Person = self._ask("PATCH", f"/people/{pk}", body=body, headers={"If-Match": if_match}).json()
        return found

    def lists(self, *, older_than: int | None = None, limit: int | None = None) -> PagedListOut:
        """List the lists.

        List the lists within reach, newest first, each with its number of contacts.
        """
        found: PagedListOut = self._ask("GET", "/lists", query={"older_than": older_than, "limit": limit}).json()
        return found

    def list_make(self, body: ListName) -> ListOut:
        """Create a list.

        Create an empty list.
        """
        found: ListOut = self._ask("POST", "/lists", body=body).json()
        return found

    def list_one(self, pk: int) -> ListOut:
        """Read one list.

        Return one list; its contacts are `GET /people?list_id=`.
        """
        found: ListOut = self._ask("GET", f"/lists/{pk}").json()
        return found

    def list_rename(self, pk: int, body: ListName, *, if_match: str) -> ListOut:
        """Rename a list.

        Rename a list that was not renamed since it was read (If-Match).
        """
        found: ListOut = self._ask("PATCH", f"/lists/{pk}", body=body, headers={"If-Match": if_match}).json()
        return found

    def list_remove(self, pk: int) -> None:
        """Delete a list.

        Delete a list, without its contacts; refused while a campaign that is not over uses it.
        """
        self._ask("DELETE", f"/lists/{pk}")

    def list_people_add(self, pk: int, body: PeopleIds) -> Changed:
        """Put contacts into a list.

        Put contacts into a list; returns how many were not in it. Raises 404 if one of them is out of
        reach.
        """
        found: Changed = self._ask("POST", f"/lists/{pk}/people", body=body).json()
        return found

    def list_people_remove(self, pk: int, body: PeopleIds) -> Changed:
        """Take contacts out of a list.

        Take contacts out of a list, without deleting them; returns how many were in it. Queued calls stay
        queued.
        """
        found: Changed = self._ask("POST", f"/lists/{pk}/people/remove", body=body).json()
        return found

    def imports(self, *, older_than: int | None = None, limit: int | None = None) -> PagedImportOut:
        """List imports of contacts.

        List the files of contacts within reach that were imported, newest first.
        """
        found: PagedImportOut = self._ask("GET", "/imports", query={"older_than": older_than, "limit": limit}).json()
        return found

    def import_sources(self, *, older_than: int | None = None, limit: int | None = None) -> PagedSourceOut:
        """List import sources.

        List the sources within reach, newest first, and how each stands.
        """
        found: PagedSourceOut = self._ask(
            "GET", "/import-sources", query={"older_than": older_than, "limit": limit}
        ).json()
        return found

    def import_source_make(self, body: NewSource) -> SourceOut:
        """Add an import source.

        Add an address; it is read soon, and whenever it is due. The address is stored sealed, as a key is.
        """
        found: SourceOut = self._ask("POST", "/import-sources", body=body).json()
        return found

    def import_source_read(self, pk: int) -> Switched:
        """Read an import source now.

        Let a source be read at once; false for one that is paused or halted.
        """
        found: Switched = self._ask("POST", f"/import-sources/{pk}/read", body={}).json()
        return found

    def import_source_pause(self, pk: int) -> Switched:
        """Pause an import source.

        Read a source no more, until it is resumed.
        """
        found: Switched = self._ask("POST", f"/import-sources/{pk}/pause", body={}).json()
        return found

    def import_source_resume(self, pk: int) -> Switched:
        """Resume an import source.

        Read a paused or halted source again.
        """
        found: Switched = self._ask("POST", f"/import-sources/{pk}/resume", body={}).json()
        return found

    def import_source_remove(self, pk: int) -> None:
        """Remove an import source.

        Remove a source; what it imported stays.
        """
        self._ask("DELETE", f"/import-sources/{pk}")

    def do_not_call(self, *, older_than: int | None = None, limit: int | None = None) -> PagedEntry:
        """List the do-not-call list.

        List the entries within reach, newest first. The list holds for everybody, whoever made an entry.
        """
        found: PagedEntry = self._ask("GET", "/do-not-call", query={"older_than": older_than, "limit": limit}).json()
        return found

    def do_not_call_add(self, body: NewEntry) -> Added:
        """Add a number.

        Put a number on the list: from this answer on, no call to it is placed. 200 where it stood there
        already.
        """
        found: Added = self._ask("POST", "/do-not-call", body=body).json()
        return found

    def do_not_call_find(self, body: Number) -> Standing:
        """Look up a number.

        Say whether a number is on the list.
        """
        found: Standing = self._ask("POST", "/do-not-call/find", body=body).json()
        return found

    def do_not_call_remove(self, pk: int, body: Removal) -> Removed:
        """Remove an entry, with a reason.

        Remove an entry. A person's own opt-out is only asked for (202): a second person confirms it on a
        page.
        """
        found: Removed = self._ask("POST", f"/do-not-call/{pk}/remove", body=body).json()
        return found

    def campaigns(
        self,
        *,
        status: Literal["", "draft", "waiting", "scheduled", "running", "paused", "stopped", "finished"] | None = None,
        older_than: int | None = None,
        limit: int | None = None,
    ) -> PagedCampaignOut:
        """List campaigns.

        List the campaigns within reach, newest first.
        """
        found: PagedCampaignOut = self._ask(
            "GET", "/campaigns", query={"status": status, "older_than": older_than, "limit": limit}
        ).json()
        return found

    def campaign(self, pk: int) -> WholeCampaign:
        """Read one campaign.

        Return a campaign and where it stands; its ETag is what If-Match of a change or a launch takes.
        """
        found: WholeCampaign = self._ask("GET", f"/campaigns/{pk}").json()
        return found

    def campaign_change(self, pk: int, body: CampaignChange, *, if_match: str) -> WholeCampaign:
        """Change a campaign.

        Change a campaign that was not changed since it was read (If-Match); what was approved may be sent
        back by it.
        """
        found: WholeCampaign = self._ask("PATCH", f"/campaigns/{pk}", body=body, headers={"If-Match": if_match}).json()
        return found

    def campaign_launch(self, pk: int, body: Launch) -> Done:
        """Launch a campaign.

        Launch a campaign now or later. Above the limit of the key's owner it waits for approval by another
        person. With If-Match it is launched only as it was read.
        """
        found: Done = self._ask("POST", f"/campaigns/{pk}/launch", body=body).json()
        return found

    def campaign_pause(self, pk: int, body: Why) -> Done:
        """Pause a campaign.

        Pause a campaign: from this answer on, no new call of it is sent.
        """
        found: Done = self._ask("POST", f"/campaigns/{pk}/pause", body=body).json()
        return found

    def campaign_resume(self, pk: int) -> Done:
        """Resume a campaign.

        Resume a paused campaign, after a pilot with the rest of its people; by the rules of approval.
        """
        found: Done = self._ask("POST", f"/campaigns/{pk}/resume", body={}).json()
        return found

    def campaign_stop(self, pk: int, body: Why) -> Done:
        """Stop a campaign for good.

        Stop a campaign for good: people who wait are not called any more.
        """
        found: Done = self._ask("POST", f"/campaigns/{pk}/stop", body=body).json()
        return found

    def campaign_approval(self, pk: int) -> Approval:
        """Read how a campaign stands with its approval.

        Return who asked, who may approve, and what was approved. The list of campaigns finds those that
        wait.
        """
        found: Approval = self._ask("GET", f"/campaigns/{pk}/approval").json()
        return found

    def campaign_approve(self, pk: int) -> Done:
        """Approve a campaign: refused, a person does it.

        Refuse: an approval is a person's own word on what they saw, and a program sees nothing in their
        place.
        """
        found: Done = self._ask("POST", f"/campaigns/{pk}/approve", body={}).json()
        return found

    def campaign_withdraw(self, pk: int) -> Done:
        """Withdraw a campaign from approval or its start.

        Return a campaign that waits for approval, or for its start, to draft; one that had run is paused
        then.
        """
        found: Done = self._ask("POST", f"/campaigns/{pk}/withdraw", body={}).json()
        return found

    def campaign_ask_for_rest(self, pk: int) -> Done:
        """Ask for approval of the rest after a pilot.

        Ask a manager to let a campaign go on after its pilot, where its whole is above the owner's limit.
        """
        found: Done = self._ask("POST", f"/campaigns/{pk}/ask-for-rest", body={}).json()
        return found

    def campaign_people_add(self, pk: int, body: NewPerson, *, idempotency_key: str) -> Joined:
        """Add one contact to a campaign that stays open.

        Create a contact, or change the one with this number, and put it into the campaign's list: 201, or
        200 if known. The campaign queues it within a minute, within its limits, and calls nobody twice.
        `list_id` is one of its lists; it may be left out where it has only one.
        """
        found: Joined = self._ask(
            "POST", f"/campaigns/{pk}/people", body=body, headers={"Idempotency-Key": idempotency_key}
        ).json()
        return found

    def campaign_legal_texts(self, pk: int) -> PagedMissingText:
        """List missing legal texts.

        List the legal texts that the message does not say; all on one page. That an agent says one, a user
        confirms.
        """
        found: PagedMissingText = self._ask("GET", f"/campaigns/{pk}/legal-texts").json()
        return found

    def campaign_results(self, pk: int) -> Results:
        """Read what a campaign found out.

        Return the goal in figures, and how each question was answered.
        """
        found: Results = self._ask("GET", f"/campaigns/{pk}/results").json()
        return found

    def campaign_answers(self, pk: int, *, older_than: int | None = None, limit: int | None = None) -> PagedCallAnswers:
        """List who answered what.

        List the calls of a campaign that answered something, newest first, each with its answers.
        """
        found: PagedCallAnswers = self._ask(
            "GET", f"/campaigns/{pk}/answers", query={"older_than": older_than, "limit": limit}
        ).json()
        return found

    def report_calls(
        self,
        *,
        since: str | None = None,
        until: str | None = None,
        campaign: int | None = None,
        provider: int | None = None,
    ) -> Report:
        """Read the report of a span of days.

        Return what came of the calls within reach, and what they cost: in all, by campaign, by provider and
        by day.
        """
        found: Report = self._ask(
            "GET", "/reports/calls", query={"since": since, "until": until, "campaign": campaign, "provider": provider}
        ).json()
        return found

    def exports(self, *, older_than: int | None = None, limit: int | None = None) -> PagedExportOut:
        """List exports.

        List the owner's exports, newest first; everybody's with the right to them.
        """
        found: PagedExportOut = self._ask("GET", "/exports", query={"older_than": older_than, "limit": limit}).json()
        return found

    def export_ask(self, body: NewExport) -> ExportOut:
        """Ask for a file of calls.

        Queue the writing of a file. As many a day as the owner may make; large ones need a scope of their
        own.
        """
        found: ExportOut = self._ask("POST", "/exports", body=body).json()
        return found

    def export(self, pk: int) -> ExportOut:
        """Read the state of an export.

        Return one export; ask again until its state is ready.
        """
        found: ExportOut = self._ask("GET", f"/exports/{pk}").json()
        return found

    def export_file(self, pk: int) -> bytes:
        """Fetch the file of an export.

        Return the finished file; recorded as fetched, as on its page.
        """
        return self._ask("GET", f"/exports/{pk}/file").content

    def notices(
        self, *, unread: bool | None = None, older_than: int | None = None, limit: int | None = None
    ) -> PagedNoticeOut:
        """List notices.

        List the owner's notices, newest first. Nobody reads another's, whatever their rights.
        """
        found: PagedNoticeOut = self._ask(
            "GET", "/notices", query={"unread": unread, "older_than": older_than, "limit": limit}
        ).json()
        return found

    def notice_read(self, pk: int) -> Changed:
        """Mark a notice as read.

        Note that the owner read one notice.
        """
        found: Changed = self._ask("POST", f"/notices/{pk}/read", body={}).json()
        return found

    def notices_read(self, body: Read) -> Changed:
        """Mark notices as read.

        Note that the owner read their notices, all or up to one.
        """
        found: Changed = self._ask("POST", "/notices/read", body=body).json()
        return found

    def providers(self, *, older_than: int | None = None, limit: int | None = None) -> PagedProviderOut:
        """List providers.

        List the providers within reach and how each stands.
        """
        found: PagedProviderOut = self._ask(
            "GET", "/providers", query={"older_than": older_than, "limit": limit}
        ).json()
        return found

    def provider(self, pk: int) -> WholeProvider:
        """Read one provider.

        Return how a provider stands, and its agents, voices, caller IDs and diallers, as last synced.
        """
        found: WholeProvider = self._ask("GET", f"/providers/{pk}").json()
        return found

    def webhooks(self, *, older_than: int | None = None, limit: int | None = None) -> PagedWebhookOut:
        """List webhooks.

        List the owner's webhooks, newest first.
        """
        found: PagedWebhookOut = self._ask("GET", "/webhooks", query={"older_than": older_than, "limit": limit}).json()
        return found

    def webhook_make(self, body: NewWebhook) -> WithSecret:
        """Add a webhook.

        Add an address; it is sent what the owner may see. The secret is in this answer, and nowhere later.
        """
        found: WithSecret = self._ask("POST", "/webhooks", body=body).json()
        return found

    def webhook(self, pk: int) -> WebhookOut:
        """Read one webhook.

        Return one webhook; its ETag is what If-Match of a change takes.
        """
        found: WebhookOut = self._ask("GET", f"/webhooks/{pk}").json()
        return found

    def webhook_change(self, pk: int, body: WebhookChange, *, if_match: str) -> WebhookOut:
        """Change a webhook.

        Change a webhook as it was read (If-Match); what is left out stays.
        """
        found: WebhookOut = self._ask("PATCH", f"/webhooks/{pk}", body=body, headers={"If-Match": if_match}).json()
        return found

    def webhook_remove(self, pk: int) -> None:
        """Remove a webhook.

        Remove a webhook with its log.
        """
        self._ask("DELETE", f"/webhooks/{pk}")

    def webhook_secret(self, pk: int) -> WithSecret:
        """Replace the secret of a webhook.

        Give a webhook a new secret, which is in this answer; for a day the one before signs, too.
        """
        found: WithSecret = self._ask("POST", f"/webhooks/{pk}/secret", body={}).json()
        return found

    def webhook_test(self, pk: int) -> DeliveryOut:
        """Send a test to a webhook.

        Queue a test; the log says what comes of it.
        """
        found: DeliveryOut = self._ask("POST", f"/webhooks/{pk}/test", body={}).json()
        return found

    def webhook_resume(self, pk: int) -> Resumed:
        """Resume a halted webhook.

        Send to a halted webhook again; what failed meanwhile stands in its log.
        """
        found: Resumed = self._ask("POST", f"/webhooks/{pk}/resume", body={}).json()
        return found

    def webhook_deliveries(
        self,
        pk: int,
        *,
        state: Literal["", "waiting", "delivered", "failed", "void"] | None = None,
        event: str | None = None,
        older_than: int | None = None,
        limit: int | None = None,
    ) -> PagedDeliveryOut:
        """Read the log of a webhook.

        List what was or is to be sent, newest first.
        """
        found: PagedDeliveryOut = self._ask(
            "GET",
            f"/webhooks/{pk}/deliveries",
            query={"state": state, "event": event, "older_than": older_than, "limit": limit},
        ).json()
        return found

    def webhook_again(self, pk: int, body: Again) -> SentAgain:
        """Send events again.

        Send one delivery again, whatever came of it, or all that failed; each keeps its message id.
        """
        found: SentAgain = self._ask("POST", f"/webhooks/{pk}/deliveries/again", body=body).json()
        return found


def _problem(answer: requests.Response) -> Problem:
    try:
        said = answer.json()
    except ValueError:
        said = {}
    wait = answer.headers.get("Retry-After", "")
    return Problem(
        answer.status_code,
        str(said.get("detail", "")),
        list(said.get("errors", [])),
        float(wait) if wait.isdigit() else None,
    )
