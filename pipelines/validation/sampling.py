"""Which conversations are shown to raters: a stratified random sample whose weights are known."""

import itertools
from collections.abc import Mapping
from typing import Final

import numpy as np
import polars as pl

BAND_CUTS: Final = (0.10, 0.25, 0.50, 0.75)
"""Cuts of the predicted probability; below the first the embedded verifier usually says that none fits."""
LEAST_DRAWN: Final = 2
"""Least items of a stratum: with one, its variance could not be estimated."""
LEAST_VARIANCE: Final = 0.04
"""Stated probabilities may be wrong: no conversation counts as more certain than 4 %."""
OTHER: Final = "other"


def main_group(groups: pl.Expr) -> pl.Expr:
    """The SOC major group with the greatest weight, the lowest code of equals.

    Args:
        groups: Lists of structs `soc_major_group`, `weight`.
    """
    part = pl.element().struct
    ordered = pl.struct((-part.field("weight")).alias("order"), part.field("soc_major_group"))
    return groups.list.eval(ordered).list.sort().list.first().struct.field("soc_major_group")


def probability_band(probability: pl.Expr) -> pl.Expr:
    """Name of the band of a predicted probability, such as `0.10-0.25`; null is `unknown`.

    Args:
        probability: Values between 0 and 1.
    """
    ends = (0.0, *BAND_CUTS, 1.0)
    band: pl.Expr = pl.lit(f"{ends[0]:.2f}-{ends[1]:.2f}")
    for low, high in itertools.pairwise(ends[1:]):
        band = pl.when(probability >= low).then(pl.lit(f"{low:.2f}-{high:.2f}")).otherwise(band)
    return pl.when(probability.is_null()).then(pl.lit("unknown")).otherwise(band)


def uncertainty(probability: pl.Expr) -> pl.Expr:
    """Standard deviation of a yes of the given probability: how much a row's label tells; null counts as even odds.

    Args:
        probability: Values between 0 and 1.
    """
    even = probability.fill_null(0.5)
    return (even * (1 - even)).clip(lower_bound=LEAST_VARIANCE).sqrt()


def with_strata(population: pl.DataFrame, *, count: int) -> pl.DataFrame:
    """Add `stratum`: band and major group; those that the allocation would give too few items are put together.

    First groups of one band, then what is left over all bands, until every stratum expects `LEAST_DRAWN` items.

    Args:
        population: `match_prob`, `groups`.
        count: Items to draw.
    """
    frame = population.with_columns(
        _band=probability_band(pl.col("match_prob")),
        _group=main_group(pl.col("groups")),
        _part=uncertainty(pl.col("match_prob")),
    )
    needed = LEAST_DRAWN * frame.get_column("_part").sum() / max(min(count, frame.height), 1)
    whole_band = pl.format("{} {}", "_band", pl.lit(OTHER))
    frame = frame.with_columns(stratum=pl.format("{} {}", "_band", "_group"))
    for coarser in (whole_band, pl.lit(OTHER)):
        few = pl.col("_part").sum().over("stratum") < needed
        frame = frame.with_columns(stratum=pl.when(few).then(coarser).otherwise("stratum"))
    parts = frame.group_by("stratum").agg(pl.col("_part").sum()).sort("_part", "stratum")
    if parts.height > 1 and parts.item(0, "_part") < needed:
        thin, host = parts.item(0, "stratum"), parts.item(1, "stratum")
        frame = frame.with_columns(pl.col("stratum").replace({thin: host}))
    return frame.drop("_band", "_group", "_part")


def allocate(sizes: Mapping[str, int], parts: Mapping[str, float], count: int) -> dict[str, int]:
    """Items per stratum: in proportion to size times uncertainty (Neyman), never beyond the size.

    Args:
        sizes: Conversations per stratum.
        parts: Sum of the `uncertainty` of each stratum.
        count: Items to draw.

    Returns:
        Items per stratum; they sum to the lesser of `count` and the population.
    """
    wanted = min(count, sum(sizes.values()))
    drawn: dict[str, int] = {}
    left = sorted(sizes)
    while left:
        rest = wanted - sum(drawn.values())
        exact = {name: rest * parts[name] / sum(parts[other] for other in left) for name in left}
        full = [name for name in left if exact[name] >= sizes[name]]
        if not full:
            floors = {name: int(value) for name, value in exact.items()}
            by_remainder = sorted(left, key=lambda name: (floors[name] - exact[name], name))
            for name in by_remainder[: rest - sum(floors.values())]:
                floors[name] += 1
            return {**drawn, **floors}
        drawn.update({name: sizes[name] for name in full})
        left = [name for name in left if name not in drawn]
    return drawn


def draw_sample(population: pl.DataFrame, *, count: int, seed: int) -> pl.DataFrame:
    """Draw without replacement within strata; the same rows give the same draw in any order.

    Args:
        population: `conversation_id`, `match_prob`, `groups` and what else is to be kept.
        count: Items to draw.
        seed: Seed of the draw.

    Returns:
        The population, sorted by id, with `stratum`, `inclusion_prob` and `is_drawn`.
    """
    frame = with_strata(population.sort("conversation_id"), count=count)
    totals = frame.group_by("stratum").agg(pl.len(), part=uncertainty(pl.col("match_prob")).sum()).sort("stratum")
    sizes = dict(totals.select("stratum", "len").iter_rows())
    drawn = allocate(sizes, dict(totals.select("stratum", "part").iter_rows()), count)
    rng = np.random.default_rng(seed)
    strata = frame.get_column("stratum").to_numpy()
    is_drawn = np.zeros(frame.height, dtype=bool)
    for name in sorted(sizes):
        is_drawn[rng.permutation(np.flatnonzero(strata == name))[: drawn[name]]] = True
    probability = {name: drawn[name] / size for name, size in sizes.items()}
    return frame.with_columns(
        inclusion_prob=pl.col("stratum").replace_strict(probability, return_dtype=pl.Float64),
        is_drawn=pl.Series(is_drawn),
    )
