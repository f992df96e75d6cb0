"""The fast search gives exactly what a slow obvious one gives, and weights and keys keep their promises."""

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from onet.assignment import allocation_weights
from onet.grid import on_grid
from onet.release_tables import task_key
from onet.retrieval import SCORE_DECIMALS, rank_vectors

SMALL = st.integers(-2, 2)


@st.composite
def vectors(draw: st.DrawFn, rows: st.SearchStrategy[int]) -> np.ndarray:
    """Unit vectors on a coarse grid, so that ties are frequent; a zero row stays zero; on the search's grid."""
    found = np.array(
        draw(st.lists(st.lists(SMALL, min_size=3, max_size=3), min_size=draw(rows), max_size=40)), np.float32
    )
    lengths = np.linalg.norm(found, axis=1, keepdims=True)
    return on_grid(np.divide(found, lengths, out=np.zeros_like(found), where=lengths > 0))


@given(vectors(st.integers(1, 40)), vectors(st.integers(1, 10)), st.integers(1, 12))
def test_retrieval_equals_brute_force(statements: np.ndarray, queries: np.ndarray, top: int) -> None:
    expected = []
    for number, query in enumerate(queries.astype(np.float64)):
        scores = [round(float((query * row).sum()), SCORE_DECIMALS) for row in statements.astype(np.float64)]
        best = sorted(range(len(scores)), key=lambda row, scores=scores: (-scores[row], row))[:top]
        expected += [(number, rank, row, scores[row]) for rank, row in enumerate(best, start=1)]
    assert rank_vectors(statements, queries, top=top).rows() == expected


TASKS = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 30), st.sampled_from(["11-1011.00", "15-1252.00", "29-1223.00"])),
    min_size=1,
    max_size=40,
)


@given(TASKS, st.randoms())
def test_allocation_sums_to_one_per_statement_splits_evenly_and_ignores_order(
    rows: list[tuple[int, int, str]], random: st.random_module
) -> None:
    frame = pl.DataFrame(
        [(str(statement), f"{statement}-{task}", code) for statement, task, code in rows],
        schema=["statement_task_id", "task_id", "onet_soc_code"],
        orient="row",
    )
    weights = allocation_weights(frame)
    sums = weights.group_by("statement_task_id").agg(pl.col("alloc_weight").sum())
    assert np.allclose(sums["alloc_weight"], 1, atol=1e-12)
    by_occupation = weights.group_by("statement_task_id", "onet_soc_code").agg(pl.col("alloc_weight").sum())
    spread = by_occupation.group_by("statement_task_id").agg(
        (pl.col("alloc_weight").max() - pl.col("alloc_weight").min()).alias("spread")
    )
    assert np.allclose(spread["spread"], 0, atol=1e-12)
    assert allocation_weights(frame.sample(fraction=1, shuffle=True, seed=1)).equals(weights)


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1))
def test_a_task_key_is_its_own_key_and_blind_to_white_space(text: str) -> None:
    keys = pl.DataFrame({"text": [text, f"  {text}\t\n"]}).select(task_key(pl.col("text")))["text"]
    assert keys[0] == keys[1]
    assert pl.DataFrame({"key": keys}).select(task_key(pl.col("key")))["key"].to_list() == keys.to_list()
