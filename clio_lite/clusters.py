"""Clusters of conversations: members, levels, exact counts and candidate text, for one month.

Only conversations inside the account cap shape the clusters, are counted and lend words; the others are assigned to
the nearest base cluster afterwards, so that every conversation has one. Nothing here is published: the counts are
exact, and the gate in `privacy` decides about the text.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from itertools import pairwise

import dataframely as dy
import numpy as np
import polars as pl
from numpy.typing import NDArray

from clio_lite.accounts import account_counts
from clio_lite.cluster_text import ClusterText, LevelClusters, TextSource, write_level
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
    unit_rows,
)
from clio_lite.hierarchy import BaseClusters, LevelBuilder, WardLevels, check_levels, map_places
from clio_lite.merging import merge_small_clusters
from clio_lite.naming import ClusterLabeller, ExampleCounts, TextAuditor, nearest_centroids
from clio_lite.privacy import DisclosurePolicy, text_support_rule, word_accounts
from clio_lite.tables import Cluster, ClusterMember

MEAN_SIZE = 10
"""Least mean size of a base cluster by default (Clio: about n / 10 clusters)."""

MAX_SIBLINGS = 100
"""Siblings whose names are compared; more than this only where a month has one level."""

NEAR_BASE = 20
"""Nearest base clusters from whose names that of a base cluster must differ by more than a word."""


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
    labeller: ClusterLabeller | None = None,
    level_builder: LevelBuilder | None = None,
    examples: ExampleCounts | None = None,
    auditor: TextAuditor | None = None,
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
        labeller: Writes names and descriptions; None: distinctive terms do. Either way `cluster_text` judges them.
        level_builder: Groups the base clusters, whose texts are written first; None: `hierarchy.WardLevels`.
        examples: Members and nearest non-members that a labeller is shown of each cluster; None: 50 and 50.
        auditor: Grades what labeller and level builder write beside the embedded auditor; the lower grade counts.

    Raises:
        ValueError: A conversation has no embedding or no account row, more base clusters are asked for than one Ward
            tree can put in levels, or a level builder returned no hierarchy.
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
    source = _text_source(rows, policy, labeller, auditor, examples or ExampleCounts(), seed)
    members, clusters = _levelled(rows, source, policy, level_builder or WardLevels(), levels)
    return Clusters(ClusterMember.validate(members), Cluster.validate(clusters), noise_count, noise_share)


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


def _text_source(
    rows: _Rows,
    policy: DisclosurePolicy,
    labeller: ClusterLabeller | None,
    auditor: TextAuditor | None,
    examples: ExampleCounts,
    seed: int,
) -> TextSource:
    """The counted conversations that are in a cluster."""
    table = rows.table.filter(pl.Series(rows.is_counted)).drop("is_counted")
    min_accounts = word_accounts(policy, table["conversation_id"])
    return TextSource(table, rows.vectors[rows.is_counted], min_accounts, labeller, examples, seed, auditor)


@dataclass(frozen=True)
class _Level:
    """A level: which of its clusters each base cluster belongs to, their ids, members and exact counts."""

    number: int
    group: Labels
    ids: list[str]
    members: pl.DataFrame
    counts: pl.DataFrame


def _level(rows: _Rows, number: int, group: Labels) -> _Level:
    """Give the clusters of a level their ids, and count them."""
    kept = rows.base != NOISE
    of_row = group[rows.base[kept]]
    members = rows.table.filter(pl.Series(kept)).select("conversation_id", number=pl.Series(of_row))
    grouped = members.group_by("number").agg("conversation_id").sort("number")
    ids = [cluster_id(number, own) for own in grouped["conversation_id"]]
    level = pl.lit(number, dtype=pl.Int64)
    members = members.select("conversation_id", cluster_level=level, cluster_id=pl.Series(ids).gather(of_row))
    inside = rows.table.filter("is_counted").select("conversation_id", "account_key")
    counted = members.join(inside, on="conversation_id", how="inner")
    return _Level(number, group, ids, members, account_counts(counted, ["cluster_id"]))


def _levelled(
    rows: _Rows, source: TextSource, policy: DisclosurePolicy, builder: LevelBuilder, levels: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Members and clusters of every level with their texts, the base first."""
    base_count = int(rows.base.max()) + 1
    counted = rows.base[rows.is_counted]
    sizes = np.bincount(counted, minlength=base_count)
    centroids = centroids_of(source.vectors, counted, base_count)
    base = _level(rows, 0, np.arange(base_count))
    near = {
        name: [base.ids[other] for other in others]
        for name, others in zip(base.ids, nearest_centroids(centroids, NEAR_BASE), strict=True)
    }
    texts = write_level(source, _view(base, base, counted, policy, near=near, child_names={}), {})
    labels = [texts[name].label if name in texts else None for name in base.ids]
    above = builder.build(BaseClusters(centroids, sizes, labels), levels=levels, seed=source.seed)
    check_levels(above, base_count)
    built = [base, *(_level(rows, number, level.groups) for number, level in enumerate(above, start=1))]
    parents = _parents(built)
    family = _family(built, parents)
    for level, proposal, below in zip(built[1:], above, built, strict=False):
        proposed = {level.ids[number]: label for number, label in proposal.labels.items()}
        child_names = _child_names(level, below, parents, texts)
        view = _view(level, below, counted, policy, near=family, child_names=child_names)
        texts |= write_level(source, replace(view, proposed=proposed, proposed_by=builder.name), texts)
    places = map_places(centroids, seed=source.seed)
    clusters = pl.concat([_placed(level, sizes, places) for level in built])
    members = pl.concat([level.members for level in built]).sort("conversation_id", "cluster_level")
    return members, _with_text(clusters, parents, texts)


def _view(
    level: _Level,
    below: _Level,
    counted: Labels,
    policy: DisclosurePolicy,
    *,
    near: Mapping[str, Sequence[str]],
    child_names: Mapping[str, Sequence[str]],
) -> LevelClusters:
    """A level as its texts are written from it, no text proposed."""
    supported = frozenset(level.counts.filter(text_support_rule(policy).is_null())["cluster_id"])
    part_ids = pl.Series(below.ids, dtype=pl.String).gather(below.group[counted])
    labels = level.group[counted]
    return LevelClusters(level.number, level.ids, labels, part_ids, supported, near, child_names, {}, "")


def _parents(built: Sequence[_Level]) -> dict[str, str]:
    """Cluster one level up, of each cluster below the top."""
    return {
        below.ids[child]: above.ids[parent]
        for below, above in pairwise(built)
        for child, parent in zip(below.group, above.group, strict=True)
    }


def _family(built: Sequence[_Level], parents: Mapping[str, str]) -> dict[str, list[str]]:
    """Siblings and children of each cluster above the base: whom a reader sees beside it."""
    children: dict[str | None, list[str]] = {}
    for level in built:
        for name in sorted(level.ids):
            children.setdefault(parents.get(name), []).append(name)
    return {
        name: [
            *(other for other in children[parents.get(name)][:MAX_SIBLINGS] if other != name),
            *children.get(name, []),
        ]
        for level in built[1:]
        for name in level.ids
    }


def _child_names(
    level: _Level, below: _Level, parents: Mapping[str, str], texts: Mapping[str, ClusterText]
) -> dict[str, list[str]]:
    """Names of the clusters below each cluster of a level, the largest first."""
    names: dict[str, list[str]] = {name: [] for name in level.ids}
    by_size = below.counts.sort("conversation_count", "cluster_id", descending=[True, False])
    for child in by_size["cluster_id"]:
        if child in texts:
            names[parents[child]].append(texts[child].label.name)
    return names


def _placed(level: _Level, sizes: NDArray[np.int64], places: NDArray[np.float64]) -> pl.DataFrame:
    """Clusters of a level with their counts and their place: the mean of their base clusters' by size."""
    weights = np.bincount(level.group, weights=sizes)
    x, y = (np.bincount(level.group, weights=sizes * places[:, axis]) / weights for axis in (0, 1))
    number = pl.lit(level.number, dtype=pl.Int64)
    placed = pl.DataFrame({"cluster_id": level.ids, "map_x": x, "map_y": y}).with_columns(cluster_level=number)
    return placed.join(level.counts, on="cluster_id", how="left")


def _with_text(clusters: pl.DataFrame, parents: Mapping[str, str], texts: Mapping[str, ClusterText]) -> pl.DataFrame:
    """Rows of `tables.Cluster`."""
    rows = [
        (name, text.label.name, text.label.description, text.privacy_grade, text.written_by)
        for name, text in sorted(texts.items())
    ]
    strings = ("cluster_id", "name", "description")
    columns = {**dict.fromkeys(strings, pl.String), "privacy_grade": pl.Int64, "written_by": pl.String}
    parent = pl.col("cluster_id").replace_strict(parents, default=None, return_dtype=pl.String)
    return (
        clusters.with_columns(parent_id=parent)
        .join(pl.DataFrame(rows, schema=columns, orient="row"), on="cluster_id", how="left")
        .select(Cluster.column_names())
        .sort("cluster_level", "cluster_id")
    )
