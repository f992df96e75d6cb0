"""Examples for whoever names a cluster: every account before any twice, spread, and the nearest non-members."""

import numpy as np
import pytest

from clio_lite.clustering import NOISE, centroids_of, numbered, unit_rows
from clio_lite.naming import ExampleCounts, NamingExamples, naming_examples, nearest_centroids


def world(seed: int = 0, clusters: int = 30, size: int = 40) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = numbered(rng.permutation(np.repeat(np.arange(clusters), size)))
    vectors = unit_rows(rng.normal(size=(clusters, 12))[labels] + 0.5 * rng.normal(size=(len(labels), 12)))
    return vectors, labels, rng.integers(1, 200, size=len(labels))


def chosen(counts: ExampleCounts, seed: int = 0, **changed: np.ndarray) -> NamingExamples:
    vectors, labels, accounts = world()
    given = {"vectors": vectors, "labels": labels, "accounts": accounts} | changed
    return naming_examples(given["vectors"], given["labels"], given["accounts"], counts=counts, seed=seed)


def test_members_are_members_and_contrasts_are_not_and_both_are_bounded_and_distinct() -> None:
    _, labels, _ = world()
    found = chosen(ExampleCounts(10, 15))
    for number, (members, contrasts) in enumerate(zip(found.members, found.contrasts, strict=True)):
        assert set(labels[members]) == {number}
        assert number not in set(labels[contrasts])
        assert (len(set(members.tolist())), len(set(contrasts.tolist()))) == (10, 15)


def test_no_account_is_shown_twice_before_every_account_is_shown_once() -> None:
    accounts = np.where(np.arange(1_200) % 4 < 3, 1, np.arange(1_200))
    _, labels, _ = world()
    found = chosen(ExampleCounts(10, 10), accounts=accounts)
    for number, members in enumerate(found.members):
        assert len(set(accounts[members])) == min(10, len(set(accounts[labels == number])))
    # Of the 20 nearest rows some two thirds are the heavy account's: most give way to the others.
    shares = [(accounts[contrasts] == 1).mean() for contrasts in found.contrasts]
    assert np.mean(shares) < 0.5


def test_without_heavy_accounts_contrasts_are_the_nearest_rows_of_all_other_clusters() -> None:
    vectors, labels, _ = world()
    found = chosen(ExampleCounts(5, 10), accounts=np.arange(1_200))
    centroids = centroids_of(vectors, labels, 30)
    hits = []
    for number, contrasts in enumerate(found.contrasts):
        closeness = np.where(labels == number, -np.inf, vectors @ centroids[number])
        hits.append(len(set(np.argsort(-closeness)[:10].tolist()) & set(contrasts.tolist())) / 10)
    assert np.mean(hits) > 0.9


def test_members_of_a_round_that_does_not_fit_are_spread_from_the_closest_to_the_farthest() -> None:
    vectors, labels, _ = world(size=200)
    found = chosen(ExampleCounts(10, 0), vectors=vectors, labels=labels, accounts=np.arange(len(labels)))
    centroids = centroids_of(vectors, labels, 30)
    for number, members in enumerate(found.members):
        own = np.sort(vectors[labels == number] @ centroids[number])
        places = np.sort(np.searchsorted(own, vectors[members] @ centroids[number]) / 200)
        assert np.diff(places).max() < 0.25
        assert places[0] < 0.25 < 0.75 < places[-1]


def test_the_seed_and_nothing_else_decides_which_row_of_an_account_is_shown() -> None:
    few = np.arange(1_200) % 3
    one, same, other = (chosen(ExampleCounts(6, 6), seed=seed, accounts=few) for seed in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(one.members, same.members, strict=True))
    assert any(not np.array_equal(a, b) for a, b in zip(one.members, other.members, strict=True))


def test_noise_is_no_example_and_a_lone_cluster_has_no_contrasts() -> None:
    labels = np.where(np.arange(1_200) < 300, NOISE, 0)
    found = chosen(ExampleCounts(1_200, 5), labels=labels)
    assert np.array_equal(np.sort(found.members[0]), np.arange(300, 1_200))
    assert len(found.contrasts[0]) == 0


@pytest.mark.parametrize(("members", "contrasts"), [(0, 5), (5, -1)])
def test_counts_that_show_nothing_are_refused(members: int, contrasts: int) -> None:
    with pytest.raises(ValueError, match="at least 1 member and 0 contrasts"):
        ExampleCounts(members, contrasts)


def test_nearest_centroids_agree_with_sorting_all() -> None:
    centroids = unit_rows(np.random.default_rng(3).normal(size=(700, 8)))
    likeness = centroids @ centroids.T
    np.fill_diagonal(likeness, -np.inf)
    assert np.array_equal(nearest_centroids(centroids, 5), np.argsort(-likeness, axis=1)[:, :5])
    assert nearest_centroids(centroids[:1], 5).shape == (1, 0)
