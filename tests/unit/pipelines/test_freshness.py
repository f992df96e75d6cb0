"""A table is up to date only while code, settings, files and inputs are those it was made from."""

from pathlib import Path

import polars as pl
import pytest

from pipelines.freshness import code_digest, fingerprint, source_digest, upstream_fingerprints
from pipelines.settings import RunFields
from pipelines.storage import Store


def made(settings: RunFields, upstream: dict[str, str | None] | None = None, month: str = "2026-10") -> str:
    return fingerprint("core/x", month, settings=settings, used=("seed", "conversations"), upstream=upstream or {})


def test_the_same_inputs_give_the_same_fingerprint() -> None:
    assert made(RunFields(seed=1)) == made(RunFields(seed=1))


@pytest.mark.parametrize(
    "other",
    [made(RunFields(seed=2)), made(RunFields(seed=1), {"raw/y": "new"}), made(RunFields(seed=1), month="2026-09")],
)
def test_what_a_table_depends_on_changes_its_fingerprint(other: str) -> None:
    assert made(RunFields(seed=1)) != other


def test_settings_it_does_not_use_do_not() -> None:
    assert made(RunFields(seed=1, min_accounts=9)) == made(RunFields(seed=1))


def test_a_changed_or_added_file_changes_the_source(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("1")
    before = source_digest(str(tmp_path))
    (tmp_path / "b.jsonl").write_text("2")
    between = source_digest(str(tmp_path))
    (tmp_path / "b.jsonl").write_text("33")
    assert len({before, between, source_digest(str(tmp_path))}) == 3


def test_a_version_number_is_a_source_too() -> None:
    assert source_digest("29.1") != source_digest("30.1")


def test_upstream_states_are_found_with_and_without_partitions(tmp_path: Path) -> None:
    store = Store(tmp_path).prepare()
    for name, month in (("ref/a", None), ("core/b", "2026-10")):
        store.write_table(name, month, pl.DataFrame({"x": [1]}))
        store.write_state(name, month, f"print of {name}")
    found = upstream_fingerprints(store, ["core/b", "ref/a", "core/never"], "2026-10")
    assert found == {"core/b": "print of core/b", "core/never": None, "ref/a": "print of ref/a"}


def test_the_code_has_a_digest() -> None:
    assert len(code_digest()) == 16
