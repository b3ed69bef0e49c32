"""The export: words, safe cells, who sees numbers, one row after the other."""

from __future__ import annotations

import csv
import datetime
import io
import json
import tracemalloc

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone, translation

from campaigns.core.csv_cells import safe_cell
from campaigns.exports.call_sheet import CallSheet
from campaigns.models import Call
from campaigns.reports import progress
from tests.conftest import ALL_DAY, make_call, make_campaign, make_contact, make_list, make_provider

pytestmark = pytest.mark.django_db


@pytest.mark.one_engine
@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("+989121234567", "+989121234567"),
        ("+98 912", "'+98 912"),
        ("=1+1", "'=1+1"),
        (" =1", "' =1"),
        ("@x", "'@x"),
        ("-5", "'-5"),
        ("\t1", "'\t1"),
        ("＝1", "'＝1"),
        ("plain", "plain"),
        (None, ""),
        (0, "0"),
    ],
)
def test_no_cell_is_a_formula(value, written):
    assert safe_cell(value) == written


def read(text: str) -> list[dict[str, str]]:
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text[1:])))


def test_a_call_in_words():
    campaign = make_campaign(name="Spring")
    at = datetime.datetime(2026, 5, 5, 8, 30, tzinfo=datetime.UTC)
    make_call(
        campaign=campaign,
        contact=make_contact(name="=HYPERLINK(1)"),
        to_number="+989121234567",
        status="completed",
        placing_at=at,
        talk_seconds=42,
        answered_by="human",
        cost="0.0350",
        currency="USD",
    )
    make_call(campaign=campaign, status="skipped", skip_reason="do_not_call")
    (skipped, talked) = read("".join(CallSheet(Call.objects.order_by("-id"), shows_numbers=True).lines()))
    assert (talked["Campaign"], talked["Contact"], talked["Number"]) == ("Spring", "'=HYPERLINK(1)", "+989121234567")
    assert (talked["Result"], talked["Talk time (seconds)"], talked["Answered by"]) == ("Answered", "42", "a person")
    assert (talked["Sent (UTC)"], talked["Cost"], talked["Currency"]) == ("2026-05-05 08:30:00", "0.0350", "USD")
    assert (skipped["Result"], skipped["Currency"], skipped["Sent (UTC)"]) == ("Skipped", "", "")
    assert skipped["Reason"] == "Not called: the number is on the do-not-call list."


def test_numbers_are_masked_without_the_right():
    make_call(to_number="+989121234567")
    (row,) = read("".join(CallSheet(Call.objects.all(), shows_numbers=False).lines()))
    assert row["Number"] == "…4567"


def test_language_and_zone_are_those_of_the_request():
    make_call(status="busy")
    with translation.override("fa"), timezone.override("Asia/Tehran"):
        sheet = CallSheet(Call.objects.all(), shows_numbers=True)
    assert any("Asia/Tehran" in title for title in sheet.header)
    "".join(sheet.lines())
    assert translation.get_language() == "en"


def test_memory_does_not_grow_with_the_calls():
    provider = make_provider()

    def peak() -> int:
        tracemalloc.start()
        for _piece in CallSheet(Call.objects.order_by("-id"), shows_numbers=True).lines():
            pass
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    def add(count: int) -> None:
        Call.objects.bulk_create(
            [Call(provider=provider, to_number=f"+98912{n:07d}") for n in range(count)], batch_size=500
        )

    add(2000)
    small = min(peak(), peak())
    add(6000)
    assert min(peak(), peak()) < small * 1.2


# The commands


def test_export_command_writes_a_file(tmp_path, capsys):
    campaign = make_campaign(name="Spring")
    make_call(campaign=campaign)
    make_call()
    call_command("export_calls", campaign="Spring", output=str(tmp_path / "calls.csv"))
    text = (tmp_path / "calls.csv").read_text(encoding="utf-8")
    assert len(read(text)) == 1
    assert list(tmp_path.iterdir()) == [tmp_path / "calls.csv"]
    assert "1 calls written" in capsys.readouterr().err
    call_command("export_calls", json=True, campaign=str(campaign.pk))
    assert json.loads(capsys.readouterr().out)["Campaign"] == "Spring"


@pytest.mark.parametrize(
    "options", [{"campaign": "none"}, {"since": "yesterday"}, {"output": "/nowhere/at/all/calls.csv"}]
)
def test_export_command_says_what_is_wrong(options):
    with pytest.raises(CommandError):
        call_command("export_calls", **options)


def test_launch_command(monkeypatch, caller, capsys):
    monkeypatch.setattr("campaigns.queue.nudge_dispatch", lambda: None)
    make_campaign([make_list(2)], name="Spring", owner=caller, **ALL_DAY)
    call_command("launch_campaign", "Spring", username="sara", check=True)
    assert (
        capsys.readouterr().out == "Of 2 people, 2 will be called; about 1 minute of calling, cost 0.07 to 0.15 USD.\n"
    )
    call_command("launch_campaign", "Spring", username="sara", json=True)
    answer = json.loads(capsys.readouterr().out)
    assert answer == {"sentence": "Launched: 2 people queued.", "changed": True, "status": "running", "people": 2}
    for arguments in (["Spring", "--as", "sara"], ["Spring", "--as", "nobody"], ["Other", "--as", "sara"]):
        with pytest.raises(CommandError):
            call_command("launch_campaign", *arguments)
    make_campaign([make_list(2)], name="Not hers")
    with pytest.raises(CommandError, match="may not launch"):
        call_command("launch_campaign", "Not hers", "--as", "sara")


# Progress


def test_progress_counts_people_and_attempts():
    campaign = make_campaign(status="running", is_filled=True, launched_at=timezone.now(), budget=10, spent_cost=4)
    for state, fields in (
        ("completed", {"talk_seconds": 30}),
        ("completed", {"talk_seconds": 5, "answered_by": "machine"}),
        ("no_answer", {}),
        ("failed", {"held_at": timezone.now(), "failure_reason": "not_placed"}),
        ("pending", {"wait_reason": "outside_hours"}),
        ("pending", {}),
        ("ringing", {}),
        ("unknown", {}),
        ("skipped", {"skip_reason": "do_not_call"}),
    ):
        make_call(campaign=campaign, contact=make_contact(), status=state, **fields)
    first = Call.objects.filter(status="no_answer").get()
    make_call(campaign=campaign, contact=first.contact, attempt=2, wait_reason="retry")
    now = progress.measure(campaign)
    assert (now.people, now.waiting, now.live, now.still_out, now.ended, now.skipped) == (9, 3, 1, 1, 4, 1)
    assert (now.done, now.outcomes.talked, now.outcomes.machine, now.outcomes.held) == (4, 1, 1, 1)
    assert (now.outcomes.answer_rate, now.budget_percent) == (25.0, 40)
    assert [count for _sentence, count in now.waits] == [1, 1]
    assert [(result.key, n) for result, n in now.results] == [
        ("pending", 3), ("ringing", 1), ("talked", 1), ("machine", 1), ("no_answer", 1), ("failed", 1), ("unknown", 1),
        ("skipped", 1),
    ]  # fmt: skip
    # Four attempts or five, three at a time: more the rest of the budget does not let out.
    assert now.minutes_left == 2
    assert now.next_due


def test_progress_of_a_draft_is_nothing():
    now = progress.measure(make_campaign([make_list(3)]))
    assert (now.people, now.done, now.outcomes.answer_rate, now.minutes_left, now.standstill) == (3, 0, None, None, [])


def test_progress_says_why_nothing_is_called():
    paused = make_campaign(status="paused", paused_reason="Budget.", paused_by_system=True)
    assert progress.why_standing(paused) == ["Paused by the system: Budget."]
    halted = make_provider(halted_at=timezone.now(), halted_reason="Key refused.")
    (sentence,) = progress.why_standing(make_campaign(status="running", provider=halted))
    assert "Key refused." in sentence
