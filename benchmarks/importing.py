"""Benchmark of importing people from a CSV file, against django-import-export on the same rows."""

from __future__ import annotations

import csv
import itertools
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks import common
from benchmarks.common import ROOT, Goal

HEADERS = ["Full name", "Mobile number", "City", "Order number"]
CITIES = ("Tehran", "Shiraz", "Tabriz", "Mashhad", "Isfahan", "Rasht")
NAMES = ("Maryam Hosseini", "Reza Karimi", "Sara Ahmadi", "Ali Moradi", "Neda Jafari", "Omid Rahimi")


def write_file(path: Path, rows: int) -> dict[str, int]:
    """Write a CSV file of people, with the faults of real files; returns how many rows of each kind it has."""
    chance = random.Random(11)  # the same file in every run
    counts: Counter[str] = Counter()
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADERS)
        people = 0
        for row in range(rows):
            kind = chance.random()
            if kind < 0.03 and people:
                number, what = f"0912{chance.randrange(people):07d}", "twice"
            elif kind < 0.04:
                number, what = chance.choice(("12", "not known", "+98912", "0000000000", "")), "bad"
            else:
                number, what = f"0912{people:07d}", "people"
                if kind < 0.10:
                    number = f"+98 912 {number[4:7]} {number[7:]}"
                elif kind < 0.15:
                    number = f"98{number[1:]}"
                people += 1
            counts[what] += 1
            writer.writerow([chance.choice(NAMES), number, chance.choice(CITIES), f"A{row}"])
    return dict(counts)


# The designs, each run in a process of its own to measure its peak memory


def ours(path: Path) -> dict[str, Any]:
    """Upload, check and save the file, as the screens do."""
    from django.core.files import File

    from campaigns.contacts.importing.columns.mapping import ColumnMapping
    from campaigns.contacts.importing.rows.validation import check_import
    from campaigns.contacts.importing.saved.saving import begin_saving, save_import
    from campaigns.contacts.importing.upload import map_columns, take_file
    from campaigns.models import ContactImport

    with path.open("rb") as file:
        record = take_file(File(file), path.name, "IR")
    mapping = ColumnMapping.from_json(record.mapping)
    map_columns(record, mapping, region="IR", contact_list=None, list_name="Benchmark")
    check_import(record.pk)
    begin_saving(record.pk, None)
    save_import(record.pk, seconds=3600)
    counts = ContactImport.objects.get(pk=record.pk).counts
    return {
        "people": counts["made"],
        "twice": counts["duplicate_in_file"],
        "bad": counts["bad"],
        "joined": counts["joined"],
    }


def library(path: Path, *, use_bulk: bool) -> dict[str, Any]:
    """Import the same rows with django-import-export, with the same validation of the number."""
    import tablib
    from import_export import fields, resources

    from campaigns.models import Contact
    from campaigns.numbers import understand_number

    bulk = use_bulk

    class People(resources.ModelResource):  # type: ignore[misc]
        name = fields.Field(attribute="name", column_name="Full name")
        phone = fields.Field(attribute="phone", column_name="Mobile number")

        class Meta:
            model = Contact
            fields = ("name", "phone")
            import_id_fields = ("phone",)
            use_bulk = bulk
            report_skipped = False

        def before_import_row(self, row: Any, **options: Any) -> None:
            row["Mobile number"] = understand_number(str(row["Mobile number"] or ""), "IR").e164

        def skip_row(self, instance: Any, original: Any, row: Any, import_validation_errors: Any = None) -> bool:
            # An error would roll the whole file back; the first row of a number counts, as in our import.
            return not instance.phone or original.pk is not None

    with path.open(encoding="utf-8", newline="") as file:
        result = People().import_data(tablib.Dataset().load(file, format="csv"), raise_errors=False)
    said = result.totals
    return {
        "people": Contact.objects.count(),
        "said_new": said.get("new", 0),
        "said_bad": result.totals.get("error", 0),
    }


DESIGNS = {
    "ours": ours,
    "library": lambda path: library(path, use_bulk=False),
    "library_bulk": lambda path: library(path, use_bulk=True),
}


def run(design: str, path: Path) -> None:
    """Run one design on the database that the environment names, and print its cost as JSON."""
    common.set_up()
    from django.core.files.base import ContentFile  # loaded in every web process, so not counted

    from campaigns.contacts.importing import upload
    from campaigns.contacts.importing.saved import saving

    assert ContentFile is not None
    assert saving is not None
    assert upload is not None
    base = _memory()
    peak = [base]
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.02):
            peak[0] = max(peak[0], _memory())

    threading.Thread(target=watch, daemon=True).start()
    began, cpu = time.monotonic(), common.own_cpu()
    found = DESIGNS[design](path)
    seconds = time.monotonic() - began
    ended.set()
    most = max(peak[0], resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    print(json.dumps({"seconds": seconds, "cpu": common.own_cpu() - cpu, "peak": most, "over": most - base, **found}))


def _memory() -> float:
    """Return the resident memory of this process in MB (Linux)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1024 / 1024


def measure(design: str, path: Path) -> dict[str, Any]:
    """Run one design in a process of its own, on emptied tables."""
    from django.core.management import call_command
    from django.db import connections

    call_command("flush", verbosity=0, interactive=False)
    connections.close_all()
    command = [sys.executable, "-m", "benchmarks.importing", "--design", design, "--file", str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    return dict(json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    """Print rows a second and peak memory of each design, and whether every row is accounted for."""
    parser = common.parser(__doc__ or "")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--library-rows", type=int, default=10_000, help="rows for the library; it is a rate")
    parser.add_argument("--design", choices=DESIGNS, help=common.argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=common.argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.design:
        run(asked.design, asked.file)
        return
    with common.stage(asked.database) as directory:
        files = {rows: directory / f"people-{rows}.csv" for rows in {asked.rows, asked.library_rows}}
        held = {rows: write_file(path, rows) for rows, path in files.items()}
        found: dict[str, list[dict[str, Any]]] = {name: [] for name in DESIGNS}
        for _round, name in itertools.product(range(asked.rounds), DESIGNS):
            rows = asked.rows if name == "ours" else asked.library_rows
            found[name].append(measure(name, files[rows]))
        report(asked, common.engine(), held, found)


def report(asked: Any, engine: str, held: dict[int, dict[str, int]], found: dict[str, list[dict[str, Any]]]) -> None:
    """Print the table and the goals."""

    def middle(name: str, key: str) -> float:
        return statistics.median(float(one[key]) for one in found[name])

    labels = {"library": "django-import-export", "library_bulk": "django-import-export, use_bulk", "ours": "ours"}
    rates = {name: (asked.rows if name == "ours" else asked.library_rows) / middle(name, "seconds") for name in labels}
    rows = []
    for name, label in labels.items():
        here = held[asked.rows if name == "ours" else asked.library_rows]
        stored = int(middle(name, "people"))
        rows.append(
            [
                label,
                rates[name],
                rates[name] / rates["library"],
                middle(name, "peak"),
                middle(name, "over"),
                f"{stored:,} of {here['people']:,}",
                "" if name == "ours" else f"{int(middle(name, 'said_new')):,}",
            ]
        )
    common.print_table(
        f"Importing {asked.rows:,} rows ({asked.library_rows:,} for the library), 3 % twice, 1 % bad, {engine}, "
        f"medians of {asked.rounds} rounds",
        ["design", "rows/s", "times", "peak MB", "over the start", "people stored", "it says"],
        rows,
    )
    exact = all(
        (one["people"], one["twice"], one["bad"], one["joined"])
        == (held[asked.rows]["people"], held[asked.rows]["twice"], held[asked.rows]["bad"], held[asked.rows]["people"])
        for one in found["ours"]
    )
    common.print_goals(
        [
            Goal("times django-import-export", rates["ours"] / rates["library"], 25),
            Goal("peak memory", middle("ours", "peak"), 150, " MB", at_most=True),
            Goal("rounds with every row accounted for, of all", float(exact), 1),
        ]
    )


if __name__ == "__main__":
    main()
