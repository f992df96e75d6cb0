"""The main job with a language model in every role: killed, misled or let down, it accounts for every conversation."""

import hashlib
import json
import os
import random
import shutil
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest
from forked_runs import Runs, forked_runs
from injections import INJECTIONS, MARK
from misbehaving_model_server import MisbehavingServer, misbehaving_server
from role_answers import answer, by_chance, taken_in, well_behaved
from tiny_month import MONTH, write_month, write_settings

pytestmark = pytest.mark.slow
KILLS = 10
MADE_BY_MODELS = ("facet*", "cluster*", "conversation_task*", "verifier*", "request_*", "*side*")
BEHAVIOURS = (
    *[("good",)] * 6,
    ("429-1", "good"),
    ("429", "good"),
    ("500", "good"),
    ("reset", "good"),
    ("drip", "good"),
    ("cutbody", "good"),
    ("badjson",),
    ("wrongenum",),
    *[("refusal",)] * 2,
    *[("empty",)] * 2,
)


@dataclass(frozen=True)
class World:
    """A server, a place to run from, and an undisturbed run with a model in every role."""

    folder: Path
    server: MisbehavingServer
    runs: Runs

    @property
    def asked(self) -> int:
        """Questions of one run."""
        use = [self.table("first", f"core/{name}_model_use") for name in ("facet", "cluster", "cluster_task", "side")]
        path = self.folder / "first" / "store" / "tables" / "core" / "verifier_model_use.parquet"
        return sum(int(table["call_count"].sum()) for table in [*use, pl.read_parquet(path)])

    def arguments(self, name: str, source: Path, settings: Path) -> list[str]:
        places = ["--store", str(self.folder / name / "store"), "--out", str(self.folder / name / "out")]
        return ["run", "--month", MONTH, "--json", *places, "--config", str(settings), "--conversations", str(source)]

    def run(self, name: str, source: Path, settings: Path) -> int:
        (self.folder / name).mkdir(exist_ok=True)
        return self.runs.wait(self.runs.start(self.arguments(name, source, settings), name))

    def prepared(self, name: str) -> Path:
        """A copy of the undisturbed run's store from before any model was asked."""
        target = self.folder / name / "store"
        ignored = shutil.ignore_patterns("models", "vintages", "dagster", ".run.lock", ".scratch-*")
        shutil.copytree(self.folder / "first" / "store", target, ignore=ignored)
        for pattern in MADE_BY_MODELS:
            for path in (target / "state" / "core").glob(pattern):
                shutil.rmtree(path)
        return target

    def table(self, name: str, table: str) -> pl.DataFrame:
        return pl.read_parquet(self.folder / name / "store" / "tables" / f"{table}/{MONTH}.parquet")

    def published(self, name: str) -> dict[str, str]:
        files = sorted((self.folder / name / "store" / "vintages").glob("*/*/*.parquet"))
        return {
            "/".join(path.parts[-3:]): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in files
            if path.parent.name in {"idx", "ref", "qa"} or path.stem == "labelling_failure"
        }


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("models")
    with (
        misbehaving_server(script=well_behaved, answer=answer, answer_seconds=0.02) as server,
        forked_runs(folder) as runs,
    ):
        write_month(folder / "in.jsonl")
        settings(folder / "all.toml", server.url)
        found = World(folder, server, runs)
        assert found.run("first", folder / "in.jsonl", folder / "all.toml") == 0, runs.told("first")
        yield found


def settings(path: Path, url: str, **given: object) -> Path:
    options = {"verify_gold_sample": 12, "force_verifier": True, "hierarchy_fallback": True, **given}
    return write_settings(path, f"{url}/v1", choice__max_concurrency=4, **options)


def test_every_role_was_asked_and_the_tables_say_so(world: World) -> None:
    (vintage,) = (world.folder / "first" / "store" / "vintages").iterdir()
    use = pl.read_parquet(vintage / "meta" / "model_use.parquet")
    assert set(use["role"]) == {"screen", "facets", "label", "hierarchy", "verify", "sides"}
    assert set(world.server.log.sent.values()) == {1}
    row = pl.read_parquet(vintage / "meta" / "vintage.parquet").row(0, named=True)
    assert "openai/m choice+swap" in row["verifier"]
    assert row["summariser"].startswith("requests by openai/m; ")
    assert "openai/m label/" in row["summariser"]
    scores = pl.read_parquet(vintage / "qa" / "verifier.parquet")
    assert sorted(scores["strategy"]) == ["choice", "retrieval"]
    assert world.table("first", "core/facet_failure").is_empty()


def test_a_verifier_that_does_not_beat_retrieval_is_refused_with_its_figures(world: World) -> None:
    world.prepared("refused")
    path = settings(world.folder / "strict.toml", world.server.url, force_verifier=False)
    assert world.run("refused", world.folder / "in.jsonl", path) == 5
    message = json.loads(world.runs.told("refused").splitlines()[0])["message"]
    assert "to beat retrieval alone on 12 held-out activities" in message
    assert "% right beside" in message
    assert not (world.folder / "refused" / "out" / "index.duckdb").exists()


def test_ten_kills_change_no_table_and_no_answer_that_was_stored_is_paid_again(world: World) -> None:
    world.prepared("killed")
    log, random_ = world.server.log, random.Random(7)
    before = len(log.received)
    arguments = world.arguments("killed", world.folder / "in.jsonl", world.folder / "all.toml")
    killed_at = []
    for share in sorted(random_.random() * 0.95 for _ in range(KILLS)):
        pid = world.runs.start(arguments, "killed")
        wanted = before + round(share * world.asked)
        deadline = time.monotonic() + 120
        while len(log.received) < wanted and time.monotonic() < deadline:
            time.sleep(0.002)
        time.sleep(random_.random() * 0.5)
        os.kill(pid, signal.SIGKILL)
        killed_at.append(time.monotonic())
        assert world.runs.wait(pid) == -signal.SIGKILL, world.runs.told("killed")
    assert world.run("killed", world.folder / "in.jsonl", world.folder / "all.toml") == 0, world.runs.told("killed")
    assert world.published("killed") == world.published("first")
    times: dict[int, list[float]] = {}
    for number, _, moment in log.received[before:]:
        times.setdefault(number, []).append(moment)
    again = [moment for moments in times.values() for moment in moments[:-1]]
    assert len(again) <= 4 * KILLS
    assert all(any(0 <= kill - moment < 2 for kill in killed_at) for moment in again)


def test_behind_a_misbehaving_server_every_conversation_is_labelled_once_or_accounted_for(world: World) -> None:
    with misbehaving_server(script=by_chance(BEHAVIOURS), answer=answer) as server:
        world.prepared("let_down")
        given = {"max_failure_share": 0.95, "choice__timeout_seconds": 2.0}
        path = settings(world.folder / "let_down.toml", server.url, **given)
        assert world.run("let_down", world.folder / "in.jsonl", path) == 0, world.runs.told("let_down")
        assert set(server.log.sent.values()) == {1}
        assert {behaviour for _, behaviour, _ in server.log.received} >= {"429", "500", "reset", "refusal", "empty"}
    facets = world.table("let_down", "core/facets")
    failures = world.table("let_down", "core/facet_failure")
    assert facets["conversation_id"].to_list() == world.table("first", "core/facets")["conversation_id"].to_list()
    unlabelled = facets.filter(pl.col("request") == "")
    assert unlabelled["conversation_id"].to_list() == failures["conversation_id"].to_list() != []
    assert set(unlabelled["collaboration_pattern"].cast(pl.String)) == {"not_classified"}
    mapped = world.table("let_down", "core/conversation_task").filter(pl.col("mapping_route") == "conversation")
    assert sorted(mapped["conversation_id"]) == sorted(facets.filter("is_occupational")["conversation_id"])
    lost = mapped.join(failures, on="conversation_id")
    assert set(lost["statement_task_id"]) <= {"not_classified"}


def test_more_failures_than_allowed_stop_the_run_before_anything_is_published(world: World) -> None:
    with misbehaving_server(script=by_chance((("refusal",),)), answer=answer) as server:
        world.prepared("stopped")
        path = settings(world.folder / "stopped.toml", server.url)
        assert world.run("stopped", world.folder / "in.jsonl", path) == 5
    message = json.loads(world.runs.told("stopped").splitlines()[0])["message"]
    assert "found 16 (100.0%) that were not: 16 refused (screen)" in message


def test_injections_change_no_other_label_and_reach_no_output(world: World) -> None:
    with misbehaving_server(script=well_behaved, answer=taken_in) as server:
        source = write_month(world.folder / "injected.jsonl", extra=INJECTIONS)
        path = settings(world.folder / "injected.toml", server.url)
        assert world.run("injected", source, path) == 0, world.runs.told("injected")
    facets = world.table("injected", "core/facets")
    steered = facets.filter(pl.col("concern_grade") == 5)
    assert steered.height > 5, "the model was taken in"
    assert all(name.startswith("x") for name in steered["conversation_id"])
    others = facets.filter(pl.col("conversation_id").str.starts_with("c"))
    assert others.equals(world.table("first", "core/facets"))
    folder = world.folder / "injected"
    searched = [path for part in ("out", "store/vintages") for path in (folder / part).rglob("*") if path.is_file()]
    texts = [pl.read_parquet(path).write_json() if path.suffix == ".parquet" else "" for path in searched]
    assert not [
        path for path, text in zip(searched, texts, strict=True) if MARK in text or MARK.encode() in path.read_bytes()
    ]
    assert MARK not in world.runs.told("injected")
