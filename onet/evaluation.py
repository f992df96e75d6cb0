"""How good retrieval and a verifier are, on the release's own links and on held-out activities only."""

from dataclasses import dataclass
from typing import Final

import polars as pl

from onet.gold import Gold, judge_candidates, without_linked
from onet.verification import Verifier

HIT_RANKS: Final = (1, 5, 10)
TARGET_PRECISION: Final = 0.9
BIN_COUNT: Final = 10


@dataclass(frozen=True)
class Evaluation:
    """Measured on held-out activities; shares and Brier scores from 0 to 1, null where nothing could be measured.

    `near`: linked to the activity or to another one under the same intermediate activity. `absent`: the activity's own
    linked statements are taken out of the catalogue, so that `none_fits` would be right. `calibration_gap`: mean
    distance of the stated probability from the share that is right, over tenths of probability.
    `coverage_at_90_share`: most activities, the most probable first, of which nine in ten are right.
    """

    verifier: str
    query_count: int
    retrieval_hit_at_1_share: float
    hit_at_1_share: float
    hit_at_5_share: float
    hit_at_10_share: float
    near_at_1_share: float
    brier: float
    constant_brier: float
    calibration_gap: float
    coverage_at_90_share: float
    accepted_share: float
    accepted_linked_share: float | None
    accepted_near_share: float | None
    absent_none_fits_share: float | None

    @property
    def is_no_worse_than_retrieval(self) -> bool:
        """Whether the verifier's first choice is right at least as often as retrieval's first."""
        return self.hit_at_1_share >= self.retrieval_hit_at_1_share


def hit_share(judged: pl.DataFrame, *, top: int, rank: str = "retrieval_rank", answer: str = "is_linked") -> float:
    """Share of the queries with a right answer among the first `top` candidates.

    Args:
        judged: Result of `judge_candidates`.
        top: Candidates that count.
        rank: Column of the order.
        answer: Column that says what is right: is_linked or is_near.

    Returns:
        Share from 0 to 1.

    Raises:
        ValueError: There is no query.
    """
    if judged.is_empty():
        raise ValueError("no query to measure on")
    hits = judged.filter((pl.col(rank) <= top) & pl.col(answer))["query_number"].n_unique()
    return hits / judged["query_number"].n_unique()


def evaluate_verifier(
    verifier: Verifier, candidates: pl.DataFrame, gold: Gold, *, depth: int = max(HIT_RANKS)
) -> Evaluation | None:
    """Measure retrieval and a verifier on the held-out activities.

    Args:
        verifier: Verifier.
        candidates: Retrieved statements of every activity (query_number, retrieval_rank, statement_number,
            retrieval_score), `evaluation_depth(gold)` deep: some must remain when the linked ones are taken out.
        gold: Activities and their links.
        depth: Candidates per activity that the verifier orders.

    Returns:
        The measures, or None where no activity is held out.
    """
    judged = judge_candidates(candidates, gold).filter("is_held_out")
    if judged.is_empty():
        return None
    present = verifier.verify(judged.filter(pl.col("retrieval_rank") <= depth))
    firsts = present.filter(pl.col("rank") == 1)
    accepted = firsts.filter(pl.col("verdict") == "accepted")
    absent_rows = without_linked(judged).filter(pl.col("retrieval_rank") <= depth)
    absent = verifier.verify(absent_rows).filter(pl.col("rank") == 1)
    hits = {top: hit_share(present, top=top, rank="rank") for top in HIT_RANKS}
    target = firsts["is_linked"].cast(pl.Float64)
    return Evaluation(
        verifier=verifier.name,
        query_count=firsts.height,
        retrieval_hit_at_1_share=hit_share(judged, top=1),
        hit_at_1_share=hits[1],
        hit_at_5_share=hits[5],
        hit_at_10_share=hits[10],
        near_at_1_share=hit_share(present, top=1, rank="rank", answer="is_near"),
        brier=brier_score(firsts["match_prob"], target),
        constant_brier=brier_score(pl.Series([hits[1]] * firsts.height), target),
        calibration_gap=calibration_gap(firsts["match_prob"], target),
        coverage_at_90_share=coverage_share(firsts["match_prob"], target),
        accepted_share=accepted.height / firsts.height,
        accepted_linked_share=_mean(accepted["is_linked"]),
        accepted_near_share=_mean(accepted["is_near"]),
        absent_none_fits_share=_mean(absent["verdict"] == "none_fits"),
    )


def evaluation_depth(gold: Gold) -> int:
    """Candidates per activity that leave enough behind the linked ones."""
    most_links = gold.links.group_by("query_number").len()["len"].max()
    return max(HIT_RANKS) + (most_links if isinstance(most_links, int) else 0)


def brier_score(probs: pl.Series, outcomes: pl.Series) -> float:
    """Mean squared difference of probabilities and outcomes (0 or 1); 0 is perfect, lower is better.

    Raises:
        ValueError: There is nothing to compare, or the lengths differ.
    """
    if not len(probs) or len(probs) != len(outcomes):
        raise ValueError(f"expected as many probabilities as outcomes, found {len(probs)} and {len(outcomes)}")
    return float(((probs - outcomes.cast(pl.Float64)) ** 2).sum()) / len(probs)


def calibration_gap(probs: pl.Series, outcomes: pl.Series) -> float:
    """Mean distance between stated probability and share of right ones over tenths of probability, by their size."""
    rows = pl.DataFrame({"prob": probs, "outcome": outcomes.cast(pl.Float64)})
    tenth = (pl.col("prob") * BIN_COUNT).floor().clip(0, BIN_COUNT - 1)
    gaps = rows.group_by(tenth.alias("tenth")).agg((pl.col("prob") - pl.col("outcome")).sum().abs())
    return float(gaps["prob"].sort().sum()) / rows.height


def coverage_share(probs: pl.Series, outcomes: pl.Series, *, query_count: int | None = None) -> float:
    """Largest share of all, the most probable first, of which at least TARGET_PRECISION are right; ties go together.

    Args:
        probs: Probabilities of the candidates that could be accepted.
        outcomes: Whether each is right.
        query_count: All queries, those without such a candidate too; None: there are no others.
    """
    rows = pl.DataFrame({"prob": probs, "outcome": outcomes.cast(pl.Float64)})
    held = rows.group_by("prob").agg(pl.len(), pl.col("outcome").sum()).sort("prob", descending=True)
    enough = held.select(pl.col("len", "outcome").cum_sum()).filter(
        pl.col("outcome") >= TARGET_PRECISION * pl.col("len") - 1e-9
    )
    most = enough["len"].max()
    return (most if isinstance(most, int) else 0) / (query_count or rows.height)


def _mean(flags: pl.Series) -> float | None:
    return flags.filter(flags).len() / flags.len() if flags.len() else None
