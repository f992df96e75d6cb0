"""Clusters below the thresholds of a published cell are merged upwards, so that every cluster may be counted."""

import heapq

import numpy as np
from numpy.typing import NDArray

from clio_lite.clustering import NOISE, Labels, Vectors, centroids_of, numbered, unit_rows
from clio_lite.privacy import DisclosurePolicy


def merge_small_clusters(
    vectors: Vectors, labels: Labels, accounts: NDArray[np.int64], *, policy: DisclosurePolicy
) -> Labels:
    """Merge clusters below the thresholds upwards: the smallest first, each into the one with the nearest centroid.

    Args:
        vectors: Array (n, d) of unit rows.
        labels: Cluster per row; noise stays noise.
        accounts: Number of the account per row, 0 for none.
        policy: `min_conversations` and `min_accounts` count here.

    Returns:
        Cluster per row, numbered by first appearance: all pass, or one is left.
    """
    labels = numbered(labels)
    count = int(labels.max()) + 1
    kept = labels != NOISE
    sizes = np.bincount(labels[kept], minlength=count)
    holders: list[set[int]] = [set() for _ in range(count)]
    for label, account in zip(labels[kept].tolist(), accounts[kept].tolist(), strict=True):
        if account:
            holders[label].add(account)
    directions = centroids_of(vectors[kept], labels[kept], count)
    lengths = np.zeros(count)
    np.add.at(lengths, labels[kept], np.einsum("ij,ij->i", vectors[kept], directions[labels[kept]]))
    into = np.arange(count)
    failing = [(int(sizes[label]), label) for label in range(count)]
    heapq.heapify(failing)
    alive = count
    while failing and alive > 1:
        size, label = heapq.heappop(failing)
        is_stale = into[label] != label or size != sizes[label]
        if is_stale or (size >= policy.min_conversations and len(holders[label]) >= policy.min_accounts):
            continue
        likeness = directions @ directions[label]
        likeness[into != np.arange(count)] = -np.inf
        likeness[label] = -np.inf
        target = int(np.argmax(likeness))
        total = lengths[label] * directions[label] + lengths[target] * directions[target]
        lengths[target] = np.linalg.norm(total)
        directions[target] = unit_rows(total[None, :])[0]
        sizes[target] += size
        holders[target] |= holders[label]
        into[label] = target
        alive -= 1
        heapq.heappush(failing, (int(sizes[target]), target))
    for label in range(count):
        while into[label] != into[into[label]]:
            into[label] = into[into[label]]
    result = labels.copy()
    result[kept] = into[labels[kept]]
    return numbered(result)
