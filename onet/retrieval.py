"""Exact nearest task statements, by vectors and, where the text is known, by shared words.

At some 17,500 statements an exact search is faster than any approximate index and loses nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from onet.bridges import Bridge, BridgeQueries
from onet.grid import grid_products, on_grid
from onet.lexical import LexicalIndex, LexicalQueries

BLOCK_QUERIES: Final = 128
SCORE_DECIMALS: Final = 6
# Part of the shared words in the score; the vectors' part is the rest.
LEXICAL_WEIGHT: Final = 0.33

RETRIEVAL_SCHEMA: Final = {
    "query_number": pl.Int64,
    "retrieval_rank": pl.Int64,
    "statement_number": pl.Int64,
    "retrieval_score": pl.Float64,
}


CANDIDATE_SCHEMA: Final = {**RETRIEVAL_SCHEMA, "is_english": pl.Boolean}


@dataclass(frozen=True)
class Nodes:
    """Groups of statements, and which of them each query searches.

    Attributes:
        of_statement: Number of each statement's node, shape (statements,).
        is_searched: Shape (queries, nodes).
    """

    of_statement: NDArray[np.intp]
    is_searched: NDArray[np.bool_]


class Searchable(Protocol):
    """What a search needs of a task index; see `task_index.TaskIndex`."""

    @property
    def vectors(self) -> NDArray[np.float32]:
        """Vectors of the statements."""
        ...

    @property
    def english_dimensions(self) -> int:
        """Numbers of a vector that texts in English fill; all, where the encoder has no part for other languages."""
        ...

    @property
    def lexical(self) -> LexicalIndex:
        """Words of the statements' documents."""
        ...

    @property
    def hub_scores(self) -> NDArray[np.float64]:
        """What each statement loses in searches with texts."""
        ...

    @property
    def vector_hub_scores(self) -> NDArray[np.float64]:
        """The same in searches by vectors alone."""
        ...

    @property
    def bridges(self) -> Sequence[Bridge]:
        """Requests beside the statements."""
        ...


def retrieve_tasks(
    index: Searchable,
    query_vectors: NDArray[np.float32],
    *,
    top: int,
    texts: Sequence[str] | None = None,
    bridges: Sequence[Bridge] | None = None,
    nodes: Nodes | None = None,
) -> pl.DataFrame:
    """Find the `top` statements nearest to each query.

    Args:
        index: Task index.
        query_vectors: Unit vectors of the index's encoder, shape (queries, dimensions).
        top: Statements per query; fewer where the index has fewer.
        texts: What the vectors encode, where they are known; without them the vectors alone decide.
        bridges: Bridges to use in place of the index's own.
        nodes: Where each query searches; everywhere without them.

    Returns:
        query_number, retrieval_rank (from 1), statement_number (row of the index's statements), retrieval_score
        (weighted mean of cosines, less what a hub loses) and is_english (whether the query has numbers in the part of
        English), sorted by query and rank. Equal scores keep the order of the statements.

    Raises:
        ValueError: `top` is below 1 or the vectors do not fit the index or the texts.
    """
    hubs = index.vector_hub_scores if texts is None else index.hub_scores
    found = rank_vectors(
        index.vectors,
        query_vectors,
        top=top,
        lexical=None if texts is None else index.lexical.prepare_queries(texts),
        hubs=hubs,
        bridges=[bridge.prepare(texts) for bridge in (index.bridges if bridges is None else bridges)],
        nodes=nodes,
    )
    is_english = np.any(query_vectors[:, : index.english_dimensions], axis=1)
    return found.with_columns(is_english=pl.Series(is_english[found["query_number"].to_numpy()], dtype=pl.Boolean))


def rank_vectors(
    vectors: NDArray[np.float32],
    query_vectors: NDArray[np.float32],
    *,
    top: int,
    lexical: LexicalQueries | None = None,
    hubs: NDArray[np.float64] | None = None,
    bridges: Sequence[BridgeQueries] = (),
    nodes: Nodes | None = None,
) -> pl.DataFrame:
    """Rank rows of `vectors` for each query by dot product, mixed with shared words where given.

    Args:
        vectors: Vectors of the statements, shape (statements, dimensions).
        query_vectors: Unit vectors, shape (queries, dimensions).
        top: Rows per query.
        lexical: The words of the queries.
        hubs: What each row loses (`hubs`), shape (statements,); nothing where it is not given.
        bridges: The queries beside requests, which add to the scores.
        nodes: Where each query searches; everywhere without them.

    Returns:
        The table of `retrieve_tasks` without is_english.

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
    targets, blocks = on_grid(vectors), []
    for start in range(0, len(query_vectors), BLOCK_QUERIES):
        queries = on_grid(query_vectors[start : start + BLOCK_QUERIES])
        stop = start + len(queries)
        words = None if lexical is None else lexical.block_scores(start, stop)
        scores = mixed_scores(grid_products(queries, targets), words)
        if hubs is not None:
            scores -= hubs.astype(np.float32)
        for bridge in bridges:
            scores += bridge.block_scores(queries, start)
        if nodes is not None:
            scores[~nodes.is_searched[start:stop][:, nodes.of_statement]] = -np.inf
        blocks.append(_largest(scores, kept, start))
    return pl.concat(blocks)


def _largest(scores: NDArray[np.float32], kept: int, first_query: int) -> pl.DataFrame:
    """The largest scores of each row as the table of `retrieve_tasks`."""
    smallest_kept = np.partition(scores, scores.shape[1] - kept, axis=1)[:, scores.shape[1] - kept]
    rows, columns = np.nonzero((scores >= smallest_kept[:, None]) & np.isfinite(scores))
    found = np.round(scores[rows, columns].astype(np.float64), SCORE_DECIMALS)
    order = np.lexsort((columns, -found, rows))
    rows, columns, found = rows[order], columns[order], found[order]
    rank = np.arange(len(rows)) - np.searchsorted(rows, rows) + 1
    is_kept = rank <= kept
    return pl.DataFrame(
        {
            "query_number": rows[is_kept].astype(np.int64) + first_query,
            "retrieval_rank": rank[is_kept].astype(np.int64),
            "statement_number": columns[is_kept].astype(np.int64),
            "retrieval_score": found[is_kept],
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
