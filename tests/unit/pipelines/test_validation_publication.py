"""Corrections of a label set reach the rows of idx, of the predictions that were judged and of no others."""

import dataclasses
from pathlib import Path

import dagster as dg
import numpy as np
import polars as pl
import pytest
from index_month import POLICY, make_context, make_month
from label_example import CATALOGUE, filled_csv, good_answer, label_population, label_set

from pipelines.aggregate import aggregate_month
from pipelines.defs.declare import TableSpec, tables
from pipelines.defs.resources import build_resources
from pipelines.errors import InputUnusableError
from pipelines.progress import SilentReporter
from pipelines.publish import publish_tables
from pipelines.runner import plan_steps
from pipelines.settings import Settings
from pipelines.storage import Store
from pipelines.validation.agreement import question_agreement, rated_items, rating_codes
from pipelines.validation.answers import read_answers
from pipelines.validation.correction import wilson_interval
from pipelines.validation.publication import MonthValidation, chosen_label_set, month_validation, with_label_set
from pipelines.validation.released import released_agreement
from pipelines.validation.score import prediction_digest, score_labels

SEED, CONVERSATIONS = 1, 900
POPULATION = label_population(SEED, CONVERSATIONS)


@pytest.fixture(scope="module")
def exact():
    month = make_month(seed=SEED, conversations=CONVERSATIONS, catalogue=CATALOGUE)
    return aggregate_month(month, policy=POLICY, account_basis="account")


@pytest.fixture(scope="module")
def scores(tmp_path_factory):
    """Raters who say directive of a third of what was called otherwise, and accept the rest."""
    everyone, items, sheet = label_set(count=120, population=POPULATION)
    rng = np.random.default_rng(0)
    rows = [
        good_answer(row) | {"pattern_is_right": "no", "right_pattern": "directive"}
        if rng.random() < 0.33 and row["collaboration_pattern"] != "directive"
        else good_answer(row)
        for row in sheet
    ]
    path = tmp_path_factory.mktemp("labels") / "rater.csv"
    path.write_text(filled_csv(rows), encoding="utf-8")
    raters = [read_answers(path, {row["item_id"]: row for row in items.iter_rows(named=True)})]
    return score_labels(items, everyone, raters)


def published(exact, scores, **given):
    estimates = scores.estimates.with_columns(**given)
    found = MonthValidation(scores.accuracy, scores.agreement, estimates)
    found = found.of_predictions(prediction_digest(POPULATION))
    return publish_tables(exact, make_context(), validation=found)


def whole(table):
    return table.filter((pl.col("node_type") == "all") & (pl.col("denominator") == "classified"))


def test_corrections_stand_in_the_rows_of_the_index_and_in_a_table_of_their_own(exact, scores):
    found = published(exact, scores)
    patterns = whole(found["idx/collaboration_month"])
    row = patterns.row(by_predicate=pl.col("collaboration_pattern") == "directive", named=True)
    assert row["share_corrected"] > row["pattern_share"] + 0.1
    assert 0 < row["share_corrected_se"] < 0.1
    shares = found["qa/validation_share"].filter(pl.col("table_name") == "idx.collaboration_month")
    assert shares.filter(pl.col("category") == "directive")["share_corrected"].item() == row["share_corrected"]
    assert shares["is_in_index"].all()
    assert found["qa/validation"].height == scores.accuracy.height
    groups = found["idx/major_group_month"].filter((pl.col("row_kind") == "value") & (pl.col("obs_status") == "A"))
    assert groups["share_corrected"].null_count() == 0
    headlines = {row["metric_id"]: row for row in found["idx/headline_month"].iter_rows(named=True)}
    both = [headlines[f"{name}_share"]["share_corrected"] for name in ("automation", "augmentation")]
    assert sum(both) == pytest.approx(1, abs=1e-3)
    assert both[0] == whole(found["idx/automation_month"])["share_corrected"].item()


def test_labels_correct_no_other_predictions_than_those_judged(exact, scores):
    found = published(exact, scores, prediction_digest=pl.lit("of another build"))
    for name in ("idx/collaboration_month", "idx/automation_month", "idx/major_group_month", "idx/headline_month"):
        assert found[name]["share_corrected"].null_count() == found[name].height
    assert found["qa/validation_share"].is_empty()
    assert found["qa/validation"].height == scores.accuracy.height
    other = POPULATION.with_columns(collaboration_pattern=pl.col("collaboration_pattern").reverse())
    assert prediction_digest(other) != prediction_digest(POPULATION) == prediction_digest(POPULATION.reverse())


def test_what_a_build_withholds_it_does_not_correct_either(exact, scores):
    strict = make_context(dataclasses.replace(POLICY, min_conversations=60))
    found = MonthValidation(scores.accuracy, scores.agreement, scores.estimates)
    tables_ = publish_tables(exact, strict, validation=found)
    patterns = whole(tables_["idx/collaboration_month"])
    withheld = patterns.filter(pl.col("obs_status") == "Q")
    assert withheld.height >= 2
    assert withheld["share_corrected"].null_count() == withheld.height
    names = withheld["collaboration_pattern"].cast(pl.String).implode()
    shares = tables_["qa/validation_share"].filter(pl.col("category").is_in(names))
    assert shares.height == withheld.height
    for column in ("published_share", "share_corrected", "share_corrected_se", "ci_low", "ci_high"):
        assert shares[column].null_count() == shares.height


def test_judgements_pass_the_gate_of_every_published_count(exact, scores):
    found = published(exact, scores)["qa/validation"]
    named = {(row["facet"], row["level"]): row for row in found.iter_rows(named=True)}
    pattern, few = named["collaboration_pattern", "pattern"], named["no_task", "base"]
    exact_counts = {(row["facet"], row["level"]): row["item_count"] for row in scores.accuracy.iter_rows(named=True)}
    assert exact_counts["collaboration_pattern", "pattern"] == 120
    assert (pattern["obs_status"], pattern["item_count"]) == ("A", 100)
    low, high = wilson_interval(pattern["accuracy"], pattern["effective_count"])
    assert (pattern["ci_low"], pattern["ci_high"]) == pytest.approx((low, high), rel=1e-3)
    assert 0 < exact_counts["no_task", "base"] < 15
    assert few["obs_status"] == "Q"
    withheld = ("item_count", "effective_count", "accuracy", "ci_low", "ci_high", "cohen_kappa", "fleiss_kappa")
    assert [few[name] for name in withheld] == [None] * len(withheld)


def test_judgements_of_one_account_correct_nothing(exact, scores):
    heavy = dataclasses.replace(scores, accuracy=scores.accuracy.with_columns(top_account_share=pl.lit(0.6)))
    found = published(exact, heavy, top_account_share=pl.lit(0.6))
    assert found["qa/validation"]["obs_status"].unique().to_list() == ["Q"]
    assert found["qa/validation_share"].is_empty()
    assert found["idx/collaboration_month"]["share_corrected"].null_count() == found["idx/collaboration_month"].height


def test_a_kappa_rests_on_the_conversations_that_its_raters_both_judged():
    # Twenty items of twenty accounts, of which the second rater judged six: too few of both.
    given = [{str(n): "x" if n % 3 else "y" for n in range(20)}, {str(n): "x" for n in range(6)}]
    names = [str(n) for n in range(20)]
    accounts = [f"k{name}" for name in rated_items(given, names)]
    rows = pl.DataFrame(question_agreement("task base", rating_codes(given, names), accounts))
    rows = rows.with_columns(label_set=pl.lit("2026-10-a"))
    assert rows["account_count"].to_list() == [6, 6, 6]
    relaxed = dataclasses.replace(POLICY, min_conversations=5)
    assert released_agreement(rows, POLICY)["obs_status"].unique().to_list() == ["Q"]
    assert released_agreement(rows, relaxed)["obs_status"].unique().to_list() == ["A"]


def test_judgements_scored_by_an_earlier_version_are_refused_with_the_command_that_mends_it(scores):
    month = make_month(seed=SEED, conversations=CONVERSATIONS, catalogue=CATALOGUE)
    given = {
        "conversations": month.conversations, "facets": month.facets, "conversation_task": month.conversation_task,
        "tasks": CATALOGUE.tasks, "occupations": CATALOGUE.occupations,
    }  # fmt: skip
    earlier = scores.accuracy.drop("account_count")
    with pytest.raises(InputUnusableError, match="without account_count: score the sheets again"):
        month_validation(earlier, scores.agreement, scores.estimates, **given)
    assert with_label_set(earlier, scores.accuracy, "2026-10-a").equals(scores.accuracy)


def test_the_label_set_with_most_answers_corrects_and_scoring_again_replaces_its_own(scores):
    fewer = scores.estimates.with_columns(label_set=pl.lit("2026-10-aaaa"), answered_count=pl.lit(20, dtype=pl.Int64))
    both = with_label_set(scores.estimates, fewer, "2026-10-aaaa")
    assert both.height == 2 * fewer.height
    assert chosen_label_set(both) == scores.estimates.item(0, "label_set")
    assert with_label_set(both, fewer, "2026-10-aaaa").equals(both)
    assert chosen_label_set(scores.estimates.clear()) is None


def test_a_month_that_nobody_judged_has_empty_tables_and_no_digest(exact, scores):
    month = make_month(seed=SEED, conversations=CONVERSATIONS, catalogue=CATALOGUE)
    given = {
        "conversations": month.conversations, "facets": month.facets, "conversation_task": month.conversation_task,
        "tasks": CATALOGUE.tasks, "occupations": CATALOGUE.occupations,
    }  # fmt: skip
    nothing = month_validation(None, None, None, **given)
    assert nothing.digest == ""
    found = publish_tables(exact, make_context(), validation=nothing)
    assert all(found[name].is_empty() for name in ("qa/validation", "qa/validation_agreement", "qa/validation_share"))
    assert MonthValidation(scores.accuracy).digest != MonthValidation(scores.accuracy.head(1)).digest != ""


@tables(TableSpec("core/reader", "index"), beside={"judged": "core/validation_accuracy"})
def reader(context: dg.AssetExecutionContext, judged: pl.DataFrame | None) -> pl.DataFrame:
    """Count what a command wrote beside the graph."""
    return pl.DataFrame({"rows": [-1 if judged is None else judged.height]})


def test_a_table_that_a_command_writes_is_read_where_it_is_there_and_leaves_its_readers_stale(tmp_path: Path) -> None:
    settings = Settings(home=str(tmp_path / "store"), out=str(tmp_path / "out"))
    store = Store(tmp_path / "store").prepare()

    def make() -> int:
        with dg.DagsterInstance.ephemeral() as instance:
            resources = {**build_resources(settings), "reporter": SilentReporter()}
            dg.materialize([reader], partition_key="2026-10", resources=resources, instance=instance)
        return int(store.read_table("core/reader", "2026-10").item())

    def is_fresh() -> bool:
        return plan_steps([reader], store, settings, "2026-10")[0].is_fresh

    assert (make(), is_fresh()) == (-1, True)
    store.write_table("core/validation_accuracy", "2026-10", pl.DataFrame({"a": [1, 2]}))
    store.write_state("core/validation_accuracy", "2026-10", "scored")
    assert not is_fresh()
    assert (make(), is_fresh()) == (2, True)
