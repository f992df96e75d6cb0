"""How good a verifier is on the release's own gold; one that does not beat retrieval alone is refused.

The gold are requests of detailed activities, or their titles where none is known (`gold_search`); every query has a
right answer in the catalogue, though not always among the candidates. What a model's judgement is
worth is fitted on activities of one half, measured on the other.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b

import polars as pl

from onet.errors import VerifierRefusedError
from onet.evaluation import BIN_COUNT, brier_score, coverage_share
from onet.gold import Gold, judge_candidates
from onet.model_verification import NONE, LanguageModelVerifier, Shifts, fitted_shift
from onet.verification import Verifier


@dataclass(frozen=True)
class VerifierScore:
    """Measured on held-out activities; shares from 0 to 1.

    Attributes:
        verifier: Its name.
        query_count: Queries measured on.
        fit_query_count: Queries that its probabilities were fitted on.
        right_share: Queries whose accepted candidate is linked: accuracy. None and no judgement are wrong here.
        retrieval_right_share: Queries whose first retrieved candidate is linked: retrieval alone, accepting all.
        accepted_share: Queries with an accepted candidate.
        none_share: Queries answered with none.
        abstained_share: Queries without a judgement.
        brier: Brier score of the probability of the first candidate.
        retrieval_brier: The same of retrieval alone.
        coverage_at_90_share: Most queries that can be accepted, the most probable first, with nine of ten right.
        retrieval_coverage_at_90_share: The same of retrieval alone.
    """

    verifier: str
    query_count: int
    fit_query_count: int
    right_share: float
    retrieval_right_share: float
    accepted_share: float
    none_share: float
    abstained_share: float
    brier: float
    retrieval_brier: float
    coverage_at_90_share: float
    retrieval_coverage_at_90_share: float

    @property
    def beats_retrieval(self) -> bool:
        """More right, and probabilities that are no worse."""
        return self.right_share > self.retrieval_right_share and self.brier <= self.retrieval_brier


def gold_sample(gold: Gold, *, size: int, is_held_out: bool, seed: int) -> list[int]:
    """Query numbers drawn from one half of the gold, by a keyed hash of the activity.

    Args:
        gold: Gold of a release.
        size: Most queries.
        is_held_out: Which half.
        seed: Seed of the draw.
    """
    rows = gold.queries.filter(pl.col("is_held_out") == is_held_out).select("query_number", "dwa_id").rows()
    keyed = sorted((blake2b(f"{seed}|{name}".encode(), digest_size=8).digest(), number) for number, name in rows)
    return sorted(number for _, number in keyed[:size])


def fit_shifts(verifier: LanguageModelVerifier, candidates: pl.DataFrame, gold: Gold) -> Shifts:
    """What the judgements of a verifier are worth, on the queries of these candidates.

    Args:
        verifier: Verifier without shifts.
        candidates: Retrieved candidates of the queries to fit on.
        gold: Their gold.
    """
    judged = judge_candidates(candidates, gold)
    found = replace(verifier, shifts=Shifts()).verify(judged).filter(pl.col("rank") == 1)
    kinds = {"first": ([], []), "other": ([], []), NONE: ([], []), "abstained": ([], [])}  # type: dict[str, tuple[list[float], list[bool]]]
    columns = ("verdict", "retrieval_rank", "match_prob", "is_linked")
    for verdict, rank, prob, is_linked in found.with_columns(pl.col("verdict").cast(pl.String)).select(columns).rows():
        kind = ("first" if rank == 1 else "other") if verdict == "accepted" else verdict
        probs, outcomes = kinds[NONE if kind == "none_fits" else kind]
        probs.append(prob)
        outcomes.append(is_linked)
    return Shifts(*(fitted_shift(*kinds[name]) for name in ("first", "other", NONE, "abstained")))


def score_verifier(
    verifier: Verifier, baseline: Verifier, candidates: pl.DataFrame, gold: Gold, *, fit_query_count: int
) -> tuple[VerifierScore, pl.DataFrame]:
    """Measure a verifier beside retrieval alone.

    Args:
        verifier: Verifier to measure.
        baseline: The calibrated verifier of the same retrieval.
        candidates: Retrieved candidates of held-out queries.
        gold: Their gold.
        fit_query_count: Queries that the verifier's probabilities were fitted on.

    Returns:
        The score, and its reliability: `bin_low_prob`, `bin_high_prob`, `query_count`, `mean_prob`, `right_share` for
        every bin that has a query.

    Raises:
        ValueError: There is no query.
    """
    judged = judge_candidates(candidates, gold)
    if judged.is_empty():
        raise ValueError("no query to measure on")
    alone = baseline.verify(judged).filter(pl.col("rank") == 1)
    own = verifier.verify(judged).filter(pl.col("rank") == 1).with_columns(pl.col("verdict").cast(pl.String))
    accepted = own.filter(pl.col("verdict") == "accepted")
    count = own.height
    score = VerifierScore(
        verifier=verifier.name,
        query_count=count,
        fit_query_count=fit_query_count,
        right_share=accepted.filter("is_linked").height / count,
        retrieval_right_share=alone.filter("is_linked").height / count,
        accepted_share=accepted.height / count,
        none_share=own.filter(pl.col("verdict") == "none_fits").height / count,
        abstained_share=own.filter(pl.col("verdict") == "abstained").height / count,
        brier=brier_score(own["match_prob"], own["is_linked"]),
        retrieval_brier=brier_score(alone["match_prob"], alone["is_linked"]),
        coverage_at_90_share=coverage_share(accepted["match_prob"], accepted["is_linked"], query_count=count),
        retrieval_coverage_at_90_share=coverage_share(alone["match_prob"], alone["is_linked"], query_count=count),
    )
    return score, _reliability(own)


def _reliability(firsts: pl.DataFrame) -> pl.DataFrame:
    number = (pl.col("match_prob") * BIN_COUNT).floor().clip(0, BIN_COUNT - 1)
    return (
        firsts.with_columns(bin_low_prob=(number / BIN_COUNT).round(3))
        .group_by("bin_low_prob")
        .agg(
            query_count=pl.len().cast(pl.Int64),
            mean_prob=pl.col("match_prob").mean(),
            right_share=pl.col("is_linked").mean(),
        )
        .with_columns(bin_high_prob=(pl.col("bin_low_prob") + 1 / BIN_COUNT).round(3))
        .select("bin_low_prob", "bin_high_prob", "query_count", "mean_prob", "right_share")
        .sort("bin_low_prob")
    )


def refuse_weak(score: VerifierScore, *, is_forced: bool) -> None:
    """Refuse a verifier that does not beat retrieval alone.

    Args:
        score: Its score.
        is_forced: It is used all the same.

    Raises:
        VerifierRefusedError: It does not, and is not forced; the message has the figures.
    """
    if score.beats_retrieval or is_forced:
        return
    raise VerifierRefusedError(
        f"expected the verifier {score.verifier} to beat retrieval alone on {score.query_count} held-out activities, "
        f"found {score.right_share:.1%} right beside {score.retrieval_right_share:.1%}, Brier {score.brier:.3f} beside "
        f"{score.retrieval_brier:.3f}, {score.abstained_share:.1%} without a judgement, {score.none_share:.1%} answered"
        " with none: use another model or strategy, leave models.verify empty, or set models.force_verifier"
    )


def sampled(candidates: pl.DataFrame, queries: Sequence[int]) -> pl.DataFrame:
    """Candidates of some queries.

    Args:
        candidates: Retrieved candidates.
        queries: Query numbers.
    """
    return candidates.filter(pl.col("query_number").is_in(list(queries)))
