"""Centroids, choices and the two routes from conversations to tasks."""

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from pipelines.mapping import chosen_tasks, cluster_centroids, conversation_tasks, request_texts

MEMBERS = pl.DataFrame(
    {
        "conversation_id": ["a", "b", "c", "a", "b", "c"],
        "cluster_level": [0, 0, 0, 1, 1, 1],
        "cluster_id": ["k1", "k1", "k2", "top", "top", "top"],
    }
)


def embedded(vectors: dict[str, list[float]]) -> pl.DataFrame:
    return pl.DataFrame(
        {"conversation_id": list(vectors), "embedding": list(vectors.values())},
        schema={"conversation_id": pl.String, "embedding": pl.Array(pl.Float32, 2)},
    )


def matches(rows: list[tuple[str, int, str, float, str]], key: str = "id") -> pl.DataFrame:
    frame = pl.DataFrame(rows, schema=[key, "rank", "statement_task_id", "match_prob", "verdict"], orient="row")
    return frame.with_columns(pl.lit("v").alias("verifier"))


def test_requests_come_in_the_order_of_the_vectors() -> None:
    facets = pl.DataFrame({"conversation_id": ["a", "b", "c"], "request": ["Plan.", "Write.", "Chat."]})
    assert request_texts(embedded({"b": [1, 0], "a": [0, 1]}), facets).to_list() == ["Write.", "Plan."]


def test_a_centroid_is_the_unit_mean_of_its_base_members() -> None:
    ids, centroids = cluster_centroids(MEMBERS, embedded({"a": [1, 0], "b": [0, 1], "c": [0, -1]}))
    assert ids.get_column("cluster_id").to_list() == ["k1", "k2"]
    np.testing.assert_allclose(centroids, [[0.5**0.5, 0.5**0.5], [0, -1]], rtol=1e-6)


def test_no_conversation_gives_no_centroid() -> None:
    ids, centroids = cluster_centroids(MEMBERS.clear(), embedded({}))
    assert ids.is_empty()
    assert centroids.shape == (0, 2)


def test_only_an_accepted_first_candidate_is_chosen() -> None:
    found = chosen_tasks(
        matches(
            [
                ("x", 1, "7", 0.9, "accepted"),
                ("x", 2, "8", 0.1, "none_fits"),
                ("y", 1, "7", 0.1, "none_fits"),
                ("z", 1, "7", 0.5, "abstained"),
            ]
        ),
        "id",
    )
    assert dict(found.select("id", "statement_task_id").iter_rows()) == {"x": "7", "y": "none", "z": "not_classified"}


def test_every_route_gives_each_conversation_one_task() -> None:
    found = conversation_tasks(
        pl.DataFrame({"conversation_id": ["a", "b", "c", "d"]}),
        MEMBERS,
        matches([("k1", 1, "7", 0.9, "accepted"), ("k2", 1, "8", 0.2, "none_fits")], key="cluster_id"),
        matches([(c, 1, "9", 0.8, "accepted") for c in "abcd"]),
        matches([(c, 1, "5", 0.1, "none_fits") for c in "abcd"]),
    )
    tasks = {
        (c, str(r)): t for c, r, t in found.select("conversation_id", "mapping_route", "statement_task_id").iter_rows()
    }
    assert {c: tasks[c, "cluster"] for c in "abcd"} == {"a": "7", "b": "7", "c": "none", "d": "not_classified"}
    assert {tasks[c, "conversation"] for c in "abcd"} == {"9"}
    assert {tasks[c, "hierarchy"] for c in "abcd"} == {"none"}
    assert found.height == 12


def test_further_labels_are_candidates_half_as_probable_as_an_accepted_first() -> None:
    found = chosen_tasks(
        matches(
            [
                ("x", 1, "7", 0.6, "accepted"),
                ("x", 2, "8", 0.4, "none_fits"),
                ("x", 3, "9", 0.29, "none_fits"),
                ("x", 4, "6", 0.28, "none_fits"),
                ("y", 1, "7", 0.2, "none_fits"),
                ("y", 2, "8", 0.19, "none_fits"),
                ("z", 1, "7", 0.5, "abstained"),
                ("z", 2, "8", 0.5, "abstained"),
                ("q", 1, "7", 0.0, "accepted"),
                ("q", 2, "8", 0.0, "none_fits"),
            ]
        ),
        "id",
        labels=3,
    )
    weights = {(i, t): w for i, t, w in found.select("id", "statement_task_id", "match_weight").iter_rows()}
    one = {("y", "none"): 1.0, ("z", "not_classified"): 1.0, ("q", "7"): 1.0}
    assert weights == {("x", "7"): 0.6, ("x", "8"): 0.4} | one
    assert set(found.filter(pl.col("id") == "x")["verdict"]) == {"accepted"}
    three = chosen_tasks(
        matches([("x", n, str(n), 0.3, "accepted" if n == 1 else "none_fits") for n in (1, 2, 3, 4)]), "id", labels=3
    )
    np.testing.assert_allclose(three["match_weight"], [1 / 3] * 3)


@given(st.permutations(["a", "b", "c"]))
def test_row_order_changes_no_centroid(order: list[str]) -> None:
    vectors = {"a": [1.0, 0.0], "b": [0.6, 0.8], "c": [0.0, -1.0]}
    _, expected = cluster_centroids(MEMBERS, embedded(vectors))
    _, found = cluster_centroids(MEMBERS, embedded({key: vectors[key] for key in order}))
    np.testing.assert_array_equal(found, expected)
