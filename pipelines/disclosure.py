"""Withholding over whole tables, and the forms in which counts and shares may be stated.

The rule of a single cell is `clio_lite.privacy.cell_rule`; here are complementary suppression, so that a withheld cell
cannot be had by subtraction, the rounding ladder, account bands and significant digits. Which tables are linked is
decided in `pipelines.publish`.
"""

from itertools import pairwise
from typing import Final

import numpy as np
import polars as pl
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from clio_lite.privacy import DisclosurePolicy, cell_rule

SOLVED_TOLERANCE: Final = 1e-9
MAX_SOLVED_GROUPS: Final = 100  # connected sums; above, only each by itself is protected: solving them takes too long
SIGNIFICANT_DIGITS: Final = 4  # Census DRB: at most four for every estimate
ROUNDING_LADDER: Final[tuple[tuple[int, int], ...]] = (
    # Census DRB interim rounding: counts below the first number go to the nearest multiple of the second. Counts below
    # 15 leave this house only under a relaxed policy; they go to the nearest 5, and never to 0, which would be a claim.
    (15, 5),
    (100, 10),
    (1_000, 50),
    (10_000, 100),
    (100_000, 500),
    (1_000_000, 1_000),
)
ROUNDING_DESCRIPTION: Final = (
    "0 is exact; below 15 to 5 (at least 5); 15-99 to 10; 100-999 to 50; 1,000-9,999 to 100; 10,000-99,999 to 500; "
    "100,000-999,999 to 1,000; above, four significant digits; half to even. Shares: from unrounded counts, four "
    "significant digits."
)
ACCOUNT_BANDS: Final = (1, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000)
CONF_STATUS_OF_RULE: Final = {
    "too_few_conversations": "A",
    "too_few_accounts": "A",
    "top_account": "O",
    "top_two_accounts": "T",
    "complementary": "D",
}


def withhold_cells(
    cells: pl.DataFrame,
    contributions: pl.DataFrame,
    links: pl.DataFrame,
    *,
    policy: DisclosurePolicy,
    forced: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Decide which cells of a table are withheld, and by which rule.

    Primary: `cell_rule`. Complementary: in every group whose total a reader can know, what is withheld must be at least
    two observed cells whose union itself passes the gate (or else everything observed in the group). Until that holds,
    the smallest cell that may be published is withheld too, ties by cell id. The same goes for cells that follow from
    several groups together, as a solution of their sums (up to `MAX_SOLVED_GROUPS` connected groups).
    Observed zeros are never withheld.

    Args:
        cells: `cell_id` and the measures of the gate.
        contributions: `cell_id`, `account_id`, `weight`.
        links: `cell_id`, `group_id`, `part`: the share of the cell's weight that belongs to the group. A cell may
        policy: Thresholds.
        forced: `cell_id`, `suppression_rule` of cells that another table already withholds.

    Returns:
        `cell_id`, `suppression_rule` (null: published), sorted by `cell_id`.
    """
    rules = cells.select("cell_id", "conversation_count", suppression_rule=cell_rule(policy)).sort("cell_id")
    if forced is not None:
        rules = rules.join(forced.rename({"suppression_rule": "_forced"}), on="cell_id", how="left").sort("cell_id")
        reason = pl.when(pl.col("conversation_count") > 0).then(pl.coalesce("suppression_rule", "_forced"))
        rules = rules.select("cell_id", "conversation_count", suppression_rule=reason)
    observed = links.join(rules.filter(pl.col("conversation_count") > 0), on="cell_id").drop("suppression_rule")
    while True:
        added = _next_complements(rules, observed, contributions, policy)
        if added.is_empty():
            added = _next_unsolvable(rules, observed, contributions, policy)
        if added.is_empty():
            return rules.select("cell_id", "suppression_rule")
        rules = rules.with_columns(
            suppression_rule=pl.when(pl.col("cell_id").is_in(added.implode()))
            .then(pl.lit("complementary"))
            .otherwise("suppression_rule")
        )


def _next_complements(
    rules: pl.DataFrame, observed: pl.DataFrame, contributions: pl.DataFrame, policy: DisclosurePolicy
) -> pl.Series:
    """Ids of the cells to withhold next: one for each group whose withheld cells could be told apart."""
    state = observed.join(rules.select("cell_id", "suppression_rule"), on="cell_id")
    withheld = state.filter(pl.col("suppression_rule").is_not_null())
    if withheld.is_empty():
        return pl.Series("cell_id", [], dtype=pl.String)
    unsafe = _union_cells(withheld, contributions).filter(
        (pl.col("withheld_count") < 2) | cell_rule(policy).is_not_null()
    )
    return _smallest_open(state, unsafe["group_id"])


def _next_unsolvable(
    rules: pl.DataFrame, observed: pl.DataFrame, contributions: pl.DataFrame, policy: DisclosurePolicy
) -> pl.Series:
    """Ids of the cells to withhold next so that no withheld cell solves the sums of its groups.

    Unknowns are the withheld cells; cells with equal parts in equal groups are one unknown. An unknown is solved when
    its unit vector lies in the row space of the sums: then it must pass the gate.
    """
    state = observed.join(rules.select("cell_id", "suppression_rule"), on="cell_id")
    withheld = state.filter(pl.col("suppression_rule").is_not_null()).sort("cell_id", "group_id")
    if withheld.is_empty():
        return pl.Series("cell_id", [], dtype=pl.String)
    unknown_of = withheld.group_by("cell_id", maintain_order=True).agg(
        unknown=pl.format("{}={}", "group_id", "part").str.join("\x1f")
    )
    sums = withheld.join(unknown_of, on="cell_id").unique(["unknown", "group_id"]).sort("unknown", "group_id")
    solved = _solved_unknowns(sums)
    parts = unknown_of.filter(pl.col("unknown").is_in(solved.implode())).select(
        "cell_id", group_id="unknown", part=pl.lit(1.0)
    )
    unsafe = _union_cells(parts, contributions).filter(cell_rule(policy).is_not_null())
    groups = sums.filter(pl.col("unknown").is_in(unsafe["group_id"].implode()))["group_id"].unique()
    return _smallest_open(state, groups)


def _solved_unknowns(sums: pl.DataFrame) -> pl.Series:
    """Unknowns that follow from the sums: those whose unit vector lies in the space that the sums span.

    Sums that share no unknown, directly or through others, are solved apart; a connected set of more than
    `MAX_SOLVED_GROUPS` is not solved.

    Args:
        sums: `unknown`, `group_id`, `part`.
    """
    columns, rows = sums["unknown"].unique().sort(), sums["group_id"].unique().sort()
    column, row = columns.search_sorted(sums["unknown"]).to_numpy(), rows.search_sorted(sums["group_id"]).to_numpy()
    size = rows.len() + columns.len()
    _, label = connected_components(
        coo_array((np.ones(len(row)), (row, column + rows.len())), shape=(size, size)), directed=False
    )
    order = np.argsort(label[row], kind="stable")
    starts = np.flatnonzero(np.diff(label[row][order], prepend=-1))
    found: list[int] = []
    for entries in np.split(order, starts[1:]):
        own_rows, at_row = np.unique(row[entries], return_inverse=True)
        own_columns, at_column = np.unique(column[entries], return_inverse=True)
        if len(own_rows) > MAX_SOLVED_GROUPS:
            continue
        matrix = np.zeros((len(own_rows), len(own_columns)))
        matrix[at_row, at_column] = sums["part"].to_numpy()[entries]
        _, singular, space = np.linalg.svd(matrix, full_matrices=False)
        space = space[singular > singular.max() * SOLVED_TOLERANCE]
        found.extend(own_columns[(space**2).sum(axis=0) > 1 - SOLVED_TOLERANCE])
    return columns.gather(sorted(found))


def _smallest_open(state: pl.DataFrame, groups: pl.Series) -> pl.Series:
    """Smallest published cell of each of the groups that has one, ties by id."""
    return (
        state.filter(pl.col("suppression_rule").is_null() & pl.col("group_id").is_in(groups.implode()))
        .sort("group_id", "conversation_count", "cell_id")
        .group_by("group_id", maintain_order=True)
        .agg(pl.col("cell_id").first())["cell_id"]
        .unique()
        .sort()
    )


def _union_cells(withheld: pl.DataFrame, contributions: pl.DataFrame) -> pl.DataFrame:
    """Measure the union of the withheld cells of each group as the gate would a cell."""
    counts = withheld.group_by("group_id").agg(withheld_count=pl.col("cell_id").n_unique())
    weight = pl.col("weight")
    by_account = (
        withheld.select("cell_id", "group_id", "part")
        .join(contributions, on="cell_id")
        .group_by("group_id", "account_id")
        .agg((weight * pl.col("part")).sum())
    )
    known = weight.filter(pl.col("account_id").is_not_null())
    union = by_account.group_by("group_id").agg(
        conversation_count=weight.sum().round(9),
        account_count=pl.col("account_id").is_not_null().sum(),
        top_account_share=(known.max() / known.sum()).fill_null(0.0),
        top_two_account_share=(known.top_k(2).sum() / known.sum()).fill_null(0.0),
    )
    return counts.join(union, on="group_id")


def flat_links(cells: pl.DataFrame, group: pl.Expr | None = None) -> pl.DataFrame:
    """Links of cells that belong wholly to one group each.

    Args:
        cells: `cell_id` and what the expression needs.
        group: Name of the cell's group; by default one group for all.
    """
    return cells.select(
        "cell_id", group_id=(pl.lit("all") if group is None else group).cast(pl.String), part=pl.lit(1.0)
    )


def rounded_count(count: pl.Expr) -> pl.Expr:
    """Round counts of conversations by `ROUNDING_LADDER`; null stays null and 0 stays 0.

    Args:
        count: Exact counts, whole or fractional.
    """
    # From a million on: four significant digits.
    step: pl.Expr = pl.lit(10.0).pow(count.clip(lower_bound=1.0).log10().floor() - 3)
    for limit, multiple in reversed(ROUNDING_LADDER):
        step = pl.when(count < limit).then(float(multiple)).otherwise(step)
    nearest = (count / step).round(0, mode="half_to_even") * step
    nearest = (
        pl.when((count > 0) & (count < ROUNDING_LADDER[0][0])).then(nearest.clip(lower_bound=5.0)).otherwise(nearest)
    )
    return pl.when(count == 0).then(0.0).otherwise(nearest).round(0).cast(pl.Int64)


def account_band(count: pl.Expr) -> pl.Expr:
    """State a number of accounts as a band such as `10-24`; 0 is `0`.

    Args:
        count: Exact numbers of accounts.
    """
    band: pl.Expr = pl.lit("0")
    for low, high in pairwise([*ACCOUNT_BANDS, None]):
        name = f"{low}+" if high is None else f"{low}-{high - 1}"
        band = pl.when(count >= low).then(pl.lit(name)).otherwise(band)
    return pl.when(count.is_not_null()).then(band)


def rounded_share(share: pl.Expr) -> pl.Expr:
    """Round to `SIGNIFICANT_DIGITS` significant digits, half to even; 0 stays 0.

    Unrounded shares of small bases give the exact counts back, so shares are rounded as counts are.

    Args:
        share: Unrounded values.
    """
    return rounded_digits(share, SIGNIFICANT_DIGITS)


def rounded_digits(value: pl.Expr, digits: int) -> pl.Expr:
    """Round to significant digits, half to even; 0 stays 0.

    Args:
        value: Unrounded values.
        digits: Significant digits.
    """
    scale = pl.lit(10.0).pow(digits - 1 - _magnitude(value))
    return pl.when(value == 0).then(0.0).otherwise((value * scale).round(0, mode="half_to_even") / scale)


def rounding_error(share: pl.Expr) -> pl.Expr:
    """Greatest difference that `rounded_share` can have made to a value.

    Args:
        share: Rounded values.
    """
    unit = pl.lit(10.0).pow(_magnitude(share) - (SIGNIFICANT_DIGITS - 1))
    return pl.when(share == 0).then(0.0).otherwise(unit / 2)


def _magnitude(share: pl.Expr) -> pl.Expr:
    """Power of ten of the first significant digit."""
    return (share.abs().log10() + 1e-12).floor()
