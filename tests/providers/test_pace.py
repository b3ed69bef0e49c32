"""The pace of reads: no 60 s hold more than the cap, whoever reads, however late, and whatever the clock does."""

from __future__ import annotations

import datetime
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from providers import pace
from providers.exceptions import NoReadLeft, RateLimited
from providers.models import Provider, ReadPace
from providers.models import pace as kept
from providers.paced_reads import DatabaseErrands, ReaderPace, Reserve
from providers.services import checking
from tests.conftest import make_provider
from tests.simulated_time import BEGIN, SimulatedTime, fullest


class Kept:
    """A bucket as the database keeps one, in memory."""

    def __init__(self, time: SimulatedTime, cap: int) -> None:
        self.time, self.cap, self.tat, self.person_until, self.asked = time, cap, 0.0, 0.0, 0

    def take(self, wanted: int, *, is_person: bool) -> tuple[pace.Taken, float]:
        self.asked += 1
        taken = pace.take_read(self.tat, self.person_until, None, self.time.at, self.cap, wanted, is_person=is_person)
        self.tat = taken.tat
        if is_person:
            self.person_until = 0.0 if taken.count else self.time.at + pace.PERSON_SECONDS
        return taken, self.time.at


# The arithmetic


@given(
    cap=st.integers(1, 700),
    tries=st.lists(
        st.tuples(st.floats(0, 20), st.integers(1, 50), st.floats(0, 1, exclude_max=True)), min_size=5, max_size=200
    ),
    late=st.sampled_from([0.0, pace.LATE_SECONDS]),
)
@settings(max_examples=300, deadline=None)
def test_no_minute_holds_more_than_the_cap(cap: int, tries: list[tuple[float, int, float]], late: float) -> None:
    now, tat, used = BEGIN, 0.0, []
    for pause, wanted, share in tries:
        now += pause
        taken = pace.take(tat, now, cap, wanted, late)
        tat = taken.tat
        used += [now + share * late] * taken.count
    assert fullest(used) <= cap


@pytest.mark.parametrize("cap", [1, 2, 20, 59, 60, 61, 120, 500, 600, 6000])
def test_a_block_that_is_held_and_used_as_late_as_allowed_overfills_no_minute(cap: int) -> None:
    """The whole burst late, everything after it at once: the worst that a reader with a block can do."""
    for late_until in (0.0, 10.0, 30.0, 61.0):
        now, tat, used = BEGIN, 0.0, []
        while now < BEGIN + 200:
            taken = pace.take(tat, now, cap, 10_000, pace.LATE_SECONDS)
            tat = taken.tat
            used += [now + (pace.LATE_SECONDS * 0.999 if now - BEGIN <= late_until else 0.0)] * taken.count
            now += 0.01
        assert fullest(used) <= cap


@pytest.mark.parametrize("late", [0.0, pace.LATE_SECONDS])
@pytest.mark.parametrize("cap", [60, 61, 79, 120, 500, 600, 6000])
def test_a_cap_is_used_to_95_percent(cap: int, late: float) -> None:
    now, tat, total = BEGIN, 0.0, 0
    while now < BEGIN + 600:
        taken = pace.take(tat, now, cap, 50, late)
        tat = taken.tat
        total += taken.count
        now += 0.05
    assert total >= 0.95 * cap * 10


@pytest.mark.parametrize("cap", [1, 60, 120, 6000])
@pytest.mark.parametrize("back", [1.0, 3600.0, 400 * 86_400.0])
def test_a_clock_that_was_put_back_blocks_for_one_burst_at_most(cap: int, back: float) -> None:
    emptied = pace.take(0.0, BEGIN, cap, 10_000)
    now, tat = BEGIN - back, emptied.tat
    refused = pace.take(tat, now, cap, 1)
    if back > 3600:
        assert not refused.count
    while not (taken := pace.take(tat, now, cap, 1)).count:
        tat, now = taken.tat, now + 0.05
    assert now - (BEGIN - back) <= pace.interval_of(cap) + 0.1
    assert now - (BEGIN - back) <= 121, "never longer than the pause between two requests"


@pytest.mark.parametrize(("left", "believed"), [(-1.0, 0.0), (30.0, 30.0), (3600.0, 3600.0), (3601.0, 0.0), (1e8, 0.0)])
def test_a_vendors_wish_is_believed_for_an_hour(left: float, believed: float) -> None:
    assert pace.slowed_for(BEGIN + left, BEGIN) == believed


def test_a_person_who_will_wait_for_years_waits_for_nobody() -> None:
    assert pace.person_waits_for(BEGIN + 1.5, BEGIN) == 1.5
    assert pace.person_waits_for(BEGIN + 86_400, BEGIN) == 0.0


# Many readers


@given(
    cap=st.integers(1, 600),
    processes=st.integers(1, 9),
    script=st.lists(st.tuples(st.integers(0, 8), st.integers(1, 12), st.floats(0, 3)), min_size=10, max_size=300),
)
@settings(max_examples=150, deadline=None)
def test_no_minute_overflows_however_readers_come_hold_and_use(
    cap: int, processes: int, script: list[tuple[int, int, float]]
) -> None:
    time = SimulatedTime()
    bucket = Kept(time, cap)
    reserves = [Reserve(bucket, time, time.sleep) for _ in range(processes)]
    used: list[float] = []
    for who, tries, pause in script:
        for _ in range(tries):
            if reserves[who % processes].is_one_left():
                # The request needs its time from the token to the wire.
                used.append(time.at + (pace.WAY_SECONDS * 0.999 if tries % 2 else 0.0))
        time.at += pause
    assert fullest(used) <= cap


@pytest.mark.parametrize(("cap", "processes"), [(60, 1), (60, 9), (120, 4), (500, 3), (6000, 5)])
def test_greedy_readers_use_95_percent_and_ask_the_database_less_than_they_read(cap: int, processes: int) -> None:
    time = SimulatedTime()
    bucket = Kept(time, cap)
    reserves = [Reserve(bucket, time, time.sleep) for _ in range(processes)]
    used: list[float] = []
    while time.at < BEGIN + 600:
        for reserve in reserves:
            while reserve.is_one_left():
                used.append(time.at)
        time.at += 0.02
    assert fullest(used) <= cap
    assert len(used) >= 0.95 * cap * 10
    assert bucket.asked <= max(2.1 * 600 * processes, len(used) / 8), "twice a second, or for a large block"


def test_tokens_that_were_held_too_long_are_lost() -> None:
    time = SimulatedTime()
    reserve = Reserve(bucket := Kept(time, 600), time, time.sleep)
    for _ in range(3):
        reserve.wait(1.0, is_person=False)
    asked = bucket.asked
    assert reserve._held
    time.at += pace.HELD_SECONDS
    reserve.wait(1.0, is_person=False)
    assert bucket.asked == asked + 1


def test_a_person_goes_first_and_does_not_wait_for_ever() -> None:
    time = SimulatedTime()
    bucket = Kept(time, 60)
    crowd, desk = Reserve(bucket, time, time.sleep), Reserve(bucket, time, time.sleep)
    while crowd.is_one_left():
        pass
    came = time.at
    desk.wait(6.0, is_person=True)
    assert time.at - came <= pace.interval_of(60) + 0.1
    bucket.cap = 1
    bucket.tat = time.at + 100
    came = time.at
    with pytest.raises(NoReadLeft) as refusal:
        desk.wait(6.0, is_person=True)
    assert time.at - came <= 6.0
    assert refusal.value.retry_after > 6.0
    assert not crowd.is_one_left()


def test_readers_in_the_background_stay_away_while_a_person_waits() -> None:
    time = SimulatedTime()
    bucket = Kept(time, 60)
    crowd = Reserve(bucket, time, time.sleep)
    while crowd.is_one_left():
        pass
    assert not bucket.take(1, is_person=True)[0].count
    time.at += pace.interval_of(60) + 0.01
    assert not crowd.is_one_left()
    assert bucket.take(1, is_person=True)[0].count
    time.at += pace.interval_of(60) + 0.01
    assert crowd.is_one_left()


# As the database keeps it


@pytest.mark.django_db
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cap=st.sampled_from([1, 20, 60, 120]),
    script=st.lists(st.tuples(st.integers(0, 5), st.integers(1, 8), st.floats(0, 4)), min_size=20, max_size=60),
)
def test_no_minute_overflows_in_the_database(
    simulated: SimulatedTime, cap: int, script: list[tuple[int, int, float]]
) -> None:
    provider = make_provider(reads_per_minute=cap)
    reserves = [Reserve(kept.KeptReads(provider.pk), simulated, simulated.sleep) for _ in range(6)]
    used: list[float] = []
    for who, tries, pause in script:
        used += [simulated.at for _ in range(tries) if reserves[who].is_one_left()]
        simulated.at += pause
    assert fullest(used) <= cap
    assert ReadPace.objects.filter(provider=provider).count() == 1


@pytest.mark.django_db
def test_the_database_lets_95_percent_be_used(simulated: SimulatedTime) -> None:
    provider = make_provider(reads_per_minute=60)
    reserves = [Reserve(kept.KeptReads(provider.pk), simulated, simulated.sleep) for _ in range(5)]
    used: list[float] = []
    while simulated.at < BEGIN + 300:
        for reserve in reserves:
            reserve.wait(35.0, is_person=False)
            used.append(simulated.at)
    assert fullest(used) <= 60
    assert len(used) >= 0.95 * 60 * 5


@pytest.mark.django_db
def test_a_vendor_that_asks_us_to_slow_down_is_not_read(simulated: SimulatedTime) -> None:
    provider = make_provider()
    reader = ReaderPace(kept.reserve_of(provider.pk, "bolna"), is_person=False)
    reader.wait()
    simulated.at += 5
    Provider.objects.filter(pk=provider.pk).update(slow_until=simulated.now() + datetime.timedelta(seconds=90))
    with pytest.raises(NoReadLeft) as refusal:
        reader.wait()
    assert refusal.value.retry_after == pytest.approx(90)
    simulated.at += 91
    reader.wait()


@pytest.mark.django_db
def test_a_slowed_read_slows_the_provider_and_our_own_pace_says_nothing_of_the_vendor() -> None:
    provider = make_provider()
    before = timezone.now()
    Provider.objects.note_error(provider.pk, RateLimited("Slower.", retry_after=120))
    Provider.objects.note_error(provider.pk, RateLimited("Slower.", retry_after=5))
    provider.refresh_from_db()
    assert provider.slow_until is not None
    assert 119 <= (provider.slow_until - before).total_seconds() <= 125
    assert provider.last_error_kind == "RateLimited"
    Provider.objects.note_error(provider.pk, NoReadLeft("Later."))
    provider.refresh_from_db()
    assert provider.last_error_kind == "RateLimited"
    # A time that lies years ahead, from a clock that was put back, gives way to the vendor's next wish.
    Provider.objects.filter(pk=provider.pk).update(slow_until=before + datetime.timedelta(days=400))
    Provider.objects.note_error(provider.pk, RateLimited("Slower.", retry_after=5))
    provider.refresh_from_db()
    assert (provider.slow_until - before).total_seconds() < 60


@pytest.mark.django_db
def test_a_persons_test_of_a_key_ends_in_a_plain_sentence(simulated: SimulatedTime) -> None:
    provider = make_provider(reads_per_minute=1)
    kept.reserve_of(provider.pk, "bolna").wait(1.0, is_person=True)
    verdict = checking.check_provider(provider.pk)
    assert not verdict.is_ok
    assert "Bolna was not asked: too many requests in the last minute." in str(verdict)
    provider.refresh_from_db()
    assert provider.last_error_at is None
    assert simulated.at - BEGIN <= 7


# Real threads and processes


def lets_through(cap: int, seconds: float) -> int:
    """Return how many requests a cap lets through in so many seconds from a full bucket."""
    return pace.burst_of(cap) + int(seconds / pace.interval_of(cap)) + 1


def test_threads_of_a_slice_need_no_database_of_their_own(for_threads: None) -> None:
    provider = make_provider(reads_per_minute=600)
    errands, had = DatabaseErrands(), []
    reader = ReaderPace(kept.reserve_of(provider.pk, "bolna"), is_person=False, through=errands)

    def read() -> None:
        reader.wait()
        had.append(connection.connection)

    threads = [threading.Thread(target=read) for _ in range(6)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        errands.serve(timeout=0.05)
    assert had == [None] * 6
    errands.close()
    time.sleep(pace.HELD_SECONDS)
    with pytest.raises(NoReadLeft):
        reader.wait()


def test_threads_with_connections_of_their_own_keep_the_cap(for_threads: None) -> None:
    provider = make_provider(reads_per_minute=600)
    used: list[float] = []
    open_after: list[object] = []
    until = time.monotonic() + 3.0

    def read() -> None:
        reserve = Reserve(kept.KeptReads(provider.pk))
        while time.monotonic() < until:
            reserve.wait(35.0, is_person=False)
            used.append(time.monotonic())
        open_after.append(connection.connection)

    began = time.monotonic()
    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert open_after == [None] * 8, "a thread leaves no connection behind"
    assert len(used) <= lets_through(600, max(used) - began)


READER = """
import sys, time, django
django.setup()
from providers.clock import boottime
from providers.models.pace import reserve_of
reserve, until = reserve_of(int(sys.argv[1]), "bolna"), time.monotonic() + 3.0
while time.monotonic() < until:
    reserve.wait(35.0, is_person=False)
    print(boottime(), flush=True)
"""


def test_processes_keep_one_cap(for_threads: None) -> None:
    provider = make_provider(reads_per_minute=600)
    asked_of = connection.settings_dict
    address = f"sqlite:///{asked_of['NAME']}"
    if connection.vendor == "postgresql":
        login = f"{asked_of['USER']}:{asked_of['PASSWORD']}@{asked_of['HOST']}:{asked_of['PORT']}"
        address = f"postgres://{login}/{asked_of['NAME']}"
    env = {**os.environ, "TEST_DATABASE_URL": address, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    root = Path(__file__).parents[2]
    readers = [
        subprocess.Popen(
            [sys.executable, "-c", READER, str(provider.pk)], env=env, cwd=root, text=True, stdout=subprocess.PIPE
        )
        for _ in range(3)
    ]
    used = sorted(float(line) for reader in readers for line in reader.communicate(timeout=60)[0].split())
    assert all(reader.returncode == 0 for reader in readers)
    assert used
    # Whatever instant one looks from: what leaves within any span fits the cap.
    for place, begin in enumerate(used):
        for end in range(place, len(used)):
            span = used[end] - begin + pace.LATE_SECONDS
            assert end - place + 1 <= lets_through(600, span)
