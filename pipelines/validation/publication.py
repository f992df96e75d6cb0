"""Validations of a month in its published tables: accuracy and agreement past the gate, corrected shares in their rows.

A correction is right only of the predictions that were judged, so it is published with a build of these very
predictions and no other; what the build withholds is not corrected.
"""

import hashlib
from dataclasses import dataclass, field, replace
from typing import Final

import polars as pl

from clio_lite.privacy import DisclosurePolicy
from pipelines.contracts import META_TABLES
from pipelines.errors import InputUnusableError
from pipelines.validation.released import checked, passing_estimates, released_accuracy, released_agreement
from pipelines.validation.score import prediction_digest, published_shares, released_shares
from pipelines.validation.sheet import month_population, statement_cards
from pipelines.validation.tables import Validation, ValidationAgreement, ValidationEstimate, ValidationShare

_WHOLE: Final = (pl.col("node_type").cast(pl.String) == "all") & (pl.col("denominator").cast(pl.String) == "classified")
_COLUMNS: Final = ("share_corrected", "share_corrected_se")


@dataclass(frozen=True)
class MonthValidation:
    """What was scored of a month, by label set.

    Attributes:
        accuracy: Table `core/validation_accuracy`.
        agreement: Table `core/validation_agreement`.
        estimates: Table `core/validation_estimate`.
    """

    accuracy: pl.DataFrame = field(default_factory=Validation.create_empty)
    agreement: pl.DataFrame = field(default_factory=ValidationAgreement.create_empty)
    estimates: pl.DataFrame = field(default_factory=ValidationEstimate.create_empty)

    @property
    def digest(self) -> str:
        """Digest of everything; empty where nothing was scored."""
        if self.accuracy.is_empty():
            return ""
        text = "".join(table.write_csv() for table in (self.accuracy, self.agreement, self.estimates))
        return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()

    def of_predictions(self, digest: str) -> "MonthValidation":
        """The same, with the estimates for these predictions alone.

        Args:
            digest: From `score.prediction_digest`.
        """
        kept = self.estimates.filter(pl.col("prediction_digest") == digest)
        return replace(self, estimates=kept)

    def passing(self, policy: DisclosurePolicy) -> "MonthValidation":
        """The same without the estimates that rest on too few conversations or accounts, or on dominant ones.

        Args:
            policy: Thresholds.
        """
        return replace(self, estimates=passing_estimates(self.estimates, policy))


def month_validation(
    accuracy: pl.DataFrame | None,
    agreement: pl.DataFrame | None,
    estimates: pl.DataFrame | None,
    *,
    conversations: pl.DataFrame,
    facets: pl.DataFrame,
    conversation_task: pl.DataFrame,
    tasks: pl.DataFrame,
    occupations: pl.DataFrame,
) -> MonthValidation:
    """What people judged of a month, with the estimates for its present predictions.

    Args:
        accuracy: Table `core/validation_accuracy`; None: nothing was scored.
        agreement: Table `core/validation_agreement`.
        estimates: Table `core/validation_estimate`.
        conversations: `conversation_id`, `account_key`, `is_counted`.
        facets: `clio_lite.tables.Facets`.
        conversation_task: Rows of the route that feeds the index.
        tasks: `onet.tables.OnetTask`.
        occupations: `onet.tables.Occupation`.

    Raises:
        InputUnusableError: An earlier version scored, without what the gate needs.
    """
    if accuracy is None or agreement is None or estimates is None:
        return MonthValidation()
    for table, schema in ((accuracy, Validation), (agreement, ValidationAgreement), (estimates, ValidationEstimate)):
        missing = sorted(set(schema.column_names()) - set(table.columns))
        if missing:
            raise InputUnusableError(
                f"expected judgements scored by this version, found an earlier one's, without {', '.join(missing)}: "
                "score the sheets again with 'usage-index validate score'"
            )
    population = month_population(conversations, facets, conversation_task, statement_cards(tasks, occupations))
    return MonthValidation(accuracy, agreement, estimates).of_predictions(prediction_digest(population))


def with_label_set(earlier: pl.DataFrame | None, scored: pl.DataFrame, label_set: str) -> pl.DataFrame:
    """A month's table with one label set scored anew.

    Args:
        earlier: The table before; None: there is none.
        scored: Rows of the label set; none, if it has none now.
        label_set: The label set.
    """
    if earlier is None or set(earlier.columns) != set(scored.columns):  # of an earlier version: scored anew one by one
        return scored
    kept = earlier.filter(pl.col("label_set") != label_set)
    return pl.concat([kept, scored]).sort("label_set", maintain_order=True)


def chosen_label_set(estimates: pl.DataFrame) -> str | None:
    """Label set whose corrections the rows of idx carry: the one with most answers, the first of equals by name.

    Args:
        estimates: Table `core/validation_estimate`.
    """
    found = estimates.select("label_set", "answered_count").unique().sort(
        "answered_count", "label_set", descending=[True, False]
    )  # fmt: skip
    return None if found.is_empty() else str(found.item(0, "label_set"))


def with_corrections(tables: dict[str, pl.DataFrame], estimates: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Fill `share_corrected` and its error in the rows that labels correct.

    Args:
        tables: Published tables by name.
        estimates: Table `core/validation_estimate` of the predictions that the tables are made from.
    """
    rows = estimates.filter(pl.col("label_set") == (chosen_label_set(estimates) or ""))
    released = released_shares(rows, published_shares(tables)).filter(pl.col("obs_status").cast(pl.String) == "A")
    everywhere = pl.lit(value=True)
    places = {
        "idx/collaboration_month": (_WHOLE, pl.col("collaboration_pattern").cast(pl.String)),
        "idx/automation_month": (_WHOLE, pl.lit("automation")),
        "idx/major_group_month": (everywhere, pl.col("soc_major_group")),
    }
    found = dict(tables)
    for name, (is_place, category) in places.items():
        given = released.filter(pl.col("table_name") == name.replace("/", "."))
        values = {column: dict(zip(given["category"], given[column], strict=True)) for column in _COLUMNS}
        found[name] = tables[name].with_columns(
            pl.when(is_place)
            .then(category.replace_strict(values[column], default=None, return_dtype=pl.Float64))
            .alias(column)
            for column in _COLUMNS
        )
    return found


def validation_tables(
    validation: MonthValidation, tables: dict[str, pl.DataFrame], *, policy: DisclosurePolicy, vintage_id: str
) -> dict[str, pl.DataFrame]:
    """Tables `qa/validation`, `qa/validation_agreement` and `qa/validation_share` of a build.

    Args:
        validation: What was scored, with the estimates for the predictions of the build that pass the gate.
        tables: Published tables by name.
        policy: Thresholds.
        vintage_id: The build.
    """
    build = pl.lit(vintage_id).alias("vintage_id")
    released: pl.DataFrame = ValidationShare.create_empty()
    if validation.estimates.height:
        released = released_shares(validation.estimates, published_shares(tables))
    chosen = pl.col("label_set") == (chosen_label_set(validation.estimates) or "")
    found = {
        "qa/validation": released_accuracy(validation.accuracy, validation.agreement, policy),
        "qa/validation_agreement": released_agreement(validation.agreement, policy),
        "qa/validation_share": released.with_columns(is_in_index=chosen),
    }
    return {name: checked(META_TABLES[name], rows.with_columns(build)) for name, rows in found.items()}
