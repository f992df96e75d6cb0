"""How a build was made by language models and verifiers, as it is published: failures and measured quality."""

from dataclasses import dataclass, field

import polars as pl

from clio_lite.tables import FacetFailure
from pipelines.contracts import META_TABLES, MappingAccuracy, VerifierReliability, VerifierScores
from pipelines.disclosure import rounded_count
from pipelines.publish.vintage import validated


@dataclass(frozen=True)
class Making:
    """What the restricted tables say of it.

    Attributes:
        failures: Tables `core/facet_failure` and `core/side_failure`.
        scores: Table `core/verifier_score`.
        reliability: Table `core/verifier_reliability`.
        accuracy: Table `core/mapping_accuracy`.
    """

    failures: pl.DataFrame = field(default_factory=FacetFailure.create_empty)
    scores: pl.DataFrame = field(default_factory=VerifierScores.create_empty)
    reliability: pl.DataFrame = field(default_factory=VerifierReliability.create_empty)
    accuracy: pl.DataFrame = field(default_factory=MappingAccuracy.create_empty)


def making_tables(making: Making, *, vintage_id: str) -> dict[str, pl.DataFrame]:
    """Tables `qa/verifier`, `qa/verifier_reliability`, `qa/mapping_accuracy` and `meta/labelling_failure`.

    Counts of conversations are rounded by the ladder of the policy.

    Args:
        making: How the build was made.
        vintage_id: The build.
    """
    build = pl.lit(vintage_id, dtype=pl.String).alias("vintage_id")
    failed = making.failures.group_by("role", "failure_reason").agg(exact=pl.len().cast(pl.Float64))
    tables = {
        "qa/verifier": making.scores.with_columns(build),
        "qa/verifier_reliability": making.reliability.with_columns(build),
        "qa/mapping_accuracy": making.accuracy.with_columns(build),
        "meta/labelling_failure": failed.with_columns(build, conversation_count=rounded_count(pl.col("exact"))),
    }
    return {name: validated(table, META_TABLES[name]) for name, table in tables.items()}
