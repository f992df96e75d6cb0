"""The heads applied: what they see of conversations, and the probabilities that they give.

The classifiers are multinomial logistic regressions over sentence vectors, the structure of the dialogue and the words
of the user's turns, with one temperature per facet. Skills are told
one by one from the vector of the first turn, each with a bound of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack

from clio_lite.embedding import Encoder
from clio_lite.structure import FEATURE_NAMES, dialogue_features, first_window, later_windows
from clio_lite.wording import Vocabulary

Array = NDArray[np.float32]

TWO_TURN_PATTERNS: Final = ("feedback_loop", "task_iteration")
"""Patterns that need a second turn by the user."""

VECTOR_SCALE: Final = 6.0
"""Weight of the vectors beside the standardised structure: their parts are about 1/20 in size."""

WORD_SCALE: Final = 8.0
"""Weight of the words beside them."""


@dataclass(frozen=True)
class LinearHead:
    """A calibrated multinomial logistic regression.

    Attributes:
        facet: What it tells.
        classes: Names of the classes, sorted as the rows of `weights`.
        weights: Shape (classes, features); for two classes the first row is zero.
        word_weights: Shape (classes, words of the first turn and then of the later ones).
        intercepts: One per class.
        mean: Mean of each structure feature in training.
        scale: Spread of each structure feature in training.
        temperature: What the sums are divided by before the softmax.
        min_prob: Below this probability no class is given.
    """

    facet: str
    classes: tuple[str, ...]
    weights: Array
    word_weights: Array
    intercepts: Array
    mean: Array
    scale: Array
    temperature: float
    min_prob: float

    def class_probs(self, features: "ConversationFeatures") -> NDArray[np.float64]:
        """Probabilities of the classes, shape (n, classes), rows summing to 1; impossible ones have none."""
        matrix = feature_matrix(features, self.mean, self.scale)
        sums = matrix @ self.weights.T + features.words @ self.word_weights.T + self.intercepts
        logits = sums.astype(np.float64) / self.temperature
        return softmax(without_impossible(logits, self.classes, features.user_turns))


@dataclass(frozen=True)
class SkillHead:
    """Tells skills one by one, by linear scores of the vector of the first turn.

    Attributes:
        names: Names of the skills, sorted.
        weights: Shape (skills, d).
        intercepts: One per skill.
        slope: Of the logistic curve over the scores, one for all skills.
        offset: Of the same.
        min_probs: Probability from which each skill is shown.
        max_skills: Most skills of one conversation.
    """

    names: tuple[str, ...]
    weights: Array
    intercepts: Array
    slope: float
    offset: float
    min_probs: Array
    max_skills: int

    def skill_probs(self, requests: Array) -> NDArray[np.float64]:
        """Probabilities of the skills, shape (n, skills), each for itself."""
        scores = (requests @ self.weights.T + self.intercepts).astype(np.float64)
        probs: NDArray[np.float64] = 1 / (1 + np.exp(-(self.slope * scores + self.offset)))
        return probs

    def skill_names(self, requests: Array) -> list[list[str]]:
        """Skills shown in answering each request, sorted by name, the ones furthest above their bounds first chosen."""
        shown = []
        for row in self.skill_probs(requests):
            order = np.argsort(-row / self.min_probs, kind="stable")[: self.max_skills]
            shown.append(sorted(self.names[number] for number in order if row[number] >= self.min_probs[number]))
        return shown


@dataclass(frozen=True)
class Heads:
    """All heads of one training.

    Attributes:
        version: Digest of the definitions and the encoder, for `facet_version`.
        encoder_name: Encoder that they were trained with.
        words: Words that count in the first turn, and in the later ones.
        linear: Heads by facet.
        skills: The skills' head.
        writers: Conversations learned from by who wrote them.
        quality: Accuracy and calibration by facet, measured on writers left out.
    """

    version: str
    encoder_name: str
    words: tuple[Vocabulary, Vocabulary]
    linear: Mapping[str, LinearHead]
    skills: SkillHead
    writers: Mapping[str, int]
    quality: Mapping[str, float]


@dataclass(frozen=True)
class ConversationFeatures:
    """What the heads see of n conversations.

    Attributes:
        first: Unit vectors of the first user turns, shape (n, d).
        later: Mean vectors of the later user turns, zero where there is none, shape (n, d).
        structure: Dialogue features, shape (n, features).
        words: Words of the first turn and then of the later ones, sparse, shape (n, words).
        user_turns: Number of user turns, shape (n,).
    """

    first: Array
    later: Array
    structure: Array
    words: csr_matrix
    user_turns: NDArray[np.int64]


def conversation_features(
    conversations: Sequence[Sequence[str]],
    encoder: Encoder,
    vocabularies: tuple[Vocabulary, Vocabulary],
    *,
    replies: Sequence[Sequence[str]] | None = None,
) -> ConversationFeatures:
    """Encode conversations; every distinct turn is encoded once.

    Args:
        conversations: The user's turns of each conversation, at least one each.
        encoder: The sentence encoder.
        vocabularies: Words that count in the first turn, and in the later ones.
        replies: The assistant's turns of each conversation, which are not encoded; None where they are unknown.
    """
    firsts = [first_window(turns[0]) for turns in conversations]
    laters = [later_windows(turns) for turns in conversations]
    texts = sorted({*firsts, *(text for turns in laters for text in turns)})
    vectors = encoder.encode(texts)
    row = {text: number for number, text in enumerate(texts)}
    later = np.zeros((len(conversations), encoder.dimensions), dtype=np.float32)
    for number, turns in enumerate(laters):
        if turns:
            later[number] = vectors[[row[text] for text in turns]].mean(axis=0)
    structure = np.zeros((len(conversations), len(FEATURE_NAMES)), dtype=np.float32)
    for number, conversation in enumerate(conversations):
        structure[number] = dialogue_features(conversation, replies[number] if replies is not None else ())
    return ConversationFeatures(
        first=vectors[[row[text] for text in firsts]] if firsts else np.zeros_like(later),
        later=later,
        structure=structure,
        words=word_matrix(conversations, vocabularies),
        user_turns=np.array([len(turns) for turns in conversations], dtype=np.int64),
    )


def word_matrix(conversations: Sequence[Sequence[str]], vocabularies: tuple[Vocabulary, Vocabulary]) -> csr_matrix:
    """The words of the first turns and then of the later ones, as far as the turns are read.

    Args:
        conversations: The user's turns of each conversation, at least one each.
        vocabularies: Words that count in the first turn, and in the later ones.

    Returns:
        Shape (n, words of both), float32.
    """
    firsts, laters = read_texts(conversations)
    return csr_matrix(WORD_SCALE * hstack([vocabularies[0].matrix(firsts), vocabularies[1].matrix(laters)]))


def read_texts(conversations: Sequence[Sequence[str]]) -> tuple[list[str], list[str]]:
    """The first turn of each conversation, and its later turns in one text, as far as they are read.

    Args:
        conversations: The user's turns of each conversation, at least one each.
    """
    firsts = [first_window(turns[0]) for turns in conversations]
    return firsts, ["\n".join(later_windows(turns)) for turns in conversations]


def feature_matrix(features: ConversationFeatures, mean: Array, scale: Array) -> Array:
    """Join vectors and standardised structure into one matrix."""
    structure = np.clip((features.structure - mean) / scale, -4, 4)
    return np.concatenate([VECTOR_SCALE * features.first, VECTOR_SCALE * features.later, structure], axis=1)


def without_impossible(
    logits: NDArray[np.float64], classes: Sequence[str], user_turns: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Rule out the patterns that need two turns by the user where there is one.

    Args:
        logits: Shape (n, classes).
        classes: Their names.
        user_turns: Number of user turns, shape (n,).
    """
    needs_two = np.array([name in TWO_TURN_PATTERNS for name in classes])
    return np.where((user_turns < 2)[:, None] & needs_two, -np.inf, logits)


def softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Softmax over the last axis."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    probs: NDArray[np.float64] = shifted / shifted.sum(axis=-1, keepdims=True)
    return probs
