"""Exact nearest task statements, by vectors and, where the text is known, by shared words.

At some 17,500 statements an exact search is faster than any approximate index and loses nothing.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from onet.lexical import LexicalQueries

if TYPE_CHECKING:
    from onet.task_index import TaskIndex

BLOCK_QUERIES: Final = 256
BLOCK_PAIRS: Final = 16_384
# Scores are rounded to what float32 vectors can tell apart, so that neither the blocks nor the machine decide a tie.
SCORE_DECIMALS: Final = 6
# Part of the shared words in the score; the vectors' part is the rest.
LEXICAL_WEIGHT: Final = 0.27

RETRIEVAL_SCHEMA: Final = {
    "query_number": pl.Int64,
    "retrieval_rank": pl.Int64,
    "statement_number": pl.Int64,
    "retrieval_score": pl.Float64,
}


def retrieve_tasks(
    index: "TaskIndex", query_vectors: NDArray[np.float32], *, top: int, texts: Sequence[str] | None = None
) -> pl.DataFrame:
    """Find the `top` statements nearest to each query.

    Args:
        index: Task index.
        query_vectors: Unit vectors of the index's encoder, shape (queries, dimensions).
        top: Statements per query; fewer where the index has fewer.
        texts: What the vectors encode, where they are known; without them the vectors alone decide.

    Returns:
        query_number, retrieval_rank (from 1), statement_number (row of the index's statements) and retrieval_score
        (weighted mean of cosines, less what a hub loses), sorted by query and rank. Equal scores keep the order of the
        statements.

    Raises:
        ValueError: `top` is below 1 or the vectors do not fit the index or the texts.
    """
    if texts is None:
        return rank_vectors(index.vectors, query_vectors, top=top, hubs=index.vector_hub_scores)
    lexical = index.lexical.prepare_queries(texts)
    return rank_vectors(index.vectors, query_vectors, top=top, lexical=lexical, hubs=index.hub_scores)


def rank_vectors(
    vectors: NDArray[np.float32],
    query_vectors: NDArray[np.float32],
    *,
    top: int,
    lexical: LexicalQueries | None = None,
    hubs: NDArray[np.float64] | None = None,
) -> pl.DataFrame:
    """Rank rows of `vectors` for each query by dot product, mixed with shared words where given; see `retrieve_tasks`.

    Args:
        vectors: Vectors not longer than 1, shape (statements, dimensions).
        query_vectors: Unit vectors, shape (queries, dimensions).
        top: Rows per query.
        lexical: The words of the queries.
        hubs: What each row loses (`hubs`), shape (statements,); nothing where it is not given.

    Returns:
        The table of `retrieve_tasks`.

    Raises:
        ValueError: `top` is below 1, or the shapes do not fit.
    """
    if top < 1:
        raise ValueError(f"top must be at least 1, not {top}")
    if query_vectors.ndim != 2 or query_vectors.shape[1] != vectors.shape[1]:
        raise ValueError(f"expected query vectors of shape (n, {vectors.shape[1]}), found {query_vectors.shape}")
    if lexical is not None and lexical.queries.shape[0] != len(query_vectors):
        raise ValueError(f"expected one text per vector, found {lexical.queries.shape[0]} for {len(query_vectors)}")
    if hubs is not None and hubs.shape != (len(vectors),):
        raise ValueError(f"expected one hub score per statement, found {hubs.shape} for {len(vectors)} statements")
    kept = min(top, vectors.shape[0])
    if kept == 0 or not len(query_vectors):
        return pl.DataFrame(schema=RETRIEVAL_SCHEMA)
    blocks = [
        _rank_block(vectors, query_vectors[start : start + BLOCK_QUERIES], kept, start, lexical, hubs)
        for start in range(0, len(query_vectors), BLOCK_QUERIES)
    ]
    return pl.concat(blocks)


def _rank_block(
    vectors: NDArray[np.float32],
    queries: NDArray[np.float32],
    kept: int,
    first_query: int,
    lexical: LexicalQueries | None,
    hubs: NDArray[np.float64] | None,
) -> pl.DataFrame:
    words = None if lexical is None else lexical.block_scores(first_query, first_query + len(queries))
    scores = mixed_scores(queries @ vectors.T, words)
    if hubs is not None:
        scores = scores - hubs.astype(np.float32)
    smallest_kept = np.partition(scores, scores.shape[1] - kept, axis=1)[:, scores.shape[1] - kept]
    # The fast product differs in its last digits from block to block: take all that could belong, then score exactly.
    slack = 2 * vectors.shape[1] * float(np.finfo(np.float32).eps) + 10.0**-SCORE_DECIMALS
    rows, columns = np.nonzero(scores >= smallest_kept[:, None] - slack)
    exact = mixed_scores(_pair_scores(queries, vectors, rows, columns), None if words is None else words[rows, columns])
    if hubs is not None:
        exact = exact - hubs[columns]
    exact = np.round(exact, SCORE_DECIMALS)
    order = np.lexsort((columns, -exact, rows))
    rows, columns, exact = rows[order], columns[order], exact[order]
    rank = np.arange(len(rows)) - np.searchsorted(rows, rows) + 1
    is_kept = rank <= kept
    return pl.DataFrame(
        {
            "query_number": rows[is_kept].astype(np.int64) + first_query,
            "retrieval_rank": rank[is_kept].astype(np.int64),
            "statement_number": columns[is_kept].astype(np.int64),
            "retrieval_score": exact[is_kept],
        },
        schema=RETRIEVAL_SCHEMA,
    )


def mixed_scores(cosines: NDArray[Any], words: NDArray[Any] | None) -> NDArray[Any]:
    """Cosines of vectors mixed with those of words, which are left out where the words are not known."""
    if words is None:
        return cosines
    mixed = (1 - LEXICAL_WEIGHT) * cosines
    mixed += LEXICAL_WEIGHT * words
    return mixed


def _pair_scores(
    queries: NDArray[np.float32], vectors: NDArray[np.float32], rows: NDArray[np.intp], columns: NDArray[np.intp]
) -> NDArray[np.float64]:
    scores = np.empty(len(rows), dtype=np.float64)
    for start in range(0, len(rows), BLOCK_PAIRS):
        part = slice(start, start + BLOCK_PAIRS)
        left = queries[rows[part]].astype(np.float64)
        scores[part] = (left * vectors[columns[part]]).sum(axis=1)
    return scores
