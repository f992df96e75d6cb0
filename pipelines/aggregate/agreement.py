"""How far the routes from conversations to tasks agree: correlations of the shares that each of them gives.

The paper (arXiv 2503.04761, appendix G) compares clusters with single conversations this way.
"""

from itertools import combinations
from typing import Final

import polars as pl
from scipy.stats import kendalltau, pearsonr, spearmanr

from pipelines.aggregate.usage import Catalogue, occupation_rows

LEVELS: Final = {"major_group": "soc_major_group", "occupation": "onet_soc_code", "task": "statement_task_id"}
PAPER: Final = {
    "major_group": (0.95, 0.95, 0.82),
    "occupation": (0.70, 0.58, 0.46),
    "task": (0.47, 0.22, 0.18),
}
"""Pearson, Spearman and Kendall between the paper's clusters and its direct assignment, by level."""

MIN_ITEMS: Final = 3
"""Fewest items that a correlation is stated for."""

AGREEMENT_SCHEMA: Final = {
    "mapping_route": pl.String,
    "other_mapping_route": pl.String,
    "mapping_level": pl.String,
    "item_count": pl.Int64,
    "same_share": pl.Float64,
    **{f"{name}_correlation": pl.Float64 for name in ("pearson", "spearman", "kendall")},
    **{f"paper_{name}_correlation": pl.Float64 for name in ("pearson", "spearman", "kendall")},
}


def route_agreement(rows_by_route: dict[str, pl.DataFrame], catalogue: Catalogue) -> pl.DataFrame:
    """Compare every two routes at the levels of major groups, occupations and tasks.

    Args:
        rows_by_route: `conversation_id`, `account_id`, `statement_task_id`, `weight` of each route.
        catalogue: Taxonomy.

    Returns:
        Columns of `AGREEMENT_SCHEMA`, one row per two routes and level. Correlations are over the items that either
        route uses, and null where there are fewer than three or a route does not vary. `same_share` is the share of
        conversations matched by both that both give to the same item.
    """
    shares = {route: _shares(rows, catalogue) for route, rows in rows_by_route.items()}
    rows = []
    for one, other in combinations(sorted(rows_by_route), 2):
        for level in LEVELS:
            both = (
                shares[one][level]
                .join(shares[other][level], on="item", how="full", coalesce=True, suffix="_other")
                .fill_null(0.0)
                .sort("item")
            )
            same = _same_share(rows_by_route[one], rows_by_route[other], catalogue, level)
            found = _correlations(both["share"], both["share_other"])
            rows.append((one, other, level, both.height, same, *found, *PAPER[level]))
    return pl.DataFrame(rows, schema=AGREEMENT_SCHEMA, orient="row")


def _shares(rows: pl.DataFrame, catalogue: Catalogue) -> dict[str, pl.DataFrame]:
    """Share of each item at every level among matched conversations."""
    split = occupation_rows(rows, catalogue)
    return {
        level: split.group_by(item=column)
        .agg(share=pl.col("weight").sum())
        .with_columns(pl.col("share") / pl.col("share").sum())
        for level, column in LEVELS.items()
    }


def _same_share(one: pl.DataFrame, other: pl.DataFrame, catalogue: Catalogue, level: str) -> float | None:
    """Share of the conversations matched by both routes whose weights overlap, by the smaller weight of each item."""
    column = LEVELS[level]
    sides = [
        occupation_rows(rows, catalogue).group_by("conversation_id", item=column).agg(pl.col("weight").sum())
        for rows in (one, other)
    ]
    matched = (
        sides[0]
        .select("conversation_id")
        .unique()
        .join(sides[1].select("conversation_id").unique(), on="conversation_id")
    )
    if matched.is_empty():
        return None
    overlap = (
        sides[0].join(sides[1], on=["conversation_id", "item"]).select(pl.min_horizontal("weight", "weight_right"))
    )
    return float(overlap.to_series().sum()) / matched.height


def _correlations(left: pl.Series, right: pl.Series) -> tuple[float | None, float | None, float | None]:
    if left.len() < MIN_ITEMS or min(side.round(12).n_unique() for side in (left, right)) < 2:
        return None, None, None
    pair = (left.to_numpy(), right.to_numpy())
    return float(pearsonr(*pair).statistic), float(spearmanr(*pair).statistic), float(kendalltau(*pair).statistic)
