"""The main job: a messy spreadsheet becomes five campaigns over five vendors, and every call is accounted for."""

from __future__ import annotations

import itertools
import json
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from providers.sandbox.accounts import ACCOUNT_OF
from providers.sandbox.engine import script_for
from tests.end_to_end.browser import Browser
from tests.end_to_end.conftest import Stack
from tests.messy import MessyFile, write_messy_xlsx

pytestmark = [pytest.mark.end_to_end]

VENDORS = ("bitel", "unleashx", "bolna", "voicy", "vocode")
# Ordinary numbers, and those that meet a busy line, a refusal, a lost answer, somebody who wants no calls, ...
ENDINGS = ("1204", "2318", "3427", "4533", "9902", "9903", "9904", "9905", "9907", "9908", "9910", "9911", "9917")
LIST = "Customers"
REFUSED = ("duplicate_in_file", "do_not_call", "bad")
FINAL = {"completed", "no_answer", "busy", "failed", "canceled", "skipped"}


class Row(NamedTuple):
    """One call as our database has it."""

    vendor: str
    number: str
    attempt: int
    status: str
    failure_reason: str
    skip_reason: str
    wait_reason: str
    remote_id: str


def rows_of(stack: Stack) -> list[Row]:
    return [
        Row(*row)
        for row in stack.rows(
            "SELECT p.vendor, c.to_number, c.attempt, c.status, c.failure_reason, c.skip_reason,"
            " c.wait_reason, c.remote_id"
            " FROM campaigns_call c JOIN providers_provider p ON p.id = c.provider_id"
        )
    ]


def test_a_messy_spreadsheet_becomes_five_campaigns(start_stack: Callable[..., Stack], tmp_path: Path) -> None:
    stack = start_stack(workers=2, limits=False)
    file = write_messy_xlsx(tmp_path / "مشتریان.xlsx", rows=240, endings=ENDINGS)
    stack.inside("open_limits()")
    stack.inside(f"forbid_all({file.do_not_call!r})")

    sara = stack.log_in("caller")
    import_people(sara, file)
    assert_counted(stack, file)
    for vendor in VENDORS:
        launch_campaign(sara, vendor)

    stack.wait(lambda: is_over(stack, len(file.callable)), 300, "every call at its end")
    check(stack, file)
    check_what_people_see(stack, sara)


# What a caller does at the screens


def import_people(sara: Browser, file: MessyFile) -> None:
    """Upload the file, look at the columns as guessed, name the list, check, save."""
    sara.open("/imports/new/")
    with file.path.open("rb") as upload:
        sara.send(sara.form("file"), files={"file": upload})
    text = sara.send(sara.form("list_name"), list_name=LIST)
    assert "nothing is saved yet" in text.lower()
    sara.send(sara.form("consent_source"), consent_source="Agreed in the shop")


def launch_campaign(sara: Browser, vendor: str) -> None:
    """Write a campaign that may call all day, look at the launch check, launch it."""
    sara.open("/campaigns/new/")
    provider = f"{ACCOUNT_OF[vendor].name}"
    sara.send(sara.form("provider"), press=("then", "stay"), provider=provider)
    form = sara.form("provider")
    message = {"voice": "Appointment reminder"} if vendor == "bitel" else {"agent": "Appointment reminder"}
    if vendor in {"voicy", "vocode"}:
        message["caller_id"] = next(words for name, words in form.choices if name == "caller_id" and "+1" in words)
    sara.send(
        form,
        press=("then", "check"),
        name=f"Campaign at {vendor}",
        **message,
        lists=[LIST],
        hours_start="00:00",
        hours_end="00:00",
        max_attempts="2",
        retry_busy="1",
        retry_no_answer="2",
        then_failed="stop",
        then_machine="stop",
        quiet_hours="0",
    )
    assert "Launch check" in sara.page.text
    sara.send(sara.form(to="/launch/"))
    assert "Launched" in sara.page.text


def check_what_people_see(stack: Stack, sara: Browser) -> None:
    """Every page of the job opens afterwards."""
    for (campaign,) in stack.rows("SELECT id FROM campaigns_campaign WHERE launched_at IS NOT NULL"):
        for page in ("", "people/", "settings/", "activity/"):
            sara.open(f"/campaigns/{campaign}/{page}")
    for page in ("/today/", "/calls/", "/campaigns/", "/people/", "/lists/"):
        sara.open(page)
    assert "PROBLEM" not in stack.manage("doctor")


def assert_counted(stack: Stack, file: MessyFile) -> None:
    """The import counted each row as the file was made."""
    ((counts,),) = stack.rows("SELECT counts FROM campaigns_contactimport ORDER BY id DESC LIMIT 1")
    counts = json.loads(counts) if isinstance(counts, str) else counts
    assert counts["joined"] == len(file.callable)
    assert {kind: counts[kind] for kind in REFUSED} == {kind: file.counts[kind] for kind in REFUSED}


# What became of it


def is_over(stack: Stack, people: int) -> bool:
    """Tell whether everybody has a row in every campaign, and each is final or explained."""
    rows = rows_of(stack)
    lost = {row.number for row in rows if is_lost(row)}
    is_settled = all(row.status in FINAL or is_lost(row) or is_blocked(row, lost) for row in rows)
    return is_settled and sum(row.attempt == 1 for row in rows) == people * len(VENDORS)


def is_lost(row: Row) -> bool:
    """Tell whether the answer was lost at the vendor that has no list: only its own news or a person can tell.

    Some numbers stand for it; on a busy machine the answer of any other may come too late as well.
    """
    return row.vendor == "bitel" and row.status == "unknown" and not row.remote_id


def is_blocked(row: Row, lost: set[str]) -> bool:
    """Tell whether a call waits because another call to this person may still be going on."""
    return row.status == "pending" and row.wait_reason == "live_elsewhere" and row.number in lost


def check(stack: Stack, file: MessyFile) -> None:
    """Compare rows, journal and people."""
    rows, journal = rows_of(stack), stack.journal()
    assert {row.number for row in rows} == set(file.callable)

    # Each person stands in each campaign once, and once more where the line was busy or nobody answered.
    attempts = defaultdict(list)
    for row in rows:
        attempts[row.vendor, row.number].append(row)
    for key, found in attempts.items():
        found.sort(key=lambda row: row.attempt)
        assert [row.attempt for row in found] == list(range(1, len(found) + 1)), key
        assert all(row.status in {"busy", "no_answer"} for row in found[:-1]), key

    # What the vendors dialled is what our rows say they dialled: no call more, none less.
    dialled = Counter((entry["vendor"], entry["to_number"]) for entry in journal)
    said = Counter((row.vendor, row.number) for row in rows if row.remote_id)
    lost = Counter((row.vendor, row.number) for row in rows if is_lost(row))
    assert said <= dialled <= said + lost
    # What this number stands for: it breaks before the order was taken.
    assert not any(dialled[key] for key in lost if key[1].endswith("9905"))
    ours = {(row.vendor, row.remote_id) for row in rows if row.remote_id}
    theirs = {(entry["vendor"], entry["remote_id"]) for entry in journal}
    assert ours <= theirs
    assert len(theirs) - len(ours) == (dialled - said).total()

    # Nobody's phone rang for two calls at the same time, whichever the vendors: by the simulator's own clock.
    busy = defaultdict(list)
    for entry in journal:
        length = script_for(entry["to_number"]).length / stack.speed
        busy[entry["to_number"]].append((entry["at"], entry["at"] + length))
    for number, spans in busy.items():
        spans.sort()
        assert all(ends <= begins for (_, ends), (begins, _) in itertools.pairwise(spans)), (number, spans)

    # Who is not called, is not called for a reason that we name.
    forbidden = set(file.do_not_call)
    assert not forbidden & {entry["to_number"] for entry in journal}
    for row in rows:
        if row.status == "skipped":
            assert row.skip_reason in {"number_refused", "do_not_call"}
        if row.vendor == "bitel" and not row.number.startswith("+98"):
            assert (row.status, row.skip_reason) == ("skipped", "number_refused")
    assert dialled - said, "no answer was lost at Bitel: the test proved less than it says"
    assert any(row.attempt == 2 for row in rows)
