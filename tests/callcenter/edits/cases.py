"""Every form that edits a row, with what two tabs type into it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import Group, User
from django.urls import reverse

from callcenter.access.models import Team
from callcenter.access.rights import ADMIN, CALLER, MANAGER
from campaigns.models import (
    Answer,
    CallDisposition,
    CallReview,
    DayCap,
    Disposition,
    InstallationSettings,
    ReviewQueue,
    SavedFilter,
    Scorecard,
)
from campaigns.models.installation import SETTINGS_ID
from providers.models import Dialer
from tests.callcenter.edits.rows import (
    given,
    pair,
    planned,
    point_of_a_card,
    question_of,
    repeated,
    running,
    webhook_of,
)
from tests.conftest import make_call, make_campaign, make_contact, make_list, make_person, make_provider


@dataclass(frozen=True)
class Case:
    """A form that edits a row; `page` shows it, and `post` takes it where that is another address."""

    form: str
    make: Callable[[User], Any]
    page: Callable[[Any], str]
    read: Callable[[Any], Any]
    """What is stored, to be compared."""
    both: tuple[dict[str, Any], dict[str, Any]]
    """What the first and the second tab type into the same field."""
    stored: tuple[Any, Any]
    """What is stored where the first, and where the second is taken."""
    words: tuple[str, str]
    """How the page writes the first and the second."""
    apart: tuple[dict[str, Any], Any] | None = None
    """What the second tab types into another field, and what is stored then; None: the form has one field."""
    role: str = MANAGER
    post: Callable[[Any], str] | None = None
    more: dict[str, Any] = field(default_factory=dict)
    is_set_up: bool = False


def again(row: Any) -> Any:
    return type(row)._default_manager.get(pk=row.pk)


def change_page(row: Any) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


CASES = [
    Case(
        "CampaignForm",
        running,
        lambda row: reverse("campaign-edit", args=[row.pk]),
        lambda row: (again(row).hours_start.hour, again(row).calls_per_minute, again(row).retries["busy"]),
        ({"hours_start": "10:00"}, {"hours_start": "11:00"}),
        ((10, None, [15, 60, 240]), (11, None, [15, 60, 240])),
        ("10:00", "11:00"),
        ({"calls_per_minute": "7"}, (10, 7, [15, 60, 240])),
        more={"then": "save"},
    ),
    Case(
        "CampaignForm",
        running,
        lambda row: reverse("campaign-edit", args=[row.pk]),
        lambda row: (again(row).retries["busy"], again(row).retries["failed"]),
        ({"retry_busy": "5"}, {"retry_busy": "6"}),
        (([5], [60]), ([6], [60])),
        ("5", "6"),
        ({"then_failed": "again", "retry_failed": "44"}, ([5], [44])),
        more={"then": "save"},
    ),
    Case(
        "VariantsForm",
        lambda person: make_campaign([make_list(1)], owner=person),
        lambda row: reverse("campaign-variants", args=[row.pk]),
        lambda row: [(one["label"], one["share"]) for one in again(row).variants],
        ({"label_A": "Short", "share_A": "100"}, {"label_A": "Long", "share_A": "100"}),
        ([("Short", 100)], [("Long", 100)]),
        ("A: Short", "A: Long"),
    ),
    Case(
        "RepeatForm",
        repeated,
        lambda row: reverse("campaign-repeat", args=[row.pk]),
        lambda row: (again(row).local_time.hour, again(row).column),
        ({"local_time": "10:00"}, {"local_time": "11:00"}),
        ((10, ""), (11, "")),
        ("10:00", "11:00"),
        ({"column": "visit", "days_apart": "1"}, (10, "visit")),
        more={"then": "save"},
    ),
    Case(
        "PersonForm",
        lambda person: make_contact(name="Ann", variables={"city": "Pune"}),
        lambda row: reverse("person-edit", args=[row.pk]),
        lambda row: (again(row).name, again(row).variables),
        ({"name": "Anna"}, {"name": "Anne"}),
        (("Anna", {"city": "Pune"}), ("Anne", {"city": "Pune"})),
        ("Anna", "Anne"),
        ({"variables": "city: Pune\norder: 1"}, ("Anna", {"city": "Pune", "order": "1"})),
    ),
    Case(
        "TagsForm",
        lambda person: make_contact(tags=["old"]),
        lambda row: reverse("person", args=[row.pk]),
        lambda row: again(row).tags,
        ({"tags": "old, a"}, {"tags": "old, b"}),
        (["old", "a"], ["old", "b"]),
        ("old, a", "old, b"),
        post=lambda row: reverse("person-tags", args=[row.pk]),
    ),
    Case(
        "ListForm",
        lambda person: make_list(name="Spring"),
        lambda row: reverse("list", args=[row.pk]),
        lambda row: again(row).name,
        ({"name": "Summer"}, {"name": "Autumn"}),
        ("Summer", "Autumn"),
        ("Summer", "Autumn"),
        post=lambda row: reverse("list-rename", args=[row.pk]),
    ),
    Case(
        "ReviewForm",
        lambda person: make_call(owner=person),
        lambda row: reverse("call", args=[row.pk]),
        lambda row: CallReview.objects.values_list("score", "comment").get(call=row),
        ({"score": "2", "comment": "late"}, {"score": "4", "comment": "polite"}),
        ((2, "late"), (4, "polite")),
        ("2 · late", "4 · polite"),
        post=lambda row: reverse("call-review", args=[row.pk]),
    ),
    Case(
        "QuestionForm",
        question_of,
        lambda row: reverse("question-edit", args=[row.campaign_id, row.pk]),
        lambda row: (again(row).name, again(row).goal),
        ({"name": "Agreed"}, {"name": "Promised"}),
        (("Agreed", ""), ("Promised", "")),
        ("Agreed", "Promised"),
        ({"goal": "yes"}, ("Agreed", "yes")),
    ),
    Case(
        "AnswerForm",
        lambda person: make_call(owner=person, campaign=question_of(person).campaign),
        lambda row: reverse("call", args=[row.pk]),
        lambda row: Answer.objects.get(call=row).raw,
        ({"value": "yes"}, {"value": "no"}),
        ("yes", "no"),
        ("yes", "no"),
        # Whoever also reviews calls has a second form on this page.
        role=CALLER,
        post=lambda row: reverse("call-answer", args=[row.pk, row.campaign.questions.get().pk]),
    ),
    Case(
        "DispositionForm",
        lambda person: Disposition.objects.create(name="Promised"),
        lambda row: reverse("disposition", args=[row.pk]),
        lambda row: (again(row).name, again(row).follows),
        ({"name": "Agreed"}, {"name": "Declined"}),
        (("Agreed", "nothing"), ("Declined", "nothing")),
        ("Agreed", "Declined"),
        ({"follows": "never"}, ("Agreed", "never")),
    ),
    Case(
        "CallDispositionForm",
        lambda person: [make_call(owner=person), *(Disposition.objects.create(name=one) for one in "AB")][0],
        lambda row: reverse("call", args=[row.pk]),
        lambda row: CallDisposition.objects.get(call=row).disposition.name,
        ({"disposition": "A"}, {"disposition": "B"}),
        ("A", "B"),
        ("A", "B"),
        # Whoever also reviews calls has a second form on this page.
        role=CALLER,
        post=lambda row: reverse("call-disposition", args=[row.pk]),
    ),
    Case(
        "ScorecardForm",
        lambda person: Scorecard.objects.create(name="Polite"),
        lambda row: reverse("scorecard", args=[row.pk]),
        lambda row: (again(row).name, again(row).is_offered),
        ({"name": "Friendly"}, {"name": "Clear"}),
        (("Friendly", True), ("Clear", True)),
        ("Friendly", "Clear"),
        ({"is_offered": ""}, ("Friendly", False)),
    ),
    Case(
        "QueueForm",
        lambda person: ReviewQueue.objects.create(name="Missed", scorecard=point_of_a_card().scorecard),
        lambda row: reverse("review-queue-edit", args=[row.pk]),
        lambda row: (again(row).name, again(row).every),
        ({"name": "Failed"}, {"name": "Short"}),
        (("Failed", 1), ("Short", 1)),
        ("Failed", "Short"),
        ({"every": "20"}, ("Failed", 20)),
    ),
    Case(
        "ScorecardReviewForm",
        lambda person: (point_of_a_card(), make_call(owner=person))[1],
        lambda row: reverse("call", args=[row.pk]),
        lambda row: [(one.given[0]["value"], one.note) for one in row.scorecard_reviews.all()],
        ({"note": "late"}, {"note": "polite"}),
        ([(3, "late")], [(3, "polite")]),
        ("late", "polite"),
        more={"point-1": "3"},
        post=lambda row: reverse("call-scorecard", args=[row.pk, Scorecard.objects.get().pk]),
    ),
    Case(
        "SpendingLimitForm",
        lambda person: (make_provider(), Team.objects.create(name="North"))[1],
        lambda row: reverse("spending-limits"),
        lambda row: {cap.team_id or 0: int(cap.amount) for cap in DayCap.objects.all()},
        ({"team": 1, "amount": "20", "currency": "USD"}, {"team": 1, "amount": "30", "currency": "USD"}),
        ({1: 20}, {1: 30}),
        ("20", "30"),
        role=ADMIN,
    ),
    Case(
        "SaveFilterForm",
        lambda person: person,
        lambda row: reverse("call-log") + "?state=busy",
        lambda row: SavedFilter.objects.get().query,
        ({"name": "Mine"}, {"name": "Mine", "query": "state=failed"}),
        ("state=busy", "state=failed"),
        ("state=busy", "state=failed"),
        post=lambda row: reverse("filter-save"),
    ),
    Case(
        "GiveForm",
        lambda person: (pair(person), given(person))[1],
        lambda row: reverse("hand-over", args=[row.pk]),
        lambda row: again(row).person.first_name,
        ({"person": "Omid"}, {"person": "Mina"}),
        ("Omid", "Mina"),
        ("Omid", "Mina"),
    ),
    Case(
        "MoveCallbackForm",
        planned,
        lambda row: reverse("callback", args=[row.pk]),
        lambda row: again(row).local_time.hour,
        ({"local_time": "10:00"}, {"local_time": "11:00"}),
        (10, 11),
        ("10:00", "11:00"),
    ),
    Case(
        "ProviderForm",
        lambda person: make_provider(name="Desk", max_lines=2, calls_per_minute=9),
        change_page,
        lambda row: (again(row).max_lines, again(row).calls_per_minute, again(row).name),
        ({"max_lines": "5"}, {"max_lines": "6"}),
        ((5, 9, "Desk"), (6, 9, "Desk")),
        ("5", "6"),
        ({"name": "Front desk"}, (5, 9, "Front desk")),
        role=ADMIN,
        is_set_up=True,
    ),
    Case(
        "InstallationForm",
        lambda person: InstallationSettings.objects.create(pk=SETTINGS_ID, quiet_period_hours=4),
        change_page,
        lambda row: (again(row).quiet_period_hours, again(row).person_calls_a_day),
        ({"quiet_period_hours": "5"}, {"quiet_period_hours": "6"}),
        ((5, None), (6, None)),
        ("5", "6"),
        ({"person_calls_a_day": "3"}, (5, 3)),
        role=ADMIN,
        is_set_up=True,
    ),
    Case(
        "WebhookForm",
        webhook_of,
        lambda row: reverse("webhook", args=[row.pk]),
        lambda row: (again(row).name, again(row).kinds),
        ({"name": "Till"}, {"name": "Web shop"}),
        (("Till", ["call.ended"]), ("Web shop", ["call.ended"])),
        ("Till", "Web shop"),
        ({"kinds": ["call.ended", "campaign.finished"]}, ("Till", ["call.ended", "campaign.finished"])),
    ),
    Case(
        "RetentionForm",
        lambda person: InstallationSettings.objects.create(pk=SETTINGS_ID, exports_a_day=4),
        lambda row: reverse("retention"),
        lambda row: (again(row).exports_a_day, again(row).large_export_rows),
        ({"exports_a_day": "5"}, {"exports_a_day": "6"}),
        ((5, None), (6, None)),
        ("5", "6"),
        ({"large_export_rows": "3"}, (5, 3)),
        role=ADMIN,
    ),
    Case(
        "HolidaysForm",
        lambda person: InstallationSettings.objects.create(pk=SETTINGS_ID, own_holidays=[]),
        lambda row: reverse("holidays"),
        lambda row: ([day["dates"] for day in again(row).own_holidays], again(row).single_calls_keep_holidays),
        ({"own_holidays": "2026-12-24"}, {"own_holidays": "2026-12-31"}),
        ((["2026-12-24"], None), (["2026-12-31"], None)),
        ("2026-12-24", "2026-12-31"),
        ({"single_calls_keep_holidays": ""}, (["2026-12-24"], False)),
        role=ADMIN,
    ),
    Case(
        "UserForm",
        lambda person: make_person(CALLER, first_name="A"),
        change_page,
        lambda row: (again(row).first_name, sorted(again(row).groups.values_list("name", flat=True))),
        ({"first_name": "B"}, {"first_name": "C"}),
        (("B", [CALLER]), ("C", [CALLER])),
        ("B", "C"),
        ({"roles": [CALLER, MANAGER]}, ("B", [CALLER, MANAGER])),
        role=ADMIN,
        is_set_up=True,
    ),
    Case(
        "RoleForm",
        lambda person: Group.objects.create(name="Listeners"),
        change_page,
        lambda row: (again(row).name, sorted(again(row).permissions.values_list("codename", flat=True))),
        ({"name": "Hearers"}, {"name": "Readers"}),
        (("Hearers", []), ("Readers", [])),
        ("Hearers", "Readers"),
        ({"rights": ["hear_calls"]}, ("Hearers", ["hear_calls"])),
        role=ADMIN,
        is_set_up=True,
    ),
    Case(
        "EditsModelRow",
        lambda person: Dialer.objects.create(provider=make_provider(vendor="bitel"), name="One", remote_id="1"),
        change_page,
        lambda row: (again(row).name, again(row).remote_id),
        ({"name": "Two"}, {"name": "Three"}),
        (("Two", "1"), ("Three", "1")),
        ("Two", "Three"),
        ({"remote_id": "9"}, ("Two", "9")),
        role=ADMIN,
        is_set_up=True,
    ),
    Case(
        "EditsModelRow",
        lambda person: make_list(name="Spring", owner=person),
        change_page,
        lambda row: (again(row).name, again(row).team and again(row).team.name),
        ({"name": "Summer"}, {"name": "Autumn"}),
        (("Summer", None), ("Autumn", None)),
        ("Summer", "Autumn"),
        ({"team": "North"}, ("Summer", "North")),
        role=ADMIN,
        is_set_up=True,
    ),
]
