"""What holds of clusters whatever the conversations."""

from dataclasses import replace

import hypothesis.strategies as st
import numpy as np
import polars as pl
from cluster_world import World, make_world
from hypothesis import given, settings

from clio_lite.clustering import unit_rows
from clio_lite.clusters import build_clusters
from clio_lite.labels import word_account_counts
from clio_lite.merging import merge_small_clusters
from clio_lite.privacy import DisclosurePolicy
from clio_lite.vocabulary import public_vocabulary, refused_words, split_words, word_uses

POLICY = DisclosurePolicy(
    min_conversations=4,
    min_accounts=2,
    min_text_conversations=6,
    min_text_accounts=3,
    max_top_account_share=1.0,
    max_top_two_account_share=1.0,
)
WORDS = [
    "draft",
    "debug",
    "zebulonium",
    "quorvax",
    "Patricia",
    "lesson",
    "x9",
    "bob@example.org",
    "[email]",
    "für",
    "合同",
]


@st.composite
def worlds(draw: st.DrawFn) -> World:
    world = make_world(
        topics=draw(st.integers(1, 6)),
        per_topic=draw(st.integers(1, 14)),
        accounts_per_topic=draw(st.integers(1, 8)),
        spread=draw(st.sampled_from([0.05, 0.5, 2.0])),
        seed=draw(st.integers(0, 5)),
    )
    size = world.facets.height
    texts = draw(st.lists(st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join), min_size=size, max_size=size))
    counted = draw(st.lists(st.booleans(), min_size=size, max_size=size))
    keyed = draw(st.lists(st.booleans(), min_size=size, max_size=size))
    key = pl.when(pl.Series(keyed)).then(pl.col("account_key"))
    return replace(
        world,
        facets=world.facets.with_columns(request=pl.Series(texts)),
        accounts=world.accounts.with_columns(is_counted=pl.Series(counted), account_key=key),
    )


@settings(max_examples=40)
@given(world=worlds(), cluster_count=st.integers(1, 12), order=st.integers(0, 9))
def test_counts_add_up_text_is_of_k_accounts_and_order_is_nothing(world: World, cluster_count: int, order: int) -> None:
    def build(inputs: World) -> tuple[pl.DataFrame, pl.DataFrame]:
        found = build_clusters(
            inputs.facets, inputs.embeddings, inputs.accounts, policy=POLICY, cluster_count=cluster_count, seed=1
        )
        return found.members, found.clusters

    members, clusters = build(world)
    again = build(world.shuffled(order))
    assert members.equals(again[0])
    assert clusters.equals(again[1])
    counted = world.accounts.filter("is_counted")
    if counted.is_empty():
        assert members.is_empty()
        return
    for level in clusters["cluster_level"].unique():
        of_level = clusters.filter(pl.col("cluster_level") == level)
        assert of_level["conversation_count"].sum() == counted.height
        assert members.filter(pl.col("cluster_level") == level).height == world.facets.height
        passes = (pl.col("conversation_count") >= 4) & (pl.col("account_count") >= 2)
        assert of_level.height == 1 or of_level.select(passes.all()).item()
    lenders = members.join(counted, on="conversation_id")
    counts = word_account_counts(word_uses(world.facets), lenders)
    public = public_vocabulary().words
    for cluster, name, description in clusters.select("cluster_id", "name", "description").drop_nulls().iter_rows():
        text = f"{name}. {description}"
        assert refused_words(text, counts[cluster], min_accounts=3) == []
        assert "patricia" not in split_words(text)
        assert all(word in public or counts[cluster][word] >= 3 for word in split_words(text))


@settings(max_examples=60)
@given(
    labels=st.lists(st.integers(0, 8), min_size=1, max_size=60),
    account_range=st.integers(1, 10),
    seed=st.integers(0, 99),
)
def test_merging_only_joins_whole_clusters_until_all_pass_or_one_is_left(
    labels: list[int], account_range: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    vectors = unit_rows(rng.normal(size=(len(labels), 4)))
    accounts = rng.integers(0, account_range, size=len(labels))
    merged = merge_small_clusters(vectors, np.array(labels), accounts, policy=POLICY)
    for label in set(labels):
        assert len(set(merged[np.array(labels) == label])) == 1
    groups = [np.flatnonzero(merged == label) for label in np.unique(merged)]
    passing = [len(group) >= 4 and len(set(accounts[group]) - {0}) >= 2 for group in groups]
    assert len(groups) == 1 or all(passing)
