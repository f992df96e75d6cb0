import dataclasses
from pathlib import Path

import polars as pl
import pytest
from onet_example import (
    large_files,
    rating_rows,
    shared_data,
    skill_rows,
    small_files,
    write_excel,
    write_text,
    zip_folder,
)

from onet.errors import ReleaseFormatError, ReleaseNotFoundError
from onet.release import Release, load_release

TABLES = ("occupations", "tasks", "task_activities", "activities", "titles", "skills", "elements")


def tables(release: Release) -> dict[str, pl.DataFrame]:
    return {name: getattr(release, name) for name in TABLES}


def test_text_zip_excel_zip_and_folders_give_the_same_tables_and_digest(tmp_path: Path) -> None:
    text, excel = write_text(tmp_path / "text", small_files()), write_excel(tmp_path / "excel", small_files())
    outer = tmp_path / "outer"
    write_text(outer / "db_29_1_text", small_files())
    sources = [
        text,
        excel,
        outer,
        zip_folder(text, tmp_path / "flat.zip"),
        zip_folder(text, tmp_path / "inner.zip", inner="db_29_1_text/"),
        zip_folder(excel, tmp_path / "excel.zip", inner="db_29_1_excel/"),
    ]
    releases = [load_release(source) for source in sources]
    assert [release.source_kind for release in releases] == ["text", "excel", "text", "text", "text", "excel"]
    assert {release.digest for release in releases} == {releases[0].digest}
    for release in releases[1:]:
        for name, table in tables(releases[0]).items():
            assert tables(release)[name].equals(table), name
            assert tables(release)[name].schema == table.schema


def test_the_order_of_rows_does_not_change_the_release(tmp_path: Path) -> None:
    reversed_files = {name: (header, rows[::-1]) for name, (header, rows) in small_files().items()}
    one = load_release(write_text(tmp_path / "a", small_files()))
    other = load_release(write_text(tmp_path / "b", reversed_files))
    assert one.digest == other.digest
    assert one.tasks.equals(other.tasks)


def test_a_changed_word_changes_the_digest(tmp_path: Path) -> None:
    files = small_files()
    files["Task Statements"][1][0][2] = "Write source code."
    changed = load_release(write_text(tmp_path / "b", files))
    assert changed.digest != load_release(write_text(tmp_path / "a", small_files())).digest


def test_not_applicable_is_null_and_quotes_are_kept(tmp_path: Path) -> None:
    tasks = load_release(write_text(tmp_path / "r", small_files())).tasks
    row = tasks.row(by_predicate=pl.col("task_id") == "100", named=True)
    assert (row["task_type"], row["incumbents_count"]) == (None, None)
    assert tasks.filter(pl.col("task_id") == "102")["task"].item() == 'Design "open" systems.'


def test_statements_that_differ_in_case_and_space_share_the_lowest_task_id_by_number(tmp_path: Path) -> None:
    tasks = load_release(write_text(tmp_path / "r", small_files())).tasks
    shared = tasks.filter(pl.col("task_key") == "test program code.")
    assert sorted(shared["task_id"]) == ["100", "99"]
    assert shared["statement_task_id"].unique().to_list() == ["99"]


def test_emerging_tasks_are_not_mixed_in(tmp_path: Path) -> None:
    assert load_release(write_text(tmp_path / "r", small_files())).tasks.height == 7


def test_missing_skills_and_ratings_are_empty_with_their_schema(tmp_path: Path) -> None:
    plain = load_release(write_text(tmp_path / "a", small_files()))
    full_files = small_files() | {"Skills": skill_rows(), "Task Ratings": rating_rows()}
    full = load_release(write_excel(tmp_path / "b", full_files))
    assert plain.skills.is_empty()
    assert plain.skills.schema == full.skills.schema
    assert plain.tasks["importance_grade"].null_count() == plain.tasks.height
    assert full.skills.select("skill", "importance_grade", "level_score").rows() == [
        ("Programming", 4.5, 5.25),
        ("Social Perceptiveness", 4.0, None),
    ]
    rated = full.tasks.row(by_predicate=pl.col("task_id") == "101", named=True)
    assert (rated["importance_grade"], rated["relevance_share"]) == (4.2, 0.875)
    assert full.tasks["importance_grade"].null_count() == 6


def test_activities_form_a_ladder_and_weights_sum_to_one_per_task(tmp_path: Path) -> None:
    release = load_release(write_text(tmp_path / "r", small_files()))
    levels = dict(release.activities.group_by("activity_level").len().rows())
    assert levels == {"dwa": 3, "iwa": 2, "gwa": 2}
    parents = release.activities.drop_nulls("parent_id")
    assert set(parents["parent_id"]) <= set(release.activities["activity_id"])
    sums = release.task_activities.group_by("task_id").agg(pl.col("activity_weight").sum())
    assert sums["activity_weight"].to_list() == [1.0] * sums.height
    first = release.task_activities.row(0, named=True)
    assert (first["iwa_id"], first["gwa_id"], first["activity_weight"]) == ("4.A.1.I01", "4.A.1", 0.5)


def test_repeated_titles_are_one_row_and_both_counts_are_reported(tmp_path: Path) -> None:
    release = load_release(write_text(tmp_path / "r", small_files()))
    count = release.row_counts.row(by_predicate=pl.col("file") == "Alternate Titles.txt", named=True)
    assert (count["file_row_count"], count["table_row_count"]) == (3, 2)
    tasks = release.row_counts.row(by_predicate=pl.col("file") == "Task Statements.txt", named=True)
    assert (tasks["file_row_count"], tasks["table_row_count"]) == (7, 7)


@pytest.mark.parametrize(
    ("folder", "first_line", "version"),
    [
        ("anything", "O*NET 30.1 Database", "30.1"),
        ("db_28_3_text", "", "28.3"),
        ("starter", "", "starter"),
        ("mine", "Starter catalogue", "starter"),
    ],
)
def test_the_version_comes_from_the_read_me_or_the_name(
    tmp_path: Path, folder: str, first_line: str, version: str
) -> None:
    assert load_release(write_text(tmp_path / folder, small_files(), first_line=first_line)).version == version


def test_a_release_without_a_version_says_what_was_expected(tmp_path: Path) -> None:
    folder = write_text(tmp_path / "mine", small_files(), first_line="")
    with pytest.raises(ReleaseFormatError, match="cannot tell the version of mine"):
        load_release(folder)


def test_a_path_to_nothing_says_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(ReleaseNotFoundError, match="give the official text or Excel zip"):
        load_release(tmp_path / "nowhere.zip")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    folder = write_text(tmp_path / "r", small_files())
    (folder / "Job Zones.txt").unlink()
    with pytest.raises(ReleaseFormatError, match=r"lacks Job Zones\.txt"):
        load_release(folder)


def test_a_damaged_zip_is_a_format_error(tmp_path: Path) -> None:
    broken = tmp_path / "db_29_1_text.zip"
    broken.write_bytes(b"PK\x03\x04 not a zip")
    with pytest.raises(ReleaseFormatError, match="not a readable zip"):
        load_release(broken)


def test_a_damaged_member_of_a_zip_is_a_format_error(tmp_path: Path) -> None:
    whole = zip_folder(write_text(tmp_path / "r", large_files()), tmp_path / "r.zip").read_bytes()
    middle = len(whole) // 2
    (tmp_path / "bad.zip").write_bytes(whole[:middle] + b"\x00" * 400 + whole[middle + 400 :])
    with pytest.raises(ReleaseFormatError, match="download the release again"):
        load_release(tmp_path / "bad.zip")


def test_a_damaged_workbook_is_a_format_error(tmp_path: Path) -> None:
    folder = write_excel(tmp_path / "r", small_files())
    (folder / "Task Statements.xlsx").write_bytes(b"no workbook")
    with pytest.raises(ReleaseFormatError, match=r"Task Statements\.xlsx is not a readable Excel workbook"):
        load_release(folder)


@pytest.mark.parametrize(
    ("name", "row", "message"),
    [
        ("Task Statements", ["15-1252.00", "106", "A task.", "Core", "many"], "1 values in Incumbents Responding"),
        ("Task Statements", ["15-1252.00", "101", "Again.", "Core", "3"], "breaks the rules of the table OnetTask"),
        ("Task Statements", ["15-1252.00", "106", "n/a", "Core", "3"], "breaks the rules of the table OnetTask"),
        ("Task Statements", ["11-1111.00", "106", "A task.", "Core", "3"], "onet_soc_code is not in Occupation Data"),
        ("Task Statements", ["15-1252.00", "106", "A task."], "rows without 5 cells, the first in line 9"),
        ("Occupation Data", ["15-12", "Title", "Text"], "breaks the rules of the table OnetOccupation"),
        ("Job Zones", ["11-1111.00", "3", "01/2020"], "not in Occupation Data"),
        ("Job Zones", ["15-1299.08", "6", "01/2020"], "breaks the rules of the table OnetOccupation"),
        ("Tasks to DWAs", ["15-1252.00", "999", "4.A.1.I01.D01"], "task_id is not in Task Statements"),
        ("Tasks to DWAs", ["15-1252.00", "99", "4.A.9.I01.D01"], "dwa_id is not in DWA Reference"),
        ("DWA Reference", ["4.A.1", "4.A.1.I77", "4.A.1.I77.D01", "Title."], "parent_id is not in IWA Reference"),
        ("IWA Reference", ["4.A.9", "4.A.9.I01", "Title."], "parent_id is not in Content Model Reference"),
        ("Alternate Titles", ["11-1111.00", "Chief", "n/a"], "not in Occupation Data"),
    ],
)
def test_a_bad_row_is_refused_with_its_file_and_reason(tmp_path: Path, name: str, row: list[str], message: str) -> None:
    files = small_files()
    files[name][1].append(row)
    with pytest.raises(ReleaseFormatError, match=message):
        load_release(write_text(tmp_path / "r", files))


def test_ratings_of_unknown_tasks_are_refused(tmp_path: Path) -> None:
    header, rows = rating_rows()
    files = small_files() | {"Task Ratings": (header, [*rows, ["15-1252.00", "999", "IM", "n/a", "4"]])}
    with pytest.raises(ReleaseFormatError, match="task_id is not in Task Statements"):
        load_release(write_text(tmp_path / "r", files))


def test_a_missing_column_is_named_with_what_was_found(tmp_path: Path) -> None:
    files = small_files()
    files["Task Statements"] = (["Code", "Task ID", "Task", "Task Type", "Incumbents Responding"], [])
    with pytest.raises(ReleaseFormatError, match=r"lacks the column O\*NET-SOC Code: found Code"):
        load_release(write_text(tmp_path / "r", files))


def test_text_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    folder = write_text(tmp_path / "r", small_files())
    with (folder / "Occupation Data.txt").open("ab") as file:
        file.write("15-1253.00\tT\u00e9st\tx\r\n".encode("latin-1"))
    with pytest.raises(ReleaseFormatError, match="is not UTF-8 at byte"):
        load_release(folder)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    folder = write_text(tmp_path / "r", small_files())
    (folder / "Occupation Data.txt").write_bytes(b"")
    with pytest.raises(ReleaseFormatError, match="is not a tab-separated table"):
        load_release(folder)


@pytest.mark.parametrize(("file", "version"), [("db_29_1_text.zip", "29.1"), ("db_30_1_excel.zip", "30.1")])
def test_the_official_releases_load_with_their_published_counts(file: str, version: str) -> None:
    release = load_release(shared_data() / "onet" / file)
    assert (release.version, release.tasks.height, release.tasks["onet_soc_code"].n_unique()) == (version, 18_796, 923)
    one_to_one = release.row_counts.filter(~pl.col("table").str.contains("title|skill"))
    assert one_to_one["file_row_count"].equals(one_to_one["table_row_count"])


def test_text_and_excel_releases_have_equal_schemas() -> None:
    folder = shared_data() / "onet"
    text, excel = load_release(folder / "db_29_1_text.zip"), load_release(folder / "db_30_1_excel.zip")
    for name, table in tables(text).items():
        assert table.schema == tables(excel)[name].schema, name
    assert text.skills.is_empty()
    assert excel.skills["skill"].n_unique() == 35
    assert {field.name for field in dataclasses.fields(text)} >= set(TABLES)
