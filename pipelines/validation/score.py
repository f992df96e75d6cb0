"""From raters' answers to accuracy, agreement, confusion and corrected shares. Pure functions on frames."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl

from clio_lite.tables import COLLABORATION_PATTERNS
from onet.soc import SOC_MAJOR_GROUPS
from pipelines.aggregate.collaboration import AUGMENTATION_PATTERNS, AUTOMATION_PATTERNS, CLASSIFIED_PATTERNS
from pipelines.disclosure import rounded_share
from pipelines.errors import InputUnusableError
from pipelines.validation.agreement import question_agreement, rated_items, rating_codes
from pipelines.validation.answers import Answer, judged_groups
from pipelines.validation.correction import (
    Array,
    Design,
    corrected_shares,
    merged_strata,
    weighted_accuracy,
)
from pipelines.validation.released import account_support, checked, question_of
from pipelines.validation.sheet import REMAINDERS
from pipelines.validation.tables import (
    Validation,
    ValidationAgreement,
    ValidationConfusion,
    ValidationEstimate,
    ValidationShare,
)

BUCKETS: Final[dict[str, tuple[str, ...]]] = {
    "automation": AUTOMATION_PATTERNS,
    "augmentation": AUGMENTATION_PATTERNS,
}
GROUPS: Final = (*sorted(SOC_MAJOR_GROUPS), *REMAINDERS)
MIN_ITEMS: Final = 2  # no variance from fewer
Items = Mapping[str, Mapping[str, Any]]
Raters = Sequence[Mapping[str, Answer]]


@dataclass(frozen=True)
class Scores:
    """Result of a validation.

    Attributes:
        accuracy: Table `core/validation_accuracy`.
        agreement: Table `core/validation_agreement`; empty with one rater.
        estimates: Table `core/validation_estimate` (restricted): shares that are withheld included.
        confusion: Table `core/validation_confusion` (restricted).
    """

    accuracy: pl.DataFrame
    agreement: pl.DataFrame
    estimates: pl.DataFrame
    confusion: pl.DataFrame


def score_labels(items: pl.DataFrame, population: pl.DataFrame, raters: Raters) -> Scores:
    """Score one label set.

    Args:
        items: Table `core/validation_item`.
        population: Table `core/validation_population` of the same label set.
        raters: Answers by item, one mapping per rater.

    Raises:
        InputUnusableError: Fewer than two items were answered.
    """
    by_id: Items = {row["item_id"]: row for row in items.sort("item_id").iter_rows(named=True)}
    answered = [name for name in by_id if any(name in given for given in raters)]
    if len(answered) < MIN_ITEMS:
        raise InputUnusableError(
            f"expected at least {MIN_ITEMS} answered items, found {len(answered)}: fill in more of the sheet"
        )
    design = label_design(population, [by_id[name]["conversation_id"] for name in answered])
    accounts = item_accounts(population, by_id)
    first = items.row(0, named=True)
    label_set, vintage_id = first["label_set"], first["vintage_id"]
    agreement = _agreement(by_id, raters, accounts).with_columns(label_set=pl.lit(label_set))
    patterns = _mean_labels(
        answered, raters, lambda answer, _: {answer.pattern: 1.0}, by_id, classes=COLLABORATION_PATTERNS
    )
    groups = _mean_labels(answered, raters, judged_groups, by_id, classes=GROUPS)
    judged = {"label_set": pl.lit(label_set), "judged_vintage_id": pl.lit(vintage_id)}
    shares = pl.concat([_pattern_shares(population, patterns, design), _group_shares(population, groups, design)])
    estimates = shares.with_columns(
        **judged,
        prediction_digest=pl.lit(prediction_digest(population)),
        answered_count=pl.lit(len(answered), dtype=pl.Int64),
        **{name: pl.lit(value) for name, value in account_support([accounts[name] for name in answered]).items()},
    )
    accuracy = _accuracy(by_id, answered, raters, design, accounts)
    confusion = _confusions(by_id, answered, patterns, groups, design).with_columns(label_set=pl.lit(label_set))
    return Scores(
        accuracy=checked(Validation, accuracy.with_columns(**judged)),
        agreement=checked(ValidationAgreement, agreement),
        estimates=checked(ValidationEstimate, estimates),
        confusion=checked(ValidationConfusion, confusion),
    )


def item_accounts(population: pl.DataFrame, items: Items) -> dict[str, str | None]:
    """Account behind each item; None: its conversation has none.

    Args:
        population: Table `core/validation_population`.
        items: Rows of `core/validation_item` by item id.
    """
    account = dict(population.select("conversation_id", "account_key").iter_rows())
    return {name: account[item["conversation_id"]] for name, item in items.items()}


def label_design(population: pl.DataFrame, labelled: Sequence[str]) -> Design:
    """Strata, accounts and labelled rows as codes.

    Args:
        population: Table `core/validation_population`.
        labelled: Conversation ids with labels, in the order of the labels.
    """
    frame = population.with_row_index("_row")
    row = dict(frame.select("conversation_id", "_row").iter_rows())
    account = pl.coalesce("account_key", pl.format("conversation:{}", "conversation_id"))
    codes = frame.select(
        stratum=pl.col("stratum").rank("dense").cast(pl.Int64) - 1, account=account.rank("dense").cast(pl.Int64) - 1
    )
    rows = np.array([row[name] for name in labelled], dtype=np.int64)
    stratum = merged_strata(codes.get_column("stratum").to_numpy(), rows)
    return Design(stratum, codes.get_column("account").to_numpy(), rows)


def published_shares(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """The shares of a vintage that labels can correct, and which of them are withheld.

    Args:
        tables: `idx/collaboration_month`, `idx/automation_month`, `idx/major_group_month`.

    Returns:
        `table_name`, `category`, `published_share`, `obs_status`.
    """
    everything = (pl.col("node_type").cast(pl.String) == "all") & (
        pl.col("denominator").cast(pl.String) == "classified"
    )
    patterns = tables["idx/collaboration_month"].filter(everything).select(
        table_name=pl.lit("idx.collaboration_month"),
        category=pl.col("collaboration_pattern").cast(pl.String),
        published_share="pattern_share",
        obs_status=pl.col("obs_status").cast(pl.String),
    )  # fmt: skip
    buckets = [
        tables["idx/automation_month"].filter(everything).select(
            table_name=pl.lit("idx.automation_month"),
            category=pl.lit(name),
            published_share=f"{name}_share",
            obs_status=pl.col("obs_status").cast(pl.String),
        )
        for name in BUCKETS
    ]  # fmt: skip
    groups = tables["idx/major_group_month"].select(
        table_name=pl.lit("idx.major_group_month"),
        category="soc_major_group",
        published_share="usage_share",
        obs_status=pl.col("obs_status").cast(pl.String),
    )
    return pl.concat([patterns, *buckets, groups])


def _mean_labels(answered: Sequence[str], raters: Raters, label: Any, items: Items, *, classes: Sequence[str]) -> Array:
    """Labels of shape (items, classes), the mean over the raters of each item."""
    place = {name: number for number, name in enumerate(classes)}
    table = np.zeros((len(answered), len(classes)))
    for row, name in enumerate(answered):
        given = [answers[name] for answers in raters if name in answers]
        for answer in given:
            for category, weight in label(answer, items[name]).items():
                table[row, place[category]] += weight / len(given)
    return table


def _share_rows(table_name: str, base: str, categories: Sequence[str], values: tuple[Array, ...]) -> pl.DataFrame:
    names = ("share_corrected", "share_corrected_se", "ci_low", "ci_high")
    columns = {
        name: pl.Series(column, dtype=pl.Float64, nan_to_null=True) for name, column in zip(names, values, strict=True)
    }
    frame = pl.DataFrame({"category": list(categories), **columns})
    return frame.with_columns(table_name=pl.lit(table_name), base=pl.lit(base))


def prediction_digest(population: pl.DataFrame) -> str:
    """Digest of what was predicted of whom: labels correct these predictions and no others.

    Args:
        population: `conversation_id`, `collaboration_pattern`, `groups`.
    """
    part = pl.element().struct
    groups = pl.col("groups").list.eval(
        pl.format("{}={}", part.field("soc_major_group"), part.field("weight").round(9)).sort()
    )
    rows = population.sort("conversation_id").select(
        "conversation_id", pl.col("collaboration_pattern").cast(pl.String), groups.list.join(";")
    )
    return hashlib.blake2b(rows.write_csv().encode(), digest_size=12).hexdigest()


def released_shares(estimates: pl.DataFrame, published: pl.DataFrame) -> pl.DataFrame:
    """What a published table shows, corrected; what it withholds stays withheld, what it lacks is left out.

    Args:
        estimates: Table `core/validation_estimate`.
        published: From `published_shares`.

    Returns:
        Rows of `ValidationShare`.
    """
    joined = estimates.join(published, on=["table_name", "category"])
    shown = pl.col("obs_status") == "A"
    numbers = ("share_corrected", "share_corrected_se", "ci_low", "ci_high")
    return joined.with_columns(
        *(
            pl.when(shown & pl.col("share_corrected").is_not_null()).then(rounded_share(pl.col(n))).alias(n)
            for n in numbers
        ),
        published_share=pl.when(shown).then("published_share"),
        obs_status=pl.when(shown).then(pl.lit("A")).otherwise(pl.lit("Q")),
    ).select(ValidationShare.column_names())


def _pattern_shares(population: pl.DataFrame, judged: Array, design: Design) -> pl.DataFrame:
    found = population.get_column("collaboration_pattern").cast(pl.String).to_numpy()
    predicted = np.stack([(found == name).astype(float) for name in COLLABORATION_PATTERNS], axis=1)
    in_bucket = np.array([[float(name in parts) for parts in BUCKETS.values()] for name in COLLABORATION_PATTERNS])
    base = np.array([name in CLASSIFIED_PATTERNS for name in (*COLLABORATION_PATTERNS, *BUCKETS)])
    values = corrected_shares(
        np.hstack([predicted, predicted @ in_bucket]), np.hstack([judged, judged @ in_bucket]), design, base
    )
    rows = _share_rows("idx.collaboration_month", "classified", (*COLLABORATION_PATTERNS, *BUCKETS), values)
    is_bucket = pl.col("category").is_in(list(BUCKETS))
    return rows.with_columns(
        table_name=pl.when(is_bucket).then(pl.lit("idx.automation_month")).otherwise("table_name")
    ).filter(pl.col("category").is_in([*CLASSIFIED_PATTERNS, *BUCKETS]))


def _group_shares(population: pl.DataFrame, judged: Array, design: Design) -> pl.DataFrame:
    place = {name: number for number, name in enumerate(GROUPS)}
    predicted = np.zeros((population.height, len(GROUPS)))
    for row, parts in enumerate(population.get_column("groups").to_list()):
        for part in parts:
            predicted[row, place[part["soc_major_group"]]] += part["weight"]
    base = np.array([name not in REMAINDERS for name in GROUPS])
    rows = _share_rows("idx.major_group_month", "matched", GROUPS, corrected_shares(predicted, judged, design, base))
    return rows.filter(pl.Series(base))


def _domains(items: Items, answered: Sequence[str]) -> dict[str, np.ndarray]:
    statements = np.array([items[name]["statement_task_id"] for name in answered])
    return {
        "task": ~np.isin(statements, list(REMAINDERS)),
        "no_task": statements == "none",
        "collaboration_pattern": np.ones(len(answered), dtype=bool),
    }


def _level(answer: Answer, level: str) -> bool | None:
    value: bool | None = answer.pattern_is_right if level == "pattern" else getattr(answer, level)
    return value


def _levels(facet: str) -> tuple[str, ...]:
    return ("pattern",) if facet == "collaboration_pattern" else ("base", "middle", "top")


def _accuracy(
    items: Items, answered: Sequence[str], raters: Raters, design: Design, accounts: Mapping[str, str | None]
) -> pl.DataFrame:
    judged = [items[name] for name in answered]
    versions = {
        "collaboration_pattern": ("facet heads", _joined(item["facet_version"] for item in judged)),
        "task": (_joined(item["verifier"] for item in judged), _joined(item["encoder"] for item in judged)),
    }
    rows = []
    for facet, domain in _domains(items, answered).items():
        model, version = versions["collaboration_pattern" if facet == "collaboration_pattern" else "task"]
        for level in _levels(facet):
            scores = np.array(
                [np.mean([bool(_level(given[name], level)) for given in raters if name in given]) for name in answered]
            )
            result = weighted_accuracy(scores, domain, design)
            rows.append(
                {
                    "facet": facet,
                    "level": level,
                    "model": model,
                    "version": version,
                    "rater_count": len(raters),
                    "item_count": result.count,
                    "effective_count": result.effective_count,
                    "accuracy": result.value,
                    **account_support([accounts[name] for name, is_in in zip(answered, domain, strict=True) if is_in]),
                }
            )
    return pl.DataFrame(rows, infer_schema_length=None)


def _joined(names: Any) -> str:
    return "; ".join(sorted(set(names)))


def _agreement(items: Items, raters: Raters, accounts: Mapping[str, str | None]) -> pl.DataFrame:
    """Agreement by question; the domain of each question is that of its accuracy."""
    names = list(items)
    questions: dict[str, list[dict[str, Any]]] = {}
    for facet, domain in _domains(items, names).items():
        if facet == "collaboration_pattern":
            questions[facet] = [{n: a.pattern for n, a in given.items()} for given in raters]
            continue
        inside = {name for name, is_in in zip(names, domain, strict=True) if is_in}
        for level in _levels(facet):
            questions[question_of(facet, level)] = [
                {n: _level(a, level) for n, a in given.items() if n in inside} for given in raters
            ]
    questions["soc_major_group"] = [
        {n: "+".join(sorted(judged_groups(a, items[n]))) for n, a in given.items()} for given in raters
    ]
    rows = []
    if len(raters) > 1:
        for question, answers in questions.items():
            of_rows = [accounts[name] for name in rated_items(answers, names)]
            rows += question_agreement(question, rating_codes(answers, names), of_rows)
    return (
        pl.DataFrame(rows, infer_schema_length=None) if rows else ValidationAgreement.create_empty().drop("label_set")
    )


def _confusions(items: Items, answered: Sequence[str], patterns: Array, groups: Array, design: Design) -> pl.DataFrame:
    """Weighted counts of predicted by judged class; an item of several groups is shared among them."""
    rows = []
    for number, name in enumerate(answered):
        item = items[name]
        predictions = {
            "collaboration_pattern": {item["collaboration_pattern"]: 1.0},
            "soc_major_group": {part["soc_major_group"]: part["weight"] for part in item["groups"]},
        }
        for facet, labels, classes in (
            ("collaboration_pattern", patterns, COLLABORATION_PATTERNS),
            ("soc_major_group", groups, GROUPS),
        ):
            for predicted, part in predictions[facet].items():
                for place in np.flatnonzero(labels[number]):
                    weight = part * float(labels[number, place])
                    rows.append((facet, predicted, classes[place], weight, weight * float(design.weights[number])))
    names = ["facet", "predicted", "judged", "item_weight", "population_weight"]
    table = pl.DataFrame(rows, schema=names, orient="row")
    return table.group_by(names[:3]).agg(pl.col(names[3:]).sum())
