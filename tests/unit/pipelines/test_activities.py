"""Usage by work activity: parts of statements, both label rules, and what withheld statements leave to subtract."""

import dataclasses

import polars as pl
import pytest
from index_month import POLICY, make_catalogue, make_context, make_month
from polars.testing import assert_frame_equal

from clio_lite.privacy import cell_rule
from pipelines.aggregate import aggregate_month
from pipelines.aggregate.activities import statement_activities
from pipelines.aggregate.cells import measure_cells
from pipelines.publish import publish_tables
from pipelines.publish.decisions import decide


@pytest.fixture(scope="module", params=[3, 11])
def month(request):
    return aggregate_month(make_month(seed=request.param, conversations=900), policy=POLICY, account_basis="account")


def test_every_statement_goes_wholly_to_its_activities_under_both_rules():
    catalogue = make_catalogue()
    parts = statement_activities(catalogue)
    sums = parts.group_by("statement_task_id", "label_rule").agg(pl.col("part").sum())
    assert sums.height == 2 * catalogue.allocation["statement_task_id"].n_unique()
    assert sums["part"].to_list() == pytest.approx([1.0] * sums.height)
    single = parts.filter(pl.col("label_rule") == "single")
    assert single["part"].unique().to_list() == [1.0]
    assert (parts["iwa_id"] == "unlinked").any()


def test_the_single_activity_is_the_one_with_the_largest_part_and_on_ties_the_lowest_id():
    catalogue = make_catalogue()
    links = pl.DataFrame(
        [("1100", "b", "g1", 0.4), ("1100", "a", "g2", 0.4), ("1100", "c", "g1", 0.2)],
        schema=["task_id", "iwa_id", "gwa_id", "activity_weight"],
        orient="row",
    )
    parts = statement_activities(
        type(catalogue)(catalogue.occupations, catalogue.tasks, catalogue.allocation, task_activities=links)
    )
    chosen = parts.filter((pl.col("label_rule") == "single") & (pl.col("iwa_id") != "unlinked"))
    assert chosen.select("iwa_id", "gwa_id").rows() == [("a", "g2")]


def test_a_generalized_activity_is_the_sum_of_its_intermediate_ones(month):
    cells = month.tables["activity"].cells
    sums = (
        cells.filter(pl.col("activity_level") == "iwa")
        .with_columns(above=pl.coalesce("parent_id", "activity_id"))
        .group_by("label_rule", activity_id="above")
        .agg(pl.col("usage_share").sum().alias("below"))
    )
    both = cells.filter(pl.col("activity_level") == "gwa").join(sums, on=["label_rule", "activity_id"])
    assert both.height == 2 * 4  # three activities and what is linked to none, under each rule
    assert (both["usage_share"] - both["below"]).abs().max() < 1e-12


def test_statements_withheld_within_a_published_activity_pass_the_gate_together(month):
    rules = decide(month, POLICY).tables
    withheld = rules["task"].filter(pl.col("suppression_rule").is_not_null())["cell_id"]
    assert withheld.len() > 0
    opened = rules["activity"].filter(pl.col("suppression_rule").is_null())["cell_id"]
    shares = (
        month.tables["task"]
        .contributions.filter(pl.col("cell_id").is_in(withheld.implode()))
        .join(statement_activities(month.catalogue), left_on="cell_id", right_on="statement_task_id")
        .with_columns(
            statement=pl.col("cell_id"),
            group=pl.format("{}|iwa|{}", "label_rule", "iwa_id"),
            weight=pl.col("weight") * pl.col("part"),
        )
        .filter(pl.col("group").is_in(opened.implode()))
    )
    assert shares.height > 0
    unions = measure_cells(shares, ["group"], catalogue=shares.select("group").unique()).cells
    assert unions.filter(cell_rule(POLICY).is_not_null()).is_empty()
    assert shares.group_by("group").agg(pl.col("statement").n_unique())["statement"].min() >= 2


def test_each_side_is_a_table_of_its_own_that_is_protected_and_adds_up():
    inputs = make_month(seed=4, conversations=900)
    statements = inputs.catalogue.tasks["statement_task_id"].unique().sort()
    own = inputs.conversation_task.filter(pl.col("statement_task_id").is_in(statements.implode()))
    other = pl.col("statement_task_id").replace_strict(statements, statements.reverse(), return_dtype=pl.String)
    sides = pl.concat(
        [
            own.select("conversation_id", "statement_task_id", side=pl.lit("goal")),
            own.select("conversation_id", statement_task_id=other, side=pl.lit("action")),
        ]
    )
    assert "activity_side" not in aggregate_month(inputs, policy=POLICY, account_basis="account").tables
    exact = aggregate_month(dataclasses.replace(inputs, sides=sides), policy=POLICY, account_basis="account")
    by_own = exact.tables["activity"].cells.select("label_rule", "activity_level", "activity_id", "usage_share")
    goal = exact.tables["activity_side"].cells.filter(pl.col("side") == "goal").select(by_own.columns)
    action = exact.tables["activity_side"].cells.filter(pl.col("side") == "action").select(by_own.columns)
    assert_frame_equal(goal.sort(by_own.columns[:3]), by_own.sort(by_own.columns[:3]))
    assert not action.sort(by_own.columns[:3]).equals(goal.sort(by_own.columns[:3]))
    strict = make_context(dataclasses.replace(POLICY, min_conversations=80))
    table = publish_tables(exact, strict)["idx/activity_side_month"]
    sums = table.group_by("side", "label_rule", "activity_level").agg(pl.col("usage_share").sum())
    assert sums.height == 8
    assert sums["usage_share"].to_list() == pytest.approx([1.0] * 8, abs=1e-3)
    withheld = table.filter(pl.col("obs_status") == "Q")
    assert withheld.height and withheld["usage_share"].null_count() == withheld.height  # noqa: PT018
