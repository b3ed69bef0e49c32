"""The verdict after a run: the simulator's journal is the truth, our rows are compared with it."""

from __future__ import annotations

import datetime
import statistics
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from campaigns import rules

if TYPE_CHECKING:
    from tests.faults.stage import Stage

HEADINGS = (
    "scenario", "engine", "people", "kills", "stops", "restarts", "dialled twice", "lost", "unknown to us",
    "unknowns", "settled", "bound: median", "bound: p99", "scale", "took",
)  # fmt: skip


@dataclass(slots=True, kw_only=True)
class Verdict:
    """What one run showed. Times are seconds at default timers: measured, multiplied by `scale`."""

    scenario: str
    engine: str
    people: int
    kills: int
    stops: int
    restarts: int
    dialled_twice: int
    """People that the vendors dialled more than once."""
    lost: int
    """People without a row, or whose row ends in no named state."""
    unknown_to_us: int
    """Vendor calls that no row of ours names."""
    opened: int
    settled: int
    bound_after: list[float]
    """Seconds from the deadline until an unknown that had been placed was bound; 0 where it was earlier."""
    scale: float
    took: float

    def cells(self) -> tuple[str, ...]:
        """Return the line of the table."""
        return (
            self.scenario, self.engine, *(str(n) for n in (
                self.people, self.kills, self.stops, self.restarts, self.dialled_twice, self.lost, self.unknown_to_us,
                self.opened, self.settled,
            )),
            f"{percentile(self.bound_after, 50):.0f} s", f"{percentile(self.bound_after, 99):.0f} s",
            f"{self.scale:g}", f"{self.took:.0f} s",
        )  # fmt: skip


def judge(stage: Stage, scenario: str) -> Verdict:
    """Compare the rows of a stage with its journal."""
    journal = stage.journal()
    calls = stage.rows("SELECT id, to_number, status, remote_id, placing_at FROM campaigns_call")
    events = stage.rows("SELECT call_id, code, at, from_status, to_status FROM campaigns_callevent ORDER BY id")
    numbers = {row[1] for row in stage.rows("SELECT id, phone FROM campaigns_contact")}
    dialled = Counter(entry["to_number"] for entry in journal)
    campaigns_of = Counter(row[1] for row in calls)
    ours = {row[3] for row in calls if row[3]}
    named = {"completed", "no_answer", "busy", "failed", "canceled", "skipped"}
    opened = {row[0] for row in events if row[1] in {"outcome_unknown", "worker_lost"}}
    states = {row[0]: row[2] for row in calls}
    order = datetime.timedelta(seconds=(rules.HTTP_DEADLINE + rules.PRESEND + rules.GRACE) / stage.scale)
    deadlines = {row[0]: moment(row[4]) + order for row in calls if row[4]}
    bound = [
        max(0.0, (moment(at) - deadlines[call_id]).total_seconds()) * stage.scale
        for call_id, code, at, _from, _to in events
        if code in {"bound", "bound_by_number"} and call_id in deadlines
    ]
    return Verdict(
        scenario=scenario,
        engine=stage.engine,
        people=stage.people,
        kills=stage.kills,
        stops=stage.stops,
        restarts=stage.restarts,
        dialled_twice=sum(times > campaigns_of[number] for number, times in dialled.items()),
        lost=len(numbers - set(campaigns_of)) + sum(row[2] not in named for row in calls),
        unknown_to_us=sum(entry["remote_id"] not in ours for entry in journal),
        opened=len(opened),
        settled=sum(states[call_id] != "unknown" for call_id in opened),
        bound_after=bound,
        scale=stage.scale,
        took=time.monotonic() - stage.began,
    )


def moment(value: Any) -> datetime.datetime:
    """Return a time as the database gave it."""
    found = value if isinstance(value, datetime.datetime) else datetime.datetime.fromisoformat(value)
    return found if found.tzinfo else found.replace(tzinfo=datetime.UTC)


def percentile(values: list[float], percent: int) -> float:
    """Return a percentile; 0 of nothing."""
    if len(values) < 2:
        return values[0] if values else 0.0
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def table(verdicts: list[Verdict]) -> str:
    """Return the table that every run prints."""
    lines = [HEADINGS, *(verdict.cells() for verdict in verdicts)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)
