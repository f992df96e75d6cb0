import polars as pl

from onet.assignment import allocation_table, allocation_weights


def test_a_shared_statement_gives_each_distinct_occupation_the_same_part() -> None:
    # Statement 1 belongs to three occupations, one of which lists it under two task ids.
    tasks = pl.DataFrame(
        {
            "statement_task_id": ["1", "1", "1", "1", "5"],
            "task_id": ["1", "2", "3", "4", "5"],
            "onet_soc_code": ["11-1011.00", "11-1021.00", "13-1011.00", "13-1011.00", "13-1011.00"],
        }
    )
    weights = allocation_weights(tasks)
    assert weights["alloc_weight"].to_list() == [1 / 3, 1 / 3, 1 / 6, 1 / 6, 1.0]
    assert weights["alloc_rule"].unique().to_list() == ["equal"]


def _shared(importance: tuple[float | None, float | None]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "onet_version": ["9.9"] * 3,
            "statement_task_id": ["1", "1", "3"],
            "task_id": ["1", "2", "3"],
            "onet_soc_code": ["11-1011.00", "13-1011.00", "13-1011.00"],
            "importance_grade": [*importance, 3.0],
        },
        schema_overrides={"importance_grade": pl.Float64},
    )


def _occupations(*employment: int | None) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "onet_soc_code": ["11-1011.00", "13-1011.00"],
            "employment_count": employment,
            "employment_split_weight": [0.5, 1.0],
        },
        schema_overrides={"employment_count": pl.Int64},
    )


def _weights(table: pl.DataFrame, rule: str) -> list[tuple[str, float]]:
    return table.filter(pl.col("alloc_rule").cast(pl.String) == rule).select("alloc_basis", "alloc_weight").rows()


def test_shared_statements_are_split_by_employment_and_by_importance() -> None:
    table = allocation_table(_shared((2.0, 3.0)), _occupations(600, 100))
    assert _weights(table, "employment") == [("employment", 0.75), ("employment", 0.25), ("employment", 1.0)]
    assert _weights(table, "importance") == [("importance", 0.4), ("importance", 0.6), ("importance", 1.0)]
    assert _weights(table, "equal") == [("equal", 0.5), ("equal", 0.5), ("equal", 1.0)]


def test_a_statement_that_lacks_a_figure_is_split_evenly_and_says_so() -> None:
    table = allocation_table(_shared((2.0, None)), _occupations(None, 100))
    assert _weights(table, "employment") == [("equal", 0.5), ("equal", 0.5), ("employment", 1.0)]
    assert _weights(table, "importance") == [("equal", 0.5), ("equal", 0.5), ("importance", 1.0)]


def test_a_split_without_any_figure_has_no_rows() -> None:
    rules = allocation_table(_shared((None, None)).with_columns(importance_grade=None), _occupations(None, None))
    assert rules["alloc_rule"].cast(pl.String).unique().to_list() == ["equal"]
