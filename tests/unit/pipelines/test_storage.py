"""The store writes whole files or none, keeps them from others, and keeps one secret."""

import stat
from pathlib import Path

import polars as pl
import pytest

from pipelines.storage import Store, replaced


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store").prepare()


def test_the_store_is_closed_to_others(store: Store) -> None:
    assert stat.S_IMODE(store.root.stat().st_mode) == 0o700


def test_a_failed_write_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path) -> None:
    target = tmp_path / "table.txt"
    target.write_text("old")

    def write_half() -> None:
        with replaced(target) as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_half()
    assert [path.name for path in tmp_path.iterdir()] == ["table.txt"]
    assert target.read_text() == "old"


def test_a_folder_is_replaced_as_a_whole(tmp_path: Path) -> None:
    target = tmp_path / "vintage"
    for name in ("a", "b"):
        with replaced(target) as temporary:
            temporary.mkdir()
            (temporary / name).write_text(name)
    assert [path.name for path in target.iterdir()] == ["b"]
    assert [path.name for path in tmp_path.iterdir()] == ["vintage"]


def test_lazy_and_eager_frames_are_written_alike(store: Store) -> None:
    frame = pl.DataFrame({"a": [1, 2], "b": ["x", None]})
    store.write_table("core/facets", "2026-10", frame)
    store.write_table("core/facets", "2026-09", frame.lazy())
    assert store.read_table("core/facets", "2026-09").equals(store.read_table("core/facets", "2026-10"))
    assert store.scan_table("core/facets", "2026-10").collect().equals(frame)


def test_a_state_without_its_table_counts_as_never_made(store: Store) -> None:
    store.write_state("core/facets", "2026-10", "print")
    assert store.read_state("core/facets", "2026-10") is None
    store.write_table("core/facets", "2026-10", pl.DataFrame({"a": [1]}))
    assert store.read_state("core/facets", "2026-10") == "print"
    assert store.read_state("core/facets", "2026-09") is None


def test_the_secret_is_made_once_and_only_its_owner_can_read_it(store: Store) -> None:
    first = store.account_secret()
    assert len(first) == 64
    assert Store(store.root).account_secret() == first
    assert stat.S_IMODE((store.root / "secret" / "account_key").stat().st_mode) == 0o600


def test_the_secret_of_the_environment_wins(store: Store) -> None:
    assert Store(store.root, "given").account_secret() == b"given"


def test_scratch_folders_are_removed(store: Store) -> None:
    with store.scratch() as folder:
        (folder / "raw.parquet").write_text("text")
    assert not folder.exists()
