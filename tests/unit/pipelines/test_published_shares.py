from datetime import UTC, datetime

import polars as pl
import pytest

from pipelines.contracts import IDX_TABLES
from pipelines.errors import InputUnusableError
from pipelines.published_shares import build_tables

FILES = {
    "task_shares": "task_name,pct\nplan  the WORK.,40\ncook dinner.,20\nask who knows.,10\nnone,5\n",
    "onet_tasks": (
        "O*NET-SOC Code,Title,Task ID,Task,Task Type,Incumbents Responding\n"
        '11-1011.00,Chiefs,7,"Plan the work.",Core,80.0\n'
        '15-1252.00,Developers,12,"Plan the work.",Core,\n'
        '15-1252.00,Developers,13,"Write code.",,\n'
        '35-2011.00,Cooks,20,"Cook dinner.",Core,3\n'
    ),
    "soc": (
        "Major Group,Minor Group,Broad Occupation,Detailed Occupation,SOC or O*NET-SOC 2019 Title\n"
        "11-0000,,,,Management Occupations\n15-0000,,,,Computer and Mathematical Occupations\n"
        "35-0000,,,,Food Preparation and Serving Related Occupations\n"
    ),
    "collaboration": "interaction_type,pct\ndirective,40\nfeedback loop,10\ntask iteration,30\nnone,10\n",
    "wages": "SOCcode,JobZone,MedianSalary\n11-1011.00,5,150000\n15-1252.00,-1,100000\n35-2011.00,2,17.5\n",
    "employment": (
        "SOC or O*NET-SOC 2019 Title,bls_distribution\n"
        "Management Occupations,300\nFood Preparation and Serving Related Occupations,700\n"
    ),
}


@pytest.fixture
def build(tmp_path):
    def run(**changed):
        paths = {}
        for name, text in {**FILES, **changed}.items():
            if text is not None:
                paths[name] = tmp_path / f"{name}.csv"
                paths[name].write_text(text)
        return build_tables(**paths, published_at=datetime(2026, 11, 1, tzinfo=UTC))

    return run


def shares(table, key, share="usage_share"):
    return {row[key]: row[share] for row in table.to_dicts()}


def test_statements_are_found_whatever_their_case_and_spaces_and_shared_ones_are_split(build):
    tables = build()
    task = shares(tables["idx/task_month"], "task_id")
    assert task["7"] == pytest.approx(0.4)
    assert task["20"] == pytest.approx(0.2)
    occupation = shares(tables["idx/occupation_month"], "onet_soc_code")
    assert occupation == pytest.approx(
        {"11-1011.00": 1 / 3, "15-1252.00": 1 / 3, "35-2011.00": 1 / 3, "suppressed": 0.0}
    )


def test_what_the_source_does_not_publish_is_a_row_of_its_own(build):
    task = shares(build()["idx/task_month"], "task_id")
    assert task["not_published"] == pytest.approx(0.25)
    assert task["not_classified"] == pytest.approx(0.10)  # the name that is no statement
    assert task["none"] == pytest.approx(0.05)


def test_statements_that_the_source_does_not_list_are_missing_rather_than_zero(build):
    row = build()["idx/task_month"].row(by_predicate=pl.col("task_id") == "13", named=True)
    assert (row["usage_share"], row["obs_status"]) == (None, "M")


def test_counts_and_accounts_are_not_available(build):
    for name in IDX_TABLES:
        table = build()[name]
        assert table["conversation_count"].null_count() == table.height
        assert table["account_band"].null_count() == table.height
        assert (table["account_basis"].cast(pl.String) == "not_available").all()


def test_hourly_wages_are_2080_hours_and_flagged(build):
    tables = build()
    cook = tables["ref/occupation"].row(by_predicate=pl.col("onet_soc_code") == "35-2011.00", named=True)
    assert (cook["median_wage_usd"], cook["is_wage_from_hourly"]) == (17.5 * 2080, True)
    band = tables["idx/wage_month"].row(by_predicate=pl.col("wage_band") == "030000-044999", named=True)
    assert (band["hourly_occupation_count"], band["wage_low_usd"], band["wage_high_usd"]) == (1, 30_000, 45_000)


def test_job_zones_are_shares_of_the_known_ones(build):
    zones = shares(build()["idx/job_zone_month"], "job_zone")
    assert zones["5"] == pytest.approx(0.5)
    assert zones["unknown"] is None
    assert build()["idx/job_zone_month"]["reference_usage_share"].null_count() == 7


def test_employment_is_matched_by_title(build):
    groups = build()["idx/major_group_month"]
    assert shares(groups, "soc_major_group", "employment_share") == pytest.approx(
        {"11": 0.3, "15": None, "35": 0.7, "suppressed": None}
    )
    assert shares(groups, "soc_major_group", "representation_ratio")["11"] == pytest.approx(1 / 3 / 0.3)


def test_collaboration_keeps_the_files_own_percentages_and_the_missing_rest(build):
    rows = build()["idx/collaboration_month"]
    seven = shares(rows.filter(pl.col("denominator") == "all_seven"), "collaboration_pattern", "pattern_share")
    assert seven["directive"] == pytest.approx(0.4)
    assert seven["not_published"] == pytest.approx(0.1)
    assert seven["not_classified"] is None
    five = shares(rows.filter(pl.col("denominator") == "classified"), "collaboration_pattern", "pattern_share")
    assert five["directive"] == pytest.approx(0.5)


def test_optional_files_may_be_left_out(build):
    tables = build(collaboration=None, wages=None, employment=None)
    assert tables["idx/collaboration_month"].is_empty()
    assert tables["idx/major_group_month"]["employment_share"].null_count() == 4


def test_the_build_does_not_depend_on_the_order_of_the_shares(build):
    header, *rows = FILES["task_shares"].splitlines()
    again = build(task_shares="\n".join([header, *reversed(rows)]) + "\n")
    assert again["idx/occupation_month"].equals(build()["idx/occupation_month"])


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"task_shares": "task,pct\na,1\n"}, "task_name missing"),
        ({"task_shares": "task_name,pct\n"}, "expected rows"),
        ({"task_shares": "task_name,pct\ncook dinner.,-1\n"}, "numbers of at least 0"),
        ({"task_shares": "task_name,pct\ncook dinner.,many\n"}, "numbers of at least 0"),
        ({"task_shares": "task_name,pct\ncook dinner.,70\nwrite code.,70\n"}, "at most 100"),
        ({"task_shares": "task_name,pct\nsomething else,100\n"}, "none of 1 is one"),
        ({"onet_tasks": "O*NET-SOC Code,Title,Task ID\n1,2,3\n"}, "Task missing"),
        ({"onet_tasks": "O*NET-SOC Code,Title,Task ID,Task\nnot-a-code,T,1,Do.\n"}, "published format"),
        ({"soc": "Major Group,Minor Group\n11-0000,\n"}, "lacks the column"),
        ({"soc": "\n".join(FILES["soc"].splitlines()[:2]) + "\n"}, "none for 15, 35"),
        ({"collaboration": "interaction_type,pct\nsolo,100\n"}, "unknown patterns"),
        ({"collaboration": "interaction_type,pct\ndirective,60\ndirective,20\n"}, "at most once"),
        ({"collaboration": "interaction_type,pct\nnone,50\n"}, "five collaboration patterns"),
        ({"wages": "SOCcode,JobZone,MedianSalary\n99-9999.00,1,1\n"}, "found none: same release"),
        ({"wages": FILES["wages"] + "11-1011.00,5,150000\n"}, "one row per O\\*NET-SOC code"),
        ({"employment": "SOC or O*NET-SOC 2019 Title,bls_distribution\nAll,5\n"}, "titles of SOC major groups"),
    ],
)
def test_unusable_inputs_say_what_was_expected(build, changed, message):
    with pytest.raises(InputUnusableError, match=message):
        build(**changed)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputUnusableError, match="no such file"):
        build_tables(
            tmp_path / "a.csv", tmp_path / "b.csv", tmp_path / "c.csv", published_at=datetime(2026, 1, 1, tzinfo=UTC)
        )
