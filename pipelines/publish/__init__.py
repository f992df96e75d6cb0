"""The only door out: exact tables become published ones here, or nothing does.

`publish_tables` decides what is withheld, rounds, validates every table against its schema and checks conservation and
the gate once more. Writing files is not done here.
"""

import polars as pl

from clio_lite.models import ModelUse
from pipelines.aggregate import ExactMonth
from pipelines.contracts import IDX_TABLES, META_TABLES
from pipelines.disclosure import CONF_STATUS_OF_RULE
from pipelines.errors import PublicationRefusedError
from pipelines.headlines import headline_values, metric_table
from pipelines.publish.decisions import decide
from pipelines.publish.lineage import lineage_rows
from pipelines.publish.making import Making, making_tables
from pipelines.publish.meta import base_table, model_use_table, sdc_policy_table, vintage_input_table
from pipelines.publish.quality import (
    assert_exact_conservation,
    assert_gate_held,
    assert_no_restricted_columns,
    conservation,
    mapping_agreement,
    suppression_summary,
    validate_reference,
)
from pipelines.publish.tables import (
    FORMS,
    automation_table,
    collaboration_table,
    coverage_table,
    population_rows,
    published_table,
)
from pipelines.publish.vintage import VintageContext, common_rows, validated
from pipelines.validation.publication import MonthValidation, validation_tables, with_corrections

__all__ = ["VintageContext", "assert_no_restricted_columns", "publish_tables", "vintage_input_table"]


def publish_tables(
    exact: ExactMonth,
    context: VintageContext,
    *,
    vintage: pl.DataFrame | None = None,
    step_counts: dict[str, int] | None = None,
    model_use: pl.DataFrame | None = None,
    reference: dict[str, pl.DataFrame] | None = None,
    making: Making | None = None,
    validation: MonthValidation | None = None,
) -> dict[str, pl.DataFrame]:
    """Publish one month: every `idx` table, the `meta` and `qa` tables, and the reference tables given.

    Args:
        exact: The month before disclosure control.
        context: The build that the rows belong to.
        vintage: Row of `meta/vintage`; without it the table is left out.
        step_counts: Exact conversations after each step, stated rounded in `meta/vintage_input`.
        model_use: Rows of `clio_lite.models.ModelUse`; None where everything was embedded.
        reference: Tables of `contracts.REF_TABLES` to publish beside, by name.
        making: How language models and verifiers did; None: there were none.
        validation: What people judged of the month, with the estimates for the predictions that `exact` is made from;
            None: nothing.

    Returns:
        Validated tables by name, each sorted by its key.

    Raises:
        ValueError: The account basis contradicts the source of the tables.
        PublicationRefusedError: A check failed; nothing may be published.
    """
    if (context.account_basis == "not_available") == exact.has_counts:
        raise ValueError("account_basis is not_available for published shares, and only for them")
    assert_exact_conservation(exact)
    decisions = decide(exact, context.policy)
    tables = {form.table: published_table(form, exact, decisions, context) for form in FORMS}
    rules, counts = decisions.collaboration, exact.has_counts
    tables["idx/collaboration_month"] = collaboration_table(exact.collaboration, rules, context, has_counts=counts)
    tables["idx/automation_month"] = automation_table(exact.collaboration, rules, context, has_counts=counts)
    tables["idx/coverage_curve"] = coverage_table(exact, context)
    tables["idx/cluster_lineage_month"] = lineage_rows(exact, decisions, context)
    judged = (validation or MonthValidation()).passing(context.policy)
    if judged.estimates.height:
        tables = with_corrections(tables, judged.estimates)
    values = headline_values(tables, population_rows(exact, decisions))
    tables["idx/headline_month"] = _headline_table(values, context)
    assert_gate_held(tables, exact, decisions, context.policy)
    tables |= {
        "meta/vintage_input": vintage_input_table(step_counts or {}, vintage_id=context.vintage_id),
        "meta/metric": metric_table(),
        "meta/base": base_table(),
        "meta/sdc_policy": sdc_policy_table(context.policy),
        "meta/suppression_summary": suppression_summary(tables, vintage_id=context.vintage_id),
        "meta/model_use": model_use_table(
            ModelUse.create_empty() if model_use is None else model_use, vintage_id=context.vintage_id
        ),
        "qa/conservation": conservation(tables, vintage_id=context.vintage_id),
        "qa/mapping_agreement": mapping_agreement(exact, context),
    }
    tables |= making_tables(making or Making(), vintage_id=context.vintage_id)
    tables |= validation_tables(judged, tables, policy=context.policy, vintage_id=context.vintage_id)
    if vintage is not None:
        tables["meta/vintage"] = _vintage_table(vintage, context)
    tables |= validate_reference(reference or {})
    assert_no_restricted_columns(tables)
    return tables


def _headline_table(rows: pl.DataFrame, context: VintageContext) -> pl.DataFrame:
    """Rows of `idx/headline_month` with their status."""
    is_withheld = pl.col("suppression_rule").is_not_null()
    stated = rows.with_columns(
        obs_status=pl.when(is_withheld)
        .then(pl.lit("Q"))
        .when(pl.col("value").is_null())
        .then(pl.lit("M"))
        .otherwise(pl.lit("A")),
        conf_status=pl.col("suppression_rule").replace_strict(CONF_STATUS_OF_RULE, default="F", return_dtype=pl.String),
        base_id=pl.lit("metric"),
    )
    return common_rows(stated, IDX_TABLES["idx/headline_month"], context, population="all")


def _vintage_table(vintage: pl.DataFrame, context: VintageContext) -> pl.DataFrame:
    """The row of `meta/vintage`, which must be of the build that is published."""
    if vintage["vintage_id"].to_list() != [context.vintage_id]:
        raise PublicationRefusedError("expected one vintage row of the build that is published: rebuild it")
    return validated(vintage, META_TABLES["meta/vintage"])
