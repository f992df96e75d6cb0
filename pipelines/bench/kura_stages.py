"""Run by kura's own Python, which has none of our packages: kura's stages on given vectors, measured.

Arguments: file of vectors (.npy), file to write (.json), and after them the sizes for clustering and, behind a dash,
those for contrastive examples. What comes out are rows of stage, size, seconds, CPU seconds and peak bytes.
"""

import asyncio
import json
import math
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

Vectors = np.ndarray[Any, np.dtype[np.float32]]
MEAN_SIZE = 10
TIMES = 2
WARM_ROWS = 200
CLEAR = Path("/proc/self/clear_refs")
STATUS = Path("/proc/self/status")


class GivenVectors:
    """Stands for kura's embedding model: gives vectors that are there already."""

    def __init__(self, vectors: list[Any]) -> None:
        """Keep the vectors to give."""
        self.vectors = vectors

    async def embed(self, texts: list[str]) -> list[Any]:
        """Give one vector for each text."""
        return self.vectors[: len(texts)]


def peak_bytes() -> int:
    """Most memory held since the peak was last forgotten; 0 where the system cannot tell."""
    lines = STATUS.read_text().splitlines() if STATUS.exists() else []
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), 0)


def measured(stage: str, size: int, work: Callable[[], object]) -> dict[str, Any]:
    """What some work took."""
    if CLEAR.exists():
        CLEAR.write_text("5")
    started, cpu_started = time.perf_counter(), time.process_time()
    work()
    return {
        "stage": stage,
        "size": size,
        "seconds": time.perf_counter() - started,
        "cpu_seconds": time.process_time() - cpu_started,
        "peak_bytes": peak_bytes(),
    }


def quickest(stage: str, size: int, work: Callable[[], object]) -> dict[str, Any]:
    """What the quickest of several times took."""
    return min((measured(stage, size, work) for _ in range(TIMES)), key=lambda row: row["cpu_seconds"])


def items_of(vectors: Vectors) -> list[Any]:
    """Summaries with their vectors, as kura's clustering takes them."""
    from kura.types.summarisation import ConversationSummary

    return [
        {
            "embedding": vector,
            "item": ConversationSummary(summary=f"request {number}", chat_id=str(number), metadata={}),
        }
        for number, vector in enumerate(vectors.tolist())
    ]


def clustered(vectors: Vectors) -> dict[int, Any]:
    """Clusters by kura's method for large data."""
    from kura.k_means import MiniBatchKmeansClusteringMethod

    clusters: dict[int, Any] = MiniBatchKmeansClusteringMethod(clusters_per_group=MEAN_SIZE).cluster(items_of(vectors))
    return clusters


def contrasts(clusters: dict[int, Any]) -> None:
    """Contrastive examples of every cluster, as kura chooses them before it names one."""
    from kura.cluster import get_contrastive_examples

    for number in clusters:
        get_contrastive_examples(number, cluster_id_to_summaries=clusters)


def projected(vectors: Vectors) -> None:
    """Places of clusters on a plane by kura's UMAP, from the vectors given for their texts."""
    from kura.dimensionality import HDBUMAP
    from kura.types import Cluster

    clusters = [
        Cluster(name=str(number), description="", slug="a_b_c", chat_ids=[], parent_id=None)
        for number in range(len(vectors))
    ]
    model = HDBUMAP(embedding_model=GivenVectors(vectors.tolist()))
    asyncio.run(model.reduce_dimensionality(clusters))


def main(source: str, target: str, sizes: list[int], contrast_sizes: list[int]) -> None:
    """Measure all stages and write the rows."""
    everything = np.load(source)
    clustered(everything[:WARM_ROWS])  # libraries are loaded and compiled before anything is timed
    projected(everything[:WARM_ROWS])
    rows = []
    for size in sizes:
        part = everything[:size]
        rows.append(quickest("cluster", size, partial(clustered, part)))
        rows.append(quickest("map", size, partial(projected, part[: math.ceil(size / MEAN_SIZE)])))
    for size in contrast_sizes:
        found = {number: own for number, own in clustered(everything[:size]).items() if own}
        rows.append(measured("contrasts", size, partial(contrasts, found)))
    Path(target).write_text(json.dumps(rows))


if __name__ == "__main__":
    split = sys.argv.index("-")
    main(sys.argv[1], sys.argv[2], [int(one) for one in sys.argv[3:split]], [int(one) for one in sys.argv[split + 1 :]])
