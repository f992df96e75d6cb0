"""The hierarchy of tasks by a language model: nested, named behind both auditors, resumed, never silently embedded."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from misbehaving_model_server import misbehaving_server
from model_example import served
from onet_example import WordEncoder, small_files, write_text
from role_answers import request_number
from scripted_model import ScriptedModel

from clio_lite.errors import HierarchyFailedError
from clio_lite.model_labels import ModelAuditor
from clio_lite.models import LanguageModel, Question
from clio_lite.naming import Label
from onet.index_building import build_task_index
from onet.release import load_release
from onet.task_hierarchy import EMBEDDED, TERMS, TaskHierarchy, build_task_hierarchy, descend, hierarchy_from_tables
from onet.task_index import TaskIndex
from pipelines.errors import SettingsError
from pipelines.model_roles import cluster_writers, use_table
from pipelines.model_settings import ModelChoice
from pipelines.provenance import with_hierarchy_note
from pipelines.settings import RunFields
from pipelines.task_levels import passing_names, write_hierarchy

VERBS = {"Bake": "Make", "Weld": "Make", "Teach": "Help", "Audit": "Help"}
OBJECTS = ("bread", "pipes", "classes", "books", "cakes", "frames", "pupils", "firms", "tools", "plans")
TOP = 3


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> TaskIndex:
    files = small_files()
    tasks = [f"{verb} {thing} for customers." for verb in VERBS for thing in OBJECTS]
    rows = [["15-1252.00", str(500 + number), text, "Core", "12"] for number, text in enumerate(tasks)]
    files["Task Statements"] = (files["Task Statements"][0], rows)
    files["Tasks to DWAs"] = (files["Tasks to DWAs"][0], [])
    release = load_release(write_text(tmp_path_factory.mktemp("verbs"), files))
    return build_task_index(release, WordEncoder(), seed=0)


def said(user: str, fields: set[str]) -> dict[str, object]:
    """A model that groups tasks by their verb, and verbs by whether something is made."""
    verbs = list(
        dict.fromkeys(re.findall(r"^\d+\. (\w+)", user.split("Some tasks nearby", maxsplit=1)[0], re.MULTILINE))
    )
    wider = [VERBS.get(verb, verb) for verb in verbs]
    if "privacy_grade" in fields:
        return {"privacy_grade": 5}
    if "names" in fields:
        return {"names": [f"{verb} things" for verb in wider] if "many" in user else [f"{verb} many" for verb in verbs]}
    if "choice" in fields:
        options, child = user.split("The task:")
        verb = re.findall(r"[A-Z][a-z]+", child)[0]
        numbered = re.findall(r"^(\d+)\. (\w+)", options, re.MULTILINE)
        return {"choice": next(int(place) for place, word in numbered if word in {verb, VERBS[verb]})}
    name = f"{verbs[0]} many" if len(verbs) == 1 else f"{wider[0]} things"
    return {"name": name, "description": "It is about work. People do it."}


def rule(question: Question) -> dict[str, object] | str:
    return said(question.user, set(question.answer_schema.model_fields))


def written(model: LanguageModel, index: TaskIndex, *, may_fall_back: bool = False) -> TaskHierarchy:
    models = RunFields().models.model_copy(update={"hierarchy_fallback": may_fall_back})
    writers = cluster_writers(None, model, WordEncoder, RunFields(models=models))
    return write_hierarchy(index, writers, top_count=TOP, seed=0)


def test_a_model_groups_the_tasks_and_names_the_groups(index: TaskIndex) -> None:
    model = ScriptedModel(rule)
    found = written(model, index)
    nodes = found.nodes.sort("node_id")
    assert nodes.select("node_id", "name", "statement_count").rows() == [
        ("m0000", "Audit many", 10),
        ("m0001", "Bake many", 10),
        ("m0002", "Teach many", 10),
        ("m0003", "Weld many", 10),
        ("t00", "Help things", 20),
        ("t01", "Make things", 20),
    ]
    parents = dict(nodes.filter(node_level="middle").select("name", "parent_id").rows())
    assert parents == {
        "Audit many": "t00",
        "Teach many": "t00",
        "Bake many": "t01",
        "Weld many": "t01",
    }
    assert (
        set(nodes["built_by"]) == set(nodes["written_by"]) == {f"fake/m {found.nodes.item(0, 'built_by').split()[1]}"}
    )
    assert "task_rename_parent/" in nodes.item(0, "built_by")
    assert nodes["stand_in_count"].sum() == 0
    assert {question.prompt for question in model.asked} >= {
        "task_parents",
        "task_assign_parent",
        "task_rename_parent",
        "audit",
    }
    again = hierarchy_from_tables(found.nodes, found.statements, index)
    query = WordEncoder().encode(["weld frames for customers"])
    (first, *_) = descend(again, index, query, top=1, beam=1)["statement_number"]
    assert index.statements.item(first, "task") == "Weld frames for customers."


@pytest.mark.parametrize("failing", ["task_parents", "task_assign_parent"])
def test_the_embedded_method_stands_in_only_where_it_may_and_is_counted(index: TaskIndex, failing: str) -> None:
    def failed(question: Question) -> dict[str, object] | str:
        return "timed_out" if question.prompt == failing else rule(question)

    with pytest.raises(HierarchyFailedError, match=r"models\.hierarchy_fallback"):
        written(ScriptedModel(failed), index)
    found = written(ScriptedModel(failed), index, may_fall_back=True)
    middle = found.nodes.filter(node_level="middle")
    assert middle["stand_in_count"].sum() == index.statements.height
    assert middle["stand_in_count"].to_list() == middle["statement_count"].to_list()
    vintage = pl.DataFrame({"notes": ["", "starter"]})
    empty, starter = with_hierarchy_note(vintage, found.nodes)["notes"]
    placed = index.statements.height + middle.height
    assert empty.startswith("hierarchy of tasks by fake/m ")
    assert starter == f"starter; {empty}"
    assert empty.endswith(f"of whose {placed} placements the embedded method made {placed}")


def test_names_pass_both_auditors_and_are_given_once() -> None:
    names = ("Audit firms", "Audit the firms", "Audit Zebulonia", "Audit 12 firms", "Teach pupils")
    labels = {f"m{number}": Label(name, "") for number, name in enumerate(names)}
    words = {node: {"audit": 2, "firms": 2, "pupils": 2, "teach": 2} for node in labels}

    def graded(question: Question) -> dict[str, object] | str:
        return {"privacy_grade": 3 if "Teach" in question.user else 5}

    assert passing_names(labels, words, ModelAuditor(ScriptedModel(graded), 0)) == {"m1": "Audit the firms"}


def test_a_refused_name_becomes_terms_and_the_group_stays(index: TaskIndex) -> None:
    found = written(
        ScriptedModel(lambda question: {"privacy_grade": 2} if question.prompt == "audit" else rule(question)), index
    )
    assert set(found.nodes["written_by"]) == {TERMS}
    assert found.nodes.filter(node_level="middle")["statement_count"].to_list() == [10] * 4
    assert found.nodes["name"].str.len_chars().min() > 3


def test_one_group_in_the_middle_is_the_only_one_above(index: TaskIndex) -> None:
    def one(question: Question) -> dict[str, object] | str:
        return {"names": ["Bake many"]} if "names" in question.answer_schema.model_fields else rule(question)

    with pytest.raises(HierarchyFailedError, match="no usable list of parents"):
        written(ScriptedModel(one), index)

    def all_in_one(question: Question) -> dict[str, object] | str:
        if question.prompt != "task_assign_parent":
            return rule(question)
        return {"choice": int(re.findall(r"^(\d+)\. Bake many", question.user, re.MULTILINE)[0])}

    found = written(ScriptedModel(all_in_one), index)
    assert found.nodes["statement_count"].to_list() == [40, 40]
    assert found.statements.select("middle_id", "top_id").unique().rows() == [("m0000", "t00")]


def test_without_a_model_the_hierarchy_is_embedded_and_says_so(index: TaskIndex) -> None:
    writers = cluster_writers(None, None, WordEncoder, RunFields())
    found = write_hierarchy(index, writers, seed=0)
    assert found.nodes.equals(build_task_hierarchy(index, seed=0).nodes)
    assert set(found.nodes["built_by"]) == {EMBEDDED}
    assert with_hierarchy_note(pl.DataFrame({"notes": ["x"]}), found.nodes)["notes"].to_list() == ["x"]
    assert RunFields().task_hierarchy_model == ""
    asked = RunFields().models.model_copy(update={"task_hierarchy": True})
    with pytest.raises(SettingsError, match="role hierarchy"):
        _ = RunFields(models=asked).task_hierarchy_model
    chosen = asked.model_copy(update={"hierarchy": ModelChoice(model="m", base_url="http://127.0.0.1:1/v1")})
    assert "fallback=False" in RunFields(models=chosen).task_hierarchy_model


def test_a_build_that_ended_early_goes_on_and_pays_for_no_answer_twice(index: TaskIndex, tmp_path: Path) -> None:
    def answer(document: dict[str, Any]) -> str:
        fields = document["response_format"]["json_schema"]["schema"]["properties"]
        return json.dumps(said(document["messages"][1]["content"], set(fields)))

    def failing(document: dict[str, Any]) -> tuple[int, list[str]]:
        number = request_number(document)
        fails = "The task:" in document["messages"][1]["content"] and number % 2
        return number, ["400" if fails else "good"]

    with misbehaving_server(script=failing, answer=answer) as server:
        with pytest.raises(HierarchyFailedError, match="groups were put into none"):
            written(served("openai", server.url, tmp_path / "private" / "replies.sqlite"), index)
        paid = len([behaviour for _, behaviour, _ in server.log.received if behaviour == "good"])
        server.script = lambda document: (request_number(document), ["good"])
        model = served("openai", server.url, tmp_path / "private" / "replies.sqlite")
        found = written(model, index)
        good = Counter(number for number, behaviour, _ in server.log.received if behaviour == "good")
    assert 0 < paid < len(good)
    assert set(good.values()) == {1}
    made_by = ["built_by", "written_by"]
    assert found.nodes.drop(made_by).equals(written(ScriptedModel(rule), index).nodes.drop(made_by))
    assert set(use_table([model])["prompt"]) >= {"task_parents", "task_assign_parent", "task_rename_parent", "audit"}
