"""The whole index on generated conversations, stage by stage; a run that was cut off goes on where it ended."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from pipelines.bench.readings import OURS, Reading
from pipelines.defs.resources import open_store
from pipelines.progress import StepCost
from pipelines.runner import run_month
from pipelines.sample import write_sample
from pipelines.settings import load_settings

MONTH: Final = "2026-10"
WHOLE: Final = "whole index"
JOURNAL: Final = "stages.jsonl"


def index_readings(arguments: Mapping[str, Any], work: Path) -> list[Reading]:
    """Run the index and say what each stage took.

    Args:
        arguments: `size`, `seed` and the release, `onet`, as the settings name it.
        work: Folder of the run; holds its store, and the costs of the stages that have ended.
    """
    size, seed = int(arguments["size"]), int(arguments["seed"])
    source, journal = work / f"conversations-{MONTH}.jsonl", work / JOURNAL
    if not source.is_file():
        write_sample(size, seed=seed, month=MONTH, out=source, truth=None)
    settings = load_settings(
        conversations=str(source), home=str(work / "store"), out=str(work / "out"), onet=arguments["onet"], seed=seed
    )

    def keep(stage: str, cost: StepCost) -> None:
        with journal.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps({"stage": stage, **asdict(cost)}) + "\n")

    run_month(settings, open_store(settings), MONTH, Console(), on_cost=keep)
    costs = _costs(journal)
    whole = sum(list(costs.values())[1:], start=next(iter(costs.values())))
    return [*ended_stages(work, size), Reading(WHOLE, OURS, size, whole)]


def ended_stages(work: Path, size: int) -> list[Reading]:
    """Readings of the stages that a run has ended, also where it was cut off.

    Args:
        work: Folder of the run.
        size: Its conversations.
    """
    return [Reading(stage, OURS, size, cost) for stage, cost in _costs(work / JOURNAL).items()]


def _costs(journal: Path) -> dict[str, StepCost]:
    """Costs by stage, a line each; a stage that was run again counts as it was run last."""
    costs: dict[str, StepCost] = {}
    for line in journal.read_text().splitlines() if journal.is_file() else ():
        row = json.loads(line)
        stage = row.pop("stage")
        costs[stage] = StepCost(**row)
    return costs
