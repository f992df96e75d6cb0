"""Clusters of vectors: Ward against a slow obvious one, cells against Ward, noise, and what is refused."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_mutual_info_score

from clio_lite.clustering import (
    CELL_SIZE,
    MAX_CLUSTER_COUNT,
    NOISE,
    centroids_of,
    cluster_vectors,
    cut_tree,
    default_cluster_count,
    numbered,
    unit_rows,
    ward_tree,
)


def topic_vectors(topics: int, per_topic: int, *, spread: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(topics, 24))
    topic = np.tile(np.arange(topics), per_topic)
    return unit_rows(centres[topic] + spread * rng.normal(size=(len(topic), 24))), topic


def brute_force_ward(rows: np.ndarray, cluster_count: int) -> list[int]:
    """Join, again and again, the two groups whose union raises the sum of squares least."""
    groups = [[number] for number in range(len(rows))]

    def loss(group: list[int]) -> float:
        return float(((rows[group] - rows[group].mean(axis=0)) ** 2).sum())

    while len(groups) > cluster_count:
        pairs = [(a, b) for a in range(len(groups)) for b in range(a + 1, len(groups))]
        a, b = min(pairs, key=lambda p: loss(groups[p[0]] + groups[p[1]]) - loss(groups[p[0]]) - loss(groups[p[1]]))
        groups[a] += groups.pop(b)
    label = {row: number for number, group in enumerate(groups) for row in group}
    return [label[row] for row in range(len(rows))]


def partition(labels: object) -> set[frozenset[int]]:
    array = np.asarray(labels)
    return {frozenset(np.flatnonzero(array == label).tolist()) for label in np.unique(array)}


@pytest.mark.parametrize("seed", range(5))
def test_ward_agrees_with_joining_the_cheapest_pair_by_brute_force(seed: int) -> None:
    rows = unit_rows(np.random.default_rng(seed).normal(size=(14, 5))).astype(np.float64)
    for wanted in (1, 2, 3, 5, 9, 14):
        assert partition(cut_tree(ward_tree(rows), wanted)) == partition(brute_force_ward(rows, wanted))


def test_equal_rows_are_never_parted_while_there_are_enough_distinct_ones() -> None:
    rows = np.repeat(unit_rows(np.random.default_rng(1).normal(size=(6, 8))), 5, axis=0)
    labels = cluster_vectors(rows, cluster_count=6, seed=0)
    assert partition(labels) == {frozenset(range(5 * topic, 5 * topic + 5)) for topic in range(6)}


def test_exactly_as_many_clusters_come_back_as_ward_was_asked_for() -> None:
    rows, _ = topic_vectors(7, 20, spread=1.0)
    for wanted in (1, 4, 139, 140, 500):
        assert len(np.unique(cluster_vectors(rows, cluster_count=wanted, seed=0))) == min(wanted, 140)


@pytest.mark.parametrize("method", ["ward", "kmeans", "hdbscan"])
def test_clear_topics_are_found_by_every_method(method: str) -> None:
    rows, topic = topic_vectors(8, 40, spread=0.15)
    labels = cluster_vectors(rows, cluster_count=8, method=method, seed=3)
    assert adjusted_mutual_info_score(topic, labels) > 0.95


def test_cells_come_close_to_one_ward_tree_and_repeat_under_one_seed() -> None:
    rows, topic = topic_vectors(150, 40, spread=0.6)
    assert len(rows) > 2 * CELL_SIZE
    in_cells = cluster_vectors(rows, cluster_count=150, method="kmeans", seed=5)
    in_one_tree = cluster_vectors(rows, cluster_count=150, method="ward", seed=5)
    assert np.array_equal(in_cells, cluster_vectors(rows, cluster_count=150, method="kmeans", seed=5))
    assert len(np.unique(in_cells)) <= 150
    in_cells_found, in_tree_found = (adjusted_mutual_info_score(topic, found) for found in (in_cells, in_one_tree))
    assert in_cells_found > in_tree_found - 0.03


def test_fewer_clusters_than_cells_can_be_had() -> None:
    rows, topic = topic_vectors(3, 1_500, spread=0.2)
    labels = cluster_vectors(rows, cluster_count=3, method="kmeans", seed=0)
    assert adjusted_mutual_info_score(topic, labels) > 0.95


def test_equal_rows_beyond_a_cell_end_in_one_cluster() -> None:
    rows = np.tile(unit_rows(np.random.default_rng(2).normal(size=(1, 8))), (CELL_SIZE + 10, 1))
    assert set(cluster_vectors(rows, cluster_count=4, method="kmeans", seed=0)) == {0}


def test_rows_beyond_the_ward_limit_are_clustered_in_cells() -> None:
    rows, topic = topic_vectors(40, 260, spread=0.2)
    labels = cluster_vectors(rows, cluster_count=40, seed=0)
    assert adjusted_mutual_info_score(topic, labels) > 0.95


def test_density_leaves_scattered_rows_in_no_cluster() -> None:
    rows, _ = topic_vectors(4, 60, spread=0.05)
    scattered = unit_rows(np.random.default_rng(9).normal(size=(30, 24)))
    labels = cluster_vectors(np.vstack([rows, scattered]), cluster_count=4, method="hdbscan", seed=0)
    assert (labels[:240] != NOISE).mean() > 0.95
    assert (labels[240:] == NOISE).mean() > 0.7


def test_density_on_a_handful_of_rows_finds_nothing() -> None:
    assert set(cluster_vectors(np.eye(4), cluster_count=None, method="hdbscan", seed=0)) == {NOISE}


def test_nothing_to_cluster_is_no_cluster() -> None:
    assert len(cluster_vectors(np.zeros((0, 3)), cluster_count=None, seed=0)) == 0


def test_one_row_is_one_cluster() -> None:
    assert cluster_vectors(np.ones((1, 3)), cluster_count=None, seed=0).tolist() == [0]


@pytest.mark.parametrize("vectors", [np.ones(3), np.full((2, 2), np.nan)])
def test_vectors_that_are_no_finite_table_are_refused(vectors: np.ndarray) -> None:
    with pytest.raises(ValueError, match="finite array of shape"):
        cluster_vectors(vectors, cluster_count=1, seed=0)


def test_a_cluster_count_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1, got 0"):
        cluster_vectors(np.eye(3), cluster_count=0, seed=0)


@pytest.mark.parametrize(
    ("row_count", "mean_size", "expected"),
    [(0, 10, 1), (4, 10, 1), (500, 10, 50), (500, 30, 17), (1_000_000, 10, MAX_CLUSTER_COUNT)],
)
def test_the_number_of_clusters_follows_the_data_up_to_a_bound(row_count: int, mean_size: int, expected: int) -> None:
    assert default_cluster_count(row_count, mean_size=mean_size) == expected


def test_labels_are_numbered_by_first_appearance_and_noise_stays() -> None:
    assert numbered(np.array([7, NOISE, 3, 7, 9, 3])).tolist() == [0, NOISE, 1, 0, 2, 1]


def test_centroids_are_unit_rows_and_zero_for_an_empty_cluster() -> None:
    centroids = centroids_of(np.array([[1.0, 0.0], [0.0, 1.0]], dtype=np.float32), np.array([0, 0]), 2)
    assert np.allclose(centroids, [[np.sqrt(0.5), np.sqrt(0.5)], [0, 0]])
