"""Exact cells: weighted conversations, accounts, dominance and shares of any partition of conversations.

Everything here is uncensored and never leaves the restricted zone; withholding is in `pipelines.disclosure`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import polars as pl

MEASURES: Final = (
    "conversation_count",
    "account_count",
    "top_account_share",
    "top_two_account_share",
    "usage_share",
    "account_share",
)
COUNT_DECIMALS: Final = 9  # weighted counts are sums of binary fractions: 14.999999999999998 is 15


SAMPLING_COLUMNS: Final = ("share_se", "base_group", "base_weight", "base_accounts")
"""What `pipelines.uncertainty` states intervals from; it adds the first."""
CONTRIBUTION_SCHEMA: Final = {
    "cell_id": pl.String,
    "account_id": pl.String,
    "unit_id": pl.String,
    "weight": pl.Float64,
}


@dataclass(frozen=True)
class ExactTable:
    """One table before disclosure control.

    Attributes:
        cells: One row per cell: `cell_id`, `base_group`, the published keys and attributes, and `MEASURES`.
        contributions: `cell_id`, `account_id` (null: no account), `unit_id`, `weight`: what each sampling unit adds to
            each cell. A unit is an account, or a conversation without one; null where the source has neither.
        bases: `base_group`, `unit_id`, `weight`: what each unit adds to each base.
    """

    cells: pl.DataFrame
    contributions: pl.DataFrame
    bases: pl.DataFrame = field(
        default_factory=lambda: pl.DataFrame(
            schema={"base_group": pl.String, "unit_id": pl.String, "weight": pl.Float64}
        )
    )


def measure_cells(
    rows: pl.DataFrame,
    keys: Sequence[str],
    *,
    catalogue: pl.DataFrame,
    within: Sequence[str] = (),
    base: pl.DataFrame | None = None,
) -> ExactTable:
    """Measure every cell of a catalogue, observed zeros included.

    `usage_share` is the cell's weight over the weight of its base. `account_share` gives each account of the base the
    weight 1, splits it over the account's conversations in the base, and divides by the number of accounts. The
    dominance shares are taken over the conversations that have an account, so that conversations without one cannot
    hide a heavy account.

    Args:
        rows: The keys, `account_id` (nullable), `weight`, and `conversation_id` where the rows are conversations.
        keys: Columns that name a cell; `within` among them.
        catalogue: One row per cell that exists, with the keys and any attributes.
        within: Columns that name a base; empty for one base over all rows.
        base: Rows that make the base, where it is not `rows` itself.

    Returns:
        The cells, sorted by key, and what each account adds to them. Shares are null where the base is empty.
    """
    keys, within = list(keys), list(within)
    rows = rows.with_columns(_unit(rows))
    base = rows if base is None else base.with_columns(_unit(base))
    weight = pl.col("weight")
    unit_base = base.group_by([*within, "account_id", "unit_id"]).agg(weight.sum())
    account_base = unit_base.group_by([*within, "account_id"]).agg(account_weight=weight.sum())
    totals = account_base.group_by(within or pl.lit(0).alias("_one")).agg(
        base_weight=pl.col("account_weight").sum(),
        base_accounts=pl.col("account_id").is_not_null().sum().cast(pl.Int64),
    )
    by_unit = rows.group_by([*keys, "account_id", "unit_id"]).agg(weight.sum()).filter(weight > 0)
    by_account = (
        by_unit.group_by([*keys, "account_id"])
        .agg(weight.sum())
        .join(account_base, on=[*within, "account_id"], how="left")
        .sort([*keys, "account_id"])
    )
    known = weight.filter(pl.col("account_id").is_not_null())
    measured = by_account.group_by(keys, maintain_order=True).agg(
        conversation_count=weight.sum().round(COUNT_DECIMALS),
        _weight=weight.sum(),
        account_count=pl.col("account_id").is_not_null().sum().cast(pl.Int64),
        _known=known.sum(),
        _top=known.max(),
        _top_two=known.top_k(2).sum(),
        _accounts=(known / pl.col("account_weight").filter(pl.col("account_id").is_not_null())).sum(),
    )
    cells = catalogue.join(measured, on=keys, how="left")
    if within:
        cells = cells.join(totals, on=within, how="left")
    else:
        row = totals.to_dicts()[0] if totals.height else {"base_weight": 0.0, "base_accounts": 0}
        cells = cells.with_columns(base_weight=pl.lit(row["base_weight"]), base_accounts=pl.lit(row["base_accounts"]))
    cells = _with_measures(cells).sort(keys)
    cells = cells.with_columns(cell_id=_joined(keys), base_group=_joined(within))
    contributions = by_unit.select(_joined(keys).alias("cell_id"), "account_id", "unit_id", "weight")
    bases = unit_base.select(_joined(within).alias("base_group"), "unit_id", "weight")
    return ExactTable(
        cells, contributions.sort("cell_id", "account_id", "unit_id"), bases.sort("base_group", "unit_id")
    )


def _joined(keys: Sequence[str]) -> pl.Expr:
    """The keys as one text; `all` where there are none."""
    return pl.concat_str([pl.col(key).cast(pl.String) for key in keys], separator="|") if keys else pl.lit("all")


def _unit(rows: pl.DataFrame) -> pl.Expr:
    """What is drawn when the sample is drawn again: the account, or the conversation that has none."""
    account = pl.col("account_id").cast(pl.String)
    if "conversation_id" not in rows.columns:
        return account.alias("unit_id")
    return pl.coalesce(account, pl.format("conversation:{}", "conversation_id")).alias("unit_id")


def _with_measures(cells: pl.DataFrame) -> pl.DataFrame:
    """Turn the sums of `measure_cells` into counts and shares, zero where nothing was observed."""

    def over(numerator: str, denominator: str) -> pl.Expr:
        return pl.when(pl.col(denominator) > 0).then(pl.col(numerator).fill_null(0.0) / pl.col(denominator))

    cells = cells.with_columns(
        pl.col("conversation_count", "_weight", "_known", "_top", "_top_two", "_accounts").fill_null(0.0),
        pl.col("account_count").fill_null(0),
        pl.col("base_weight").fill_null(0.0),
        pl.col("base_accounts").fill_null(0),
    )
    return cells.with_columns(
        top_account_share=over("_top", "_known").fill_null(0.0),
        top_two_account_share=over("_top_two", "_known").fill_null(0.0),
        usage_share=over("_weight", "base_weight"),
        account_share=over("_accounts", "base_accounts"),
    ).drop("_weight", "_known", "_top", "_top_two", "_accounts")
