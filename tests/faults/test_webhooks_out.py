"""Webhooks that we send while their sender is killed: every event comes at least once, always under the same id."""

from __future__ import annotations

import json
import random
import signal
import socket
import time
import uuid
from collections import defaultdict
from collections.abc import Callable

import pytest

from tests.faults.conftest import scaled
from tests.faults.stage import Stage
from tests.faults.worker import WEBHOOK_POINTS
from tests.webhook_receivers import OK, Program, listening

pytestmark = [pytest.mark.faults]

ID = "webhook-id"


def slowly(connection: socket.socket) -> None:
    """Take a message after a moment, so that a death finds some on their way."""
    time.sleep(0.03)
    connection.sendall(OK)


def log_of(stage: Stage) -> dict[str, tuple[int, str, int]]:
    """Return subject, state and tries of each delivery, by the id under which it is sent."""
    rows = stage.rows("SELECT key, subject, state, tries FROM campaigns_webhookdelivery")
    return {f"msg_{uuid.UUID(str(key)).hex}": (subject, state, tries) for key, subject, state, tries in rows}


def demand_truth(stage: Stage, program: Program) -> None:
    """Fail where the log says that a message was taken which never came."""
    said = {key for key, (_subject, state, _tries) in log_of(stage).items() if state == "delivered"}
    assert said <= {message.headers[ID] for message in program.came}


def test_no_event_is_lost_whenever_the_sender_dies(
    start_stage: Callable[..., Stage], figure: Callable[[str], None]
) -> None:
    stage = start_stage()
    kills, at_each = scaled(60, 6), scaled(8, 2)
    rounds = [*WEBHOOK_POINTS * at_each, *[""] * kills]
    random.shuffle(rounds)
    a_round = 6
    stage.lay_out(len(rounds) * a_round, vendors=["bolna"])
    with listening(slowly) as program:
        stage.inside("ask_for_webhooks", url=program.url)
        ended: list[int] = []
        for position, point in enumerate(rounds):
            ended += stage.inside("end_calls", first=position * a_round, count=a_round)
            # At a point it ends itself; else it is killed after some message came, with others on their way.
            worker, before = stage.spawn("webhooks", point), len(program.came)
            if not point:
                stage.wait(lambda before=before: len(program.came) > before, 60, "a message")
                time.sleep(random.uniform(0.0, 0.06))
                worker.send(signal.SIGKILL)
            stage.wait(lambda worker=worker: not worker.is_alive, 60, f"a death {point}")
            demand_truth(stage, program)
        stage.workers.clear()
        stage.spawn("webhooks")
        stage.wait(
            lambda: len(log := log_of(stage)) == len(ended) and all(one[1] == "delivered" for one in log.values()),
            120, "every event delivered",
        )  # fmt: skip
        stage.dismiss()
        demand_truth(stage, program)
    log = log_of(stage)
    # One delivery an event, none lost, each noted once.
    assert sorted(subject for subject, _state, _tries in log.values()) == sorted(ended)
    assert {tries for _subject, _state, tries in log.values()} == {1}
    came = defaultdict(list)
    for message in program.came:
        came[message.headers[ID]].append(json.loads(message.body))
    assert came.keys() == log.keys()
    for key, told in came.items():
        assert {(one["type"], one["data"]["call"]["id"]) for one in told} == {("call.ended", log[key][0])}
        assert len({one["timestamp"] for one in told}) == 1
    assert not stage.rows("SELECT id FROM campaigns_happening WHERE listener = 'webhooks'")
    twice = sum(len(told) > 1 for told in came.values())
    figure(f"{stage.engine}: webhooks: {len(rounds)} deaths, {len(ended)} events, 0 lost, {twice} sent again by its id")
