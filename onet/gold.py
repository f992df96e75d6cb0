"""The release's own gold: titles of detailed work activities and the statements that O*NET's analysts link to them.

The activities are split by the intermediate activity above them, so that what is fitted on one part is measured on
activities of another kind. Fitting is in `calibration`, measuring in `evaluation`.
"""

import hashlib
from dataclasses import dataclass
from typing import Final

import polars as pl

SPLIT_SEED: Final = 0
"""Seed of the split of activities that trained parts keep to: those held out with it took no part in any training."""


@dataclass(frozen=True)
class Gold:
    """Queries and their right answers.

    `queries`: query_number (from 0), dwa_id, iwa_id, title, is_held_out. `links`: query_number, statement_number of
    the statements linked to the activity; `near`: the same for all activities under its intermediate activity.
    """

    queries: pl.DataFrame
    links: pl.DataFrame
    near: pl.DataFrame


def activity_gold(
    statements: pl.DataFrame, tasks: pl.DataFrame, links: pl.DataFrame, activities: pl.DataFrame, *, seed: int
) -> Gold:
    """Titles of the linked detailed activities and the statements that are linked to them.

    Args:
        statements: Statements of a task index, in its order.
        tasks: OnetTask of the release.
        links: TaskActivity of the release.
        activities: Activity of the release.
        seed: Decides which intermediate activities are held out.

    Returns:
        Queries sorted by activity, with their links.
    """
    numbers = statements.select("task_key", statement_number=pl.int_range(pl.len(), dtype=pl.Int64))
    linked = (
        links.select("task_id", "dwa_id", "iwa_id")
        .join(tasks.select("task_id", "task_key").unique(), on="task_id")
        .join(numbers, on="task_key")
        .select("dwa_id", "iwa_id", "statement_number")
        .unique()
    )
    queries = (
        linked.select("dwa_id", "iwa_id")
        .unique()
        .join(activities.select(dwa_id="activity_id", title="title"), on="dwa_id")
        .sort("dwa_id")
        .select(
            pl.int_range(pl.len(), dtype=pl.Int64).alias("query_number"),
            "dwa_id",
            "iwa_id",
            "title",
            pl.Series("is_held_out", [], dtype=pl.Boolean) if linked.is_empty() else _held_out_expr(seed),
        )
    )
    return Gold(
        queries=queries,
        links=_answers(queries.select("query_number", "dwa_id").join(linked, on="dwa_id")),
        near=_answers(queries.select("query_number", "iwa_id").join(linked, on="iwa_id")),
    )


def asked_gold(gold: Gold, requests: pl.DataFrame) -> tuple[Gold, pl.DataFrame]:
    """A gold's activities asked for by a request in place of their title, where one is known.

    Args:
        gold: Activities and their links.
        requests: owner (the activity), request and more; one of each activity is taken, by a hash of its id.

    Returns:
        The gold of the activities with a request, numbered anew, and the row of `requests` of each.
    """
    by_owner = requests.group_by("owner", maintain_order=True).agg(pl.all())
    place = pl.col("owner").map_elements(_hashed, return_dtype=pl.UInt64) % pl.col("request").list.len()
    chosen = by_owner.with_columns(pl.exclude("owner").list.get(place))
    queries = gold.queries.join(chosen, left_on="dwa_id", right_on="owner").sort("query_number")
    numbers = queries.select("query_number", number=pl.int_range(pl.len(), dtype=pl.Int64))

    def renumbered(frame: pl.DataFrame) -> pl.DataFrame:
        joined: pl.DataFrame = frame.join(numbers, on="query_number").with_columns(query_number="number").drop("number")
        return joined.sort("query_number", maintain_order=True)

    asked = renumbered(queries.select(gold.queries.columns).with_columns(queries["request"].alias("title")))
    rows = queries.rename({"dwa_id": "owner"}).select(requests.columns)
    return Gold(asked, renumbered(gold.links), renumbered(gold.near)), rows


def occupation_gold(statements: pl.DataFrame, occupations: pl.DataFrame, *, seed: int) -> Gold:
    """Titles of occupations, to which their own statements are the answers; near is any of the major group.

    Args:
        statements: Statements of a task index.
        occupations: OnetOccupation of the release.
        seed: Decides which occupations are held out.
    """
    numbered = statements.select(
        pl.col("onet_soc_codes").alias("dwa_id"), statement_number=pl.int_range(pl.len(), dtype=pl.Int64)
    ).explode("dwa_id")
    linked = numbered.with_columns(iwa_id=pl.col("dwa_id").str.slice(0, 2))
    queries = (
        linked.select("dwa_id", "iwa_id")
        .unique()
        .join(occupations.select(dwa_id="onet_soc_code", title="title"), on="dwa_id")
        .sort("dwa_id")
        .with_columns(is_held_out=pl.col("dwa_id").map_elements(lambda code: is_held_out(code, seed=seed), pl.Boolean))
        .select(pl.int_range(pl.len(), dtype=pl.Int64).alias("query_number"), pl.all())
    )
    return Gold(
        queries=queries,
        links=_answers(queries.select("query_number", "dwa_id").join(linked, on="dwa_id")),
        near=_answers(queries.select("query_number", "iwa_id").join(linked, on="iwa_id")),
    )


def _hashed(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=6).digest())


def _held_out_expr(seed: int) -> pl.Expr:
    return (
        pl.col("iwa_id")
        .map_elements(lambda iwa_id: is_held_out(iwa_id, seed=seed), return_dtype=pl.Boolean)
        .alias("is_held_out")
    )


def _answers(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select("query_number", "statement_number").unique().sort("query_number", "statement_number")


def is_held_out(activity_id: str, *, seed: int) -> bool:
    """Whether an intermediate activity is held out: about half of them, by a keyed hash of the id."""
    digest = hashlib.blake2b(f"{seed}|{activity_id}".encode(), digest_size=8).digest()
    return digest[-1] % 2 == 1


def is_development(activity_id: str, *, seed: int) -> bool:
    """Whether an intermediate activity that is not held out is kept for development: about a fifth of them.

    On these the trained parts are compared and their probabilities fitted; weights of the encoder never saw them.
    """
    if is_held_out(activity_id, seed=seed):
        return False
    digest = hashlib.blake2b(f"{seed}|development|{activity_id}".encode(), digest_size=8).digest()
    return digest[-1] % 5 == 0


def judge_candidates(candidates: pl.DataFrame, gold: Gold) -> pl.DataFrame:
    """Add to retrieved candidates whether they are linked, near (same intermediate activity), and held out.

    Args:
        candidates: query_number, retrieval_rank, statement_number, retrieval_score.
        gold: Gold whose query numbers the candidates carry.

    Returns:
        The candidates with is_linked, is_near and is_held_out, sorted by query and rank.
    """
    keys = ["query_number", "statement_number"]
    return (
        candidates.join(gold.links.with_columns(is_linked=pl.lit(True)), on=keys, how="left")
        .join(gold.near.with_columns(is_near=pl.lit(True)), on=keys, how="left")
        .join(gold.queries.select("query_number", "is_held_out"), on="query_number", how="left")
        .with_columns(pl.col("is_linked", "is_near").fill_null(False))
        .sort("query_number", "retrieval_rank")
    )


def without_linked(judged: pl.DataFrame) -> pl.DataFrame:
    """Candidates as they would be if the linked statements were not in the catalogue, ranked anew.

    Args:
        judged: Result of `judge_candidates`, deep enough to hold candidates behind the linked ones.

    Returns:
        The same columns without the linked candidates.
    """
    return judged.filter(~pl.col("is_linked")).with_columns(
        retrieval_rank=pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("query_number")
    )
