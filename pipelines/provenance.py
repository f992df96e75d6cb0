"""Where a build comes from: its id, its row in `meta/vintage`, and its archive in the store."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import polars as pl

from onet.task_hierarchy import EMBEDDED
from pipelines.contracts import PUBLISHED_TABLES, Vintage
from pipelines.errors import PublicationRefusedError
from pipelines.freshness import code_digest
from pipelines.partitions import month_period
from pipelines.publish import VintageContext, assert_no_restricted_columns
from pipelines.settings import RunFields
from pipelines.storage import Store, replaced

INDEX_VERSION: Final = "0.1.0"
"""Version of the method: major for breaks of taxonomy or model, minor for new metrics, patch for corrections."""

LICENCE: Final = "CC-BY-4.0"
CITATION: Final = "Open economic-usage index, version {version}, vintage {vintage}."
STATISTICAL_SETTINGS: Final = (
    "seed",
    "account_cap",
    "assume_account_per_conversation",
    "channel",
    "bootstrap_draws",
    "mapping_route",
    "task_labels",
    "cluster_method",
    "cluster_count",
    "screen_model",
    "facets_model",
    "label_model",
    "hierarchy_model",
    "task_hierarchy_model",
    "verify_model",
    "verify_test",
    "sides_model",
)
"""Settings that move the numbers of a build, beside the thresholds of its policy."""


@dataclass(frozen=True)
class Publication:
    """The act of publishing a build.

    Attributes:
        published_at: Time, UTC.
        run_id: Dagster run.
        supersedes: Vintage of the month published before, or None.
    """

    published_at: datetime
    run_id: str | None
    supersedes: str | None = None


def code_version() -> str:
    """Version of the installed software, and the digest of its sources."""
    return f"{version('usage-index')}+{code_digest()}"


def input_digest(conversations: pl.DataFrame) -> str:
    """Digest of the accepted conversations that depends neither on their order nor on the account secret.

    Args:
        conversations: `conversation_id`, `content_hash`, `account_key`, of which only the grouping counts.
    """
    rows = conversations.select(
        "conversation_id",
        "content_hash",
        pl.when(pl.col("account_key").is_not_null())
        .then(pl.col("conversation_id").min().over("account_key"))
        .alias("account"),
    ).sort("conversation_id")
    digest = hashlib.blake2b(digest_size=16)
    for row in rows.iter_rows():
        digest.update(json.dumps(row).encode())
    return digest.hexdigest()


def vintage_row(
    month: str,
    settings: RunFields,
    *,
    conversations: pl.DataFrame,
    facets: pl.DataFrame,
    manifest: pl.DataFrame,
    index_manifest: pl.DataFrame,
    occupations: pl.DataFrame,
    conversation_task: pl.DataFrame,
    clusters: pl.DataFrame,
    publication: Publication,
    lineage: pl.DataFrame | None = None,
    validation_digest: str = "",
) -> pl.DataFrame:
    """The row of `meta/vintage` of a build from conversations.

    The id is the month and a digest of everything that the numbers depend on, so equal builds have equal ids.

    Args:
        month: Month, YYYY-MM.
        settings: Settings of the run.
        conversations: `conversation_id`, `content_hash`, `account_key` of the accepted conversations.
        facets: For the version of the facet models.
        manifest: Table `core/release`.
        index_manifest: Table `core/task_index`.
        occupations: Table `ref/occupation`.
        conversation_task: For the verifier.
        clusters: For what wrote their names.
        publication: When and by which run it is published, and what it takes the place of.
        lineage: Table `core/cluster_lineage`: what the build takes from the month before.
        validation_digest: Of what people judged of the month; empty: nothing.
    """
    release = manifest.row(0, named=True)
    facet_versions = facets.get_column("facet_version").unique().sort().to_list()
    verifiers = conversation_task.filter(pl.col("verifier") != "none").get_column("verifier").unique().sort().to_list()
    labour = occupations.select(
        pl.col("onet_soc_code", "employment_count", "median_wage_usd", "oews_year").cast(pl.String).fill_null("")
    )
    facts: dict[str, Any] = {
        "index_version": INDEX_VERSION,
        "code_version": code_version(),
        "input_digest": input_digest(conversations),
        "onet_version": release["onet_version"],
        "embedder": index_manifest.item(0, "encoder_name"),
        "verifier": ", ".join(verifiers) or "none",
        "facet_version": ", ".join(facet_versions) or "none",
        "summariser": _summariser(settings, clusters),
        "mapping_route": settings.mapping_route,
        "task_label_count": settings.task_labels,
        "sdc_policy_id": settings.policy.policy_id,
        "seed": settings.seed,
    }
    identity = {
        **facts,
        "release_digest": release["release_digest"],
        "lineage_digest": _lineage_digest(lineage),
        **({"validation_digest": validation_digest} if validation_digest else {}),
        "labour_digest": hashlib.blake2b(labour.write_csv().encode(), digest_size=8).hexdigest(),
        "settings": {name: getattr(settings, name) for name in STATISTICAL_SETTINGS},
    }
    digest = hashlib.blake2b(json.dumps(identity, sort_keys=True).encode(), digest_size=5).hexdigest()
    vintage_id = f"{month}-{digest}"
    years = occupations.get_column("oews_year").drop_nulls().unique().sort().to_list()
    row = {
        **facts,
        "vintage_id": vintage_id,
        "reference_month": month,
        "published_at": publication.published_at,
        "status": "preliminary",
        "supersedes": publication.supersedes if publication.supersedes != vintage_id else None,
        "source": "conversations",
        "soc_version": "SOC 2018",
        "oews_year": years[-1] if years else None,
        "dagster_run_id": publication.run_id,
        "licence": LICENCE,
        "citation": CITATION.format(version=INDEX_VERSION, vintage=vintage_id),
        "notes": _notes(settings, release["onet_version"]),
    }
    return Vintage.validate(pl.DataFrame([row]).select(Vintage.column_names()), cast=True)


def _lineage_digest(lineage: pl.DataFrame | None) -> str:
    """Digest of what a build takes from the month before; empty where it takes nothing."""
    if lineage is None or lineage.is_empty():
        return ""
    return hashlib.blake2b(lineage.write_csv().encode(), digest_size=8).hexdigest()


def _summariser(settings: RunFields, clusters: pl.DataFrame) -> str:
    """What wrote the requests, and what the names of the clusters, with how many each."""
    chosen = settings.models.role("facets")
    requests = f"requests by {chosen.provider}/{chosen.model}" if chosen else "extractive requests"
    counts = clusters.filter(pl.col("written_by").is_not_null()).group_by("written_by").len().sort("written_by")
    if settings.models.role("label") is None and settings.models.role("hierarchy") is None:
        return f"{'' if chosen else 'embedded: '}{requests}, term-based labels"
    return "; ".join([requests, *(f"{count} cluster names by {writer}" for writer, count in counts.iter_rows())])


def with_hierarchy_note(vintage: pl.DataFrame, nodes: pl.DataFrame) -> pl.DataFrame:
    """Say in the row of a build who grouped the tasks, where a language model did, and how often it was stood in for.

    Args:
        vintage: As `vintage_row` gives it.
        nodes: Table `core/task_hierarchy`.
    """
    if set(nodes["built_by"]) <= {EMBEDDED}:
        return vintage
    middle = nodes.filter(pl.col("node_level").cast(pl.String) == "middle")
    placed, by = middle["statement_count"].sum() + middle.height, nodes.item(0, "built_by")
    stood_in = nodes["stand_in_count"].sum()
    note = f"hierarchy of tasks by {by}, of whose {placed} placements the embedded method made {stood_in}"
    return vintage.with_columns(
        notes=pl.when(pl.col("notes") == "").then(pl.lit(note)).otherwise(pl.col("notes") + f"; {note}")
    )


def _notes(settings: RunFields, onet_version: str) -> str:
    notes = []
    if onet_version == "starter":
        notes.append("starter catalogue: task statements and labour figures are the project's own, for trying out only")
    if settings.policy.min_conversations < 15 or settings.policy.min_accounts < 5:
        notes.append(
            f"relaxed thresholds: {settings.min_conversations} conversations and {settings.min_accounts} accounts"
        )
    if settings.sides_model and settings.task_labels > 1:
        notes.append("idx.activity_side_month has one task statement per side: task_labels is not applied to it")
    if settings.assume_account_per_conversation:
        notes.append("conversations without an account are counted as accounts of their own")
    return "; ".join(notes)


def vintage_context(vintage: pl.DataFrame, settings: RunFields) -> VintageContext:
    """What every row of a build says of it.

    Args:
        vintage: Table `meta/vintage`.
        settings: Settings of the run.
    """
    row = vintage.row(0, named=True)
    start, end = month_period(row["reference_month"])
    return VintageContext(
        vintage_id=row["vintage_id"],
        period_start=start,
        period_end=end,
        channel=settings.channel,
        onet_version=row["onet_version"],
        account_basis="assumed_per_conversation" if settings.assume_account_per_conversation else "account",
        policy=settings.policy,
    )


def last_vintage(store: Store, month: str) -> str | None:
    """Vintage of a month that was published last, or None."""
    found = [
        (pl.read_parquet(path).item(0, "published_at"), path.parent.parent.name)
        for path in store.vintages.glob(f"{month}-*/meta/vintage.parquet")
    ]
    return max(found)[1] if found else None


def archive_tables(tables: Mapping[str, pl.DataFrame], folder: Path) -> pl.DataFrame:
    """Write the published tables of one build into its own folder, all or none.

    Args:
        tables: Tables by name; nothing but published ones.
        folder: `vintages/<vintage_id>`; replaced as a whole where it exists.

    Returns:
        `table_name`, `row_count` and `digest` (blake2b of the file) per table, sorted by name.
    """
    assert_no_restricted_columns(dict(tables))
    rows = []
    with replaced(folder) as temporary:
        for name in sorted(tables):
            path = temporary / f"{name}.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            tables[name].write_parquet(path, compression="zstd")
            digest = hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest()
            rows.append({"table_name": name, "row_count": tables[name].height, "digest": digest})
    return pl.DataFrame(rows, schema={"table_name": pl.String, "row_count": pl.Int64, "digest": pl.String})


def published_tables(store: Store, month: str) -> dict[str, pl.DataFrame]:
    """Working tables of a month that may be published, by name.

    Raises:
        PublicationRefusedError: They are not all of one build.
    """
    found = {
        name: store.read_table(name, month if store.table_path(name, month).is_file() else None)
        for name in sorted(PUBLISHED_TABLES)
    }
    builds = {
        build
        for frame in found.values()
        if "vintage_id" in frame.columns
        for build in frame.get_column("vintage_id").unique()
    }
    if len(builds) != 1:
        raise PublicationRefusedError(
            f"expected tables of one build of {month}, found {len(builds)}: materialise the whole index group again"
        )
    return found
