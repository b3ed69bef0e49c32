"""Which rows of any model a person may see or change: the one home, asked by every page, form, count and service.

`TABLE` says for every model whose rows are whose; what a person reaches of them is `callcenter.access.reach`. The
engine asks nothing here: the do-not-call list, the quiet period and calls that are live elsewhere hold for everybody.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

from django.core.exceptions import PermissionDenied
from django.db.models import Model, Q, QuerySet

from callcenter.access.reach import Reach, content_of, grasp_of, sight_of
from callcenter.access.roles import Person, may
from campaigns.models import (
    AllowedNumber,
    Answer,
    Call,
    Callback,
    CallDisposition,
    CallEvent,
    CallExport,
    CallNote,
    CallReview,
    CallTagging,
    CallTranscript,
    Campaign,
    CampaignApproval,
    CampaignRepeat,
    Consequence,
    Contact,
    ContactImport,
    ContactList,
    ContactNote,
    ContactTeam,
    CorrectedRow,
    DayCap,
    Disposition,
    DispositionRule,
    DoNotCall,
    Erasure,
    HandOver,
    HeardOptOut,
    ImportSource,
    InboundCall,
    LegalConfirmation,
    ListMembership,
    OtherNumber,
    OwnNumber,
    Question,
    RefusedRow,
    ReviewQueue,
    RowVerdicts,
    SavedFilter,
    Scorecard,
    ScorecardPoint,
    ScorecardReview,
    SecondProvider,
    StopRequest,
    TranscriptWords,
    UnknownVendorCall,
    WebhookDelivery,
    WebhookReceiver,
)
from campaigns.models.calls import CallQuerySet
from providers.models import Agent, CallerId, Dialer, Provider, ProviderExchange, Voice

Rows = TypeVar("Rows", bound="QuerySet[Any]")


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose the rows of a model are: by columns of its own, or by a row that it hangs on."""

    owner: str = ""
    """Column of the owner."""
    team: str = ""
    """Column of the team."""
    is_stock: bool = False
    """Whether rows of no team are everybody's (see `Reach`)."""
    of: tuple[str, type[Model]] | None = None
    """The column and the model of the row that it hangs on: who reaches that reaches this."""
    all_right: str = ""
    """A right that reaches every row, besides the two of `callcenter.access.reach`."""
    is_content: bool = False
    """Whether the rows tell who people are or what was said, which not everybody sees who sees all calls."""
    is_common: bool = False
    """Whether the rows are everybody's who holds the right of the page: they belong to the installation."""


WORK = Whose("owner", "team")
STOCK = Whose("owner", "team", is_stock=True)
OF_CALL = Whose(of=("call", Call))
OF_IMPORT = Whose(of=("contact_import", ContactImport), is_content=True)
OF_CONTACT = Whose(of=("contact", Contact), is_content=True)
OF_PROVIDER = Whose(of=("provider", Provider))

TABLE: dict[type[Model], Whose] = {
    Call: WORK,
    Callback: OF_CALL,
    CallDisposition: OF_CALL,
    CallEvent: OF_CALL,
    CallNote: OF_CALL,
    CallReview: OF_CALL,
    CallTagging: OF_CALL,
    Consequence: OF_CALL,
    ScorecardReview: OF_CALL,
    CallTranscript: Whose(of=("call", Call), is_content=True),
    Answer: Whose(of=("call", Call), is_content=True),
    # Whoever a call was given to acts on it, whatever team it is of.
    HandOver: OF_CALL,
    HeardOptOut: OF_CALL,
    InboundCall: OF_CALL,
    StopRequest: OF_CALL,
    TranscriptWords: Whose(of=("call", Call), is_content=True),
    Campaign: WORK,
    ContactImport: Whose("owner", "team", is_content=True),
    CorrectedRow: OF_IMPORT,
    ImportSource: Whose("owner", "team", is_content=True),
    RefusedRow: OF_IMPORT,
    RowVerdicts: OF_IMPORT,
    # A file shows what its owner reached, which may be more than what a colleague reaches.
    CallExport: Whose("owner", all_right="see_all_exports"),
    Contact: Whose("owner", "team", is_stock=True, is_content=True),
    ContactNote: Whose("author", "team", of=("contact", Contact), is_content=True),
    ContactTeam: OF_CONTACT,
    OtherNumber: OF_CONTACT,
    ContactList: STOCK,
    ListMembership: OF_CONTACT,
    DoNotCall: Whose("added_by", "team", is_stock=True),
    AllowedNumber: Whose(is_common=True),
    CampaignApproval: Whose(of=("campaign", Campaign)),
    CampaignRepeat: Whose(of=("campaign", Campaign)),
    LegalConfirmation: Whose(of=("campaign", Campaign)),
    SecondProvider: Whose(of=("campaign", Campaign)),
    Question: Whose(of=("campaign", Campaign)),
    # What people work with, as lists: those of no team are everybody's.
    Disposition: STOCK,
    DispositionRule: Whose(of=("disposition", Disposition)),
    Scorecard: STOCK,
    ScorecardPoint: Whose(of=("scorecard", Scorecard)),
    ReviewQueue: STOCK,
    Erasure: Whose(is_common=True),
    # Its pages show a person their own, and whoever confirms them those that wait.
    OwnNumber: Whose(is_common=True),
    SavedFilter: Whose("owner", "team", is_stock=True),
    DayCap: Whose("person", "team"),
    # The same rule as `Provider.objects.seen_by`, which the room below asks.
    Provider: Whose("created_by", "team", is_stock=True, all_right="manage_providers"),
    Agent: OF_PROVIDER,
    CallerId: OF_PROVIDER,
    Dialer: OF_PROVIDER,
    Voice: OF_PROVIDER,
    ProviderExchange: OF_PROVIDER,
    UnknownVendorCall: OF_PROVIDER,
    # As API keys: their owner's, and everybody's for who manages users.
    WebhookReceiver: Whose("owner", all_right="manage_people"),
    WebhookDelivery: Whose(of=("receiver", WebhookReceiver)),
}
"""Every model whose rows people see. What is missing here nobody reaches through a page: asking for it is an error."""
_TOLD_BY_COLUMNS = frozenset({Call, Campaign, ContactImport, Contact, ContactList})
"""Models whose rows tell by columns of their own, `owner` and `team`, who reaches them."""


def seen_by(person: Person, rows: Rows) -> Rows:
    """Return those of the rows that a person may see. Raises KeyError for a model that is not in `TABLE`."""
    return _within(rows, condition_of(rows.model, _sight(person, rows.model), person))


def changed_by(person: Person, rows: Rows) -> Rows:
    """Return those of the rows that a person may change, where they hold the right to change such rows at all."""
    return _within(rows, condition_of(rows.model, _grasp(person, rows.model), person))


def demand_change(person: Person, row: Model) -> None:
    """Raise PermissionDenied unless a person may change a row."""
    if not may_change(person, row):
        raise PermissionDenied(row._meta.model_name)


def may_see(person: Person, row: Model) -> bool:
    """Return whether a person may see a row."""
    if _is_own(person, row):
        return True
    return _holds(row, _sight(person, type(row))) or seen_by(person, type(row)._base_manager.filter(pk=row.pk)).exists()


def may_change(person: Person, row: Model) -> bool:
    """Return whether a person may change a row, if they hold the right to change such rows at all."""
    if _is_own(person, row):
        return True
    return (
        _holds(row, _grasp(person, type(row))) or changed_by(person, type(row)._base_manager.filter(pk=row.pk)).exists()
    )


def may_hear(person: Person, call: Call) -> bool:
    """Return whether a person may read the transcript of a call and hear its recording."""
    return may(person, "hear_calls") and content_of(person).holds(call.owner_id, call.team_id)


def heard_by(person: Person, calls: CallQuerySet) -> CallQuerySet:
    """Return those of the calls whose transcript a person may read."""
    if not may(person, "hear_calls"):
        return calls.none()
    return _within(calls, content_of(person).condition("owner", "team"))


def _sight(person: Person, model: type[Model]) -> Reach:
    return content_of(person) if TABLE[model].is_content else sight_of(person)


def _grasp(person: Person, model: type[Model]) -> Reach:
    return content_of(person) if TABLE[model].is_content else grasp_of(person)


def condition_of(model: type[Model], reach: Reach, person: Person, at: str = "") -> Q | None:
    """Return the condition on the rows of a model that are within a reach; None where that is every row.

    `at` is the path to them from the rows that are asked for, such as "call__": what hangs on a row is found by a join,
    which reads no more of the other table than the rows need.
    """
    whose = TABLE[model]
    if whose.is_common or (whose.all_right and may(person, whose.all_right)):
        return None
    if model in {CallExport, WebhookReceiver}:
        return Q(**{f"{at}owner": reach.person})
    if whose.of is not None:
        column, parent = whose.of
        beyond = condition_of(parent, reach, person, f"{at}{column}__")
        if model is HandOver and beyond is not None:
            return beyond | Q(**{f"{at}person": reach.person})
        return _of_note(reach, beyond) if model is ContactNote else beyond
    found = reach.condition(f"{at}{whose.owner}", f"{at}{whose.team}", is_stock=whose.is_stock)
    if found is None:
        return None
    if model is DayCap:
        return _of_limit(reach)
    if model is Contact and reach.teams:
        shared = ContactTeam.objects.filter(team__in=sorted(reach.teams)).values("contact")
        return found | Q(**{f"{at}pk__in": shared})
    if model is SavedFilter:
        # Only what is shared is the team's; a filter that a person keeps for themselves stays theirs.
        return Q(owner=reach.person) | (found & Q(is_shared=True))
    return found


def _of_note(reach: Reach, beyond: Q | None) -> Q | None:
    """Return the condition of notes: of contacts within reach, and not written for a team that is not."""
    if beyond is None:
        return None
    teams = sorted(reach.teams)
    # An older note carries no team. It was written for those who had the contact then, not for who shares it now.
    older = Q(team__isnull=True) & (Q(contact__team__isnull=True) | Q(contact__team__in=teams))
    return beyond & (Q(author=reach.person) | Q(team__in=teams) | older)


def _of_limit(reach: Reach) -> Q:
    """Return the condition of spending limits: one's own, of one's teams, and of the people in them."""
    teams = sorted(reach.teams)
    found = Q(person=reach.person) | Q(team__in=teams) | Q(person__membership__team__in=teams)
    return found | Q(person__isnull=False, person__membership__isnull=True) if reach.has_unassigned else found


def _is_own(person: Person, row: Model) -> bool:
    """Return whether a row of one's own is in every reach: told without a question to the database."""
    owner: int | None = getattr(row, "owner_id", None)
    return type(row) in _TOLD_BY_COLUMNS and owner is not None and owner == person.pk


def _holds(row: Model, reach: Reach) -> bool:
    """Return whether a row is within reach by its own columns; False may still be reached through others."""
    whose = TABLE[type(row)]
    if type(row) not in _TOLD_BY_COLUMNS:
        return False
    owner, team = getattr(row, f"{whose.owner}_id"), getattr(row, f"{whose.team}_id")
    return reach.holds(owner, team, is_stock=whose.is_stock)


def _within(rows: Rows, condition: Q | None) -> Rows:
    return rows if condition is None else rows.filter(condition)
