"""From one month's conversations to exact, uncensored tables: every cell with its counts, accounts and shares.

Pure functions. Nothing made here may be written outside the restricted zone; `pipelines.publish` is the door.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import polars as pl

from clio_lite.privacy import DisclosurePolicy
from clio_lite.tables import SIDES
from pipelines.aggregate.activities import activity_table, side_rows
from pipelines.aggregate.agreement import AGREEMENT_SCHEMA, route_agreement
from pipelines.aggregate.cells import ExactTable, measure_cells
from pipelines.aggregate.cluster_facets import cluster_facet_table
from pipelines.aggregate.collaboration import ExactCollaboration, collaboration, node_rows
from pipelines.aggregate.facets import cluster_table, model_table, skill_table, use_case_table
from pipelines.aggregate.lineage import lineage_table
from pipelines.aggregate.usage import (
    FLOOR_MULTIPLES,
    REMAINDERS,
    Catalogue,
    coverage_curve,
    group_table,
    occupation_rows,
    occupation_table,
    task_occupation_table,
    task_table,
    wage_table,
)

__all__ = [
    "AccountBasis",
    "Catalogue",
    "ExactMonth",
    "ExactTable",
    "MonthInputs",
    "aggregate_month",
    "aggregate_usage",
    "major_group_titles",
    "split_task_rows",
]

AccountBasis = Literal["account", "assumed_per_conversation", "not_available"]


@dataclass(frozen=True)
class MonthInputs:
    """What one month's tables are made from.

    Attributes:
        facets: `clio_lite.tables.Facets`.
        conversations: `conversation_id`, `account_key`, `has_account`, `is_counted`, `model`.
        conversation_task: `contracts.ConversationTask` of one route.
        catalogue: Taxonomy.
        clusters: `clio_lite.tables.Cluster`.
        lineage: `contracts.ClusterLineage`; None makes no table of it.
        sides: `contracts.ConversationSide`; None or empty makes no table of it.
        members: `clio_lite.tables.ClusterMember`.
        skill_names: Skills to list even where no conversation shows them.
        other_routes: `conversation_task` of the routes that do not feed the index, by route.
    """

    facets: pl.DataFrame
    conversations: pl.DataFrame
    conversation_task: pl.DataFrame
    catalogue: Catalogue
    clusters: pl.DataFrame
    members: pl.DataFrame
    skill_names: tuple[str, ...] = ()
    other_routes: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    lineage: pl.DataFrame | None = None
    sides: pl.DataFrame | None = None


@dataclass(frozen=True)
class ExactMonth:
    """Every table before disclosure control.

    Attributes:
        tables: By short name: task, task_occupation, occupation, major_group, job_zone, wage and, from conversations,
            activity, use_case, model, skill, cluster, cluster_facet, cluster_lineage, population and the whole,
            counted.
        collaboration: Patterns and buckets by node; None where the source has none.
        coverage: Depth of use: `contracts.CoverageCurve` without the common block.
        catalogue: Taxonomy the tables refer to.
        has_counts: Made from conversations: counts and accounts are real.
        agreement: How far the routes agree: `agreement.AGREEMENT_SCHEMA`.
    """

    tables: dict[str, ExactTable]
    collaboration: ExactCollaboration | None
    coverage: pl.DataFrame
    catalogue: Catalogue
    has_counts: bool = True
    agreement: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=AGREEMENT_SCHEMA))


def counted_conversations(inputs: MonthInputs, *, account_basis: AccountBasis) -> pl.DataFrame:
    """Conversations inside the cap with their facets, `account_id` and `weight` 1, sorted by id.

    Args:
        inputs: The month.
        account_basis: With `assumed_per_conversation`, a conversation without account gets one of its own.

    Raises:
        ValueError: A counted conversation has no facets.
    """
    # The first of its conversations stands for an account, so that no order depends on the store's secret.
    account: pl.Expr = pl.when("has_account").then(pl.col("conversation_id").min().over("account_key"))
    if account_basis == "assumed_per_conversation":
        account = pl.coalesce(account, pl.format("conversation:{}", "conversation_id"))
    kept = inputs.conversations.filter("is_counted").select(
        "conversation_id", "model", account_id=account, weight=pl.lit(1.0)
    )
    missing = kept.join(inputs.facets, on="conversation_id", how="anti").height
    if missing:
        raise ValueError(f"expected facets for every counted conversation, {missing} of {kept.height} have none")
    facets = inputs.facets.select(
        "conversation_id", "is_occupational", "collaboration_pattern", "use_case", "language", "skills"
    )
    return kept.join(facets, on="conversation_id").sort("conversation_id")


def split_task_rows(occupational: pl.DataFrame, conversation_task: pl.DataFrame, statements: pl.Series) -> pl.DataFrame:
    """Split conversations over task statements; a conversation without a row is `not_classified`.

    Args:
        occupational: `conversation_id`, `account_id`.
        conversation_task: `conversation_id`, `mapping_route`, `statement_task_id`, `match_weight`.
        statements: Known statement ids.

    Returns:
        `conversation_id`, `account_id`, `statement_task_id`, `weight`, sorted.

    Raises:
        ValueError: More than one route, an unknown statement, or weights that do not sum to 1.
    """
    links = conversation_task.join(occupational, on="conversation_id", how="semi")
    if links["mapping_route"].n_unique() > 1:
        raise ValueError("expected conversation_task of one mapping route: filter it first")
    unknown = links.filter(~pl.col("statement_task_id").is_in([*statements, *REMAINDERS])).height
    sums = links.group_by("conversation_id").agg(pl.col("match_weight").sum())
    unbalanced = sums.filter((pl.col("match_weight") - 1).abs() > 1e-9).height
    if unknown or unbalanced:
        raise ValueError(
            f"expected statements of the catalogue and weights that sum to 1: {unknown} rows name another statement, "
            f"{unbalanced} conversations do not sum to 1"
        )
    return (
        occupational.select("conversation_id", "account_id")
        .join(links.select("conversation_id", "statement_task_id", "match_weight"), on="conversation_id", how="left")
        .select(
            "conversation_id",
            "account_id",
            pl.col("statement_task_id").fill_null("not_classified"),
            weight=pl.col("match_weight").fill_null(1.0),
        )
        .sort("conversation_id", "statement_task_id")
    )


def major_group_titles(occupations: pl.DataFrame) -> dict[str, str]:
    """Titles of the major groups by code.

    Args:
        occupations: `soc_major_group`, `soc_major_group_title`.
    """
    pairs = occupations.select("soc_major_group", "soc_major_group_title").unique().sort("soc_major_group")
    return dict(pairs.iter_rows())


def aggregate_usage(
    task_rows: pl.DataFrame,
    catalogue: Catalogue,
    *,
    policy: DisclosurePolicy | None,
    remainders: Sequence[str] = REMAINDERS,
) -> tuple[dict[str, ExactTable], pl.DataFrame]:
    """Tables by task, occupation and group of occupations.

    Args:
        task_rows: From `split_task_rows`.
        catalogue: Taxonomy.
        policy: Thresholds from which a task counts as used; None where every listed task does.
        remainders: Ids in `task_rows` that are no statement, equal to their `row_kind`.

    Returns:
        The tables by short name, and the rows split over occupations.
    """
    rows = occupation_rows(task_rows, catalogue)
    titles = major_group_titles(catalogue.used_occupations)
    tasks = task_table(task_rows, catalogue, remainders)
    tables = {
        "task": tasks,
        "task_occupation": task_occupation_table(task_rows, catalogue, remainders),
        "occupation": occupation_table(rows, catalogue, tasks, policy=policy),
        "major_group": group_table(rows, catalogue, "soc_major_group", list(titles), titles=titles),
        "job_zone": group_table(rows, catalogue, "zone", ["1", "2", "3", "4", "5"]),
        "wage": wage_table(rows, catalogue),
    }
    if catalogue.activities is not None:
        tables["activity"] = activity_table(task_rows, catalogue, catalogue.activities)
    return tables, rows


def aggregate_month(inputs: MonthInputs, *, policy: DisclosurePolicy, account_basis: AccountBasis) -> ExactMonth:
    """Make every exact table of a month.

    Bases: task tables, clusters and skills over counted occupational conversations (`none` and `not_classified`
    included); occupations and their groups over those matched to a task; use case and model over all counted ones.

    Args:
        inputs: The month's conversations and catalogue.
        policy: Thresholds from which a task counts as used.
        account_basis: What counts as an account.

    Raises:
        ValueError: The inputs contradict each other.
    """
    counted = counted_conversations(inputs, account_basis=account_basis)
    occupational = counted.filter("is_occupational")
    statements = inputs.catalogue.tasks["statement_task_id"].unique()
    task_rows = split_task_rows(occupational, inputs.conversation_task, statements)
    routes = {route: split_task_rows(occupational, rows, statements) for route, rows in inputs.other_routes.items()}
    used = inputs.conversation_task["mapping_route"].cast(pl.String).unique().to_list()
    tables, by_occupation = aggregate_usage(task_rows, inputs.catalogue, policy=policy)
    kind = pl.when("is_occupational").then(pl.lit("occupational")).otherwise(pl.lit("not_occupational"))
    kinds = pl.DataFrame({"kind": ["occupational", "not_occupational"]})
    if inputs.sides is not None and inputs.sides.height and inputs.catalogue.activities is not None:
        by_side = side_rows(occupational, inputs.sides)
        tables["activity_side"] = activity_table(by_side, inputs.catalogue, inputs.catalogue.activities, sides=SIDES)
    if inputs.lineage is not None:
        tables["cluster_lineage"] = lineage_table(inputs.lineage)
    tables |= {
        "use_case": use_case_table(counted),
        "model": model_table(counted),
        "skill": skill_table(occupational, inputs.skill_names),
        "cluster": cluster_table(occupational, inputs.clusters, inputs.members),
        "cluster_facet": cluster_facet_table(counted, inputs.clusters, inputs.members),
        "counted": measure_cells(
            counted.with_columns(kind=pl.lit("counted")), ["kind"], catalogue=pl.DataFrame({"kind": ["counted"]})
        ),
        "population": measure_cells(counted.with_columns(kind=kind), ["kind"], catalogue=kinds),
    }
    floors = [policy.min_conversations * multiple for multiple in FLOOR_MULTIPLES]
    return ExactMonth(
        tables=tables,
        collaboration=collaboration(node_rows(occupational, task_rows, by_occupation)),
        coverage=coverage_curve(inputs.catalogue, tables["task"], floors=floors, policy=policy),
        catalogue=inputs.catalogue,
        agreement=route_agreement(routes | dict.fromkeys(used, task_rows), inputs.catalogue),
    )
