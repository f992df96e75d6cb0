"""Hubs: statements that are near to everything, whatever is asked, lose what they are near by beforehand.

How near a statement is to requests in general is measured on the phrasebook, one request for each detailed activity.
It needs neither those activities nor the links of the release. The idea is the cross-domain similarity scaling of arXiv
1710.04087, with requests of our own in place of the queries at hand, so that the score of a text does not depend on the
other texts. What it brought is in `docs/mapping.md`.
"""

from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from onet.lexical import LexicalQueries
from onet.phrasebook import read_phrasebook
from onet.retrieval import BLOCK_QUERIES, SCORE_DECIMALS, mixed_scores

# Part of its nearness to the bank that a statement loses, and how many nearest requests of the bank measure it.
HUB_WEIGHT: Final = 0.5
HUB_NEIGHBOURS: Final = 10


def bank_requests() -> list[str]:
    """The first English request of each detailed activity of the phrasebook."""
    english = read_phrasebook().filter(pl.col("language") == "en")
    return english.unique("dwa_id", keep="first", maintain_order=True)["request"].to_list()


def hub_scores(
    vectors: NDArray[np.float32], bank_vectors: NDArray[np.float32], *, lexical: LexicalQueries | None = None
) -> NDArray[np.float64]:
    """What each statement loses for being near to everything: 0 on average, more than 0 for a hub.

    Args:
        vectors: Vectors of the statements, shape (statements, dimensions).
        bank_vectors: Unit vectors of the bank, shape (requests, dimensions), at least one.
        lexical: The words of the bank, for searches with texts.

    Returns:
        HUB_WEIGHT times the mean score of the HUB_NEIGHBOURS nearest requests, less its mean over the statements.
    """
    kept = min(HUB_NEIGHBOURS, len(bank_vectors))
    nearest = np.full((kept, len(vectors)), -np.inf)
    for start in range(0, len(bank_vectors), BLOCK_QUERIES):
        queries = bank_vectors[start : start + BLOCK_QUERIES]
        words = None if lexical is None else lexical.block_scores(start, start + len(queries))
        together = np.vstack([nearest, mixed_scores(queries @ vectors.T, words)])
        nearest = np.partition(together, len(together) - kept, axis=0)[-kept:]
    nearness: NDArray[np.float64] = HUB_WEIGHT * nearest.mean(axis=0)
    centred: NDArray[np.float64] = np.round(nearness - nearness.mean(), SCORE_DECIMALS)
    return centred
