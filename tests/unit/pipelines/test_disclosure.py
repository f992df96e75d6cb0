import polars as pl
import pytest

from clio_lite.privacy import DisclosurePolicy
from pipelines.disclosure import account_band, flat_links, rounded_count, rounded_share, rounding_error, withhold_cells

POLICY = DisclosurePolicy()


def table(counts, accounts_of=lambda name, count: max(1, count // 2), shared_account=False):
    """Cells of the given counts, each account with about two conversations of its own."""
    rows = []
    for name, count in counts.items():
        number = accounts_of(name, count)
        for n in range(number if count else 0):
            rows.append((name, "same" if shared_account and n == 0 else f"{name}-{n}", count / number))
    contributions = pl.DataFrame(rows, schema=["cell_id", "account_id", "weight"], orient="row")
    cells = pl.DataFrame(
        {
            "cell_id": list(counts),
            "conversation_count": [float(count) for count in counts.values()],
            "account_count": [accounts_of(name, count) if count else 0 for name, count in counts.items()],
            "top_account_share": [1 / accounts_of(name, count) if count else 0.0 for name, count in counts.items()],
            "top_two_account_share": [
                min(1.0, 2 / accounts_of(name, count)) if count else 0.0 for name, count in counts.items()
            ],
        }
    )
    return cells, contributions


def rules(counts, group=None, **given):
    cells, contributions = table(counts, **given)
    found = withhold_cells(cells, contributions, flat_links(cells, group), policy=POLICY)
    return dict(found.iter_rows())


def test_a_single_withheld_cell_takes_the_smallest_safe_one_with_it():
    found = rules({"a": 4, "b": 30, "c": 20, "d": 50})
    assert found == {"a": "too_few_conversations", "b": None, "c": "complementary", "d": None}


def test_two_withheld_cells_that_are_too_small_together_take_a_third():
    found = rules({"a": 4, "b": 4, "c": 20, "d": 50})
    assert found["c"] == "complementary"
    assert found["d"] is None


def test_withheld_cells_that_pass_together_take_none():
    assert rules({"a": 10, "b": 10, "c": 20})["c"] is None


def test_withheld_cells_of_the_same_few_people_take_a_third():
    found = rules({"a": 20, "b": 20, "c": 60}, accounts_of=lambda name, count: 2 if name in "ab" else 30)
    assert found == {"a": "too_few_accounts", "b": "too_few_accounts", "c": "complementary"}


def test_observed_zeros_are_never_withheld():
    assert rules({"a": 4, "b": 0})["b"] is None


def test_groups_are_protected_separately():
    group = pl.col("cell_id").str.slice(0, 1)
    found = rules({"a1": 4, "a2": 30, "b1": 30, "b2": 40}, group)
    assert found == {"a1": "too_few_conversations", "a2": "complementary", "b1": None, "b2": None}


def test_withholding_in_one_partition_is_protected_in_the_other():
    cells, contributions = table({"a": 4, "b": 20, "c": 20, "d": 20})
    links = pl.concat(
        [
            flat_links(cells, pl.col("cell_id").replace_strict({"a": "x", "b": "x", "c": "y", "d": "y"})),
            flat_links(cells, pl.col("cell_id").replace_strict({"a": "u", "b": "v", "c": "u", "d": "v"})),
        ]
    )
    found = withhold_cells(cells, contributions, links, policy=POLICY)["suppression_rule"]
    assert found.null_count() == 0


def test_a_cell_that_another_table_withholds_is_withheld_here():
    cells, contributions = table({"a": 30, "b": 40, "z": 0})
    forced = pl.DataFrame({"cell_id": ["a", "z"], "suppression_rule": ["top_account", "top_account"]})
    found = withhold_cells(cells, contributions, flat_links(cells, pl.col("cell_id")), policy=POLICY, forced=forced)
    assert found["suppression_rule"].to_list() == ["top_account", None, None]


@pytest.mark.parametrize("exact", [0.372249, 1.0, 0.0, 0.000123456, 12.34567, 0.015625])
def test_rounding_of_shares_stays_within_its_stated_error(exact):
    stated = pl.select(rounded_share(pl.lit(exact))).item()
    assert abs(stated - exact) <= pl.select(rounding_error(pl.lit(stated))).item() + 1e-15


def test_rounding_keeps_null():
    frame = pl.DataFrame({"x": [None]}, schema={"x": pl.Float64})
    found = frame.select(a=rounded_count(pl.col("x")), b=rounded_share(pl.col("x")), c=account_band(pl.col("x")))
    assert found.row(0) == (None, None, None)


def test_a_cell_that_solves_the_sums_of_several_groups_is_protected():
    # a + b, b + c and a + c are known, so each is; d can be withheld beside a and b.
    cells, contributions = table({"a": 10, "b": 10, "c": 10, "d": 40})
    pairs = {"ab": "abd", "bc": "bc", "ac": "ac"}
    links = pl.DataFrame(
        [(cell, group, 1.0) for group, members in pairs.items() for cell in members],
        schema=["cell_id", "group_id", "part"],
        orient="row",
    )
    found = dict(withhold_cells(cells, contributions, links, policy=POLICY).iter_rows())
    assert found["d"] == "complementary"
