import zipfile
from pathlib import Path

import polars as pl
import pytest
from onet_example import shared_data, small_files, workbook_bytes, write_text

from onet.errors import LabourFormatError
from onet.labour import load_oews, occupations_with_labour
from onet.release import load_release

COLUMNS = ["OCC_CODE", "OCC_TITLE", "O_GROUP", "TOT_EMP", "A_MEDIAN", "H_MEDIAN"]
ROWS = [
    ["00-0000", "All Occupations", "total", "1000", "49500", "23.80"],
    ["15-1252", "Software Developers", "detailed", "1,654,440", "133080", "63.98"],
    ["27-2011", "Actors", "detailed", "38800", "*", "23.33"],
    ["29-1210", "Physicians", "broad", "**", "#", "#"],
    ["29-1223", "Psychiatrists", "detailed", "24830", "*", "*"],
    ["29-1229", "Physicians, All Other", "detailed", "100", "*", "#"],
]
NOTES = [["Field", "Note"], ["#", "a wage equal to or greater than $115.00 per hour or $250,000 per year"]]


def csv_file(
    tmp_path: Path, rows: list[list[str]], columns: list[str] = COLUMNS, name: str = "national_M2024.csv"
) -> Path:
    path = tmp_path / name
    pl.DataFrame(rows, schema=columns, orient="row").write_csv(path)
    return path


def workbook(rows: list[list[str]] = ROWS) -> bytes:
    return workbook_bytes({"national_M2024_dl": [COLUMNS, *rows], "Field Descriptions": NOTES})


def by_code(path: Path) -> dict[str, tuple[int | None, float | None, bool, bool]]:
    table = load_oews(path).select(
        "soc_code", "employment_count", "median_wage_usd", "is_wage_top_coded", "is_wage_from_hourly"
    )
    return {row[0]: row[1:] for row in table.rows()}


def test_marks_are_null_ceiling_or_annualised_and_flagged(tmp_path: Path) -> None:
    assert by_code(csv_file(tmp_path, ROWS)) == {
        "00-0000": (1000, 49_500.0, False, False),
        "15-1252": (1_654_440, 133_080.0, False, False),
        "27-2011": (38_800, 48_526.4, False, True),  # 2,080 x 23.33
        "29-1210": (None, 239_200.0, True, False),
        "29-1223": (24_830, None, False, False),
        "29-1229": (100, 239_200.0, True, False),
    }


def test_the_ceiling_is_the_one_the_workbook_states(tmp_path: Path) -> None:
    path = tmp_path / "national_M2024_dl.xlsx"
    path.write_bytes(workbook())
    assert by_code(path)["29-1210"][1] == 250_000.0


def test_zip_and_workbook_give_the_same_table(tmp_path: Path) -> None:
    (tmp_path / "national_M2024_dl.xlsx").write_bytes(workbook())
    with zipfile.ZipFile(tmp_path / "oesm24nat.zip", "w") as archive:
        archive.writestr("oesm24nat/national_M2024_dl.xlsx", workbook())
    zipped = load_oews(tmp_path / "oesm24nat.zip")
    assert zipped.equals(load_oews(tmp_path / "national_M2024_dl.xlsx"))
    assert zipped["oews_year"].unique().to_list() == [2024]


@pytest.mark.parametrize(("name", "year"), [("national_M2022_dl.csv", 2022), ("oesm23nat.csv", 2023)])
def test_the_year_comes_from_the_name(tmp_path: Path, name: str, year: int) -> None:
    assert load_oews(csv_file(tmp_path, ROWS, name=name))["oews_year"].unique().to_list() == [year]


def test_a_broad_row_that_is_also_the_detailed_one_is_kept_twice(tmp_path: Path) -> None:
    rows = [["13-1020", "Buyers", level, "500", "70000", "33"] for level in ("broad", "detailed")]
    assert load_oews(csv_file(tmp_path, rows)).height == 2


@pytest.mark.parametrize(
    ("rows", "columns", "name", "message"),
    [
        (ROWS, [*COLUMNS[:-1], "H"], "national_M2024.csv", "lacks the column H_MEDIAN"),
        ([[*ROWS[0][:3], "many", "1", "1"]], COLUMNS, "national_M2024.csv", "1 values in TOT_EMP"),
        (ROWS, COLUMNS, "wages.csv", "cannot tell the year"),
        ([ROWS[0], ROWS[0]], COLUMNS, "national_M2024.csv", "breaks the rules of the table Oews"),
        ([["15", *ROWS[0][1:]]], COLUMNS, "national_M2024.csv", "breaks the rules of the table Oews"),
    ],
)
def test_a_malformed_file_is_refused_with_its_reason(
    tmp_path: Path, rows: list[list[str]], columns: list[str], name: str, message: str
) -> None:
    with pytest.raises(LabourFormatError, match=message):
        load_oews(csv_file(tmp_path, rows, columns, name))


@pytest.mark.parametrize("name", ["oesm24nat.zip", "national_M2024_dl.xlsx", "national_M2024.csv"])
def test_unreadable_and_missing_files_name_the_remedy(tmp_path: Path, name: str) -> None:
    with pytest.raises(LabourFormatError, match="give the official OEWS zip"):
        load_oews(tmp_path / name)
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(LabourFormatError, match="give the official OEWS zip"):
        load_oews(tmp_path / name)


def test_a_zip_without_a_national_workbook_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "oesm24st.zip", "w") as archive:
        archive.writestr("state_M2024_dl.xlsx", b"")
    with pytest.raises(LabourFormatError, match="holds 0 national workbooks"):
        load_oews(tmp_path / "oesm24st.zip")


def test_without_estimates_the_labour_columns_are_null(tmp_path: Path) -> None:
    table = occupations_with_labour(load_release(write_text(tmp_path / "r", small_files())))
    assert (
        table.select("employment_count", "median_wage_usd", "oews_year", "oews_level").null_count().row(0) == (4,) * 4
    )
    assert table["task_count"].to_list() == [2, 2, 1, 2]
    # Codes over one SOC still share evenly.
    assert table["employment_split_weight"].to_list() == [1.0, 0.5, 0.5, 1.0]


def test_an_employment_that_is_not_released_leaves_an_even_split(tmp_path: Path) -> None:
    oews = load_oews(csv_file(tmp_path, [["15-1299", "All Other", "detailed", "**", "90000", "43"]]))
    table = occupations_with_labour(load_release(write_text(tmp_path / "r", small_files())), oews)
    shared = table.filter(pl.col("soc_code") == "15-1299")
    assert shared["employment_count"].to_list() == [None, None]
    assert shared["employment_split_weight"].to_list() == [0.5, 0.5]


def test_estimates_of_two_years_are_refused(tmp_path: Path) -> None:
    release = load_release(write_text(tmp_path / "r", small_files()))
    both = [load_oews(csv_file(tmp_path, ROWS, name=f"national_M{year}.csv")) for year in (2023, 2024)]
    with pytest.raises(ValueError, match="more than one year"):
        occupations_with_labour(release, pl.concat(both))  # type: ignore[arg-type]


@pytest.mark.parametrize(("file", "year"), [("oesm22nat.zip", 2022), ("oesm23nat.zip", 2023), ("oesm24nat.zip", 2024)])
def test_the_published_mays_load_and_employment_adds_up_to_their_total(file: str, year: int) -> None:
    oews = load_oews(shared_data() / "bls" / file)
    table = occupations_with_labour(load_release(shared_data() / "onet" / "db_29_1_text.zip"), oews)
    total = oews.filter(pl.col("soc_group_level") == "total")["employment_count"].item()
    counted = (table["employment_count"] * table["employment_split_weight"]).sum()
    assert oews["oews_year"].unique().to_list() == [year]
    assert abs(counted / total - 1) < 1e-4  # rounding, and one occupation without any row
    with_tasks = table.filter(pl.col("task_count") > 0)
    assert with_tasks.filter(pl.col("oews_level") == "broad").height in (30, 31)
    assert with_tasks.filter(pl.col("oews_level").is_null())["onet_soc_code"].to_list() == ["45-3031.00"]
    assert oews["is_wage_from_hourly"].sum() == 7
