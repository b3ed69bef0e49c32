"""What goes wrong in the sandbox on purpose: magic numbers, scripted faults, the journal that knows the truth."""

from __future__ import annotations

import json
import time
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest

from providers.sandbox.journal import read_journal
from providers.sandbox.magic import MAGIC, magic_name
from providers.sandbox.server import SandboxServer
from tests.providers.sandbox_caller import (
    GOOD,
    VENDORS,
    Answer,
    control,
    id_in,
    number_for,
    place,
    read,
    send,
    wait_for_word,
    word_of,
)
from tests.waiting import wait_until

SPEED = 50.0


def dials(server: SandboxServer) -> int:
    return len(read_journal(server.world.journal.path or Path()))


def words(bitel: str, unleashx: str, bolna: str, voicy: str, vocode: str) -> dict[str, str]:
    return dict(zip(VENDORS, (bitel, unleashx, bolna, voicy, vocode), strict=True))


def finish(origin: str, last: str, wanted: dict[str, str]) -> dict[str, dict[str, Any]]:
    """Place a call at every vendor and return what each says in the end."""
    ids = {vendor: id_in(vendor, place(origin, vendor, last)) for vendor in VENDORS}
    return {vendor: wait_for_word(origin, vendor, ids[vendor], {wanted[vendor]}) for vendor in VENDORS}


# Magic numbers, one test each


def test_9901_is_answered(origin: str) -> None:
    for vendor in VENDORS:
        remote_id = id_in(vendor, place(origin, vendor, "9901"))
        ends = {"NORMAL", "USER_ENDED", "AGENT_ENDED", "completed", "user_hangup", "agent_hangup", "ended"}
        wait_for_word(origin, vendor, remote_id, ends)


def test_9902_is_busy(origin: str) -> None:
    states = finish(origin, "9902", words("USER_BUSY", "BUSY", "busy", "busy", "ended"))
    assert states["vocode"]["stage_outcome"] == "human_unanswered"
    assert states["vocode"]["telephony_metadata"]["call_status"] == "busy"


def test_9903_rings_out(origin: str) -> None:
    states = finish(origin, "9903", words("NO_ANSWER", "NOANSWER", "no-answer", "no_answer", "ended"))
    assert states["vocode"]["stage_outcome"] == "human_unanswered"
    assert states["bitel"]["price"] == 0


def test_9904_is_refused(server: SandboxServer, origin: str) -> None:
    assert {vendor: place(origin, vendor, "9904").status for vendor in VENDORS} == {
        "bitel": 400, "unleashx": 422, "bolna": 400, "voicy": 400, "vocode": 422
    }  # fmt: skip
    assert dials(server) == 0


def test_9905_asks_to_slow_down_twice(server: SandboxServer, origin: str) -> None:
    for vendor in VENDORS:
        answers = [place(origin, vendor, "9905") for _ in range(3)]
        assert [answer.status for answer in answers] == [429, 429, GOOD[vendor]]
        assert answers[0].headers["retry-after"] == "1"
    assert dials(server) == 5


def test_9906_breaks_before_it_takes_the_call(server: SandboxServer, origin: str) -> None:
    assert {place(origin, vendor, "9906").status for vendor in VENDORS} == {500}
    assert dials(server) == 0


def test_9907_breaks_after_it_took_the_call(server: SandboxServer, origin: str) -> None:
    assert {place(origin, vendor, "9907").status for vendor in VENDORS} == {500}
    assert dials(server) == 5


def test_9908_takes_the_call_and_says_nothing(server: SandboxServer, origin: str) -> None:
    for vendor in VENDORS:
        with pytest.raises(TimeoutError):
            place(origin, vendor, "9908", timeout=0.15)
    assert dials(server) == 5


def test_9909_is_slow(origin: str) -> None:
    began = time.monotonic()
    assert place(origin, "bolna", "9909").status == 200
    assert time.monotonic() - began >= 3 / SPEED


def test_9910_is_a_voicemail(origin: str) -> None:
    bolna = wait_for_word(origin, "bolna", id_in("bolna", place(origin, "bolna", "9910")), {"completed"})
    vocode = wait_for_word(origin, "vocode", id_in("vocode", place(origin, "vocode", "9910")), {"ended"})
    assert bolna["answered_by_voice_mail"] is True
    assert vocode["human_detection_result"] == "no_human"


def test_9911_fails_at_the_vendor(origin: str) -> None:
    finish(origin, "9911", words("ERROR", "failed", "error", "error", "error"))


def test_9912_refuses_the_key(server: SandboxServer, origin: str) -> None:
    refused = {vendor: place(origin, vendor, "9912").status for vendor in VENDORS}
    assert refused == {"bitel": 401, "unleashx": 200, "bolna": 403, "voicy": 401, "vocode": 401}
    assert dials(server) == 0


def test_9913_is_out_of_credit(origin: str) -> None:
    refused = {vendor: place(origin, vendor, "9913").status for vendor in VENDORS if vendor != "bolna"}
    assert set(refused.values()) == {402}
    wait_for_word(origin, "bolna", id_in("bolna", place(origin, "bolna", "9913")), {"balance-low"})


def test_9914_says_a_strange_word(origin: str) -> None:
    finish(origin, "9914", words("PARKED_ON_THE_MOON", "GONE_FISHING", "moonwalking", "daydreaming", "beaming_up"))


def test_9915_never_ends(origin: str) -> None:
    ids = {vendor: id_in(vendor, place(origin, vendor, "9915")) for vendor in VENDORS}
    time.sleep(30 / SPEED)
    assert {vendor: word_of(vendor, read(origin, vendor, ids[vendor])) for vendor in VENDORS} == words(
        "UNKNOWN", "initiated", "in-progress", "ongoing", "in_progress"
    )


def test_9916_tells_the_result_late(origin: str) -> None:
    remote_id = id_in("bolna", place(origin, "bolna", "9916"))
    early = wait_for_word(origin, "bolna", remote_id, {"call-disconnected"})
    assert (early["conversation_duration"], early["transcript"]) == (0.0, "")
    assert early["telephony_data"]["recording_url"] is None
    time.sleep(60 / SPEED)
    assert read(origin, "bolna", remote_id)["status"] == "call-disconnected"
    assert wait_for_word(origin, "bolna", remote_id, {"completed"})["conversation_duration"] > 0


def test_9917_asks_not_to_be_called(origin: str) -> None:
    order: dict[str, Any] = {
        "from_number": "+12025550131",
        "to_number": "+12025559917",
        "agent": "5a4db0c5-0000-4000-8004-000000000001",
        "run_do_not_call_detection": True,
    }
    vocode_id = send(origin, "POST", "/vocode/v1/calls/create", order, vendor="vocode").json["id"]
    assert wait_for_word(origin, "vocode", vocode_id, {"ended"})["do_not_call_result"] is True
    voicy = wait_for_word(origin, "voicy", id_in("voicy", place(origin, "voicy", "9917")), {"user_hangup"})
    assert voicy["vars_extracted"] == {"do_not_call": {"value": True}}
    assert "do not call me again" in json.dumps(voicy["transcript"])


def test_9918_is_declined(origin: str) -> None:
    finish(origin, "9918", words("USER_BUSY", "REJECTED", "rejected", "busy", "ended"))


def test_9919_is_transferred(origin: str) -> None:
    call = wait_for_word(origin, "vocode", id_in("vocode", place(origin, "vocode", "9919")), {"transferred"})
    assert (call["stage"], call["stage_outcome"]) == ("transfer_successful", "transfer_disconnected")


def test_the_magic_table() -> None:
    assert [row.suffix for row in MAGIC] == [str(number) for number in range(9901, 9921)]
    assert magic_name("+912345679902") == "busy"
    assert magic_name("+912345671234") == ""


def test_ordinary_numbers_where_magic_is_off(origin: str) -> None:
    control(origin, "switches", {"magic": False})
    assert place(origin, "voicy", "9904").status == 201


# The journal


def test_the_journal_is_written_before_the_answer(server: SandboxServer, origin: str) -> None:
    for number, vendor in enumerate(VENDORS, 1):
        remote_id = id_in(vendor, place(origin, vendor, "9901"))
        entry = read_journal(server.world.journal.path or Path())[-1]
        assert dials(server) == number
        assert (entry["vendor"], entry["remote_id"]) == (vendor, remote_id)
        assert entry["to_number"] == number_for(vendor, "9901")
    order = {"phoneNumber": "09121239902", "voiceId": "x"}
    send(origin, "POST", "/bitel/api/v2/voice/single", order, vendor="bitel")
    assert read_journal(server.world.journal.path or Path())[-1]["rings"] == 2


def test_a_line_cut_by_a_kill_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_text('{"vendor": "bolna"}\n{"vendor": "vo')
    assert len(read_journal(path)) == 1


# Scripted faults


def is_not_json(answer: Answer) -> bool:
    try:
        json.loads(answer.body)
    except ValueError:
        return True
    return False


def broken(origin: str, vendor: str, timeout: float) -> str:
    """Place a call and name what came back."""
    try:
        answer = place(origin, vendor, "9901", timeout=timeout)
    except (OSError, HTTPException) as error:
        return type(error).__name__
    if answer.status not in {200, 201}:
        return str(answer.status)
    return "html" if b"<html>" in answer.body else "not json" if is_not_json(answer) else "json"


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize(
    ("mode", "seen", "accepted"),
    [
        ("hang", "TimeoutError", 0),
        ("reset", "ConnectionResetError", 0),
        ("500", "500", 0),
        ("503", "503", 0),
        ("429", "429", 0),
        ("400", "400", 0),
        ("401", "401", 0),
        ("redirect", "307", 0),
        ("accept_then_hang", "TimeoutError", 1),
        ("accept_500", "500", 1),
        ("accept_reset", "ConnectionResetError", 1),
        ("accept_truncated", "IncompleteRead", 1),
        ("accept_broken_json", "not json", 1),
        ("accept_html", "html", 1),
        ("accept_empty", "not json", 1),
        ("accept_no_id", "json", 1),
        ("accept_odd_id", "json", 1),
        ("accept_huge", "json", 1),
        ("accept_slow_drip", "TimeoutError", 1),
    ],
)
def test_a_fault_does_what_it_says(
    server: SandboxServer, origin: str, vendor: str, mode: str, seen: str, accepted: int
) -> None:
    control(origin, "faults", {"vendor": vendor, "mode": mode, "count": 1})
    # Nobody waits for an answer that does not come; one that does has time, also 20 MB of it on a busy machine.
    assert broken(origin, vendor, timeout=0.3 if seen == "TimeoutError" else 20.0) == seen
    assert dials(server) == accepted
    assert broken(origin, vendor, timeout=20.0) == "json"
    assert dials(server) == accepted + 1


def test_an_order_taken_after_our_time_out(server: SandboxServer, origin: str) -> None:
    control(origin, "faults", {"mode": "accept_late", "count": 1, "seconds": 0.6})
    with pytest.raises(TimeoutError):
        place(origin, "bolna", "9901", timeout=0.2)
    assert dials(server) == 0
    wait_until(lambda: dials(server) == 1)


def test_shares_mixes_and_their_end(server: SandboxServer, origin: str) -> None:
    control(origin, "faults", {"vendor": "voicy", "mix": {"500": 0.3, "accept_500": 0.3}, "seed": 7})
    control(origin, "switches", {"magic": False})
    answers = [place(origin, "voicy", f"{number:04d}").status for number in range(200)]
    assert 95 <= answers.count(500) <= 145
    assert 115 <= dials(server) <= 165
    assert place(origin, "bolna", "0001").status == 200
    control(origin, "faults", method="DELETE")
    assert place(origin, "voicy", "0001").status == 201
    assert send(origin, "POST", "/_control/faults", {"mode": "nonsense"}).status == 400


def test_faults_on_reads(origin: str) -> None:
    remote_id = id_in("vocode", place(origin, "vocode", "9901"))
    control(origin, "faults", {"on": "read", "mode": "accept_html", "count": 1})
    path = f"/vocode/v1/calls?id={remote_id}"
    assert b"<html>" in send(origin, "GET", path, vendor="vocode").body
    assert send(origin, "GET", path, vendor="vocode").json["id"] == remote_id


def test_a_closed_port(origin: str) -> None:
    control(origin, "faults", {"mode": "refuse", "seconds": 0.5})

    def refuses() -> bool:
        try:
            place(origin, "bolna", "9901")
        except ConnectionRefusedError:
            return True
        except OSError:
            pass
        return False

    wait_until(refuses)
    wait_until(lambda: not refuses())
    assert place(origin, "bolna", "9901").status == 200


# Faults of the account

GONE = {
    "unleashx": ({"agents_gone": ["101"]}, (404, "Agent not found or not active")),
    "bolna": ({"caller_ids_gone": ["+12025550111"]}, (404, "from_phone_number is not found in the account")),
    "voicy": ({"caller_ids_gone": ["+12025550121"]}, (403, "Phone number not assigned to your account")),
    "vocode": ({"caller_ids_gone": ["+12025550131"]}, (404, "Phone number not found")),
}


@pytest.mark.parametrize("vendor", sorted(GONE))
def test_what_was_deleted_is_refused_and_not_listed_until_it_is_there_again(
    server: SandboxServer, origin: str, vendor: str
) -> None:
    faults, (status, words_of_it) = GONE[vendor]
    control(origin, "account", {"vendor": vendor, **faults})
    refused = place(origin, vendor, "9901")
    assert refused.status == status
    assert words_of_it in refused.body.decode()
    assert dials(server) == 0
    control(origin, "account", {"vendor": vendor})
    assert place(origin, vendor, "9901").status == GOOD[vendor]


@pytest.mark.parametrize("vendor", VENDORS)
def test_an_empty_account_and_a_dead_key_refuse_until_they_are_mended(origin: str, vendor: str) -> None:
    control(origin, "account", {"vendor": vendor, "is_empty": True})
    assert place(origin, vendor, "9901").status == (200 if vendor == "bolna" else 402)
    control(origin, "account", {"vendor": vendor, "is_key_dead": True})
    refused = place(origin, vendor, "9901")
    assert refused.status in {200, 401, 403}
    assert any(word in refused.body.decode() for word in ("nvalid", "nauthorized", "token"))
    control(origin, "reset")
    assert place(origin, vendor, "9901").status == GOOD[vendor]


@pytest.mark.parametrize(
    "order", [{"vendor": "nobody"}, {"vendor": "bolna", "is_empty": "yes"}, {"vendor": "bolna", "agents": []}]
)
def test_a_fault_of_an_account_that_does_not_exist_is_refused(origin: str, order: dict[str, object]) -> None:
    assert send(origin, "POST", "/_control/account", order).status == 400
