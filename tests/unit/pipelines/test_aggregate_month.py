import dataclasses

import duckdb
import polars as pl
import pytest
from index_month import POLICY, make_catalogue, make_context, make_month
from polars.testing import assert_frame_equal

from onet.assignment import allocation_weights
from pipelines.aggregate import Catalogue, aggregate_month
from pipelines.aggregate.usage import used_statements
from pipelines.publish import publish_tables


def aggregated(inputs, basis="account"):
    return aggregate_month(inputs, policy=POLICY, account_basis=basis)


@pytest.fixture(scope="module")
def inputs():
    return make_month(seed=4, conversations=900)


@pytest.fixture(scope="module")
def exact(inputs):
    return aggregated(inputs)


def occupations_by_sql(inputs):
    """The occupation table by an independent route: SQL over the same inputs."""
    con = duckdb.connect()
    for name in ("facets", "conversations", "conversation_task"):
        con.register(name, getattr(inputs, name).to_arrow())
    con.register("allocation", inputs.catalogue.allocation.to_arrow())
    con.register("tasks", inputs.catalogue.tasks.to_arrow())
    query = """
        WITH matched AS (
            SELECT onet_soc_code, CASE WHEN has_account THEN account_key END AS account,
                   match_weight * alloc_weight AS weight
            FROM conversations JOIN facets USING (conversation_id) JOIN conversation_task USING (conversation_id)
                 JOIN allocation USING (statement_task_id)
            WHERE is_counted AND is_occupational
        ), by_account AS (
            SELECT onet_soc_code, account, sum(weight) AS weight FROM matched GROUP BY ALL
        ), accounts AS (SELECT account, sum(weight) AS whole FROM matched WHERE account IS NOT NULL GROUP BY ALL)
        SELECT DISTINCT tasks.onet_soc_code,
               coalesce((SELECT sum(weight) FROM matched m WHERE m.onet_soc_code = tasks.onet_soc_code), 0)
                   AS conversation_count,
               (SELECT count(*) FROM by_account b WHERE b.onet_soc_code = tasks.onet_soc_code AND account IS NOT NULL)
                   AS account_count,
               coalesce((SELECT sum(weight) FROM matched m WHERE m.onet_soc_code = tasks.onet_soc_code), 0)
                   / (SELECT sum(weight) FROM matched) AS usage_share,
               coalesce((SELECT sum(weight / whole) FROM by_account b JOIN accounts USING (account)
                         WHERE b.onet_soc_code = tasks.onet_soc_code), 0)
                   / (SELECT count(*) FROM accounts) AS account_share,
               coalesce((SELECT max(weight) / sum(weight) FROM by_account b
                         WHERE b.onet_soc_code = tasks.onet_soc_code AND account IS NOT NULL), 0) AS top_account_share
        FROM tasks ORDER BY 1
    """
    found = con.sql(query).pl()
    con.close()
    return found


def test_the_occupation_table_equals_an_independent_sql_computation(inputs, exact):
    by_sql = occupations_by_sql(inputs)
    ours = exact.tables["occupation"].cells.select(by_sql.columns)
    assert_frame_equal(ours, by_sql, check_dtypes=False, abs_tol=1e-12)


def test_tables_do_not_depend_on_the_order_of_the_input_rows(inputs, exact):
    def shuffled(frame):
        return frame.sample(fraction=1.0, shuffle=True, seed=1)

    names = ("facets", "conversations", "conversation_task", "clusters", "members")
    again = aggregated(dataclasses.replace(inputs, **{name: shuffled(getattr(inputs, name)) for name in names}))
    for name, table in exact.tables.items():
        assert_frame_equal(table.cells, again.tables[name].cells, rel_tol=1e-13)
    assert_frame_equal(exact.collaboration.pattern_shares, again.collaboration.pattern_shares, rel_tol=1e-13)


def test_weighted_labels_split_a_conversation_and_keep_its_account_whole() -> None:
    inputs = make_month(seed=6, conversations=400, heavy=0.0, without_account=0.0)
    statements = inputs.catalogue.tasks["statement_task_id"].unique().sort()
    first = inputs.conversation_task.filter(pl.col("statement_task_id") != "none")
    other = first.with_columns(
        statement_task_id=pl.col("statement_task_id").replace_strict(
            statements, statements.shift(1, fill_value=statements[-1]), return_dtype=pl.String
        ),
        match_weight=pl.lit(0.4),
    )
    both = pl.concat(
        [
            inputs.conversation_task.filter(pl.col("statement_task_id") == "none"),
            first.with_columns(match_weight=pl.lit(0.6)),
            other,
        ]
    )
    alone = aggregated(inputs).tables["task"].cells
    month = aggregated(dataclasses.replace(inputs, conversation_task=both))
    split = month.tables["task"].cells
    assert split["conversation_count"].sum() == pytest.approx(alone["conversation_count"].sum())
    for name in ("task", "task_occupation", "occupation", "major_group"):
        assert month.tables[name].cells["usage_share"].sum() == pytest.approx(1, abs=1e-9)
    counts = dict(alone.select("task_id", "conversation_count").iter_rows())
    one, before = statements[5], statements[6]
    row = split.row(by_predicate=pl.col("task_id") == one, named=True)
    assert row["conversation_count"] == pytest.approx(0.6 * counts[one] + 0.4 * counts[before])
    touching = both.filter(pl.col("statement_task_id") == one).join(inputs.conversations, on="conversation_id")
    touching = touching.filter("is_counted").join(inputs.facets.filter("is_occupational"), on="conversation_id")
    assert row["account_count"] == touching["account_key"].n_unique()
    assert row["conversation_count"] < touching.height


def test_conversations_over_the_cap_count_nowhere(inputs):
    nobody = dataclasses.replace(
        inputs, conversations=inputs.conversations.with_columns(is_counted=pl.lit(value=False))
    )
    tables = aggregated(nobody).tables
    assert tables["task"].cells["conversation_count"].sum() == 0
    assert tables["use_case"].cells["usage_share"].null_count() == 4


def test_task_shares_count_none_and_not_classified_and_occupations_do_not(inputs, exact):
    counted = inputs.conversations.filter("is_counted").join(
        inputs.facets.filter("is_occupational"), on="conversation_id"
    )
    task = exact.tables["task"].cells
    assert task["conversation_count"].sum() == counted.height
    rest = task.filter(pl.col("row_kind") != "value")["conversation_count"].sum()
    assert rest > 0
    assert exact.tables["occupation"].cells["conversation_count"].sum() == pytest.approx(counted.height - rest)


def test_every_statement_of_the_catalogue_is_listed(inputs, exact):
    listed = exact.tables["task"].cells.filter(pl.col("row_kind") == "value")["task_id"]
    assert set(listed) == set(inputs.catalogue.tasks["statement_task_id"])


def test_an_account_is_assumed_only_where_asked_for(inputs, exact):
    without = int((~inputs.conversations.filter("is_counted")["has_account"]).sum())
    given = exact.tables["counted"].cells["account_count"][0]
    assumed = aggregated(inputs, "assumed_per_conversation").tables["counted"].cells["account_count"][0]
    assert assumed == given + without > given


def test_unknown_job_zones_are_outside_the_base(exact):
    zones = exact.tables["job_zone"].cells
    assert zones.filter(pl.col("zone") != "unknown")["usage_share"].sum() == pytest.approx(1)
    unknown = zones.row(by_predicate=pl.col("zone") == "unknown", named=True)
    assert unknown["conversation_count"] > 0
    assert unknown["usage_share"] is None


def test_skills_that_nobody_shows_are_listed_as_zero(exact):
    skills = exact.tables["skill"].cells
    assert skills.row(by_predicate=pl.col("skill") == "Active Listening", named=True)["usage_share"] == 0


def test_coverage_falls_with_the_cut_and_with_the_floor(exact):
    curve = exact.coverage
    for _, part in curve.group_by("floor_count"):
        assert part.sort("coverage_cut")["occupation_share"].is_sorted(descending=True)
    for _, part in curve.group_by("coverage_cut"):
        assert part.sort("floor_count")["occupation_share"].is_sorted(descending=True)
    assert curve["floor_count"].unique().sort().to_list() == [15, 30, 75, 150]


def test_a_counted_conversation_without_facets_is_an_error(inputs):
    with pytest.raises(ValueError, match="facets for every counted conversation"):
        aggregated(dataclasses.replace(inputs, facets=inputs.facets.head(3)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"match_weight": pl.lit(0.5)}, "do not sum to 1"),
        ({"statement_task_id": pl.lit("no such")}, "name another statement"),
        ({"mapping_route": pl.Series(["cluster", "conversation"] * 1000).head(855)}, "one mapping route"),
    ],
)
def test_contradictory_task_rows_are_an_error(inputs, change, message):
    rows = inputs.conversation_task.head(855).with_columns(**change)
    with pytest.raises(ValueError, match=message):
        aggregated(dataclasses.replace(inputs, conversation_task=rows))


def test_an_allocation_that_loses_conversations_is_refused():
    good = make_catalogue()
    with pytest.raises(ValueError, match="must sum to 1"):
        Catalogue(good.occupations, good.tasks, allocation_weights(good.tasks).head(-1))


def test_the_headline_counts_the_statements_that_the_occupations_count_as_used(inputs, exact):
    tables = publish_tables(exact, make_context())
    used = used_statements(exact.tables["task"], floor=POLICY.min_conversations, policy=POLICY)
    headline = tables["idx/headline_month"].row(by_predicate=pl.col("metric_id") == "used_task_count", named=True)
    assert headline["value"] == used.height > 0


def test_a_dominant_account_withholds_a_task_but_leaves_it_used():
    heavy = aggregated(make_month(seed=2, conversations=400, accounts=60, heavy=0.7))
    task = heavy.tables["task"].cells
    dominated = task.filter((pl.col("top_account_share") >= 0.5) & (pl.col("conversation_count") >= 15))
    dominated = dominated.filter((pl.col("account_count") >= 5) & (pl.col("row_kind") == "value"))
    used = used_statements(heavy.tables["task"], floor=15, policy=POLICY)["statement_task_id"]
    assert dominated.height > 0
    assert set(dominated["task_id"]) <= set(used)
    rules = publish_tables(heavy, make_context())["idx/task_month"].filter(
        pl.col("task_id").is_in(dominated["task_id"].implode())
    )
    assert set(rules["suppression_rule"].cast(pl.String)) <= {"top_account", "top_two_accounts"}


def test_facets_of_clusters_agree_with_sql_over_the_same_rows(inputs, exact):
    con = duckdb.connect()
    for name in ("facets", "conversations", "members"):
        con.register(name, getattr(inputs, name).to_arrow())
    query = """
        WITH rows AS (
            UNPIVOT (SELECT cluster_level, cluster_id, account_key, collaboration_pattern, use_case,
                            coalesce(language, 'not_classified') AS language
                     FROM members JOIN facets USING (conversation_id) JOIN conversations USING (conversation_id)
                     WHERE is_counted AND is_occupational)
            ON collaboration_pattern, use_case, language INTO NAME facet VALUE facet_value)
        SELECT cluster_level, cluster_id, facet, facet_value, count(*)::DOUBLE AS conversation_count,
               count(DISTINCT account_key) AS account_count,
        FROM rows GROUP BY ALL ORDER BY ALL"""
    expected = pl.from_arrow(con.sql(query).to_arrow_table())
    count = pl.col("conversation_count")
    expected = expected.with_columns(usage_share=count / count.sum().over("cluster_level", "cluster_id", "facet"))
    cells = exact.tables["cluster_facet"].cells.filter(pl.col("is_shown") & (pl.col("conversation_count") > 0))
    assert_frame_equal(
        cells.select(expected.columns).sort(expected.columns[:4]), expected, check_dtypes=False, abs_tol=1e-12
    )
    sums = (
        exact.tables["cluster_facet"]
        .cells.group_by("cluster_level", "parent_id", "facet", "facet_value")
        .agg(pl.col("conversation_count").sum())
        .with_columns(pl.col("cluster_level") + 1)
    )
    parts = exact.tables["cluster_facet"].cells.join(
        sums,
        left_on=["cluster_level", "cluster_id", "facet", "facet_value"],
        right_on=["cluster_level", "parent_id", "facet", "facet_value"],
    )
    assert parts.height > 0
    assert (parts["conversation_count"] == parts["conversation_count_right"]).all()
