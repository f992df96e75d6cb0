"""The context of a statement: the vectors of its occupations mixed into its own.

The mix is linear, so that a search costs no more than one on plain vectors. What each part brought is in
`docs/mapping.md`.
"""

from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

# Weights beside the statement's own 1: title, description, and the centre of all statements of the occupation.
TITLE_WEIGHT: Final = 0.2
DESCRIPTION_WEIGHT: Final = 0.2
PEERS_WEIGHT: Final = 0.2


def context_vectors(
    statements: pl.DataFrame,
    occupation_codes: pl.Series,
    vectors: NDArray[np.float32],
    title_vectors: NDArray[np.float32],
    description_vectors: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Mix the occupations of each statement into its vector.

    Args:
        statements: Statements with onet_soc_codes.
        occupation_codes: Codes of the occupations, in the order of their vectors.
        vectors: Unit vectors of the statements, shape (statements, dimensions).
        title_vectors: Unit vectors of the occupations' titles.
        description_vectors: Unit vectors of their descriptions.

    Returns:
        Weighted means of unit vectors, not longer than 1; their dot product with a query is a weighted mean of
        cosines. A statement of several occupations takes their mean.
    """
    numbers = {code: number for number, code in enumerate(occupation_codes)}
    pairs = [
        (row, numbers[code], 1 / len(codes))
        for row, codes in enumerate(statements["onet_soc_codes"].to_list())
        for code in codes
    ]
    rows, columns, parts = (np.array(values) for values in zip(*pairs, strict=True))
    shares = csr_matrix((parts, (rows, columns)), shape=(len(vectors), len(numbers)))
    own = vectors.astype(np.float64)
    peers = (shares > 0).astype(np.float64).T @ own
    lengths = np.linalg.norm(peers, axis=1, keepdims=True)
    peers = np.divide(peers, lengths, out=np.zeros_like(peers), where=lengths > 0)
    occupations = TITLE_WEIGHT * title_vectors + DESCRIPTION_WEIGHT * description_vectors + PEERS_WEIGHT * peers
    total = 1 + TITLE_WEIGHT + DESCRIPTION_WEIGHT + PEERS_WEIGHT
    return np.ascontiguousarray((own + shares @ occupations) / total, dtype=np.float32)
