"""What became of each statement: every relation on a small invented pair of releases, and on the real ones."""

import os
from pathlib import Path

import polars as pl
import pytest

from onet.crosswalk import load_crosswalk
from onet.errors import ReleaseFormatError, ReleaseNotFoundError
from onet.lineage import trace_tasks
from onet.release import load_release

SHARED = os.environ.get("INDEX_SHARED_DATA")
HEADER = "O*NET-SOC 2010 Code,O*NET-SOC 2010 Title,O*NET-SOC 2019 Code,O*NET-SOC 2019 Title\n"


def _tasks(*rows):
    return pl.DataFrame(
        [(task_id, code, text, " ".join(text.lower().split())) for task_id, code, text in rows],
        schema=["task_id", "onet_soc_code", "task", "task_key"],
        orient="row",
    )


OLDER = _tasks(
    ("1", "15-1132.00", "Write program code."),
    ("2", "15-1132.00", "Test program code before release."),
    ("3", "15-1132.00", "Design data models for new systems."),
    ("4", "15-1132.00", "Repair punched card readers."),
    ("5", "15-1132.00", "Prepare monthly reports on defects."),
    ("6", "15-1132.00", "Prepare monthly reports on defects and faults."),
)
NEWER = _tasks(
    ("1", "15-1252.00", "Write  program code."),
    ("2", "15-1252.00", "Test program code thoroughly before release."),
    ("30", "15-1252.00", "Design data models for new systems."),
    ("31", "15-1253.00", "Design data models for new systems."),
    ("50", "15-1252.00", "Prepare monthly reports on defects or faults."),
    ("60", "15-1253.00", "Train language models."),
)
CROSSWALK = pl.DataFrame({"from_code": ["15-1132.00", "15-1132.00"], "to_code": ["15-1252.00", "15-1253.00"]})


def _traced(crosswalk=CROSSWALK):
    return trace_tasks(OLDER, NEWER, crosswalk, from_version="20.1", to_version="29.1")


def test_every_relation_is_told_from_its_links():
    found = _traced().select("from_task_id", "to_task_id", pl.col("relation", "evidence").cast(pl.String)).rows()
    assert found == [
        ("1", "1", "same", "task_id"),
        ("2", "2", "edited", "task_id"),
        ("3", "30", "split", "text"),
        ("3", "31", "split", "text"),
        ("4", "none", "retired", None),
        ("5", "50", "merged", "likeness"),
        ("6", "50", "merged", "likeness"),
        ("none", "60", "new", None),
    ]


def test_weights_sum_to_one_per_older_statement():
    sums = (
        _traced().filter(pl.col("from_task_id") != "none").group_by("from_task_id").agg(pl.col("lineage_weight").sum())
    )
    assert sums["lineage_weight"].to_list() == pytest.approx([1.0] * OLDER.height)


def test_statements_move_only_between_connected_occupations():
    relations = dict(_traced(None).select("from_task_id", pl.col("relation").cast(pl.String)).rows())
    assert relations["3"] == "retired"  # the codes differ and nothing connects them
    assert relations["1"] == "same"  # the id still does


def test_the_order_of_the_rows_changes_nothing():
    shuffled = trace_tasks(
        OLDER.reverse(),
        NEWER.sample(fraction=1, shuffle=True, seed=2),
        CROSSWALK,
        from_version="20.1",
        to_version="29.1",
    )
    assert shuffled.equals(_traced())


def test_a_crosswalk_gives_every_newer_code_an_equal_part(tmp_path):
    path = tmp_path / "cross.csv"
    path.write_text(HEADER + "15-1132.00,A,15-1252.00,B\n15-1132.00,A,15-1253.00,C\n15-1111.00,D,15-1221.00,E\n")
    table = load_crosswalk(path)
    assert table["from_system"].unique().to_list() == ["O*NET-SOC 2010"]
    assert table.select("from_code", "crosswalk_weight").rows() == [
        ("15-1111.00", 1.0), ("15-1132.00", 0.5), ("15-1132.00", 0.5),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n", "expected two columns"),
        (HEADER + "15-1132,A,15-1252.00,B\n", "1 rows are not"),
        (HEADER + "15-1132.00,A,15-1252.00,B\n15-1132.00,A,15-1252.00,B\n", "2 rows are not"),
        ("", "not a readable CSV"),
    ],
)
def test_a_file_that_is_no_crosswalk_is_refused(tmp_path, text, message):
    path = tmp_path / "cross.csv"
    path.write_text(text)
    with pytest.raises(ReleaseFormatError, match=message):
        load_crosswalk(path)


def test_a_missing_crosswalk_is_named(tmp_path):
    with pytest.raises(ReleaseNotFoundError, match="check the path"):
        load_crosswalk(tmp_path / "none.csv")


@pytest.mark.skipif(SHARED is None, reason="INDEX_SHARED_DATA is not set")
def test_releases_29_1_and_30_1_differ_by_42_statements():
    folder = Path(str(SHARED)) / "onet"
    older, newer = (load_release(folder / name).tasks for name in ("db_29_1_text.zip", "db_30_1_excel.zip"))
    counts = dict(
        trace_tasks(older, newer, None, from_version="29.1", to_version="30.1")
        .group_by(pl.col("relation").cast(pl.String))
        .len()
        .iter_rows()
    )
    assert counts == {"same": 18_770, "edited": 5, "retired": 21, "new": 21}
