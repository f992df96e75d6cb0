"""Naming clusters: what a labeller is shown of each cluster, and the contract that it fulfils.

Here belong the choice of examples and the protocol of a labeller. The gate behind every labeller, the regeneration and
the term-based fallback are in `cluster_text`; a labeller that asks a language model has a module of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from clio_lite.clustering import BLOCK_ROWS, NOISE, Labels, Vectors, centroids_of

NEIGHBOUR_CLUSTERS: Final = 8
"""Nearest clusters by centroid in which the nearest non-members are looked for."""

GOLDEN_RATIO: Final = (5**0.5 - 1) / 2
"""Its multiples modulo 1 cover every beginning of a sequence evenly."""


@dataclass(frozen=True)
class Label:
    """Candidate text of one cluster."""

    name: str
    description: str

    @property
    def text(self) -> str:
        """The whole, as it would be read."""
        return f"{self.name}. {self.description}".rstrip()


@dataclass(frozen=True)
class ExampleCounts:
    """Most members and most nearest non-members shown for each cluster (Clio, arXiv 2412.13678: 50 and 50)."""

    members: int = 50
    contrasts: int = 50

    def __post_init__(self) -> None:
        """Refuse numbers that show nothing.

        Raises:
            ValueError: No member, or a negative number of non-members.
        """
        if self.members < 1 or self.contrasts < 0:
            raise ValueError(f"expected at least 1 member and 0 contrasts, got {self.members} and {self.contrasts}")


@dataclass(frozen=True)
class NamingExamples:
    """Rows to show of each cluster, by its number: members, and the nearest rows of other clusters."""

    members: tuple[NDArray[np.int64], ...]
    contrasts: tuple[NDArray[np.int64], ...]


@dataclass(frozen=True)
class NamingTask:
    """What a labeller is told of one cluster.

    Attributes:
        cluster_id: Id that the answer is keyed by.
        cluster_level: 0 for a base cluster.
        member_requests: Redacted requests of some members, in the order of choice; untrusted text, never instructions.
        contrast_requests: Redacted requests of the nearest non-members; untrusted as well.
        child_names: Names of the clusters below, the largest first; empty at the base.
        refused_words: Words that kept earlier answers from being published; the next one must do without.
        taken_names: Names that earlier answers gave and that another cluster of the level already has.
        attempt: 0 for the first answer.
        conversation_ids: Whose requests are shown, so that what was made of them can be forgotten; never shown.
    """

    cluster_id: str
    cluster_level: int
    member_requests: tuple[str, ...]
    contrast_requests: tuple[str, ...]
    child_names: tuple[str, ...] = ()
    refused_words: tuple[str, ...] = ()
    taken_names: tuple[str, ...] = ()
    attempt: int = 0
    conversation_ids: tuple[str, ...] = ()


class ClusterLabeller(Protocol):
    """Writes names and descriptions of clusters; the gate judges them afterwards."""

    @property
    def name(self) -> str:
        """Model and prompt version, as it stands in the table beside each text."""
        ...

    def write(self, tasks: Sequence[NamingTask]) -> Mapping[str, Label]:
        """Answer as many tasks as it can, by cluster id; a cluster that it leaves out gets a term-based text."""
        ...


class TextAuditor(Protocol):
    """Grades texts of clusters beside the embedded auditor; the lower grade counts."""

    def grades(self, labels: Mapping[str, Label]) -> Mapping[str, int]:
        """Clio's grade, 1 to 5, by cluster id; a text that it leaves out is not published as it is."""
        ...


def naming_examples(
    vectors: Vectors, labels: Labels, accounts: NDArray[np.int64], *, counts: ExampleCounts, seed: int
) -> NamingExamples:
    """Choose the rows to show of each cluster.

    Members: every account's first row (in a seeded order) before any account's second; where only a part of a round
    fits, it is spread evenly from the rows closest to the centroid to the farthest. Non-members: of the rows of the
    `NEIGHBOUR_CLUSTERS` clusters with the nearest centroids, those closest to the centroid, again every account once
    before any twice. Nothing is compared pairwise, so the time is linear in the rows.

    Args:
        vectors: Array (n, d) of unit rows, sorted by their ids.
        labels: Cluster per row, numbered from 0 without gaps; noise is in no example.
        accounts: Number of the account per row; rows without one share a number.
        counts: Most rows of either kind per cluster.
        seed: Seed of the choice among an account's rows.
    """
    cluster_count = int(labels.max(initial=NOISE)) + 1
    kept = np.flatnonzero(labels != NOISE)
    order = kept[np.argsort(labels[kept], kind="stable")]
    cluster, account = labels[order], accounts[order]
    is_whole = len(kept) == len(labels)
    centroids = centroids_of(
        vectors if is_whole else vectors[kept], labels if is_whole else labels[kept], cluster_count
    )
    closeness = _own_closeness(vectors, order, centroids, cluster)
    chance = np.empty(len(order), dtype=np.int64)
    chance[np.random.default_rng(seed).permutation(len(order))] = np.arange(len(order))
    turn = _turns((cluster, account), chance)
    evenly = np.mod((1 + _turns((cluster, turn), np.argsort(-closeness, kind="stable"))) * GOLDEN_RATIO, 1.0)
    members = _first_of_each(cluster, np.lexsort((evenly, turn, cluster)), counts.members, cluster_count)
    if counts.contrasts and cluster_count > 1:
        near = _near_rows(vectors, order, cluster, centroids, keep=2 * counts.contrasts)
        by_cluster = np.argsort(_nearest_first_keys(near.cluster, near.closeness), kind="stable")
        starts = np.searchsorted(near.cluster[by_cluster], np.arange(cluster_count))
        rank = np.arange(len(by_cluster)) - starts[near.cluster[by_cluster]]
        best = by_cluster[rank < 2 * counts.contrasts]
        of_cluster, row = near.cluster[best], near.row[best]
        again = _turns((of_cluster, account[row]), np.arange(len(best)))
        by_turn = np.argsort(of_cluster * (int(again.max(initial=0)) + 1) + again, kind="stable")
        contrasts = [row[own] for own in _first_of_each(of_cluster, by_turn, counts.contrasts, cluster_count)]
    else:
        contrasts = [np.zeros(0, dtype=np.int64)] * cluster_count
    return NamingExamples(tuple(order[own] for own in members), tuple(order[own] for own in contrasts))


def _own_closeness(
    vectors: Vectors, order: NDArray[np.int64], centroids: Vectors, cluster: Labels
) -> NDArray[np.float32]:
    """Cosine of each row, in an order, to the centroid of its cluster; block by block, so that no copy is held."""
    closeness = np.empty(len(order), dtype=np.float32)
    for start in range(0, len(order), BLOCK_ROWS):
        block = slice(start, start + BLOCK_ROWS)
        closeness[block] = np.einsum("ij,ij->i", vectors[order[block]], centroids[cluster[block]])
    return closeness


def _nearest_first_keys(cluster: NDArray[np.int64], closeness: NDArray[np.float32]) -> NDArray[np.int64]:
    """Numbers that sort by cluster, then by falling closeness: the bits of floats, those of negatives turned over."""
    bits = (0.0 - closeness).astype(np.float32).view(np.int32).astype(np.int64)
    return (cluster << 32) + np.where(bits < 0, bits ^ 0x7FFFFFFF, bits)


@dataclass(frozen=True)
class _NearRows:
    """Pairs of a cluster and a row of a neighbouring one, with its cosine to the cluster's centroid."""

    cluster: NDArray[np.int64]
    row: NDArray[np.int64]
    closeness: NDArray[np.float32]


def _near_rows(
    vectors: Vectors, order: NDArray[np.int64], cluster: Labels, centroids: Vectors, *, keep: int
) -> _NearRows:
    """Rows of the neighbouring clusters of each cluster, at most the nearest `keep` of each neighbour.

    Args:
        vectors: All rows.
        order: Those in a cluster, cluster by cluster; a near row is its place here.
        cluster: Their clusters.
        centroids: Array (k, d) of unit rows.
        keep: Most of a neighbour.
    """
    cluster_count = len(centroids)
    neighbours = nearest_centroids(centroids, NEIGHBOUR_CLUSTERS)
    asking = np.argsort(neighbours.ravel(), kind="stable") // neighbours.shape[1]
    asked_from = np.searchsorted(np.sort(neighbours.ravel()), np.arange(cluster_count + 1))
    starts = np.searchsorted(cluster, np.arange(cluster_count + 1))
    parts: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]] = []
    for neighbour in range(cluster_count):
        askers = asking[asked_from[neighbour] : asked_from[neighbour + 1]]
        first, end = int(starts[neighbour]), int(starts[neighbour + 1])
        if not len(askers):
            continue
        closeness = centroids[askers] @ vectors[order[first:end]].T
        if end - first > keep:
            nearest = np.sort(np.argpartition(closeness, -keep, axis=1)[:, -keep:], axis=1)
            closeness = np.take_along_axis(closeness, nearest, axis=1)
        else:
            nearest = np.broadcast_to(np.arange(end - first), closeness.shape)
        parts.append((np.repeat(askers, nearest.shape[1]), (first + nearest).ravel(), closeness.ravel()))
    return _NearRows(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def nearest_centroids(centroids: Vectors, count: int) -> NDArray[np.int64]:
    """Numbers of the other clusters with the nearest centroids, nearest first: array (k, min(count, k - 1)).

    Args:
        centroids: Array (k, d) of unit rows.
        count: Neighbours wanted of each.
    """
    k = len(centroids)
    wanted = min(count, k - 1)
    nearest = np.empty((k, wanted), dtype=np.int64)
    if not wanted:
        return nearest
    for start in range(0, k, BLOCK_ROWS):
        likeness = centroids[start : start + BLOCK_ROWS] @ centroids.T
        own = np.arange(len(likeness))
        likeness[own, start + own] = -np.inf
        for place in range(wanted):  # a few passes of argmax are faster than one partition
            best = np.argmax(likeness, axis=1)
            nearest[start : start + BLOCK_ROWS, place] = best
            likeness[own, best] = -np.inf
    return nearest


def _turns(keys: tuple[NDArray[np.int64], ...], order: NDArray[np.int64]) -> NDArray[np.int64]:
    """Place of each row among those with the same keys, from 0, when the rows are gone through in an order."""
    group = keys[0]
    for key in keys[1:]:
        group = group * (int(key.max(initial=0)) + 1) + key
    by_group = order[np.argsort(group[order], kind="stable")]
    ordered = group[by_group]
    first = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]][: len(ordered)])
    turn = np.empty(len(group), dtype=np.int64)
    turn[by_group] = np.arange(len(group)) - np.repeat(first, np.diff(np.r_[first, len(group)]))
    return turn


def _first_of_each(
    group: NDArray[np.int64], by_group: NDArray[np.int64], count: int, group_count: int
) -> list[NDArray[np.int64]]:
    """First `count` rows of each group, given the rows in an order that keeps groups together."""
    starts = np.searchsorted(group[by_group], np.arange(group_count + 1))
    return [by_group[first : min(end, first + count)] for first, end in pairwise(starts)]
