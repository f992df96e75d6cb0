"""What is drawn for raters, with which weights, and what the sheet shows and hides."""

import csv
import io

import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from label_example import CARDS, filled_csv, label_population, label_set

from pipelines.validation.sampling import allocate, draw_sample, main_group, probability_band
from pipelines.validation.sheet import ANSWERS, COLUMNS, LETTERS, sheet_csv


@given(st.dictionaries(st.text("abc", min_size=1), st.integers(1, 500), min_size=1), st.integers(1, 600))
def test_the_allocation_spends_every_item_and_overdraws_no_stratum(sizes: dict[str, int], count: int) -> None:
    parts = {name: size * (0.2 + 0.1 * len(name)) for name, size in sizes.items()}
    drawn = allocate(sizes, parts, count)
    assert sum(drawn.values()) == min(count, sum(sizes.values()))
    assert all(0 <= drawn[name] <= size for name, size in sizes.items())


def test_weights_of_the_items_sum_to_the_population() -> None:
    everyone, items, _ = label_set(count=60)
    assert items.height == 60
    assert abs(items["inclusion_weight"].sum() - everyone.height) < 1e-6
    by_stratum = items.group_by("stratum").len()
    assert by_stratum["len"].min() >= 2
    assert by_stratum.height > 8


def test_uncertain_conversations_are_drawn_more_often_than_certain_ones() -> None:
    population = pl.DataFrame(
        {
            "conversation_id": [f"c{n:03d}" for n in range(200)],
            "match_prob": [0.02] * 100 + [0.5] * 100,
            "groups": [[{"soc_major_group": "11", "weight": 1.0}]] * 200,
        }
    )
    drawn = draw_sample(population, count=40, seed=0).group_by("match_prob").agg(pl.col("is_drawn").sum())
    assert dict(drawn.iter_rows()) == {0.02: 11, 0.5: 29}


def test_row_order_changes_no_draw_and_the_seed_does() -> None:
    population = label_population()
    _, items, _ = label_set(population=population)
    _, again, _ = label_set(population=population.sample(fraction=1, shuffle=True, seed=3))
    _, other, _ = label_set(population=population, seed=1)
    assert items.equals(again)
    assert set(items["conversation_id"]) != set(other["conversation_id"])
    assert not set(items["item_id"]) & set(other["item_id"])


def test_a_sample_as_large_as_the_population_takes_everything() -> None:
    everyone, items, _ = label_set(count=10_000)
    assert items.height == everyone.height
    assert items["inclusion_weight"].unique().to_list() == [1.0]


def test_bands_and_the_main_group_break_ties_by_the_lowest_code() -> None:
    frame = pl.DataFrame(
        {
            "p": [0.05, 0.1, 0.6, None],
            "g": [
                [{"soc_major_group": "15", "weight": 0.5}, {"soc_major_group": "11", "weight": 0.5}],
                [{"soc_major_group": "11", "weight": 0.4}, {"soc_major_group": "15", "weight": 0.6}],
                [{"soc_major_group": "none", "weight": 1.0}],
                [{"soc_major_group": "not_classified", "weight": 1.0}],
            ],
        }
    ).select(band=probability_band(pl.col("p")), group=main_group(pl.col("g")))
    assert frame["band"].to_list() == ["0.00-0.10", "0.10-0.25", "0.50-0.75", "unknown"]
    assert frame["group"].to_list() == ["11", "15", "none", "not_classified"]


def test_groups_of_every_statement_and_conversation_sum_to_one() -> None:
    population = label_population()
    for groups in (*CARDS["groups"], *population["groups"]):
        assert abs(sum(part["weight"] for part in groups) - 1) < 1e-9


def test_the_sheet_names_no_conversation_and_leaves_answers_blank() -> None:
    everyone, items, rows = label_set()
    text = sheet_csv([{**row, "request": ""} for row in rows])
    assert not any(name in text for name in everyone["conversation_id"])
    assert list(csv.DictReader(io.StringIO(text)).fieldnames or ()) == list(COLUMNS)
    assert all(row[name] == "" for row in rows for name in ANSWERS)
    assert [row["item_id"] for row in rows] == sorted(items["item_id"])


def test_candidates_are_other_statements_in_an_order_that_tells_nothing() -> None:
    _, items, _ = label_set()
    orders = set()
    for item in items.iter_rows(named=True):
        shown = [candidate["statement_task_id"] for candidate in item["candidates"]]
        assert [candidate["letter"] for candidate in item["candidates"]] == list(LETTERS)
        assert item["statement_task_id"] not in shown
        orders.add(tuple(shown))
    assert len(orders) > 20


def test_the_sheet_has_one_line_per_item_and_runs_no_formula() -> None:
    _, _, rows = label_set()
    rows[0]["request"] = "=HYPERLINK(1)"
    lines = filled_csv(rows).splitlines()
    assert len(lines) == len(rows) + 1
    assert "'=HYPERLINK(1)" in lines[1]
    assert all("[…]" in row["conversation"] for row in rows)
