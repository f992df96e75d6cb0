"""Estimates from a stratified labelled sample: weighted accuracy, and shares corrected for the classifier's error.

The correction is the prediction-powered estimate (Angelopoulos et al., Science 382, 2023): the mean of the predictions
over everything plus the mean error over the labelled. Its variance here is that of a two-phase design, since the
labelled are a part of the predicted: conversations are a sample of usage (grouped in accounts), items a stratified
sample of the conversations. With a small part labelled it tends to Var(f)/N + Var(y - f)/n.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

Z_95 = 1.959963984540054
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Design:
    """Which rows of a population carry labels, and how they came to.

    Attributes:
        stratum: Stratum code of every row of the population, from 0.
        account: Account code of every row; rows that share one are not independent.
        labelled: Rows with labels.
    """

    stratum: NDArray[np.int64]
    account: NDArray[np.int64]
    labelled: NDArray[np.int64]

    @property
    def sizes(self) -> Array:
        """Rows per stratum."""
        return np.bincount(self.stratum).astype(float)

    @property
    def label_stratum(self) -> NDArray[np.int64]:
        """Stratum of each labelled row."""
        return self.stratum[self.labelled]

    @property
    def label_counts(self) -> Array:
        """Labelled rows per stratum."""
        return np.bincount(self.label_stratum, minlength=len(self.sizes)).astype(float)

    @property
    def weights(self) -> Array:
        """Rows that each labelled row stands for; they sum to the population."""
        per_stratum: Array = self.sizes / np.maximum(self.label_counts, 1)
        return per_stratum[self.label_stratum]

    @property
    def degrees(self) -> int:
        """Degrees of freedom of the variance."""
        return max(1, len(self.labelled) - int((self.label_counts > 0).sum()))


def merged_strata(stratum: NDArray[np.int64], labelled: NDArray[np.int64]) -> NDArray[np.int64]:
    """Put strata with fewer than two labelled rows, and rows left to label, together with the next one.

    Answers may be missing; strata are numbered in the order of their names, so the next one is of the same band.

    Args:
        stratum: Stratum code per row.
        labelled: Rows with labels.

    Returns:
        New codes from 0.
    """
    sizes = np.bincount(stratum)
    counts = np.bincount(stratum[labelled], minlength=len(sizes))

    def suffices(codes: list[int]) -> bool:
        have, whole = counts[codes].sum(), sizes[codes].sum()
        return bool(have >= 2 or have == whole > 0)

    groups: list[list[int]] = []
    current: list[int] = []
    for code in range(len(sizes)):
        current.append(code)
        if suffices(current):
            groups.append(current)
            current = []
    while groups and current and not suffices(current):
        current = groups.pop() + current
    if current:
        groups.append(current)
    new = np.zeros(len(sizes), dtype=np.int64)
    for number, codes in enumerate(groups):
        new[codes] = number
    return new[stratum]


def stratified_mean(values: Array, design: Design, *, finite: bool) -> tuple[Array, Array]:
    """Weighted mean of values on the labelled rows and the variance that drawing the items adds.

    Args:
        values: Shape (labelled, columns).
        design: The design.
        finite: Items were drawn without replacement from the rows that the mean is for.
    """
    strata, counts, sizes = design.label_stratum, np.maximum(design.label_counts, 1), design.sizes
    part = sizes / sizes.sum()

    def sums(of: Array) -> Array:
        total: Array = np.stack([np.bincount(strata, column, minlength=len(sizes)) for column in of.T], axis=1)
        return total

    means = sums(values) / counts[:, None]
    spread = sums((values - means[strata]) ** 2) / np.maximum(counts - 1, 1)[:, None]
    left = 1 - counts / sizes if finite else np.ones_like(sizes)
    return part @ means, (part**2 * left / counts) @ spread


def _population_variance(predicted: Array, judged: Array, design: Design) -> Array:
    """Variance of the population's own mean, with the design effect of accounts as the predictions show it."""
    count = len(predicted)
    centred = predicted - predicted.mean(axis=0)
    by_account = np.stack([np.bincount(design.account, column) for column in centred.T], axis=1)
    alone = (centred**2).sum(axis=0)
    effect = np.where(alone > 0, (by_account**2).sum(axis=0) / np.where(alone > 0, alone, 1), 1.0)
    weights = design.weights[:, None] / design.weights.sum()
    mean = (weights * judged).sum(axis=0)
    spread: Array = (weights * (judged - mean) ** 2).sum(axis=0)
    return np.maximum(effect, 1.0) * spread / count


def corrected_shares(
    predicted: Array, judged: Array, design: Design, base: NDArray[np.bool_]
) -> tuple[Array, Array, Array, Array]:
    """Corrected share of each class within the classes of the base.

    Args:
        predicted: Predictions for the population, shape (rows, classes); a row sums to 1.
        judged: Labels of `design.labelled`, shape (labelled, classes).
        design: The design.
        base: Classes that make the denominator.

    Returns:
        Share, standard error, lower and upper end of the 95 % interval (Student's t), per class; shares and ends are
        cut at 0 and 1. NaN where nothing is left in the base.
    """
    error, _ = stratified_mean(judged - predicted[design.labelled], design, finite=True)
    total = predicted.mean(axis=0) + error
    whole = float(total[base].sum())
    if whole <= 0:
        nothing = np.full(predicted.shape[1], np.nan)
        return nothing, nothing, nothing, nothing
    share = total / whole

    def linear(values: Array) -> Array:
        by_ratio: Array = (values - values[:, base].sum(axis=1, keepdims=True) * share) / whole
        return by_ratio

    f, y = linear(predicted), linear(judged)
    _, drawing = stratified_mean(y - f[design.labelled], design, finite=True)
    se = np.sqrt(drawing + _population_variance(f, y, design))
    reach = float(student.ppf(0.975, design.degrees)) * se
    return np.clip(share, 0, 1), se, np.clip(share - reach, 0, 1), np.clip(share + reach, 0, 1)


@dataclass(frozen=True)
class Accuracy:
    """A weighted share and how much it rests on.

    Attributes:
        count: Labelled rows of the domain.
        effective_count: Effective sample size.
        value: Share; None without rows.
    """

    count: int
    effective_count: float | None = None
    value: float | None = None


def wilson_interval(share: float, count: float) -> tuple[float, float]:
    """Wilson score interval of a share, 95 %.

    Args:
        share: Share.
        count: Sample size, which may be an effective one.
    """
    centre = (share + Z_95**2 / (2 * count)) / (1 + Z_95**2 / count)
    half = Z_95 / (1 + Z_95**2 / count) * np.sqrt(share * (1 - share) / count + Z_95**2 / (4 * count**2))
    return max(0.0, float(centre - half)), min(1.0, float(centre + half))


def weighted_accuracy(scores: Array, in_domain: NDArray[np.bool_], design: Design) -> Accuracy:
    """Share of right answers in a domain of the labelled rows, with its effective sample size for Wilson's interval.

    The effective size is p(1-p) over the variance of the stratified ratio, at most the number of rows; where all
    answers agree, Kish's from the weights.

    Args:
        scores: 1 right, 0 wrong, between them where raters differ; rows outside the domain are not read.
        in_domain: Rows that count.
        design: The design.
    """
    count = int(in_domain.sum())
    if not count:
        return Accuracy(0)
    weights = design.weights[in_domain]
    value = float(np.clip((weights * scores[in_domain]).sum() / weights.sum(), 0, 1))
    part = weights.sum() / design.weights.sum()
    linear = np.where(in_domain, scores - value, 0.0)[:, None] / part
    variance = float(stratified_mean(linear, design, finite=False)[1][0])
    kish = float(weights.sum() ** 2 / (weights**2).sum())
    effective = min(value * (1 - value) / variance, count) if variance > 0 and 0 < value < 1 else kish
    effective = max(effective, 1.0)
    return Accuracy(count, effective, value)
