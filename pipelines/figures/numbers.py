"""Published numbers as text: percent with sensible digits, withheld and zero told apart."""

import math

WITHHELD = "withheld"
NOT_AVAILABLE = "not available"


def percent(share: float | None) -> str:
    """Share as percent: one decimal from 1 %, two from 0.1 %, two significant digits below, `0` for zero.

    Args:
        share: Fraction, or None, which is an en dash.
    """
    if share is None:
        return "–"
    if share == 0:
        return "0"
    return f"{_digits(100 * share)}%"


def points(change: float | None) -> str:
    """Change of a share in percentage points, with its sign and two decimals.

    Args:
        change: Difference of fractions, or None.
    """
    if change is None:
        return "–"
    if change == 0:
        return "0 pp"
    if abs(change) < 0.00005:
        return "under 0.01 pp"
    return f"{'+' if change > 0 else '−'}{100 * abs(change):.2f} pp"


def stated_percent(share: float | None, obs_status: str | None) -> str:
    """Share as percent, or why there is none.

    Args:
        share: Fraction, or None.
        obs_status: A, Q (suppressed) or M (not available).
    """
    if share is not None:
        return percent(share)
    return WITHHELD if obs_status == "Q" else NOT_AVAILABLE


def _digits(value: float) -> str:
    if value >= 0.995:
        return f"{value:.1f}"
    if value >= 0.1:
        return f"{value:.2f}"
    return f"{value:.{1 - math.floor(math.log10(value))}f}"
