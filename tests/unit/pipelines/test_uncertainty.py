import dataclasses

import numpy as np
import polars as pl
import pytest
from index_month import POLICY, make_context, make_month
from scipy.stats import t as student

from pipelines.aggregate import aggregate_month
from pipelines.aggregate.cells import measure_cells
from pipelines.publish import publish_tables
from pipelines.publish.vintage import stated_rows
from pipelines.uncertainty import precision_class, with_sampling_errors

DRAWS = 200


@pytest.fixture(scope="module")
def counted():
    return aggregate_month(make_month(seed=4, conversations=900), policy=POLICY, account_basis="account")


@pytest.fixture(scope="module")
def exact(counted):
    return with_sampling_errors(counted, draws=DRAWS, seed=7)


@pytest.fixture(scope="module")
def tables(exact):
    return publish_tables(exact, make_context())


def month_of(counted, rows, keys, catalogue):
    """A month that holds one table, drawn over the accounts of `rows`."""
    whole = measure_cells(
        rows.with_columns(kind=pl.lit("counted")), ["kind"], catalogue=pl.DataFrame({"kind": ["counted"]})
    )
    table = measure_cells(rows, keys, catalogue=catalogue)
    return dataclasses.replace(counted, tables={"counted": whole, "task": table}, collaboration=None)


def slow_error(rows, cell, accounts, draws, seed):
    """The bootstrap as it is described, one draw after another: accounts with replacement, share of one cell."""
    rng = np.random.default_rng(seed)
    by_account = rows.with_columns(unit=pl.coalesce("account_id", pl.format("conversation:{}", "conversation_id")))
    totals = {unit: (part["weight"].sum(), part.filter(pl.col("cell") == cell)["weight"].sum())
              for (unit,), part in by_account.group_by("unit")}  # fmt: skip
    names, shares = sorted(totals), []
    for _ in range(draws):
        drawn = [totals[names[n]] for n in rng.integers(0, len(names), len(names))]
        shares.append(sum(part for _, part in drawn) / sum(whole for whole, _ in drawn))
    of_all = sum(part for _, part in totals.values()) / sum(whole for whole, _ in totals.values())
    return float(np.sqrt(np.mean((np.array(shares) - of_all) ** 2) * accounts / (accounts - 1)))


def test_the_errors_are_those_of_drawing_accounts_again_one_by_one(counted):
    rng = np.random.default_rng(3)
    account = [f"k{n}" if n < 30 else None for n in rng.integers(0, 34, 300)]
    rows = pl.DataFrame(
        {"conversation_id": [f"c{n:03}" for n in range(300)], "account_id": account,
         "cell": rng.choice(["a", "b"], 300, p=[0.3, 0.7]), "weight": [1.0] * 300}
    )  # fmt: skip
    units = rows["account_id"].n_unique() - 1 + rows["account_id"].null_count()
    month = month_of(counted, rows, ["cell"], pl.DataFrame({"cell": ["a", "b", "never"]}))
    found = with_sampling_errors(month, draws=60, seed=5).tables["task"].cells
    errors = dict(found.select("cell", "share_se").iter_rows())
    assert errors["a"] == pytest.approx(slow_error(rows, "a", units, 60, 5), rel=1e-9)
    assert errors["a"] == pytest.approx(errors["b"])
    assert errors["never"] is None


def test_every_open_share_above_zero_of_every_table_states_its_error(tables):
    mains = {"idx/collaboration_month": "pattern_share", "idx/automation_month": "automation_share"}
    without = ("idx/coverage_curve", "idx/cluster_lineage_month", "idx/headline_month")
    for name, table in tables.items():
        if not name.startswith("idx/") or name in without or table.is_empty():
            continue
        share = pl.col(mains.get(name, "usage_share"))
        kinds = pl.col("row_kind").cast(pl.String) if "row_kind" in table.columns else pl.lit("value")
        stated = table.filter((pl.col("obs_status") == "A") & (share > 0) & (share < 1) & (kinds != "suppressed"))
        assert stated.height, name
        for column in ("share_se", "ci_low", "ci_high", "deff", "precision_class"):
            assert stated[column].null_count() == 0, (name, column)
        assert stated.filter((pl.col("ci_low") > share) | (pl.col("ci_high") < share)).is_empty(), name


def test_withheld_rows_and_remainders_state_no_error(tables):
    for name, table in tables.items():
        if not name.startswith("idx/"):
            continue
        silent = pl.col("obs_status") == "Q"
        if "row_kind" in table.columns:
            silent |= pl.col("row_kind").cast(pl.String) == "suppressed"
        hidden = table.filter(silent)
        for column in ("share_se", "ci_low", "ci_high", "deff", "precision_class"):
            assert hidden[column].null_count() == hidden.height, (name, column)
        assert hidden.filter(pl.col("ci_method") != "none").is_empty(), name


def test_the_interval_holds_nothing_that_the_published_figures_do_not(exact):
    cells = exact.tables["task"].cells.with_columns(suppression_rule=pl.lit(None, dtype=pl.String))
    given = {"main": "usage_share", "shares": ["usage_share"], "values": [], "has_counts": True}
    stated = stated_rows(cells, **given)
    # Change what is not published by less than rounding shows: base, share and error keep their published digits.
    same = stated_rows(
        cells.with_columns(pl.col("usage_share", "share_se") * (1 + 1e-9), base_weight=pl.col("base_weight") + 1e-3),
        **given,
    )  # fmt: skip
    for column in ("share_se", "ci_low", "ci_high", "deff"):
        assert stated[column].to_list() == same[column].to_list(), column
    assert stated.filter(pl.col("share_se").is_not_null()).height > 5


def test_an_observed_zero_has_an_upper_end_by_the_design_effect_of_its_base(tables):
    zero = tables["idx/skill_month"].filter(pl.col("skill") == "Active Listening").row(0, named=True)
    assert zero["usage_share"] == 0
    assert (zero["share_se"], zero["ci_low"], zero["ci_method"]) == (None, 0.0, "wilson_zero")
    assert 0 < zero["ci_high"] < 0.05


def test_the_interval_of_a_zero_is_told_by_the_published_rows_of_its_base_alone(counted):
    # 40 of 400 conversations are one account's, in a cell that is withheld for it: no interval may show that.
    rows = pl.DataFrame(
        {"conversation_id": [f"c{n}" for n in range(400)],
         "account_id": ["heavy" if n < 40 else f"k{n}" for n in range(400)],
         "cell": ["withheld" if n < 40 else "a" if n % 2 else "b" for n in range(400)], "weight": [1.0] * 400}
    )  # fmt: skip
    month = month_of(counted, rows, ["cell"], pl.DataFrame({"cell": ["a", "b", "never", "withheld"]}))
    cells = with_sampling_errors(month, draws=DRAWS, seed=1).tables["task"].cells
    rule = pl.when(pl.col("cell") == "withheld").then(pl.lit("dominance"))
    stated = stated_rows(
        cells.with_columns(suppression_rule=rule),
        main="usage_share", shares=["usage_share"], values=[], has_counts=True,
    )  # fmt: skip
    shown = stated.filter(pl.col("share_se").is_not_null())
    assert shown["cell"].to_list() == ["a", "b"]
    simple = (shown["usage_share"] * (1 - shown["usage_share"])).sum()
    design_effect = 400 * (shown["share_se"] ** 2).sum() / simple
    high = stated.filter(pl.col("cell") == "never")["ci_high"].item()
    quantile = student.ppf(0.975, 249)  # the band of 250 accounts and more
    assert high / (1 - high) == pytest.approx(quantile**2 * design_effect / 400, rel=0.05)


def test_one_heavy_account_widens_the_error_of_what_it_does(counted):
    def design_effect(of_one):
        rows = pl.DataFrame(
            {"conversation_id": [f"c{n}" for n in range(400)],
             "account_id": ["heavy" if n < of_one else f"k{n}" for n in range(400)],
             "cell": ["a" if n < 60 else "b" for n in range(400)], "weight": [1.0] * 400}
        )  # fmt: skip
        month = month_of(counted, rows, ["cell"], pl.DataFrame({"cell": ["a", "b"]}))
        cells = with_sampling_errors(month, draws=DRAWS, seed=1).tables["task"].cells
        stated = stated_rows(
            cells.with_columns(suppression_rule=pl.lit(None, dtype=pl.String)),
            main="usage_share", shares=["usage_share"], values=[], has_counts=True,
        )  # fmt: skip
        return stated["deff"][0]

    assert design_effect(0) == pytest.approx(1, abs=0.25)
    assert design_effect(30) > 5


def test_errors_do_not_depend_on_the_secret_that_made_the_account_keys(tables):
    month = make_month(seed=4, conversations=900)
    turned = month.conversations.with_columns(account_key=pl.col("account_key").str.reverse())
    again = aggregate_month(dataclasses.replace(month, conversations=turned), policy=POLICY, account_basis="account")
    published = publish_tables(with_sampling_errors(again, draws=DRAWS, seed=7), make_context())
    assert all(published[name].equals(table) for name, table in tables.items())


def test_a_table_without_a_base_is_left_as_it_is(counted):
    task = counted.tables["task"]
    baseless = dataclasses.replace(task, bases=task.bases.clear())
    month = dataclasses.replace(counted, tables={**counted.tables, "task": baseless})
    found = with_sampling_errors(month, draws=10, seed=1)
    assert baseless.contributions.height
    assert found.tables["task"] is baseless
    assert "share_se" in found.tables["counted"].cells.columns


def test_no_draws_leave_the_errors_unstated(counted):
    tables = publish_tables(with_sampling_errors(counted, draws=0, seed=1), make_context())
    assert tables["idx/task_month"]["share_se"].null_count() == tables["idx/task_month"].height
    assert tables["idx/task_month"]["ci_method"].unique().to_list() == ["none"]


def test_augmentation_mirrors_the_interval_of_automation(tables):
    rows = {row["metric_id"]: row for row in tables["idx/headline_month"].iter_rows(named=True)}
    one, other = rows["automation_share"], rows["augmentation_share"]
    assert other["share_se"] == one["share_se"]
    assert (other["ci_low"], other["ci_high"]) == pytest.approx((1 - one["ci_high"], 1 - one["ci_low"]))
    assert other["ci_low"] < other["value"] < other["ci_high"]
    assert rows["conversation_count"]["share_se"] is None


@pytest.mark.parametrize(("variation", "name"), [(0.01, "A"), (0.05, "B"), (0.2, "C"), (0.33, "D"), (2.0, "D")])
def test_precision_classes_are_cut_at_5_15_and_33_percent(variation, name):
    assert precision_class(variation) == name


@pytest.mark.parametrize("share", [0.02, 0.3])
def test_stated_intervals_cover_the_truth_in_93_to_97_of_100_months(counted, share):
    """Accounts of very different activity, each with its own liking for the cell: what sampling errors must hold up to.

    All months are drawn at once: one base per month, each with accounts of its own.
    """
    months, accounts = 500, 150
    rng = np.random.default_rng(11)
    number = rng.geometric(0.25, months * accounts).clip(max=30)
    liking = rng.beta(share * 4, (1 - share) * 4, months * accounts)
    truth = share  # activity and liking are independent
    inside = rng.binomial(number, liking)
    account = np.arange(months * accounts)
    rows = pl.DataFrame(
        {"month": np.tile(account // accounts, 2), "account_id": np.tile(account, 2),
         "cell": ["a"] * len(account) + ["b"] * len(account),
         "weight": np.concatenate([inside, number - inside]).astype(float)}
    ).filter(pl.col("weight") > 0)  # fmt: skip
    rows = rows.with_columns(pl.col("account_id").cast(pl.String))
    catalogue = pl.DataFrame({"month": range(months)}).join(pl.DataFrame({"cell": ["a", "b"]}), how="cross")
    table = measure_cells(rows, ["month", "cell"], catalogue=catalogue, within=["month"])
    whole = measure_cells(
        rows.with_columns(kind=pl.lit("counted")), ["kind"], catalogue=pl.DataFrame({"kind": ["counted"]})
    )
    month = dataclasses.replace(counted, tables={"counted": whole, "task": table}, collaboration=None)
    cells = with_sampling_errors(month, draws=DRAWS, seed=2).tables["task"].cells
    stated = stated_rows(
        cells.with_columns(suppression_rule=pl.lit(None, dtype=pl.String)),
        main="usage_share", shares=["usage_share"], values=[], has_counts=True,
    ).filter(pl.col("cell") == "a")  # fmt: skip
    covered = ((stated["ci_low"] <= truth) & (stated["ci_high"] >= truth)).mean()
    assert 0.93 <= covered <= 0.97
    naive = (stated["usage_share"] - truth).abs() <= 1.96 * (truth * (1 - truth) / stated["base_weight"]).sqrt()
    assert naive.mean() < 0.9
