import numpy as np
import pytest

from onet.retrieval import BLOCK_QUERIES, RETRIEVAL_SCHEMA, rank_vectors


def unit(rows: list[list[float]]) -> np.ndarray:
    vectors = np.array(rows, dtype=np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_nearest_come_first_with_their_cosine() -> None:
    ranked = rank_vectors(unit([[1, 0], [1, 1], [0, 1]]), unit([[1, 0]]), top=3)
    assert ranked.rows() == [(0, 1, 0, 1.0), (0, 2, 1, 0.707107), (0, 3, 2, 0.0)]


def test_equal_scores_keep_the_order_of_statements_even_at_the_cut() -> None:
    ranked = rank_vectors(unit([[0, 1], [1, 0], [1, 0], [1, 0], [1, 0]]), unit([[1, 0]]), top=2)
    assert ranked["statement_number"].to_list() == [1, 2]


def test_top_beyond_the_catalogue_gives_all_of_it() -> None:
    assert rank_vectors(unit([[1, 0], [0, 1]]), unit([[1, 0], [0, 1]]), top=9).height == 4


def test_the_block_a_query_falls_into_does_not_change_its_result() -> None:
    rng = np.random.default_rng(5)
    vectors, queries = (
        unit(rng.normal(size=(300, 24)).tolist()),
        unit(rng.normal(size=(BLOCK_QUERIES + 40, 24)).tolist()),
    )
    together = rank_vectors(vectors, queries, top=5)
    alone = rank_vectors(vectors, queries[-1:], top=5)
    last = together.filter(together["query_number"] == len(queries) - 1)
    assert last.drop("query_number").equals(alone.drop("query_number"))


def test_many_ties_are_ranked_without_scoring_all_pairs_at_once() -> None:
    # 300 equal statements for 200 queries are more pairs than one block of exact scores holds.
    ranked = rank_vectors(unit([[1, 0]] * 300), unit([[1, 0]] * 200), top=2)
    assert ranked["statement_number"].to_list() == [0, 1] * 200


@pytest.mark.parametrize(("statements", "queries"), [(0, 2), (2, 0)])
def test_nothing_to_search_or_to_find_is_an_empty_table(statements: int, queries: int) -> None:
    ranked = rank_vectors(np.zeros((statements, 2), np.float32), np.zeros((queries, 2), np.float32), top=3)
    assert ranked.is_empty()
    assert dict(ranked.schema) == RETRIEVAL_SCHEMA


def test_wrong_shapes_and_tops_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        rank_vectors(unit([[1, 0]]), unit([[1, 0]]), top=0)
    with pytest.raises(ValueError, match=r"shape \(n, 2\)"):
        rank_vectors(unit([[1, 0]]), unit([[1, 0, 0]]), top=1)
