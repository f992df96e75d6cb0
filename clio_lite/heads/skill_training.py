"""Training of the skills' head: one ridge regression, and a bound for each skill from rows left out."""

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from clio_lite.composing import load_skill_definitions, load_written_skills
from clio_lite.embedding import Encoder
from clio_lite.heads.prediction import Array, SkillHead

FOLDS: Final = 5
EXAMPLE_WEIGHT: Final = 2.0
"""Weight of a skill's own examples beside a written conversation, whose skills are those of its group."""

RIDGE: Final = 3.0
SKILL_BOUNDS: Final = np.round(np.arange(0.1, 0.61, 0.02), 2)
"""Probabilities among which the bound of each skill is chosen."""

DECIMALS: Final = 4
"""Weights are rounded to this, so that the last bits of a sum do not change the files."""


def train_skills(definitions_dir: Path, encoder: Encoder) -> tuple[SkillHead, dict[str, float]]:
    """Fit the skills' head by ridge regression on all skills at once; bounds and curve on rows left out.

    Args:
        definitions_dir: Folder of the definition files.
        encoder: The sentence encoder.

    Returns:
        The head, with precision and recall over all skills on the rows left out.
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
        names=names, weights=rounded(solved[:-1].T), intercepts=rounded(solved[-1]), slope=slope,
        offset=offset, min_probs=rounded(bounds), max_skills=max_skills,
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


def rounded(array: NDArray[np.floating]) -> Array:
    """Round weights, so that the last bits of a sum do not change the files."""
    rounded: Array = array.round(DECIMALS).astype(np.float32)
    return rounded
