"""How a code rolls up the SOC, and how employment is counted once."""

from pathlib import Path

import polars as pl
import pytest
from onet_example import shared_data, small_files, write_text

from onet.labour import occupations_with_labour
from onet.release import load_release
from onet.soc import SOC_MAJOR_GROUPS, load_soc_structure, soc_columns
from onet.tables import Oews


@pytest.mark.parametrize(
    ("code", "soc_code", "broad", "minor", "major"),
    [
        ("11-1011.03", "11-1011", "11-1010", "11-1000", "11"),
        ("15-1252.00", "15-1252", "15-1250", "15-1200", "15"),  # computer occupations: minor group in the hundreds
        ("15-1131.00", "15-1131", "15-1130", "15-1100", "15"),  # the same in the 2010 SOC
        ("15-2051.01", "15-2051", "15-2050", "15-2000", "15"),
        ("29-1223.00", "29-1223", "29-1210", "29-1000", "29"),  # physicians: one broad group over two tens
        ("29-1215.00", "29-1215", "29-1210", "29-1000", "29"),
        ("31-1121.00", "31-1121", "31-1120", "31-1100", "31"),
        ("31-2011.00", "31-2011", "31-2010", "31-2000", "31"),
        ("51-5111.00", "51-5111", "51-5110", "51-5100", "51"),
        ("55-3011.00", "55-3011", "55-3010", "55-3000", "55"),
    ],
)
def test_codes_roll_up_with_the_exceptions_of_the_soc(
    code: str, soc_code: str, broad: str, minor: str, major: str
) -> None:
    rolled = pl.DataFrame({"onet_soc_code": [code]}).select(soc_columns())
    assert rolled.rows() == [(soc_code, broad, minor, major)]


def test_every_group_of_the_published_structure_rolls_up_to_its_published_parent() -> None:
    path = shared_data() / "aei_release_2025_02_10" / "SOC_Structure.csv"
    levels = ["Major Group", "Minor Group", "Broad Occupation"]
    published = pl.read_csv(path, infer_schema=False).with_columns(pl.col(levels).forward_fill())
    detailed = published.filter(pl.col("Detailed Occupation").is_not_null())
    rolled = detailed.with_columns(soc_columns("Detailed Occupation"))
    assert rolled["soc_broad_code"].equals(detailed["Broad Occupation"])
    assert rolled["soc_minor_group"].equals(detailed["Minor Group"])
    groups = load_soc_structure(path)
    assert dict(groups.group_by(pl.col("soc_group_level").cast(pl.String)).len().rows()) == {
        "major": 23,
        "minor": 98,
        "broad": 459,
        "detailed": 867,
    }
    majors = groups.filter(pl.col("soc_group_level") == "major")
    assert dict(majors.select("soc_group_code", "title").rows()) == SOC_MAJOR_GROUPS


# OEWS row: code, level, employment
WORKERS = [
    ("15-1250", "broad", 100),
    ("15-1252", "detailed", 100),
    ("15-1290", "broad", 90),
    ("15-1299", "detailed", 90),
    ("29-1210", "broad", 50),
    ("29-1215", "detailed", 30),
]


@pytest.mark.parametrize(
    ("workers", "counted", "level"),
    [
        # Two codes over SOC 15-1299 share its 90 workers; psychiatrists have no detailed row: the broad one.
        (WORKERS, {"15-1252.00": 100, "15-1299.08": 45, "15-1299.09": 45, "29-1223.00": 50}, "broad"),
        # With neither a detailed nor a broad row, the minor group.
        (
            [*WORKERS[:4], ("29-1000", "minor", 700)],
            {"15-1252.00": 100, "15-1299.08": 45, "15-1299.09": 45, "29-1223.00": 700},
            "minor",
        ),
        # Two codes fall back on the minor group: they share what the third one's detailed row does not count.
        (
            [("15-1200", "minor", 400), ("15-1252", "detailed", 100)],
            {"15-1252.00": 100, "15-1299.08": 150, "15-1299.09": 150, "29-1223.00": None},
            None,
        ),
    ],
)
def test_each_worker_is_counted_once(
    tmp_path: Path, workers: list[tuple[str, str, int]], counted: dict[str, int | None], level: str | None
) -> None:
    oews = Oews.validate(
        pl.DataFrame(workers, schema=["soc_code", "soc_group_level", "employment_count"], orient="row").with_columns(
            oews_year=pl.lit(2024),
            title=pl.lit("Title"),
            median_wage_usd=pl.lit(50_000.0),
            is_wage_top_coded=pl.lit(False),
            is_wage_from_hourly=pl.lit(False),
        ),
        cast=True,
    )
    table = occupations_with_labour(load_release(write_text(tmp_path / "r", small_files())), oews)
    employment = table["employment_count"] * table["employment_split_weight"]
    assert dict(zip(table["onet_soc_code"], employment, strict=True)) == counted
    assert table.filter(pl.col("onet_soc_code") == "29-1223.00")["oews_level"].item() == level
