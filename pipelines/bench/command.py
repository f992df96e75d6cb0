"""What `usage-index bench` does: run the parts that have no readings yet, and join what there is into tables."""

import hashlib
import json
import os
import platform
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from pipelines.bench.encoding import TEXTS
from pipelines.bench.index_run import ended_stages
from pipelines.bench.readings import (
    Reading,
    last_exponents,
    ratio_table,
    read_readings,
    run_child,
    skipped_table,
    stage_table,
)
from pipelines.defs.resources import open_store
from pipelines.errors import PipelineError
from pipelines.provenance import code_version
from pipelines.settings import load_settings
from pipelines.summary import Summary

KURA_FOLDER: Final = "kura"
PART_NAMES: Final = ("index", "encoder", "map", "vectors", "kura")
STARTER_NAME: Final = "starter"
SHRINK: Final = 10
"""Each size has this part of the conversations of the next larger one."""

DEFAULT_TEXTS: Final = 5_000
LEAST_SIZE: Final = 2_000
"""Sizes go down to this one, and by one step from the largest in any case."""


@dataclass(frozen=True)
class Plan:
    """What is to be measured.

    Attributes:
        conversations: Largest number of conversations of the whole index.
        texts: Numbers of texts to match.
        vectors: Largest number of vectors to cluster.
        parts: Names of the parts.
        seed: Seed of everything generated.
        onet: Release that the index and the matching use, as the settings name it.
        encoded: Texts of each kind that the encoder is measured on.
    """

    conversations: int
    texts: Sequence[int]
    vectors: int
    parts: Sequence[str] = PART_NAMES
    seed: int = 0
    onet: str = STARTER_NAME
    encoded: int = TEXTS

    def runs(self) -> list[tuple[str, dict[str, Any]]]:
        """Part and arguments of every measurement, the quick ones first."""
        shared = {"seed": self.seed, "onet": self.onet}
        runs: list[tuple[str, dict[str, Any]]] = [("encoder", {"seed": self.seed, "size": self.encoded})]
        runs += [(part, {"seed": self.seed, "size": self.vectors}) for part in ("vectors", "kura")]
        runs += [("map", {"size": size, **shared}) for size in sorted(self.texts)]
        runs += [("index", {"size": size, **shared}) for size in index_sizes(self.conversations)]
        return [run for run in runs if run[0] in self.parts]


def index_sizes(largest: int) -> list[int]:
    """Sizes of the runs of the whole index: tenths of the largest down to `LEAST_SIZE`, at least two."""
    sizes = [largest, largest // SHRINK]
    while sizes[-1] // SHRINK >= LEAST_SIZE:
        sizes.append(sizes[-1] // SHRINK)
    return sorted(sizes)


def run_bench(plan: Plan, *, folder: Path, console: Console) -> Summary:
    """Measure what has no readings of this code yet, and show all that there are.

    Args:
        plan: What is to be measured.
        folder: Where readings are kept, and kura's environment; the rest of what a measurement makes is removed.
        console: Where progress is shown.

    Raises:
        PipelineError: A measurement failed, or an unknown part is asked for.
    """
    unknown = sorted(set(plan.parts) - set(PART_NAMES))
    if unknown:
        raise PipelineError(f"expected parts among {', '.join(PART_NAMES)}, found {', '.join(unknown)}: check --part")
    code = code_version().rsplit("+", 1)[-1]
    place = folder / f"{code}-{_digest({'seed': plan.seed, 'onet': plan.onet})}"
    for part, arguments in plan.runs():
        _measure(part, arguments, folder, place, console)
    return _summary(place)


def bench_command(
    console: Console,
    *,
    conversations: int,
    texts: Sequence[int] | None,
    vectors: int,
    parts: Sequence[str] | None,
    onet: str | None,
    folder: str | None,
    seed: int,
    **given: object,
) -> Summary:
    """Measure as the options say.

    Args:
        console: Where progress is shown.
        conversations: Largest number of conversations.
        texts: Numbers of texts to match; None for 5,000.
        vectors: Largest number of vectors.
        parts: Names of the parts; None for all.
        onet: Release as the settings name it; None for the starter catalogue.
        folder: Where readings are kept; None: in the store.
        seed: Seed of everything generated.
        **given: Settings of the command line; None means not given.
    """
    plan = Plan(conversations, texts or [DEFAULT_TEXTS], vectors, parts or PART_NAMES, seed, onet or STARTER_NAME)
    place = Path(folder) if folder else open_store(load_settings(**given)).root / "bench"
    return run_bench(plan, folder=place.resolve(), console=console)


def _digest(values: Mapping[str, Any]) -> str:
    """Short digest of some values."""
    return hashlib.blake2b(json.dumps(values, sort_keys=True).encode(), digest_size=3).hexdigest()


def _measure(part: str, arguments: Mapping[str, Any], folder: Path, place: Path, console: Console) -> None:
    """Keep the readings of a part at a size, unless they are there."""
    name = f"{part}-{arguments['size']}"
    result = place / f"{name}.json"
    if result.is_file():
        console.print(f"  [dim]{part}, {arguments['size']}: measured before[/dim]", highlight=False)
        return
    console.print(f"  measuring {part}, {arguments['size']}", highlight=False)
    # kura's environment depends on no code of ours, and a run of the index that was cut off goes on in its folder.
    work = folder / KURA_FOLDER if part == "kura" else place / name
    work.mkdir(parents=True, exist_ok=True)
    place.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pipelines.bench", part, json.dumps(arguments), str(work), str(result)]
    run_child(command, log=place / f"{name}.log")
    if part != "kura":
        shutil.rmtree(work)


def kept_readings(place: Path) -> tuple[list[Reading], list[int]]:
    """All readings of a folder, and the sizes of the index whose run was cut off after some stages.

    Args:
        place: Folder of the readings of one code, seed and release.
    """
    readings: list[Reading] = []
    for name in PART_NAMES:
        for path in sorted(place.glob(f"{name}-*.json"), key=lambda path: int(path.stem.split("-")[1])):
            readings += read_readings(path)
    unfinished = []
    for work in sorted(place.glob("index-*/")):
        size = int(work.name.split("-")[1])
        ended = ended_stages(work, size)
        if ended and not work.with_name(f"{work.name}.json").is_file():
            unfinished.append(size)
            readings += ended
    return readings, unfinished


def processor() -> str:
    """Name of the processor, where the system tells it."""
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text().splitlines() if facts.is_file() else []
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def _summary(place: Path) -> Summary:
    """Tables of all readings of a folder."""
    readings, unfinished = kept_readings(place)
    exponents = last_exponents(readings)
    largest = max(exponents, key=lambda stage: exponents[stage], default=None)
    tables = {
        "Stages": stage_table(readings),
        "Beside others": ratio_table(readings),
        "Not measured": skipped_table(readings),
    }
    return Summary(
        title="Benchmark",
        facts={
            "code": place.name,
            "processor": processor(),
            "cores": os.cpu_count(),
            "load": round(os.getloadavg()[0], 1),
            "largest exponent": f"{exponents[largest]:.2f}, {largest}" if largest else None,
            "cut off": ", ".join(map(str, unfinished)) or "none",
            "readings": str(place),
        },
        tables={name: table for name, table in tables.items() if table.height},
    )
