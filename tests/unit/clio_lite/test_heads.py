"""Heads: retrained to the same bytes, bound to their encoder, calibrated probabilities that sum to one."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from facet_example import WordEncoder, fewest_definitions, train_word_heads, word_heads
from scipy.sparse import csr_matrix

from clio_lite.composing import (
    LINEAR_FACETS,
    ComposedConversation,
    compose_conversations,
    definitions_digest,
    load_facet_definition,
    load_labelled_conversations,
    load_skill_definitions,
)
from clio_lite.cues import find_cues
from clio_lite.errors import HeadMismatchError
from clio_lite.heads import HEADS_DIR, conversation_features, load_heads, save_heads
from clio_lite.heads.calibration import LeftOut, calibration_error, fit_temperature, trained_bound
from clio_lite.heads.fitting import HeadSettings, Labelled, fit, shared_features, training_weights
from clio_lite.heads.training import DEFINITIONS_DIR, cut_short
from clio_lite.replies import REPLY_FEATURES, reply_features
from clio_lite.structure import FEATURE_NAMES, dialogue_features, first_window, later_windows
from clio_lite.wording import Vocabulary


class RecordingEncoder(WordEncoder):
    """Keeps what it was asked for."""

    def __init__(self):
        self.calls = []

    def encode(self, texts):
        self.calls.append(list(texts))
        return super().encode(texts)


@pytest.fixture(scope="module")
def heads():
    return word_heads()


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


def test_saved_heads_are_the_same_bytes_and_read_back(tmp_path):
    definitions = fewest_definitions(tmp_path / "definitions")
    heads = train_word_heads(definitions)
    save_heads(heads, tmp_path / "one")
    save_heads(train_word_heads(definitions), tmp_path / "two")
    save_heads(load_heads(tmp_path / "one", encoder_name=heads.encoder_name), tmp_path / "three")
    for name in ("heads.npz", "heads.json", "words.tsv"):
        kept = [(tmp_path / folder / name).read_bytes() for folder in ("one", "two", "three")]
        assert kept[0] == kept[1] == kept[2]
    assert list(heads.writers) == ["a", "b", "first"]
    again = load_heads(tmp_path / "one", encoder_name="words/other-backend/0")
    features = conversation_features([["Write a letter to my client"]], WordEncoder(), heads.words)
    for facet, head in heads.linear.items():
        assert np.array_equal(again.linear[facet].class_probs(features), head.class_probs(features))
    assert (again.version, again.words, again.writers) == (heads.version, heads.words, heads.writers)


def test_heads_of_another_encoder_are_refused(heads, tmp_path):
    save_heads(heads, tmp_path)
    with pytest.raises(HeadMismatchError, match="train them"):
        load_heads(tmp_path, encoder_name="words/fake/1")
    with pytest.raises(HeadMismatchError, match=r"found no heads\.json, heads\.npz, words\.tsv"):
        load_heads(tmp_path / "missing", encoder_name="words/fake/0")


def test_heads_of_another_language_map_are_refused_and_those_of_one_serve_english_alone(heads, tmp_path):
    save_heads(replace(heads, encoder_name="words/fake/0+tongues/1-aa"), tmp_path)
    for name in ("words/fake/0+tongues/1-aa", "words/fake/0"):
        assert load_heads(tmp_path, encoder_name=name).version == heads.version
    with pytest.raises(HeadMismatchError, match=r"trained with tongues/1-aa .* asked for tongues/1-bb: train them"):
        load_heads(tmp_path, encoder_name="words/fake/0+tongues/1-bb")


def test_heads_of_other_features_are_refused(heads, tmp_path):
    save_heads(heads, tmp_path)
    facts = json.loads((tmp_path / "heads.json").read_text(encoding="utf-8"))
    facts["features"].pop()
    (tmp_path / "heads.json").write_text(json.dumps(facts), encoding="utf-8")
    with pytest.raises(HeadMismatchError, match="dialogue features"):
        load_heads(tmp_path, encoder_name="words/fake/0")


def test_probabilities_sum_to_one_and_temperatures_never_sharpen(heads):
    features = conversation_features([["hello"], ["Write a report", "make it shorter"]], WordEncoder(), heads.words)
    for head in heads.linear.values():
        assert np.allclose(head.class_probs(features).sum(axis=1), 1)
        assert head.temperature >= 1
    assert heads.skills.skill_probs(features.first).shape == (2, 35)
    assert all(0 < share <= 1 for share in heads.quality.values())


def test_each_distinct_turn_is_encoded_once(heads):
    encoder = RecordingEncoder()
    conversation_features([["hello", "thanks"], ["hello", "thanks"], ["thanks"]], encoder, heads.words)
    assert encoder.calls == [["hello", "thanks"]]
    assert conversation_features([], WordEncoder(), heads.words).first.shape == (0, 48)


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


def test_labelled_conversations_come_redacted_with_their_replies_and_the_labels_they_have(tmp_path):
    row = {
        "group": "rent", "screen": True, "pattern": "directive", "use_case": None, "concern": 2,
        "messages": [{"role": "user", "content": "Mail ann@example.org"}, {"role": "assistant", "content": "Here:"}],
    }  # fmt: skip
    file = tmp_path / "conversations_x.jsonl"
    file.write_text(json.dumps(row), encoding="utf-8")
    [(conversation, labels)] = load_labelled_conversations(tmp_path)
    assert conversation.user_turns == ("Mail [email]",)
    assert (conversation.replies, conversation.writer, conversation.family) == (("Here:",), "x", "x/rent")
    assert labels == {"collaboration_pattern": "directive", "occupational_screen": "occupational", "concern": "2"}
    file.write_text(json.dumps({**row, "messages": row["messages"][1:]}), encoding="utf-8")
    with pytest.raises(ValueError, match="line 1: expected a turn by the user"):
        load_labelled_conversations(tmp_path)
    file.write_text(json.dumps({"group": "rent"}), encoding="utf-8")
    with pytest.raises(ValueError, match="line 1: expected group"):
        load_labelled_conversations(tmp_path)


def test_replies_tell_what_is_handed_over_asked_corrected_and_declined():
    def told(*replies):
        values = dict(zip(REPLY_FEATURES, reply_features(replies), strict=True))
        return {name for name, value in values.items() if value}

    assert told() == told(" ") == set()
    assert {"reply_hands_over", "reply_code", "has_reply"} <= told("Here is the script:\n```x```")
    assert {"reply_list", "reply_asks"} <= told("- one\n- two\nWhich one do you mean?")
    assert "later_reply_corrects" in told("Done.", "Sorry, my mistake.")
    assert "reply_declines" in told("I can't help with that.")
    assert "reply_explains" in told("La fotosíntesis significa que la planta come luz.")
    assert "reply_asks" not in told("no question " + "x" * 2_000)


def _left_out(alarming, truth):
    logits = np.log(np.array([[1 - share, share] for share in alarming]))
    return LeftOut(logits, np.array(truth), np.array(["a"] * len(truth)))


def test_bounds_and_temperatures_follow_writers_left_out():
    sure_and_wrong = _left_out([0.99] * 10, [1] * 6 + [0] * 4)
    assert fit_temperature(sure_and_wrong) == 4.0
    assert fit_temperature(_left_out([0.6] * 10, [1] * 10)) == 1.0
    permissive = _left_out([0.9] * 10 + [0.6] * 10, [1] * 10 + [0] * 10)
    assert 0.6 < trained_bound("occupational_screen", ("not_occupational", "occupational"), permissive, 1.0) <= 0.9
    harmless = _left_out([0.5] * 3 + [0.2] * 97, [0] * 100)
    assert trained_bound("concern", ("1", "3"), harmless, 1.0) == pytest.approx(0.52)
    assert trained_bound("concern", ("1", "3"), _left_out([0.99] * 9, [0] * 9), 1.0) == pytest.approx(0.9)
    assert trained_bound("use_case", ("personal", "work"), permissive, 1.0) is None


def test_every_writer_counts_the_same_and_the_calibration_error_is_the_gap():
    left_out = LeftOut(np.zeros((3, 2)), np.zeros(3, dtype=np.intp), np.array(["a", "a", "b"]))
    assert left_out.weights.tolist() == [0.25, 0.25, 0.5]
    assert calibration_error(np.full(4, 0.9), np.array([True, False, False, False])) == pytest.approx(0.65)


def test_heads_state_who_wrote_what_they_learned_and_their_accuracy_on_each_left_out(heads):
    assert list(heads.writers) == ["a", "b", "c", "d", "e", "f", "first", "g", "h", "i", "j"]
    assert heads.writers["e"] == 40
    for facet in LINEAR_FACETS:
        accuracies = [heads.quality[f"{facet}_{writer}_accuracy_share"] for writer in heads.writers]
        assert heads.quality[f"{facet}_accuracy_share"] == pytest.approx(np.mean(accuracies), abs=0.002)
        assert 0 <= heads.quality[f"{facet}_calibration_error_share"] < 1


def test_conversations_are_cut_to_turns_that_show_their_pattern_already():
    def written(pattern, *turns):
        return ComposedConversation(turns, pattern, "group", "a", ("reply",) * len(turns))

    kept = [written("directive", "1", "2", "3"), written("none", "1", "2", "3"), written("feedback_loop", "1", "2")]
    cut = [written("feedback_loop", "1", "2", "3"), written("learning", "1", "2", "3"), written("learning", "1", "2")]
    found = [(it.class_name, it.user_turns, len(it.replies)) for it in cut_short([*kept, *cut])]
    assert found == [
        ("feedback_loop", ("1", "2"), 2), ("learning", ("1", "2"), 2), ("learning", ("1",), 1), ("learning", ("1",), 1),
    ]  # fmt: skip


def _settings(**changed):
    return HeadSettings(**{
        "strength": 1.0, "template_weight": 0.5, "first_weight": 1.0, "balance": 0.0, "features": frozenset(),
        "is_coupled": False, **changed,
    })  # fmt: skip


def test_classes_can_be_evened_out_among_conversations_of_equally_many_turns():
    turns = np.array([1, 1, 1, 1, 2, 2, 2, 4])
    labels = np.array(["x", "x", "x", "y", "x", "y", "y", "y"])
    writers = np.array(["a"] * 7 + ["templates"])
    known = Labelled(labels, writers, turns, np.array([1.0] * 6 + [0.5, 1.0]))
    plain = training_weights(_settings(), known)
    assert plain.tolist() == [1, 1, 1, 1, 1, 1, 0.5, 0.5]
    evened = training_weights(_settings(turn_balance=1.0), known)
    for count in (1, 2):
        masses = [evened[(turns == count) & (labels == name)].sum() for name in ("x", "y")]
        assert masses[0] == pytest.approx(masses[1])
        assert sum(masses) == pytest.approx(plain[turns == count].sum())


@pytest.mark.parametrize("is_coupled", [True, False])
def test_what_is_learned_of_the_first_turn_helps_with_later_ones_where_they_are_coupled(is_coupled):
    words = Vocabulary({"loss": 2, "only": 2}, 4), Vocabulary({"loss": 2}, 4)
    shared = shared_features(1, 1, words)
    assert shared.shape == (6, 3)
    matrix = csr_matrix([[0, 0, 0, 1, 0, 0], [0, 0, 0, 0, 1, 0]] * 5, dtype=np.float64)
    known = Labelled(np.array(["x", "y"] * 5), np.array(["a"] * 10), np.ones(10, dtype=np.int64), np.ones(10))
    weights, _ = fit(matrix, known, _settings(is_coupled=is_coupled), shared)
    assert weights[0].tolist() == [0] * 6
    assert weights[1, 3] < 0 < weights[1, 4]
    assert (weights[1, 5] < 0) == is_coupled
