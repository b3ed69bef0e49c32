"""The proxy of compose.yaml, really run before a small web server: sizes, slow lines, headers, static files."""

from __future__ import annotations

import gzip
import http.client
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from callcenter.supervision import wait_for_port
from tests.migrated import ROOT

pytestmark = pytest.mark.deploy
MIB = 2**20


class Handler(BaseHTTPRequestHandler):
    """Keeps what arrives; the path /cut closes the connection without an answer."""

    def handle_any(self) -> None:
        """Read all of the request, keep it and answer."""
        web = self.server
        assert isinstance(web, Web)
        web.begun.append(self.path)
        body = b"".join(self.parts()) if self.headers.get("Transfer-Encoding") else self.rfile.read(self.length())
        web.arrived.append((self.path, dict(self.headers.items()), len(body)))
        if self.path == "/cut":
            self.close_connection = True
            return
        self.send_response(403 if self.command in web.turned_away else 200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def length(self) -> int:
        """Return the length that the request says."""
        return int(self.headers.get("Content-Length") or 0)

    def parts(self) -> Iterator[bytes]:
        """Yield the parts of a body without a length; raises ValueError where it is cut off."""
        while size := int(self.rfile.readline(), 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    do_GET = do_POST = handle_any  # noqa: N815 - the names are http.server's

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class Web(ThreadingHTTPServer):
    """A web server that keeps what it was asked."""

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.arrived: list[tuple[str, dict[str, str], int]] = []
        self.begun: list[str] = []
        self.turned_away: set[str] = set()
        """Methods that are answered with 403."""
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def end(self) -> None:
        """Stop, and free the port."""
        self.shutdown()
        self.server_close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def web() -> Iterator[Web]:
    server = Web()
    yield server
    server.end()


@pytest.fixture
def proxy(web: Web, tmp_path: Path) -> Iterator[int]:
    """Run the proxy without TLS; yields its port."""
    port = free_port()
    static = tmp_path / "static"
    static.mkdir()
    (static / "app.0123456789ab.css").write_text("body{}" * 100)
    (static / "app.0123456789ab.css.gz").write_bytes(gzip.compress(b"body{}" * 100))
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "SITE_ADDRESS": f"http://127.0.0.1:{port}",
        "WEB_ADDRESS": f"127.0.0.1:{web.server_address[1]}",
        "STATIC_DIR": str(static),
    }
    command = [str(Path(sys.executable).with_name("caddy")), "run", "--config", "deploy/Caddyfile"]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        assert wait_for_port(port, seconds=20), (tmp_path / "log").read_text()
        yield port
    finally:
        process.terminate()
        process.wait(20)


Body = bytes | Iterator[bytes]
Answer = tuple[int, dict[str, str], bytes]


def ask(port: int, method: str, path: str, body: Body = b"", **headers: str) -> Answer:
    """Return status, headers and body of an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=40)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    except (BrokenPipeError, ConnectionResetError):
        # It answered before it had read all.
        answer = connection.response_class(connection.sock)
        answer.begin()
        return answer.status, {}, b""
    finally:
        connection.close()


def test_large_bodies_are_taken_for_uploads_only(proxy: int, web: Web) -> None:
    assert ask(proxy, "POST", "/imports/new/", b"x" * 60 * MIB)[0] == 200
    assert web.arrived[-1][2] == 60 * MIB
    before = len(web.arrived)
    assert ask(proxy, "POST", "/hooks/bolna/token", b"x" * 11 * MIB)[0] == 413
    assert ask(proxy, "POST", "/imports/new/", b"x" * 65 * MIB)[0] == 413
    assert len(web.arrived) == before
    # Without a length it is cut off where it becomes too long.
    assert ask(proxy, "POST", "/hooks/bolna/token", iter([b"x" * MIB] * 11))[0] in {413, 502}
    assert len(web.arrived) == before
    assert ask(proxy, "POST", "/quick-call/", b"x" * 2 * MIB)[0] == 413
    assert len(web.arrived) == before
    assert ask(proxy, "POST", "/quick-call/", b"x" * MIB)[0] == 200


def test_a_file_is_read_only_of_whom_the_web_server_lets_in(proxy: int, web: Web) -> None:
    """The web server is asked without the file, as the same person."""
    web.turned_away.add("GET")
    with socket.create_connection(("127.0.0.1", proxy), timeout=20) as line:
        # Of the file nothing more ever comes: it is not waited for.
        head = b"POST /imports/new/ HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: a=b\r\nContent-Length: 60000000\r\n\r\n"
        line.sendall(head + b"x" * 300_000)
        assert line.recv(1000).startswith(b"HTTP/1.1 403")
    (path, headers, length) = web.arrived[-1]
    assert (path, headers.get("Cookie"), length) == ("/imports/new/", "a=b", 0)
    web.turned_away.clear()
    assert ask(proxy, "POST", "/imports/new/", b"x" * 2 * MIB)[0] == 200
    assert web.arrived[-1][2] == 2 * MIB


def test_a_slow_line_takes_no_thread_of_the_web_server(proxy: int, web: Web) -> None:
    with socket.create_connection(("127.0.0.1", proxy), timeout=20) as line:
        line.sendall(b"POST /quick-call/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2000\r\n\r\n" + b"x" * 1000)
        time.sleep(1.5)
        assert web.begun == []
        line.sendall(b"x" * 1000)
        assert line.recv(1000).startswith(b"HTTP/1.1 200")
    assert web.begun == ["/quick-call/"]


def test_headers_that_are_believed_are_the_proxys_own(proxy: int, web: Web) -> None:
    claimed = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9", "X-Request-ID": "chosen-by-them"}
    assert ask(proxy, "GET", "/today/", **claimed)[0] == 200
    headers = web.arrived[-1][1]
    assert headers["X-Forwarded-Proto"] == "http"
    assert headers["X-Forwarded-For"] == "127.0.0.1"
    assert headers["X-Request-Id"] not in {"", "chosen-by-them"}


def test_static_files_do_not_bother_the_web_server(proxy: int, web: Web) -> None:
    status, headers, body = ask(proxy, "GET", "/static/app.0123456789ab.css", **{"Accept-Encoding": "gzip"})
    assert status == 200
    assert (headers["Content-Encoding"], gzip.decompress(body)) == ("gzip", b"body{}" * 100)
    assert "immutable" in headers["Cache-Control"]
    assert ask(proxy, "GET", "/static/none.css")[0] == 404
    assert web.arrived == []
    # A path that leads out of the folder is no file: it is a page's address, and goes to the web server.
    assert ask(proxy, "GET", "/static/%2e%2e/log")[2] == b"ok"


def test_figures_are_not_read_from_outside(proxy: int, web: Web) -> None:
    assert ask(proxy, "GET", "/metrics")[0] == 404
    assert ask(proxy, "GET", "/metrics/../metrics")[0] == 404
    assert web.arrived == []
    assert ask(proxy, "GET", "/readyz")[0] == 200


def test_a_request_waits_while_the_web_server_is_started_anew(proxy: int, web: Web) -> None:
    port = int(web.server_address[1])
    web.end()
    answers: list[int] = []
    asking = threading.Thread(target=lambda: answers.append(ask(proxy, "POST", "/quick-call/", b"one")[0]))
    asking.start()
    time.sleep(1)
    anew = Web(port)
    try:
        asking.join(20)
        assert answers == [200]
        assert [path for path, _headers, _length in anew.arrived] == ["/quick-call/"]
    finally:
        anew.end()


def test_what_may_have_arrived_is_never_sent_again(proxy: int, web: Web) -> None:
    """A form that the web server took without an answer could place a call twice."""
    assert ask(proxy, "POST", "/cut", b"a form")[0] == 502
    assert len(web.arrived) == 1
