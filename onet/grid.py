"""Exact products of vectors: rounded to a grid on which no sum of a product rounds.

A product of float32 matrices has other last digits by the shape of its blocks and by the machine. Values that are
multiples of 1/2048 have products that are multiples of 2^-22; of a unit vector with one not longer than 4 the sums are
below 4, which float32 holds without rounding: in any order, with any block, the same digits. A cosine moves by some
0.0003.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

STEPS: Final = 2048


def on_grid(vectors: NDArray[np.floating]) -> NDArray[np.float32]:
    """Vectors not longer than 4, rounded to multiples of 1/2048, in the order of C."""
    return np.ascontiguousarray(np.round(vectors * STEPS) / STEPS, dtype=np.float32)


def grid_products(queries: NDArray[np.float32], targets: NDArray[np.float32]) -> NDArray[np.float32]:
    """Dot products of each query with each target, both on the grid; numbers that no query has are left out.

    Args:
        queries: Shape (queries, dimensions).
        targets: Shape (targets, dimensions).

    Returns:
        Shape (queries, targets).
    """
    used = np.flatnonzero(queries.any(axis=0))
    part = slice(used[0], used[-1] + 1) if len(used) else slice(0)
    products: NDArray[np.float32] = queries[:, part] @ targets[:, part].T
    return products
