"""Benchmark of exporting calls as CSV and XLSX, against django-import-export, a raw cursor and PostgreSQL's COPY."""

from __future__ import annotations

import csv
import itertools
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from benchmarks import common
from benchmarks.common import ROOT, Goal
from benchmarks.importing import _memory

CALLS_A_PERSON = 4
UNTIL = "2026-11-01T12:00"
TITLES = (
    "id", "direction", "campaign", "person", "number", "attempt", "status", "why", "provider", "agent", "caller_id",
    "added", "sent", "answered", "ended", "talked", "answered_by", "cost", "currency", "end_reason", "noted",
    "remote_id", "reference",
)  # fmt: skip
STATEMENT = """
SELECT c.id, c.direction, g.name AS campaign, p.name AS person, c.to_number, c.attempt, c.status, c.failure_reason,
  v.name AS provider, a.name AS agent, i.number AS caller_id, c.created_at, c.placing_at, c.answered_at, c.ended_at,
  c.talk_seconds, c.answered_by, c.cost, c.currency, c.end_reason, c.extracted, c.remote_id, c.reference
FROM campaigns_call c JOIN providers_provider v ON v.id = c.provider_id
LEFT JOIN campaigns_campaign g ON g.id = c.campaign_id LEFT JOIN campaigns_contact p ON p.id = c.contact_id
LEFT JOIN providers_agent a ON a.id = c.agent_id LEFT JOIN providers_callerid i ON i.id = c.caller_id_id
ORDER BY c.id DESC
"""
"""The same columns as our file has, as they are stored: neither words, local times, masks nor guards."""


# The designs, each run in a process of its own to measure its peak memory


def ours(path: Path, file_format: str) -> int:
    """Write the file as the background job does: in slices, each batch kept in the export's row."""
    from django.contrib.auth import get_user_model

    from campaigns.core import stored_files
    from campaigns.exports import files, job
    from campaigns.exports.call_sheet import WHOLE
    from campaigns.models import CallExport

    owner = get_user_model().objects.get(username="benchmark")
    export = CallExport.objects.create(
        owner=owner, format=file_format, columns=list(WHOLE), shows_numbers=True, language="en", zone="Asia/Tehran"
    )
    while not job.write(export.pk, seconds=3600):
        export.refresh_from_db()
        assert export.state == CallExport.State.WRITING, export.error
    export.refresh_from_db()
    stored_files.local_copy(files.name_of(export)).replace(path)
    return export.done_rows


def library(path: Path, rows: int) -> int:
    """Export calls with django-import-export, with the same related names."""
    from import_export import fields, resources

    from campaigns.models import Call

    class Calls(resources.ModelResource):  # type: ignore[misc]
        campaign = fields.Field(attribute="campaign__name", column_name="campaign")
        contact = fields.Field(attribute="contact__name", column_name="person")
        provider = fields.Field(attribute="provider__name", column_name="provider")
        agent = fields.Field(attribute="agent__name", column_name="agent")
        caller_id = fields.Field(attribute="caller_id__number", column_name="caller_id")

        class Meta:
            model = Call
            fields = (
                "id", "direction", "campaign", "contact", "to_number", "attempt", "status", "failure_reason",
                "provider", "agent", "caller_id", "created_at", "placing_at", "answered_at", "ended_at",
                "talk_seconds", "answered_by", "cost", "currency", "end_reason", "extracted", "remote_id", "reference",
            )  # fmt: skip

    related = ("campaign", "contact", "provider", "agent", "caller_id")
    newest = Call.objects.order_by("-pk").values_list("pk", flat=True)[rows - 1 : rows]
    found = Call.objects.select_related(*related).filter(pk__gte=newest[0]).order_by("-pk")
    data = Calls().export(found)
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(data.csv)
    return len(data)


def raw_cursor(path: Path) -> int:
    """Read the same columns with a cursor, and write them as they are."""
    from django.db import connection

    written = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(TITLES)
        for rows in _fetched(connection):
            writer.writerows(rows)
            written += len(rows)
    return written


def _fetched(connection: Any) -> Iterator[list[tuple[Any, ...]]]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(STATEMENT)
        while rows := cursor.fetchmany(1_000):
            yield rows


def copied(path: Path) -> int:
    """Have PostgreSQL write the same columns by COPY."""
    from django.db import connection

    with (
        path.open("wb") as file,
        connection.cursor() as cursor,
        cursor.copy(f"COPY ({STATEMENT}) TO STDOUT CSV") as copy,
    ):
        for piece in copy:
            file.write(piece)
    with path.open(encoding="utf-8", newline="") as text:
        return _rows_of(text)


def _rows_of(text: TextIO) -> int:
    return sum(1 for _row in csv.reader(text))


def run(design: str, path: Path, rows: int) -> None:
    """Run one design on the database that the environment names, and print its cost as JSON."""
    common.set_up()
    from campaigns.exports import job  # loaded in every worker, so not counted

    assert job is not None
    designs = {
        "csv": lambda: ours(path, "csv"),
        "xlsx": lambda: ours(path, "xlsx"),
        "library": lambda: library(path, rows),
        "cursor": lambda: raw_cursor(path),
        "copy": lambda: copied(path),
    }
    base = _memory()
    began, cpu = time.monotonic(), common.own_cpu()
    written = designs[design]()
    seconds = time.monotonic() - began
    peak = _peak()
    cost = {"seconds": seconds, "cpu": common.own_cpu() - cpu, "peak": peak, "over": peak - base}
    print(json.dumps({**cost, "written": written, "bytes": path.stat().st_size}))


def _peak() -> float:
    """Return the most resident memory that this program had in MB (Linux); that of `getrusage` is its parent's, too."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def measure(design: str, directory: Path, rows: int) -> dict[str, Any]:
    """Run one design in a process of its own."""
    path = directory / f"{design}.file"
    command = [
        sys.executable,
        "-m",
        "benchmarks.exporting",
        "--design",
        design,
        "--file",
        str(path),
        "--rows",
        str(rows),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    path.unlink(missing_ok=True)
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    return dict(json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    """Print rows a second and peak memory of each design."""
    parser = common.parser(__doc__ or "")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--library-rows", type=int, default=10_000, help="rows for the library; it is a rate")
    parser.add_argument("--design", help=common.argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=common.argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.design:
        run(asked.design, asked.file, asked.rows)
        return
    with common.stage(asked.database) as directory:
        from django.contrib.auth import get_user_model
        from django.core.management import call_command
        from django.db import connections

        from campaigns.models import Call

        with open(os.devnull, "w") as quiet:
            people = max(1_000, asked.rows // CALLS_A_PERSON)
            call_command("make_history", contacts=people, calls=asked.rows, until=UNTIL, stdout=quiet)
        get_user_model().objects.create_superuser("benchmark", password="only-for-benchmarks")
        held, engine = Call.objects.count(), common.engine()
        connections.close_all()
        names = ["library", "cursor", *(["copy"] if engine == "PostgreSQL" else []), "csv", "xlsx"]
        found: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
        for _round, name in itertools.product(range(asked.rounds), names):
            found[name].append(measure(name, directory, min(asked.library_rows, held)))
        report(asked, engine, held, found)


def report(asked: Any, engine: str, held: int, found: dict[str, list[dict[str, Any]]]) -> None:
    """Print the table and the goals."""

    def middle(name: str, key: str) -> float:
        return statistics.median(float(one[key]) for one in found[name])

    labels = {
        "library": "django-import-export", "cursor": "raw cursor with csv", "copy": "COPY", "csv": "ours, CSV",
        "xlsx": "ours, XLSX",
    }  # fmt: skip
    rates = {name: middle(name, "written") / middle(name, "seconds") for name in found}
    rows = [
        [
            labels[name],
            rates[name],
            rates[name] / rates["cursor"],
            rates[name] / rates["library"],
            middle(name, "cpu"),
            middle(name, "peak"),
            f"{int(middle(name, 'written')):,}",
        ]
        for name in found
    ]
    common.print_table(
        f"Exporting {held:,} calls of {len(TITLES)} columns ({asked.library_rows:,} for the library), {engine}, "
        f"medians of {asked.rounds} rounds",
        ["design", "rows/s", "of the cursor", "times the library", "cpu s", "peak MB", "rows"],
        rows,
    )
    is_whole = all(one["written"] == held for one in (*found["csv"], *found["xlsx"]))
    goals = [
        Goal("peak memory, CSV", middle("csv", "peak"), 100, " MB", at_most=True),
        Goal("peak memory, XLSX", middle("xlsx", "peak"), 100, " MB", at_most=True),
        Goal("rounds with every call in the file, of all", float(is_whole), 1),
    ]
    if engine == "PostgreSQL":
        goals += [
            Goal("CSV, of COPY", rates["csv"] / rates["copy"], 0.3),
            Goal("XLSX, of COPY", rates["xlsx"] / rates["copy"], 0.15),
        ]
    else:
        goals += [
            Goal("CSV, of the raw cursor", rates["csv"] / rates["cursor"], 0.4),
            Goal("XLSX, of the raw cursor", rates["xlsx"] / rates["cursor"], 0.2),
        ]
    common.print_goals(goals)


if __name__ == "__main__":
    main()
