"""Every page and file that shows or takes a time does so in the viewer's zone, which it names.

The pages are found in the URL configuration: a new one is opened here without a word, or fails until it is.
"""

from __future__ import annotations

import datetime
import html
import io
import re
import zipfile
import zoneinfo
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import connection, models
from django.http import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from callcenter.access import clock
from callcenter.audit import triggers
from callcenter.audit.models import AuditEvent
from callcenter.formats.calendars import whole_day
from campaigns.models import (
    Call,
    Callback,
    CallExport,
    Campaign,
    Contact,
    ContactImport,
    ContactList,
    DayCap,
    DialingSwitch,
    DoNotCall,
    HandOver,
    Notice,
    Question,
    WebhookReceiver,
)
from providers.models import Provider
from tests.filled import fill_every_table

ZONES = ("Asia/Tehran", "America/New_York", "Asia/Kathmandu")
SERVER = "Pacific/Chatham"
"""Zone of the installation: a quarter of an hour off all others."""
NOW = timezone.now()
FAR_DAY = datetime.date(2020, 2, 3)
"""The day of all columns that hold a day without a time."""
KINDS = {
    "reports/": "differences",
    "check/": "everybody",
    "help/": "import",
    "digest/": "weekly",
}
ROWS: tuple[tuple[str, type[models.Model]], ...] = (
    ("calls/exports/", CallExport),
    ("calls/", Call),
    ("campaigns/", Campaign),
    ("campaigns/<int:pk>/questions/", Question),
    ("people/", Contact),
    ("lists/", ContactList),
    ("imports/", ContactImport),
    ("providers/", Provider),
    ("hand-overs/", HandOver),
    ("callbacks/", Callback),
    ("do-not-call/", DoNotCall),
    ("webhooks/", WebhookReceiver),
    ("notices/", Notice),
)
"""By beginning of the address: the row whose page it is."""
ASKS_ELSEWHERE = {"call-player", "call-recording", "metrics", "readyz", "healthz", "livez", "admin:view_on_site"}
"""They answer programs, or with what a vendor says."""
OF_PROGRAMS = {"api"}
"""Addresses that know no session, and tell every moment with its offset."""
LEAD_ELSEWHERE = {"start", "login", "admin:login", "set-language", "admin:campaigns_installationsettings_changelist"}
OF_SIGN_IN = {
    *("account_login", "account_signup", "prove", "mfa_authenticate", "mfa_reauthenticate", "invitation"),
    *("mfa_reauthenticate_webauthn", "mfa_deactivate_totp", "mfa_edit_webauthn", "mfa_remove_webauthn"),
    *("mfa_view_recovery_codes", "mfa_login_webauthn", "openid_connect_login", "openid_connect_callback"),
    *("admin:auth_user_add", "admin:auth_user_password_change", "admin:password_change"),
}
"""They lead elsewhere, or need a second factor or a link that is not there."""
OF_A_FILE = {"export-fetch", "import-bad-rows", "import-map", "import-rows"}
"""They need a file in its place: the tests of exports and imports open them."""
OWN_TIME = {"local_day", "local_time", "hours_start", "hours_end", "single_call_start", "single_call_end"}
"""Fields of times on each person's own clock, as their section says."""
COUNTS = dict.fromkeys(["bad", "forbidden", "joined", "kept", "made", "removed", "skipped_calls"], 1)
ENDS_POLLING = 286
STATES = ("draft", "scheduled", "waiting", "running", "paused", "finished")


def then() -> datetime.datetime:
    """Return the moment of all rows: the next day in Tehran and Kathmandu, the same in New York.

    Its minute is not that of the present in any zone, since all are whole quarters of an hour apart; nor of an hour's
    begin or end.
    """
    minute = 29 if NOW.minute % 15 < 8 else 22
    return (NOW - datetime.timedelta(days=40)).replace(hour=21, minute=minute, second=43, microsecond=0)


@pytest.fixture
def everything(db: None, settings: Any) -> User:
    """Fill every table, with every moment of every row at one time; return somebody who may open every page."""
    settings.TIME_ZONE = SERVER
    fill_every_table()
    person = User.objects.create_superuser("sees-all", password="a-long-password-1")
    Contact.objects.create(phone="+989127654300", name="Another")
    campaign = Campaign.objects.order_by("pk")[0]
    Call.objects.filter(inbound=None).update(direction="outbound")
    # A length such as 11:43 is no time of day.
    Call.objects.update(talk_seconds=5)
    Call.objects.filter(pk__in=Callback.objects.values("call")).update(status="pending")
    Question.objects.filter(pk=Question.objects.order_by("pk")[0].pk).update(campaign=campaign)
    HandOver.objects.update(state=HandOver.State.OPEN, outcome="no_answer")
    DayCap.objects.create(person=person, currency="USD", amount=5)
    for action in ("campaign.scheduled", "campaign.launched"):
        detail = {"starts_at": then().isoformat(), "people": 3}
        AuditEvent.objects.create(action=action, object_type="campaign", object_id=campaign.pk, detail=detail)
    kind = ContentType.objects.get_for_model(Provider)
    provider = Provider.objects.order_by("pk")[0]
    LogEntry.objects.create(user=person, content_type=kind, object_id=provider.pk, action_flag=CHANGE)
    with triggers.away(connection):
        for model in apps.get_models(include_auto_created=True):
            if model._meta.managed and not model._meta.proxy and model._meta.app_label not in {"sessions", "django_q"}:
                _set_values(model)
    # One that was removed is shown nowhere.
    Question.all_rows.update(removed_at=None)
    return person


def _set_values(model: type[models.Model]) -> None:
    moments = [field.name for field in model._meta.concrete_fields if isinstance(field, models.DateTimeField)]
    days = [field.name for field in model._meta.concrete_fields if type(field) is models.DateField]
    values: dict[str, Any] = dict.fromkeys(moments, then()) | dict.fromkeys(days, FAR_DAY)
    # The pages read these as the product writes them, not as any text.
    plain = [field for field in model._meta.concrete_fields if type(field) is models.JSONField]
    if model is not AuditEvent:
        # Without either, such as what a second factor holds, a column keeps what it was filled with.
        plain = [field for field in plain if field.null or field.has_default()]
        values |= {field.name: None if field.null else field.get_default() for field in plain}
    if values:
        model._base_manager.update(**values)


def every_address() -> Iterator[tuple[str, str]]:
    """Yield name and address of every GET page of the URL configuration, with the ids of the rows there are."""
    yield from _walk(get_resolver(), "", "")


def _walk(resolver: URLResolver, prefix: str, space: str) -> Iterator[tuple[str, str]]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            if pattern.namespace not in OF_PROGRAMS:
                yield from _walk(pattern, prefix + str(pattern.pattern), pattern.namespace or space)
        elif isinstance(pattern, URLPattern) and pattern.name:
            name = f"{space}:{pattern.name}" if space else pattern.name
            if name not in ASKS_ELSEWHERE and not str(pattern.pattern).startswith("^"):
                yield name, "/" + _filled(prefix + str(pattern.pattern))


def _filled(route: str) -> str:
    def value(found: re.Match[str]) -> str:
        before = route[: found.start()]
        if found[1] == "slug":
            return next(kind for ending, kind in KINDS.items() if before.endswith(ending))
        if before.startswith("setup/") and found[2] in {"object_id", "id"}:
            label, model = before.split("/")[1:3]
            return str(apps.get_model(label, model)._base_manager.order_by("pk").values_list("pk", flat=True)[0])
        if found[2] == "other":
            return str(Contact.objects.order_by("-pk")[0].pk)
        row = next((row for beginning, row in ROWS if before == beginning), None)
        return str(row._base_manager.order_by("pk").values_list("pk", flat=True)[0]) if row else "1"

    return re.sub(r"<(?:(\w+):)?(\w+)>", value, route)


def content_of(answer: HttpResponseBase) -> str:
    """Return what an answer says, a workbook's cells too."""
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]
    if body[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(body)) as book:
            return "".join(book.read(name).decode() for name in book.namelist() if "sheet" in name)
    return html.unescape(body.decode("utf-8-sig", "replace"))


def wrong_times(zone: str) -> dict[str, str]:
    """Return what a page must not say to a viewer in a zone, by whose clock that would be."""
    there = then().astimezone(zoneinfo.ZoneInfo(zone))
    wrong = {}
    for whose, other in (("UTC", datetime.UTC), ("the server", zoneinfo.ZoneInfo(SERVER))):
        at = then().astimezone(other)
        wrong[f"{at:%H:%M}"] = whose
        if at.date() != there.date():
            wrong[whole_day(at.date())] = wrong[f"{at:%Y-%m-%d}"] = whose
    return wrong


def nameless_fields(page: str, zone: str) -> list[str]:
    """Return the fields for times of a page beside which the viewer's zone is not named."""
    found = []
    for tag in re.findall(r"<input[^>]*>", page):
        kind, name = re.search(r'type="([\w-]+)"', tag), re.search(r'name="([\w-]+)"', tag)
        if not kind or kind[1] not in {"date", "time", "datetime-local"} or not name or name[1] in OWN_TIME:
            continue
        told = re.search(r'aria-describedby="([\w -]+)"', tag)
        beside = [re.search(rf'id="{each}"[^>]*>([^<]*)<', page) for each in (told[1].split() if told else ())]
        if not any(text and zone in text[1] for text in beside):
            found.append(name[1])
    return found


def open_every(client: Client, addresses: list[tuple[str, str]]) -> Iterator[tuple[str, str, HttpResponseBase]]:
    """Yield name, content and answer of each address; the content is empty where it is no page."""
    nine = datetime.timedelta(days=9)
    query = {"since": str(then().date() - nine), "until": str(then().date() + nine)}
    for name, address in addresses:
        answer = client.get(address, query if "report" in name or "call-log" in name else {})
        yield name, content_of(answer) if answer.status_code in {200, ENDS_POLLING} else "", answer


def problems_of(name: str, page: str, answer: HttpResponseBase, zone: str) -> Iterator[str]:
    """Yield what is wrong with one page or file."""
    local = f"{then().astimezone(zoneinfo.ZoneInfo(zone)):%H:%M}"
    for text, whose in wrong_times(zone).items():
        if found := re.search(rf"(?<![\d:]){re.escape(text)}(?!\d)", page):
            yield f"{name} shows a time of {whose}: …{page[max(0, found.start() - 90) : found.end() + 20]}…"
    if "<html" in page and not re.search(rf'Times are shown in\s+<bdi dir="ltr">{zone}</bdi>', page):
        yield f"{name} does not name the zone"
    if "attachment" in answer.headers.get("Content-Disposition", "") and local in page and f"({zone})" not in page:
        yield f"{name}, a file, does not name the zone in its titles"
    for field in nameless_fields(page, zone):
        yield f"{name}: beside the field {field} the zone is not named"


# Opens some 150 pages three times: the one test for all of them, which takes its seconds.
@pytest.mark.parametrize("zone", ZONES)
def test_every_page_is_on_the_viewers_clock(client: Client, everything: User, zone: str) -> None:
    clock.choose_zone(everything, zone)
    client.force_login(everything)
    client.raise_request_exception = False
    client.cookies[clock.COOKIE] = "Australia/Sydney"
    problems: list[str] = []
    shown: set[str] = set()
    closed: dict[str, int] = {}
    opened: set[str] = set()
    local = f"{then().astimezone(zoneinfo.ZoneInfo(zone)):%H:%M}"
    addresses = list(every_address())
    moving = [pair for pair in addresses if pair[0].startswith(("campaign", "import"))]
    for state in STATES if zone == ZONES[0] else STATES[:2]:
        is_draft = state == "draft"
        Campaign.objects.update(
            status=state, start_refusal="No credit." if is_draft else "", launched_at=None if is_draft else then()
        )
        checked = ContactImport.Status.CHECKED if state != STATES[0] else ContactImport.Status.SAVED
        ContactImport.objects.update(status=checked, counts=COUNTS)
        if state != STATES[0]:
            DialingSwitch.objects.update(stopped_at=None)
        for name, page, answer in open_every(client, addresses if state == STATES[0] else moving):
            if not page:
                closed[name] = answer.status_code
                continue
            opened.add(name)
            problems += problems_of(name, page, answer, zone)
            if local in page:
                shown.add(name)
    assert problems == []
    expected = opened | LEAD_ELSEWHERE | OF_SIGN_IN | OF_A_FILE
    unopened = {name: status for name, status in closed.items() if name not in expected and status not in {403, 405}}
    assert unopened == {}, " ".join(map(str, sorted(unopened.items())))
    assert len(shown) > 20, sorted(shown)
