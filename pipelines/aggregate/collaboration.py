"""Collaboration patterns and automation of all conversations, tasks, occupations and major groups."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import polars as pl

from pipelines.aggregate.cells import SAMPLING_COLUMNS, ExactTable, measure_cells

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
class MeasuredDenominator:
    """Cells under one denominator.

    Attributes:
        patterns: By node and pattern.
        buckets: By node and bucket.
    """

    patterns: ExactTable
    buckets: ExactTable


@dataclass(frozen=True)
class ExactCollaboration:
    """Collaboration before disclosure control.

    Attributes:
        patterns: Cells by node and pattern, over all seven patterns: what the gate decides on.
        buckets: Cells by node and bucket (automation, augmentation), over the five patterns.
        pattern_shares: Node, denominator, pattern, `conversation_count`, `pattern_share`, `account_share`.
        bucket_shares: Node, denominator, `conversation_count` of the base, `account_count` of the base,
            `automation_share`, `augmentation_share`.
        measured: What the shares are taken from, by denominator; empty where the source states shares alone.
    """

    patterns: ExactTable
    buckets: ExactTable
    pattern_shares: pl.DataFrame
    bucket_shares: pl.DataFrame
    measured: Mapping[str, MeasuredDenominator] = field(default_factory=dict)


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
    patterns = _measured(rows, nodes, DENOMINATORS["all_seven"])
    in_bucket = rows.with_columns(bucket=bucket_of(pl.col("collaboration_pattern"))).filter(
        pl.col("bucket").is_not_null()
    )
    both = pl.DataFrame({"bucket": ["automation", "augmentation"]})
    catalogue = nodes.join(both, how="cross")
    buckets = measure_cells(in_bucket, [*NODE, "bucket"], catalogue=catalogue, within=NODE)
    measured = {}
    for name, kept in DENOMINATORS.items():
        base = rows.filter(pl.col("collaboration_pattern").is_in(list(kept)))
        measured[name] = MeasuredDenominator(
            patterns if name == "all_seven" else _measured(base, nodes, kept),
            measure_cells(in_bucket, [*NODE, "bucket"], catalogue=catalogue, within=NODE, base=base),
        )
    return stated_collaboration(patterns, buckets, measured)


def stated_collaboration(
    patterns: ExactTable, buckets: ExactTable, measured: Mapping[str, MeasuredDenominator]
) -> ExactCollaboration:
    """Bring the measured cells into the shapes of the published tables, sampling errors included where known.

    Args:
        patterns: Cells by node and pattern, over all seven patterns.
        buckets: Cells by node and bucket, over the five patterns.
        measured: Cells under each denominator.
    """
    shares = [_pattern_shares(name, found.patterns.cells) for name, found in measured.items()]
    bases = [_bucket_shares(name, found.buckets.cells) for name, found in measured.items()]
    return ExactCollaboration(patterns, buckets, pl.concat(shares), pl.concat(bases), measured)


def _measured(rows: pl.DataFrame, nodes: pl.DataFrame, patterns: Sequence[str]) -> ExactTable:
    """Cells by node and pattern."""
    names = pl.DataFrame({"collaboration_pattern": list(patterns)})
    return measure_cells(rows, [*NODE, "collaboration_pattern"], catalogue=nodes.join(names, how="cross"), within=NODE)


def _pattern_shares(denominator: str, cells: pl.DataFrame) -> pl.DataFrame:
    return cells.select(
        *NODE,
        "collaboration_pattern",
        "conversation_count",
        "account_count",
        "account_share",
        *_sampling_columns(cells, denominator),
        denominator=pl.lit(denominator),
        pattern_share="usage_share",
    )


def _sampling_columns(cells: pl.DataFrame, denominator: str) -> list[pl.Expr]:
    """What sampling errors are stated from; each denominator of a node is a base of its own."""
    names = [name for name in SAMPLING_COLUMNS if name in cells.columns]
    return [
        pl.format("{}|{}", name, pl.lit(denominator)).alias(name) if name == "base_group" else pl.col(name)
        for name in names
    ]


def _bucket_shares(denominator: str, cells: pl.DataFrame) -> pl.DataFrame:
    """One row per node; the sampling error is that of automation."""
    augmentation = cells.filter(pl.col("bucket") == "augmentation").select(*NODE, augmentation_share="usage_share")
    return (
        cells.filter(pl.col("bucket") == "automation")
        .join(augmentation, on=NODE)
        .select(
            *NODE,
            *_sampling_columns(cells, denominator),
            conversation_count="base_weight",
            account_count="base_accounts",
            denominator=pl.lit(denominator),
            automation_share="usage_share",
            augmentation_share="augmentation_share",
        )
    )
