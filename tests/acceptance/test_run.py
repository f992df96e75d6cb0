"""The main job end to end with the real embedded models, from the command line, as its user runs it."""

import json
import os
import random
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import polars as pl
import pytest
from filelock import FileLock
from index_run import MONTH, Run, command, run_index

from pipelines.contracts import IDX_TABLES, PUBLISHED_TABLES

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def first(finished_run: Run) -> Run:
    return finished_run


def test_every_published_table_is_in_the_file_with_its_comment(first: Run) -> None:
    with duckdb.connect(str(first.warehouse), read_only=True) as con:
        found = con.sql("SELECT schema_name || '/' || table_name, comment FROM duckdb_tables()").fetchall()
    commented = {name for name, comment in found if comment}
    assert set(PUBLISHED_TABLES) <= commented


def test_what_the_summary_says_is_what_the_tables_hold(first: Run) -> None:
    with duckdb.connect(str(first.warehouse), read_only=True) as con:
        vintage = con.execute("SELECT vintage_id, notes FROM meta.vintage").fetchall()
        total = con.execute("SELECT sum(usage_share) FROM idx.task_month").fetchone()
        versions = {
            con.execute(f"SELECT DISTINCT onet_version FROM {name.replace('/', '.')}").fetchone() for name in IDX_TABLES
        }
    assert first.summary["vintage"] == vintage[0][0]
    assert "starter" in vintage[0][1]
    assert "relaxed thresholds" in vintage[0][1]
    assert total is not None
    assert total[0] == pytest.approx(1, abs=0.02)
    assert versions - {None} == {("starter",)}


def test_the_index_finds_most_of_what_the_sample_was_made_of(first: Run, conversations: tuple[Path, Path]) -> None:
    truth = pl.read_ndjson(conversations[1])
    facets = pl.read_parquet(first.folder / "store" / "tables" / "core" / "facets" / f"{MONTH}.parquet")
    joined = facets.join(truth, on="conversation_id", suffix="_truth")
    assert joined.height == truth.height
    right = (joined.get_column("is_occupational") == joined.get_column("is_occupational_truth")).mean()
    assert right is not None
    assert float(right) > 0.8  # type: ignore[arg-type]


def test_a_second_run_redoes_only_the_publication(first: Run, conversations: tuple[Path, Path]) -> None:
    before = first.published_digests()
    done = run_index(first.folder, conversations[0])
    assert done.returncode == 0, done.stderr
    steps = json.loads(done.stdout)["seconds"]
    assert {name.split("/")[0] for name in steps} == {"publication"}
    assert first.published_digests() == before


def write_in_another_order(source: Path, folder: Path) -> Path:
    """The conversations in two files, shuffled, one of them twice."""
    lines = source.read_text().splitlines()
    random.Random(5).shuffle(lines)
    half = len(lines) // 2
    folder.mkdir()
    (folder / "b.jsonl").write_text("\n".join(lines[:half]) + "\n")
    (folder / "a.jsonl").write_text("\n".join([*lines[half:], lines[0]]) + "\n")
    return folder


def test_a_killed_run_goes_on_where_it_stopped_and_conversations_in_another_order_give_the_same_bytes(
    first: Run, conversations: tuple[Path, Path], tmp_path: Path
) -> None:
    source = write_in_another_order(conversations[0], tmp_path / "split")
    process = subprocess.Popen(
        command(tmp_path, "--conversations", str(source)),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + 300
    reached = tmp_path / "store" / "state" / "core" / "conversations" / f"{MONTH}.json"
    while not reached.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert reached.exists(), "the run ended before it could be killed"
    done = run_index(tmp_path, source)
    assert done.returncode == 0, done.stderr
    resumed = Run(tmp_path, json.loads(done.stdout))
    assert not {"raw/conversations", "core/conversations"} & set(resumed.summary["seconds"])
    assert "core/facets" in resumed.summary["seconds"]
    assert resumed.summary["vintage"] == first.summary["vintage"]
    assert resumed.published_digests() == first.published_digests()
    assert len(first.published_digests()) > 15


def test_nothing_private_leaves_the_restricted_zone(first: Run, conversations: tuple[Path, Path]) -> None:
    truth = [json.loads(line) for line in conversations[1].read_text().splitlines()]
    planted = [secret["value"] for row in truth for secret in row["private_strings"]]
    records = [json.loads(line) for line in conversations[0].read_text().splitlines()]
    accounts = [record["user_id"] for record in records if record.get("user_id")]
    needles = [text.encode() for text in {*planted, *accounts} if len(text) >= 8]
    assert len(needles) > 40
    searched = [path for path in first.folder.rglob("*") if path.is_file() and not _is_restricted(first.folder, path)]
    tables = [pl.read_parquet(path).write_json().encode() for path in searched if path.suffix == ".parquet"]
    contents = [path.read_bytes() for path in searched] + tables
    assert not [needle for needle in needles for content in contents if needle in content]
    raw = pl.read_parquet(first.folder / "store" / "tables" / "raw" / "conversations" / f"{MONTH}.parquet")
    assert any(needle in raw.write_json().encode() for needle in needles), "the search would find what is there"


def _is_restricted(folder: Path, path: Path) -> bool:
    parts = path.relative_to(folder).parts
    return parts[:2] == ("store", "tables") and parts[2] in {"raw", "core"}


def test_the_store_and_its_secret_are_closed(first: Run) -> None:
    store = first.folder / "store"
    assert stat.S_IMODE(store.stat().st_mode) == 0o700
    assert stat.S_IMODE((store / "secret" / "account_key").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("content", "options", "code", "told"),
    [
        ("", (), 3, "usable"),
        ('{"prompt": 3}\n', (), 3, "usable"),
        (None, (), 3, "found nothing"),
        ('{"prompt": "hello"}\n', ("--onet", "no-such-release"), 3, "version such as 29.1"),
        ('{"prompt": "hello"}\n', ("--min-accounts", "0"), 2, "min_accounts"),
    ],
)
def test_input_that_cannot_be_used_ends_with_its_exit_code_and_the_remedy(
    tmp_path: Path, content: str | None, options: tuple[str, ...], code: int, told: str
) -> None:
    source = tmp_path / "in.jsonl"
    if content is not None:
        source.write_text(content)
    done = run_index(tmp_path, source, *options)
    assert done.returncode == code, done.stderr + done.stdout
    answer = json.loads(done.stdout.splitlines()[-1])
    assert told in answer["message"]
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out" / "index.duckdb").exists()


def test_a_failed_run_tells_the_configured_command(tmp_path: Path) -> None:
    target = tmp_path / "told.json"
    script = tmp_path / "tell.py"
    script.write_text(f"import sys, pathlib; pathlib.Path({str(target)!r}).write_text(sys.stdin.read())")
    config = tmp_path / "settings.toml"
    config.write_text(f"notify_command = '{sys.executable} {script}'\n")
    done = run_index(tmp_path, tmp_path / "none.jsonl", "--config", str(config))
    assert done.returncode == 3
    assert json.loads(target.read_text())["exit_code"] == 3


def test_a_store_at_work_is_refused_to_a_second_run(tmp_path: Path, conversations: tuple[Path, Path]) -> None:
    (tmp_path / "store").mkdir()
    with FileLock(tmp_path / "store" / ".run.lock"):
        done = run_index(tmp_path, conversations[0])
    assert done.returncode == 2
    assert "another run" in json.loads(done.stdout.splitlines()[-1])["message"]
