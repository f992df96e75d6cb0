"""How good retrieval is by SOC major group: on held-out requests, as it is used.

A request is of one group, so that groups add up to all requests: for an occupation its own, for an activity the one in
which most of its linked statements lie.
"""

from typing import Final

import polars as pl

from onet.evaluation import HIT_RANKS
from onet.gold import Gold, judge_candidates
from onet.verification import Verifier

MAJOR_GROUP_DIGITS: Final = 2


def statement_groups(statements: pl.DataFrame) -> pl.DataFrame:
    """Major groups of each statement, one row for each of its occupations.

    Args:
        statements: Statements of a task index, in its order.

    Returns:
        statement_number and soc_major_group.
    """
    numbered = statements.select("onet_soc_codes", statement_number=pl.int_range(pl.len(), dtype=pl.Int64))
    group = pl.col("onet_soc_codes").str.slice(0, MAJOR_GROUP_DIGITS).alias("soc_major_group")
    return numbered.explode("onet_soc_codes").select("statement_number", group)


def accuracy_by_group(
    verifier: Verifier, candidates: pl.DataFrame, gold: Gold, *, of_query: pl.DataFrame, of_statement: pl.DataFrame
) -> pl.DataFrame:
    """Hits of the held-out queries by major group, and how probable their first candidate is said to be.

    Args:
        verifier: Verifier that states the probability and orders the candidates.
        candidates: Candidates of every query: query_number, retrieval_rank, statement_number, retrieval_score.
        gold: Queries and their right answers.
        of_query: query_number, soc_major_group (one of the right ones) and is_main, true of one row per query.
        of_statement: As `statement_groups` gives them.

    Returns:
        soc_major_group, query_count, hit_at_1_share, hit_at_5_share, hit_at_10_share, right_group_share (the first
        candidate is of a right group) and mean_prob; sorted, for every group that has a query.
    """
    judged = verifier.verify(judge_candidates(candidates, gold).filter("is_held_out"))
    hits = [
        (pl.col("is_linked") & (pl.col("rank") <= top)).any().alias(f"hit_at_{top}_share").cast(pl.Float64)
        for top in HIT_RANKS
    ]
    is_first = pl.col("rank") == 1
    by_query = judged.group_by("query_number").agg(
        *hits,
        statement_number=pl.col("statement_number").filter(is_first).first(),
        mean_prob=pl.col("match_prob").filter(is_first).first(),
    )
    right = of_query.join(of_statement, on="soc_major_group").select("query_number", "statement_number").unique()
    return (
        by_query.join(of_query.filter("is_main"), on="query_number")
        .join(right.with_columns(right_group_share=pl.lit(1.0)), on=["query_number", "statement_number"], how="left")
        .with_columns(pl.col("right_group_share").fill_null(0.0))
        .sort("query_number")
        .group_by("soc_major_group", maintain_order=True)
        .agg(
            pl.len().cast(pl.Int64).alias("query_count"),
            pl.col(*(f"hit_at_{top}_share" for top in HIT_RANKS), "right_group_share", "mean_prob").mean(),
        )
        .sort("soc_major_group")
    )


def linked_groups(gold: Gold, groups: pl.DataFrame) -> pl.DataFrame:
    """Major groups of each activity: those of its linked statements; the main one has most of their occupations.

    Args:
        gold: Activities and their links.
        groups: As `statement_groups` gives them.

    Returns:
        query_number, soc_major_group and is_main; of equal groups the first is the main one.
    """
    counted = gold.links.join(groups, on="statement_number").group_by("query_number", "soc_major_group").len()
    ordered = counted.sort("query_number", "len", "soc_major_group", descending=[False, True, False])
    is_main = pl.int_range(pl.len()).over("query_number") == 0
    return ordered.select("query_number", "soc_major_group", is_main=is_main)


def own_groups(gold: Gold) -> pl.DataFrame:
    """The one major group of each occupation of `gold.occupation_gold`.

    Args:
        gold: Occupations.

    Returns:
        query_number, soc_major_group and is_main.
    """
    own = pl.col("dwa_id").str.slice(0, MAJOR_GROUP_DIGITS)
    return gold.queries.select("query_number", soc_major_group=own, is_main=pl.lit(value=True))
