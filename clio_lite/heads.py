"""Small classifiers on sentence vectors and dialogue structure, trained from the definition files.

`python -m clio_lite.heads` retrains them into `clio_lite/trained`; the same definitions, encoder and seed give the same
bytes. The classifiers are multinomial logistic regressions. Their probabilities are calibrated by one temperature per
facet, fitted on predictions for template families that the fold was not trained on. Skills are told by similarity to
their definitions and examples, both as it is and standardised per skill, so that no skill is near to everything.
"""

import argparse
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from clio_lite.composing import (
    LINEAR_FACETS,
    ComposedConversation,
    compose_conversations,
    definitions_digest,
    load_facet_definition,
    load_skill_definitions,
)
from clio_lite.embedding import Encoder, load_encoder
from clio_lite.errors import HeadMismatchError
from clio_lite.structure import FEATURE_NAMES, dialogue_features, first_window, later_windows

Array = NDArray[np.float32]

HEADS_DIR: Final = Path(__file__).parent / "trained"
DEFINITIONS_DIR: Final = Path(__file__).parent / "definitions"
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
    "concern": frozenset({"first_harm"}),
    "use_case": frozenset(
        name for name in FEATURE_NAMES if name.endswith(USE_CASE_CUES) or name.startswith("has_code")
    ),
}
"""Structure features that a facet's head may use, where it is not all of them.

How long a conversation is, how many turns it has and whether it holds code says nothing about concern; nor do its
length and its turns say what it is for.
"""
FOLDS: Final = 4
VECTOR_SCALE: Final = 4.0
"""Weight of the vectors beside the standardised structure: their parts are about 1/20 in size."""

REGULARISATION: Final = {"collaboration_pattern": 0.02, "occupational_screen": 0.05, "use_case": 0.05, "concern": 0.3}
"""Inverse strength of the penalty: strong, since templates are poorer than conversations."""

DECIMALS: Final = 4
"""Weights are rounded to this, so that the last bits of a sum do not change the files."""


@dataclass(frozen=True)
class LinearHead:
    """A calibrated multinomial logistic regression.

    Attributes:
        facet: What it tells.
        classes: Names of the classes, sorted as the rows of `weights`.
        weights: Shape (classes, features); for two classes the first row is zero.
        intercepts: One per class.
        mean: Mean of each structure feature in training.
        scale: Spread of each structure feature in training.
        temperature: What the sums are divided by before the softmax.
        min_prob: Below this probability no class is given.
    """

    facet: str
    classes: tuple[str, ...]
    weights: Array
    intercepts: Array
    mean: Array
    scale: Array
    temperature: float
    min_prob: float

    def class_probs(self, features: "ConversationFeatures") -> NDArray[np.float64]:
        """Probabilities of the classes, shape (n, classes), rows summing to 1."""
        matrix = _matrix(features, self.mean, self.scale)
        logits = (matrix @ self.weights.T + self.intercepts) / self.temperature
        return _softmax(logits.astype(np.float64))


@dataclass(frozen=True)
class SkillHead:
    """Tells skills by standardised similarity.

    Attributes:
        names: Names of the skills, sorted.
        definitions: Unit vectors of the definitions, shape (skills, d).
        examples: Unit mean vectors of the examples, shape (skills, d).
        mean: Mean similarity of each skill to training requests.
        scale: Spread of it.
        slope: Of the logistic curve over standardised similarity.
        plain_slope: Of the same over similarity as it is.
        offset: Of the same.
        min_prob: Probability from which a skill is shown.
        max_skills: Most skills of one conversation.
    """

    names: tuple[str, ...]
    definitions: Array
    examples: Array
    mean: Array
    scale: Array
    slope: float
    plain_slope: float
    offset: float
    min_prob: float
    max_skills: int

    def skill_probs(self, requests: Array) -> NDArray[np.float64]:
        """Probabilities of the skills, shape (n, skills), each for itself."""
        similarity = 0.5 * (requests @ self.definitions.T) + 0.5 * (requests @ self.examples.T)
        standardised = (similarity - self.mean) / self.scale
        logits = self.slope * standardised + self.plain_slope * similarity + self.offset
        probs: NDArray[np.float64] = 1 / (1 + np.exp(-logits.astype(np.float64)))
        return probs

    def skill_names(self, requests: Array) -> list[list[str]]:
        """Skills shown in answering each request, sorted by name."""
        probs = self.skill_probs(requests)
        shown = []
        for row in probs:
            order = np.argsort(-row, kind="stable")[: self.max_skills]
            shown.append(sorted(self.names[number] for number in order if row[number] >= self.min_prob))
        return shown


@dataclass(frozen=True)
class Heads:
    """All heads of one training.

    Attributes:
        version: Digest of the definitions and the encoder, for `facet_version`.
        encoder_name: Encoder that they were trained with.
        linear: Heads by facet.
        skills: The skills' head.
        quality: Accuracy and temperature by facet, measured on template families left out.
    """

    version: str
    encoder_name: str
    linear: Mapping[str, LinearHead]
    skills: SkillHead
    quality: Mapping[str, float]


@dataclass(frozen=True)
class ConversationFeatures:
    """What the heads see of n conversations.

    Attributes:
        first: Unit vectors of the first user turns, shape (n, d).
        later: Mean vectors of the later user turns, zero where there is none, shape (n, d).
        structure: Dialogue features, shape (n, features).
        user_turns: Number of user turns, shape (n,).
    """

    first: Array
    later: Array
    structure: Array
    user_turns: NDArray[np.int64]


def conversation_features(conversations: Sequence[Sequence[str]], encoder: Encoder) -> ConversationFeatures:
    """Encode conversations; every distinct turn is encoded once.

    Args:
        conversations: The user's turns of each conversation, at least one each.
        encoder: The sentence encoder.
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
        structure[number] = dialogue_features(conversation)
    return ConversationFeatures(
        first=vectors[[row[text] for text in firsts]] if firsts else np.zeros_like(later),
        later=later,
        structure=structure,
        user_turns=np.array([len(turns) for turns in conversations], dtype=np.int64),
    )


def train_heads(definitions_dir: Path, encoder: Encoder, *, seed: int) -> Heads:
    """Train every head from the definition files.

    Args:
        definitions_dir: Folder of the definition files.
        encoder: The sentence encoder, whose name the heads keep.
        seed: Seed of the composition.

    Returns:
        The heads, with their quality on template families left out.
    """
    linear: dict[str, LinearHead] = {}
    quality: dict[str, float] = {}
    background: list[Array] = []
    for facet in LINEAR_FACETS:
        definition = load_facet_definition(definitions_dir, facet)
        composed = compose_conversations(definition, per_class=PER_CLASS[facet], seed=seed)
        features = conversation_features([conversation.user_turns for conversation in composed], encoder)
        background.append(features.first)
        linear[facet], accuracy = _train_linear(facet, composed, features, definition.min_prob)
        quality[f"{facet}_accuracy_share"] = round(accuracy, 3)
    skills = _train_skills(definitions_dir, encoder, np.concatenate(background))
    version = f"heads-{definitions_digest(definitions_dir)}-{_model_of(encoder.name).rsplit('/', 1)[-1][:6]}"
    return Heads(version, encoder.name, linear, skills, quality)


def _train_linear(
    facet: str, composed: Sequence[ComposedConversation], features: ConversationFeatures, min_prob: float
) -> tuple[LinearHead, float]:
    """Fit one head, and its temperature on families left out; also returns the accuracy there."""
    mean = features.structure.mean(axis=0)
    scale = np.maximum(features.structure.std(axis=0), 0.05)
    mean, scale = mean.round(DECIMALS), scale.round(DECIMALS)
    matrix = _matrix(features, mean, scale)
    used = STRUCTURE_USED.get(facet, frozenset(FEATURE_NAMES))
    matrix[:, matrix.shape[1] - len(FEATURE_NAMES) :] *= [name in used for name in FEATURE_NAMES]
    labels = np.array([conversation.class_name for conversation in composed])
    families = np.array([conversation.family for conversation in composed])
    names = np.unique(labels)
    held_out = np.zeros((len(labels), len(names)))
    for train, test in GroupKFold(n_splits=FOLDS).split(matrix, labels, families):
        weights, intercepts = _fit(matrix[train], labels[train], REGULARISATION[facet])
        held_out[test] = matrix[test] @ weights.T + intercepts
    truth = np.searchsorted(names, labels)
    temperature = _temperature(held_out, truth)
    accuracy = float((held_out.argmax(axis=1) == truth).mean())
    weights, intercepts = _fit(matrix, labels, REGULARISATION[facet])
    classes = tuple(str(name) for name in names)
    return LinearHead(facet, classes, weights, intercepts, mean, scale, temperature, min_prob), accuracy


def _fit(matrix: Array, labels: NDArray[np.str_], strength: float) -> tuple[Array, Array]:
    """Fit a multinomial logistic regression; two classes get a zero row for the first."""
    model = LogisticRegression(C=strength, max_iter=2_000, tol=1e-6).fit(matrix.astype(np.float64), labels)
    weights, intercepts = model.coef_, model.intercept_
    if len(weights) == 1:
        weights = np.concatenate([np.zeros_like(weights), weights])
        intercepts = np.concatenate([np.zeros_like(intercepts), intercepts])
    return weights.round(DECIMALS).astype(np.float32), intercepts.round(DECIMALS).astype(np.float32)


def _temperature(logits: NDArray[np.float64], truth: NDArray[np.intp]) -> float:
    """The temperature with the least negative log likelihood, on a grid from 1 to 3.

    It never sharpens: even families left out are easier than conversations are.
    """
    rows = np.arange(len(truth))
    candidates = np.round(np.arange(1.0, 3.01, 0.05), 2)
    losses = [-np.log(np.maximum(_softmax(logits / value)[rows, truth], 1e-12)).mean() for value in candidates]
    return float(candidates[int(np.argmin(losses))])


def _train_skills(definitions_dir: Path, encoder: Encoder, background: Array) -> SkillHead:
    """Build the skills' head: vectors, background similarity and one logistic curve for all skills."""
    skills, min_prob, max_skills = load_skill_definitions(definitions_dir)
    skills = tuple(sorted(skills, key=lambda skill: skill.name))
    definitions = encoder.encode([f"{skill.name}: {skill.definition}" for skill in skills])
    vectors = [encoder.encode(skill.examples) for skill in skills]
    examples = np.stack([_unit(group.mean(axis=0)) for group in vectors])
    similarity = 0.5 * (background @ definitions.T) + 0.5 * (background @ examples.T)
    mean, scale = similarity.mean(axis=0), similarity.std(axis=0)
    scores, truths = [], []
    for number, group in enumerate(vectors):
        for place, vector in enumerate(group):
            others = examples.copy()
            others[number] = _unit(np.delete(group, place, axis=0).mean(axis=0))
            near = 0.5 * (definitions @ vector) + 0.5 * (others @ vector)
            scores.append(np.stack([(near - mean) / scale, near], axis=1))
            truths.append(np.arange(len(skills)) == number)
    score, truth = np.concatenate(scores), np.concatenate(truths)
    model = LogisticRegression(C=10.0, tol=1e-8).fit(score.astype(np.float64), truth)
    return SkillHead(
        names=tuple(skill.name for skill in skills),
        definitions=_rounded(definitions),
        examples=_rounded(examples),
        mean=_rounded(mean),
        scale=_rounded(scale),
        slope=round(float(model.coef_[0, 0]), DECIMALS),
        plain_slope=round(float(model.coef_[0, 1]), DECIMALS),
        offset=round(float(model.intercept_[0]), DECIMALS),
        min_prob=min_prob,
        max_skills=max_skills,
    )


def _rounded(array: Array) -> Array:
    """Round weights, so that the last bits of a sum do not change the files."""
    rounded: Array = array.round(DECIMALS).astype(np.float32)
    return rounded


def _matrix(features: ConversationFeatures, mean: Array, scale: Array) -> Array:
    """Join vectors and standardised structure into one matrix."""
    structure = np.clip((features.structure - mean) / scale, -4, 4)
    return np.concatenate([VECTOR_SCALE * features.first, VECTOR_SCALE * features.later, structure], axis=1)


def _softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Softmax over the last axis."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    probs: NDArray[np.float64] = shifted / shifted.sum(axis=-1, keepdims=True)
    return probs


def _unit(vector: Array) -> Array:
    """Scale a vector to length 1."""
    unit: Array = vector / max(float(np.linalg.norm(vector)), 1e-12)
    return unit


def _model_of(encoder_name: str) -> str:
    """Model and digest of an encoder's name, without the backend: backends agree to 1e-4."""
    parts = encoder_name.split("/")
    return f"{parts[0]}/{parts[-1]}"


def save_heads(heads: Heads, path: Path) -> None:
    """Write heads as `heads.npz` and a readable `heads.json`.

    Args:
        heads: What `train_heads` returned.
        path: Folder, made when missing.
    """
    arrays: dict[str, Any] = {}
    own = heads.skills
    facts: dict[str, Any] = {
        "version": heads.version,
        "encoder_name": heads.encoder_name,
        "features": list(FEATURE_NAMES),
        "quality": dict(heads.quality),
        "skills": {
            "names": list(own.names),
            "slope": own.slope,
            "plain_slope": own.plain_slope,
            "offset": own.offset,
            "min_prob": own.min_prob,
            "max_skills": own.max_skills,
        },
        "linear": {},
    }
    for facet, head in sorted(heads.linear.items()):
        facts["linear"][facet] = {
            "classes": list(head.classes),
            "temperature": head.temperature,
            "min_prob": head.min_prob,
        }
        for part in ("weights", "intercepts", "mean", "scale"):
            arrays[f"{facet}.{part}"] = getattr(head, part)
    for part in ("definitions", "examples", "mean", "scale"):
        arrays[f"skills.{part}"] = getattr(heads.skills, part)
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    path.mkdir(parents=True, exist_ok=True)
    (path / "heads.npz").write_bytes(buffer.getvalue())
    (path / "heads.json").write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def load_heads(path: Path, *, encoder_name: str) -> Heads:
    """Read heads that `save_heads` wrote.

    Args:
        path: Their folder.
        encoder_name: Encoder that they are to be used with; another backend of the same model will do.

    Raises:
        HeadMismatchError: There are none, or they belong to another encoder or to other dialogue features.
    """
    remedy = "retrain them with 'python -m clio_lite.heads'"
    if not (path / "heads.json").is_file() or not (path / "heads.npz").is_file():
        raise HeadMismatchError(f"expected heads.json and heads.npz in {path}, found none: {remedy}")
    facts = json.loads((path / "heads.json").read_text(encoding="utf-8"))
    if _model_of(facts["encoder_name"]) != _model_of(encoder_name):
        raise HeadMismatchError(
            f"heads were trained with {facts['encoder_name']}, asked for {encoder_name}: {remedy} for this encoder"
        )
    if tuple(facts["features"]) != FEATURE_NAMES:
        raise HeadMismatchError(f"heads were trained on other dialogue features than these: {remedy}")
    with np.load(path / "heads.npz", allow_pickle=False) as arrays:
        linear = {
            facet: LinearHead(
                facet=facet,
                classes=tuple(entry["classes"]),
                weights=arrays[f"{facet}.weights"],
                intercepts=arrays[f"{facet}.intercepts"],
                mean=arrays[f"{facet}.mean"],
                scale=arrays[f"{facet}.scale"],
                temperature=entry["temperature"],
                min_prob=entry["min_prob"],
            )
            for facet, entry in facts["linear"].items()
        }
        own = facts["skills"]
        skills = SkillHead(
            names=tuple(own["names"]),
            definitions=arrays["skills.definitions"],
            examples=arrays["skills.examples"],
            mean=arrays["skills.mean"],
            scale=arrays["skills.scale"],
            slope=own["slope"],
            plain_slope=own["plain_slope"],
            offset=own["offset"],
            min_prob=own["min_prob"],
            max_skills=own["max_skills"],
        )
    return Heads(facts["version"], facts["encoder_name"], linear, skills, facts["quality"])


def main(arguments: Sequence[str] | None = None) -> None:
    """Retrain the heads.

    Args:
        arguments: Command line without the program's name; None takes the process's own.
    """
    parser = argparse.ArgumentParser(prog="python -m clio_lite.heads", description="Retrain the facet heads.")
    parser.add_argument("--definitions", type=Path, default=DEFINITIONS_DIR)
    parser.add_argument("--out", type=Path, default=HEADS_DIR)
    parser.add_argument("--cache", type=Path, default=Path("data/store/cache"))
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args(arguments)
    encoder = load_encoder(None, backend="onnx", cache_dir=options.cache)
    heads = train_heads(options.definitions, encoder, seed=options.seed)
    save_heads(heads, options.out)


if __name__ == "__main__":
    main()
