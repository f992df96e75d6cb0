"""Training of the heads from the definition files, offline.

Conversations composed from templates and conversations written out are learned together. What is said about quality,
the temperature of each facet and the bounds of screen and concern come from leaving out one writer at a time: a head
that never saw a writer's conversations meets them as it will meet a new hand's.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import LogisticRegression

from clio_lite.composing import (
    FIRST_HAND,
    LINEAR_FACETS,
    TEMPLATES,
    ComposedConversation,
    compose_conversations,
    definitions_digest,
    load_facet_definition,
    load_labelled_conversations,
    load_written_conversations,
)
from clio_lite.embedding import Encoder
from clio_lite.heads.calibration import LeftOut, fit_temperature, head_quality, trained_bound
from clio_lite.heads.prediction import (
    Array,
    ConversationFeatures,
    Heads,
    LinearHead,
    conversation_features,
    feature_matrix,
    read_texts,
    without_impossible,
)
from clio_lite.heads.skill_training import rounded, train_skills
from clio_lite.replies import REPLY_FEATURES
from clio_lite.structure import CONCERN_FEATURES, FEATURE_NAMES
from clio_lite.wording import learn_vocabulary

DEFINITIONS_DIR: Final = Path(__file__).parents[1] / "definitions"
SEED: Final = 20_250_210
PER_CLASS: Final[Mapping[str, int | Mapping[str, int]]] = {
    "collaboration_pattern": 240,
    "occupational_screen": 400,
    "use_case": {"work": 600, "coursework": 400, "personal": 500},
    "concern": {"1": 1500, "2": 250, "3": 250, "4": 300, "5": 250},
}
"""Composed conversations of each class; most conversations are harmless, and harmless ones are the most varied."""

PURPOSE_ENDINGS: Final = ("_work", "_coursework", "_personal", "_chatting", "_making", "_error")
OF_USER: Final = frozenset(FEATURE_NAMES) - frozenset(CONCERN_FEATURES) - frozenset(REPLY_FEATURES)
OF_PURPOSE: Final = frozenset(name for name in OF_USER if name.endswith(PURPOSE_ENDINGS) or name.startswith("has_code"))


@dataclass(frozen=True)
class HeadSettings:
    """How one head is fitted; chosen by the mean accuracy over writers left out.

    Attributes:
        strength: Inverse strength of the penalty.
        template_weight: Weight of a composed conversation, where one of a labelled file has 1.
        first_weight: Weight of a conversation of the first hand, which labels by groups.
        balance: Power by which classes are evened out: 0 leaves them as they are, 1 gives all the same mass.
        features: Structure features that the head may use.
    """

    strength: float
    template_weight: float
    first_weight: float
    balance: float
    features: frozenset[str]


OF_SCREEN: Final = (
    OF_PURPOSE
    | frozenset(CONCERN_FEATURES)
    | {"is_one_turn", "first_thanks", "first_asking", "first_checking", "opens_asking", "later_chatting"}
)
OF_CONCERN: Final = frozenset(CONCERN_FEATURES) | {
    name for name in REPLY_FEATURES if name.endswith(("_declines", "_cares"))
}

SETTINGS: Final[Mapping[str, HeadSettings]] = {
    "collaboration_pattern": HeadSettings(0.03, 0.3, 1.0, 0.5, OF_USER | frozenset(REPLY_FEATURES)),
    "occupational_screen": HeadSettings(0.03, 0.3, 1.0, 0.5, OF_SCREEN),
    "use_case": HeadSettings(0.02, 0.3, 1.0, 1.0, OF_PURPOSE),
    "concern": HeadSettings(0.2, 0.6, 1.0, 0.0, OF_CONCERN),
}
"""What the assistant says helps to tell patterns, and whether it declines or cares helps to tell concern; for screen
and use case its wording is a habit of the writer, and leads astray.

How long a conversation is, how many turns it has and whether it holds code says nothing about concern; nor do its
length and its turns say what it is for.
"""


def train_heads(
    definitions_dir: Path,
    encoder: Encoder,
    *,
    seed: int,
    per_class: Mapping[str, int | Mapping[str, int]] = PER_CLASS,
) -> Heads:
    """Train every head from the definition files.

    Args:
        definitions_dir: Folder of the definition files.
        encoder: The sentence encoder, whose name the heads keep.
        seed: Seed of the composition.
        per_class: Composed conversations of each class by facet.

    Returns:
        The heads, with their quality on writers left out.
    """
    linear: dict[str, LinearHead] = {}
    quality: dict[str, float] = {}
    labelled = load_labelled_conversations(definitions_dir)
    written = load_written_conversations(definitions_dir, "concern")  # every one has a concern
    written += [conversation for conversation, _ in labelled]
    firsts, laters = read_texts([conversation.user_turns for conversation in written])
    words = learn_vocabulary(firsts), learn_vocabulary(laters)
    for facet in LINEAR_FACETS:
        definition = load_facet_definition(definitions_dir, facet)
        composed = compose_conversations(definition, per_class=per_class[facet], seed=seed)
        composed += load_written_conversations(definitions_dir, facet)
        composed += _with_and_without_replies(labelled, facet)
        features = conversation_features(
            [conversation.user_turns for conversation in composed],
            encoder,
            words,
            replies=[conversation.replies for conversation in composed],
        )
        linear[facet], measured = _train_linear(facet, composed, features, definition.min_prob)
        quality |= {f"{facet}_{name}": round(value, 3) for name, value in measured.items()}
    skills, skill_quality = train_skills(definitions_dir, encoder)
    quality |= skill_quality
    encoder_digest = hashlib.blake2b(encoder.name.encode(), digest_size=3).hexdigest()
    version = f"heads-{definitions_digest(definitions_dir)}-{encoder_digest}"
    counts = Counter(conversation.writer for conversation in written)
    return Heads(version, encoder.name, words, linear, skills, dict(sorted(counts.items())), quality)


def _with_and_without_replies(
    labelled: Sequence[tuple[ComposedConversation, Mapping[str, str]]], facet: str
) -> list[ComposedConversation]:
    """The labelled conversations with a class of the facet, and each once more with the user's side alone."""
    known = [replace(conversation, class_name=labels[facet]) for conversation, labels in labelled if facet in labels]
    return [*known, *(replace(conversation, replies=()) for conversation in known)]


def _train_linear(
    facet: str, composed: Sequence[ComposedConversation], features: ConversationFeatures, min_prob: float
) -> tuple[LinearHead, dict[str, float]]:
    """Fit one head; its temperature, its bound and its quality come from writers left out."""
    settings = SETTINGS[facet]
    mean = rounded(features.structure.mean(axis=0))
    scale = rounded(np.maximum(features.structure.std(axis=0), 0.05))
    dense = feature_matrix(features, mean, scale)
    dense[:, dense.shape[1] - len(FEATURE_NAMES) :] *= [name in settings.features for name in FEATURE_NAMES]
    matrix = csr_matrix(hstack([csr_matrix(dense), features.words]), dtype=np.float64)
    labels = np.array([conversation.class_name for conversation in composed])
    writers = np.array([conversation.writer for conversation in composed])
    classes = tuple(str(name) for name in np.unique(labels))
    logits = np.zeros((len(labels), len(classes)))
    for writer in sorted(set(writers.tolist()) - {TEMPLATES}):
        kept = writers != writer
        coefficients, intercepts = _fit(matrix[kept], labels[kept], writers[kept], settings)
        logits[~kept] = matrix[~kept] @ coefficients.T + intercepts
    of_writer = writers != TEMPLATES
    left_out = LeftOut(
        without_impossible(logits, classes, features.user_turns)[of_writer],
        np.searchsorted(classes, labels[of_writer]),
        writers[of_writer],
    )
    temperature = fit_temperature(left_out)
    bound = trained_bound(facet, classes, left_out, temperature)
    coefficients, intercepts = _fit(matrix, labels, writers, settings)
    head = LinearHead(
        facet=facet,
        classes=classes,
        weights=coefficients[:, : dense.shape[1]],
        word_weights=coefficients[:, dense.shape[1] :],
        intercepts=intercepts,
        mean=mean,
        scale=scale,
        temperature=temperature,
        min_prob=min_prob if bound is None else bound,
    )
    return head, head_quality(left_out, temperature)


def _weights(settings: HeadSettings, labels: NDArray[np.str_], writers: NDArray[np.str_]) -> NDArray[np.float64]:
    """The weight of each training conversation: by who wrote it, then evened out over the classes."""
    weights = np.select(
        [writers == TEMPLATES, writers == FIRST_HAND], [settings.template_weight, settings.first_weight], 1.0
    )
    _, number = np.unique(labels, return_inverse=True)
    mass = np.bincount(number, weights)
    factors = (weights.sum() / len(mass) / mass) ** settings.balance
    return np.asarray(weights * factors[number], dtype=np.float64)


def _fit(
    matrix: csr_matrix, labels: NDArray[np.str_], writers: NDArray[np.str_], settings: HeadSettings
) -> tuple[Array, Array]:
    """Fit a multinomial logistic regression; two classes get a zero row for the first."""
    model = LogisticRegression(C=settings.strength, max_iter=1_000, tol=1e-4)
    model.fit(matrix, labels, sample_weight=_weights(settings, labels, writers))
    coefficients, intercepts = model.coef_, model.intercept_
    if len(coefficients) == 1:
        coefficients = np.concatenate([np.zeros_like(coefficients), coefficients])
        intercepts = np.concatenate([np.zeros_like(intercepts), intercepts])
    return rounded(coefficients), rounded(intercepts)
