"""Checks of what is about to be published: conservation, the gate once more, and what was withheld.

Each check raises; nothing is published past a failed one.
"""

from typing import Final

import dataframely as dy
import polars as pl

from clio_lite.privacy import DisclosurePolicy, cell_rule
from pipelines.aggregate import ExactMonth
from pipelines.contracts import IDX_TABLES, META_TABLES, PUBLISHED_TABLES, RESTRICTED_TABLES, CommonBlock
from pipelines.disclosure import rounding_error
from pipelines.errors import PublicationRefusedError
from pipelines.publish.decisions import Decisions
from pipelines.publish.tables import FORMS
from pipelines.publish.vintage import VintageContext, validated

EXACT_TOLERANCE: Final = 1e-9
KINDS: Final = {
    "value": "published_share",
    "suppressed": "suppressed_share",
    "none": "none_share",
    "not_classified": "not_classified_share",
    "not_published": "not_published_share",
}
# Shares of a table that add up to one, and the columns that name each group that does.
AGREEMENT_DECIMALS: Final = 3
ADDITIVE_TABLES: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    **{form.table: ("usage_share", form.within) for form in FORMS if form.remainder is not None},
    "idx/collaboration_month": ("pattern_share", ("node_type", "node_id", "denominator")),
}
RESTRICTED_COLUMNS: Final = frozenset(
    {name for schema in RESTRICTED_TABLES.values() for name in schema.column_names()}
    - {name for schema in PUBLISHED_TABLES.values() for name in schema.column_names()}
) | {
    "conversation_id",
    "account_key",
    "account_id",
    "user_id",
    "embedding",
    "account_count",
    "top_account_share",
    "prediction_digest",
}


def assert_no_restricted_columns(tables: dict[str, pl.DataFrame]) -> None:
    """Refuse tables with columns of the restricted zone, nested values or unknown names.

    Args:
        tables: By name.

    Raises:
        PublicationRefusedError: A table may not be published as it is.
    """
    for name, table in tables.items():
        if name not in PUBLISHED_TABLES:
            raise PublicationRefusedError(f"expected a published table, found {name}: it must stay in the store")
        restricted = sorted(RESTRICTED_COLUMNS & set(table.columns))
        nested = sorted(column for column, dtype in table.schema.items() if dtype.is_nested())
        if restricted or nested:
            raise PublicationRefusedError(
                f"expected no column of a conversation or an account in {name}, found {restricted or nested}: "
                "drop them before publishing"
            )


def conservation(tables: dict[str, pl.DataFrame], *, vintage_id: str) -> pl.DataFrame:
    """Sum what every additive group publishes and withholds, as `qa/conservation`.

    The tolerance of a group is what rounding to four significant digits can add up to over its rows, plus 1e-9.
    Of collaboration by node, only the groups of all conversations and of major groups are listed; all are checked.

    Args:
        tables: Published tables by name.
        vintage_id: The build.

    Raises:
        PublicationRefusedError: A group does not add up to 1 within its tolerance.
    """
    frames = []
    for name, (share, within) in ADDITIVE_TABLES.items():
        groups = _group_sums(tables[name], share, within)
        broken = groups.filter(~pl.col("is_conserved")).height
        if broken:
            raise PublicationRefusedError(
                f"expected every group of {name} to add up to 1, {broken} of {groups.height} do not: "
                "nothing is published"
            )
        if name == "idx/collaboration_month":
            groups = groups.filter(pl.col("group_id").str.contains("^(all|major_group)/"))
        frames.append(groups.with_columns(table_name=pl.lit(name)))
    rows = pl.concat(frames, how="diagonal_relaxed").with_columns(vintage_id=pl.lit(vintage_id))
    return validated(rows, META_TABLES["qa/conservation"])


def _group_sums(table: pl.DataFrame, share: str, within: tuple[str, ...]) -> pl.DataFrame:
    """Sums by kind of row of each group that has a denominator."""
    group = pl.concat_str([pl.col(name).cast(pl.String) for name in within], separator="/") if within else pl.lit("all")
    rounded = pl.col("account_basis") != "not_available"
    error = pl.when(rounded).then(rounding_error(pl.col(share))).otherwise(0.0)
    sums = (
        table.filter(pl.col(share).is_not_null())
        .with_columns(group_id=group, error=error)
        .sort("group_id", share)
        .group_by("group_id", maintain_order=True)
        .agg(
            *(pl.col(share).filter(pl.col("row_kind") == kind).sum().alias(name) for kind, name in KINDS.items()),
            tolerance=pl.col("error").sum() + EXACT_TOLERANCE,
        )
    )
    return sums.with_columns(total_share=pl.sum_horizontal(*KINDS.values())).with_columns(
        is_conserved=(pl.col("total_share") - 1).abs() <= pl.col("tolerance")
    )


def assert_exact_conservation(exact: ExactMonth) -> None:
    """Check the unrounded shares: every additive exact table adds up to 1 within 1e-9.

    Args:
        exact: The month before disclosure control.

    Raises:
        PublicationRefusedError: A table does not.
    """
    for form in FORMS:
        if form.remainder is None or form.source not in exact.tables:
            continue
        cells = exact.tables[form.source].cells.filter(pl.col("usage_share").is_not_null())
        if cells.is_empty():
            continue
        groups = cells.group_by(form.within or pl.lit(0).alias("_one")).agg(pl.col("usage_share").sum())
        worst = (groups["usage_share"] - 1).abs().max()
        if isinstance(worst, float) and worst > EXACT_TOLERANCE:
            raise PublicationRefusedError(
                f"expected the exact shares of {form.table} to add up to 1, they miss it by {worst:.3g}: "
                "nothing is published"
            )


def assert_gate_held(
    tables: dict[str, pl.DataFrame], exact: ExactMonth, decisions: Decisions, policy: DisclosurePolicy
) -> None:
    """Apply the gate once more to what is stated, and look for values in withheld rows.

    Args:
        tables: Published tables by name.
        exact: Exact cells; nothing to check where they are no conversations.
        decisions: What was withheld.
        policy: Thresholds.

    Raises:
        PublicationRefusedError: A cell below the thresholds is open, or a withheld row has a value.
    """
    for name, table in tables.items():
        if name not in IDX_TABLES:
            continue
        stated = [column for column in _value_columns(IDX_TABLES[name]) if column in table.columns]
        leaking = table.filter(
            (pl.col("obs_status") == "Q") & pl.any_horizontal(pl.col(column).is_not_null() for column in stated)
        ).height
        if leaking:
            raise PublicationRefusedError(f"{leaking} withheld rows of {name} carry a value: nothing is published")
    if not exact.has_counts:
        return
    for source, exact_table in exact.tables.items():
        if source == "task_occupation":  # its cells are statements times public weights, judged as statements
            continue
        rules = decisions.tables[source]
        opened = exact_table.cells.join(rules.filter(pl.col("suppression_rule").is_null()), on="cell_id", how="semi")
        failing = opened.filter(cell_rule(policy).is_not_null()).height
        if failing or rules.height != exact_table.cells.height:
            raise PublicationRefusedError(
                f"expected every open cell of {source} to pass the thresholds, {failing} do not: nothing is published"
            )


def _value_columns(schema: type[CommonBlock]) -> list[str]:
    """Columns that must be null in a withheld row: everything measured on conversations."""
    names = {"conversation_count", "account_band", "share_se", "ci_low", "ci_high", "share_corrected", "value"}
    names |= {"deff", "precision_class", "share_corrected_se"}
    names |= {"usage_share", "account_share", "pattern_share", "automation_share", "augmentation_share", "name"}
    names |= {"overlap_share", "prev_overlap_share", "relation", "persistent_id"}
    names |= {"representation_ratio", "usage_per_million_workers", "used_task_count", "task_coverage", "description"}
    return sorted(names & set(schema.column_names()))


def mapping_agreement(exact: ExactMonth, context: VintageContext) -> pl.DataFrame:
    """Rows of `qa/mapping_agreement`: none where the occupational conversations themselves do not pass the gate.

    Args:
        exact: The month before disclosure control.
        context: The build.
    """
    schema = META_TABLES["qa/mapping_agreement"]
    whole = exact.tables.get("population")
    if whole is None:
        return schema.create_empty()
    failing = whole.cells.filter((pl.col("kind") == "occupational") & cell_rule(context.policy).is_not_null()).height
    if failing:
        return schema.create_empty()
    measured = [pl.col(name).round(AGREEMENT_DECIMALS) for name in exact.agreement.columns if "_correlation" in name]
    rows = exact.agreement.with_columns(
        *measured, pl.col("same_share").round(AGREEMENT_DECIMALS), vintage_id=pl.lit(context.vintage_id)
    )
    return validated(rows, schema)


def suppression_summary(tables: dict[str, pl.DataFrame], *, vintage_id: str) -> pl.DataFrame:
    """Count the withheld cells by table and rule, as `meta/suppression_summary`.

    `withheld_share` is stated where a table has one total and one rule withheld everything: it is then the table's
    published remainder. Split over several rules it could tell single cells.

    Args:
        tables: Published tables by name.
        vintage_id: The build.
    """
    frames = []
    for name in IDX_TABLES:
        withheld = tables[name].filter(pl.col("obs_status") == "Q")
        counts = withheld.group_by(pl.col("suppression_rule").cast(pl.String)).agg(cell_count=pl.len().cast(pl.Int64))
        share = None
        if counts.height == 1 and name in ADDITIVE_TABLES and not ADDITIVE_TABLES[name][1]:
            column = ADDITIVE_TABLES[name][0]
            share = tables[name].filter(pl.col("row_kind") == "suppressed")[column].first()
        frames.append(counts.with_columns(table_name=pl.lit(name), withheld_share=pl.lit(share, dtype=pl.Float64)))
    rows = pl.concat(frames, how="diagonal_relaxed").with_columns(vintage_id=pl.lit(vintage_id))
    return validated(rows, META_TABLES["meta/suppression_summary"])


def validate_reference(reference: dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Validate and sort reference tables that are published with a build.

    Args:
        reference: Tables of `contracts.REF_TABLES` by name.

    Raises:
        PublicationRefusedError: A table is unknown or does not fit its schema.
    """
    unknown = sorted(set(reference) - set(PUBLISHED_TABLES))
    if unknown:
        raise PublicationRefusedError(f"expected reference tables, found {unknown}: they must stay in the store")
    schemas: dict[str, type[dy.Schema]] = PUBLISHED_TABLES
    return {name: validated(table, schemas[name]) for name, table in sorted(reference.items())}
