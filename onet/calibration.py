"""Parameters of the embedded verifier: how probable it is that a retrieved statement is the right one.

`match_prob` is the probability that O*NET's analysts would have linked the statement to the text. That is a cautious
reading of "a careful judge would accept it": many statements that would also do are not linked, and titles of
activities, on which it is fitted, are closer in wording to statements than what people write. `docs/mapping.md` says
how far it holds on requests. Whether anything fits at all is another question, answered by `accept_score`: a first
candidate that scores lower than half of the texts that are not about work is no match.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from sklearn.linear_model import LogisticRegression

from onet.gold import Gold, judge_candidates

CALIBRATION_TOP: Final = 10
MIN_FIT_QUERIES: Final = 50
PROB_DECIMALS: Final = 6
WEAK_PRIOR: Final = 100.0
# A first candidate fits where it scores more than the median text that is not about work: on what people write that
# leaves less than 15 % of the occupational requests without a task.
NON_WORK_QUANTILE: Final = 0.5


@dataclass(frozen=True)
class Logit:
    """Log-odds = intercept + score_weight * score + margin_weight * margin."""

    intercept: float
    score_weight: float
    margin_weight: float


@dataclass(frozen=True)
class Calibration:
    """One logit for the first candidate, with its lead over the second as margin, and one for those behind it.

    A first candidate that fits scores more than `accept_score`. `basis` is `release` (fitted on its links) or
    `default` (the release has too few links to fit and to measure). `further` is that of queries in other languages
    than English, where they have vectors of their own (`task_index.ParallelEncoder`); None: of those as well.
    """

    basis: str
    fit_query_count: int
    first: Logit
    other: Logit
    accept_score: float
    further: "Calibration | None" = None


# Fitted on O*NET 29.1 with all-MiniLM-L6-v2, hubs corrected, rounded; for catalogues with too few links.
DEFAULT_TEXT_LOGITS: Final = (Logit(-4.7, 7.64, 14.9), Logit(-4.82, 7.11, 0.0))
DEFAULT_VECTOR_LOGITS: Final = (Logit(-4.67, 5.8, 18.5), Logit(-4.86, 5.54, 0.0))


def margin_expr() -> pl.Expr:
    """Lead of the first candidate over the second (0 where it is alone); 0 for the others."""
    score = pl.col("retrieval_score")
    second = score.filter(pl.col("retrieval_rank") == 2).first().over("query_number")
    return pl.when(pl.col("retrieval_rank") == 1).then(score - second.fill_null(score)).otherwise(0.0)


def match_prob_expr(calibration: Calibration) -> pl.Expr:
    """Probability that each candidate is right, never above that of a candidate before it.

    Args:
        calibration: Parameters.

    Returns:
        Expression from 0 to 1 over query_number, retrieval_rank, retrieval_score and, with `further` parameters,
        is_english; rows sorted by query and rank.
    """
    is_first = pl.col("retrieval_rank") == 1

    def log_odds_of(part: Calibration) -> pl.Expr:
        return pl.when(is_first).then(_log_odds(part.first)).otherwise(_log_odds(part.other))

    log_odds = _by_language(calibration, log_odds_of)
    return (1 / (1 + (-log_odds).exp())).cum_min().over("query_number").round(PROB_DECIMALS)


def accept_score_expr(calibration: Calibration) -> pl.Expr:
    """Score that a first candidate must exceed to fit; over is_english with `further` parameters.

    Args:
        calibration: Parameters.
    """
    return _by_language(calibration, lambda part: pl.lit(part.accept_score))


def _by_language(calibration: Calibration, expr: Callable[[Calibration], pl.Expr]) -> pl.Expr:
    if calibration.further is None:
        return expr(calibration)
    return pl.when(pl.col("is_english")).then(expr(calibration)).otherwise(expr(calibration.further))


def _log_odds(logit: Logit) -> pl.Expr:
    return logit.intercept + logit.score_weight * pl.col("retrieval_score") + logit.margin_weight * margin_expr()


def accept_score(non_work: pl.DataFrame) -> float:
    """Score that half of the texts that are not about work reach.

    Args:
        non_work: Retrieved statements of such texts, at least one.

    Returns:
        The score.
    """
    scores = non_work.filter(pl.col("retrieval_rank") == 1)["retrieval_score"]
    return round(float(np.quantile(scores.to_numpy(), NON_WORK_QUANTILE)), PROB_DECIMALS)


def fit_calibration(
    candidates: pl.DataFrame, gold: Gold, *, default: tuple[Logit, Logit], accept_score: float
) -> Calibration:
    """Fit the parameters on the activities that are not held out.

    Args:
        candidates: Retrieved statements of every activity: query_number, retrieval_rank, statement_number,
            retrieval_score.
        gold: Activities and their links.
        default: Logits of the first and the other candidates where they cannot be fitted.
        accept_score: A first candidate that fits scores more.

    Returns:
        The fitted parameters, or the default ones where there are too few activities or nothing to tell apart.
    """
    judged = judge_candidates(candidates.filter(pl.col("retrieval_rank") <= CALIBRATION_TOP), gold)
    fitting = judged.with_columns(margin_expr().alias("margin")).filter(~pl.col("is_held_out"))
    firsts, others = fitting.filter(pl.col("retrieval_rank") == 1), fitting.filter(pl.col("retrieval_rank") > 1)
    held_out_count = gold.queries["is_held_out"].sum()
    is_separable = min(firsts["is_linked"].n_unique(), others["is_linked"].n_unique()) == 2
    if min(firsts.height, held_out_count) < MIN_FIT_QUERIES or not is_separable:
        return Calibration("default", 0, first=default[0], other=default[1], accept_score=accept_score)
    return Calibration(
        "release", firsts.height, first=_fit_logit(firsts), other=_fit_logit(others), accept_score=accept_score
    )


def _fit_logit(rows: pl.DataFrame) -> Logit:
    model = LogisticRegression(C=WEAK_PRIOR).fit(
        rows.select("retrieval_score", "margin").to_numpy(), rows["is_linked"].to_numpy()
    )
    score_weight, margin_weight = (round(float(weight), PROB_DECIMALS) for weight in model.coef_[0])
    return Logit(round(float(model.intercept_[0]), PROB_DECIMALS), score_weight, margin_weight)
