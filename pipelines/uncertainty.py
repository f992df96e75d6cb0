"""Sampling errors: the bootstrap over accounts, and what is stated of it in a published row.

Conversations of one account are alike, so what is drawn again is accounts, each with all its conversations; one without
an account is drawn by itself. The shares of every table are computed over the same draws. What is stated beside the
standard error (interval, design effect, class) is computed from published figures, so it gives nothing away that they
do not: the interval of an observed zero takes the design effect of the published shares of its base.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.stats import t as student

from pipelines.aggregate import ExactMonth, ExactTable
from pipelines.aggregate.collaboration import MeasuredDenominator, stated_collaboration
from pipelines.disclosure import ACCOUNT_BANDS, rounded_count, rounded_digits

STATED_DIGITS: Final = 2  # of a standard error: 200 draws know it to about 5 %
PRECISION_CLASSES: Final = (("A", 0.05), ("B", 0.15), ("C", 0.33))
"""Upper bounds of the standard error over the share; above the last: D."""
BOOTSTRAP: Final = "account_bootstrap"
ZERO: Final = "wilson_zero"
DRAWN_AT_ONCE: Final = 2_000_000  # weights in memory


def with_sampling_errors(exact: ExactMonth, *, draws: int, seed: int) -> ExactMonth:
    """Add the standard error of every share of a month.

    Args:
        exact: The month.
        draws: Times that the accounts are drawn again; 0 adds nothing.
        seed: Seed of the draws.

    Returns:
        The month with `share_se` (null: an observed zero, or a base of fewer than two units) in every table that has
        contributions and a base.
    """
    units = exact.tables["counted"].bases["unit_id"].sort() if "counted" in exact.tables else pl.Series(dtype=pl.String)
    if draws < 2 or units.len() < 2 or units.null_count():
        return exact
    found = exact.collaboration
    measured: Mapping[str, MeasuredDenominator] = {} if found is None else found.measured
    # Without a base, as of wage bands where no wage is known, there is no share and so no error of one.
    named = {name: table for name, table in exact.tables.items() if table.contributions.height and table.bases.height}
    for name, part in measured.items():
        named |= {f"{name} patterns": part.patterns, f"{name} buckets": part.buckets}
    estimated = dict(zip(named, _estimated(list(named.values()), units, draws=draws, seed=seed), strict=True))
    if found is not None:
        stated = {
            name: MeasuredDenominator(estimated[f"{name} patterns"], estimated[f"{name} buckets"]) for name in measured
        }
        found = stated_collaboration(found.patterns, found.buckets, stated)
    return replace(
        exact, tables={name: estimated.get(name, table) for name, table in exact.tables.items()}, collaboration=found
    )


class _Shares:
    """The shares of one table under drawn weights, and their squared distance from the table's own."""

    def __init__(self, table: ExactTable, units: pl.Series) -> None:
        self.table = table
        self.cell_ids = table.contributions["cell_id"].unique().sort()
        groups = table.bases["base_group"].unique().sort()
        self.cells = _matrix(table.contributions, "cell_id", self.cell_ids, units)
        self.bases = _matrix(table.bases, "base_group", groups, units)
        group_of = pl.DataFrame({"cell_id": self.cell_ids}).join(
            table.cells.select("cell_id", "base_group"), on="cell_id", how="left", maintain_order="left"
        )
        self.group = groups.search_sorted(group_of["base_group"]).to_numpy()
        self.base_units = np.diff(self.bases.indptr)[self.group]
        ones = np.ones((units.len(), 1))
        self.share = (self.cells @ ones) / (self.bases @ ones)[self.group]
        self.squares = np.zeros(self.cell_ids.len())
        self.valid = np.zeros(self.cell_ids.len())

    def add(self, weights: NDArray[np.float64]) -> None:
        """Take in some draws of shape (units, draws)."""
        whole = (self.bases @ weights)[self.group]
        with np.errstate(invalid="ignore", divide="ignore"):
            distance = (self.cells @ weights) / whole - self.share
        self.squares += np.nansum(distance**2, axis=1)
        self.valid += (whole > 0).sum(axis=1)

    def estimated(self) -> ExactTable:
        """The table with its errors."""
        few = (self.base_units < 2) | (self.valid < 2)
        # n / (n - 1): the draws vary around the sample, the sample around what it is of.
        inflation = self.base_units / np.maximum(self.base_units - 1, 1)
        error = np.sqrt(self.squares / np.maximum(self.valid, 1) * inflation)
        errors = pl.DataFrame({"cell_id": self.cell_ids, "share_se": np.where(few, np.nan, error)}).fill_nan(None)
        return replace(self.table, cells=self.table.cells.join(errors, on="cell_id", how="left", maintain_order="left"))


def _matrix(rows: pl.DataFrame, key: str, names: pl.Series, units: pl.Series) -> csr_array:
    """Weights of shape (names, units); both are sorted."""
    place = (names.search_sorted(rows[key]).to_numpy(), units.search_sorted(rows["unit_id"]).to_numpy())
    return csr_array((rows["weight"].to_numpy(), place), shape=(names.len(), units.len()))


def _estimated(tables: list[ExactTable], units: pl.Series, *, draws: int, seed: int) -> list[ExactTable]:
    """The tables with their errors, all over the same draws."""
    rng, count = np.random.default_rng(seed), units.len()
    shares = [_Shares(table, units) for table in tables]
    at_once = max(1, DRAWN_AT_ONCE // count)
    for begin in range(0, draws, at_once):
        drawn = [
            np.bincount(rng.integers(0, count, count), minlength=count) for _ in range(min(at_once, draws - begin))
        ]
        weights = np.stack(drawn, axis=1).astype(np.float64)
        for table in shares:
            table.add(weights)
    return [table.estimated() for table in shares]


def with_stated_errors(rows: pl.DataFrame, main: str) -> pl.DataFrame:
    """Give rows whose share is rounded the columns of the common block that state its sampling error.

    `share_se` is stated to two significant digits. The interval is Wilson's for the share as published, with as many
    independent conversations as give that error, and Student's t with the least number of accounts of the base's band;
    it lies within 0 and 1 and holds up at small shares, where one of plus and minus two errors does not. For an
    observed zero the error is not known from the draws: its upper end takes the design effect over those shares of its
    base that are published with an error, and none is stated where there are none.

    Args:
        rows: Stated rows, with `SAMPLING_COLUMNS` where errors were estimated.
        main: Share that the error is of.
    """
    if "share_se" not in rows.columns:
        return rows.with_columns(ci_method=pl.lit("none"))
    share, error, simple, whole = (pl.col(name) for name in (main, "share_se", "_simple", "_whole"))
    is_open = pl.col("obs_status") == "A"
    staged = rows.with_columns(
        share_se=pl.when(is_open & (share > 0) & (error > 0)).then(rounded_digits(error, STATED_DIGITS)),
        _simple=share * (1 - share),
        _whole=rounded_count(pl.col("base_weight")).cast(pl.Float64),
        _t=_quantile(pl.col("base_accounts")),
    )
    # Of rows as they are stated, never of withheld ones: their design effect would say how concentrated they are.
    clustered = (error**2 * whole).sum().over("base_group")
    independent = simple.filter(error.is_not_null()).sum().over("base_group")
    group = rounded_digits(pl.when(independent > 0).then(clustered / independent), STATED_DIGITS).clip(lower_bound=1.0)
    staged = staged.with_columns(
        deff=pl.when(simple > 0).then(error**2 * whole / simple),
        _count=pl.when(is_open & (share == 0)).then(whole / group).when(simple > 0).then(simple / error**2),
    )
    # Wilson's interval (JASA 22, 1927).
    weight = pl.col("_weight")
    staged = staged.with_columns(_weight=pl.col("_t") ** 2 / pl.col("_count")).with_columns(
        _middle=(share + weight / 2) / (1 + weight),
        _half=(simple * weight + weight**2 / 4).sqrt() / (1 + weight),
    )
    ends = (pl.col("_middle") - pl.col("_half"), pl.col("_middle") + pl.col("_half"))
    method = pl.when(pl.col("_count").is_null()).then(pl.lit("none"))
    return staged.with_columns(
        *(
            rounded_digits(end.clip(0.0, 1.0), 4).alias(name)
            for name, end in zip(("ci_low", "ci_high"), ends, strict=True)
        ),
        deff=rounded_digits(pl.col("deff"), STATED_DIGITS),
        ci_method=method.when(error.is_null()).then(pl.lit(ZERO)).otherwise(pl.lit(BOOTSTRAP)),
        precision_class=(error / share).map_elements(precision_class, return_dtype=pl.String),
    ).drop(pl.selectors.starts_with("_"))


def precision_class(variation: float) -> str:
    """Class of a coefficient of variation.

    Args:
        variation: Standard error over share.
    """
    return next((name for name, bound in PRECISION_CLASSES if variation < bound), "D")


def _quantile(accounts: pl.Expr) -> pl.Expr:
    """97.5 % quantile of Student's t with the degrees of freedom of the least number of the band of accounts."""
    lows = ACCOUNT_BANDS[1:]
    values = [float(student.ppf(0.975, max(low - 1, 1))) for low in ACCOUNT_BANDS]
    band = sum((accounts >= low).cast(pl.Int64) for low in lows)
    return pl.lit(pl.Series(values)).gather(band)
