"""Workbooks that were made to do harm, and readings that hang, die or are left off: nobody else notices."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from campaigns.contacts.importing.files import parser, parsing
from campaigns.contacts.importing.files.limits import FileLimits, FileRefused
from campaigns.contacts.importing.files.parser import ReadingStopped
from campaigns.contacts.importing.files.reading import Table, measure, open_table
from campaigns.contacts.importing.files.xlsx_package import CHUNK, check_package
from campaigns.contacts.importing.rows.validation import check_import
from campaigns.contacts.importing.saved.saving import begin_saving, save_import
from campaigns.contacts.importing.upload import take_file
from campaigns.models import ContactImport
from tests.files import people_file
from tests.waiting import A_MINUTE

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
BOOK = f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets><sheet name="S" sheetId="1" r:id="a"/></sheets></workbook>'
LINKS = (
    f'<Relationships xmlns="{PACKAGE}"><Relationship Id="a" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="b" Type="{OFFICE}/sharedStrings" Target="sharedStrings.xml"/></Relationships>'
)
ROOT = (
    f'<Relationships xmlns="{PACKAGE}"><Relationship Id="a" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
    "</Relationships>"
)
MEGABYTE = 1 << 20
LIMITS = FileLimits(50 * MEGABYTE, 200_000)


@pytest.fixture(autouse=True)
def parsed_here() -> None:
    """Leave each reading to a process of its own: that is what is tested here."""


def book(path: Path, rows: str, shared: str = "") -> Path:
    """Write a workbook of one sheet, and of texts that cells share."""
    parts = {
        "_rels/.rels": ROOT,
        "xl/workbook.xml": BOOK,
        "xl/_rels/workbook.xml.rels": LINKS,
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>',
        "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}">{shared}</sst>',
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as package:
        for name, text in parts.items():
            package.writestr(name, text)
    return path


def far_corner(path: Path, shift: int) -> Path:
    """Write a workbook whose only far cell begins so many bytes before the end of a piece that is unpacked.

    Its tag is long, so that an overlap of the pieces would have to be longer.
    """
    head = f'<worksheet xmlns="{MAIN}"><sheetData><row><c r="A1"><v>1</v></c>'
    far = f'<c r{" " * 100}="XFD1048576"><v>1</v></c></row>'
    return book(path, head.partition("<sheetData>")[2] + " " * (CHUNK - len(head) - shift) + far)


def shared_text(path: Path) -> Path:
    """Write a small workbook in which thousands of cells share one long text: each becomes a copy, 2.9 GB in all."""
    cells = "".join(f'<row r="{row}"><c r="A{row}" t="s"><v>0</v></c></row>' for row in range(1, 50_001))
    return book(path, cells, f"<si><t>{'x' * 60_000}</t></si>")


def many_texts(path: Path) -> Path:
    """Write a small workbook of a million texts."""
    return book(path, '<row r="1"><c r="A1"><v>1</v></c></row>', "<si><t>a</t></si>" * 4_000_000)


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Note every process that reads a file; at the end of the test none is left."""
    begun: list[subprocess.Popen[bytes]] = []

    class Noted(subprocess.Popen[bytes]):
        def __init__(self, *arguments: Any, **named: Any) -> None:
            super().__init__(*arguments, **named)
            begun.append(self)

    monkeypatch.setattr(parser.subprocess, "Popen", Noted)
    yield begun
    assert begun
    for process in begun:
        assert process.returncode is not None
        with pytest.raises(ProcessLookupError):
            os.kill(process.pid, 0)


# Workbooks that were made to do harm


@pytest.mark.parametrize("shift", [1, 3, 4, 5, 50, 80, 103, 104, 105, 107, 110, 118, 121])
def test_a_far_cell_is_seen_wherever_its_tag_is_cut(tmp_path: Path, shift: int) -> None:
    with pytest.raises(FileRefused, match="columns"):
        check_package(far_corner(tmp_path / "a.xlsx", shift), LIMITS)


def test_a_tag_without_end_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="damaged"):
        check_package(book(tmp_path / "a.xlsx", "<row " + "x" * 3_000_000), LIMITS)


MEASURE = """
import json, os, resource, sys
import django
django.setup()
from pathlib import Path
from campaigns.contacts.importing.files import parser, reading
from campaigns.contacts.importing.files.limits import FileLimits, FileRefused
# This process has no database to ask.
parser.limits = lambda: FileLimits(25 * 1024 * 1024, 200_000)
found = []
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for path in sys.argv[1:]:
    said = ""
    try:
        reading.measure(Path(path))
    except FileRefused as refusal:
        said = str(refusal)
    found.append(said)
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps([found, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024, (after - before) / 1024]))
"""


def test_no_small_file_takes_much_memory(tmp_path: Path) -> None:
    files = [
        far_corner(tmp_path / "far.xlsx", 6), shared_text(tmp_path / "shared.xlsx"), many_texts(tmp_path / "many.xlsx"),
    ]  # fmt: skip
    assert all(file.stat().st_size < MEGABYTE for file in files)
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, *map(str, files)],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        cwd=settings.BASE_DIR, capture_output=True, text=True, check=True,
    )  # fmt: skip
    said, of_child, of_parent = json.loads(done.stdout)
    assert ["columns" in said[0], "memory" in said[1], "memory" in said[2]] == [True] * 3, said
    assert of_child < 150, f"{of_child} MB"
    assert of_parent < 10, f"{of_parent} MB"


@pytest.mark.django_db
def test_the_page_says_what_is_and_what_to_do(
    tmp_path: Path, client: Client, caller: User, processes: list[subprocess.Popen[bytes]]
) -> None:
    client.force_login(caller)
    content = shared_text(tmp_path / "a.xlsx").read_bytes()
    media = Path(settings.MEDIA_ROOT)
    before = set(media.rglob("*"))
    answer = client.post(reverse("import-new"), {"file": SimpleUploadedFile("a.xlsx", content), "region": "IR"})
    assert answer.status_code == 422
    assert "needs too much memory. Leave only the sheet with contacts" in answer.content.decode()
    assert {path for path in media.rglob("*") if path.is_file()} <= before
    assert not ContactImport.objects.exists()


# Processes that hang, die, or are left off


def test_a_process_that_hangs_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, processes: list[subprocess.Popen[bytes]]
) -> None:
    monkeypatch.setattr(parser, "_BEGIN", "import time; time.sleep(600)")
    monkeypatch.setattr(parser, "SILENCE_SECONDS", 0.2)
    began = time.monotonic()
    with pytest.raises(FileRefused, match="more than a minute"):
        open_table(people_file(tmp_path / "a.csv", "1"))
    assert time.monotonic() - began < A_MINUTE


def test_a_process_ends_by_itself_where_nobody_ends_it(
    tmp_path: Path, processes: list[subprocess.Popen[bytes]]
) -> None:
    os.mkfifo(tmp_path / "a.csv")
    table = {"encoding": "utf-8", "separator": ",", "has_broken_letters": False, "marked": []}
    asked = parser.question("rows", tmp_path / "a.csv", {"table": table, "sheet": "", "skip_hidden": False})
    with parser._process(asked | {"silence": 1}) as process:
        assert process.wait(A_MINUTE) == -signal.SIGALRM
        assert isinstance(parser._ended(process), ReadingStopped)


def test_a_process_that_computes_without_end_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, processes: list[subprocess.Popen[bytes]]
) -> None:
    endless = "import _work; _work({'work': 0.2, 'silence': 60})\nwhile True: pass"
    monkeypatch.setattr(parser, "_BEGIN", parser._BEGIN.replace("import main; main()", endless))
    with pytest.raises(FileRefused, match="too long to read"):
        open_table(people_file(tmp_path / "a.csv", "1"))
    assert processes[0].returncode == -signal.SIGPROF


def test_a_process_that_is_killed_in_the_middle_is_told_so(
    tmp_path: Path, processes: list[subprocess.Popen[bytes]]
) -> None:
    rows = Table(people_file(tmp_path / "a.csv", *["09121234567"] * 30_000), "utf-8", ",").rows()
    assert next(rows)[1] == ["name", "phone"]
    processes[0].kill()
    with pytest.raises(ReadingStopped, match="Try again"):
        list(rows)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_all_lets_the_reading_go_on(
    tmp_path: Path, processes: list[subprocess.Popen[bytes]], number: signal.Signals
) -> None:
    rows = Table(people_file(tmp_path / "a.csv", *["09121234567"] * 10_000), "utf-8", ",").rows()
    next(rows)
    processes[0].send_signal(number)
    assert sum(1 for _row in rows) == 10_000


def test_what_is_left_off_leaves_no_process(tmp_path: Path, processes: list[subprocess.Popen[bytes]]) -> None:
    table = open_table(people_file(tmp_path / "a.csv", *["09121234567"] * 30_000))
    assert len(list(islice(table.rows(), 3))) == 3


def test_a_process_that_says_too_much_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, processes: list[subprocess.Popen[bytes]]
) -> None:
    monkeypatch.setattr(parser, "_BEGIN", "import os; os.write(1, b'\\xff' * 100)")
    with pytest.raises(FileRefused, match="too much memory"):
        open_table(people_file(tmp_path / "a.csv", "1"))


@pytest.mark.parametrize("program", ["", "raise SystemExit(3)", "import os; os.write(1, b'\\0\\0\\0\\x09{')"])
def test_a_process_that_fails_is_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, processes: list[subprocess.Popen[bytes]], program: str
) -> None:
    monkeypatch.setattr(parser, "_BEGIN", program)
    with pytest.raises(FileRefused, match="cannot be read"):
        open_table(people_file(tmp_path / "a.csv", "1"))


@pytest.mark.django_db
def test_an_import_goes_on_after_a_reading_that_was_stopped(
    tmp_path: Path, caller: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = people_file(tmp_path / "a.csv", "09121234567", "09121234568")
    with path.open("rb") as file:
        record = take_file(file, "a.csv", "IR", caller)

    def stopped(*_: Any, **__: Any) -> Iterator[Any]:
        raise ReadingStopped("stopped")

    with monkeypatch.context() as patched:
        patched.setattr(parser, "parse", stopped)
        with pytest.raises(ReadingStopped):
            check_import(record.pk)
    record = check_import(record.pk)
    assert record.status == ContactImport.Status.CHECKED
    assert begin_saving(record.pk, caller)
    with monkeypatch.context() as patched:
        patched.setattr(parser, "parse", stopped)
        assert not save_import(record.pk)
    record.refresh_from_db()
    assert (record.status, record.refused_reason) == (ContactImport.Status.SAVING, "")
    assert save_import(record.pk)


def test_only_so_many_files_are_opened_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parser, "SILENCE_SECONDS", 0.2)
    path = people_file(tmp_path / "a.csv", "1")
    for _ in range(parser.AT_ONCE):
        assert parser._places.acquire(blocking=False)
    try:
        with pytest.raises(ReadingStopped, match="Other files"):
            measure(path)
    finally:
        for _ in range(parser.AT_ONCE):
            parser._places.release()


# What the process has


def test_the_process_has_no_key_and_no_way_to_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "a key")
    path, written = people_file(tmp_path / "a.csv", "1"), tmp_path / "written"
    monkeypatch.setattr(
        parser, "_BEGIN", parser._BEGIN.replace("main; main()", "be_bounded; be_bounded(200 << 20); import os\n")
        + f"failed = ' '.join(os.environ)\ntry:\n open({str(written)!r}, 'wb', 0).write(b'a')\n"
        "except OSError as error:\n failed += f' {error.errno}'\n"
        "text = json.dumps({'failed': failed}).encode()\nos.write(1, len(text).to_bytes(4, 'big') + text)",
    )  # fmt: skip
    said: list[str] = []
    monkeypatch.setattr(parser, "_failed", lambda what: said.append(what) or FileRefused(what))
    with pytest.raises(FileRefused):
        open_table(path)
    assert said[0].split() == ["LC_ALL", "MALLOC_ARENA_MAX", str(errno.EFBIG)]
    assert not written.read_bytes()


def test_the_process_loads_nothing_of_django() -> None:
    program = (
        "import sys; sys.path[:] = sys.argv[1:]; from campaigns.contacts.importing.files import parsing, xlsx_rows;"
        "print([name for name in sys.modules if name.split('.')[0] in {'django', 'requests', 'ssl'}])"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program, *sys.path], capture_output=True, text=True, check=True, cwd="/"
    )
    assert done.stdout == "[]\n"


def test_answers_are_of_few_rows_first_and_never_of_much_text() -> None:
    rows = [(number, ["x" * 1000], "") for number in range(1000)]
    sizes = [len(batch) for batch in parsing._batches(rows)]
    assert sizes[0] == parsing.FEW_ROWS
    assert max(sizes) <= parsing.MOST_LETTERS // 1000 + 1
    assert sum(sizes) == 1000


@pytest.mark.parametrize(
    "rows",
    [
        [(2, ["a", "b"], ""), (4, ["", "c", ""], "")],
        [(1, ["a\x1fb", "c\x1e"], ""), (2, ["d"], "open_quote")],
        [(1, [], ""), (2, ["a"], "")],
        [(7, ["one"], "unreadable")],
    ],
)
def test_rows_arrive_as_they_were_sent(rows: list[Any]) -> None:
    answer = parser.understood(parsing.as_text(parsing.rows_as_answer(rows)), "")
    assert list(parsing.rows_of_answer(answer)) == rows


@pytest.mark.skipif(not Path("/proc/self/oom_score_adj").exists(), reason="Linux alone has it")
def test_where_memory_runs_out_the_process_goes_first(tmp_path: Path, processes: list[subprocess.Popen[bytes]]) -> None:
    rows = Table(people_file(tmp_path / "a.csv", *["09121234567"] * 30_000), "utf-8", ",").rows()
    next(rows)
    assert Path(f"/proc/{processes[0].pid}/oom_score_adj").read_text().strip() == "1000"
    rows.close()  # type: ignore[attr-defined]
