"""The learned verifier: reorders the candidates of a text by features of the pairs, and says how probable each is.

A linear model, trained on the links of O*NET 29.1 (`rerank_training`) and kept as numbers in `reranker.json`. An index
uses it only where it beats retrieval alone on activities that it was not trained on (`task_index`).
"""

import json
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from onet.calibration import PROB_DECIMALS
from onet.pair_features import CENTRE_LOG_LENGTH, FEATURE_NAMES, PairFeatures
from onet.verification import VERDICTS

RERANK_DEPTH: Final = 50
"""Candidates per text that the model sees."""

SPLIT_SEED: Final = 0
"""Seed of the split of the activities: those held out with it took no part in the training."""

# How much of the retrieval score is added to the log-odds: little to find the first, much for the order behind it,
# which is to hold what else could be meant rather than more of the same occupation. Chosen on development figures.
FIRST_PULL: Final = 8.0
REST_PULL: Final = 80.0
BLOCK_TEXTS: Final = 64

FIRST_NAMES: Final = ("log_odds", "log_text_length", "length_log_odds", "best", "margin")
"""What the probability of the candidate put first depends on: log-odds of the order, length of the text, their product,
best retrieval score and its lead. Few, so that it holds for texts longer than those that teach the order."""

_FIRST_COLUMNS: Final = [FEATURE_NAMES.index(name) for name in ("log_text_length", "best", "margin")]
SCORE_DECIMALS: Final = 5


@dataclass(frozen=True)
class Reranker:
    """Log-odds = intercept + sum of weight * feature orders the candidates.

    `first_weights`, of FIRST_NAMES, and `first_intercept` give the log-odds that the candidate put first is right;
    `other` is intercept and slope on the log-odds of the order for the candidates behind it.
    """

    features: tuple[str, ...]
    weights: tuple[float, ...]
    intercept: float
    first_weights: tuple[float, ...]
    first_intercept: float
    other: tuple[float, float]
    trained_on: str

    def __post_init__(self) -> None:
        """Check that the weights belong to the features of this code."""
        lengths = (len(self.weights), len(self.first_weights))
        if self.features != FEATURE_NAMES or lengths != (len(FEATURE_NAMES), len(FIRST_NAMES)):
            raise ValueError("the reranker was trained on other features than these: retrain it with 'make reranker'")


def load_reranker() -> Reranker:
    """The trained model that comes with the package."""
    return read_reranker((resources.files("onet") / "reranker.json").read_text(encoding="utf-8"))


def read_reranker(text: str) -> Reranker:
    """The model that `write_reranker` wrote."""
    fields: dict[str, Any] = json.loads(text)
    known: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}
    return Reranker(**known)


def write_reranker(model: Reranker, path: Path) -> None:
    """Write a model as readable JSON."""
    path.write_text(json.dumps(asdict(model), indent=1) + "\n", encoding="utf-8")


def pair_scores(
    pairs: PairFeatures,
    weights: NDArray[np.float64],
    texts: list[str],
    vectors: NDArray[np.float32],
    candidates: pl.DataFrame,
) -> NDArray[np.float64]:
    """Weighted sums of the features of candidates.

    Args:
        pairs: Features of the catalogue.
        weights: One column per score wanted, shape (features, scores); the identity gives the features themselves.
        texts: Texts.
        vectors: Their unit vectors.
        candidates: The table of `retrieval.retrieve_tasks` for them: equally many rows for each.

    Returns:
        Shape (rows of the table, scores), rounded, so that neither blocks nor the machine decide a tie.
    """
    if not texts:
        return np.zeros((0, weights.shape[1]))
    rows = candidates["statement_number"].to_numpy().reshape(len(texts), -1)
    scores = candidates["retrieval_score"].to_numpy().reshape(len(texts), -1)
    found = [
        pairs.block(texts[part], vectors[part], rows[part], scores[part]).reshape(-1, len(FEATURE_NAMES)) @ weights
        for part in (slice(start, start + BLOCK_TEXTS) for start in range(0, len(texts), BLOCK_TEXTS))
    ]
    return np.asarray(np.round(np.concatenate(found), SCORE_DECIMALS), dtype=np.float64)


def rerank_candidates(
    model: Reranker, pairs: PairFeatures, texts: list[str], vectors: NDArray[np.float32], candidates: pl.DataFrame
) -> pl.DataFrame:
    """Candidates with `log_odds` for their order and `first_log_odds`, should they come first; see `pair_scores`."""
    weights = np.column_stack([model.weights, np.eye(len(FEATURE_NAMES))[:, _FIRST_COLUMNS]])
    sums = pair_scores(pairs, weights, texts, vectors, candidates)
    log_odds = np.round(sums[:, 0] + model.intercept, SCORE_DECIMALS)
    of_first = first_features(log_odds, sums[:, 1:]) @ np.array(model.first_weights) + model.first_intercept
    return candidates.with_columns(
        pl.Series("log_odds", log_odds), pl.Series("first_log_odds", np.round(of_first, SCORE_DECIMALS))
    )


def first_features(log_odds: NDArray[np.float64], rest: NDArray[np.float64]) -> NDArray[np.float64]:
    """FIRST_NAMES of candidates, shape (rows, 5).

    Args:
        log_odds: Of the order.
        rest: Columns log_text_length, best and margin of the same rows.
    """
    length = rest[:, 0]
    product = log_odds * (length - CENTRE_LOG_LENGTH)
    return np.column_stack([log_odds, length, product, rest[:, 1], rest[:, 2]])


def rank_exprs() -> tuple[pl.Expr, pl.Expr]:
    """Order of the candidates of a text by log-odds and retrieval score: final score, and rank from 1."""
    of_first = pl.col("log_odds") + FIRST_PULL * pl.col("retrieval_score")
    is_first = pl.int_range(pl.len()).over("query_number") == of_first.arg_max().over("query_number")
    score = (pl.col("log_odds") + REST_PULL * pl.col("retrieval_score")).round(SCORE_DECIMALS)
    rank = pl.struct((~is_first).alias("behind"), (-score).alias("score"), "retrieval_rank")
    return score, rank.rank("ordinal").over("query_number").cast(pl.Int64)


@dataclass(frozen=True)
class RerankVerifier:
    """Judges candidates by the model; accepts the first where retrieval's best is nearer than non-work text comes.

    Attributes:
        model: Trained model.
        accept_score: Retrieval score of the best candidate that texts about work exceed.
    """

    model: Reranker
    accept_score: float

    @property
    def name(self) -> str:
        """Kind, what it was trained on and the score that decides on `none_fits`."""
        return f"reranked-retrieval/{self.model.trained_on}/{self.accept_score:.4g}"

    def verify(self, candidates: pl.DataFrame) -> pl.DataFrame:
        """See `verification.Verifier.verify`; the candidates are those of `rerank_candidates`."""
        score, rank = rank_exprs()
        best = pl.col("retrieval_score").max().over("query_number")
        judged = candidates.with_columns(match_score=score, rank=rank).sort("query_number", "rank")
        intercept, slope = self.model.other
        is_first = pl.col("rank") == 1
        log_odds = pl.when(is_first).then("first_log_odds").otherwise(intercept + slope * pl.col("log_odds"))
        return judged.with_columns(
            match_prob=(1 / (1 + (-log_odds).exp())).cum_min().over("query_number").round(PROB_DECIMALS),
            verdict=pl.when(is_first & (best > self.accept_score))
            .then(pl.lit("accepted"))
            .otherwise(pl.lit("none_fits"))
            .cast(pl.Enum(VERDICTS)),
        ).drop("log_odds", "first_log_odds")
