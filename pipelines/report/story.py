"""Where each cluster came from, as a sentence: what the month before held of it, and since when it is there."""

import polars as pl

from pipelines.report.tables import MonthTables


def cluster_stories(tables: MonthTables) -> dict[tuple[int, str], str]:
    """A sentence for each cluster of which something is published about the month before, by level and id.

    Args:
        tables: Tables of one vintage.
    """
    seen = {
        row["persistent_id"]: row for row in tables.changes["cluster_history"].iter_rows(named=True)
    }  # only ids that were there before
    links = tables["idx/cluster_lineage_month"].filter(pl.col("relation").is_not_null(), pl.col("cluster_id") != "none")
    found = {}
    for (level, cluster_id), rows in links.group_by("cluster_level", "cluster_id"):
        relations = rows["relation"].cast(pl.String).to_list()
        history = seen.get(rows["persistent_id"].drop_nulls().first() or "")
        found[level, cluster_id] = _sentence(relations, history)
    return found


def _sentence(relations: list[str], history: dict[str, object] | None) -> str:
    """Words for how a cluster came about; `history` has `first_month` and the `last_name` of earlier months."""
    if relations == ["birth"]:
        return "New this month."
    if "merge" in relations:
        opening = "Merged from several clusters of the month before"
    elif "split" in relations:
        opening = "Split off from a cluster of the month before"
    else:
        name = history and history["last_name"]
        opening = f"Continues “{name}” of the month before" if name else "Continues a cluster of the month before"
    since = f", there since {history['first_month']:%B %Y}" if history else ""
    return f"{opening}{since}."
