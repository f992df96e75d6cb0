"""From exact cells and decisions to rows of the published tables, one function per shape of table."""

from dataclasses import dataclass, field

import polars as pl

from clio_lite.privacy import text_rule
from pipelines.aggregate import ExactMonth
from pipelines.aggregate.collaboration import NODE, ExactCollaboration, bucket_of
from pipelines.contracts import IDX_TABLES
from pipelines.publish.decisions import CollaborationRules, Decisions
from pipelines.publish.lineage import with_identity
from pipelines.publish.vintage import VintageContext, common_rows, stated_rows

NO_RULE = pl.lit(None, dtype=pl.String)


@dataclass(frozen=True)
class TableForm:
    """How one exact table becomes a published one.

    Attributes:
        table: Name of the published table.
        source: Short name of the exact table.
        base_id: Denominator; see `meta.base`.
        population: all or occupational.
        remainder: Key columns of the row that holds what is withheld; None where cells do not add up.
        within: Columns that name a group with its own remainder.
        ratios: Columns rounded like shares.
        values: Columns nulled with the row but not rounded.
        rename: Exact name to published name.
    """

    table: str
    source: str
    base_id: str
    population: str = "occupational"
    remainder: dict[str, str] | None = None
    within: tuple[str, ...] = ()
    ratios: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    rename: dict[str, str] = field(default_factory=dict)


FORMS: tuple[TableForm, ...] = (
    TableForm("idx/task_month", "task", "occupational", remainder={"task_id": "suppressed"}),
    TableForm(
        "idx/task_occupation_month",
        "task_occupation",
        "occupational",
        remainder={"task_id": "suppressed", "onet_soc_code": "all"},
    ),
    TableForm(
        "idx/occupation_month",
        "occupation",
        "matched",
        remainder={"onet_soc_code": "suppressed"},
        ratios=("representation_ratio",),
        values=("used_task_count", "task_coverage"),
    ),
    TableForm(
        "idx/major_group_month",
        "major_group",
        "matched",
        remainder={"soc_major_group": "suppressed"},
        ratios=("representation_ratio",),
    ),
    TableForm(
        "idx/job_zone_month",
        "job_zone",
        "matched_job_zone",
        remainder={"zone": "suppressed"},
        rename={"zone": "job_zone"},
    ),
    TableForm("idx/wage_month", "wage", "matched_wage", remainder={"wage_band": "suppressed"}),
    TableForm(
        "idx/activity_month",
        "activity",
        "matched_activity",
        remainder={"activity_id": "suppressed"},
        within=("label_rule", "activity_level"),
    ),
    TableForm(
        "idx/activity_side_month",
        "activity_side",
        "matched_side",
        remainder={"activity_id": "suppressed"},
        within=("side", "label_rule", "activity_level"),
    ),
    TableForm("idx/use_case_month", "use_case", "counted", "all", remainder={"use_case": "suppressed"}),
    TableForm("idx/model_month", "model", "counted", "all", remainder={"model": "suppressed"}),
    TableForm("idx/skill_month", "skill", "occupational"),
    TableForm(
        "idx/request_cluster_month",
        "cluster",
        "occupational",
        remainder={"cluster_id": "suppressed"},
        within=("cluster_level",),
        values=(
            *("map_x", "map_y", "name", "description", "privacy_grade"),
            *("persistent_id", "prev_cluster_id", "prev_overlap_share"),
        ),
    ),
    TableForm(
        "idx/cluster_facet_month",
        "cluster_facet",
        "cluster",
        remainder={"facet_value": "suppressed"},
        within=("cluster_level", "cluster_id", "facet"),
    ),
)


def published_table(form: TableForm, exact: ExactMonth, decisions: Decisions, context: VintageContext) -> pl.DataFrame:
    """Rows of one published table.

    Args:
        form: How the table is made.
        exact: Exact cells; a source without the table gives an empty one.
        decisions: What is withheld.
        context: The build.
    """
    schema = IDX_TABLES[form.table]
    if form.source not in exact.tables:
        return schema.create_empty()
    cells = exact.tables[form.source].cells.join(decisions.tables[form.source], on="cell_id", how="left")
    if form.source == "cluster":
        cells = with_identity(_without_private_text(cells, context), exact, decisions)
    if form.source == "cluster_facet":
        cells = _of_stated_clusters(cells, exact, decisions)
    rows = [cells]
    if form.remainder is not None:
        rows.append(remainder_rows(cells, form))
    shares = ["usage_share", "account_share", *form.ratios]
    stated = stated_rows(
        pl.concat(rows, how="diagonal_relaxed"),
        main="usage_share",
        shares=shares,
        values=list(form.values),
        has_counts=exact.has_counts,
    ).with_columns(base_id=pl.lit(form.base_id))
    # What a remainder holds is stated by its share alone.
    is_remainder = pl.col("row_kind") == "suppressed"
    stated = stated.with_columns(
        pl.when(~is_remainder).then(pl.col(name)).alias(name) for name in ("conversation_count", "account_band")
    ).rename(form.rename)
    if form.source == "cluster_facet":
        stated = _without_withheld_languages(stated)
    if form.source == "occupation":
        stated = stated.with_columns(
            soc_system=pl.lit(context.soc_system),
            usage_per_million_workers=pl.when(pl.col("employment") > 0).then(
                pl.col("conversation_count") / pl.col("employment") * 1e6
            ),
        )
    return common_rows(stated, schema, context, population=form.population)


def remainder_rows(cells: pl.DataFrame, form: TableForm) -> pl.DataFrame:
    """One row per group that holds the sum of what is withheld in it; 0 where nothing is.

    Args:
        cells: Cells with their `suppression_rule`.
        form: How the table is made.
    """
    is_withheld = pl.col("suppression_rule").is_not_null()

    def held(name: str) -> pl.Expr:
        known = pl.col(name).is_not_null().any()
        return pl.when(known).then(pl.col(name).filter(is_withheld).sum()).alias(name)

    groups = cells.group_by(list(form.within)) if form.within else cells.group_by(pl.lit(0).alias("_one"))
    sums = groups.agg(held("usage_share"), held("account_share"))
    keys = [pl.lit(value).alias(name) for name, value in (form.remainder or {}).items()]
    if "alloc_rule" in cells.columns:
        keys.append(pl.lit(cells["alloc_rule"].drop_nulls().first() or "equal").alias("alloc_rule"))
    return sums.with_columns(
        *keys,
        row_kind=pl.lit("suppressed"),
        suppression_rule=NO_RULE,
        conversation_count=pl.lit(None, dtype=pl.Float64),
    )


def _without_private_text(cells: pl.DataFrame, context: VintageContext) -> pl.DataFrame:
    """Null the text of clusters that do not pass the gate for texts."""
    may = text_rule(context.policy).is_null()
    return cells.with_columns(
        pl.when(may).then(pl.col(name)).alias(name) for name in ("name", "description", "privacy_grade")
    )


def _of_stated_clusters(cells: pl.DataFrame, exact: ExactMonth, decisions: Decisions) -> pl.DataFrame:
    """Facets of the clusters whose counts are published."""
    clusters = exact.tables["cluster"].cells.join(decisions.tables["cluster"], on="cell_id")
    stated = clusters.filter((pl.col("row_kind") == "value") & pl.col("suppression_rule").is_null())
    return cells.join(stated, on=["cluster_level", "cluster_id"], how="semi")


def _without_withheld_languages(rows: pl.DataFrame) -> pl.DataFrame:
    """Leave out the rows of withheld languages: that one occurs in a cluster says something of few people."""
    return rows.filter((pl.col("facet") != "language") | (pl.col("obs_status") != "Q"))


def collaboration_table(
    exact: ExactCollaboration | None, rules: CollaborationRules | None, context: VintageContext, *, has_counts: bool
) -> pl.DataFrame:
    """Rows of `idx/collaboration_month`.

    A node, or a denominator of a node, that is withheld wholly has one row: `suppressed`, the whole share.

    Args:
        exact: Exact patterns; None gives an empty table.
        rules: What is withheld.
        context: The build.
        has_counts: The counts are real.
    """
    schema = IDX_TABLES["idx/collaboration_month"]
    if exact is None or rules is None:
        return schema.create_empty()
    group = [*NODE, "denominator"]
    closed = _closed_groups(exact, rules)
    cells = exact.pattern_shares.join(closed, on=group, how="left").join(
        rules.patterns, on=[*NODE, "collaboration_pattern"], how="left"
    )
    is_value = bucket_of(pl.col("collaboration_pattern")).is_not_null()
    pattern = pl.col("collaboration_pattern")
    if "row_kind" not in cells.columns:
        cells = cells.with_columns(row_kind=pl.when(is_value).then(pl.lit("value")).otherwise(pattern))
    is_withheld = pl.col("suppression_rule").is_not_null() | pl.col("is_closed").fill_null(value=False)

    def held(name: str) -> pl.Expr:
        return pl.when(pl.col(name).is_not_null().any()).then(pl.col(name).filter(is_withheld).sum()).alias(name)

    remainders = (
        cells.group_by(group)
        .agg(held("pattern_share"), held("account_share"))
        .with_columns(
            collaboration_pattern=pl.lit("suppressed"), row_kind=pl.lit("suppressed"), suppression_rule=NO_RULE
        )
    )
    kept = cells.filter(~pl.col("is_closed").fill_null(value=False))
    stated = stated_rows(
        pl.concat([kept, remainders], how="diagonal_relaxed"),
        main="pattern_share",
        shares=["pattern_share", "account_share"],
        values=[],
        has_counts=has_counts,
    ).with_columns(base_id=pl.format("collaboration_{}", "denominator"))
    return common_rows(stated, schema, context, population="occupational")


def _closed_groups(exact: ExactCollaboration, rules: CollaborationRules) -> pl.DataFrame:
    """Node and denominator of the groups that are withheld wholly, marked `is_closed`."""
    every = exact.bucket_shares.select(*NODE, "denominator")
    nodes = every.join(rules.nodes, on=NODE, how="semi")
    return pl.concat([nodes, rules.denominators]).unique().with_columns(is_closed=pl.lit(value=True))


def automation_table(
    exact: ExactCollaboration | None, rules: CollaborationRules | None, context: VintageContext, *, has_counts: bool
) -> pl.DataFrame:
    """Rows of `idx/automation_month`.

    Args:
        exact: Exact buckets; None gives an empty table.
        rules: What is withheld.
        context: The build.
        has_counts: The counts are real.
    """
    schema = IDX_TABLES["idx/automation_month"]
    if exact is None or rules is None:
        return schema.create_empty()
    denominators = rules.denominators.with_columns(denominator_rule=pl.lit("complementary"))
    cells = (
        exact.bucket_shares.join(rules.nodes.rename({"suppression_rule": "node_rule"}), on=NODE, how="left")
        .join(rules.buckets.rename({"suppression_rule": "bucket_rule"}), on=NODE, how="left")
        .join(denominators, on=[*NODE, "denominator"], how="left")
        .with_columns(suppression_rule=pl.coalesce("node_rule", "bucket_rule", "denominator_rule"))
    )
    stated = stated_rows(
        cells,
        main="automation_share",
        shares=["automation_share", "augmentation_share"],
        values=[],
        has_counts=has_counts,
    ).with_columns(base_id=pl.format("collaboration_{}", "denominator"))
    return common_rows(stated, schema, context, population="occupational")


def coverage_table(exact: ExactMonth, context: VintageContext) -> pl.DataFrame:
    """Rows of `idx/coverage_curve`: shares of occupations, which are no persons, so nothing is withheld.

    Args:
        exact: Depth of use.
        context: The build.
    """
    cells = exact.coverage.with_columns(
        suppression_rule=NO_RULE,
        conversation_count=pl.lit(None, dtype=pl.Float64),
        account_count=pl.lit(None, dtype=pl.Int64),
    )
    stated = stated_rows(
        cells, main="occupation_share", shares=["occupation_share"], values=[], has_counts=exact.has_counts
    ).with_columns(base_id=pl.lit("occupations_with_tasks"))
    return common_rows(stated, IDX_TABLES["idx/coverage_curve"], context, population="occupational")


def population_rows(exact: ExactMonth, decisions: Decisions) -> pl.DataFrame | None:
    """Stated rows of the occupational, the other and all conversations, for the headlines; None without conversations.

    Args:
        exact: Exact cells.
        decisions: What is withheld.
    """
    if "population" not in exact.tables:
        return None
    cells = pl.concat(
        [exact.tables[name].cells.join(decisions.tables[name], on="cell_id") for name in ("population", "counted")]
    )
    return stated_rows(cells, main="usage_share", shares=["usage_share"], values=[], has_counts=True)
