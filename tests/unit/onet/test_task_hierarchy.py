"""The hierarchy of statements: nested, the same every time, and the way down finds what a full search finds nearby."""

import numpy as np
import polars as pl
import pytest
from onet_example import WordEncoder

from onet.index_building import build_task_index
from onet.matching import match_by_descent
from onet.release import load_release
from onet.retrieval import retrieve_tasks
from onet.task_hierarchy import build_task_hierarchy, descend, hierarchy_from_tables
from onet.verification import CalibratedVerifier
from pipelines.settings import STARTER


@pytest.fixture(scope="module")
def index():
    return build_task_index(load_release(STARTER), WordEncoder(), seed=0)


@pytest.fixture(scope="module")
def hierarchy(index):
    return build_task_hierarchy(index, seed=0)


def test_every_statement_lies_in_one_middle_node_and_that_in_one_top_node(index, hierarchy):
    nodes = hierarchy.nodes
    assert hierarchy.statements["statement_task_id"].to_list() == index.statements["statement_task_id"].to_list()
    parents = dict(nodes.filter(pl.col("node_level") == "middle").select("node_id", "parent_id").rows())
    assert all(parents[middle] == top for _, middle, top in hierarchy.statements.rows())
    counts = nodes.group_by("node_level").agg(pl.col("statement_count").sum(), pl.len()).sort("node_level").rows()
    assert counts == [("middle", 961, 107), ("top", 961, 12)]
    assert nodes["name"].str.len_chars().min() > 3


def test_the_same_index_and_seed_give_the_same_hierarchy(index, hierarchy):
    again = build_task_hierarchy(index, seed=0)
    assert again.nodes.equals(hierarchy.nodes)
    assert again.statements.equals(hierarchy.statements)


def test_stored_tables_give_the_hierarchy_back_in_any_order(index, hierarchy):
    shuffled = hierarchy.statements.sample(fraction=1, shuffle=True, seed=3)
    found = hierarchy_from_tables(hierarchy.nodes, shuffled, index)
    assert np.array_equal(found.middle_vectors, hierarchy.middle_vectors)
    assert np.array_equal(found.top_vectors, hierarchy.top_vectors)


def test_a_hierarchy_of_other_statements_is_refused(index, hierarchy):
    with pytest.raises(ValueError, match="build it again"):
        hierarchy_from_tables(hierarchy.nodes, hierarchy.statements.head(900), index)


def test_with_every_node_kept_the_way_down_is_the_full_search(index, hierarchy):
    queries = WordEncoder().encode(["teach pupils to read", "repair a pump", "audit the accounts"])
    found = descend(hierarchy, index, queries, top=5, beam=1_000)
    assert found.equals(retrieve_tasks(index, queries, top=5).select(found.columns))


def test_a_narrow_way_down_stays_inside_the_nodes_it_chose(index, hierarchy):
    queries = WordEncoder().encode(["teach pupils to read", "repair a pump"])
    found = descend(hierarchy, index, queries, top=10, beam=1)
    nodes = hierarchy.statements["middle_id"].gather(found["statement_number"])
    assert found.with_columns(node=nodes).group_by("query_number").agg(pl.col("node").n_unique())["node"].max() == 1


def test_statements_on_the_way_down_score_as_in_the_full_search(index, hierarchy):
    queries = WordEncoder().encode(["teach pupils to read", "repair a pump"])
    keys = ["query_number", "statement_number", "retrieval_score"]
    full = retrieve_tasks(index, queries, top=index.statements.height).select(keys)
    found = descend(hierarchy, index, queries, top=10, beam=1).select(keys)
    assert found.join(full, on=keys, how="anti").is_empty()


def test_matches_name_each_id_and_its_statement(index, hierarchy):
    texts = index.statements["task"].head(3).to_list()
    table = match_by_descent(
        pl.Series(["a", "b", "c"]),
        WordEncoder().encode(texts),
        index=index,
        hierarchy=hierarchy,
        verifier=CalibratedVerifier(index.vector_calibration),
        top=1,
    )
    assert table["id"].to_list() == ["a", "b", "c"]
    assert table["rank"].to_list() == [1, 1, 1]


def test_no_query_has_no_rows(index, hierarchy):
    assert descend(hierarchy, index, np.zeros((0, 64), dtype=np.float32), top=3).is_empty()
