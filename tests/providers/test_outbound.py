"""Files from outside of all accounts: hosts that are named, no redirect but Google's, no web page, nothing larger."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from providers import outbound
from providers.outbound import NotRead, read_file

SHEET = b"Phone\n+989121110001\n"


class Files(BaseHTTPRequestHandler):
    """Answers by the path."""

    seen: list[tuple[str, dict[str, str]]] = []

    def do_GET(self) -> None:
        """Answer."""
        self.seen.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        path = self.path.partition("?")[0]
        status, kind, body = {
            "/people.csv": (200, "text/csv", SHEET),
            "/login": (200, "text/html; charset=utf-8", b"<html>"),
            "/away": (307, "text/html", b""),
            "/large": (200, "text/csv", SHEET * 100),
        }.get(path, (404, "text/plain", b""))
        if self.headers.get("If-None-Match") == '"one"':
            status, body = 304, b""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("ETag", '"one"')
        if status == 307:
            self.send_header("Location", "/people.csv" if "here" in self.path else "https://elsewhere.org/people.csv")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Files)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_file_is_read_with_its_query_and_not_again_while_it_is_the_same(origin: str) -> None:
    Files.seen.clear()
    found = read_file(f"{origin}/people.csv?key=a%2Fb&gid=1", [], most_bytes=1000, sandbox=origin)
    assert (found.content, found.etag, found.is_unchanged) == (SHEET, '"one"', False)
    assert read_file(f"{origin}/people.csv", [], etag=found.etag, most_bytes=1000, sandbox=origin).is_unchanged
    (path, headers), _again = Files.seen
    assert (path, "authorization" in headers, "cookie" in headers) == ("/people.csv?key=a%2Fb&gid=1", False, False)


def test_what_is_no_file_is_said(origin: str) -> None:
    for path, words in {"/none": "404", "/login": "web page", "/away": "307", "/away?here": "307"}.items():
        with pytest.raises(NotRead, match=words):
            read_file(origin + path, [], most_bytes=1000, sandbox=origin)
    with pytest.raises(NotRead, match="The file is incomplete"):
        read_file(f"{origin}/large", [], most_bytes=1000, sandbox=origin)


def test_other_hosts_and_private_addresses_are_not_read(origin: str) -> None:
    Files.seen.clear()
    port = origin.rpartition(":")[2]
    for address, allowed in {
        "https://elsewhere.org/people.csv": ["files.example.org"],
        f"{origin}/people.csv": ["127.0.0.1"],
        "https://127.0.0.1/people.csv": ["127.0.0.1"],
        f"https://localhost:{port}/people.csv": ["localhost"],
    }.items():
        with pytest.raises(NotRead):
            read_file(address, allowed, most_bytes=1000)
    assert Files.seen == []


def test_a_redirect_is_followed_once_and_from_google_to_google_alone(
    origin: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, list[str]]] = []
    real = outbound._ask

    def ask(address: str, allowed: Any, *rest: Any) -> Any:
        asked.append((address, list(allowed)))
        return real(f"{origin}/away", [], "", 1000, origin)

    monkeypatch.setattr(outbound, "_ask", ask)
    with pytest.raises(NotRead, match="307"):
        read_file("https://docs.google.com/spreadsheets/d/x/export", ["docs.google.com"], most_bytes=1000)
    assert asked == [
        ("https://docs.google.com/spreadsheets/d/x/export", ["docs.google.com"]),
        ("https://elsewhere.org/people.csv", [".googleusercontent.com"]),
    ]
