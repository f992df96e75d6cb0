"""Texts to task statements: encode, retrieve, verify.

What a match means for occupations is in `assignment`.
"""

from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from onet.retrieval import retrieve_tasks
from onet.task_hierarchy import TaskHierarchy, descend
from onet.task_index import Encoder, TaskIndex, encode_checked
from onet.verification import Verifier

MATCH_COLUMNS: Final = (
    "id",
    "rank",
    "retrieval_rank",
    "task",
    "task_ids",
    "onet_soc_codes",
    "match_score",
    "match_prob",
    "verdict",
    "verifier",
    "statement_task_id",
    "task_key",
)


def match_texts(
    texts: pl.DataFrame, *, index: TaskIndex, encoder: Encoder, verifier: Verifier, top: int
) -> pl.DataFrame:
    """Match texts to task statements.

    Args:
        texts: id and text, both without nulls; ids are distinct.
        index: Task index.
        encoder: Encoder of the index.
        verifier: Judges the candidates.
        top: Statements per text.

    Returns:
        MATCH_COLUMNS, `top` rows per id, the verifier's choice first; sorted by id and rank.

    Raises:
        ValueError: An id or a text is null, blank or repeated, or the encoder is not that of the index.
    """
    if encoder.name != index.encoder_name:
        raise ValueError(
            f"the index was built with {index.encoder_name}, the texts would be encoded with {encoder.name}"
        )
    blank_count = texts.filter(pl.col("text").is_null() | (pl.col("text").str.strip_chars() == "")).height
    if blank_count:
        raise ValueError(f"{blank_count} of {texts.height} texts are blank: leave them out")
    vectors = encode_checked(encoder, texts["text"].to_list())
    return match_vectors(texts["id"], vectors, index=index, verifier=verifier, top=top, texts=texts["text"])


def match_vectors(
    ids: pl.Series,
    vectors: NDArray[np.float32],
    *,
    index: TaskIndex,
    verifier: Verifier,
    top: int,
    texts: pl.Series | None = None,
) -> pl.DataFrame:
    """Match vectors to task statements; see `match_texts`.

    Args:
        ids: Distinct ids, one per vector.
        vectors: Unit vectors of the index's encoder, shape (ids, dimensions).
        index: Task index.
        verifier: Judges the candidates.
        top: Statements per id.
        texts: The encoded texts, where each vector is that of one text: words then count as well. The verifier must be
            calibrated for the same.

    Returns:
        The table of `match_texts`.

    Raises:
        ValueError: An id is null or repeated, or there are not as many ids as vectors.
    """
    _check_ids(ids, vectors)
    candidates = retrieve_tasks(index, vectors, top=top, texts=None if texts is None else texts.to_list())
    return _judged(ids, candidates, index, verifier)


def match_by_descent(
    ids: pl.Series,
    vectors: NDArray[np.float32],
    *,
    index: TaskIndex,
    hierarchy: TaskHierarchy,
    verifier: Verifier,
    top: int,
) -> pl.DataFrame:
    """Match vectors to task statements on the way down the hierarchy of tasks.

    Args:
        ids: Distinct ids, one per vector.
        vectors: Unit vectors of the index's encoder, shape (ids, dimensions).
        index: Task index.
        hierarchy: Hierarchy of its statements.
        verifier: Judges the candidates; calibrated for vectors alone.
        top: Statements per id, at most.

    Returns:
        The table of `match_texts`; an id may have fewer rows.

    Raises:
        ValueError: An id is null or repeated, or there are not as many ids as vectors.
    """
    _check_ids(ids, vectors)
    return _judged(ids, descend(hierarchy, index, vectors, top=top), index, verifier)


def _check_ids(ids: pl.Series, vectors: NDArray[np.float32]) -> None:
    if ids.null_count() or ids.n_unique() != len(ids):
        raise ValueError("ids must be distinct and not null")
    if len(ids) != len(vectors):
        raise ValueError(f"expected one vector per id, found {len(vectors)} for {len(ids)} ids")


def _judged(ids: pl.Series, candidates: pl.DataFrame, index: TaskIndex, verifier: Verifier) -> pl.DataFrame:
    """Candidates with the verifier's judgement, the ids and the statements."""
    statements = index.statements.with_columns(statement_number=pl.int_range(pl.len(), dtype=pl.Int64))
    numbered = pl.DataFrame({"query_number": pl.int_range(len(ids), dtype=pl.Int64, eager=True), "id": ids})
    return (
        verifier.verify(candidates)
        .with_columns(verifier=pl.lit(verifier.name))
        .join(numbered, on="query_number")
        .join(statements, on="statement_number")
        .select(MATCH_COLUMNS)
        .sort("id", "rank")
    )
