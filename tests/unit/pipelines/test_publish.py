import dataclasses

import polars as pl
import pytest
from index_month import POLICY, make_context, make_month
from polars.testing import assert_frame_equal

from clio_lite.models import ModelUse
from clio_lite.privacy import DisclosurePolicy
from pipelines.aggregate import ExactTable, aggregate_month
from pipelines.contracts import IDX_TABLES, META_TABLES
from pipelines.errors import PublicationRefusedError
from pipelines.publish import assert_no_restricted_columns, publish_tables
from pipelines.publish.decisions import decide
from pipelines.publish.quality import assert_gate_held, conservation


def published(seed=4, policy=POLICY, vintage_id="2026-10-test", **given):
    exact = aggregate_month(make_month(seed=seed, **given), policy=policy, account_basis="account")
    return publish_tables(exact, make_context(policy, vintage_id=vintage_id))


@pytest.fixture(scope="module")
def exact():
    return aggregate_month(make_month(seed=4, conversations=900), policy=POLICY, account_basis="account")


@pytest.fixture(scope="module")
def tables(exact):
    return publish_tables(exact, make_context(), step_counts={"read": 1_003, "accepted": 900, "quarantined": 2})


def test_every_table_of_the_index_is_made_and_valid(tables):
    for name, schema in {**IDX_TABLES, **META_TABLES}.items():
        if name != "meta/vintage":
            assert schema.is_valid(tables[name]), name


def test_withheld_rows_have_no_value_and_say_why(tables):
    withheld = tables["idx/task_month"].filter(pl.col("obs_status") == "Q")
    assert withheld.height > 0
    assert withheld["suppression_rule"].null_count() == 0
    for column in ("usage_share", "account_share", "conversation_count", "account_band"):
        assert withheld[column].null_count() == withheld.height


def test_the_remainder_is_the_exact_sum_of_what_is_withheld(exact, tables):
    occupation = tables["idx/occupation_month"]
    withheld = occupation.filter(pl.col("obs_status") == "Q")["onet_soc_code"]
    held = (
        exact.tables["occupation"].cells.filter(pl.col("onet_soc_code").is_in(withheld.implode()))["usage_share"].sum()
    )
    remainder = occupation.row(by_predicate=pl.col("onet_soc_code") == "suppressed", named=True)
    assert remainder["usage_share"] == pytest.approx(held, rel=1e-3)
    assert remainder["conversation_count"] is None


def test_a_task_of_an_occupation_is_withheld_with_its_statement(exact, tables):
    statements = tables["idx/task_month"].select(statement_task_id="task_id", whole="obs_status")
    parts = (
        tables["idx/task_occupation_month"]
        .join(
            exact.catalogue.tasks.select("task_id", "onet_soc_code", "statement_task_id"),
            on=["task_id", "onet_soc_code"],
        )
        .join(statements, on="statement_task_id")
    )
    assert (parts["obs_status"] == parts["whole"]).all()


def test_job_zones_of_unknown_occupations_are_not_available_rather_than_zero(tables):
    unknown = tables["idx/job_zone_month"].row(by_predicate=pl.col("job_zone") == "unknown", named=True)
    assert (unknown["obs_status"], unknown["usage_share"]) == ("M", None)


def test_automation_and_augmentation_are_withheld_together(tables):
    automation = tables["idx/automation_month"]
    assert automation.filter(pl.col("automation_share").is_null() != pl.col("augmentation_share").is_null()).is_empty()


def test_a_denominator_that_gives_a_withheld_none_away_is_withheld(tables):
    patterns = tables["idx/collaboration_month"]
    stated = patterns.filter((pl.col("denominator") == "with_none") & (pl.col("collaboration_pattern") == "none"))
    assert stated.filter(pl.col("obs_status") == "Q").is_empty()
    closed = patterns.filter((pl.col("denominator") == "with_none") & (pl.col("pattern_share") == 1))
    assert (closed["collaboration_pattern"].cast(pl.String) == "suppressed").any()


def test_text_of_a_cluster_needs_its_own_thresholds_and_grade(exact, tables):
    clusters = tables["idx/request_cluster_month"].filter(pl.col("row_kind") == "value")
    cells = exact.tables["cluster"].cells.select(
        "cluster_id", "cluster_level", n="conversation_count", a="account_count"
    )
    named = clusters.filter(pl.col("name").is_not_null()).join(cells, on=["cluster_id", "cluster_level"])
    assert 0 < named.height < clusters.height
    assert named.filter((pl.col("n") < 50) | (pl.col("a") < 25) | (pl.col("privacy_grade") < 4)).is_empty()
    assert "L2-0" not in named["cluster_id"]  # large enough, but graded 3


def test_facets_are_of_clusters_with_published_counts_alone(tables):
    clusters, facets = tables["idx/request_cluster_month"], tables["idx/cluster_facet_month"]
    stated = clusters.filter((pl.col("row_kind") == "value") & (pl.col("obs_status") == "A"))
    assert 0 < stated.height < clusters.filter(pl.col("row_kind") == "value").height
    assert set(facets["cluster_id"]) == set(stated["cluster_id"])


def test_a_language_that_is_withheld_has_no_row_and_other_values_say_so(tables):
    withheld = tables["idx/cluster_facet_month"].filter(pl.col("obs_status") == "Q")
    assert set(withheld["facet"].cast(pl.String)) == {"collaboration_pattern", "use_case"}
    language = tables["idx/cluster_facet_month"].filter(pl.col("facet") == "language")
    assert language.filter((pl.col("row_kind") == "suppressed") & (pl.col("usage_share") > 0)).height > 0


def test_counts_of_the_steps_are_rounded(tables):
    steps = dict(tables["meta/vintage_input"].select("step", "conversation_count").iter_rows())
    assert steps == {"read": 1_000, "accepted": 900, "quarantined": 5}


def test_rules_share_out_what_they_withhold_only_where_that_tells_no_cell(tables):
    summary = tables["meta/suppression_summary"]
    several = summary.filter(pl.len().over("table_name") > 1)
    assert several["withheld_share"].null_count() == several.height


def test_relaxed_thresholds_publish_more_and_say_so():
    relaxed = DisclosurePolicy(min_conversations=3, min_accounts=2, min_text_conversations=5, min_text_accounts=3)
    default, more = published(), published(policy=relaxed)
    open_rows = pl.col("obs_status") == "A"
    assert more["idx/task_month"].filter(open_rows).height > default["idx/task_month"].filter(open_rows).height
    assert more["meta/sdc_policy"]["is_default"].to_list() == [False]
    assert default["meta/sdc_policy"]["is_default"].to_list() == [True]


def test_a_month_without_conversations_has_every_table_and_claims_nothing():
    tables = published(conversations=0)
    task = tables["idx/task_month"]
    assert (task["obs_status"].cast(pl.String) == "M").all()
    assert tables["qa/conservation"].is_empty()
    assert tables["idx/collaboration_month"].is_empty()


def test_conversations_without_any_account_are_all_withheld():
    tables = published(without_account=1.0)
    occupation = tables["idx/occupation_month"].filter((pl.col("row_kind") == "value") & (pl.col("obs_status") == "A"))
    assert (occupation["conversation_count"] == 0).all()
    headline = tables["idx/headline_month"].row(by_predicate=pl.col("metric_id") == "automation_share", named=True)
    assert (headline["value"], headline["obs_status"]) == (None, "Q")


def test_the_same_input_gives_the_same_tables(tables, exact):
    again = publish_tables(exact, make_context(), step_counts={"read": 1_003, "accepted": 900, "quarantined": 2})
    for name, table in tables.items():
        assert_frame_equal(table, again[name])


def test_shares_that_do_not_add_up_refuse_publication(exact):
    lost = exact.tables["occupation"]
    broken = ExactTable(lost.cells.with_columns(pl.col("usage_share") * 0.999), lost.contributions)
    month = dataclasses.replace(exact, tables={**exact.tables, "occupation": broken})
    with pytest.raises(PublicationRefusedError, match="occupation_month to add up to 1"):
        publish_tables(month, make_context())


def test_the_account_basis_must_fit_the_source(exact):
    with pytest.raises(ValueError, match="account_basis"):
        publish_tables(exact, dataclasses.replace(make_context(), account_basis="not_available"))


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("idx/task_month", {"conversation_id": pl.lit("x")}),
        ("idx/task_month", {"account_key": pl.lit("x")}),
        ("idx/task_month", {"account_count": pl.lit(1)}),
        ("idx/task_month", {"request": pl.lit("x")}),
        ("idx/task_month", {"anything": pl.concat_list(pl.lit(1))}),
        ("core/facets", {}),
    ],
)
def test_restricted_columns_and_tables_are_refused(tables, name, change):
    with pytest.raises(PublicationRefusedError):
        assert_no_restricted_columns({name: tables["idx/task_month"].with_columns(**change)})


def test_a_table_that_is_not_published_is_refused_as_reference(exact):
    with pytest.raises(PublicationRefusedError, match="must stay in the store"):
        publish_tables(exact, make_context(), reference={"core/facets": pl.DataFrame({"x": [1]})})


def test_a_vintage_row_of_another_build_is_refused(exact):
    with pytest.raises(PublicationRefusedError, match="vintage row"):
        publish_tables(exact, make_context(), vintage=pl.DataFrame({"vintage_id": ["other"]}))


def test_a_value_in_a_withheld_row_refuses_publication(exact, tables):
    leaking = tables["idx/task_month"].with_columns(usage_share=pl.col("usage_share").fill_null(0.1))
    with pytest.raises(PublicationRefusedError, match="carry a value"):
        assert_gate_held({"idx/task_month": leaking}, exact, decide(exact, POLICY), POLICY)


def test_an_open_cell_below_the_thresholds_refuses_publication(exact):
    decisions = decide(exact, DisclosurePolicy(min_conversations=3, min_accounts=2))
    with pytest.raises(PublicationRefusedError, match="pass the thresholds"):
        assert_gate_held({}, exact, decisions, POLICY)


def test_rows_that_miss_their_total_after_rounding_refuse_publication(tables):
    skewed = tables["idx/use_case_month"].with_columns(pl.col("usage_share") * 1.01)
    with pytest.raises(PublicationRefusedError, match="add up to 1"):
        conservation({**tables, "idx/use_case_month": skewed}, vintage_id="2026-10-test")


def test_rows_that_break_the_schema_refuse_publication(exact):
    task = exact.tables["task"]
    twice = ExactTable(task.cells.with_columns(occupation_count=pl.lit(-1)), task.contributions)
    with pytest.raises(PublicationRefusedError, match="fit TaskMonth"):
        publish_tables(dataclasses.replace(exact, tables={**exact.tables, "task": twice}), make_context())


@pytest.mark.parametrize(
    ("release", "system"), [("20.1", "O*NET-SOC 2010"), ("30.1", "O*NET-SOC 2019"), ("starter", "O*NET-SOC 2019")]
)
def test_the_code_system_follows_the_release(release, system):
    assert dataclasses.replace(make_context(), onet_version=release).soc_system == system


def test_the_use_of_language_models_is_published_with_rounded_counts(exact, tables):
    assert tables["meta/model_use"].height == 0
    row = dict.fromkeys(ModelUse.column_names(), 0)
    row |= {"role": "facets", "provider": "openai", "model": "m", "prompt": "facets", "prompt_version": "1-0"}
    row |= {"question_count": 1_003, "answered_count": 1_001, "refused_count": 2, "cost_usd": 0.12345}
    use = pl.DataFrame([row], schema=ModelUse.create_empty().schema)
    published = publish_tables(exact, make_context(), model_use=use)["meta/model_use"].row(0, named=True)
    assert published["question_count"] == 1_000
    assert published["refused_count"] == 5
    assert published["cost_usd"] == 0.12
