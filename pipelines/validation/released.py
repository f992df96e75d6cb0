"""What may be shown of people's judgements: the gate of every published count, over the conversations judged.

A figure about the judged conversations is one about persons: it passes the thresholds and the rules on dominant
accounts or is withheld, and counts are rounded. The interval of an accuracy is computed from figures as stated.
"""

from collections.abc import Sequence
from typing import Any, Final

import polars as pl

from clio_lite.privacy import DisclosurePolicy, cell_rule
from pipelines.disclosure import rounded_count, rounded_share
from pipelines.validation.correction import wilson_interval
from pipelines.validation.tables import KAPPAS, ReleasedAccuracy, ReleasedAgreement

KAPPA_DECIMALS: Final = 3


def account_support(accounts: Sequence[str | None]) -> dict[str, Any]:
    """Columns of `tables.Support` for conversations, one account each.

    Args:
        accounts: Account of every conversation; None: it has none.
    """
    counts = pl.Series(accounts, dtype=pl.String).drop_nulls().value_counts()["count"].sort(descending=True)
    known = max(int(counts.sum()), 1)
    return {
        "account_count": counts.len(),
        "top_account_share": int(counts.head(1).sum()) / known,
        "top_two_account_share": int(counts.head(2).sum()) / known,
    }


def question_of(facet: str, level: str) -> str:
    """Question of the sheet that a facet and level were judged by.

    Args:
        facet: Of the accuracy.
        level: Of the accuracy.
    """
    return facet if level == "pattern" else f"{facet} {level}"


def passing_estimates(estimates: pl.DataFrame, policy: DisclosurePolicy) -> pl.DataFrame:
    """Estimates of the label sets whose judged conversations pass the gate.

    Args:
        estimates: Table `core/validation_estimate`.
        policy: Thresholds.
    """
    counted = estimates.with_columns(conversation_count="answered_count")
    return counted.filter(cell_rule(policy).is_null()).select(estimates.columns)


def released_agreement(agreement: pl.DataFrame, policy: DisclosurePolicy) -> pl.DataFrame:
    """Agreement as it may be shown.

    Args:
        agreement: Table `core/validation_agreement`.
        policy: Thresholds.

    Returns:
        Rows of `ReleasedAgreement`.
    """
    rows = _with_status(agreement, policy).with_columns(
        pl.when(pl.col("obs_status") == "A").then(pl.col(name).round(KAPPA_DECIMALS)).alias(name)
        for name in ("value", "ci_low", "ci_high")
    )
    return checked(ReleasedAgreement, rows)


def released_accuracy(accuracy: pl.DataFrame, agreement: pl.DataFrame, policy: DisclosurePolicy) -> pl.DataFrame:
    """Accuracy as it may be shown, with the agreement on the same question where that may be shown too.

    Args:
        accuracy: Table `core/validation_accuracy`.
        agreement: Table `core/validation_agreement`.
        policy: Thresholds.

    Returns:
        Rows of `ReleasedAccuracy`.
    """
    is_open = pl.col("obs_status") == "A"
    questions = [question_of(*judged) for judged in accuracy.select("facet", "level").iter_rows()]
    rows = _with_status(accuracy, policy).with_columns(
        accuracy=pl.when(is_open).then(rounded_share(pl.col("accuracy"))),
        effective_count=pl.when(is_open).then(rounded_count(pl.col("effective_count")).cast(pl.Float64)),
        question=pl.Series(questions, dtype=pl.String),
        ci_method=pl.when(is_open).then(pl.lit("wilson_effective")).otherwise(pl.lit("none")),
    )
    ends = [
        (None, None) if value is None or count is None else wilson_interval(value, count)
        for value, count in rows.select("accuracy", "effective_count").iter_rows()
    ]
    for place, name in enumerate(("ci_low", "ci_high")):
        found = pl.Series(name, [end[place] for end in ends], dtype=pl.Float64)
        rows = rows.with_columns(found).with_columns(rounded_share(pl.col(name)))
    # The mean over pairs of raters; one withheld pair withholds it, since the others would tell that pair's.
    shown = released_agreement(agreement, policy).with_columns(pl.col("statistic").cast(pl.String))
    means = (
        shown.group_by("label_set", "question", "statistic")
        .agg(value=pl.when((pl.col("obs_status") != "Q").all()).then(pl.col("value").mean().round(KAPPA_DECIMALS)))
        .sort("label_set", "question", "statistic")
    )
    for name in KAPPAS:
        kappas = means.filter(pl.col("statistic") == name).select("label_set", "question", pl.col("value").alias(name))
        rows = rows.join(kappas, on=["label_set", "question"], how="left", maintain_order="left")
    return checked(ReleasedAccuracy, rows)


def _with_status(rows: pl.DataFrame, policy: DisclosurePolicy) -> pl.DataFrame:
    """Rows with `obs_status` and their count rounded, null where withheld."""
    is_withheld = cell_rule(policy).is_not_null()
    return rows.with_columns(conversation_count="item_count").with_columns(
        obs_status=pl.when(is_withheld)
        .then(pl.lit("Q"))
        .when(pl.col("item_count") == 0)
        .then(pl.lit("M"))
        .otherwise(pl.lit("A")),
        item_count=pl.when(~is_withheld).then(rounded_count(pl.col("item_count"))),
    )


def checked(schema: Any, frame: pl.DataFrame) -> pl.DataFrame:
    """Rows as a schema has them, sorted by its key.

    Args:
        schema: Schema.
        frame: Rows with at least its columns.
    """
    table: pl.DataFrame = schema.validate(frame.select(schema.column_names()).sort(schema.primary_key()), cast=True)
    return table
