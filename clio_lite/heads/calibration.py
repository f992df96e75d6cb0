"""Probabilities that mean what they say, bounds that rest on them, and quality, all from writers left out.

Every writer counts the same, however much they wrote.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from clio_lite.heads.prediction import softmax

TEMPERATURES: Final = np.round(np.arange(1.0, 4.01, 0.05), 2)
BOUNDS: Final = np.round(np.arange(0.1, 0.91, 0.02), 2)
MAX_FALSE_ALARMS: Final = 0.011
"""Share of harmless conversations that may be graded above 2."""

CALIBRATION_BINS: Final = 10
SCREEN_PASSES: Final = "occupational"
HARMLESS_GRADE: Final = "1"
ALARMING_GRADES: Final = ("3", "4", "5")

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class LeftOut:
    """What heads say of conversations whose writer they were not trained on.

    Attributes:
        logits: Shape (n, classes).
        truth: Number of the true class of each.
        writers: Who wrote each.
    """

    logits: Floats
    truth: NDArray[np.intp]
    writers: NDArray[np.str_]

    @property
    def weights(self) -> Floats:
        """One weight for each conversation, the same sum for each writer, 1 in all."""
        _, number, counts = np.unique(self.writers, return_inverse=True, return_counts=True)
        weights: Floats = 1.0 / (counts[number] * len(counts))
        return weights


def fit_temperature(left_out: LeftOut) -> float:
    """The temperature with the least negative log likelihood, from 1 to 4: it never sharpens."""
    rows = np.arange(len(left_out.truth))
    losses = [
        -(left_out.weights * np.log(np.maximum(softmax(left_out.logits / value)[rows, left_out.truth], 1e-12))).sum()
        for value in TEMPERATURES
    ]
    return float(TEMPERATURES[int(np.argmin(losses))])


def trained_bound(facet: str, classes: Sequence[str], left_out: LeftOut, temperature: float) -> float | None:
    """The probability from which the screen is passed or a concern is graded; None for the other facets.

    The screen's bound has the best mean of accuracy and balanced accuracy. That of the concern is the lowest at which
    at most 0.011 of the harmless conversations are graded above 2.

    Args:
        facet: What the head tells.
        classes: Its classes.
        left_out: What it says of conversations of writers left out.
        temperature: What the logits are divided by.
    """
    probs = softmax(left_out.logits / temperature)
    if facet == "occupational_screen":
        place = list(classes).index(SCREEN_PASSES)
        return _screen_bound(probs[:, place], left_out.truth == place, left_out.weights)
    if facet == "concern":
        alarming = probs[:, [name in ALARMING_GRADES for name in classes]].sum(axis=1)
        harmless = left_out.truth == list(classes).index(HARMLESS_GRADE)
        return _concern_bound(alarming[harmless], left_out.weights[harmless])
    return None


def _screen_bound(probs: Floats, truth: NDArray[np.bool_], weights: Floats) -> float:
    """The best bound of the screen; the middle one of equals."""
    found = []
    for bound in BOUNDS:
        hits = (probs >= bound) == truth
        sides = [np.average(hits[truth == side], weights=weights[truth == side]) for side in (False, True)]
        found.append((float((weights * hits).sum()) + float(np.mean(sides))) / 2)
    best = np.flatnonzero(np.array(found) >= max(found) - 1e-9)
    return float(BOUNDS[best[len(best) // 2]])


def _concern_bound(alarming: Floats, weights: Floats) -> float:
    """The lowest bound with few enough false alarms among harmless conversations; the highest of all where none is."""
    shares = [np.average(alarming >= bound, weights=weights) for bound in BOUNDS]
    allowed = [bound for bound, share in zip(BOUNDS, shares, strict=True) if share <= MAX_FALSE_ALARMS]
    return float(allowed[0] if allowed else BOUNDS[-1])


def head_quality(left_out: LeftOut, temperature: float) -> dict[str, float]:
    """Accuracy on each writer left out, their mean, and the calibration error over all.

    Args:
        left_out: What the heads say.
        temperature: What the logits are divided by.

    Returns:
        Shares by name.
    """
    probs = softmax(left_out.logits / temperature)
    hits = probs.argmax(axis=1) == left_out.truth
    quality = {
        f"{writer}_accuracy_share": float(hits[left_out.writers == writer].mean())
        for writer in sorted(set(left_out.writers.tolist()))
    }
    quality["accuracy_share"] = float((left_out.weights * hits).sum())
    quality["calibration_error_share"] = calibration_error(probs.max(axis=1), hits)
    return quality


def calibration_error(probs: Floats, hits: NDArray[np.bool_]) -> float:
    """Expected calibration error: the mean gap between probability and share of hits over ten bins, by their size."""
    bins = np.minimum((probs * CALIBRATION_BINS).astype(np.int64), CALIBRATION_BINS - 1)
    return float(
        sum(
            (bins == number).mean() * abs(probs[bins == number].mean() - hits[bins == number].mean())
            for number in np.unique(bins)
        )
    )
