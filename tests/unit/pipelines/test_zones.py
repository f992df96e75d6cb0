"""Every folder of a store belongs to a zone, and what belongs to none is refused."""

from pathlib import Path

import pytest

from pipelines.contracts import PUBLISHED_TABLES, RESTRICTED_TABLES
from pipelines.storage import Store, zone_of
from pipelines.validation import tables as judged


def relative(store: Store, name: str) -> Path:
    return store.table_path(name, "2026-10").relative_to(store.root)


def test_every_table_about_judgements_is_known_as_restricted() -> None:
    names = {value for value in vars(judged).values() if isinstance(value, str) and value.startswith("core/")}
    assert len(names) == 7
    assert names <= set(RESTRICTED_TABLES)


def test_tables_lie_in_the_zone_of_their_name(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert {zone_of(relative(store, name)) for name in RESTRICTED_TABLES} == {"restricted"}
    assert {zone_of(relative(store, name)) for name in PUBLISHED_TABLES} == {"open"}


@pytest.mark.parametrize(
    ("path", "zone"),
    [
        ("inbox/2026-10.jsonl", "restricted"),
        ("secret/account_key", "restricted"),
        ("validation/2026-10/sheet.csv", "restricted"),
        ("cache/models/replies.sqlite", "restricted"),
        (".scratch-x1/redacted/0.parquet", "restricted"),
        ("dagster/history/runs.db", "open"),
        ("vintages/2026-10-ab/idx/task_month.parquet", "open"),
        ("state/core/facets/2026-10.json", "open"),
    ],
)
def test_a_file_has_the_zone_of_its_folder(path: str, zone: str) -> None:
    assert zone_of(Path(path)) == zone


@pytest.mark.parametrize("path", ["notes.txt", "tables/other/x.parquet", "cache/new/x", "tables"])
def test_a_file_in_no_known_folder_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="no known zone"):
        zone_of(Path(path))
