"""The web server as it is really started, among connections that are slow, half sent or never read."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings

from callcenter.monitoring.urls import PATHS
from callcenter.supervision import wait_for_port, web_server
from callcenter.web_worker.arrival import (
    ALIVE,
    BODIES,
    COUNTS,
    FIGURES,
    HEAD_SECONDS,
    MAX_WHOLE,
    OTHERS,
    PAGES,
    PROBES,
    Arrival,
    TooLong,
)
from tests.security.small_app_times import BUSY_SECONDS, PATIENCE_SECONDS
from tests.waiting import A_MINUTE

HOST = b"Host: localhost\r\n"
FORM = b"POST /login/ HTTP/1.1\r\n" + HOST
SLOW = {
    "nothing": b"",
    "half a request line": b"GET /log",
    "half of the headers": b"GET /login/ HTTP/1.1\r\n" + HOST,
    "half of a form": FORM + b"Content-Length: 100000\r\n\r\na=b",
    "half of a file": FORM + b"Content-Type: multipart/form-data; boundary=a\r\nContent-Length: 100000\r\n\r\n--a\r\n",
    "half of a large file": FORM + b"Content-Length: 60000000\r\n\r\n--a",
    "half of a chunk": FORM + b"Transfer-Encoding: chunked\r\n\r\nff\r\nabc",
    "a form that waits for a word": FORM + b"Expect: 100-continue\r\nContent-Length: 100\r\n\r\n",
    "half of a probe": b"POST /livez HTTP/1.1\r\n" + HOST + b"Content-Length: 100\r\n\r\n",
    "an answer that nobody reads": b"GET /large HTTP/1.1\r\n" + HOST + b"\r\n",
    "an end that nobody closes": b"GET /login/ HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n",
}
Ask = Callable[[str], bytes]


def serve(application: str, folder: Path, port: int, *options: str) -> subprocess.Popen[bytes]:
    """Start the program that `manage.py up` starts, with another application in it."""
    command = [application if part == "callcenter.wsgi" else part for part in web_server("127.0.0.1", port).command]
    environment = {
        "PATH": os.environ["PATH"], "VAR_DIR": str(folder), "ENV_FILE": os.devnull, "DEBUG": "on", "HTTPS": "off",
        "SECRET_KEY": settings.SECRET_KEY, "FIELD_KEYS": settings.FIELD_KEYS[0], "ALLOWED_HOSTS": "localhost,127.0.0.1",
    }  # fmt: skip
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            [*command, *options], cwd=settings.BASE_DIR, env=environment, stdout=log, stderr=subprocess.STDOUT
        )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Run the web server around a small page, with room for 60 connections; yields its port."""
    folder, port = tmp_path_factory.mktemp("web"), free_port()
    process = serve("tests.security.small_app", folder, port, "--worker-connections", "60")
    try:
        assert wait_for_port(port, seconds=A_MINUTE), (folder / "log").read_text()
        yield port
    finally:
        process.terminate()
        process.wait(30)
    log = (folder / "log").read_text()
    assert "Traceback" not in log, log


def opened(port: int, sent: bytes) -> socket.socket:
    made = socket.socket()
    # A reader who takes next to nothing.
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    made.settimeout(A_MINUTE)
    made.connect(("127.0.0.1", port))
    made.sendall(sent)
    return made


def ask(port: int, path: str, seconds: float = A_MINUTE) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as line:
        line.sendall(b"GET %s HTTP/1.1\r\n%sConnection: close\r\n\r\n" % (path.encode(), HOST))
        return answer_of(line)


def one_of(line: socket.socket) -> bytes:
    """Return one short answer of a connection that stays open."""
    received = b""
    while not re.search(rb"\r\n\r\n\d", received):
        piece = line.recv(1000)
        assert piece, received
        received += piece
    return received


def answer_of(line: socket.socket) -> bytes:
    """Return all that comes until the other side closes."""
    received = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := line.recv(65536):
            received += piece
    return received


@pytest.mark.parametrize("kind", SLOW)
def test_slow_connections_hold_nothing(port: int, kind: str) -> None:
    with contextlib.ExitStack() as slow:
        for _ in range(40):
            slow.enter_context(opened(port, SLOW[kind]))
        began = time.monotonic()
        assert ask(port, "/livez").startswith(b"HTTP/1.1 200")
        assert ask(port, "/login/").startswith(b"HTTP/1.1 200")
        # The least that one of them may take: nothing waited for any of them.
        assert time.monotonic() - began < PATIENCE_SECONDS


def test_more_connections_than_there_is_room_for_hold_nothing(port: int) -> None:
    with contextlib.ExitStack() as slow:
        for number in range(150):
            slow.enter_context(opened(port, list(SLOW.values())[number % 3]))
        assert ask(port, "/login/").startswith(b"HTTP/1.1 200")


def test_probes_are_answered_while_all_threads_are_busy(port: int) -> None:
    with contextlib.ExitStack() as busy:
        for _ in range(8):
            busy.enter_context(opened(port, b"GET /busy HTTP/1.1\r\n" + HOST + b"\r\n"))
        began = time.monotonic()
        assert ask(port, "/livez").startswith(b"HTTP/1.1 200")
        assert ask(port, "/readyz").startswith(b"HTTP/1.1 200")
        assert time.monotonic() - began < BUSY_SECONDS - 2
        with pytest.raises(TimeoutError):
            ask(port, "/login/", 0.3)
    # They end by themselves.
    assert ask(port, "/login/", A_MINUTE).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("kind", ["half of the headers", "half of a form"])
def test_what_comes_too_slowly_is_told_so(port: int, kind: str) -> None:
    with opened(port, SLOW[kind]) as line:
        assert answer_of(line).startswith(b"HTTP/1.1 408 ")


def test_headers_that_are_too_long_are_refused(port: int) -> None:
    with opened(port, b"GET / HTTP/1.1\r\nA: " + b"a" * 70_000) as line:
        assert answer_of(line).startswith(b"HTTP/1.1 431 ")


def test_requests_arrive_whole_however_they_are_cut(port: int) -> None:
    one = FORM + b"Content-Length: 5\r\n\r\nabcde"
    last = b"GET /login/ HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"
    with opened(port, b"") as line:
        for byte in one:
            line.sendall(bytes([byte]))
        assert one_of(line).endswith(b"\r\n5")
        # The same connection again, and the next request before its turn.
        line.sendall(one + one + last)
        assert re.findall(rb"\r\n\r\n(\d)", answer_of(line)) == [b"5", b"5", b"0"]


def test_a_sender_that_waits_for_a_word_gets_it(port: int) -> None:
    with opened(port, SLOW["a form that waits for a word"]) as line:
        assert line.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        line.sendall(b"x" * 100)
        assert one_of(line).endswith(b"\r\n100")


def test_an_upload_is_read_while_a_thread_works(port: int) -> None:
    with opened(port, FORM + b"Content-Length: 3000000\r\n\r\n") as line:
        line.sendall(b"x" * 3_000_000)
        assert one_of(line).partition(b"\r\n\r\n")[2] == b"3000000"


def test_an_upload_that_is_refused_is_answered_and_closed(port: int) -> None:
    with opened(port, b"POST /unread HTTP/1.1\r\n" + HOST + b"Content-Length: 60000000\r\n\r\nabc") as line:
        assert answer_of(line).endswith(b"\r\n0")


def arrived(sent: bytes) -> Arrival:
    found = Arrival(None, b"", 0)
    found.take(sent)
    return found


def test_threads_are_chosen_by_the_headers() -> None:
    assert {path.encode() for path in PATHS} == ALIVE | FIGURES
    assert arrived(b"GET /livez?a=b HTTP/1.1\r\n\r\n").pool == PROBES
    assert arrived(b"GET /calls/?/livez HTTP/1.1\r\n\r\n").pool == PAGES
    assert arrived(b"GET /audit/export.csv?group=a HTTP/1.1\r\n\r\n").pool == COUNTS
    assert arrived(b"GET /calls/7/player/ HTTP/1.1\r\n\r\n").pool == OTHERS
    assert arrived(b"POST / HTTP/1.1\r\nContent-LENGTH: %d\r\n\r\n" % MAX_WHOLE).pool == PAGES
    assert arrived(b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (MAX_WHOLE + 1)).pool == BODIES
    assert arrived(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n").pool == BODIES
    with pytest.raises(TooLong):
        arrived(b"a" * 70_000 + b"\r\n\r\n")


def test_the_same_limit_holds_before_and_behind_the_threads() -> None:
    assert MAX_WHOLE == settings.DATA_UPLOAD_MAX_MEMORY_SIZE


@pytest.mark.skipif(os.environ.get("SECURITY") != "full", reason="starts the whole product: make security")
def test_the_product_answers_among_slow_connections(tmp_path: Path) -> None:
    port = free_port()
    process = serve("callcenter.wsgi", tmp_path, port)
    try:
        assert wait_for_port(port, seconds=A_MINUTE), (tmp_path / "log").read_text()
        # The first answer loads the product; how long that takes is the machine's business.
        ask(port, "/login/", 10 * A_MINUTE)
        began = time.monotonic()
        ask(port, "/login/")
        # What waited for one of the slow ones would wait for as long as the headers of one may take, at least.
        patience = max(HEAD_SECONDS - 2, 3 * (time.monotonic() - began))
        with contextlib.ExitStack() as slow:
            for number in range(200):
                slow.enter_context(opened(port, list(SLOW.values())[number % len(SLOW)]))
            assert ask(port, "/livez", patience).startswith(b"HTTP/1.1 200")
            assert ask(port, "/login/", patience).startswith(b"HTTP/1.1 200")
            assert b" 413 " in ask_with(port, SLOW["half of a large file"])
            assert b" 411 " in ask_with(port, SLOW["half of a chunk"])
    finally:
        process.terminate()
        process.wait(60)


def ask_with(port: int, sent: bytes) -> bytes:
    with opened(port, sent) as line:
        return answer_of(line)


def test_the_program_names_no_other_worker_than_the_settings_file() -> None:
    assert "--worker-class" not in web_server("127.0.0.1", 1).command
    assert sys.executable in web_server("127.0.0.1", 1).command
