"""No planted string of 10,000 conversations leaves the restricted zone, in any file, log, metadata or message.

The run is the command line's own, with the default thresholds. What is searched, and how, is in `leak_world`.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl
import pytest
from leak_world import RARE, LeakWorld, find_planted, make_leak_world, needles

from pipelines.settings import SAMPLE
from pipelines.storage import zone_of

pytestmark = pytest.mark.slow
MONTH = "2026-10"
COUNT = 10_000
MIN_TEXT_ACCOUNTS = 25


@dataclass(frozen=True)
class Leaks:
    """A finished run over a world of planted strings."""

    world: LeakWorld
    store: Path
    out: Path
    printed: Path

    def open_files(self) -> list[Path]:
        """Everything outside the restricted zone, and what was printed."""
        kept = [path for path in files_under(self.store) if zone_of(path.relative_to(self.store)) == "open"]
        return [*kept, *files_under(self.out), self.printed]


def files_under(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def run(folder: Path, source: Path, *options: str) -> subprocess.CompletedProcess[str]:
    places = ["--store", str(folder / "store"), "--out", str(folder / "out"), "--month", MONTH]
    command = [sys.executable, "-m", "pipelines.cli", "run", "--conversations", str(source), *places, *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
    (folder / "printed.txt").write_text(done.stdout + done.stderr)
    return done


@pytest.fixture(scope="module")
def leaks(tmp_path_factory: pytest.TempPathFactory) -> Leaks:
    folder = tmp_path_factory.mktemp("leaks")
    rare_accounts = MIN_TEXT_ACCOUNTS - 1
    common = COUNT - len(RARE) * rare_accounts
    world = make_leak_world(common, private=3_600, accounts=2_000, rare_accounts=rare_accounts, seed=7, month=MONTH)
    world.write(folder / "in.jsonl")
    done = run(folder, folder / "in.jsonl")
    assert done.returncode == 0, done.stderr[-2_000:]
    return Leaks(world, folder / "store", folder / "out", folder / "printed.txt")


def found(paths: Iterable[Path], world: LeakWorld) -> dict[str, set[str]]:
    return find_planted(paths, needles(world.planted))


def test_every_file_of_a_finished_store_is_in_a_known_zone(leaks: Leaks) -> None:
    zones = {zone_of(path.relative_to(leaks.store)) for path in files_under(leaks.store)}
    assert zones == {"open", "restricted"}


def test_no_planted_string_leaves_the_restricted_zone(leaks: Leaks) -> None:
    assert len(leaks.world.records) == COUNT
    assert sum(kind != "user_id" for kind, _ in leaks.world.planted) >= 3_000
    with duckdb.connect(str(leaks.out / "index.duckdb"), read_only=True) as con:
        named = con.execute("SELECT count(name) FROM idx.request_cluster_month").fetchone()
    assert named is not None
    assert named[0] > 50, "texts are published"
    assert found(leaks.open_files(), leaks.world) == {}


def test_what_redaction_misses_is_there_to_be_leaked(leaks: Leaks) -> None:
    facets = leaks.store / "tables" / "core" / "facets" / f"{MONTH}.parquet"
    assert {"rare_name", "name_lower"} <= found([facets], leaks.world)[str(facets)]


def test_the_search_finds_a_string_planted_in_a_copy_of_an_output(leaks: Leaks, tmp_path: Path) -> None:
    name = next(value for kind, value in leaks.world.planted if kind == "name" and value.isascii())
    warehouse = shutil.copy(leaks.out / "index.duckdb", tmp_path / "index.duckdb")
    with duckdb.connect(str(warehouse)) as con:
        con.execute("UPDATE meta.vintage SET notes = notes || ?", [f" ({name.upper().replace(' ', '_')})"])
    parquet = tmp_path / "table.parquet"
    pl.DataFrame({"name": [f"Draft letters to {name}"] * 1_000}).write_parquet(parquet, compression="zstd")
    page = tmp_path / "index.html"
    page.write_text((leaks.out / "report" / "index.html").read_text() + json.dumps(name))
    assert set(found([warehouse, parquet, page], leaks.world)) == {str(warehouse), str(parquet), str(page)}


def test_the_error_of_input_that_cannot_be_used_quotes_none_of_it(leaks: Leaks, tmp_path: Path) -> None:
    texts = [str(record["messages"]) for record in leaks.world.records[:200]]
    source = tmp_path / "in.jsonl"
    source.write_text("".join(json.dumps({"prompt": {"text": text}, "user_id": text}) + "\n" for text in texts))
    done = run(tmp_path, source, "--config", str(SAMPLE / "config.toml"))
    assert done.returncode == 3, done.stderr[-2_000:]
    store = tmp_path / "store"
    left = [path for path in files_under(store) if zone_of(path.relative_to(store)) == "open"]
    assert found([tmp_path / "printed.txt", *left], leaks.world) == {}
