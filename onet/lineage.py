"""What became of each task statement from one release to another.

Links come from the task id, which O*NET keeps through edits; then from equal statements of occupations that the
crosswalk connects; then from likeness of words within those occupations. Occupations alone are in `crosswalk`.
"""

import re
from itertools import pairwise
from typing import Final

import dataframely as dy
import numpy as np
import polars as pl
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer

from onet.tables import TaskLineage

MIN_LIKENESS: Final = 0.5
"""Least cosine of the words for a link without id or equal text.

Of the 1,276 statements edited between 20.1 and 29.1 under one id, .991 reach it with their own successor, which is
always the nearest; of statements whose successor is taken away, .007 reach it with another (`docs/mapping.md`).
"""

NO_TASK: Final = "none"
"""Stands where a statement has no successor (retired) or no predecessor (new)."""

_SIDES: Final = ("from", "to")


def trace_tasks(
    older: pl.DataFrame, newer: pl.DataFrame, crosswalk: pl.DataFrame | None, *, from_version: str, to_version: str
) -> dy.DataFrame[TaskLineage]:
    """Trace the task statements of one release into another.

    A statement with several successors is `split`; one of several that share a successor is `merged`; with a single one
    it is `same` (equal by the key) or `edited`; with none `retired`. A statement without predecessor is `new`.

    Args:
        older: task_id, onet_soc_code, task and task_key; one row per task id.
        newer: The same of the other release.
        crosswalk: from_code and to_code between their occupations; None where both use the same codes. A code
            that it does not hold stands for itself.
        from_version: Name of the older release.
        to_version: Name of the newer one.

    Returns:
        One row per link, per retired and per new statement, sorted. `lineage_weight` is the part of the older
        statement that a link carries: it sums to 1 per older statement, and is null for new ones.
    """
    pairs = _occupation_pairs(older, newer, crosswalk)
    by_id = older.join(newer, on="task_id", how="inner").select(from_task_id="task_id", to_task_id="task_id")
    open_older = older.join(by_id, left_on="task_id", right_on="from_task_id", how="anti")
    open_newer = newer.join(by_id, left_on="task_id", right_on="to_task_id", how="anti")
    likeness = _Likeness(older, newer)
    links = pl.concat(
        [
            by_id.with_columns(evidence=pl.lit("task_id")),
            _nearest(open_older, newer, pairs, likeness),
            _nearest(open_newer, older, pairs.rename({"from_code": "to_code", "to_code": "from_code"}), likeness)
            .rename({"from_task_id": "to_task_id", "to_task_id": "from_task_id"})
            .select("from_task_id", "to_task_id", "evidence"),
        ]
    ).unique(["from_task_id", "to_task_id"], keep="first", maintain_order=True)
    linked = _related(links, older, newer, likeness)
    ends = [
        _ends(older, linked["from_task_id"], "from", "retired"),
        _ends(newer, linked["to_task_id"], "to", "new"),
    ]
    rows = pl.concat([linked, *ends], how="diagonal_relaxed").with_columns(
        from_version=pl.lit(from_version), to_version=pl.lit(to_version)
    )
    return TaskLineage.validate(rows.select(TaskLineage.column_names()).sort("from_task_id", "to_task_id"), cast=True)


def _words_and_pairs(text: str) -> list[str]:
    """Words of a statement, and each two that follow one another."""
    words = re.findall(r"\w+", text)
    return [*words, *(f"{left} {right}" for left, right in pairwise(words))]


class _Likeness:
    """Cosine of TF-IDF weights of words and word pairs between two statements."""

    def __init__(self, older: pl.DataFrame, newer: pl.DataFrame) -> None:
        texts = pl.concat([older["task_key"], newer["task_key"]]).unique().sort()
        model = TfidfVectorizer(sublinear_tf=True, analyzer=_words_and_pairs)
        self.rows: csr_matrix = model.fit_transform(texts.to_list())
        self.number = {text: row for row, text in enumerate(texts)}

    def between(self, left: pl.Series, right: pl.Series) -> pl.Series:
        """Likeness of each pair of keys, 0 to 1; exactly 1 where they are equal."""
        pairs = [self.rows[[self.number[key] for key in side]] for side in (left, right)]
        cosines = np.asarray(pairs[0].multiply(pairs[1]).sum(axis=1)).ravel().clip(0, 1)
        return pl.Series(np.where((left == right).to_numpy(), 1.0, cosines))


def _occupation_pairs(older: pl.DataFrame, newer: pl.DataFrame, crosswalk: pl.DataFrame | None) -> pl.DataFrame:
    """Pairs of codes between which statements may move."""
    codes = older.select(from_code="onet_soc_code").unique()
    if crosswalk is None:
        pairs = codes.with_columns(to_code="from_code")
    else:
        given = crosswalk.select("from_code", "to_code").unique()
        pairs = codes.join(given, on="from_code", how="left").with_columns(
            pl.coalesce("to_code", "from_code").alias("to_code")
        )
    return pairs.join(newer.select(to_code="onet_soc_code").unique(), on="to_code", how="semi")


def _nearest(open_: pl.DataFrame, others: pl.DataFrame, pairs: pl.DataFrame, likeness: _Likeness) -> pl.DataFrame:
    """For each statement the equal ones of the connected occupations, or else the nearest one."""
    candidates = (
        open_.select("onet_soc_code", from_task_id="task_id", from_key="task_key")
        .join(pairs, left_on="onet_soc_code", right_on="from_code")
        .join(others.select(to_code="onet_soc_code", to_task_id="task_id", to_key="task_key"), on="to_code")
        .sort("from_task_id", "to_task_id")
    )
    scored = candidates.with_columns(likeness=likeness.between(candidates["from_key"], candidates["to_key"]))
    is_equal = pl.col("from_key") == pl.col("to_key")
    is_nearest = pl.col("to_task_id") == pl.col("to_task_id").sort_by("likeness", descending=True).first()
    return (
        scored.with_columns(is_equal=is_equal)
        .with_columns(
            keep=pl.when(pl.col("is_equal").any().over("from_task_id"))
            .then("is_equal")
            .otherwise(is_nearest.over("from_task_id") & (pl.col("likeness") >= MIN_LIKENESS)),
            evidence=pl.when("is_equal").then(pl.lit("text")).otherwise(pl.lit("likeness")),
        )
        .filter("keep")
        .select("from_task_id", "to_task_id", "evidence")
    )


def _related(links: pl.DataFrame, older: pl.DataFrame, newer: pl.DataFrame, likeness: _Likeness) -> pl.DataFrame:
    """Links with codes, likeness, relation and weight."""
    rows = links.join(
        older.select(from_task_id="task_id", from_onet_soc_code="onet_soc_code", from_key="task_key"), on="from_task_id"
    ).join(newer.select(to_task_id="task_id", to_onet_soc_code="onet_soc_code", to_key="task_key"), on="to_task_id")
    successors, predecessors = pl.len().over("from_task_id"), pl.len().over("to_task_id")
    return rows.with_columns(
        lineage_weight=1 / successors,
        similarity_score=likeness.between(rows["from_key"], rows["to_key"]),
        relation=pl.when(successors > 1)
        .then(pl.lit("split"))
        .when(predecessors > 1)
        .then(pl.lit("merged"))
        .when(pl.col("from_key") == pl.col("to_key"))
        .then(pl.lit("same"))
        .otherwise(pl.lit("edited")),
    )


def _ends(tasks: pl.DataFrame, linked: pl.Series, side: str, relation: str) -> pl.DataFrame:
    """Statements without a link on the other side."""
    other = _SIDES[1 - _SIDES.index(side)]
    alone = tasks.filter(~pl.col("task_id").is_in(linked.implode()))
    return alone.select(
        pl.col("task_id").alias(f"{side}_task_id"),
        pl.col("onet_soc_code").alias(f"{side}_onet_soc_code"),
        pl.lit(NO_TASK).alias(f"{other}_task_id"),
        pl.lit(relation).alias("relation"),
        pl.lit(1.0 if relation == "retired" else None, dtype=pl.Float64).alias("lineage_weight"),
    )
