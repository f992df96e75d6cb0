"""Texts by a labeller and a level builder: judged by the gate, asked for again, and replaced by terms at last."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl
import pytest
from cluster_world import make_world

from clio_lite.cluster_text import MAX_ATTEMPTS
from clio_lite.clusters import Clusters, build_clusters
from clio_lite.hierarchy import BaseClusters, Level
from clio_lite.naming import ExampleCounts, Label, NamingTask
from clio_lite.privacy import DisclosurePolicy

POLICY = DisclosurePolicy(
    min_conversations=5, min_accounts=3, min_text_conversations=10, min_text_accounts=4, max_top_account_share=0.9
)
ROOM = "The requests are about documents. They ask for help with them."


@dataclass
class Scribe:
    """A labeller that answers by a rule and remembers what it was asked."""

    answer: Callable[[NamingTask], Label | None]
    name: str = "scribe-1"
    asked: list[NamingTask] = field(default_factory=list)

    def write(self, tasks: Sequence[NamingTask]) -> Mapping[str, Label]:
        self.asked += tasks
        return {task.cluster_id: label for task in tasks if (label := self.answer(task)) is not None}


@dataclass(frozen=True)
class Pairs:
    """A level builder that puts two base clusters into one and proposes names."""

    names: Sequence[str]
    name: str = "pairs-1"

    def build(self, base: BaseClusters, *, levels: int, seed: int) -> Sequence[Level]:
        assert (levels, seed) == (3, 0)
        assert all(label is not None for label in base.labels)
        groups = np.arange(len(base.centroids)) // 2
        return [Level(groups, {number: Label(name, ROOM) for number, name in enumerate(self.names)})]


def build(answer: Callable[[NamingTask], Label | None], **options: object) -> tuple[Clusters, Scribe]:
    world, scribe = make_world(), Scribe(answer)
    arguments = {"policy": POLICY, "cluster_count": 4, "seed": 0, "levels": 1, "labeller": scribe} | options
    return build_clusters(world.facets, world.embeddings, world.accounts, **arguments), scribe


def named(task: NamingTask, *, text: str = ROOM) -> Label:
    verb = task.member_requests[0].split(" ")[0]
    return Label(f"{verb} documents" if task.cluster_level == 0 else "Write letters and documents", text)


def test_what_a_labeller_writes_is_kept_when_it_passes_the_gate() -> None:
    found, scribe = build(named)
    assert sorted(found.clusters["name"]) == [f"{verb} documents" for verb in ("Debug", "Draft", "Plan", "Translate")]
    assert set(found.clusters["written_by"]) == {"scribe-1"}
    assert found.clusters["privacy_grade"].min() >= 4
    assert len(scribe.asked) == 4


def test_a_labeller_is_shown_a_bounded_number_of_members_and_of_nearest_non_members() -> None:
    _, scribe = build(named, examples=ExampleCounts(5, 7))
    for task in scribe.asked:
        assert (len(task.member_requests), len(task.contrast_requests)) == (5, 7)
        verbs = {request.split(" ")[0] for request in task.member_requests}
        assert len(verbs) == 1
        assert verbs.isdisjoint(request.split(" ")[0] for request in task.contrast_requests)


def test_a_refused_text_is_asked_for_again_with_the_words_to_do_without() -> None:
    found, scribe = build(lambda task: named(task, text=ROOM if task.refused_words else "It is for Zebulonia Ltd."))
    assert set(found.clusters["written_by"]) == {"scribe-1"}
    assert [task.attempt for task in scribe.asked] == [0] * 4 + [1] * 4
    assert all(set(task.refused_words) >= {"zebulonia"} for task in scribe.asked[4:])


@pytest.mark.parametrize(
    "answer",
    [
        lambda task: named(task, text="It is for Zebulonia Ltd."),
        lambda task: named(task, text="Write to jane.roe@example.com."),
        lambda task: named(task, text="Two\nlines."),
        lambda task: Label("", ROOM),
        lambda task: Label("Write documents " * 20, ROOM),
        lambda _: None,
    ],
)
def test_terms_become_the_text_of_a_cluster_whose_answers_all_fail(
    answer: Callable[[NamingTask], Label | None],
) -> None:
    found, scribe = build(answer)
    plain, _ = build(named, labeller=None)
    assert found.clusters.equals(plain.clusters)
    assert set(found.clusters["written_by"]) == {"terms"}
    assert len(scribe.asked) in (4, 4 * MAX_ATTEMPTS)


def test_two_clusters_never_share_a_name() -> None:
    found, scribe = build(lambda task: Label("Write documents" if not task.taken_names else "Read documents", ROOM))
    assert found.clusters["name"].n_unique() == 4
    assert sorted(found.clusters["written_by"]) == ["scribe-1", "scribe-1", "terms", "terms"]
    assert [len(task.taken_names) for task in scribe.asked] == [0] * 4 + [1] * 3 + [2] * 2


def test_a_cluster_below_the_text_thresholds_is_never_shown_to_a_labeller() -> None:
    strict = DisclosurePolicy(min_conversations=5, min_accounts=3, min_text_conversations=13, min_text_accounts=4)
    found, scribe = build(named, policy=strict)
    assert found.clusters["name"].null_count() == 4
    assert not scribe.asked


def test_a_level_builder_groups_by_the_texts_and_what_it_proposes_is_judged_like_all_else() -> None:
    builder = Pairs(["Write documents", "Write to Zebulonia Ltd"])
    found, scribe = build(named, level_builder=builder, levels=3)
    above = found.clusters.filter(pl.col("cluster_level") == 1)
    assert dict(above.select("written_by", "name").iter_rows()).keys() == {"pairs-1", "scribe-1"}
    assert "Write documents" in above["name"].to_list()
    second = [task for task in scribe.asked if task.cluster_level == 1]
    assert [len(task.child_names) for task in second] == [2]
    assert set(second[0].refused_words) >= {"zebulonia"}


def test_without_a_labeller_terms_replace_a_proposal_that_is_refused_or_absent() -> None:
    found, _ = build(named, labeller=None, level_builder=Pairs(["Write to Zebulonia Ltd"]), levels=3)
    above = found.clusters.filter(pl.col("cluster_level") == 1)
    assert set(above["written_by"]) == {"terms"}
    assert above["name"].null_count() == 0
