"""What is withheld, and in what form the rest is stated: the rules as small tables."""

import polars as pl
import pytest

from clio_lite.privacy import DisclosurePolicy, cell_rule
from onet.assignment import allocation_weights
from pipelines.aggregate.collaboration import collaboration
from pipelines.disclosure import account_band, rounded_count, rounded_share


@pytest.mark.parametrize(
    ("conversations", "accounts", "top", "top_two", "rule"),
    [
        (0, 0, 0.0, 0.0, None),  # an observed zero is published
        (14, 14, 0.1, 0.2, "too_few_conversations"),
        (14.5, 14, 0.1, 0.2, "too_few_conversations"),  # shared statements give fractions
        (15, 5, 0.2, 0.4, None),
        (15, 4, 0.3, 0.6, "too_few_accounts"),
        (100, 0, 0.0, 0.0, "too_few_accounts"),  # conversations without account are no accounts
        (100, 20, 0.49, 0.84, None),
        (100, 20, 0.50, 0.60, "top_account"),
        (100, 20, 0.49, 0.85, "top_two_accounts"),
    ],
)
def test_default_thresholds(conversations, accounts, top, top_two, rule):
    cell = pl.DataFrame(
        {
            "conversation_count": [float(conversations)],
            "account_count": [accounts],
            "top_account_share": [top],
            "top_two_account_share": [top_two],
        }
    )
    assert cell.select(cell_rule(DisclosurePolicy())).item() == rule


@pytest.mark.parametrize(
    ("exact", "stated"),
    [
        (0, 0), (1, 5), (3, 5), (7, 5), (8, 10), (14, 15), (15, 20), (24.9, 20), (25, 20), (35, 40), (94, 90),
        (99, 100), (100, 100), (124, 100), (125, 100), (175, 200), (999, 1_000), (1_049, 1_000), (1_051, 1_100),
        (10_240, 10_000), (10_260, 10_500), (100_499, 100_000), (1_234_499, 1_234_000), (98_765_432, 98_770_000),
    ],
)  # fmt: skip
def test_rounding_ladder_of_counts(exact, stated):
    assert pl.select(rounded_count(pl.lit(float(exact)))).item() == stated


@pytest.mark.parametrize(
    ("exact", "stated"),
    [
        (0.0, 0.0), (1.0, 1.0), (0.37224912, 0.3722), (1 / 3, 0.3333), (1 / 64, 0.01562),
        (0.00012345678, 0.0001235), (10.918116, 10.92),
    ],
)  # fmt: skip
def test_shares_have_four_significant_digits(exact, stated):
    assert pl.select(rounded_share(pl.lit(exact))).item() == pytest.approx(stated, abs=1e-15)


@pytest.mark.parametrize(
    ("accounts", "band"),
    [
        (0, "0"),
        (1, "1-4"),
        (4, "1-4"),
        (5, "5-9"),
        (10, "10-24"),
        (99, "50-99"),
        (100, "100-249"),
        (100_000, "100000+"),
    ],
)
def test_account_bands(accounts, band):
    assert pl.select(account_band(pl.lit(accounts))).item() == band


@pytest.mark.parametrize(
    ("denominator", "directive", "automation", "augmentation"),
    [
        ("classified", 4 / 10, 5 / 10, 5 / 10),
        ("with_none", 4 / 12, 5 / 12, 5 / 12),
        ("all_seven", 4 / 15, 5 / 15, 5 / 15),
    ],
)
def test_collaboration_denominators(denominator, directive, automation, augmentation):
    counts = {
        "directive": 4,
        "feedback_loop": 1,
        "task_iteration": 2,
        "learning": 2,
        "validation": 1,
        "none": 2,
        "not_classified": 3,
    }
    rows = pl.DataFrame({"collaboration_pattern": [name for name, n in counts.items() for _ in range(n)]}).with_columns(
        node_type=pl.lit("all"), node_id=pl.lit("all"), account_id=pl.lit("k"), weight=pl.lit(1.0)
    )
    found = collaboration(rows)
    here = pl.col("denominator") == denominator
    base = found.bucket_shares.row(by_predicate=here, named=True)
    pattern = found.pattern_shares.row(by_predicate=here & (pl.col("collaboration_pattern") == "directive"), named=True)
    assert pattern["pattern_share"] == pytest.approx(directive)
    assert base["automation_share"] == pytest.approx(automation)
    assert base["augmentation_share"] == pytest.approx(augmentation)


def test_a_statement_of_m_occupations_gives_each_one_mth():
    tasks = pl.DataFrame(
        [("s", "1", "11-1011.00"), ("s", "2", "15-1252.00"), ("s", "3", "15-1252.00"), ("t", "4", "15-1252.00")],
        schema=["statement_task_id", "task_id", "onet_soc_code"],
        orient="row",
    )
    found = allocation_weights(tasks).select("statement_task_id", "onet_soc_code", "alloc_weight").rows()
    assert found == [
        ("s", "11-1011.00", 0.5),
        ("s", "15-1252.00", 0.25),  # one occupation that lists a statement twice has its part once
        ("s", "15-1252.00", 0.25),
        ("t", "15-1252.00", 1.0),
    ]
