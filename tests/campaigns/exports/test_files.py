"""Files in the order of answers or dispositions: every call once, whoever goes on with them and whatever changes."""

from __future__ import annotations

import csv
import datetime
import io
import json
import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from python_calamine import CalamineWorkbook

from callcenter.access.models import Membership, Team
from campaigns.calls import call_columns
from campaigns.calls.call_log_filters import CallFilters
from campaigns.core import stored_files
from campaigns.exports import files, job, requests
from campaigns.models import Answer, Call, CallDisposition, CallExport, Disposition, Question
from tests.conftest import make_call, make_campaign
from tests.programs import Program

pytestmark = pytest.mark.django_db
SCORES = (7, 10, 9, 7, 3)


@pytest.fixture(autouse=True)
def own_folder(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def score(manager: User) -> Question:
    """Return a question that calls of a campaign answered with these scores."""
    campaign = make_campaign(owner=manager)
    question = Question.objects.create(campaign=campaign, name="Score", kind="number", path="score")
    for value in SCORES:
        call = make_call(owner=manager, campaign=campaign, provider=campaign.provider)
        Answer.objects.create(question=question, call=call, raw=str(value), number=Decimal(value), certainty="certain")
    return question


def ask(person: User, order: str, file_format: str = "csv", **filters: Any) -> CallExport:
    columns = call_columns.chosen(["call"])
    return requests.ask(person, CallFilters(**filters), columns, words=[], file_format=file_format, order=order)


def written(export: CallExport) -> list[int]:
    """Return the ids in a finished file, row by row."""
    export.refresh_from_db()
    content = stored_files.path_here(files.name_of(export)).read_bytes()
    if export.format == "json":
        return [row["call"] for row in json.loads(content)]
    if export.format == "xlsx":
        rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
        return [int(str(row[0]).split(".")[0]) for row in rows[1:]]
    return [int(row["Call"]) for row in csv.DictReader(io.StringIO(content.decode("utf-8-sig")))]


def ids_of(question: Question) -> list[int]:
    return list(question.answers.order_by("call").values_list("call", flat=True))


@pytest.mark.parametrize("file_format", ["csv", "xlsx", "json"])
def test_a_file_has_the_order_that_was_chosen(manager: User, score: Question, file_format: str) -> None:
    ids = ids_of(score)
    for order, places in (("answer", (4, 0, 3, 2, 1)), ("-answer", (1, 2, 3, 0, 4)), ("", (4, 3, 2, 1, 0))):
        export = ask(manager, order, file_format, question=score)
        assert job.write(export.pk)
        assert written(export) == [ids[place] for place in places], order


def test_calls_without_a_disposition_stand_at_the_end(manager: User) -> None:
    wrong, offer = (Disposition.objects.create(name=name) for name in ("Wrong person", "Offer"))
    calls = [make_call(owner=manager).pk for _ in range(6)]
    for place, disposition in enumerate((offer, wrong, offer, None, wrong, None)):
        if disposition is not None:
            CallDisposition.objects.create(call_id=calls[place], disposition=disposition)
    for order, places in (("disposition", (2, 0, 4, 1, 5, 3)), ("-disposition", (1, 4, 0, 2, 3, 5))):
        export = ask(manager, order)
        assert job.write(export.pk)
        assert written(export) == [calls[place] for place in places], order


def test_what_changes_while_it_is_written_repeats_and_omits_nobody(
    manager: User, score: Question, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, "BATCH", 2)
    ids = ids_of(score)
    export = ask(manager, "answer", question=score)
    assert not job.write(export.pk, seconds=0)
    # What stood first would stand last now, and the last one first.
    score.answers.filter(call__in=(ids[4], ids[0])).update(number=50)
    score.answers.filter(call=ids[1]).update(number=1)
    # A writer dies with its lease, and another one goes on in a copy.
    lapsed = timezone.now() - datetime.timedelta(seconds=1)
    CallExport.objects.update(lease=uuid.uuid4(), lease_until=lapsed)
    while not job.write(export.pk, seconds=0):
        pass
    assert written(export) == [ids[place] for place in (4, 0, 3, 2, 1)]
    assert [path.name for path in files.part_of(export).parent.iterdir()] == [export.file], "nothing else is left"


def test_a_lost_order_is_written_again_with_its_file(
    manager: User, score: Question, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, "BATCH", 2)
    ids = ids_of(score)
    export = ask(manager, "answer", question=score)
    job.write(export.pk, seconds=0)
    export.refresh_from_db()
    files.order_of(export).unlink()
    score.answers.filter(call=ids[1]).update(number=1)
    while not job.write(export.pk, seconds=0):
        pass
    assert written(export) == [ids[place] for place in (1, 4, 0, 3, 2)]


def test_the_page_says_the_order_and_keeps_it(client: Client, manager: User, score: Question) -> None:
    client.force_login(manager)
    query = f"question={score.pk}&order=-answer&column=call"
    assert "By answer, highest first" in client.get(f"{reverse('calls-export')}?{query}").content.decode()
    form = {"query": query, "file_format": "csv", "form_token": str(uuid.uuid4())}
    assert client.post(reverse("calls-export"), form)["Location"] == reverse("exports")
    export = CallExport.objects.get()
    assert (export.order, export.words[-1]) == ("-answer", ["Order", "By answer, highest first"])


def test_a_program_asks_for_an_order(manager: User, score: Question) -> None:
    program = Program(manager)
    asked = {"question": score.pk, "order": "answer", "columns": ["call"]}
    assert program.post("/exports", asked).status_code == 202
    export = CallExport.objects.get()
    assert job.write(export.pk)
    assert written(export) == [ids_of(score)[place] for place in (4, 0, 3, 2, 1)]
    assert program.post("/exports", {"order": "answer"}).status_code == 422


def test_an_order_that_the_disk_cut_short_ends_no_file(
    manager: User, score: Question, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, "BATCH", 2)
    ids = ids_of(score)
    export = ask(manager, "answer", question=score)
    job.write(export.pk, seconds=0)
    export.refresh_from_db()
    with files.order_of(export).open("r+b") as file:
        file.truncate(2 * files.BYTES_AN_ID)
    while not job.write(export.pk, seconds=0):
        pass
    assert written(export) == [ids[place] for place in (4, 0, 3, 2, 1)]


def test_what_its_owner_may_not_see_by_now_is_left_out(
    manager: User, score: Question, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, "BATCH", 2)
    ids = ids_of(score)
    Membership.objects.create(user=manager, team=Team.objects.create(name="North"))
    export = ask(User.objects.get(pk=manager.pk), "answer", question=score)
    job.write(export.pk, seconds=0)
    Call.objects.filter(pk=ids[1]).update(owner=None, team=Team.objects.create(name="South"))
    while not job.write(export.pk, seconds=0):
        pass
    assert written(export) == [ids[place] for place in (4, 0, 3, 2)]
