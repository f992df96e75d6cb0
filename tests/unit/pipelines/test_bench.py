"""What the benchmark makes of its readings."""

import pytest

from pipelines.bench import SizedRun, growth_exponent, stage_table
from pipelines.progress import StepCost


def _run(conversations, cpu_seconds):
    return SizedRun(conversations, {"core/facets": StepCost(2 * cpu_seconds, cpu_seconds, 3_000_000)}, 5)


def test_twice_the_conversations_in_four_times_the_cpu_seconds_grow_with_the_square():
    assert growth_exponent(_run(100, 1.0), _run(200, 4.0), "core/facets") == pytest.approx(2)
    assert growth_exponent(_run(100, 0.1), _run(200, 4.0), "core/facets") is None, "too short to tell"
    assert growth_exponent(_run(100, 1.0), _run(200, 4.0), "core/clusters") is None, "not in the small run"


def test_a_row_says_what_a_step_took_at_both_sizes():
    row = stage_table(_run(100, 1.0), _run(200, 2.5)).row(0, named=True)
    assert (row["CPU s at 100"], row["s at 200"], row["conversations per CPU s"]) == (1.0, 5.0, 80)
    assert (row["exponent"], row["peak memory MB"]) == (pytest.approx(1.32, abs=0.01), 3)


def test_the_same_step_of_two_months_adds_up_and_keeps_the_larger_peak():
    assert StepCost(1.0, 2.0, 7) + StepCost(3.0, 4.0, 5) == StepCost(4.0, 6.0, 7)
