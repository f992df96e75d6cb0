"""Levels above the base clusters, and their places on a 2-D map.

A level builder groups the base clusters, from their centroids and, if it likes, their names. The embedded one cuts one
Ward tree over the centroids, so every cluster lies wholly in one parent; one that asks a language model has a module of
its own. Who is in a base cluster is decided in `clusters`; the gate for names is in `cluster_text`.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits

from clio_lite.clustering import Labels, Vectors, cut_tree, ward_tree
from clio_lite.naming import Label

TOP_COUNT: Final = 10
"""Clusters at the top level at scale; Clio (arXiv 2412.13678) shows about as many."""

PERPLEXITY: Final = 15.0
MIN_EMBEDDED: Final = 50
"""Fewest clusters whose map is worth more than two principal components."""

MAX_EMBEDDED: Final = 5_000
"""Most clusters whose map is made by t-SNE, which takes some six seconds there."""


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


@dataclass(frozen=True)
class BaseClusters:
    """What a level builder is told of the base clusters.

    Attributes:
        centroids: Array (k, d) of unit rows.
        conversation_counts: Conversations of each.
        labels: Text of each that passed the gate; null where none may be written: follow the nearest that has one.
    """

    centroids: Vectors
    conversation_counts: NDArray[np.int64]
    labels: Sequence[Label | None]


@dataclass(frozen=True)
class Level:
    """A level above the base.

    Attributes:
        groups: Cluster of this level for each base cluster, numbered from 0 without gaps.
        labels: Proposed text per cluster of this level; the gate judges it, and a labeller or the term-based fallback
            writes what is absent or refused.
    """

    groups: Labels
    labels: Mapping[int, Label] = field(default_factory=dict)


class LevelBuilder(Protocol):
    """Groups base clusters into levels."""

    @property
    def name(self) -> str:
        """Method, model and prompt version, as it stands beside the texts that it proposed."""
        ...

    def build(self, base: BaseClusters, *, levels: int, seed: int) -> Sequence[Level]:
        """Levels above the base from the lower to the top, each nested in the next; at most `levels` - 1."""
        ...


@dataclass(frozen=True)
class WardLevels:
    """The embedded level builder: cuts of one Ward tree over the centroids; it proposes no text."""

    name: str = "ward"

    def build(self, base: BaseClusters, *, levels: int, seed: int) -> Sequence[Level]:
        """Cut the tree at the sizes of `level_sizes`; nothing is random."""
        tree = ward_tree(base.centroids)
        return [Level(cut_tree(tree, size)) for size in level_sizes(len(base.centroids), levels=levels)[1:]]


def check_levels(levels: Sequence[Level], base_count: int) -> None:
    """Refuse levels that are no hierarchy over the base clusters.

    Args:
        levels: From the lower to the top.
        base_count: Base clusters.

    Raises:
        ValueError: A level leaves a base cluster out, has gaps in its numbers, or parts a cluster of the one below.
    """
    below = np.arange(base_count)
    for number, level in enumerate(levels, start=1):
        groups = level.groups
        if groups.shape != (base_count,) or set(groups.tolist()) != set(range(int(groups.max(initial=-1)) + 1)):
            raise ValueError(f"level {number}: expected one group, numbered without gaps, for each of {base_count}")
        pairs = np.unique(np.column_stack([below, groups]), axis=0)
        if len(pairs) != len(np.unique(below)):
            raise ValueError(f"level {number}: expected every cluster of the level below whole in one group")
        below = groups


def map_places(centroids: NDArray[np.floating], *, seed: int) -> NDArray[np.float64]:
    """Place base clusters on a map on which neighbours are neighbours in meaning, scaled into [-1, 1].

    From `MIN_EMBEDDED` to `MAX_EMBEDDED` clusters by t-SNE (van der Maaten and Hinton, 2008) begun at the principal
    components, which keeps the large shape; below and above by the principal components alone, whose signs are fixed so
    that the largest loading is positive. One thread, so that the sums are the same wherever it runs.

    Args:
        centroids: Array (k, d) of unit rows.
        seed: Seed of the optimiser.

    Returns:
        Array (k, 2); zeros in a component that the centroids do not spread in.
    """
    places = _principal_places(centroids)
    spread = float(places[:, 0].std())
    if spread > 0 and MIN_EMBEDDED <= len(centroids) <= MAX_EMBEDDED:
        embedding = TSNE(
            perplexity=PERPLEXITY,
            init=(np.round(places / spread, 4) * 1e-4).astype(np.float32),
            angle=0.8,
            max_iter=300,
            random_state=seed,
        )
        with threadpool_limits(limits=1):
            places = embedding.fit_transform(np.asarray(centroids, dtype=np.float32)).astype(np.float64)
        places -= places.mean(axis=0)
    extent = float(np.abs(places).max(initial=0.0))
    return places / extent if extent > 0 else places


def _principal_places(centroids: NDArray[np.floating]) -> NDArray[np.float64]:
    """First two principal components of the centroids."""
    places = np.zeros((len(centroids), 2))
    centred = centroids.astype(np.float64) - centroids.mean(axis=0, dtype=np.float64)
    _, spreads, components = np.linalg.svd(centred, full_matrices=False)
    for number in range(min(2, len(spreads))):
        if spreads[number] > 1e-9:
            component = components[number]
            sign = np.sign(component[np.argmax(np.abs(component))])
            places[:, number] = sign * (centred @ component)
    return places
