"""Label sets, answers and scores in the store: kept, and scored again from what is left of them."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict

import polars as pl

from pipelines.storage import Store
from pipelines.validation import tables
from pipelines.validation.answers import Answer
from pipelines.validation.publication import with_label_set
from pipelines.validation.score import MIN_ITEMS, Scores, score_labels


def answer_table(raters: Sequence[Mapping[str, Answer]], items: pl.DataFrame) -> pl.DataFrame:
    """What every rater answered, as `core/validation_answer`.

    Args:
        raters: Answers by item, one mapping per rater.
        items: Table `core/validation_item`.
    """
    conversation = dict(items.select("item_id", "conversation_id").iter_rows())
    rows = [
        {"rater": number, "item_id": name, "conversation_id": conversation[name], **asdict(answer)}
        for number, given in enumerate(raters, start=1)
        for name, answer in sorted(given.items())
    ]
    schema = tables.ValidationAnswer
    found: pl.DataFrame = schema.validate(
        pl.DataFrame(rows, schema=schema.column_names(), infer_schema_length=None), cast=True
    )
    return found


def read_raters(answers: pl.DataFrame) -> list[dict[str, Answer]]:
    """Answers by item, one mapping per rater; the inverse of `answer_table`.

    Args:
        answers: Table `core/validation_answer`.
    """
    raters: dict[int, dict[str, Answer]] = {number: {} for number in answers["rater"].unique().sort()}
    for row in answers.drop("conversation_id").iter_rows(named=True):
        number, item_id = row.pop("rater"), row.pop("item_id")
        raters[number][item_id] = Answer(**row)
    return list(raters.values())


def keep_scores(store: Store, month: str, label_set: str, scores: Scores | None) -> None:
    """Put the scores of a label set into the tables of its month; the index of the month is then stale.

    Args:
        store: The store.
        month: Month of the label set.
        label_set: The label set.
        scores: Its scores; None: it has none any more.
    """
    frames: dict[str, pl.DataFrame] = {
        tables.ACCURACY: tables.Validation.create_empty() if scores is None else scores.accuracy,
        tables.AGREEMENT: tables.ValidationAgreement.create_empty() if scores is None else scores.agreement,
        tables.ESTIMATES: tables.ValidationEstimate.create_empty() if scores is None else scores.estimates,
    }
    for name, frame in frames.items():
        earlier = store.read_table(name, month) if store.read_state(name, month) else None
        if earlier is None and scores is None:
            continue
        whole = with_label_set(earlier, frame, label_set)
        store.write_table(name, month, whole)
        store.write_state(name, month, hashlib.blake2b(whole.write_csv().encode(), digest_size=16).hexdigest())
    if scores is None:
        store.table_path(tables.CONFUSION, label_set).unlink(missing_ok=True)
    else:
        store.write_table(tables.CONFUSION, label_set, scores.confusion)


def score_again(store: Store, month: str) -> None:
    """Score every label set of a month anew, after conversations left the store: their judgements count no more.

    A label set with too few answers left, or whose answers were not kept, has no scores afterwards.

    Args:
        store: The store.
        month: Month of the label sets.
    """
    folder = store.table_path(tables.ITEMS, month).parent
    for label_set in sorted(path.stem for path in folder.glob(f"{month}-*.parquet")):
        answers = store.table_path(tables.ANSWERS, label_set)
        raters = read_raters(pl.read_parquet(answers)) if answers.is_file() else []
        scores = None
        if len({name for given in raters for name in given}) >= MIN_ITEMS:
            items, population = (store.read_table(name, label_set) for name in (tables.ITEMS, tables.POPULATION))
            scores = score_labels(items, population, raters)
        keep_scores(store, month, label_set, scores)
