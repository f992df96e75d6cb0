"""Agreement between routes: identical, unrelated and partly equal routes, and what is stated of tiny months."""

import polars as pl
import pytest
from index_month import POLICY, make_catalogue, make_context, make_month

from pipelines.aggregate import aggregate_month
from pipelines.aggregate.agreement import PAPER, route_agreement
from pipelines.publish import publish_tables


def _rows(statements):
    ids = [f"c{number:03d}" for number in range(len(statements))]
    return pl.DataFrame({"conversation_id": ids, "account_id": ids, "statement_task_id": statements, "weight": 1.0})


CATALOGUE = make_catalogue()
OWN = sorted(CATALOGUE.allocation.group_by("statement_task_id").len().filter(pl.col("len") == 1)["statement_task_id"])


def test_a_route_agrees_wholly_with_itself():
    rows = _rows([statement for number, statement in enumerate(OWN[::3]) for _ in range(number + 1)])
    table = route_agreement({"cluster": rows, "conversation": rows}, CATALOGUE)
    assert table["mapping_level"].to_list() == list(PAPER)
    assert table.select(pl.col("pearson_correlation", "kendall_correlation", "same_share")).to_numpy() == pytest.approx(
        1
    )


def test_conversations_given_to_the_same_item_are_counted_among_those_that_both_match():
    one = _rows([OWN[0], OWN[0], OWN[1], OWN[2], "none"])
    other = _rows([OWN[0], OWN[3], OWN[1], "none", OWN[4]])
    table = route_agreement({"cluster": one, "conversation": other}, CATALOGUE)
    task = table.filter(pl.col("mapping_level") == "task").row(0, named=True)
    assert task["same_share"] == pytest.approx(2 / 3)
    assert task["item_count"] == 5


def test_too_few_items_have_no_correlation():
    rows = _rows([OWN[0], OWN[1]])
    table = route_agreement({"cluster": rows, "hierarchy": rows}, CATALOGUE)
    assert table["pearson_correlation"].null_count() == 3


def test_every_two_routes_of_a_month_are_published_and_a_tiny_month_publishes_none():
    for conversations, expected in ((600, 3), (12, 0)):
        inputs = make_month(seed=5, conversations=conversations)
        other = inputs.conversation_task.with_columns(mapping_route=pl.lit("conversation"))
        exact = aggregate_month(
            type(inputs)(**{**vars(inputs), "other_routes": {"conversation": other}}),
            policy=POLICY,
            account_basis="account",
        )
        assert exact.agreement.height == 3
        assert publish_tables(exact, make_context())["qa/mapping_agreement"].height == expected
