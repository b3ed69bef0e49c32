"""The published `vocode-api` client runs unchanged against the sandbox, from an environment of its own."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from providers.sandbox.server import SandboxServer

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """
import json, sys, time
from vocode import Vocode
from vocode.core.api_error import ApiError

client = Vocode(base_url=sys.argv[1] + "/vocode", token="sandbox_vocode_client")
agents = client.agents.list_agents()
caller_id = client.numbers.list_numbers().items[0].number
order = {"from_number": caller_id, "agent": agents.items[0].id, "context": {"name": "Ann"}}
call = client.calls.create_call(to_number="15555559901", **order)
until = time.time() + 5
while client.calls.get_call(id=call.id).status != "ended" and time.time() < until:
    time.sleep(0.05)
whole = client.calls.get_call(id=call.id)
rows = client.calls.list_calls(page=1, size=10, sort_column="start_time", sort_desc=True).items
endless = client.calls.create_call(to_number="15555559915", **order)
time.sleep(0.3)
ended = client.calls.end_call(id=endless.id)
try:
    Vocode(base_url=sys.argv[1] + "/vocode", token="wrong").usage.get_usage()
    refusal = 200
except ApiError as error:
    refusal = error.status_code
try:
    client.calls.create_call(to_number="15555559904", **order)
    invalid = ""
except Exception as error:
    invalid = type(error).__name__
print(json.dumps({
    "agents": [agents.total, agents.has_more, len(client.agents.list_agents(page=2).items)],
    "first": call.status,
    "agent": call.agent.name,
    "last": [whole.status, whole.stage, "Ann" in whole.transcript],
    "listed": rows[0].id == call.id,
    "sound": b"".join(client.calls.get_recording(id=call.id))[:4].decode(),
    "hung_up": [ended.status, ended.stage_outcome],
    "voices": [voice.type for voice in client.voices.list_voices().items],
    "plan": client.usage.get_usage().plan_type,
    "refusal": refusal,
    "invalid": invalid,
}))
"""


@pytest.fixture(scope="module")
def python() -> str:
    """Return the Python of an environment that has the client; fails, and says why, where it cannot be had."""
    made = subprocess.run([".ci/vocode-client"], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    if made.returncode:
        pytest.fail(f"The published client cannot be tried: {made.stderr.strip()[-600:]}", pytrace=False)
    return made.stdout.strip().splitlines()[-1]


@pytest.mark.end_to_end
def test_the_published_client_runs_unchanged(python: str) -> None:
    with SandboxServer(port=0, speed=50) as server:
        command = [python, "-W", "ignore", "-c", SCRIPT, server.origin]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "agents": [12, True, 2],
        "first": "not_started",
        "agent": "Appointment reminder",
        "last": ["ended", "picked_up", True],
        "listed": True,
        "sound": "RIFF",
        "hung_up": ["ended", "bot_disconnected"],
        "voices": ["voice_azure", "voice_rime", "voice_eleven_labs", "voice_play_ht"],
        "plan": "plan_developer",
        "refusal": 401,
        "invalid": "UnprocessableEntityError",
    }
