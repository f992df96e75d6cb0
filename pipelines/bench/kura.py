"""kura's stages beside ours on the same vectors, by kura itself in an environment of its own.

kura's embedding, summaries, names and meta-clusters ask a language model or a service: left out, and said to be.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from pipelines.bench import kura_stages
from pipelines.bench.readings import Reading, run_child
from pipelines.bench.vectors import CLUSTER, CONTRASTS, MAP, generated_vectors, vector_sizes
from pipelines.errors import PipelineError
from pipelines.progress import StepCost

VERSION: Final = "0.5.4"
KURA: Final = f"kura {VERSION}"
MOST_CONTRASTED: Final = 10_000
"""kura's choice of contrastive examples takes minutes there and grows with the square."""

STAGES: Final = {"cluster": CLUSTER, "contrasts": CONTRASTS, "map": MAP}
NOTES: Final = {
    "cluster": "MiniBatchKMeans",
    "contrasts": "10 contrasts of each cluster, no members",
    "map": "UMAP, vectors given",
}
NEEDS_MODEL: Final = {
    "summaries": "asks a language model for every conversation",
    "names of clusters": "asks a language model for every cluster",
    "meta-clusters": "asks a language model to propose, name and assign groups",
}


def kura_readings(arguments: Mapping[str, Any], work: Path) -> list[Reading]:
    """Measure kura's stages; where it cannot be installed or run they are skipped with the reason.

    Args:
        arguments: `size` of the largest set of vectors, as for ours, and `seed`.
        work: Folder of the environment and the vectors.
    """
    skipped = [Reading(stage, KURA, 0, None, reason) for stage, reason in NEEDS_MODEL.items()]
    log = work / "log.txt"
    largest, seed = int(arguments["size"]), int(arguments["seed"])
    sizes = vector_sizes(largest)["cluster"]
    contrasted = [min(size, MOST_CONTRASTED) for size in sizes[:1]]
    source, target = work / "vectors.npy", work / "kura.json"
    np.save(source, generated_vectors(largest, seed=seed)[: sizes[-1]])
    try:
        python = _environment(work, log)
        command = [str(python), "-I", kura_stages.__file__, str(source), str(target), *map(str, sizes), "-"]
        run_child([*command, *map(str, contrasted)], log=log, environment={"OPENAI_API_KEY": "none-is-asked"})
    except (PipelineError, OSError, subprocess.CalledProcessError) as error:
        reason = f"kura could not be installed or run ({type(error).__name__}): {log} says why"
        return [*skipped, *(Reading(stage, KURA, 0, None, reason) for stage in STAGES.values())]
    rows = json.loads(target.read_text())
    return [
        *(
            Reading(
                STAGES[row["stage"]],
                KURA,
                row["size"],
                StepCost(row["seconds"], row["cpu_seconds"], row["peak_bytes"]),
                NOTES[row["stage"]],
            )
            for row in rows
        ),
        *skipped,
    ]


def _environment(work: Path, log: Path) -> Path:
    """Python of an environment with kura, made on first use."""
    folder = work / f"kura-{VERSION}"
    python = folder / "bin" / "python"
    if not (folder / "installed").is_file():
        run_child([sys.executable, "-m", "venv", "--clear", str(folder)], log=log)
        run_child([str(python), "-m", "pip", "install", "--quiet", f"kura=={VERSION}"], log=log)
        (folder / "installed").touch()
    return python
