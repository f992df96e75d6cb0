"""Clusters of conversations: members, counts, merging upwards, text thresholds and noise."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from cluster_world import World, make_world

from clio_lite.clustering import NOISE, unit_rows
from clio_lite.clusters import Clusters, build_clusters, cluster_id
from clio_lite.merging import merge_small_clusters
from clio_lite.privacy import DisclosurePolicy

POLICY = DisclosurePolicy(
    min_conversations=5, min_accounts=3, min_text_conversations=10, min_text_accounts=4, max_top_account_share=0.9
)


def build(world: World, **options: object) -> Clusters:
    arguments = {"policy": POLICY, "cluster_count": 4, "seed": 0} | options
    return build_clusters(world.facets, world.embeddings, world.accounts, **arguments)


def base_of(clusters: Clusters) -> dict[str, str]:
    base = clusters.members.filter(pl.col("cluster_level") == 0)
    return dict(base.select("conversation_id", "cluster_id").iter_rows())


def test_topics_become_base_clusters_with_exact_counts() -> None:
    found = build(make_world())
    base = found.clusters.filter(pl.col("cluster_level") == 0)
    assert base["conversation_count"].to_list() == [12] * 4
    assert base["account_count"].to_list() == [6] * 4
    assert base["top_account_share"].to_list() == pytest.approx([2 / 12] * 4)
    assert base["top_two_account_share"].to_list() == pytest.approx([4 / 12] * 4)
    base_ids = base_of(found)
    assert len({base_ids[name] for name in make_world().topic_ids(2)}) == 1
    assert found.noise_count == 0
    assert found.noise_share == 0.0


def test_every_conversation_has_one_cluster_per_level_and_parents_hold_their_children() -> None:
    found = build(make_world(topics=30, per_topic=6), cluster_count=30)
    levels = found.clusters["cluster_level"].unique().sort().to_list()
    assert levels == [0, 1, 2]
    assert found.members.height == 180 * len(levels)
    parent = dict(found.clusters.select("cluster_id", "parent_id").iter_rows())
    wide = found.members.pivot("cluster_level", index="conversation_id", values="cluster_id")
    for _, base, middle, top in wide.select("conversation_id", "0", "1", "2").iter_rows():
        assert (parent[base], parent[middle], parent[top]) == (middle, top, None)
    sums = found.clusters.group_by("cluster_level").agg(pl.col("conversation_count").sum())
    assert set(sums["conversation_count"]) == {180}


def test_the_map_place_of_a_parent_is_the_weighted_mean_of_its_children() -> None:
    found = build(make_world(topics=9, per_topic=8), cluster_count=9)
    weighted = pl.col("map_x") * pl.col("conversation_count")
    children = found.clusters.group_by("parent_id").agg(mean_x=weighted.sum() / pl.col("conversation_count").sum())
    joined = found.clusters.join(children, left_on="cluster_id", right_on="parent_id", how="inner")
    assert joined.height > 0
    assert joined["map_x"].to_list() == pytest.approx(joined["mean_x"].to_list())


def test_conversations_beyond_the_account_cap_are_members_but_do_not_count_nor_shape() -> None:
    world = make_world()
    rest = world.topic_ids(1)[6:]
    capped = replace(world, accounts=world.accounts.with_columns(is_counted=~pl.col("conversation_id").is_in(rest)))
    found = build(capped)
    base = base_of(found)
    assert len({base[name] for name in world.topic_ids(1)}) == 1
    counts = dict(found.clusters.select("cluster_id", "conversation_count").iter_rows())
    assert counts[base[rest[0]]] == 6


def test_a_conversation_without_an_account_counts_as_conversation_only() -> None:
    world = make_world()
    nameless = world.topic_ids(0)[:6]
    key = pl.when(~pl.col("conversation_id").is_in(nameless)).then(pl.col("account_key"))
    found = build(replace(world, accounts=world.accounts.with_columns(account_key=key)))
    own = found.clusters.filter(pl.col("cluster_id") == base_of(found)[nameless[0]]).row(0, named=True)
    assert (own["conversation_count"], own["account_count"]) == (12, 6)
    assert own["top_account_share"] == pytest.approx(1 / 6)


def test_without_any_account_everything_becomes_one_cluster_without_text() -> None:
    world = make_world()
    found = build(replace(world, accounts=world.accounts.with_columns(account_key=pl.lit(None, dtype=pl.String))))
    assert found.clusters.height == 1
    assert found.clusters.select("account_count", "top_account_share", "name").row(0) == (0, 0.0, None)


@pytest.mark.parametrize(
    ("per_topic", "accounts_per_topic", "has_text"), [(10, 4, True), (9, 4, False), (10, 3, False)]
)
def test_text_needs_its_own_conversations_and_accounts(per_topic: int, accounts_per_topic: int, has_text: bool) -> None:
    found = build(make_world(per_topic=per_topic, accounts_per_topic=accounts_per_topic))
    base = found.clusters.filter(pl.col("cluster_level") == 0)
    for column in ("name", "description", "privacy_grade"):
        assert base[column].is_not_null().to_list() == [has_text] * 4


def test_names_say_the_topics_and_earn_a_grade_that_may_be_published() -> None:
    found = build(make_world(per_topic=40, accounts_per_topic=40))
    base = found.clusters.filter(pl.col("cluster_level") == 0)
    names = sorted(base["name"].to_list())
    assert [name.split(" ")[0] for name in names] == ["Debug", "Draft", "Plan", "Translate"]
    assert base["privacy_grade"].min() >= 4
    assert all(text.count(".") == 2 for text in base["description"])


@pytest.mark.parametrize(("holders", "is_published"), [(3, False), (6, True)])
def test_a_private_word_needs_k_accounts_to_enter_any_text(holders: int, is_published: bool) -> None:
    world = make_world(per_topic=12, accounts_per_topic=12)
    planted = dict.fromkeys(world.topic_ids(0)[:holders], "Draft zebulonium zebulonium zebulonium")
    found = build(world.with_requests(planted))
    texts = " ".join([*found.clusters["name"].drop_nulls(), *found.clusters["description"].drop_nulls()])
    assert ("zebulonium" in texts.lower()) is is_published


def test_one_account_that_repeats_a_word_stays_one_account() -> None:
    world = make_world(per_topic=24, accounts_per_topic=12)
    same = [name for name in world.topic_ids(0) if int(name[3:]) % 12 < 2]
    found = build(world.with_requests(dict.fromkeys(same, "Draft zebulonium")), cluster_count=4)
    assert not found.clusters["description"].str.contains("zebulonium").any()


def test_the_rows_order_changes_nothing() -> None:
    world = make_world(topics=8, per_topic=10, spread=0.6)
    one, other = build(world, cluster_count=12), build(world.shuffled(4), cluster_count=12)
    assert one.members.equals(other.members)
    assert one.clusters.equals(other.clusters)


def test_noise_is_in_no_cluster_and_is_reported() -> None:
    world = make_world(topics=3, per_topic=40, accounts_per_topic=20, spread=0.03)
    stray = world.topic_ids(2)[:6]
    vectors = {
        name: unit_rows(np.random.default_rng(number).normal(size=(1, 16)))[0] for number, name in enumerate(stray)
    }
    rows = [vectors.get(name, value) for name, value in world.embeddings.iter_rows()]
    embeddings = world.embeddings.with_columns(
        embedding=pl.Series([list(row) for row in rows], dtype=pl.Array(pl.Float32, 16))
    )
    found = build(replace(world, embeddings=embeddings), method="hdbscan", cluster_count=3)
    members = set(found.members["conversation_id"])
    assert found.noise_count == 120 - len(members) > 0
    assert found.noise_share == pytest.approx(found.noise_count / 120)
    assert set(world.facets["conversation_id"]) - members <= set(stray)
    base = found.clusters.filter(pl.col("cluster_level") == 0)
    assert base["conversation_count"].sum() == len(members)


def test_only_noise_is_no_cluster_at_all() -> None:
    found = build(make_world(topics=1, per_topic=4), method="hdbscan")
    assert (found.members.height, found.clusters.height, found.noise_share) == (0, 0, 1.0)


def test_no_conversation_is_an_empty_table() -> None:
    world = make_world()
    empty = replace(world, facets=world.facets.head(0))
    found = build(empty)
    assert (found.members.height, found.clusters.height, found.noise_share) == (0, 0, None)


def test_a_conversation_without_embedding_is_refused() -> None:
    world = make_world()
    with pytest.raises(ValueError, match="each of 48 conversations, found 47"):
        build(replace(world, embeddings=world.embeddings.head(47)))


@pytest.mark.parametrize("cluster_count", [0, 10_001])
def test_a_number_of_clusters_that_no_tree_can_hold_is_refused(cluster_count: int) -> None:
    with pytest.raises(ValueError, match=f"expected 1 to 10000, found {cluster_count}"):
        build(make_world(), cluster_count=cluster_count)


def test_the_default_number_of_base_clusters_leaves_most_above_the_thresholds() -> None:
    found = build(make_world(topics=20, per_topic=10, spread=0.9), cluster_count=None)
    base = found.clusters.filter(pl.col("cluster_level") == 0)
    assert 10 <= base.height <= 20
    assert base["conversation_count"].min() >= POLICY.min_conversations


def test_a_small_cluster_joins_its_nearest_neighbour() -> None:
    directions = unit_rows(np.array([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0]]))
    labels = np.array([0] * 5 + [1] * 2 + [2] * 5)
    merged = merge_small_clusters(directions[labels], labels, np.arange(1, 13), policy=POLICY)
    assert merged.tolist() == [0] * 7 + [1] * 5


def test_merging_goes_on_until_accounts_suffice_too_and_noise_stays_out() -> None:
    directions = unit_rows(np.array([[1.0, 0.0, 0.0], [0.8, 0.2, 0.0], [0.0, 0.0, 1.0], [0.5, 0.5, 0.5]]))
    labels = np.array([0] * 6 + [1] * 6 + [2] * 6 + [NOISE])
    vectors = directions[np.where(labels == NOISE, 3, labels)]
    accounts = np.array([1, 2] * 3 + [2, 3] * 3 + [4, 5, 6] * 2 + [7])
    merged = merge_small_clusters(vectors, labels, accounts, policy=POLICY)
    assert merged.tolist() == [0] * 12 + [1] * 6 + [NOISE]


def test_cluster_ids_depend_on_level_and_members_alone() -> None:
    assert cluster_id(0, ["a", "b"]) == cluster_id(0, ["b", "a"])
    ids = {cluster_id(0, ["a", "b"]), cluster_id(1, ["a", "b"]), cluster_id(0, ["ab"]), cluster_id(0, ["a"])}
    assert len(ids) == 4
