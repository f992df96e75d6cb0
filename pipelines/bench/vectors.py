"""Clustering, naming examples, levels and map on generated vectors, far beyond what is quick to encode."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from clio_lite.clustering import Labels, Vectors, centroids_of, cluster_vectors, default_cluster_count, unit_rows
from clio_lite.hierarchy import BaseClusters, WardLevels, map_places
from clio_lite.naming import ExampleCounts, naming_examples
from pipelines.bench.readings import OURS, Reading, measure

DIMENSIONS: Final = 384
SUBJECTS: Final = 250
KINDS: Final = 20
SUBJECT_PART: Final = 0.35
KIND_PART: Final = 0.2
"""With these parts a vector's cosine to its subject is .59 and to its kind .74, as those of prompts to the centroids of
200 and of 2,000 clusters are."""

MEAN_SIZE: Final = 10
TIMES: Final = 2
"""How often each stage is done; the quickest counts, for kura as well."""
ACCOUNT_SIZE: Final = 4
CLUSTER: Final = "cluster, k = n / 10"
CONTRASTS: Final = "examples for naming"
MAP: Final = "2-D map of n / 10 clusters"


def generated_vectors(count: int, *, seed: int) -> Vectors:
    """Unit vectors of `SUBJECTS` subjects of unequal size, of `KINDS` kinds each.

    Args:
        count: How many.
        seed: Seed.
    """
    rng = np.random.default_rng(seed)
    subjects = unit_rows(rng.standard_normal((SUBJECTS, DIMENSIONS)))
    kinds = unit_rows(rng.standard_normal((SUBJECTS * KINDS, DIMENSIONS)))
    weights = 1 / np.arange(1, SUBJECTS + 1) ** 0.5
    subject = rng.choice(SUBJECTS, size=count, p=weights / weights.sum())
    kind = subject * KINDS + rng.integers(0, KINDS, size=count)
    noise = unit_rows(rng.standard_normal((count, DIMENSIONS), dtype=np.float32))
    parts = SUBJECT_PART**0.5 * subjects[subject] + KIND_PART**0.5 * kinds[kind]
    return unit_rows(parts + (1 - SUBJECT_PART - KIND_PART) ** 0.5 * noise)


def vector_sizes(largest: int) -> dict[str, list[int]]:
    """Sizes of each measurement, from the largest number of vectors."""
    tenth, fifth, two_fifths = (largest // part for part in (10, 5, 2.5))
    return {"cluster": [int(tenth), int(fifth)], "grow": [int(two_fifths), largest]}


def vector_readings(arguments: Mapping[str, Any], work: Path) -> list[Reading]:
    """Cluster, choose examples, build levels and place clusters at several sizes.

    Args:
        arguments: `size` of the largest, `seed`.
        work: Not used.
    """
    largest, seed = int(arguments["size"]), int(arguments["seed"])
    everything = generated_vectors(largest, seed=seed)
    sizes = vector_sizes(largest)
    cluster_vectors(everything[:200], cluster_count=20, seed=seed)  # libraries are loaded before anything is timed
    map_places(everything[:60], seed=seed)
    readings: list[Reading] = []
    for size in sizes["cluster"]:
        rows = everything[:size]
        labels = _clustered(readings, CLUSTER, rows, size // MEAN_SIZE, seed)
        readings.append(_examples(rows, labels, seed))
        readings.append(_map(rows, labels, seed))
    for size in sizes["grow"]:
        rows = everything[:size]
        labels = _clustered(readings, "cluster, k by default", rows, default_cluster_count(size), seed)
        readings += _hierarchy(rows, labels, seed)
        readings.append(_examples(rows, labels, seed))
    return readings


def _clustered(readings: list[Reading], stage: str, rows: Vectors, cluster_count: int, seed: int) -> Labels:
    """Cluster, note what it took, and give the labels."""
    found: list[Labels] = []
    work = measure(
        stage,
        OURS,
        len(rows),
        lambda: found.append(cluster_vectors(rows, cluster_count=cluster_count, seed=seed)),
        note=f"k = {cluster_count}",
        times=TIMES,
    )
    readings.append(work)
    return found[0]


def _examples(rows: Vectors, labels: Labels, seed: int) -> Reading:
    """Choose members and contrasts of every cluster."""
    accounts = np.random.default_rng(seed).integers(1, 2 + len(rows) // ACCOUNT_SIZE, size=len(rows))
    return measure(
        CONTRASTS,
        OURS,
        len(rows),
        lambda: naming_examples(rows, labels, accounts, counts=ExampleCounts(), seed=seed),
        note=f"50 members and 50 contrasts of {int(labels.max()) + 1} clusters",
        times=TIMES,
    )


def _hierarchy(rows: Vectors, labels: Labels, seed: int) -> list[Reading]:
    """Build the levels above the clusters and place them on the map."""
    count = int(labels.max()) + 1
    centroids = centroids_of(rows, labels, count)
    base = BaseClusters(centroids, np.bincount(labels), [None] * count)
    note, n = f"{count} clusters", len(rows)
    return [
        measure("levels above", OURS, n, lambda: WardLevels().build(base, levels=3, seed=seed), note=note, times=TIMES),
        measure("2-D map", OURS, n, lambda: map_places(centroids, seed=seed), note=note, times=TIMES),
    ]


def _map(rows: Vectors, labels: Labels, seed: int) -> Reading:
    """Place the clusters of some rows on the map."""
    centroids = centroids_of(rows, labels, int(labels.max()) + 1)
    note = f"{len(centroids)} clusters"
    return measure(MAP, OURS, len(rows), lambda: map_places(centroids, seed=seed), note=note, times=TIMES)
