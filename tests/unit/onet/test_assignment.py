import polars as pl

from onet.assignment import allocation_weights


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
