"""Files of calls for programs: asked for, written by the job, fetched by their owner's key."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from callcenter.audit.models import AuditEvent
from campaigns.exports import job
from campaigns.models import CallExport
from tests.conftest import make_call
from tests.programs import EVERYTHING, Program

pytestmark = pytest.mark.django_db


def test_a_file_is_asked_for_written_and_fetched(manager: User, settings: object, tmp_path: object) -> None:
    settings.MEDIA_ROOT = tmp_path  # type: ignore[attr-defined]
    make_call(owner=manager, to_number="+989121234567", placing_at=timezone.now())
    program = Program(manager)
    asked = program.post("/exports", {"format": "csv", "columns": ["number", "state"], "kind": "single"})
    assert (asked.status_code, asked.json()["state"]) == (202, "waiting")
    path = f"/exports/{asked.json()['id']}"
    assert program.get(f"{path}/file").status_code == 409
    export = CallExport.objects.get()
    assert (export.owner, export.columns, export.filters) == (manager, ["number", "state"], {"kind": "single"})
    job.write(export.pk)
    assert program.get(path).json()["may_fetch"] is True
    file = program.get(f"{path}/file")
    assert (file.status_code, b"+989121234567" in b"".join(file.streaming_content)) == (200, True)
    actions = AuditEvent.objects.filter(actor=manager, object_type="callexport").order_by("pk")
    assert list(actions.values_list("action", flat=True)) == ["calls.exported", "calls.export_fetched"]


def test_many_calls_at_once_need_a_scope_of_their_own(manager: User, settings: object, tmp_path: object) -> None:
    settings.LARGE_EXPORT_ROWS = 2  # type: ignore[attr-defined]
    settings.MEDIA_ROOT = tmp_path  # type: ignore[attr-defined]
    for _ in range(2):
        make_call(owner=manager)
    small = Program(manager, scopes=EVERYTHING - {"exports:large"})
    answer = small.post("/exports", {})
    assert (answer.status_code, "exports:large" in answer.json()["detail"]) == (403, True)
    assert Program(manager).post("/exports", {}).status_code == 202
    # Nor are they fetched without it: their owner may have asked for them on the page.
    export = CallExport.objects.get()
    assert job.write(export.pk)
    answer = small.get(f"/exports/{export.pk}/file")
    assert (answer.status_code, "exports:large" in answer.json()["detail"]) == (403, True)
    assert Program(manager).get(f"/exports/{export.pk}/file").status_code == 200


def test_the_limit_of_a_day_and_the_filters_hold(manager: User, settings: object) -> None:
    settings.EXPORTS_A_DAY = 1  # type: ignore[attr-defined]
    program = Program(manager)
    assert program.post("/exports", {"state": "nonsense"}).status_code == 422
    assert program.post("/exports", {"columns": ["nonsense"]}).status_code == 422
    assert [program.post("/exports", {}).status_code for _ in range(2)] == [202, 409]
