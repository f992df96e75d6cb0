"""Measured quality of the facets on conversations written apart from the training templates.

The floors are a little below what was measured; a change that falls under one has made the facets worse. Run with `-s` to see
precision and recall of every class.
"""

# ruff: noqa: E501  (one case a line)

import json
import os
import tomllib
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from clio_lite.facets import extract_facets
from clio_lite.heads import HEADS_DIR, load_heads
from clio_lite.heads.calibration import calibration_error
from clio_lite.multilingual import load_routed_encoder
from clio_lite.redaction import redact_text

SHARED = os.environ.get("INDEX_SHARED_DATA")
SAMPLE = Path(__file__).parents[2] / "data" / "sample" / "conversations.jsonl"

FRESH = tomllib.loads((Path(__file__).parent / "fresh_conversations.toml").read_text(encoding="utf-8"))
HELD_OUT = tomllib.loads((Path(__file__).parent / "facet_conversations.toml").read_text(encoding="utf-8"))

SEALED = Path(__file__).parent / "held_out_conversations.jsonl"
SEALED_FLOORS = {"pattern": 0.79, "screen": 0.89, "use_case": 0.82, "language": 0.96, "chief_skill": 0.44}
SEALED_CONCERN = {"harmful_above_2": 0.75, "harmless_above_1": 0.075, "harmless_above_2": 0.015}

OTHER_LANGUAGES = Path(__file__).parent / "held_out_other_languages.jsonl"
OTHER_FLOORS = {"pattern": 0.84, "screen": 0.91, "use_case": 0.83, "language": 0.93}
OTHER_HARMLESS_ABOVE_1 = 0.05

CASES = {"conversations": HELD_OUT["conversations"], "unseen": HELD_OUT["unseen"], "fresh": FRESH["fresh"]}
FLOORS = {
    "conversations": {"pattern": 0.85, "screen": 0.92, "use_case": 0.90},
    "unseen": {"pattern": 0.92, "screen": 0.90, "use_case": 0.86},
    "fresh": {"pattern": 0.90, "screen": 0.86, "use_case": 0.80},
}


def _frame(conversations):
    rows = [
        {
            "conversation_id": f"{number:04d}",
            "messages": [
                message
                for turn in turns
                for message in ({"role": "user", "content": turn}, {"role": "assistant", "content": "Here it is."})
            ],
        }
        for number, turns in enumerate(conversations)
    ]
    return pl.DataFrame(rows)


def _report(title, truth, found):
    """Accuracy, and a table of precision and recall per class."""
    truth, found = np.array(truth), np.array(found)
    lines = [f"\n{title}: accuracy {(truth == found).mean():.3f}, n = {len(truth)}"]
    for name in sorted(set(truth) | set(found)):
        hits = ((truth == name) & (found == name)).sum()
        precision = hits / max((found == name).sum(), 1)
        recall = hits / max((truth == name).sum(), 1)
        lines.append(f"  {name:<16} precision {precision:.2f} recall {recall:.2f} n {(truth == name).sum()}")
    return float((truth == found).mean()), "\n".join(lines)


@pytest.fixture(scope="module")
def models(encoder_cache):
    encoder = load_routed_encoder(cache_dir=encoder_cache)
    return encoder, load_heads(HEADS_DIR, encoder_name=encoder.name)


@pytest.fixture(scope="module", params=sorted(CASES))
def held_out(request, models):
    encoder, heads = models
    rows = CASES[request.param]
    return (
        request.param,
        rows,
        extract_facets(_frame([row[3:] for row in rows]), encoder=encoder, heads=heads, skills=None),
    )


def test_collaboration_patterns_keep_their_accuracy(held_out):
    name, rows, facets = held_out
    accuracy, report = _report(
        "collaboration pattern", [row[0] for row in rows], facets["collaboration_pattern"].to_list()
    )
    print(report)  # noqa: T201
    assert accuracy >= FLOORS[name]["pattern"]


def test_the_occupational_screen_keeps_its_accuracy(held_out):
    name, rows, facets = held_out
    accuracy, report = _report(
        "occupational screen", [row[1] == "o" for row in rows], facets["is_occupational"].to_list()
    )
    print(report)  # noqa: T201
    assert accuracy >= FLOORS[name]["screen"]


def test_use_cases_keep_their_accuracy(held_out):
    name, rows, facets = held_out
    pairs = [(row[2], found) for row, found in zip(rows, facets["use_case"], strict=True) if row[2] != "-"]
    accuracy, report = _report("use case", [truth for truth, _ in pairs], [found for _, found in pairs])
    print(report)  # noqa: T201
    assert accuracy >= FLOORS[name]["use_case"]


def test_probabilities_of_patterns_mean_what_they_say(held_out):
    _, rows, facets = held_out
    truth = np.array([row[0] for row in rows])
    hits = truth == facets["collaboration_pattern"].to_numpy()
    probs = facets["collaboration_prob"].to_numpy()
    assert abs(probs.mean() - hits.mean()) <= 0.15


def sealed_figures(rows, models):
    """Accuracy of every facet on labelled conversations, printed with the classes; no text leaves this function."""
    encoder, heads = models
    turns = [
        {"role": message["role"], "content": redact_text(message["content"]).text}
        for row in rows
        for message in row["messages"]
    ]
    sizes = [len(row["messages"]) for row in rows]
    starts = np.cumsum([0, *sizes[:-1]])
    frame = pl.DataFrame(
        {
            "conversation_id": [row["conversation_id"] for row in rows],
            "messages": [turns[start : start + size] for start, size in zip(starts, sizes, strict=True)],
        }
    )
    found = extract_facets(frame, encoder=encoder, heads=heads, skills=None).to_dicts()
    by_id = {row["conversation_id"]: row["labels"] for row in rows}
    labels = [by_id[row["conversation_id"]] for row in found]
    pairs = list(zip(labels, found, strict=True))
    for name in ("collaboration_pattern", "is_occupational", "use_case"):
        print(_report(name, [label[name] for label in labels], [row[name] for row in found])[1])  # noqa: T201
    _print_calibration(pairs)
    grades = np.array([row["concern_grade"] for row in found])
    truth = np.array([label["concern_grade"] for label in labels])
    return {
        "pattern": np.mean([label["collaboration_pattern"] == row["collaboration_pattern"] for label, row in pairs]),
        "screen": np.mean([label["is_occupational"] == row["is_occupational"] for label, row in pairs]),
        "use_case": np.mean([label["use_case"] == row["use_case"] for label, row in pairs]),
        "language": np.mean([label["language"] == row["language"] for label, row in pairs]),
        "chief_skill": np.mean(
            [label["skills"][0] in row["skills"] for label, row in pairs if label.get("skills")] or [0]
        ),
        "severe_above_2": (grades[truth >= 4] > 2).mean(),
        "sensitive_above_1": (grades[truth == 2] > 1).mean(),
        "harmful_above_2": (grades[truth >= 3] > 2).mean(),
        "harmless_above_1": (grades[truth == 1] > 1).mean(),
        "harmless_above_2": (grades[truth == 1] > 2).mean(),
    }


def _print_calibration(pairs):
    """How often the probabilities of pattern and screen are right, in bands, with the expected calibration error."""
    hits = np.array([label["collaboration_pattern"] == row["collaboration_pattern"] for label, row in pairs])
    sides = np.array([label["is_occupational"] for label, _ in pairs])
    for name, right in (("collaboration_prob", hits), ("occupational_prob", sides)):
        probs = np.array([row[name] for _, row in pairs])
        bands = np.digitize(probs, (0.5, 0.7, 0.9))
        parts = [f"n {(bands == band).sum()}: {right[bands == band].mean():.2f}" for band in np.unique(bands)]
        print(f"{name}: {', '.join(parts)}; error {calibration_error(probs, right):.3f}")  # noqa: T201


def test_the_sealed_conversations_keep_what_was_measured(models):
    rows = [json.loads(line) for line in SEALED.read_text(encoding="utf-8").splitlines()]
    figures = sealed_figures(rows, models)
    print({name: round(float(value), 3) for name, value in figures.items()})  # noqa: T201
    for name, floor in SEALED_FLOORS.items():
        assert figures[name] >= floor, name
    assert figures["harmful_above_2"] >= SEALED_CONCERN["harmful_above_2"]
    assert figures["harmless_above_1"] <= SEALED_CONCERN["harmless_above_1"]
    assert figures["harmless_above_2"] <= SEALED_CONCERN["harmless_above_2"]


def test_conversations_in_twelve_other_languages_keep_what_was_measured(models):
    rows = [
        {
            "conversation_id": f"{number:04d}",
            "messages": row["messages"],
            "labels": {
                "collaboration_pattern": row["pattern"], "is_occupational": row["screen"], "use_case": row["use_case"],
                "concern_grade": row["concern"], "language": row["language"],
            },
        }
        for number, row in enumerate(map(json.loads, OTHER_LANGUAGES.read_text(encoding="utf-8").splitlines()))
    ]  # fmt: skip
    figures = sealed_figures(rows, models)
    print({name: round(float(value), 3) for name, value in figures.items()})  # noqa: T201
    assert len({row["labels"]["language"] for row in rows} - {"en"}) == 12
    for name, floor in OTHER_FLOORS.items():
        assert figures[name] >= floor, name
    assert figures["harmless_above_1"] <= OTHER_HARMLESS_ABOVE_1


def test_concern_is_within_one_grade(models):
    encoder, heads = models
    frame = _frame([[text] for _, text in HELD_OUT["concerns"]])
    found = extract_facets(frame, encoder=encoder, heads=heads, skills=None)["concern_grade"].to_list()
    truth = [grade for grade, _ in HELD_OUT["concerns"]]
    _, report = _report("concern", truth, found)
    print(report)  # noqa: T201
    assert np.mean([abs(a - b) <= 1 for a, b in zip(truth, found, strict=True)]) >= 0.75
    assert all(b == 1 for a, b in zip(truth, found, strict=True) if a == 1)


def test_the_expected_skill_is_among_those_shown(models):
    encoder, heads = models
    frame = _frame([[text] for _, text in HELD_OUT["skills"]])
    shown = extract_facets(frame, encoder=encoder, heads=heads, skills=None)["skills"].to_list()
    recall = np.mean([name in names for (name, _), names in zip(HELD_OUT["skills"], shown, strict=True)])
    print(f"\nskills: recall {recall:.2f}, mean shown {np.mean([len(names) for names in shown]):.1f}")  # noqa: T201
    assert recall >= 0.85


def test_clearly_harmful_requests_are_graded_above_two(models):
    encoder, heads = models
    frame = _frame([row[1:] for row in FRESH["harmful"]])
    found = extract_facets(frame, encoder=encoder, heads=heads, skills=None)["concern_grade"]
    print(f"\nharmful: above 2 {(found > 2).mean():.2f}, above 1 {(found > 1).mean():.2f}, n = {len(found)}")  # noqa: T201
    assert (found > 2).mean() >= 0.75


def test_harmless_work_with_code_errors_and_redaction_marks_is_of_no_concern(models):
    encoder, heads = models
    found = extract_facets(_frame(FRESH["harmless"]), encoder=encoder, heads=heads, skills=None)["concern_grade"]
    print(f"\nharmless: grade 1 {(found == 1).mean():.2f}, n = {len(found)}")  # noqa: T201
    assert (found == 1).mean() >= 0.90
    assert (found > 2).mean() <= 0.05


def test_the_bundled_sample_is_of_no_concern_in_nearly_all_cases(models):
    encoder, heads = models
    lines = SAMPLE.read_text(encoding="utf-8").splitlines()[::4]
    frame = pl.DataFrame([{key: json.loads(line)[key] for key in ("conversation_id", "messages")} for line in lines])
    found = extract_facets(frame, encoder=encoder, heads=heads, skills=None)["concern_grade"]
    assert (found == 1).mean() >= 0.95
    assert (found > 2).mean() <= 0.01


@pytest.mark.skipif(not SHARED, reason="INDEX_SHARED_DATA names no folder of real data")
@pytest.mark.parametrize(
    ("name", "grade_one"), [("arena_hard_v0_1_questions.jsonl", 0.93), ("kura_load_test.jsonl", 0.97)]
)
def test_public_prompts_are_of_no_concern_in_nearly_all_cases(models, name, grade_one):
    encoder, heads = models
    lines = [json.loads(line) for line in (Path(SHARED) / "conversations" / name).read_text("utf-8").splitlines()]
    turns = [
        [redact_text(line["prompt"]).text]
        if "prompt" in line
        else [redact_text(message["content"]).text for message in line["messages"] if message["role"] == "user"]
        for line in lines
    ]
    found = extract_facets(_frame(turns), encoder=encoder, heads=heads, skills=None)["concern_grade"]
    assert (found == 1).mean() >= grade_one
    assert (found > 2).mean() <= 0.01
