"""The threads that send: as many as are allowed, started as orders come, and every order leaves once."""

from __future__ import annotations

import threading
from collections import Counter

from campaigns.services.senders import Senders


def test_every_order_leaves_once_from_no_more_threads_than_allowed() -> None:
    left: list[tuple[int, str]] = []
    lock = threading.Lock()
    at_once, most = Counter[str](), [0]

    def act(order: int) -> None:
        with lock:
            at_once["now"] += 1
            most[0] = max(most[0], at_once["now"])
        threading.Event().wait(0.001)
        with lock:
            at_once["now"] -= 1
            left.append((order, threading.current_thread().name))

    senders = Senders(4, act, "counted")
    for order in range(200):
        senders.submit(order)
    threads = [thread for thread in threading.enumerate() if thread.name.startswith("counted-")]
    senders.close()
    for thread in threads:
        thread.join(10)
    assert sorted(order for order, _name in left) == list(range(200))
    assert most[0] == len({name for _order, name in left}) == 4
    assert not any(thread.is_alive() for thread in threads)


def test_few_orders_start_few_threads() -> None:
    done = threading.Event()
    senders = Senders(64, lambda _order: done.set(), "few")
    senders.submit("only")
    assert done.wait(5)
    assert sum(thread.name.startswith("few-") for thread in threading.enumerate()) == 1
    senders.close()
