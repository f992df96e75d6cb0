"""Levels above the base clusters, and their places on a 2-D map, from the base clusters' centroids alone.

The levels are cuts of one Ward tree, so every cluster lies wholly in one parent. Who is in a base cluster is decided in
`clusters`; names are in `labels`.
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from clio_lite.clustering import Labels, Vectors, cut_tree, ward_tree

TOP_COUNT: Final = 10
"""Clusters at the top level at scale; Clio (arXiv 2412.13678) shows about as many."""


def level_sizes(base_count: int, *, levels: int) -> list[int]:
    """Number of clusters per level, from the base upwards.

    The ratio between neighbouring levels is constant, n_l / n_(l-1) = (n_top / n_base)^(1 / (L - 1)) (Clio). The top
    has the square root of the base's number, at most `TOP_COUNT`. A level that would be no smaller than the one below
    it is left out, so few base clusters have fewer levels.

    Args:
        base_count: Base clusters, at least 1.
        levels: Levels wanted, the base included.

    Raises:
        ValueError: A number is below 1.
    """
    if base_count < 1 or levels < 1:
        raise ValueError(f"base_count and levels must be at least 1, got {base_count} and {levels}")
    top_count = min(TOP_COUNT, round(math.sqrt(base_count)))
    sizes = [base_count]
    for level in range(1, levels):
        size = max(1, round(base_count * (top_count / base_count) ** (level / (levels - 1))))
        if size < sizes[-1]:
            sizes.append(size)
    return sizes


def build_levels(centroids: Vectors, *, levels: int) -> list[Labels]:
    """Group base clusters into levels.

    Args:
        centroids: Array (k, d) of unit rows, one per base cluster.
        levels: Levels wanted, the base included.

    Returns:
        Per level, from the base upwards, the cluster number of each base cluster. Levels are nested.
    """
    tree = ward_tree(centroids)
    return [cut_tree(tree, size) for size in level_sizes(len(centroids), levels=levels)]


def map_places(centroids: NDArray[np.floating]) -> NDArray[np.float64]:
    """Place base clusters on a map: their first two principal components, scaled into [-1, 1].

    Signs are fixed so that the largest loading of each component is positive.

    Args:
        centroids: Array (k, d).

    Returns:
        Array (k, 2); zeros in a component that the centroids do not spread in.
    """
    places = np.zeros((len(centroids), 2))
    centred = centroids.astype(np.float64) - centroids.mean(axis=0, dtype=np.float64)
    _, spreads, components = np.linalg.svd(centred, full_matrices=False)
    for number in range(min(2, len(spreads))):
        if spreads[number] > 1e-9:
            component = components[number]
            sign = np.sign(component[np.argmax(np.abs(component))])
            places[:, number] = sign * (centred @ component)
    extent = float(np.abs(places).max(initial=0.0))
    return places / extent if extent > 0 else places
