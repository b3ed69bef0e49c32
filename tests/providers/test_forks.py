"""A forked child leaves its parent's connections alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
SCRIPT = """
import json, os, sys
from tests.providers.clients import READ, client_to
from tests.providers.vendor_stub import Answer, VendorStub

stub = VendorStub()
stub.__enter__()
stub.answer(Answer(200, {"ok": True}))
client = client_to(stub, total_timeout=10)
client.read(READ)
child = os.fork()
if not child:
    client.read(READ)
    client.send_once(READ)
    sys.exit(0)  # with all that Python tidies up at an end
ended = os.waitpid(child, 0)[1]
client.read(READ)
print(json.dumps({"ended": ended, "connections": [sent.connection for sent in stub.requests]}), flush=True)
os._exit(0)
"""


def test_forked_child_opens_connections_of_its_own() -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "DJANGO_SETTINGS_MODULE": "tests.settings"}
    command = [sys.executable, "-c", SCRIPT]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["ended"] == 0
    assert found["connections"] == [1, 2, 3, 1], "the parent, the child's read and order, the parent again"
