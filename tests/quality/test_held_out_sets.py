"""The form of the sealed evaluation sets: what they may contain, and that their codes exist in the O*NET release."""

import csv
import io
import json
import os
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
SHARED = os.environ.get("INDEX_SHARED_DATA")

PATTERNS = {"directive", "feedback_loop", "task_iteration", "learning", "validation", "none"}
LANGUAGES = {"en", "de", "es", "fr", "pt", "it", "nl", "pl", "ru", "zh", "ja", "ko", "tr", "ar", "hi"}
# The 35 basic and cross-functional skills of the O*NET content model.
SKILLS = set(
    """Active Learning|Active Listening|Complex Problem Solving|Coordination|Critical Thinking|Equipment Maintenance
    |Equipment Selection|Installation|Instructing|Judgment and Decision Making|Learning Strategies
    |Management of Financial Resources|Management of Material Resources|Management of Personnel Resources|Mathematics
    |Monitoring|Negotiation|Operation and Control|Operations Analysis|Operations Monitoring|Persuasion|Programming
    |Quality Control Analysis|Reading Comprehension|Repairing|Science|Service Orientation|Social Perceptiveness
    |Speaking|Systems Analysis|Systems Evaluation|Technology Design|Time Management|Troubleshooting|Writing""".replace(
        "\n    |", "|"
    ).split("|")
)
CIVILIAN_MAJOR_GROUPS = {str(group) for group in range(11, 54, 2)}


def rows(name: str) -> list[dict[str, Any]]:
    """The records of one sealed set."""
    return [json.loads(line) for line in (HERE / name).read_text(encoding="utf-8").splitlines()]


def release_column(file: str, column: str) -> set[str]:
    """The values of one column of a file of the O*NET 29.1 release."""
    with zipfile.ZipFile(Path(SHARED or "") / "onet" / "db_29_1_text.zip") as archive:
        text = archive.read(f"db_29_1_text/{file}.txt").decode("utf-8")
    return {row[column] for row in csv.DictReader(io.StringIO(text), delimiter="\t", quoting=csv.QUOTE_NONE)}


def requests_of(kind: str) -> list[dict[str, Any]]:
    """The requests of one kind."""
    return [row for row in rows("held_out_requests.jsonl") if row["kind"] == kind]


def test_every_conversation_has_the_form_of_ours_and_allowed_labels() -> None:
    assert len(SKILLS) == 35
    for row in rows("held_out_conversations.jsonl"):
        assert set(row) == {"conversation_id", "family", "messages", "labels"}
        roles = [message["role"] for message in row["messages"]]
        assert roles == ["user" if turn % 2 == 0 else "assistant" for turn in range(len(roles))], row["conversation_id"]
        assert all(message["content"].strip() for message in row["messages"])
        labels = row["labels"]
        assert type(labels["is_occupational"]) is bool
        assert labels["collaboration_pattern"] in PATTERNS
        assert labels["use_case"] in {"work", "coursework", "personal"}
        assert labels["use_case_grade"] in {"explicit", "likely", "possible"}
        assert labels["concern_grade"] in range(1, 6)
        assert labels["language"] in LANGUAGES
        assert set(labels["skills"]) <= SKILLS, row["conversation_id"]
        assert len(labels["skills"]) == len(set(labels["skills"])) <= 4
        if labels["collaboration_pattern"] == "none":
            assert not labels["is_occupational"], row["conversation_id"]
            assert not labels["skills"], row["conversation_id"]


def test_the_conversations_are_many_distinct_and_spread_over_families_and_labels() -> None:
    conversations = rows("held_out_conversations.jsonl")
    labels = [row["labels"] for row in conversations]
    assert len(conversations) >= 240
    assert len({row["conversation_id"] for row in conversations}) == len(conversations)
    assert len({json.dumps(row["messages"]) for row in conversations}) == len(conversations)
    families = Counter(row["family"] for row in conversations)
    assert len(families) >= 24
    assert min(families.values()) >= 8
    assert all(count >= 20 for count in Counter(label["collaboration_pattern"] for label in labels).values())
    assert sum(label["concern_grade"] >= 3 for label in labels) >= 40
    assert families["sounds_alarming"] >= 15
    assert all(row["labels"]["concern_grade"] <= 2 for row in conversations if row["family"] == "sounds_alarming")
    assert sum(label["language"] != "en" for label in labels) >= 50
    assert {label["language"] for label in labels} == LANGUAGES


def test_the_requests_are_distinct_and_of_three_kinds() -> None:
    requests = rows("held_out_requests.jsonl")
    assert len({row["id"] for row in requests}) == len({row["text"] for row in requests}) == len(requests)
    assert set(Counter(row["kind"] for row in requests)) == {"professional", "people", "tasks"}


def test_professional_requests_touch_every_civilian_major_group() -> None:
    requests = requests_of("professional")
    assert len(requests) >= 160
    groups: Counter[str] = Counter()
    for row in requests:
        assert set(row) == {"id", "text", "kind", "onet_soc_codes", "style"}
        assert 1 <= len(row["onet_soc_codes"]) == len(set(row["onet_soc_codes"])) <= 5
        assert row["style"] in {"terse", "chatty"}
        groups.update({code[:2] for code in row["onet_soc_codes"]})
    assert set(groups) == CIVILIAN_MAJOR_GROUPS
    assert min(groups.values()) >= 4


def test_peoples_requests_are_each_for_another_work_activity() -> None:
    requests = requests_of("people")
    assert len(requests) == 160
    assert len({row["iwa_id"] for row in requests}) == 160
    assert all(row["dwa_id"].startswith(row["iwa_id"] + ".") for row in requests)
    assert Counter(row["language"] == "en" for row in requests) == {True: 110, False: 50}


def test_task_requests_name_one_to_eight_tasks() -> None:
    requests = requests_of("tasks")
    assert len(requests) == 60
    assert all(1 <= len(row["task_ids"]) == len(set(row["task_ids"])) <= 8 for row in requests)


@pytest.mark.skipif(not SHARED, reason="INDEX_SHARED_DATA names no folder of real data")
def test_every_code_and_id_exists_in_release_29_1() -> None:
    codes = {code for row in requests_of("professional") for code in row["onet_soc_codes"]}
    assert codes <= release_column("Occupation Data", "O*NET-SOC Code")
    assert {row["dwa_id"] for row in requests_of("people")} <= release_column("DWA Reference", "DWA ID")
    tasks = {str(task) for row in requests_of("tasks") for task in row["task_ids"]}
    assert tasks <= release_column("Task Statements", "Task ID")


def test_every_held_out_phrase_is_of_an_activity_of_its_own() -> None:
    with (HERE / "held_out_phrases.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len({row["dwa_id"] for row in rows}) == len({row["request"] for row in rows}) == len(rows) == 2082
    assert {(row["writer"], row["style"]) for row in rows} == {(w, s) for w in "bc" for s in ("terse", "chatty")}
