"""Agreement between raters beyond chance: Cohen, Fleiss and Krippendorff, with jackknife intervals.

Cohen's kappa is scikit-learn's. Fleiss' kappa and Krippendorff's alpha (nominal) are a few lines each: the libraries at
hand would bring pandas and a modelling package for the one (statsmodels), and the GPL for the other (krippendorff).
"""

import itertools
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import cohen_kappa_score

from pipelines.validation.released import account_support

Z_95 = 1.959963984540054
Ratings = NDArray[np.int64]
"""Codes of shape (items, raters); -1 where a rater gave no answer."""


def rating_codes(answers: Sequence[Mapping[str, Any]], items: Sequence[str]) -> Ratings:
    """Answers of several raters as codes; items that fewer than two answered are left out.

    Args:
        answers: Per rater, answer by item; None is no answer.
        items: Item ids in order.
    """
    items = rated_items(answers, items)
    values = sorted({str(value) for given in answers for value in given.values() if value is not None})
    code = {value: number for number, value in enumerate(values)}
    rows = [[-1 if given.get(item) is None else code[str(given[item])] for given in answers] for item in items]
    return np.array(rows, dtype=np.int64).reshape(len(items), len(answers))


def rated_items(answers: Sequence[Mapping[str, Any]], items: Sequence[str]) -> list[str]:
    """Items that at least two raters answered, in their order: the rows of `rating_codes`.

    Args:
        answers: Per rater, answer by item; None is no answer.
        items: Item ids in order.
    """
    return [item for item in items if sum(given.get(item) is not None for given in answers) >= 2]


def cohen_kappa(ratings: Ratings) -> float | None:
    """Cohen's kappa of two raters; None without items, or where chance alone would agree on everything.

    Args:
        ratings: Two columns.
    """
    both = ratings[(ratings >= 0).all(axis=1)]
    if not len(both) or len(np.unique(both)) < 2:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UndefinedMetricWarning)
        value = float(cohen_kappa_score(both[:, 0], both[:, 1]))
    return value if np.isfinite(value) else None


def _counts(ratings: Ratings) -> NDArray[np.float64]:
    """How many raters gave each value to each item."""
    return np.stack([(ratings == value).sum(axis=1) for value in range(ratings.max(initial=0) + 1)], axis=1).astype(
        float
    )


def fleiss_kappa(ratings: Ratings) -> float | None:
    """Fleiss' kappa (1971) over the items that all raters answered; None where it is not defined.

    Args:
        ratings: Codes.
    """
    counts = _counts(ratings[(ratings >= 0).all(axis=1)])
    raters = ratings.shape[1]
    if not len(counts):
        return None
    observed = float(((counts**2).sum(axis=1) - raters).mean() / (raters * (raters - 1)))
    expected = float(((counts.sum(axis=0) / counts.sum()) ** 2).sum())
    return None if np.isclose(expected, 1) else (observed - expected) / (1 - expected)


def krippendorff_alpha(ratings: Ratings) -> float | None:
    """Krippendorff's alpha for nominal data; items may lack raters; None where it is not defined.

    One minus observed over expected disagreement of pairs (Krippendorff, Content Analysis, 2004, chapter 11).

    Args:
        ratings: Codes.
    """
    counts = _counts(ratings)
    per_item = counts.sum(axis=1)
    counts, per_item = counts[per_item >= 2], per_item[per_item >= 2]
    pairable = per_item.sum()
    if not len(counts):
        return None
    observed = float(((per_item**2 - (counts**2).sum(axis=1)) / (per_item - 1)).sum() / pairable)
    totals = counts.sum(axis=0)
    expected = float((pairable**2 - (totals**2).sum()) / (pairable * (pairable - 1)))
    return None if np.isclose(expected, 0) else 1 - observed / expected


def jackknife_interval(
    statistic: Callable[[Ratings], float | None], ratings: Ratings
) -> tuple[float | None, float | None, float | None]:
    """Value of a statistic and its 95 % interval by leaving out one item at a time.

    Args:
        statistic: Of ratings.
        ratings: Codes.

    Returns:
        Value, lower and upper end, within -1 and 1; the ends are None where the statistic of a part is not defined.
    """
    value = statistic(ratings)
    items = len(ratings)
    if value is None or items < 3:
        return value, None, None
    # Equal rows leave equal parts behind: each distinct row is left out once and counted as often as it occurs.
    distinct, first, times = np.unique(ratings, axis=0, return_index=True, return_counts=True)
    parts = [statistic(np.delete(ratings, first[number], axis=0)) for number in range(len(distinct))]
    defined = [part for part in parts if part is not None]
    if len(defined) < len(parts):
        return value, None, None
    without = np.array(defined)
    mean = float((times * without).sum() / items)
    error = float(np.sqrt((items - 1) / items * (times * (without - mean) ** 2).sum()))
    return value, max(-1.0, value - Z_95 * error), min(1.0, value + Z_95 * error)


def question_agreement(question: str, ratings: Ratings, accounts: Sequence[str | None]) -> list[dict[str, Any]]:
    """Rows of `qa/validation_agreement` of one question, without the label set.

    Args:
        question: Question of the sheet.
        ratings: From `rating_codes`; at least two raters.
        accounts: Account behind each row of the ratings; None: it has none.
    """
    measures: list[tuple[str, str, Callable[[Ratings], float | None], list[int]]] = []
    everyone = list(range(ratings.shape[1]))
    for one, two in itertools.combinations(everyone, 2):
        measures.append(("cohen_kappa", f"{one + 1}-{two + 1}", cohen_kappa, [one, two]))
    measures.append(("fleiss_kappa", "all", fleiss_kappa, everyone))
    measures.append(("krippendorff_alpha", "all", krippendorff_alpha, []))
    rows = []
    for statistic, raters, measure, needed in measures:
        is_used = np.all(ratings[:, needed] >= 0, axis=1)
        used = ratings[is_used][:, needed or everyone]
        value, low, high = jackknife_interval(measure, used)
        rows.append(
            {
                "question": question,
                "statistic": statistic,
                "raters": raters,
                "item_count": len(used),
                "value": value,
                "ci_low": low,
                "ci_high": high,
                **account_support([account for account, is_in in zip(accounts, is_used, strict=True) if is_in]),
            }
        )
    return rows
