"""Asset checks on published tables, and the counts of conversations after each step."""

from typing import Final

import dagster as dg
import polars as pl

from pipelines.aggregate import MonthInputs

_PASSED_ON: Final = ("read", "accepted", "duplicate", "other_month", "quarantined", "no_account", "no_date")


def conservation_check(conservation: pl.LazyFrame) -> dg.AssetCheckResult:
    """Published, suppressed, none, not classified and not published add up to one in every table and group."""
    rows = conservation.collect()
    broken = rows.filter(~pl.col("is_conserved"))
    worst = (rows.get_column("total_share") - 1).abs().max()
    return dg.AssetCheckResult(
        passed=broken.is_empty() and not rows.is_empty(),
        metadata={
            "groups": rows.height,
            "groups_broken": broken.height,
            "largest_difference_from_1": float(worst or 0.0),  # type: ignore[arg-type]
        },
    )


def threshold_check(table: pl.LazyFrame) -> dg.AssetCheckResult:
    """A row that is withheld has no count and no band, and says by which rule; one that is not says no rule."""
    withheld = pl.col("obs_status").cast(pl.String) == "Q"
    leaking = withheld & (pl.col("conversation_count").is_not_null() | pl.col("account_band").is_not_null())
    silent = withheld & pl.col("suppression_rule").is_null() & (pl.col("conf_status").cast(pl.String) == "F")
    loud = ~withheld & pl.col("suppression_rule").is_not_null()
    counts = table.select(
        pl.len().alias("rows"),
        withheld.sum().alias("withheld"),
        leaking.sum().alias("leaking"),
        loud.sum().alias("loud"),
        silent.sum().alias("silent"),
    ).collect()
    found = {name: int(value) for name, value in counts.row(0, named=True).items()}
    return dg.AssetCheckResult(passed=not (found["leaking"] or found["loud"] or found["silent"]), metadata=found)


def step_counts(ingest_count: pl.DataFrame, inputs: MonthInputs) -> dict[str, int]:
    """Conversations after each step of a build, exact; they are rounded when published.

    Args:
        ingest_count: Table `raw/ingest_count`.
        inputs: The month's tables.
    """
    read = dict(ingest_count.select("outcome", "record_count").iter_rows())
    counts = {name: int(read[name]) for name in _PASSED_ON if name in read}
    counted = inputs.conversations.filter("is_counted").select("conversation_id")
    occupational = counted.join(inputs.facets.filter("is_occupational"), on="conversation_id", how="semi")
    placed = inputs.conversation_task.filter(~pl.col("statement_task_id").is_in(["none", "not_classified"]))
    return {
        **counts,
        "counted": counted.height,
        "occupational": occupational.height,
        "matched": occupational.join(placed, on="conversation_id", how="semi").height,
    }
