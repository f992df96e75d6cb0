"""The cluster tree of the page, as nested nodes ordered by size."""

from dataclasses import dataclass

import polars as pl

from pipelines.figures.numbers import stated_percent

UNNAMED = "Name withheld"


@dataclass(frozen=True)
class Node:
    """One cluster with those below it.

    Attributes:
        name: Published name, or that it is withheld.
        description: Published description.
        share: Its share in words.
        width: Its share in percent of the largest root, for the bar.
        children: Clusters below, largest first.
    """

    name: str
    description: str
    share: str
    width: float
    children: tuple["Node", ...]


def cluster_tree(clusters: pl.DataFrame) -> tuple[Node, ...]:
    """Roots of the tree: the clusters of the highest level, largest first.

    Args:
        clusters: `cluster_id`, `cluster_level`, `parent_id`, `row_kind`, `name`, `description`, `usage_share`,
            `obs_status`; remainders are left out.
    """
    rows = (
        clusters.filter(pl.col("row_kind") == "value")
        .sort("usage_share", "cluster_id", descending=[True, False], nulls_last=True)
        .to_dicts()
    )
    known = {row["cluster_id"] for row in rows}
    largest = max((row["usage_share"] or 0.0 for row in rows), default=0.0) or 1.0
    below: dict[str | None, list[dict[str, object]]] = {}
    for row in rows:
        parent = row["parent_id"] if row["parent_id"] in known else None
        below.setdefault(parent, []).append(row)
    return tuple(_node(row, below, largest) for row in below.get(None, []))


def _node(row: dict[str, object], below: dict[str | None, list[dict[str, object]]], largest: float) -> Node:
    share = row["usage_share"]
    value = float(share) if isinstance(share, float) else None
    return Node(
        name=str(row["name"] or UNNAMED),
        description=str(row["description"] or ""),
        share=stated_percent(value, str(row["obs_status"])),
        width=100 * (value or 0.0) / largest,
        children=tuple(_node(child, below, largest) for child in below.get(str(row["cluster_id"]), [])),
    )
