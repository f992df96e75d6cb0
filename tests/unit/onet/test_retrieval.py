import numpy as np
import pytest

from onet.grid import on_grid
from onet.lexical import build_lexical_index
from onet.retrieval import BLOCK_QUERIES, LEXICAL_WEIGHT, RETRIEVAL_SCHEMA, mixed_scores, rank_vectors


def unit(rows: list[list[float]]) -> np.ndarray:
    vectors = np.array(rows, dtype=np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_nearest_come_first_with_their_cosine() -> None:
    ranked = rank_vectors(unit([[1, 0], [1, 1], [0, 1]]), unit([[1, 0]]), top=3)
    assert ranked.rows() == [(0, 1, 0, 1.0), (0, 2, 1, 0.707031), (0, 3, 2, 0.0)]


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


def test_many_ties_are_ranked_by_position() -> None:
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


def test_shared_words_decide_where_vectors_do_not() -> None:
    lexical = build_lexical_index(["weld pipes welder", "teach algebra teacher", "bake bread baker"])
    vectors = unit([[1, 0], [1, 0], [1, 0]])
    ranked = rank_vectors(vectors, unit([[1, 0]]), top=3, lexical=lexical.prepare_queries(["I am a baker. Bake bread"]))
    assert ranked["statement_number"].to_list() == [2, 0, 1]
    assert ranked["retrieval_score"].to_list() == pytest.approx([1, 1 - LEXICAL_WEIGHT, 1 - LEXICAL_WEIGHT])


def test_words_and_blocks_do_not_disturb_each_other() -> None:
    rng = np.random.default_rng(6)
    words = ["weld", "teach", "bake", "audit", "plant", "drive", "paint", "nurse"]
    documents = [" ".join(rng.choice(words, size=3)) for _ in range(60)]
    texts = [" ".join(rng.choice(words, size=2)) for _ in range(BLOCK_QUERIES + 9)]
    lexical = build_lexical_index(documents)
    vectors, queries = (unit(rng.normal(size=(rows, 12)).tolist()) for rows in (60, len(texts)))
    together = rank_vectors(vectors, queries, top=4, lexical=lexical.prepare_queries(texts))
    word_scores = lexical.prepare_queries(texts).block_scores(0, len(texts))
    scores = mixed_scores(on_grid(queries) @ on_grid(vectors).T, word_scores)
    expected = [sorted(range(60), key=lambda row, own=own: (-own[row], row))[:4] for own in scores]
    assert together["statement_number"].to_numpy().reshape(-1, 4).tolist() == expected


def test_there_must_be_as_many_texts_as_vectors() -> None:
    lexical = build_lexical_index(["weld pipes"]).prepare_queries(["weld", "pipes"])
    with pytest.raises(ValueError, match="one text per vector, found 2 for 1"):
        rank_vectors(unit([[1, 0]]), unit([[1, 0]]), top=1, lexical=lexical)
