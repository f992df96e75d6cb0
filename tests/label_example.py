"""An invented month with its label set, and raters who fill in its sheet."""

import csv
import io
from collections.abc import Mapping

import numpy as np
import polars as pl
from index_month import make_catalogue, make_month

from pipelines.validation.sheet import (
    COLUMNS,
    draw_items,
    month_population,
    sheet_csv,
    sheet_rows,
    statement_cards,
    with_candidates,
)

CATALOGUE = make_catalogue()
CARDS = statement_cards(CATALOGUE.tasks, CATALOGUE.occupations)


def label_population(seed: int = 1, conversations: int = 400) -> pl.DataFrame:
    """Counted occupational conversations of an invented month."""
    month = make_month(seed=seed, conversations=conversations, catalogue=CATALOGUE)
    rng = np.random.default_rng(seed)
    facets = month.facets.with_columns(
        request=pl.format("Do the thing of {}.", "conversation_id"), facet_version=pl.lit("heads-1")
    )
    links = month.conversation_task.with_columns(
        match_prob=pl.Series(rng.random(month.conversation_task.height)), verifier=pl.lit("verifier-1")
    )
    return month_population(month.conversations, facets, links, CARDS)


def label_set(
    count: int = 60, seed: int = 0, population: pl.DataFrame | None = None
) -> tuple[pl.DataFrame, pl.DataFrame, list[dict[str, str]]]:
    """Population table, items with their key, and the rows of the sheet."""
    population = label_population() if population is None else population
    everyone, drawn = draw_items(
        population, month="2026-10", vintage_id="2026-10-test", encoder="words", count=count, seed=seed
    )
    statements = CARDS["statement_task_id"].to_list()[:8]
    matches = pl.DataFrame(
        [(name, rank, task) for name in drawn["item_id"] for rank, task in enumerate(statements, start=1)],
        schema=["id", "rank", "statement_task_id"],
        orient="row",
    )
    items = with_candidates(drawn, matches, CARDS, seed=seed)
    messages = items.select("conversation_id").with_columns(
        messages=pl.lit(
            [{"role": "user", "content": "=cmd() please\nnow"}, {"role": "assistant", "content": "Done. " * 300}],
            dtype=pl.List(pl.Struct({"role": pl.String, "content": pl.String})),
        )
    )
    return everyone, items, sheet_rows(items, population.select("conversation_id", "request"), messages, CARDS)


def good_answer(row: Mapping[str, str]) -> dict[str, str]:
    """Everything acceptable; an undecided item is no work of any occupation."""
    levels = {} if row["assigned_statement"] == "(not decided)" else dict.fromkeys(LEVELS, "yes")
    return {**row, **levels, "better_group": "" if levels else "none", "pattern_is_right": "yes"}


LEVELS = ("acceptable_base", "acceptable_middle", "acceptable_top")


def filled_csv(rows: list[dict[str, str]], *, delimiter: str = ",") -> str:
    """The sheet as a rater saves it."""
    if delimiter == ",":
        return sheet_csv(rows)
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, COLUMNS, delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()
