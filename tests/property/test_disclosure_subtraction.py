"""An attacker who subtracts published cells from published totals learns nothing about a withheld cell."""

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from clio_lite.privacy import DisclosurePolicy, cell_rule
from pipelines.aggregate.cells import measure_cells
from pipelines.disclosure import flat_links, rounded_count, rounded_share, rounding_error, withhold_cells

POLICY = DisclosurePolicy()
rows = st.lists(
    st.tuples(st.integers(0, 7), st.one_of(st.none(), st.integers(0, 25)), st.integers(1, 25)), min_size=1, max_size=60
)


def measured(drawn):
    frame = pl.DataFrame(
        [(f"c{cell}", None if account is None else f"k{account}", float(weight)) for cell, account, weight in drawn],
        schema={"cell": pl.String, "account_id": pl.String, "weight": pl.Float64},
        orient="row",
    )
    return measure_cells(frame, ["cell"], catalogue=pl.DataFrame({"cell": [f"c{n}" for n in range(8)]})), frame


@settings(max_examples=60)
@given(drawn=rows, group_count=st.integers(1, 3))
def test_what_is_withheld_in_a_group_passes_the_gate_together_or_is_all_of_it(drawn, group_count):
    table, frame = measured(drawn)
    group = pl.col("cell_id").str.slice(1).cast(pl.Int64) % group_count
    rules = withhold_cells(table.cells, table.contributions, flat_links(table.cells, group), policy=POLICY)
    state = table.cells.join(rules, on="cell_id").with_columns(group=group)
    for _, cells in state.filter(pl.col("conversation_count") > 0).group_by("group"):
        withheld = cells.filter(pl.col("suppression_rule").is_not_null())
        if withheld.is_empty() or withheld.height == cells.height:
            continue
        together = frame.filter(pl.col("cell").is_in(withheld["cell"].implode())).with_columns(cell=pl.lit("all"))
        union = measure_cells(together, ["cell"], catalogue=pl.DataFrame({"cell": ["all"]})).cells
        assert withheld.height >= 2
        assert union.select(cell_rule(POLICY)).item() is None


@settings(max_examples=60)
@given(drawn=rows)
def test_no_cell_that_fails_the_gate_is_published(drawn):
    table, _ = measured(drawn)
    rules = withhold_cells(table.cells, table.contributions, flat_links(table.cells), policy=POLICY)
    state = table.cells.join(rules, on="cell_id")
    assert state.filter(pl.col("suppression_rule").is_null() & cell_rule(POLICY).is_not_null()).is_empty()


@settings(max_examples=200)
@given(value=st.floats(1e-9, 1, allow_nan=False))
def test_rounded_shares_stay_within_the_stated_error_and_are_stable(value):
    once = pl.select(rounded_share(pl.lit(value))).item()
    assert abs(once - value) <= pl.select(rounding_error(pl.lit(once))).item() * (1 + 1e-9)
    assert pl.select(rounded_share(pl.lit(once))).item() == once


@settings(max_examples=200)
@given(low=st.integers(0, 3_000_000), step=st.integers(0, 100_000))
def test_rounded_counts_keep_their_order_and_claim_no_zero(low, step):
    one, other = (pl.select(rounded_count(pl.lit(float(value)))).item() for value in (low, low + step))
    assert one <= other
    assert (one == 0) == (low == 0)
