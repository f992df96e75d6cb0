"""Clusters from month to month: known continuations, splits, merges, births and deaths."""

from collections.abc import Mapping

import numpy as np
import polars as pl
import pytest

from clio_lite.clustering import unit_rows
from clio_lite.lineage import Lineage, trace_clusters

PLACES = unit_rows(np.random.default_rng(5).normal(size=(8, 16)))
PER_PLACE = 40


def month(clusters: Mapping[str, list[int]], *, seed: int, level: int = 0) -> dict[str, pl.DataFrame]:
    """Conversations around numbered places, each cluster holding those of its places (a place may be in two)."""
    rng = np.random.default_rng(seed)
    holders: dict[int, list[str]] = {}
    for name, places in clusters.items():
        for place in places:
            holders.setdefault(place, []).append(name)
    rows = []
    vectors = []
    for place, names in sorted(holders.items()):
        for number in range(PER_PLACE):
            rows.append((f"{seed}-{place}-{number:03d}", level, names[number % len(names)]))
            vectors.append(PLACES[place] + 0.05 * rng.normal(size=16))
    ids = [row[0] for row in rows]
    vectors_ = unit_rows(np.array(vectors))
    return {
        "members": pl.DataFrame(
            rows,
            schema={"conversation_id": pl.String, "cluster_level": pl.Int64, "cluster_id": pl.String},
            orient="row",
        ),
        "embeddings": pl.DataFrame(
            {"conversation_id": ids, "embedding": vectors_},
            schema_overrides={"embedding": pl.Array(pl.Float32, 16)},
        ),
        "accounts": pl.DataFrame(
            {"conversation_id": ids, "account_key": [f"k{n % 20}" for n in range(len(ids))], "is_counted": True}
        ),
    }


def trace(before: Mapping[str, list[int]], after: Mapping[str, list[int]]) -> Lineage:
    earlier = trace_clusters(**month(before, seed=1), earlier=None, encoder="e").centroids
    return trace_clusters(**month(after, seed=2), earlier=earlier, encoder="e")


def relations(found: Lineage) -> set[tuple[str, str, str]]:
    return set(found.links.select("prev_cluster_id", "cluster_id", "relation").iter_rows())


def ids_of(found: Lineage) -> dict[str, str]:
    return dict(found.centroids.select("cluster_id", "persistent_id").iter_rows())


def test_clusters_that_stay_go_on_under_the_same_id_with_nearly_whole_overlaps() -> None:
    found = trace({"a": [0], "b": [1]}, {"x": [0], "y": [1]})
    assert relations(found) == {("a", "x", "continuation"), ("b", "y", "continuation")}
    assert ids_of(found) == {"x": "a", "y": "b"}
    assert found.links["overlap_share"].min() > 0.85
    assert found.links["prev_overlap_share"].to_list() == [1.0, 1.0]


def test_an_id_is_handed_on_over_several_months() -> None:
    second = trace({"a": [0], "b": [1]}, {"x": [0], "y": [1]})
    third = trace_clusters(**month({"m": [1], "n": [0]}, seed=3), earlier=second.centroids, encoder="e")
    assert ids_of(third) == {"m": "b", "n": "a"}


def test_a_cluster_that_falls_apart_is_a_split_and_its_larger_part_keeps_the_id() -> None:
    found = trace({"a": [0, 1, 2], "b": [3]}, {"x": [0, 1], "y": [2], "z": [3]})
    assert relations(found) == {("a", "x", "split"), ("a", "y", "split"), ("b", "z", "continuation")}
    assert ids_of(found) == {"x": "a", "y": "y", "z": "b"}
    shares = dict(found.links.select("cluster_id", "prev_overlap_share").iter_rows())
    assert (shares["x"], shares["y"]) == pytest.approx((2 / 3, 1 / 3), abs=0.05)


def test_clusters_that_join_are_a_merge_under_the_id_of_the_larger_one() -> None:
    found = trace({"a": [0], "b": [1, 2], "c": [3]}, {"x": [0, 1, 2], "z": [3]})
    assert relations(found) == {("a", "x", "merge"), ("b", "x", "merge"), ("c", "z", "continuation")}
    assert ids_of(found) == {"x": "b", "z": "c"}
    kept = found.links.filter("is_kept")["prev_cluster_id"].to_list()
    assert sorted(kept) == ["b", "c"]


def test_what_lies_outside_every_earlier_cluster_is_a_birth_and_what_nobody_asks_for_any_more_a_death() -> None:
    found = trace({"a": [0], "b": [1]}, {"x": [0], "new": [5]})
    assert relations(found) == {("a", "x", "continuation"), ("none", "new", "birth"), ("b", "none", "death")}
    birth = found.links.filter(pl.col("relation") == "birth").row(0, named=True)
    assert (birth["conversation_count"], birth["account_count"], birth["overlap_share"]) == (PER_PLACE, 20, 0.0)
    death = found.links.filter(pl.col("relation") == "death").row(0, named=True)
    assert (death["conversation_count"], death["persistent_id"]) == (0, "b")
    assert ids_of(found)["new"] == "new"


def test_a_large_cluster_that_swallows_a_small_part_does_not_take_its_id() -> None:
    found = trace({"a": [0]}, {"x": [0, 4, 5, 6, 7]})
    assert relations(found) == {("a", "x", "merge")}
    assert ids_of(found) == {"x": "x"}


def test_links_count_conversations_and_accounts_inside_the_cap_only() -> None:
    earlier = trace_clusters(**month({"a": [0]}, seed=1), earlier=None, encoder="e").centroids
    now = month({"x": [0]}, seed=2)
    heavy = dict.fromkeys(now["accounts"]["conversation_id"][:30], "k0")
    now["accounts"] = now["accounts"].with_columns(
        account_key=pl.col("conversation_id").replace_strict(heavy, default=pl.col("account_key")),
        is_counted=pl.int_range(pl.len()) < 36,
    )
    link = trace_clusters(**now, earlier=earlier, encoder="e").links.row(0, named=True)
    assert 30 <= link["conversation_count"] <= 36
    assert link["account_count"] <= 7
    assert link["top_account_share"] > 0.7


def test_the_first_month_and_another_encoder_have_no_lineage() -> None:
    first = trace_clusters(**month({"a": [0]}, seed=1), earlier=None, encoder="e")
    other = trace_clusters(**month({"x": [0]}, seed=2), earlier=first.centroids, encoder="another")
    for found, name in ((first, "a"), (other, "x")):
        assert found.links.is_empty()
        assert ids_of(found) == {name: name}


def test_levels_that_only_one_month_has_are_not_compared() -> None:
    earlier = trace_clusters(**month({"a": [0]}, seed=1), earlier=None, encoder="e").centroids
    found = trace_clusters(**month({"x": [0]}, seed=2, level=1), earlier=earlier, encoder="e")
    assert found.links.is_empty()


def test_the_rows_order_changes_nothing() -> None:
    earlier = trace_clusters(**month({"a": [0, 1, 2], "b": [3]}, seed=1), earlier=None, encoder="e").centroids
    now = month({"x": [0, 1], "y": [2, 3]}, seed=2)
    shuffled = {name: frame.sample(fraction=1, shuffle=True, seed=7) for name, frame in now.items()}
    one, other = (
        trace_clusters(**given, earlier=before, encoder="e")
        for given, before in ((now, earlier), (shuffled, earlier.reverse()))
    )
    assert one.links.equals(other.links)
    assert one.centroids.equals(other.centroids)


def test_a_month_without_clusters_has_no_centroids_and_no_links() -> None:
    empty = {name: frame.clear() for name, frame in month({"x": [0]}, seed=2).items()}
    found = trace_clusters(**empty, earlier=None, encoder="e")
    assert found.centroids.is_empty()
    assert found.links.is_empty()
