"""Clusters of conversations: members, levels, exact counts and candidate text, for one month.

Only conversations inside the account cap shape the clusters, are counted and lend words; the others are assigned to
the nearest base cluster afterwards, so that every conversation has one. Nothing here is published: the counts are
exact, and the gate in `privacy` decides about the text.
"""

import heapq
from dataclasses import dataclass
from hashlib import blake2b
from itertools import pairwise

import dataframely as dy
import numpy as np
import polars as pl
from numpy.typing import NDArray

from clio_lite.auditor import grade_text
from clio_lite.clustering import (
    NOISE,
    WARD_LIMIT,
    Labels,
    Method,
    Vectors,
    centroids_of,
    cluster_vectors,
    default_cluster_count,
    nearest_rows,
    numbered,
    unit_rows,
)
from clio_lite.hierarchy import build_levels, map_places
from clio_lite.labels import label_clusters, word_account_counts
from clio_lite.privacy import DisclosurePolicy, text_support_rule
from clio_lite.tables import Cluster, ClusterMember
from clio_lite.vocabulary import word_uses

MEAN_SIZE = 10
"""Least mean size of a base cluster by default (Clio: about n / 10 clusters)."""

MAX_SIBLINGS = 100
"""Siblings whose names are compared; more than this only where a month has one level."""


@dataclass(frozen=True)
class Clusters:
    """Clusters of one month.

    Attributes:
        members: One row per conversation and level; a noise conversation has none.
        clusters: One row per cluster with exact counts over the conversations inside the account cap.
        noise_count: Conversations inside the cap that belong to no cluster; only HDBSCAN leaves any.
        noise_share: The same as a share; null without conversations.
    """

    members: dy.DataFrame[ClusterMember]
    clusters: dy.DataFrame[Cluster]
    noise_count: int
    noise_share: float | None


@dataclass(frozen=True)
class _Rows:
    """Conversations sorted by id with their unit vectors and base clusters."""

    table: pl.DataFrame
    vectors: Vectors
    base: Labels

    @property
    def is_counted(self) -> NDArray[np.bool_]:
        """Inside the account cap and in a cluster."""
        inside: NDArray[np.bool_] = self.table["is_counted"].to_numpy() & (self.base != NOISE)
        return inside


def build_clusters(
    facets: pl.DataFrame,
    embeddings: pl.DataFrame,
    accounts: pl.DataFrame,
    *,
    policy: DisclosurePolicy,
    cluster_count: int | None,
    seed: int,
    levels: int = 3,
    method: Method = "auto",
) -> Clusters:
    """Cluster conversations by their requests, in levels, with counts, names and places on a map.

    Base clusters below the thresholds of a published cell are merged into the nearest other one until all pass or one
    is left. The result is the same whatever the order of the rows.

    Args:
        facets: The conversations to cluster, with `conversation_id`, `request` and `language` at least.
        embeddings: `conversation_id` and `embedding` of at least those conversations.
        accounts: `conversation_id`, `account_key` (null: no account) and `is_counted` of at least those conversations.
        policy: Thresholds.
        cluster_count: Base clusters before merging; None: one per max(10, 2 `min_conversations`) conversations, at most
            5,000, so that most pass the thresholds unmerged.
        seed: Seed of the clustering above 10,000 conversations.
        levels: Levels with the base; few base clusters get fewer.
        method: See `clustering.cluster_vectors`.

    Raises:
        ValueError: A conversation has no embedding or no account row, or more base clusters are asked for than one Ward
            tree can put in levels.
    """
    if cluster_count is not None and not 1 <= cluster_count <= WARD_LIMIT:
        raise ValueError(f"cluster_count: expected 1 to {WARD_LIMIT}, found {cluster_count}")
    table = _joined_rows(facets, embeddings, accounts)
    if not table["is_counted"].any():
        return Clusters(ClusterMember.create_empty(), Cluster.create_empty(), 0, None)
    vectors = unit_rows(table["embedding"].to_numpy())
    is_counted = table["is_counted"].to_numpy()
    wanted = cluster_count
    if wanted is None:
        mean_size = max(MEAN_SIZE, 2 * policy.min_conversations)
        wanted = default_cluster_count(int(is_counted.sum()), mean_size=mean_size)
    labels = cluster_vectors(vectors[is_counted], cluster_count=wanted, method=method, seed=seed)
    noise_count = int((labels == NOISE).sum())
    noise_share = noise_count / len(labels)
    if noise_count == len(labels):
        return Clusters(ClusterMember.create_empty(), Cluster.create_empty(), noise_count, noise_share)
    account = table["account_key"].filter(pl.Series(is_counted)).rank("dense").fill_null(0).to_numpy().astype(np.int64)
    merged = merge_small_clusters(vectors[is_counted], labels, account, policy=policy)
    rows = _Rows(table.drop("embedding"), vectors, _with_uncounted(vectors, is_counted, merged))
    members, clusters = _levelled(rows, levels)
    labelled = _with_text(clusters, members, rows, policy)
    return Clusters(ClusterMember.validate(members), Cluster.validate(labelled), noise_count, noise_share)


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


def cluster_id(level: int, conversation_ids: list[str]) -> str:
    """Id of a cluster: blake2b of its level and its members' ids; says nothing and changes only with them."""
    digest = blake2b(str(level).encode(), digest_size=8)
    for conversation_id in sorted(conversation_ids):
        encoded = conversation_id.encode()
        digest.update(len(encoded).to_bytes(8, "big") + encoded)
    return digest.hexdigest()


def _joined_rows(facets: pl.DataFrame, embeddings: pl.DataFrame, accounts: pl.DataFrame) -> pl.DataFrame:
    """Join the inputs, sorted by conversation id."""
    wanted = facets.select("conversation_id", "request", "language")
    table = (
        wanted.join(embeddings.select("conversation_id", "embedding"), on="conversation_id", how="inner")
        .join(accounts.select("conversation_id", "account_key", "is_counted"), on="conversation_id", how="inner")
        .sort("conversation_id")
    )
    if table.height != wanted.height:
        raise ValueError(
            f"expected one embedding and one account row for each of {wanted.height} conversations, found "
            f"{table.height} such rows"
        )
    return table


def _with_uncounted(vectors: Vectors, is_counted: NDArray[np.bool_], labels: Labels) -> Labels:
    """Assign the conversations beyond the account cap to the base cluster with the nearest centroid."""
    everyone = np.empty(len(vectors), dtype=np.int64)
    everyone[is_counted] = labels
    kept = labels != NOISE
    centroids = centroids_of(vectors[is_counted][kept], labels[kept], int(labels.max()) + 1)
    everyone[~is_counted] = nearest_rows(vectors[~is_counted], centroids)
    return everyone


def _levelled(rows: _Rows, levels: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Members and clusters of every level, without text."""
    base_count = int(rows.base.max()) + 1
    counted = rows.is_counted
    centroids = centroids_of(rows.vectors[counted], rows.base[counted], base_count)
    base_places = map_places(centroids)
    base_sizes = np.bincount(rows.base[counted], minlength=base_count)
    kept = rows.base != NOISE
    ids = rows.table["conversation_id"].filter(pl.Series(kept))
    members: list[pl.DataFrame] = []
    clusters: list[pl.DataFrame] = []
    parts: list[tuple[Labels, list[str]]] = []
    for level, group in enumerate(build_levels(centroids, levels=levels)):
        of_row = group[rows.base[kept]]
        grouped = pl.DataFrame({"conversation_id": ids, "number": of_row}).group_by("number").agg("conversation_id")
        names = [cluster_id(level, own) for _, own in grouped.sort("number").iter_rows()]
        members.append(
            pl.DataFrame(
                {"conversation_id": ids, "cluster_level": level, "cluster_id": pl.Series(names).gather(of_row)}
            )
        )
        sizes = np.bincount(group, weights=base_sizes)
        place = [np.bincount(group, weights=base_sizes * base_places[:, axis]) / sizes for axis in (0, 1)]
        clusters.append(
            pl.DataFrame({"cluster_id": names, "cluster_level": level, "map_x": place[0], "map_y": place[1]})
        )
        parts.append((group, names))
    parents = {
        child: above_names[above_group[base]]
        for (group, names), (above_group, above_names) in pairwise(parts)
        for base, child in ((base, names[group[base]]) for base in range(base_count))
    }
    every = pl.concat(clusters).with_columns(
        cluster_level=pl.col("cluster_level").cast(pl.Int64),
        parent_id=pl.col("cluster_id").replace_strict(parents, default=None, return_dtype=pl.String),
    )
    all_members = (
        pl.concat(members).with_columns(pl.col("cluster_level").cast(pl.Int64)).sort("conversation_id", "cluster_level")
    )
    return all_members, every.join(_counts(all_members, rows.table), on="cluster_id", how="left")


def _counts(members: pl.DataFrame, table: pl.DataFrame) -> pl.DataFrame:
    """Exact counts per cluster over the conversations inside the cap, and account shares over those with an account."""
    per_account = (
        members.join(table.select("conversation_id", "account_key", "is_counted"), on="conversation_id", how="inner")
        .filter("is_counted")
        .group_by("cluster_id", "account_key")
        .len("held")
    )
    has_account = pl.col("account_key").is_not_null()
    known = pl.col("held").filter(has_account)
    return per_account.group_by("cluster_id").agg(
        conversation_count=pl.col("held").sum().cast(pl.Int64),
        account_count=has_account.sum().cast(pl.Int64),
        top_account_share=pl.when(known.sum() > 0).then(known.max() / known.sum()).otherwise(0.0),
        top_two_account_share=pl.when(known.sum() > 0).then(known.top_k(2).sum() / known.sum()).otherwise(0.0),
    )


def _with_text(clusters: pl.DataFrame, members: pl.DataFrame, rows: _Rows, policy: DisclosurePolicy) -> pl.DataFrame:
    """Write and grade the text of the clusters that have the support for one."""
    counted = rows.table.filter("is_counted")
    uses = word_uses(counted)
    lenders = members.join(
        counted.select("conversation_id", "account_key", "language"), on="conversation_id", how="inner"
    )
    supported = clusters.filter(text_support_rule(policy).is_null())
    cohesion = _cohesion(members, rows)
    texts: list[tuple[str, str, str, int]] = []
    names: dict[str, str] = {}
    neighbours = _neighbours(clusters)
    for level in sorted(supported["cluster_level"].unique()):
        named = supported.filter(pl.col("cluster_level") == level)["cluster_id"].to_list()
        below = members.filter(pl.col("cluster_level") == max(0, level - 1))
        of_level = lenders.filter(pl.col("cluster_level") == level).join(
            below.select("conversation_id", part_id="cluster_id"), on="conversation_id", how="inner"
        )
        labels = label_clusters(
            uses,
            of_level,
            {name: cohesion[name] for name in named},
            min_accounts=policy.min_text_accounts,
            neighbours=neighbours,
            taken=names,
        )
        names |= {name: label.name for name, label in labels.items()}
        counts = word_account_counts(uses, of_level.filter(pl.col("cluster_id").is_in(named)))
        for name, label in sorted(labels.items()):
            text = f"{label.name}. {label.description}"
            grade = grade_text(text, counts[name], min_accounts=policy.min_text_accounts)
            texts.append((name, label.name, label.description, grade))
    columns = {"cluster_id": pl.String, "name": pl.String, "description": pl.String, "privacy_grade": pl.Int64}
    return (
        clusters.join(pl.DataFrame(texts, schema=columns, orient="row"), on="cluster_id", how="left")
        .select(Cluster.column_names())
        .sort("cluster_level", "cluster_id")
    )


def _neighbours(clusters: pl.DataFrame) -> dict[str, list[str]]:
    """Siblings and children of each cluster: whom a reader sees beside it."""
    children: dict[str | None, list[str]] = {}
    parents = list(clusters.sort("cluster_level", "cluster_id").select("cluster_id", "parent_id").iter_rows())
    for child, parent in parents:
        children.setdefault(parent, []).append(child)
    return {
        child: [*(other for other in children[parent][:MAX_SIBLINGS] if other != child), *children.get(child, [])]
        for child, parent in parents
    }


def _cohesion(members: pl.DataFrame, rows: _Rows) -> dict[str, float]:
    """Mean cosine of each cluster's counted conversations to its centroid."""
    place = pl.DataFrame({"conversation_id": rows.table["conversation_id"], "row": np.arange(rows.table.height)})
    result: dict[str, float] = {}
    counted = place.filter(pl.Series(rows.is_counted))
    for _, of_level in members.group_by("cluster_level"):
        joined = of_level.join(counted, on="conversation_id", how="inner").sort("row")
        names = joined["cluster_id"].unique().sort()
        labels = joined["cluster_id"].rank("dense").to_numpy().astype(np.int64) - 1
        vectors = rows.vectors[joined["row"].to_numpy()]
        centroids = centroids_of(vectors, labels, len(names))
        cosines = np.einsum("ij,ij->i", vectors, centroids[labels])
        means = np.bincount(labels, weights=cosines) / np.bincount(labels)
        result |= dict(zip(names.to_list(), means.tolist(), strict=True))
    return result
