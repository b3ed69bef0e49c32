"""Every status word that a vendor publishes, or was seen to send, has its place in that vendor's `status_map`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

import pytest

from providers.registry import BACKENDS, backend_class
from providers.replies import normalise_word
from providers.sandbox.server import SandboxServer
from providers.types import FINAL, CallSnapshot, CallStatus
from tests.migrated import ROOT
from tests.providers.sandbox_backend import open_at, place, settle
from tests.providers.sandbox_caller import control
from tests.waiting import wait_until

SPEED = 20.0

PUBLISHED: Mapping[str, str] = {
    # The status pages of versions 1 and 2
    "bitel": "WAITING NORMAL NO_ANSWER USER_BUSY EXPIRED ERROR UNKNOWN",
    # No list is published: the order's answer, the examples of a filter, the words that count as successful
    "unleashx": "initiated completed failed AGENT_ENDED USER_ENDED COMPLETED ANSWER",
    # The contract, schema AgentExecution
    "bolna": (
        "scheduled queued rescheduled initiated ringing in-progress call-disconnected completed balance-low busy"
        " no-answer canceled failed stopped error"
    ),
    # The page of the call model; ended and in_progress of older pages
    "voicy": (
        "initiated ringing ongoing user_hangup agent_hangup inactivity error_inactivity busy no_answer error canceled"
        " ended in_progress"
    ),
    # The contract, schema CallStatus
    "vocode": "not_started in_progress error ended",
}
SEEN: Mapping[str, Mapping[str, tuple[CallStatus, str]]] = {
    "bitel": {},
    "unleashx": {
        "NOT_PICKED": (CallStatus.NO_ANSWER, "unknown"),
        "NOANSWER": (CallStatus.NO_ANSWER, "unknown"),
        "REJECTED": (CallStatus.NO_ANSWER, "unknown"),
        "TIMEOUT": (CallStatus.NO_ANSWER, "unknown"),
        "VOICEMAIL": (CallStatus.COMPLETED, "machine"),
    },
    "bolna": {"rejected": (CallStatus.NO_ANSWER, "unknown"), "balance-low": (CallStatus.FAILED, "unknown")},
    "voicy": {"voicemail": (CallStatus.COMPLETED, "machine")},
    "vocode": {"transferred": (CallStatus.COMPLETED, "unknown")},
}
"""Words beside the published lists: what each means, and who answered."""

CONTRACTS = next((found for above in ROOT.parents if (found := above / "shared" / "vendors").is_dir()), None)
"""Where the vendors' published contracts lie beside this tree; None where there are none."""


def enums_of(slug: str) -> Iterator[list[str]]:
    """Yield the lists of call statuses in a vendor's published contract."""
    assert CONTRACTS is not None
    if slug == "vocode":
        text = json.loads((CONTRACTS / "vocode.openapi.json").read_text())
        yield text["components"]["schemas"]["CallStatus"]["enum"]
    if slug == "bolna":
        # Read as lines, so that no parser of YAML is needed: each list that has the word call-disconnected.
        text = (CONTRACTS / "bolna.openapi.yml").read_text()
        for found in re.findall(r"enum: \[([^\]]*call-disconnected[^\]]*)\]", text):
            yield re.findall(r"[a-z-]+", found)
        for block in re.findall(r"enum:\n((?:\s+- \S+\n)+)", text):
            if "call-disconnected" in block:
                yield re.findall(r"- (\S+)", block)


@pytest.mark.parametrize("slug", list(BACKENDS))
def test_published_and_seen_words_are_mapped(slug: str) -> None:
    words = {*PUBLISHED[slug].split(), *SEEN[slug]}
    assert {word for word in words if normalise_word(word) not in backend_class(slug).status_map} == set()


@pytest.mark.skipif(CONTRACTS is None, reason="the vendors' contracts are not beside this tree")
@pytest.mark.parametrize("slug", ["bolna", "vocode"])
def test_contracts_have_no_word_that_is_not_in_the_list(slug: str) -> None:
    found = list(enums_of(slug))
    assert found
    assert set().union(*map(set, found)) == set(PUBLISHED[slug].split())


def test_bitels_own_unknown_is_no_last_word() -> None:
    assert backend_class("bitel").status_map["unknown"] == CallStatus.UNKNOWN
    assert CallStatus.UNKNOWN not in FINAL


# Over real HTTP: what the simulator sends today


def settled(origin: str, slug: str, last: str) -> CallSnapshot:
    """Place a call at the simulator and return what our backend reads of its end."""
    backend = open_at(origin, slug)
    return settle(backend, place(backend, last))


@pytest.mark.parametrize("slug", [slug for slug in BACKENDS if slug != "bitel"])
@pytest.mark.parametrize("last", ["9903", "9910", "9918", "9919"])
def test_words_in_use_end_calls(server: SandboxServer, slug: str, last: str) -> None:
    control(server.origin, "reset")
    read = settled(server.origin, slug, last)
    if meaning := SEEN[slug].get(read.raw_status):
        assert (read.status, "machine" if read.answered_by == "machine" else "unknown") == meaning


@pytest.mark.parametrize(
    ("slug", "last", "words"),
    [
        ("unleashx", "9903", {"NOT_PICKED", "NOANSWER", "TIMEOUT"}),
        ("unleashx", "9918", {"REJECTED"}),
        ("unleashx", "9910", {"VOICEMAIL"}),
        ("bolna", "9918", {"rejected"}),
        ("voicy", "9910", {"voicemail"}),
        ("vocode", "9919", {"transferred"}),
        ("bitel", "9918", {"USER_BUSY"}),
    ],
)
def test_the_simulator_sends_todays_words(server: SandboxServer, slug: str, last: str, words: set[str]) -> None:
    control(server.origin, "reset")
    assert settled(server.origin, slug, last).raw_status in words


def test_the_older_words_come_by_switches(server: SandboxServer) -> None:
    control(server.origin, "reset")
    older = {"unleashx_words": "published", "voicy_voicemail_word": False, "vocode_transferred_word": False}
    control(server.origin, "switches", older)
    assert settled(server.origin, "unleashx", "9903").raw_status == "NO_ANSWER"
    assert settled(server.origin, "voicy", "9910").raw_status in {"user_hangup", "agent_hangup"}
    assert settled(server.origin, "vocode", "9919").raw_status == "ended"


def test_a_transferred_call_keeps_its_talk(server: SandboxServer) -> None:
    control(server.origin, "reset")
    read = settled(server.origin, "vocode", "9919")
    assert read.status == CallStatus.COMPLETED
    assert read.talk_seconds
    assert read.recording_available


def test_bitel_is_asked_on_after_its_unknown(server: SandboxServer) -> None:
    control(server.origin, "reset")
    backend = open_at(server.origin, "bitel")
    handle = place(backend, "9915")
    words = set()

    def is_unknown() -> bool:
        read = backend.fetch_calls([handle])[0]
        words.add(read.raw_status)
        assert read.status not in FINAL
        return "UNKNOWN" in words

    wait_until(is_unknown, every=0.05)
    assert words == {"WAITING", "UNKNOWN"}
