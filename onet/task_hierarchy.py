"""A hierarchy of task statements, and the way down through it: the third route from a request to a task.

The paper (arXiv 2503.04761) assigns conversations by walking down 12 top, 474 middle and 19,530 base nodes. Here the
levels come from the statements' vectors alone: middle nodes by k-means, top nodes by Ward over their centres; or from
groups that somebody else made. Searching all statements at once is in `retrieval`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, ward
from sklearn.cluster import KMeans
from sklearn.feature_extraction.text import TfidfVectorizer
from threadpoolctl import threadpool_limits

from onet.retrieval import Nodes, retrieve_tasks
from onet.task_index import TaskIndex

TOP_COUNT: Final = 12
"""Top nodes, as in the paper."""

BEAM: Final = 3
"""Nodes kept at each level on the way down: one alone loses a request at the first wrong turn."""

NAME_TERMS: Final = 4
EMBEDDED: Final = "embedded"
TERMS: Final = "terms"


@dataclass(frozen=True)
class TaskHierarchy:
    """The nodes above the statements of one index.

    Attributes:
        nodes: node_id, node_level (top, middle), parent_id (null at the top), name, statement_count; written_by (what
            named it), built_by (what grouped), stand_in_count (statements or middle nodes in it that the embedded
            method placed, because what groups gave no answer).
        statements: statement_task_id, middle_id and top_id, in the order of the index.
        middle_vectors: Unit centres of the middle nodes, in the order of their ids.
        top_vectors: Unit centres of the top nodes.
    """

    nodes: pl.DataFrame
    statements: pl.DataFrame
    middle_vectors: NDArray[np.float32]
    top_vectors: NDArray[np.float32]


@dataclass(frozen=True)
class BuiltNodes:
    """How groups were made that are no k-means over vectors.

    Attributes:
        built_by: What grouped and named.
        names: Names by node id; a node without one is named by terms.
        stand_ins: Members that the embedded method placed, by node id.
    """

    built_by: str = EMBEDDED
    names: Mapping[str, str] = field(default_factory=dict)
    stand_ins: Mapping[str, int] = field(default_factory=dict)


def build_task_hierarchy(index: TaskIndex, *, top_count: int = TOP_COUNT, seed: int) -> TaskHierarchy:
    """Group the statements of an index into middle and top nodes.

    Middle nodes are as many as `middle_count` says. Names are the terms that set a node apart.

    Args:
        index: Task index.
        top_count: Top nodes; fewer where there are fewer statements.
        seed: Seed of k-means.

    Returns:
        The hierarchy; the same for the same index and seed.
    """
    count = index.statements.height
    with threadpool_limits(1):  # sums in another order could move a statement between nodes
        model = KMeans(middle_count(count, top_count=top_count), n_init=1, max_iter=25, random_state=seed).fit(
            index.vectors
        )
    middle = _renumbered(model.labels_)
    middle_vectors = _centres(index.vectors, middle)
    top_of_middle = np.zeros(len(middle_vectors), dtype=np.int64)
    if len(middle_vectors) > top_count:
        top_of_middle = _renumbered(fcluster(ward(middle_vectors), top_count, criterion="maxclust"))
    return grouped_hierarchy(index, middle, top_of_middle)


def middle_count(statement_count: int, *, top_count: int = TOP_COUNT) -> int:
    """Middle nodes over so many statements: the geometric mean of statements and top nodes.

    The ratio between levels is then constant, as in the paper's 12, 474 and 19,530.

    Args:
        statement_count: Statements.
        top_count: Top nodes.
    """
    return min(statement_count, max(1, round(math.sqrt(top_count * statement_count))))


def grouped_hierarchy(
    index: TaskIndex, middle: NDArray[np.int64], top_of_middle: NDArray[np.int64], built: BuiltNodes | None = None
) -> TaskHierarchy:
    """The hierarchy of groups that somebody made.

    Args:
        index: Task index.
        middle: Middle node of each statement, numbered from 0 without gaps.
        top_of_middle: Top node of each middle node, numbered the same way.
        built: How they were made and what they are called; None: from the vectors, named by terms.
    """
    made = built or BuiltNodes()
    top = top_of_middle[middle]
    middle_ids = [f"m{number:04d}" for number in range(len(top_of_middle))]
    top_ids = [f"t{number:02d}" for number in range(int(top_of_middle.max()) + 1)]
    texts = index.statements["task"].to_list()
    nodes = pl.concat(
        [
            _nodes("top", top_ids, [None] * len(top_ids), top, texts),
            _nodes("middle", middle_ids, [top_ids[number] for number in top_of_middle], middle, texts),
        ]
    )
    names = nodes["node_id"].replace_strict(made.names, default=None, return_dtype=pl.String)
    stood_in = nodes["node_id"].replace_strict(made.stand_ins, default=0, return_dtype=pl.Int64)
    nodes = nodes.with_columns(
        name=names.fill_null(nodes["name"]),
        written_by=pl.when(names.is_null()).then(pl.lit(TERMS)).otherwise(pl.lit(made.built_by)),
        built_by=pl.lit(made.built_by),
        stand_in_count=stood_in,
    )
    statements = index.statements.select(
        "statement_task_id",
        middle_id=pl.Series([middle_ids[number] for number in middle], dtype=pl.String),
        top_id=pl.Series([top_ids[number] for number in top], dtype=pl.String),
    )
    return TaskHierarchy(nodes, statements, _centres(index.vectors, middle), _centres(index.vectors, top))


def hierarchy_from_tables(nodes: pl.DataFrame, statements: pl.DataFrame, index: TaskIndex) -> TaskHierarchy:
    """The hierarchy that two stored tables hold.

    Args:
        nodes: As `TaskHierarchy.nodes`.
        statements: As `TaskHierarchy.statements`, in any order.
        index: The index that it was built from.

    Raises:
        ValueError: The tables are of other statements.
    """
    ordered = index.statements.select("statement_task_id").join(
        statements, on="statement_task_id", how="left", maintain_order="left"
    )
    if ordered["middle_id"].null_count() or statements.height != index.statements.height:
        raise ValueError("expected a hierarchy of the statements of the index, found another: build it again")
    numbers = [
        ordered[column].replace_strict(ids, range(len(ids)), return_dtype=pl.Int64).to_numpy()
        for column, ids in (
            (f"{level}_id", nodes.filter(pl.col("node_level").cast(pl.String) == level)["node_id"].sort().to_list())
            for level in ("middle", "top")
        )
    ]
    middle, top = (_centres(index.vectors, number) for number in numbers)
    return TaskHierarchy(nodes, ordered, middle, top)


def descend(
    hierarchy: TaskHierarchy, index: TaskIndex, query_vectors: NDArray[np.float32], *, top: int, beam: int = BEAM
) -> pl.DataFrame:
    """Walk each query down: the nearest top nodes, the nearest middle nodes in them, the nearest statements in those.

    Args:
        hierarchy: Hierarchy of the index.
        index: Task index.
        query_vectors: Unit vectors of the index's encoder, shape (queries, dimensions).
        top: Statements per query; fewer where the nodes hold fewer.
        beam: Nodes kept at each level.

    Returns:
        The table of `retrieval.retrieve_tasks`.
    """
    top_ids = hierarchy.statements["top_id"].unique().sort()
    parents = hierarchy.nodes.filter(pl.col("node_level").cast(pl.String) == "middle").sort("node_id")["parent_id"]
    kept = _largest(query_vectors @ hierarchy.top_vectors.T, beam)
    closeness = np.where(
        kept[:, top_ids.search_sorted(parents).to_numpy()], query_vectors @ hierarchy.middle_vectors.T, -np.inf
    )
    chosen = _largest(closeness, beam) & np.isfinite(closeness)
    middle_ids = hierarchy.statements["middle_id"].unique().sort()
    own = middle_ids.search_sorted(hierarchy.statements["middle_id"]).to_numpy()
    return retrieve_tasks(index, query_vectors, top=top, nodes=Nodes(own, chosen))


def _largest(scores: NDArray[np.floating], count: int) -> NDArray[np.bool_]:
    """Mark the `count` largest of each row, ties by position."""
    order = np.argsort(-scores, axis=1, kind="stable")[:, :count]
    marked = np.zeros(scores.shape, dtype=bool)
    np.put_along_axis(marked, order, values=True, axis=1)
    return marked


def _renumbered(labels: NDArray[np.integer]) -> NDArray[np.int64]:
    """Labels numbered from 0 by first appearance."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    order = np.empty(len(first), dtype=np.int64)
    order[np.argsort(first, kind="stable")] = np.arange(len(first))
    return order[inverse]


def _centres(vectors: NDArray[np.float32], labels: NDArray[np.int64]) -> NDArray[np.float32]:
    """Unit mean vector of each label."""
    sums = np.zeros((int(labels.max()) + 1, vectors.shape[1]))
    np.add.at(sums, labels, vectors.astype(np.float64))
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    return (sums / np.where(lengths > 0, lengths, 1)).astype(np.float32)


def _nodes(
    level: str, ids: list[str], parents: list[str | None], labels: NDArray[np.int64], texts: list[str]
) -> pl.DataFrame:
    """Nodes of a level with the terms that set them apart."""
    documents = [""] * len(ids)
    for text, label in zip(texts, labels, strict=True):
        documents[label] += f" {text}"
    model = TfidfVectorizer(sublinear_tf=True, stop_words="english", token_pattern=r"[^\W\d_]{3,}")  # noqa: S106
    weights = model.fit_transform(documents).toarray()
    terms = model.get_feature_names_out()
    names = [", ".join(terms[place] for place in np.argsort(-row, kind="stable")[:NAME_TERMS]) for row in weights]
    return pl.DataFrame(
        {
            "node_id": ids,
            "node_level": [level] * len(ids),
            "parent_id": parents,
            "name": names,
            "statement_count": np.bincount(labels, minlength=len(ids)),
        },
        schema={
            "node_id": pl.String,
            "node_level": pl.String,
            "parent_id": pl.String,
            "name": pl.String,
            "statement_count": pl.Int64,
        },
    )
