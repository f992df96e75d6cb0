"""Verifiers: which retrieved statement, if any, a text is about.

A verifier orders the candidates of each text, gives each a probability, and accepts the first or none. How good one is
is measured in `evaluation`.
"""

from dataclasses import dataclass
from typing import Final, Protocol

import polars as pl

from onet.calibration import Calibration, accept_score_expr, match_prob_expr

VERDICTS: Final = ("accepted", "none_fits", "abstained")


class Verifier(Protocol):
    """Anything that can judge candidates."""

    @property
    def name(self) -> str:
        """What judged, as it appears in the rows."""
        ...

    def verify(self, candidates: pl.DataFrame) -> pl.DataFrame:
        """Judge the candidates of many texts.

        Args:
            candidates: Table of `retrieval.retrieve_tasks`.

        Returns:
            The same rows with rank (final order from 1), match_score, match_prob and verdict: accepted on the chosen
            row, none_fits on the others, abstained where no judgement was made.
        """
        ...


@dataclass(frozen=True)
class CalibratedVerifier:
    """Keeps the order of retrieval and accepts the first candidate where it is nearer than non-work text comes.

    Attributes:
        calibration: Parameters, from a task index: its `calibration` for texts, `vector_calibration` for vectors alone.
    """

    calibration: Calibration

    @property
    def name(self) -> str:
        """Kind, basis of the parameters and the score that an accepted candidate exceeds."""
        return f"calibrated-retrieval/{self.calibration.basis}/{self.calibration.accept_score:.4g}"

    def verify(self, candidates: pl.DataFrame) -> pl.DataFrame:
        """See `Verifier.verify`."""
        is_accepted = (pl.col("rank") == 1) & (pl.col("match_score") > accept_score_expr(self.calibration))
        return candidates.with_columns(
            pl.col("retrieval_rank").alias("rank"),
            pl.col("retrieval_score").alias("match_score"),
            match_prob_expr(self.calibration).alias("match_prob"),
        ).with_columns(
            pl.when(is_accepted)
            .then(pl.lit("accepted"))
            .otherwise(pl.lit("none_fits"))
            .cast(pl.Enum(VERDICTS))
            .alias("verdict")
        )
