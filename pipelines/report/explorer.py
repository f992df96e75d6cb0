"""What the explorer of the clusters shows: the tree, the facets of each cluster and the map, from one vintage's tables.

The page itself is `explorer.html.j2` with `explorer.css` and `explorer.js`; `page` puts them together.
"""

from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from pipelines.figures.numbers import stated_percent
from pipelines.report.story import cluster_stories
from pipelines.report.tables import MonthTables
from pipelines.report.tree import Node, cluster_tree

FACET_TITLES: Final = {
    "collaboration_pattern": "Collaboration pattern",
    "use_case": "Use case",
    "language": "Language",
}
SHARE_DECIMALS: Final = 6


@dataclass(frozen=True)
class Row:
    """One line of the table for readers without JavaScript: the cluster, its depth in the tree, its facets in words."""

    node: Node
    depth: int


def has_explorer(tables: MonthTables) -> bool:
    """The vintage has clusters to explore.

    Args:
        tables: Tables of one vintage.
    """
    return not tables["idx/request_cluster_month"].filter(pl.col("row_kind") == "value").is_empty()


def explorer_data(tables: MonthTables) -> dict[str, Any]:
    """Clusters, facets and remainders as the page's script reads them: one list per attribute, in order of size.

    A withheld cluster is listed only where a published one lies below it; else it is in its parent's count alone.

    Args:
        tables: Tables of one vintage.

    Returns:
        `clusters` (lists of equal length; `parent` is a place in them, -1 at the top), `facets`, `levels`.
    """
    every = tables["idx/request_cluster_month"]
    rows = _listed(every.filter(pl.col("row_kind") == "value"))
    places = {key: place for place, key in enumerate(rows.select("cluster_level", "cluster_id").iter_rows())}
    records = rows.to_dicts()
    parents = [places.get((row["cluster_level"] + 1, row["parent_id"]), -1) for row in records]
    stories = cluster_stories(tables)
    return {
        "clusters": {
            "id": [row["cluster_id"] for row in records],
            "level": [row["cluster_level"] for row in records],
            "parent": parents,
            "name": [row["name"] for row in records],
            "text": [row["description"] for row in records],
            "share": _rounded(rows["usage_share"]),
            "accountShare": _rounded(rows["account_share"]),
            "count": [row["conversation_count"] for row in records],
            "band": [row["account_band"] for row in records],
            "x": _rounded(rows["map_x"]),
            "y": _rounded(rows["map_y"]),
            "lasting": [row["persistent_id"] for row in records],
            "story": [stories.get((row["cluster_level"], row["cluster_id"])) for row in records],
            "withheldBelow": _withheld_below(every, rows),
        },
        "facets": [_facet(tables["idx/cluster_facet_month"], facet, places) for facet in FACET_TITLES],
        "levels": _levels(every),
    }


def explorer_rows(tables: MonthTables) -> tuple[Row, ...]:
    """Every cluster in the order of the tree, for the table that needs no script.

    Args:
        tables: Tables of one vintage.
    """
    found: list[Row] = []

    def visit(nodes: tuple[Node, ...], depth: int) -> None:
        for node in nodes:
            found.append(Row(node, depth))
            visit(node.children, depth + 1)

    visit(cluster_tree(tables["idx/request_cluster_month"]), 0)
    return tuple(found)


def _rounded(column: pl.Series) -> list[float | None]:
    return column.round(SHARE_DECIMALS).to_list()


def _listed(clusters: pl.DataFrame) -> pl.DataFrame:
    """Published clusters and withheld ones above them, from the top down and largest first."""
    kept = clusters.filter(pl.col("obs_status") != "Q")
    for level in sorted(clusters["cluster_level"].unique()):
        above = kept.filter(pl.col("cluster_level") == level).select(
            cluster_id="parent_id", cluster_level=pl.col("cluster_level") + 1
        )
        missing = clusters.join(above.unique(), on=["cluster_id", "cluster_level"], how="semi").join(
            kept, on=["cluster_id", "cluster_level"], how="anti"
        )
        kept = pl.concat([kept, missing])
    return kept.sort("cluster_level", "usage_share", "cluster_id", descending=[True, True, False], nulls_last=True)


def _withheld_below(every: pl.DataFrame, listed: pl.DataFrame) -> list[int]:
    """How many clusters right below each one are withheld and not listed."""
    hidden = every.filter(pl.col("obs_status") == "Q", pl.col("row_kind") == "value").join(
        listed, on=["cluster_id", "cluster_level"], how="anti"
    )
    counts = hidden.group_by("parent_id", pl.col("cluster_level") + 1).agg(hidden_count=pl.len())
    keys = ["cluster_id", "cluster_level"]
    joined = listed.select(keys).join(
        counts.rename({"parent_id": "cluster_id"}), on=keys, how="left", maintain_order="left"
    )
    return joined["hidden_count"].fill_null(0).to_list()


def _facet(table: pl.DataFrame, facet: str, places: dict[tuple[int, str], int]) -> dict[str, Any]:
    """One facet: its values, commonest first, and for each cluster the pairs of value and share (null: withheld)."""
    rows = table.filter(pl.col("facet") == facet)
    stated = rows.filter(pl.col("row_kind") != "suppressed")
    values = (
        stated.group_by("facet_value")
        .agg(pl.col("conversation_count").sum())
        .sort("conversation_count", "facet_value", descending=[True, False])["facet_value"]
        .to_list()
    )
    number = {value: place for place, value in enumerate(values)}
    parts: list[list[float | int | None]] = [[] for _ in places]
    rest: list[float | None] = [None for _ in places]
    ordered = rows.sort("usage_share", "facet_value", descending=[True, False], nulls_last=True)
    for row in ordered.select(
        "cluster_level", "cluster_id", "facet_value", "row_kind", "usage_share", "obs_status"
    ).iter_rows(named=True):
        place = places.get((row["cluster_level"], row["cluster_id"]))
        if place is None:
            continue
        if row["row_kind"] == "suppressed":
            rest[place] = row["usage_share"]
        else:
            parts[place] += [number[row["facet_value"]], row["usage_share"]]
    return {"id": facet, "title": FACET_TITLES[facet], "values": values, "parts": parts, "rest": rest}


def _levels(every: pl.DataFrame) -> list[dict[str, Any]]:
    """Levels from the top: their names, and what of them is withheld or in no cluster."""
    levels = sorted(every.filter(pl.col("row_kind") == "value")["cluster_level"].unique(), reverse=True)
    names = ["Broad", "Middle", "Narrow"] if len(levels) == 3 else [f"Level {len(levels) - n}" for n in levels]
    found = []
    for level, name in zip(levels, names, strict=True):
        of_level = every.filter(pl.col("cluster_level") == level)
        rests = {
            row["row_kind"]: stated_percent(row["usage_share"], row["obs_status"])
            for row in of_level.filter(pl.col("row_kind") != "value").iter_rows(named=True)
            if row["usage_share"] != 0
        }
        withheld = of_level.filter(pl.col("row_kind") == "value", pl.col("obs_status") == "Q").height
        found.append(
            {
                "level": level,
                "name": name,
                "withheldCount": withheld,
                "withheld": rests.get("suppressed"),
                "outside": rests.get("not_classified"),
            }
        )
    return found
