"""Collaboration patterns and automation of all conversations, tasks, occupations and major groups."""

from dataclasses import dataclass
from typing import Final

import polars as pl

from pipelines.aggregate.cells import ExactTable, measure_cells

AUTOMATION_PATTERNS: Final = ("directive", "feedback_loop")
AUGMENTATION_PATTERNS: Final = ("task_iteration", "learning", "validation")
CLASSIFIED_PATTERNS: Final = (*AUTOMATION_PATTERNS, *AUGMENTATION_PATTERNS)
DENOMINATORS: Final[dict[str, tuple[str, ...]]] = {
    "classified": CLASSIFIED_PATTERNS,
    "with_none": (*CLASSIFIED_PATTERNS, "none"),
    "all_seven": (*CLASSIFIED_PATTERNS, "none", "not_classified"),
}
NODE: Final = ("node_type", "node_id")


@dataclass(frozen=True)
class ExactCollaboration:
    """Collaboration before disclosure control.

    Attributes:
        patterns: Cells by node and pattern, over all seven patterns: what the gate decides on.
        buckets: Cells by node and bucket (automation, augmentation), over the five patterns.
        pattern_shares: Node, denominator, pattern, `conversation_count`, `pattern_share`, `account_share`.
        bucket_shares: Node, denominator, `conversation_count` of the base, `account_count` of the base,
            `automation_share`, `augmentation_share`.
    """

    patterns: ExactTable
    buckets: ExactTable
    pattern_shares: pl.DataFrame
    bucket_shares: pl.DataFrame


def bucket_of(pattern: pl.Expr) -> pl.Expr:
    """Name the bucket of a pattern: automation, augmentation, or null for none and not_classified.

    Args:
        pattern: Patterns.
    """
    return (
        pl.when(pattern.is_in(list(AUTOMATION_PATTERNS)))
        .then(pl.lit("automation"))
        .when(pattern.is_in(list(AUGMENTATION_PATTERNS)))
        .then(pl.lit("augmentation"))
    )


def node_rows(occupational: pl.DataFrame, task_rows: pl.DataFrame, occupation_rows: pl.DataFrame) -> pl.DataFrame:
    """Conversations by node: everything once, and once more by task, occupation and major group.

    Args:
        occupational: `conversation_id`, `account_id`, `weight`, `collaboration_pattern`.
        task_rows: `conversation_id`, `account_id`, `statement_task_id`, `weight`; remainders are left out.
        occupation_rows: The same by `onet_soc_code` and `soc_major_group`.

    Returns:
        `node_type`, `node_id`, `account_id`, `collaboration_pattern`, `weight`.
    """
    patterns = occupational.select("conversation_id", pl.col("collaboration_pattern").cast(pl.String))

    def node(rows: pl.DataFrame, node_type: str, node_id: pl.Expr) -> pl.DataFrame:
        return rows.select(
            "conversation_id", "account_id", "weight", node_type=pl.lit(node_type), node_id=node_id
        ).join(patterns, on="conversation_id")

    tasks = task_rows.filter(~pl.col("statement_task_id").is_in(["none", "not_classified"]))
    return pl.concat(
        [
            node(occupational, "all", pl.lit("all")),
            node(tasks, "task", pl.col("statement_task_id")),
            node(occupation_rows, "occupation", pl.col("onet_soc_code")),
            node(occupation_rows, "major_group", pl.col("soc_major_group")),
        ]
    )


def collaboration(rows: pl.DataFrame) -> ExactCollaboration:
    """Measure patterns and buckets of every node that has a conversation.

    Args:
        rows: From `node_rows`.
    """
    nodes = rows.select(NODE).unique().sort(NODE)
    names = pl.DataFrame({"collaboration_pattern": list(DENOMINATORS["all_seven"])})
    patterns = measure_cells(
        rows, [*NODE, "collaboration_pattern"], catalogue=nodes.join(names, how="cross"), within=NODE
    )
    in_bucket = rows.with_columns(bucket=bucket_of(pl.col("collaboration_pattern"))).filter(
        pl.col("bucket").is_not_null()
    )
    both = pl.DataFrame({"bucket": ["automation", "augmentation"]})
    buckets = measure_cells(in_bucket, [*NODE, "bucket"], catalogue=nodes.join(both, how="cross"), within=NODE)
    shares, bases = zip(
        *(_under_denominator(rows, nodes, name, patterns) for name, patterns in DENOMINATORS.items()), strict=True
    )
    return ExactCollaboration(patterns, buckets, pl.concat(shares), pl.concat(bases))


def _under_denominator(
    rows: pl.DataFrame, nodes: pl.DataFrame, denominator: str, patterns: tuple[str, ...]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Shares of the patterns, and of the two buckets, of every node under one denominator."""
    kept = rows.filter(pl.col("collaboration_pattern").is_in(list(patterns)))
    names = pl.DataFrame({"collaboration_pattern": list(patterns)})
    cells = measure_cells(
        kept, [*NODE, "collaboration_pattern"], catalogue=nodes.join(names, how="cross"), within=NODE
    ).cells
    shares = cells.select(
        *NODE,
        "collaboration_pattern",
        "conversation_count",
        "account_count",
        "account_share",
        denominator=pl.lit(denominator),
        pattern_share="usage_share",
    )
    whole = pl.col("base_weight").first()
    bucket = bucket_of(pl.col("collaboration_pattern"))

    def bucket_share(name: str) -> pl.Expr:
        return pl.when(whole > 0).then(pl.col("conversation_count").filter(bucket == name).sum() / whole)

    bases = cells.group_by(NODE, maintain_order=True).agg(
        conversation_count=whole,
        account_count=pl.col("base_accounts").first(),
        denominator=pl.lit(denominator),
        automation_share=bucket_share("automation"),
        augmentation_share=bucket_share("augmentation"),
    )
    return shares, bases
