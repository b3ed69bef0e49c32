"""The audit log tells every change, removal and insertion that somebody with the database alone can make."""

from __future__ import annotations

import datetime
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.utils import timezone

from callcenter.audit import canonical, head_file, sealing, triggers, verifying
from callcenter.audit.models import AuditEvent, AuditLink, AuditSeal, AuditWatch, record

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def head(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    # A test's transaction is never committed.
    monkeypatch.setattr(sealing.transaction, "on_commit", lambda do: do())
    settings.AUDIT_HEAD_FILE = tmp_path / "head.json"
    return tmp_path / "head.json"


def events(count: int = 6, sealed_every: int = 3) -> list[AuditEvent]:
    made = []
    for number in range(count):
        made.append(record(None, "import.saved", None, rows=number))
        if (number + 1) % sealed_every == 0:
            sealing.seal_new()
    return made


def run(statement: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, list(values))


def rebuilt(after: int) -> None:
    """Compute the chain anew after a link, as somebody can who reads this project's source."""
    digest = AuditLink.objects.get(seq=after).digest if after else ""
    for link in AuditLink.objects.filter(seq__gt=after).order_by("seq"):
        event = AuditEvent.objects.filter(pk=link.event_id).first()
        hashed = canonical.row_hash(event) if event else link.row_hash
        digest = canonical.link_digest(digest, link.event_id, hashed, link.kind)
        run("UPDATE audit_auditlink SET row_hash = %s, digest = %s WHERE seq = %s", hashed, digest, link.seq)


def copied(pk: int) -> None:
    names = [field.column for field in AuditEvent._meta.concrete_fields if not field.primary_key]
    listed = ", ".join(f'"{name}"' for name in names)
    run(f"INSERT INTO audit_auditevent ({listed}) SELECT {listed} FROM audit_auditevent WHERE id = %s", pk)


def changed(rows: list[AuditEvent]) -> None:
    run("UPDATE audit_auditevent SET action = 'list.made' WHERE id = %s", rows[1].pk)


def changed_and_rebuilt(rows: list[AuditEvent]) -> None:
    changed(rows)
    rebuilt(0)


def changed_rebuilt_and_unsealed(rows: list[AuditEvent]) -> None:
    changed_and_rebuilt(rows)
    run("DELETE FROM audit_auditseal")


def changed_and_resealed(rows: list[AuditEvent]) -> None:
    changed_and_rebuilt(rows)
    for link in AuditLink.objects.filter(seq__in=[3, 6]):
        run("UPDATE audit_auditseal SET digest = %s WHERE seq = %s", link.digest, link.seq)


def removed(rows: list[AuditEvent]) -> None:
    run("DELETE FROM audit_auditevent WHERE id = %s", rows[2].pk)


def removed_with_link(rows: list[AuditEvent]) -> None:
    removed(rows)
    run("DELETE FROM audit_auditlink WHERE event_id = %s", rows[2].pk)


def end_removed(rows: list[AuditEvent]) -> None:
    run("DELETE FROM audit_auditevent WHERE id >= %s", rows[3].pk)
    run("DELETE FROM audit_auditlink WHERE seq > 3")
    run("DELETE FROM audit_auditseal WHERE seq > 3")


def end_removed_and_gone_on(rows: list[AuditEvent]) -> None:
    end_removed(rows)
    events(3)


def inserted(rows: list[AuditEvent]) -> None:
    AuditWatch.objects.update(begun_at=timezone.now() - datetime.timedelta(days=3))
    now = "CURRENT_TIMESTAMP"
    run(
        "INSERT INTO audit_auditevent (at, action, object_type, object_id, object_name, detail)"
        f" VALUES ({now}, 'list.made', '', '', '', '{{}}')"
    )


def inserted_as_a_copy(rows: list[AuditEvent]) -> None:
    copied(rows[0].pk)


def old_copy_inserted(rows: list[AuditEvent]) -> None:
    record(None, "import.saved", None, rows=1)
    copied(rows[0].pk)


def unsealed_changed(rows: list[AuditEvent]) -> None:
    late = record(None, "import.saved", None, rows=9)
    run("UPDATE audit_auditevent SET object_name = 'x' WHERE id = %s", late.pk)


def own_checkpoint(rows: list[AuditEvent]) -> None:
    run("UPDATE audit_auditseal SET kind = 'checkpoint' WHERE seq = 3")
    run("DELETE FROM audit_auditevent WHERE id <= %s", rows[2].pk)
    run("DELETE FROM audit_auditlink WHERE seq <= 3")


TAMPERED: dict[Callable[[list[AuditEvent]], None], str] = {
    changed: "Row {1} was changed after it was written",
    changed_and_rebuilt: "The chain up to link 3 was rebuilt after it was sealed",
    changed_rebuilt_and_unsealed: "its newest rows were removed or rebuilt",
    changed_and_resealed: "The seal at link 3 was changed",
    removed: "Row {2} was removed (link 3)",
    removed_with_link: "The links 3 to 3 of the chain were removed",
    end_removed: "its newest rows were removed or rebuilt, or a backup was restored",
    end_removed_and_gone_on: "rows that this host had sealed before were gone or different",
    inserted: "was inserted by something other than Callcenter",
    inserted_as_a_copy: "was inserted by something other than Callcenter",
    old_copy_inserted: "was inserted by something other than Callcenter",
    unsealed_changed: "was inserted by something other than Callcenter",
    own_checkpoint: "is not Callcenter's own",
}


def said() -> str:
    out = io.StringIO()
    call_command("verify_audit", stdout=out)
    return out.getvalue()


def test_a_whole_log_says_from_when_to_when() -> None:
    rows = events(7)
    out = said()
    assert out.startswith("7 rows from ")
    assert "are whole and in order." in out
    assert list(AuditLink.objects.order_by("seq").values_list("event_id", flat=True))[:7] == [row.pk for row in rows]
    assert AuditEvent.objects.latest("id").detail == {"rows": 7, "faults": 0}
    assert "8 rows from " in said(), "the verification itself is recorded"


@pytest.mark.parametrize("tamper", TAMPERED, ids=lambda tamper: tamper.__name__)
def test_tampering_is_told(tamper: Callable[[list[AuditEvent]], None], capsys: Any) -> None:
    rows = events()
    with triggers.away(connection):
        tamper(rows)
    out = io.StringIO()
    with pytest.raises(CommandError, match="not whole"):
        call_command("verify_audit", stdout=out)
    expected = TAMPERED[tamper].format(*[row.pk for row in rows])
    assert expected in out.getvalue()
    assert AuditWatch.objects.get().problem


def test_every_column_of_a_row_is_held() -> None:
    """Whoever changes one column alone, of any row, is found out, and the row is no longer one of Callcenter's."""
    columns = {field.attname: field for field in AuditEvent._meta.concrete_fields if not field.primary_key}
    for name, field in columns.items():
        event = AuditEvent.objects.get(pk=record(None, "import.saved", None, rows=1).pk)
        hashed, before = canonical.row_hash(event), getattr(event, name)
        other: object = before + datetime.timedelta(microseconds=1) if name == "at" else f"{before}x"
        setattr(event, name, {"rows": 2} if name == "detail" else 7 if field.is_relation else other)
        assert canonical.row_hash(event) != hashed, name
        assert not canonical.is_signed(event), name


def test_what_sealed_it_on_is_not_a_seal_of_its_own(settings: Any) -> None:
    """An end that was rebuilt stays told after more rows were sealed on top of it."""
    rows = events()
    settings.AUDIT_HEAD_FILE = None
    with triggers.away(connection):
        changed_rebuilt_and_unsealed(rows)
    assert any("not under a seal that can be checked" in fault for fault in verifying.verify_all().faults)
    events(3)
    report = verifying.verify_all()
    assert any("was not under a seal" in fault for fault in report.faults)


def test_triggers_that_are_gone_are_told() -> None:
    events()
    triggers.remove(connection)
    try:
        assert any("does not refuse changes" in fault for fault in verifying.verify_all().faults)
    finally:
        triggers.install(connection)


def test_rows_of_before_the_chain_are_no_fault() -> None:
    AuditEvent.objects.create(action="list.made", detail={"of": "an older version"})
    assert "1 rows from " in said()


def test_a_restored_backup_that_is_recorded_is_a_note(head: Path) -> None:
    rows = events()
    with triggers.away(connection):
        end_removed(rows)
    record(None, "database.restored", None, providers=1)
    report = verifying.verify_all()
    assert report.is_whole
    assert any("a backup was restored, which is recorded" in note for note in report.notes)


def test_another_database_on_this_host_is_a_note(head: Path) -> None:
    head_file.write(head_file.Head(40, "of another", "2026-01-01T00:00"))
    events()
    report = verifying.verify_all()
    assert report.is_whole
    assert any("another chain" in note for note in report.notes)


def test_a_new_key_takes_over_by_rotate_keys(settings: Any) -> None:
    events()
    old, new = settings.FIELD_KEYS[0], Fernet.generate_key().decode()
    settings.FIELD_KEYS = [new, old]
    call_command("rotate_keys", stdout=io.StringIO())
    settings.FIELD_KEYS = [new]
    assert verifying.verify_all().is_whole
    events(2, 1)
    with triggers.away(connection):
        changed_and_rebuilt(list(AuditEvent.objects.order_by("id")))
    assert any("was rebuilt" in fault for fault in verifying.verify_all().faults)


def test_a_key_that_left_too_early_is_told_until_it_is_back(settings: Any) -> None:
    events()
    old, new = settings.FIELD_KEYS[0], Fernet.generate_key().decode()
    settings.FIELD_KEYS = [new]
    assert any("put it back and run rotate_keys" in fault or "not under a seal" in fault
               for fault in verifying.verify_all().faults)  # fmt: skip
    events(1, 1)
    settings.FIELD_KEYS = [new, old]
    report = verifying.verify_all()
    assert report.is_whole, report.faults


def test_pieces_find_what_the_whole_finds(settings: Any) -> None:
    rows = events(9)
    now = timezone.now()
    assert [verifying.verify_some(now, 4) for _ in range(3)] == ["", "", ""]
    assert AuditWatch.objects.get().round_ended_at == now
    with triggers.away(connection):
        run("UPDATE audit_auditevent SET action = 'list.made' WHERE id = %s", rows[6].pk)
    found = [verifying.verify_some(now, 4) for _ in range(2)]
    assert found[0] == ""
    assert f"Row {rows[6].pk} was changed" in found[1]


def test_canonical_form_is_the_same_after_a_round_through_the_database() -> None:
    detail = {"from": 1e2, "to": 1e-7, "big": 1e20, "text": "آب\x00", "list": (1, 2.5), "phone": "+989121234567"}
    made = record(None, "settings.changed", None, **detail)
    stored = AuditEvent.objects.get(pk=made.pk)
    assert canonical.canonical(stored) == canonical.canonical(made)
    assert canonical.is_signed(stored)
    assert stored.detail["phone"] == "…4567"
    assert "\x00" not in stored.detail["text"]


def test_seals_are_callcenters_own() -> None:
    events(3)
    seal = AuditSeal.objects.get()
    assert sealing.is_whole(seal)
    seal.found = "rolled_back"
    assert not sealing.is_whole(seal)
