"""One table of what may come of a call, run through everybody who tells it: pages, files, commands, sums and lists."""

from __future__ import annotations

import csv
import datetime
import io
import itertools
import json
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db.models import Q
from django.test import Client
from django.utils import timezone
from python_calamine import CalamineWorkbook

from campaigns import queue
from campaigns.calls import call_columns, call_log_filters, call_log_totals
from campaigns.calls.call_log import find_calls
from campaigns.calls.call_log_filters import CallFilters
from campaigns.core import conditions, decision_kinds, explanations, results, stored_files
from campaigns.exports import files, job, requests
from campaigns.launch import pilot, redial
from campaigns.launch.audience_query import Selection
from campaigns.management.commands import place_call
from campaigns.models import Call, CallTally, Campaign
from campaigns.reports import campaign_people, figures, outcomes, progress, rollups, today
from campaigns.templatetags import call_cells, console
from providers.types import ENDED, CallStatus, FailureReason
from tests.campaigns.core.result_cases import CASES, LEFT, NOW, Case, fields_of
from tests.conftest import make_call, make_campaign, make_contact, make_provider

CAMPAIGNS = Path(__file__).parents[3] / "campaigns"

pytestmark = pytest.mark.django_db


@dataclass(frozen=True, slots=True)
class Stage:
    """A campaign with one person a case."""

    campaign: Campaign
    calls: dict[Case, Call]

    def which(self, **wanted: Any) -> set[int]:
        """Return the calls whose cases are so."""
        return {
            self.calls[case].pk for case in CASES if all(getattr(case, name) == value for name, value in wanted.items())
        }

    def counts(self, cases: Any = CASES) -> Counter[str]:
        """Return how many cases are counted under which name."""
        return Counter(case.counted_as for case in cases)


@pytest.fixture(autouse=True)
def no_nudge(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "nudge_export", lambda _pk: None)


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch, manager: User) -> Stage:
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    campaign = make_campaign(
        status="running", is_filled=True, launched_at=LEFT, owner=manager, provider=make_provider(price_per_minute=0)
    )
    calls = {
        case: make_call(campaign=campaign, contact=make_contact(name=f"Case {n}"), owner=manager, **fields_of(case))
        for n, case in enumerate(CASES)
    }
    return Stage(campaign, calls)


# The presenter


@pytest.mark.one_engine
@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_call_and_a_row_of_values_say_the_same(case: Case) -> None:
    call = make_call(**fields_of(case))
    row = Call.objects.values(*results.READS).get(pk=call.pk)
    for told in (call, row):
        result = results.result_of(told)
        chip = result.chip
        assert (result.key, str(result.word), str(chip.label)) == (case.key, case.word, case.word)
        assert (chip.icon, chip.tone, chip.is_live) == case.look
        assert str(results.sentence_of(told)) == case.sentence
    assert results.key_of(case.status, call.answered_by, call.talk_seconds) == case.counted_as
    assert conditions.has_talked(case.status, call.talk_seconds, call.answered_by) is case.talked
    assert conditions.is_voicemail(case.status, call.answered_by) is (case.key == "machine")
    assert conditions.is_held(call.held_at) is case.held
    assert conditions.is_unclear(call, NOW) is case.unclear


def test_the_order_is_waiting_then_out_then_over_from_the_best_ending_to_the_worst() -> None:
    order = [result.key for result in results.RESULTS]
    assert [results.RESULTS[n].order for n in range(len(order))] == list(range(len(order)))
    assert order == [
        "pending", "placing", "queued", "dialing", "ringing", "in_progress", "wrapping_up", "talked", "machine",
        "silent", "no_answer", "busy", "failed", "held", "no_news", "canceled", "unknown", "decide", "skipped",
    ]  # fmt: skip
    assert {case.key for case in CASES} == set(order), "every result has a case"
    assert set(CallStatus.values) - {"completed"} <= set(order), "every status has a word"


def test_conditions_and_questions_about_a_row_agree_for_every_state() -> None:
    provider = make_provider()
    states = itertools.product(
        CallStatus.values, ("human", "machine", "unknown"), (None, 0, 1, 40), FailureReason.values, (None, NOW)
    )
    rows = [
        Call(
            provider=provider, to_number=f"+98912{n:07d}", status=status, answered_by=by, talk_seconds=seconds,
            failure_reason=reason, held_at=at, needs_person_at=at, placing_at=NOW if n % 3 else LEFT,
            no_news_at=NOW if reason == "no_news" else None,
        )
        for n, (status, by, seconds, reason, at) in enumerate(states)
    ]  # fmt: skip
    Call.objects.bulk_create(rows, batch_size=200)
    calls = list(Call.objects.all())
    assert len(calls) == 14 * 3 * 4 * 10 * 2

    def found(condition: Q) -> set[int]:
        passing = set(Call.objects.filter(condition).values_list("pk", flat=True))
        others = set(Call.objects.exclude(condition).values_list("pk", flat=True))
        assert passing | others == {call.pk for call in calls}, "a condition is a yes or a no, never neither"
        assert not passing & others
        return passing

    def asked(question: Any) -> set[int]:
        return {call.pk for call in calls if question(call)}

    talked = asked(lambda call: conditions.has_talked(call.status, call.talk_seconds, call.answered_by))
    assert found(conditions.talked()) == talked
    assert set(conditions.reached_in(Call.objects.all()).values_list("pk", flat=True)) == talked
    assert found(conditions.voicemail()) == asked(lambda call: conditions.is_voicemail(call.status, call.answered_by))
    assert found(conditions.held()) == asked(lambda call: conditions.is_held(call.held_at))
    assert found(conditions.no_news()) == asked(lambda call: conditions.is_without_news(call.failure_reason))
    for at in (NOW, NOW + datetime.timedelta(hours=25)):
        assert found(conditions.keeps_number(at)) == asked(lambda call, at=at: conditions.keeps_its_number(call, at))
        for kind in decision_kinds.KINDS:
            assert found(kind.condition(at)) == asked(lambda call, at=at, kind=kind: kind.holds(call, at)), kind.key
    assert found(conditions.unclear(NOW)) == asked(lambda call: conditions.is_unclear(call, NOW))
    assert found(conditions.ended()) == asked(lambda call: call.status in ENDED)
    by_key = {key: found(results.condition(key)) for key in results.BY_KEY}
    for key in (*results.COUNTED, *set(CallStatus.values) - {"completed"}):
        assert by_key[key] == asked(
            lambda call, key=key: results.key_of(call.status, call.answered_by, call.talk_seconds) == key
        ), key
    assert found(results.condition("completed")) == asked(lambda call: call.status == "completed")
    assert by_key["held"] == asked(lambda call: results.result_of(call).key == "held")
    assert results.counted(Call.objects.all()) == {
        key: len(rows) for key, rows in by_key.items() if key not in {"held", "decide", "no_news"}
    }


# On the screens


@pytest.mark.one_engine
@pytest.mark.parametrize("case", CASES, ids=str)
def test_pages_and_cells_show_the_chip(case: Case, client: Client, manager: User) -> None:
    call = make_call(owner=manager, **fields_of(case))
    icon, tone, is_live = case.look
    cell = call_cells.CELLS["state"](call, manager)
    client.force_login(manager)
    page = client.get(f"/calls/{call.pk}/").content.decode()
    for written in (cell, re.search(r'id="call".*?(<span class="chip".*?</svg>[^<]*</span>)', page, re.S).group(1)):  # type: ignore[union-attr]
        assert (f"#i-{icon}" in written, f'data-tone="{tone}"' in written, "data-live" in written) == (
            True,
            True,
            is_live,
        )
        assert re.sub(r"<[^>]+>", "", written).strip() == case.word
    assert console.why(call) == case.sentence
    assert call_cells.CELLS["why"](call, manager) == case.sentence
    log = client.get("/calls/", {"column": ["state", "why"]}).content.decode()
    assert re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", log)).count(case.word) >= 1


def test_the_log_finds_each_result_and_nothing_else(stage: Stage, manager: User, client: Client) -> None:
    client.force_login(manager)
    for key in {case.counted_as for case in CASES}:
        wanted = stage.which(counted_as=key)
        for is_walked in (True, False):
            calls = find_calls(CallFilters(state=key), manager, is_walked=is_walked)
            assert set(calls.values_list("pk", flat=True)) == wanted, key
        rows = client.get("/calls/", {"state": key}).context["page"].rows
        assert {call.pk for call in rows} == wanted, key
    decide = find_calls(CallFilters(state=call_log_filters.TO_DECIDE), manager)
    assert set(decide.values_list("pk", flat=True)) == (
        stage.which(held=True) | stage.which(unclear=True) | stage.which(no_news=True)
    )
    machine = find_calls(CallFilters(which=call_log_filters.MACHINE), manager)
    assert set(machine.values_list("pk", flat=True)) == stage.which(key="machine")
    # No longer offered, and still understood: addresses and saved filters hold it.
    for old, offered in (("completed", True), ("talked", False), ("nonsense", False)):
        form = client.get("/calls/", {"state": old}).context["form"]
        assert ("Finished, answered or not" in str(form["state"])) is offered
        assert form.filters().state == ("" if old == "nonsense" else old)
    totals = call_log_totals.totals_of(Call.objects.all())
    assert totals.conversations == len(stage.which(talked=True))
    assert totals.talk_seconds == sum(case.fields["talk_seconds"] for case in CASES if case.talked)


def test_the_people_of_a_campaign_are_found_by_each_result(stage: Stage, client: Client, manager: User) -> None:
    client.force_login(manager)
    address = f"/campaigns/{stage.campaign.pk}/people/"
    for key, word in campaign_people.STATES:
        if key == campaign_people.OUT:
            wanted = {stage.calls[case].pk for case in CASES if case.look[2]}
        elif key == results.HELD:
            wanted = stage.which(held=True)
        elif key == results.NO_NEWS:
            wanted = stage.which(no_news=True)
        else:
            wanted = stage.which(counted_as=key)
        answer = client.get(address, {"state": key})
        assert {row.call.pk for row in answer.context["rows"]} == wanted, key
        assert wanted, f"nobody could be found by {word}"
    everybody = client.get(address).content.decode()
    for case in CASES:
        assert case.word in everybody


# In files and commands


def read_csv(text: str) -> dict[str, tuple[str, str]]:
    return {row["Reference"]: (row["Result"], row["Reason"]) for row in csv.DictReader(io.StringIO(text))}


def test_files_say_what_the_screen_says(stage: Stage, manager: User, settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    wanted = {str(call.reference): (case.word, case.sentence) for case, call in stage.calls.items()}
    # The command, as CSV and as JSON
    call_command("export_calls", output=str(tmp_path / "calls.csv"))
    assert read_csv((tmp_path / "calls.csv").read_text("utf-8-sig")) == wanted
    call_command("export_calls", json=True, output=str(tmp_path / "calls.json"))
    lines = [json.loads(line) for line in (tmp_path / "calls.json").read_text().splitlines()]
    assert {row["Reference"]: (row["Result"], row["Reason"]) for row in lines} == wanted
    # The files that a manager asks for
    columns = call_columns.chosen(["reference", "state", "why"])
    made = {}
    for kind in ("csv", "xlsx"):
        made[kind] = requests.ask(manager, CallFilters(), columns, words=[], file_format=kind)
        assert job.write(made[kind].pk)
        made[kind].refresh_from_db()
    assert read_csv(stored_files.path_here(files.name_of(made["csv"])).read_text("utf-8-sig")) == wanted
    head, *rows = (
        CalamineWorkbook.from_path(str(stored_files.path_here(files.name_of(made["xlsx"]))))
        .get_sheet_by_index(0)
        .to_python()
    )
    told = [dict(zip(head, row, strict=True)) for row in rows]
    assert {row["Reference"]: (row["Result"], row["Reason"]) for row in told} == wanted


@pytest.mark.one_engine
@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_command_that_places_a_call_says_the_same(case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    call = make_call(**fields_of(case))
    place_call.Command().say(call, has_waited=False, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert (told["status"], told["result"]) == (case.status, case.word)
    assert f": {case.word}" in told["sentence"]
    assert told["sentence"].endswith(case.sentence) or case.status == "pending"


# Sums


def test_sums_and_lists_count_the_same_people(stage: Stage, manager: User) -> None:
    campaign = stage.campaign
    talked = len(stage.which(talked=True))
    over = Counter({key: n for key, n in stage.counts().items() if key in results.COUNTED})
    # The campaign's page
    came = outcomes.count_outcomes(campaign)
    assert Counter(came.results) == over
    assert (came.talked, came.held, came.ended) == (talked, len(stage.which(held=True)), over.total())
    now = progress.measure(campaign)
    assert {result.key: n for result, n in now.results} == stage.counts()
    assert now.ended == over.total()
    cells = outcomes.count_hours(campaign).cells.values()
    assert (sum(cell.talked for cell in cells), sum(cell.ended for cell in cells)) == (talked, over.total())
    # Today, of the last days
    waiting_for = today.overview(manager)
    assert waiting_for.decision_counts == {
        "held": len(stage.which(held=True)),
        "unknown": len(stage.which(unclear=True)),
        "no_news": len(stage.which(no_news=True)),
        "opt_out": 0,
    }
    assert progress.progress_of([campaign])[campaign.pk].to_decide == now.to_decide == waiting_for.to_decide
    # The pilot's result
    measured = pilot.measure_pilot(campaign)
    assert measured.talked == talked
    assert {result.key: n for result, n in measured.endings} == stage.counts()
    # Who is to be called again: everybody who was not reached
    again = redial.count_by_outcome(campaign)
    left_to_a_person = len(stage.which(held=True) | stage.which(no_news=True))
    assert Counter(again) == over - Counter(talked=talked, failed=left_to_a_person) + Counter(stopped=0)


def test_todays_figures_count_who_talked(manager: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    for case in CASES:
        make_call(**(fields_of(case) | {"placing_at": NOW}))
    assert today.overview(manager).figures.talked == sum(case.talked for case in CASES)


@pytest.mark.parametrize("is_summed", [False, True], ids=["from calls", "from sums"])
def test_reports_count_each_result(stage: Stage, manager: User, is_summed: bool) -> None:
    if is_summed:
        rollups.rebuild(NOW)
        assert CallTally.objects.exists()
    scope = figures.Scope(LEFT.date(), LEFT.date())
    found = figures.count(scope, manager)
    left_then = [case for case in CASES if fields_of(case).get("placing_at") == LEFT]
    over = Counter(case.counted_as for case in left_then if case.is_over)
    assert +found.total.by_result == over
    assert (found.total.sent, found.total.ended) == (len(left_then), over.total())
    assert (found.total.talked, found.total.machine) == (over["talked"], over["machine"])
    # Each figure leads to exactly its calls.
    for key, number in over.items():
        listed = find_calls(
            CallFilters(state=key, which=call_log_filters.SENT, since=scope.since, until=scope.until), manager
        )
        assert listed.count() == number, key


def test_only_whom_a_campaign_reached_is_left_out_of_the_next(stage: Stage) -> None:
    people = {case: call.contact_id for case, call in stage.calls.items()}
    campaign = make_campaign(excludes_only_reached=True, tags=["all"])
    campaign.excluded_campaigns.add(stage.campaign)
    for contact in [call.contact for call in stage.calls.values()]:
        contact.tags = ["all"]
        contact.save(update_fields=["tags"])
    selection = Selection.of(campaign)
    left_out = set(selection.people().filter(selection.stands_elsewhere()).values_list("pk", flat=True))
    assert left_out == {pk for case, pk in people.items() if case.talked}


# Filters


def test_filters_offer_only_what_calls_can_come_to(client: Client, manager: User) -> None:
    keys = [key for _kind, choices in results.menu() for key, _word in choices]
    assert len(keys) == len(set(keys))
    assert set(keys) == {case.counted_as for case in CASES} | {results.NO_NEWS}
    offered = {value for value, _label in redial.OUTCOMES.items()}
    assert offered == set(results.COUNTED) - {"talked"} | {"stopped"}
    for state in CallStatus:
        assert explanations.PLAIN.get(state) or state in {CallStatus.COMPLETED, CallStatus.FAILED, CallStatus.SKIPPED}


def test_nothing_else_decides_what_came_of_a_call() -> None:
    """No other module of campaigns asks who answered, whether there was talk time, or for a status in words."""
    decides = re.compile(
        r"answered_by\s*(==|!=)|answered_by=(\"machine\"|'machine'|MACHINE)|talk_seconds__gt|get_status_display|had_conversation"
    )
    # The price that no vendor told is asked of talk time, whoever it was with.
    may = {"core/conditions.py", "core/results.py", "models/calls.py", "calls/call_log.py"}
    found = {
        str(path.relative_to(CAMPAIGNS))
        for path in CAMPAIGNS.rglob("*.py")
        if not {"migrations", "history"} & set(path.parts) and decides.search(path.read_text(encoding="utf-8"))
    }
    assert found <= may
    assert decides.search('Q(answered_by="machine")')
