"""Whatever the month: nothing is lost, nothing invented, before rounding and after."""

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from index_month import make_context, make_month

from clio_lite.privacy import DisclosurePolicy
from pipelines.aggregate import aggregate_month
from pipelines.publish import publish_tables

months = st.builds(
    make_month,
    seed=st.integers(0, 10_000),
    conversations=st.integers(1, 400),
    accounts=st.integers(1, 80),
    heavy=st.sampled_from([0.0, 0.3, 0.9]),
    without_account=st.sampled_from([0.0, 0.5, 1.0]),
)
policies = st.sampled_from(
    [
        DisclosurePolicy(),
        DisclosurePolicy(min_conversations=3, min_accounts=2, min_text_conversations=5, min_text_accounts=3),
    ]
)


@settings(max_examples=6)
@given(month=months, policy=policies)
def test_every_additive_table_adds_up_and_no_small_cell_is_stated(month, policy):
    exact = aggregate_month(month, policy=policy, account_basis="account")
    tables = publish_tables(exact, make_context(policy))
    assert tables["qa/conservation"]["is_conserved"].all()
    for table in tables.values():
        if "obs_status" not in table.columns or "conversation_count" not in table.columns:
            continue
        stated = table.filter((pl.col("obs_status") == "Q") & pl.col("conversation_count").is_not_null())
        assert stated.is_empty()
    cells = exact.tables["task"].cells.select(
        "task_id", exact_count="conversation_count", exact_accounts="account_count"
    )
    shown = tables["idx/task_month"].filter(pl.col("usage_share") > 0).join(cells, on="task_id")
    assert shown.filter(
        (pl.col("exact_count") < policy.min_conversations) | (pl.col("exact_accounts") < policy.min_accounts)
    ).is_empty()


@settings(max_examples=12)
@given(month=months)
def test_exact_shares_of_each_base_add_up_to_one(month):
    tables = aggregate_month(month, policy=DisclosurePolicy(), account_basis="assumed_per_conversation").tables
    for name in ("task", "task_occupation", "occupation", "major_group", "use_case", "model", "population"):
        cells = tables[name].cells
        if cells["base_weight"].max():
            assert abs(cells["usage_share"].sum() - 1) < 1e-9, name
            assert abs(cells["account_share"].sum() - 1) < 1e-9, name


@settings(max_examples=12)
@given(month=months)
def test_major_groups_are_the_sums_of_their_occupations(month):
    tables = aggregate_month(month, policy=DisclosurePolicy(), account_basis="account").tables
    by_group = (
        tables["occupation"].cells.group_by("soc_major_group").agg(pl.col("conversation_count", "usage_share").sum())
    )
    joined = tables["major_group"].cells.join(by_group, on="soc_major_group", suffix="_sum")
    assert ((joined["conversation_count"] - joined["conversation_count_sum"]).abs() < 1e-6).all()
