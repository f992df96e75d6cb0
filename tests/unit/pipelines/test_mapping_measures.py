"""What the mapping is worth: on which requests retrieval and models are measured, and how it is told by major group."""

from dataclasses import replace

import polars as pl
import pytest
from onet_example import WordEncoder, large_files, small_files, write_text
from scripted_model import ScriptedModel

from onet.bridges import REQUEST_SCHEMA
from onet.calibration import Calibration, Logit
from onet.evaluation import evaluate_verifier, evaluation_depth
from onet.gold import Gold, activity_gold
from onet.gold_search import AskedGold
from onet.group_accuracy import accuracy_by_group, linked_groups, statement_groups
from onet.index_building import build_task_index
from onet.release import Release, load_release
from onet.retrieval import retrieve_tasks
from onet.task_index import TaskIndex
from onet.verification import CalibratedVerifier
from pipelines.mapping_measures import SMALL_SAMPLE, accuracy_table, measure_verifiers
from pipelines.publish.making import Making, making_tables
from pipelines.settings import RunFields


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    return load_release(write_text(tmp_path_factory.mktemp("large"), large_files()))


@pytest.fixture(scope="module")
def index(release: Release) -> TaskIndex:
    return build_task_index(release, WordEncoder(), seed=0)


@pytest.fixture(scope="module")
def phrased_index(release: Release, index: TaskIndex) -> TaskIndex:
    """The index with a request of each activity by each of three writers, two of them measuring ones."""
    owners = release.task_activities["dwa_id"].unique().sort()
    rows = [
        (owner, writer, f"please thing{number % 17} {writer}own{number}")
        for number, owner in enumerate(owners)
        for writer in ("a", "h", "o")
    ]
    requests = pl.DataFrame(rows, schema=REQUEST_SCHEMA, orient="row").sort("owner", "writer", "request")
    bridge = replace(
        index.activity_bridge, requests=requests, vectors=WordEncoder().encode(requests["request"].to_list())
    )
    return replace(index, activity_bridge=bridge)


def gold_of(release: Release, index: TaskIndex) -> Gold:
    return activity_gold(index.statements, release.tasks, release.task_activities, release.activities, seed=index.seed)


def requests_of(release: Release, index: TaskIndex) -> AskedGold:
    dimensions = index.english_dimensions
    return AskedGold.by_requests(gold_of(release, index), index.activity_bridge, english_dimensions=dimensions)


def test_retrieval_is_scored_on_requests_as_it_is_used_without_what_their_writers_wrote(
    release: Release, phrased_index: TaskIndex
) -> None:
    scores = measure_verifiers(release, phrased_index, WordEncoder(), RunFields(), None).scores
    row = scores.row(by_predicate=pl.col("strategy") == "retrieval", named=True)
    asked = requests_of(release, phrased_index)
    assert set(asked.writers) == {"h", "o"}
    found = []
    for number, text, writer in zip(*asked.gold.queries.select("query_number", "title"), asked.writers, strict=True):
        own = replace(
            phrased_index,
            activity_bridge=phrased_index.activity_bridge.without(writer),
            occupation_bridge=phrased_index.occupation_bridge.without(writer),
        )
        if asked.gold.queries.item(number, "is_held_out"):
            one = retrieve_tasks(own, WordEncoder().encode([text]), top=13, texts=[text])
            found.append(one.with_columns(query_number=pl.lit(number, pl.Int64)))
    expected = evaluate_verifier(phrased_index.text_verifier, pl.concat(found), asked.gold)
    assert expected is not None
    assert 0 < expected.hit_at_1_share < 1, "with the writer's own line every request would find its activity"
    assert (row["query_count"], row["retrieval_right_share"]) == (expected.query_count, expected.hit_at_1_share)
    assert row["brier"] == pytest.approx(expected.brier)


def test_titles_stand_in_where_no_request_is_known(release: Release, index: TaskIndex) -> None:
    scores = measure_verifiers(release, index, WordEncoder(), RunFields(), None).scores
    row = scores.row(by_predicate=pl.col("strategy") == "retrieval", named=True)
    gold = gold_of(release, index)
    titles = gold.queries["title"].to_list()
    found = retrieve_tasks(index, WordEncoder().encode(titles), top=evaluation_depth(gold), texts=titles)
    expected = evaluate_verifier(index.text_verifier, found, gold)
    assert expected is not None
    assert row["retrieval_right_share"] == pytest.approx(expected.retrieval_hit_at_1_share)
    assert row["brier"] == pytest.approx(expected.brier)


def test_a_model_is_measured_on_the_requests_that_retrieval_is_measured_on(
    release: Release, phrased_index: TaskIndex
) -> None:
    model = ScriptedModel(lambda _: {"choice": 1})
    settings = RunFields(models=RunFields().models.model_copy(update={"verify_gold_sample": 4}))
    scores = measure_verifiers(release, phrased_index, WordEncoder(), settings, model).scores
    assert scores.filter(strategy="choice").select("query_count", "fit_query_count").row(0) == (4, 4)
    asked = requests_of(release, phrased_index)
    requests = set(asked.gold.queries["title"])
    assert all(any(request in question.user for request in requests) for question in model.asked)


GROUPS = (["13", "13", "15"], ["15"], ["13", "29"], ["29"])
"""Major groups of the occupations of four statements."""


def by_hand() -> tuple[Gold, pl.DataFrame, pl.DataFrame]:
    """Four held-out queries and one that is not, with their candidates in order."""
    linked = {0: [0, 1], 1: [1], 2: [2, 3], 3: [1], 4: [0]}
    ranked = {0: [0, 1, 2, 3], 1: [0, 1, 2, 3], 2: [1, 0, 3, 2], 3: [3, 2, 0, 1], 4: [0, 1, 2, 3]}
    queries = pl.DataFrame({"query_number": range(5), "dwa_id": list("abcde"), "is_held_out": [True] * 4 + [False]})
    links = pl.DataFrame(
        [(q, n) for q, own in linked.items() for n in own], schema=["query_number", "statement_number"], orient="row"
    )
    rows = [(q, r, n, 1 - r / 10) for q, order in ranked.items() for r, n in enumerate(order, start=1)]
    columns = ["query_number", "retrieval_rank", "statement_number", "retrieval_score"]
    statements = pl.DataFrame(
        {"onet_soc_codes": [[f"{group}-1111.0{place}" for place, group in enumerate(own)] for own in GROUPS]}
    )
    return Gold(queries, links, links), pl.DataFrame(rows, schema=columns, orient="row"), statements


def test_a_request_counts_in_the_group_of_most_of_its_linked_occupations_and_held_out_ones_only() -> None:
    gold, found, statements = by_hand()
    groups = statement_groups(statements)
    of_query = linked_groups(gold, groups)
    assert dict(of_query.filter("is_main").select("query_number", "soc_major_group").rows()) == {
        0: "13",
        1: "15",
        2: "29",
        3: "15",
        4: "13",
    }
    even = CalibratedVerifier(Calibration("release", 1, Logit(0.0, 0.0, 0.0), Logit(0.0, 0.0, 0.0), accept_score=0.0))
    measured = accuracy_by_group(even, found, gold, of_query=of_query, of_statement=groups)
    columns = ("soc_major_group", "query_count", "hit_at_1_share", "hit_at_5_share", "right_group_share", "mean_prob")
    assert measured.select(columns).rows() == [
        ("13", 1, 1.0, 1.0, 1.0, 0.5),
        ("15", 2, 0.0, 1.0, 0.5, 0.5),  # the first of one of the two shares an occupation of group 15
        ("29", 1, 0.0, 1.0, 0.0, 0.5),  # 13 and 29 are right, the first is of 15
    ]


def test_groups_are_published_with_intervals_and_small_ones_are_marked() -> None:
    shares = {f"hit_at_{top}_share": [0.5, 1.0] for top in (1, 5, 10)} | {"right_group_share": [0.5, 0.0]}
    counts = pl.DataFrame(
        {"soc_major_group": ["13", "15"], "query_count": [SMALL_SAMPLE, SMALL_SAMPLE - 1], "mean_prob": 0.25, **shares}
    )
    table = accuracy_table({"activity_request": counts, "occupation_request": counts.clear()})
    assert table["is_small_sample"].to_list() == [False, True]
    # Wilson's interval of 15 in 30, and of 29 in 29.
    assert table.select("hit_at_1_ci_low", "hit_at_1_ci_high").row(0) == pytest.approx((0.3315, 0.6685), abs=1e-4)
    assert table.select("hit_at_1_ci_low", "hit_at_1_ci_high").row(1) == pytest.approx((0.8830, 1.0), abs=1e-4)
    assert table.select("right_group_ci_low", "right_group_ci_high").row(1) == pytest.approx((0.0, 0.1170), abs=1e-4)
    published = making_tables(Making(accuracy=table), vintage_id="v")["qa/mapping_accuracy"]
    assert published.select("vintage_id", "query_count").rows() == [("v", 30), ("v", 29)]


def test_groups_add_up_to_what_the_index_measures_of_itself(release: Release, phrased_index: TaskIndex) -> None:
    measures = measure_verifiers(release, phrased_index, WordEncoder(), RunFields(), None)
    row = measures.scores.row(by_predicate=pl.col("strategy") == "retrieval", named=True)
    kinds = {str(kind): rows for (kind,), rows in measures.accuracy.group_by("query_kind")}
    assert set(kinds) <= {"activity_request", "occupation_request"}
    asked = kinds["activity_request"]
    assert asked["query_count"].sum() == row["query_count"]
    assert (asked["query_count"] * asked["hit_at_1_share"]).sum() == pytest.approx(
        row["retrieval_right_share"] * row["query_count"]
    )


def test_a_release_without_links_has_no_measures_of_activities(tmp_path_factory: pytest.TempPathFactory) -> None:
    files = small_files()
    files["Tasks to DWAs"] = (files["Tasks to DWAs"][0], [])
    release = load_release(write_text(tmp_path_factory.mktemp("unlinked"), files))
    measures = measure_verifiers(
        release, build_task_index(release, WordEncoder(), seed=0), WordEncoder(), RunFields(), None
    )
    assert measures.scores.is_empty()
    assert set(measures.accuracy["query_kind"]) <= {"occupation_request"}
