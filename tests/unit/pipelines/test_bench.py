"""What the benchmark makes of its readings, and how it keeps them."""

import json
import sys
from dataclasses import asdict

import numpy as np
import pytest

from pipelines.bench import kura
from pipelines.bench.command import Plan, index_sizes, kept_readings
from pipelines.bench.index_run import JOURNAL, ended_stages
from pipelines.bench.readings import (
    OURS,
    Reading,
    growth_exponent,
    last_exponents,
    quickest,
    ratio_table,
    read_readings,
    run_child,
    skipped_table,
    stage_table,
    write_readings,
)
from pipelines.bench.texts import distinct_texts
from pipelines.bench.vectors import generated_vectors, vector_readings
from pipelines.errors import PipelineError
from pipelines.progress import StepCost


def _reading(size, cpu_seconds, *, way=OURS, stage="core/facets"):
    return Reading(stage, way, size, StepCost(2 * cpu_seconds, cpu_seconds, 3_000_000))


def test_twice_the_conversations_in_four_times_the_cpu_seconds_grow_with_the_square():
    assert growth_exponent(_reading(100, 1.0), _reading(200, 4.0)) == pytest.approx(2)
    assert growth_exponent(_reading(100, 0.1), _reading(200, 4.0)) is None, "too short to tell"
    assert growth_exponent(Reading("a", OURS, 100, None), _reading(200, 4.0)) is None, "skipped"


def test_a_stage_has_a_row_per_size_and_grows_from_the_size_before():
    table = stage_table([_reading(400, 2.5), _reading(100, 1.0), _reading(200, 1.0), _reading(100, 9.0, way="others")])
    assert table["size"].to_list() == [100, 200, 400]
    assert table["exponent"].to_list() == [None, 0.0, 1.32]
    assert table.row(2, named=True) == {
        "stage": "core/facets",
        "size": 400,
        "s": 5.0,
        "CPU s": 2.5,
        "per CPU s": 160,
        "MB": 3,
        "exponent": 1.32,
    }
    assert last_exponents([_reading(100, 1.0), _reading(200, 1.0), _reading(400, 4.0)]) == {
        "core/facets": pytest.approx(2)
    }


def test_ratios_are_between_ways_at_the_same_size():
    readings = [_reading(100, 1.0), _reading(100, 3.0, way="kura"), _reading(200, 9.0, way="kura")]
    assert ratio_table(readings).select("size", "beside", "CPU ratio").rows() == [(100, "kura", 3.0)]
    assert skipped_table([*readings, Reading("names", "kura", 0, None, "asks a model")]).rows() == [
        ("names", "kura", "asks a model")
    ]
    assert quickest([_reading(100, 2.0), _reading(100, 1.0)]).cost.cpu_seconds == 1.0


def test_sizes_are_tenths_down_to_two_thousand():
    assert index_sizes(200_000) == [2_000, 20_000, 200_000]
    assert index_sizes(2_000) == [200, 2_000]
    runs = Plan(2_000, [50], 1_000, ("map", "index"), 7).runs()
    assert [(part, arguments["size"]) for part, arguments in runs] == [("map", 50), ("index", 200), ("index", 2_000)]


def test_readings_of_sizes_measured_apart_are_joined_and_a_run_cut_off_shows_the_stages_it_ended(tmp_path):
    skipped = Reading("names", "kura", 0, None, "asks a model")
    write_readings(tmp_path / "index-2000.json", [_reading(2_000, 1.0)])
    write_readings(tmp_path / "index-200.json", [_reading(200, 1.0)])
    write_readings(tmp_path / "kura-5.json", [skipped])
    work = tmp_path / "index-20000"
    work.mkdir()
    lines = [json.dumps({"stage": "core/facets", **asdict(StepCost(4.0, seconds, 1))}) for seconds in (9.0, 3.0)]
    (work / JOURNAL).write_text("\n".join(lines) + "\n")
    readings, cut_off = kept_readings(tmp_path)
    assert [(one.stage, one.size) for one in readings] == [
        ("core/facets", 200),
        ("core/facets", 2_000),
        ("names", 0),
        ("core/facets", 20_000),
    ]
    assert cut_off == [20_000]
    assert read_readings(tmp_path / "kura-5.json") == [skipped]
    assert ended_stages(work, 20_000)[0].cost.cpu_seconds == 3.0, "run again, it counts as it was run last"


def test_a_child_that_fails_is_named_with_its_log(tmp_path):
    log = tmp_path / "log.txt"
    assert run_child([sys.executable, "-c", "sum(range(10**6))"], log=log).peak_bytes > 1_000_000
    with pytest.raises(PipelineError, match="exit code 3"):
        run_child([sys.executable, "-c", "import sys; print('why'); sys.exit(3)"], log=log)
    assert log.read_text() == "why\n"


def test_kura_that_cannot_be_made_is_skipped_with_the_reason(tmp_path):
    (tmp_path / f"kura-{kura.VERSION}").write_text("in the way of the environment")
    readings = kura.kura_readings({"size": 1_000, "seed": 0}, tmp_path)
    assert all(one.cost is None for one in readings)
    assert {one.stage for one in readings} == {*kura.NEEDS_MODEL, *kura.STAGES.values()}
    assert all(one.note for one in readings)


def test_generated_vectors_lie_about_their_kinds_and_every_stage_on_them_has_a_reading(tmp_path):
    vectors = generated_vectors(1_000, seed=0)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    likeness = np.sort(vectors @ vectors.T, axis=1)
    assert 0.25 < np.median(likeness[:, -2]) < 0.75, "the nearest other vector is of the same subject, not the same"
    readings = vector_readings({"size": 1_000, "seed": 0}, tmp_path)
    assert {one.size for one in readings} == {100, 200, 400, 1_000}
    assert len({one.stage for one in readings}) == 6


def test_texts_are_distinct_and_as_many_as_asked_for():
    texts = distinct_texts(60, seed=0)
    assert len(set(texts)) == len(texts) == 60
    assert distinct_texts(60, seed=0) == texts
