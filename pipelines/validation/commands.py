"""What `usage-index validate` does: reads the store, calls the pure functions, writes restricted and public files."""

import json
import os
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import polars as pl

from onet.matching import match_texts
from pipelines.defs.resources import open_index_encoder, open_store
from pipelines.errors import InputUnusableError
from pipelines.partitions import parse_month
from pipelines.release_tables import stored_task_index
from pipelines.settings import Settings, load_settings
from pipelines.storage import Store, replaced
from pipelines.summary import Summary
from pipelines.validation import tables
from pipelines.validation.answers import read_answers, sheet_label_set
from pipelines.validation.released import passing_estimates, released_accuracy, released_agreement
from pipelines.validation.score import published_shares, released_shares, score_labels
from pipelines.validation.sheet import (
    LETTERS,
    draw_items,
    month_population,
    page_data,
    sheet_csv,
    sheet_rows,
    statement_cards,
    with_candidates,
)
from pipelines.validation.stored import answer_table, keep_scores
from pipelines.validation.tables import KAPPAS

_MONTH_TABLES = ("core/conversations", "core/facets", "core/conversation_task", "meta/vintage")
_PUBLISHED = ("idx/collaboration_month", "idx/automation_month", "idx/major_group_month")


def write_restricted(path: Path, text: str) -> None:
    """Write a file of mode 0600, atomically.

    Args:
        path: File; its folder is made, mode 0700 where it is new.
        text: Content.
    """
    if not path.parent.exists():
        path.parent.mkdir(parents=True, mode=0o700)
    with replaced(path) as temporary:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            file.write(text)


def sheet_page(data: Mapping[str, Any]) -> str:
    """The label page: one file that holds the sheet and asks nothing of the network.

    Args:
        data: From `sheet.page_data`.
    """
    template = files("pipelines.validation").joinpath("page.html").read_text(encoding="utf-8")
    safe = json.dumps(data, ensure_ascii=True).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return template.replace("__DATA__", safe)


def _opened(month: str, given: Mapping[str, object]) -> tuple[Settings, Store]:
    parse_month(month)
    settings = load_settings(**given)
    return settings, open_store(settings)


def _vintage(store: Store, month: str) -> dict[str, Any]:
    missing = [name for name in _MONTH_TABLES if not store.table_path(name, month).is_file()]
    if missing:
        raise InputUnusableError(
            f"expected an index of {month} in the store, found no {', '.join(missing)}: "
            f"run 'usage-index run --month {month}' first"
        )
    row = store.read_table("meta/vintage", month).row(0, named=True)
    release = store.read_table("core/release").item(0, "onet_version")
    if release != row["onet_version"]:
        raise InputUnusableError(
            f"the store holds O*NET {release}, the index of {month} was made with {row['onet_version']}: "
            f"run 'usage-index run --month {month} --onet {row['onet_version']}' again"
        )
    return row


def write_sheet(month: str, *, count: int, folder: Path | None, **given: object) -> Summary:
    """Draw a label set of a month and write its sheet as CSV and as a page, both restricted.

    Args:
        month: Month, YYYY-MM.
        count: Items.
        folder: Where the sheet goes; None: `validation/<month>` of the store.
        **given: Settings of the command line.

    Raises:
        InputUnusableError: The store has no index of the month, or nothing to draw from.
    """
    settings, store = _opened(month, given)
    vintage = _vintage(store, month)
    cards = statement_cards(store.read_table("ref/onet_task"), store.read_table("ref/occupation"))
    facets = store.read_table("core/facets", month)
    route = pl.col("mapping_route").cast(pl.String) == vintage["mapping_route"]
    conversations = store.scan_table("core/conversations", month)
    population = month_population(
        conversations.select("conversation_id", "account_key", "is_counted").collect(),
        facets,
        store.read_table("core/conversation_task", month).filter(route),
        cards,
    )
    if population.is_empty():
        raise InputUnusableError(f"expected occupational conversations in {month}, found none: nothing to validate")
    everyone, drawn = draw_items(
        population,
        month=month,
        vintage_id=vintage["vintage_id"],
        encoder=vintage["embedder"],
        count=count,
        seed=settings.seed,
    )
    items = with_candidates(drawn, _candidates(drawn, settings, store), cards, seed=settings.seed)
    ids = pl.Series(items.get_column("conversation_id").to_list(), dtype=pl.String)
    messages = conversations.filter(pl.col("conversation_id").is_in(ids.implode())).select(
        "conversation_id", "messages"
    )
    rows = sheet_rows(items, facets.select("conversation_id", "request"), messages.collect(), cards)
    label_set = items.item(0, "label_set")
    store.write_table(tables.POPULATION, label_set, everyone)
    store.write_table(tables.ITEMS, label_set, items)
    target = folder or store.root / "validation" / month
    paths = {kind: target / f"{label_set}.{kind}" for kind in ("csv", "html")}
    write_restricted(paths["csv"], sheet_csv(rows))
    write_restricted(paths["html"], sheet_page(page_data(rows)))
    return Summary(
        title=f"Label sheet {label_set}",
        facts={
            "label_set": label_set,
            "vintage": vintage["vintage_id"],
            "population": everyone.height,
            "items": items.height,
            "sheet": str(paths["csv"]),
            "page": str(paths["html"]),
            "restricted": "both hold redacted conversations, mode 0600: give them only to who may read these",
        },
        tables={"allocation": allocation_table(items)},
    )


def allocation_table(items: pl.DataFrame) -> pl.DataFrame:
    """Items per stratum with the weight of each; the whole is in `core/validation_item`."""
    weight = pl.col("inclusion_weight").first().round(2).alias("weight")
    return items.group_by("stratum").agg(pl.len().alias("items"), weight).sort("stratum")


def _candidates(drawn: pl.DataFrame, settings: Settings, store: Store) -> pl.DataFrame:
    """Best statements of the drawn requests; one more than shown, since the assigned one is left out."""
    manifest = store.read_table("core/task_index")
    encoder = open_index_encoder(settings, store, manifest)
    index = stored_task_index(manifest, encoder, store.task_indexes)
    texts = drawn.select(id="item_id", text="request").filter(pl.col("text").str.strip_chars() != "")
    verifier = index.text_verifier
    return match_texts(texts, index=index, encoder=encoder, verifier=verifier, top=len(LETTERS) + 1)


def score_sheets(month: str, sheets: Sequence[Path], **given: object) -> Summary:
    """Score the answers of one or more raters; keep the tables in the store and write them for readers.

    Args:
        month: Month, YYYY-MM.
        sheets: Filled sheets, one per rater, of one label set.
        **given: Settings of the command line.

    Raises:
        InputUnusableError: A sheet does not fit, or its label set or vintage is not in the store.
    """
    settings, store = _opened(month, given)
    label_sets = sorted({sheet_label_set(path) for path in sheets})
    if len(label_sets) != 1:
        raise InputUnusableError(f"expected sheets of one label set, found {len(label_sets)}: score them separately")
    items, population = _label_set(store, month, label_sets[0])
    by_id = {row["item_id"]: row for row in items.iter_rows(named=True)}
    raters = [read_answers(path, by_id) for path in sheets]
    folder = store.vintages / items.item(0, "vintage_id")
    published = {name: folder / f"{name}.parquet" for name in _PUBLISHED}
    if not all(path.is_file() for path in published.values()):
        raise InputUnusableError(
            f"expected vintage {folder.name} in the store, found it incomplete: draw a new sheet of the current vintage"
        )
    shares = published_shares({name: pl.read_parquet(path) for name, path in published.items()})
    scores = score_labels(items, population, raters)
    store.write_table(tables.ANSWERS, label_sets[0], answer_table(raters, items))
    keep_scores(store, month, label_sets[0], scores)
    shown = {
        "accuracy": released_accuracy(scores.accuracy, scores.agreement, settings.policy),
        "agreement": released_agreement(scores.agreement, settings.policy),
        "shares": released_shares(passing_estimates(scores.estimates, settings.policy), shares),
    }
    file = _write_shown(shown, label_sets[0], month, Path(settings.out) / "validation")
    answered = len({name for given_answers in raters for name in given_answers})
    return _score_summary(shown, label_sets[0], f"{answered} of {items.height}", len(sheets), file)


def _label_set(store: Store, month: str, label_set: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    known = {path.stem for path in store.table_path(tables.ITEMS, month).parent.glob("*.parquet")}
    if label_set not in known:
        raise InputUnusableError(
            f"expected a label set of this store, the sheet names another ({len(known)} are known): "
            "check --store, or the column label_set of the sheet"
        )
    items = store.read_table(tables.ITEMS, label_set)
    if items.item(0, "month") != month:
        raise InputUnusableError(f"the sheet is of {items.item(0, 'month')}, asked for {month}: check --month")
    return items, store.read_table(tables.POPULATION, label_set)


def _write_shown(shown: Mapping[str, pl.DataFrame], label_set: str, month: str, out: Path) -> Path:
    """Write what may be shown, as CSV and JSON; the JSON file."""
    for name, frame in shown.items():
        with replaced(out / f"{month}_{name}.csv") as temporary:
            frame.write_csv(temporary)
    with replaced(out / f"{month}.json") as temporary:
        content = {name: frame.to_dicts() for name, frame in shown.items()}
        temporary.write_text(json.dumps({"label_set": label_set, **content}, indent=1) + "\n", encoding="utf-8")
    return out / f"{month}.json"


def _score_summary(
    tables_shown: Mapping[str, pl.DataFrame], label_set: str, answered: str, raters: int, file: Path
) -> Summary:
    """What the terminal shows; pairs of raters and standard errors are in the files."""
    kappas = [pl.col(name).alias(name.split("_")[0]) for name in KAPPAS]
    accuracy = tables_shown["accuracy"].select(
        "facet", "level", pl.col("item_count").alias("n"), "accuracy", "ci_low", "ci_high", *kappas
    )
    alpha = tables_shown["agreement"].filter(pl.col("statistic").cast(pl.String) == "krippendorff_alpha")
    renamed = {"share_corrected": "corrected_share", "ci_low": "low_share", "ci_high": "high_share"}
    shown = ("category", "published_share", *renamed, "obs_status")
    found = {"Accuracy": accuracy}
    if alpha.height:
        found["Krippendorff's alpha"] = alpha.select(
            "question", pl.col("item_count").alias("n"), "value", "ci_low", "ci_high"
        )
    for (name,), part in tables_shown["shares"].group_by("table_name", maintain_order=True):
        found[f"Corrected shares: {name}"] = part.select(shown).rename(renamed)
    facts = {
        "label_set": label_set,
        "raters": raters,
        "answered": answered,
        "file": str(file),
        "to_publish": f"run 'usage-index run --month {label_set[:7]}' again: qa.validation and share_corrected in idx",
    }
    return Summary(title=f"Validation {label_set}", facts=facts, tables=found)
