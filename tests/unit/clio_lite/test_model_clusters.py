"""Names, grades and levels of clusters by a language model, in front of the gate that judges every text."""

from collections.abc import Callable

import numpy as np
import pytest
from cluster_world import make_world
from facet_example import WordEncoder
from scripted_model import ScriptedModel

from clio_lite.clusters import Clusters, build_clusters
from clio_lite.errors import HierarchyFailedError
from clio_lite.hierarchy import BaseClusters, check_levels
from clio_lite.model_labels import ModelAuditor, ModelLabeller
from clio_lite.model_levels import MERGED_NAMES, ModelLevels
from clio_lite.models import Question, load_prompt
from clio_lite.naming import Label
from clio_lite.privacy import DisclosurePolicy

POLICY = DisclosurePolicy(
    min_conversations=5, min_accounts=3, min_text_conversations=10, min_text_accounts=4, max_top_account_share=0.9
)
ROOM = "The requests are about documents. They ask for help with them."
Rule = Callable[[Question], dict[str, object] | str]


def named(question: Question) -> dict[str, object] | str:
    if question.prompt == "audit":
        return {"privacy_grade": 5}
    verb = question.user.split("\n1. ")[1].split(" ")[0]
    return {"name": f"{verb} documents.", "description": ROOM}


def build(rule: Rule, *, has_auditor: bool = True) -> tuple[Clusters, ScriptedModel]:
    world, model = make_world(), ScriptedModel(rule)
    found = build_clusters(
        world.facets, world.embeddings, world.accounts, policy=POLICY, cluster_count=4, seed=0, levels=1,
        labeller=ModelLabeller(model, 0), auditor=ModelAuditor(model, 0) if has_auditor else None,
    )  # fmt: skip
    return found, model


def test_a_models_names_are_published_with_its_name_and_prompt_version() -> None:
    found, model = build(named)
    assert set(found.clusters["written_by"]) == {f"fake/m label/{load_prompt('label').version}"}
    assert not any(name.endswith(".") for name in found.clusters["name"])
    asked = [question for question in model.asked if question.prompt == "label"]
    assert all(len(question.subjects) > 20 for question in asked)
    assert len({question.seed for question in asked}) == 4


@pytest.mark.parametrize(("grade", "writer"), [(5, "fake"), (4, "fake"), (3, "terms"), (1, "terms")])
def test_the_lower_of_the_two_auditors_grades_counts(grade: int, writer: str) -> None:
    found, _ = build(lambda question: {"privacy_grade": grade} if question.prompt == "audit" else named(question))
    assert {name.partition("/")[0] for name in found.clusters["written_by"]} == {writer}
    if writer == "fake":
        assert set(found.clusters["privacy_grade"]) <= {4, grade}


def test_a_text_that_the_models_auditor_does_not_grade_is_not_used() -> None:
    found, _ = build(lambda question: "timed_out" if question.prompt == "audit" else named(question))
    assert set(found.clusters["written_by"]) == {"terms"}


def test_a_text_that_the_embedded_auditor_refuses_is_not_shown_to_the_other_one() -> None:
    bad = {"name": "Write to Zebulonia", "description": ROOM}
    found, model = build(lambda question: bad if question.prompt == "label" else named(question))
    assert set(found.clusters["written_by"]) == {"terms"}
    assert {question.prompt for question in model.asked} == {"label"}
    assert any("zebulonia" in question.user for question in model.asked[4:])


@pytest.mark.parametrize("reason", ["refused", "bad_answer"])
def test_terms_name_the_clusters_that_a_model_has_no_answer_for(reason: str) -> None:
    found, _ = build(lambda _: reason)
    assert set(found.clusters["written_by"]) == {"terms"}


def base(count: int = 50) -> BaseClusters:
    """Base clusters of which each tenth has no text."""
    topics = ("code program", "letter text", "plan budget", "recipe food")
    labels = [Label(f"Do {topics[number % 4]} {number // 4}", ROOM) for number in range(count)]
    vectors = WordEncoder().encode([label.name for label in labels])
    sizes = np.ones(count, dtype=np.int64)
    return BaseClusters(vectors, sizes, [None if number % 10 == 9 else label for number, label in enumerate(labels)])


def grouping(question: Question) -> dict[str, object] | str:
    """A model that puts each group with the topic that it shares words with."""
    if question.prompt in {"parents", "merge_parents"}:
        return {"names": ["Do code program", "Do letter text", "Do plan budget", "Do recipe food", "Do code program."]}
    if question.prompt == "assign_parent":
        child = question.user.split("The group:")[1]
        shown = [
            line.partition(". ")[2] for line in question.user.split("The group:")[0].splitlines() if ". Do" in line
        ]
        found = [place for place, name in enumerate(shown, start=1) if name.split()[1] in child]
        return {"choice": found[0] if found else 1}
    return {"name": question.user.split("\n1. ")[1].split(".")[0], "description": ROOM}


def test_the_loop_builds_nested_levels_and_words_the_parents_from_their_children() -> None:
    model = ScriptedModel(grouping)
    builder = ModelLevels(model, WordEncoder())
    levels = builder.build(base(), levels=3, seed=0)
    check_levels(levels, 50)
    assert len(levels) >= 1
    groups = levels[0].groups
    assert [groups[number] == groups[0] for number in (4, 8, 12)] == [True] * 3
    assert groups[0] != groups[1]
    assert all(label.description == ROOM for label in levels[0].labels.values())
    assert [question.prompt for question in model.asked[:2]] == ["parents", "parents"]
    orders = {question.options["parents"] for question in model.asked if question.prompt == "assign_parent"}
    assert len(orders) > 5
    assert builder.name == f"fake/m rename_parent/{load_prompt('rename_parent').version}"


@pytest.mark.parametrize("failing", ["parents", "assign_parent"])
def test_the_embedded_method_stands_in_only_where_it_may(failing: str) -> None:
    rule = lambda question: "timed_out" if question.prompt == failing else grouping(question)  # noqa: E731
    with pytest.raises(HierarchyFailedError, match=r"models\.hierarchy_fallback"):
        ModelLevels(ScriptedModel(rule), WordEncoder()).build(base(), levels=3, seed=0)
    levels = ModelLevels(ScriptedModel(rule), WordEncoder(), may_fall_back=True).build(base(), levels=3, seed=0)
    check_levels(levels, 50)


def test_a_list_that_cannot_be_tidied_and_a_parent_that_cannot_be_worded_keep_what_was_proposed() -> None:
    def rule(question: Question) -> dict[str, object] | str:
        return "bad_answer" if question.prompt in {"merge_parents", "rename_parent"} else grouping(question)

    levels = ModelLevels(ScriptedModel(rule), WordEncoder()).build(base(), levels=2, seed=0)
    assert {label.name for label in levels[0].labels.values()} <= {
        "Do code program", "Do letter text", "Do plan budget", "Do recipe food"
    }  # fmt: skip


def test_without_a_name_there_is_nothing_to_ask_and_with_one_parent_the_levels_end() -> None:
    model = ScriptedModel(grouping)
    nameless = BaseClusters(base().centroids, base().conversation_counts, [None] * 50)
    check_levels(ModelLevels(model, WordEncoder()).build(nameless, levels=3, seed=0), 50)
    assert not model.asked
    only = ScriptedModel(lambda question: {"names": ["Do all"]} if question.prompt == "parents" else grouping(question))
    levels = ModelLevels(only, WordEncoder()).build(base(2), levels=2, seed=0)
    assert [level.groups.tolist() for level in levels] == [[0, 0]]


def test_long_lists_of_proposals_are_tidied_in_parts() -> None:
    def rule(question: Question) -> dict[str, object] | str:
        if question.prompt == "parents":
            place = question.key.rpartition("|")[2]
            letters = [chr(97 + number // 20) + chr(97 + number % 20) for number in range(60)]
            return {"names": [f"Do {chr(97 + int(place))}{pair}" for pair in letters]}
        if question.prompt == "merge_parents":
            return {"names": [f"Tidy {question.user.split(chr(10) + '1. ')[1].split()[1]}"]}
        return {"choice": 1} if question.prompt == "assign_parent" else {"name": "Do it all", "description": ROOM}

    model = ScriptedModel(rule)
    children = [Label(f"Do topic {number}", ROOM) for number in range(120)]
    (level,) = ModelLevels(model, WordEncoder()).levels_over(children, [30], seed=0)
    merging = [question for question in model.asked if question.prompt == "merge_parents"]
    proposed = 60 * len([question for question in model.asked if question.prompt == "parents"])
    assert len(merging) == -(-proposed // MERGED_NAMES) > 1
    asked = [int(question.user.split("about ")[1].split()[0]) for question in merging]
    assert sum(asked) == pytest.approx(30, abs=len(merging))
    assert len(level.groups) == 120
