import polars as pl
import pytest

from pipelines.aggregate.cells import measure_cells

ROWS = pl.DataFrame(
    [("a", "k1", 1.0), ("a", "k1", 1.0), ("b", "k1", 1.0), ("a", "k2", 1.0), ("b", None, 1.0)],
    schema=["cell", "account_id", "weight"],
    orient="row",
)
CATALOGUE = pl.DataFrame({"cell": ["a", "b", "never"]})


def measured(rows=ROWS, **given):
    table = measure_cells(rows, ["cell"], catalogue=CATALOGUE, **given)
    return {row["cell"]: row for row in table.cells.to_dicts()}


def test_cells_count_conversations_with_and_accounts_without_those_that_name_none():
    cells = measured()
    assert (cells["a"]["conversation_count"], cells["a"]["account_count"]) == (3, 2)
    assert (cells["b"]["conversation_count"], cells["b"]["account_count"]) == (2, 1)


def test_a_cell_of_the_catalogue_that_nobody_used_is_an_observed_zero():
    never = measured()["never"]
    assert (never["conversation_count"], never["usage_share"], never["account_share"]) == (0, 0.0, 0.0)


def test_each_account_is_split_over_its_conversations_in_the_base():
    cells = measured()
    # k1 has two of its three conversations in a; k2 its only one.
    assert cells["a"]["account_share"] == pytest.approx((2 / 3 + 1) / 2)
    assert cells["b"]["account_share"] == pytest.approx((1 / 3) / 2)


def test_conversations_without_account_do_not_hide_a_dominant_account():
    rows = pl.concat([ROWS, pl.DataFrame({"cell": ["b"] * 50, "account_id": [None] * 50, "weight": [1.0] * 50})])
    assert measured(rows)["b"]["top_account_share"] == 1.0


def test_shares_without_a_denominator_are_null():
    cells = measured(ROWS.clear())
    assert cells["a"]["usage_share"] is None
    assert cells["a"]["account_share"] is None


def test_weighted_counts_do_not_miss_a_threshold_by_binary_fractions():
    rows = pl.DataFrame({"cell": ["a"] * 30, "account_id": ["k"] * 30, "weight": [0.1] * 30})
    assert measured(rows)["a"]["conversation_count"] == 3


def test_bases_within_groups_are_separate():
    rows = ROWS.with_columns(group=pl.col("cell"))
    catalogue = rows.select("group", "cell").unique()
    cells = measure_cells(rows, ["group", "cell"], catalogue=catalogue, within=["group"]).cells
    assert cells["usage_share"].to_list() == [1.0, 1.0]
