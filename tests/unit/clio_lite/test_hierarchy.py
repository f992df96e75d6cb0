"""Levels above the base and the map."""

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness

from clio_lite.clustering import unit_rows
from clio_lite.hierarchy import BaseClusters, Level, WardLevels, check_levels, level_sizes, map_places


@pytest.mark.parametrize(
    ("base_count", "levels", "expected"),
    [
        (1, 3, [1]),
        (2, 3, [2, 1]),
        (4, 3, [4, 3, 2]),
        (50, 3, [50, 19, 7]),
        (1_000, 3, [1_000, 100, 10]),
        (1_000, 2, [1_000, 10]),
        (1_000, 1, [1_000]),
        (10_000, 4, [10_000, 1_000, 100, 10]),
    ],
)
def test_levels_shrink_by_a_constant_ratio_to_about_ten(base_count: int, levels: int, expected: list[int]) -> None:
    assert level_sizes(base_count, levels=levels) == expected


@pytest.mark.parametrize(("base_count", "levels"), [(0, 3), (5, 0)])
def test_no_levels_over_nothing(base_count: int, levels: int) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        level_sizes(base_count, levels=levels)


def test_levels_are_nested_and_neighbours_meet_first() -> None:
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(4, 12))
    centroids = unit_rows(np.repeat(centres, 16, axis=0) + 0.05 * rng.normal(size=(64, 12)))
    base = np.arange(64)
    middle, top = (
        level.groups
        for level in WardLevels().build(BaseClusters(centroids, np.ones(64, dtype=int), [None] * 64), levels=3, seed=0)
    )
    for lower, upper in ((base, middle), (middle, top)):
        assert all(len(set(upper[lower == group])) == 1 for group in set(lower))
    assert all(len(set(np.flatnonzero(top == group) // 16)) == 1 for group in set(top))


@pytest.mark.parametrize(
    ("levels", "complaint"),
    [
        ([[0, 0, 1]], "level 1: expected one group"),
        ([[0, 0, 2, 2]], "level 1: expected one group"),
        ([[0, 0, 1, 1], [0, 1, 1, 1]], "level 2: expected every cluster"),
    ],
)
def test_levels_that_are_no_hierarchy_are_refused(levels: list[list[int]], complaint: str) -> None:
    check_levels([Level(np.array([0, 0, 1, 1])), Level(np.zeros(4, dtype=int))], 4)
    with pytest.raises(ValueError, match=complaint):
        check_levels([Level(np.array(groups)) for groups in levels], 4)


def test_the_map_keeps_apart_what_is_far_apart_and_fits_its_frame() -> None:
    rng = np.random.default_rng(1)
    centroids = unit_rows(np.repeat(np.eye(3, 10), 5, axis=0) + 0.02 * rng.normal(size=(15, 10)))
    places = map_places(centroids, seed=0)
    assert np.abs(places).max() == pytest.approx(1.0)
    within = np.linalg.norm(places[0] - places[4])
    assert min(np.linalg.norm(places[0] - places[5]), np.linalg.norm(places[5] - places[10])) > 5 * within


@pytest.mark.parametrize("centroids", [np.ones((1, 4)), np.ones((3, 4))])
def test_clusters_that_lie_together_share_the_middle_of_the_map(centroids: np.ndarray) -> None:
    assert not map_places(centroids, seed=0).any()


def test_two_clusters_lie_on_one_line() -> None:
    places = map_places(np.eye(2), seed=0)
    assert np.abs(places[:, 0]).tolist() == [1.0, 1.0]
    assert not places[:, 1].any()


def test_neighbours_on_the_map_are_neighbours_in_meaning_and_stay_so_under_one_seed() -> None:
    rng = np.random.default_rng(2)
    topics = unit_rows(rng.normal(size=(30, 40)))
    centroids = unit_rows(np.repeat(topics, 6, axis=0) + 0.08 * rng.normal(size=(180, 40)))
    places = map_places(centroids, seed=3)
    assert np.array_equal(places, map_places(centroids, seed=3))
    assert np.abs(places).max() == pytest.approx(1.0)
    of_places, of_two_components = (
        trustworthiness(centroids, found, n_neighbors=5, metric="cosine")
        for found in (places, PCA(2, svd_solver="full").fit_transform(centroids))
    )
    assert of_places > 0.95
    assert of_two_components < 0.9
