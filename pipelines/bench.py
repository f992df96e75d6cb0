"""Speed, memory and scaling of every stage on generated conversations, as ratios to a named baseline.

Each size runs in a process of its own, so that its peak memory is its own. Machines are noisy: compare the ratios and
the growth exponents, not the seconds.
"""

import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import polars as pl
from rich.console import Console

from clio_lite.embedding import load_encoder
from pipelines.errors import PipelineError
from pipelines.sample import write_sample
from pipelines.summary import Summary

MONTH: Final = "2026-10"
SHRINK: Final = 4
"""The small run has this part of the conversations of the large one."""
BASELINE_TEXTS: Final = 600


@dataclass(frozen=True)
class SizedRun:
    """One run: its size, its seconds by step, its peak memory."""

    conversations: int
    seconds: dict[str, float]
    peak_bytes: int


def _run_once(conversations: int, seed: int, folder: Path) -> SizedRun:
    source = folder / f"conversations-{MONTH}.jsonl"
    write_sample(conversations, seed=seed, month=MONTH, out=source, truth=None)
    command = [sys.executable, "-m", "pipelines.cli", "run", "--conversations", str(source), "--month", MONTH]
    command += ["--store", str(folder / "store"), "--out", str(folder / "out"), "--json"]
    with (folder / "summary.json").open("w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    summary = json.loads((folder / "summary.json").read_text())
    if process.returncode:
        raise PipelineError(f"the run on {conversations} conversations failed: {summary['message']}")
    return SizedRun(conversations, summary["seconds"], usage.ru_maxrss * 1024)


def growth_exponent(small: SizedRun, large: SizedRun, step: str) -> float | None:
    """Exponent b of seconds ~ n^b between two runs; None where a step is too short to tell."""
    before, after = small.seconds.get(step, 0.0), large.seconds.get(step, 0.0)
    if before < 0.2 or after <= 0:
        return None
    return math.log(after / before) / math.log(large.conversations / small.conversations)


def stage_table(small: SizedRun, large: SizedRun) -> pl.DataFrame:
    """One row per step: seconds at both sizes, conversations per second, growth exponent."""
    rows = [
        {
            "step": step,
            f"seconds at {small.conversations}": round(small.seconds.get(step, 0.0), 2),
            f"seconds at {large.conversations}": round(seconds, 2),
            "conversations per second": round(large.conversations / seconds) if seconds else None,
            "exponent": growth_exponent(small, large, step),
        }
        for step, seconds in large.seconds.items()
    ]
    return pl.DataFrame(rows, infer_schema_length=None)


def encoder_ratio(texts: Sequence[str], cache_dir: Path) -> pl.DataFrame:
    """Texts per second of the default encoder beside sentence-transformers with its defaults, in one process.

    Args:
        texts: Texts to encode; both encode the same.
        cache_dir: Where the exported model is kept.
    """
    speeds = {}
    backends: tuple[tuple[str, Literal["torch", "onnx"]], ...] = (
        ("sentence-transformers (baseline)", "torch"),
        ("onnxruntime (default)", "onnx"),
    )
    for name, backend in backends:
        encoder = load_encoder(None, backend=backend, cache_dir=cache_dir)
        encoder.encode(texts[:16])
        started = time.perf_counter()
        encoder.encode(texts)
        speeds[name] = len(texts) / (time.perf_counter() - started)
    speed = pl.Series("texts per second", list(speeds.values()))
    return pl.DataFrame(
        {"encoder": list(speeds), "texts per second": speed.round(1), "ratio": (speed / speed[0]).round(2)}
    )


def run_bench(conversations: int, *, seed: int, console: Console) -> Summary:
    """Run the index on generated conversations at two sizes, and the encoder beside its baseline.

    Args:
        conversations: Size of the large run; the small one has a quarter.
        seed: Seed of the generator.
        console: Where progress is shown.

    Raises:
        PipelineError: A run failed.
    """
    runs = []
    with tempfile.TemporaryDirectory() as folder:
        for size in (conversations // SHRINK, conversations):
            console.print(f"  running {size} conversations", highlight=False)
            place = Path(folder) / str(size)
            place.mkdir()
            runs.append(_run_once(size, seed, place))
        records = (Path(folder) / str(conversations) / f"conversations-{MONTH}.jsonl").read_text().splitlines()
        texts = [json.loads(line)["messages"][0]["content"] for line in records[:BASELINE_TEXTS]]
        encoders = encoder_ratio(texts, Path(folder) / "encoder")
    small, large = runs
    memory = pl.DataFrame(
        {
            "conversations": [run.conversations for run in runs],
            "peak memory MB": [round(run.peak_bytes / 1e6) for run in runs],
            "seconds in all": [round(sum(run.seconds.values()), 1) for run in runs],
        }
    )
    return Summary(
        title="Benchmark",
        facts={"cores": os.cpu_count(), "largest exponent": _largest(small, large)},
        tables={"stages": stage_table(small, large), "whole run": memory, "encoder": encoders},
    )


def _largest(small: SizedRun, large: SizedRun) -> float | None:
    exponents = [growth_exponent(small, large, step) for step in large.seconds]
    return max((round(value, 2) for value in exponents if value is not None), default=None)
