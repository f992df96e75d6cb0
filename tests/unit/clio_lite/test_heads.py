"""Heads: retrained to the same bytes, bound to their encoder, calibrated probabilities that sum to one."""

import hashlib
import json
import shutil

import numpy as np
import pytest

from clio_lite.composing import (
    LINEAR_FACETS,
    compose_conversations,
    definitions_digest,
    load_facet_definition,
    load_skill_definitions,
)
from clio_lite.cues import find_cues
from clio_lite.errors import HeadMismatchError
from clio_lite.heads import HEADS_DIR, conversation_features, load_heads, save_heads
from clio_lite.heads.training import DEFINITIONS_DIR, train_heads
from clio_lite.structure import FEATURE_NAMES, dialogue_features, first_window, later_windows


class WordEncoder:
    """Hashed bags of words: quick, deterministic, and near for texts that share words."""

    name = "words/fake/0"
    dimensions = 48

    def __init__(self):
        self.calls = []

    def encode(self, texts):
        self.calls.append(list(texts))
        vectors = np.full((len(texts), self.dimensions), 1e-3, dtype=np.float32)
        for number, text in enumerate(texts):
            for word in text.lower().split():
                vectors[number, hashlib.blake2b(word.encode(), digest_size=2).digest()[0] % self.dimensions] += 1
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture(scope="module")
def heads():
    return train_heads(DEFINITIONS_DIR, WordEncoder(), seed=1)


@pytest.mark.parametrize("facet", LINEAR_FACETS)
def test_every_class_composes_sixty_different_conversations(facet):
    definition = load_facet_definition(DEFINITIONS_DIR, facet)
    composed = compose_conversations(definition, per_class=60, seed=3)
    for entry in definition.classes:
        turns = {conversation.user_turns for conversation in composed if conversation.class_name == entry.name}
        assert len(turns) == 60
        assert entry.definition
        assert len(entry.examples) >= 2
    assert composed == compose_conversations(definition, per_class=60, seed=3)
    assert composed[0].messages[1]["role"] == "assistant"


def test_there_are_the_35_skills_with_definitions_and_examples():
    skills, max_skills = load_skill_definitions(DEFINITIONS_DIR)
    assert len({skill.name for skill in skills}) == 35
    assert all(len(skill.examples) >= 3 and skill.definition for skill in skills)
    assert max_skills >= 1
    assert {name for skill in skills for name in skill.also} <= {skill.name for skill in skills}


def test_a_template_with_an_unknown_piece_is_refused(tmp_path):
    shutil.copytree(DEFINITIONS_DIR, tmp_path / "d")
    file = tmp_path / "d" / "use_case.toml"
    file.write_text(file.read_text(encoding="utf-8").replace("{chat}", "{chit}"), encoding="utf-8")
    with pytest.raises(ValueError, match="chit"):
        load_facet_definition(tmp_path / "d", "use_case")


def test_saved_heads_are_the_same_bytes_and_read_back(heads, tmp_path):
    save_heads(heads, tmp_path / "one")
    save_heads(train_heads(DEFINITIONS_DIR, WordEncoder(), seed=1), tmp_path / "two")
    for name in ("heads.npz", "heads.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    again = load_heads(tmp_path / "one", encoder_name="words/other-backend/0")
    features = conversation_features([["Write a letter to my client"]], WordEncoder())
    for facet, head in heads.linear.items():
        assert np.array_equal(again.linear[facet].class_probs(features), head.class_probs(features))
    assert again.version == heads.version


def test_heads_of_another_encoder_are_refused(heads, tmp_path):
    save_heads(heads, tmp_path)
    with pytest.raises(HeadMismatchError, match="retrain"):
        load_heads(tmp_path, encoder_name="words/fake/1")
    with pytest.raises(HeadMismatchError, match="found none"):
        load_heads(tmp_path / "missing", encoder_name="words/fake/0")


def test_heads_of_other_features_are_refused(heads, tmp_path):
    save_heads(heads, tmp_path)
    facts = json.loads((tmp_path / "heads.json").read_text(encoding="utf-8"))
    facts["features"].pop()
    (tmp_path / "heads.json").write_text(json.dumps(facts), encoding="utf-8")
    with pytest.raises(HeadMismatchError, match="dialogue features"):
        load_heads(tmp_path, encoder_name="words/fake/0")


def test_probabilities_sum_to_one_and_temperatures_never_sharpen(heads):
    features = conversation_features([["hello"], ["Write a report", "make it shorter"]], WordEncoder())
    for head in heads.linear.values():
        assert np.allclose(head.class_probs(features).sum(axis=1), 1)
        assert head.temperature >= 1
    assert heads.skills.skill_probs(features.first).shape == (2, 35)
    assert all(0 < share <= 1 for share in heads.quality.values())


def test_each_distinct_turn_is_encoded_once():
    encoder = WordEncoder()
    conversation_features([["hello", "thanks"], ["hello", "thanks"], ["thanks"]], encoder)
    assert encoder.calls == [["hello", "thanks"]]
    assert conversation_features([], WordEncoder()).first.shape == (0, 48)


def test_the_committed_heads_come_from_the_committed_definitions():
    facts = json.loads((HEADS_DIR / "heads.json").read_text(encoding="utf-8"))
    assert definitions_digest(DEFINITIONS_DIR) in facts["version"], "run python -m clio_lite.heads"
    assert load_heads(HEADS_DIR, encoder_name=facts["encoder_name"]).version == facts["version"]


def test_structure_tells_turns_code_errors_and_cues():
    features = dict(
        zip(FEATURE_NAMES, dialogue_features(["Fix this: ```x```", "KeyError: 'a'", "thanks"]), strict=True)
    )
    assert features["has_code_first"] == 1
    assert features["later_error"] == 0.5
    assert features["later_thanks"] == 0.5
    assert features["is_three_or_more"] == 1
    assert find_cues("no funciona")["failure"] >= 1
    assert find_cues("请解释一下")["asking"] >= 1


def test_long_turns_are_read_at_both_ends_and_many_turns_at_first_and_last():
    window = first_window("a" * 2_000 + " please summarise")
    assert window.endswith("please summarise")
    assert len(window) < 500
    turns = ["first", *(f"turn {number}" for number in range(10))]
    assert later_windows(turns) == ["turn 0", "turn 1", "turn 2", "turn 7", "turn 8", "turn 9"]
