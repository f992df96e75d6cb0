"""The build that rows belong to, and the columns that every published row carries because of it."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

import dataframely as dy
import polars as pl

from clio_lite.privacy import DisclosurePolicy
from pipelines.contracts import CommonBlock
from pipelines.disclosure import CONF_STATUS_OF_RULE, account_band, rounded_count, rounded_share
from pipelines.errors import PublicationRefusedError
from pipelines.uncertainty import with_stated_errors


@dataclass(frozen=True)
class VintageContext:
    """What the common block of every row of one build says.

    Attributes:
        vintage_id: Id of the build.
        period_start: First day of the period.
        period_end: First day after it.
        channel: Where the conversations come from.
        onet_version: Release of the catalogue, or `starter`.
        account_basis: What counts as an account; `not_available` for tables from published shares.
        policy: Disclosure control.
    """

    vintage_id: str
    period_start: date
    period_end: date
    channel: str
    onet_version: str
    account_basis: Literal["account", "assumed_per_conversation", "not_available"]
    policy: DisclosurePolicy

    @property
    def soc_system(self) -> str:
        """Code system of the release: O*NET-SOC 2019 since release 25.1, 2010 before."""
        try:
            release = tuple(int(part) for part in self.onet_version.split("."))
        except ValueError:
            return "O*NET-SOC 2019"
        return "O*NET-SOC 2019" if release >= (25, 1) else "O*NET-SOC 2010"


def stated_rows(
    cells: pl.DataFrame, *, main: str, shares: list[str], values: list[str], has_counts: bool
) -> pl.DataFrame:
    """Turn exact cells into publishable rows: withheld ones lose every value, the others are rounded.

    Args:
        cells: `suppression_rule`, `conversation_count`, `account_count` and the named columns.
        main: Share that decides whether a row has a value at all.
        shares: Columns rounded to significant digits, `main` among them.
        values: Columns that are nulled with the row but not rounded.
        has_counts: The counts are real; else they are nulled, and nothing is rounded (nothing is confidential).

    Returns:
        The rows with `conversation_count`, `account_band`, `obs_status`, `conf_status` and, where errors were
        estimated, the columns of `uncertainty.with_stated_errors`.
    """
    is_open = pl.col("suppression_rule").is_null()
    rule = pl.col("suppression_rule")
    counted = is_open if has_counts else pl.lit(value=False)
    rows = cells.with_columns(
        *(
            pl.when(is_open).then(rounded_share(pl.col(name)) if has_counts else pl.col(name).round(15)).alias(name)
            for name in shares
        ),
        *(pl.when(is_open).then(pl.col(name)).alias(name) for name in values),
        conversation_count=pl.when(counted).then(rounded_count(pl.col("conversation_count"))),
        account_band=pl.when(counted).then(account_band(pl.col("account_count"))),
        obs_status=pl.when(~is_open)
        .then(pl.lit("Q"))
        .when(pl.col(main).is_null())
        .then(pl.lit("M"))
        .otherwise(pl.lit("A")),
        conf_status=rule.replace_strict(CONF_STATUS_OF_RULE, default="F", return_dtype=pl.String),
    )
    return with_stated_errors(rows, main)


def common_rows(
    rows: pl.DataFrame, schema: type[CommonBlock], context: VintageContext, *, population: str
) -> pl.DataFrame:
    """Add the common block, order the columns as the schema, sort by key, and validate.

    Args:
        rows: From `stated_rows`, with `base_id`.
        schema: Schema of the table.
        context: The build.
        population: all or occupational.

    Raises:
        PublicationRefusedError: The rows do not fit the schema.
    """
    rows = rows.with_columns(
        vintage_id=pl.lit(context.vintage_id),
        period_start=pl.lit(context.period_start),
        period_end=pl.lit(context.period_end),
        freq=pl.lit("M"),
        channel=pl.lit(context.channel),
        population=pl.lit(population),
        onet_version=pl.lit(context.onet_version),
        account_basis=pl.lit(context.account_basis),
    )
    if "ci_method" not in rows.columns:
        rows = rows.with_columns(ci_method=pl.lit("none"))
    return validated(rows, schema)


def validated(rows: pl.DataFrame, schema: type[dy.Schema]) -> pl.DataFrame:
    """Give rows the columns of a schema, in its order and sorted by its key, and validate them.

    Args:
        rows: Rows; columns of the schema that they lack are null.
        schema: Schema of the table.

    Raises:
        PublicationRefusedError: The rows do not fit the schema.
    """
    names = schema.column_names()
    absent = [pl.lit(None).alias(name) for name in names if name not in rows.columns]
    ordered = rows.with_columns(absent).select(names).sort(schema.primary_key())
    try:
        return schema.validate(ordered, cast=True)
    except (dy.exc.ValidationError, dy.exc.SchemaError, pl.exceptions.InvalidOperationError) as error:
        raise PublicationRefusedError(
            f"expected rows that fit {schema.__name__}, found some that do not: {type(error).__name__}; "
            "nothing is published; this is a fault of the build, run it again with the inputs validated"
        ) from error
