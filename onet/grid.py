"""Exact products of vectors: rounded to a grid on which no sum of a product rounds.

A product of float32 matrices has other last digits by the shape of its blocks and by the machine. Values that are
multiples of 1/2048 and vectors not longer than 1 have products that are multiples of 2^-22 and sums below 2, which
float32 holds without rounding: in any order, with any block, the same digits. A cosine moves by some 0.0003.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

STEPS: Final = 2048


def on_grid(vectors: NDArray[np.floating]) -> NDArray[np.float32]:
    """Vectors not longer than 1, rounded to multiples of 1/2048, in the order of C."""
    return np.ascontiguousarray(np.round(vectors * STEPS) / STEPS, dtype=np.float32)
