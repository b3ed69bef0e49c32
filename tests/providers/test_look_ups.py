"""Look-ups of names: none holds up an order of another name, orders of one moment share one, none is kept.

libcurl looks names up in C, so that a small library in front of the system's answers in its place.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
RESOLVER = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    real = dlsym(RTLD_NEXT, "getaddrinfo");
    if (!name || !strstr(name, ".example")) return real(name, service, hints, found);
    int log = open(getenv("LOOK_UPS"), O_WRONLY | O_CREAT | O_APPEND, 0600);
    char line[300];
    /* One write a line: look-ups of one moment would else write into each other's. */
    if (log >= 0) { if (write(log, line, snprintf(line, sizeof line, "%s\n", name)) < 0) abort(); close(log); }
    if (strstr(name, "slow")) { sleep(50); return EAI_NONAME; }
    return real("127.0.0.1", service, hints, found);
}
"""
SCRIPT = """
import json, os, time
from providers.client.client import HttpClient, boottime
from providers.client.loop import TransferLoop
from requests import Request
from tests.providers.vendor_stub import Answer, VendorStub

def client(name, port):
    origin = f"http://{name}.example:{port}"
    return HttpClient(origin, headers={}, allowed_hosts=(), sandbox_origin=origin, connect_timeout=0.5, total_timeout=5)

def looked_up(name):
    return open(os.environ["LOOK_UPS"]).read().split().count(name + ".example")

def run(loop, transfers):
    began, took = time.monotonic(), []
    for transfer in transfers:
        loop.start(transfer)
    while any(transfer.outcome is None for transfer in transfers):
        loop.turn(1)
    return [[type(t.outcome).__name__, str(t.outcome), round(t.ended - began, 2)] for t in transfers]

order = Request("POST", "/call", json={})
with VendorStub() as stub:
    stub.answer(Answer(200, {"ok": True}))
    loop, slow, quick = TransferLoop(), client("slow", stub.port), client("quick", stub.port)
    told = {"beside": run(loop, [slow.prepare(order, boottime()), quick.prepare(order, boottime())])}
    begun = time.monotonic()
    try:
        slow.send_once(order)
    except Exception as error:
        told["alone"] = [type(error).__name__, str(error), round(time.monotonic() - begun, 2)]
    stub.answer(Answer(200, {"ok": True}, delay=0.5))
    shared, first = client("shared", stub.port), len(stub.requests)
    loop.start(shared.prepare(order, boottime()))
    while len(stub.requests) == first:
        loop.turn(0.05)
    told["one order"] = looked_up("shared")
    run(loop, [shared.prepare(order, boottime()) for _ in range(20)])
    told["of one moment"] = looked_up("shared")
    while loop.in_flight:
        loop.turn(0.05)
    run(loop, [shared.prepare(order, boottime())])
    told["later"] = looked_up("shared")
    print(json.dumps(told), flush=True)
    os._exit(0)
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Run orders to names that our own resolver answers."""
    compiler = shutil.which("cc")
    if sys.platform != "linux":
        pytest.skip("the resolver is put in the way of libc's by the loader of Linux")
    assert compiler, "no C compiler to build the resolver with: apt-get install gcc libc6-dev"
    place = tmp_path_factory.mktemp("resolver")
    (place / "resolver.c").write_text(RESOLVER)
    library = place / "resolver.so"
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-o", library, place / "resolver.c", "-ldl"], check=True, capture_output=True
    )
    environment = os.environ | {
        "LD_PRELOAD": str(library), "LOOK_UPS": str(place / "names"), "PYTHONPATH": str(ROOT),
        "DJANGO_SETTINGS_MODULE": "tests.settings",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_name_that_is_never_found_ends_in_time_and_holds_up_no_other(told: dict[str, Any]) -> None:
    slow, quick = told["beside"]
    assert slow[0] == "NotSent"
    assert "cannot be resolved" in slow[1]
    # After half a second, and long before the resolver gives up.
    assert slow[2] < 20.0
    assert quick[0] == "Response"
    assert quick[2] < slow[2]
    assert told["alone"][0] == "NotSent"
    assert told["alone"][2] < 20.0


def test_orders_of_one_moment_share_a_look_up_and_none_is_kept(told: dict[str, Any]) -> None:
    assert told["of one moment"] == told["one order"]
    assert told["later"] == 2 * told["one order"], "addresses change"
