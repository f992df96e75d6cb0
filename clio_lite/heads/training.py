"""Training of the heads from the definition files, offline.

Conversations composed from templates and conversations written out are learned together. What is said about quality
and the temperature of each facet come from written conversations of groups that the fold was not trained on.
"""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from clio_lite.composing import (
    LINEAR_FACETS,
    ComposedConversation,
    compose_conversations,
    definitions_digest,
    load_facet_definition,
    load_skill_definitions,
    load_written_conversations,
    load_written_skills,
)
from clio_lite.embedding import Encoder
from clio_lite.heads.prediction import (
    Array,
    ConversationFeatures,
    Heads,
    LinearHead,
    SkillHead,
    conversation_features,
    feature_matrix,
    softmax,
)
from clio_lite.structure import CONCERN_FEATURES, FEATURE_NAMES

DEFINITIONS_DIR: Final = Path(__file__).parents[1] / "definitions"
SEED: Final = 20_250_210
PER_CLASS: Final[Mapping[str, int | Mapping[str, int]]] = {
    "collaboration_pattern": 240,
    "occupational_screen": 400,
    "use_case": {"work": 600, "coursework": 400, "personal": 500},
    "concern": {"1": 1500, "2": 250, "3": 250, "4": 300, "5": 250},
}
"""Training conversations of each class; most conversations are harmless, and harmless ones are the most varied."""

USE_CASE_CUES: Final = ("_work", "_coursework", "_personal", "_chatting", "_making", "_error")
STRUCTURE_USED: Final[Mapping[str, frozenset[str]]] = {
    "concern": frozenset(CONCERN_FEATURES),
    "use_case": frozenset(
        name for name in FEATURE_NAMES if name.endswith(USE_CASE_CUES) or name.startswith("has_code")
    ),
}
"""Structure features that a facet's head may use, where it is not all of them.

How long a conversation is, how many turns it has and whether it holds code says nothing about concern; nor do its
length and its turns say what it is for.
"""
FOLDS: Final = 5

REGULARISATION: Final = {"collaboration_pattern": 0.04, "occupational_screen": 0.1, "use_case": 0.05, "concern": 0.3}
"""Inverse strength of the penalty: strong, since templates are poorer than conversations."""

WRITTEN_WEIGHT: Final = 2.0
"""Weight of a written conversation beside a composed one."""

EXAMPLE_WEIGHT: Final = 2.0
"""Weight of a skill's own examples beside a written conversation, whose skills are those of its group."""

RIDGE: Final = 3.0
SKILL_BOUNDS: Final = np.round(np.arange(0.1, 0.61, 0.02), 2)
"""Probabilities among which the bound of each skill is chosen."""

DECIMALS: Final = 4
"""Weights are rounded to this, so that the last bits of a sum do not change the files."""


def train_heads(definitions_dir: Path, encoder: Encoder, *, seed: int) -> Heads:
    """Train every head from the definition files.

    Args:
        definitions_dir: Folder of the definition files.
        encoder: The sentence encoder, whose name the heads keep.
        seed: Seed of the composition.

    Returns:
        The heads, with their quality on written groups left out.
    """
    linear: dict[str, LinearHead] = {}
    quality: dict[str, float] = {}
    for facet in LINEAR_FACETS:
        definition = load_facet_definition(definitions_dir, facet)
        composed = compose_conversations(definition, per_class=PER_CLASS[facet], seed=seed)
        composed += load_written_conversations(definitions_dir, facet)
        features = conversation_features([conversation.user_turns for conversation in composed], encoder)
        linear[facet], accuracy = _train_linear(facet, composed, features, definition.min_prob)
        quality[f"{facet}_accuracy_share"] = round(accuracy, 3)
    skills, skill_quality = _train_skills(definitions_dir, encoder)
    quality |= skill_quality
    encoder_digest = hashlib.blake2b(encoder.name.encode(), digest_size=3).hexdigest()
    version = f"heads-{definitions_digest(definitions_dir)}-{encoder_digest}"
    return Heads(version, encoder.name, linear, skills, quality)


def _train_linear(
    facet: str, composed: Sequence[ComposedConversation], features: ConversationFeatures, min_prob: float
) -> tuple[LinearHead, float]:
    """Fit one head, and its temperature on written groups left out; also returns the accuracy there."""
    mean = features.structure.mean(axis=0)
    scale = np.maximum(features.structure.std(axis=0), 0.05)
    mean, scale = mean.round(DECIMALS), scale.round(DECIMALS)
    matrix = feature_matrix(features, mean, scale)
    used = STRUCTURE_USED.get(facet, frozenset(FEATURE_NAMES) - frozenset(CONCERN_FEATURES))
    matrix[:, matrix.shape[1] - len(FEATURE_NAMES) :] *= [name in used for name in FEATURE_NAMES]
    labels = np.array([conversation.class_name for conversation in composed])
    folds = _folds([conversation.family for conversation in composed])
    weights = np.where(folds >= 0, WRITTEN_WEIGHT, 1.0)
    names = np.unique(labels)
    held_out = np.zeros((len(labels), len(names)))
    for fold in range(FOLDS):
        train, test = folds != fold, folds == fold
        coefficients, intercepts = _fit(matrix[train], labels[train], weights[train], REGULARISATION[facet])
        held_out[test] = matrix[test] @ coefficients.T + intercepts
    is_written = folds >= 0
    truth = np.searchsorted(names, labels[is_written])
    temperature = _temperature(held_out[is_written], truth)
    accuracy = float((held_out[is_written].argmax(axis=1) == truth).mean())
    coefficients, intercepts = _fit(matrix, labels, weights, REGULARISATION[facet])
    classes = tuple(str(name) for name in names)
    return LinearHead(facet, classes, coefficients, intercepts, mean, scale, temperature, min_prob), accuracy


def _folds(families: Sequence[str]) -> NDArray[np.int64]:
    """The fold in which each conversation is left out: written groups in turn, composed ones (-1) never."""
    written = sorted({family for family in families if family.startswith("written_")})
    fold = {family: number % FOLDS for number, family in enumerate(written)}
    return np.array([fold.get(family, -1) for family in families], dtype=np.int64)


def _fit(matrix: Array, labels: NDArray[np.str_], weights: NDArray[np.float64], strength: float) -> tuple[Array, Array]:
    """Fit a multinomial logistic regression; two classes get a zero row for the first."""
    model = LogisticRegression(C=strength, max_iter=1_000, tol=1e-4)
    model.fit(matrix.astype(np.float64), labels, sample_weight=weights)
    coefficients, intercepts = model.coef_, model.intercept_
    if len(coefficients) == 1:
        coefficients = np.concatenate([np.zeros_like(coefficients), coefficients])
        intercepts = np.concatenate([np.zeros_like(intercepts), intercepts])
    return coefficients.round(DECIMALS).astype(np.float32), intercepts.round(DECIMALS).astype(np.float32)


def _temperature(logits: NDArray[np.float64], truth: NDArray[np.intp]) -> float:
    """The temperature with the least negative log likelihood, on a grid from 1 to 3.

    It never sharpens: even families left out are easier than conversations are.
    """
    rows = np.arange(len(truth))
    candidates = np.round(np.arange(1.0, 3.01, 0.05), 2)
    losses = [-np.log(np.maximum(softmax(logits / value)[rows, truth], 1e-12)).mean() for value in candidates]
    return float(candidates[int(np.argmin(losses))])


def _train_skills(definitions_dir: Path, encoder: Encoder) -> tuple[SkillHead, dict[str, float]]:
    """Fit the skills' head by ridge regression on all skills at once; bounds and curve on rows left out.

    Also returns precision and recall over all skills on the rows left out.
    """
    skills, max_skills = load_skill_definitions(definitions_dir)
    names = tuple(sorted(skill.name for skill in skills))
    rows = [(f"{skill.name}: {skill.definition}", (skill.name, *skill.also)) for skill in skills]
    rows += [(example, (skill.name, *skill.also)) for skill in skills for example in skill.examples]
    weights = np.concatenate([np.full(len(rows), EXAMPLE_WEIGHT), np.ones(len(load_written_skills(definitions_dir)))])
    rows += load_written_skills(definitions_dir)
    vectors = encoder.encode([text for text, _ in rows]).astype(np.float64)
    truth = np.array([[name in shown for name in names] for _, shown in rows])
    folds = np.arange(len(rows)) % FOLDS
    scores = np.zeros(truth.shape)
    for fold in range(FOLDS):
        kept = folds != fold
        fold_solved = _ridge(vectors[kept], truth[kept], weights[kept])
        scores[~kept] = vectors[~kept] @ fold_solved[:-1] + fold_solved[-1]
    curve = LogisticRegression(C=100.0).fit(scores.reshape(-1, 1), truth.ravel())
    slope, offset = round(float(curve.coef_[0, 0]), DECIMALS), round(float(curve.intercept_[0]), DECIMALS)
    probs = 1 / (1 + np.exp(-(slope * scores + offset)))
    bounds = np.array([_best_bound(probs[:, number], truth[:, number]) for number in range(len(names))])
    solved = _ridge(vectors, truth, weights)
    shown = probs >= bounds
    quality = {
        "skills_precision_share": round(float((shown & truth).sum() / max(shown.sum(), 1)), 3),
        "skills_recall_share": round(float((shown & truth).sum() / truth.sum()), 3),
    }
    head = SkillHead(
        names=names, weights=_rounded(solved[:-1].T), intercepts=_rounded(solved[-1]), slope=slope,
        offset=offset, min_probs=_rounded(bounds), max_skills=max_skills,
    )  # fmt: skip
    return head, quality


def _ridge(vectors: NDArray[np.float64], truth: NDArray[np.bool_], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Solve a weighted ridge regression of every skill; the last row holds the intercepts."""
    matrix = np.concatenate([vectors, np.ones((len(vectors), 1))], axis=1)
    gram = matrix.T @ (matrix * weights[:, None]) + RIDGE * np.eye(matrix.shape[1])
    solved: NDArray[np.float64] = np.linalg.solve(gram, matrix.T @ (truth * weights[:, None])).astype(np.float64)
    return solved


def _best_bound(probs: NDArray[np.float64], truth: NDArray[np.bool_]) -> float:
    """The probability from which showing a skill gives the best balance of precision and recall (F1)."""
    hits = np.array([(truth & (probs >= bound)).sum() for bound in SKILL_BOUNDS])
    shown = np.array([(probs >= bound).sum() for bound in SKILL_BOUNDS])
    return float(SKILL_BOUNDS[int(np.argmax(2 * hits / (shown + truth.sum())))])


def _rounded(array: NDArray[np.floating]) -> Array:
    """Round weights, so that the last bits of a sum do not change the files."""
    rounded: Array = array.round(DECIMALS).astype(np.float32)
    return rounded
