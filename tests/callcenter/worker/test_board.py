"""The board: words that each process writes for itself, and silence as others measure it."""

from __future__ import annotations

import os

from callcenter.worker.board import STEP, Board, Silence


def test_each_process_writes_its_own_words_and_all_read_them() -> None:
    board = Board(2)
    pid = os.fork()
    if not pid:
        board.children[1].tick(12.5)
        board.children[1].count_message()
        board.children[1].is_idle = True
        os._exit(0)
    os.waitpid(pid, 0)
    there, other = board.children[1], board.children[0]
    assert (there.ticks, there.allowed, there.is_idle, there.handled) == (1, 12.5, True, 1)
    assert (other.ticks, other.allowed, other.is_idle, other.handled) == (0, 0.0, False, 0)
    assert (board.supervisor.ticks, board.clock.ticks) == (0, 0)


def test_silence_grows_until_the_number_changes() -> None:
    silence = Silence(now=0.0)
    assert silence.look(7, 0.5) == 0
    assert silence.look(7, 1.0) == 0.5
    assert silence.look(7, 1.75) == 1.25
    assert silence.look(8, 2.0) == 0


def test_nobody_was_silent_while_the_machine_slept() -> None:
    silence = Silence(now=0.0)
    silence.look(7, 0.0)
    assert silence.look(7, 3600.0) == STEP
