"""Training of the heads from the definition files, offline.

Conversations composed from templates and conversations written out are learned together. What is said about quality,
the temperature of each facet and the bounds of screen and concern come from leaving out one writer at a time: a head
that never saw a writer's conversations meets them as it will meet a new hand's.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from scipy.sparse import csr_matrix, hstack

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
from clio_lite.heads.fitting import HeadSettings, Labelled, fit, shared_features
from clio_lite.heads.prediction import (
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
from clio_lite.wording import Vocabulary, learn_vocabulary

DEFINITIONS_DIR: Final = Path(__file__).parents[1] / "definitions"
SEED: Final = 20_250_210
PER_CLASS: Final[Mapping[str, int | Mapping[str, int]]] = {
    "collaboration_pattern": 240,
    "occupational_screen": 400,
    "use_case": {"work": 600, "coursework": 400, "personal": 500},
    "concern": {"1": 1500, "2": 250, "3": 250, "4": 300, "5": 250},
}
"""Composed conversations of each class; most conversations are harmless, and harmless ones are the most varied."""

CUT_WEIGHT: Final = 0.5
"""Weight of a conversation cut short beside a whole one."""

SHOWN_BY_TWO: Final = frozenset({"feedback_loop", "task_iteration", "learning"})
"""Patterns that two turns by the user already show."""

SHOWN_BY_ONE: Final = "learning"

PURPOSE_ENDINGS: Final = ("_work", "_coursework", "_personal", "_chatting", "_making", "_error")
OF_USER: Final = frozenset(FEATURE_NAMES) - frozenset(CONCERN_FEATURES) - frozenset(REPLY_FEATURES)
OF_PURPOSE: Final = frozenset(name for name in OF_USER if name.endswith(PURPOSE_ENDINGS) or name.startswith("has_code"))


OF_SCREEN: Final = (
    OF_PURPOSE
    | frozenset(CONCERN_FEATURES)
    | {"is_one_turn", "first_thanks", "first_asking", "first_checking", "opens_asking", "later_chatting"}
)
OF_CONCERN: Final = frozenset(CONCERN_FEATURES) | {
    name for name in REPLY_FEATURES if name.endswith(("_declines", "_cares"))
}

SETTINGS: Final[Mapping[str, HeadSettings]] = {
    "collaboration_pattern": HeadSettings(
        0.018, 0.3, 1.0, 0.5, OF_USER | frozenset(REPLY_FEATURES), is_coupled=True, turn_balance=0.5
    ),
    "occupational_screen": HeadSettings(0.02, 0.3, 1.0, 0.5, OF_SCREEN, is_coupled=True),
    "use_case": HeadSettings(0.012, 0.3, 1.0, 1.0, OF_PURPOSE, is_coupled=True),
    "concern": HeadSettings(0.2, 0.6, 1.0, 0.0, OF_CONCERN, is_coupled=False),
}
"""What the assistant says helps to tell patterns, and whether it declines or cares helps to tell concern; for screen
and use case its wording is a habit of the writer, and leads astray.

How many turns a training conversation of a pattern has is a habit of those who wrote it, so the patterns are evened out
among conversations of equally many turns. How long a conversation is, how many turns it has and whether it holds code
says nothing about concern; nor do its length and its turns say what it is for.
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
    everything = load_written_conversations(definitions_dir, "concern")  # every one has a concern
    everything += [conversation for conversation, _ in labelled]
    firsts, laters = read_texts([conversation.user_turns for conversation in everything])
    words = learn_vocabulary(firsts), learn_vocabulary(laters)
    for facet in LINEAR_FACETS:
        definition = load_facet_definition(definitions_dir, facet)
        written = load_written_conversations(definitions_dir, facet) + _labelled_for(labelled, facet)
        composed = compose_conversations(definition, per_class=per_class[facet], seed=seed) + written
        composed += [replace(conversation, replies=()) for conversation in written if conversation.writer != FIRST_HAND]
        whole = len(composed)
        if facet == "collaboration_pattern":
            composed += cut_short(written)
        features = conversation_features(
            [conversation.user_turns for conversation in composed],
            encoder,
            words,
            replies=[conversation.replies for conversation in composed],
        )
        linear[facet], measured = _train_linear(facet, composed, whole, features, words, definition.min_prob)
        quality |= {f"{facet}_{name}": round(value, 3) for name, value in measured.items()}
    skills, skill_quality = train_skills(definitions_dir, encoder)
    quality |= skill_quality
    encoder_digest = hashlib.blake2b(encoder.name.encode(), digest_size=3).hexdigest()
    version = f"heads-{definitions_digest(definitions_dir)}-{encoder_digest}"
    counts = Counter(conversation.writer for conversation in everything)
    return Heads(version, encoder.name, words, linear, skills, dict(sorted(counts.items())), quality)


def _labelled_for(
    labelled: Sequence[tuple[ComposedConversation, Mapping[str, str]]], facet: str
) -> list[ComposedConversation]:
    """The labelled conversations with a class of the facet."""
    return [replace(conversation, class_name=labels[facet]) for conversation, labels in labelled if facet in labels]


def cut_short(conversations: Sequence[ComposedConversation]) -> list[ComposedConversation]:
    """Conversations once more with their first turns alone, where the pattern is known to show in these already.

    A question that opens a chat of learning is learning by itself, and feedback loops, iterations and such chats show
    in their second turn. Without these the head takes the number of turns, a habit of the writers, for a sign.

    Args:
        conversations: Written conversations with their pattern.
    """
    two = [it for it in conversations if len(it.user_turns) > 2 and it.class_name in SHOWN_BY_TWO]
    one = [it for it in conversations if len(it.user_turns) > 1 and it.class_name == SHOWN_BY_ONE]
    return [
        replace(it, user_turns=it.user_turns[:count], replies=it.replies[:count])
        for count, chosen in ((2, two), (1, one))
        for it in chosen
    ]


def _train_linear(
    facet: str,
    composed: Sequence[ComposedConversation],
    whole: int,
    features: ConversationFeatures,
    words: tuple[Vocabulary, Vocabulary],
    min_prob: float,
) -> tuple[LinearHead, dict[str, float]]:
    """Fit one head; its temperature, its bound and its quality come from whole conversations of writers left out."""
    settings = SETTINGS[facet]
    mean = rounded(features.structure[:whole].mean(axis=0))
    scale = rounded(np.maximum(features.structure[:whole].std(axis=0), 0.05))
    dense = feature_matrix(features, mean, scale)
    dense[:, dense.shape[1] - len(FEATURE_NAMES) :] *= [name in settings.features for name in FEATURE_NAMES]
    matrix = csr_matrix(hstack([csr_matrix(dense), features.words]), dtype=np.float64)
    shared = shared_features(features.first.shape[1], len(FEATURE_NAMES), words)
    labels = np.array([conversation.class_name for conversation in composed])
    writers = np.array([conversation.writer for conversation in composed])
    is_whole = np.arange(len(composed)) < whole
    known = Labelled(labels, writers, features.user_turns, np.where(is_whole, 1.0, CUT_WEIGHT))
    classes = tuple(str(name) for name in np.unique(labels))
    logits = np.zeros((len(labels), len(classes)))
    for writer in sorted(set(writers.tolist()) - {TEMPLATES}):
        kept = writers != writer
        coefficients, intercepts = fit(matrix[kept], known.kept(kept), settings, shared)
        logits[~kept] = matrix[~kept] @ coefficients.T + intercepts
    measured = (writers != TEMPLATES) & is_whole
    left_out = LeftOut(
        without_impossible(logits, classes, features.user_turns)[measured],
        np.searchsorted(classes, labels[measured]),
        writers[measured],
    )
    temperature = fit_temperature(left_out)
    bound = trained_bound(facet, classes, left_out, temperature)
    coefficients, intercepts = fit(matrix, known, settings, shared)
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
