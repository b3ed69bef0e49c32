"""Reports: figures that are right in the viewer's zone, links that list their calls, CSV, the bill, the bounds."""

from __future__ import annotations

import csv
import datetime
import html
import io
import re
import zoneinfo
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.dates import WEEKDAYS_ABBR

from campaigns.models import Answer, Call, CallEvent, DoNotCall, Question
from campaigns.reports import sections
from campaigns.reports.figures import Scope, count
from providers.types import CallStatus
from tests.conftest import make_call, make_campaign, make_contact, make_provider

TEHRAN = zoneinfo.ZoneInfo("Asia/Tehran")
# Monday 10:30 in Tehran.
MONDAY = datetime.datetime(2026, 11, 16, 7, 0, tzinfo=datetime.UTC)
QUEUED = MONDAY - datetime.timedelta(days=40)
SPAN = "since=2026-11-10&until=2026-11-20"


def sent(at: datetime.datetime = MONDAY, **fields: Any) -> Call:
    status = fields.setdefault("status", CallStatus.COMPLETED)
    if status == CallStatus.COMPLETED:
        fields.setdefault("talk_seconds", 60)
    call = make_call(placing_at=at, **fields)
    Call.objects.filter(pk=call.pk).update(created_at=QUEUED)
    return call


@pytest.fixture
def as_manager(as_manager: Client) -> Client:
    """The manager's browser, in Tehran."""
    as_manager.cookies["timezone"] = "Asia/Tehran"
    return as_manager


@pytest.fixture
def house(db: None) -> dict[str, Any]:
    """Two campaigns at two providers and a single call, over two days."""
    first = make_campaign(name="Appointments", provider=make_provider(name="Alpha"))
    second = make_campaign(name="Surveys", provider=make_provider(name="Beta", price_per_minute=Decimal("0.06")))
    cost: dict[str, Any] = {"cost": Decimal("0.0500"), "currency": "USD"}
    sent(campaign=first, contact=make_contact(), **cost)
    sent(campaign=first, contact=make_contact(), answered_by="machine", **cost)
    sent(campaign=first, contact=make_contact(), status=CallStatus.NO_ANSWER)
    late = MONDAY.replace(hour=22)
    asked = sent(late, campaign=first, contact=make_contact(), attempt=2, **cost)
    CallEvent.objects.create(call=asked, source="person", code="do_not_call_heard")
    sent(campaign=second, contact=make_contact(), talk_seconds=120)
    heard = sent(campaign=second, contact=make_contact(), cost=Decimal("0.2000"), currency="USD")
    DoNotCall.objects.create(phone=heard.to_number, source="vendor", added_at=MONDAY + datetime.timedelta(hours=1))
    sent(campaign=second, contact=make_contact(), status=CallStatus.IN_PROGRESS)
    sent(provider=first.provider, status=CallStatus.BUSY)
    # None of these was sent in the span.
    sent(MONDAY - datetime.timedelta(days=30), campaign=first, contact=make_contact())
    make_call(campaign=first, contact=make_contact(), status=CallStatus.SKIPPED)
    goal = Question.objects.create(campaign=first, name="Agreed", kind="yes_no", path="agreed", goal="yes")
    for call, key in zip(Call.objects.filter(campaign=first).order_by("pk"), ("yes", "no", ""), strict=False):
        certainty = "certain" if key else "unreadable"
        Answer.objects.create(question=goal, call=call, raw=key or "perhaps", key=key, certainty=certainty)
    return {"first": first, "second": second, "asked": asked, "heard": heard}


def figures_of(person: User) -> Any:
    with timezone.override(TEHRAN):
        return count(Scope(datetime.date(2026, 11, 10), datetime.date(2026, 11, 20)), person)


def test_the_figures_are_right(house: dict[str, Any], manager: User) -> None:
    figures = figures_of(manager)
    total = figures.total
    assert (total.sent, total.ended, total.talked, total.machine, total.opted_out) == (8, 7, 4, 1, 2)
    assert (total.answer_rate, total.voicemail_share, total.opt_outs_per_thousand) == (57.1, 14.3, 250.0)
    # 3 x 0.05 and 0.20 told; 120 s at 0.06 by our price.
    assert total.cost("USD") == Decimal("0.47")
    assert total.per_conversation("USD") == Decimal("0.47") / 4
    assert [sums.sent for sums in figures.campaigns.values()] == [4, 3, 1]
    # 22:00 in UTC is half past one of the next day in Tehran.
    assert sorted(figures.days) == [datetime.date(2026, 11, 16), datetime.date(2026, 11, 17)]
    assert {key: cell.ended for key, cell in figures.hours.items()} == {(1, 10): 6, (2, 1): 1}
    assert figures.attempts[2].talked == 1


def test_every_link_lists_exactly_the_calls_of_its_figure(as_manager: Client, house: dict[str, Any]) -> None:
    page = as_manager.get(reverse("reports") + f"?{SPAN}&whole=1").content.decode()
    tables = "".join(re.findall(r"<table.*?</table>", page, re.S))
    links = re.findall(r'<a href="(/calls/\?[^"]+)">\s*([\d,]+)\s*</a>', tables)
    links += re.findall(r'<a class="card stat" href="([^"]+)">.*?<span class="figure">(\d+)</span>', page, re.S)
    assert len(links) > 30
    for url, figure in dict(links).items():
        answer = as_manager.get(html.unescape(url))
        assert not answer.context["form"].errors, url
        listed = answer.context["page"].rows
        assert len(listed) == int(figure), url
    marks = re.findall(r'<a href="([^"]+)" tabindex="-1">', page)
    assert marks
    for url in set(marks):
        assert as_manager.get(html.unescape(url)).context["page"].rows, url


def test_each_section_is_a_plot_a_table_and_a_csv(as_manager: Client, house: dict[str, Any]) -> None:
    page = as_manager.get(reverse("reports") + f"?{SPAN}&whole=1").content.decode()
    assert "style=" not in page
    assert page.count('<svg class="plot') >= 9
    for key in sections.KEYS:
        assert f'id="{key}"' in page
        answer = as_manager.get(reverse("reports-csv", args=[key]) + f"?{SPAN}")
        rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
        assert answer["Content-Type"].startswith("text/csv")
        assert len({len(row) for row in rows}) == 1
        assert len(rows) > 1, key
    costs = as_manager.get(reverse("reports-csv", args=["cost-campaigns"]) + f"?{SPAN}").content.decode("utf-8-sig")
    named = csv.DictReader(io.StringIO(costs))
    assert {row["Campaign"]: row["Cost"] for row in named} == {"Appointments": "0.1500", "Surveys": "0.3200"}
    assert as_manager.get(reverse("reports-csv", args=["nothing"])).status_code == 404


def test_the_bill_stands_beside_our_reckoning_and_differences_are_listed(house: dict[str, Any], manager: User) -> None:
    figures = figures_of(manager)
    bills = {str(bill.provider): bill for bill in figures.bills}
    assert (bills["Alpha"].calls, bills["Alpha"].seconds, bills["Alpha"].difference) == (3, 180, Decimal(0))
    assert (bills["Beta"].difference, bills["Beta"].untold) == (Decimal("0.14"), 1)
    # 0.20 at 0.06 a minute is 200 seconds; 60 were talked.
    assert (bills["Beta"].seconds, bills["Beta"].billed_seconds) == (60, 200)
    assert (bills["Beta"].vendor_price, bills["Alpha"].billed_seconds) == (Decimal("0.2"), 180)
    assert [found.call for found in figures.differences] == [house["heard"].pk]


def test_the_bill_s_table_says_seconds_and_prices_of_both(as_manager: Client, house: dict[str, Any]) -> None:
    text = as_manager.get(reverse("reports-csv", args=["bill"]) + f"?{SPAN}").content.decode("utf-8-sig")
    row = {row["Provider"]: row for row in csv.DictReader(io.StringIO(text))}["Beta"]
    assert (row["Our seconds"], row["Billed seconds"]) == ("60", "200")
    assert (row["Our price per minute"], row["Provider's price per minute"]) == ("0.0600", "0.2000")
    text = as_manager.get(reverse("reports-csv", args=["differences"]) + f"?{SPAN}").content.decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(text))
    assert (row["Our seconds"], row["Billed seconds"], row["Difference"]) == ("60", "200", "0.1400")


def test_the_differences_come_after_the_page_stands(as_manager: Client, house: dict[str, Any]) -> None:
    page = as_manager.get(reverse("reports") + f"?{SPAN}&whole=1").content.decode()
    address = reverse("reports-section", args=["differences"])
    assert f'hx-get="{address}?' in page
    assert f'href="{address}?' in page
    opened = as_manager.get(reverse("reports") + f"?{SPAN}").content.decode()
    assert 'id="outcomes-campaigns"' in opened
    assert 'id="bill"' not in opened
    assert f'hx-get="?{SPAN.replace("&", "&amp;")}&amp;whole=1"' in opened
    alone = as_manager.get(address + f"?{SPAN}").content.decode()
    assert '<section class="card" id="differences">' in alone
    assert reverse("call", args=[house["heard"].pk]) in alone
    assert as_manager.get(reverse("reports-section", args=["nonsense"]) + f"?{SPAN}").status_code == 404


def test_another_currency_is_neither_added_nor_compared(db: None, manager: User) -> None:
    provider = make_provider(currency="USD")
    sent(provider=provider, cost=Decimal(5000), currency="IRT")
    sent(provider=provider, cost=Decimal("0.05"), currency="USD")
    figures = figures_of(manager)
    assert figures.total.currencies == ["IRT", "USD"]
    assert figures.total.per_conversation("USD") is None
    assert {bill.currency: bill.difference for bill in figures.bills} == {"IRT": None, "USD": Decimal(0)}
    assert figures.differences == []


def test_campaign_and_provider_narrow_everything(as_manager: Client, house: dict[str, Any]) -> None:
    first = house["first"]
    for asked, number in ((f"campaign={first.pk}", 4), (f"provider={first.provider.pk}", 5)):
        answer = as_manager.get(reverse("reports") + f"?{SPAN}&{asked}")
        assert answer.context["total"].sent == number
        assert asked in html.unescape(answer.content.decode())


def test_the_number_of_statements_does_not_grow(as_manager: Client, house: dict[str, Any]) -> None:
    def statements() -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert as_manager.get(reverse("reports") + f"?{SPAN}&whole=1").status_code == 200
        return len(seen)

    statements()
    before = statements()
    for n in range(5):
        campaign = make_campaign(name=f"More {n}")
        sent(MONDAY + datetime.timedelta(days=n), campaign=campaign, contact=make_contact(), attempt=n + 1)
    assert statements() == before <= 18


@pytest.mark.parametrize(
    "asked",
    [
        "since=2026-11-20&until=2026-11-10",
        "since=2020-01-01&until=2026-01-01",
        "until=0001-01-01",
        "since=x",
        "campaign=999",
    ],
)
def test_a_wrong_span_is_said_at_its_field(as_manager: Client, asked: str) -> None:
    answer = as_manager.get(reverse("reports") + f"?{asked}")
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.content.decode()


def test_spans_of_days_end_today_and_keep_the_filters(as_manager: Client, house: dict[str, Any]) -> None:
    provider = house["first"].provider.pk
    answer = as_manager.get(reverse("reports") + f"?days=7&provider={provider}")
    with timezone.override(TEHRAN):
        today = timezone.localdate()
    assert (answer.context["scope"].since, answer.context["scope"].until) == (today - datetime.timedelta(days=6), today)
    assert re.search(
        rf'href="\?(days=90&amp;provider={provider}|provider={provider}&amp;days=90)"', answer.content.decode()
    )


def test_an_empty_house_says_what_to_do_first(as_manager: Client) -> None:
    page = as_manager.get(reverse("reports")).content.decode()
    assert "Nothing to report yet" in page
    assert reverse("campaign-new") in page
    sent(MONDAY.replace(year=2020))
    assert (
        "No calls were sent in these days" in as_manager.get(reverse("reports") + f"?{SPAN}&whole=1").content.decode()
    )


def test_persian_has_its_digits_days_and_first_weekday(as_manager: Client, house: dict[str, Any]) -> None:
    as_manager.cookies["django_language"] = "fa"
    page = as_manager.get(reverse("reports") + f"?{SPAN}&whole=1").content.decode()
    assert 'dir="rtl"' in page
    assert "۵۷.۱" in page
    assert "۲۵ آبان ۱۴۰۵" in page
    words = re.findall(r"<text[^>]*>([^<]+)</text>", page)
    with translation.override("fa"):
        saturday, sunday, monday = (words.index(str(WEEKDAYS_ABBR[day])) for day in (5, 6, 0))
    assert saturday < sunday < monday


def test_names_and_ids_stand_in_persian_as_they_are(as_manager: Client, house: dict[str, Any]) -> None:
    campaign, heard = house["first"], house["heard"]
    campaign.name = "Autumn 2026"
    campaign.save()
    Call.objects.filter(pk=heard.pk).update(id=23319)
    as_manager.cookies["django_language"] = "fa"
    page = as_manager.get(reverse("reports") + f"?{SPAN}").content.decode()
    assert "<bdi>Autumn 2026</bdi>" in page
    differences = as_manager.get(reverse("reports-section", args=["differences"]) + f"?{SPAN}").content.decode()
    assert "<bdi>۲۳۳۱۹</bdi>" in differences


def test_reports_are_for_those_who_hold_the_right(client: Client, caller: User, admin_person: User) -> None:
    client.force_login(caller)
    assert client.get(reverse("reports")).status_code == 403
    assert client.get(reverse("reports-csv", args=["bill"])).status_code == 403
    client.force_login(admin_person)
    assert client.get(reverse("reports")).status_code == 200
