"""Which cells of which table are withheld, over tables that share totals.

Tables are decided from the widest total down: groups of occupations, occupations within every group they belong to,
activities within the wider ones, statements within every occupation and every intermediate activity that has them,
patterns within their bucket. A withheld group gives no total away, so all withheld groups of a partition count as one
group. A task of an occupation is its statement times a public weight: it is withheld when, and only when, the statement
is.

Known limits: what `none` and `not_classified` hold together follows from the shares over matched conversations, also
where both are withheld; and the sums over collaboration tables of different nodes are not solved together.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import polars as pl

from clio_lite.privacy import DisclosurePolicy, cell_rule
from pipelines.aggregate import ExactMonth, ExactTable
from pipelines.aggregate.activities import ACTIVITY_LEVELS, statement_activities
from pipelines.aggregate.collaboration import NODE, ExactCollaboration, bucket_of
from pipelines.disclosure import flat_links, withhold_cells
from pipelines.publish.facet_decisions import decide_cluster_facets

PARTITIONS: Final = {"major_group": "soc_major_group", "job_zone": "zone", "wage": "wage_band"}
FLAT_TABLES: Final = ("major_group", "use_case", "model", "population", "counted")


@dataclass(frozen=True)
class CollaborationRules:
    """What is withheld of the collaboration tables.

    Attributes:
        nodes: Node and `suppression_rule` of nodes that are withheld wholly.
        denominators: Node and `denominator` withheld because it would give a withheld none or not_classified away.
        patterns: Node, `collaboration_pattern`, `suppression_rule`.
        buckets: Node, `suppression_rule`: of the buckets, which are withheld together or not at all.
    """

    nodes: pl.DataFrame
    denominators: pl.DataFrame
    patterns: pl.DataFrame
    buckets: pl.DataFrame


@dataclass(frozen=True)
class Decisions:
    """Rules by table (`cell_id`, `suppression_rule`; null is published), and those of collaboration."""

    tables: dict[str, pl.DataFrame]
    collaboration: CollaborationRules | None


def decide(exact: ExactMonth, policy: DisclosurePolicy) -> Decisions:
    """Decide what is withheld of every table of a month.

    Args:
        exact: The month before disclosure control; from published shares, nothing is withheld.
        policy: Thresholds.
    """
    tables = exact.tables
    if not exact.has_counts:
        open_rules = {name: _open_rules(table.cells) for name, table in tables.items()}
        return Decisions(open_rules, None if exact.collaboration is None else _open_collaboration())
    rules: dict[str, pl.DataFrame] = {name: _flat(tables[name], policy) for name in FLAT_TABLES if name in tables}
    for name, key in (("job_zone", "zone"), ("wage", "wage_band")):
        is_unknown = pl.when(pl.col(key) == "unknown").then(pl.lit("unknown")).otherwise(pl.lit("known"))
        rules[name] = _flat(tables[name], policy, group=is_unknown)
    if "skill" in tables:
        rules["skill"] = _flat(tables["skill"], policy, group=pl.col("cell_id"))
    if "cluster" in tables:
        levels = sorted(tables["cluster"].cells["cluster_level"].unique(), reverse=True)
        rules["cluster"] = decide_tree(tables["cluster"], "cluster", levels, policy)
    if "cluster_lineage" in tables:
        rules["cluster_lineage"] = _decide_lineage(exact, rules["cluster"], policy)
    if "activity" in tables:
        rules["activity"] = _decide_activities(tables["activity"], policy)
    if "activity_side" in tables:
        rules["activity_side"] = _decide_activities(tables["activity_side"], policy)
    rules["occupation"] = _decide_occupations(exact, rules, policy)
    rules["task"] = _decide_tasks(exact, rules, policy)
    rules["task_occupation"] = _statement_rules(exact, rules["task"])
    if exact.collaboration is None:
        return Decisions(rules, None)
    nodes = _withheld_nodes(exact, rules, policy)
    patterns = decide_collaboration(exact.collaboration, nodes, policy)
    if "cluster_facet" in tables:
        rules["cluster_facet"] = _decide_facets(exact, rules, patterns, policy)
    return Decisions(rules, patterns)


def _open_rules(cells: pl.DataFrame) -> pl.DataFrame:
    return cells.select("cell_id", suppression_rule=pl.lit(None, dtype=pl.String))


def _open_collaboration() -> CollaborationRules:
    node = dict.fromkeys(NODE, pl.String)
    rule = {"suppression_rule": pl.String}
    return CollaborationRules(
        nodes=pl.DataFrame(schema={**node, **rule}),
        denominators=pl.DataFrame(schema={**node, "denominator": pl.String}),
        patterns=pl.DataFrame(schema={**node, "collaboration_pattern": pl.String, **rule}),
        buckets=pl.DataFrame(schema={**node, **rule}),
    )


def _flat(table: ExactTable, policy: DisclosurePolicy, *, group: pl.Expr | None = None) -> pl.DataFrame:
    """Decide a table whose cells belong to one group each."""
    return withhold_cells(table.cells, table.contributions, flat_links(table.cells, group), policy=policy)


def decide_tree(table: ExactTable, node: str, levels: Sequence[int | str], policy: DisclosurePolicy) -> pl.DataFrame:
    """Decide a table of nested groups level by level from the top: children within each published parent.

    What belongs to no node (`not_classified`) is the same at every level, and withheld at all of them or at none.

    Args:
        table: Cells with `<node>_level`, `<node>_id`, `parent_id`, `row_kind`.
        node: Stem of the columns: cluster or activity.
        levels: From the top downwards.
        policy: Thresholds.
    """
    decided: list[pl.DataFrame] = []
    withheld_above: list[str] = []
    rest_rule: str | None = None
    for level in levels:
        cells = table.cells.filter(pl.col(f"{node}_level") == level)
        parent = pl.when(pl.col("parent_id").is_in(withheld_above)).then(pl.lit("withheld"))
        links = flat_links(cells, parent.otherwise(pl.col("parent_id")).fill_null("withheld" if decided else "top"))
        forced = cells.filter(pl.col("row_kind") == "not_classified").select(
            "cell_id", suppression_rule=pl.lit(rest_rule, dtype=pl.String)
        )
        rules = withhold_cells(cells, table.contributions, links, policy=policy, forced=forced)
        stated = cells.join(rules.filter(pl.col("suppression_rule").is_not_null()), on="cell_id")
        withheld_above = stated[f"{node}_id"].to_list()
        rest_rule = next(iter(stated.filter(pl.col("row_kind") == "not_classified")["suppression_rule"]), None)
        decided.append(rules)
    return pl.concat(decided).sort("cell_id") if decided else _open_rules(table.cells)


def _decide_activities(table: ExactTable, policy: DisclosurePolicy) -> pl.DataFrame:
    """Decide the activities under each label rule, of each side where there are sides."""
    by = [name for name in ("side", "label_rule") if name in table.cells.columns]
    trees = [replace(table, cells=cells) for _, cells in table.cells.group_by(by)]
    return pl.concat([decide_tree(tree, "activity", ACTIVITY_LEVELS, policy) for tree in trees]).sort("cell_id")


def _decide_facets(
    exact: ExactMonth, rules: dict[str, pl.DataFrame], patterns: CollaborationRules, policy: DisclosurePolicy
) -> pl.DataFrame:
    """Decide the facets of clusters, given the clusters and the totals over all of them."""
    withheld = rules["cluster"].filter(pl.col("suppression_rule").is_not_null())
    clusters = exact.tables["cluster"].cells.join(withheld, on="cell_id", how="semi")
    use_cases = rules["use_case"].select(
        facet=pl.lit("use_case"), facet_value="cell_id", is_closed=pl.col("suppression_rule").is_not_null()
    )
    whole = pl.col("node_type") == "all"
    is_all_withheld = not patterns.nodes.filter(whole).is_empty()
    of_patterns = patterns.patterns.filter(whole).select(
        facet=pl.lit("collaboration_pattern"),
        facet_value="collaboration_pattern",
        is_closed=pl.col("suppression_rule").is_not_null() | is_all_withheld,
    )
    totals = pl.concat([use_cases, of_patterns])
    return decide_cluster_facets(exact.tables["cluster_facet"], clusters, totals, policy=policy)


def _decide_lineage(exact: ExactMonth, clusters: pl.DataFrame, policy: DisclosurePolicy) -> pl.DataFrame:
    """Withhold a link below the thresholds, and every link of a cluster that is withheld in its own month."""
    withheld = _withheld_ids(clusters)
    closed = exact.tables["cluster"].cells.filter(pl.col("cell_id").is_in(withheld))["cluster_id"].to_list()
    is_closed = pl.col("cluster_id").is_in(closed) | ~pl.col("is_prev_published")
    rule = pl.coalesce(cell_rule(policy), pl.when(is_closed).then(pl.lit("complementary")))
    return exact.tables["cluster_lineage"].cells.select("cell_id", suppression_rule=rule).sort("cell_id")


def _decide_occupations(exact: ExactMonth, rules: dict[str, pl.DataFrame], policy: DisclosurePolicy) -> pl.DataFrame:
    """Decide occupations within their major group, job zone and wage band."""
    table = exact.tables["occupation"]
    links = []  # the sum of every partition is the whole, which needs no group of its own
    for name, key in PARTITIONS.items():
        closed = _withheld_ids(rules[name])
        label = pl.when(pl.col(key).is_in(closed)).then(pl.lit("withheld")).otherwise(pl.col(key))
        links.append(flat_links(table.cells, pl.format("{}:{}", pl.lit(name), label)))
    return withhold_cells(table.cells, table.contributions, pl.concat(links), policy=policy)


def _decide_tasks(exact: ExactMonth, rules: dict[str, pl.DataFrame], policy: DisclosurePolicy) -> pl.DataFrame:
    """Decide statements within every occupation and activity that has them, and the remainders with each other."""
    table = exact.tables["task"]
    closed = _withheld_ids(rules["occupation"])
    label = pl.when(pl.col("onet_soc_code").is_in(closed)).then(pl.lit("withheld")).otherwise(pl.col("onet_soc_code"))
    within = (
        exact.catalogue.allocation.select(
            cell_id="statement_task_id", group_id=pl.format("occupation:{}", label), part="alloc_weight"
        )
        .group_by("cell_id", "group_id")
        .agg(pl.col("part").sum())
    )
    rest = table.cells.filter(pl.col("row_kind") != "value")
    links = [within, flat_links(rest, pl.lit("remainder"))]
    if "activity" in rules:
        links.append(_activity_links(exact, rules["activity"]))
    links = [link.select("cell_id", "group_id", "part") for link in links]
    return withhold_cells(table.cells, table.contributions, pl.concat(links), policy=policy)


def _activity_links(exact: ExactMonth, activities: pl.DataFrame) -> pl.DataFrame:
    """Statements within the intermediate activities of each label rule; those withheld count as one."""
    closed = _withheld_ids(activities)
    cell = pl.format("{}|iwa|{}", "label_rule", "iwa_id")
    label = pl.when(cell.is_in(closed)).then(pl.format("{}|withheld", "label_rule")).otherwise(cell)
    return (
        statement_activities(exact.catalogue)
        .select(cell_id="statement_task_id", group_id=pl.format("activity:{}", label), part="part")
        .group_by("cell_id", "group_id")
        .agg(pl.col("part").sum())
    )


def _withheld_ids(rules: pl.DataFrame) -> list[str]:
    return rules.filter(pl.col("suppression_rule").is_not_null())["cell_id"].to_list()


def _statement_rules(exact: ExactMonth, tasks: pl.DataFrame) -> pl.DataFrame:
    """Rules of the tasks of occupations: those of their statements."""
    return (
        exact.tables["task_occupation"]
        .cells.select("cell_id", "statement_task_id")
        .join(tasks, left_on="statement_task_id", right_on="cell_id", how="left")
        .select("cell_id", "suppression_rule")
        .sort("cell_id")
    )


def _withheld_nodes(exact: ExactMonth, rules: dict[str, pl.DataFrame], policy: DisclosurePolicy) -> pl.DataFrame:
    """Nodes of the collaboration tables whose own cell is withheld."""
    frames = [
        rules[node_type].select(
            pl.lit(node_type).alias("node_type"), pl.col("cell_id").alias("node_id"), "suppression_rule"
        )
        for node_type in ("task", "occupation", "major_group")
    ]
    whole = exact.tables["population"].cells.filter(pl.col("kind") == "occupational")
    frames.append(whole.select(node_type=pl.lit("all"), node_id=pl.lit("all"), suppression_rule=cell_rule(policy)))
    return pl.concat(frames).filter(pl.col("suppression_rule").is_not_null())


def decide_collaboration(
    exact: ExactCollaboration, nodes: pl.DataFrame, policy: DisclosurePolicy
) -> CollaborationRules:
    """Decide buckets, then patterns within buckets, then denominators, of every node.

    Automation and augmentation add up to the classified base: either both are published or none. Patterns of a
    published bucket are protected within it; otherwise all five together. A denominator that holds a withheld `none`
    or `not_classified` is withheld: beside the denominator without it, it would give that cell away.

    Args:
        exact: Patterns and buckets.
        nodes: Node and `suppression_rule` of nodes withheld wholly.
        policy: Thresholds.
    """
    node = pl.concat_str(NODE, separator="|")
    bucket_rules = withhold_cells(
        exact.buckets.cells, exact.buckets.contributions, flat_links(exact.buckets.cells, node), policy=policy
    )
    buckets = (
        exact.buckets.cells.select(*NODE, "cell_id")
        .join(bucket_rules.filter(pl.col("suppression_rule").is_not_null()), on="cell_id")
        .sort("cell_id")
        .group_by(NODE, maintain_order=True)
        .agg(pl.col("suppression_rule").sort_by(pl.col("suppression_rule") == "complementary").first())
    )
    cells = exact.patterns.cells.join(
        buckets.with_columns(is_closed=pl.lit(value=True)).drop("suppression_rule"), on=NODE, how="left"
    )
    bucket = bucket_of(pl.col("collaboration_pattern"))
    outside = pl.when(bucket.is_null()).then(pl.col("collaboration_pattern"))
    group = outside.when(pl.col("is_closed")).then(pl.lit("classified")).otherwise(bucket)
    rules = withhold_cells(
        cells,
        exact.patterns.contributions,
        flat_links(cells, pl.concat_str([node, group], separator="|")),
        policy=policy,
    )
    patterns = cells.select(*NODE, "collaboration_pattern", "cell_id", "conversation_count").join(rules, on="cell_id")
    return CollaborationRules(
        nodes=nodes,
        denominators=_closed_denominators(patterns, policy),
        patterns=patterns.select(*NODE, "collaboration_pattern", "suppression_rule"),
        buckets=buckets,
    )


def _closed_denominators(patterns: pl.DataFrame, policy: DisclosurePolicy) -> pl.DataFrame:
    """Denominators that would give a withheld none or not_classified away."""

    def of(name: str, column: str) -> pl.Expr:
        return pl.col(column).filter(pl.col("collaboration_pattern") == name).first()

    state = patterns.group_by(NODE).agg(
        none_withheld=of("none", "suppression_rule").is_not_null(),
        rest_withheld=of("not_classified", "suppression_rule").is_not_null(),
        outside=of("none", "conversation_count") + of("not_classified", "conversation_count"),
    )
    both = pl.col("none_withheld") & pl.col("rest_withheld")
    either = pl.col("none_withheld") | pl.col("rest_withheld")
    closed_seven = either & ~(both & (pl.col("outside") >= policy.min_conversations))
    return pl.concat(
        [
            state.filter("none_withheld").select(*NODE, denominator=pl.lit("with_none")),
            state.filter(closed_seven).select(*NODE, denominator=pl.lit("all_seven")),
        ]
    ).sort(*NODE, "denominator")
