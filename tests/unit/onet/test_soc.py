from pathlib import Path

import polars as pl
import pytest
from onet_example import small_files, write_text

from onet.errors import LabourFormatError
from onet.release import Release, load_release
from onet.soc import SOC_MAJOR_GROUPS, load_soc_structure, soc_groups
from onet.tables import Oews

HEADER = "Major Group,Minor Group,Broad Occupation,Detailed Occupation,Detailed O*NET-SOC,SOC or O*NET-SOC 2019 Title"


@pytest.fixture
def release(tmp_path: Path) -> Release:
    return load_release(write_text(tmp_path / "release", small_files()))


def structure_file(tmp_path: Path, *lines: str, header: str = HEADER) -> Path:
    path = tmp_path / "SOC_Structure.csv"
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


def test_structure_rows_become_groups_with_parents_and_onet_detail_is_left_out(tmp_path: Path) -> None:
    path = structure_file(
        tmp_path,
        "15-0000,,,,,Computer and Mathematical Occupations",
        ",15-1200,,,,Computer Occupations",
        ",,15-1250,,,Software Occupations",
        ",,,15-1252,,Software Developers",
        ",,,,15-1252.01,Special Developers",
    )
    assert load_soc_structure(path).rows() == [
        ("15", "major", "Computer and Mathematical Occupations", None),
        ("15-1200", "minor", "Computer Occupations", "15"),
        ("15-1250", "broad", "Software Occupations", "15-1200"),
        ("15-1252", "detailed", "Software Developers", "15-1250"),
    ]


@pytest.mark.parametrize(
    ("lines", "header", "message"),
    [
        (["15-0000,,,,,"], HEADER, "1 of 1 rows without a code"),
        (["15,,,,,Computers"], HEADER, "1 of 1 rows without a code"),
        ([], HEADER, "0 of 0 rows"),
        (["15-0000,T"], "Major Group,Title", "lacks the column Minor Group"),
        ([",15-1200,,,,A", ",15-1200,,,,B"], HEADER, "break the rules of the SOC table"),
        (["15-0000,,,,,A,too,many"], HEADER, "is not a CSV table"),
    ],
)
def test_a_malformed_structure_is_refused_with_its_reason(
    tmp_path: Path, lines: list[str], header: str, message: str
) -> None:
    with pytest.raises(LabourFormatError, match=message):
        load_soc_structure(structure_file(tmp_path, *lines, header=header))


def test_without_sources_majors_and_detailed_occupations_still_have_titles(release: Release) -> None:
    groups = soc_groups(release)
    titles = dict(groups.select("soc_group_code", "title").rows())
    assert {code: titles[code] for code in SOC_MAJOR_GROUPS} == SOC_MAJOR_GROUPS
    assert titles["15-1252"] == "Software Developers"
    assert titles["15-1250"] is None


def test_every_parent_is_a_group(release: Release) -> None:
    groups = soc_groups(release)
    assert set(groups["parent_code"].drop_nulls()) <= set(groups["soc_group_code"])


def test_titles_come_from_the_structure_before_oews_before_the_release(release: Release, tmp_path: Path) -> None:
    structure = load_soc_structure(structure_file(tmp_path, ",,15-1250,,,From the structure", ",,19-1010,,,Elsewhere"))
    oews = Oews.validate(
        pl.DataFrame(
            {
                "oews_year": [2023, 2024, 2024, 2024],
                "soc_code": ["15-1290", "15-1290", "15-1250", "15-1252"],
                "soc_group_level": ["broad", "broad", "broad", "detailed"],
                "title": ["Older", "From OEWS", "Not used", "From OEWS"],
                "employment_count": [1, 1, 1, 1],
                "median_wage_usd": [1.0, 1.0, 1.0, 1.0],
                "is_wage_top_coded": [False] * 4,
                "is_wage_from_hourly": [False] * 4,
            }
        ),
        cast=True,
    )
    titles = dict(soc_groups(release, oews, structure).select("soc_group_code", "title").rows())
    assert titles["15-1250"] == "From the structure"
    assert titles["15-1290"] == "From OEWS"
    assert titles["15-1252"] == "From OEWS"
    assert titles["15-1299"] == "Computer Systems Engineers"
    assert titles["19-1010"] == "Elsewhere"
