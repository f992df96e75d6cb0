"""Clusters of unit vectors: which rows belong together, for any number of rows.

Here belong the algorithms on arrays and how many clusters to ask for. Conversations, accounts and thresholds are in
`clusters`, levels above the base in `hierarchy`. Up to `WARD_LIMIT` rows one Ward tree decides. Above it, rows are
split into cells of bounded size, each cell gets a Ward tree, all trees are cut at one common height, and rounds of
spherical k-means over neighbouring cells repair what the cells' borders cut apart. Time grows as n log n, memory as n.

Results depend on the order of the rows only through ties and seeds: sort rows by their id first.
"""

import math
from dataclasses import dataclass
from typing import Final, Literal

import hdbscan
import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import linkage
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from sklearn.decomposition import PCA

Method = Literal["auto", "ward", "kmeans", "hdbscan"]
Vectors = NDArray[np.float32]
Labels = NDArray[np.int64]

WARD_LIMIT: Final = 10_000
"""Most rows for one Ward tree: its distances take 0.8 GB there and grow with the square."""

CELL_SIZE: Final = 2_000
"""Most rows of a cell; a Ward tree of one takes a sixth of a second."""

CELL_BRANCHES: Final = 64
SAMPLE_PER_BRANCH: Final = 512
NEIGHBOUR_CELLS: Final = 8
REFINEMENT_ROUNDS: Final = 4
MICRO_CLUSTERS_PER_CELL: Final = 8
MAX_CLUSTER_COUNT: Final = 5_000
"""Most base clusters by default: what a reader can still explore."""

REDUCED_DIMENSIONS: Final = 15
BLOCK_ROWS: Final = 512
NOISE: Final = -1


@dataclass(frozen=True)
class WardTree:
    """A Ward tree: `pairs` (n - 1, 2) holds what each merge joins, node n + i being merge i; `heights` never fall."""

    pairs: NDArray[np.int64]
    heights: NDArray[np.float64]

    @property
    def leaf_count(self) -> int:
        """Rows that the tree was built over."""
        return len(self.pairs) + 1


def default_cluster_count(row_count: int, *, mean_size: int = 10) -> int:
    """Number of base clusters for a number of rows: one per `mean_size` rows, at most `MAX_CLUSTER_COUNT`.

    Args:
        row_count: Rows to cluster.
        mean_size: Rows per cluster aimed at; n / 10 follows Clio (arXiv 2412.13678).
    """
    return max(1, min(MAX_CLUSTER_COUNT, round(row_count / mean_size)))


def cluster_vectors(
    vectors: NDArray[np.floating], *, cluster_count: int | None, method: Method = "auto", seed: int
) -> Labels:
    """Assign every row to a cluster.

    Args:
        vectors: Array (n, d); rows are scaled to length 1.
        cluster_count: Clusters wanted; None takes `default_cluster_count`. Fewer come back where there are fewer
            rows, or where clusters run empty. For `hdbscan` it only sets the least cluster size, n / (2 k).
        method: `ward` (n^2 memory), `kmeans` (Ward-seeded spherical k-means over cells), `hdbscan` (after PCA), or
            `auto`: `ward` up to `WARD_LIMIT` rows, else `kmeans`.
        seed: Seed of the cells' random starts.

    Returns:
        Label per row, numbered from 0 by first appearance; only `hdbscan` gives `NOISE` (-1), which is no cluster.

    Raises:
        ValueError: The array is not two-dimensional or not finite, or `cluster_count` is below 1.
    """
    if vectors.ndim != 2 or not np.isfinite(vectors).all():
        raise ValueError("vectors must be a finite array of shape (n, d)")
    if cluster_count is not None and cluster_count < 1:
        raise ValueError(f"cluster_count must be at least 1, got {cluster_count}")
    n = len(vectors)
    if n == 0:
        return np.zeros(0, dtype=np.int64)
    rows = unit_rows(vectors)
    wanted = min(n, cluster_count or default_cluster_count(n))
    if method == "hdbscan":
        return _dense_regions(rows, wanted)
    if method == "ward" or (method == "auto" and n <= WARD_LIMIT):
        return cut_tree(ward_tree(rows), wanted)
    return _cells_and_rounds(rows, wanted, np.random.default_rng(seed))


def unit_rows(vectors: NDArray[np.floating]) -> Vectors:
    """Scale every row to length 1; a row of zeros stays as it is."""
    rows = np.ascontiguousarray(vectors, dtype=np.float32)
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    scaled: Vectors = np.divide(rows, norms, out=np.zeros_like(rows), where=norms > 0)
    return scaled


def ward_tree(rows: NDArray[np.floating]) -> WardTree:
    """Build the Ward tree of the rows by Euclidean distance.

    The distances come from blocks of a matrix product, ten times as fast as `pdist`; equal rows lie at distance 0.

    Args:
        rows: Array (n, d) with n >= 1.
    """
    n = len(rows)
    if n == 1:
        return WardTree(np.zeros((0, 2), dtype=np.int64), np.zeros(0))
    wide = rows.astype(np.float64)
    squares = np.einsum("ij,ij->i", wide, wide)
    condensed = np.empty(n * (n - 1) // 2)
    filled = 0
    for start in range(0, n, BLOCK_ROWS):
        block = slice(start, start + BLOCK_ROWS)
        squared = squares[block, None] + squares[None, start:] - 2 * (wide[block] @ wide[start:].T)
        # Below the rounding of the product two rows are the same row, so that equal requests merge first.
        distances = np.sqrt(np.where(squared > 1e-12, squared, 0.0))
        for offset, line in enumerate(distances):
            part = line[offset + 1 :]
            condensed[filled : filled + len(part)] = part
            filled += len(part)
    merges = linkage(condensed, method="ward")
    return WardTree(merges[:, :2].astype(np.int64), merges[:, 2])


def cut_tree(tree: WardTree, cluster_count: int) -> Labels:
    """Cut a tree into exactly `cluster_count` clusters (at most one per leaf), numbered by first appearance."""
    merge_count = max(0, tree.leaf_count - max(1, cluster_count))
    return _after_merges(tree, merge_count)


def sums_of(rows: NDArray[np.floating], labels: Labels, cluster_count: int) -> Vectors:
    """Sum of the rows of each cluster: array (cluster_count, d)."""
    members = csr_array(
        (np.ones(len(labels), dtype=np.float32), (labels, np.arange(len(labels)))), shape=(cluster_count, len(labels))
    )
    sums: Vectors = np.asarray(members @ rows)
    return sums


def centroids_of(rows: NDArray[np.floating], labels: Labels, cluster_count: int) -> Vectors:
    """Mean direction of each cluster: array (cluster_count, d) of unit rows; an empty cluster's row is zero."""
    return unit_rows(sums_of(rows, labels, cluster_count))


def numbered(labels: Labels) -> Labels:
    """Renumber labels by first appearance, from 0 without gaps; noise stays noise."""
    kept = labels[labels != NOISE]
    values, first = np.unique(kept, return_index=True)
    rank = np.empty(len(values), dtype=np.int64)
    rank[np.argsort(first, kind="stable")] = np.arange(len(values))
    result = np.full(len(labels), NOISE, dtype=np.int64)
    result[labels != NOISE] = rank[np.searchsorted(values, kept)]
    return result


def nearest_rows(rows: Vectors, targets: Vectors) -> Labels:
    """Index of the target with the highest cosine for each row; the first among equals."""
    nearest = np.empty(len(rows), dtype=np.int64)
    for start in range(0, len(rows), BLOCK_ROWS):
        block = slice(start, start + BLOCK_ROWS)
        nearest[block] = np.argmax(rows[block] @ targets.T, axis=1)
    return nearest


def _after_merges(tree: WardTree, merge_count: int) -> Labels:
    """Clusters after the tree's first `merge_count` merges."""
    n = tree.leaf_count
    parents = n + np.repeat(np.arange(merge_count), 2)
    children = tree.pairs[:merge_count].ravel()
    size = n + merge_count
    links = csr_array((np.ones(len(parents), dtype=np.int8), (parents, children)), shape=(size, size))
    _, component = connected_components(links, directed=False)
    return numbered(component[:n].astype(np.int64))


def _cells_and_rounds(rows: Vectors, wanted: int, rng: np.random.Generator) -> Labels:
    """Ward within cells, one common cut, then rounds of spherical k-means over neighbouring cells."""
    cells = _split(rows, np.arange(len(rows)), rng)
    micro_count = min(len(rows), max(wanted, MICRO_CLUSTERS_PER_CELL * len(cells)))
    labels = _common_cut(rows, cells, micro_count)
    if labels.max() + 1 > wanted:
        tree = ward_tree(centroids_of(rows, labels, int(labels.max()) + 1))
        labels = cut_tree(tree, wanted)[labels]
    return numbered(_refined(rows, cells, labels))


def _split(rows: Vectors, members: NDArray[np.int64], rng: np.random.Generator) -> list[NDArray[np.int64]]:
    """Split members into cells of at most `CELL_SIZE` rows by k-means of few branches, again where still too big."""
    if len(members) <= CELL_SIZE:
        return [members]
    # Cells of half the bound on average, so that few need another split; many cells in two steps of equally many.
    cells = math.ceil(2 * len(members) / CELL_SIZE)
    branches = cells if cells <= CELL_BRANCHES else min(CELL_BRANCHES, math.ceil(math.sqrt(cells)))
    part = rows[members]
    sample = part[np.sort(rng.permutation(len(part))[: SAMPLE_PER_BRANCH * branches])]
    centres = sample[np.sort(rng.choice(len(sample), branches, replace=False))]
    for _ in range(5):
        nearest = nearest_rows(sample, centres)
        moved = centroids_of(sample, nearest, branches)
        centres = np.where(moved.any(axis=1, keepdims=True), moved, centres)
    nearest = nearest_rows(part, centres)
    groups = [members[nearest == branch] for branch in range(branches)]
    groups = [group for group in groups if len(group)]
    if len(groups) == 1:  # nothing but equal rows: any split is as good as another
        return np.array_split(members, math.ceil(len(members) / CELL_SIZE))
    return [cell for group in groups for cell in _split(rows, group, rng)]


def _common_cut(rows: Vectors, cells: list[NDArray[np.int64]], cluster_count: int) -> Labels:
    """Cut the cells' Ward trees at the one height that leaves `cluster_count` clusters in all (at least one a cell)."""
    trees = [ward_tree(rows[cell]) for cell in cells]
    heights = np.concatenate([tree.heights for tree in trees])
    cell_of_merge = np.repeat(np.arange(len(cells)), [len(tree.heights) for tree in trees])
    # Heights never fall within a tree and the sort is stable, so the lowest merges are a beginning of every tree.
    lowest = np.argsort(heights, kind="stable")[: max(0, len(rows) - cluster_count)]
    merge_counts = np.bincount(cell_of_merge[lowest], minlength=len(cells))
    labels = np.empty(len(rows), dtype=np.int64)
    used = 0
    for cell, tree, merge_count in zip(cells, trees, merge_counts, strict=True):
        local = _after_merges(tree, int(merge_count))
        labels[cell] = used + local
        used += int(local.max()) + 1
    return labels


def _refined(rows: Vectors, cells: list[NDArray[np.int64]], labels: Labels) -> Labels:
    """Move rows to the nearest centroid among those of the neighbouring cells, a few rounds.

    A row is compared with the centroids that lie in the `NEIGHBOUR_CELLS` cells nearest to its own: a bounded number
    for cells of bounded size, so a round is linear in the rows.
    """
    cluster_count = int(labels.max()) + 1
    cell_of_row = np.empty(len(rows), dtype=np.int64)
    for number, cell in enumerate(cells):
        cell_of_row[cell] = number
    cell_centres = centroids_of(rows, cell_of_row, len(cells))
    centroids = centroids_of(rows, labels, cluster_count)
    cell_of_cluster = nearest_rows(centroids, cell_centres)
    neighbours = np.argsort(-(cell_centres @ cell_centres.T), axis=1, kind="stable")[:, :NEIGHBOUR_CELLS]
    # A row's present cluster may lie outside the neighbouring cells: it is then left only for a nearer one.
    candidates = [
        np.union1d(np.flatnonzero(np.isin(cell_of_cluster, neighbours[number])), labels[cell])
        for number, cell in enumerate(cells)
    ]
    for _ in range(REFINEMENT_ROUNDS):
        moved = np.empty_like(labels)
        for cell, candidate in zip(cells, candidates, strict=True):
            moved[cell] = candidate[nearest_rows(rows[cell], centroids[candidate])]
        if np.array_equal(moved, labels):
            break
        labels = moved
        means = centroids_of(rows, labels, cluster_count)
        centroids = np.where(means.any(axis=1, keepdims=True), means, centroids)
    return labels


def _dense_regions(rows: Vectors, wanted: int) -> Labels:
    """HDBSCAN on the first principal components: on all dimensions it finds one blob or nothing but noise."""
    n = len(rows)
    if n < 5:
        return np.full(n, NOISE, dtype=np.int64)
    dimensions = min(REDUCED_DIMENSIONS, n, rows.shape[1])
    reduced = PCA(n_components=dimensions, svd_solver="full").fit_transform(rows)
    least_size = max(3, n // (2 * wanted))
    found = hdbscan.HDBSCAN(min_cluster_size=least_size, min_samples=min(3, least_size), core_dist_n_jobs=1)
    return numbered(found.fit_predict(reduced.astype(np.float64)).astype(np.int64))
