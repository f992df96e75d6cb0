"""From a month's predictions to a label sheet: the population, the drawn items with their key, the rows raters see."""

import csv
import hashlib
import io
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import polars as pl

from clio_lite.tables import COLLABORATION_PATTERNS
from onet.assignment import allocation_weights
from onet.soc import SOC_MAJOR_GROUPS
from pipelines.validation.sampling import draw_sample
from pipelines.validation.tables import ValidationItem, ValidationPopulation

LETTERS: Final = ("A", "B", "C", "D", "E")
REMAINDERS: Final = {"none": "(no task statement fits)", "not_classified": "(not decided)"}
SHOWN: Final = (
    "label_set",
    "item_id",
    "request",
    "conversation",
    "assigned_statement",
    "assigned_occupations",
    *(f"candidate_{letter.lower()}" for letter in LETTERS),
    "collaboration_pattern",
)
ANSWERS: Final = (
    "acceptable_base",
    "acceptable_middle",
    "acceptable_top",
    "better_candidate",
    "better_group",
    "pattern_is_right",
    "right_pattern",
)
COLUMNS: Final = (*SHOWN, *ANSWERS)
TURN_MARK: Final = " ¶ "
_TURNS, _TURN_CHARACTERS = 16, 600
_TITLES: Final = 3
_FORMULA: Final = ("=", "+", "-", "@")
_GROUP = pl.Struct({"soc_major_group": pl.String, "weight": pl.Float64})


def statement_cards(tasks: pl.DataFrame, occupations: pl.DataFrame) -> pl.DataFrame:
    """What raters and scores need of each statement.

    Args:
        tasks: `onet.tables.OnetTask`.
        occupations: `onet_soc_code`, `title`, `soc_major_group`.

    Returns:
        `statement_task_id`, `task`, `occupations` (titles as one text), `groups` (equal split over the occupations);
        one row each for `none` and `not_classified` too.
    """
    placed = (
        allocation_weights(tasks)
        .join(tasks.select("task_id", "onet_soc_code", "task"), on=["task_id", "onet_soc_code"])
        .join(occupations.select("onet_soc_code", "title", "soc_major_group"), on="onet_soc_code")
        .sort("statement_task_id", "title", "task_id")
    )
    texts = placed.group_by("statement_task_id", maintain_order=True).agg(
        pl.col("task").first(), pl.col("title").unique(maintain_order=True)
    )
    more = pl.col("title").list.len() - _TITLES
    titles = pl.col("title").list.head(_TITLES).list.join("; ")
    texts = texts.with_columns(
        occupations=pl.when(more > 0).then(pl.format("{}; and {} more", titles, more)).otherwise(titles)
    ).drop("title")
    groups = (
        placed.group_by("statement_task_id", "soc_major_group")
        .agg(weight=pl.col("alloc_weight").sum())
        .sort("statement_task_id", "soc_major_group")
        .group_by("statement_task_id", maintain_order=True)
        .agg(groups=pl.struct("soc_major_group", "weight"))
    )
    rest = pl.DataFrame(
        {
            "statement_task_id": list(REMAINDERS),
            "task": list(REMAINDERS.values()),
            "occupations": ["", ""],
            "groups": [[{"soc_major_group": name, "weight": 1.0}] for name in REMAINDERS],
        },
        schema_overrides={"groups": pl.List(_GROUP)},
    )
    cards = texts.join(groups, on="statement_task_id").select(rest.columns)
    return pl.concat([cards, rest]).sort("statement_task_id")


def month_population(
    conversations: pl.DataFrame, facets: pl.DataFrame, conversation_task: pl.DataFrame, cards: pl.DataFrame
) -> pl.DataFrame:
    """Every counted occupational conversation with its predictions: what the published shares are made from.

    Args:
        conversations: `conversation_id`, `account_key`, `is_counted`.
        facets: `clio_lite.tables.Facets`.
        conversation_task: Rows of one mapping route.
        cards: From `statement_cards`.

    Returns:
        One row per conversation, sorted: the assigned statement is the one with the greatest weight, `groups` are of
        all its statements; a conversation without a row is `not_classified`.
    """
    counted = conversations.filter("is_counted").select("conversation_id", "account_key")
    links = (
        conversation_task.join(cards.select("statement_task_id", "groups"), on="statement_task_id")
        .join(counted, on="conversation_id", how="semi")
        .sort("conversation_id", "match_weight", "statement_task_id", descending=[False, True, False])
    )
    groups = (
        links.select("conversation_id", "match_weight", "groups")
        .explode("groups")
        .unnest("groups")
        .group_by("conversation_id", "soc_major_group")
        .agg(weight=(pl.col("weight") * pl.col("match_weight")).sum())
        .sort("conversation_id", "soc_major_group")
        .group_by("conversation_id", maintain_order=True)
        .agg(groups=pl.struct("soc_major_group", "weight"))
    )
    first = links.group_by("conversation_id", maintain_order=True).agg(
        pl.col("statement_task_id", "match_prob", "verifier").first()
    )
    facet_columns = ("conversation_id", "request", "collaboration_pattern", "facet_version")
    return (
        counted.join(facets.filter("is_occupational").select(facet_columns), on="conversation_id")
        .join(first, on="conversation_id", how="left")
        .join(groups, on="conversation_id", how="left")
        .with_columns(
            pl.col("statement_task_id").fill_null("not_classified"),
            pl.col("verifier").fill_null("none"),
            pl.col("groups").fill_null(pl.lit([{"soc_major_group": "not_classified", "weight": 1.0}])),
        )
        .sort("conversation_id")
    )


def label_set_id(month: str, vintage_id: str, *, count: int, seed: int) -> str:
    """Id of a draw: the month and a digest of what it was drawn from and how."""
    digest = hashlib.blake2b(f"{vintage_id}|{count}|{seed}".encode(), digest_size=4).hexdigest()
    return f"{month}-{digest}"


def draw_items(
    population: pl.DataFrame, *, month: str, vintage_id: str, encoder: str, count: int, seed: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Draw the items of a label set; candidates are still to be added.

    Args:
        population: From `month_population`.
        month: Month, YYYY-MM.
        vintage_id: Build that the predictions are of.
        encoder: Encoder of the build.
        count: Items.
        seed: Seed.

    Returns:
        Table `core/validation_population`, and the drawn rows with item id and weights, in the order of item ids,
        which says nothing of what the items are.
    """
    label_set = label_set_id(month, vintage_id, count=count, seed=seed)
    drawn = draw_sample(population, count=count, seed=seed)
    ids = [
        hashlib.blake2b(f"{label_set}|{name}".encode(), digest_size=6).hexdigest() for name in drawn["conversation_id"]
    ]
    items = (
        drawn.with_columns(
            item_id=pl.Series(ids, dtype=pl.String),
            label_set=pl.lit(label_set),
            month=pl.lit(month),
            vintage_id=pl.lit(vintage_id),
            encoder=pl.lit(encoder),
            seed=pl.lit(seed, dtype=pl.Int64),
            inclusion_weight=1 / pl.col("inclusion_prob"),
        )
        .filter("is_drawn")
        .sort("item_id")
    )
    table = drawn.select(ValidationPopulation.column_names())
    return ValidationPopulation.validate(table, cast=True), items


def with_candidates(items: pl.DataFrame, matches: pl.DataFrame, cards: pl.DataFrame, *, seed: int) -> pl.DataFrame:
    """Add the best statements other than the assigned one, shuffled so that the order tells nothing.

    Args:
        items: From `draw_items`.
        matches: `id` (item id), `rank`, `statement_task_id`.
        cards: From `statement_cards`.
        seed: Seed of the order.

    Returns:
        Table `core/validation_item`.
    """
    others = (
        matches.rename({"id": "item_id"})
        .join(items.select("item_id", assigned="statement_task_id"), on="item_id")
        .filter(pl.col("statement_task_id") != pl.col("assigned"))
        .join(cards.select("statement_task_id", "groups"), on="statement_task_id")
        .sort("item_id", "rank")
        .group_by("item_id", maintain_order=True)
        .head(len(LETTERS))
    )
    key = np.random.default_rng(seed).random(others.height)
    candidates = (
        others.with_columns(_key=pl.Series(key))
        .sort("item_id", "_key")
        .with_columns(number=pl.int_range(pl.len()).over("item_id"))
        .with_columns(letter=pl.col("number").replace_strict(dict(enumerate(LETTERS)), return_dtype=pl.String))
        .group_by("item_id", maintain_order=True)
        .agg(candidates=pl.struct("letter", "statement_task_id", pl.col("groups")))
    )
    table = items.join(candidates, on="item_id", how="left").with_columns(
        pl.col("candidates").fill_null(pl.lit([], dtype=candidates.schema["candidates"]))
    )
    return ValidationItem.validate(table.select(ValidationItem.column_names()).sort("item_id"), cast=True)


def sheet_rows(
    items: pl.DataFrame, requests: pl.DataFrame, messages: pl.DataFrame, cards: pl.DataFrame
) -> list[dict[str, str]]:
    """What raters see, one row per item, with blank answers. Restricted: it holds redacted conversations.

    Args:
        items: Table `core/validation_item`.
        requests: `conversation_id`, `request`.
        messages: `conversation_id`, `messages` after redaction.
        cards: From `statement_cards`.
    """
    card: dict[str, dict[str, Any]] = {row["statement_task_id"]: row for row in cards.iter_rows(named=True)}
    frame = items.join(requests, on="conversation_id").join(messages, on="conversation_id").sort("item_id")
    rows = []
    for item in frame.iter_rows(named=True):
        assigned = card[item["statement_task_id"]]
        shown = {
            "label_set": item["label_set"],
            "item_id": item["item_id"],
            "request": item["request"],
            "conversation": _excerpt(item["messages"]),
            "assigned_statement": assigned["task"],
            "assigned_occupations": assigned["occupations"],
            "collaboration_pattern": item["collaboration_pattern"],
        }
        for candidate in item["candidates"]:
            other = card[candidate["statement_task_id"]]
            shown[f"candidate_{candidate['letter'].lower()}"] = f"{other['task']} [{other['occupations']}]"
        rows.append({name: " ".join(shown.get(name, "").split()) for name in COLUMNS})
    return rows


def _excerpt(messages: Sequence[dict[str, str]]) -> str:
    """Turns as one line; long turns and long conversations are cut, and say so."""
    turns = []
    for message in messages[:_TURNS]:
        text = " ".join(message["content"].replace("¶", " ").split())
        turns.append(f"{message['role']}: {text[:_TURN_CHARACTERS]}{' […]' if len(text) > _TURN_CHARACTERS else ''}")
    if len(messages) > _TURNS:
        turns.append(f"[{len(messages) - _TURNS} more turns]")
    return TURN_MARK.join(turns)


def sheet_csv(rows: Sequence[dict[str, str]]) -> str:
    """The sheet as CSV; a text that a spreadsheet would run as a formula gets an apostrophe.

    Args:
        rows: From `sheet_rows`.
    """
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: f"'{text}" if text.startswith(_FORMULA) else text for name, text in row.items()})
    return buffer.getvalue()


def page_data(rows: Sequence[dict[str, str]]) -> dict[str, Any]:
    """The sheet as the page wants it: rows, columns and the choices of every question.

    Args:
        rows: From `sheet_rows`.
    """
    return {
        "columns": list(COLUMNS),
        "answers": list(ANSWERS),
        "letters": list(LETTERS),
        "patterns": list(COLLABORATION_PATTERNS),
        "groups": [{"code": code, "title": title} for code, title in sorted(SOC_MAJOR_GROUPS.items())],
        "remainders": REMAINDERS,
        "turn_mark": TURN_MARK,
        "rows": list(rows),
    }
