"""A build is named by what it is made from, archived as a whole, and published only if all of it is one build."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from pipelines.contracts import IDX_TABLES, PUBLISHED_TABLES
from pipelines.errors import PublicationRefusedError
from pipelines.model_settings import ModelChoice
from pipelines.provenance import Publication, archive_tables, input_digest, last_vintage, published_tables, vintage_row
from pipelines.settings import RunFields
from pipelines.storage import Store

CONVERSATIONS = pl.DataFrame(
    {
        "conversation_id": ["a", "b", "c", "d"],
        "content_hash": ["1", "2", "3", "4"],
        "account_key": ["k", "k", "l", None],
    }
)


def row(
    settings: RunFields | None = None, conversations: pl.DataFrame = CONVERSATIONS, digest: str = "r"
) -> pl.DataFrame:
    return vintage_row(
        "2026-10",
        settings or RunFields(),
        conversations=conversations,
        facets=pl.DataFrame({"facet_version": ["v1", "v1"]}),
        manifest=pl.DataFrame({"onet_version": ["starter"], "release_digest": [digest]}),
        index_manifest=pl.DataFrame({"encoder_name": ["e"]}),
        occupations=pl.DataFrame(
            {"onet_soc_code": ["11-1011.00"], "employment_count": [1], "median_wage_usd": [2.0], "oews_year": [2024]}
        ),
        conversation_task=pl.DataFrame({"verifier": ["none", "v"]}),
        clusters=pl.DataFrame({"written_by": ["terms"]}),
        publication=Publication(datetime(2026, 11, 5, tzinfo=UTC), run_id=None),
    )


def test_the_input_digest_depends_neither_on_order_nor_on_the_secret() -> None:
    other_secret = CONVERSATIONS.with_columns(pl.col("account_key").replace({"k": "x", "l": "a"}))
    assert input_digest(CONVERSATIONS) == input_digest(CONVERSATIONS.reverse()) == input_digest(other_secret)


@pytest.mark.parametrize(
    "changed",
    [
        CONVERSATIONS.with_columns(account_key=pl.lit("k")),
        CONVERSATIONS.with_columns(content_hash=pl.lit("9")),
        CONVERSATIONS.head(3),
    ],
)
def test_other_contents_or_another_grouping_by_account_is_another_input(changed: pl.DataFrame) -> None:
    assert input_digest(changed) != input_digest(CONVERSATIONS)


def test_equal_builds_have_equal_ids_and_others_do_not() -> None:
    ids = [
        frame.item(0, "vintage_id")
        for frame in (row(), row(RunFields(min_accounts=6)), row(RunFields(channel="api")), row(digest="other"))
    ]
    assert row().item(0, "vintage_id") == ids[0]
    assert len(set(ids)) == len(ids)
    assert all(vintage_id.startswith("2026-10-") for vintage_id in ids)


def test_notes_say_where_several_labels_are_not_applied() -> None:
    one = ModelChoice(model="m")
    several = RunFields(task_labels=2, models={"sides": one})
    assert "idx.activity_side_month has one task statement per side" in row(several).item(0, "notes")
    for other in (RunFields(task_labels=2), RunFields(models={"sides": one})):
        assert "activity_side_month" not in row(other).item(0, "notes")


def test_notes_say_starter_relaxed_thresholds_and_assumed_accounts() -> None:
    notes = row(RunFields(min_conversations=3, assume_account_per_conversation=True)).item(0, "notes")
    assert "starter catalogue" in notes
    assert "relaxed thresholds" in notes
    assert "accounts of their own" in notes


def test_an_archive_is_replaced_as_a_whole_and_found_as_the_last(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for hour, name in ((1, "2026-10-one"), (2, "2026-10-two")):
        vintage = row().with_columns(published_at=pl.lit(datetime(2026, 11, 5, hour, tzinfo=UTC)))
        written = archive_tables({"meta/vintage": vintage}, store.vintages / name)
        assert written.select("table_name", "row_count").rows() == [("meta/vintage", 1)]
    assert last_vintage(store, "2026-10") == "2026-10-two"
    assert last_vintage(store, "2026-09") is None


def test_restricted_columns_are_not_archived(tmp_path: Path) -> None:
    with pytest.raises(PublicationRefusedError):
        archive_tables({"idx/task_month": pl.DataFrame({"account_key": ["k"]})}, tmp_path / "v")
    assert not (tmp_path / "v").exists()


def test_tables_of_two_builds_are_not_published_together(tmp_path: Path) -> None:
    store = Store(tmp_path).prepare()
    for name in PUBLISHED_TABLES:
        build = "2026-10-b" if name == next(iter(IDX_TABLES)) else "2026-10-a"
        columns = {"vintage_id": [build]} if "vintage_id" in PUBLISHED_TABLES[name].columns() else {"x": [1]}
        store.write_table(name, None if name.startswith("ref/") else "2026-10", pl.DataFrame(columns))
    with pytest.raises(PublicationRefusedError, match="one build"):
        published_tables(store, "2026-10")
