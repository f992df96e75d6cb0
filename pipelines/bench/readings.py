"""What is measured, how it is kept, and the tables made of it.

A reading is what one stage took one way at one size. Exponents and ratios are made of CPU seconds, which others on the
machine change least. How the stages are run is in the modules of the parts.
"""

import json
import math
import os
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import polars as pl

from pipelines.errors import PipelineError
from pipelines.progress import StepCost, forget_peak, peak_bytes
from pipelines.storage import replaced

OURS: Final = "ours"
LEAST_CPU_SECONDS: Final = 0.2
"""A stage that took less at the smaller size is too short to tell how it grows."""


@dataclass(frozen=True)
class Reading:
    """What one stage took.

    Attributes:
        stage: What was done.
        way: Who did it: ours, or the baseline.
        size: Conversations, texts or vectors.
        cost: Seconds, CPU seconds and peak memory; None where it was skipped.
        note: What else must be known; the reason where it was skipped.
    """

    stage: str
    way: str
    size: int
    cost: StepCost | None
    note: str = ""


def measure(stage: str, way: str, size: int, work: Callable[[], object], *, note: str = "", times: int = 1) -> Reading:
    """Measure some work in this process, all threads together.

    Args:
        stage: What is done.
        way: Who does it.
        size: Conversations, texts or vectors.
        work: The work.
        note: What else must be known.
        times: How often it is done; the quickest counts.
    """
    readings = []
    for _ in range(times):
        forget_peak()
        started, cpu_started = time.perf_counter(), time.process_time()
        work()
        cost = StepCost(time.perf_counter() - started, time.process_time() - cpu_started, peak_bytes())
        readings.append(Reading(stage, way, size, cost, note))
    return quickest(readings)


def quickest(readings: Iterable[Reading]) -> Reading:
    """The reading with the least CPU seconds of several of the same work, with the least of their seconds."""
    known = [(reading, reading.cost) for reading in readings if reading.cost]
    reading, best = min(known, key=lambda item: item[1].cpu_seconds)
    return replace(reading, cost=replace(best, seconds=min(cost.seconds for _, cost in known)))


def run_child(command: Sequence[str], *, log: Path, environment: Mapping[str, str] | None = None) -> StepCost:
    """Run a command to its end as a process of its own.

    Args:
        command: The command.
        log: File that gets what it says.
        environment: Variables beside those of this process.

    Returns:
        What the process took, its own children left out.

    Raises:
        PipelineError: It failed; names the log.
    """
    started = time.perf_counter()
    with log.open("a", encoding="utf-8") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, env={**os.environ, **(environment or {})}
        )
        try:
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        finally:
            if process.returncode is None:
                process.kill()
                process.wait()
    if process.returncode:
        raise PipelineError(
            f"expected {' '.join(command[:4])} ... to end well, found exit code {process.returncode}: {log} says why"
        )
    seconds = time.perf_counter() - started
    return StepCost(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def write_readings(path: Path, readings: Sequence[Reading]) -> None:
    """Keep readings as one JSON file, whole or not there at all."""
    with replaced(path) as temporary:
        temporary.write_text(json.dumps([asdict(reading) for reading in readings], indent=1))


def read_readings(path: Path) -> list[Reading]:
    """Readings of a file."""
    return [
        Reading(**{**row, "cost": StepCost(**row["cost"]) if row["cost"] else None})
        for row in json.loads(path.read_text())
    ]


def growth_exponent(small: Reading, large: Reading) -> float | None:
    """Exponent b of CPU seconds ~ n^b between two sizes; None where the stage is too short to tell."""
    if not small.cost or not large.cost or large.cost.cpu_seconds <= 0 or large.size <= small.size:
        return None
    if small.cost.cpu_seconds < LEAST_CPU_SECONDS:
        return None
    return math.log(large.cost.cpu_seconds / small.cost.cpu_seconds) / math.log(large.size / small.size)


def _by_stage(readings: Iterable[Reading], way: str) -> dict[str, list[Reading]]:
    """Readings of a way by stage in the order of their first appearance, the sizes rising."""
    found: dict[str, list[Reading]] = {}
    for reading in readings:
        if reading.way == way and reading.cost:
            found.setdefault(reading.stage, []).append(reading)
    return {stage: sorted(own, key=lambda reading: reading.size) for stage, own in found.items()}


def last_exponents(readings: Iterable[Reading]) -> dict[str, float]:
    """Exponent of each of our stages between its two largest sizes, where there are two and it can be told."""
    found = {}
    for stage, own in _by_stage(readings, OURS).items():
        exponent = growth_exponent(*own[-2:]) if len(own) > 1 else None
        if exponent is not None:
            found[stage] = exponent
    return found


def stage_table(readings: Iterable[Reading]) -> pl.DataFrame:
    """One row per stage of ours and size: seconds, CPU seconds, speed, memory, growth since the size before."""
    rows: list[dict[str, Any]] = []
    for stage, own in _by_stage(readings, OURS).items():
        for before, reading in pairwise([None, *own]):
            if reading is None or reading.cost is None:
                continue
            cost = reading.cost
            exponent = growth_exponent(before, reading) if before else None
            rows.append(
                {
                    "stage": stage,
                    "size": reading.size,
                    "s": round(cost.seconds, 2),
                    "CPU s": round(cost.cpu_seconds, 2),
                    "per CPU s": round(reading.size / cost.cpu_seconds) if cost.cpu_seconds else None,
                    "MB": round(cost.peak_bytes / 1e6),
                    "exponent": None if exponent is None else round(exponent, 2),
                }
            )
    return pl.DataFrame(rows, infer_schema_length=None)


def ratio_table(readings: Sequence[Reading]) -> pl.DataFrame:
    """One row per stage and size that somebody else did as well: times as fast as they, by CPU and by wall seconds."""
    ours = {(reading.stage, reading.size): reading.cost for reading in readings if reading.way == OURS}
    rows = []
    for reading in readings:
        own, other = ours.get((reading.stage, reading.size)), reading.cost
        if reading.way == OURS or not own or not other:
            continue
        rows.append(
            {
                "stage": reading.stage,
                "size": reading.size,
                "beside": reading.way,
                "ours CPU s": round(own.cpu_seconds, 2),
                "theirs CPU s": round(other.cpu_seconds, 2),
                "CPU ratio": round(other.cpu_seconds / own.cpu_seconds, 2) if own.cpu_seconds else None,
                "ratio": round(other.seconds / own.seconds, 2) if own.seconds else None,
                "ours MB": round(own.peak_bytes / 1e6),
                "theirs MB": round(other.peak_bytes / 1e6),
            }
        )
    return pl.DataFrame(rows, infer_schema_length=None)


def skipped_table(readings: Iterable[Reading]) -> pl.DataFrame:
    """What was not measured, with the reason."""
    rows = [{"stage": one.stage, "way": one.way, "reason": one.note} for one in readings if one.cost is None]
    return pl.DataFrame(rows, schema={"stage": pl.String, "way": pl.String, "reason": pl.String})
